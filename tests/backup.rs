//! The rehearsal: a whole installation is backed up while it works, restored elsewhere, and goes on as it was; no mail
//! leaves until an operator says so.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{collections::BTreeMap, fs, path::Path, process::Stdio};

use bus::{
    Principal, log,
    outbox::{EntryId, State},
    streams::{CASES, NOTIFIER},
};
use reqwest::Method;
use serde_json::{Value, json};
use support::{
    api::{Answer, Api, call_that_ended, letter, send},
    concord, finish,
    mails::{self, Entry, Mail},
    process::{Installation, Up, with_relay},
    run,
    story::Story,
};
use testkit::{eventually, smtp::SmtpSink};

/// Sees every case.
const INSPECTOR: &str = "btg.kiem-tra";
const DUTY: &str = "btg.truc-ban";
const RAISER: &str = "snnmt.dau-moi";
const PASSWORD: &str = "bốn con ngựa gầy trên đồi";

/// A subcommand of the binary on an installation.
async fn command(place: &Installation, arguments: &[&str]) -> support::Said {
    finish(concord().args(arguments).arg("--data").arg(place.data())).await
}

async fn bearing(api: &Api, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    let request = api.plain(method, path).bearer_auth(token);
    send(if let Some(body) = body { request.json(&body) } else { request }).await.expect("an answer")
}

async fn sign_in(api: &Api, password: &str) -> String {
    let body = json!({ "officer": DUTY, "password": password });
    let answer = send(api.plain(Method::POST, "/api/v1/session").json(&body)).await.expect("an answer");
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.body["token"].as_str().expect("a token").to_owned()
}

/// An account with a password of its own, and the session in which it was set.
async fn account(place: &Installation, api: &Api) -> String {
    let said = command(place, &["account", "reset", DUTY]).await.succeeded();
    let first = said.lines().next().and_then(|line| line.rsplit(' ').next()).expect("a password");
    let session = sign_in(api, first).await;
    let change = json!({ "old": first, "new": PASSWORD });
    let changed = bearing(api, &session, Method::PUT, "/api/v1/session/password", Some(change)).await;
    assert_eq!(changed.status, 204, "{}", changed.text);
    session
}

/// A token of a client program.
async fn token(place: &Installation) -> String {
    let arguments = ["token", "create", "--officer", RAISER, "--name", "e-office"];
    let said = command(place, &arguments).await.succeeded();
    said.lines().nth(1).expect("the token").to_owned()
}

/// Raises a case with a file; gives the file's address.
async fn with_a_file(api: &Api, content: &[u8]) -> String {
    let upload = api.request(RAISER, Method::POST, "/api/v1/attachments");
    let upload = upload.query(&[("file_name", "bao-cao.pdf"), ("state_secret", "false")]);
    let taken = send(upload.body(content.to_vec())).await.expect("an answer");
    assert_eq!(taken.status, 201, "{}", taken.text);
    let mut letter = letter(7_118);
    letter["document"]["attachments"] = json!([taken.body]);
    let raised = api.act(RAISER, "", "raise", "letter 7118", &letter).await.expect("an answer");
    assert_eq!(raised.status, 201, "{}", raised.text);
    format!(
        "/api/v1/cases/{}/attachments/{}",
        raised.case(),
        taken.body["sha256"].as_str().expect("a digest")
    )
}

async fn download(api: &Api, address: &str) -> Vec<u8> {
    let response = api.request(INSPECTOR, Method::GET, address).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    response.bytes().await.expect("a file").to_vec()
}

/// Every case and the ledger of its mails, as the API shows them.
async fn seen(api: &Api) -> BTreeMap<String, [Value; 2]> {
    let read = async |path: &str| {
        let answer = api.get(INSPECTOR, path).await.expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.body
    };
    let mut seen = BTreeMap::new();
    for listed in read("/api/v1/cases?limit=100").await["cases"].as_array().expect("cases") {
        let id = listed["id"].as_str().expect("an id");
        let path = format!("/api/v1/cases/{id}");
        seen.insert(id.to_owned(), [read(&path).await, read(&format!("{path}/mails")).await]);
    }
    seen
}

/// The entries of the outbox, once every fact was seen to.
async fn outbox(up: &Up) -> BTreeMap<EntryId, Entry> {
    let bus = up.connect(Principal::Notifier).await;
    eventually(async || match log::backlog(&bus, CASES, NOTIFIER).await {
        Ok(0) => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    mails::outbox(&bus).await
}

/// Is to be sent, and was not.
fn is_open(entry: &Entry) -> bool {
    !matches!(
        entry.states.last(),
        Some(State::Sent { .. } | State::Gathered { .. } | State::Suppressed { .. })
    )
}

async fn backup(place: &Installation, into: &Path) -> Value {
    command(place, &["backup", into.to_str().expect("a path")]).await.succeeded();
    let manifest = fs::read(into.join("backup.json")).expect("a manifest");
    serde_json::from_slice(&manifest).expect("a manifest")
}

/// The files of a stream, and how far they go.
fn segments<'a>(manifest: &'a Value, stream: &str) -> (&'a [Value], u64) {
    let segments = manifest["streams"][stream]["segments"].as_array().expect("segments");
    (segments, segments.last().map_or(0, |last| last["last"].as_u64().expect("a sequence")))
}

#[tokio::test]
async fn an_installation_comes_back_as_it_was_and_no_mail_leaves_until_it_is_released() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let folder = root.path().join("backup");
    let relay = SmtpSink::start([]).await;
    let place = Installation::starting("2026-07-08T08:55:00+07:00");
    place.mail_to(relay.address());
    let up = place.up().await;
    let api = up.api();
    let mut story = Story::highway();
    story.up_to(&api, "record-directive").await;
    let session = account(&place, &api).await;
    let first = backup(&place, &folder).await;

    // It goes on; then the relay goes away, and what is told now waits.
    while story.go_on(&api).await.is_some() {}
    let token = token(&place).await;
    let content: Vec<u8> = b"%PDF-1.7\n".iter().copied().chain((0..=u8::MAX).cycle()).take(700_000).collect();
    let file = with_a_file(&api, &content).await;
    let sent: Vec<_> = relay.accepted().iter().map(|mail| Mail::parse(&mail.data).id).collect();
    let address = relay.address();
    drop(relay);
    let call = call_that_ended(api.time().await);
    let raised = api.act(DUTY, "", "raise", "call", &call).await.expect("an answer");
    assert_eq!(raised.status, 201, "{}", raised.text);
    // The backup and what is seen of the installation are of the same moment.
    let (second, before, entries, open, time) = eventually(async || {
        let entries = outbox(&up).await;
        let before = seen(&api).await;
        let manifest = backup(&place, &folder).await;
        let same = entries.len() == outbox(&up).await.len() && before == seen(&api).await;
        let open: Vec<_> = entries.iter().filter(|(_, entry)| is_open(entry)).map(|(id, _)| *id).collect();
        if same {
            Ok((manifest, before, entries.len(), open, api.time().await))
        } else {
            Err("mail is under way")
        }
    })
    .await;
    assert_eq!(before.len(), 3);
    assert!(!open.is_empty());
    assert!(up.term().await.success());

    // The second added to the first.
    let ((old, end), (new, _)) = (segments(&first, CASES), segments(&second, CASES));
    assert_eq!(&new[..old.len()], old);
    assert_eq!(new[old.len()]["first"], end + 1);
    let checked = run(["backup", "--check", folder.to_str().expect("a path")]).await.succeeded();
    assert!(checked.contains("The backup is whole"), "{checked}");

    let there = Installation::starting(time.to_rfc3339());
    let restored =
        finish(concord().arg("restore").arg(&folder).arg("--data").arg(there.data())).await.succeeded();
    assert!(restored.contains("Mail is switched off"), "{restored}");
    there.configure(&with_relay(address));
    let relay = SmtpSink::start_on(address, []).await;
    let up = there.up().await;
    let api = up.api();
    assert_eq!(seen(&api).await, before);
    assert_eq!(download(&api, &file).await, content);
    sign_in(&api, PASSWORD).await;
    for secret in [&session, &token] {
        let who = bearing(&api, secret, Method::GET, "/api/v1/session", None).await;
        assert_eq!(who.status, 200, "{}", who.text);
    }
    let replayed = there.replay(&[]).await.succeeded();
    assert!(replayed.contains("the chain is unbroken"), "{replayed}");
    // Its backups go on in the same folder.
    let third = backup(&there, &folder).await;
    assert_eq!(segments(&third, CASES), segments(&second, CASES));

    // Not one mail has left; then those that were not sent do, each once, and no other.
    let status = command(&there, &["mail", "status"]).await.succeeded();
    assert!(status.starts_with("Sending is OFF since"), "{status}");
    assert_eq!(outbox(&up).await.len(), entries);
    assert_eq!(relay.received(), []);
    command(&there, &["mail", "release", "--why", "đã kiểm tra"]).await.succeeded();
    eventually(async || {
        let arrived: Vec<_> = relay.accepted().iter().map(|mail| Mail::parse(&mail.data).id).collect();
        for id in &arrived {
            assert!(!sent.contains(id), "{id} was sent before");
            assert!(open.iter().any(|open| id.starts_with(&open.0.to_string())), "{id} was not due");
        }
        if arrived.len() == open.len() { Ok(()) } else { Err(format!("{} of {}", arrived.len(), open.len())) }
    })
    .await;
}

#[tokio::test]
async fn what_was_not_restored_to_the_end_does_not_start() {
    let root = tempfile::tempdir().expect("a temporary directory");
    let folder = root.path().join("backup");
    let place = Installation::new();
    let up = place.up().await;
    backup(&place, &folder).await;
    assert!(up.term().await.success());

    let there = Installation::new();
    let mut restoring = concord();
    restoring.arg("restore").arg(&folder).arg("--data").arg(there.data());
    let mut restoring = restoring.stdout(Stdio::null()).spawn().expect("the binary starts");
    let mark = there.data().join("restore-incomplete");
    eventually(async || if mark.exists() { Ok(()) } else { Err("nothing is made yet") }).await;
    restoring.kill().await.expect("it can be killed");
    let said = there.up_in_vain(&[]).await;
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("was not restored to the end"), "{}", said.err);
    assert!(
        said.err.contains("remove the directory, and restore again with `concord restore`"),
        "{}",
        said.err
    );

    let again = finish(concord().arg("restore").arg(&folder).arg("--data").arg(there.data())).await;
    assert!(again.err.contains("is not empty"), "{}", again.err);
}
