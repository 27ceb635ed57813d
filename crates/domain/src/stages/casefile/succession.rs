//! Agencies end and have successors: what one owes in a case passes on (DOMAIN §3.4 rule 5). Nothing is agreed or closed
//! by that; each stage puts the successor into its own region.

use std::collections::BTreeSet;

use events::{
    AgencyId, Body, Kind, Stage, Timestamp,
    casefile::{DutiesTransferred, HandedOver},
    terms::DeadlineKey,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Command;
use crate::{
    case::Case,
    decision::{Automatic, Context, Decision},
    policy::Policy,
    refusal::Refusal,
    stages::{self, Step, routing, taskforce::TaskforceState},
};

/// An agency of the case has ended.
pub(super) const TRANSFER: Automatic = Automatic {
    name: "transfer-duties",
    stage: Stage::Casefile,
    records: Kind::DutiesTransferred,
    when: "an agency that has a part in the case has ended and has a successor",
};

/// An agency that ended, and who took its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Succession {
    /// When it was recorded for this case.
    pub at: Timestamp,
    /// The agency that ended.
    pub from: AgencyId,
    /// Its successor.
    pub to: AgencyId,
}

/// The agencies that have a part in a case, or owe something in it.
fn parts(case: &Case) -> BTreeSet<&AgencyId> {
    let taskforce = &case.taskforce;
    let stands = !matches!(taskforce.state, TaskforceState::None | TaskforceState::Dissolved);
    let proposal = taskforce.proposal.iter().flat_map(|each| each.mandate.agencies.iter().chain([&each.by]));
    let formed = taskforce.formed.iter().flat_map(|each| each.mandate.agencies.iter().chain([&each.by]));
    let request = case.escalation.current().and_then(|current| current.requests.last());
    let items = case.escalation.instructions.iter().filter(|item| !item.archived && item.is_unfinished());
    [&case.raiser, &case.receiver]
        .into_iter()
        .chain(&case.required)
        .chain(&case.consulted)
        .chain(case.intakes.iter().map(|intake| &intake.raiser))
        .chain(routing::standing(case).map(|assigned| &assigned.assignment.agency))
        .chain(proposal.chain(formed).filter(|_| stands))
        .chain(request.filter(|request| request.answer.is_none()).map(|request| &request.agency))
        .chain(items.map(|item| &item.instruction.agency))
        .collect()
}

/// What the process must do next: one agency at a time.
pub(crate) fn next_step(case: &Case, now: Timestamp, policy: &Policy) -> Option<Step> {
    if !case.lifecycle.is_live() {
        return None;
    }
    let ended =
        parts(case).into_iter().find(|agency| policy.organisation.successor(agency, now).is_some())?;
    // Merging may bring an agency back that ended before: each time is a time of its own.
    let instance = format!("{ended}/{}", case.casefile.successions.len() + 1);
    let command = Command::TransferDuties { from: ended.clone() };
    Some(Step::of(&TRANSFER, Some(instance), stages::Command::Casefile(command)))
}

/// When the next agency of a live case ends.
pub(crate) fn next_end(case: &Case, now: Timestamp, policy: &Policy) -> Option<Timestamp> {
    if !case.lifecycle.is_live() {
        return None;
    }
    let organisation = &policy.organisation;
    let succeeded =
        |agency: &&AgencyId| organisation.agency(agency).is_some_and(|found| found.successor.is_some());
    parts(case)
        .into_iter()
        .filter(succeeded)
        .filter_map(|agency| organisation.ends_at(agency))
        .filter(|ends| *ends > now)
        .min()
}

/// The successor takes over; what waits to be acknowledged is assigned to it anew.
pub(super) fn transfer(case: &Case, from: &AgencyId, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    stages::must_live(case)?;
    let organisation = &ctx.policy.organisation;
    let to = organisation.successor(from, ctx.now).filter(|_| parts(case).contains(from));
    let (Some(to), Some(ended)) = (to, organisation.ends_at(from)) else {
        return Err(Refusal::bad_state("Không có gì để chuyển.", "There is nothing to pass on."));
    };
    let mut assignments = Vec::new();
    let mut deadlines = Vec::new();
    for open in routing::standing(case).filter(|each| each.assignment.agency == *from) {
        let next = routing::for_successor(case, open, to, assignments.len(), ctx);
        if let Some(next) = &next {
            deadlines.push(ctx.deadline(case, DeadlineKey::Ack, next.number, ctx.now)?);
        }
        assignments.push(HandedOver { assignment: open.assignment.number, next });
    }
    let body = DutiesTransferred { from: from.clone(), to: to.clone(), assignments };
    // A timer's fact is dated at its instant; where the agency came into the case after its end, at the time of that.
    let since = case.history.last().map_or(ended, |happening| happening.at);
    Ok(Decision::new(ended.max(since), Body::DutiesTransferred(body)).arming(deadlines))
}

/// The case itself: who raised it, to whom, and who takes part.
pub(super) fn evolve(case: &mut Case, said: &DutiesTransferred, at: Timestamp) {
    let DutiesTransferred { from, to, .. } = said;
    let rename = |agency: &mut AgencyId| {
        if agency == from {
            agency.clone_from(to);
        }
    };
    rename(&mut case.raiser);
    rename(&mut case.receiver);
    case.intakes.iter_mut().for_each(|intake| rename(&mut intake.raiser));
    case.required.iter_mut().for_each(rename);
    case.consulted.iter_mut().for_each(rename);
    // An agency has one part, and the greater one.
    let required: Vec<_> = std::mem::take(&mut case.required);
    for agency in required {
        if !case.required.contains(&agency) {
            case.required.push(agency);
        }
    }
    let consulted: Vec<_> = std::mem::take(&mut case.consulted);
    for agency in consulted {
        if !case.required.contains(&agency) && !case.consulted.contains(&agency) {
            case.consulted.push(agency);
        }
    }
    case.casefile.successions.push(Succession { at, from: from.clone(), to: to.clone() });
}
