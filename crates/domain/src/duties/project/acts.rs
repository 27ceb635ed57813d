//! The course of a project: who may do what, when, and which fact it makes.

use events::{
    AgencyId, Body,
    duty::Clock,
    project::{
        Phase, PhaseEntered, PlanningAccepted, PlanningDeclined, ProjectCancelled, ProjectCompleted,
        ProjectProposed, ProjectResumed, ProjectSuspended, ProjectTransferred,
    },
    terms::{Document, Side},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Command, Project, State, plan};
use crate::{
    calendar::{self, OutsideCalendar},
    decision::{Context, Decision, outside_calendar},
    duties::{
        Duty, Timer, clocks,
        guards::{at_most, brought, must_be_there, succession},
        must_be_of,
    },
    labels,
    organisation::{Role, Term},
    refusal::{Code, Refusal, optional_text, required_text},
};

/// The most partners of a project.
const MOST_PARTNERS: usize = 50;

/// The most areas of a project.
const MOST_AREAS: usize = 50;

/// A project is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeProject {
    /// What it is called, at most 300 characters.
    pub title: String,
    /// Its topic, by its code.
    pub topic: String,
    /// Where it is carried out, by the codes of areas.
    #[serde(default)]
    pub areas: Vec<String>,
    /// Why it needs to be prepared together, at most 2,000 characters.
    pub reason: String,
    /// Other agencies that take part.
    #[serde(default)]
    pub partners: Vec<AgencyId>,
    /// The document, if there is one; issued by the proposer.
    #[serde(default)]
    pub document: Option<Document>,
}

/// The other side takes part.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptPlanning {
    /// A remark.
    #[serde(default)]
    pub note: Option<String>,
}

/// The other side does not take part.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclinePlanning {
    /// Why, at most 1,000 characters.
    pub reason: String,
}

/// The next phase begins.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnterPhase {
    /// The phase.
    pub phase: Phase,
    /// The report on the phase before it; none for the first phase.
    #[serde(default)]
    pub report: Option<Document>,
}

/// The project rests.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspendProject {
    /// Why, at most 1,000 characters.
    pub reason: String,
}

/// It goes on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeProject {
    /// A remark.
    #[serde(default)]
    pub note: Option<String>,
}

/// It has come to its end.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteProject {
    /// The final report.
    pub report: Document,
}

/// It is given up.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelProject {
    /// Why, at most 1,000 characters.
    pub reason: String,
}

const LEADER: &[Role] = &[Role::Al];
const PLANNING: &[Role] = &[Role::Lh, Role::Al];
const WORKING: &[Role] = &[Role::Lo, Role::Lh, Role::Al];

pub(in crate::duties) fn may_begin(command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    let Command::ProposeProject(_) = command else { return Err(Refusal::not_found()) };
    let person = ctx.person()?;
    if person.side != Side::B || !ctx.policy.may_raise(&person.agency) {
        return Err(Refusal::not_authorised(
            "Dự án do Ủy ban nhân dân tỉnh hoặc cơ quan trực thuộc đề xuất.",
            "A project is proposed by the government side's superior or an agency under it.",
        ));
    }
    must_be_of(ctx, PLANNING, [&person.agency])
}

pub(in crate::duties) fn authorise(
    project: &Project,
    command: &Command,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let (proposer, asked) = (&project.agency, &project.asked);
    let leading = [proposer, asked, &ctx.policy.agreement.side_b];
    match command {
        Command::ProposeProject(_) => may_begin(command, ctx),
        Command::AcceptPlanning(_) | Command::DeclinePlanning(_) => must_be_of(ctx, LEADER, [asked]),
        Command::SubmitPlan(_) | Command::RequestComment(_) | Command::EnterPhase(_) => {
            must_be_of(ctx, PLANNING, [proposer, asked])
        }
        Command::GiveComment(act) => must_be_of(ctx, LEADER, [&project.request(act.request)?.agency]),
        Command::CompleteCheckpoint(act) => {
            must_be_of(ctx, WORKING, [&project.checkpoint(act.checkpoint)?.checkpoint.owner])
        }
        Command::CompleteProject(_) => must_be_of(ctx, LEADER, [proposer, asked]),
        Command::AgreePlan(_)
        | Command::WaiveCheckpoint(_)
        | Command::SuspendProject(_)
        | Command::ResumeProject(_)
        | Command::CancelProject(_) => must_be_of(ctx, LEADER, leading),
        Command::Transfer { .. } | Command::Timer(_) => ctx.system(),
    }
}

pub(in crate::duties) fn begin(command: &Command, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let Command::ProposeProject(act) = command else { return Err(Refusal::not_found()) };
    let (organisation, agency) = (&ctx.policy.organisation, &ctx.person()?.agency);
    let asked = &ctx.policy.agreement.side_a;
    required_text("title", &act.title, 300)?;
    let is_used = |term: Option<&Term>| term.is_some_and(|term| term.is_used(ctx.now));
    if !is_used(organisation.topic(&act.topic)) {
        return Err(Refusal::invalid(
            "topic",
            "Không có lĩnh vực này, hoặc không còn dùng.",
            "There is no such topic, or it is used no more.",
        ));
    }
    at_most("areas", act.areas.len(), MOST_AREAS)?;
    if let Some(place) = act.areas.iter().position(|area| !is_used(organisation.area(area))) {
        return Err(Refusal::invalid(
            &format!("areas[{place}]"),
            "Không có địa bàn này, hoặc không còn dùng.",
            "There is no such area, or it is used no more.",
        ));
    }
    required_text("reason", &act.reason, 2000)?;
    at_most("partners", act.partners.len(), MOST_PARTNERS)?;
    let mut partners: Vec<AgencyId> = Vec::new();
    for (place, partner) in act.partners.iter().enumerate() {
        must_be_there(&format!("partners[{place}]"), partner, ctx)?;
        if partner != agency && partner != asked && !partners.contains(partner) {
            partners.push(partner.clone());
        }
    }
    if let Some(document) = &act.document {
        brought("document", document, &[agency], ctx)?;
    }
    let body = ProjectProposed {
        agency: agency.clone(),
        title: act.title.clone(),
        topic: act.topic.clone(),
        areas: act.areas.clone(),
        reason: act.reason.clone(),
        asked: asked.clone(),
        partners,
        document: act.document.clone(),
    };
    Ok(Decision::new(ctx.now, Body::ProjectProposed(body)))
}

pub(in crate::duties) fn decide(
    duty: &Duty,
    project: &Project,
    command: &Command,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    let body = match command {
        Command::ProposeProject(_) => {
            return Err(Refusal::bad_state("Dự án đã được đề xuất.", "It is proposed already."));
        }
        Command::AcceptPlanning(act) => {
            must_be(project, &[State::Proposed])?;
            optional_text("note", act.note.as_deref(), 1000)?;
            Body::PlanningAccepted(PlanningAccepted { note: act.note.clone() })
        }
        Command::DeclinePlanning(act) => {
            must_be(project, &[State::Proposed])?;
            required_text("reason", &act.reason, 1000)?;
            Body::PlanningDeclined(PlanningDeclined { reason: act.reason.clone() })
        }
        Command::SubmitPlan(act) => Body::PlanSubmitted(plan::submit(project, act, ctx)?),
        Command::RequestComment(act) => Body::CommentRequested(plan::request(project, act, ctx)?),
        Command::GiveComment(act) => Body::CommentGiven(plan::comment(project, act, ctx)?),
        Command::AgreePlan(act) => Body::PlanAgreed(plan::agree(project, act, ctx)?),
        Command::EnterPhase(act) => Body::PhaseEntered(enter(project, act, ctx)?),
        Command::CompleteCheckpoint(act) => Body::CheckpointCompleted(plan::complete(project, act, ctx)?),
        Command::WaiveCheckpoint(act) => Body::CheckpointWaived(plan::waive(project, act)?),
        Command::SuspendProject(act) => {
            must_be_in_a_phase(project)?;
            required_text("reason", &act.reason, 1000)?;
            Body::ProjectSuspended(ProjectSuspended { reason: act.reason.clone() })
        }
        Command::ResumeProject(act) => {
            must_be(project, &[State::Suspended])?;
            optional_text("note", act.note.as_deref(), 1000)?;
            let clocks = moved(project, ctx).map_err(outside_calendar)?;
            Body::ProjectResumed(ProjectResumed { note: act.note.clone(), clocks })
        }
        Command::CompleteProject(act) => {
            must_be(project, &[State::After])?;
            must_be_through(project, Phase::After)?;
            brought("report", &act.report, &[&project.agency, &project.asked], ctx)?;
            Body::ProjectCompleted(ProjectCompleted { report: act.report.clone() })
        }
        Command::CancelProject(act) => {
            must_be_live(project)?;
            required_text("reason", &act.reason, 1000)?;
            Body::ProjectCancelled(ProjectCancelled { reason: act.reason.clone() })
        }
        Command::Transfer { from } => {
            let (to, at) = succession(from, project.holders().contains(from), ctx)?;
            let body = ProjectTransferred { from: from.clone(), to };
            return Ok(Decision::new(at, Body::ProjectTransferred(body)));
        }
        Command::Timer(timer) => {
            let at = clocks::check(duty, timer, ctx.now)?;
            let body = match timer.clone() {
                Timer::Remind(said) => Body::ProjectReminded(said),
                Timer::MarkOverdue(said) => Body::ProjectOverdue(said),
            };
            return Ok(Decision::new(at, body));
        }
    };
    Ok(Decision::new(ctx.now, body))
}

pub(super) fn must_be(project: &Project, legal: &[State]) -> Result<(), Refusal> {
    if legal.contains(&project.state) { Ok(()) } else { Err(not_now(project)) }
}

pub(super) fn must_be_live(project: &Project) -> Result<(), Refusal> {
    if project.is_live() { Ok(()) } else { Err(not_now(project)) }
}

/// The phase that runs.
pub(super) fn must_be_in_a_phase(project: &Project) -> Result<Phase, Refusal> {
    project.state.phase().ok_or_else(|| not_now(project))
}

fn not_now(project: &Project) -> Refusal {
    let now = labels::project_state(project.state);
    Refusal::bad_state(
        format!("Trạng thái không cho phép: dự án đang ở “{}”.", now.vi),
        format!("The project stands at “{}”: this cannot be done now.", now.en),
    )
}

/// The mandatory checkpoints of a phase are done, or waived with a reason.
fn must_be_through(project: &Project, phase: Phase) -> Result<(), Refusal> {
    let open = project.open().map(|tracked| &tracked.checkpoint);
    let left = open.filter(|checkpoint| checkpoint.phase == phase && checkpoint.mandatory);
    let left: Vec<String> = left.map(|checkpoint| checkpoint.number.to_string()).collect();
    if left.is_empty() {
        return Ok(());
    }
    let left = left.join(", ");
    Err(Refusal::new(
        Code::CheckpointsOpen,
        format!("Còn mốc bắt buộc chưa hoàn thành: số {left}."),
        format!("Mandatory checkpoints are open: {left}. Complete them, or waive them with a reason."),
    ))
}

fn enter(project: &Project, act: &EnterPhase, ctx: &Context<'_>) -> Result<PhaseEntered, Refusal> {
    let (from, ends) = match act.phase {
        Phase::Before => (State::PlanAgreed, None),
        Phase::During => (State::Before, Some(Phase::Before)),
        Phase::After => (State::During, Some(Phase::During)),
    };
    must_be(project, &[from])?;
    match (ends, &act.report) {
        (None, None) => {}
        (None, Some(_)) => {
            return Err(Refusal::invalid(
                "report",
                "Giai đoạn đầu chưa có báo cáo giai đoạn.",
                "There is nothing to report on before the first phase: leave it out.",
            ));
        }
        (Some(phase), report) => {
            must_be_through(project, phase)?;
            let report = report.as_ref().ok_or_else(|| {
                Refusal::invalid(
                    "report",
                    "Phải có báo cáo của giai đoạn vừa qua.",
                    "The report on the phase that ends must be given.",
                )
            })?;
            brought("report", report, &[&project.agency, &project.asked], ctx)?;
        }
    }
    Ok(PhaseEntered { phase: act.phase, report: act.report.clone() })
}

/// The clocks of what is still to be done, each moved by as many working days as the project rested.
fn moved(project: &Project, ctx: &Context<'_>) -> Result<Vec<Clock>, OutsideCalendar> {
    let days = &ctx.policy.calendar;
    let Some(rest) = project.rest else { return Ok(Vec::new()) };
    let rested =
        days.working_days_between(calendar::local_date(rest.since), calendar::local_date(ctx.now))?;
    if rested == 0 {
        return Ok(Vec::new());
    }
    let clocks = project.open().map(|tracked| &tracked.checkpoint.clock);
    clocks
        .map(|clock| {
            let day = days.working_day_after(calendar::local_date(clock.due), rested)?;
            clocks::on_day(clock.key, clock.instance, day, ctx.policy)
        })
        .collect()
}
