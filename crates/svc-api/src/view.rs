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
    AgencyId, Capacity, CaseCode, CaseId, DeadlineKey, DutyId, EventId, Kind, Lifecycle, OfficeId, Timestamp,
    Urgency, casefile::CancellationProposed, closure, coordination::SettlementProposed,
    directory::Delegation, intake::Matter,
};
use schemars::JsonSchema;
use serde::Serialize;
use service::problem::Language;

/// For whom a case is shown, and when: some of it is sealed for a while.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) person: &'a Person,
    pub(crate) language: Language,
    pub(crate) now: Timestamp,
    /// He looks back.
    pub(crate) back: Option<Back<'a>>,
}

/// As of when a case is shown as it stood, and how it stands: what is sealed today is sealed then too.
#[derive(Clone, Copy)]
pub(crate) struct Back<'a> {
    pub(crate) at: Timestamp,
    pub(crate) today: &'a Case,
}

/// The case's version as an `ETag`.
pub(crate) fn etag(headers: &mut HeaderMap, version: u32) {
    if let Ok(value) = HeaderValue::from_str(&format!("\"{version}\"")) {
        headers.insert(header::ETAG, value);
    }
}

/// A case in a list.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CaseLine")]
pub(crate) struct Line<'a> {
    /// The case's id: what stands in paths.
    id: CaseId,
    /// The number that people use; null until the case has one, moments after it is raised.
    code: Option<&'a CaseCode>,
    /// The version of its newest fact.
    version: u32,
    /// Where it stands.
    state: Lifecycle,
    /// The same in the caller's language.
    state_label: &'static str,
    /// How urgent it is.
    urgency: Urgency,
    /// The same in the caller's language.
    urgency_label: &'static str,
    /// What it is called.
    title: &'a str,
    /// It is an exercise: show it as one.
    exercise: bool,
    /// The agency in whose name it was raised.
    raiser: Named<'a>,
    /// The agency reported to.
    receiver: Named<'a>,
    /// When it was raised, in whole seconds.
    raised_at: String,
    /// When the next of its running deadlines is due; null if none runs.
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
        exercise: case.matter.exercise,
        raiser: named(&case.raiser, case, policy),
        receiver: named(&case.receiver, case, policy),
        raised_at: whole_seconds(case.raised_at),
        next_due: deadlines::running(case).map(|armed| armed.deadline.due).min(),
    }
}

/// A case as a whole.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Case")]
pub(crate) struct Whole<'a> {
    #[serde(flatten)]
    line: Line<'a>,
    /// The time that was asked for: this is the case as it stood then. Not there where it is the case as it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<Timestamp>,
    /// By when it is to be dealt with, for *hỏa tốc hẹn giờ*; else null.
    deliver_by: Option<Timestamp>,
    /// What it is about, as it was first reported.
    matter: &'a Matter,
    /// The planned project from which it arose, by its id; null if from none.
    project: Option<DutyId>,
    /// What its topic was called when it was raised.
    topic_name: &'a str,
    /// What its area was called when it was raised; null where it has none.
    area_name: Option<&'a str>,
    /// The agencies whose position is required.
    required: Vec<Named<'a>>,
    /// The agencies that are merely consulted.
    consulted: Vec<Named<'a>>,
    /// How it came in, once for each intake, with its confirmation.
    intakes: Vec<IntakeView<'a>>,
    /// Who was asked to take it, oldest first.
    assignments: &'a [Assigned],
    /// The rounds of positions, oldest first.
    rounds: &'a [Round],
    /// The task force, if there is or was one.
    taskforce: &'a Taskforce,
    /// What a dispute, or joint advice, brought.
    escalation: escalation::View<'a>,
    /// The proposals to settle a dispute, oldest first.
    settlements: &'a [Key<SettlementProposed>],
    /// The proposals to cancel it, oldest first.
    cancellations: &'a [Key<CancellationProposed>],
    /// The proposals to close it, oldest first.
    closures: &'a [Key<closure::Proposed>],
    /// What waits for another person's key.
    awaiting: Vec<AwaitedView>,
    /// The deadlines that run.
    deadlines: Vec<DeadlineView>,
    /// When it was last closed; null if it never was.
    closed_at: Option<Timestamp>,
    /// What is kept with it.
    casefile: &'a Casefile,
    /// What happened, oldest first, without reminders.
    history: Vec<HappeningView<'a>>,
}

/// Something that happened, with the id by which a correction names it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Happening")]
struct HappeningView<'a> {
    /// The fact, by its id.
    event: EventId,
    /// When it happened.
    at: Timestamp,
    /// What.
    #[serde(rename = "type")]
    kind: Kind,
    /// The same in the caller's language.
    label: &'static str,
    /// The agency that acted; null when the process did it by itself.
    agency: Option<&'a AgencyId>,
    /// What that agency was called then.
    agency_name: Option<&'a str>,
    /// The office that acted.
    office: Option<&'a OfficeId>,
    /// What that office was called then.
    office_title: Option<&'a str>,
    /// By what right, e.g. `direct`, `kt`, `tuq`.
    capacity: Option<&'static str>,
    /// In whose name and by which document, where it was by delegation.
    delegation: Option<&'a Delegation>,
    /// Its texts that can be corrected, as paths below its data.
    correctable: Vec<&'static str>,
}

/// One intake, and how far its confirmation is.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "IntakeState")]
struct IntakeView<'a> {
    /// How it came in.
    intake: &'a Intake,
    /// Where its confirmation stands; null where none is owed.
    confirmation: Option<&'a Confirmation>,
}

/// A deadline that runs.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RunningDeadline")]
struct DeadlineView {
    /// What is due.
    key: DeadlineKey,
    /// The same in the caller's language.
    label: &'static str,
    /// Which of its kind, by its number.
    instance: u32,
    /// From when the period is counted.
    start: Timestamp,
    /// When it is due, in whole seconds; an act at that very instant is on time.
    due: Timestamp,
    /// The highest overdue level that was recorded, 1 to 3; 0 for none.
    overdue_level: u8,
    /// How often it was extended; at most 2.
    extended: u8,
    /// The agencies that owe it.
    owing: Vec<AgencyId>,
}

/// A case as a whole.
pub(crate) fn case<'a>(case: &'a Case, policy: &'a Policy, reader: Reader<'_>) -> Whole<'a> {
    let (language, organisation) = (reader.language, &policy.organisation);
    Whole {
        line: line(case, policy, language),
        as_of: reader.back.map(|back| back.at),
        deliver_by: case.deliver_by,
        matter: &case.matter,
        project: case.project,
        topic_name: organisation.topic_name(&case.matter.topic, case.raised_at),
        area_name: case.matter.area.as_deref().map(|area| organisation.area_name(area, case.raised_at)),
        required: case.required.iter().map(|id| named(id, case, policy)).collect(),
        consulted: case.consulted.iter().map(|id| named(id, case, policy)).collect(),
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
                agency_name: happening.agency.as_ref().map(|id| organisation.agency_name(id, happening.at)),
                office: happening.office.as_ref(),
                office_title: happening.office.as_ref().map(|id| organisation.title(id, happening.at)),
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
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Awaited")]
pub(crate) struct AwaitedView {
    /// The act that is awaited.
    act: &'static str,
    /// The number that it must name: of the proposal or the explanation.
    number: u32,
    /// The agencies whose act it is.
    who: Vec<AgencyId>,
    /// Until when; null if no clock runs.
    until: Option<Timestamp>,
}

/// What waits for another person's key.
pub(crate) fn awaited(Awaited { act, number, who, until, .. }: Awaited) -> AwaitedView {
    AwaitedView { act, number, who, until }
}

/// An agency, with the name that it had when it came into the case.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NamedAgency")]
struct Named<'a> {
    /// Its code.
    id: &'a AgencyId,
    /// Its name when the case was raised, or when it took another agency's place in it; null for one that the directory
    /// does not have.
    name: Option<&'a str>,
}

fn named<'a>(id: &'a AgencyId, case: &Case, policy: &'a Policy) -> Named<'a> {
    Named { id, name: policy.organisation.agency(id).map(|agency| agency.name_at(case.since(id))) }
}

/// A label in the reader's language.
fn word(label: Label, language: Language) -> &'static str {
    language.pick(label.vi, label.en)
}

/// An instant as deadlines are given too; the fact has it to the nanosecond.
fn whole_seconds(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests;
