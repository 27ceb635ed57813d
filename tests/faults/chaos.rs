//! Everything at once, by a seed: most of a minute here, as long as wanted by `cargo xtask chaos`.

use std::{env, time::Duration};

use crate::support::{
    chaos::{Plan, run},
    report,
};

/// The seed of the minute; `CHAOS_SEED` tries others.
const SEED: u64 = 20_261_128;

/// For so long cases are raised.
const MOST_OF_A_MINUTE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn after_a_minute_of_every_fault_nothing_is_wrong() {
    let seed = env::var("CHAOS_SEED").map_or(SEED, |seed| seed.parse().expect("a number"));
    let outcome = run(Plan { seed, length: MOST_OF_A_MINUTE, cases: None }).await;
    report::write(&outcome, None);
    outcome.found.nothing_wrong();
    let faults: usize = outcome.faults.values().sum();
    assert!(faults >= 5 && outcome.found.cases >= 5, "{outcome:?}");
}
