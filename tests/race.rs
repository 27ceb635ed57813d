//! Acts that follow each other faster than the folds: the next act on a case is never refused because a process has
//! not heard of the one before (DESIGN D3).

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::time::Instant;

use chrono::Datelike as _;
use domain::calendar;
use serde_json::{Value, json};
use support::{
    api::{Api, call_that_ended},
    load::{self, Persisted, at_once, persist},
    log,
    split::Split,
};
use testkit::eventually;

/// How many cases are raised, and how many at a time.
const CASES: usize = 2_000;
const IN_FLIGHT: usize = 64;

/// The facts of each: raised, numbered, routed; called back; acknowledged twice; opened.
const FACTS: usize = 7;

#[tokio::test]
async fn the_next_act_is_never_refused_because_a_fold_is_late() {
    let split = Split::start().await;
    let late = |services: &[&'static str]| [&["--clock", "system", "--lag", "100"], services].concat();
    let front = split.serve("front", &late(&["ledger", "intake", "routing", "identity", "api"])).await;
    let _back = split.serve("back", &late(&["confirmation", "coordination", "audit"])).await;
    let api = &front.api();
    // A call that has just ended by the clock of the process, and the year that counts for its number.
    let now = api.time().await;
    let (call, year) = (&call_that_ended(now), calendar::local_date(now).year());
    let began = Instant::now();
    let acts = at_once(IN_FLIGHT, CASES, async |number| history(api, call, number).await).await;
    let took = began.elapsed().as_secs_f64();
    let acts = acts.concat();

    // Every chain is followed and every case folded: a fault would be no success.
    let facts = CASES * FACTS;
    let verdict = format!("\n{facts} facts, {CASES} cases: the chain is unbroken, no version is missing\n");
    let replay = eventually(async || {
        let replay = split.replay(&[]).await.succeeded();
        if replay.ends_with(&verdict) { Ok(replay) } else { Err(replay.lines().last().map(str::to_owned)) }
    })
    .await;
    let numbered = replay.lines().filter(|line| line.contains("  intake.numbered  "));
    let mut numbers: Vec<_> = numbered.filter_map(|line| line.split_whitespace().last()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, log::gapless(year, CASES));
    println!(
        "{} acts in {took:.1} s: {:.0} acts and {:.0} facts per second; asked to repeat: {:?}",
        acts.len(),
        per_second(acts.len(), took),
        per_second(facts, took),
        load::repeats(&acts)
    );
}

/// A call is logged, and what may follow follows at once: the caller is called back, and both liaison units
/// acknowledge, of which the second one opens the coordination.
async fn history(api: &Api, call: &Value, number: usize) -> [Persisted; 4] {
    let give = async |officer, case: &str, act, body: &Value| {
        let done = persist(api, officer, case, act, &format!("{act}-{number}"), body).await;
        let Persisted { answer, repeats } = &done;
        // What asked for a repeat may have been carried out: then the repeat is answered with its first result.
        let fair = if answer.is_repeat() {
            !repeats.is_empty()
        } else {
            answer.status == 200 + u16::from(act == "raise")
        };
        assert!(fair, "{number}: {act} by {officer}: {} {}", answer.status, answer.text);
        done
    };
    let raised = give("btg.truc-ban", "", "raise", call).await;
    let (case, nothing) = (raised.answer.case(), json!({}));
    let verified = json!({ "result": "verified" });
    let (verified, first, second) = tokio::join!(
        give("btg.truc-ban", case, "verify-callback", &verified),
        give("btg.dau-moi", case, "acknowledge", &nothing),
        give("ubnd.dau-moi", case, "acknowledge", &nothing),
    );
    [raised, verified, first, second]
}

fn per_second(count: usize, seconds: f64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / seconds
}
