//! Briefing: being written.

use std::collections::BTreeSet;

use events::{AgencyId, Fact, Timestamp, briefing::*, duty::ClockKey, terms::Document};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Duty, Sight, Step, Timer, Wanted};
use crate::{
    access::Principal,
    decision::{Act, Automatic, Context, Decision},
    policy::Policy,
    refusal::Refusal,
};

/// The act that begins one.
pub const SCHEDULE: &str = "schedule-briefing";
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
pub struct Briefing {
    /// When.
    pub at: Timestamp,
    /// Chair.
    pub chair: AgencyId,
}

impl Briefing {
    pub(super) fn begun(_said: &BriefingScheduled) -> Self {
        Self { at: _said.at, chair: _said.chair.clone() }
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
pub(super) fn audience(_it: &Briefing) -> BTreeSet<Principal> {
    BTreeSet::new()
}
pub(super) fn may_begin(_command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    ctx.system()
}
pub(super) fn authorise(_it: &Briefing, _command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    ctx.system()
}
pub(super) fn begin(_command: &Command, _ctx: &Context<'_>) -> Result<Decision, Refusal> {
    Err(Refusal::not_found())
}
pub(super) fn evolve(_it: &mut Briefing, _fact: &Fact) -> bool {
    false
}
impl Briefing {
    pub fn title(&self, _vi: bool) -> String {
        String::new()
    }
    pub(super) fn named_state(&self) -> (String, crate::labels::Label) {
        (String::new(), crate::labels::Label { vi: "", en: "" })
    }
    pub(super) fn code(&self, _id: events::DutyId) -> String {
        String::new()
    }
}
impl Command {
    pub(super) fn looks_for(&self, _it: &Briefing) -> Wanted {
        Wanted::Nothing
    }
}
pub(super) fn decide(
    _duty: &Duty,
    _it: &Briefing,
    _command: &Command,
    _ctx: &Context<'_>,
    _sight: Sight<'_>,
) -> Result<Decision, Refusal> {
    Err(Refusal::not_found())
}
pub(super) fn next_step(_duty: &Duty, _it: &Briefing, _now: Timestamp) -> Option<Step> {
    None
}
pub(super) fn due(_it: &Briefing, _now: Timestamp) -> Option<Timestamp> {
    None
}
pub(super) fn callings(_since: Timestamp, _now: Timestamp, _policy: &Policy) -> Vec<Step> {
    Vec::new()
}
pub(super) fn next_calling(_now: Timestamp, _policy: &Policy) -> Option<Timestamp> {
    None
}
