//! Briefings, *giao ban*: monthly by themselves, and when there is need (plan, II.2; DOMAIN §3.6).
//!
//! A briefing is called, held, and its minutes are issued; what is concluded becomes a task of an agency, with a clock.
//! It has ended when the chair has accepted the last task. The agenda is compiled by itself: the live cases, and who has
//! reported.

mod acts;
mod by_itself;
mod fold;

use std::collections::BTreeSet;

use chrono::Datelike as _;
use events::{
    AgencyId, DutyId, Kind, Stage, Timestamp,
    briefing::{AgendaCompiled, BriefingKind, BriefingScheduled},
    duty::ClockKey,
    terms::{Document, Side},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use acts::{
    AcceptConclusion, AddAgendaItem, CancelBriefing, Concluded, HoldBriefing, IssueMinutes, ReportConclusion,
    RescheduleBriefing, ReturnConclusion, ScheduleBriefing,
};
pub(super) use acts::{authorise, begin, decide, may_begin};
pub use by_itself::Calling;
pub(super) use by_itself::{callings, due, next_calling, next_step};
pub(super) use fold::evolve;

use super::{Timer, Wanted};
use crate::{
    access::Principal,
    calendar,
    decision::{Act, Automatic},
    refusal::Refusal,
};

/// The act that begins one.
pub const SCHEDULE: &str = "schedule-briefing";

/// The acts of persons on a briefing.
pub const ACTS: &[Act] = &[
    act(SCHEDULE, &[Kind::BriefingScheduled], CALLING),
    act("add-agenda-item", &[Kind::AgendaItemAdded], "LO, LH, AL of an agency that is invited"),
    act("reschedule-briefing", &[Kind::BriefingRescheduled], CALLING),
    act("hold-briefing", &[Kind::BriefingHeld], CALLING),
    act("issue-minutes", &[Kind::MinutesIssued], "CL, LH, AL of the chair or of a side's superior"),
    act("report-conclusion", &[Kind::TaskReported], "LO, LH, AL of the agency that is to do it"),
    act("accept-conclusion", &[Kind::TaskAccepted], CHAIR),
    act("return-conclusion", &[Kind::TaskReturned], CHAIR),
    act("cancel-briefing", &[Kind::BriefingCancelled], CALLING),
];

const CALLING: &str = "LH, AL of the chair or of a side's superior";
const CHAIR: &str = "LH, AL of the chair";

/// The steps of the process itself.
pub const STEPS: &[Automatic] = &[
    Automatic {
        name: "call-briefing",
        stage: Stage::Briefing,
        records: Kind::BriefingScheduled,
        when: "the briefing of the month is in some working days (five by default) and the policy invites somebody",
    },
    Automatic {
        name: "compile-agenda",
        stage: Stage::Briefing,
        records: Kind::AgendaCompiled,
        when: "the briefing is called, and once again when its day begins",
    },
    Automatic {
        name: "transfer-briefing",
        stage: Stage::Briefing,
        records: Kind::BriefingTransferred,
        when: "an agency that chairs, is invited or owes a task has ended and has a successor",
    },
];

const fn act(name: &'static str, records: &'static [Kind], who: &'static str) -> Act {
    Act { name, stage: Stage::Briefing, records, who }
}

/// A command on a briefing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// It is called.
    ScheduleBriefing(ScheduleBriefing),
    /// Something is to be spoken of.
    AddAgendaItem(AddAgendaItem),
    /// It is at another time or place.
    RescheduleBriefing(RescheduleBriefing),
    /// It was held.
    HoldBriefing(HoldBriefing),
    /// Its minutes, with the conclusions.
    IssueMinutes(Box<IssueMinutes>),
    /// What was done about a conclusion.
    ReportConclusion(Box<ReportConclusion>),
    /// A conclusion is carried out.
    AcceptConclusion(AcceptConclusion),
    /// A conclusion is not carried out yet.
    ReturnConclusion(ReturnConclusion),
    /// It does not take place.
    CancelBriefing(CancelBriefing),
    /// The briefing of a month is called.
    #[serde(skip)]
    Call(Calling),
    /// Its agenda is compiled.
    #[serde(skip)]
    Compile {
        /// The how manieth time.
        edition: u32,
    },
    /// An agency has ended: its successor takes its place.
    #[serde(skip)]
    Transfer {
        /// The agency that has ended.
        from: AgencyId,
    },
    /// The clock of a task.
    #[serde(skip)]
    Timer(Timer),
}

/// Where a briefing stands (DOMAIN §3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BriefingState")]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// *Đã triệu tập*: it is called.
    Scheduled,
    /// *Đã giao ban*: it was held.
    Held,
    /// *Đã có kết luận*: its minutes are there.
    MinutesIssued,
    /// *Đã hủy*: it does not take place.
    Cancelled,
}

/// Where a task of a briefing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BriefingTaskState")]
#[serde(rename_all = "kebab-case")]
pub enum TaskState {
    /// *Đang thực hiện*: it is to be done.
    Open,
    /// *Đã báo cáo*: its agency says that it is done.
    Reported,
    /// *Đã hoàn thành*: the chair agrees.
    Accepted,
}

/// A conclusion that an agency is to carry out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "BriefingTask")]
pub struct Task {
    /// Its number within the briefing.
    pub number: u32,
    /// What is to be done.
    pub text: String,
    /// The agency that is to do it.
    pub agency: AgencyId,
    /// By when, as it was set last.
    pub due: Timestamp,
    /// Where it stands.
    pub state: TaskState,
    /// It was reported after it was due, or not although it was due; once so, for ever.
    pub late: bool,
    /// The overdue level that was recorded since its day was set; 0 for none.
    pub level: u32,
    /// What its agency said last.
    pub report: Option<String>,
    /// Why it was returned last.
    pub reason: Option<String>,
}

/// The agenda as it was compiled last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Agenda")]
pub struct Agenda {
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub compiled: AgendaCompiled,
}

/// A briefing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Briefing {
    /// What kind it is.
    pub kind: BriefingKind,
    /// The year and month for which it was called: what its number says, and whose reports its agenda lists.
    pub month: (i32, u32),
    /// When it begins.
    pub at: Timestamp,
    /// Where.
    pub place: String,
    /// The agency that chairs.
    pub chair: AgencyId,
    /// The agencies invited, with the chair's.
    pub invited: Vec<AgencyId>,
    /// What it is about, if it was called ad hoc.
    pub purpose: Option<String>,
    /// Where it stands.
    pub state: State,
    /// The agenda as it was compiled last.
    pub agenda: Option<Agenda>,
    /// What those who are invited put on the agenda.
    pub items: Vec<String>,
    /// The agencies that were there.
    pub attended: Vec<AgencyId>,
    /// The minutes.
    pub minutes: Option<Box<Document>>,
    /// The conclusions, in the order of their numbers from 1.
    pub tasks: Vec<Task>,
    /// Why it was moved last, or cancelled.
    pub reason: Option<String>,
    /// The agencies in whose place successors stand, oldest first.
    pub was_of: Vec<AgencyId>,
}

impl Briefing {
    pub(super) fn begun(said: &BriefingScheduled) -> Self {
        let day = calendar::local_date(said.at);
        Self {
            kind: said.kind,
            month: (day.year(), day.month()),
            at: said.at,
            place: said.place.clone(),
            chair: said.chair.clone(),
            invited: said.invited.clone(),
            purpose: said.purpose.clone(),
            state: State::Scheduled,
            agenda: None,
            items: Vec::new(),
            attended: Vec::new(),
            minutes: None,
            tasks: Vec::new(),
            reason: None,
            was_of: Vec::new(),
        }
    }

    /// What it is called, in Vietnamese or in English.
    pub fn title(&self, vietnamese: bool) -> String {
        let (year, month) = self.month;
        match (self.kind, vietnamese) {
            (BriefingKind::Monthly, true) => format!("Giao ban tháng {month:02}/{year}"),
            (BriefingKind::Monthly, false) => format!("Monthly briefing {month:02}/{year}"),
            (BriefingKind::AdHoc, true) => format!("Giao ban đột xuất tháng {month:02}/{year}"),
            (BriefingKind::AdHoc, false) => format!("Ad-hoc briefing {month:02}/{year}"),
        }
    }

    pub(super) fn is_live(&self) -> bool {
        match self.state {
            State::Scheduled | State::Held => true,
            State::MinutesIssued => self.tasks.iter().any(|task| task.state != TaskState::Accepted),
            State::Cancelled => false,
        }
    }

    /// Who is to carry out a task now.
    pub(super) fn owing(&self, key: ClockKey, instance: u32) -> Option<&AgencyId> {
        let task = self.tasks.iter().find(|task| key == ClockKey::Task && task.number == instance)?;
        (task.state == TaskState::Open).then_some(&task.agency)
    }

    /// The chair; who is invited, as long as it was not held; who has a task that is not accepted.
    pub(super) fn holders(&self) -> BTreeSet<&AgencyId> {
        let invited = self.invited.iter().filter(|_| self.state == State::Scheduled);
        let tasks = self.tasks.iter().filter(|task| task.state != TaskState::Accepted);
        invited.chain(tasks.map(|task| &task.agency)).chain([&self.chair]).collect()
    }

    /// The number that people use: `GB-2026-05` for that of a month, `GBDX-2026-05-1A2B` for one that is called ad hoc
    /// (*giao ban đột xuất*), of which there may be several.
    pub(super) fn code(&self, id: DutyId) -> String {
        let (year, month) = self.month;
        match self.kind {
            BriefingKind::Monthly => format!("GB-{year}-{month:02}"),
            BriefingKind::AdHoc => {
                format!("GBDX-{year}-{month:02}-{}", &id.to_string()[..4].to_uppercase())
            }
        }
    }

    /// A task by its number.
    fn task(&self, number: u32) -> Result<&Task, Refusal> {
        self.tasks
            .iter()
            .find(|task| task.number == number)
            .ok_or_else(|| Refusal::invalid("task", "Không có nhiệm vụ này.", "There is no such task."))
    }
}

impl Command {
    pub(super) fn document(&self) -> Option<&Document> {
        match self {
            Self::IssueMinutes(act) => Some(&act.document),
            Self::ReportConclusion(act) => act.document.as_ref(),
            _ => None,
        }
    }

    pub(super) fn looks_for(&self, briefing: &Briefing) -> Wanted {
        let (year, month) = briefing.month;
        match self {
            Self::Compile { .. } => Wanted::Agenda { year, month },
            _ => Wanted::Nothing,
        }
    }
}

/// Everybody of the agencies that are invited or have a task, the leaders of both sides, and the auditors.
pub(super) fn audience(briefing: &Briefing) -> BTreeSet<Principal> {
    let tasks = briefing.tasks.iter().map(|task| &task.agency);
    let agencies = briefing.invited.iter().chain([&briefing.chair]).chain(tasks).chain(&briefing.was_of);
    let leaders = [Principal::Leaders(Side::A), Principal::Leaders(Side::B), Principal::Auditors];
    agencies.map(|agency| Principal::Agency(agency.clone())).chain(leaders).collect()
}

#[cfg(test)]
mod tests;
