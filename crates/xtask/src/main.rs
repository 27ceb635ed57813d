//! The project's own tool: `cargo xtask <command>`.
//!
//! To add a command: (1) a module with `pub fn run(place: &Place, args: &[String]) -> Outcome`,
//! (2) one row in [`COMMANDS`]. The help text is made from the same row.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people talks on the terminal")]

mod advisories;
mod app;
mod bench;
mod chaos;
mod ci;
mod cluster;
mod driver;
mod failure;
mod layers;
mod place;
mod release;
mod schemas;
mod setup;
mod shell;
mod suite;
mod tidy;
mod tool;
mod year;

use std::process::ExitCode;

use failure::{Failure, Outcome};
use place::Place;

/// One command: what to type, what it does, and the function that does it.
struct Command {
    name: &'static str,
    args: &'static str,
    about: &'static str,
    run: fn(&Place, &[String]) -> Outcome,
}

/// Every command but `help`, in the order in which a newcomer meets them.
const COMMANDS: &[Command] = &[
    Command {
        name: "setup",
        args: "[--nats-server PATH]",
        about: "fetch nats-server and the SMTP server of the tests into .tools",
        run: setup::run,
    },
    Command {
        name: "up",
        args: "[--release] [args...]",
        about: "start everything on this machine: concord up",
        run: app::up,
    },
    Command {
        name: "demo",
        args: "[--release] [args...]",
        about: "play a real scenario through the API: concord demo",
        run: app::demo,
    },
    Command {
        name: "test",
        args: "[nextest args...]",
        about: "build the binaries and run every test",
        run: suite::run,
    },
    Command {
        name: "chaos",
        args: "[--release] [--minutes N] [--cases N] [--seed S] [--report FILE] [--power-cut]",
        about: "faults of every kind under load, by a seed; or the power cut, again and again",
        run: chaos::run,
    },
    Command {
        name: "cluster",
        args: "up|test [--release] [--data DIR] [--faults A,B] [--old FILE] [--report FILE]",
        about: "three servers and two processes with every service: to try, or to see what faults cost",
        run: cluster::run,
    },
    Command {
        name: "year",
        args: "[--release]",
        about: "play a year of a province day by day, check the rules at each day's end, and sum it up",
        run: year::run,
    },
    Command {
        name: "schemas",
        args: "[--check] [--accept-breaking]",
        about: "write the schemas of the events and the documents of the API, or check that they are current",
        run: schemas::run,
    },
    Command {
        name: "bench",
        args: "[what...] [args...]",
        about: "measure the released binary beside its baselines: concord-bench",
        run: bench::run,
    },
    Command {
        name: "release",
        args: "[--out DIR] [--check] [--program FILE] [--allow-dirty]",
        about: "the archive that is handed out, with checksums and SBOM; --check makes it twice and compares, --program takes one that was built before, to try",
        run: release::run,
    },
    Command {
        name: "advisories",
        args: "[--from GIT] [--out DIR]",
        about: "fetch a dated copy of the security advisories, for `ci deny` to look at without a network",
        run: advisories::run,
    },
    Command { name: "layers", args: "", about: "check that imports only point down", run: layers::run },
    Command {
        name: "tidy",
        args: "",
        about: "check what the compiler cannot: module docs, sleeps in tests, stray whitespace",
        run: tidy::run,
    },
    Command {
        name: "ci",
        args: "[stage...]",
        about: "everything a change must pass, stage by stage; or only the stages named",
        run: ci::run,
    },
];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_else(|| "help".to_owned());
    let rest: Vec<String> = args.collect();
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        print!("{}", help());
        return ExitCode::SUCCESS;
    }
    match dispatch(&name, &rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask {name}: {failure}");
            failure.exit_code()
        }
    }
}

fn dispatch(name: &str, args: &[String]) -> Outcome {
    let Some(command) = COMMANDS.iter().find(|c| c.name == name) else {
        return Err(Failure::new(format!("there is no such command; `cargo xtask help` lists {}", names())));
    };
    (command.run)(&Place::find()?, args)
}

fn names() -> String {
    COMMANDS.iter().map(|c| c.name).collect::<Vec<_>>().join(", ")
}

fn help() -> String {
    let line = |usage: &str, about: &str| format!("  {usage:<28} {about}\n");
    let commands: String =
        COMMANDS.iter().map(|c| line(&format!("{} {}", c.name, c.args), c.about)).collect();
    let head = "The project's own tool.\n\nUsage: cargo xtask <command> [args...]\n\n";
    [head, &commands, &line("help", "this text")].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_has_a_line_for_every_command() {
        let help = help();
        for command in COMMANDS {
            assert!(help.lines().any(|line| line.trim_start().starts_with(command.name)), "{}", command.name);
        }
    }

    #[test]
    fn an_unknown_command_is_answered_with_the_known_ones() {
        let failure = dispatch("tets", &[]).expect_err("no such command");
        assert!(failure.to_string().contains("chaos, cluster, year, schemas"));
    }
}
