//! The reading side as a client sees it: lists by more than state, search, what waits; and one's own act in all of them.

#![expect(clippy::unwrap_used, reason = "what cannot go on has failed")]

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use chrono::TimeDelta;
use serde_json::{Value, json};
use support::{
    api::{Answer, Api, call, letter},
    process::Installation,
    split::Split,
    story::Story,
};

const OFFICER: &str = "btg.dau-moi";

/// All services that a replica needs to take acts.
const ALL: [&str; 11] = [
    "ledger",
    "directory",
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

/// Who may see no case of these tests.
const STRANGER: &str = "sxd.lanh-dao";

async fn read(api: &Api, officer: &str, path: &str) -> Answer {
    let answer = api.get(officer, &format!("/api/v1/{path}")).await.unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer
}

/// The titles in a list, in its order.
async fn titles(api: &Api, officer: &str, path: &str) -> Vec<String> {
    let answer = read(api, officer, path).await;
    let title = |case: &Value| case["title"].as_str().unwrap().to_owned();
    answer.body["cases"].as_array().unwrap().iter().map(title).collect()
}

/// What waits for an officer: what is owed, and the acts that settle it.
async fn work(api: &Api, officer: &str, query: &str) -> Vec<String> {
    let answer = read(api, officer, &format!("work{query}")).await;
    let words = |item: &Value| {
        let acts: Vec<_> = item["acts"].as_array().unwrap().iter().map(|act| act.as_str().unwrap()).collect();
        format!("{} {}: {}", item["owed"].as_str().unwrap(), item["instance"], acts.join(" "))
    };
    answer.body["work"].as_array().unwrap().iter().map(words).collect()
}

/// A call under a title, of a topic and an area.
fn titled(title: &str, topic: &str, area: &str) -> Value {
    let mut call = call();
    for (field, text) in [("title", title), ("topic", topic), ("area", area)] {
        call[field] = json!(text);
    }
    call
}

async fn raise(api: &Api, officer: &str, body: &Value) -> Answer {
    let raised = api.act(officer, "", "raise", body["topic"].as_str().unwrap(), body).await.unwrap();
    assert_eq!(raised.status, 201, "{}", raised.text);
    raised
}

#[tokio::test]
async fn a_search_finds_what_was_typed_and_says_where() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    raise(&api, "btg.truc-ban", &titled("Tràn dầu ở Cầu Đá", "agriculture", "VINH")).await;
    api.set_clock("2026-05-17T08:00:00+07:00".parse().unwrap()).await.unwrap();
    let mut written = letter(123);
    written["title"] = json!("Sạt lở đường ven biển");
    raise(&api, "snnmt.dau-moi", &written).await;

    assert_eq!(titles(&api, OFFICER, "cases?q=tran+dau").await, ["Tràn dầu ở Cầu Đá"]);
    assert_eq!(titles(&api, OFFICER, "cases?q=%C4%91%C6%B0%E1%BB%9Dng%20b").await, ["Sạt lở đường ven biển"]);
    let everything = ["Sạt lở đường ven biển", "Tràn dầu ở Cầu Đá"];
    assert_eq!(titles(&api, OFFICER, "cases?q=nguyen+nhan").await, everything, "in both summaries");
    for typed in ["123/BC-SNNMT", "123%2Fbc-snnmt", "123", "thuy+san+bat+thuong", "VV-2026-00002"] {
        assert_eq!(
            titles(&api, OFFICER, &format!("cases?q={typed}")).await,
            ["Sạt lở đường ven biển"],
            "{typed}"
        );
    }

    let hit = read(&api, OFFICER, "cases?q=duong+snnmt").await.body["cases"][0].clone();
    let marked = |place: &Value| {
        let letters: Vec<char> = place["text"].as_str().unwrap().chars().collect();
        let part = |mark: &Value| {
            let at = |end: usize| usize::try_from(mark[end].as_u64().unwrap()).unwrap();
            letters[at(0)..at(1)].iter().collect::<String>()
        };
        let marks = place["marks"].as_array().unwrap().iter().map(part).collect::<Vec<_>>().join(" ");
        format!("{}: {marks}", place["field"].as_str().unwrap())
    };
    let places: Vec<_> = hit["matches"].as_array().unwrap().iter().map(marked).collect();
    assert_eq!(places, ["title: đường", "document: SNNMT"]);
    let plain = read(&api, OFFICER, "cases").await;
    assert!(plain.body["cases"][0].get("matches").is_none(), "{}", plain.text);

    // Who may see neither is told the same of words that are there and of words that are not.
    let found = read(&api, STRANGER, "cases?q=tran+dau").await;
    assert_eq!(found.text, read(&api, STRANGER, "cases?q=khong+co+gi").await.text);
    assert_eq!(found.body, json!({ "cases": [], "next_cursor": null }));
}

#[tokio::test]
async fn a_list_is_narrowed_by_what_a_case_is() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let (first, second) = ("Tràn dầu", "Dịch bệnh ở vật nuôi");
    raise(&api, "btg.truc-ban", &titled(first, "agriculture", "VINH")).await;
    api.set_clock("2026-05-17T08:00:00+07:00".parse().unwrap()).await.unwrap();
    let mut other = titled(second, "health", "VINH");
    other["raiser"] = json!("SYT");
    other["exercise"] = json!(true);
    other["call"]["ended_at"] = json!("2026-05-17T07:55:00+07:00");
    raise(&api, "btg.truc-ban", &other).await;
    for (query, expected) in [
        ("topic=agriculture", vec![first]),
        ("topic=economy", vec![first]),
        ("topic=health&area=VINH", vec![second]),
        ("agency=SYT", vec![second]),
        ("agency=BTG", vec![second, first]),
        ("agency=SNNMT&topic=health", vec![]),
        ("area=VINH&urgency=hoa-toc", vec![second, first]),
        ("exercise=true", vec![second]),
        ("exercise=false", vec![first]),
        // The document of the call at night is due at 05:48, and is overdue.
        ("due_before=2026-05-17T08:00:00%2B07:00", vec![first]),
        ("due_before=2026-05-16T14:00:00Z", vec![]),
        ("q=vinh&topic=health", vec![]),
        ("q=nguyen+nhan&topic=health", vec![second]),
        ("q=nguyen+nhan&agency=SNNMT", vec![first]),
    ] {
        assert_eq!(titles(&api, OFFICER, &format!("cases?{query}")).await, expected, "{query}");
        assert!(titles(&api, STRANGER, &format!("cases?{query}")).await.is_empty(), "{query}");
    }
    for query in [
        "cases?agency=NOBODY",
        "cases?topic=nothing",
        "cases?area=nowhere",
        "cases?due_before=tomorrow",
        "cases?exercise=perhaps",
        "cases?q=",
        "cases?q=%22*%22",
        "cases?q=a+b+c+d+e+f+g+h+i+j+k",
        "cases?cursor=-1",
        "cases?at_least=x",
        "work?cursor=7",
        "work?state=routed",
    ] {
        let answer = api.get(OFFICER, &format!("/api/v1/{query}")).await.unwrap();
        assert_eq!((answer.status, answer.code()), (400, "MALFORMED_QUERY"), "{query}: {}", answer.text);
    }
}

#[tokio::test]
async fn what_waits_is_shown_to_who_can_do_it_until_it_is_done() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let raised = api.act("btg.truc-ban", "", "raise", "call", &call()).await.unwrap();
    let case = raised.case();
    let at_first = ["callback 1: verify-callback", "ack 1: acknowledge decline"];
    assert_eq!(work(&api, OFFICER, "").await, at_first);
    assert_eq!(work(&api, "btg.truc-ban", "").await, ["callback 1: verify-callback"], "a reporting officer");
    assert_eq!(work(&api, "snnmt.van-thu", "").await, ["written 1: submit-written-confirmation"]);
    for nobody in ["btg.van-thu", "btg.kiem-tra", STRANGER, "tu.thu-ky"] {
        assert!(work(&api, nobody, "").await.is_empty(), "{nobody}");
    }
    let page = read(&api, OFFICER, "work?limit=1").await;
    let item = &page.body["work"][0];
    assert_eq!((&item["kind"], &item["label"]), (&json!("deadline"), &json!("Gọi lại xác minh")));
    assert_eq!((&item["owing"], &item["overdue_level"]), (&json!(["BTG"]), &json!(0)));
    assert_eq!(item["case"], read(&api, OFFICER, "cases").await.body["cases"][0]);
    let cursor = page.body["next_cursor"].as_str().unwrap();
    api.act(OFFICER, case, "acknowledge", "ack", &json!({})).await.unwrap();
    // What was on the next page is done meanwhile.
    assert!(work(&api, OFFICER, &format!("?cursor={cursor}")).await.is_empty());
    assert_eq!(work(&api, OFFICER, "").await, at_first[..1]);

    // At night nobody calls back: it is overdue, and still waits.
    let later = api.clock().await.unwrap() + TimeDelta::hours(1);
    api.set_clock(later).await.unwrap();
    let late = read(&api, OFFICER, "work").await;
    assert!(late.body["work"][0]["overdue_level"].as_u64().unwrap() > 0, "{}", late.text);
}

#[tokio::test]
async fn a_second_key_waits_for_who_turns_it() {
    let mut story = Story::highway();
    let place = Installation::starting(story.scenario.start.to_rfc3339());
    let up = place.up().await;
    let api = up.api();
    story.up_to(&api, "confirm-closure").await;
    let confirms = |items: &[String]| items.iter().any(|item| item.contains("confirm-closure"));
    let whole = api.get("btg.kiem-tra", &format!("/api/v1/cases/{}", story.case)).await.unwrap();
    let who = whole.body["awaiting"][0]["who"].clone();
    for (agency, leader) in [("BTG", "btg.lanh-dao"), ("UBND", "ubnd.lanh-dao"), ("SXD", "sxd.lanh-dao")] {
        let waits = work(&api, leader, "").await;
        let holds = who.as_array().unwrap().contains(&json!(agency));
        assert_eq!(confirms(&waits), holds, "{leader}: {waits:?}, of {who}");
    }
    assert!(!confirms(&work(&api, "btg.dau-moi", "").await), "a liaison officer confirms no closure");
}

#[tokio::test]
async fn one_s_own_act_is_seen_in_every_list_of_another_replica() {
    let split = Split::start().await;
    let one = split.serve("one", &ALL).await;
    let other = split.serve("other", &["--lag", "100", "identity", "api"]).await;
    for number in 0..10 {
        let raised =
            one.api().act("btg.truc-ban", "", "raise", &format!("call-{number}"), &call()).await.unwrap();
        let position = raised.body["position"].as_u64().unwrap();
        let case = raised.body["case"]["id"].as_str().unwrap();
        for (list, key) in [("cases?", "cases"), ("cases?q=thuy+san&", "cases"), ("work?limit=200&", "work")]
        {
            let answer = read(&other.api(), OFFICER, &format!("{list}at_least={position}")).await;
            let items = answer.body[key].as_array().unwrap();
            let has = |item: &Value| item["id"] == case || item["case"]["id"] == case;
            assert!(items.iter().any(has), "{list}: {case} is not in {}", answer.text);
        }
    }
    for path in ["cases", "work"] {
        let answer = other.api().get(OFFICER, &format!("/api/v1/{path}?at_least=999999999")).await.unwrap();
        assert_eq!((answer.status, answer.code()), (503, "BUSY"), "{path}: {}", answer.text);
    }
}
