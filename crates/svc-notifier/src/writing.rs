//! What a mail says, from what its entry tells.

use bus::outbox::{About, EntryId, Item, Notice};
use domain::{Policy, notices::Notice as Wanted, organisation::Role};
use events::{EventId, Timestamp, Urgency};

use crate::{
    letter::Letter,
    notices::{
        Digest, Fill, Line, Rendered, Salutation, Template, day, render, render_checkpoint, render_digest,
    },
    outbox::Open,
};

/// What the mails of a fact are about.
pub(crate) struct Told {
    pub(crate) about: About,
    pub(crate) code: String,
    pub(crate) urgency: Urgency,
    pub(crate) exercise: bool,
}

/// The notice that a mail did not arrive.
const FAILURE: &str = "E25";

/// A digest, where other notices have their template.
const DIGEST: &str = "DIGEST";

/// What a mail is written on.
pub(crate) struct Stationery<'a> {
    /// How the province writes.
    pub(crate) config: &'a service::config::Mail,
    /// The policy in force.
    pub(crate) policy: &'a Policy,
    /// What links begin with.
    pub(crate) public_url: &'a str,
    /// The sender's domain, on which all ids of mails stand.
    pub(crate) domain: &'a str,
}

/// What is told to one office by a fact; none if the office is no more.
pub(crate) fn notice(event: EventId, told: &Told, wanted: Wanted, policy: &Policy) -> Option<Notice> {
    let office = policy.organisation.office(&wanted.office)?;
    Some(Notice {
        event,
        about: told.about,
        code: told.code.clone(),
        agency: office.agency.clone(),
        address: office.email.clone(),
        template: wanted.alert.id().to_owned(),
        level: wanted.alert.level(),
        urgency: told.urgency,
        deadline: wanted.deadline,
        exercise: told.exercise,
        items: Vec::new(),

        note: None,
        office: wanted.office,
    })
}

/// Writes the mail of an entry. It names no more than its templates have room for.
pub(crate) fn letter(open: &Open, notice: &Notice, on: &Stationery<'_>) -> Result<Letter, String> {
    let Stationery { config, policy, public_url, domain } = *on;
    let mail = |rendered: Rendered| Letter {
        message_id: format!("{}@{domain}", open.id.0),
        thread: match notice.about {
            About::Digest(_) | About::Checkpoint(_) => format!("{}@{domain}", open.id.0),
            about => format!("{}@{domain}", about.id()),
        },
        from: config.from.clone(),
        to: notice.address.clone(),
        subject: rendered.subject,
        text: rendered.text,
        // The same at every attempt: a mail that comes twice must be recognisable as one.
        date: open.queued_at,
        express: notice.urgency >= Urgency::ThuongKhan,
    };
    if let Some(note) = &notice.note {
        let rendered = render_checkpoint(&notice.code, note, open.queued_at);
        return rendered.map(mail).map_err(|error| error.to_string());
    }
    let office = policy.organisation.office(&notice.office).ok_or("the office is no more")?;
    let upwards = domain::notices::reports_up(office, policy);
    let salutation = if upwards { Salutation::BaoCao } else { Salutation::Gui };
    let address_of = |about: About| format!("{public_url}/{}", about.path());
    let is_discreet = |template: &String| config.discreet.contains(template);
    let rendered = if notice.items.is_empty() {
        let template = Template::from_id(&notice.template).ok_or("this build has no such template")?;
        let fill = Fill {
            office_title: office.title.clone(),
            urgency: notice.urgency,
            case_code: notice.code.clone(),
            deadline: notice.deadline,
            link: address_of(notice.about),
            level: notice.level,
            address_word: config.address_word.clone(),
            salutation,
            discreet: is_discreet(&notice.template),
            exercise: notice.exercise,
            english: config.english,
        };
        render(template, &fill).map_err(|error| error.to_string())?
    } else {
        let gathered = |item: &Item| Line {
            code: item.code.clone(),
            template: item.template.clone(),
            deadline: item.deadline,
            link: address_of(item.about),
            discreet: is_discreet(&item.template),
            exercise: item.exercise,
        };
        let digest = Digest {
            office_title: office.title.clone(),
            at: open.queued_at,
            lines: notice.items.iter().map(gathered).collect(),
            link: address_of(notice.about),
            address_word: config.address_word.clone(),
            salutation,
            english: config.english,
        };
        render_digest(&digest).map_err(|error| error.to_string())?
    };
    Ok(mail(rendered))
}

/// What a digest tells, which gathers these notices of one office; none of nothing.
pub(crate) fn gathered<'a>(
    digest: EntryId,
    at: Timestamp,
    notices: impl IntoIterator<Item = &'a Notice>,
    policy: &Policy,
) -> Option<Notice> {
    let mut notices = notices.into_iter().peekable();
    let (office, agency) = notices.peek().map(|first| (first.office.clone(), first.agency.clone()))?;
    let mut address = String::new();
    let mut items: Vec<_> = notices
        .map(|notice| {
            address.clone_from(&notice.address);
            Item {
                about: notice.about,
                code: notice.code.clone(),
                template: notice.template.clone(),
                deadline: notice.deadline,
                exercise: notice.exercise,
            }
        })
        .collect();
    // What is due first stands first; what has no date stands behind.
    items.sort_by_key(|item| (item.deadline.is_none(), item.deadline));
    let current = policy.organisation.office(&office).map(|office| office.email.clone());
    Some(Notice {
        event: EventId(digest.0),
        about: About::Digest(digest.0),
        code: format!("Thư tổng hợp {}", day(at)),
        office,
        agency,
        address: current.unwrap_or(address),
        template: DIGEST.to_owned(),
        level: None,
        urgency: Urgency::Thuong,
        deadline: None,
        exercise: items.iter().all(|item| item.exercise),
        items,
        note: None,
    })
}

/// Who is told that a mail does not arrive: the heads of the liaison unit of its agency, and if it is theirs, the leaders.
/// Of a mail that says just that, nobody.
pub(crate) fn failures(failed: &Notice, policy: &Policy) -> Vec<Notice> {
    if failed.template == FAILURE {
        return Vec::new();
    }
    let of = |role: Role| {
        let offices = policy.organisation.offices_of(&failed.agency, role);
        offices.filter(|office| office.id != failed.office).collect::<Vec<_>>()
    };
    let heads = of(Role::Lh);
    let told = if heads.is_empty() { of(Role::Al) } else { heads };
    let notice = |office: &domain::organisation::Office| Notice {
        office: office.id.clone(),
        agency: office.agency.clone(),
        address: office.email.clone(),
        template: FAILURE.to_owned(),
        level: None,
        deadline: None,
        items: Vec::new(),

        note: None,
        ..failed.clone()
    };
    told.into_iter().map(notice).collect()
}

#[cfg(test)]
mod tests;
