//! `up` and `demo`: the concord binary, built if need be, with what it needs beside it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::failure::{Failure, Outcome};
use crate::place::Place;
use crate::setup::{self, For};
use crate::shell;

/// Starts everything on this machine and becomes it.
pub fn up(place: &Place, args: &[String]) -> Outcome {
    become_concord(place, "up", args)
}

/// Plays a scenario and leaves with its exit code.
pub fn demo(place: &Place, args: &[String]) -> Outcome {
    become_concord(place, "demo", args)
}

fn become_concord(place: &Place, subcommand: &str, args: &[String]) -> Outcome {
    setup::ensure(place, For::Serving)?;
    let (profile, args) = profile(args);
    let binary = build(place, "concord", "concord", profile)?;
    shell::become_program(shell::program(place, &binary, [&[subcommand.to_owned()], args].concat()))
}

/// Builds a binary of a package and says where cargo has put it, which `CARGO_TARGET_DIR` may move.
pub fn build(place: &Place, package: &str, binary: &str, profile: &[&str]) -> Outcome<PathBuf> {
    let fixed = ["build", "--locked", "-p", package, "--bin", binary];
    let mut command = shell::cargo(place, fixed);
    command.arg("--message-format=json-render-diagnostics").args(profile);
    executable(&shell::read(command)?, binary)
        .ok_or_else(|| Failure::new(format!("cargo built {binary} but does not say where it is")))
}

/// A leading `--release` is for cargo; the rest is for concord.
fn profile(args: &[String]) -> (&'static [&'static str], &[String]) {
    match args {
        [first, rest @ ..] if first == "--release" => (&["--release"], rest),
        all => (&[], all),
    }
}

/// Finds the binary in cargo's messages, one JSON object on each line.
pub fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact" && message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(|path| Path::new(path).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_is_where_cargo_says() {
        let messages = [
            r#"{"reason":"compiler-artifact","target":{"name":"concord","kind":["lib"]},"executable":null}"#,
            r#"{"reason":"compiler-artifact","target":{"name":"other"},"executable":"/cache/debug/other"}"#,
            r#"{"reason":"compiler-artifact","target":{"name":"concord"},"executable":"/cache/debug/concord"}"#,
            r#"{"reason":"build-finished","success":true}"#,
        ]
        .join("\n");
        assert_eq!(executable(&messages, "concord"), Some(PathBuf::from("/cache/debug/concord")));
        assert_eq!(executable(&messages, "elsewhere"), None);
    }

    #[test]
    fn only_a_leading_release_is_for_cargo() {
        let args = ["--release".to_owned(), "--plain".to_owned()];
        assert_eq!(profile(&args), (&["--release"][..], &args[1..]));
        assert_eq!(profile(&args[1..]), (&[][..], &args[1..]));
    }
}
