//! Programs of others read the log by themselves: the examples of `docs/consumers.md`, in Python and in Rust, prove it
//! and find in it what the API says; what is not proven they refuse.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use proof::keys::SigningKey;
use serde_json::{Value, json};
use support::{
    Said,
    api::call,
    finish,
    process::{Installation, Up},
    story::Story,
    top,
};
use testkit::eventually;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{ChildStdout, Command},
};

const DUTY: &str = "snnmt.dau-moi";
const AUDITOR: &str = "btg.kiem-tra";

/// What both programs are given.
struct Given {
    server: String,
    credential: PathBuf,
    key: PathBuf,
    state: PathBuf,
}

impl Given {
    fn at(place: &Installation) -> Self {
        let running = fs::read(place.data().join("run.json")).expect("run.json");
        let running: Value = serde_json::from_slice(&running).expect("JSON");
        Self {
            server: running["nats"].as_str().expect("an address").to_owned(),
            credential: place.data().join("credentials/auditor.nk"),
            key: place.data().join("credentials/checkpoints/1.pub"),
            state: place.data().join("audit-consumer.json"),
        }
    }

    fn python(&self) -> Command {
        let mut python = Command::new("python3");
        python.arg(top().join("examples/audit-consumer/python/consumer.py"));
        python.arg("--server").arg(&self.server).arg("--credential").arg(&self.credential);
        python.arg("--key").arg(&self.key).arg("--state").arg(&self.state);
        python.env("PYTHONPATH", top().join(".tools/python")).env("PYTHONDONTWRITEBYTECODE", "1");
        python.stdin(Stdio::null()).kill_on_drop(true);
        python
    }

    fn rust(&self) -> Command {
        let own = env::current_exe().expect("the test's own path");
        let program = own.ancestors().nth(2).expect("the target folder").join("examples/audit-consumer");
        assert!(program.exists(), "build it: cargo build -p concord --example audit-consumer");
        let mut rust = Command::new(program);
        rust.arg(&self.server).arg(&self.credential).arg(&self.key).stdin(Stdio::null()).kill_on_drop(true);
        rust
    }
}

/// What a program reports, if it succeeded.
fn report(said: Said) -> Value {
    serde_json::from_str(&said.succeeded()).expect("a report")
}

/// The same without the checkpoint: the other logs grow too, and each has its own.
fn found(report: &Value) -> Value {
    let mut report = report.clone();
    report.as_object_mut().expect("a report").remove("checkpoint");
    report
}

/// How many facts the log has.
async fn size(up: &Up) -> Option<u64> {
    let ready = reqwest::get(up.at("/readyz")).await.expect("an answer").json::<Value>().await.expect("JSON");
    Some(ready["log"].as_u64().expect("a number"))
}

/// Lines of a program that follows, until one reports on the whole log.
async fn whole(lines: &mut Lines<BufReader<ChildStdout>>, up: &Up) -> Value {
    let size = size(up).await;
    loop {
        let line = lines.next_line().await.expect("its output").expect("it goes on");
        let report: Value = serde_json::from_str(&line).expect("a report");
        if report["position"].as_u64() >= size {
            return report;
        }
    }
}

/// How many cases an officer who may see all is shown.
async fn listed(up: &Up, state: &str) -> usize {
    let answer = up.api().get(AUDITOR, &format!("/api/v1/cases?limit=200{state}")).await.expect("an answer");
    answer.body["cases"].as_array().unwrap_or_else(|| panic!("{}", answer.text)).len()
}

/// The report is what the API says.
async fn agrees_with_the_api(report: &Value, up: &Up) {
    let states = report["by_state"].as_object().expect("states");
    for (state, number) in states {
        assert_eq!(json!(listed(up, &format!("&state={state}")).await), *number, "{state}");
    }
    assert_eq!(json!(listed(up, "").await), report["cases"]);
    let signed = up.api().get(AUDITOR, "/api/v1/audit/checkpoint").await.expect("an answer");
    let mut lines = signed.body["note"].as_str().expect("a note").lines().skip(1);
    assert_eq!(lines.next().map(str::to_owned), report["position"].as_u64().map(|size| size.to_string()));
    assert_eq!(lines.next(), report["root"].as_str());
}

/// Both programs refuse, and say so in these words.
async fn both_refuse(given: &Given, words: [&str; 2]) {
    for (mut program, words) in [given.python(), given.rust()].into_iter().zip(words) {
        let said = finish(&mut program).await;
        assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
        assert!(said.err.contains("not proven") && said.err.contains(words), "{}", said.err);
    }
}

#[tokio::test]
async fn programs_of_others_prove_the_log_and_find_what_the_api_says() {
    let mut story = Story::at_night();
    let place = Installation::starting(story.scenario.start.to_rfc3339());
    place.configure("[audit]\ncheckpoint_seconds = 1\n");
    let up = place.up().await;
    let given = Given::at(&place);
    while story.go_on(&up.api()).await.is_some() {}

    let mut python = given.python().arg("--follow").stdout(Stdio::piped()).spawn().expect("python3 runs");
    let mut lines = BufReader::new(python.stdout.take().expect("its output")).lines();
    let first = whole(&mut lines, &up).await;
    assert_eq!(found(&report(finish(&mut given.rust()).await)), found(&first));
    agrees_with_the_api(&first, &up).await;
    assert!(!first["overdue"].as_object().expect("agencies").is_empty(), "{first}");

    // It goes on from where it is, and so does the next one from what it kept.
    assert_eq!(up.api().act(DUTY, "", "raise", "another", &call()).await.expect("an answer").status, 201);
    let second = whole(&mut lines, &up).await;
    python.kill().await.expect("it can be ended");
    assert_eq!(second["cases"], json!(first["cases"].as_u64().expect("a number") + 1));
    let again = report(finish(&mut given.python()).await);
    let rust = report(finish(&mut given.rust()).await);
    assert_eq!((found(&again), found(&rust)), (found(&second), found(&second)));
    agrees_with_the_api(&again, &up).await;

    // Another key than the one that signed.
    let stranger = place.data().join("stranger.pub");
    let name = again["checkpoint"]["origin"].as_str().expect("an origin");
    let key = SigningKey::generate(name).expect("a key").public().to_string();
    fs::write(&stranger, key).expect("written");
    let misled = Given { key: stranger, ..Given::at(&place) };
    both_refuse(&misled, ["no key that you trust", "none of the keys"]).await;

    // Another past than the one that was read.
    let kept = fs::read_to_string(&given.state).expect("its state");
    let mut other: Value = serde_json::from_str(&kept).expect("JSON");
    other["peaks"][0] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    fs::write(&given.state, other.to_string()).expect("written");
    let said = finish(&mut given.python()).await;
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.err.contains("are not those that checkpoint"), "{}", said.err);
    assert!(up.term().await.success());
}

#[tokio::test]
async fn a_log_that_was_cut_is_refused() {
    let place = Installation::new();
    place.configure("[audit]\ncheckpoint_seconds = 1\n");
    let up = place.up().await;
    for number in 0..3 {
        let raised = up.api().act(DUTY, "", "raise", &format!("call-{number}"), &call()).await;
        assert_eq!(raised.expect("an answer").status, 201);
    }
    let (given, size) = (Given::at(&place), size(&up).await);
    eventually(async || {
        let said = finish(&mut given.rust()).await;
        let report: Value = serde_json::from_str(&said.out).unwrap_or_default();
        if report["position"].as_u64() >= size { Ok(()) } else { Err(said) }
    })
    .await;
    assert!(up.term().await.success());
    cut(&place.data().join("nats/jetstream/$G/streams/CASES/msgs"));
    let up = place.up().await;
    both_refuse(&Given::at(&place), ["", ""]).await;
    up.kill9().await;
}

/// Cuts a tenth off the end of a stream's newest block.
fn cut(messages: &Path) {
    let blocks = fs::read_dir(messages).expect("the messages").map(|entry| entry.expect("an entry").path());
    let newest = blocks.filter(|path| path.extension().is_some_and(|kind| kind == "blk")).max();
    let newest = newest.expect("a block");
    let bytes = fs::read(&newest).expect("a file");
    fs::write(&newest, &bytes[..bytes.len() * 9 / 10]).expect("written");
}
