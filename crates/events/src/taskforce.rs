//! Stage taskforce: an inter-agency task force, where one is needed (plan III.3 b2 s2).

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{AgencyId, OfficeId, OfficerId},
    terms::Document,
};

/// What a task force is for, and how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mandate {
    /// The agencies that take part, at least two.
    pub agencies: Vec<AgencyId>,
    /// What it is to do, at most 2,000 characters.
    pub purpose: String,
    /// The last day of its term; the term ends with that day.
    pub until: NaiveDate,
}

/// A member of a task force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// The agency for which the member takes part.
    pub agency: AgencyId,
    /// The person.
    pub officer: OfficerId,
    /// The office that the person held when named.
    pub office: OfficeId,
    /// *Tổ trưởng*: leads the task force; exactly one member does.
    pub lead: bool,
}

/// A task force was proposed (command 29).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proposed {
    /// The proposal's number within the case.
    pub proposal: u32,
    /// The agency that proposes.
    pub by: AgencyId,
    /// What is proposed.
    pub mandate: Mandate,
}

/// The proposal was taken back (command 29).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProposalWithdrawn {
    /// The proposal's number within the case.
    pub proposal: u32,
    /// Why; never empty.
    pub reason: String,
}

/// An agency named its member (command 30); a later nomination takes the place of an earlier one of that agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemberNominated {
    /// The proposal's number within the case.
    pub proposal: u32,
    /// The member.
    pub member: Member,
}

/// An invited agency consents (command 31).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConsentGiven {
    /// The proposal's number within the case.
    pub proposal: u32,
    /// The agency.
    pub agency: AgencyId,
    /// Its member, if it names him at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<Member>,
    /// With this consent all invited agencies have consented.
    pub completes: bool,
}

/// An invited agency does not consent: the proposal is refused (command 31).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConsentRefused {
    /// The proposal's number within the case.
    pub proposal: u32,
    /// The agency.
    pub agency: AgencyId,
    /// Why; never empty.
    pub reason: String,
}

/// The task force was established by a decision (command 32).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Established {
    /// The agency that established it.
    pub by: AgencyId,
    /// It follows a directive; consents were not needed.
    pub by_directive: bool,
    /// The decision.
    pub document: Document,
    /// What it is for, and how long.
    pub mandate: Mandate,
    /// Its members; exactly one leads.
    pub members: Vec<Member>,
}

/// A meeting was called (command 33).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingScheduled {
    /// The meeting's number within the case.
    pub meeting: u32,
    /// When it begins.
    pub at: Timestamp,
    /// Where.
    pub place: String,
    /// What it is about.
    pub agenda: String,
}

/// The minutes of a meeting (command 33).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MinutesRecorded {
    /// The meeting's number within the case.
    pub meeting: u32,
    /// The minutes.
    pub document: Document,
}

/// A task was given to a member (command 33).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskAssigned {
    /// The task's number within the case.
    pub task: u32,
    /// The member who is to do it.
    pub owner: OfficerId,
    /// What is to be done.
    pub text: String,
    /// Until when.
    pub due: Timestamp,
}

/// A task was done (command 33).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskCompleted {
    /// The task's number within the case.
    pub task: u32,
    /// What came of it.
    pub result: String,
}

/// Another person of the same agency took a member's place, his open tasks and, if he led, the lead (command 33).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemberReplaced {
    /// Who leaves.
    pub old: OfficerId,
    /// Who comes.
    pub new: Member,
    /// Why; never empty.
    pub reason: String,
}

/// The term of the task force has ended; it stays active until it is dissolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TermEnded {
    /// The last day of the term.
    pub until: NaiveDate,
}

/// The task force was dissolved (command 34).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dissolved {
    /// The final report.
    pub report: Document,
    /// What was still open, and who goes on with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transfers: Vec<Transfer>,
}

/// An open task goes over to an agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The task's number within the case.
    pub task: u32,
    /// The agency that goes on with it.
    pub to: AgencyId,
}
