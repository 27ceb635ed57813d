//! `test`: every test of the workspace, against real servers.
//!
//! Documentation tests are left out: each would be compiled and linked on its own, and what
//! they could show is shown by the examples and tests that run here.

use std::process::Command;
use std::time::Instant;

use crate::failure::Outcome;
use crate::place::Place;
use crate::setup::{self, For};
use crate::shell;

/// The command. Arguments go to the test runner, as `cargo xtask test -p domain`.
pub fn run(place: &Place, args: &[String]) -> Outcome {
    setup::ensure(place, For::Testing)?;
    // End-to-end tests start the real binaries and examples, so these come first.
    timed("build", shell::cargo(place, ["build", "--locked", "--workspace", "--bins", "--examples"]))?;
    timed("test", runner(place, args))
}

fn runner(place: &Place, args: &[String]) -> Command {
    let runner: &[&str] = if has_nextest(place) {
        &["nextest", "run"]
    } else {
        println!("cargo-nextest is not installed; `cargo test` does the same, one program at a time");
        &["test", "--lib", "--bins", "--tests"]
    };
    let mut command = shell::cargo(place, runner);
    command.arg("--locked");
    if !narrows(args) {
        command.arg("--workspace");
    }
    command.args(args);
    command
}

/// Has the caller chosen packages already?
fn narrows(args: &[String]) -> bool {
    let own = args.iter().take_while(|arg| *arg != "--");
    own.into_iter().any(|arg| arg == "-p" || arg == "--package" || arg.starts_with("--package="))
}

fn has_nextest(place: &Place) -> bool {
    shell::ask(shell::cargo(place, ["nextest", "--version"])).is_some()
}

fn timed(name: &str, command: Command) -> Outcome {
    let started = Instant::now();
    let outcome = shell::run(command);
    println!("{name}: {:.1} s", started.elapsed().as_secs_f64());
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn naming_a_package_narrows_and_naming_a_test_does_not() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert!(narrows(&words("-p domain")));
        assert!(narrows(&words("--package=domain overdue")));
        assert!(!narrows(&words("overdue -- -p")));
        assert!(!narrows(&[]));
    }
}
