//! Planned projects: what is prepared before, during and after a sensitive project (plan, II.1.1, II.2; DOMAIN §3.6).

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    duty::Clock,
    ids::AgencyId,
    terms::{Document, Side},
};

/// A phase of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// *Trước*: before it begins.
    Before,
    /// *Trong*: while it is carried out.
    During,
    /// *Sau*: after it.
    After,
}

/// An agency of side B proposes to prepare a project together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectProposed {
    /// The agency that proposes it.
    pub agency: AgencyId,
    /// What it is called.
    pub title: String,
    /// Its topic, by its code.
    pub topic: String,
    /// Where it is carried out, by the codes of areas.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<String>,
    /// Why it needs to be prepared together, as the agency sees it; never empty.
    pub reason: String,
    /// The agency that is asked: the one of the other side.
    pub asked: AgencyId,
    /// Other agencies that take part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partners: Vec<AgencyId>,
    /// The document, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
}

/// The other side takes part: the plan is drafted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanningAccepted {
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The other side does not take part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanningDeclined {
    /// Why; never empty.
    pub reason: String,
}

/// A plan is there, or another edition of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanSubmitted {
    /// The edition, from 1: the last one counts, and what was agreed of an earlier one is void.
    pub edition: u32,
    /// The plan.
    pub document: Document,
    /// What is to be done in each phase.
    pub checkpoints: Vec<Checkpoint>,
}

/// Something to be done in a phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PlannedCheckpoint")]
pub struct Checkpoint {
    /// Its number within the project.
    pub number: u32,
    /// In which phase.
    pub phase: Phase,
    /// What; never empty.
    pub title: String,
    /// The agency that does it.
    pub owner: AgencyId,
    /// By when; the clock runs while its phase does.
    pub clock: Clock,
    /// The next phase is not entered before it is done, or waived with a reason.
    pub mandatory: bool,
}

/// Agencies are asked what they think of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommentRequested {
    /// The request's number within the project.
    pub request: u32,
    /// The agency asked.
    pub agency: AgencyId,
    /// On what; never empty.
    pub question: String,
    /// By when.
    pub clock: Clock,
}

/// What an agency thinks of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommentGiven {
    /// The request.
    pub request: u32,
    /// What it says; never empty.
    pub text: String,
    /// The document, if there is one beside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// It came after it was due.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

/// A side agrees to the plan: with the second one it is agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanAgreed {
    /// The edition that is agreed to.
    pub edition: u32,
    /// The side.
    pub side: Side,
}

/// A phase begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseEntered {
    /// The phase.
    pub phase: Phase,
    /// The report on the phase before it; there is none before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Document>,
}

/// A checkpoint is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckpointCompleted {
    /// The checkpoint.
    pub checkpoint: u32,
    /// What was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The document, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// The day on which it was done.
    pub done_on: NaiveDate,
    /// It was done after it was due.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

/// A checkpoint need not be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckpointWaived {
    /// The checkpoint.
    pub checkpoint: u32,
    /// Why; never empty.
    pub reason: String,
}

/// The project rests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectSuspended {
    /// Why; never empty.
    pub reason: String,
}

/// The project goes on in the phase in which it rested; the clocks of its open checkpoints are moved by as long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectResumed {
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The clocks as they run now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<Clock>,
}

/// The project has come to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectCompleted {
    /// The final report.
    pub report: Document,
}

/// The project is given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectCancelled {
    /// Why; never empty.
    pub reason: String,
}

/// An agency of the project has ended: its successor takes its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectTransferred {
    /// The agency that has ended.
    pub from: AgencyId,
    /// Its successor.
    pub to: AgencyId,
}
