//! Stage closure: one side proposes, the other confirms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::terms::Side;

/// A side proposed to close the case (command 35): the first key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proposed {
    /// The proposal's number within the case.
    pub proposal: u32,
    /// The side that proposes.
    pub side: Side,
    /// How the matter ended.
    pub outcome: Outcome,
    /// What was done, in a sentence or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
}

/// How a matter ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Settled between the agencies.
    Resolved,
    /// Settled by a directive.
    ResolvedByDirective,
    /// Nothing more to do.
    NoFurtherAction,
    /// Taken over elsewhere.
    TransferredElsewhere,
}

/// The other side confirmed: the case is closed (command 36): the second key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseClosed {
    /// The proposal that is confirmed.
    pub proposal: u32,
    /// How the matter ended.
    pub outcome: Outcome,
}

/// The other side did not confirm (command 36).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rejected {
    /// The proposal that is rejected.
    pub proposal: u32,
    /// Why; never empty.
    pub reason: String,
}

/// A closed case was opened again (command 38).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reopened {
    /// Why; never empty.
    pub reason: String,
    /// The text on which positions are asked; without it, the last proposal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<String>,
}
