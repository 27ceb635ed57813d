//! A telephone call at night, up to the document that confirms it.

use domain::Code;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    refused::{ABSENT, Refusals, facts, letter_of_the_day, with},
    support::{
        api::{call, document, key_facts, letter, path_of},
        process::Installation,
        story::Story,
    },
};

/// What is refused here.
pub const CODES: [Code; 16] = [
    Code::NotFound,
    Code::NotAuthorised,
    Code::Conflict,
    Code::BadState,
    Code::InvalidData,
    Code::StateSecretContentRefused,
    Code::PhoneRequiresUrgency,
    Code::CallInFuture,
    Code::DocInvalid,
    Code::DocDuplicate,
    Code::WrittenNotExpected,
    Code::NoOpenAssignment,
    Code::NoProposal,
    Code::SeparationOfDuties,
    Code::WrittenNotSettled,
    Code::IdempotencyKeyReused,
];

#[tokio::test]
async fn what_the_rules_refuse_names_its_code_and_field_and_nothing_is_stored() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let mut rules = Refusals::of(api.clone());
    a_call_is_refused(&mut rules).await;
    a_letter_is_refused(&mut rules).await;
    assert_eq!(facts(&api).await, 1, "the policy alone");

    // The call at night, up to the document that confirms it.
    let mut story = Story::at_night();
    let steps = story.scenario.steps.clone();
    let comes =
        |act: &str| steps.iter().position(|step| step.act.as_ref().is_some_and(|deed| deed.act == act));
    let (proposed, compared) = (comes("propose-closure").unwrap(), comes("compare-written").unwrap());
    story.play(&api, &steps[0]).await.unwrap();
    an_act_is_refused_early(&mut rules, &story.case).await;
    for step in &steps[1..proposed] {
        story.play(&api, step).await.unwrap();
    }
    an_act_is_refused_when_agreed(&mut rules, &story.case).await;
    for step in &steps[proposed..compared] {
        story.play(&api, step).await.unwrap();
    }
    a_document_is_refused_that_came_before(&mut rules, &story.case).await;

    rules.saw(&CODES);
}

async fn a_call_is_refused(rules: &mut Refusals) {
    let by = "btg.truc-ban";
    for (pointer, value, code, at) in [
        ("/state_secret", json!(true), Code::StateSecretContentRefused, ""),
        ("/classification", json!("mat"), Code::StateSecretContentRefused, ""),
        ("/state_secret", json!(null), Code::InvalidData, "/state_secret"),
        ("/state_secret", json!("no"), Code::InvalidData, "/state_secret"),
        ("/channel", json!("pigeon"), Code::InvalidData, "/channel"),
        ("/urgency", json!("thuong"), Code::PhoneRequiresUrgency, "/urgency"),
        ("/urgency", json!("asap"), Code::InvalidData, "/urgency"),
        ("/raiser", json!("ABC"), Code::InvalidData, "/raiser"),
        ("/title", json!(null), Code::InvalidData, "/title"),
        ("/title", json!(7), Code::InvalidData, "/title"),
        ("/title", json!(" "), Code::InvalidData, "/title"),
        ("/mood", json!("good"), Code::InvalidData, "/mood"),
        ("/call/ended_at", json!("2026-05-16T22:48:00+07:00"), Code::CallInFuture, "/call/ended_at"),
        ("/call/ended_at", json!("half past nine"), Code::InvalidData, "/call/ended_at"),
        ("/call/caller/number", json!("no"), Code::InvalidData, "/call/caller/number"),
        ("/call/key_facts/what", json!("x".repeat(301)), Code::InvalidData, "/call/key_facts/what"),
        ("/call/key_facts/scale", json!(null), Code::InvalidData, "/call/key_facts/scale"),
    ] {
        rules.raise(by, &with(call(), pointer, value), code, at).await;
    }
    for by in ["sxd.dau-moi", "btg.van-thu", "btg.kiem-tra"] {
        rules.raise(by, &call(), Code::NotAuthorised, "").await;
    }
}

async fn a_letter_is_refused(rules: &mut Refusals) {
    for (pointer, value) in [
        ("/document/number", json!(0)),
        ("/document/symbol", json!("not a symbol")),
        ("/document/symbol", json!("TB/TU")),
        ("/document/date", json!("2026-05-17")),
        ("/document/date", json!("1926-05-16")),
        ("/document/issuer", json!("SXD")),
        ("/document/issuer", json!("ABC")),
        ("/document/abstract", json!("")),
        ("/document/signer/office", json!("")),
    ] {
        let body = with(letter_of_the_day(7), pointer, value);
        rules.raise("snnmt.dau-moi", &body, Code::DocInvalid, pointer).await;
    }
    let secret = with(letter_of_the_day(7), "/document/secrecy", "toi-mat");
    rules.raise("snnmt.dau-moi", &secret, Code::StateSecretContentRefused, "").await;
    // Nobody reports for another agency in writing.
    rules.raise("btg.truc-ban", &letter_of_the_day(7), Code::NotAuthorised, "").await;
}

/// The case has been routed, and nothing else.
async fn an_act_is_refused_early(rules: &mut Refusals, case: &str) {
    let (nothing, verified) = (&json!({}), &json!({ "result": "verified" }));
    rules.act("btg.van-thu", case, "verify-callback", verified, Code::NotAuthorised, "").await;
    let other = json!({ "result": "perhaps" });
    rules.act("btg.truc-ban", case, "verify-callback", &other, Code::InvalidData, "/result").await;
    let other = json!({ "result": "verified", "intake": 2 });
    rules.act("btg.truc-ban", case, "verify-callback", &other, Code::InvalidData, "/intake").await;
    let unit = &json!({ "unit": "BTG.TT" });
    rules.act("btg.truong-phong", case, "route", unit, Code::BadState, "").await;
    rules.act("snnmt.lanh-dao", case, "acknowledge", nothing, Code::NoOpenAssignment, "").await;
    let position = &json!({ "position": { "agree": {} } });
    rules.act("btg.lanh-dao", case, "record-position", position, Code::BadState, "").await;
    rules.act("btg.lanh-dao", case, "confirm-closure", &json!({ "proposal": 1 }), Code::BadState, "").await;

    // Not yours and not there are one and the same.
    rules.act("sxd.lanh-dao", case, "acknowledge", nothing, Code::NotFound, "").await;
    rules.act("sxd.lanh-dao", ABSENT, "acknowledge", nothing, Code::NotFound, "").await;

    let path = path_of(case, "verify-callback");
    for version in ["\"1\"", "W/\"2\"", "\"99\""] {
        let stale = rules.api.request("btg.truc-ban", Method::POST, &path).header("If-Match", version);
        let stale = stale.header("Idempotency-Key", "stale").json(verified);
        rules.by_rule(stale, Code::Conflict).await;
    }
}

/// The agencies agree, and the document that is owed has not come.
async fn an_act_is_refused_when_agreed(rules: &mut Refusals, case: &str) {
    let verified = &json!({ "result": "verified" });
    rules.act("btg.dau-moi", case, "verify-callback", verified, Code::BadState, "").await;
    let proposal = &json!({ "proposal": 1 });
    rules.act("btg.lanh-dao", case, "confirm-closure", proposal, Code::NoProposal, "").await;
    let outcome = &json!({ "outcome": "resolved" });
    rules.act("snnmt.dau-moi", case, "propose-closure", outcome, Code::WrittenNotSettled, "").await;
    let same = json!({ "verdict": "same" });
    let verdicts = &json!({ "verdicts": {
        "what": same, "where": same, "since_when": same, "scale": same, "actions_taken": same, "request": same,
    }});
    rules.act("btg.dau-moi", case, "compare-written", verdicts, Code::BadState, "").await;
    for (pointer, value, code) in [
        ("/document/date", json!("2026-05-15"), Code::DocInvalid),
        ("/document/issuer", json!("SXD"), Code::DocInvalid),
        ("/key_facts/what", json!(""), Code::InvalidData),
    ] {
        let written = with(confirmation(), pointer, value);
        rules.act("snnmt.van-thu", case, "submit-written-confirmation", &written, code, pointer).await;
    }

    // Who logged a call does not compare it, whatever office he holds.
    let logged = rules.api.act("btg.dau-moi", "", "raise", "own", &call()).await.unwrap();
    assert_eq!(logged.status, 201, "{}", logged.text);
    let own = logged.case();
    rules.act("btg.dau-moi", own, "compare-written", verdicts, Code::SeparationOfDuties, "").await;
}

/// The document that was owed, of the day on which the clock stands.
fn confirmation() -> Value {
    let document = with(json!({ "document": document(118) }), "/document/date", "2026-05-16");
    json!({ "state_secret": false, "document": document["document"], "key_facts": key_facts() })
}

/// Document 118 has confirmed the case.
async fn a_document_is_refused_that_came_before(rules: &mut Refusals, case: &str) {
    let (act, by) = ("submit-written-confirmation", "snnmt.van-thu");
    rules.act(by, case, act, &confirmation(), Code::WrittenNotExpected, "").await;
    rules.raise("snnmt.dau-moi", &letter(118), Code::DocDuplicate, "/document").await;
    // A letter raises one case, under whatever key.
    let raised = rules.api.act("snnmt.dau-moi", "", "raise", "letter", &letter(119)).await.unwrap();
    assert_eq!(raised.status, 201, "{}", raised.text);
    rules.raise("snnmt.dau-moi", &letter(119), Code::DocDuplicate, "/document").await;
    rules.act(by, raised.case(), act, &confirmation(), Code::WrittenNotExpected, "").await;
    let repeat = rules.api.act("snnmt.dau-moi", "", "raise", "letter", &letter(119)).await.unwrap();
    assert_eq!((repeat.status, repeat.is_repeat(), repeat.case()), (200, true, raised.case()));

    // The same key with another content.
    let other = with(letter(119), "/title", "Khác");
    let reused = rules.api.request("snnmt.dau-moi", Method::POST, &path_of("", "raise"));
    let reused = reused.header("Idempotency-Key", "letter").json(&other);
    rules.by_rule(reused, Code::IdempotencyKeyReused).await;
    let failed = &json!({ "result": "failed" });
    let verify = path_of(case, "verify-callback");
    let reused =
        rules.api.request("btg.truc-ban", Method::POST, &verify).header("Idempotency-Key", "step-40");
    rules.by_rule(reused.json(failed), Code::IdempotencyKeyReused).await;
}
