//! The directory: the policy in force, who holds which office, who is absent, who may act for whom (DOMAIN §2), and the
//! agreement of the two sides.

mod agreement;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use agreement::{
    AgreementExpired, AgreementProposed, AgreementSigned, AmendmentAgreed, AmendmentProposed,
    AmendmentWithdrawn, Party, Programme,
};

use crate::{
    Timestamp,
    ids::{AgencyId, CaseId, DelegationId, OfficeId, OfficerId, UnitId},
};

/// A version of the policy was published, whole: what the files said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyPublished {
    /// Its version, recorded with every fact that was decided under it.
    pub version: String,
    /// From when it is in force; deadlines that run keep the version under which they were armed (DOMAIN §3.4 rule 4).
    pub in_force: Timestamp,
    /// The files, each with its whole text.
    pub files: Vec<PolicyText>,
}

/// One file of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyText {
    /// Its name, e.g. `deadlines.toml`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A person is known to the directory from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfficerRegistered {
    /// The person's code, also the name to sign in with.
    pub officer: OfficerId,
    /// The person's name.
    pub name: String,
}

/// A person holds an office over an interval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfficeTaken {
    /// The person.
    pub officer: OfficerId,
    /// The office.
    pub office: OfficeId,
    /// From when.
    pub from: Timestamp,
    /// Until when, not included; without an end if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// As acting head (*Quyền*).
    #[serde(default)]
    pub acting: bool,
    /// The decision of appointment.
    pub basis: Basis,
}

/// A person leaves an office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfficeLeft {
    /// The person.
    pub officer: OfficerId,
    /// The office.
    pub office: OfficeId,
    /// From when he holds it no more.
    pub at: Timestamp,
    /// The decision.
    pub basis: Basis,
}

/// A person cannot act for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AbsenceReported {
    /// The absence's number within the directory.
    pub absence: u32,
    /// Who is absent.
    pub officer: OfficerId,
    /// From when.
    pub from: Timestamp,
    /// Until when, not included.
    pub until: Timestamp,
}

/// An absence ends earlier than it was reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AbsenceEnded {
    /// The absence's number within the directory.
    pub absence: u32,
    /// From when the person is there again.
    pub at: Timestamp,
}

/// The document on which an act of the directory rests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// Its number.
    pub number: u32,
    /// Its symbol, e.g. `QĐ-SXD`.
    pub symbol: String,
    /// Its date.
    pub date: NaiveDate,
}

/// What can be delegated (DOMAIN §2, the cells D of the matrix, and III.3 b2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Power {
    /// To be the unit through which the agency gives and takes information (III.3 b2); to a unit only.
    Liaison,
    /// To submit the written confirmation and to register documents.
    WrittenConfirmation,
    /// To record the agency's position.
    Position,
    /// To file its statement in a dispute.
    Statement,
    /// To propose a task force and to nominate its members.
    TaskForce,
}

/// To whom is delegated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Delegate {
    /// A person.
    Officer(OfficerId),
    /// Whoever works in a unit: an assignment as focal point.
    Unit(UnitId),
}

/// A delegation, in writing and limited in time and content (DOMAIN §2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delegation {
    /// Its id; it stands in every fact that was made by it.
    pub id: DelegationId,
    /// The office that delegates.
    pub from: OfficeId,
    /// To whom.
    pub to: Delegate,
    /// What is delegated; at least one.
    pub powers: Vec<Power>,
    /// Only for cases of these topics; for all if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// Only for cases of these areas; for all if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<String>,
    /// Only for this case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// From when.
    pub starts: Timestamp,
    /// Until when, not included.
    pub ends: Timestamp,
    /// The document that says so.
    pub basis: Basis,
}

/// A power was delegated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DelegationGranted {
    /// The delegation.
    pub delegation: Delegation,
}

/// A delegation was taken back before its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DelegationRevoked {
    /// Which.
    pub delegation: DelegationId,
    /// Why.
    pub reason: String,
}

/// A delegation ends soon: who gave it and who has it are told (E20).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DelegationExpiring {
    /// Which.
    pub delegation: DelegationId,
    /// In how many days: 10, then 3.
    pub days: u32,
}

/// A delegation has come to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DelegationExpired {
    /// Which.
    pub delegation: DelegationId,
}

/// An agency has ended: the assignments of its focal unit pass to its successor's, other delegations end with it
/// (DOMAIN §3.4 rule 5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DelegationsPassed {
    /// The agency that has ended.
    pub from: AgencyId,
    /// Its successor.
    pub to: AgencyId,
    /// The delegations that were live.
    pub delegations: Vec<DelegationPassed>,
}

/// A delegation of an agency that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DelegationPassed {
    /// The old one, which ends.
    pub old: DelegationId,
    /// The successor's, until the same end; absent where it does not go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Delegation>,
}
