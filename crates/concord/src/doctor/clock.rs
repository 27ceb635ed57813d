//! Whether this machine and the servers agree on the time: who acts is signed for minutes, with half a minute of leeway.

use chrono::TimeDelta;
use events::Timestamp;

use super::{Patient, monitors::Monitor, report::Check};

const NAME: &str = "clock";

/// What the monitors and the API have said of the time.
pub(super) fn clock(patient: &Patient) -> [Check; 2] {
    [servers(patient), own_clock(patient.ahead)]
}

fn servers(patient: &Patient) -> Check {
    if patient.server.is_none() {
        return Check::skipped(NAME, "no server is known");
    }
    let off = |monitor: &Monitor| {
        let theirs = monitor.vitals.as_ref().ok()?.now;
        Some(apart(monitor.asked, theirs, monitor.answered))
    };
    match patient.monitors.iter().filter_map(off).max() {
        Some(furthest) => judged(furthest),
        None => Check::skipped(NAME, "the server's monitor does not answer"),
    }
}

/// How far a clock is from ours, that was read some time between asking and being answered.
fn apart(asked: Timestamp, theirs: Timestamp, answered: Timestamp) -> TimeDelta {
    (theirs - answered).max(asked - theirs).max(TimeDelta::zero())
}

fn judged(off: TimeDelta) -> Check {
    const ADVICE: &str = "let the machines keep the time by NTP (timedatectl, chrony)";
    let milliseconds = off.num_milliseconds();
    let found = format!("the NATS server is {milliseconds} ms off");
    match milliseconds {
        0..=1_000 => Check::ok(NAME, found),
        1_001..=30_000 => Check::warn(NAME, found, ADVICE),
        _ => Check::fail(NAME, found, ADVICE),
    }
}

/// Whether the running process reckons with the machine's time: how far it was ahead when it was asked.
fn own_clock(ahead: Option<TimeDelta>) -> Check {
    const NAME: &str = "process-clock";
    match ahead {
        None => Check::skipped(NAME, "no process has said what time it is"),
        Some(ahead) if ahead.abs() > TimeDelta::minutes(1) => {
            let words = if ahead < TimeDelta::zero() { "behind" } else { "ahead" };
            let off = super::report::span(ahead.abs().to_std().unwrap_or_default());
            let found = format!("the process is {off} {words}, by a clock of its own");
            Check::warn(NAME, found, "start it without --clock manual, unless this is a demonstration")
        }
        Some(_) => Check::ok(NAME, "the process keeps the machine's time"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Verdict;

    #[test]
    fn the_way_to_the_server_and_back_is_not_counted() {
        let at = |seconds| Timestamp::from_timestamp(seconds, 0).unwrap();
        assert_eq!(apart(at(10), at(11), at(14)), TimeDelta::zero());
        assert_eq!(apart(at(10), at(17), at(14)), TimeDelta::seconds(3));
        assert_eq!(apart(at(10), at(5), at(14)), TimeDelta::seconds(5));
    }

    #[test]
    fn a_second_is_warned_of_and_half_a_minute_fails() {
        let verdict = |milliseconds| judged(TimeDelta::milliseconds(milliseconds)).verdict;
        assert_eq!([0, 1_000].map(verdict), [Verdict::Ok; 2]);
        assert_eq!([1_001, 30_000].map(verdict), [Verdict::Warn; 2]);
        assert_eq!(verdict(30_001), Verdict::Fail);
    }

    #[test]
    fn a_process_that_was_not_asked_has_no_clock_that_is_well() {
        let verdict = |seconds: Option<i64>| own_clock(seconds.map(TimeDelta::seconds)).verdict;
        assert_eq!(verdict(None), Verdict::Skipped);
        assert_eq!([Some(-60), Some(0), Some(60)].map(verdict), [Verdict::Ok; 3]);
        assert_eq!([Some(-61), Some(61)].map(verdict), [Verdict::Warn; 2]);
        let found = own_clock(Some(TimeDelta::hours(-3))).found;
        assert_eq!(found, "the process is 3 h behind, by a clock of its own");
    }
}
