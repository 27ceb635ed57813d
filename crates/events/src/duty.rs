//! What the regular duties of the plan share: reports, briefings and planned projects run on the same clocks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{AgencyId, CaseCode, CaseId},
    terms::Lifecycle,
};

/// What a clock of a duty is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClockKey {
    /// The regular report (DOMAIN §4).
    Report,
    /// The supplement of a report that was returned.
    Supplement,
    /// A task from the conclusions of a briefing.
    Task,
    /// A comment on the plan of a project.
    Comment,
    /// A checkpoint of a project.
    Checkpoint,
}

impl ClockKey {
    /// Every key.
    pub const ALL: [Self; 5] = [Self::Report, Self::Supplement, Self::Task, Self::Comment, Self::Checkpoint];
}

/// A time limit with all its instants: computed once, with the policy then in force, so that replaying needs neither
/// clock nor calendar (DESIGN D7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Clock {
    /// What is due.
    pub key: ClockKey,
    /// Of which task, request or checkpoint, by its number within the duty; 1 where there is one.
    pub instance: u32,
    /// When it is due; an act at this very instant is on time.
    pub due: Timestamp,
    /// When is reminded of it, earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reminders: Vec<Timestamp>,
    /// When it is recorded as overdue: the first level, the second and so on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<Timestamp>,
}

/// A reminder before something is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClockReminded {
    /// Of what.
    pub key: ClockKey,
    /// Which instance of it.
    pub instance: u32,
    /// The how manieth reminder, from 1.
    pub reminder: u32,
    /// When it is due.
    pub due: Timestamp,
    /// The agency that owes it.
    pub owing: AgencyId,
}

/// Something was not done when it was due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClockOverdue {
    /// What.
    pub key: ClockKey,
    /// Which instance of it.
    pub instance: u32,
    /// 1 at the due instant, higher ones later.
    pub level: u32,
    /// When it was due.
    pub due: Timestamp,
    /// The agency that owes it.
    pub owing: AgencyId,
}

/// A case as a report or an agenda names it: by its number and where it stood then, without a word of its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseNoted {
    /// The case.
    pub case: CaseId,
    /// Its number, once it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<CaseCode>,
    /// Where it stood.
    pub state: Lifecycle,
    /// Something in it was overdue.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overdue: bool,
}
