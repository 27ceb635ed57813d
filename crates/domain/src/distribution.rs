//! To whom documents go (plan, *Nơi nhận*): who is addressed becomes a list of recipients when it is sent, with the names
//! of that time, and each of them gets the document, and has it, at a time.
//!
//! These are functions over values: whatever sends documents (a case, a report, minutes) has events and acts of its own
//! and asks here. Who a group is, is never asked again later (decision 0027).

use events::{
    AgencyId, Timestamp,
    distribution::{DeliveryRecorded, DistributionRecorded, Purpose, ReceiptRecorded, Recipient},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    decision::Context,
    organisation::Organisation,
    policy::Policy,
    refusal::{Refusal, required_text},
};

/// The most recipients of one distribution, groups expanded.
pub const MOST_RECIPIENTS: usize = 300;

/// Whom an act names: an agency, or a group, or somebody outside by a name; exactly one of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "Addressed")]
#[serde(deny_unknown_fields)]
pub struct Addressee {
    /// An agency, by its code.
    #[serde(default)]
    pub agency: Option<AgencyId>,
    /// All agencies of a group, by the group's code.
    #[serde(default)]
    pub group: Option<String>,
    /// Somebody outside, or the place of a copy in the issuer's archive such as `VT`, as it is printed.
    #[serde(default)]
    pub name: Option<String>,
    /// For what.
    #[serde(default)]
    pub purpose: Purpose,
}

/// A document that is sent.
#[derive(Clone, Copy, Debug)]
pub struct Sending<'a> {
    /// The agency that issued it.
    pub issuer: &'a AgencyId,
    /// Number and symbol, as they are printed.
    pub document: &'a str,
    /// When; not in the future.
    pub sent_at: Timestamp,
    /// To whom; at least one.
    pub recipients: &'a [Addressee],
}

/// It has come to a recipient's house.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordDelivery {
    /// The distribution, by its number.
    pub distribution: u32,
    /// The recipient, by its place in the list; the first is 1.
    pub recipient: u32,
    /// When it came there; not in the future.
    pub delivered_at: Timestamp,
}

/// A recipient has received it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordReceipt {
    /// The distribution, by its number.
    pub distribution: u32,
    /// The recipient, by its place in the list; the first is 1.
    pub recipient: u32,
    /// When he received it; not in the future.
    pub received_at: Timestamp,
}

/// A distribution, to whom it was delivered and who has received it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Distribution {
    /// What was recorded.
    #[serde(flatten)]
    pub recorded: DistributionRecorded,
    /// When it was delivered to each recipient, as far as is known; in their order.
    pub delivered: Vec<Option<Timestamp>>,
    /// When each recipient received it, as far as is known; in their order.
    pub received: Vec<Option<Timestamp>>,
}

impl Distribution {
    /// As it begins: nobody has it.
    pub fn of(recorded: &DistributionRecorded) -> Self {
        let nobody = vec![None; recorded.recipients.len()];
        Self { recorded: recorded.clone(), delivered: nobody.clone(), received: nobody }
    }
}

/// Who is addressed, one by one, at the time of sending: a group is its agencies of that time, and an agency is called as
/// it was called then.
///
/// Nobody is there twice. An agency that is named itself has the purpose that was given to it, whatever its groups have;
/// where that leaves two purposes, *b/c* is kept.
///
/// # Errors
/// `INVALID_DATA` at a field below `recipients`: nobody or two are named in one entry, an agency or group is unknown or
/// not there at that time, or the list is too long.
pub fn expand(addressees: &[Addressee], policy: &Policy, at: Timestamp) -> Result<Vec<Recipient>, Refusal> {
    let mut recipients: Vec<Recipient> = Vec::new();
    for (place, addressee) in addressees.iter().enumerate() {
        let path = format!("recipients[{place}]");
        for recipient in those_meant(&path, addressee, &policy.organisation, at)? {
            match recipients.iter_mut().find(|known| is_same(known, &recipient)) {
                Some(known) => *known = stronger(known, recipient),
                None => recipients.push(recipient),
            }
        }
    }
    if recipients.is_empty() || recipients.len() > MOST_RECIPIENTS {
        return Err(Refusal::invalid(
            "recipients",
            format!("Phải có từ 1 đến {MOST_RECIPIENTS} nơi nhận."),
            format!("There are 1 to {MOST_RECIPIENTS} recipients."),
        ));
    }
    Ok(recipients)
}

fn those_meant(
    path: &str,
    Addressee { agency, group, name, purpose }: &Addressee,
    organisation: &Organisation,
    at: Timestamp,
) -> Result<Vec<Recipient>, Refusal> {
    let purpose = *purpose;
    if purpose == Purpose::Archive && (agency.is_some() || group.is_some()) {
        return Err(Refusal::invalid(
            &format!("{path}.purpose"),
            "Bản lưu ở chính cơ quan ban hành: ghi tên nơi lưu, ví dụ VT.",
            "A copy is archived by the issuer itself: give the name of the place, such as VT.",
        ));
    }
    match (agency, group, name) {
        (Some(id), None, None) => {
            must_be_there(&format!("{path}.agency"), id, organisation, at)?;
            let name = organisation.agency_name(id, at).to_owned();
            Ok(vec![Recipient { name, agency: Some(id.clone()), group: None, purpose }])
        }
        (None, Some(id), None) => {
            let path = format!("{path}.group");
            let Some(group) = organisation.group(id).filter(|group| group.is_used(at)) else {
                return Err(no_such_group(&path, organisation, at));
            };
            let members: Vec<_> = organisation
                .members(group, at)
                .map(|agency| Recipient {
                    name: agency.name_at(at).to_owned(),
                    agency: Some(agency.id.clone()),
                    group: Some(id.clone()),
                    purpose,
                })
                .collect();
            if members.is_empty() {
                return Err(Refusal::invalid(
                    &path,
                    "Nhóm này không có cơ quan nào tại thời điểm gửi.",
                    "This group had no agency when the document was sent.",
                ));
            }
            Ok(members)
        }
        (None, None, Some(name)) => {
            required_text(&format!("{path}.name"), name, 200)?;
            Ok(vec![Recipient { name: name.clone(), agency: None, group: None, purpose }])
        }
        _ => Err(Refusal::invalid(
            path,
            "Mỗi nơi nhận ghi đúng một trong: agency, group, name.",
            "Each recipient is one of agency, group or name.",
        )),
    }
}

fn must_be_there(
    path: &str,
    id: &AgencyId,
    organisation: &Organisation,
    at: Timestamp,
) -> Result<(), Refusal> {
    if organisation.is_there(id, at) {
        return Ok(());
    }
    if organisation.agency(id).is_none() {
        return Err(Refusal::invalid(path, "Không có cơ quan này.", "There is no such agency."));
    }
    Err(match organisation.successor(id, at) {
        Some(next) => Refusal::invalid(
            path,
            format!("Cơ quan này đã kết thúc hoạt động khi gửi; cơ quan kế thừa là {next}."),
            format!("This agency was no more when the document was sent; its successor is {next}."),
        ),
        None => Refusal::invalid(
            path,
            "Cơ quan này chưa thành lập hoặc đã kết thúc hoạt động khi gửi.",
            "This agency was not there when the document was sent.",
        ),
    })
}

fn no_such_group(path: &str, organisation: &Organisation, at: Timestamp) -> Refusal {
    let used = organisation.groups().filter(|group| group.is_used(at));
    let codes = used.map(|group| group.id.as_str()).collect::<Vec<_>>().join(", ");
    Refusal::invalid(
        path,
        format!("Không có nhóm này khi gửi; các nhóm: {codes}."),
        format!("There was no such group when the document was sent. The groups are: {codes}."),
    )
}

/// Whether two stand for the same. A name that is an agency's is that agency; the archive is nobody else.
fn is_same(one: &Recipient, other: &Recipient) -> bool {
    let archived = |each: &Recipient| each.purpose == Purpose::Archive;
    let agencies = one.agency == other.agency || one.agency.is_none() || other.agency.is_none();
    one.name == other.name && agencies && archived(one) == archived(other)
}

/// Which of two that are the same is kept: the one that was named itself before one of a group, then *b/c*.
fn stronger(one: &Recipient, other: Recipient) -> Recipient {
    let bc = [one.purpose, other.purpose].contains(&Purpose::Bc);
    let agency = one.agency.clone().or_else(|| other.agency.clone());
    match (&one.group, &other.group) {
        (None, Some(_)) => Recipient { agency, ..one.clone() },
        (Some(_), None) => Recipient { agency, ..other },
        _ => Recipient { agency, purpose: if bc { Purpose::Bc } else { one.purpose }, ..one.clone() },
    }
}

/// That a document was sent, under the number of the distribution.
///
/// The issuer is none of its own recipients: it falls out of the groups to which it belongs.
///
/// # Errors
/// `INVALID_DATA` at `sent_at` or at a field below `recipients`, see [`expand`].
pub fn send(number: u32, sending: Sending<'_>, ctx: &Context<'_>) -> Result<DistributionRecorded, Refusal> {
    let Sending { issuer, document, sent_at, recipients } = sending;
    if sent_at > ctx.now {
        return Err(Refusal::invalid("sent_at", "Thời điểm ở tương lai.", "This lies in the future."));
    }
    let mut recipients = expand(recipients, ctx.policy, sent_at)?;
    recipients.retain(|each| each.group.is_none() || each.agency.as_ref() != Some(issuer));
    if recipients.is_empty() {
        return Err(Refusal::invalid(
            "recipients",
            "Ngoài cơ quan ban hành, không có nơi nhận nào.",
            "There is no recipient but the issuer itself.",
        ));
    }
    Ok(DistributionRecorded {
        distribution: number,
        issuer: issuer.clone(),
        document: document.to_owned(),
        sent_at,
        recipients,
    })
}

/// That it has come to a recipient's house.
///
/// # Errors
/// `INVALID_DATA` where there is no such recipient or the time cannot be; `BAD_STATE` where it is recorded already.
pub fn deliver(
    sent: &[Distribution],
    act: &RecordDelivery,
    now: Timestamp,
) -> Result<DeliveryRecorded, Refusal> {
    let (found, place) = find(sent, act.distribution, act.recipient)?;
    if found.delivered[place].is_some() {
        return Err(Refusal::bad_state(
            "Việc chuyển đến nơi nhận này đã được ghi nhận.",
            "That it was delivered to this recipient is recorded already.",
        ));
    }
    let latest = found.received[place].unwrap_or(now);
    if act.delivered_at > latest || act.delivered_at < found.recorded.sent_at {
        return Err(Refusal::invalid(
            "delivered_at",
            "Thời điểm chuyển đến phải sau khi gửi, không sau khi nhận và không ở tương lai.",
            "It is delivered after it was sent, not after it was received, and not in the future.",
        ));
    }
    let RecordDelivery { distribution, recipient, delivered_at } = *act;
    Ok(DeliveryRecorded { distribution, recipient, delivered_at })
}

/// That a recipient has it.
///
/// # Errors
/// `INVALID_DATA` where there is no such recipient or the time cannot be; `BAD_STATE` where it is recorded already.
pub fn receive(
    sent: &[Distribution],
    act: &RecordReceipt,
    now: Timestamp,
) -> Result<ReceiptRecorded, Refusal> {
    let (found, place) = find(sent, act.distribution, act.recipient)?;
    if found.received[place].is_some() {
        return Err(Refusal::bad_state(
            "Nơi nhận này đã được ghi nhận.",
            "That this recipient has it is recorded already.",
        ));
    }
    let earliest = found.delivered[place].unwrap_or(found.recorded.sent_at);
    if act.received_at > now || act.received_at < earliest {
        return Err(Refusal::invalid(
            "received_at",
            "Thời điểm nhận phải sau khi gửi, không trước khi chuyển đến và không ở tương lai.",
            "It is received after it was sent, not before it was delivered, and not in the future.",
        ));
    }
    let RecordReceipt { distribution, recipient, received_at } = *act;
    Ok(ReceiptRecorded { distribution, recipient, received_at })
}

/// A distribution by its number, and the place of a recipient in it.
fn find(sent: &[Distribution], distribution: u32, recipient: u32) -> Result<(&Distribution, usize), Refusal> {
    let Some(found) = sent.iter().find(|each| each.recorded.distribution == distribution) else {
        return Err(Refusal::invalid(
            "distribution",
            "Không có lần gửi nào mang số này.",
            "There is no distribution of that number.",
        ));
    };
    let place = place(recipient).filter(|place| *place < found.recorded.recipients.len());
    place.map(|place| (found, place)).ok_or_else(|| {
        Refusal::invalid(
            "recipient",
            "Không có nơi nhận mang số thứ tự này.",
            "There is no recipient of that number.",
        )
    })
}

/// The place in a list of what is counted from 1.
fn place(number: u32) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}

/// Folds a delivery in.
pub fn note_delivery(sent: &mut [Distribution], said: &DeliveryRecorded) {
    let DeliveryRecorded { distribution, recipient, delivered_at } = said;
    note(sent, *distribution, *recipient, *delivered_at, |each| &mut each.delivered);
}

/// Folds a receipt in.
pub fn note_receipt(sent: &mut [Distribution], said: &ReceiptRecorded) {
    let ReceiptRecorded { distribution, recipient, received_at } = said;
    note(sent, *distribution, *recipient, *received_at, |each| &mut each.received);
}

fn note(
    sent: &mut [Distribution],
    distribution: u32,
    recipient: u32,
    at: Timestamp,
    list: impl Fn(&mut Distribution) -> &mut Vec<Option<Timestamp>>,
) {
    let found = sent.iter_mut().find(|each| each.recorded.distribution == distribution);
    if let (Some(found), Some(place)) = (found, place(recipient))
        && let Some(time) = list(found).get_mut(place)
    {
        *time = Some(at);
    }
}

/// The block *Nơi nhận* as it is printed under a document: one line for each, the archive's copies in the last.
pub fn printed(recipients: &[Recipient]) -> String {
    let (archived, others): (Vec<_>, Vec<_>) =
        recipients.iter().partition(|each| each.purpose == Purpose::Archive);
    let mut lines: Vec<_> = others
        .into_iter()
        .map(|each| match each.purpose {
            Purpose::Bc => format!("- {} (b/c)", each.name),
            Purpose::Action | Purpose::Archive => format!("- {}", each.name),
        })
        .collect();
    if !archived.is_empty() {
        let places: Vec<_> = archived.iter().map(|each| each.name.as_str()).collect();
        lines.push(format!("- Lưu: {}", places.join(", ")));
    }
    format!("Nơi nhận:\n{}.", lines.join(";\n"))
}

#[cfg(test)]
mod tests;
