//! What a dispute gives to read, and to whom: the statements once the seal is broken, the dossier once it has gone up.

#![expect(clippy::unwrap_used, reason = "what cannot go on has failed")]

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use chrono::TimeDelta;
use events::{Digest, Kind};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use support::{
    api::{Answer, Api, send},
    process::Installation,
    story::Story,
};

/// The facts of a case, in the bytes in which they came.
#[derive(Deserialize)]
struct Events<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

/// Who reads the statement of side B as its own.
const OWN: [&str; 4] = ["sxd.lanh-dao", "sxd.dau-moi", "ubnd.lanh-dao", "ubnd.van-thu"];

/// Who does not; the auditor is of none.
const OTHERS: [&str; 4] = ["btg.lanh-dao", "btg.dau-moi", "btg.van-thu", "btg.kiem-tra"];

/// Reads what is below a case.
async fn read(api: &Api, officer: &str, case: &str, below: &str) -> Answer {
    api.get(officer, &format!("/api/v1/cases/{case}{below}")).await.unwrap()
}

/// The first fact of a type, shown or sealed.
fn of_kind(events: &Value, kind: Kind) -> Option<&Value> {
    events["events"].as_array()?.iter().find(|fact| fact["type"] == kind.ce_type())
}

/// What an officer is shown of the only statement, in the case and among its facts: the same in both.
async fn statement(api: &Api, officer: &str, story: &Story) -> Option<Value> {
    let words = story.body("file-statement")["statement"].clone();
    let case = read(api, officer, &story.case, "").await;
    let shown = &case.body["escalation"]["dossiers"][0]["statements"][0];
    assert_eq!((&shown["side"], &shown["agency"]), (&json!("B"), &json!("SXD")), "{officer}");
    assert_eq!(shown["sealed"], shown["statement"].is_null(), "{officer}");
    let events = read(api, officer, &story.case, "/events").await;
    let fact = of_kind(&events.body, Kind::StatementFiled).unwrap();
    assert_eq!(fact["data"]["statement"], shown["statement"], "{officer}");
    for heading in ["facts", "position", "legal_basis", "requested_decision"] {
        let text = words[heading].as_str().unwrap();
        for answer in [&case, &events] {
            assert_eq!(answer.text.contains(text), !shown["statement"].is_null(), "{officer}: {heading}");
        }
    }
    Some(shown["statement"].clone()).filter(|said| !said.is_null())
}

#[tokio::test]
async fn a_side_reads_the_other_s_statement_once_both_are_in() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let mut story = Story::highway();
    story.up_to(&api, "file-statement").await;
    story.go_on(&api).await;
    let words = story.body("file-statement")["statement"].clone();
    for officer in OWN {
        assert_eq!(statement(&api, officer, &story).await.as_ref(), Some(&words), "{officer}");
    }
    for officer in OTHERS {
        assert_eq!(statement(&api, officer, &story).await, None, "{officer}");
    }
    // Looking back does not break the seal, and once it is broken it is not there.
    let filed = api.clock().await.unwrap();
    stands_back(&api, &story.case, filed, &words["facts"], false).await;
    // A fact that follows on the sealed one names it by its digest.
    let text = json!({ "text": "Thông tin chung sau khi thống nhất số liệu." });
    let proposed = api.act("sxd.lanh-dao", &story.case, "propose-settlement", "settle", &text).await.unwrap();
    assert_eq!(proposed.status, 202, "{}", proposed.text);
    the_stub_keeps_the_chain(&api, &story.case).await;

    story.up_to(&api, "withdraw").await;
    stands_back(&api, &story.case, filed, &words["facts"], true).await;
    let whole = read(&api, "sxd.lanh-dao", &story.case, "/events").await;
    for officer in OWN.into_iter().chain(OTHERS).chain(["tu.thu-ky"]) {
        assert_eq!(statement(&api, officer, &story).await.as_ref(), Some(&words), "{officer}");
        let case = read(&api, officer, &story.case, "").await;
        let other = &case.body["escalation"]["dossiers"][0]["statements"][1];
        assert_eq!((&other["side"], &other["sealed"]), (&json!("A"), &json!(false)), "{officer}");
        assert_eq!(read(&api, officer, &story.case, "/events").await.text, whole.text, "{officer}");
    }
}

/// What is read of a statement as of the time at which it was filed is what may be read of it today.
async fn stands_back(api: &Api, case: &str, at: events::Timestamp, facts: &Value, open: bool) {
    for officer in OTHERS {
        for below in ["", "/events"] {
            let request = api.request(officer, Method::GET, &format!("/api/v1/cases/{case}{below}"));
            let answer = send(request.query(&[("at", at.to_rfc3339())])).await.unwrap();
            let reads = answer.text.contains(facts.as_str().unwrap());
            assert_eq!((answer.status, reads), (200, open), "{officer} {below}: {}", answer.text);
        }
        let request = api.request(officer, Method::GET, &format!("/api/v1/cases/{case}"));
        let then = send(request.query(&[("at", at.to_rfc3339())])).await.unwrap();
        let dossier = &then.body["escalation"]["dossiers"][0];
        assert_eq!(dossier["statements"].as_array().unwrap().len(), 1, "{officer}");
        assert_eq!((&dossier["sealed"], &dossier["statements"][0]["sealed"]), (&json!(!open), &json!(!open)));
    }
}

/// The stub says what happened and when; and its digest, which is that of the bytes that are not shown.
async fn the_stub_keeps_the_chain(api: &Api, case: &str) {
    let whole = read(api, "sxd.lanh-dao", case, "/events").await;
    let Events { events } = serde_json::from_str(&whole.text).unwrap();
    let filed = of_kind(&whole.body, Kind::StatementFiled).unwrap();
    let at = whole.body["events"].as_array().unwrap().iter().position(|fact| fact == filed).unwrap();
    let stored = events[at].get();
    for officer in OTHERS {
        let told = read(api, officer, case, "/events").await;
        let told = told.body["events"].as_array().unwrap();
        assert_eq!(told.len(), events.len());
        let stub = json!({
            "type": filed["type"],
            "time": filed["time"],
            "sealed": true,
            "digest": Digest::of(stored.as_bytes()),
        });
        assert_eq!(told[at], stub, "{officer}");
        assert_eq!(told[at + 1]["previoushash"], stub["digest"], "{officer}");
    }
}

#[tokio::test]
async fn an_auditor_is_of_no_side_though_his_agency_is() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let mut story = Story::highway();
    story.up_to(&api, "file-statement").await;
    let body = story.body("file-statement");
    let filed = api.act("btg.lanh-dao", &story.case, "file-statement", "first", &body).await.unwrap();
    assert_eq!(filed.status, 200, "{}", filed.text);
    for (officer, reads) in
        [("btg.truc-ban", true), ("btg.van-thu", true), ("btg.kiem-tra", false), ("sxd.lanh-dao", false)]
    {
        for below in ["", "/events"] {
            let answer = read(&api, officer, &story.case, below).await;
            let facts = body["statement"]["facts"].as_str().unwrap();
            assert_eq!((answer.status, answer.text.contains(facts)), (200, reads), "{officer} {below}");
        }
    }
}

#[tokio::test]
async fn where_a_side_stays_silent_the_seal_breaks_when_it_is_too_late_and_the_dossier_says_so() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let mut story = Story::highway();
    story.up_to(&api, "file-statement").await;
    story.go_on(&api).await;
    let case = read(&api, "sxd.lanh-dao", &story.case, "").await;
    let due = case.body["escalation"]["dossiers"][0]["statement_due"].as_str().unwrap();
    let due: events::Timestamp = due.parse().unwrap();
    api.set_clock(due).await.unwrap();
    for officer in OTHERS {
        assert_eq!(statement(&api, officer, &story).await, None, "{officer}: the other side may still file");
    }
    api.set_clock(due + TimeDelta::seconds(1)).await.unwrap();
    for officer in OWN.into_iter().chain(OTHERS) {
        assert!(statement(&api, officer, &story).await.is_some(), "{officer}");
    }

    for (officer, code) in [("sxd.dau-moi", "NOT_FOUND"), ("tu.thu-ky", "NOT_FOUND")] {
        let none = read(&api, officer, &story.case, "/dossier").await;
        assert_eq!((none.status, none.code()), (404, code), "{}", none.text);
    }
    let cover = story.body("submit-dossier");
    let sent = api.act("btg.lanh-dao", &story.case, "submit-dossier", "dossier", &cover).await.unwrap();
    assert_eq!(sent.status, 200, "{}", sent.text);
    for officer in ["sxd.dau-moi", "btg.kiem-tra", "tu.thu-ky", "tu.thuong-truc"] {
        the_dossier_is_what_the_log_says(&api, officer, &story.case).await;
    }
    let stranger = read(&api, "xbm.lanh-dao", &story.case, "/dossier").await;
    assert_eq!(stranger.status, 404, "{}", stranger.text);
}

async fn the_dossier_is_what_the_log_says(api: &Api, officer: &str, case: &str) {
    let canonical = read(api, officer, case, "/dossier").await;
    assert_eq!(canonical.status, 200, "{}", canonical.text);
    assert_eq!(canonical.header("content-type"), Some("application/json"));
    let digest = Digest::of(canonical.text.as_bytes()).to_string();
    assert_eq!(canonical.header("dossier-digest"), Some(&*digest), "{officer}");
    let events = read(api, officer, case, "/events").await;
    let said = &of_kind(&events.body, Kind::CaseEscalated).unwrap()["data"];
    assert_eq!((&said["digest"], &said["silent"]), (&json!(digest), &json!(["A"])));
    let [silent, filed] = canonical.body["statements"].as_array().unwrap().as_slice() else {
        panic!("two sides: {}", canonical.text);
    };
    assert_eq!((&silent["side"], &silent["statement"]), (&json!("A"), &json!(null)));
    assert_eq!((&filed["side"], &filed["agency"]), (&json!("B"), &json!("SXD")));

    let path = format!("/api/v1/cases/{case}/dossier");
    let printed = api.request(officer, Method::GET, &path).header("Accept", "text/plain");
    let printed = send(printed).await.unwrap();
    assert_eq!(printed.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(printed.header("dossier-digest"), Some(&*digest), "that of the canonical form");
    assert!(printed.text.starts_with("HỒ SƠ BÁO CÁO THƯỜNG TRỰC TỈNH ỦY\n"), "{}", printed.text);
    assert_eq!(printed.text.matches("chưa gửi ý kiến").count(), 1, "{}", printed.text);
    assert!(printed.text.contains(filed["statement"]["facts"].as_str().unwrap()));
    assert!(printed.text.contains(&digest));
}
