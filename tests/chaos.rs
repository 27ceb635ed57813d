//! `cargo xtask chaos`: faults of every kind under load for as long as wanted, and the power cut. No test, for it has
//! no end of its own; the minute of it that is one is in `faults/chaos.rs`.

#![expect(clippy::print_stdout, reason = "a tool for people talks on the terminal")]

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

#[path = "chaos/power.rs"]
mod power;

use std::{env, path::PathBuf, str::FromStr, time::Duration};

use support::{
    chaos::{Plan, run},
    report,
};

/// A number that the command was given.
fn number<T: FromStr>(name: &str) -> Option<T> {
    env::var(name).ok()?.parse().ok()
}

#[tokio::main]
async fn main() {
    let seed = number("CHAOS_SEED").unwrap_or_else(rand::random);
    let cases = number("CHAOS_CASES");
    // Whoever wants so many cases gives them the time.
    let minutes = number("CHAOS_MINUTES").unwrap_or(if cases.is_some() { 120 } else { 1 });
    println!("CHAOS_SEED={seed}");
    let file = env::var("CHAOS_REPORT").ok();
    if let Some(file_system) = env::var_os("POWER_CUT") {
        return power::run(&PathBuf::from(file_system), minutes, seed, file.as_deref()).await;
    }
    let length = Duration::from_secs(60 * minutes);
    let outcome = run(Plan { seed, length, cases }).await;
    report::write(&outcome, file.as_deref());
    outcome.found.nothing_wrong();
}
