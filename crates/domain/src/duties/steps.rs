//! What must be done by itself in a duty, found on the fold (DESIGN D2), and when.

use events::{CommandId, DutyId, Timestamp};

use super::{Command, Duty, Subject, Timer, briefing, clocks, project, reporting};
use crate::policy::Policy;

/// A step of the process itself, found on the fold (DESIGN D2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The duty that it is about, or begins.
    pub duty: DutyId,
    /// What makes it this step and no other.
    pub name: String,
    /// The command.
    pub command: Command,
    /// Since when it is due.
    pub due: Timestamp,
}

impl Step {
    /// The id of its command: derived, so that two replicas that find the same step make one fact.
    pub fn command_id(&self) -> CommandId {
        CommandId::of_duty_step(self.duty, &self.name)
    }
}

/// What must be done next by itself in a duty, if its time has come.
pub fn next_step(duty: &Duty, now: Timestamp, policy: &Policy) -> Option<Step> {
    if !duty.is_live() {
        return None;
    }
    let own = match &duty.subject {
        Subject::Briefing(briefing) => briefing::next_step(duty, briefing, now),
        Subject::Report(_) | Subject::Project(_) => None,
    };
    let timed = || {
        let (due, timer) = clocks::next(duty, now)?;
        let (name, command) = (timer.name(), timed(duty, timer));
        Some(Step { duty: duty.id, name, command, due })
    };
    passed_on(duty, now, policy).or(own).or_else(timed)
}

/// An agency of the duty has ended and has a successor.
fn passed_on(duty: &Duty, now: Timestamp, policy: &Policy) -> Option<Step> {
    let organisation = &policy.organisation;
    let (from, due) = duty.holders().into_iter().find_map(|agency| {
        organisation.successor(agency, now)?;
        Some((agency.clone(), organisation.ends_at(agency)?))
    })?;
    let name = format!("transfer/{from}");
    let command = match &duty.subject {
        Subject::Report(_) => Command::Reporting(reporting::Command::Transfer { from }),
        Subject::Briefing(_) => Command::Briefing(briefing::Command::Transfer { from }),
        Subject::Project(_) => Command::Project(project::Command::Transfer { from }),
    };
    Some(Step { duty: duty.id, name, command, due })
}

fn timed(duty: &Duty, timer: Timer) -> Command {
    match &duty.subject {
        Subject::Report(_) => Command::Reporting(reporting::Command::Timer(timer)),
        Subject::Briefing(_) => Command::Briefing(briefing::Command::Timer(timer)),
        Subject::Project(_) => Command::Project(project::Command::Timer(timer)),
    }
}

/// The next instant after `now` at which something must be done by itself in a duty.
pub fn due(duty: &Duty, now: Timestamp, policy: &Policy) -> Option<Timestamp> {
    if !duty.is_live() {
        return None;
    }
    let own = match &duty.subject {
        Subject::Briefing(briefing) => briefing::due(briefing, now),
        Subject::Report(_) | Subject::Project(_) => None,
    };
    let ends = duty.holders().into_iter().filter_map(|agency| policy.organisation.ends_at(agency));
    own.into_iter().chain(clocks::next_instant(duty, now)).chain(ends).filter(|at| *at > now).min()
}

/// What must be begun by itself: the reports that can be handed in from now on, the briefing of the month.
///
/// `since` is when the first policy came into force: nothing is owed for the time before.
pub fn to_begin(
    known: impl Fn(DutyId) -> bool,
    since: Timestamp,
    now: Timestamp,
    policy: &Policy,
) -> Option<Step> {
    let mut steps = reporting::openings(since, now, policy);
    steps.extend(briefing::callings(since, now, policy));
    steps.into_iter().filter(|step| !known(step.duty)).min_by_key(|step| step.due)
}

/// The next instant after `now` at which a duty begins by itself.
pub fn next_beginning(now: Timestamp, policy: &Policy) -> Option<Timestamp> {
    let openings = reporting::next_opening(now, policy);
    openings.into_iter().chain(briefing::next_calling(now, policy)).min()
}
