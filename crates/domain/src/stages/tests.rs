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
        Files, Story, agree, callback, closing, completing, confirmation, confirming, consenting,
        consenting_only, disagree, dissolving, document, establishing, establishing_by_directive, meeting,
        minutes, nominating, not_consenting, phone, replacing, taking_back, task_force, task_of, verdicts,
        with, without, written,
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
        ("propose-task-force", task_force()),
        ("withdraw-task-force-proposal", taking_back(1)),
        ("nominate-member", nominating("btg.dau-moi", true)),
        ("consent-task-force", consenting("btg.dau-moi", true)),
        ("consent-task-force", not_consenting(1)),
        ("establish-task-force", establishing("UBND")),
        ("establish-task-force", establishing_by_directive("BTG")),
        ("schedule-meeting", meeting()),
        ("record-minutes", minutes(1)),
        ("assign-task", task_of("btg.dau-moi")),
        ("complete-task", completing(1)),
        ("replace-member", replacing("btg.dau-moi", "btg.dau-moi2")),
        ("dissolve-task-force", dissolving("UBND")),
        ("propose-closure", closing()),
        ("confirm-closure", confirming(1)),
        ("reject-closure", json!({ "proposal": 1, "reason": "Chưa xong" })),
    ]
    .into_iter()
}
