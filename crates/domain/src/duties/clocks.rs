//! The clocks of the duties: what is reminded of, what is overdue (DOMAIN §4). All instants of a clock stand in the fact
//! that armed it.

use chrono::NaiveDate;
use events::{
    Body, Fact, Timestamp,
    duty::{Clock, ClockKey, ClockOverdue, ClockReminded},
};

use super::Duty;
use crate::{
    calendar::{self, OutsideCalendar},
    policy::Policy,
    refusal::Refusal,
};

/// How many working days before something is due, that a person set a day for, is reminded of it; 0 is that day.
const REMINDERS: [u32; 2] = [2, 0];

/// How many working days after it was due it is recorded as overdue.
const LEVELS: [u32; 3] = [0, 1, 3];

/// A clock as the duty knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// The clock.
    pub clock: Clock,
    /// When the fact that armed it happened.
    pub armed_at: Timestamp,
    /// The last reminder that was given; 0 for none.
    pub reminded: u32,
    /// The highest overdue level that was recorded; 0 for none.
    pub level: u32,
}

/// What a clock makes the process do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Remind.
    Remind(ClockReminded),
    /// Record that it is overdue.
    MarkOverdue(ClockOverdue),
}

impl Timer {
    fn of(&self) -> (ClockKey, u32) {
        match self {
            Self::Remind(said) => (said.key, said.instance),
            Self::MarkOverdue(said) => (said.key, said.instance),
        }
    }

    /// What makes it this step and no other: a clock that was armed again has steps of its own.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Remind(ClockReminded { key, instance, reminder, due, .. }) => {
                format!("remind/{key:?}/{instance}/{reminder}/{}", due.timestamp())
            }
            Self::MarkOverdue(ClockOverdue { key, instance, level, due, .. }) => {
                format!("overdue/{key:?}/{instance}/{level}/{}", due.timestamp())
            }
        }
    }
}

/// The numbers of a list of instants, from 1.
fn numbered(instants: &[Timestamp]) -> impl DoubleEndedIterator<Item = (u32, Timestamp)> {
    (1..).zip(instants.iter().copied()).collect::<Vec<_>>().into_iter()
}

impl Running {
    /// The level to be recorded next, and when.
    fn next_level(&self) -> Option<(u32, Timestamp)> {
        numbered(&self.clock.levels).find(|(level, _)| *level > self.level)
    }

    /// The reminders that are still to be given: not before it was armed, and not once it is due.
    fn reminders(&self) -> impl DoubleEndedIterator<Item = (u32, Timestamp)> {
        let (given, armed_at, due) = (self.reminded, self.armed_at, self.clock.due);
        numbered(&self.clock.reminders)
            .filter(move |(reminder, at)| *reminder > given && *at >= armed_at && *at < due)
    }
}

/// The clock of what is due on a day: at the end of its working hours.
pub(super) fn on_day(
    key: ClockKey,
    instance: u32,
    day: NaiveDate,
    policy: &Policy,
) -> Result<Clock, OutsideCalendar> {
    let (days, morning) = (&policy.calendar, policy.duties.reports.reminder_time);
    let due = calendar::local(day, days.end_of_day());
    let reminder = |n| Ok(calendar::local(days.working_day_before(day, n)?, morning));
    let reminders = REMINDERS.into_iter().map(reminder).collect::<Result<_, _>>()?;
    let levels = LEVELS.into_iter().map(|n| days.add_working_days(due, n)).collect::<Result<_, _>>()?;
    Ok(Clock { key, instance, due, reminders, levels })
}

/// What the clocks of a duty make it do at `now`, with the instant at which it was due: what has been due longest. Of
/// several reminders that were missed, only the last is given.
pub(super) fn next(duty: &Duty, now: Timestamp) -> Option<(Timestamp, Timer)> {
    let found = duty.running().filter_map(|(running, owing)| {
        let Clock { key, instance, due, .. } = running.clock;
        let owing = owing.clone();
        if let Some((level, at)) = running.next_level().filter(|(_, at)| *at <= now) {
            return Some((at, Timer::MarkOverdue(ClockOverdue { key, instance, level, due, owing })));
        }
        let (reminder, at) = running.reminders().rev().find(|(_, at)| *at <= now && now < due)?;
        Some((at, Timer::Remind(ClockReminded { key, instance, reminder, due, owing })))
    });
    found.min_by_key(|(at, _)| *at)
}

/// The next instant after `now` at which a clock of a duty asks for something.
pub(super) fn next_instant(duty: &Duty, now: Timestamp) -> Option<Timestamp> {
    let instants = duty.running().flat_map(|(running, _)| {
        running.reminders().chain(running.next_level()).map(|(_, at)| at).collect::<Vec<_>>()
    });
    instants.filter(|at| *at > now).min()
}

/// Checks that a timer is what its clock asks for at `now`; gives the instant at which it was due.
pub(super) fn check(duty: &Duty, timer: &Timer, now: Timestamp) -> Result<Timestamp, Refusal> {
    match next(duty, now) {
        Some((at, asked)) if asked == *timer => Ok(at),
        _ => Err(Refusal::bad_state("Chưa đến hạn, hoặc đã ghi nhận.", "Not due, or recorded already.")),
    }
}

/// Takes over what a fact arms, and notes what it says of the clocks. A clock of the same key and instance replaces the
/// one before; where it is due at the same instant, what was recorded of that one is not recorded again.
pub(super) fn follow(clocks: &mut Vec<Running>, fact: &Fact) {
    let armed_at = fact.origin().occurred_at;
    for clock in armed(fact.body()) {
        let same =
            |running: &Running| (running.clock.key, running.clock.instance) == (clock.key, clock.instance);
        let before = clocks.iter().find(|running| same(running) && running.clock.due == clock.due);
        let (reminded, level) = before.map_or((0, 0), |running| (running.reminded, running.level));
        clocks.retain(|running| !same(running));
        clocks.push(Running { clock: clock.clone(), armed_at, reminded, level });
    }
    let timer = match fact.body().clone() {
        Body::ReportingReminded(said) | Body::BriefingReminded(said) | Body::ProjectReminded(said) => {
            Timer::Remind(said)
        }
        Body::ReportingOverdue(said) | Body::BriefingOverdue(said) | Body::ProjectOverdue(said) => {
            Timer::MarkOverdue(said)
        }
        _ => return,
    };
    let (key, instance) = timer.of();
    let same = |running: &&mut Running| (running.clock.key, running.clock.instance) == (key, instance);
    if let Some(running) = clocks.iter_mut().find(same) {
        match timer {
            Timer::Remind(said) => running.reminded = said.reminder,
            Timer::MarkOverdue(said) => running.level = said.level,
        }
    }
}

/// The clocks that a fact arms.
fn armed(body: &Body) -> Vec<&Clock> {
    match body {
        Body::ReportOpened(said) => vec![&said.clock],
        Body::ReportReturned(said) => vec![&said.clock],
        Body::MinutesIssued(said) => said.conclusions.iter().map(|conclusion| &conclusion.clock).collect(),
        Body::TaskReturned(said) => vec![&said.clock],
        Body::PlanSubmitted(said) => said.checkpoints.iter().map(|checkpoint| &checkpoint.clock).collect(),
        Body::CommentRequested(said) => vec![&said.clock],
        Body::ProjectResumed(said) => said.clocks.iter().collect(),
        _ => Vec::new(),
    }
}
