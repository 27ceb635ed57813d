//! An act is done once for ever, whoever repeats it, however late, and wherever (DESIGN D6).

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::time::Duration;

use bus::Principal;
use chrono::TimeDelta;
use events::Kind;
use reqwest::Method;
use serde_json::{Value, json};
use support::{
    api::{Answer, Api, call, letter, send},
    load::{at_once, persist},
    log,
    process::Installation,
    split::Split,
    story::Story,
};

/// All services.
const ALL: [&str; 10] = [
    "ledger",
    "intake",
    "confirmation",
    "routing",
    "coordination",
    "taskforce",
    "escalation",
    "reporting",
    "identity",
    "api",
];

/// Who logs calls.
const DUTY: &str = "btg.truc-ban";

/// An act that is answered.
async fn act(api: &Api, officer: &str, case: &str, act: &str, key: &str, body: &Value) -> Answer {
    api.act(officer, case, act, key, body).await.expect("an answer")
}

/// It was done now.
#[track_caller]
fn done(answer: &Answer, status: u16) {
    assert!(answer.status == status && !answer.is_repeat(), "{} {}", answer.status, answer.text);
}

/// It is the first result of an act that was done before.
#[track_caller]
fn repeats(again: &Answer, first: &Answer) {
    assert!(again.status == 200 && again.is_repeat(), "{} {}", again.status, again.text);
    for field in ["event", "version"] {
        assert_eq!(again.body[field], first.body[field], "{field}");
    }
    assert_eq!(again.case(), first.case());
}

/// The key is taken by another content.
#[track_caller]
fn is_taken(answer: &Answer) {
    assert_eq!((answer.status, answer.code()), (422, "IDEMPOTENCY_KEY_REUSED"), "{}", answer.text);
}

/// A call about something else.
fn another_call() -> Value {
    let mut other = call();
    other["title"] = json!("Một việc khác");
    other
}

/// How often a type of fact stands in the log.
async fn stored(split: &Split, kind: Kind) -> usize {
    let facts = log::read(&split.replay(&["--json"]).await.succeeded());
    facts.iter().filter(|fact| fact.kind == kind).count()
}

#[tokio::test]
async fn a_repeat_is_recognised_after_everything_has_been_killed_and_the_token_has_changed() {
    let mut split = Split::start().await;
    let one = split.serve("one", &ALL).await;
    let api = one.api();
    let raised = act(&api, DUTY, "", "raise", "a call", &call()).await;
    done(&raised, 201);
    let case = raised.case();
    let (verified, unreachable) = (json!({ "result": "verified" }), json!({ "result": "unreachable" }));
    let called = act(&api, DUTY, case, "verify-callback", "called", &verified).await;
    done(&called, 200);
    one.kill9().await;
    split.nats.kill9().await;
    split.nats.restart().await;
    // The key is the officer's, whatever token proves who he is.
    split.new_token(DUTY);

    for name in ["two", "three"] {
        let process = split.serve(name, &ALL).await;
        let api = process.api();
        repeats(&act(&api, DUTY, "", "raise", "a call", &call()).await, &raised);
        repeats(&act(&api, DUTY, case, "verify-callback", "called", &verified).await, &called);
        is_taken(&act(&api, DUTY, "", "raise", "a call", &another_call()).await);
        is_taken(&act(&api, DUTY, case, "verify-callback", "called", &unreachable).await);
        process.kill9().await;
    }
    assert_eq!(stored(&split, Kind::RaisedByPhone).await, 1);
    assert_eq!(stored(&split, Kind::CallbackVerified).await, 1);
}

#[tokio::test]
async fn a_repeat_comes_to_a_process_that_has_not_heard_of_the_first() {
    let split = Split::start().await;
    // Its fold hears of everything long after it has happened.
    let late = [&["--lag", "2000"], &ALL[..]].concat();
    let (one, other) = (split.serve("one", &ALL).await, split.serve("other", &late).await);
    let (api, late) = (one.api(), other.api());
    for number in 0..8 {
        let key = format!("call-{number}");
        let raised = act(&api, DUTY, "", "raise", &key, &call()).await;
        done(&raised, 201);
        repeats(&act(&late, DUTY, "", "raise", &key, &call()).await, &raised);
        is_taken(&act(&late, DUTY, "", "raise", &key, &another_call()).await);
        let case = raised.case();
        let here = act(&api, "btg.dau-moi", case, "acknowledge", "here", &json!({})).await;
        done(&here, 200);
        repeats(&act(&late, "btg.dau-moi", case, "acknowledge", "here", &json!({})).await, &here);
    }
    assert_eq!(stored(&split, Kind::RaisedByPhone).await, 8);
    assert_eq!(stored(&split, Kind::AssignmentAcknowledged).await, 8);
}

#[tokio::test]
async fn two_at_once_in_two_processes_make_one_fact() {
    const KEYS: usize = 48;
    let split = Split::start().await;
    let (one, other) = (split.serve("one", &ALL).await, split.serve("other", &ALL).await);
    let apis = &[one.api(), other.api()];
    at_once(8, KEYS, async |number| {
        let key = &format!("same-{number}");
        // The same act in both: one does it, the other finds it done.
        let both = async |officer, case: &str, act, body: &Value| {
            let (here, there) = tokio::join!(
                persist(&apis[0], officer, case, act, key, body),
                persist(&apis[1], officer, case, act, key, body),
            );
            let did = [&here, &there].into_iter().filter(|one| !one.answer.is_repeat()).count();
            // Who was asked to repeat may have done it before.
            let asked = !here.repeats.is_empty() || !there.repeats.is_empty();
            assert!(did == 1 || (did == 0 && asked), "{act}: {} {}", here.answer.text, there.answer.text);
            let (first, second) = (here.answer, there.answer);
            assert!(first.status < 300 && second.status < 300, "{act}: {} {}", first.text, second.text);
            assert_eq!((&first.body["event"], first.case()), (&second.body["event"], second.case()));
            first
        };
        let raised = both(DUTY, "", "raise", &call()).await;
        both("btg.dau-moi", raised.case(), "acknowledge", &json!({})).await;
        // Two contents under one key: the first that comes has it.
        let key = &format!("other-{number}");
        let (call, another) = (call(), another_call());
        let (here, there) = tokio::join!(
            persist(&apis[0], DUTY, "", "raise", key, &call),
            persist(&apis[1], DUTY, "", "raise", key, &another),
        );
        let (raised, refused) =
            if here.answer.status < 300 { (here.answer, there.answer) } else { (there.answer, here.answer) };
        assert!(raised.status < 300, "{}", raised.text);
        is_taken(&refused);
    })
    .await;
    assert_eq!(stored(&split, Kind::RaisedByPhone).await, 2 * KEYS);
    assert_eq!(stored(&split, Kind::AssignmentAcknowledged).await, KEYS);
    let facts = log::read(&split.replay(&["--json"]).await.succeeded());
    assert_eq!(log::numbers(&facts), log::gapless(2026, 2 * KEYS));
}

#[tokio::test]
async fn a_document_raises_one_case_whoever_brings_it_and_wherever() {
    let split = Split::start().await;
    let at = ["--clock", "manual", "--at", "2026-05-17T09:00:00+07:00"];
    let all = [&at[..], &ALL[..]].concat();
    let (one, other) = (split.serve("one", &all).await, split.serve("other", &all).await);
    let apis = [&one.api(), &other.api()];
    for number in 1..=16 {
        let body = letter(number);
        let bring = async |at: usize, key: &str| {
            act(apis[at], "snnmt.dau-moi", "", "raise", &format!("{key}-{number}"), &body).await
        };
        // Under one key it is one act, under another the document is registered already.
        let all = tokio::join!(bring(0, "one key"), bring(1, "one key"), bring(1, "another"));
        let (here, there, another) = &all;
        let (raised, others) = if here.status == 201 {
            (here, [there, another])
        } else if there.status == 201 {
            (there, [here, another])
        } else {
            (another, [here, there])
        };
        done(raised, 201);
        for other in others {
            let same_key = !std::ptr::eq(other, another) && !std::ptr::eq(raised, another);
            if same_key {
                repeats(other, raised);
            } else {
                assert_eq!((other.status, other.code()), (409, "DOC_DUPLICATE"), "{}", other.text);
            }
        }
    }
    assert_eq!(stored(&split, Kind::RaisedInWriting).await, 16);
    assert_eq!(stored(&split, Kind::DocumentRegistered).await, 16);
}

#[tokio::test]
async fn a_key_is_the_officers_own_and_a_refusal_takes_none() {
    let split = Split::start().await;
    let process = split.serve("all", &ALL).await;
    let api = process.api();
    let mut in_future = call();
    in_future["call"]["ended_at"] = json!("2026-05-16T23:59:00+07:00");
    let refused = act(&api, DUTY, "", "raise", "key", &in_future).await;
    assert_eq!(refused.code(), "CALL_IN_FUTURE", "{}", refused.text);
    // Nothing was stored under the key: what is right is done.
    let raised = act(&api, DUTY, "", "raise", "key", &call()).await;
    done(&raised, 201);
    is_taken(&act(&api, DUTY, "", "raise", "key", &in_future).await);
    // The order of the fields says nothing.
    let backwards = |body: &Value| {
        let fields = body.as_object().expect("an object").iter().rev();
        fields.map(|(name, value)| format!("{}: {value}", json!(name))).collect::<Vec<_>>().join(", ")
    };
    let turned = api.request(DUTY, Method::POST, "/api/v1/cases").header("Idempotency-Key", "key");
    let turned =
        turned.header("Content-Type", "application/json").body(format!("{{{}}}", backwards(&call())));
    repeats(&send(turned).await.expect("an answer"), &raised);
    // Another officer's key of the same name is another key.
    let other = act(&api, "snnmt.dau-moi", "", "raise", "key", &call()).await;
    done(&other, 201);
    assert_ne!(other.case(), raised.case());
    let none = send(api.request(DUTY, Method::POST, "/api/v1/cases").json(&call())).await.expect("an answer");
    assert_eq!((none.status, none.code()), (400, "IDEMPOTENCY_KEY_REQUIRED"), "{}", none.text);
    assert_eq!(stored(&split, Kind::RaisedByPhone).await, 2);
}

#[tokio::test]
async fn after_most_of_a_year_every_act_of_a_story_is_still_a_repeat() {
    let mut story = Story::of("s5a-false-call");
    let place = Installation::starting(story.scenario.start.to_rfc3339());
    place.without_duties();
    let up = place.up().await;
    let mut told = Vec::new();
    for step in story.scenario.steps.clone() {
        let answer = story.play(&up.api(), &step).await.expect("an answer");
        let Some(answer) = answer.filter(|answer| answer.status < 300) else { continue };
        told.push((step, answer));
    }
    assert!(told.len() >= 3, "a story of several acts");
    let facts = place.replay(&["--json"]).await.succeeded();
    let later = story.scenario.start + TimeDelta::days(350);
    up.api().set_clock(later).await.expect("the clock is set");
    assert!(up.term().await.success());
    let up = place.up().await;
    for (step, first) in &told {
        let again = story.play(&up.api(), step).await.expect("an answer").expect("an act");
        repeats(&again, first);
    }
    assert_eq!(place.replay(&["--json"]).await.succeeded(), facts, "a repeat left something in the log");
    assert!(up.term().await.success());
}

#[tokio::test]
async fn nothing_of_it_rests_on_what_the_server_remembers_for_a_while() {
    let split = Split::start().await;
    let process = split.serve("all", &ALL).await;
    done(&act(&process.api(), DUTY, "", "raise", "a call", &call()).await, 201);
    let bus = split.nats.connect(Principal::Ledger).await;
    let facts = log::read(&split.replay(&["--json"]).await.succeeded());
    for sequence in 1..=facts.len() {
        let ask = json!({ "seq": sequence }).to_string();
        let fact = bus.request("$JS.API.DIRECT.GET.CASES", ask.into(), Duration::from_secs(5)).await;
        let fact = fact.expect("an answer");
        // The server forgets message ids when their window has passed: none was given to it.
        assert_eq!(fact.header("Nats-Msg-Id"), None);
        assert!(fact.header("Concord-Id").is_some(), "{:?}", fact.status());
    }
}
