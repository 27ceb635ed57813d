//! Refusals: a stable code, the field it is about, and a reason in both languages.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a command is not carried out (PROCESS §7). The code is the contract; the text may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// There is no such case, or it is not yours to see: the two look the same (DESIGN D9).
    NotFound,
    /// The office or agency has no such right.
    NotAuthorised,
    /// The right was delegated, and the delegation counts no more, or not yet.
    DelegationExpired,
    /// The case has changed since the version that the caller saw.
    Conflict,
    /// Not legal in the present state.
    BadState,
    /// Content that a guard asks for is missing or wrong.
    InvalidData,
    /// State-secret content never enters (DOMAIN §5).
    StateSecretContentRefused,
    /// The telephone serves only in an emergency (plan III.3).
    PhoneRequiresUrgency,
    /// A call cannot end after it is logged.
    CallInFuture,
    /// The document is not one that can be accepted here.
    DocInvalid,
    /// The document is registered already.
    DocDuplicate,
    /// No document is owed for this intake.
    WrittenNotExpected,
    /// The agency has nothing to acknowledge.
    NoOpenAssignment,
    /// No side disagrees or counters, and none has been silent for long.
    NoDisagreementRecorded,
    /// No proposal waits for this key.
    NoProposal,
    /// One person cannot turn two keys, nor compare what he logged.
    SeparationOfDuties,
    /// An agreement is in force: both sides change the policy, and nobody alone.
    TwoKeysRequired,
    /// A side has not filed its statement, and may still do so.
    DossierIncomplete,
    /// Not every invited agency has consented to the task force.
    TfConsentMissing,
    /// An agency of the task force has no member, or nobody leads.
    TfMemberMissing,
    /// A task of the task force is neither done nor handed over.
    TfTasksOpen,
    /// A written confirmation is not settled.
    WrittenNotSettled,
    /// A task force is at work, or about to be.
    TaskForceActive,
    /// An instruction of a directive is not carried out.
    InstructionsOpen,
    /// A mandatory checkpoint of the phase that ends is neither done nor waived.
    CheckpointsOpen,
    /// A case on which this one waits has not ended.
    BlockedByLink,
    /// The deadline is passed, was extended twice, or is one that is never extended.
    DeadlineNotExtendable,
    /// A case is opened again within 90 days after it was closed, not later.
    ReopenWindowElapsed,
    /// The same key was used for another content.
    IdempotencyKeyReused,
    /// A step of the system that this act needs is still under way.
    AutomaticStepPending,
    /// Too many others are changing the same case.
    Busy,
    /// The server did not say whether the fact was stored.
    OutcomeUnknown,
    /// The store is full.
    StoreFull,
    /// The service that owns this act does not answer.
    Unavailable,
}

impl Code {
    /// Every code, in the order in which they are declared.
    pub const ALL: [Self; 34] = [
        Self::NotFound,
        Self::NotAuthorised,
        Self::DelegationExpired,
        Self::Conflict,
        Self::BadState,
        Self::InvalidData,
        Self::StateSecretContentRefused,
        Self::PhoneRequiresUrgency,
        Self::CallInFuture,
        Self::DocInvalid,
        Self::DocDuplicate,
        Self::WrittenNotExpected,
        Self::NoOpenAssignment,
        Self::NoDisagreementRecorded,
        Self::NoProposal,
        Self::SeparationOfDuties,
        Self::TwoKeysRequired,
        Self::DossierIncomplete,
        Self::TfConsentMissing,
        Self::TfMemberMissing,
        Self::TfTasksOpen,
        Self::WrittenNotSettled,
        Self::TaskForceActive,
        Self::InstructionsOpen,
        Self::CheckpointsOpen,
        Self::BlockedByLink,
        Self::DeadlineNotExtendable,
        Self::ReopenWindowElapsed,
        Self::IdempotencyKeyReused,
        Self::AutomaticStepPending,
        Self::Busy,
        Self::OutcomeUnknown,
        Self::StoreFull,
        Self::Unavailable,
    ];

    /// The code as it stands in an answer, e.g. `BAD_STATE`.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotFound => "NOT_FOUND",
            Self::NotAuthorised => "NOT_AUTHORISED",
            Self::DelegationExpired => "DELEGATION_EXPIRED",
            Self::Conflict => "CONFLICT",
            Self::BadState => "BAD_STATE",
            Self::InvalidData => "INVALID_DATA",
            Self::StateSecretContentRefused => "STATE_SECRET_CONTENT_REFUSED",
            Self::PhoneRequiresUrgency => "PHONE_REQUIRES_URGENCY",
            Self::CallInFuture => "CALL_IN_FUTURE",
            Self::DocInvalid => "DOC_INVALID",
            Self::DocDuplicate => "DOC_DUPLICATE",
            Self::WrittenNotExpected => "WRITTEN_NOT_EXPECTED",
            Self::NoOpenAssignment => "NO_OPEN_ASSIGNMENT",
            Self::NoDisagreementRecorded => "NO_DISAGREEMENT_RECORDED",
            Self::NoProposal => "NO_PROPOSAL",
            Self::SeparationOfDuties => "SEPARATION_OF_DUTIES",
            Self::TwoKeysRequired => "TWO_KEYS_REQUIRED",
            Self::DossierIncomplete => "DOSSIER_INCOMPLETE",
            Self::TfConsentMissing => "TF_CONSENT_MISSING",
            Self::TfMemberMissing => "TF_MEMBER_MISSING",
            Self::TfTasksOpen => "TF_TASKS_OPEN",
            Self::WrittenNotSettled => "WRITTEN_NOT_SETTLED",
            Self::TaskForceActive => "TASK_FORCE_ACTIVE",
            Self::InstructionsOpen => "INSTRUCTIONS_OPEN",
            Self::CheckpointsOpen => "CHECKPOINTS_OPEN",
            Self::BlockedByLink => "BLOCKED_BY_LINK",
            Self::DeadlineNotExtendable => "DEADLINE_NOT_EXTENDABLE",
            Self::ReopenWindowElapsed => "REOPEN_WINDOW_ELAPSED",
            Self::IdempotencyKeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::AutomaticStepPending => "AUTOMATIC_STEP_PENDING",
            Self::Busy => "BUSY",
            Self::OutcomeUnknown => "OUTCOME_UNKNOWN",
            Self::StoreFull => "STORE_FULL",
            Self::Unavailable => "UNAVAILABLE",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A command that is not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// The field of the act's body that it is about, as a path such as `call.ended_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Why, and what to do, in Vietnamese.
    pub vi: String,
    /// The same in English.
    pub en: String,
}

impl Refusal {
    /// A refusal with its reason in both languages.
    pub fn new(code: Code, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, field: None, vi: vi.into(), en: en.into() }
    }

    /// The same, about a field of the act's body.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// `INVALID_DATA` at a field.
    pub fn invalid(field: &str, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(Code::InvalidData, vi, en).at(field)
    }

    /// `NOT_AUTHORISED`: who may do it instead.
    pub fn not_authorised(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(Code::NotAuthorised, vi, en)
    }

    /// Who holds no office at this time may do nothing.
    pub fn without_office() -> Self {
        Self::not_authorised(
            "Hiện đồng chí không giữ chức vụ nào trong danh bạ; đề nghị liên hệ quản trị.",
            "You hold no office at this time: ask the administrator of the directory.",
        )
    }

    /// `BAD_STATE`: in which state it would be legal.
    pub fn bad_state(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(Code::BadState, vi, en)
    }

    /// `NOT_FOUND`: nothing here for you.
    pub fn not_found() -> Self {
        Self::new(
            Code::NotFound,
            "Không tìm thấy vụ việc, hoặc vụ việc không thuộc phạm vi được xem.",
            "There is no such case, or it is not yours to see.",
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{} at {field}: {}", self.code, self.en),
            None => write!(f, "{}: {}", self.code, self.en),
        }
    }
}

impl std::error::Error for Refusal {}

/// Checks a text's presence and length, in characters.
pub(crate) fn required_text(field: &str, text: &str, longest: usize) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::invalid(field, "Phải có nội dung này.", "This must be given."));
    }
    if text.chars().count() > longest {
        return Err(Refusal::invalid(
            field,
            format!("Tối đa {longest} ký tự."),
            format!("At most {longest} characters."),
        ));
    }
    Ok(())
}

/// Checks the length of a text that may be absent.
pub(crate) fn optional_text(field: &str, text: Option<&str>, longest: usize) -> Result<(), Refusal> {
    text.map_or(Ok(()), |text| required_text(field, text, longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_the_list_and_reads_as_it_is_written() {
        for (place, code) in Code::ALL.into_iter().enumerate() {
            assert_eq!(code as usize, place, "{code}");
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        }
        assert_eq!(Code::ALL.len(), Code::Unavailable as usize + 1, "the last one is declared last");
    }
}
