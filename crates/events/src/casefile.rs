//! Stage casefile: how a case ends before it was settled.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::terms::Document;

/// The raiser took the case back (command 39).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseWithdrawn {
    /// The document that takes it back.
    pub document: Document,
    /// Why, in a sentence or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The receiver's liaison unit proposes to cancel the case (command 40): the first key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CancellationProposed {
    /// The proposal's number within the case.
    pub proposal: u32,
    /// Why.
    pub reason: CancellationReason,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Why a case is cancelled: there never was one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CancellationReason {
    /// It was entered by mistake.
    EntryError,
    /// The caller was not who he said.
    CallerNotGenuine,
    /// It was a test.
    Test,
}

/// A leader of the receiver confirmed: the case is cancelled (command 40): the second key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseCancelled {
    /// The proposal that is confirmed.
    pub proposal: u32,
    /// Why.
    pub reason: CancellationReason,
}
