//! An example of each act's body: `examples.json` has them. The scenarios send them to real servers.

use std::sync::LazyLock;

use serde_json::{Map, Value};

static EXAMPLES: LazyLock<Map<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("examples.json")).unwrap_or_default());

/// The examples of an act's body by their names, each as `{summary, value}`.
pub(super) fn of(act: &str) -> Map<String, Value> {
    EXAMPLES.get(act).and_then(Value::as_object).cloned().unwrap_or_default()
}
