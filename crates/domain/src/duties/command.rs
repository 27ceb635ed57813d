//! What may be asked of a duty: the acts of people and the steps of the process, as they are read and named.

use events::{AgencyId, DutyId, Stage, Timestamp, terms::Document};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::{Duty, Subject, briefing, papers, project, reporting};
use crate::{
    decision::{Act, Automatic},
    refusal::Refusal,
    stages,
};

/// A command on a duty: an act of a person, or a step of the process itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The regular report.
    Reporting(reporting::Command),
    /// A briefing.
    Briefing(briefing::Command),
    /// A planned project.
    Project(project::Command),
    /// The documents of any of them.
    Papers(papers::Command),
}

/// What must be looked up before a command can be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing.
    Nothing,
    /// The cases of an agency that were live at some time in a period, its end not included.
    CasesOf {
        /// The agency.
        agency: AgencyId,
        /// The beginning of the period.
        from: Timestamp,
        /// Its end.
        until: Timestamp,
    },
    /// All live cases, and the reports owed in a month.
    Agenda {
        /// The year.
        year: i32,
        /// The month.
        month: u32,
    },
}

/// Every act of a person on a duty.
pub fn acts() -> impl Iterator<Item = &'static Act> {
    [reporting::ACTS, briefing::ACTS, project::ACTS, papers::ACTS].into_iter().flatten()
}

/// Every automatic step of a duty; reminders and overdue levels come besides.
pub fn steps() -> impl Iterator<Item = &'static Automatic> {
    [reporting::STEPS, briefing::STEPS, project::STEPS].into_iter().flatten()
}

/// The act of that name.
pub fn named(name: &str) -> Option<&'static Act> {
    acts().find(|act| act.name == name)
}

/// The duty of a name that people use where there can be but one: `BC-2026-02/SNNMT`, the report of an agency for a month;
/// `GB-2026-02`, the briefing of a month.
pub fn called(name: &str) -> Option<DutyId> {
    let month = |text: &str| {
        let (year, month) = text.split_once('-')?;
        Some((year.parse().ok()?, month.parse().ok().filter(|month| (1..=12).contains(month))?))
    };
    if let Some((code, agency)) = name.split_once('/') {
        let (year, month) = month(code.strip_prefix("BC-")?)?;
        return Some(DutyId::of_report(&agency.into(), year, month));
    }
    let (year, month) = month(name.strip_prefix("GB-")?)?;
    Some(DutyId::of_briefing(year, month))
}

/// The word under which the duties of a stage stand in addresses.
pub const fn path(stage: Stage) -> &'static str {
    match stage {
        Stage::Briefing => "briefings",
        Stage::Project => "projects",
        _ => "reports",
    }
}

/// The acts that begin a duty: they are done on none.
pub fn begins(act: &Act) -> bool {
    matches!(act.name, briefing::SCHEDULE | project::PROPOSE)
}

impl Command {
    /// Reads an act of a person from its body. Every text is cleaned on the way in (DOMAIN §3.5).
    pub fn parse(act: &Act, mut body: Value) -> Result<Self, Refusal> {
        stages::clean(&mut body);
        if body.is_null() {
            body = Value::Object(Map::new());
        }
        match act.stage {
            Stage::Reporting => stages::read(act.name, body).map(Self::Reporting),
            Stage::Briefing => stages::read(act.name, body).map(Self::Briefing),
            Stage::Project => stages::read(act.name, body).map(Self::Project),
            Stage::Distribution => stages::read(act.name, body).map(Self::Papers),
            _ => Err(Refusal::not_found()),
        }
    }

    /// The JSON Schema of an act's body: what [`Command::parse`] reads. `None` for what is no act on a duty.
    pub fn schema(act: &Act, generator: &mut SchemaGenerator) -> Option<Schema> {
        fn of<T: JsonSchema>(act: &Act, generator: &mut SchemaGenerator) -> Option<Schema> {
            stages::variant::<T>(act.name, generator)
        }
        match act.stage {
            Stage::Reporting => of::<reporting::Command>(act, generator),
            Stage::Briefing => of::<briefing::Command>(act, generator),
            Stage::Project => of::<project::Command>(act, generator),
            Stage::Distribution => of::<papers::Command>(act, generator),
            _ => None,
        }
    }

    /// The stage that owns it.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Reporting(_) => Stage::Reporting,
            Self::Briefing(_) => Stage::Briefing,
            Self::Project(_) => Stage::Project,
            Self::Papers(_) => Stage::Distribution,
        }
    }

    /// The document that it brings, if it brings one.
    pub fn document(&self) -> Option<&Document> {
        match self {
            Self::Reporting(command) => command.document(),
            Self::Briefing(command) => command.document(),
            Self::Project(command) => command.document(),
            Self::Papers(_) => None,
        }
    }

    /// What must be looked up for its decision.
    pub fn looks_for(&self, duty: Option<&Duty>) -> Wanted {
        match (self, duty.map(|duty| &duty.subject)) {
            (Self::Reporting(command), Some(Subject::Report(report))) => command.looks_for(report),
            (Self::Briefing(command), Some(Subject::Briefing(briefing))) => command.looks_for(briefing),
            _ => Wanted::Nothing,
        }
    }
}
