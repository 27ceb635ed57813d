//! Exercises on a system that runs by the machine's clock: everything that they bring says what it is, and who answered in
//! what time is reported.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use chrono::TimeDelta;
use events::{DutyId, Timestamp};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use support::{
    Said,
    api::{Api, call_that_ended, letter},
    concord, finish,
    mails::Mail,
    process::{Installation, Up},
    top,
};
use testkit::{eventually, smtp::SmtpSink};
use tokio::process::Child;

const DUTY: &str = "btg.truc-ban";
const AUDITOR: &str = "btg.kiem-tra";

/// The drill that is shipped.
fn shipped() -> String {
    top().join("deploy/drills/telephone-call.txt").to_string_lossy().into_owned()
}

/// `concord drill` on a data directory.
async fn drill(place: &Installation, options: &[&str]) -> Said {
    finish(concord().arg("drill").args(options).arg("--data").arg(place.data())).await
}

/// `concord drill` at an address, as whom a file has the token.
async fn drill_at(up: &Up, token: &Path, options: &[&str]) -> Said {
    finish(concord().arg("drill").args(options).args(["--url", up.http(), "--token"]).arg(token)).await
}

fn taken(relay: &SmtpSink) -> Vec<Mail> {
    relay.accepted().iter().map(|mail| Mail::parse(&mail.data)).collect()
}

/// The mails of a case, once each was taken by the relay.
async fn sent(api: &Api, case: &str) -> Vec<Value> {
    eventually(async || {
        let told = api.get(AUDITOR, &format!("/api/v1/cases/{case}/mails")).await.expect("an answer");
        let mails = told.body["mails"].as_array().cloned().unwrap_or_default();
        let is_sent = |mail: &Value| {
            mail["states"].as_array().is_some_and(|all| all.iter().any(|is| is["state"] == "sent"))
        };
        if !mails.is_empty() && mails.iter().all(is_sent) { Ok(mails) } else { Err(told.text) }
    })
    .await
}

#[tokio::test]
async fn a_technical_drill_goes_the_whole_way_and_nothing_of_it_looks_real() {
    let relay = SmtpSink::start([]).await;
    let place = Installation::by_the_machines_clock();
    place.mail_to(relay.address());
    let up = place.up().await;
    let out = place.data().join("drill.md");
    let out = out.to_string_lossy();
    let said = drill(&place, &["--play", &shipped(), "--json", "--out", &out]).await.succeeded();
    let said: Value = serde_json::from_str(&said).expect("JSON alone");
    let report = &said["exercises"][0];
    let case = report["case"].as_str().expect("a case");

    let api = up.api();
    let seen = api.get(DUTY, &format!("/api/v1/cases/{case}")).await.expect("an answer").body;
    assert_eq!((&seen["exercise"], &seen["state"]), (&json!(true), &json!("closed")));
    let listed = api.get(DUTY, "/api/v1/cases").await.expect("an answer").body;
    assert_eq!(listed["cases"][0]["exercise"], true, "{listed}");

    let asked = report["asked"].as_array().expect("what was asked");
    let what: Vec<_> = asked.iter().map(|each| each["what"].as_str().expect("a name")).collect();
    assert_eq!(what, ["callback", "written", "ack", "ack", "position", "compare", "closure"]);
    for each in asked {
        assert_eq!(each["verdict"], "on-time", "{each}");
        assert!(each["answer"]["at"].is_string() && each["answer"]["after"].is_u64(), "{each}");
    }
    let page = fs::read_to_string(&*out).expect("the page");
    let code = seen["code"].as_str().expect("a number");
    assert!(page.starts_with(&format!("# DIỄN TẬP – Báo cáo kết quả diễn tập {code}\n")), "{page}");
    for words in [
        "trả lời đúng hạn: 7",
        "| Gọi lại xác minh (1) | Ban Tuyên giáo và Dân vận Tỉnh ủy |",
        "answered on time: 7",
        "| Đúng hạn |",
    ] {
        assert!(page.contains(words), "{words} is not in {page}");
    }

    let entered = sent(&api, case).await;
    assert!(entered.len() > 5 && entered.iter().all(|mail| mail["exercise"] == true), "{entered:?}");
    let arrived = taken(&relay);
    assert_eq!(arrived.len(), entered.len());
    for mail in arrived {
        assert!(mail.subject.starts_with("[DIỄN TẬP] [HỎA TỐC] "), "{}", mail.subject);
        assert!(mail.text.starts_with("ĐÂY LÀ DIỄN TẬP, không phải vụ việc thật."), "{}", mail.text);
    }

    // Each drill is a case of its own, with documents of its own.
    let again = drill(&place, &["--play", &shipped()]).await.succeeded();
    assert!(again.contains("VV-") && !again.contains(code), "{again}");
}

#[tokio::test]
async fn a_drill_that_nobody_answers_fails_and_says_who_has_not() {
    let place = Installation::by_the_machines_clock();
    let up = place.up().await;
    let token = up.token_of(DUTY);
    let said = drill_at(&up, &token, &[&shipped(), "--for", "1s"]).await;
    assert_eq!(said.code, Some(1), "{}", said.err);
    for line in [
        "| Gọi lại xác minh (1) | Ban Tuyên giáo và Dân vận Tỉnh ủy |",
        "| Văn bản xác nhận (1) | Sở Nông nghiệp và Môi trường |",
        "| Xác nhận tiếp nhận (2) | Ủy ban nhân dân tỉnh |",
        "trả lời đúng hạn: 0; trả lời muộn: 0; chưa trả lời: 4",
        "Chưa trả lời, chưa đến hạn",
        "Vụ việc diễn tập chưa kết thúc",
    ] {
        assert!(said.out.contains(line), "{line} is not in {}", said.out);
    }

    // One of them answers: the report of the same exercise knows it.
    let api = up.api();
    let listed = api.get(DUTY, "/api/v1/cases").await.expect("an answer").body;
    let (case, code) = (&listed["cases"][0]["id"], &listed["cases"][0]["code"]);
    let (case, code) = (case.as_str().expect("an id"), code.as_str().expect("a number"));
    let verified = json!({ "result": "verified" });
    let done = api.act(DUTY, case, "verify-callback", "answer", &verified).await.expect("an answer");
    assert_eq!(done.status, 200, "{}", done.text);
    let said = drill(&place, &["--case", code]).await;
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.out.contains("trả lời đúng hạn: 1; trả lời muộn: 0; chưa trả lời: 3"), "{}", said.out);
}

/// A drill that waits for an hour, and what it has said so far.
struct Waiting {
    child: Child,
    said: PathBuf,
    errors: PathBuf,
}

impl Waiting {
    fn start(place: &Installation, options: &[&str]) -> Self {
        let [said, errors] = ["said.txt", "errors.txt"].map(|name| place.data().join(name));
        let mut drill = concord();
        drill.args(["drill", &shipped(), "--for", "1h"]).args(options).arg("--data").arg(place.data());
        drill.stdout(File::create(&said).expect("a file")).stderr(File::create(&errors).expect("a file"));
        Self { child: drill.spawn().expect("the binary starts"), said, errors }
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.said).expect("what it said")
    }

    async fn says(&self, words: &str) {
        eventually(async || if self.said().contains(words) { Ok(()) } else { Err(self.said()) }).await;
    }

    fn is_told(&self, signal: Signal) {
        tell(self.child.id().expect("a running process"), signal);
    }

    /// Its exit code, and its last word.
    async fn ends(mut self) -> (Option<i32>, String) {
        let ended = self.child.wait().await.expect("it ends");
        (ended.code(), fs::read_to_string(&self.errors).expect("what it said"))
    }
}

fn tell(process: u32, signal: Signal) {
    kill_process(Pid::from_raw(process.cast_signed()).expect("a process"), signal).expect("it can be told");
}

#[tokio::test]
async fn what_cannot_be_read_for_a_while_does_not_end_a_drill_and_ctrl_c_brings_its_report() {
    let place = Installation::by_the_machines_clock();
    let up = place.up().await;
    let [token, away] = [up.token_of(AUDITOR), place.data().join("away")];
    let drill = Waiting::start(&place, &[]);
    drill.says("  0 phút").await;
    fs::rename(&token, &away).expect("it can be moved");
    drill.says("… the token").await;
    fs::rename(&away, &token).expect("it can be moved");
    let api = up.api();
    let listed = api.get(DUTY, "/api/v1/cases").await.expect("an answer").body;
    let case = listed["cases"][0]["id"].as_str().expect("an id");
    let verified = json!({ "result": "verified" });
    let done = api.act(DUTY, case, "verify-callback", "answer", &verified).await.expect("an answer");
    assert_eq!(done.status, 200, "{}", done.text);
    drill.says("Gọi lại: đã xác minh").await;
    drill.is_told(Signal::INT);
    drill.says("trả lời đúng hạn: 1; trả lời muộn: 0; chưa trả lời: 3").await;
    assert_eq!(drill.ends().await.0, Some(1));
}

#[tokio::test]
async fn a_drill_that_gets_no_report_says_how_to_get_it() {
    let place = Installation::by_the_machines_clock();
    let up = place.up().await;
    let drill = Waiting::start(&place, &[]);
    drill.says("  0 phút").await;
    let listed = up.api().get(DUTY, "/api/v1/cases").await.expect("an answer").body;
    let code = listed["cases"][0]["code"].as_str().expect("a number");
    // Its server hangs: Ctrl-C is heard all the same, while it waits and while it reports.
    tell(up.id(), Signal::STOP);
    let mut child = drill.child;
    let ended = eventually(async || {
        let ended = child.try_wait().expect("it can be asked");
        if ended.is_none() {
            tell(child.id().expect("a running process"), Signal::INT);
        }
        ended.ok_or("it has not ended")
    })
    .await;
    tell(up.id(), Signal::CONT);
    assert_eq!(ended.code(), Some(1));
    let said = fs::read_to_string(drill.errors).expect("what it said");
    let on = format!("{code} was raised: report on it with `concord drill --case {code} --data ");
    assert!(said.contains("stopped before the report was there") && said.contains(&on), "{said}");
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_said_before_anything_is_raised() {
    let place = Installation::by_the_machines_clock();
    let up = place.up().await;
    let said = drill(&place, &[&shipped(), "--for", "1s", "--out", "/nowhere/drill.md"]).await;
    assert!(said.code == Some(1) && said.err.contains("/nowhere/drill.md: No such file"), "{}", said.err);
    let listed = up.api().get(DUTY, "/api/v1/cases").await.expect("an answer").body;
    assert_eq!(listed["cases"], json!([]));
}

#[tokio::test]
async fn what_cannot_be_drilled_is_refused_with_a_reason() {
    let place = Installation::by_the_machines_clock();
    let gone = drill(&place, &[&shipped()]).await;
    assert!(gone.code == Some(1) && gone.err.contains("start `concord up`"), "{}", gone.err);
    let up = place.up().await;
    let api = up.api();
    let now = api.time().await;
    let raised = api.act(DUTY, "", "raise", "real", &call_that_ended(now)).await.expect("an answer");
    assert_eq!(raised.status, 201, "{}", raised.text);
    let of_real = drill(&place, &["--case", raised.case()]).await;
    assert!(
        of_real.code == Some(1) && of_real.err.contains("is a real case, no exercise"),
        "{}",
        of_real.err
    );
    let of_none = drill(&place, &["--case", "VV-2026-99999"]).await;
    assert!(of_none.err.contains("there is none, or"), "{}", of_none.err);

    let still = place.data().join("still.txt");
    fs::write(&still, "title: Nothing\nstart: 16/05/2026 21:52\n16/05/2026 22:00  --\n").expect("a file");
    let said = drill(&place, &[&still.to_string_lossy()]).await;
    assert!(said.err.contains("no step raises a case"), "{}", said.err);

    let played = drill_at(&up, &up.token_of(DUTY), &["--play", &shipped()]).await;
    assert!(played.err.contains("one token acts for one"), "{}", played.err);
    let wrong = place.data().join("wrong");
    fs::write(&wrong, "nobody's").expect("a file");
    let refused = drill_at(&up, &wrong, &[&shipped()]).await;
    assert!(refused.code == Some(1) && refused.err.contains("the token is not accepted"), "{}", refused.err);
    let not_his = drill_at(&up, &up.token_of("snnmt.van-thu"), &[&shipped()]).await;
    assert!(not_his.code == Some(1) && not_his.err.contains("may not do that"), "{}", not_his.err);
}

#[tokio::test]
async fn a_digest_marks_an_exercise_and_no_agenda_counts_it() {
    let relay = SmtpSink::start([]).await;
    let place = Installation::starting("2026-05-12T16:00:00+07:00");
    place.mail_to(relay.address());
    let up = place.up().await;
    let api = up.api();
    let mut cases = Vec::new();
    for (number, exercise) in [(1, true), (2, false)] {
        let mut letter = letter(number);
        letter["urgency"] = json!("thuong");
        letter["document"]["date"] = json!("2026-05-12");
        letter["exercise"] = json!(exercise);
        let key = format!("letter {number}");
        let raised = api.act("snnmt.dau-moi", "", "raise", &key, &letter).await.expect("an answer");
        assert_eq!(raised.status, 201, "{}", raised.text);
        cases.push(raised.case().to_owned());
    }
    let morning: Timestamp = "2026-05-13T08:00:00+07:00".parse().expect("a time");
    api.set_clock(morning + TimeDelta::minutes(1)).await.expect("the clock can be set");
    let digests: Vec<_> =
        taken(&relay).into_iter().filter(|mail| mail.subject.contains("[TỔNG HỢP]")).collect();
    assert!(!digests.is_empty());
    for digest in &digests {
        let marked =
            digest.text.lines().filter(|line| line.contains(". [DIỄN TẬP] VV-2026-00001 – ")).count();
        assert!(marked > 0 && !digest.text.contains(". VV-2026-00001"), "{}", digest.text);
        assert!(digest.text.contains(". VV-2026-00002"), "{}", digest.text);
        assert!(
            !digest.subject.contains("DIỄN TẬP"),
            "what is real besides is not hidden: {}",
            digest.subject
        );
    }
    let briefing = format!("/api/v1/briefings/{}", DutyId::of_briefing(2026, 5));
    let agenda = api.get(AUDITOR, &briefing).await.expect("an answer");
    assert!(agenda.text.contains(&cases[1]), "the real case is on the agenda: {}", agenda.text);
    assert!(!agenda.text.contains(&cases[0]), "the exercise is not: {}", agenda.text);
}
