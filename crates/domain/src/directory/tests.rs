//! The directory: who may change it, what it refuses, and what follows in the cases.

mod capacity;
mod changes;
mod delegations;

use serde_json::{Value, json};

use crate::story::Story;

/// A document on which an act rests.
fn basis() -> Value {
    json!({ "number": 12, "symbol": "GUQ-SXD", "date": "2026-05-16" })
}

/// SXD's head delegates to somebody, until an instant of local time.
fn delegating(to: impl Into<Value>, powers: &[&str], ends: &str) -> Value {
    let to: Value = to.into();
    json!({ "from": "SXD.LD", "to": to, "powers": powers, "ends": format!("{ends}:00+07:00"), "basis": basis() })
}

fn to_officer(officer: &str) -> Value {
    json!({ "officer": officer })
}

/// SNNMT's case in the night of 16 May, in which SXD's position is required.
fn with_sxd() -> Story {
    let mut story = Story::coordinating();
    story.by("btg.truong-phong").when("add-agency", crate::story::adding("SXD", "required")).settle();
    story
}
