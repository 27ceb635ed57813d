//! `docs/api.md`: every command that stands there is sent, by the shell and curl, at its place in the scenario.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fs,
};

use domain::{
    catalogue,
    policy::FILES,
    scenario::{Reference, Step},
};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use support::{
    api::Answer,
    process::{Installation, Up},
    story::{Story, key},
    top,
};
use tokio::process::Command;

/// A block of the guide, by what stands before it: the scenario and line, or what it does.
fn blocks() -> Vec<(String, String)> {
    let guide = fs::read_to_string(top().join("docs/api.md")).expect("the guide");
    let mut blocks = Vec::new();
    for part in guide.split("<!-- ").skip(2) {
        let (mark, rest) = part.split_once(" -->").expect("a mark ends");
        let block = rest.trim_start().strip_prefix("```sh\n").and_then(|rest| rest.split_once("\n```"));
        blocks.push((mark.to_owned(), block.expect("a block").0.to_owned()));
    }
    blocks
}

/// Runs a block as a reader would, and gives the answer of each of its commands.
async fn run(up: &Up, place: &Installation, block: &str, variables: &[(&str, &str)]) -> Vec<Answer> {
    // As the guide begins, but for the address, and for a line that says the status.
    let begin = r#"set -u
        as() { echo "Authorization: Bearer $(cat "$TOKENS/$1")"; }
        curl() { command curl -sS -w '\n%{http_code}\n' "$@"; }
        "#;
    let mut shell = Command::new("bash");
    shell.arg("-c").arg(format!("{begin}\n{block}")).current_dir(place.data());
    shell.env("API", up.at("/api/v1")).env("TOKENS", place.data().join("tokens"));
    shell.envs(variables.iter().copied());
    let done = shell.output().await.expect("the shell runs");
    let (said, wrong) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{block}\n{wrong}\n{said}");
    let mut answers = Vec::new();
    let mut text = String::new();
    for line in said.lines() {
        match line.parse() {
            Ok(status) if line.len() == 3 => {
                let text = std::mem::take(&mut text);
                let body = serde_json::from_str(&text).unwrap_or(Value::Null);
                answers.push(Answer { status, headers: HeaderMap::new(), body, text });
            }
            _ => text.push_str(line),
        }
    }
    answers
}

/// Plays a scenario until no block of the guide stands in it any more; these are sent by the shell.
async fn tell(name: &str, mut blocks: BTreeMap<usize, String>) -> (Installation, Up, Story) {
    let mut story = Story::of(name);
    let place = Installation::starting(story.scenario.start.to_rfc3339());
    let up = place.up().await;
    let api = up.api();
    for step in story.scenario.steps.clone() {
        match blocks.remove(&step.line) {
            Some(block) => send(&place, &up, &mut story, &step, &block).await,
            None => drop(story.play(&api, &step).await.expect("an answer")),
        }
        if blocks.is_empty() {
            break;
        }
    }
    assert!(blocks.is_empty(), "{name}: no step stands there: {blocks:?}");
    (place, up, story)
}

async fn send(place: &Installation, up: &Up, story: &mut Story, step: &Step, block: &str) {
    let referred = RefCell::new(Vec::new());
    let refers = |reference: Reference<'_>, found: &str| {
        let variable = match reference {
            Reference::Case(_) => "OTHER",
            Reference::Event(_) => "EVENT",
            Reference::Delegation => "DELEGATION",
        };
        referred.borrow_mut().push((variable, found.to_owned()));
    };
    let ready = story.ready(&up.api(), step, refers).await.expect("an answer");
    let (deed, _) = ready.expect("a step with an act");
    let (case, key, referred) = (story.case.clone(), key(step), referred.into_inner());
    let mut variables = vec![("CASE", case.as_str()), ("DUTY", case.as_str()), ("KEY", key.as_str())];
    variables.extend(referred.iter().map(|(name, value)| (*name, value.as_str())));
    let answers = run(up, place, block, &variables).await;
    let [answer] = &answers[..] else { panic!("one command stands in a block: {block}") };
    assert!(answer.status < 300, "{block}\n{}", answer.text);
    story.done(&up.api(), step, &deed, answer).await.expect("an answer");
}

#[tokio::test]
async fn every_command_of_the_guide_does_what_it_says() {
    let mut of_scenarios: BTreeMap<String, BTreeMap<usize, String>> = BTreeMap::new();
    let mut others = Vec::new();
    for (mark, block) in blocks() {
        match mark.split_once(':').and_then(|(name, line)| Some((name.to_owned(), line.parse().ok()?))) {
            Some((name, line)) => drop(of_scenarios.entry(name).or_default().insert(line, block)),
            None => others.push((mark, block)),
        }
    }
    let sent: usize = of_scenarios.values().map(BTreeMap::len).sum();
    assert_eq!(sent + 1, catalogue::acts().count(), "all acts but one are in scenarios");
    let mut last = None;
    for (name, blocks) in of_scenarios {
        last = Some(tell(&name, blocks).await);
    }
    let (place, up, story) = last.expect("a scenario");
    // A policy of its own version, as an administrator would write it.
    let read = |name: &str| {
        let text = fs::read_to_string(top().join("deploy/policy").join(name)).expect("a text");
        json!({ "name": name, "text": text.replace("2026.1", "2026.2") })
    };
    let files = json!({ "files": FILES.map(read) });
    fs::write(place.data().join("policy.json"), files.to_string()).expect("it can be written");
    let mut marks = BTreeSet::new();
    for (mark, block) in others {
        let answers = run(&up, &place, &block, &[("CASE", &story.case)]).await;
        assert_eq!(answers.len(), block.lines().filter(|line| line.starts_with("curl ")).count());
        for answer in answers {
            assert!(answer.status < 300, "{block}\n{}", answer.text);
        }
        marks.insert(mark);
    }
    assert_eq!(marks.len(), 2, "{marks:?}");
}
