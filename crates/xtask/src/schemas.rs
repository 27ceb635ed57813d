//! `schemas`: the JSON Schemas of the events, made by the crate that owns them.

use crate::failure::{Failure, Outcome};
use crate::place::Place;
use crate::shell;

/// The command: writes them, or with `--check` only compares.
pub fn run(place: &Place, args: &[String]) -> Outcome {
    if let Some(other) = args.iter().find(|arg| *arg != "--check") {
        return Err(Failure::unknown_argument(other, "nothing, or --check"));
    }
    let mut command =
        shell::cargo(place, ["run", "-q", "--locked", "-p", "events", "--example", "schemas", "--"]);
    command.args(args);
    shell::run(command)
}
