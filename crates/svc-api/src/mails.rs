//! The ledger of a case's mails: who was told what, when the relay took it and with which words, and who has looked since.

use std::collections::BTreeSet;

use axum::{
    Extension,
    extract::{Path, State, rejection::PathRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use bus::{
    identity::{Answer, Opening, Question},
    outbox::{self, About, EntryId, History, State as MailState},
};
use chrono::FixedOffset;
use domain::{Policy, labels};
use events::{AgencyId, OfficeId, OfficerId, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use service::problem::{Language, Problem};
use uuid::Uuid;

use crate::{
    Api, asks_for_text,
    auth::{self, Caller},
    cases::{unreadable, visible},
    notes,
};

/// Vietnamese time.
const LOCAL: FixedOffset = FixedOffset::east_opt(7 * 3600).expect("seven hours is an offset");

/// The mails of a case.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Ledger {
    /// The mails, in the order in which they were entered.
    mails: Vec<MailView>,
}

/// A mail to an office.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Mail")]
struct MailView {
    /// The entry in the outbox: what stands before the `@` in the mail's Message-ID.
    id: EntryId,
    /// The alert, e.g. `E05`.
    alert: String,
    /// What it is called.
    title: &'static str,
    /// For which time something is overdue, where it says so.
    level: Option<u8>,
    /// The office that is told.
    office: OfficeId,
    /// Its title today.
    office_title: Option<String>,
    /// Its agency.
    agency: AgencyId,
    /// The address to which the mail goes.
    address: String,
    /// The deadline that it names.
    deadline: Option<Timestamp>,
    /// It is an exercise.
    exercise: bool,
    /// Its states, the oldest first; of one that went out in a digest also those of the digest.
    states: Vec<StateView>,
    /// Who of the office, as it is held today, has opened the case after the mail was entered.
    opened: Vec<OpenedView>,
}

/// A state of a mail.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MailState")]
struct StateView {
    /// Since when.
    at: Timestamp,
    /// `queued`, `suppressed`, `gathered`, `attempting`, `sent`, `refused`, `waiting`, `unknown`, `given-up` or `bounced`.
    state: &'static str,
    /// What it is called.
    title: &'static str,
    /// The number of the attempt.
    attempt: Option<u32>,
    /// The relay's own words, or why there are none.
    reply: Option<String>,
    /// The mail may have arrived twice: the outcome of an attempt before was not known.
    maybe_doubled: Option<bool>,
    /// The morning on which it goes out with others.
    digest_at: Option<Timestamp>,
    /// The digest in which it went out.
    digest: Option<Uuid>,
}

/// Somebody opened the case.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Opening")]
struct OpenedView {
    /// Who.
    officer: OfficerId,
    /// His name.
    name: Option<String>,
    /// When.
    at: Timestamp,
}

impl Ledger {
    /// The ledger as people read it.
    fn text(&self, code: &str, now: Timestamp, language: Language) -> String {
        let title = language.pick("SỔ THƯ CỦA VỤ VIỆC", "MAILS OF CASE");
        let taken = language.pick("Trích lúc", "As of");
        let mut lines = vec![format!("{title} {code}"), format!("{taken} {}", moment(now)), String::new()];
        for (number, mail) in (1..).zip(&self.mails) {
            lines.push(format!("{number}. {} – {}{}", mail.alert, mail.title, mail.count(language)));
            let office = mail.office_title.as_deref().unwrap_or(mail.office.as_str());
            lines.push(format!("   {} {office} <{}>", language.pick("Gửi:", "To:"), mail.address));
            lines.extend(mail.states.iter().map(|state| state.line(language)));
            let opened = language.pick("Đã mở vụ việc:", "Opened the case:");
            lines.extend(mail.opened.iter().map(|by| {
                let name = by.name.as_deref().unwrap_or(by.officer.as_str());
                format!("   {}  {opened} {name}", moment(by.at))
            }));
            lines.push(format!("   Message-ID: {}", mail.id.0));
            lines.push(String::new());
        }
        lines.join("\n")
    }
}

impl MailView {
    fn count(&self, language: Language) -> String {
        let exercise = if self.exercise { language.pick(" [DIỄN TẬP]", " [EXERCISE]") } else { "" };
        let level = self.level.map(|level| format!(" ({} {level})", language.pick("lần", "level")));
        format!("{}{exercise}", level.unwrap_or_default())
    }
}

/// A moment in Vietnamese time, to the second.
fn moment(at: Timestamp) -> String {
    at.with_timezone(&LOCAL).format("%d/%m/%Y %H:%M:%S").to_string()
}

impl StateView {
    /// The state as people read it.
    fn line(&self, language: Language) -> String {
        let attempt = self.attempt.map(|attempt| format!(" ({} {attempt})", language.pick("lần", "attempt")));
        let reply = self.reply.as_ref().map(|reply| format!(": {reply}"));
        let morning =
            self.digest_at.map(|at| format!("; {} {}", language.pick("thư tổng hợp", "digest"), moment(at)));
        let doubled = self.maybe_doubled.filter(|doubled| *doubled).map(|_| {
            language.pick("; có thể người nhận nhận hai lần", "; it may have arrived twice").to_owned()
        });
        let more: String = [attempt, reply, morning, doubled].into_iter().flatten().collect();
        format!("   {}  {}{more}", moment(self.at), self.title)
    }

    fn of((at, state): &(Timestamp, MailState), language: Language) -> Self {
        let label = labels::mail_state(state.name());
        let mut view = Self {
            at: *at,
            state: state.name(),
            title: label.map_or(state.name(), |label| language.pick(label.vi, label.en)),
            attempt: None,
            reply: None,
            maybe_doubled: None,
            digest_at: None,
            digest: None,
        };
        match state {
            MailState::Queued { digest_at, .. } => view.digest_at = *digest_at,
            MailState::Suppressed { .. } => {}
            MailState::Gathered { digest } => view.digest = Some(digest.0),
            MailState::Attempting { attempt } => view.attempt = Some(*attempt),
            MailState::Sent { reply, maybe_doubled } => {
                view.reply = Some(reply.clone());
                view.maybe_doubled = Some(*maybe_doubled);
            }
            MailState::Refused { reply } | MailState::Waiting { reply } => view.reply = Some(reply.clone()),
            MailState::Unknown { why } | MailState::GivenUp { why } => view.reply = Some(why.clone()),
            MailState::Bounced { status, reply, .. } => view.reply = Some(format!("{status} {reply}")),
        }
        view
    }
}

/// `GET /cases/{id}/mails`: the ledger of a case's mails; with `Accept: text/plain` as people read it.
pub(crate) async fn ledger(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let case = visible(&api, &caller, id, None).await?;
    let refuse = |refusal| Problem::of(&refusal, caller.language);
    let read = outbox::about(&api.chassis.reader, About::Case(case.id)).await;
    let histories = read.map_err(|error| refuse(unreadable(&error)))?;
    let asked = auth::ask(&api.chassis.bus, &Question::WhoOpened { case: case.id }).await.map_err(refuse)?;
    let Answer::Opened(openings) = asked else {
        return Err(refuse(unreadable(&"the identity service does not say who opened the case")));
    };
    let (policy, now) = (api.chassis.policy(), api.chassis.clock.now());
    let is_auditor = notes::is_auditor(&api, &caller);
    let told = histories.iter().filter(|mail| is_auditor || mail.notice.agency == caller.person.agency);
    let mails = told.map(|mail| view(mail, &openings, &policy, caller.language)).collect();
    let ledger = Ledger { mails };
    if asks_for_text(&headers) {
        let code = case.code.as_ref().map_or_else(|| case.id.to_string(), ToString::to_string);
        return Ok(ledger.text(&code, now, caller.language).into_response());
    }
    Ok(axum::Json(ledger).into_response())
}

fn view(mail: &History, openings: &[Opening], policy: &Policy, language: Language) -> MailView {
    let History { entry, notice, states } = mail;
    let entered = states.first().map(|(at, _)| *at);
    let holders = policy.organisation.holdings().filter(|held| held.office == notice.office);
    let holders: BTreeSet<_> = holders.map(|held| &held.officer).collect();
    let opened = openings.iter().filter(|opening| {
        holders.contains(&opening.officer) && entered.is_some_and(|entered| opening.at >= entered)
    });
    let title = labels::alert(&notice.template, notice.level);
    MailView {
        id: *entry,
        alert: notice.template.clone(),
        title: title.map_or("", |title| language.pick(title.vi, title.en)),
        level: notice.level,
        office: notice.office.clone(),
        office_title: policy.organisation.office(&notice.office).map(|office| office.title.clone()),
        agency: notice.agency.clone(),
        address: notice.address.clone(),
        deadline: notice.deadline,
        exercise: notice.exercise,
        states: states.iter().map(|state| StateView::of(state, language)).collect(),
        opened: opened
            .map(|opening| OpenedView {
                officer: opening.officer.clone(),
                name: policy.organisation.officer(&opening.officer).map(|officer| officer.name.clone()),
                at: opening.at,
            })
            .collect(),
    }
}
