//! Two cases about the same matter become one (command 41): the target takes over the intakes, each with its own states
//! and clocks.

use events::{
    AgencyId, Body, CaseId, DeadlineKey, Lifecycle, casefile as said,
    casefile::{AdoptedClock, AdoptedExplanation, AdoptedIntake, IntakesAdopted},
    terms::Deadline,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::times;
use crate::{
    case::Case,
    deadlines,
    decision::{Context, Decision},
    keys::{self, Key, KeyState},
    refusal::{Code, Refusal, required_text},
    stages::{confirmation::Confirmation, intake::Intake, must_be, taskforce},
};

/// The case is merged into another.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// The case that goes on; one that you see.
    pub(super) into: CaseId,
    /// Why, at most 2,000 characters.
    reason: String,
}

/// The states in which a case may be merged into another.
const MERGEABLE: [Lifecycle; 4] =
    [Lifecycle::Received, Lifecycle::Routed, Lifecycle::InCoordination, Lifecycle::Agreed];

/// The clocks of an intake, which go on in the target as they ran.
const OF_AN_INTAKE: [DeadlineKey; 4] =
    [DeadlineKey::Callback, DeadlineKey::Written, DeadlineKey::Corrected, DeadlineKey::Compare];

/// Who heads the liaison unit of the receiver of both, or leads it.
pub(super) fn may_merge(case: &Case, act: &Merge, ctx: &Context<'_>) -> Result<bool, Refusal> {
    let person = ctx.person()?;
    let other = ctx.other("into", act.into).ok();
    Ok(person.agency == case.receiver && other.is_none_or(|other| other.receiver == case.receiver))
}

/// Command 41: a fact on each of the two cases, both or none.
pub(super) fn merge(case: &Case, act: &Merge, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &MERGEABLE)?;
    if taskforce::is_standing(case) {
        return Err(Refusal::new(
            Code::TaskForceActive,
            "Tổ công tác đang được đề nghị hoặc đang hoạt động; phải rút đề nghị hoặc giải thể trước.",
            "A task force is proposed or at work: take the proposal back or dissolve it first.",
        ));
    }
    let target = ctx.other("into", act.into)?;
    if target.id == case.id {
        return Err(Refusal::invalid(
            "into",
            "Không gộp vụ việc vào chính nó.",
            "A case is not merged into itself.",
        ));
    }
    if !target.lifecycle.is_live() {
        return Err(Refusal::invalid(
            "into",
            "Vụ việc nhận gộp đã kết thúc; chỉ gộp vào vụ việc đang xử lý.",
            "The other case has ended: merge into one that is being worked on.",
        ));
    }
    if target.matter.exercise != case.matter.exercise {
        return Err(Refusal::invalid(
            "into",
            "Vụ việc diễn tập không gộp với vụ việc thật.",
            "An exercise and a real case are never merged: one would alert as the other.",
        ));
    }
    required_text("reason", &act.reason, 2000)?;
    let adopted = adopt(case, target, ctx)?;
    let merged = said::CaseMerged { into: target.id, reason: act.reason.clone() };
    Ok(Decision::new(ctx.now, Body::CaseMerged(merged))
        .moving(Some(case.lifecycle), Lifecycle::Merged)
        .along_with(target, adopted))
}

/// What the target takes over.
fn adopt(case: &Case, target: &Case, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let mut deadlines = Vec::new();
    let mut intakes = Vec::new();
    let first = target.intakes.iter().map(|intake| intake.number).max().unwrap_or(0) + 1;
    let mut explanation = explanations(target) + 1;
    for (number, intake) in (first..).zip(&case.intakes) {
        let Some(confirmation) = case.confirmation(intake.number) else { continue };
        let taken = taken_over(case, intake, confirmation, number, &mut explanation, &mut deadlines);
        intakes.push(taken);
    }
    // A raised urgency changes what the target's own clocks say, as command 43 does.
    let (mine, theirs) = ((case.urgency, case.deliver_by), (target.urgency, target.deliver_by));
    let raised = times::is_more_urgent(mine, theirs);
    let (urgency, deliver_by) = if raised { mine } else { theirs };
    if raised {
        deadlines.extend(times::changed(target, mine, ctx)?);
    }
    let (required, consulted) = newcomers(case, target);
    let body = IntakesAdopted { from: case.id, intakes, required, consulted, urgency, deliver_by };
    Ok(Decision::new(ctx.now, Body::IntakesAdopted(body)).arming(deadlines))
}

/// How many explanations a case has seen: they are numbered within it.
fn explanations(case: &Case) -> u32 {
    let numbers = case.confirmations.iter().flat_map(|each| &each.explanations);
    numbers.map(|key| key.proposed.explanation).max().unwrap_or(0)
}

/// An intake with its states, and its clocks as they run.
fn taken_over(
    case: &Case,
    intake: &Intake,
    confirmation: &Confirmation,
    number: u32,
    explanation: &mut u32,
    deadlines: &mut Vec<Deadline>,
) -> AdoptedIntake {
    let mut clocks = Vec::new();
    for key in OF_AN_INTAKE {
        let Some(armed) = deadlines::find(case, key, intake.number) else { continue };
        deadlines.push(Deadline { instance: number, ..armed.deadline });
        clocks.push(AdoptedClock {
            key,
            reminded: armed.reminded,
            level: armed.level,
            extended: armed.extended,
        });
    }
    let waiting = keys::pending(&confirmation.explanations).map(|key| {
        let taken = AdoptedExplanation {
            explanation: *explanation,
            text: key.proposed.text.clone(),
            by: key.by.clone(),
        };
        *explanation += 1;
        taken
    });
    AdoptedIntake {
        number,
        was: intake.number,
        raiser: intake.raiser.clone(),
        logged_by: intake.logged_by.clone(),
        call: intake.call.clone(),
        document: intake.document.clone(),
        written: confirmation.written,
        caller: confirmation.caller,
        confirmed_by: confirmation.document.clone(),
        key_facts: confirmation.key_facts.clone(),
        late: confirmation.late,
        corrected: confirmation.corrected,
        explanation: waiting,
        prevails: confirmation.prevails,
        clocks,
    }
}

/// The agencies of the source that have no part in the target yet, or a lesser one: required up to coordination, after
/// it consulted.
fn newcomers(case: &Case, target: &Case) -> (Vec<AgencyId>, Vec<AgencyId>) {
    let asked =
        matches!(target.lifecycle, Lifecycle::Received | Lifecycle::Routed | Lifecycle::InCoordination);
    let mut required = Vec::new();
    let mut consulted = Vec::new();
    for agency in case.required.iter().filter(|agency| !target.required.contains(agency)) {
        if asked {
            required.push(agency.clone());
        } else if !target.consulted.contains(agency) {
            consulted.push(agency.clone());
        }
    }
    let known = |agency: &AgencyId| target.required.contains(agency) || target.consulted.contains(agency);
    consulted.extend(case.consulted.iter().filter(|agency| !known(agency)).cloned());
    (required, consulted)
}

/// The target goes on with what it took over; regions W and V take theirs from the same fact.
pub(super) fn evolve(case: &mut Case, adopted: &IntakesAdopted) {
    case.urgency = adopted.urgency;
    case.deliver_by = adopted.deliver_by;
    for agency in &adopted.required {
        case.consulted.retain(|consulted| consulted != agency);
        case.required.push(agency.clone());
    }
    case.consulted.extend(adopted.consulted.iter().cloned());
    for intake in &adopted.intakes {
        case.intakes.push(Intake {
            number: intake.number,
            raiser: intake.raiser.clone(),
            logged_by: intake.logged_by.clone(),
            call: intake.call.clone(),
            document: intake.document.clone(),
        });
        intake.clocks.iter().for_each(|clock| deadlines::adopt(case, intake.number, clock));
    }
}

impl Confirmation {
    /// The confirmation of an intake that was taken over.
    pub(crate) fn adopted(intake: &AdoptedIntake) -> Self {
        let explained = intake.explanation.as_ref().map(|waiting| Key {
            proposed: events::confirmation::DiscrepancyExplained {
                intake: intake.number,
                explanation: waiting.explanation,
                text: waiting.text.clone(),
            },
            by: waiting.by.clone(),
            state: KeyState::Pending,
        });
        Self {
            intake: intake.number,
            written: intake.written,
            caller: intake.caller,
            document: intake.confirmed_by.clone(),
            key_facts: intake.key_facts.clone(),
            late: intake.late,
            corrected: intake.corrected,
            explanations: explained.into_iter().collect(),
            prevails: intake.prevails,
        }
    }
}
