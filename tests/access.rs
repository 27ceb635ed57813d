//! Who sees what (DESIGN D9): every read path, for every officer and every case, gives what the audience allows, and who
//! is outside cannot tell a hidden case from none.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Case, Person, Policy,
    access::{self, Principal},
    deadlines,
    text::words,
    work::{Waiting, may_do, waiting},
};
use events::{AggregateId, CaseId, Fact, Lifecycle, OfficerId, Timestamp, Urgency};
use reqwest::{Method, header::ACCEPT};
use serde_json::Value;
use support::{
    api::{Answer, Api, call_that_ended, send},
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

/// All that a list shows, page by page.
async fn pages(api: &Api, officer: &str, list: &str, items: &str) -> Vec<Value> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = api.get(officer, &format!("/api/v1/{list}{cursor}")).await.expect("an answer");
        seen.extend(page.body[items].as_array().expect("a list").iter().cloned());
        match &page.body["next_cursor"] {
            Value::Null => return seen,
            Value::String(next) => cursor = format!("&cursor={next}"),
            next => cursor = format!("&cursor={next}"),
        }
    }
}

/// All cases that a list shows.
async fn listed(api: &Api, officer: &str, narrowed: &str) -> BTreeSet<CaseId> {
    let mut seen = BTreeSet::new();
    for case in pages(api, officer, &format!("cases?{narrowed}"), "cases").await {
        let id = case["id"].as_str().expect("an id").parse().expect("an id");
        assert!(seen.insert(id), "{officer} is shown {id} twice");
    }
    seen
}

/// Whether a case belongs into a narrowed list.
type Belongs = fn(&Case) -> bool;

/// Lists that are narrowed, and what belongs into them.
const NARROWED: [(&str, Belongs); 9] = [
    ("state=routed", |case| case.lifecycle == Lifecycle::Routed),
    ("urgency=khan", |case| case.urgency == Urgency::Khan),
    ("agency=SXD", |case| case.audience.contains(&Principal::Agency("SXD".into()))),
    ("topic=infrastructure", |case| case.matter.topic == "infrastructure"),
    ("exercise=false", |case| !case.matter.exercise),
    ("due_before=2099-01-01T00:00:00Z", |case| deadlines::running(case).next().is_some()),
    ("q=bao+cao", |case| has_words(case, &["bao", "cao"])),
    ("q=BC-", |case| has_words(case, &["bc"])),
    ("q=a&state=closed", |case| has_words(case, &["a"]) && case.lifecycle == Lifecycle::Closed),
];

/// Whether every word, the last as a beginning, is in what of a case is searched.
fn has_words(case: &Case, wanted: &[&str]) -> bool {
    let papers = case.casefile.papers.iter().flat_map(|paper| [&paper.printed, &paper.subject]);
    let texts = [&case.matter.title, &case.matter.summary].into_iter().chain(papers);
    let words: Vec<_> = texts.flat_map(|text| words(text)).map(|word| word.folded).collect();
    let (last, others) = wanted.split_last().expect("a word");
    let whole = others.iter().all(|wanted| words.iter().any(|word| word == wanted));
    whole && words.iter().any(|word| word.starts_with(last))
}

/// What waits for an officer, as the rules say it: in which case, what, and which.
fn waits(
    cases: &BTreeMap<CaseId, Case>,
    offices: &[Person],
    policy: &Policy,
    now: Timestamp,
) -> BTreeSet<String> {
    let visible = |case: &&Case| offices.iter().any(|office| access::may_see(case, office, policy, now));
    let of_case = |case: &Case| {
        let does = |office: &Person, item: &Waiting| {
            let acts = item.owed.acts();
            item.who.contains(&office.agency) && acts.iter().any(|act| may_do(act, office, policy, now))
        };
        let items = waiting(case, policy).into_iter();
        let items = items.filter(|item| offices.iter().any(|office| does(office, item)));
        items.map(|item| format!("{} {} {}", case.id, item.owed, item.instance)).collect::<Vec<_>>()
    };
    cases.values().filter(visible).flat_map(of_case).collect()
}

/// What waits for an officer, as he is shown it.
async fn shown_work(api: &Api, officer: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for item in pages(api, officer, "work?limit=2", "work").await {
        let (case, owed) =
            (item["case"]["id"].as_str().expect("an id"), item["owed"].as_str().expect("a key"));
        let item = format!("{case} {owed} {}", item["instance"]);
        assert!(seen.insert(item.clone()), "{officer} is shown {item} twice");
    }
    seen
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
    // And one in which something still waits.
    let call = call_that_ended(api.time().await);
    let raised = api.act("btg.truc-ban", "", "raise", "last", &call).await.expect("an answer");
    assert_eq!(raised.status, 201, "{}", raised.text);
    let cases = cases(&place).await;
    assert!(cases.len() >= TOLD.len(), "{}", cases.len());
    let (now, policy) = (api.time().await, support::policy());
    let (mut shown, mut narrowed, mut waiting_in_all) = ([0, 0], 0, 0);
    for officer in policy.organisation.officers().map(|officer| &officer.id) {
        let Some(person) = policy.organisation.person(officer, now) else {
            // Who holds no office sees nothing at all.
            let answer = api.get(officer.as_str(), "/api/v1/cases").await.expect("an answer");
            assert_eq!(answer.status, 403, "{officer}: {}", answer.text);
            continue;
        };
        let allowed = |case: &Case| access::may_see(case, &person, &policy, now);
        let may_see: BTreeSet<_> = cases.values().filter(|case| allowed(case)).map(|case| case.id).collect();
        assert_eq!(listed(&api, officer.as_str(), "limit=2").await, may_see, "{officer}");
        for (query, belongs) in NARROWED {
            let expected: BTreeSet<_> = may_see.iter().copied().filter(|id| belongs(&cases[id])).collect();
            assert_eq!(listed(&api, officer.as_str(), query).await, expected, "{officer}: {query}");
            narrowed += expected.len();
        }
        let offices: Vec<_> = policy.organisation.standings(officer, now).collect();
        let expected = waits(&cases, &offices, &policy, now);
        assert_eq!(shown_work(&api, officer.as_str()).await, expected, "{officer}");
        waiting_in_all += expected.len();
        for case in cases.values() {
            sees_exactly(&api, officer, case, allowed(case)).await;
            shown[usize::from(allowed(case))] += 1;
        }
    }
    assert!(shown.iter().all(|pairs| *pairs > 50), "hidden and shown: {shown:?}");
    assert!(narrowed > 100 && waiting_in_all > 5, "narrowed {narrowed}, waiting {waiting_in_all}");
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
