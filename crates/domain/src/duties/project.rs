//! Project: being written.

use std::collections::BTreeSet;

use events::{AgencyId, Fact, duty::ClockKey, project::*, terms::Document};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Duty, Timer};
use crate::{
    access::Principal,
    decision::{Act, Automatic, Context, Decision},
    refusal::Refusal,
};

/// The act that begins one.
pub const PROPOSE: &str = "propose-project";
/// The acts of persons.
pub const ACTS: &[Act] = &[];
/// The steps of the process itself.
pub const STEPS: &[Automatic] = &[];

/// A command.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Its clock.
    #[serde(skip)]
    Timer(Timer),
    /// An agency has ended.
    #[serde(skip)]
    Transfer {
        /// The agency that has ended.
        from: AgencyId,
    },
}

/// It.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, JsonSchema)]
pub struct Project {
    /// Agency.
    pub agency: AgencyId,
    title: String,
}

impl Project {
    pub fn title(&self) -> &str {
        &self.title
    }
    pub(super) fn named_state(&self) -> (String, crate::labels::Label) {
        (String::new(), crate::labels::Label { vi: "", en: "" })
    }
    pub(super) fn begun(_said: &ProjectProposed) -> Self {
        Self { agency: _said.agency.clone(), title: _said.title.clone() }
    }
    pub(super) fn is_live(&self) -> bool {
        true
    }
    pub(super) fn owing(&self, _key: ClockKey, _instance: u32) -> Option<&AgencyId> {
        None
    }
    pub(super) fn holders(&self) -> BTreeSet<&AgencyId> {
        BTreeSet::new()
    }
}
impl Command {
    pub(super) fn document(&self) -> Option<&Document> {
        None
    }
}
pub(super) fn audience(_it: &Project) -> BTreeSet<Principal> {
    BTreeSet::new()
}
pub(super) fn may_begin(_command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    ctx.system()
}
pub(super) fn authorise(_it: &Project, _command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    ctx.system()
}
pub(super) fn begin(_command: &Command, _ctx: &Context<'_>) -> Result<Decision, Refusal> {
    Err(Refusal::not_found())
}
pub(super) fn evolve(_it: &mut Project, _fact: &Fact) -> bool {
    false
}
pub(super) fn decide(
    _duty: &Duty,
    _it: &Project,
    _command: &Command,
    _ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    Err(Refusal::not_found())
}
