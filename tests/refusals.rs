//! Bad input over HTTP: every refusal is problem+json with its code and status, and nothing is stored.

#![expect(clippy::unwrap_used, reason = "what cannot go on has failed")]

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{
    api::{Answer, Api, call, letter, send},
    process::Installation,
};

/// How many facts the log has.
async fn facts(api: &Api) -> u64 {
    let ready = send(api.plain(Method::GET, "/readyz")).await.unwrap();
    ready.body["log"].as_u64().unwrap()
}

fn with(mut body: Value, pointer: &str, value: impl Into<Value>) -> Value {
    *body.pointer_mut(pointer).unwrap() = value.into();
    body
}

/// A letter of the day on which the clock stands.
fn letter_of_the_day() -> Value {
    with(letter(7), "/document/date", "2026-05-16")
}

/// A problem as every problem must be.
#[track_caller]
fn problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code()), (status, code), "{}", answer.text);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", answer.text);
    for field in ["type", "title", "detail"] {
        assert!(answer.body[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {}", answer.text);
    }
    assert_eq!(answer.body["status"], status);
}

#[track_caller]
fn points_at(answer: &Answer, pointer: &str) {
    assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{}", answer.text);
}

#[tokio::test]
async fn what_the_edge_refuses_is_a_problem_and_nothing_is_stored() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let raise = |body: &Value| api.request("btg.truc-ban", Method::POST, "/api/v1/cases").json(body);
    let post = |path: &str| api.request("btg.truc-ban", Method::POST, path).header("Idempotency-Key", "k");

    let stranger = send(api.plain(Method::GET, "/api/v1/cases")).await.unwrap();
    problem(&stranger, 401, "UNAUTHENTICATED");
    assert_eq!(stranger.header("www-authenticate"), Some("Bearer"));
    let forged = api.plain(Method::GET, "/api/v1/cases").bearer_auth("0".repeat(64));
    problem(&send(forged).await.unwrap(), 401, "UNAUTHENTICATED");

    problem(&send(raise(&call())).await.unwrap(), 400, "IDEMPOTENCY_KEY_REQUIRED");
    problem(&send(post("/api/v1/cases").body("{")).await.unwrap(), 400, "MALFORMED_JSON");
    problem(&send(post("/api/v1/cases").body("[1]")).await.unwrap(), 400, "MALFORMED_JSON");
    let large = with(call(), "/summary", "x".repeat(300_000));
    problem(&send(post("/api/v1/cases").json(&large)).await.unwrap(), 413, "BODY_TOO_LARGE");
    let id = "00000000-0000-4000-8000-000000000000";
    let unknown = send(post(&format!("/api/v1/cases/{id}/sing")).json(&json!({}))).await.unwrap();
    problem(&unknown, 404, "NO_SUCH_ACT");
    let stale = post(&format!("/api/v1/cases/{id}/acknowledge")).header("If-Match", "seven");
    problem(&send(stale.json(&json!({}))).await.unwrap(), 400, "MALFORMED_IF_MATCH");
    problem(&api.get("btg.truc-ban", "/api/v1/cases?state=asleep").await.unwrap(), 400, "MALFORMED_QUERY");
    problem(&api.get("btg.truc-ban", "/api/v1/nothing").await.unwrap(), 404, "NOT_FOUND");
    let wrong = api.request("btg.truc-ban", Method::DELETE, "/api/v1/cases");
    problem(&send(wrong).await.unwrap(), 405, "METHOD_NOT_ALLOWED");
    assert_eq!(facts(&api).await, 0);
}

#[tokio::test]
async fn what_the_rules_refuse_names_its_code_and_field_and_nothing_is_stored() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let refused = async |officer: &str, body: Value| api.act(officer, "", "raise", "k", &body).await.unwrap();

    let answer = refused("btg.truc-ban", with(call(), "/state_secret", true)).await;
    problem(&answer, 422, "STATE_SECRET_CONTENT_REFUSED");
    let mut silent = call();
    silent.as_object_mut().unwrap().remove("state_secret");
    let answer = refused("btg.truc-ban", silent).await;
    problem(&answer, 422, "INVALID_DATA");
    points_at(&answer, "/state_secret");
    let answer = refused("btg.truc-ban", with(call(), "/urgency", "thuong")).await;
    problem(&answer, 422, "PHONE_REQUIRES_URGENCY");
    let answer = refused("btg.truc-ban", with(call(), "/call/ended_at", "2026-05-16T22:48:00+07:00")).await;
    problem(&answer, 422, "CALL_IN_FUTURE");
    points_at(&answer, "/call/ended_at");
    let answer = refused("btg.truc-ban", with(call(), "/call/key_facts/what", "x".repeat(301))).await;
    problem(&answer, 422, "INVALID_DATA");
    points_at(&answer, "/call/key_facts/what");
    let answer = refused("btg.truc-ban", with(call(), "/title", 7)).await;
    problem(&answer, 422, "INVALID_DATA");
    points_at(&answer, "/title");
    let answer = refused("sxd.dau-moi", call()).await;
    problem(&answer, 403, "NOT_AUTHORISED");
    for (pointer, value) in [
        ("/document/symbol", json!("not a symbol")),
        ("/document/number", json!(0)),
        ("/document/date", json!("2026-05-17")),
        ("/document/issuer", json!("SXD")),
    ] {
        let answer = refused("snnmt.dau-moi", with(letter_of_the_day(), pointer, value)).await;
        problem(&answer, 422, "DOC_INVALID");
        points_at(&answer, pointer);
    }
    assert_eq!(facts(&api).await, 0);
}

#[tokio::test]
async fn a_case_refuses_in_the_order_of_the_checks() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let raised = api.act("btg.truc-ban", "", "raise", "first", &call()).await.unwrap();
    assert_eq!(raised.status, 201, "{}", raised.text);
    let case = raised.case().to_owned();
    let stored = facts(&api).await;
    let act = async |officer: &str, act: &str, body: Value| {
        api.act(officer, &case, act, &format!("{officer} {act}"), &body).await.unwrap()
    };

    // Not yours and not there are one and the same.
    let foreign = act("sxd.lanh-dao", "acknowledge", json!({})).await;
    problem(&foreign, 404, "NOT_FOUND");
    let absent = "00000000-0000-4000-8000-000000000000";
    let missing = api.act("sxd.lanh-dao", absent, "acknowledge", "k", &json!({})).await.unwrap();
    assert_eq!((foreign.status, foreign.text), (missing.status, missing.text));
    let foreign = api.get("sxd.lanh-dao", &format!("/api/v1/cases/{case}")).await.unwrap();
    let missing = api.get("sxd.lanh-dao", &format!("/api/v1/cases/{absent}")).await.unwrap();
    assert_eq!((foreign.status, foreign.text), (missing.status, missing.text));
    let foreign = api.get("sxd.lanh-dao", &format!("/api/v1/cases/{case}/events")).await.unwrap();
    problem(&foreign, 404, "NOT_FOUND");
    let list = api.get("sxd.lanh-dao", "/api/v1/cases").await.unwrap();
    assert_eq!(list.body["cases"], json!([]));

    // The same key with another content, in whatever order its fields come.
    let other = with(call(), "/title", "Khác");
    problem(
        &api.act("btg.truc-ban", "", "raise", "first", &other).await.unwrap(),
        422,
        "IDEMPOTENCY_KEY_REUSED",
    );
    let again = api.act("btg.truc-ban", "", "raise", "first", &call()).await.unwrap();
    assert_eq!((again.status, again.is_repeat(), again.case()), (200, true, case.as_str()));

    problem(
        &act("btg.van-thu", "verify-callback", json!({ "result": "verified" })).await,
        403,
        "NOT_AUTHORISED",
    );
    let stale = api
        .request("btg.truc-ban", Method::POST, &format!("/api/v1/cases/{case}/verify-callback"))
        .header("Idempotency-Key", "stale")
        .header("If-Match", "\"1\"");
    problem(&send(stale.json(&json!({ "result": "verified" }))).await.unwrap(), 409, "CONFLICT");
    problem(&act("btg.truong-phong", "route", json!({ "unit": "BTG.TT" })).await, 409, "BAD_STATE");
    problem(&act("snnmt.lanh-dao", "acknowledge", json!({})).await, 409, "NO_OPEN_ASSIGNMENT");
    problem(
        &act("btg.lanh-dao", "record-position", json!({ "position": { "agree": {} } })).await,
        409,
        "BAD_STATE",
    );
    problem(&act("btg.lanh-dao", "confirm-closure", json!({ "proposal": 1 })).await, 409, "BAD_STATE");
    let unknown =
        act("btg.truc-ban", "verify-callback", json!({ "result": "verified", "mood": "good" })).await;
    problem(&unknown, 422, "INVALID_DATA");
    assert_eq!(facts(&api).await, stored);
}

#[tokio::test]
async fn a_letter_raises_one_case() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let raised = api.act("snnmt.dau-moi", "", "raise", "first", &letter_of_the_day()).await.unwrap();
    assert_eq!(raised.status, 201, "{}", raised.text);
    let stored = facts(&api).await;
    let again = api.act("snnmt.dau-moi", "", "raise", "second", &letter_of_the_day()).await.unwrap();
    problem(&again, 409, "DOC_DUPLICATE");
    points_at(&again, "/document");
    let repeat = api.act("snnmt.dau-moi", "", "raise", "first", &letter_of_the_day()).await.unwrap();
    assert_eq!((repeat.status, repeat.is_repeat()), (200, true));
    assert_eq!(facts(&api).await, stored);
}

#[tokio::test]
async fn a_problem_speaks_the_caller_s_language() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let body = with(call(), "/urgency", "thuong");
    let ask = |language: Option<&str>| {
        let request =
            api.request("btg.truc-ban", Method::POST, "/api/v1/cases").header("Idempotency-Key", "k");
        match language {
            Some(language) => request.header("Accept-Language", language).json(&body),
            None => request.json(&body),
        }
    };
    let vietnamese = send(ask(None)).await.unwrap();
    assert_eq!(vietnamese.body["title"], "Chỉ dùng điện thoại khi khẩn cấp");
    let english = send(ask(Some("en-GB, vi;q=0.5"))).await.unwrap();
    assert_eq!(english.body["title"], "Phone only in emergency");
    assert_eq!(vietnamese.code(), english.code());
}
