//! What the directory refuses, and what an act under a delegation is refused for.

use domain::Code;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    refused::{Refusals, letter_of_the_day, with},
    support::process::Installation,
};

/// What is refused here.
pub const CODES: [Code; 6] = [
    Code::NotAuthorised,
    Code::DelegationExpired,
    Code::BadState,
    Code::InvalidData,
    Code::SeparationOfDuties,
    Code::IdempotencyKeyReused,
];

fn delegating(to: &str) -> Value {
    json!({
        "from": "SXD.LD", "to": { "officer": to }, "powers": ["position"],
        "ends": "2026-06-10T17:00:00+07:00",
        "basis": { "number": 12, "symbol": "GUQ-SXD", "date": "2026-05-16" },
    })
}

#[tokio::test]
async fn what_the_directory_refuses_names_its_code_and_field() {
    let place = Installation::new();
    let up = place.up().await;
    let mut rules = Refusals::of(up.api());
    of_delegations(&mut rules).await;
    of_offices_and_absences(&mut rules).await;
    of_an_act_whose_delegation_is_gone(&mut rules).await;
    for path in ["/api/v1/directory?at=soon", "/api/v1/directory/delegations?of=SXD"] {
        let request = rules.api.request("sxd.lanh-dao", Method::GET, path);
        rules.refused(request, 400, "MALFORMED_QUERY").await;
    }
    let request = rules.api.request("sxd.lanh-dao", Method::GET, "/api/v1/directory/events");
    rules.by_rule(request, Code::NotAuthorised).await;
    let nonsense = rules.api.request("sxd.lanh-dao", Method::POST, "/api/v1/directory/dismiss");
    rules.refused(nonsense.json(&json!({})), 404, "NO_SUCH_ACT").await;
    rules.forget(&["MALFORMED_QUERY", "NO_SUCH_ACT"]);
    rules.saw(&CODES);
    assert!(up.term().await.success());
}

async fn of_delegations(rules: &mut Refusals) {
    let act = "grant-delegation";
    for by in ["sxd.truong-phong", "snnmt.lanh-dao", "ubnd.quan-tri"] {
        rules.tell(by, act, &delegating("sxd.truong-phong"), Code::NotAuthorised, "").await;
    }
    let own = delegating("sxd.lanh-dao");
    rules.tell("sxd.lanh-dao", act, &own, Code::SeparationOfDuties, "/to/officer").await;
    for (at, value, field) in [
        ("/powers", json!([]), "/powers"),
        ("/powers", json!(["closure"]), "/powers/0"),
        ("/ends", json!("2026-07-10T17:00:00+07:00"), "/ends"),
        ("/basis/symbol", json!("mười hai"), "/basis/symbol"),
        ("/to", json!({ "officer": "snnmt.dau-moi" }), "/to"),
    ] {
        let body = with(delegating("sxd.truong-phong"), at, value);
        rules.tell("sxd.lanh-dao", act, &body, Code::InvalidData, field).await;
    }
}

async fn of_offices_and_absences(rules: &mut Refusals) {
    let basis = json!({ "number": 7, "symbol": "QĐ-UBND", "date": "2026-05-16" });
    let taking =
        |officer: &str, office: &str| json!({ "officer": officer, "office": office, "basis": basis });
    let admin = "ubnd.quan-tri";
    rules
        .tell("snnmt.lanh-dao", "take-office", &taking("sxd.dau-moi", "SXD.LD"), Code::NotAuthorised, "")
        .await;
    rules.tell(admin, "take-office", &taking("sxd.ai", "SXD.LD"), Code::InvalidData, "/officer").await;
    rules
        .tell(admin, "take-office", &taking("btg.kiem-tra", "BTG.LD"), Code::SeparationOfDuties, "/office")
        .await;
    rules.tell(admin, "leave-office", &taking("sxd.dau-moi", "SXD.LD"), Code::BadState, "").await;
    let away = json!({ "officer": "sxd.dau-moi", "until": "2026-05-01T00:00:00+07:00" });
    rules.tell("sxd.dau-moi", "report-absence", &away, Code::InvalidData, "/until").await;
    let files = json!({ "files": [{ "name": "policy.toml", "text": "version = 1" }] });
    rules.tell(admin, "publish-policy", &files, Code::InvalidData, "/files").await;
    let officer = json!({ "officer": "sxd.moi", "name": "Mới" });
    let done = rules.api.tell(admin, "register-officer", "refused", &officer).await.unwrap();
    assert_eq!(done.status, 201, "{}", done.text);
    let other = with(officer, "/name", "Khác");
    rules.tell(admin, "register-officer", &other, Code::IdempotencyKeyReused, "").await;
}

async fn of_an_act_whose_delegation_is_gone(rules: &mut Refusals) {
    let raised = rules.done("sxd.dau-moi", "", "raise", &of_sxd(letter_of_the_day(301))).await;
    rules.done("btg.dau-moi", raised.case(), "acknowledge", &json!({})).await;
    let agree = json!({ "position": { "agree": {} } });
    rules.act("sxd.truong-phong", raised.case(), "record-position", &agree, Code::NotAuthorised, "").await;
    let granted =
        rules.api.tell("sxd.lanh-dao", "grant-delegation", "k", &delegating("sxd.truong-phong")).await;
    assert_eq!(granted.unwrap().status, 201);
    let path = "/api/v1/directory/delegations";
    let all = rules.api.get("sxd.lanh-dao", path).await.unwrap();
    let id = all.body["delegations"][0]["id"].as_str().unwrap().to_owned();
    let others = rules.api.get("snnmt.lanh-dao", path).await.unwrap();
    assert_eq!(others.body["delegations"], json!([]), "another agency's are not shown");
    let back = json!({ "delegation": id, "reason": "Trực tiếp xử lý." });
    assert_eq!(rules.api.tell("sxd.lanh-dao", "revoke-delegation", "b", &back).await.unwrap().status, 201);
    rules.tell("sxd.lanh-dao", "revoke-delegation", &back, Code::BadState, "").await;
    rules
        .act("sxd.truong-phong", raised.case(), "record-position", &agree, Code::DelegationExpired, "")
        .await;
}

fn of_sxd(letter: Value) -> Value {
    let letter = with(with(letter, "/raiser", "SXD"), "/document/issuer", "SXD");
    with(letter, "/document/symbol", "BC-SXD")
}
