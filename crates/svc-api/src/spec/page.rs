//! The page.
use serde_json::Value;
pub(super) fn page(_: &Value) -> String {
    String::new()
}
