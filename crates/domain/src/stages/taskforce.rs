//! Task force: an inter-agency task force, where one is needed (plan III.3 b2 s2).

use events::{
    AgencyId, Body, Fact, Timestamp,
    terms::{Deadline, Document},
};
use serde::{Deserialize, Serialize};

use super::Step;
use crate::{
    case::Case,
    deadlines::{self, Timer},
    decision::{Act, Automatic, Context, Decision},
    refusal::Refusal,
};

/// The acts of persons at this stage.
pub const ACTS: &[Act] = &[];

/// The steps of the process itself at this stage.
pub const STEPS: &[Automatic] = &[];

/// A command of this stage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Reminders and overdue levels.
    #[serde(skip)]
    Timer(Timer),
}

/// The task force of a case, if there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taskforce {
    /// Where it stands.
    pub state: TaskforceState,
}

/// Where a task force stands (region TF).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskforceState {
    /// There is none.
    #[default]
    None,
    /// The invited agencies are asked for their consent.
    Proposed,
    /// An invited agency did not consent.
    Refused,
    /// All consent; the decision is still to come.
    Consented,
    /// At work.
    Active,
    /// Dissolved.
    Dissolved,
}

impl Command {
    /// The document that it brings, if it brings one.
    pub(crate) fn document(&self) -> Option<&Document> {
        match self {
            Self::Timer(_) => None,
        }
    }
}

pub(crate) fn authorise(_case: &Case, command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    match command {
        Command::Timer(_) => ctx.system(),
    }
}

pub(crate) fn decide(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    match command {
        Command::Timer(timer) => {
            super::decide_timer(case, timer, ctx, Body::TaskforceReminded, Body::TaskforceOverdue)
        }
    }
}

pub(crate) fn evolve(case: &mut Case, fact: &Fact) {
    match fact.body() {
        Body::TaskforceReminded(reminded) => deadlines::note_reminded(case, reminded),
        Body::TaskforceOverdue(overdue) => deadlines::note_overdue(case, overdue),
        _ => {}
    }
}

/// The term of an active task force ends.
pub(crate) fn next_step(_case: &Case, _now: Timestamp) -> Option<Step> {
    None
}

/// When the term of an active task force ends.
pub(crate) fn next_end(_case: &Case, _now: Timestamp) -> Option<Timestamp> {
    None
}

pub(crate) fn is_running(case: &Case, _deadline: &Deadline) -> bool {
    case.taskforce.state == TaskforceState::Proposed
}

pub(crate) fn owing(_case: &Case) -> Vec<AgencyId> {
    Vec::new()
}
