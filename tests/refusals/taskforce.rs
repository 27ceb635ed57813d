//! A task force, from its proposal to its report.

use domain::Code;
use serde_json::{Value, json};

use crate::{
    refused::{Refusals, letter_of_the_day, with},
    support::process::Installation,
};

/// What is refused here.
pub const CODES: [Code; 10] = [
    Code::NotFound,
    Code::NotAuthorised,
    Code::BadState,
    Code::InvalidData,
    Code::StateSecretContentRefused,
    Code::DocInvalid,
    Code::TfConsentMissing,
    Code::TfMemberMissing,
    Code::TfTasksOpen,
    Code::TaskForceActive,
];

#[tokio::test]
async fn a_task_force_is_formed_by_all_and_dissolved_before_the_case_ends() {
    let place = Installation::new();
    let up = place.up().await;
    let mut rules = Refusals::of(up.api());
    let raised = rules.done("snnmt.dau-moi", "", "raise", &letter_of_the_day(305)).await;
    let case = raised.case();
    rules.done("btg.dau-moi", case, "acknowledge", &json!({})).await;
    it_is_proposed_by_a_head(&mut rules, case).await;
    rules.done("btg.truong-phong", case, "propose-task-force", &proposal()).await;
    each_agency_consents(&mut rules, case).await;
    each_agency_has_a_member_and_one_leads(&mut rules, case).await;
    it_is_established_by_a_decision(&mut rules, case).await;
    rules.done("ubnd.lanh-dao", case, "establish-task-force", &decision()).await;
    its_members_work(&mut rules, case).await;
    the_case_is_not_taken_back(&mut rules, case).await;
    rules.done("btg.lanh-dao", case, "record-position", &json!({ "position": { "agree": {} } })).await;
    the_case_is_not_closed(&mut rules, case).await;
    it_leaves_no_task_behind(&mut rules, case).await;
    rules.saw(&CODES);
}

fn proposal() -> Value {
    json!({
        "agencies": ["BTG", "SNNMT", "XBM"],
        "purpose": "Tổ chức đối thoại và thống nhất thông tin.",
        "until": "2026-06-30",
    })
}

fn decision() -> Value {
    json!({ "state_secret": false, "document": document("UBND", 58, "QĐ-UBND") })
}

/// A document of the day on which the clock stands.
fn document(issuer: &str, number: u32, symbol: &str) -> Value {
    json!({
        "number": number,
        "symbol": symbol,
        "register": "state",
        "issuer": issuer,
        "place": "Khánh Hòa",
        "date": "2026-05-16",
        "abstract": "Về tổ công tác liên ngành",
        "signer": { "office": "Chủ tịch" },
    })
}

async fn it_is_proposed_by_a_head(rules: &mut Refusals, case: &str) {
    let act = "propose-task-force";
    for (at, value) in [
        ("/agencies", json!(["BTG"])),
        ("/agencies", json!(["BTG", "ABC"])),
        ("/agencies", json!(["BTG", "XBM", "BTG"])),
        ("/agencies", json!("BTG")),
        ("/purpose", json!(" ")),
        ("/until", json!("2026-05-15")),
        ("/until", json!("30/06/2026")),
        ("/mood", json!("good")),
    ] {
        let body = with(proposal(), at, value);
        rules.act("btg.truong-phong", case, act, &body, Code::InvalidData, at).await;
    }
    rules.act("btg.dau-moi", case, act, &proposal(), Code::NotAuthorised, "").await;
    rules.act("sxd.lanh-dao", case, act, &proposal(), Code::NotFound, "").await;
    rules.act("ubnd.lanh-dao", case, "establish-task-force", &decision(), Code::TfConsentMissing, "").await;
    let named = &json!({ "proposal": 1, "officer": "btg.dau-moi" });
    rules.act("btg.truong-phong", case, "nominate-member", named, Code::BadState, "").await;
}

async fn each_agency_consents(rules: &mut Refusals, case: &str) {
    let act = "consent-task-force";
    let consent = |consent: Value| json!({ "proposal": 1, "consent": consent });
    rules.act("btg.truong-phong", case, "propose-task-force", &proposal(), Code::BadState, "").await;
    for (body, at) in [
        (consent(json!("yes")), "/consent"),
        (consent(json!({ "perhaps": {} })), "/consent"),
        (consent(json!({ "no": {} })), "/consent/no/reason"),
        (consent(json!({ "no": { "reason": " " } })), "/consent/no/reason"),
        (consent(json!({ "yes": { "lead": true } })), "/consent/yes/officer"),
        (consent(json!({ "yes": { "officer": "btg.dau-moi" } })), "/consent/yes/officer"),
        (consent(json!({ "yes": { "officer": "nobody" } })), "/consent/yes/officer"),
        (json!({ "proposal": 2, "consent": { "yes": {} } }), "/proposal"),
    ] {
        rules.act("snnmt.lanh-dao", case, act, &body, Code::InvalidData, at).await;
    }
    let yes = &consent(json!({ "yes": {} }));
    for by in ["ubnd.lanh-dao", "snnmt.truong-phong"] {
        rules.act(by, case, act, yes, Code::NotAuthorised, "").await;
    }
    for by in ["snnmt.lanh-dao", "xbm.lanh-dao", "btg.lanh-dao"] {
        rules
            .act("ubnd.lanh-dao", case, "establish-task-force", &decision(), Code::TfConsentMissing, "")
            .await;
        rules.done(by, case, act, yes).await;
        rules.act(by, case, act, yes, Code::BadState, "").await;
    }
}

async fn each_agency_has_a_member_and_one_leads(rules: &mut Refusals, case: &str) {
    let named = |officer: &str, lead: bool| json!({ "proposal": 1, "officer": officer, "lead": lead });
    for (by, officer) in [
        ("btg.truong-phong", "btg.dau-moi"),
        ("xbm.truong-phong", "xbm.dau-moi"),
        ("snnmt.truong-phong", "snnmt.dau-moi"),
    ] {
        rules
            .act("ubnd.lanh-dao", case, "establish-task-force", &decision(), Code::TfMemberMissing, "")
            .await;
        rules.done(by, case, "nominate-member", &named(officer, false)).await;
    }
    rules.act("ubnd.lanh-dao", case, "establish-task-force", &decision(), Code::TfMemberMissing, "").await;
    rules.done("snnmt.truong-phong", case, "nominate-member", &named("snnmt.dau-moi", true)).await;
    let second = named("btg.dau-moi", true);
    rules.act("btg.truong-phong", case, "nominate-member", &second, Code::InvalidData, "/lead").await;
    let auditor = named("btg.kiem-tra", false);
    rules.act("btg.truong-phong", case, "nominate-member", &auditor, Code::InvalidData, "/officer").await;
}

async fn it_is_established_by_a_decision(rules: &mut Refusals, case: &str) {
    let act = "establish-task-force";
    for (at, value) in [
        ("/document/issuer", json!("BTG")),
        ("/document/date", json!("2026-05-17")),
        ("/document/symbol", json!("QĐ UBND")),
    ] {
        let body = with(decision(), at, value);
        rules.act("ubnd.lanh-dao", case, act, &body, Code::DocInvalid, at).await;
    }
    rules.act("snnmt.lanh-dao", case, act, &decision(), Code::NotAuthorised, "").await;
    rules.secrets("ubnd.lanh-dao", case, act, &decision()).await;
    let members = json!([{ "officer": "btg.dau-moi", "lead": true }, { "officer": "snnmt.dau-moi" }]);
    let ordered = json!({ "agencies": ["BTG", "SNNMT"], "purpose": "Đối thoại.", "until": "2026-06-30", "members": members });
    let ordered = with(decision(), "/by_directive", ordered);
    rules.act("ubnd.lanh-dao", case, act, &ordered, Code::BadState, "").await;
}

async fn its_members_work(rules: &mut Refusals, case: &str) {
    rules.act("ubnd.lanh-dao", case, "establish-task-force", &decision(), Code::BadState, "").await;
    let back = &json!({ "proposal": 1, "reason": "Không còn cần thiết." });
    rules.act("btg.lanh-dao", case, "withdraw-task-force-proposal", back, Code::BadState, "").await;
    let task = json!({
        "owner": "xbm.dau-moi",
        "text": "Tổ chức đối thoại với các hộ.",
        "due": "2026-05-25T17:00:00+07:00",
    });
    for (at, value) in [
        ("/owner", json!("xbm.lanh-dao")),
        ("/text", json!(" ")),
        ("/due", json!("2026-05-16T21:00:00+07:00")),
        ("/due", json!("soon")),
    ] {
        let body = with(task.clone(), at, value);
        rules.act("snnmt.dau-moi", case, "assign-task", &body, Code::InvalidData, at).await;
    }
    rules.act("snnmt.lanh-dao", case, "assign-task", &task, Code::NotAuthorised, "").await;
    rules.done("snnmt.dau-moi", case, "assign-task", &task).await;
    let result = &json!({ "task": 2, "result": "Xong." });
    rules.act("xbm.dau-moi", case, "complete-task", result, Code::InvalidData, "/task").await;
    let minutes = document("SNNMT", 1, "BB-TCT");
    let minutes = json!({ "state_secret": false, "meeting": 1, "document": minutes });
    rules.act("snnmt.dau-moi", case, "record-minutes", &minutes, Code::InvalidData, "/meeting").await;
    rules.secrets("snnmt.dau-moi", case, "record-minutes", &minutes).await;
    let replaced = json!({ "old": "btg.dau-moi", "officer": "btg.dau-moi2", "reason": "Chuyển công tác." });
    rules.act("xbm.dau-moi", case, "replace-member", &replaced, Code::NotAuthorised, "").await;
    for (at, value) in [("/old", "btg.truc-ban"), ("/officer", "xbm.truong-phong"), ("/reason", " ")] {
        let body = with(replaced.clone(), at, value);
        rules.act("snnmt.dau-moi", case, "replace-member", &body, Code::InvalidData, at).await;
    }
}

async fn the_case_is_not_taken_back(rules: &mut Refusals, case: &str) {
    let letter = json!({ "state_secret": false, "document": document("SNNMT", 306, "CV-SNNMT") });
    rules.act("snnmt.lanh-dao", case, "withdraw", &letter, Code::TaskForceActive, "").await;
    rules.act("btg.lanh-dao", case, "withdraw", &letter, Code::NotAuthorised, "").await;
    let reason = &json!({ "reason": "caller-not-genuine" });
    rules.act("btg.truong-phong", case, "propose-cancellation", reason, Code::BadState, "").await;
}

async fn the_case_is_not_closed(rules: &mut Refusals, case: &str) {
    let outcome = &json!({ "outcome": "resolved" });
    rules.act("btg.dau-moi", case, "propose-closure", outcome, Code::TaskForceActive, "").await;
}

async fn it_leaves_no_task_behind(rules: &mut Refusals, case: &str) {
    let act = "dissolve-task-force";
    let report = json!({ "state_secret": false, "document": document("UBND", 60, "BC-UBND") });
    rules.act("ubnd.lanh-dao", case, act, &report, Code::TfTasksOpen, "").await;
    let to = |task: u32, agency: &str| json!({ "task": task, "to": agency });
    for (transfers, at) in [
        (json!([to(1, "ABC")]), "/transfers/0/to"),
        (json!([to(1, "XBM"), to(2, "XBM")]), "/transfers/1/task"),
        (json!([{ "task": "1", "to": "XBM" }]), "/transfers/0/task"),
    ] {
        let body = with(report.clone(), "/transfers", transfers);
        rules.act("ubnd.lanh-dao", case, act, &body, Code::InvalidData, at).await;
    }
    for by in ["btg.lanh-dao", "snnmt.lanh-dao"] {
        rules.act(by, case, act, &report, Code::NotAuthorised, "").await;
    }
    rules.secrets("ubnd.lanh-dao", case, act, &report).await;
}
