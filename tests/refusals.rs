//! Bad input over HTTP: every refusal is a problem with its code, its status and the field it is about, in the
//! caller's language, and nothing is stored.

#![expect(clippy::unwrap_used, reason = "what cannot go on has failed")]

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::collections::BTreeSet;

use domain::Code;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use support::{
    api::{Answer, Api, call, document, key_facts, letter, path_of, send},
    process::Installation,
    story::{AT_NIGHT, CASE, Story},
};

/// The codes that bad input can bring, each with its status; the others say that the system is busy, away or full.
const REACHABLE: [(Code, u16); 16] = [
    (Code::NotFound, 404),
    (Code::NotAuthorised, 403),
    (Code::Conflict, 409),
    (Code::BadState, 409),
    (Code::InvalidData, 422),
    (Code::StateSecretContentRefused, 422),
    (Code::PhoneRequiresUrgency, 422),
    (Code::CallInFuture, 422),
    (Code::DocInvalid, 422),
    (Code::DocDuplicate, 409),
    (Code::WrittenNotExpected, 409),
    (Code::NoOpenAssignment, 409),
    (Code::NoProposal, 409),
    (Code::SeparationOfDuties, 403),
    (Code::WrittenNotSettled, 409),
    (Code::IdempotencyKeyReused, 422),
];

/// A case that nobody has raised.
const ABSENT: &str = "00000000-0000-4000-8000-000000000000";

/// Sends what is refused, and remembers the codes that came.
struct Refusals {
    api: Api,
    codes: BTreeSet<String>,
}

impl Refusals {
    fn of(api: Api) -> Self {
        Self { api, codes: BTreeSet::new() }
    }

    /// An act that is refused with a code, about a field if it is about one.
    async fn act(&mut self, by: &str, case: &str, act: &str, body: &Value, code: Code, at: &str) {
        let request = self.api.request(by, Method::POST, &path_of(case, act));
        let request = request.header("Idempotency-Key", "refused").json(body);
        let answer = self.by_rule(request, code).await;
        let pointer = answer.body["errors"][0]["pointer"].as_str().unwrap_or_default();
        assert_eq!(pointer, at, "{act}: {}", answer.text);
    }

    /// A raise that is refused.
    async fn raise(&mut self, by: &str, body: &Value, code: Code, at: &str) {
        self.act(by, "", "raise", body, code, at).await;
    }

    /// A request that the rules refuse with a code.
    async fn by_rule(&mut self, request: RequestBuilder, code: Code) -> Answer {
        let (_, status) = REACHABLE.into_iter().find(|(known, _)| *known == code).unwrap();
        self.refused(request, status, code.name()).await
    }

    /// A request that is refused: in Vietnamese, in English for who asks for it, and without a trace in the log.
    async fn refused(&mut self, request: RequestBuilder, status: u16, code: &str) -> Answer {
        let before = facts(&self.api).await;
        let english = request.try_clone().unwrap().header("Accept-Language", "en-GB, vi;q=0.5");
        let (vietnamese, english) = (send(request).await.unwrap(), send(english).await.unwrap());
        for answer in [&vietnamese, &english] {
            assert_eq!((answer.status, answer.code()), (status, code), "{}", answer.text);
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", answer.text);
            assert_eq!(answer.body["status"], status);
            let kind = format!("/problems/{}", code.to_lowercase().replace('_', "-"));
            assert_eq!(answer.body["type"], kind);
        }
        for text in ["title", "detail"] {
            let [vietnamese, english] =
                [&vietnamese, &english].map(|answer| answer.body[text].as_str().unwrap());
            assert!(!vietnamese.is_ascii(), "{code}: {text} is not in Vietnamese: {vietnamese}");
            assert_ne!(vietnamese, english, "{code}: {text}");
        }
        assert!(english.body["title"].as_str().unwrap().is_ascii(), "{}", english.text);
        assert_eq!(facts(&self.api).await, before, "{code} left something in the log");
        self.codes.insert(code.to_owned());
        vietnamese
    }
}

/// How many facts the log has.
async fn facts(api: &Api) -> u64 {
    let ready = send(api.plain(Method::GET, "/readyz")).await.unwrap();
    ready.body["log"].as_u64().unwrap()
}

/// The body with another value at a place of it, or without that place.
fn with(mut body: Value, pointer: &str, value: impl Into<Value>) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let fields = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value.into() {
        Value::Null => fields.remove(name),
        value => fields.insert(name.to_owned(), value),
    };
    body
}

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
    for query in ["?state=asleep", "?limit=many", "?sort=title"] {
        edge.refused(get(&format!("{cases}{query}")), 400, "MALFORMED_QUERY").await;
    }
    edge.refused(get(&format!("{cases}/{ABSENT}?at_least=soon")), 400, "MALFORMED_QUERY").await;

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
    assert_eq!(facts(&api).await, 0);
}

#[tokio::test]
async fn what_the_rules_refuse_names_its_code_and_field_and_nothing_is_stored() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let mut rules = Refusals::of(api.clone());
    a_call_is_refused(&mut rules).await;
    a_letter_is_refused(&mut rules).await;
    assert_eq!(facts(&api).await, 0);

    // The call at night, up to the document that confirms it.
    let mut story = Story::of(AT_NIGHT);
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

    let seen: BTreeSet<_> = rules.codes.iter().map(String::as_str).collect();
    let reachable: BTreeSet<_> = REACHABLE.into_iter().map(|(code, _)| code.name()).collect();
    assert_eq!(seen, reachable);
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

/// A letter of the day on which the clock stands.
fn letter_of_the_day() -> Value {
    with(letter(7), "/document/date", "2026-05-16")
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
        let body = with(letter_of_the_day(), pointer, value);
        rules.raise("snnmt.dau-moi", &body, Code::DocInvalid, pointer).await;
    }
    let secret = with(letter_of_the_day(), "/document/secrecy", "toi-mat");
    rules.raise("snnmt.dau-moi", &secret, Code::StateSecretContentRefused, "").await;
    // Nobody reports for another agency in writing.
    rules.raise("btg.truc-ban", &letter_of_the_day(), Code::NotAuthorised, "").await;
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
