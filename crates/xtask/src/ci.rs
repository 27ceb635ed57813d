//! `ci`: everything a change must pass, in the order in which failures are cheapest to find.

mod deny;
mod deploy;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::failure::{Failure, Outcome};
use crate::place::Place;
use crate::setup::For;
use crate::{app, cluster, layers, schemas, setup, shell, suite, tidy};

/// One stage: its name and what it runs.
type Stage = (&'static str, fn(&Place) -> Outcome);

/// The stages, in order. The first that fails ends the run.
const STAGES: &[Stage] = &[
    ("setup", |place| setup::ensure(place, For::Testing)),
    ("fmt", |place| shell::run(shell::cargo(place, ["fmt", "--all", "--check"]))),
    ("layers", |place| layers::run(place, &[])),
    ("tidy", |place| tidy::run(place, &[])),
    ("schemas", |place| schemas::run(place, &["--check".to_owned()])),
    ("clippy", clippy),
    ("deny", deny::run),
    ("deploy", deploy::run),
    ("test", |place| suite::run(place, &[])),
    ("demo", demo),
    ("cluster", |place| cluster::run(place, &["test".to_owned()])),
];

/// The command: every stage, or those named.
pub fn run(place: &Place, args: &[String]) -> Outcome {
    if let Some(other) = args.iter().find(|arg| STAGES.iter().all(|(name, _)| name != arg)) {
        let names: Vec<&str> = STAGES.iter().map(|(name, _)| *name).collect();
        return Err(Failure::unknown_argument(other, &format!("names of stages: {}", names.join(", "))));
    }
    let mut times = Vec::new();
    for (name, stage) in
        STAGES.iter().filter(|(name, _)| args.is_empty() || args.iter().any(|arg| arg == name))
    {
        println!("\n==== {name} ====");
        let started = Instant::now();
        let outcome = stage(place);
        times.push((*name, started.elapsed(), outcome.is_ok()));
        println!("---- {name}: {}", seconds(started.elapsed()));
        if let Err(failure) = outcome {
            print!("{}", table(&times));
            println!("\n!!!! FAILED in stage {name}; alone: cargo xtask ci {name}");
            return Err(failure);
        }
    }
    print!("{}", table(&times));
    Ok(())
}

fn clippy(place: &Place) -> Outcome {
    let args = ["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
    shell::run(shell::cargo(place, args))
}

/// The demo as a child, for the table of times comes after it.
fn demo(place: &Place) -> Outcome {
    let binary = app::build(place, "concord", "concord", &[])?;
    let mut command = shell::program(place, &binary, ["demo"]);
    command.env("NO_COLOR", "1");
    shell::run(command)
}

fn table(times: &[(&str, Duration, bool)]) -> String {
    let mut text = String::from("\n  stage       time\n");
    for (name, time, passed) in times {
        let verdict = if *passed { "" } else { "  FAILED" };
        // Writing to a String does not fail.
        let _ = writeln!(text, "  {name:<8} {:>9}{verdict}", seconds(*time));
    }
    let total = times.iter().map(|(_, time, _)| *time).sum();
    let _ = writeln!(text, "  {:<8} {:>9}", "total", seconds(total));
    text
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_ends_with_the_total_and_marks_the_failure() {
        let times =
            [("fmt", Duration::from_millis(1_200), true), ("tidy", Duration::from_millis(300), false)];
        let expected = "\n  stage       time\n  fmt          1.2 s\n  tidy         0.3 s  FAILED\n  total        1.5 s\n";
        assert_eq!(table(&times), expected);
    }
}
