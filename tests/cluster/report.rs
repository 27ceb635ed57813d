//! What the faults have cost, in Markdown.

use std::{fmt::Write as _, fs};

use crate::{
    AWAY, CASE_EVERY, Cost, Fault, GOAL, Outcome,
    support::{
        report::{machine, promises, repeated},
        top,
    },
};

/// Writes it to a file, if one is named, relative to the top of the checkout.
pub fn write(outcome: &Outcome, file: Option<&str>) {
    let text = markdown(outcome);
    println!("{text}");
    if let Some(file) = file {
        fs::write(top().join(file), text).expect("the report can be written");
    }
}

/// What it is, in words.
fn words(fault: Fault) -> String {
    let away = AWAY.as_secs();
    match fault {
        Fault::LeaderKilled => {
            format!("the server that leads the log killed (`kill -9`), started again after {away} s")
        }
        Fault::LeaderFrozen => format!("the server that leads the log frozen for {away} s"),
        Fault::LeaderCut => {
            format!("the server that leads the log cut off from the others and from its clients for {away} s")
        }
        Fault::RollingRestart => {
            "each server told to leave (lame duck), and started again, one after the other".to_owned()
        }
        Fault::RollingUpgrade => {
            "each process with all services stopped and replaced, one after the other".to_owned()
        }
        Fault::StoreDamaged => {
            "a server killed, one bit of its store flipped and its index lost; found, and healed by the runbook".to_owned()
        }
    }
}

fn markdown(outcome: &Outcome) -> String {
    let Outcome { costs, calm, found, repeats } = outcome;
    let mut text = String::new();
    let mut line = |words: &str| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{words}");
    };
    line("# Faults on three servers\n");
    line(
        "Three nats-servers with TLS between them and to their clients, streams on all three, fsync always; two processes \
         with every service; clients that raise cases by telephone and by document, call back and acknowledge, at either \
         process in turn, and repeat with the same key whatever was not answered for good. After each fault and at the end \
         the checker (`tests/support/truth.rs`) reads the log and the outbox byte by byte and holds them against what the \
         clients were told and what the mail relay took.\n",
    );
    line(
        "To repeat: `cargo xtask cluster test --report docs/figures/cluster.md`, with `--old FILE` for a binary of an older \
         commit.\n",
    );
    line(&format!(
        "{} All of it on one machine, the clients too. A case is raised each {} ms, on every machine the same: {calm:.0} acts \
         a second before the first fault. It is a load to see faults under, and not what the system can do.\n",
        machine(),
        CASE_EVERY.as_millis()
    ));
    line(&format!(
        "| Fault | No act was answered for (goal: {} s) | The longest act, with its repeats | Acts answered meanwhile | Until all was as before |\n\
         |---|---|---|---|---|",
        GOAL.as_secs()
    ));
    for Cost { fault, silence, longest, answered, took, .. } in costs {
        let took = format!("{:.1} s", took.as_secs_f64());
        if *fault == Fault::StoreDamaged {
            line(&format!("| {} | – | – | – | {took} |", words(*fault)));
            continue;
        }
        let [silence, longest] = [silence, longest].map(|time| format!("{:.1} s", time.as_secs_f64()));
        line(&format!("| {} | {silence} | {longest} | {answered} | {took} |", words(*fault)));
    }
    line("");
    for cost in costs.iter().filter(|cost| !cost.seen.is_empty()) {
        line(&format!("{:?}: {}.\n", cost.fault, cost.seen.join("; ")));
    }
    line(&promises(found));
    line(&repeated(repeats));
    text
}
