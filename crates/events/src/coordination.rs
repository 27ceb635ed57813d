//! Stage coordination: rounds of positions until the sides agree, or do not.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ids::AgencyId, terms::Side};

/// Coordination began with its first round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Opened {
    /// The first round.
    pub round: Round,
}

/// A round of positions (DOMAIN §3.4 rule 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Round {
    /// Its number within the case: never used twice.
    pub number: u32,
    /// Its count towards the limit of rounds, 1 for the first.
    pub turn: u32,
    /// The text on which positions are asked.
    pub proposal: String,
    /// The agency that is deemed to agree, because the proposal is its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deemed: Option<AgencyId>,
}

/// An agency recorded its position (command 15).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PositionRecorded {
    /// The round's number within the case.
    pub round: u32,
    /// The agency.
    pub agency: AgencyId,
    /// What it says.
    pub position: Position,
    /// What the position does to the round, if it closes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<Closes>,
    /// A side that is split by it: its superior must rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Side>,
}

/// A consulted agency gave its opinion; it closes no round (command 15).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpinionRecorded {
    /// The round's number within the case.
    pub round: u32,
    /// The agency.
    pub agency: AgencyId,
    /// What it says.
    pub position: Position,
}

/// A position on the proposal of a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Position {
    /// *Thống nhất*.
    Agree {
        /// A remark.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// *Không thống nhất*.
    Disagree {
        /// Why; never empty.
        reasons: String,
    },
    /// *Phương án khác*.
    Counter {
        /// The other proposal; never empty.
        text: String,
    },
}

/// How a round closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Closes {
    /// All sides agree.
    Agreed,
    /// A counterproposal opens the next round.
    Next(Round),
    /// A side disagrees, or the last round brought no agreement.
    Disputed,
}

/// A side declared that there is no agreement (command 16).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DisagreementDeclared {
    /// The round that ends.
    pub round: u32,
    /// The side that declares it.
    pub side: Side,
    /// Why, in a sentence or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A side proposes to settle the dispute (command 17): the first key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SettlementProposed {
    /// The proposal's number within the case.
    pub proposal: u32,
    /// The side that proposes.
    pub side: Side,
    /// On what the sides are to agree; never empty.
    pub text: String,
}

/// The other side accepts: the sides agree after all (command 17): the second key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgreementReached {
    /// The proposal that is confirmed.
    pub proposal: u32,
    /// They agreed after a dispute.
    pub after_dispute: bool,
}

/// A round was opened by itself, after the case came back to coordination (commands 24, 25 and 38).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoundOpened {
    /// The round.
    pub round: Round,
}

/// A party asked for coordination again after the sides had agreed (command 37).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reopened {
    /// Why; never empty.
    pub reason: String,
    /// The round that it opens.
    pub round: Round,
}

/// The open round was looked at again after an agency had ended: it closes on its present positions, or a side is split
/// by them (DOMAIN §3.4 rule 5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reevaluated {
    /// The round's number within the case.
    pub round: u32,
    /// What the positions do to the round, if they close it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<Closes>,
    /// A side that is split by them: its superior must rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Side>,
}
