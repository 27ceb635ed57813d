//! The report of a chaos run, in Markdown.

#![expect(clippy::print_stdout, reason = "a tool for people talks on the terminal")]

use std::{fmt::Write as _, fs, path::Path, process::Command};

use super::{
    chaos::{Fault, Outcome},
    load::Repeats,
    top,
    truth::Found,
};

/// Writes it to a file, if one is named, relative to the top of the checkout.
pub fn write(outcome: &Outcome, file: Option<&str>) {
    let text = markdown(outcome);
    println!("{text}");
    if let Some(file) = file {
        fs::write(top().join(file), text).expect("the report can be written");
    }
}

fn markdown(outcome: &Outcome) -> String {
    let Outcome { plan, found, took, .. } = outcome;
    let (load, all) = (took.0.as_secs(), took.1.as_secs());
    let mut text = String::new();
    let mut line = |words: &str| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{words}");
    };
    line("# Chaos\n");
    line(
        "Every service in a process of its own, some of them twice, each with its own line to one nats-server; clients \
         raise cases by telephone and by document, call back and acknowledge, and repeat with the same key whatever \
         was not answered for good; and meanwhile one fault after the other, chosen by a seed. In between and at the \
         end the checker (`tests/support/truth.rs`) reads the log and the outbox byte by byte and holds them against \
         what the clients were told, what the relay took, and what each replica of the API shows, one with an empty \
         fold among them.\n",
    );
    line(&format!("To repeat: `{}`\n", command(outcome)));
    line(&format!("{}\n", machine()));
    line("| What | Count |\n|---|---|");
    for (fault, _) in Fault::ALL {
        let times = outcome.faults.get(fault).copied().unwrap_or_default();
        line(&format!("| {} | {times} |", fault.words()));
    }
    let died: usize = outcome.died.values().sum();
    line(&format!("| processes that died at a failpoint | {died} |"));
    line(&format!("| checks in between | {} |\n", outcome.looks));
    line(&promises(found));
    line(&format!("Cases were raised for {load} s; after {all} s everything was at rest and checked."));
    line(&repeated(&outcome.repeats));
    if !outcome.died.is_empty() {
        let died: Vec<_> = outcome.died.iter().map(|(at, times)| format!("{at} {times}")).collect();
        line(&format!("Died at: {}.", died.join(", ")));
    }
    if let Err(why) = &outcome.disk {
        line(&format!("The server's store had no disk of its own, so none was full: {why}."));
    }
    line(&format!("Seed: {}.", plan.seed));
    text
}

/// What was promised, held against what was found: a table.
pub fn promises(found: &Found) -> String {
    let mut table = "| What was promised, and what was found | Count |\n|---|---|\n".to_owned();
    for (what, count) in [
        ("cases raised", found.cases),
        ("facts in the log", found.facts),
        ("acts that clients asked for", found.asked),
        ("acts that were acknowledged", found.acknowledged),
        ("**acknowledged and lost**", found.lost),
        ("**doubled**", found.doubled),
        ("mails that the log wants, each with its entry", found.entries),
        ("mails said to be sent", found.sent),
        ("**wrongly said to be sent**", found.wrongly_sent),
        ("mails that came more than once, an attempt's outcome being unknown", found.came_again),
        ("**of these not marked so**", found.unmarked),
        ("anything else that is wrong", found.faults.len()),
    ] {
        // Writing to a String does not fail.
        let _ = writeln!(table, "| {what} | {count} |");
    }
    table
}

/// How often clients were asked to repeat, by the code.
pub fn repeated(repeats: &Repeats) -> String {
    let repeats: Vec<_> = repeats.iter().map(|(code, times)| format!("{code} {times}")).collect();
    format!("Clients were asked to repeat: {}.", repeats.join(", "))
}

fn command(outcome: &Outcome) -> String {
    let plan = &outcome.plan;
    let release = if cfg!(debug_assertions) { "" } else { " --release" };
    let length = match plan.cases {
        Some(cases) => format!("--cases {cases}"),
        None => format!("--minutes {}", plan.length.as_secs().div_ceil(60)),
    };
    format!("cargo xtask chaos{release} {length} --seed {}", plan.seed)
}

/// What it ran on.
pub fn machine() -> String {
    let said = |program: &Path, argument: &str| {
        let output = Command::new(program).arg(argument).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: Option<u64> = memory.split_whitespace().nth(1).and_then(|kib| kib.parse().ok());
    let gib = kib.unwrap_or_default() >> 20;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let kernel = kernel.split('-').next().unwrap_or_default().trim().to_owned();
    let server = said(&top().join(".tools/nats-server"), "--version");
    let rust = said(Path::new("rustc"), "--version");
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    format!("{cores} cores, {gib} GiB, Linux {kernel}; {server}; {rust}, {build} build.")
}
