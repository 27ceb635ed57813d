//! Escalation: what a dispute starts. The dossier, its submission and the directive follow here.

use events::{
    AgencyId, Body, Fact, Lifecycle,
    terms::{Deadline, DeadlineKey, Document},
};
use serde::{Deserialize, Serialize};

use crate::{
    case::Case,
    deadlines::{self, Timer},
    decision::{Act, Context, Decision},
    policy::Policy,
    refusal::Refusal,
    sides,
};

/// The acts of persons at this stage.
pub const ACTS: &[Act] = &[];

/// A command of this stage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Reminders and overdue levels.
    #[serde(skip)]
    Timer(Timer),
}

impl Command {
    /// The document that it brings, if it brings one.
    pub(crate) fn document(&self) -> Option<&Document> {
        match self {
            Self::Timer(_) => None,
        }
    }
}

/// What a dispute brought: regions E and I.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// The current dossier (region E).
    pub dossier: Dossier,
}

/// Where the current dossier stands (region E).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dossier {
    /// There is none.
    #[default]
    None,
    /// The sides are writing their statements: exactly while the case is disputed (PROCESS §5).
    Drafting,
}

pub(crate) fn authorise(_case: &Case, command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    match command {
        Command::Timer(_) => ctx.system(),
    }
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
    case.escalation.dossier =
        if case.lifecycle == Lifecycle::Disputed { Dossier::Drafting } else { Dossier::None };
}

pub(crate) fn is_running(case: &Case, deadline: &Deadline) -> bool {
    matches!(deadline.key, DeadlineKey::Statement | DeadlineKey::Dossier)
        && case.escalation.dossier == Dossier::Drafting
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
