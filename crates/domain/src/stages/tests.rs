//! What holds for every stage: the order of the checks, repeats, the chain of facts, the reading of acts.

mod checks;
mod folding;
mod reading;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use events::{Actor, Body, CaseId, Digest, Fact, Kind, Lifecycle, Stage};
use serde_json::{Value, json};

use super::*;
use crate::{
    Code, OutOfOrder,
    deadlines::Timer,
    story::{
        Files, Story, agree, callback, closing, confirmation, confirming, disagree, document, phone,
        verdicts, with, without, written,
    },
};

/// Every act with a body that can be read.
fn acts_with_bodies() -> impl Iterator<Item = (&'static str, Value)> {
    [
        ("raise", phone()),
        ("raise", written()),
        ("verify-callback", callback("verified")),
        ("submit-written-confirmation", confirmation()),
        ("compare-written", verdicts("same")),
        ("route", json!({ "unit": "BTG.TT" })),
        ("acknowledge", json!({})),
        ("record-position", agree()),
        ("propose-closure", closing()),
        ("confirm-closure", confirming(1)),
        ("reject-closure", json!({ "proposal": 1, "reason": "Chưa xong" })),
    ]
    .into_iter()
}
