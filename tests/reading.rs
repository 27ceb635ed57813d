//! What the API gives to read.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::collections::{BTreeMap, BTreeSet};

use bus::{Principal, log, streams::CASES};
use chrono::TimeDelta;
use events::{AggregateId, CaseId, Digest, Timestamp};
use reqwest::{Client, Method, redirect::Policy};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use support::{
    api::{Answer, Api, call, send},
    process::Installation,
    story::{CASE, Story},
};

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

/// Reads what is below a case as of a time.
async fn back(api: &Api, officer: &str, path: &str, at: Timestamp) -> Answer {
    let request = api.request(officer, Method::GET, &format!("/api/v1/cases/{path}"));
    send(request.query(&[("at", at.to_rfc3339())])).await.expect("an answer")
}

#[tokio::test]
async fn a_case_as_it_stood_is_what_was_read_then() {
    let mut story = Story::at_night();
    let place = Installation::starting(story.scenario.start.to_rfc3339());
    let up = place.up().await;
    let api = up.api();
    let before = api.clock().await.unwrap() - TimeDelta::seconds(1);
    // Of several steps at one instant the last counts.
    let mut read = BTreeMap::new();
    loop {
        let next = story.go_on(&api).await;
        if !story.case.is_empty() {
            let path = format!("/api/v1/cases/{}", story.case);
            let case = api.get("btg.lanh-dao", &path).await.unwrap().body;
            let events = api.get("btg.lanh-dao", &format!("{path}/events")).await.unwrap().text;
            read.insert(api.clock().await.unwrap(), (case, events));
        }
        if next.is_none() {
            break;
        }
    }
    let case = story.case.as_str();
    for (at, (case_then, events)) in &read {
        for name in [case, CASE] {
            let mut stood = back(&api, "btg.lanh-dao", name, *at).await;
            assert_eq!((stood.status, stood.header("etag")), (200, None), "{}", stood.text);
            assert_eq!(stood.body.as_object_mut().unwrap().remove("as_of"), Some(json!(at)));
            assert_eq!(stood.body, *case_then, "as of {at}");
        }
        assert_eq!(back(&api, "btg.lanh-dao", &format!("{case}/events"), *at).await.text, *events);
    }
    let states: BTreeSet<_> = read.values().map(|(case, _)| case["state"].as_str().unwrap()).collect();
    assert!(read.len() > 8 && states.len() > 3, "{states:?}");

    // Before it was raised there is none; and who may not see it today does not learn when it was.
    for path in [case.to_owned(), format!("{case}/events")] {
        let none = back(&api, "btg.lanh-dao", &path, before).await;
        assert_eq!((none.status, none.code()), (404, "NOT_FOUND"), "{}", none.text);
        assert!(none.text.contains("Tại thời điểm đó chưa có hồ sơ này"), "{}", none.text);
        for at in [&before, read.keys().last().unwrap()] {
            let hidden = back(&api, "sxd.lanh-dao", &path, *at).await;
            let absent = back(&api, "sxd.lanh-dao", "VV-2026-09999", *at).await;
            assert_eq!((hidden.status, &hidden.body["detail"]), (404, &absent.body["detail"]));
        }
        for query in ["at=yesterday", "at=2026-05-17", "since=2026-05-17T06:00:00Z"] {
            let refused = api.get("btg.lanh-dao", &format!("/api/v1/cases/{path}?{query}")).await.unwrap();
            assert_eq!(
                (refused.status, refused.code()),
                (400, "MALFORMED_QUERY"),
                "{query}: {}",
                refused.text
            );
        }
    }
}

#[tokio::test]
async fn what_the_api_promises_is_there_for_everybody() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let get = async |path: &str| send(api.plain(Method::GET, path)).await.unwrap();
    let document = get("/openapi.json").await;
    assert_eq!(document.body["openapi"], "3.1.0");
    let page = get("/docs").await;
    assert!(page.text.contains("Báo cáo, báo tin vụ việc") && page.text.contains("Raise a case"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{policy}");
    assert!(
        !page.text.contains("<script") && !page.text.contains("//cdn"),
        "the page brings something along"
    );
    assert_eq!(get("/docs/style.css").await.status, 200);
    // Where a problem and a fact say that they are explained.
    let refused = get("/api/v1/cases").await;
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let explained = format!("{}{}", up.http(), refused.body["type"].as_str().unwrap());
    let explained = send(client.get(explained)).await.unwrap();
    assert_eq!(explained.header("location"), Some("/docs#code-unauthenticated"));
    assert!(page.text.contains("id=\"code-unauthenticated\""));
    assert_eq!(get("/problems/of-nobody").await.status, 404);
    let schema = get("/schemas/events/intake.numbered/v1.json").await;
    assert_eq!(schema.body["title"], "intake.numbered");
    assert_eq!(get("/schemas/events/intake.numbered/v9.json").await.status, 404);
}

/// Each operation of the document is there: none is answered as an address, an act or a method that is not known.
#[tokio::test]
async fn whatever_the_document_lists_is_routed() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let raised = api.act("btg.truc-ban", "", "raise", "call", &call()).await.unwrap();
    let document = send(api.plain(Method::GET, "/openapi.json")).await.unwrap().body;
    let mut acts = 0_usize;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let digest = "0".repeat(64);
            let places = [
                ("{id}", raised.case()),
                ("{sha256}", &digest),
                ("{code}", "none"),
                ("{type}", "none"),
                ("{version}", "v1"),
            ];
            let path = places.iter().fold(path.clone(), |path, (name, value)| path.replace(name, value));
            let method: Method = method.to_uppercase().parse().unwrap();
            // Without a key no act is carried out.
            let answer = send(api.request("btg.kiem-tra", method.clone(), &path)).await.unwrap();
            let unknown = answer.text.contains("Không có địa chỉ này");
            assert!(!unknown && answer.status != 405 && answer.code() != "NO_SUCH_ACT", "{method} {path}");
            let takes_a_key = operation["parameters"].to_string().contains("parameters/Idempotency-Key");
            acts += usize::from(takes_a_key);
            if takes_a_key {
                assert_eq!(answer.code(), "IDEMPOTENCY_KEY_REQUIRED", "{path}: {}", answer.text);
            }
        }
    }
    // Those on documents stand below each of the three kinds of duties.
    let all = domain::catalogue::acts().count() + 2 * domain::duties::papers::ACTS.len();
    assert_eq!(acts, all, "all acts, and nothing else, take a key");
}
