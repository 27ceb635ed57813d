//! What is refused where two keys are asked for: the agreement of the sides, and the policy that is changed under it.

use domain::Code;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    refused::{Refusals, with},
    support::{
        agreement::{HEADS, amending, done, file, plan},
        api::Api,
        process::Installation,
    },
};

/// What is refused here.
pub const CODES: [Code; 7] = [
    Code::NotAuthorised,
    Code::BadState,
    Code::InvalidData,
    Code::NoProposal,
    Code::SeparationOfDuties,
    Code::TwoKeysRequired,
    Code::IdempotencyKeyReused,
];

const ADMIN: &str = "ubnd.quan-tri";

/// A routing rule that leads to a unit of another agency.
const WRONG_UNIT: &str = "rule = [{ id = \"btg-mac-dinh\", receiver = \"BTG\", unit = \"UBND.VX\" }]\n";

#[tokio::test]
async fn what_two_keys_are_asked_for_is_refused_to_one() {
    let place = Installation::new();
    let up = place.up().await;
    let mut rules = Refusals::of(up.api());
    of_the_agreement(&mut rules).await;
    of_amendments(&mut rules).await;
    of_keys(&mut rules).await;
    rules.saw(&CODES);
    let unknown = rules.api.request("sxd.lanh-dao", Method::POST, "/api/v1/directory/amend");
    rules.refused(unknown.json(&json!({})), 404, "NO_SUCH_ACT").await;
    assert!(up.term().await.success());
}

async fn of_the_agreement(rules: &mut Refusals) {
    let (propose, sign, first) = ("propose-agreement", "sign-agreement", json!({ "agreement": 1 }));
    rules.tell("sxd.lanh-dao", propose, &plan(), Code::NotAuthorised, "").await;
    rules.tell(HEADS[0], sign, &first, Code::NoProposal, "").await;
    for (at, value, field) in [
        ("/title", json!(""), "/title"),
        ("/until", json!("2025-12-31"), "/until"),
        ("/from", json!("soon"), "/from"),
        ("/parent/symbol", json!("số 1"), "/parent/symbol"),
        ("/basis/date", json!("2026-12-01"), "/basis/date"),
    ] {
        rules.tell(HEADS[0], propose, &with(plan(), at, value), Code::InvalidData, field).await;
    }
    rules.tell(HEADS[0], "propose-amendment", &amending(), Code::BadState, "").await;
    done(&rules.api, HEADS[0], propose, &plan()).await;
    done(&rules.api, HEADS[0], sign, &first).await;
    rules.tell(HEADS[0], sign, &first, Code::BadState, "").await;
    rules.tell("sxd.lanh-dao", sign, &first, Code::NotAuthorised, "").await;
    done(&rules.api, HEADS[1], sign, &first).await;
    rules.tell(HEADS[1], sign, &first, Code::NoProposal, "").await;
    let files = json!({ "files": [{ "name": "policy.toml", "text": file("policy.toml") }] });
    rules.tell(ADMIN, "publish-policy", &files, Code::TwoKeysRequired, "").await;
}

async fn of_amendments(rules: &mut Refusals) {
    let act = "propose-amendment";
    rules.tell("sxd.lanh-dao", act, &amending(), Code::NotAuthorised, "").await;
    let text = |name: &str, text: &str| json!([{ "name": name, "text": text }]);
    for (at, value, field) in [
        ("/files", json!([]), "/files"),
        ("/files", text("rules.toml", ""), "/files/0/name"),
        ("/files", text("routing.toml", &file("routing.toml")), "/files/0/text"),
        ("/files", text("routing.toml", WRONG_UNIT), "/files"),
        ("/version", json!("2026.1"), "/version"),
        ("/version", json!("hai nghìn"), "/version"),
        ("/effective_from", json!("2026-05-16T21:00:00+07:00"), "/effective_from"),
        ("/effective_from", json!("2027-01-01T00:00:00+07:00"), "/effective_from"),
        ("/reason", json!(""), "/reason"),
        ("/basis/number", json!(0), "/basis/number"),
    ] {
        rules.tell(ADMIN, act, &with(amending(), at, value), Code::InvalidData, field).await;
    }
}

async fn of_keys(rules: &mut Refusals) {
    let (agree, one) = ("agree-amendment", |number: u32| json!({ "amendment": number }));
    done(&rules.api, HEADS[0], "propose-amendment", &amending()).await;
    let other = with(amending(), "/reason", "Lý do khác.");
    reused(rules, &other).await;
    done(&rules.api, ADMIN, "propose-amendment", &amending()).await;
    rules.tell(HEADS[1], agree, &one(1), Code::NoProposal, "").await;
    rules.tell(HEADS[1], agree, &one(3), Code::NoProposal, "").await;
    rules.tell(ADMIN, agree, &one(2), Code::NotAuthorised, "").await;
    rules.tell("snnmt.lanh-dao", agree, &one(2), Code::NotAuthorised, "").await;
    done(&rules.api, HEADS[0], agree, &one(2)).await;
    rules.tell(HEADS[0], agree, &one(2), Code::BadState, "").await;
    let back = json!({ "amendment": 2, "reason": "" });
    rules.tell(HEADS[1], "withdraw-amendment", &back, Code::InvalidData, "/reason").await;
    rules.tell("sxd.lanh-dao", "withdraw-amendment", &back, Code::NotAuthorised, "").await;
    moves(&rules.api, HEADS[0], "BTG.LD", "UBND.LD").await;
    rules.tell(HEADS[0], agree, &one(2), Code::SeparationOfDuties, "").await;
    let back = json!({ "amendment": 2, "reason": "Bàn lại." });
    done(&rules.api, HEADS[1], "withdraw-amendment", &back).await;
    rules.tell(HEADS[1], agree, &one(2), Code::NoProposal, "").await;
}

/// The key under which the first amendment was proposed, with another body.
async fn reused(rules: &mut Refusals, other: &Value) {
    let request = rules.api.request(HEADS[0], Method::POST, "/api/v1/directory/propose-amendment");
    let request = request.header("Idempotency-Key", "propose-amendment null").json(other);
    rules.by_rule(request, Code::IdempotencyKeyReused).await;
}

/// Somebody leaves an office for another one.
async fn moves(api: &Api, officer: &str, from: &str, to: &str) {
    let basis = json!({ "number": 7, "symbol": "QĐ-UBND", "date": "2026-05-16" });
    let body = |office: &str| json!({ "officer": officer, "office": office, "basis": basis });
    done(api, ADMIN, "leave-office", &body(from)).await;
    done(api, ADMIN, "take-office", &body(to)).await;
}
