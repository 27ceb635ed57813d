//! Escalation: what a dispute starts. The dossier, its submission and the directive follow here.

use events::{
    AgencyId, Body, Fact, Lifecycle,
    terms::{Deadline, DeadlineKey},
};
use serde::{Deserialize, Serialize};

use crate::{
    case::Case,
    deadlines::{self, Timer},
    decision::{Context, Decision},
    policy::Policy,
    refusal::Refusal,
    sides,
};

/// A command of this stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Reminders and overdue levels.
    Timer(Timer),
}

/// The current dossier (region E).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dossier {
    /// There is none.
    None,
    /// The sides are writing their statements: exactly while the case is disputed (PROCESS §5).
    Drafting,
}

pub(crate) fn decide(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let Command::Timer(timer) = command;
    super::decide_timer(case, timer, ctx, Body::EscalationReminded, Body::EscalationOverdue)
}

pub(crate) fn evolve(case: &mut Case, fact: &Fact) {
    match fact.body() {
        Body::EscalationReminded(reminded) => deadlines::note_reminded(case, reminded),
        Body::EscalationOverdue(overdue) => deadlines::note_overdue(case, overdue),
        _ => {}
    }
    case.dossier = if case.lifecycle == Lifecycle::Disputed { Dossier::Drafting } else { Dossier::None };
}

pub(crate) fn is_running(case: &Case) -> bool {
    case.dossier == Dossier::Drafting
}

/// Statements are owed by the superiors of the party sides, or by the parties of a side that has none; the dossier by
/// the Party side's superior.
pub(crate) fn owing(case: &Case, deadline: &Deadline, policy: &Policy) -> Vec<AgencyId> {
    match deadline.key {
        DeadlineKey::Statement => {
            let of = |side| match policy.superior(side) {
                Some(superior) => vec![superior.clone()],
                None => sides::parties_of(case, side, policy),
            };
            sides::party_sides(case, policy).into_iter().flat_map(of).collect()
        }
        _ => vec![policy.agreement.side_a.clone()],
    }
}

#[cfg(test)]
mod tests;
