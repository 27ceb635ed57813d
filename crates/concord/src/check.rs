//! What a scenario expects, held against what the API says.

use domain::scenario::{Expected, moment_in_words as local};
use events::Timestamp;
use serde_json::{Value, json};

use crate::client::Answer;

/// Whether an expectation holds, and what is there instead.
pub(crate) fn check(
    expected: &Expected,
    answer: Option<&Answer>,
    case: Option<&Value>,
    events: &[Value],
) -> (bool, String) {
    let absent = Value::Null;
    let case = case.unwrap_or(&absent);
    let confirmation = |number: u32| {
        let intakes = case["intakes"].as_array().into_iter().flatten();
        let found = intakes.map(|each| &each["confirmation"]).find(|each| each["intake"] == json!(number));
        found.unwrap_or(&absent)
    };
    let is = |value: &Value, wanted: &str| (value.as_str() == Some(wanted), value.to_string());
    let times = |kind: events::Kind| {
        events
            .iter()
            .filter(|event| event["type"].as_str() == Some(&kind.ce_type()))
            .map(|event| event["time"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    match expected {
        Expected::Refused(code) => {
            let body = answer.map_or(&absent, |answer| &answer.body);
            is(&body["code"], code)
        }
        Expected::State(state) => {
            let wanted = serde_json::to_value(state).unwrap_or_default();
            (case["state"] == wanted, case["state"].to_string())
        }
        Expected::Written { intake, state } => is(&confirmation(*intake)["written"], state),
        Expected::Caller { intake, state } => is(&confirmation(*intake)["caller"], state),
        Expected::Urgency(urgency) => {
            let wanted = serde_json::to_value(urgency).unwrap_or_default();
            (case["urgency"] == wanted, case["urgency"].to_string())
        }
        Expected::Round { turn, open } => {
            let last = case["rounds"].as_array().and_then(|rounds| rounds.last()).unwrap_or(&absent);
            let held = last["opened"]["turn"] == json!(turn) && (last["state"] == json!("open")) == *open;
            (held, format!("round {}, {}", last["opened"]["turn"], last["state"]))
        }
        Expected::Deadline { key, instance, due } => {
            let running = case["deadlines"].as_array().cloned().unwrap_or_default();
            let found = running.iter().find(|deadline| {
                deadline["key"].as_str() == Some(&key.to_string()) && deadline["instance"] == json!(instance)
            });
            match found {
                None => (false, "not running".to_owned()),
                Some(found) => {
                    let at = found["due"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
                    (at == Some(*due), at.map(local).unwrap_or_default())
                }
            }
        }
        Expected::Stopped { key, instance } => {
            let running = case["deadlines"].as_array().cloned().unwrap_or_default();
            let runs = running.iter().any(|deadline| {
                deadline["key"].as_str() == Some(&key.to_string()) && deadline["instance"] == json!(instance)
            });
            (!runs, "running".to_owned())
        }
        Expected::Taskforce(state) => is(&case["taskforce"]["state"], state),
        Expected::Dossier(state) => is(&case["escalation"]["state"], state),
        Expected::Item { item, state, late } => {
            let items = case["escalation"]["instructions"].as_array().cloned().unwrap_or_default();
            let found = items.into_iter().find(|found| found["item"] == json!(item)).unwrap_or_default();
            let held = found["state"].as_str() == Some(state) && found["late"] == json!(late);
            (held, format!("{} late {}", found["state"], found["late"]))
        }
        Expected::Duty { state, late } => {
            let held = case["state"].as_str() == Some(state) && case["late"] == json!(late);
            (held, format!("{} late {}", case["state"], case["late"]))
        }
        Expected::Clock { key, instance, due } => {
            let clocks = case["clocks"].as_array().cloned().unwrap_or_default();
            let found = clocks
                .iter()
                .find(|clock| clock["key"] == json!(key) && clock["instance"] == json!(instance));
            match found {
                None => (false, "not running".to_owned()),
                Some(found) => {
                    let at = found["due"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
                    (at == Some(*due), at.map(local).unwrap_or_default())
                }
            }
        }
        Expected::ClockStopped { key, instance } => {
            let clocks = case["clocks"].as_array().cloned().unwrap_or_default();
            let runs =
                clocks.iter().any(|clock| clock["key"] == json!(key) && clock["instance"] == json!(instance));
            (!runs, "running".to_owned())
        }
        Expected::Fact { kind, at } => {
            let times = times(*kind);
            let held = times.iter().any(|time| time.parse::<Timestamp>().ok() == Some(*at));
            (held, format!("at {times:?}"))
        }
        Expected::Count { kind, count } => {
            let found = times(*kind).len();
            (found == *count, found.to_string())
        }
    }
}
