//! `schemas`: the JSON Schemas of the events, the OpenAPI and the AsyncAPI document, each made by the crate that owns it.

use crate::failure::{Failure, Outcome};
use crate::place::Place;
use crate::shell;

/// What is made: the crate, and its example that makes it.
const MADE: [(&str, &str); 3] = [("events", "schemas"), ("svc-api", "openapi"), ("svc-notifier", "asyncapi")];

/// What may be said: only compare; write even what breaks those who rely on it.
const OPTIONS: [&str; 2] = ["--check", "--accept-breaking"];

/// The command: writes them, or with `--check` only compares.
pub fn run(place: &Place, args: &[String]) -> Outcome {
    if let Some(other) = args.iter().find(|arg| !OPTIONS.contains(&arg.as_str())) {
        return Err(Failure::unknown_argument(other, "nothing, --check or --accept-breaking"));
    }
    for (owner, example) in MADE {
        let mut command =
            shell::cargo(place, ["run", "-q", "--locked", "-p", owner, "--example", example, "--"]);
        command.args(args);
        shell::run(command)?;
    }
    Ok(())
}
