//! Briefings, monthly and ad hoc (*giao ban*; plan, II.2; DOMAIN §3.6).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    duty::{CaseNoted, Clock},
    ids::{AgencyId, DutyId},
    terms::Document,
};

/// What kind of briefing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BriefingKind {
    /// The one of the month.
    Monthly,
    /// *Giao ban đột xuất*: called when there is need.
    AdHoc,
}

/// A briefing is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BriefingScheduled {
    /// What kind it is.
    pub kind: BriefingKind,
    /// When it begins.
    pub at: Timestamp,
    /// Where; never empty.
    pub place: String,
    /// The agency that chairs.
    pub chair: AgencyId,
    /// The agencies invited, with the chair's.
    pub invited: Vec<AgencyId>,
    /// What it is about, for one that is called ad hoc.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
}

/// What the agenda says by itself: the cases that are open, overdue or disputed, and who has reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgendaCompiled {
    /// The how manieth time it was compiled, from 1: the last one counts.
    pub edition: u32,
    /// The live cases.
    pub cases: Vec<CaseNoted>,
    /// The reports of the month.
    pub reports: Vec<ReportNoted>,
}

/// A report as an agenda names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportNoted {
    /// The report.
    pub report: DutyId,
    /// The agency that owes it.
    pub agency: AgencyId,
    /// Whether it has come.
    pub came: Came,
    /// It came late, or is overdue.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

/// Whether a report has come: *đã gửi, không phát sinh, chưa gửi* (DOMAIN §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Came {
    /// *Đã gửi*: it was handed in.
    Submitted,
    /// *Không phát sinh*: the agency says that there is nothing.
    Nil,
    /// *Chưa gửi*: nothing has come.
    NotYet,
    /// *Được miễn*: it was waived.
    Waived,
}

/// Somebody who is invited puts an item on the agenda.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgendaItemAdded {
    /// Its number within the briefing.
    pub item: u32,
    /// What is to be spoken of; never empty.
    pub text: String,
}

/// The briefing is at another time or place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BriefingRescheduled {
    /// When it begins now.
    pub at: Timestamp,
    /// Where.
    pub place: String,
    /// Why; never empty.
    pub reason: String,
}

/// The briefing was held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BriefingHeld {
    /// The agencies that were there.
    pub attended: Vec<AgencyId>,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The minutes are there, with the conclusions as tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MinutesIssued {
    /// The minutes (*biên bản, thông báo kết luận*).
    pub document: Document,
    /// The conclusions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conclusions: Vec<Conclusion>,
}

/// A conclusion: who is to do what by when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Conclusion {
    /// Its number within the briefing.
    pub task: u32,
    /// What is to be done; never empty.
    pub text: String,
    /// The agency that is to do it.
    pub agency: AgencyId,
    /// By when.
    pub clock: Clock,
}

/// What was done about a conclusion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskReported {
    /// The task.
    pub task: u32,
    /// What was done; never empty.
    pub text: String,
    /// The document, if there is one beside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// It came after it was due.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

/// A task is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskAccepted {
    /// The task.
    pub task: u32,
}

/// A task is not done yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskReturned {
    /// The task.
    pub task: u32,
    /// What is missing; never empty.
    pub reason: String,
    /// By when it is due now.
    pub clock: Clock,
}

/// An agency that owed tasks has ended: its successor owes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BriefingTransferred {
    /// The agency that has ended.
    pub from: AgencyId,
    /// Its successor.
    pub to: AgencyId,
}

/// The briefing does not take place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BriefingCancelled {
    /// Why; never empty.
    pub reason: String,
}
