//! What holds for every stage: the order of the checks, repeats, the chain of facts, the reading of acts.

mod checks;
mod folding;
mod reading;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use events::{Actor, Body, CaseId, Digest, Fact, Kind, Lifecycle, Stage, Transition};
use serde_json::{Value, json};

use super::*;
use crate::{
    Code, OutOfOrder,
    deadlines::Timer,
    story::{
        Files, Story, adding, agree, callback, cancelling, closing, completing, confirmation, confirming,
        consenting, consenting_only, correcting, declining, disagree, dissolving, document, establishing,
        establishing_by_directive, explaining, meeting, minutes, nominating, not_consenting, phone,
        reconciling, replacing, rerouting, settling, taking_back, task_force, task_of, verdicts, with,
        withdrawing, without, written,
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
        ("decline", declining()),
        ("reroute", rerouting()),
        ("add-agency", adding("SXD", "consulted")),
        ("explain-discrepancy", explaining()),
        ("reconcile-discrepancy", reconciling(1)),
        ("request-corrected-written", correcting()),
        ("declare-dispute", json!({})),
        ("propose-settlement", settling()),
        ("confirm-settlement", confirming(1)),
        ("withdraw", withdrawing()),
        ("propose-cancellation", cancelling("test")),
        ("confirm-cancellation", confirming(1)),
    ]
    .into_iter()
}
