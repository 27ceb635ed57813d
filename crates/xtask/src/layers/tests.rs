//! The checker against small invented workspaces.

use serde_json::{Value, json};

use super::*;

/// A workspace of crates with their dependencies; a dependency `dev:x` is for tests, `build:x` for building.
fn workspace(crates: &[(&str, &[&str])]) -> Value {
    let packages: Vec<Value> = crates
        .iter()
        .map(|(name, dependencies)| {
            let dependencies: Vec<Value> = dependencies.iter().map(|text| dependency(text)).collect();
            json!({ "name": name, "dependencies": dependencies })
        })
        .collect();
    json!({ "packages": packages })
}

fn dependency(text: &str) -> Value {
    match text.split_once(':') {
        Some((kind, name)) => json!({ "name": name, "kind": kind }),
        None => json!({ "name": text, "kind": null }),
    }
}

fn only(crates: &[(&str, &[&str])]) -> String {
    let wrong = violations(&workspace(crates));
    assert_eq!(wrong.len(), 1, "{wrong:#?}");
    wrong.concat()
}

#[test]
fn imports_that_point_down_are_fine() {
    let wrong = violations(&workspace(&[
        ("events", &["serde"]),
        ("domain", &["events", "dev:proptest"]),
        ("bus", &["domain", "events", "async-nats", "tokio", "dev:testkit"]),
        ("views", &["bus", "rusqlite"]),
        ("service", &["views", "build:events"]),
        ("svc-intake", &["service", "domain"]),
        ("svc-notifier", &["service", "lettre", "dev:testkit"]),
        ("concord", &["svc-intake", "svc-notifier", "dev:testkit"]),
        ("testkit", &["bus", "tokio"]),
        ("xtask", &["serde_json"]),
    ]));
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn an_import_that_points_up_is_named_and_says_what_to_do() {
    let wrong = only(&[("domain", &["bus"]), ("bus", &[])]);
    assert!(wrong.starts_with("crates/domain: imports bus, but may import only events; move the code down"));
}

#[test]
fn an_import_that_points_up_is_wrong_for_tests_and_builds_too() {
    assert!(only(&[("bus", &["dev:views"]), ("views", &[])]).contains("imports views"));
    assert!(only(&[("events", &["build:domain"]), ("domain", &[])]).contains("nothing of ours"));
}

#[test]
fn services_never_import_each_other() {
    let wrong = only(&[("svc-intake", &["svc-ledger"]), ("svc-ledger", &[])]);
    assert!(wrong.contains("services never import each other"));
}

#[test]
fn the_harness_is_for_tests_only() {
    let wrong = only(&[("svc-api", &["testkit"]), ("testkit", &[])]);
    assert!(wrong.contains("move it to [dev-dependencies]"));
}

#[test]
fn nobody_imports_the_tool_or_the_binary() {
    assert!(only(&[("service", &["concord"]), ("concord", &[])]).contains("imports concord"));
    assert!(only(&[("xtask", &["events"]), ("events", &[])]).contains("nothing of ours"));
}

#[test]
fn a_crate_without_a_row_is_wrong() {
    assert!(only(&[("common", &[])]).contains("crates/common: it has no row"));
}

#[test]
fn packages_behind_a_crate_stay_there() {
    assert!(only(&[("svc-ledger", &["async-nats"])]).contains("which only bus may"));
    assert!(only(&[("concord", &["dev:lettre"])]).contains("which only svc-notifier may"));
    assert!(only(&[("service", &["rusqlite"])]).contains("which only views may"));
}

#[test]
fn the_lowest_storeys_do_not_wait() {
    assert!(only(&[("domain", &["tokio"])]).contains("plain functions"));
    assert!(only(&[("events", &["dev:tokio"])]).contains("plain functions"));
}

#[test]
fn the_table_itself_only_points_down() {
    for (row, layer) in LAYERS.iter().enumerate() {
        for import in layer.imports {
            let below = LAYERS[..row].iter().any(|lower| lower.name == *import);
            assert!(below, "{} imports {import}, which stands above it in the table", layer.name);
        }
    }
}
