//! A client in another language, made from the document of the API alone, plays a whole scenario.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::process::Stdio;

use serde_json::{Value, json};
use support::{
    process::Installation,
    story::{Story, refusal},
    top,
};
use tokio::{io::AsyncWriteExt as _, process::Command};

#[tokio::test]
async fn a_python_client_plays_the_land_clearance() {
    let story = Story::of("s1-land-clearance");
    let place = Installation::starting(story.scenario.start.to_rfc3339());
    let up = place.up().await;
    let steps: Vec<_> = story
        .scenario
        .steps
        .iter()
        .map(|step| {
            let deed = step.act.as_ref();
            json!({
                "at": step.at,
                "officer": deed.map(|deed| &deed.officer),
                "act": deed.map(|deed| &deed.act),
                "body": deed.map(|deed| &deed.body),
                "refused": refusal(step),
            })
        })
        .collect();
    let mut python = Command::new("python3");
    python.arg(top().join("tests/clients/play.py")).arg(up.at("")).arg(place.data().join("tokens"));
    python.env("PYTHONDONTWRITEBYTECODE", "1").kill_on_drop(true);
    python.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut playing = python.spawn().expect("python3 runs");
    let mut told = playing.stdin.take().expect("its standard input");
    told.write_all(json!(steps).to_string().as_bytes()).await.expect("it listens");
    drop(told);
    let played = playing.wait_with_output().await.expect("it ends");
    let (said, wrong) = (String::from_utf8_lossy(&played.stdout), String::from_utf8_lossy(&played.stderr));
    assert!(played.status.success(), "{wrong}\n{said}");
    let case: Value = serde_json::from_str(said.lines().last().expect("a line")).expect("the case");
    assert_eq!(case["state"], "closed", "{case}");
}
