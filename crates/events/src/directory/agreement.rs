//! The agreement of the two sides, and the changes of the policy that need both of them (plan, basis and IV ¶2).
//!
//! Who signed, in which office and in which capacity stands in the actor of each fact: together they are the two
//! signature blocks of the paper.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Basis, PolicyText};
use crate::{Timestamp, ids::AgencyId, terms::Side};

/// An agreement was drawn up. It binds nobody before both sides have signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgreementProposed {
    /// Its number within the directory.
    pub agreement: u32,
    /// What it is called.
    pub title: String,
    /// The programme of several years that it carries out, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Programme>,
    /// The first day of its period.
    pub from: NaiveDate,
    /// The last day of its period.
    pub until: NaiveDate,
    /// Who signs it: one agency of each side.
    pub parties: Vec<Party>,
    /// Where the money comes from: for information.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub funding: Option<String>,
    /// The paper of the agreement.
    pub basis: Basis,
}

/// A programme of several years, under which agreements are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Programme {
    /// The number of its document.
    pub number: u32,
    /// The document's symbol, e.g. `CTr/BTGTU-UBND`.
    pub symbol: String,
    /// The document's date.
    pub date: NaiveDate,
    /// Its first year.
    pub from_year: u16,
    /// Its last year.
    pub until_year: u16,
}

/// An agency that signs for its side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Party {
    /// The side.
    pub side: Side,
    /// The agency.
    pub agency: AgencyId,
}

/// A side has signed an agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgreementSigned {
    /// Which.
    pub agreement: u32,
    /// For which side.
    pub side: Side,
    /// For which agency.
    pub agency: AgencyId,
    /// With this signature it is complete: from when it is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_force: Option<Timestamp>,
}

/// An agreement has come to the end of its period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgreementExpired {
    /// Which.
    pub agreement: u32,
}

/// A change of the policy was proposed. It changes nothing before both sides have agreed to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AmendmentProposed {
    /// Its number within the directory.
    pub amendment: u32,
    /// The agreement under which it is made.
    pub agreement: u32,
    /// The version of the policy that comes of it.
    pub version: String,
    /// From when that policy is in force.
    pub effective_from: Timestamp,
    /// Why.
    pub reason: String,
    /// The files that change, each with its whole new text; the others stay as they are then.
    pub files: Vec<PolicyText>,
    /// The document on which it rests.
    pub basis: Basis,
}

/// A side has agreed to a change of the policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AmendmentAgreed {
    /// Which.
    pub amendment: u32,
    /// For which side.
    pub side: Side,
    /// For which agency.
    pub agency: AgencyId,
    /// It is the second key: the policy is published next.
    #[serde(default)]
    pub completes: bool,
}

/// A proposed change of the policy was taken back, or refused by a side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AmendmentWithdrawn {
    /// Which.
    pub amendment: u32,
    /// Why.
    pub reason: String,
}
