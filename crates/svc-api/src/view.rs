//! What a caller sees of a case.

mod escalation;

use axum::http::{HeaderMap, HeaderValue, header};
use chrono::SecondsFormat;
use domain::{
    Case, Person, Policy,
    awaiting::{Awaited, awaiting},
    deadlines,
    labels::{self, Label},
};
use events::{AgencyId, Timestamp};
use serde_json::{Value, json};
use service::problem::Language;

/// For whom a case is shown, and when: some of it is sealed for a while.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) person: &'a Person,
    pub(crate) language: Language,
    pub(crate) now: Timestamp,
}

/// The case's version as an `ETag`.
pub(crate) fn etag(headers: &mut HeaderMap, version: u32) {
    if let Ok(value) = HeaderValue::from_str(&format!("\"{version}\"")) {
        headers.insert(header::ETAG, value);
    }
}

/// A case in a list.
pub(crate) fn line(case: &Case, policy: &Policy, language: Language) -> Value {
    json!({
        "id": case.id,
        "code": case.code,
        "version": case.version,
        "state": case.lifecycle,
        "state_label": word(labels::lifecycle(case.lifecycle), language),
        "urgency": case.urgency,
        "urgency_label": word(labels::urgency(case.urgency), language),
        "title": case.matter.title,
        "raiser": agency(&case.raiser, policy),
        "receiver": agency(&case.receiver, policy),
        "raised_at": whole_seconds(case.raised_at),
        "next_due": deadlines::running(case).map(|armed| armed.deadline.due).min(),
    })
}

/// A case as a whole.
pub(crate) fn case(case: &Case, policy: &Policy, reader: Reader<'_>) -> Value {
    let language = reader.language;
    let agency = |id: &AgencyId| agency(id, policy);
    let mut view = line(case, policy, language);
    view["deliver_by"] = json!(case.deliver_by);
    view["matter"] = json!(case.matter);
    view["required"] = case.required.iter().map(agency).collect();
    view["consulted"] = case.consulted.iter().map(agency).collect();
    view["intakes"] = case
        .intakes
        .iter()
        .map(|intake| json!({ "intake": intake, "confirmation": case.confirmation(intake.number) }))
        .collect();
    view["assignments"] = json!(case.assignments);
    view["rounds"] = json!(case.rounds);
    view["taskforce"] = json!(case.taskforce);
    view["escalation"] = escalation::view(&case.escalation, reader);
    view["settlements"] = json!(case.settlements);
    view["cancellations"] = json!(case.cancellations);
    view["closures"] = json!(case.closures);
    view["awaiting"] = awaiting(case, policy).iter().map(awaited).collect();
    view["deadlines"] = deadlines::running(case)
        .map(|armed| {
            json!({
                "key": armed.deadline.key,
                "label": word(labels::deadline(armed.deadline.key), language),
                "instance": armed.deadline.instance,
                "start": armed.deadline.start,
                "due": armed.deadline.due,
                "overdue_level": armed.level,
                "owing": deadlines::owing(case, &armed.deadline, policy),
            })
        })
        .collect();
    view
}

/// What waits for another person's key.
pub(crate) fn awaited(awaited: &Awaited) -> Value {
    json!({
        "act": awaited.act,
        "number": awaited.number,
        "who": awaited.who,
        "until": awaited.until,
    })
}

/// An agency, with the name that it has today.
fn agency(id: &AgencyId, policy: &Policy) -> Value {
    json!({ "id": id, "name": policy.organisation.agency(id).map(|agency| agency.name.as_str()) })
}

/// A label in the reader's language.
fn word(label: Label, language: Language) -> &'static str {
    language.pick(label.vi, label.en)
}

/// An instant as deadlines are given too; the fact has it to the nanosecond.
fn whole_seconds(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
