//! Mail as a leader and an operator meet it: through an outage, in the morning, when it does not arrive, and in the
//! ledger of the case.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

#[path = "mail/many.rs"]
mod many;

use std::{fs, net::SocketAddr, path::Path, time::Instant};

use bus::{Principal, outbox::State};
use chrono::TimeDelta;
use events::Timestamp;
use serde_json::{Value, json};
use support::{
    api::{Answer, Api, call, call_that_ended, letter},
    concord, finish,
    mails::{self, Mail},
    process::{Installation, Up, with_relay},
};
use testkit::{eventually, smtp::SmtpSink};

const DUTY: &str = "btg.truc-ban";
const RAISER: &str = "snnmt.dau-moi";

/// The morning after which the letters of the tests are dated.
const MONDAY: &str = "2026-05-18T09:00:00+07:00";

/// A configuration with a relay and metrics.
fn measured(relay: &SmtpSink) -> String {
    measured_at(relay.address())
}

fn measured_at(relay: SocketAddr) -> String {
    format!("{}\n[metrics]\nlisten = \"127.0.0.1:0\"\n", with_relay(relay))
}

async fn raise(api: &Api, officer: &str, key: &str, body: &Value) -> String {
    let raised = api.act(officer, "", "raise", key, body).await.expect("an answer");
    assert_eq!(raised.status, 201, "{}", raised.text);
    raised.case().to_owned()
}

/// The mails that a relay has taken, in their order.
fn taken(relay: &SmtpSink) -> Vec<Mail> {
    relay.accepted().iter().map(|mail| Mail::parse(&mail.data)).collect()
}

/// Waits until every entry of the outbox has come to its end.
async fn all_done(up: &Up) {
    let bus = up.connect(Principal::Notifier).await;
    eventually(async || {
        let entries = mails::outbox(&bus).await;
        let ends = |state: Option<&State>| {
            matches!(state, Some(State::Sent { .. } | State::Gathered { .. } | State::Bounced { .. }))
        };
        let open = entries.values().filter(|entry| !ends(entry.states.last())).count();
        if open == 0 && !entries.is_empty() {
            Ok(())
        } else {
            Err(format!("{open} of {} are open", entries.len()))
        }
    })
    .await;
}

async fn ledger(api: &Api, officer: &str, case: &str) -> Vec<Value> {
    let told: Answer = api.get(officer, &format!("/api/v1/cases/{case}/mails")).await.expect("an answer");
    assert_eq!(told.status, 200, "{}", told.text);
    told.body["mails"].as_array().expect("mails").clone()
}

fn states(mail: &Value) -> Vec<&str> {
    mail["states"]
        .as_array()
        .expect("states")
        .iter()
        .map(|state| state["state"].as_str().expect("a name"))
        .collect()
}

async fn advance(api: &Api, by: TimeDelta) -> Timestamp {
    let to = api.time().await + by;
    api.set_clock(to).await.expect("the clock can be set");
    to
}

#[tokio::test]
async fn after_six_hours_without_a_relay_all_mail_comes_within_two_minutes_the_most_urgent_first() {
    let relay = SmtpSink::start([]).await;
    let address = relay.address();
    drop(relay);
    let place = Installation::starting(MONDAY);
    place.mail_to(address);
    let up = place.up().await;
    let api = up.api();
    for number in 1..=3 {
        raise(&api, RAISER, &format!("letter {number}"), &letter(number)).await;
    }
    raise(&api, DUTY, "call", &call_that_ended(api.time().await)).await;
    advance(&api, TimeDelta::hours(6)).await;
    let bus = up.connect(Principal::Notifier).await;
    let waiting = mails::outbox(&bus).await;
    assert!(waiting.len() > 10, "only {} entries", waiting.len());
    assert!(waiting.values().all(|entry| entry.sent().is_none()));
    let why = waiting.values().flat_map(|entry| &entry.states).find_map(|state| match state {
        State::Waiting { reply } => Some(reply.clone()),
        _ => None,
    });
    let why = why.expect("one that asked for the relay");
    assert!(why.starts_with("cannot connect to"), "{why}");

    let relay = SmtpSink::start_on(address, []).await;
    let back = Instant::now();
    all_done(&up).await;
    assert!(back.elapsed().as_secs() < 120, "it took {:?}", back.elapsed());
    let arrived = taken(&relay);
    assert!(arrived[0].subject.starts_with("[HỎA TỐC]"), "{}", arrived[0].subject);
    // Each came once, none is marked: nothing was handed over while the relay was away.
    let entries = mails::outbox(&bus).await;
    assert_eq!(arrived.len(), entries.len());
    assert!(entries.values().all(|entry| entry.sent() == Some(false)));
}

#[tokio::test]
async fn what_is_not_urgent_comes_in_one_mail_in_the_morning_also_after_a_crash() {
    let relay = SmtpSink::start([]).await;
    let place = Installation::starting(MONDAY);
    place.configure(&measured(&relay));
    let up = place.up().await;
    let mut cases = Vec::new();
    for number in 1..=2 {
        let mut letter = letter(number);
        letter["urgency"] = json!("thuong");
        cases.push(raise(&up.api(), RAISER, &format!("letter {number}"), &letter).await);
    }
    let api = up.api();
    let entered = eventually(async || {
        let mails = ledger(&api, "btg.dau-moi", &cases[1]).await;
        if mails.is_empty() { Err("nothing is entered".to_owned()) } else { Ok(mails) }
    })
    .await;
    assert_eq!(states(&entered[0]), ["queued"]);
    let morning = entered[0]["states"][0]["digest_at"].as_str().expect("a morning").to_owned();
    assert!(morning.ends_with("00:30:00Z"), "{morning}");
    up.kill9().await;
    assert_eq!(relay.received(), []);

    let up = place.up().await;
    let api = up.api();
    let nine: Timestamp = morning.parse::<Timestamp>().unwrap() + TimeDelta::minutes(1);
    // Once it is known again what waits, the clock stops at the morning.
    let bus = up.connect(Principal::Notifier).await;
    eventually(async || {
        let metrics = reqwest::get(up.metrics()).await.map_err(|error| error.to_string())?;
        let text = metrics.text().await.map_err(|error| error.to_string())?;
        let open = text.lines().find(|line| line.starts_with("concord_mail_open ")).unwrap_or_default();
        if open.ends_with(" 0") || open.is_empty() { Err(open.to_owned()) } else { Ok(()) }
    })
    .await;
    api.set_clock(nine).await.expect("the clock can be set");
    all_done(&up).await;
    let arrived = taken(&relay);
    // For each case that it is assigned, and that the acknowledgement falls due.
    let mine: Vec<_> = arrived.iter().filter(|mail| mail.to == "dau-moi@btg.tinh.example").collect();
    let [digest] = *mine else { panic!("{mine:?}") };
    assert_eq!(digest.subject, "[TỔNG HỢP] 19/5/2026 – 4 nội dung cần xem");
    for case in &cases {
        assert!(digest.text.contains(case), "{}", digest.text);
    }
    let said = ledger(&api, "btg.dau-moi", &cases[0]).await;
    assert_eq!(states(&said[0]), ["queued", "gathered", "attempting", "sent"]);
    let entries = mails::outbox(&bus).await;
    let gathered =
        entries.values().filter(|entry| matches!(entry.states.last(), Some(State::Gathered { .. })));
    assert_eq!(gathered.count() + arrived.len(), entries.len());
}

/// A report of failure about a mail, as Postfix writes it, put where the mail server puts it.
fn report(maildir: &Path, sender: &str) {
    let text = format!(
        "From: MAILER-DAEMON@relay.example\r\nTo: {sender}\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"B\"\r\n\r\n--B\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\n\
         Final-Recipient: rfc822; lanh-dao@btg.tinh.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n\r\n--B--\r\n"
    );
    fs::write(maildir.join("tmp/1"), text).expect("the report can be written");
    fs::rename(maildir.join("tmp/1"), maildir.join("new/1")).expect("the report can be delivered");
}

#[tokio::test]
async fn a_mail_that_comes_back_is_no_longer_said_to_have_arrived_and_the_liaison_unit_is_told() {
    let relay = SmtpSink::start([]).await;
    let (place, maildir) = (Installation::new(), tempfile::tempdir().unwrap());
    let bounces = format!("[mail]\nbounces = \"{}\"\n\n[mail.smtp]", maildir.path().display());
    place.configure(&with_relay(relay.address()).replace("[mail.smtp]", &bounces));
    let up = place.up().await;
    let api = up.api();
    let case = raise(&api, DUTY, "call", &call()).await;
    all_done(&up).await;
    let received = relay.accepted();
    let to_leader =
        received.iter().find(|mail| mail.to == ["lanh-dao@btg.tinh.example"]).expect("to the leader");
    let (local, domain) = to_leader.from.split_once('@').unwrap();
    assert!(local.starts_with("phoi-hop+") && domain == "tinh.example", "{}", to_leader.from);

    report(maildir.path(), &to_leader.from);
    let told = eventually(async || {
        let mails = ledger(&api, "btg.dau-moi", &case).await;
        let failure =
            mails.iter().find(|mail| mail["alert"] == "E25").filter(|mail| states(mail).ends_with(&["sent"]));
        failure.cloned().ok_or_else(|| format!("{mails:?}"))
    })
    .await;
    assert_eq!(told["office"], "BTG.TT.TP", "the head of the liaison unit");
    let mails = ledger(&api, "btg.dau-moi", &case).await;
    let returned =
        mails.iter().find(|mail| mail["office"] == "BTG.LD" && mail["alert"] == "E01").expect("it");
    assert_eq!(states(returned), ["queued", "attempting", "sent", "bounced"]);
    assert_eq!(returned["states"][3]["reply"], "5.1.1 550 5.1.1 User unknown");
    assert_eq!(returned["states"][3]["title"], "Không đến được người nhận");
    eventually(async || {
        let laid_aside = fs::read_dir(maildir.path().join("cur")).unwrap().count();
        if laid_aside == 1 { Ok(()) } else { Err("the report is not laid aside") }
    })
    .await;
}

async fn mail_command(place: &Installation, arguments: &[&str]) -> String {
    let mut command = concord();
    let said = finish(command.arg("mail").args(arguments).arg("--data").arg(place.data())).await;
    said.succeeded()
}

#[tokio::test]
async fn while_sending_is_off_mail_is_entered_and_waits() {
    let relay = SmtpSink::start([]).await;
    let place = Installation::new();
    place.configure(&measured(&relay));
    let up = place.up().await;
    assert!(mail_command(&place, &["status"]).await.starts_with("Sending is on."));
    mail_command(&place, &["hold", "--why", "khôi phục dữ liệu"]).await;
    eventually(async || {
        let text = reqwest::get(up.metrics()).await.unwrap().text().await.unwrap();
        if text.contains("concord_mail_goes 0") { Ok(()) } else { Err("it still goes") }
    })
    .await;
    let case = raise(&up.api(), DUTY, "call", &call()).await;
    let entered = eventually(async || {
        let mails = ledger(&up.api(), "btg.dau-moi", &case).await;
        if mails.is_empty() { Err("nothing is entered") } else { Ok(mails) }
    })
    .await;
    assert!(entered.iter().all(|mail| states(mail) == ["queued"]), "{entered:?}");
    let status = mail_command(&place, &["status"]).await;
    assert!(status.contains("OFF") && status.contains("khôi phục dữ liệu"), "{status}");
    assert_eq!(relay.received(), [], "nothing but the probe has come by");
    mail_command(&place, &["release", "--why", "đã kiểm tra"]).await;
    all_done(&up).await;
    assert!(!relay.accepted().is_empty());
}

#[tokio::test]
async fn the_ledger_shows_ones_own_agency_who_was_told_what_and_who_has_looked_since() {
    let relay = SmtpSink::start([]).await;
    let place = Installation::new();
    place.mail_to(relay.address());
    let up = place.up().await;
    let api = up.api();
    let case = raise(&api, DUTY, "call", &call()).await;
    all_done(&up).await;
    let to_leader = |mails: &[Value]| {
        mails
            .iter()
            .find(|mail| mail["office"] == "BTG.LD" && mail["alert"] == "E01")
            .expect("to the leader")
            .clone()
    };
    let before = to_leader(&ledger(&api, "btg.dau-moi", &case).await);
    assert_eq!(states(&before), ["queued", "attempting", "sent"]);
    assert_eq!(before["title"], "Tiếp nhận vụ việc qua điện thoại");
    let reply = before["states"][2]["reply"].as_str().expect("the relay's words");
    assert!(reply.starts_with("250 "), "{reply}");
    assert_eq!(before["opened"], json!([]));
    let known: Vec<_> = taken(&relay).into_iter().map(|mail| mail.id).collect();
    let id = before["id"].as_str().unwrap();
    assert!(known.iter().any(|known| known.split('@').next() == Some(id)), "{id} in {known:?}");

    // The leader opens the case, twice: that is one opening.
    for _ in 0..2 {
        api.get("btg.lanh-dao", &format!("/api/v1/cases/{case}")).await.expect("an answer");
    }
    let opened = eventually(async || {
        let opened = to_leader(&ledger(&api, "btg.dau-moi", &case).await)["opened"].clone();
        if opened == json!([]) { Err("nobody has opened it") } else { Ok(opened) }
    })
    .await;
    assert_eq!(opened.as_array().map(Vec::len), Some(1), "{opened}");
    assert_eq!(opened[0]["officer"], "btg.lanh-dao");

    let read = api.request("btg.dau-moi", reqwest::Method::GET, &format!("/api/v1/cases/{case}/mails"));
    let text =
        read.header("Accept", "text/plain").send().await.expect("an answer").text().await.expect("a text");
    assert!(text.starts_with("SỔ THƯ CỦA VỤ VIỆC VV-2026-00001\nTrích lúc 16/05/2026 21:52:00\n"), "{text}");
    for line in
        ["Máy chủ thư đã nhận: 250 ", "Gửi: Trưởng Ban Tuyên giáo và Dân vận Tỉnh ủy <", "Đã mở vụ việc: "]
    {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    println!("{text}");

    let agencies = |mails: &[Value]| {
        let all: std::collections::BTreeSet<_> =
            mails.iter().map(|mail| mail["agency"].as_str().unwrap().to_owned()).collect();
        all.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(agencies(&ledger(&api, "btg.dau-moi", &case).await), ["BTG"]);
    assert_eq!(agencies(&ledger(&api, RAISER, &case).await), ["SNNMT"]);
    assert_eq!(agencies(&ledger(&api, "btg.kiem-tra", &case).await), ["BTG", "SNNMT", "UBND"]);
    let stranger = api.get("syt.dau-moi", &format!("/api/v1/cases/{case}/mails")).await.expect("an answer");
    assert_eq!(stranger.status, 404, "{}", stranger.text);
}

#[tokio::test]
async fn an_exercise_says_so_first() {
    let relay = SmtpSink::start([]).await;
    let place = Installation::new();
    place.mail_to(relay.address());
    let up = place.up().await;
    let mut exercise = call();
    exercise["exercise"] = json!(true);
    let case = raise(&up.api(), DUTY, "call", &exercise).await;
    all_done(&up).await;
    for mail in taken(&relay) {
        assert!(mail.subject.starts_with("[DIỄN TẬP] [HỎA TỐC] VV-2026-00001 – "), "{}", mail.subject);
        assert!(mail.text.starts_with("ĐÂY LÀ DIỄN TẬP, không phải vụ việc thật."), "{}", mail.text);
    }
    let mails = ledger(&up.api(), "btg.dau-moi", &case).await;
    assert!(!mails.is_empty() && mails.iter().all(|mail| mail["exercise"] == true), "{mails:?}");
}
