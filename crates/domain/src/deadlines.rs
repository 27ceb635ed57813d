//! Deadlines: which run, what reminds, what is overdue (PROCESS §4).
//!
//! A deadline is armed by the fact that starts its period and runs exactly while its stage says that the duty is
//! open; nothing else disarms it.

use chrono::TimeDelta;
use events::{
    AgencyId, Body, Fact, Stage, Timestamp,
    casefile::AdoptedClock,
    terms::{Deadline, DeadlineKey, Overdue, Reminded},
};
use serde::{Deserialize, Serialize};

use crate::{
    case::Case,
    period,
    policy::Policy,
    refusal::Refusal,
    stages::{closure, confirmation, coordination, escalation, routing, taskforce},
};

/// Shorter periods are not reminded of.
const SHORTEST_REMINDED: TimeDelta = TimeDelta::hours(2);

/// The shares of a period at which is reminded, in per cent.
const SHARES: [u8; 2] = [50, 80];

/// The highest overdue level.
const HIGHEST_LEVEL: u8 = 3;

/// A deadline as the case knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Armed {
    /// The deadline.
    pub deadline: Deadline,
    /// When the fact that armed it happened.
    pub armed_at: Timestamp,
    /// The highest share that was reminded of; 0 for none.
    pub reminded: u8,
    /// The highest overdue level recorded; 0 for none.
    pub level: u8,
    /// How often it was extended.
    pub extended: u8,
}

/// What a deadline makes the process do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Remind at a share of the period.
    Remind(Reminded),
    /// Record that it is overdue, at a level.
    MarkOverdue(Overdue),
}

impl Timer {
    /// Of which deadline it is.
    fn deadline(&self) -> (DeadlineKey, u32) {
        match self {
            Self::Remind(reminded) => (reminded.key, reminded.instance),
            Self::MarkOverdue(overdue) => (overdue.key, overdue.instance),
        }
    }

    /// What makes this timer one and not another: a changed deadline has other timers.
    pub fn instance(&self) -> String {
        match self {
            Self::Remind(Reminded { key, instance, share, due }) => {
                format!("remind/{key}/{instance}/{share}/{}", due.timestamp())
            }
            Self::MarkOverdue(Overdue { key, instance, level, due, .. }) => {
                format!("overdue/{key}/{instance}/{level}/{}", due.timestamp())
            }
        }
    }
}

/// What makes a timer of a case this one and no other: a deadline that was armed again has timers of its own, even
/// where it is due at the same instant as before.
pub fn name(case: &Case, timer: &Timer) -> String {
    let (key, instance) = timer.deadline();
    let armed = find(case, key, instance);
    let start = armed.map_or(0, |armed| armed.deadline.start.timestamp());
    format!("{}/{start}", timer.instance())
}

impl Armed {
    fn period(&self) -> TimeDelta {
        self.deadline.due - self.deadline.start
    }

    /// When a share of the period has passed.
    fn share(&self, percent: u8) -> Timestamp {
        period::share(self.deadline.start, self.deadline.due, percent)
    }

    /// When a level is reached: 1 at the due instant, each further one a period later.
    fn level_at(&self, level: u8) -> Timestamp {
        self.deadline.due + self.period() * i32::from(level - 1)
    }

    /// The reminders that are still to come, each with the instant at which the next one takes its place.
    fn reminders(&self) -> impl Iterator<Item = (u8, Timestamp, Timestamp)> + '_ {
        let replaced = [self.share(SHARES[1]), self.deadline.due];
        SHARES.into_iter().zip(replaced).map(|(share, replaced)| (share, self.share(share), replaced)).filter(
            |(share, at, _)| {
                self.period() >= SHORTEST_REMINDED && *share > self.reminded && *at >= self.armed_at
            },
        )
    }

    /// The next overdue level, for a key that has levels.
    fn next_level(&self) -> Option<u8> {
        (has_levels(self.deadline.key) && self.level < HIGHEST_LEVEL).then_some(self.level + 1)
    }
}

/// Whether a deadline has overdue levels: an assignment falls back instead.
pub fn has_levels(key: DeadlineKey) -> bool {
    key != DeadlineKey::Ack
}

/// The stage that owns a deadline.
pub fn stage(key: DeadlineKey) -> Stage {
    match key {
        DeadlineKey::Callback | DeadlineKey::Written | DeadlineKey::Compare | DeadlineKey::Corrected => {
            Stage::Confirmation
        }
        DeadlineKey::Route | DeadlineKey::Ack => Stage::Routing,
        DeadlineKey::Position => Stage::Coordination,
        DeadlineKey::Consent => Stage::Taskforce,
        DeadlineKey::Statement | DeadlineKey::Dossier | DeadlineKey::Info | DeadlineKey::Implementation => {
            Stage::Escalation
        }
        DeadlineKey::Closure => Stage::Closure,
    }
}

/// Whether the duty behind a deadline is open.
pub fn is_running(case: &Case, deadline: &Deadline) -> bool {
    case.lifecycle.is_live()
        && match stage(deadline.key) {
            Stage::Confirmation => confirmation::is_running(case, deadline),
            Stage::Routing => routing::is_running(case, deadline),
            Stage::Coordination => coordination::is_running(case, deadline),
            Stage::Taskforce => taskforce::is_running(case, deadline),
            Stage::Escalation => escalation::is_running(case, deadline),
            Stage::Closure => closure::is_running(case, deadline),
            Stage::Intake
            | Stage::Casefile
            | Stage::Document
            | Stage::Directory
            | Stage::Reporting
            | Stage::Briefing
            | Stage::Project
            | Stage::Distribution => false,
        }
}

/// The agencies that owe what a deadline is about.
pub fn owing(case: &Case, deadline: &Deadline, policy: &Policy) -> Vec<AgencyId> {
    match stage(deadline.key) {
        Stage::Confirmation => confirmation::owing(case, deadline),
        Stage::Routing => routing::owing(case, deadline),
        Stage::Coordination => coordination::owing(case, policy),
        Stage::Taskforce => taskforce::owing(case),
        Stage::Escalation => escalation::owing(case, deadline, policy),
        Stage::Closure => closure::owing(case, policy),
        Stage::Intake
        | Stage::Casefile
        | Stage::Document
        | Stage::Directory
        | Stage::Reporting
        | Stage::Briefing
        | Stage::Project
        | Stage::Distribution => Vec::new(),
    }
}

/// The deadlines that run.
pub fn running(case: &Case) -> impl Iterator<Item = &Armed> {
    case.deadlines.iter().filter(|armed| is_running(case, &armed.deadline))
}

/// The deadline of a key and instance that runs.
pub fn find(case: &Case, key: DeadlineKey, instance: u32) -> Option<&Armed> {
    running(case).find(|armed| armed.deadline.key == key && armed.deadline.instance == instance)
}

/// What a stage's deadlines make it do at `now`: what has been due longest, if anything is.
pub fn next(case: &Case, stage_of_caller: Stage, now: Timestamp, policy: &Policy) -> Option<Timer> {
    let due = |armed: &Armed| {
        let Deadline { key, instance, due, .. } = armed.deadline;
        if let Some(level) = armed.next_level().filter(|level| now >= armed.level_at(*level)) {
            let owing = owing(case, &armed.deadline, policy);
            let overdue = Overdue { key, instance, level, due, owing };
            return Some((armed.level_at(level), Timer::MarkOverdue(overdue)));
        }
        let (share, at, _) = armed.reminders().find(|(_, at, replaced)| *at <= now && now < *replaced)?;
        Some((at, Timer::Remind(Reminded { key, instance, share, due })))
    };
    running(case)
        .filter(|armed| stage(armed.deadline.key) == stage_of_caller)
        .filter_map(due)
        .min_by_key(|(at, _)| *at)
        .map(|(_, timer)| timer)
}

/// The next instant after `now` at which a deadline makes its stage do something.
pub fn next_instant(case: &Case, now: Timestamp) -> Option<Timestamp> {
    running(case)
        .flat_map(|armed| {
            let reminders = armed.reminders().map(|(_, at, _)| at);
            let level = armed.next_level().map(|level| armed.level_at(level));
            let Deadline { key, instance, due, .. } = armed.deadline;
            let plain = (!has_levels(key) && routing::is_followed_up(case, instance)).then_some(due);
            reminders.chain(level).chain(plain)
        })
        .filter(|at| *at > now)
        .min()
}

/// Checks that a timer is what its deadline asks for at `now`; gives the instant at which it was due.
pub fn check(case: &Case, timer: &Timer, now: Timestamp, policy: &Policy) -> Result<Timestamp, Refusal> {
    let (key, instance) = timer.deadline();
    match find(case, key, instance).filter(|_| next(case, stage(key), now, policy).as_ref() == Some(timer)) {
        Some(armed) => Ok(match timer {
            Timer::Remind(reminded) => armed.share(reminded.share),
            Timer::MarkOverdue(overdue) => armed.level_at(overdue.level),
        }),
        None => Err(Refusal::bad_state("Chưa đến hạn, hoặc đã ghi nhận.", "Not due, or recorded already.")),
    }
}

/// Takes over the deadlines that a fact arms; a new one of the same key and instance replaces the old. One that was
/// changed or extended is the same deadline: it plans its reminders anew, and its extensions are counted on.
pub(crate) fn arm(case: &mut Case, fact: &Fact) {
    let further = match fact.body() {
        Body::UrgencyChanged(_) | Body::IntakesAdopted(_) => Some(0),
        Body::DeadlineExtended(_) => Some(1),
        _ => None,
    };
    take_over(case, &fact.draft.deadlines, fact.origin().occurred_at, further);
}

fn take_over(case: &mut Case, deadlines: &[Deadline], armed_at: Timestamp, further: Option<u8>) {
    for deadline in deadlines {
        let same = |armed: &Armed| {
            (armed.deadline.key, armed.deadline.instance) == (deadline.key, deadline.instance)
        };
        let before = case.deadlines.iter().find(|armed| same(armed)).map_or(0, |armed| armed.extended);
        case.deadlines.retain(|armed| !same(armed));
        case.deadlines.push(Armed {
            deadline: *deadline,
            armed_at,
            reminded: 0,
            level: 0,
            extended: further.map_or(0, |further| before.saturating_add(further)),
        });
    }
}

/// Takes over how far a clock had come in the case that it came from.
pub(crate) fn adopt(case: &mut Case, instance: u32, clock: &AdoptedClock) {
    if let Some(armed) = find_mut(case, clock.key, instance) {
        (armed.reminded, armed.level, armed.extended) = (clock.reminded, clock.level, clock.extended);
    }
}

/// Notes a reminder.
pub(crate) fn note_reminded(case: &mut Case, reminded: &Reminded) {
    if let Some(armed) = find_mut(case, reminded.key, reminded.instance) {
        armed.reminded = reminded.share;
    }
}

/// Notes an overdue level.
pub(crate) fn note_overdue(case: &mut Case, overdue: &Overdue) {
    if let Some(armed) = find_mut(case, overdue.key, overdue.instance) {
        armed.level = overdue.level;
    }
}

fn find_mut(case: &mut Case, key: DeadlineKey, instance: u32) -> Option<&mut Armed> {
    case.deadlines.iter_mut().find(|armed| armed.deadline.key == key && armed.deadline.instance == instance)
}

#[cfg(test)]
mod tests;
