//! Who sees what (DESIGN D9): every read path, for every officer and every case, gives what the audience allows, and who
//! is outside cannot tell a hidden case from none.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::collections::{BTreeMap, BTreeSet};

use domain::{Case, access};
use events::{AggregateId, CaseId, Fact, OfficerId};
use reqwest::{Method, header::ACCEPT};
use serde_json::Value;
use support::{
    api::{Answer, Api, send},
    process::Installation,
    story::Story,
};

/// Scenarios in the order of their beginnings: two sides, a superior, a dossier that went up, a task force, a merger of
/// departments, a call, and cases that merged.
const TOLD: [&str; 6] = [
    "s1-land-clearance",
    "by-delegation",
    "s2-aquaculture-at-night",
    "s3-highway-delay",
    "two-departments-merge",
    "two-reports-of-one-flood",
];

/// A case that nobody has raised.
const ABSENT: &str = "00000000-0000-4000-8000-000000000000";

/// Every case, folded from the log by the rules alone.
async fn cases(place: &Installation) -> BTreeMap<CaseId, Case> {
    let mut cases = BTreeMap::new();
    for line in place.replay(&["--json"]).await.succeeded().lines() {
        let line: Box<serde_json::value::RawValue> = serde_json::from_str(line).expect("a line in JSON");
        // The fact's exact bytes stand at the end of the line.
        let fact = line.get().split_once("\"fact\":").expect("a fact").1;
        let fact = Fact::from_bytes(&fact.as_bytes()[..fact.len() - 1]).expect("a fact");
        if let AggregateId::Case(id) = fact.draft.aggregate {
            let folded = domain::evolve(cases.remove(&id), &fact).expect("it follows");
            cases.insert(id, folded);
        }
    }
    cases
}

/// What says no more of a case than that it is not there: everything but the request's own id and the date.
fn nothing(answer: &Answer, asked: &str) -> (u16, String, BTreeMap<String, String>) {
    let headers =
        answer.headers.iter().filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
    (answer.status, answer.text.replace(asked, "…"), headers.collect())
}

async fn ask(api: &Api, officer: &str, case: &str, path: &str) -> Answer {
    let request = api.request(officer, Method::GET, &format!("/api/v1/cases/{case}{path}"));
    let request = request.header(ACCEPT, "application/json").header("X-Request-Id", "the-same");
    send(request).await.expect("an answer")
}

/// All cases that a list shows, page by page.
async fn listed(api: &Api, officer: &str) -> BTreeSet<CaseId> {
    let mut seen = BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let page = api.get(officer, &format!("/api/v1/cases?limit=2{cursor}")).await.expect("an answer");
        let cases = page.body["cases"].as_array().expect("a list");
        for case in cases {
            let id = case["id"].as_str().expect("an id").parse().expect("an id");
            assert!(seen.insert(id), "{officer} is shown {id} twice");
        }
        match &page.body["next_cursor"] {
            Value::Null => return seen,
            next => cursor = format!("&cursor={next}"),
        }
    }
}

#[tokio::test]
async fn what_is_read_is_within_the_audience_and_a_hidden_case_is_as_if_there_were_none() {
    let first = Story::of(TOLD[0]).scenario.start;
    let place = Installation::starting(first.to_rfc3339());
    let up = place.up().await;
    let api = up.api();
    for name in TOLD {
        let mut story = Story::of(name);
        api.set_clock(story.scenario.start).await.expect("an answer");
        while story.go_on(&api).await.is_some() {}
    }
    let cases = cases(&place).await;
    assert!(cases.len() >= TOLD.len(), "{}", cases.len());
    let (now, policy) = (api.time().await, support::policy());
    let mut shown = [0, 0];
    for officer in policy.organisation.officers().map(|officer| &officer.id) {
        let Some(person) = policy.organisation.person(officer, now) else {
            // Who holds no office sees nothing at all.
            let answer = api.get(officer.as_str(), "/api/v1/cases").await.expect("an answer");
            assert_eq!(answer.status, 403, "{officer}: {}", answer.text);
            continue;
        };
        let allowed = |case: &Case| access::may_see(case, &person, &policy, now);
        let may_see: BTreeSet<_> = cases.values().filter(|case| allowed(case)).map(|case| case.id).collect();
        assert_eq!(listed(&api, officer.as_str()).await, may_see, "{officer}");
        for case in cases.values() {
            sees_exactly(&api, officer, case, allowed(case)).await;
            shown[usize::from(allowed(case))] += 1;
        }
    }
    assert!(shown.iter().all(|pairs| *pairs > 50), "hidden and shown: {shown:?}");
    assert!(up.term().await.success());
}

/// By its id and by its number: the case, its facts and its dossier.
async fn sees_exactly(api: &Api, officer: &OfficerId, case: &Case, allowed: bool) {
    let code = case.code.as_ref().expect("a number").to_string();
    for (asked, absent) in [(case.id.to_string(), ABSENT), (code, "VV-2026-09999")] {
        for path in ["", "/events", "/dossier"] {
            let answer = ask(api, officer.as_str(), &asked, path).await;
            let none = ask(api, officer.as_str(), absent, path).await;
            if allowed {
                // Where no dossier went up there is none to be read, for whoever it is.
                let empty = path == "/dossier" && answer.status == 404;
                assert!(answer.status == 200 || empty, "{officer} {asked}{path}: {}", answer.text);
            } else {
                assert_eq!(nothing(&answer, &asked), nothing(&none, absent), "{officer} {asked}{path}");
            }
        }
    }
}
