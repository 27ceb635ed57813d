//! Periods: how long an office may take, and the instant at which that time is up (DOMAIN §3.2).
//!
//! Three kinds of time are kept apart by type: urgent work runs by the clock, day and night; ordinary work runs
//! in working hours or counts working days of the [`Calendar`].

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, OutsideCalendar, local_date};

/// A length of time, written "15 min", "8 h", "2 wh", "90 wmin" or "1 wd".
///
/// Read without regard to case or to the space; "c" (clock hours, as in DOMAIN §3.2) is read as "h".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Period {
    /// By the clock, 24 hours a day: `min`, `h`.
    Clock {
        /// Minutes.
        minutes: u32,
    },
    /// Minutes inside working hours: `wmin`, `wh`.
    WorkingMinutes(u32),
    /// Working days, the first day not counted, due at the end of the last: `wd`.
    WorkingDays(u32),
}

/// A text that names no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a period: write a whole number from 1 and a unit (min, h, wmin, wh, wd), such as \"8 h\""
)]
pub struct NotAPeriod {
    /// The text as written.
    pub text: String,
}

impl Period {
    /// The instant at which a period that begins at `start` is up.
    ///
    /// A due time is shown, mailed and compared, so it is a whole second: a fraction is rounded up, because a
    /// deadline may never come before its period has passed.
    ///
    /// # Errors
    /// [`OutsideCalendar`] if a working period reaches a day that the calendar does not cover, or a clock period
    /// the end of representable time. Clock periods never ask the calendar.
    pub fn due(self, start: DateTime<Utc>, calendar: &Calendar) -> Result<DateTime<Utc>, OutsideCalendar> {
        let exact = match self {
            Self::Clock { minutes } => start
                .checked_add_signed(TimeDelta::minutes(minutes.into()))
                .ok_or(OutsideCalendar { date: local_date(start) })?,
            Self::WorkingMinutes(minutes) => calendar.add_working_minutes(start, minutes)?,
            Self::WorkingDays(n) => calendar.add_working_days(start, n)?,
        };
        Ok(whole_second(exact))
    }
}

/// The instant at which `percent` of the time from `start` to `due` has passed by the clock, whatever the kind of
/// period (DOMAIN §3.2: reminders at 50 and 80).
///
/// A fraction of a second is rounded up, as in [`Period::due`]; 100 percent is `due`, more lies beyond it.
pub fn share(start: DateTime<Utc>, due: DateTime<Utc>, percent: u8) -> DateTime<Utc> {
    let (start, due) = (nanoseconds(start), nanoseconds(due));
    second_not_before(start * 100 + (due - start) * i128::from(percent), NANOSECONDS * 100)
}

/// The first whole second at or after an instant: a due time never comes before its period has passed.
pub(crate) fn whole_second(instant: DateTime<Utc>) -> DateTime<Utc> {
    second_not_before(nanoseconds(instant), NANOSECONDS)
}

const NANOSECONDS: i128 = 1_000_000_000;

fn nanoseconds(instant: DateTime<Utc>) -> i128 {
    i128::from(instant.timestamp()) * NANOSECONDS + i128::from(instant.timestamp_subsec_nanos())
}

/// The first whole second at or after `time`, given in units of which `per_second` make a second.
fn second_not_before(time: i128, per_second: i128) -> DateTime<Utc> {
    let second = -(-time).div_euclid(per_second);
    let instant = i64::try_from(second).ok().and_then(|second| DateTime::from_timestamp(second, 0));
    instant.unwrap_or(DateTime::<Utc>::MAX_UTC)
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Clock { minutes } if minutes % 60 == 0 => write!(f, "{} h", minutes / 60),
            Self::Clock { minutes } => write!(f, "{minutes} min"),
            Self::WorkingMinutes(minutes) if minutes % 60 == 0 => write!(f, "{} wh", minutes / 60),
            Self::WorkingMinutes(minutes) => write!(f, "{minutes} wmin"),
            Self::WorkingDays(n) => write!(f, "{n} wd"),
        }
    }
}

impl FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        let read = || {
            let text = text.trim();
            let (amount, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
            let amount: u32 = amount.parse().ok().filter(|&amount| amount > 0)?;
            Some(match unit.trim_start().to_ascii_lowercase().as_str() {
                "min" => Self::Clock { minutes: amount },
                "h" | "c" => Self::Clock { minutes: amount.checked_mul(60)? },
                "wmin" => Self::WorkingMinutes(amount),
                "wh" => Self::WorkingMinutes(amount.checked_mul(60)?),
                "wd" => Self::WorkingDays(amount),
                _ => return None,
            })
        };
        read().ok_or_else(|| NotAPeriod { text: text.to_owned() })
    }
}

impl TryFrom<String> for Period {
    type Error = NotAPeriod;

    fn try_from(text: String) -> Result<Self, NotAPeriod> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::calendar::tests::{VIETNAM, any_instant, at};

    fn period(text: &str) -> Period {
        text.parse().unwrap()
    }

    /// The period of a deadline as delivered, by key and degree of urgency.
    fn deadline(key: &str, urgency: &str) -> Option<Period> {
        type Table = BTreeMap<String, BTreeMap<String, Period>>;
        let table: Table = toml::from_str(include_str!("../../../deploy/policy/deadlines.toml")).unwrap();
        table[key].get(urgency).copied()
    }

    #[test]
    fn the_delivered_deadlines_are_the_specified_table() {
        let table = "
            callback 15min 30min 60min –
            route 15min 30min 2wh 4wh
            ack 30min 1c 4wh 1wd
            written 8c 24c 1wd –
            compare 2c 4c 4wh –
            corrected 4c 8c 1wd –
            position 4c 12c 2wd 5wd
            statement 4c 8c 1wd 2wd
            dossier 6c 12c 2wd 3wd
            info 4c 8c 1wd 1wd
            directive 24c 2wd 3wd 5wd
            consent 4c 8c 1wd 2wd
            implementation 10wd 10wd 10wd 10wd
            closure 2wd 2wd 2wd 2wd";
        let mut rows = 0;
        for row in table.lines().skip(1) {
            let mut cells = row.split_whitespace();
            let key = cells.next().unwrap();
            for urgency in ["hoa-toc", "thuong-khan", "khan", "thuong"] {
                let cell = cells.next().unwrap();
                assert_eq!(deadline(key, urgency), cell.parse().ok(), "{key} {urgency}");
            }
            rows += 1;
        }
        let table: toml::Table =
            toml::from_str(include_str!("../../../deploy/policy/deadlines.toml")).unwrap();
        assert_eq!(table.len(), rows);
    }

    #[test]
    fn the_worked_scenarios_come_out() {
        for (scenario, key, urgency, start, due) in [
            ("S1", "ack", "khan", "2026-03-10 08:15", "2026-03-10 14:15"),
            ("S1 r1", "position", "khan", "2026-03-10 10:05", "2026-03-12 17:00"),
            ("S1 r2", "position", "khan", "2026-03-11 09:30", "2026-03-13 17:00"),
            ("S1", "consent", "khan", "2026-03-11 15:30", "2026-03-12 17:00"),
            ("S1", "closure", "khan", "2026-03-27 16:10", "2026-03-31 17:00"),
            ("S2", "callback", "hoa-toc", "2026-05-16 21:48", "2026-05-16 22:03"),
            ("S2", "ack", "hoa-toc", "2026-05-16 21:52", "2026-05-16 22:22"),
            ("S2 deputy", "ack", "hoa-toc", "2026-05-16 22:22", "2026-05-16 22:52"),
            ("S2", "position", "hoa-toc", "2026-05-16 22:35", "2026-05-17 02:35"),
            ("S2", "written", "hoa-toc", "2026-05-16 21:48", "2026-05-17 05:48"),
            ("S2", "compare", "hoa-toc", "2026-05-17 09:10", "2026-05-17 11:10"),
            ("S2", "closure", "hoa-toc", "2026-05-20 10:00", "2026-05-22 17:00"),
            ("S3", "ack", "khan", "2026-07-08 09:00", "2026-07-08 15:00"),
            ("S3", "position", "khan", "2026-07-08 13:45", "2026-07-10 17:00"),
            ("S3", "statement", "khan", "2026-07-10 15:30", "2026-07-13 17:00"),
            ("S3", "dossier", "khan", "2026-07-10 15:30", "2026-07-14 17:00"),
            ("S3", "directive", "khan", "2026-07-14 09:30", "2026-07-17 17:00"),
            ("S3", "info", "khan", "2026-07-15 08:30", "2026-07-16 17:00"),
            ("S3 item 1", "implementation", "khan", "2026-07-17 11:00", "2026-07-31 17:00"),
            ("S4", "ack", "thuong", "2026-09-07 08:30", "2026-09-08 17:00"),
            ("S4", "position", "thuong", "2026-09-08 09:00", "2026-09-15 17:00"),
            ("S4", "directive", "thuong", "2026-09-11 09:00", "2026-09-18 17:00"),
            ("S4", "closure", "thuong", "2026-10-15 09:00", "2026-10-19 17:00"),
            ("S5a", "callback", "hoa-toc", "2026-06-20 02:10", "2026-06-20 02:25"),
            ("S5a", "written", "hoa-toc", "2026-06-20 02:10", "2026-06-20 10:10"),
            ("S5d", "callback", "thuong-khan", "2026-06-22 09:00", "2026-06-22 09:30"),
            ("S5d", "ack", "thuong-khan", "2026-06-22 09:05", "2026-06-22 10:05"),
            ("S5d", "written", "thuong-khan", "2026-06-22 09:00", "2026-06-23 09:00"),
        ] {
            let period = deadline(key, urgency).unwrap();
            assert_eq!(period.due(at(start), &VIETNAM), Ok(at(due)), "{scenario} {key}");
        }
    }

    #[test]
    fn shares_are_of_clock_time_whatever_the_kind_of_period() {
        for (start, due, percent, instant) in [
            ("2026-05-16 21:48", "2026-05-17 05:48", 50, "2026-05-17 01:48"), // S2 written
            ("2026-05-16 21:48", "2026-05-17 05:48", 80, "2026-05-17 04:12"),
            ("2026-05-16 21:48", "2026-05-17 05:48", 200, "2026-05-17 13:48"),
            ("2026-03-11 15:30", "2026-03-12 17:00", 50, "2026-03-12 04:15"), // S1 consent
            ("2026-03-27 16:10", "2026-03-31 17:00", 50, "2026-03-29 16:35"), // S1 closure
            ("2026-03-10 08:00:00", "2026-03-10 08:00:01", 50, "2026-03-10 08:00:01"),
        ] {
            assert_eq!(share(at(start), at(due), percent), at(instant), "{percent} % of {start} to {due}");
        }
        let (start, end) = (at("2026-03-10 08:00"), DateTime::<Utc>::MAX_UTC);
        assert_eq!(share(start, end, u8::MAX), end);
    }

    #[test]
    fn a_fraction_of_a_second_is_rounded_up_after_the_count() {
        let half = TimeDelta::milliseconds(500);
        for (text, start, due) in [
            ("15 min", "2026-03-10 08:00:00", "2026-03-10 08:15:01"),
            ("1 wh", "2026-03-10 10:29:59", "2026-03-10 11:30:00"),
            ("1 wh", "2026-03-10 10:30:00", "2026-03-10 13:30:01"),
            ("1 wd", "2026-03-10 23:59:59", "2026-03-11 17:00:00"), // the day is that of the start itself
        ] {
            assert_eq!(period(text).due(at(start) + half, &VIETNAM), Ok(at(due)), "{start}.5 + {text}");
        }
    }

    #[test]
    fn clock_periods_need_no_calendar_and_end_with_time_itself() {
        assert_eq!(period("24 c").due(at("2028-12-31 08:00"), &VIETNAM), Ok(at("2029-01-01 08:00")));
        assert!(period("1 wd").due(at("2028-12-31 08:00"), &VIETNAM).is_err());
        assert!(period("1 min").due(DateTime::<Utc>::MAX_UTC, &VIETNAM).is_err());
    }

    #[test]
    fn periods_are_read_in_a_few_forms_and_written_in_one() {
        for (text, written) in [
            ("15 min", "15 min"),
            ("60 min", "1 h"),
            ("8h", "8 h"),
            (" 24  C ", "24 h"),
            ("2 WH", "2 wh"),
            ("90 wmin", "90 wmin"),
            ("1wd", "1 wd"),
        ] {
            assert_eq!(period(text).to_string(), written);
            assert_eq!(serde_json::to_value(period(text)).unwrap(), written);
        }
        for text in [
            "",
            "8",
            "h",
            "0 h",
            "-1 h",
            "1.5 h",
            "8 d",
            "8 hours",
            "1 h 30 min",
            "9999999999 h",
            "4000000000 h",
        ] {
            assert_eq!(text.parse::<Period>(), Err(NotAPeriod { text: text.to_owned() }));
            assert!(serde_json::from_value::<Period>(text.into()).is_err());
        }
        assert_eq!(
            "soon".parse::<Period>().unwrap_err().to_string(),
            r#""soon" is not a period: write a whole number from 1 and a unit (min, h, wmin, wh, wd), such as "8 h""#
        );
    }

    fn any_period(amount: std::ops::Range<u32>) -> impl Strategy<Value = Period> {
        (amount, 0..3).prop_map(|(amount, kind)| match kind {
            0 => Period::Clock { minutes: amount },
            1 => Period::WorkingMinutes(amount),
            _ => Period::WorkingDays(amount),
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(period in any_period(1..u32::MAX)) {
            prop_assert_eq!(period.to_string().parse(), Ok(period));
        }

        #[test]
        fn a_due_time_is_a_whole_second_that_never_runs_backwards(
            start in any_instant(), fraction in 0_i64..1_000_000_000, later in 0_i64..100_000_000_000_000,
            period in any_period(1..40),
        ) {
            let start = start + TimeDelta::nanoseconds(fraction);
            let due = period.due(start, &VIETNAM).unwrap();
            prop_assert!(due > start);
            prop_assert_eq!(due.timestamp_subsec_nanos(), 0);
            prop_assert!(due <= period.due(start + TimeDelta::nanoseconds(later), &VIETNAM).unwrap());
        }

        #[test]
        fn shares_lie_in_order_between_start_and_due(
            start in any_instant(), fraction in 0_i64..1_000_000_000, seconds in 1_i64..1_000_000,
        ) {
            let due = start + TimeDelta::seconds(seconds);
            let start = start + TimeDelta::nanoseconds(fraction);
            let shares = [50, 80, 100, 200].map(|percent| share(start, due, percent));
            prop_assert!(start <= shares[0] && shares.is_sorted());
            prop_assert_eq!(shares[2], due);
        }
    }
}
