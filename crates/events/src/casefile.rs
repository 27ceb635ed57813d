//! Stage casefile: what is kept with a case, and how it ends before it was settled.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    confirmation::{Verification, Version, Written},
    ids::{AgencyId, CaseId, EventId, OfficerId},
    intake::{KeyFacts, PhoneCall},
    terms::{Assignment, DeadlineKey, Document, Urgency},
};

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

/// The case was merged into another, which goes on with its intakes (command 41).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseMerged {
    /// The case that goes on.
    pub into: CaseId,
    /// Why; never empty.
    pub reason: String,
}

/// The case took over the intakes of one that was merged into it (command 41); recorded together with that one's
/// `casefile.merged`, or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IntakesAdopted {
    /// The case that was merged.
    pub from: CaseId,
    /// Its intakes, under their new numbers, each with its own states and clocks.
    pub intakes: Vec<AdoptedIntake>,
    /// Its agencies whose position is required here from now on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<AgencyId>,
    /// Its agencies that are consulted here from now on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consulted: Vec<AgencyId>,
    /// How urgent the case is from now on: the higher urgency of the two.
    pub urgency: Urgency,
    /// By when it is to be dealt with, for *hỏa tốc hẹn giờ* only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_by: Option<Timestamp>,
}

/// An intake as another case takes it over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdoptedIntake {
    /// Its number in the case that takes it over.
    pub number: u32,
    /// Its number in the case that it came from.
    pub was: u32,
    /// The agency in whose name it was raised.
    pub raiser: AgencyId,
    /// Who entered it.
    pub logged_by: OfficerId,
    /// The call, if it came by telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<PhoneCall>,
    /// The document, if it came in writing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// Where its written confirmation stands.
    pub written: Written,
    /// Whether its caller is who he said; absent for an intake in writing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Verification>,
    /// The document that confirms it, if it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<Document>,
    /// The key facts as that document states them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_facts: Option<KeyFacts>,
    /// That document came after it was due.
    #[serde(default)]
    pub late: bool,
    /// A corrected document was asked for.
    #[serde(default)]
    pub corrected: bool,
    /// The explanation of a discrepancy that waits to be accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<AdoptedExplanation>,
    /// Which version counts, once a discrepancy was reconciled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prevails: Option<Version>,
    /// Its clocks, as far as they had come; the deadlines themselves stand in the envelope.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<AdoptedClock>,
}

/// An explanation that waits, as another case takes it over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdoptedExplanation {
    /// Its number in the case that takes it over.
    pub explanation: u32,
    /// The explanation.
    pub text: String,
    /// Who explained.
    pub by: OfficerId,
}

/// How far a clock had come when its intake was taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdoptedClock {
    /// Of which deadline.
    pub key: DeadlineKey,
    /// The highest share of the period that was reminded of, in per cent; 0 for none.
    pub reminded: u8,
    /// The highest overdue level that was recorded; 0 for none.
    pub level: u8,
    /// How often it was extended.
    pub extended: u8,
}

/// The case was linked with another (command 42); it stands on the case that bears the link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseLinked {
    /// The link's number within the case.
    pub link: u32,
    /// How the two belong together.
    pub kind: LinkKind,
    /// The other case.
    pub other: CaseId,
}

/// How two cases belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// They have to do with each other.
    Related,
    /// This one follows on the other, e.g. when that one can be reopened no more.
    Follows,
    /// This one arises from the other.
    ArisesFrom,
    /// This one is not closed before the other has ended.
    BlockedBy,
}

/// A link was taken away (command 42).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseUnlinked {
    /// The link's number within the case.
    pub link: u32,
    /// Why; never empty.
    pub reason: String,
}

/// The case is more urgent now, or less (command 43); deadlines that change with it stand in the envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UrgencyChanged {
    /// How urgent it was.
    pub from: Urgency,
    /// How urgent it is.
    pub to: Urgency,
    /// By when it is to be dealt with, for *hỏa tốc hẹn giờ* only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_by: Option<Timestamp>,
    /// Why; never empty.
    pub reason: String,
}

/// A deadline was extended by who is owed (command 44); the new one stands in the envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadlineExtended {
    /// What is due.
    pub key: DeadlineKey,
    /// Which instance of it.
    pub instance: u32,
    /// When it was due.
    pub from: Timestamp,
    /// When it is due now.
    pub to: Timestamp,
    /// Why; never empty.
    pub reason: String,
}

/// A document was put into the case (command 45).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentAttached {
    /// The document, its files by their digests.
    pub document: Document,
}

/// A document is kept elsewhere, under the rules for State secrets: nothing of it is here (DOMAIN §5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretReferenced {
    /// The agency that holds it.
    pub holding_agency: AgencyId,
    /// The number of its entry in that agency's register of secret documents.
    pub register_entry: String,
    /// The date of that entry.
    pub date: NaiveDate,
    /// Its secrecy level.
    pub level: SecrecyLevel,
}

/// A level of State secrecy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SecrecyLevel {
    /// *Mật*: secret.
    Mat,
    /// *Tối mật*: top secret.
    ToiMat,
    /// *Tuyệt mật*: absolute secret.
    TuyetMat,
}

/// A note was put into the case (command 45).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoteAdded {
    /// The note's number within the case.
    pub note: u32,
    /// The note; never empty.
    pub text: String,
}

/// A text of an earlier fact was corrected, or covered because it holds personal data (command 46). The earlier fact
/// stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Corrected {
    /// The fact that is corrected.
    pub of_event: EventId,
    /// The field of its data, e.g. `matter.title`.
    pub field: String,
    /// What it should say; absent where it is covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Why; never empty.
    pub reason: String,
}

/// An agency has ended, and what it owes in this case passes to its successor (DOMAIN §3.4 rule 5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DutiesTransferred {
    /// The agency that has ended.
    pub from: AgencyId,
    /// Its successor.
    pub to: AgencyId,
    /// The assignments that were open: ended, or made anew for the successor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assignments: Vec<HandedOver>,
}

/// An open assignment of an agency that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandedOver {
    /// Its number within the case.
    pub assignment: u32,
    /// The successor's; absent where the successor has one of its own already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Assignment>,
}
