//! What the API gives to read.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use bus::{Principal, log, streams::CASES};
use events::{AggregateId, CaseId, Digest};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use support::{api::call, process::Installation, story::CASE};

/// The facts of a case, in the bytes in which they came.
#[derive(Deserialize)]
struct Events<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

#[tokio::test]
async fn the_facts_of_a_case_come_in_the_bytes_that_are_stored() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let raised = api.act("btg.truc-ban", "", "raise", "call", &call()).await.unwrap();
    let id: CaseId = raised.case().parse().unwrap();
    let answer = api.get("btg.truc-ban", &format!("/api/v1/cases/{id}/events")).await.unwrap();
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let Events { events } = serde_json::from_str(&answer.text).unwrap();

    let subject = AggregateId::Case(id).subject();
    let stored = log::read(&up.connect(Principal::Views).await, CASES, 1, &subject).await.unwrap();
    assert!(stored.len() >= 3, "the call, its number, its routing");
    assert_eq!(events.len(), stored.len());
    for (event, entry) in events.iter().zip(&stored) {
        assert_eq!(event.get().as_bytes(), &*entry.payload);
    }
    // So whoever reads them can check the chain.
    for two in events.windows(2) {
        let next: Value = serde_json::from_str(two[1].get()).unwrap();
        let digest = serde_json::to_value(Digest::of(two[0].get().as_bytes())).unwrap();
        assert_eq!(next["previoushash"], digest);
    }
}

#[tokio::test]
async fn a_case_in_a_list_reads_as_the_case_itself() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let raised = api.act("btg.truc-ban", "", "raise", "call", &call()).await.unwrap();
    let list = api.get("btg.truc-ban", "/api/v1/cases").await.unwrap();
    let listed = list.body["cases"][0].as_object().unwrap();
    let whole = api.get("btg.truc-ban", &format!("/api/v1/cases/{}", raised.case())).await.unwrap();
    for (field, value) in listed {
        assert_eq!(whole.body[field], *value, "{field}");
    }
    assert_eq!(listed["raiser"]["id"], "SNNMT");
    assert_eq!(listed["receiver"]["id"], "BTG");
    assert!(listed["raiser"]["name"].as_str().unwrap().starts_with("Sở Nông nghiệp"));
}

#[tokio::test]
async fn a_case_is_read_by_its_number_as_by_its_id() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let raised = api.act("btg.truc-ban", "", "raise", "call", &call()).await.unwrap();
    for path in ["", "?at_least=2", "/events"] {
        let [by_id, by_number] = [raised.case(), CASE].map(|case| format!("/api/v1/cases/{case}{path}"));
        let by_id = api.get("btg.truc-ban", &by_id).await.unwrap();
        let by_number = api.get("btg.truc-ban", &by_number).await.unwrap();
        assert_eq!((by_number.status, &by_number.text), (200, &by_id.text));
        assert_eq!(by_number.header("etag"), by_id.header("etag"));
    }
}
