//! Stage routing: to which liaison units a case goes, and who has acknowledged it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ids::OfficeId,
    terms::{Assignment, Level},
};

/// The case was routed to liaison units (command 4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseRouted {
    /// One assignment for each agency asked; exactly one leads.
    pub assignments: Vec<Assignment>,
    /// The rule that chose, absent when a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Other rules that matched too, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<String>,
}

/// An agency acknowledged its assignment (command 5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AssignmentAcknowledged {
    /// The assignment's number within the case.
    pub assignment: u32,
    /// The level that was asked.
    pub level: Level,
    /// The office that acknowledged.
    pub by: OfficeId,
}

/// An assignment passed to the next level, because nobody acknowledged it (command 8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FallbackAssigned {
    /// The assignment that was open.
    pub assignment: u32,
    /// Why it passes.
    pub because: FallbackBecause,
    /// The assignment that takes its place.
    pub next: Assignment,
}

/// Why an assignment passes to the next level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FallbackBecause {
    /// It was not acknowledged in time.
    TimedOut,
    /// Its holder is absent.
    Absent,
    /// The unit was the focal point by a delegation, and has none that is live.
    NoDelegation,
}

/// The head of an agency was reminded of an assignment that nobody acknowledged (command 8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChiefReminded {
    /// The assignment's number within the case.
    pub assignment: u32,
    /// How many times he has been reminded, this time included.
    pub times: u32,
}

/// The holder of an assignment sends it back to the head of his liaison unit (command 6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AssignmentDeclined {
    /// The assignment's number within the case.
    pub assignment: u32,
    /// The office that declines.
    pub by: OfficeId,
    /// Why; never empty.
    pub reason: String,
}

/// An agency's assignment went to another liaison unit, or to its chief (command 7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseRerouted {
    /// The assignment that ends.
    pub assignment: u32,
    /// Why; never empty.
    pub reason: String,
    /// The assignment that takes its place.
    pub next: Assignment,
}

/// A further agency takes part (command 9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgencyAdded {
    /// As what it takes part.
    pub role: Participation,
    /// Its assignment; it never leads.
    pub assignment: Assignment,
}

/// As what an agency takes part in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Participation {
    /// Its position is required.
    Required,
    /// It is consulted.
    Consulted,
}
