//! `concord audit replay`: the log of an agency, of a period, and as of a time, from a running installation.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use serde_json::Value;
use support::{
    api::call_that_ended,
    golden,
    process::{Installation, Up},
    story::{AT_NIGHT, CASE, Story},
    top,
};

/// Two cases after each other: one between SNNMT and BTG, and one to which SXD is added later.
const TOLD: [&str; 2] = [AT_NIGHT, "three-rounds-and-a-split-side"];

async fn told() -> (Installation, Up) {
    let place = Installation::starting(Story::of(TOLD[0]).scenario.start.to_rfc3339());
    let up = place.up().await;
    let api = up.api();
    for name in TOLD {
        let mut story = Story::of(name);
        api.set_clock(story.scenario.start).await.expect("an answer");
        while story.go_on(&api).await.is_some() {}
    }
    (place, up)
}

fn check(name: &str, text: &str) {
    golden::check(&top().join("tests/replay").join(name), text);
}

/// The facts of a replay in JSON lines.
fn lines(replay: &str) -> Vec<Value> {
    replay.lines().map(|line| serde_json::from_str(line).expect("a line in JSON")).collect()
}

#[tokio::test]
async fn an_agency_and_a_period_are_shown_as_text_and_as_lines() {
    let (place, _up) = told().await;
    // Its case from the first fact on, though it joined with the seventh.
    check("agency.txt", &place.replay(&["--agency", "SXD"]).await.succeeded());
    let from = ["--from", "2026-06-04T15:00:00+07:00", "--to", "2026-06-10T15:00:00+07:00"];
    check("period.txt", &place.replay(&from).await.succeeded());

    let both = lines(&place.replay(&["--agency", "BTG", "--json"]).await.succeeded());
    let subjects: std::collections::BTreeSet<_> =
        both.iter().map(|line| line["fact"]["subject"].to_string()).collect();
    let of = |kind: &str| subjects.iter().filter(|subject| subject.starts_with(kind)).count();
    assert_eq!(of("\"case."), 2, "{subjects:?}");
    assert!(of("\"duty.") > 0 && of("\"document.") == 0, "the reports that it is owed: {subjects:?}");
    let of_period = [&from[..], &["--agency", "SXD", "--json"]].concat();
    let of_period = lines(&place.replay(&of_period).await.succeeded());
    let types: Vec<_> = of_period.iter().map(|line| line["fact"]["type"].as_str().expect("a type")).collect();
    // From its first instant on, without its end; folded from the facts before it.
    assert_eq!(types.len(), 5, "{types:?}");
    assert!(types[0].contains("coordination.settlement-proposed"), "{types:?}");
    assert!(types[4].contains("closure.proposed"), "{types:?}");
    assert_eq!(of_period[4]["state"], "agreed");

    // A duty, by its number as somebody types it.
    let report = place.replay(&["--duty", "bc-2026-06/ubnd"]).await.succeeded();
    assert!(report.contains("reporting.reminded") && report.contains("BC-2026-06  UBND  open"), "{report}");
    let none = place.replay(&["--duty", "BC-2025-01"]).await;
    assert!(none.err.contains("there is no duty BC-2025-01 in the log"), "{}", none.err);

    // As of a time at which it had not joined, it takes part in nothing.
    let before = place.replay(&["--agency", "SXD", "--at", "2026-06-01T08:30:00+07:00"]).await;
    assert_ne!(before.code, Some(0));
    assert!(before.err.contains("SXD takes part in no case"), "{}", before.err);
    let backwards = ["--from", "2026-06-04T15:00:00+07:00", "--to", "2026-06-04T15:00:00+07:00"];
    let backwards = place.replay(&backwards).await;
    assert!(backwards.err.contains("--from must lie before --to"), "{}", backwards.err);
    let two = place.replay(&["--agency", "SXD", "--case", CASE]).await;
    assert!(two.err.contains("cannot be used with"), "{}", two.err);
}

#[tokio::test]
async fn what_had_happened_is_told_apart_from_what_was_known() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    // The call was over two hours ago: to call back was due long before it was logged.
    let call = call_that_ended("2026-05-16T19:45:00+07:00".parse().expect("a time"));
    let raised = api.act("btg.truc-ban", "", "raise", "late", &call).await.expect("an answer");
    assert_eq!(raised.status, 201, "{}", raised.text);
    api.set_clock("2026-05-16T21:53:00+07:00".parse().expect("a time")).await.expect("an answer");

    let early = "2026-05-16T21:00:00+07:00";
    let known = place.replay(&["--case", CASE, "--at", early]).await.succeeded();
    assert!(known.ends_with("0 facts, 0 cases as recorded by 16/05/2026 21:00:00: the chain is unbroken, no version is missing\n"), "{known}");
    let happened = place.replay(&["--case", CASE, "--occurred-at", early]).await.succeeded();
    assert!(happened.contains("confirmation.overdue") && !happened.contains("raised-by-phone"), "{happened}");
    assert!(happened.contains("stands apart: "), "{happened}");
    assert!(happened.contains("left out of the state"), "{happened}");
    assert!(
        happened.contains("as it had happened by 16/05/2026 21:00:00: the chain is unbroken"),
        "{happened}"
    );
    let apart = lines(&place.replay(&["--case", CASE, "--occurred-at", early, "--json"]).await.succeeded());
    assert!(!apart.is_empty() && apart.iter().all(|line| line["apart"] == true && line["state"].is_null()));

    // Once all of it had happened, both are the same.
    let [known, happened] = ["--at", "--occurred-at"].map(|option| [option, "2026-05-16T21:53:00+07:00"]);
    let known = place.replay(&known).await.succeeded();
    let happened = place.replay(&happened).await.succeeded();
    assert_eq!(known.replace("as recorded by", "as it had happened by"), happened);
    assert!(known.contains("confirmation.overdue"), "{known}");
}
