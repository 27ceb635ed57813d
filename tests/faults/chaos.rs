//! Everything at once, by a seed: most of a minute here, as long as wanted by hand.

use std::{env, time::Duration};

use crate::support::{
    chaos::{Plan, run},
    report,
};

/// The seed of the minute; `CHAOS_SEED` tries others.
const SEED: u64 = 20_261_128;

/// For so long cases are raised.
const MOST_OF_A_MINUTE: Duration = Duration::from_secs(30);

fn number<T: std::str::FromStr>(name: &str) -> Option<T> {
    env::var(name).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_minute_of_every_fault_nothing_is_wrong() {
    let seed = number("CHAOS_SEED").unwrap_or(SEED);
    let outcome = run(Plan { seed, length: MOST_OF_A_MINUTE, cases: None }).await;
    report::write(&outcome, None);
    outcome.found.nothing_wrong();
    let faults: usize = outcome.faults.values().sum();
    assert!(faults >= 5 && outcome.found.cases >= 5, "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "by hand: cargo xtask chaos"]
async fn by_hand() {
    let seed = number("CHAOS_SEED").unwrap_or_else(rand::random);
    let length = Duration::from_secs(60 * number::<u64>("CHAOS_MINUTES").unwrap_or(1));
    let outcome = run(Plan { seed, length, cases: number("CHAOS_CASES") }).await;
    report::write(&outcome, env::var("CHAOS_REPORT").ok().as_deref());
    outcome.found.nothing_wrong();
}
