//! Bad input over HTTP: every refusal is a problem with its code, its status and the field it is about, in the
//! caller's language, and nothing is stored.

#![expect(clippy::unwrap_used, reason = "what cannot go on has failed")]

#[path = "refusals/agreement.rs"]
mod agreement;
#[path = "refusals/attachments.rs"]
mod attachments;
#[path = "refusals/directory.rs"]
mod directory;
#[path = "refusals/dispute.rs"]
mod dispute;
#[path = "refusals/duties.rs"]
mod duties;
#[path = "refusals/edge.rs"]
mod edge;
#[path = "refusals/keys.rs"]
mod keys;
#[path = "refusals/later.rs"]
mod later;
#[path = "refusals/night.rs"]
mod night;
#[path = "refusals/refused.rs"]
mod refused;
#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;
#[path = "refusals/taskforce.rs"]
mod taskforce;

use std::collections::BTreeSet;

use domain::Code;
use refused::{ABSENT, STATUS};
use reqwest::Method;
use serde_json::json;
use support::{
    api::{call, send},
    process::Installation,
    story::CASE,
};

/// What no request brings by itself.
const OF_AN_OUTAGE: [(Code, &str); 5] = [
    (Code::AutomaticStepPending, "a service is away while its step is due"),
    (Code::Busy, "many others change the same case at that moment"),
    (Code::OutcomeUnknown, "the server falls silent between a fact and its confirmation"),
    (Code::StoreFull, "the disk is full"),
    (Code::Unavailable, "a service is away, or the calendar does not reach that far"),
];

#[test]
fn every_code_is_asked_for_but_those_of_an_outage() {
    let asked: [&[Code]; 9] = [
        &agreement::CODES,
        &duties::CODES,
        &later::CODES,
        &directory::CODES,
        &night::CODES,
        &dispute::CODES,
        &dispute::BY_A_DIRECTIVE,
        &taskforce::CODES,
        &keys::CODES,
    ];
    let asked: BTreeSet<_> = asked.into_iter().flatten().map(|code| code.name()).collect();
    let outage = |code: &Code| OF_AN_OUTAGE.iter().any(|(other, _)| other == code);
    let others: BTreeSet<_> = Code::ALL.into_iter().filter(|code| !outage(code)).map(Code::name).collect();
    assert_eq!(asked, others);
    let known: BTreeSet<_> = STATUS.into_iter().map(|(code, _)| code.name()).collect();
    assert_eq!(known, others);
}

#[tokio::test]
async fn what_is_not_yours_looks_as_if_it_were_not_there() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let raised = api.act("btg.truc-ban", "", "raise", "first", &call()).await.unwrap();
    let case = raised.case();
    let verified = json!({ "result": "verified" });
    let read = [(Method::GET, ""), (Method::GET, "?at_least=2"), (Method::GET, "/events")];
    let act = (Method::POST, "/verify-callback");
    let by_id = read.iter().chain([&act]).map(|asked| (asked, case, ABSENT));
    let by_number = read.iter().map(|asked| (asked, CASE, "VV-2026-00002"));
    for ((method, path), case, absent) in by_id.chain(by_number) {
        let ask = async |case: &str| {
            let request = api.request("sxd.lanh-dao", method.clone(), &format!("/api/v1/cases/{case}{path}"));
            let request = request.header("Idempotency-Key", "k").header("If-Match", "\"1\"");
            let request = request.header("X-Request-Id", "the-same");
            let answer = send(request.json(&verified)).await.unwrap();
            let mut headers = answer.headers.clone();
            headers.remove("date");
            (answer.status, headers, answer.text)
        };
        let (foreign, absent) = tokio::join!(ask(case), ask(absent));
        assert_eq!(foreign, absent, "{method} {path}");
        assert_eq!(foreign.0, 404, "{}", foreign.2);
    }
    let list = api.get("sxd.lanh-dao", "/api/v1/cases").await.unwrap();
    assert_eq!(list.body["cases"], json!([]));
    let own = api.get("snnmt.dau-moi", "/api/v1/cases").await.unwrap();
    assert_eq!(own.body["cases"][0]["id"], case);
}
