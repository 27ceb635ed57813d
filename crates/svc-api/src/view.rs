//! What a caller sees of a case.

mod escalation;

use axum::http::{HeaderMap, HeaderValue, header};
use chrono::SecondsFormat;
use domain::{
    Case, Person, Policy,
    awaiting::{Awaited, awaiting},
    deadlines,
    keys::Key,
    labels::{self, Label},
    stages::{
        casefile::{Casefile, correctable},
        confirmation::Confirmation,
        coordination::Round,
        intake::Intake,
        routing::Assigned,
        taskforce::Taskforce,
    },
};
use events::{
    AgencyId, Capacity, CaseCode, CaseId, DeadlineKey, EventId, Kind, Lifecycle, OfficeId, Timestamp,
    Urgency, casefile::CancellationProposed, closure, coordination::SettlementProposed,
    directory::Delegation, intake::Matter,
};
use serde::Serialize;
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
#[derive(Serialize)]
pub(crate) struct Line<'a> {
    id: CaseId,
    code: Option<&'a CaseCode>,
    version: u32,
    state: Lifecycle,
    state_label: &'static str,
    urgency: Urgency,
    urgency_label: &'static str,
    title: &'a str,
    raiser: Named<'a>,
    receiver: Named<'a>,
    raised_at: String,
    next_due: Option<Timestamp>,
}

/// A case in a list.
pub(crate) fn line<'a>(case: &'a Case, policy: &'a Policy, language: Language) -> Line<'a> {
    Line {
        id: case.id,
        code: case.code.as_ref(),
        version: case.version,
        state: case.lifecycle,
        state_label: word(labels::lifecycle(case.lifecycle), language),
        urgency: case.urgency,
        urgency_label: word(labels::urgency(case.urgency), language),
        title: &case.matter.title,
        raiser: named(&case.raiser, policy),
        receiver: named(&case.receiver, policy),
        raised_at: whole_seconds(case.raised_at),
        next_due: deadlines::running(case).map(|armed| armed.deadline.due).min(),
    }
}

/// A case as a whole.
#[derive(Serialize)]
pub(crate) struct Whole<'a> {
    #[serde(flatten)]
    line: Line<'a>,
    deliver_by: Option<Timestamp>,
    matter: &'a Matter,
    required: Vec<Named<'a>>,
    consulted: Vec<Named<'a>>,
    intakes: Vec<IntakeView<'a>>,
    assignments: &'a [Assigned],
    rounds: &'a [Round],
    taskforce: &'a Taskforce,
    escalation: escalation::View<'a>,
    settlements: &'a [Key<SettlementProposed>],
    cancellations: &'a [Key<CancellationProposed>],
    closures: &'a [Key<closure::Proposed>],
    awaiting: Vec<AwaitedView>,
    deadlines: Vec<DeadlineView>,
    closed_at: Option<Timestamp>,
    casefile: &'a Casefile,
    history: Vec<HappeningView<'a>>,
}

/// Something that happened, with the id by which a correction names it.
#[derive(Serialize)]
struct HappeningView<'a> {
    event: EventId,
    at: Timestamp,
    #[serde(rename = "type")]
    kind: Kind,
    label: &'static str,
    agency: Option<&'a AgencyId>,
    office: Option<&'a OfficeId>,
    /// By what right, e.g. `direct`, `kt`, `tuq`.
    capacity: Option<&'static str>,
    /// In whose name and by which document, where it was by delegation.
    delegation: Option<&'a Delegation>,
    correctable: Vec<&'static str>,
}

/// One intake, and how far its confirmation is.
#[derive(Serialize)]
struct IntakeView<'a> {
    intake: &'a Intake,
    confirmation: Option<&'a Confirmation>,
}

/// A deadline that runs.
#[derive(Serialize)]
struct DeadlineView {
    key: DeadlineKey,
    label: &'static str,
    instance: u32,
    start: Timestamp,
    due: Timestamp,
    overdue_level: u8,
    extended: u8,
    owing: Vec<AgencyId>,
}

/// A case as a whole.
pub(crate) fn case<'a>(case: &'a Case, policy: &'a Policy, reader: Reader<'_>) -> Whole<'a> {
    let language = reader.language;
    Whole {
        line: line(case, policy, language),
        deliver_by: case.deliver_by,
        matter: &case.matter,
        required: case.required.iter().map(|id| named(id, policy)).collect(),
        consulted: case.consulted.iter().map(|id| named(id, policy)).collect(),
        intakes: case
            .intakes
            .iter()
            .map(|intake| IntakeView { intake, confirmation: case.confirmation(intake.number) })
            .collect(),
        assignments: &case.assignments,
        rounds: &case.rounds,
        taskforce: &case.taskforce,
        escalation: escalation::view(&case.escalation, reader),
        settlements: &case.settlements,
        cancellations: &case.cancellations,
        closures: &case.closures,
        awaiting: awaiting(case, policy).into_iter().map(awaited).collect(),
        deadlines: deadlines::running(case)
            .map(|armed| DeadlineView {
                key: armed.deadline.key,
                label: word(labels::deadline(armed.deadline.key), language),
                instance: armed.deadline.instance,
                start: armed.deadline.start,
                due: armed.deadline.due,
                overdue_level: armed.level,
                extended: armed.extended,
                owing: deadlines::owing(case, &armed.deadline, policy),
            })
            .collect(),
        closed_at: case.closed_at,
        casefile: &case.casefile,
        history: case
            .history
            .iter()
            .map(|happening| HappeningView {
                event: happening.event,
                at: happening.at,
                kind: happening.kind,
                label: word(labels::happening(happening.kind), language),
                agency: happening.agency.as_ref(),
                office: happening.office.as_ref(),
                capacity: happening.capacity.as_ref().map(Capacity::name),
                delegation: happening
                    .capacity
                    .as_ref()
                    .and_then(Capacity::delegation)
                    .and_then(|id| policy.organisation.delegation(id))
                    .map(|granted| &granted.delegation),
                correctable: correctable(happening.kind).iter().map(|(field, _)| *field).collect(),
            })
            .collect(),
    }
}

/// What waits for another person's key.
#[derive(Serialize)]
pub(crate) struct AwaitedView {
    act: &'static str,
    number: u32,
    who: Vec<AgencyId>,
    until: Option<Timestamp>,
}

/// What waits for another person's key.
pub(crate) fn awaited(Awaited { act, number, who, until, .. }: Awaited) -> AwaitedView {
    AwaitedView { act, number, who, until }
}

/// An agency, with the name that it has today.
#[derive(Serialize)]
struct Named<'a> {
    id: &'a AgencyId,
    name: Option<&'a str>,
}

fn named<'a>(id: &'a AgencyId, policy: &'a Policy) -> Named<'a> {
    Named { id, name: policy.organisation.agency(id).map(|agency| agency.name.as_str()) }
}

/// A label in the reader's language.
fn word(label: Label, language: Language) -> &'static str {
    language.pick(label.vi, label.en)
}

/// An instant as deadlines are given too; the fact has it to the nanosecond.
fn whole_seconds(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
