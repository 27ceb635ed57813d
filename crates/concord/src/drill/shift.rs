//! What a scenario says of its own day, said of today.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono::{DateTime, Duration as Span, NaiveDate, SubsecRound as _};
use domain::{
    calendar::{LOCAL, local_date},
    scenario::Deed,
};
use events::Timestamp;
use serde_json::Value;

/// Numbers of documents from here on are those of drills: no register of an agency comes so far in a year.
const FIRST_NUMBER: u64 = 100_000;

/// How many numbers there are for drills: a number has six figures at most.
const NUMBERS: u64 = 899_000;

/// An act of a scenario as it is given now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shift {
    /// When the drill began: no other one began then.
    pub(crate) began: Timestamp,
    /// What time it is.
    pub(crate) now: Timestamp,
}

impl Shift {
    /// The act, as if the moment of its step were now: a call that had ended four minutes before ended four minutes ago.
    /// A document is dated no later than today, and has a number of its own: each drill brings other documents. What is
    /// raised is an exercise.
    pub(crate) fn act(self, deed: &Deed, line: usize, at: Timestamp) -> Deed {
        let mut deed = deed.clone();
        let now = self.now.trunc_subsecs(0);
        let days = local_date(now) - local_date(at);
        self.value(&mut deed.body, "", &|time| time + (now - at), &|date| date + days, line);
        if deed.act == "raise" {
            deed.body["exercise"] = Value::Bool(true);
        }
        deed
    }

    fn value(
        self,
        value: &mut Value,
        name: &str,
        time: &impl Fn(Timestamp) -> Timestamp,
        day: &impl Fn(NaiveDate) -> NaiveDate,
        line: usize,
    ) {
        match value {
            Value::String(text) => {
                if let Ok(at) = DateTime::parse_from_rfc3339(text) {
                    *text = time(at.to_utc()).with_timezone(&LOCAL).to_rfc3339();
                } else if let Ok(date) = text.parse::<NaiveDate>() {
                    let date = day(date);
                    // Only of documents: a term, or what is due, lies ahead.
                    let latest = if name == "date" { local_date(self.now) } else { NaiveDate::MAX };
                    *text = date.min(latest).to_string();
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.value(item, name, time, day, line);
                }
            }
            Value::Object(fields) => {
                if fields.contains_key("symbol")
                    && let Some(number) = fields.get_mut("number")
                {
                    *number = self.number(line).into();
                }
                for (name, field) in fields {
                    self.value(field, name, time, day, line);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The number of the document that a line of the scenario brings: where those of a drill begin is scattered, so that
    /// those of drills one soon after the other do not meet.
    fn number(self, line: usize) -> u64 {
        let mut began = DefaultHasher::new();
        self.began.timestamp_micros().hash(&mut began);
        FIRST_NUMBER + (began.finish() % NUMBERS + line as u64) % NUMBERS
    }
}

/// A time as an option gives it: `45m`, `2h`, `30s`.
pub(crate) fn duration(text: &str) -> Result<std::time::Duration, String> {
    let wrong = || format!("{text} is no duration: write 45m, 2h or 30s");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let number: i64 = text.strip_suffix(unit).and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
    let span = match unit {
        's' => Span::try_seconds(number),
        'm' => Span::try_minutes(number),
        'h' => Span::try_hours(number),
        _ => None,
    };
    span.and_then(|span| span.to_std().ok()).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    const SHIFT: Shift = Shift { began: NOW, now: NOW };
    const NOW: Timestamp = DateTime::from_timestamp(1_790_000_000, 0).expect("a time");

    fn shifted(act: &str, body: Value) -> Value {
        let deed = Deed { officer: "x".to_owned(), act: act.to_owned(), case: None, body };
        SHIFT.act(&deed, 7, NOW - Span::days(100) - Span::minutes(5)).body
    }

    #[test]
    fn a_call_that_ended_four_minutes_before_ended_four_minutes_ago() {
        let ended = NOW - Span::days(100) - Span::minutes(9);
        let body = shifted("raise", json!({ "call": { "ended_at": ended.to_rfc3339() } }));
        let now: Timestamp = body["call"]["ended_at"].as_str().unwrap().parse().unwrap();
        assert_eq!(now, NOW - Span::minutes(4));
    }

    #[test]
    fn what_is_raised_is_an_exercise_whatever_the_scenario_says() {
        assert_eq!(shifted("raise", json!({}))["exercise"], true);
        assert_eq!(shifted("raise", json!({ "exercise": false }))["exercise"], true);
        assert_eq!(shifted("acknowledge", json!({})), json!({}));
    }

    #[test]
    fn a_document_is_of_today_at_the_latest_and_has_a_number_of_its_own() {
        let today = local_date(NOW);
        let step = local_date(NOW - Span::days(100) - Span::minutes(5));
        let body = json!({
            "document": { "number": 118, "symbol": "BC-SNNMT", "date": (step + Span::days(1)).to_string() },
            "number": 1,
            "until": (step + Span::days(3)).to_string(),
        });
        let body = shifted("submit-written-confirmation", body);
        assert_eq!(body["document"]["date"], today.to_string());
        assert!(body["document"]["number"].as_u64().unwrap() >= FIRST_NUMBER);
        assert_eq!(body["number"], 1);
        assert_eq!(body["until"], (today + Span::days(3)).to_string());
    }

    #[test]
    fn drills_soon_after_each_other_have_other_numbers() {
        let numbers = |began| {
            let shift = Shift { began, now: NOW };
            (1..=100).map(|line| shift.number(line)).collect::<BTreeSet<_>>()
        };
        let first = numbers(NOW);
        assert_eq!(first.len(), 100);
        assert!(first.iter().all(|number| (FIRST_NUMBER..=999_999).contains(number)), "{first:?}");
        for soon in (1..=60).map(Span::seconds).chain([Span::milliseconds(1)]) {
            assert!(first.is_disjoint(&numbers(NOW + soon)), "{soon}");
        }
    }

    #[test]
    fn a_duration_is_minutes_hours_or_seconds() {
        let seconds = |text| duration(text).map(|span| span.as_secs());
        assert_eq!(seconds("45m"), Ok(2700));
        assert_eq!(seconds("2h"), Ok(7200));
        assert_eq!(seconds("30s"), Ok(30));
        for wrong in ["", "2", "h", "-1h", "2d", "9999999999999999h"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
