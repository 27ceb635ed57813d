//! The fold on disk: gone on with where it is sound, made anew where it is not, and the same either way (DESIGN D8).

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{fs, path::PathBuf};

use serde_json::Value;
use support::{
    api::{Api, call},
    process::{Installation, Up},
};

const OFFICER: &str = "btg.truc-ban";

/// How many cases there are: more than one page of a list.
const CASES: usize = 12;

/// What the API shows: the list page by page, and each case.
async fn shown(api: &Api) -> Vec<Value> {
    let mut shown = Vec::new();
    let mut path = "/api/v1/cases?limit=5".to_owned();
    loop {
        let page = api.get(OFFICER, &path).await.expect("an answer");
        assert_eq!(page.status, 200, "{}", page.text);
        for line in page.body["cases"].as_array().expect("cases") {
            let whole = format!("/api/v1/cases/{}", line["id"].as_str().expect("an id"));
            shown.extend([line.clone(), api.get(OFFICER, &whole).await.expect("an answer").body]);
        }
        match page.body["next_cursor"].as_u64() {
            Some(next) => path = format!("/api/v1/cases?limit=5&cursor={next}"),
            None => return shown,
        }
    }
}

/// An installation with some cases, each at its own point.
async fn with_cases(place: &Installation) -> (Up, Vec<Value>) {
    let up = place.up().await;
    let api = up.api();
    for number in 0..CASES {
        let raised =
            api.act(OFFICER, "", "raise", &format!("call-{number}"), &call()).await.expect("an answer");
        assert_eq!(raised.status, 201, "{}", raised.text);
        if number % 2 == 0 {
            let verified = serde_json::json!({ "result": "verified" });
            let done = api.act(OFFICER, raised.case(), "verify-callback", "verify", &verified).await;
            let done = done.expect("an answer");
            assert_eq!(done.status, 200, "{}", done.text);
        }
    }
    let shown = shown(&api).await;
    assert_eq!(shown.len(), 2 * CASES);
    (up, shown)
}

fn file(place: &Installation) -> PathBuf {
    place.data().join("fold").join("fold-1.sqlite")
}

/// Says that the log was read from its beginning.
const ANEW: &str = "the fold on disk is made anew";

#[tokio::test]
async fn a_start_goes_on_with_the_fold_that_was_written() {
    let place = Installation::new();
    let (up, before) = with_cases(&place).await;
    assert!(up.term().await.success());
    let up = place.up().await;
    assert_eq!(shown(&up.api()).await, before);
    assert!(!place.log().contains(ANEW), "{}", place.log());
    // A repeat is recognised by what the fold has of the first.
    let again = up.api().act(OFFICER, "", "raise", "call-3", &call()).await.unwrap();
    assert!(again.status == 200 && again.is_repeat(), "{}", again.text);
}

#[tokio::test]
async fn what_the_process_had_not_written_when_it_was_killed_is_applied_again() {
    let place = Installation::new();
    let (up, before) = with_cases(&place).await;
    up.kill9().await;
    let up = place.up().await;
    assert_eq!(shown(&up.api()).await, before);
    assert!(!place.log().contains(ANEW), "{}", place.log());
}

#[tokio::test]
async fn a_fold_that_is_missing_or_damaged_is_made_anew_and_is_the_same() {
    let place = Installation::new();
    let (up, before) = with_cases(&place).await;
    assert!(up.term().await.success());
    fs::remove_dir_all(file(&place).parent().unwrap()).unwrap();
    let up = place.up().await;
    assert_eq!(shown(&up.api()).await, before);
    assert!(up.term().await.success());
    let sound = fs::read(file(&place)).unwrap();
    fs::write(file(&place), &sound[..sound.len() / 3]).unwrap();
    let up = place.up().await;
    assert_eq!(shown(&up.api()).await, before);
    assert!(up.term().await.success());
    fs::write(file(&place), "this is no database").unwrap();
    let up = place.up().await;
    assert_eq!(shown(&up.api()).await, before);
    assert!(place.log().contains("cannot be read, and is made anew"), "{}", place.log());
}

#[tokio::test]
async fn a_fold_of_another_log_is_not_gone_on_with() {
    let (one, other) = (Installation::new(), Installation::new());
    let (up, _) = with_cases(&one).await;
    assert!(up.term().await.success());
    let up = other.up().await;
    let raised = up.api().act(OFFICER, "", "raise", "call", &call()).await.unwrap();
    let before = shown(&up.api()).await;
    assert_eq!(before.len(), 2);
    assert!(up.term().await.success());
    fs::copy(file(&one), file(&other)).unwrap();
    let up = other.up().await;
    assert_eq!(shown(&up.api()).await, before, "{}", raised.text);
    assert!(other.log().contains("made from another log"), "{}", other.log());
}
