//! Stage confirmation: the callback, and the document that is owed after a telephone call.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::terms::Document;

/// The caller was called back at the directory's number, and is who he said (command 3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallbackVerified {
    /// The intake's number within the case.
    pub intake: u32,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The directory's number denied the call (command 3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallbackFailed {
    /// The intake's number within the case.
    pub intake: u32,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Nobody answered; the clock runs on (command 3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallbackUnreachable {
    /// The intake's number within the case.
    pub intake: u32,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The owed document came in (command 10).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WrittenReceived {
    /// The intake that it confirms.
    pub intake: u32,
    /// The document.
    pub document: Document,
    /// The facts as the document states them.
    pub key_facts: crate::intake::KeyFacts,
    /// It came after it was due.
    pub late: bool,
}

/// The document says what was said on the telephone (command 11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WrittenMatched {
    /// The intake.
    pub intake: u32,
    /// One verdict for each key fact.
    pub verdicts: Verdicts,
}

/// The document differs from what was said on the telephone (command 11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WrittenDiscrepant {
    /// The intake.
    pub intake: u32,
    /// One verdict for each key fact.
    pub verdicts: Verdicts,
}

/// One verdict for each key fact; a person decides, never software (DOMAIN §3.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verdicts {
    /// What happened.
    pub what: Verdict,
    /// Where.
    #[serde(rename = "where")]
    pub place: Verdict,
    /// Since when.
    pub since_when: Verdict,
    /// On what scale.
    pub scale: Verdict,
    /// What has been done.
    pub actions_taken: Verdict,
    /// What is asked for.
    pub request: Verdict,
}

impl Verdicts {
    /// All verdicts, in the order of the form.
    pub fn all(&self) -> [&Verdict; 6] {
        [&self.what, &self.place, &self.since_when, &self.scale, &self.actions_taken, &self.request]
    }
}

/// The verdict on one key fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// How document and call compare.
    pub verdict: Comparison,
    /// A remark, at most 300 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How the document's text of a key fact compares with the call's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// The same.
    Same,
    /// More exact, not different.
    Refined,
    /// Different.
    Changed,
    /// In the call, not in the document.
    Missing,
    /// In the document, not in the call.
    Added,
}

/// The raiser explains how document and call come to differ (command 12): the first key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiscrepancyExplained {
    /// The intake.
    pub intake: u32,
    /// The explanation's number within the case.
    pub explanation: u32,
    /// The explanation; never empty.
    pub text: String,
}

/// The receiver accepts the explanation: the discrepancy is settled (command 12): the second key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WrittenReconciled {
    /// The intake.
    pub intake: u32,
    /// The explanation that is accepted.
    pub explanation: u32,
    /// Which version counts from now on; both are kept.
    pub prevails: Version,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One of the two versions of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Version {
    /// What the document says.
    #[default]
    Written,
    /// What was said on the telephone.
    Call,
}

/// Where the written confirmation of an intake stands (region W of DOMAIN §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Written {
    /// Raised in writing: nothing is owed.
    Satisfied,
    /// *Chờ văn bản*.
    Pending,
    /// *Quá hạn văn bản*: still owed.
    Overdue,
    /// *Đã nhận, chờ đối chiếu*.
    Received,
    /// *Khớp*.
    Matched,
    /// *Có sai lệch*.
    Discrepant,
    /// *Đã xử lý sai lệch*.
    Reconciled,
    /// *Hết hiệu lực*: the case was withdrawn or cancelled.
    Lapsed,
}

impl Written {
    /// Nothing more is owed (DOMAIN §3.1).
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Satisfied | Self::Matched | Self::Reconciled)
    }
}

/// Whether a caller is who he said (region V of DOMAIN §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verification {
    /// Not called back yet.
    Unverified,
    /// He is.
    Verified,
    /// The agency denies the call.
    Failed,
}

/// The receiver asks for a corrected document (command 13): it is owed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CorrectedRequested {
    /// The intake.
    pub intake: u32,
    /// What is to be corrected; never empty.
    pub reason: String,
}
