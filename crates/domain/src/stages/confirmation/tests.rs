//! The callback, the owed document, and its comparison.

mod callback;
mod clock;
mod comparison;
mod discrepancy;
mod document;

use chrono::TimeDelta;
use events::{
    Body, DeadlineKey, Kind, Stage,
    terms::{Overdue, Register, Reminded},
};
use serde_json::{Value, json};

use super::{Command, Verification, Written, call_ended};
use crate::{
    Code,
    deadlines::Timer,
    documents::is_symbol,
    stages,
    story::{
        Files, Story, callback, confirmation, document, key_facts, local, phone, phone_ended, verdicts, with,
        written,
    },
};

const SUBMIT: &str = "submit-written-confirmation";

fn regions(story: &Story) -> (Written, Option<Verification>) {
    let confirmation = &story.case().confirmations[0];
    (confirmation.written, confirmation.caller)
}

fn document_with(at: &str, value: impl Into<Value>) -> Value {
    with(confirmation(), &format!("/document{at}"), value)
}
