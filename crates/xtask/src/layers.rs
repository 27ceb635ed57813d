//! `layers`: imports only point down.
//!
//! The architecture is the table in [`table`]; this holds it against what `cargo metadata` says.

mod table;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::failure::{Failure, Outcome};
use crate::place::Place;
use crate::shell;
use table::{FORBIDDEN, HARNESS, LAYERS, Layer, SOLE_USERS};

/// The command.
pub fn run(place: &Place, args: &[String]) -> Outcome {
    if let Some(other) = args.first() {
        return Err(Failure::unknown_argument(other, "nothing"));
    }
    let metadata = metadata(place, &["--no-deps"])?;
    let wrong = violations(&metadata);
    if wrong.is_empty() {
        let crates = packages(&metadata).len();
        println!("layers: {crates} crates, every import points down");
        return Ok(());
    }
    for line in &wrong {
        eprintln!("{line}");
    }
    Err(Failure::new(format!("wrong imports: {} (the table: crates/xtask/src/layers/table.rs)", wrong.len())))
}

/// What cargo knows of the workspace.
pub fn metadata(place: &Place, args: &[&str]) -> Outcome<Value> {
    let mut command = shell::cargo(place, ["metadata", "--format-version", "1", "--locked"]);
    command.args(args);
    serde_json::from_str(&shell::read(command)?)
        .map_err(|error| Failure::new(format!("cargo metadata is not readable: {error}")))
}

/// Every edge that the table does not allow, as a sentence that says what to do.
fn violations(metadata: &Value) -> Vec<String> {
    let packages = packages(metadata);
    let ours: BTreeSet<&str> = packages.iter().map(|package| name(package)).collect();
    let mut wrong = Vec::new();
    for package in packages {
        let from = name(package);
        let Some(layer) = layer(from) else {
            wrong.push(format!(
                "crates/{from}: it has no row in the table; add one to LAYERS that says what it may import"
            ));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = name(dependency);
            let for_tests = dependency["kind"] == "dev";
            let reason = if ours.contains(to) { own(layer, from, to, for_tests) } else { foreign(from, to) };
            wrong.extend(reason.map(|reason| format!("crates/{from}: {reason}")));
        }
    }
    wrong
}

/// Why a crate may not import another of ours, if it may not.
fn own(layer: &Layer, from: &str, to: &str, for_tests: bool) -> Option<String> {
    if from == to || layer.imports.contains(&family(to)) || (for_tests && to == HARNESS) {
        return None;
    }
    if to == HARNESS {
        return Some(format!("imports {HARNESS} outside tests; move it to [dev-dependencies]"));
    }
    if family(from) == family(to) {
        return Some(format!(
            "imports {to}, and services never import each other; let it react to the other's events, or move \
             what both need into service or domain"
        ));
    }
    let allowed =
        if layer.imports.is_empty() { "nothing of ours".to_owned() } else { layer.imports.join(", ") };
    Some(format!(
        "imports {to}, but may import only {allowed}; move the code down to where both can reach it, or turn \
         the call around"
    ))
}

/// Why a crate may not import one from outside, if it may not.
fn foreign(from: &str, to: &str) -> Option<String> {
    let kept = SOLE_USERS.iter().find(|rule| rule.package == to && rule.user != from);
    let forbidden = FORBIDDEN.iter().find(|rule| rule.package == to && rule.in_crates.contains(&from));
    kept.map(|rule| format!("imports {to}, which only {} may: {}", rule.user, rule.instead))
        .or_else(|| forbidden.map(|rule| format!("imports {to}, which it must not: {}", rule.instead)))
}

fn layer(name: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.name == family(name))
}

/// All services share one row.
fn family(name: &str) -> &str {
    if name.starts_with("svc-") { "svc-*" } else { name }
}

fn packages(metadata: &Value) -> Vec<&Value> {
    metadata["packages"].as_array().into_iter().flatten().collect()
}

fn name(value: &Value) -> &str {
    value["name"].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests;
