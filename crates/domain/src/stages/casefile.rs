//! Casefile: how a case ends before it was settled.

use events::{Fact, terms::Document};
use serde::Deserialize;

use crate::{
    case::Case,
    decision::{Act, Context, Decision},
    refusal::Refusal,
};

/// The acts of persons at this stage.
pub const ACTS: &[Act] = &[];

/// A command of this stage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {}

impl Command {
    /// The document that it brings, if it brings one.
    pub(crate) fn document(&self) -> Option<&Document> {
        match *self {}
    }
}

pub(crate) fn authorise(_case: &Case, command: &Command, _ctx: &Context<'_>) -> Result<(), Refusal> {
    match *command {}
}

pub(crate) fn decide(_case: &Case, command: &Command, _ctx: &Context<'_>) -> Result<Decision, Refusal> {
    match *command {}
}

pub(crate) fn evolve(_case: &mut Case, _fact: &Fact) {}
