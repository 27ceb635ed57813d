//! Whether this machine and the servers agree on the time: who acts is signed for minutes, with half a minute of leeway.

use bus::health;
use chrono::TimeDelta;
use events::Timestamp;
use service::Clock;

use super::{Patient, report::Check};

const NAME: &str = "clock";

/// Asks each monitor what time it is there.
pub(super) async fn clock(patient: &Patient) -> Vec<Check> {
    let Some(server) = &patient.server else { return vec![Check::skipped(NAME, "no server is known")] };
    let mut furthest: Option<TimeDelta> = None;
    for url in server.monitor_url.split(',').map(str::trim) {
        let asked = Clock::System.now();
        let Ok(vitals) = health::vitals(url, server.ca.as_deref()).await else { continue };
        let off = apart(asked, vitals.now, Clock::System.now());
        furthest = furthest.filter(|known| *known >= off).or(Some(off));
    }
    let Some(off) = furthest else {
        return vec![Check::skipped(NAME, "the server's monitor does not answer")];
    };
    vec![judged(off), own_clock(patient)].into_iter().collect()
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

/// Whether the running process reckons with the machine's time.
fn own_clock(patient: &Patient) -> Check {
    const NAME: &str = "process-clock";
    let off = (Clock::System.now() - patient.now).abs();
    if off > TimeDelta::minutes(1) {
        let found =
            format!("the process is at {}, by a clock of its own", super::report::day_and_time(patient.now));
        return Check::warn(NAME, found, "start it without --clock manual, unless this is a demonstration");
    }
    Check::ok(NAME, "the process keeps the machine's time")
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
}
