//! Planned projects: what is prepared together before, during and after a project that is complex or sensitive (plan,
//! II.1.1, II.2; DOMAIN §3.6).
//!
//! An agency of the government side proposes, the Party side takes part, and both draft a plan with checkpoints. When both
//! sides have agreed to it, the three phases follow one another: none is entered before the mandatory checkpoints of the
//! one before are done, or waived with a reason.

mod acts;
mod fold;
mod plan;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use events::{
    AgencyId, Kind, OfficerId, Stage, Timestamp,
    duty::ClockKey,
    project::{Checkpoint, Phase, ProjectProposed},
    terms::{Document, Side},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use acts::{
    AcceptPlanning, CancelProject, CompleteProject, DeclinePlanning, EnterPhase, ProposeProject,
    ResumeProject, SuspendProject,
};
pub(super) use acts::{authorise, begin, decide, may_begin};
pub(super) use fold::evolve;
pub use plan::{
    AgreePlan, CompleteCheckpoint, GiveComment, Planned, RequestComment, SubmitPlan, WaiveCheckpoint,
};

use super::Timer;
use crate::{
    access::Principal,
    decision::{Act, Automatic},
    refusal::Refusal,
};

/// The act that begins one.
pub const PROPOSE: &str = "propose-project";

/// The acts of persons on a project.
pub const ACTS: &[Act] = &[
    act(PROPOSE, &[Kind::ProjectProposed], "LH, AL of an agency of side B that may raise cases"),
    act("accept-planning", &[Kind::PlanningAccepted], ASKED),
    act("decline-planning", &[Kind::PlanningDeclined], ASKED),
    act("submit-plan", &[Kind::PlanSubmitted], PLANNING),
    act("request-comment", &[Kind::CommentRequested], PLANNING),
    act("give-comment", &[Kind::CommentGiven], "AL of the agency whose comment is asked for"),
    act(
        "agree-plan",
        &[Kind::PlanAgreed],
        "AL of the agency that is asked, for side A; AL of the proposer or of its side's superior, for side B",
    ),
    act("enter-phase", &[Kind::PhaseEntered], PLANNING),
    act("complete-checkpoint", &[Kind::CheckpointCompleted], "LO, LH, AL of the checkpoint's agency"),
    act("waive-checkpoint", &[Kind::CheckpointWaived], LEADING),
    act("suspend-project", &[Kind::ProjectSuspended], LEADING),
    act("resume-project", &[Kind::ProjectResumed], LEADING),
    act("complete-project", &[Kind::ProjectCompleted], "AL of the proposer or of the agency that is asked"),
    act("cancel-project", &[Kind::ProjectCancelled], LEADING),
];

const ASKED: &str = "AL of the agency that is asked";
const PLANNING: &str = "LH, AL of the proposer or of the agency that is asked";
const LEADING: &str = "AL of the proposer, of the agency that is asked or of side B's superior";

/// The steps of the process itself.
pub const STEPS: &[Automatic] = &[Automatic {
    name: "transfer-project",
    stage: Stage::Project,
    records: Kind::ProjectTransferred,
    when: "an agency that takes part, or owes a checkpoint or a comment, has ended and has a successor",
}];

/// Where comments may be asked for.
const DRAFTED: &[State] =
    &[State::PlanDrafting, State::PlanAgreed, State::Before, State::During, State::After];

const fn act(name: &'static str, records: &'static [Kind], who: &'static str) -> Act {
    Act { name, stage: Stage::Project, records, who }
}

/// A command on a project.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// It is proposed.
    ProposeProject(Box<ProposeProject>),
    /// The other side takes part.
    AcceptPlanning(AcceptPlanning),
    /// The other side does not take part.
    DeclinePlanning(DeclinePlanning),
    /// A plan, or another edition of it.
    SubmitPlan(Box<SubmitPlan>),
    /// An agency is asked what it thinks of the plan.
    RequestComment(RequestComment),
    /// What it thinks.
    GiveComment(Box<GiveComment>),
    /// A side agrees to the plan.
    AgreePlan(AgreePlan),
    /// The next phase begins.
    EnterPhase(Box<EnterPhase>),
    /// A checkpoint is done.
    CompleteCheckpoint(Box<CompleteCheckpoint>),
    /// A checkpoint need not be done.
    WaiveCheckpoint(WaiveCheckpoint),
    /// The project rests.
    SuspendProject(SuspendProject),
    /// It goes on.
    ResumeProject(ResumeProject),
    /// It has come to its end.
    CompleteProject(Box<CompleteProject>),
    /// It is given up.
    CancelProject(CancelProject),
    /// An agency has ended: its successor takes its place.
    #[serde(skip)]
    Transfer {
        /// The agency that has ended.
        from: AgencyId,
    },
    /// The clock of a checkpoint or a comment.
    #[serde(skip)]
    Timer(Timer),
}

/// Where a project stands (DOMAIN §3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ProjectState")]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// *Đã đề xuất*: the other side is asked to take part.
    Proposed,
    /// *Không phối hợp*: the other side does not take part.
    Declined,
    /// *Đang lập kế hoạch*: the plan is drafted.
    PlanDrafting,
    /// *Đã thống nhất kế hoạch*: both sides have agreed to it.
    PlanAgreed,
    /// *Giai đoạn trước*.
    Before,
    /// *Giai đoạn trong*.
    During,
    /// *Giai đoạn sau*.
    After,
    /// *Tạm dừng*: it rests, and goes on in the same phase.
    Suspended,
    /// *Đã kết thúc*: it has come to its end.
    Completed,
    /// *Đã hủy*: it was given up.
    Cancelled,
}

impl State {
    /// The phase that runs.
    pub fn phase(self) -> Option<Phase> {
        match self {
            Self::Before => Some(Phase::Before),
            Self::During => Some(Phase::During),
            Self::After => Some(Phase::After),
            _ => None,
        }
    }

    /// A phase runs.
    fn of(phase: Phase) -> Self {
        match phase {
            Phase::Before => Self::Before,
            Phase::During => Self::During,
            Phase::After => Self::After,
        }
    }
}

/// Where a checkpoint stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckpointState {
    /// *Chưa hoàn thành*: it is to be done.
    Open,
    /// *Đã hoàn thành*: it is done.
    Done,
    /// *Được bỏ qua*: it need not be done.
    Waived,
}

/// A checkpoint of the plan, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "TrackedCheckpoint")]
pub struct Tracked {
    /// The checkpoint, with the agency and the clock that it has now.
    pub checkpoint: Checkpoint,
    /// Where it stands.
    pub state: CheckpointState,
    /// It was done after it was due, or not although it was due; once so, for ever.
    pub late: bool,
    /// The overdue level that was recorded since its clock was set; 0 for none.
    pub level: u32,
    /// The day on which it was done.
    pub done_on: Option<NaiveDate>,
    /// What was said when it was done, or why it was waived.
    pub note: Option<String>,
}

/// A comment that an agency is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "CommentRequest")]
pub struct Request {
    /// Its number within the project.
    pub number: u32,
    /// The agency asked.
    pub agency: AgencyId,
    /// On what.
    pub question: String,
    /// By when.
    pub due: Timestamp,
    /// What the agency says, once it has said so.
    pub comment: Option<String>,
    /// It came after it was due, or has not come although it is due.
    pub late: bool,
    /// The overdue level that was recorded; 0 for none.
    pub level: u32,
}

/// A side's consent to the newest edition of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PlanAgreement")]
pub struct Agreed {
    /// The side.
    pub side: Side,
    /// Who agreed for it: nobody agrees for both.
    pub officer: OfficerId,
}

/// A project that rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ProjectRest")]
pub struct Rest {
    /// Since when.
    pub since: Timestamp,
    /// The phase in which it goes on.
    pub phase: Phase,
}

/// A planned project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Project {
    /// The agency that proposes it.
    pub agency: AgencyId,
    /// What it is called.
    pub title: String,
    /// Its topic, by its code.
    pub topic: String,
    /// Where it is carried out, by the codes of areas.
    pub areas: Vec<String>,
    /// Why it needs to be prepared together.
    pub reason: String,
    /// The agency that is asked: the one of the other side.
    pub asked: AgencyId,
    /// Other agencies that take part.
    pub partners: Vec<AgencyId>,
    /// Where it stands.
    pub state: State,
    /// Since when it rests, and in which phase, if it does.
    pub rest: Option<Rest>,
    /// The newest edition of the plan; 0 before there is one.
    pub edition: u32,
    /// The newest edition of the plan.
    pub plan: Option<Box<Document>>,
    /// The checkpoints of that edition, in the order of their numbers from 1.
    pub checkpoints: Vec<Tracked>,
    /// Which sides have agreed to that edition.
    pub agreed: Vec<Agreed>,
    /// The comments that were asked for, in the order of their numbers from 1.
    pub requests: Vec<Request>,
    /// Why it was declined, suspended last, or cancelled.
    pub why: Option<String>,
    /// The agencies in whose place successors stand, oldest first.
    pub was_of: Vec<AgencyId>,
}

impl Project {
    pub(super) fn begun(said: &ProjectProposed) -> Self {
        Self {
            agency: said.agency.clone(),
            title: said.title.clone(),
            topic: said.topic.clone(),
            areas: said.areas.clone(),
            reason: said.reason.clone(),
            asked: said.asked.clone(),
            partners: said.partners.clone(),
            state: State::Proposed,
            rest: None,
            edition: 0,
            plan: None,
            checkpoints: Vec::new(),
            agreed: Vec::new(),
            requests: Vec::new(),
            why: None,
            was_of: Vec::new(),
        }
    }

    /// The agencies that prepare it, each once: who proposed it, who was asked, its partners.
    pub fn agencies(&self) -> BTreeSet<&AgencyId> {
        [&self.agency, &self.asked].into_iter().chain(&self.partners).collect()
    }

    pub(super) fn is_live(&self) -> bool {
        !matches!(self.state, State::Declined | State::Completed | State::Cancelled)
    }

    /// Who is to do a checkpoint of the phase that runs, or to comment on the plan.
    pub(super) fn owing(&self, key: ClockKey, instance: u32) -> Option<&AgencyId> {
        match key {
            ClockKey::Checkpoint => {
                let mut open = self.open().map(|tracked| &tracked.checkpoint);
                let found = open.find(|checkpoint| checkpoint.number == instance)?;
                (self.state.phase() == Some(found.phase)).then_some(&found.owner)
            }
            ClockKey::Comment => {
                let mut unanswered = self.unanswered().filter(|_| self.is_live());
                unanswered.find(|request| request.number == instance).map(|request| &request.agency)
            }
            ClockKey::Report | ClockKey::Supplement | ClockKey::Task => None,
        }
    }

    /// Who takes part, is to do a checkpoint, or is asked for a comment.
    pub(super) fn holders(&self) -> BTreeSet<&AgencyId> {
        let owners = self.open().map(|tracked| &tracked.checkpoint.owner);
        let commenting = self.unanswered().map(|request| &request.agency);
        self.taking_part().chain(owners).chain(commenting).collect()
    }

    /// The proposer, the agency that is asked, and the partners.
    fn taking_part(&self) -> impl Iterator<Item = &AgencyId> {
        [&self.agency, &self.asked].into_iter().chain(&self.partners)
    }

    /// The checkpoints that are still to be done.
    fn open(&self) -> impl Iterator<Item = &Tracked> {
        self.checkpoints.iter().filter(|tracked| tracked.state == CheckpointState::Open)
    }

    /// The comments that were asked for and not given.
    fn unanswered(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter().filter(|request| request.comment.is_none())
    }

    /// A checkpoint by its number.
    fn checkpoint(&self, number: u32) -> Result<&Tracked, Refusal> {
        self.checkpoints.iter().find(|tracked| tracked.checkpoint.number == number).ok_or_else(|| {
            Refusal::invalid("checkpoint", "Không có mốc này.", "There is no such checkpoint.")
        })
    }

    /// A comment that was asked for, by its number.
    fn request(&self, number: u32) -> Result<&Request, Refusal> {
        self.requests.iter().find(|request| request.number == number).ok_or_else(|| {
            Refusal::invalid("request", "Không có đề nghị góp ý này.", "There is no such request.")
        })
    }
}

impl Command {
    pub(super) fn document(&self) -> Option<&Document> {
        match self {
            Self::ProposeProject(act) => act.document.as_ref(),
            Self::SubmitPlan(act) => Some(&act.document),
            Self::GiveComment(act) => act.document.as_ref(),
            Self::EnterPhase(act) => act.report.as_ref(),
            Self::CompleteCheckpoint(act) => act.document.as_ref(),
            Self::CompleteProject(act) => Some(&act.report),
            _ => None,
        }
    }
}

/// Everybody of the agencies that take part, own a checkpoint or were asked for a comment; the leaders of both sides,
/// among whom is side B's superior; and the auditors.
pub(super) fn audience(project: &Project) -> BTreeSet<Principal> {
    let owners = project.checkpoints.iter().map(|tracked| &tracked.checkpoint.owner);
    let commenting = project.requests.iter().map(|request| &request.agency);
    let agencies = project.taking_part().chain(owners).chain(commenting).chain(&project.was_of);
    let leaders = [Principal::Leaders(Side::A), Principal::Leaders(Side::B), Principal::Auditors];
    agencies.map(|agency| Principal::Agency(agency.clone())).chain(leaders).collect()
}

#[cfg(test)]
mod tests;
