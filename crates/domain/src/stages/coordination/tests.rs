//! Rounds of positions: what a position does, who gives it, and what a side as a whole says (DOMAIN §3.4).

mod again;
mod dispute;
mod positions;
mod rounds;
mod speaking_as_one;

use events::{
    Body, DeadlineKey, Kind, Lifecycle, Stage,
    coordination::{Closes, PositionRecorded},
    terms::Side,
};
use serde_json::{Value, json};

use super::{Command, RoundState};
use crate::{
    Code, sides, stages,
    stages::escalation::Dossier,
    story::{Files, Story, THIRD_SIDE, agree, counter, disagree, phone, with, written},
};

/// SNNMT has raised, with more agencies required; BTG and UBND have acknowledged at 22:05.
fn with_required(agencies: &[&'static str]) -> Story {
    under(&Files::default(), agencies)
}

fn under(files: &Files, agencies: &[&'static str]) -> Story {
    let mut story = files.story();
    story.requiring(agencies).raise(phone()).settle();
    story.by("btg.truc-ban").when("verify-callback", json!({ "result": "verified" }));
    story.acknowledged("16/05/2026 22:05");
    story
}

impl Story {
    fn says_position(&mut self, officer: &str, position: Value) -> &mut Self {
        self.by(officer).when("record-position", position).then(Kind::PositionRecorded)
    }
}

fn recorded(story: &Story) -> &PositionRecorded {
    match story.newest().body() {
        Body::PositionRecorded(recorded) => recorded,
        other => panic!("{other:?}"),
    }
}

/// The text and the author of the next round, if the newest position opens one.
fn next(story: &Story) -> Option<(u32, &str, &str)> {
    match recorded(story).closes.as_ref()? {
        Closes::Next(round) => {
            Some((round.turn, round.proposal.as_str(), round.deemed.as_ref().unwrap().as_str()))
        }
        Closes::Agreed | Closes::Disputed => None,
    }
}

fn states(story: &Story) -> Vec<RoundState> {
    story.case().rounds.iter().map(|round| round.state).collect()
}
