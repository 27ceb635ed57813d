//! Scenarios: a history as plain text that a committee's secretary can read and dispute (STYLE habit 8).
//!
//! ```text
//! title: A die-off at night
//! start: 16/05/2026 21:52
//!
//! > What the reader should know of the next step.
//! 16/05/2026 21:52  btg.truc-ban  raise
//!     channel: phone
//!     call.ended_at: 16/05/2026 21:48
//!     => state routed
//!     => deadline ack 1 due 16/05/2026 22:22
//! 16/05/2026 22:22  --
//!     => fact routing.fallback-assigned at 16/05/2026 22:22
//! ```
//!
//! A step is a local time, who acts and the act, or `--` when only the clock moves on. Indented lines are the act's
//! fields (dots nest, a number names a place in a list, the first is 1) and, after `=>`, what must hold.
//!
//! Where several cases play a part, each gets a name: `… raise @flood`. `… acknowledge @flood` acts on it, `-- @flood`
//! looks at it; without a name the case of the step before is meant. In a field, `@flood` is the case itself, and
//! `@event TYPE` the newest fact of that type in the case that is acted on, `@delegation` the newest delegation.
//!
//! Regular duties begin by themselves only where a line `duties: yes` stands below `start`. An act that begins one names it
//! like a case, `… propose-project @line`; a report is `@BC-2026-02/SNNMT`, the briefing of a month `@GB-2026-02`.
//!
//! Acts of the directory (`take-office`, `report-absence`, `grant-delegation`, …) are steps like others.

use std::fmt;

use chrono::{NaiveDate, NaiveDateTime};
use events::{DeadlineKey, Digest, Kind, Lifecycle, Timestamp, Urgency, duty::ClockKey};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::calendar::LOCAL;

/// A history with what must come of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// What it is called.
    pub title: String,
    /// When the clock starts.
    pub start: Timestamp,
    /// Reports are opened and briefings called by themselves.
    pub duties: bool,
    /// What happens.
    pub steps: Vec<Step>,
}

/// Something that happens, or a time that comes.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its line in the text.
    pub line: usize,
    /// What the reader should know of it.
    pub narration: Vec<String>,
    /// When.
    pub at: Timestamp,
    /// Who does what; `None` when only the clock moves on.
    pub act: Option<Deed>,
    /// The case that is looked at, when only the clock moves on; without, the one of the step before.
    pub about: Option<String>,
    /// What must hold then.
    pub expected: Vec<Expected>,
}

/// An act of an officer.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    /// Who.
    pub officer: String,
    /// The act, e.g. `verify-callback`.
    pub act: String,
    /// The name of the case that is acted on, or raised; without, the one of the step before.
    pub case: Option<String>,
    /// Its body.
    pub body: Value,
}

/// What must hold after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The act is refused with a code.
    Refused(String),
    /// The case stands there.
    State(Lifecycle),
    /// An intake's written confirmation stands there.
    Written {
        /// The intake, by its number within the case.
        intake: u32,
        /// Where, e.g. `overdue`.
        state: String,
    },
    /// An intake's caller is that.
    Caller {
        /// The intake, by its number within the case.
        intake: u32,
        /// What, e.g. `verified`.
        state: String,
    },
    /// The case is that urgent.
    Urgency(Urgency),
    /// The newest round counts so many towards the limit, and is open or not.
    Round {
        /// Its count.
        turn: u32,
        /// Positions are asked.
        open: bool,
    },
    /// A deadline runs and is due then.
    Deadline {
        /// What is due.
        key: DeadlineKey,
        /// Which instance.
        instance: u32,
        /// When.
        due: Timestamp,
    },
    /// A deadline does not run.
    Stopped {
        /// What would be due.
        key: DeadlineKey,
        /// Which instance.
        instance: u32,
    },
    /// The task force stands there, e.g. `active`.
    Taskforce(String),
    /// The current dossier stands there, e.g. `submitted`.
    Dossier(String),
    /// An item of the directive stands there.
    Item {
        /// Its number within the case.
        item: u32,
        /// Where, e.g. `accepted`.
        state: String,
        /// It is late.
        late: bool,
    },
    /// A duty stands there, e.g. `submitted`.
    Duty {
        /// Where.
        state: String,
        /// Something is overdue in it, or came late.
        late: bool,
    },
    /// A clock of a duty runs and is due then.
    Clock {
        /// What is due.
        key: ClockKey,
        /// Which instance.
        instance: u32,
        /// When.
        due: Timestamp,
    },
    /// A clock of a duty does not run.
    ClockStopped {
        /// What would be due.
        key: ClockKey,
        /// Which instance.
        instance: u32,
    },
    /// A fact of that type happened then.
    Fact {
        /// The type.
        kind: Kind,
        /// When.
        at: Timestamp,
    },
    /// So many facts of that type are in the case.
    Count {
        /// The type.
        kind: Kind,
        /// How many.
        count: usize,
    },
}

/// What is wrong in a scenario, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct BadScenario {
    /// The line.
    pub line: usize,
    /// What is wrong, and what to write.
    pub what: String,
}

impl Scenario {
    /// Reads a scenario.
    pub fn parse(text: &str) -> Result<Self, BadScenario> {
        let mut title = None;
        let mut start = None;
        let mut duties = false;
        let mut steps: Vec<Step> = Vec::new();
        let mut narration = Vec::new();
        for (number, raw) in (1..).zip(text.lines()) {
            let bad = |what: String| BadScenario { line: number, what };
            let line = raw.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(words) = line.strip_prefix('>') {
                narration.push(words.trim().to_owned());
            } else if raw.starts_with(char::is_whitespace) {
                let step =
                    steps.last_mut().ok_or_else(|| bad("an indented line before any step".to_owned()))?;
                detail(step, line).map_err(bad)?;
            } else if let Some(value) = line.strip_prefix("title:") {
                title = Some(value.trim().to_owned());
            } else if let Some(value) = line.strip_prefix("start:") {
                start = Some(moment(value.trim()).ok_or_else(|| bad(NOT_A_TIME.to_owned()))?);
            } else if let Some(value) = line.strip_prefix("duties:") {
                duties = value.trim() == "yes";
            } else {
                steps.push(step(number, line, std::mem::take(&mut narration)).map_err(bad)?);
            }
        }
        let missing = |what: &str| BadScenario { line: 1, what: what.to_owned() };
        let title = title.ok_or_else(|| missing("`title: …` is missing"))?;
        let start = start.ok_or_else(|| missing("`start: DD/MM/YYYY HH:MM` is missing"))?;
        let mut before = start;
        for step in &steps {
            if step.at < before {
                let what = "a step lies before the one above it".to_owned();
                return Err(BadScenario { line: step.line, what });
            }
            before = step.at;
        }
        Ok(Self { title, start, duties, steps })
    }
}

impl Scenario {
    /// A short name for it, made of its title: two plays of one scenario give the same acts the same keys.
    pub fn key(&self) -> String {
        Digest::of(self.title.as_bytes()).to_string().chars().take(16).collect()
    }
}

const NOT_A_TIME: &str = "not a time: write DD/MM/YYYY HH:MM";

fn step(line: usize, text: &str, narration: Vec<String>) -> Result<Step, String> {
    let mut words = text.split_whitespace();
    let (date, time) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let at = moment(&format!("{date} {time}")).ok_or(NOT_A_TIME)?;
    let mut words: Vec<&str> = words.collect();
    let case = words.last().and_then(|word| word.strip_prefix('@')).map(str::to_owned);
    words.truncate(words.len() - usize::from(case.is_some()));
    let (act, about) = match words.as_slice() {
        ["--"] => (None, case),
        [officer, act] => {
            let (officer, act) = ((*officer).to_owned(), (*act).to_owned());
            (Some(Deed { officer, act, case, body: Value::Object(Map::new()) }), None)
        }
        _ => {
            return Err(
                "a step is: time, officer, act; or: time, --. Then perhaps @ and the name of a case; \
                        fields of an act stand on indented lines"
                    .to_owned(),
            );
        }
    };
    Ok(Step { line, narration, at, act, about, expected: Vec::new() })
}

/// What a field of an act may refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference<'a> {
    /// A case, by its name in the scenario.
    Case(&'a str),
    /// The newest fact of a type in the case that is acted on.
    Event(Kind),
    /// The newest delegation.
    Delegation,
}

/// Puts ids in the place of references, wherever they stand in a body.
///
/// # Errors
/// A reference to what is not there.
pub fn resolve(value: &mut Value, find: &impl Fn(Reference<'_>) -> Option<String>) -> Result<(), String> {
    match value {
        Value::String(text) => {
            let Some(named) = text.strip_prefix('@') else { return Ok(()) };
            let reference = match named.strip_prefix("event ") {
                Some(kind) => Reference::Event(fact(kind.trim())?),
                None if named == "delegation" => Reference::Delegation,
                None => Reference::Case(named),
            };
            *text = find(reference).ok_or_else(|| format!("{text}: there is none"))?;
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| resolve(item, find)),
        Value::Object(fields) => fields.values_mut().try_for_each(|field| resolve(field, find)),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// An indented line: an expectation, or a field of the act.
fn detail(step: &mut Step, line: &str) -> Result<(), String> {
    if let Some(expectation) = line.strip_prefix("=>") {
        step.expected.push(expected(expectation.trim())?);
        return Ok(());
    }
    let deed = step.act.as_mut().ok_or("a field without an act")?;
    let (path, value) = line.split_once(": ").ok_or("a field is: name: value")?;
    *place(&mut deed.body, path)? = field(value.trim());
    Ok(())
}

/// The place of a field in an act's body, made on the way: `document.number`, `instructions.2.agency`.
fn place<'a>(body: &'a mut Value, path: &str) -> Result<&'a mut Value, String> {
    let mut place = body;
    for name in path.split('.') {
        let taken = || format!("{path} lies below a field that has a value already");
        let Ok(number) = name.parse::<usize>() else {
            if !(place.is_null() || place.is_object()) {
                return Err(taken());
            }
            place = &mut place[name];
            continue;
        };
        if place.is_null() {
            *place = Value::Array(Vec::new());
        }
        let list = place.as_array_mut().ok_or_else(taken)?;
        let index = number.checked_sub(1).filter(|index| *index <= list.len());
        let index =
            index.ok_or_else(|| format!("{path}: the places of a list are counted from 1, without gaps"))?;
        if index == list.len() {
            list.push(Value::Null);
        }
        place = &mut list[index];
    }
    Ok(place)
}

/// A value: yes or no, a number, a local time, a date, or text; `\n` in it begins a new line.
fn field(text: &str) -> Value {
    if let Some(at) = moment(text) {
        return Value::String(at.with_timezone(&LOCAL).to_rfc3339());
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%d/%m/%Y") {
        return Value::String(date.to_string());
    }
    match (text, text.parse::<u64>()) {
        ("true", _) => Value::Bool(true),
        ("false", _) => Value::Bool(false),
        (_, Ok(number)) if !text.starts_with('0') || text == "0" => number.into(),
        _ => Value::String(text.trim_matches('"').replace("\\n", "\n")),
    }
}

fn expected(text: &str) -> Result<Expected, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    Ok(match words.as_slice() {
        ["refused", code] => Expected::Refused((*code).to_owned()),
        ["state", state] => Expected::State(named(state)?),
        ["written", state] => Expected::Written { intake: 1, state: (*state).to_owned() },
        ["written", intake, state] => {
            Expected::Written { intake: number(intake)?, state: (*state).to_owned() }
        }
        ["caller", state] => Expected::Caller { intake: 1, state: (*state).to_owned() },
        ["caller", intake, state] => Expected::Caller { intake: number(intake)?, state: (*state).to_owned() },
        ["urgency", urgency] => Expected::Urgency(named(urgency)?),
        ["round", turn, state @ ("open" | "closed")] => {
            Expected::Round { turn: number(turn)?, open: *state == "open" }
        }
        ["deadline", key, instance, "due", date, time] => Expected::Deadline {
            key: named(key)?,
            instance: number(instance)?,
            due: moment(&format!("{date} {time}")).ok_or(NOT_A_TIME)?,
        },
        ["no", "deadline", key, instance] => {
            Expected::Stopped { key: named(key)?, instance: number(instance)? }
        }
        ["taskforce", state] => Expected::Taskforce((*state).to_owned()),
        ["dossier", state] => Expected::Dossier((*state).to_owned()),
        ["item", item, state, late @ ..] if matches!(late, [] | ["late"]) => {
            Expected::Item { item: number(item)?, state: (*state).to_owned(), late: !late.is_empty() }
        }
        ["duty", state, late @ ..] if matches!(late, [] | ["late"]) => {
            Expected::Duty { state: (*state).to_owned(), late: !late.is_empty() }
        }
        ["clock", key, instance, "due", date, time] => Expected::Clock {
            key: named(key)?,
            instance: number(instance)?,
            due: moment(&format!("{date} {time}")).ok_or(NOT_A_TIME)?,
        },
        ["no", "clock", key, instance] => {
            Expected::ClockStopped { key: named(key)?, instance: number(instance)? }
        }
        ["fact", kind, "at", date, time] => {
            Expected::Fact { kind: fact(kind)?, at: moment(&format!("{date} {time}")).ok_or(NOT_A_TIME)? }
        }
        ["facts", kind, count] => Expected::Count { kind: fact(kind)?, count: number(count)? },
        _ => {
            return Err(
                "after => stands: refused CODE, state S, written [N] S, caller [N] S, urgency S, round N open, \
                 round N closed, taskforce S, dossier S, item N S [late], deadline KEY N due TIME, no deadline KEY N, \
                 duty S [late], clock KEY N due TIME, no clock KEY N, fact TYPE at TIME, or facts TYPE N"
                    .to_owned(),
            );
        }
    })
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is no number"))
}

fn fact(name: &str) -> Result<Kind, String> {
    Kind::ALL
        .iter()
        .copied()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| format!("there is no event type {name}"))
}

/// A word of one of our vocabularies.
fn named<T: DeserializeOwned>(word: &str) -> Result<T, String> {
    serde_json::from_value(Value::String(word.to_owned())).map_err(|error| error.to_string())
}

/// A local time, `DD/MM/YYYY HH:MM`.
fn moment(text: &str) -> Option<Timestamp> {
    let local = NaiveDateTime::parse_from_str(text, "%d/%m/%Y %H:%M").ok()?;
    local.and_local_timezone(LOCAL).single().map(|at| at.to_utc())
}

/// A local time in words, to the minute.
pub fn moment_in_words(at: Timestamp) -> String {
    at.with_timezone(&LOCAL).format("%a %d/%m/%Y %H:%M").to_string()
}

/// The name of a state in scenarios, facts and answers; empty where there is none.
pub(crate) fn name(state: &impl Serialize) -> String {
    let value = serde_json::to_value(state).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(code) => write!(f, "refused: {code}"),
            Self::State(state) => write!(f, "the case stands at {}", name(state)),
            Self::Written { intake: 1, state } => write!(f, "written confirmation {state}"),
            Self::Written { intake, state } => write!(f, "written confirmation of intake {intake} {state}"),
            Self::Caller { intake: 1, state } => write!(f, "caller {state}"),
            Self::Caller { intake, state } => write!(f, "caller of intake {intake} {state}"),
            Self::Urgency(urgency) => write!(f, "urgency {}", name(urgency)),
            Self::Round { turn, open } => {
                write!(f, "round {turn} is {}", if *open { "open" } else { "closed" })
            }
            Self::Deadline { key, instance, due } => {
                write!(f, "{key} {instance} is due {}", moment_in_words(*due))
            }
            Self::Stopped { key, instance } => write!(f, "{key} {instance} does not run"),
            Self::Taskforce(state) => write!(f, "task force {state}"),
            Self::Dossier(state) => write!(f, "dossier {state}"),
            Self::Item { item, state, late } => {
                write!(f, "item {item} {state}{}", if *late { ", late" } else { "" })
            }
            Self::Duty { state, late } => {
                write!(f, "it stands at {state}{}", if *late { ", late" } else { "" })
            }
            Self::Clock { key, instance, due } => {
                write!(f, "{} {instance} is due {}", name(key), moment_in_words(*due))
            }
            Self::ClockStopped { key, instance } => write!(f, "{} {instance} does not run", name(key)),
            Self::Fact { kind, at } => write!(f, "{kind} at {}", moment_in_words(*at)),
            Self::Count { kind, count } => write!(f, "{kind}: {count} in all"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "
title: A call
start: 16/05/2026 21:52

> The duty officer logs a call.
16/05/2026 21:52  btg.truc-ban  raise
    channel: phone
    call.started_at: 16/05/2026 21:40
    call.caller.number: 0258 382 2268
    => state routed
    => deadline ack 1 due 16/05/2026 22:22
16/05/2026 22:22  --
    => fact routing.fallback-assigned at 16/05/2026 22:22
";

    #[test]
    fn a_scenario_is_read() {
        let scenario = Scenario::parse(TEXT).unwrap();
        assert_eq!(scenario.steps.len(), 2);
        let deed = scenario.steps[0].act.as_ref().unwrap();
        assert_eq!(
            deed.body,
            json!({
                "channel": "phone",
                "call": {
                    "started_at": "2026-05-16T21:40:00+07:00",
                    "caller": { "number": "0258 382 2268" },
                },
            })
        );
        assert_eq!(scenario.steps[0].expected[0], Expected::State(Lifecycle::Routed));
        assert_eq!(scenario.steps[1].act, None);
    }

    #[test]
    fn lists_are_counted_from_one() {
        let with = |lines: &str| Scenario::parse(&TEXT.replace("    channel: phone", lines));
        let scenario = with(
            "    agencies.1: BTG\n    agencies.2: SNNMT\n    members.1.officer: x\n    members.1.lead: true",
        );
        let deed = scenario.unwrap().steps.remove(0).act.unwrap();
        assert_eq!(deed.body["agencies"], json!(["BTG", "SNNMT"]));
        assert_eq!(deed.body["members"], json!([{ "officer": "x", "lead": true }]));
        for wrong in ["    agencies.2: BTG", "    agencies.0: BTG", "    agencies: BTG\n    agencies.1: BTG"]
        {
            assert!(with(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fault_is_named_with_its_line() {
        let wrong = TEXT.replace("state routed", "state rooted");
        assert_eq!(Scenario::parse(&wrong).unwrap_err().line, 10);
        let below = TEXT.replace("    channel: phone", "    channel: phone\n    channel.of: x");
        assert_eq!(Scenario::parse(&below).unwrap_err().line, 8);
        let backwards = TEXT.replace("16/05/2026 22:22  --", "16/05/2026 20:22  --");
        assert_eq!(Scenario::parse(&backwards).unwrap_err().line, 12);
    }
}
