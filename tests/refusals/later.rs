//! What is asked of a case beside its main way: links, merging, urgency, more time, papers, corrections; and what comes
//! after an agreement or a closure.

use domain::Code;
use serde_json::{Value, json};

use crate::{
    refused::{ABSENT, Refusals, letter_of_the_day, with},
    support::{api::document, process::Installation},
};

/// What is refused here.
pub const CODES: [Code; 10] = [
    Code::NotAuthorised,
    Code::BadState,
    Code::InvalidData,
    Code::StateSecretContentRefused,
    Code::DocInvalid,
    Code::NoProposal,
    Code::TaskForceActive,
    Code::BlockedByLink,
    Code::DeadlineNotExtendable,
    Code::ReopenWindowElapsed,
];

#[tokio::test]
async fn what_is_beside_the_main_way_is_refused_with_its_reason() {
    let place = Installation::new();
    let up = place.up().await;
    let mut rules = Refusals::of(up.api());
    let one = in_coordination(&mut rules, 301).await;
    let other = in_coordination(&mut rules, 302).await;
    of_links(&mut rules, &one, &other).await;
    of_urgency_and_time(&mut rules, &other).await;
    of_papers(&mut rules, &other).await;
    of_corrections(&mut rules, &other).await;
    of_joint_advice(&mut rules, &other).await;
    of_merging(&mut rules, &other, &one).await;
    after_an_agreement(&mut rules, &one).await;
    rules.saw(&CODES);
    assert!(up.term().await.success());
}

/// A written case that BTG has acknowledged.
async fn in_coordination(rules: &mut Refusals, letter: u32) -> String {
    let raised = rules.done("snnmt.dau-moi", "", "raise", &letter_of_the_day(letter)).await;
    rules.done("btg.dau-moi", raised.case(), "acknowledge", &json!({})).await;
    raised.case().to_owned()
}

async fn of_links(rules: &mut Refusals, case: &str, other: &str) {
    let blocked = |other: &str| json!({ "kind": "blocked-by", "other": other });
    rules.act("btg.truc-ban", case, "link", &blocked(other), Code::NotAuthorised, "").await;
    for (body, at) in [
        (blocked(ABSENT), "/other"),
        (blocked(case), "/other"),
        (blocked("VV-2026-00001"), "/other"),
        (json!({ "kind": "cousin", "other": other }), "/kind"),
    ] {
        rules.act("btg.dau-moi", case, "link", &body, Code::InvalidData, at).await;
    }
    rules.done("btg.dau-moi", case, "link", &blocked(other)).await;
    let away = json!({ "link": 1, "reason": "Không còn phụ thuộc." });
    rules.act("btg.dau-moi", case, "unlink", &away, Code::NotAuthorised, "").await;
    let second = with(away, "/link", 2);
    rules.act("btg.truong-phong", case, "unlink", &second, Code::InvalidData, "/link").await;
}

async fn of_urgency_and_time(rules: &mut Refusals, case: &str) {
    let urgency = |to: &str| json!({ "urgency": to, "reason": "Diễn biến mới." });
    rules.act("ubnd.lanh-dao", case, "change-urgency", &urgency("hoa-toc"), Code::NotAuthorised, "").await;
    rules.act("btg.dau-moi", case, "change-urgency", &urgency("thuong"), Code::NotAuthorised, "").await;
    for (body, at) in [
        (urgency("khan"), "/urgency"),
        (urgency("at-once"), "/urgency"),
        (urgency("hoa-toc-hen-gio"), "/deliver_by"),
        (with(urgency("hoa-toc"), "/reason", " "), "/reason"),
    ] {
        rules.act("btg.dau-moi", case, "change-urgency", &body, Code::InvalidData, at).await;
    }
    let longer =
        |key: &str, to: &str| json!({ "deadline": key, "to": to, "reason": "Chờ kết quả kiểm nghiệm." });
    let (soon, late) = ("2026-05-21T17:00:00+07:00", "2026-05-16T22:00:00+07:00");
    let extend = "extend-deadline";
    rules.act("btg.lanh-dao", case, extend, &longer("position", soon), Code::NotAuthorised, "").await;
    let owed = "snnmt.lanh-dao";
    for key in ["written", "directive"] {
        rules.act(owed, case, extend, &longer(key, soon), Code::DeadlineNotExtendable, "").await;
    }
    rules.act(owed, case, extend, &longer("position", late), Code::DeadlineNotExtendable, "/to").await;
    rules.act(owed, case, extend, &longer("one day", soon), Code::InvalidData, "/deadline").await;
    rules.act(owed, case, extend, &longer("position", "tomorrow"), Code::InvalidData, "/to").await;
}

async fn of_papers(rules: &mut Refusals, case: &str) {
    let dated = with(json!({ "document": document(401) }), "/document/date", "2026-05-16");
    let paper = with(dated, "/state_secret", false);
    let attach = "attach-document";
    rules.secrets("snnmt.van-thu", case, attach, &paper).await;
    rules
        .act(
            "snnmt.lanh-dao",
            case,
            attach,
            &with(paper.clone(), "/document/date", "2031-01-01"),
            Code::DocInvalid,
            "/document/date",
        )
        .await;
    rules.act("btg.truc-ban", case, attach, &paper, Code::NotAuthorised, "").await;
    let note = json!({ "state_secret": false, "text": "" });
    rules.secrets("btg.dau-moi", case, "add-note", &with(note.clone(), "/text", "Đã trao đổi.")).await;
    rules.act("btg.dau-moi", case, "add-note", &note, Code::InvalidData, "/text").await;
    let secret =
        json!({ "holding_agency": "UBND", "register_entry": "12", "date": "2026-05-10", "level": "mat" });
    for (at, value) in [
        ("/holding_agency", json!("NOBODY")),
        ("/register_entry", json!("Kế hoạch")),
        ("/date", json!("2031-01-01")),
        ("/level", json!("a little")),
    ] {
        let body = with(secret.clone(), at, value);
        rules.act("btg.dau-moi", case, "reference-secret", &body, Code::InvalidData, at).await;
    }
    let sent = json!({
        "issuer": "SNNMT", "document": "999/BC-SNNMT", "sent_at": "2026-05-16T21:52:00+07:00",
        "recipients": [{ "name": "VT", "purpose": "archive" }],
    });
    rules.act("snnmt.van-thu", case, "record-distribution", &sent, Code::InvalidData, "/document").await;
    let delivery = json!({ "distribution": 1, "recipient": 1, "delivered_at": "2026-05-16T21:52:00+07:00" });
    rules.act("snnmt.van-thu", case, "record-delivery", &delivery, Code::InvalidData, "/distribution").await;
    let receipt = json!({ "distribution": 1, "recipient": 1, "received_at": "2026-05-16T21:52:00+07:00" });
    rules.act("snnmt.van-thu", case, "record-receipt", &receipt, Code::InvalidData, "/distribution").await;
}

async fn of_corrections(rules: &mut Refusals, case: &str) {
    let seen = rules.api.get("snnmt.dau-moi", &format!("/api/v1/cases/{case}")).await.unwrap();
    let raised = &seen.body["history"][0];
    assert_eq!(raised["correctable"], json!(["matter.title", "matter.summary"]));
    let body = json!({
        "state_secret": false, "of_event": raised["event"], "field": "matter.title",
        "text": "Tên đúng", "reason": "Sửa lỗi chính tả.",
    });
    rules.secrets("snnmt.dau-moi", case, "correct", &body).await;
    rules.act("btg.dau-moi", case, "correct", &body, Code::NotAuthorised, "").await;
    for (at, value) in [
        ("/of_event", json!(ABSENT)),
        ("/field", json!("urgency")),
        ("/text", json!("")),
        ("/reason", json!("")),
    ] {
        rules
            .act("snnmt.dau-moi", case, "correct", &with(body.clone(), at, value), Code::InvalidData, at)
            .await;
    }
    rules.done("snnmt.dau-moi", case, "correct", &body).await;
    let seen = rules.api.get("btg.dau-moi", &format!("/api/v1/cases/{case}")).await.unwrap();
    assert_eq!(seen.body["title"], "Tên đúng");
}

async fn of_joint_advice(rules: &mut Refusals, case: &str) {
    let advice = json!({ "state_secret": false, "addressee": "thuong-truc", "advice": "Thông tin chung." });
    let (propose, confirm) = ("propose-joint-advice", "confirm-joint-advice");
    rules.secrets("btg.lanh-dao", case, propose, &advice).await;
    rules.act("ubnd.lanh-dao", case, propose, &advice, Code::NotAuthorised, "").await;
    for (at, value) in [("/addressee", json!("anybody")), ("/advice", json!(""))] {
        let body = with(advice.clone(), at, value);
        rules.act("btg.lanh-dao", case, propose, &body, Code::InvalidData, at).await;
    }
    let first = json!({ "proposal": 1 });
    rules.act("ubnd.lanh-dao", case, confirm, &first, Code::NoProposal, "").await;
    rules.act("btg.lanh-dao", case, confirm, &first, Code::NotAuthorised, "").await;
    let letter = with(json!({ "document": document(402) }), "/document/date", "2026-05-16");
    let letter = with(letter, "/state_secret", false);
    rules.act("btg.lanh-dao", case, "propose-dossier-withdrawal", &letter, Code::BadState, "").await;
    rules.act("ubnd.lanh-dao", case, "confirm-dossier-withdrawal", &first, Code::BadState, "").await;
}

async fn of_merging(rules: &mut Refusals, case: &str, into: &str) {
    let merge = |into: &str| json!({ "into": into, "reason": "Cùng một sự việc." });
    rules.act("btg.dau-moi", case, "merge", &merge(into), Code::NotAuthorised, "").await;
    rules.act("snnmt.lanh-dao", case, "merge", &merge(into), Code::NotAuthorised, "").await;
    for (body, at) in
        [(merge(ABSENT), "/into"), (merge(case), "/into"), (with(merge(into), "/reason", ""), "/reason")]
    {
        rules.act("btg.truong-phong", case, "merge", &body, Code::InvalidData, at).await;
    }
    let two = json!({ "agencies": ["BTG", "SNNMT"], "purpose": "Phối hợp.", "until": "2026-06-30" });
    rules.done("btg.truong-phong", case, "propose-task-force", &two).await;
    rules.act("btg.truong-phong", case, "merge", &merge(into), Code::TaskForceActive, "").await;
}

async fn after_an_agreement(rules: &mut Refusals, case: &str) {
    let again = json!({ "reason": "Có tình tiết mới." });
    rules.act("btg.lanh-dao", case, "reopen-coordination", &again, Code::BadState, "").await;
    rules.act("btg.dau-moi", case, "reopen-coordination", &again, Code::NotAuthorised, "").await;
    rules.done("btg.lanh-dao", case, "record-position", &json!({ "position": { "agree": {} } })).await;
    let without: Value = json!({ "reason": "" });
    rules.act("btg.lanh-dao", case, "reopen-coordination", &without, Code::InvalidData, "/reason").await;
    let closing = json!({ "outcome": "resolved" });
    rules.act("btg.dau-moi", case, "propose-closure", &closing, Code::BlockedByLink, "").await;
    rules
        .done("btg.truong-phong", case, "unlink", &json!({ "link": 1, "reason": "Không còn phụ thuộc." }))
        .await;
    rules.done("btg.dau-moi", case, "propose-closure", &closing).await;
    rules.act("btg.lanh-dao", case, "reopen", &again, Code::BadState, "").await;
    rules.done("snnmt.lanh-dao", case, "confirm-closure", &json!({ "proposal": 1 })).await;
    rules.act("btg.dau-moi", case, "reopen", &again, Code::NotAuthorised, "").await;
    rules.api.set_clock("2026-08-15T00:00:00+07:00".parse().unwrap()).await.unwrap();
    rules.act("btg.lanh-dao", case, "reopen", &again, Code::ReopenWindowElapsed, "").await;
}
