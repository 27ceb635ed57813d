//! Reporting: the information that every agency owes on the 15th (plan, III.2; DOMAIN §4). One duty for each agency and
//! period.

use std::fmt;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    duty::{CaseNoted, Clock},
    ids::{AgencyId, UnitId},
    terms::Document,
};

/// How often an agency reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cadence {
    /// On the 15th of each month.
    Monthly,
    /// On the 15th of the quarter's last month.
    Quarterly,
}

/// The period that a report covers, named by the month in which it is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Period {
    /// How often is reported.
    pub cadence: Cadence,
    /// The year of the month in which it is owed.
    pub year: i32,
    /// The month in which it is owed, from 1 to 12.
    pub month: u32,
    /// The first day covered.
    pub from: NaiveDate,
    /// The last day covered.
    pub until: NaiveDate,
}

impl fmt::Display for Period {
    /// The number that people use for what is owed in this month, `BC-{year}-{month}` (DOMAIN §6, E18).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("BC-{}-{:02}", self.year, self.month))
    }
}

/// A report can be handed in from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportOpened {
    /// The agency that owes it.
    pub agency: AgencyId,
    /// The liaison unit through which it is owed.
    pub unit: UnitId,
    /// The agency to which it is owed.
    pub owed_to: AgencyId,
    /// What it covers.
    pub period: Period,
    /// The day on which it would be due if every day were a working day: the 15th.
    pub nominal: NaiveDate,
    /// When it is due, is reminded of, and is overdue.
    pub clock: Clock,
}

/// What a report says of one topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportItem {
    /// The topic, by its code.
    pub topic: String,
    /// What there is to say; never empty.
    pub text: String,
}

/// The report was handed in, or its supplement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportSubmitted {
    /// What it says, by topic.
    pub items: Vec<ReportItem>,
    /// The document, if there is one beside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// The cases of the agency in the period, as they stood when it was handed in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<CaseNoted>,
    /// A planned project that the agency proposes to prepare together (II.1.1), in a sentence or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposes_project: Option<String>,
    /// It came after it was due.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

/// *Không phát sinh*: there is nothing to communicate, said explicitly, so that silence and nil differ (DOMAIN §4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NilReturned {
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// It came after it was due.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

/// Something is missing: the report is owed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportReturned {
    /// What is missing; never empty.
    pub reason: String,
    /// By when the supplement is due.
    pub clock: Clock,
}

/// The report is as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportAccepted {
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Nothing is owed any more for this period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportWaived {
    /// Why; never empty.
    pub reason: String,
}

/// The agency has ended: its successor owes the report (DOMAIN §2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportTransferred {
    /// The agency that has ended.
    pub from: AgencyId,
    /// Its successor.
    pub to: AgencyId,
    /// The successor's liaison unit.
    pub unit: UnitId,
}
