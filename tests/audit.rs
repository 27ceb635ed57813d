//! What the audit proves of a running installation: signed checkpoints, proofs of single facts, and that its self-check
//! finds what was altered behind its back.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use data_encoding::BASE64;
use proof::{Hash, check_inclusion, checkpoint::Signed, keys::Trusted, leaf};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use support::{
    Said,
    api::{Answer, call},
    concord, finish,
    process::{Installation, Up, with_relay},
};
use tempfile::TempDir;
use testkit::{
    eventually, eventually_within,
    smtp::{Received, SmtpSink},
};

const DUTY: &str = "snnmt.dau-moi";
const AUDITOR: &str = "btg.kiem-tra";

/// Checkpoints each second, and all that is stored is read again and again.
const QUICK: &str = "[audit]\nname = \"concord.tinh.example\"\ncheckpoint_seconds = 1\nsweep_seconds = 1\n[metrics]\nlisten = \"127.0.0.1:0\"\n";

fn trusted(place: &Installation) -> Trusted {
    let key = fs::read_to_string(place.data().join("credentials/checkpoints/1.pub")).expect("the public key");
    Trusted::parse(&key).expect("a key")
}

async fn raise(up: &Up, key: &str) -> Answer {
    up.api().act(DUTY, "", "raise", key, &call()).await.expect("an answer")
}

async fn checkpoint(up: &Up, place: &Installation) -> Signed {
    let answer = up.api().get(AUDITOR, "/api/v1/audit/checkpoint").await.expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text);
    Signed::open(answer.body["note"].as_str().expect("a note"), &trusted(place)).expect("a checkpoint")
}

#[tokio::test]
async fn an_officer_is_given_the_proof_that_a_fact_stands_in_the_log() {
    let place = Installation::new();
    place.configure(QUICK);
    let up = place.up().await;
    let api = up.api();
    let raised = raise(&up, "call-1").await;
    assert_eq!(raised.status, 201, "{}", raised.text);
    let case = raised.case().to_owned();
    let events = api.get(AUDITOR, &format!("/api/v1/cases/{case}/events")).await.unwrap();
    let Events { events } = serde_json::from_str(&events.text).unwrap();
    assert!(events.len() > 2);
    for event in &events {
        let proof = api.get(AUDITOR, &format!("/api/v1/audit/proof/{}", id(event))).await.unwrap();
        assert_eq!(proof.status, 200, "{}", proof.text);
        holds(&proof.body, event.get(), &trusted(&place));
    }
    let id = id(&events[0]);
    // Who may not see the case is told nothing, and the same as for what is not there.
    let path = format!("/api/v1/audit/proof/{id}");
    let stranger = api.get("sct.dau-moi", &path).await.unwrap();
    let nothing = api.get(AUDITOR, "/api/v1/audit/proof/0197f7a1-0000-7000-8000-000000000000").await.unwrap();
    for answer in [&stranger, &nothing] {
        assert_eq!((answer.status, answer.code()), (404, "NOT_FOUND"), "{}", answer.text);
    }
    assert_eq!(stranger.body["detail"], nothing.body["detail"]);

    // The same note stands in the file, in the stream and in the answer, and names all that is there.
    let size = api
        .plain(reqwest::Method::GET, "/readyz")
        .send()
        .await
        .unwrap()
        .json::<Value>()
        .await
        .unwrap()["log"]
        .as_u64();
    let signed = eventually(async || {
        let signed = checkpoint(&up, &place).await;
        if Some(signed.checkpoint.heads[0].size) == size { Ok(signed) } else { Err(signed.note) }
    })
    .await;
    assert_eq!(signed.checkpoint.origin, "concord.tinh.example");
    eventually(async || {
        let note = fs::read_to_string(place.data().join("audit/checkpoint")).unwrap_or_default();
        if Signed::open(&note, &trusted(&place))
            .is_ok_and(|kept| kept.checkpoint.number >= signed.checkpoint.number)
        {
            Ok(())
        } else {
            Err(note)
        }
    })
    .await;

    // A new start goes on where the last one ended.
    up.kill9().await;
    let up = place.up().await;
    let again = eventually(async || {
        let answer = up.api().get(AUDITOR, "/api/v1/audit/checkpoint").await.expect("an answer");
        if answer.status == 200 { Ok(answer) } else { Err(answer.text) }
    })
    .await;
    let again = Signed::open(again.body["note"].as_str().unwrap(), &trusted(&place)).unwrap();
    assert!(again.checkpoint.number >= signed.checkpoint.number);
    assert_eq!(findings(&up).await, Some(0.0));
}

/// The events of a case in their exact bytes.
#[derive(Deserialize)]
struct Events {
    events: Vec<Box<RawValue>>,
}

fn id(event: &RawValue) -> String {
    let event: Value = serde_json::from_str(event.get()).expect("JSON");
    event["id"].as_str().expect("an id").to_owned()
}

/// A proof holds of an event, by the standard alone.
fn holds(proof: &Value, event: &str, trusted: &Trusted) {
    let text = |name: &str| proof[name].as_str().expect("a text");
    let hash =
        |text: &str| Hash(BASE64.decode(text.as_bytes()).expect("base64").try_into().expect("32 bytes"));
    let signed = Signed::open(text("checkpoint"), trusted).expect("a checkpoint");
    let (size, root) = (signed.checkpoint.heads[0].size, signed.checkpoint.heads[0].root);
    let own = leaf(text("subject"), event.as_bytes());
    assert_eq!(own.to_string(), text("leaf"), "the leaf is made of the event's own bytes");
    let path: Vec<_> = proof["path"]
        .as_array()
        .expect("hashes")
        .iter()
        .map(|one| hash(one.as_str().expect("a hash")))
        .collect();
    check_inclusion(&path, size, root, proof["sequence"].as_u64().expect("a number") - 1, own)
        .expect("the proof holds");
}

async fn findings(up: &Up) -> Option<f64> {
    metric(up, "concord_audit_findings").await
}

async fn metric(up: &Up, name: &str) -> Option<f64> {
    let text = reqwest::get(up.metrics()).await.ok()?.text().await.ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// The folder of a stream in the server's store.
fn store(place: &Installation, stream: &str) -> PathBuf {
    place.data().join("nats/jetstream/$G/streams").join(stream)
}

/// The newest block of a stream's messages.
fn block(place: &Installation, stream: &str) -> PathBuf {
    let messages = fs::read_dir(store(place, stream).join("msgs")).expect("the messages");
    let blocks = messages.map(|entry| entry.expect("an entry").path());
    blocks.filter(|path| path.extension().is_some_and(|kind| kind == "blk")).max().expect("a block")
}

/// Flips a bit in the middle of a file.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(path, bytes).expect("written");
}

/// What is done to what is stored while nobody looks, and in which words it is found.
type Deed = (&'static str, fn(&Installation), &'static [&'static str]);

/// What nats-server makes of a damaged block is its own affair: it leaves out one message, or all from there on.
const LOST: &[&str] = &["is missing", "are missing", "cut off"];

const DEEDS: [Deed; 6] = [
    ("a bit of the log", |place| damage(&block(place, "CASES")), LOST),
    ("the end of the log", |place| cut(&block(place, "CASES")), LOST),
    ("the whole log", |place| fs::remove_dir_all(store(place, "CASES")).expect("gone"), &["cut off"]),
    ("a bit of the outbox", |place| damage(&block(place, "OUTBOX")), LOST),
    (
        "the checkpoints",
        |place| fs::remove_dir_all(store(place, "AUDIT")).expect("gone"),
        &["has none", "is number"],
    ),
    ("a file of the tree", |place| damage(&edge(place)), &["made anew"]),
];

/// The tile at the right edge of the tree over the log.
fn edge(place: &Installation) -> PathBuf {
    let folder = place.data().join("audit/cases/tile/0/000.p");
    fs::read_dir(folder).expect("the edge").next().expect("a tile").expect("an entry").path()
}

/// Cuts a tenth off the end of a file.
fn cut(path: &Path) {
    let mut bytes = fs::read(path).expect("a file");
    bytes.truncate(bytes.len() * 9 / 10);
    fs::write(path, bytes).expect("written");
}

/// A subcommand of the binary on an installation.
async fn command(place: &Installation, arguments: &[&str]) -> Said {
    let mut command = concord();
    finish(command.args(arguments).arg("--data").arg(place.data())).await
}

/// `concord audit verify --live`, with a checkpoint that was kept.
async fn verify(place: &Installation, kept: &Path) -> Said {
    let key = place.data().join("credentials/checkpoints/1.pub");
    let (key, kept) = (key.to_string_lossy(), kept.to_string_lossy());
    command(place, &["audit", "verify", "--live", "--key", &key, "--checkpoint", &kept]).await
}

/// An installation with a few cases, stopped; and the checkpoint that somebody has kept of it.
async fn with_cases() -> (Installation, TempDir) {
    let place = Installation::new();
    place.configure(QUICK);
    let up = place.up().await;
    for number in 0..3 {
        assert_eq!(raise(&up, &format!("call-{number}")).await.status, 201);
    }
    covered(&up).await;
    let elsewhere = tempfile::tempdir().expect("a temporary directory");
    let kept = elsewhere.path().join("kept");
    let keep = ["audit", "checkpoint", "--out", &kept.to_string_lossy()];
    command(&place, &keep).await.succeeded();
    let sound = verify(&place, &kept).await.succeeded();
    assert!(sound.contains("NOTHING WAS ALTERED"), "{sound}");
    // That it was verified is a message too: the checkpoint that is kept covers it.
    command(&place, &keep).await.succeeded();
    up.term().await;
    (place, elsewhere)
}

#[tokio::test]
async fn what_is_altered_while_nobody_looks_is_found_at_the_next_start() {
    for (what, deed, words) in DEEDS {
        let (place, elsewhere) = with_cases().await;
        deed(&place);
        let up = place.up().await;
        found(&place, &up, what, words).await;
        let status = command(&place, &["audit", "status"]).await;
        assert_eq!(status.code, Some(1), "{what}: {}", status.out);
        let verdict = verify(&place, &elsewhere.path().join("kept")).await;
        // The tree is made anew of the log, which is as it was.
        let holds = what == "a file of the tree";
        assert_eq!(verdict.code, Some(i32::from(!holds)), "{what}: {}", verdict.out);
        up.term().await;
    }
}

/// `CONCORD_TRIALS=300 cargo test -p concord --test audit -- at_random --nocapture` is the long run of docs/figures.
#[tokio::test]
async fn a_bit_flipped_in_the_store_at_random_is_found() {
    let trials = std::env::var("CONCORD_TRIALS").ok().and_then(|trials| trials.parse().ok()).unwrap_or(4);
    let (place, elsewhere) = with_cases().await;
    let (data, sound) = (place.data(), elsewhere.path().join("data"));
    copy(&data, &sound);
    let mut dice = StdRng::seed_from_u64(20_261_128);
    for trial in 0..trials {
        fs::remove_dir_all(&data).expect("gone");
        copy(&sound, &data);
        let stream = ["CASES", "OUTBOX", "ACCESS", "AUDIT"][trial % 4];
        let path = block(&place, stream);
        let mut bytes = fs::read(&path).expect("a block");
        let (at, bit) = (dice.random_range(0..bytes.len()), dice.random_range(0..8));
        bytes[at] ^= 1 << bit;
        fs::write(&path, bytes).expect("written");
        let up = place.up().await;
        let verdict = verify(&place, &elsewhere.path().join("kept")).await;
        assert_eq!(verdict.code, Some(1), "{stream}: byte {at}, bit {bit}: {}", verdict.out);
        // Its server ends with it: the store is put back before the next trial.
        up.term().await;
    }
    println!("{trials} of {trials} found");
}

/// Copies a folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let own = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &own);
        } else {
            fs::copy(&path, &own).expect("copied");
        }
    }
}

/// The self-check finds something, in one of these words.
async fn found(place: &Installation, up: &Up, what: &str, words: &[&str]) {
    eventually_within(Duration::from_mins(1), async || {
        let found = findings(up).await;
        let log = place.log();
        let told: Vec<_> =
            log.lines().filter(|line| line.contains("AUDIT: not as it was recorded")).collect();
        if found > Some(0.0) && told.iter().any(|line| words.iter().any(|word| line.contains(word))) {
            Ok(())
        } else {
            Err(format!("{what}: {found:?}: {told:#?}"))
        }
    })
    .await;
}

/// All that is stored is covered by a signed checkpoint.
async fn covered(up: &Up) {
    eventually(async || match metric(up, "concord_audit_unsigned_messages").await {
        Some(0.0) => Ok(()),
        unsigned => Err(format!("{unsigned:?}")),
    })
    .await;
}

#[tokio::test]
async fn what_is_altered_under_a_running_server_is_found_within_a_minute() {
    for (what, deed, words) in [DEEDS[0], DEEDS[3]] {
        let (place, _elsewhere) = with_cases().await;
        // The server forgets after ten seconds what nobody reads; sooner it would answer from memory.
        place.configure(&QUICK.replace("sweep_seconds = 1", "sweep_seconds = 15"));
        let up = place.up().await;
        deed(&place);
        found(&place, &up, what, words).await;
    }
}

#[tokio::test]
async fn a_second_office_is_sent_the_newest_checkpoint_each_day_and_can_use_it() {
    let relay = SmtpSink::start([]).await;
    let place = Installation::new();
    let witness = "\nwitness = [\"luu-giu@thanh-tra.example\"]\n[metrics]";
    place.configure(&format!("{}\n{}", QUICK.replace("\n[metrics]", witness), with_relay(relay.address())));
    let up = place.up().await;
    assert_eq!(raise(&up, "call-1").await.status, 201);
    covered(&up).await;
    up.api().set_clock("2026-05-17T17:00:00+07:00".parse().unwrap()).await.unwrap();
    let to_witness = |received: &[Received]| {
        received.iter().any(|mail| mail.to.contains(&"luu-giu@thanh-tra.example".to_owned()))
    };
    relay.until(to_witness).await;
    let mails = relay.received();
    let mail = mails.iter().find(|mail| mail.to.contains(&"luu-giu@thanh-tra.example".to_owned())).unwrap();
    let parsed = mail_parser::MessageParser::default().parse(&mail.data).unwrap();
    let text = parsed.body_text(0).unwrap().replace("\r\n", "\n");
    let note =
        text.split("----------------------------------------------------------------\n").nth(1).unwrap();
    let signed = Signed::open(note, &trusted(&place)).unwrap();
    assert!(signed.checkpoint.heads[0].size > 2, "{note}");

    let kept = place.data().join("kept");
    fs::write(&kept, note).unwrap();
    assert!(
        verify(&place, &kept).await.succeeded().contains("which was kept elsewhere, is the one that is here")
    );
}

#[tokio::test]
async fn a_new_key_takes_over_while_both_sign_and_the_old_one_is_enough_to_verify() {
    let place = Installation::new();
    place.configure(QUICK);
    let up = place.up().await;
    let keep = |name: &str| place.data().join(name).to_string_lossy().into_owned();
    let sign = async |call: &str, file: &str| {
        assert_eq!(raise(&up, call).await.status, 201);
        command(&place, &["audit", "checkpoint", "--out", &keep(file)]).await.succeeded();
        fs::read_to_string(keep(file)).expect("a checkpoint")
    };
    let signatures = |note: &str| note.lines().filter(|line| line.starts_with('—')).count();
    assert_eq!(signatures(&sign("call-1", "one").await), 1);
    command(&place, &["audit", "key", "rotate"]).await.succeeded();
    assert_eq!(signatures(&sign("call-2", "two").await), 2);
    command(&place, &["audit", "key", "retire"]).await.succeeded();
    assert_eq!(signatures(&sign("call-3", "three").await), 1);
    let shown = command(&place, &["audit", "key", "show"]).await.succeeded();
    assert_eq!((shown.lines().count(), shown.matches("(retired)").count()), (2, 1), "{shown}");

    command(&place, &["audit", "export", &keep("all.zip")]).await.succeeded();
    let keys = place.data().join("credentials/checkpoints");
    for kept in ["one", "three"] {
        let (old, kept) = (keys.join("1.pub").to_string_lossy().into_owned(), keep(kept));
        let verdict =
            command(&place, &["audit", "verify", "--live", "--key", &old, "--checkpoint", &kept]).await;
        assert_eq!(verdict.code, Some(0), "{}", verdict.out);
    }
}

/// The report of May is due on Friday the 15th at 17:00; nobody hands it in.
#[tokio::test]
async fn a_report_that_is_owed_is_mailed_proven_exported_and_replayed_as_a_case_is() {
    let relay = SmtpSink::start([]).await;
    let place = Installation::starting("2026-05-07T08:00:00+07:00");
    place.configure(&format!("{QUICK}\n{}", with_relay(relay.address())));
    let up = place.up().await;
    let api = up.api();
    api.set_clock("2026-05-15T17:00:00+07:00".parse().unwrap()).await.unwrap();
    let overdue = |received: &[Received]| {
        let subjects = received.iter().map(|mail| {
            let parsed = mail_parser::MessageParser::default().parse(&mail.data);
            parsed.and_then(|mail| mail.subject().map(str::to_owned)).unwrap_or_default()
        });
        let wanted = "[THƯỜNG] BC-2026-05 – Quá hạn cung cấp thông tin định kỳ (lần 1)";
        subjects.filter(|subject| subject == wanted).count() >= 2
    };
    relay.until(overdue).await;

    let read = async |path: &str| -> Value {
        let request = api.request(AUDITOR, reqwest::Method::GET, path);
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    };
    let listed = read("/api/v1/reports?month=2026-05&agency=UBND").await;
    assert_eq!(listed["duties"][0]["code"], "BC-2026-05", "{listed}");
    let report = listed["duties"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(read(&format!("/api/v1/reports/{report}")).await["state"], "open");
    let events = read(&format!("/api/v1/reports/{report}/events")).await;
    let event = events["events"][0]["id"].as_str().unwrap();
    covered(&up).await;
    let proof = format!("/api/v1/audit/proof/{event}");
    assert_eq!(api.get(AUDITOR, &proof).await.unwrap().status, 200);
    assert_eq!(api.get(DUTY, &proof).await.unwrap().status, 404, "it is not its to see");
    eventually(async || {
        let access = command(&place, &["audit", "access"]).await.succeeded();
        let noted = access.contains("opened BC-2026-05 of UBND")
            && access.contains("read the facts of BC-2026-05 of UBND")
            && access.contains("read the list of reports, briefings or projects");
        if noted { Ok(()) } else { Err(access) }
    })
    .await;

    let replayed = place.replay(&["--duty", &report]).await.succeeded();
    assert!(
        replayed.contains("reporting.overdue") && replayed.contains("level 1, owed by UBND"),
        "{replayed}"
    );
    assert!(
        replayed.contains("running: report 1 due 15/05 17:00, owed by UBND, overdue level 1"),
        "{replayed}"
    );
    assert!(replayed.contains(" facts, 1 duty: the chain is unbroken"), "{replayed}");
    let theirs = place.replay(&["--agency", "UBND"]).await.succeeded();
    assert!(theirs.contains("reporting.opened"), "{theirs}");

    let key = place.data().join("credentials/checkpoints/1.pub").to_string_lossy().into_owned();
    let verifier = support::top().join("tests/verifier/verify.py").to_string_lossy().into_owned();
    for (name, options) in [("one.zip", &["--duty", report.as_str()][..]), ("all.zip", &[])] {
        let file = place.data().join(name).to_string_lossy().into_owned();
        command(&place, &[&["audit", "export", &file][..], options].concat()).await.succeeded();
        let verdict = finish(concord().args(["audit", "verify", &file, "--key", &key])).await.succeeded();
        assert!(verdict.contains("and 1 regular duty") || name == "all.zip", "{verdict}");
        let mut python = tokio::process::Command::new("python3");
        finish(python.args([&verifier, &file, "--key", &key])).await.succeeded();
        let mut zip = zip::ZipArchive::new(fs::File::open(&file).unwrap()).unwrap();
        let page = std::io::read_to_string(zip.by_name("duties/001.html").unwrap()).unwrap();
        assert!(page.contains("Quá hạn báo cáo định kỳ"), "{page}");
    }
}
