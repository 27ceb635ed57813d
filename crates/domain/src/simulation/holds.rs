//! Whether what a scenario expects has come true.

use crate::{
    case::Case,
    deadlines,
    duties::Duty,
    refusal::Refusal,
    scenario::{Expected, moment_in_words, name},
};
use events::{Fact, Kind, Timestamp};

/// An expectation, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What must hold.
    pub wanted: String,
    /// It holds.
    pub held: bool,
    /// What is there.
    pub is: String,
}

impl Checked {
    /// A refusal that nobody expected.
    pub(super) fn unforeseen(refusal: &Refusal) -> Self {
        Self { wanted: "not refused".to_owned(), held: false, is: refusal.to_string() }
    }
}

/// Holds an expectation against a case and its facts.
pub(super) fn check(
    expected: &Expected,
    case: Option<&Case>,
    facts: &[Fact],
    refused: Option<&Refusal>,
) -> Checked {
    let wanted = expected.to_string();
    let (held, is) = match (expected, case) {
        (Expected::Refused(code), _) => {
            let is = refused.map_or("not refused".to_owned(), ToString::to_string);
            (refused.is_some_and(|refusal| refusal.code.name() == code), is)
        }
        (_, None) => (false, "no case".to_owned()),
        (_, Some(case)) => of_case(expected, case, facts),
    };
    Checked { wanted, held, is }
}

/// Holds an expectation against a duty and its facts.
pub(super) fn check_duty(
    expected: &Expected,
    duty: Option<&Duty>,
    facts: &[Fact],
    refused: Option<&Refusal>,
) -> Checked {
    let wanted = expected.to_string();
    let (held, is) = match (expected, duty) {
        (Expected::Refused(code), _) => {
            let is = refused.map_or("not refused".to_owned(), ToString::to_string);
            (refused.is_some_and(|refusal| refusal.code.name() == code), is)
        }
        (_, None) => (false, "there is no such duty".to_owned()),
        (_, Some(duty)) => of_duty(expected, duty, facts),
    };
    Checked { wanted, held, is }
}

fn of_duty(expected: &Expected, duty: &Duty, facts: &[Fact]) -> (bool, String) {
    let clock = |key, instance| {
        let found = duty
            .running()
            .find(|(running, _)| (running.clock.key, running.clock.instance) == (key, instance));
        found.map(|(running, _)| running.clock.due)
    };
    match expected {
        Expected::Duty { state, late } => {
            let (is, _) = duty.state();
            let words = format!("{is}{}", if duty.is_late() { ", late" } else { "" });
            (is == *state && duty.is_late() == *late, words)
        }
        Expected::Clock { key, instance, due } => match clock(*key, *instance) {
            None => (false, "not running".to_owned()),
            Some(is) => (is == *due, moment_in_words(is)),
        },
        Expected::ClockStopped { key, instance } => {
            let runs = clock(*key, *instance).is_some();
            (!runs, if runs { "running" } else { "not running" }.to_owned())
        }
        Expected::Fact { kind, at } => happened(facts, *kind, *at),
        Expected::Count { kind, count } => counted(facts, *kind, *count),
        _ => (false, "a duty has no such thing".to_owned()),
    }
}

fn happened(facts: &[Fact], kind: Kind, at: Timestamp) -> (bool, String) {
    let times = facts.iter().filter(|fact| fact.body().kind() == kind);
    let found: Vec<_> = times.map(|fact| fact.origin().occurred_at).collect();
    let words: Vec<_> = found.iter().copied().map(moment_in_words).collect();
    (found.contains(&at), format!("at {}", words.join(", ")))
}

fn counted(facts: &[Fact], kind: Kind, count: usize) -> (bool, String) {
    let found = facts.iter().filter(|fact| fact.body().kind() == kind).count();
    (found == count, found.to_string())
}

fn of_case(expected: &Expected, case: &Case, facts: &[Fact]) -> (bool, String) {
    let is = |state: String, wanted: &str| (state == wanted, state);
    match expected {
        Expected::Refused(_) => (false, String::new()),
        Expected::State(state) => is(name(&case.lifecycle), &name(state)),
        Expected::Written { intake, state } => {
            is(case.confirmation(*intake).map(|found| name(&found.written)).unwrap_or_default(), state)
        }
        Expected::Caller { intake, state } => {
            is(case.confirmation(*intake).map(|found| name(&found.caller)).unwrap_or_default(), state)
        }
        Expected::Urgency(urgency) => is(name(&case.urgency), &name(urgency)),
        Expected::Taskforce(state) => is(name(&case.taskforce.state), state),
        Expected::Dossier(state) => is(name(&case.escalation.state), state),
        Expected::Round { turn, open } => {
            let last = case.rounds.last();
            let is = last.map(|round| (round.opened.turn, round.is_open()));
            let words = is.map_or("no round".to_owned(), |(turn, open)| {
                format!("round {turn}, {}", if open { "open" } else { "closed" })
            });
            (is == Some((*turn, *open)), words)
        }
        Expected::Item { item, state, late } => match case.escalation.item(*item) {
            None => (false, "no such item".to_owned()),
            Some(found) => (
                name(&found.state) == *state && found.is_late() == *late,
                format!("{}{}", name(&found.state), if found.is_late() { ", late" } else { "" }),
            ),
        },
        Expected::Deadline { key, instance, due } => match deadlines::find(case, *key, *instance) {
            None => (false, "not running".to_owned()),
            Some(armed) => (armed.deadline.due == *due, moment_in_words(armed.deadline.due)),
        },
        Expected::Stopped { key, instance } => {
            let runs = deadlines::find(case, *key, *instance).is_some();
            (!runs, if runs { "running" } else { "not running" }.to_owned())
        }
        Expected::Fact { kind, at } => happened(facts, *kind, *at),
        Expected::Count { kind, count } => counted(facts, *kind, *count),
        Expected::Duty { .. } | Expected::Clock { .. } | Expected::ClockStopped { .. } => {
            (false, "a case is no duty".to_owned())
        }
    }
}
