//! A text of an earlier fact is corrected, or covered (command 46). The fact stays; the case shows what it should say.

use events::{Body, EventId, Kind, Stage, Timestamp, casefile::Corrected, intake::PhoneCall};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    case::{Case, Happening},
    decision::{Context, Decision},
    organisation::Role,
    refusal::{Refusal, required_text},
};

/// What is shown where a text is covered.
const COVERED: &str = "(đã che)";

/// A text of an earlier fact is put right, or covered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Correct {
    /// The fact that is corrected, by its id: `history` of the case has it.
    of_event: EventId,
    /// Which of its texts, as a path below its data, such as `matter.summary`; `correctable` in the history lists them.
    field: String,
    /// The text that counts from now on; absent if it is only covered.
    #[serde(default)]
    text: Option<String>,
    /// The text is covered: it is shown to nobody any more. It stays in the log.
    #[serde(default)]
    cover: bool,
    /// Why, at most 2,000 characters.
    reason: String,
}

/// A correction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Correction {
    /// When.
    pub at: Timestamp,
    /// What it says.
    #[serde(flatten)]
    pub said: Corrected,
}

/// The free texts and contact fields of a fact, each with the most characters that it may have. A state, a position, a
/// person, a time from which a deadline counts, and what the sides were asked to agree on, are never corrected: they
/// are done anew.
pub fn fields(kind: Kind) -> &'static [(&'static str, usize)] {
    match kind {
        Kind::RaisedInWriting => &[("matter.title", 200), ("matter.summary", 2000)],
        Kind::RaisedByPhone => &[
            ("matter.title", 200),
            ("matter.summary", 2000),
            ("call.caller.office", 200),
            ("call.caller.name", 200),
        ],
        Kind::CallbackVerified
        | Kind::CallbackFailed
        | Kind::CallbackUnreachable
        | Kind::WrittenReconciled
        | Kind::CancellationProposed => &[("note", 500)],
        Kind::InfoRequested => &[("question", 2000)],
        Kind::InfoSupplied => &[("answer", 4000)],
        Kind::NoteAdded | Kind::DiscrepancyExplained => &[("text", 2000)],
        Kind::MeetingScheduled => &[("place", 200), ("agenda", 2000)],
        Kind::TaskCompleted => &[("result", 2000)],
        Kind::InstructionReported | Kind::ClosureProposed => &[("summary", 2000)],
        Kind::AssignmentDeclined
        | Kind::CaseRerouted
        | Kind::CorrectedRequested
        | Kind::DisagreementDeclared
        | Kind::CoordinationReopened
        | Kind::TaskforceProposalWithdrawn
        | Kind::ConsentRefused
        | Kind::MemberReplaced
        | Kind::InstructionRejected
        | Kind::ClosureRejected
        | Kind::CaseReopened
        | Kind::CaseWithdrawn
        | Kind::CaseMerged
        | Kind::CaseUnlinked
        | Kind::UrgencyChanged
        | Kind::DeadlineExtended => &[("reason", 2000)],
        _ => &[],
    }
}

/// The clerk, or who works cases, of the agency that recorded it; of the standing body, its secretariat.
pub(super) fn may_correct(case: &Case, act: &Correct, ctx: &Context<'_>) -> Result<bool, Refusal> {
    let person = ctx.person()?;
    let by = of_event(case, act.of_event).and_then(|fact| fact.agency.as_ref());
    let own = by.is_none_or(|agency| *agency == person.agency);
    Ok(own && matches!(person.role, Role::Cl | Role::Lo | Role::Lh | Role::Al | Role::Ss))
}

fn of_event(case: &Case, event: EventId) -> Option<&Happening> {
    case.history.iter().find(|happening| happening.event == event)
}

/// Command 46: in any state.
pub(super) fn correct(case: &Case, act: &Correct, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let Some(fact) = of_event(case, act.of_event) else {
        return Err(Refusal::invalid(
            "of_event",
            "Vụ việc không có sự kiện này.",
            "The case has no such event.",
        ));
    };
    if fact.agency.is_none() {
        return Err(Refusal::invalid(
            "of_event",
            "Sự kiện này do hệ thống ghi, không có nội dung để đính chính.",
            "The process itself recorded this: there is no text to correct.",
        ));
    }
    let Some((_, longest)) = fields(fact.kind).iter().find(|(field, _)| *field == act.field) else {
        let names = fields(fact.kind).iter().map(|(field, _)| *field).collect::<Vec<_>>().join(", ");
        return Err(Refusal::invalid(
            "field",
            format!(
                "Chỉ đính chính được nội dung diễn giải, thông tin liên hệ: {}.",
                or_none(&names, "không có")
            ),
            format!("Only free text and contact fields are corrected: {}.", or_none(&names, "none here")),
        ));
    };
    match (&act.text, act.cover) {
        (Some(text), false) => required_text("text", text, *longest)?,
        (None, true) => {}
        _ => {
            return Err(Refusal::invalid(
                "text",
                "Ghi nội dung đúng, hoặc chọn cover: true để che.",
                "Give the right text, or cover: true to cover it.",
            ));
        }
    }
    required_text("reason", &act.reason, 2000)?;
    let body = Corrected {
        of_event: act.of_event,
        field: act.field.clone(),
        text: act.text.clone(),
        reason: act.reason.clone(),
    };
    Ok(Decision::new(ctx.now, Body::Corrected(body)))
}

fn or_none<'a>(names: &'a str, none: &'a str) -> &'a str {
    if names.is_empty() { none } else { names }
}

/// The case shows what the fact should say, where it shows the text at all.
pub(super) fn evolve(case: &mut Case, said: &Corrected, at: Timestamp) {
    case.casefile.corrections.push(Correction { at, said: said.clone() });
    let text = || said.text.clone().unwrap_or_else(|| COVERED.to_owned());
    let place = case.history.iter().position(|happening| happening.event == said.of_event);
    let Some(fact) = place.and_then(|place| case.history.get(place)) else { return };
    let kind = fact.kind;
    match (kind.stage(), said.field.as_str()) {
        (Stage::Intake, "matter.title") => case.matter.title = text(),
        (Stage::Intake, "matter.summary") => case.matter.summary = text(),
        (Stage::Intake, field @ ("call.caller.office" | "call.caller.name")) => {
            // What others raised is corrected where they raised it.
            let first = case.intakes.first_mut().and_then(|intake| intake.call.as_mut());
            if let Some(PhoneCall { caller, .. }) = first {
                *(if field == "call.caller.name" { &mut caller.name } else { &mut caller.office }) = text();
            }
        }
        (Stage::Escalation, field @ ("question" | "answer")) => {
            // Questions and answers are numbered in the order in which they came.
            let so_far = case.history.iter().take(place.unwrap_or(0) + 1);
            let before = so_far.filter(|happening| happening.kind == kind).count().saturating_sub(1);
            let mut requests = case.escalation.dossiers.iter_mut().flat_map(|dossier| &mut dossier.requests);
            if field == "question" {
                if let Some(request) = requests.nth(before) {
                    request.question = text();
                }
            } else if let Some(answer) = requests.filter_map(|request| request.answer.as_mut()).nth(before) {
                answer.text = text();
            }
        }
        (Stage::Casefile, "text") => {
            // Notes are numbered in the order in which they came.
            let notes = case.history.iter().take(place.unwrap_or(0) + 1);
            let number = notes.filter(|happening| happening.kind == Kind::NoteAdded).count();
            if let Some(note) = number.checked_sub(1).and_then(|place| case.casefile.notes.get_mut(place)) {
                note.text.clone_from(&said.text);
            }
        }
        _ => {}
    }
}
