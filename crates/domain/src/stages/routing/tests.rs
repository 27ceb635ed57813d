//! Routing by rule and by hand, acknowledgement, and the ladder of those who are asked next.

mod acknowledgement;
mod handover;
mod ladder;
mod rules;

use events::{Body, DeadlineKey, Kind, Lifecycle, Stage, routing::CaseRouted, terms::SkippedBecause};
use serde_json::{Value, json};

use super::{AssignmentState, Command, newest};
use crate::{
    Code, stages,
    story::{
        Files, Story, THIRD_SIDE, absence, agree, closing, confirmation, confirming, local, phone, verdicts,
        with, written,
    },
};

fn ack() -> Value {
    json!({})
}

fn route(unit: &str) -> Value {
    json!({ "unit": unit })
}

fn routed(story: &Story) -> &CaseRouted {
    let fact = story.facts().iter().find(|fact| fact.body().kind() == Kind::CaseRouted);
    match fact.expect("it is routed").body() {
        Body::CaseRouted(routed) => routed,
        other => panic!("{other:?}"),
    }
}

/// Who is asked: number, agency, holder, lead.
fn asked(story: &Story) -> Vec<String> {
    let words = |each: &super::Assigned| {
        let assignment = &each.assignment;
        let lead = if assignment.lead { " leads" } else { "" };
        format!("{} {} {}{lead}", assignment.number, assignment.agency, assignment.holder)
    };
    story.case().assignments.iter().map(words).collect()
}

fn states(story: &Story) -> Vec<AssignmentState> {
    story.case().assignments.iter().map(|assigned| assigned.state).collect()
}

/// The delivered files without a rule for BTG: its cases wait for a person.
fn unruled() -> Files {
    let mut files = Files::default();
    files.routing = files.routing.replace("receiver = \"BTG\"", "receiver = \"BTG\"\ntopic = \"energy\"");
    files
}
