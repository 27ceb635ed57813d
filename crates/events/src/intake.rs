//! Stage intake: a case is raised, in writing or by telephone, and numbered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{AgencyId, CaseCode, DutyId, OfficerId},
    instant,
    terms::{Document, Urgency},
};

/// What every intake says, however it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Matter {
    /// A short title; it never leaves the system.
    pub title: String,
    /// What happened, at most 2,000 characters.
    pub summary: String,
    /// The coordination that is asked for: mandatory (plan III.3 b1).
    pub request: String,
    /// The topic, by its code in the policy.
    pub topic: String,
    /// The area, by its code in the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// The named officer holds the matter to be complex.
    #[serde(default)]
    pub complex: bool,
    /// The named officer holds the matter to be sensitive.
    #[serde(default)]
    pub sensitive: bool,
    /// It is an exercise: it goes the whole way, and is marked as one wherever it is shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exercise: bool,
}

/// Who raised, to whom, and who is asked for a position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Parties {
    /// The agency in whose name the case is raised.
    pub raiser: AgencyId,
    /// The agency reported to.
    pub receiver: AgencyId,
    /// The agencies whose position is required.
    pub required: Vec<AgencyId>,
    /// The agencies that are merely consulted: those of the project from which the case arises.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consulted: Vec<AgencyId>,
}

/// A case was raised by an official document (plan III.3 b1; command 1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RaisedInWriting {
    /// Who raised it, to whom.
    pub parties: Parties,
    /// How urgent it is.
    pub urgency: Urgency,
    /// By when it is to be dealt with, for *hỏa tốc hẹn giờ* only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_by: Option<Timestamp>,
    /// What it is about.
    pub matter: Matter,
    /// The document.
    pub document: Document,
    /// The case on which it follows, or from which it arises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
    /// The planned project from which the case arises (DOMAIN §3.6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<DutyId>,
}

/// The link with which a case is raised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// How the two belong together.
    pub kind: crate::casefile::LinkKind,
    /// The other case.
    pub other: crate::ids::CaseId,
}

/// A case was raised by telephone, in an emergency (plan III.3 b1; command 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RaisedByPhone {
    /// Who raised it, to whom.
    pub parties: Parties,
    /// How urgent it is; never *thường*.
    pub urgency: Urgency,
    /// By when it is to be dealt with, for *hỏa tốc hẹn giờ* only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_by: Option<Timestamp>,
    /// What it is about.
    pub matter: Matter,
    /// The call.
    pub call: PhoneCall,
    /// Logged more than 15 minutes after the call's end.
    pub late_logged: bool,
}

/// A telephone call as it was logged (DOMAIN §3.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhoneCall {
    /// Who called.
    pub caller: Caller,
    /// The officer who took the call.
    pub taken_by: OfficerId,
    /// Whether the receiver was called, or called.
    pub direction: Direction,
    /// When the call began.
    #[serde(deserialize_with = "instant::read")]
    pub started_at: Timestamp,
    /// When it ended: the written confirmation is counted from here.
    #[serde(deserialize_with = "instant::read")]
    pub ended_at: Timestamp,
    /// The facts that were exchanged, to be compared with the document.
    pub key_facts: KeyFacts,
}

/// The caller: an office of the raiser, never a citizen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Caller {
    /// The caller's office.
    pub office: String,
    /// The caller's name.
    pub name: String,
    /// The last three digits of the number given; the rest is not kept (DESIGN D14).
    pub number_ends_in: String,
    /// Whether the number given is the directory's for that agency.
    pub number_in_directory: bool,
}

/// The direction of a call, seen from the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The raiser called.
    Incoming,
    /// The receiver called.
    Outgoing,
}

/// The key facts of a report, each at most 300 characters (DOMAIN §3.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyFacts {
    /// What happened.
    pub what: String,
    /// Where.
    #[serde(rename = "where")]
    pub place: String,
    /// Since when.
    pub since_when: String,
    /// On what scale.
    pub scale: String,
    /// What has been done.
    pub actions_taken: String,
    /// What is asked for.
    pub request: String,
}

/// The case got its number: its rank among the cases of its local year, in the log's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Numbered {
    /// The number.
    pub code: CaseCode,
}
