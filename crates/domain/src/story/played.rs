//! Scenario files, played through the rules alone: what holds over HTTP holds without it.

use std::{fs, path::Path};

use events::Kind;
use serde::Serialize;

use super::{Story, clock};
use crate::{
    deadlines,
    scenario::{Deed, Expected, Scenario, Step},
    secrecy,
};

/// The name and the text of every scenario file.
fn files() -> Vec<(String, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// Every scenario file as a story that was played to its end.
pub(crate) fn stories() -> Vec<Story> {
    files()
        .into_iter()
        .map(|(name, text)| {
            let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{name}, {error}"));
            play(&name, &scenario)
        })
        .collect()
}

fn play(name: &str, scenario: &Scenario) -> Story {
    let mut story = Story::new();
    story.now = scenario.start;
    for step in &scenario.steps {
        let place = format!("{name}, line {}", step.line);
        story.until_instant(step.at);
        let refused = step.act.as_ref().and_then(|deed| act(&mut story, deed));
        let foreseen = step.expected.iter().find_map(|expected| match expected {
            Expected::Refused(code) => Some(code.clone()),
            _ => None,
        });
        assert_eq!(refused, foreseen, "{place}: refused");
        story.settle();
        holds(&story, step, &place);
    }
    story
}

/// An officer acts as through the edge; gives the code of a refusal.
fn act(story: &mut Story, deed: &Deed) -> Option<String> {
    let mut body = deed.body.clone();
    if let Err(refusal) = secrecy::screen(&deed.act, &mut body) {
        return Some(refusal.code.to_string());
    }
    let answer = story.by(&deed.officer).when(&deed.act, body).answer.take().expect("an answer");
    answer.err().map(|refusal| refusal.code.to_string())
}

fn holds(story: &Story, step: &Step, place: &str) {
    let times = |kind: Kind| story.facts().iter().filter(move |fact| fact.body().kind() == kind);
    for expected in &step.expected {
        let (is, wanted) = match expected {
            Expected::Refused(_) => continue,
            Expected::State(state) => (name(&story.case().lifecycle), name(state)),
            Expected::Written(state) => (name(&story.case().confirmations[0].written), state.clone()),
            Expected::Caller(state) => (name(&story.case().confirmations[0].caller), state.clone()),
            Expected::Taskforce(state) => (name(&story.case().taskforce.state), state.clone()),
            Expected::Dossier(state) => (name(&story.case().escalation.state), state.clone()),
            Expected::Item { item, state, late } => {
                let found = story.case().escalation.item(*item).expect("an item of that number");
                (format!("{} {}", name(&found.state), found.is_late()), format!("{state} {late}"))
            }
            Expected::Deadline { key, instance, due } => {
                let armed = deadlines::find(story.case(), *key, *instance);
                (
                    format!("{:?}", armed.map(|armed| clock(armed.deadline.due))),
                    format!("{:?}", Some(clock(*due))),
                )
            }
            Expected::Stopped { key, instance } => {
                let runs = deadlines::find(story.case(), *key, *instance).is_some();
                (runs.to_string(), false.to_string())
            }
            Expected::Fact { kind, at } => {
                let found = times(*kind).any(|fact| fact.origin().occurred_at == *at);
                (found.to_string(), true.to_string())
            }
            Expected::Count { kind, count } => (times(*kind).count().to_string(), count.to_string()),
        };
        assert_eq!(is, wanted, "{place}: {expected:?}\n{}", story.log().join("\n"));
    }
}

/// The name of a state in facts and answers; empty where there is none.
pub(crate) fn name(state: &impl Serialize) -> String {
    serde_json::to_value(state).unwrap().as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_scenario_files_hold_by_the_rules_alone() {
    assert!(stories().len() >= 3, "the files of tests/scenarios are found");
}
