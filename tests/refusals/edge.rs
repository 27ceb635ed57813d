//! What the HTTP edge refuses before a rule is asked.

use reqwest::Method;
use serde_json::json;

use crate::{
    refused::{ABSENT, Refusals, facts, with},
    support::{
        api::{call, send},
        process::Installation,
    },
};

#[tokio::test]
async fn what_the_edge_refuses_is_a_problem_and_nothing_is_stored() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let mut edge = Refusals::of(api.clone());
    let cases = "/api/v1/cases";
    let get = |path: &str| api.request("btg.truc-ban", Method::GET, path);
    let post = |path: &str| api.request("btg.truc-ban", Method::POST, path);
    let keyed = |path: &str| post(path).header("Idempotency-Key", "k");

    let stranger = edge.refused(api.plain(Method::GET, cases), 401, "UNAUTHENTICATED").await;
    assert_eq!(stranger.header("www-authenticate"), Some("Bearer"));
    let forged = api.plain(Method::GET, cases).bearer_auth("0".repeat(64));
    edge.refused(forged, 401, "UNAUTHENTICATED").await;

    edge.refused(post(cases).json(&call()), 400, "IDEMPOTENCY_KEY_REQUIRED").await;
    for key in ["", " ", &"k".repeat(201)] {
        let request = post(cases).header("Idempotency-Key", key).json(&call());
        edge.refused(request, 400, "IDEMPOTENCY_KEY_REQUIRED").await;
    }
    for body in ["{", "[1]", "7", "{\"channel\": \"phone\",}"] {
        edge.refused(keyed(cases).body(body), 400, "MALFORMED_JSON").await;
    }
    for body in ["{", "[1]", "", "{\"to\": \"tomorrow\"}", "{\"at\": \"2026-05-17T06:00:00+07:00\"}"] {
        edge.refused(api.plain(Method::POST, "/dev/clock").body(body), 400, "MALFORMED_JSON").await;
    }
    let large = with(call(), "/summary", "x".repeat(300_000));
    edge.refused(keyed(cases).json(&large), 413, "BODY_TOO_LARGE").await;

    let act = |act: &str| format!("{cases}/{ABSENT}/{act}");
    for name in ["sing", "raise"] {
        edge.refused(keyed(&act(name)).json(&json!({})), 404, "NO_SUCH_ACT").await;
    }
    let stale = keyed(&act("acknowledge")).header("If-Match", "seven").json(&json!({}));
    edge.refused(stale, 400, "MALFORMED_IF_MATCH").await;
    for query in ["?state=asleep", "?limit=many", "?sort=title", "?agency=NOBODY", "?area=nowhere", "?q=%22"]
    {
        edge.refused(get(&format!("{cases}{query}")), 400, "MALFORMED_QUERY").await;
    }
    edge.refused(get(&format!("{cases}/{ABSENT}?at_least=soon")), 400, "MALFORMED_QUERY").await;
    edge.refused(get("/api/v1/work?cursor=7"), 400, "MALFORMED_QUERY").await;

    for path in [
        "/api/v1/nothing",
        "/nothing",
        "/api/v1/cases/no-id",
        "/api/v1/cases/%FF",
        "/api/v1/cases/%FF/events",
    ] {
        edge.refused(get(path), 404, "NOT_FOUND").await;
    }
    edge.refused(keyed("/api/v1/cases/%FF/acknowledge").json(&json!({})), 404, "NOT_FOUND").await;
    for (method, path) in
        [(Method::DELETE, cases), (Method::PUT, &act("acknowledge")), (Method::POST, "/readyz")]
    {
        edge.refused(api.request("btg.truc-ban", method, path), 405, "METHOD_NOT_ALLOWED").await;
    }
    assert_eq!(facts(&api).await, 1, "the policy alone");
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_again() {
    let place = Installation::new();
    place.configure("[http]\nrequests_per_minute = 1\nfailures_per_minute = 1\n");
    let up = place.up().await;
    let api = up.api();
    let mut edge = Refusals::of(api.clone());
    let cases = "/api/v1/cases";
    let code = "TOO_MANY_REQUESTS";
    assert_eq!(api.get("btg.truc-ban", cases).await.unwrap().status, 200);
    let told = edge.refused(api.request("btg.truc-ban", Method::GET, cases), 429, code).await;
    let seconds: u32 = told.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(api.get("btg.dau-moi", cases).await.unwrap().status, 200, "each for himself");

    let forged = || api.plain(Method::GET, cases).bearer_auth("0".repeat(64));
    assert_eq!(send(forged()).await.unwrap().status, 401);
    edge.refused(forged(), 429, code).await;
    edge.refused(api.plain(Method::POST, cases), 429, code).await;
    assert_eq!(api.get("btg.lanh-dao", cases).await.unwrap().status, 200, "from the same address");
    assert_eq!(send(api.plain(Method::GET, "/livez")).await.unwrap().status, 200);
}
