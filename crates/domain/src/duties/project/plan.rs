//! The plan of a project: its editions, what is thought of it, who agrees, and its checkpoints.

use chrono::NaiveDate;
use events::{
    AgencyId,
    duty::ClockKey,
    project::{
        Checkpoint, CheckpointCompleted, CheckpointWaived, CommentGiven, CommentRequested, Phase, PlanAgreed,
        PlanSubmitted,
    },
    terms::{Document, Side},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    CheckpointState, DRAFTED, Project, State, Tracked,
    acts::{must_be, must_be_in_a_phase, must_be_live},
};
use crate::{
    calendar,
    decision::{Context, outside_calendar},
    duties::{
        clocks,
        guards::{at_most, brought, clock_by, must_be_there},
    },
    labels,
    refusal::{Code, Refusal, optional_text, required_text},
};

/// The most checkpoints of a plan.
const MOST_CHECKPOINTS: usize = 100;

/// The most comments that are asked for.
const MOST_REQUESTS: usize = 200;

/// A plan, or another edition of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitPlan {
    /// The plan, issued by the proposer or by the agency that is asked.
    pub document: Document,
    /// What is to be done in each phase, at most 100 checkpoints.
    #[serde(default)]
    pub checkpoints: Vec<Planned>,
}

/// Something to be done in a phase.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// In which phase.
    pub phase: Phase,
    /// What, at most 300 characters.
    pub title: String,
    /// The agency that does it; one that takes part.
    pub owner: AgencyId,
    /// On which day it is due, at the end of working hours.
    pub due: NaiveDate,
    /// The next phase is not entered before it is done, or waived.
    pub mandatory: bool,
}

/// An agency is asked what it thinks of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestComment {
    /// The agency.
    pub agency: AgencyId,
    /// On what, at most 2,000 characters.
    pub question: String,
    /// On which day it is due; as the policy says if it is left out, in five working days by default.
    #[serde(default)]
    pub due: Option<NaiveDate>,
}

/// What an agency thinks of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveComment {
    /// The request, by its number within the project.
    pub request: u32,
    /// What it says, at most 10,000 characters.
    pub text: String,
    /// The document, if there is one beside.
    #[serde(default)]
    pub document: Option<Document>,
}

/// A side agrees to the plan.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgreePlan {
    /// The edition that is agreed to: the newest one.
    pub edition: u32,
}

/// A checkpoint is done.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteCheckpoint {
    /// The checkpoint, by its number within the plan.
    pub checkpoint: u32,
    /// What was done, at most 2,000 characters.
    #[serde(default)]
    pub note: Option<String>,
    /// The document, if there is one; issued by the checkpoint's agency.
    #[serde(default)]
    pub document: Option<Document>,
    /// The day on which it was done; none to come.
    pub done_on: NaiveDate,
}

/// A checkpoint need not be done.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaiveCheckpoint {
    /// The checkpoint, by its number within the plan.
    pub checkpoint: u32,
    /// Why, at most 1,000 characters.
    pub reason: String,
}

/// A number that follows those given.
fn next<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX).saturating_add(1)
}

/// A new edition takes the place of the one before: its checkpoints are numbered anew, and nobody has agreed to it yet.
pub(super) fn submit(
    project: &Project,
    act: &SubmitPlan,
    ctx: &Context<'_>,
) -> Result<PlanSubmitted, Refusal> {
    must_be(project, &[State::PlanDrafting, State::PlanAgreed])?;
    brought("document", &act.document, &[&project.agency, &project.asked], ctx)?;
    at_most("checkpoints", act.checkpoints.len(), MOST_CHECKPOINTS)?;
    let checkpoints = (1..).zip(&act.checkpoints).map(|(number, planned)| {
        let field = |name: &str| format!("checkpoints[{}].{name}", number - 1);
        required_text(&field("title"), &planned.title, 300)?;
        must_be_there(&field("owner"), &planned.owner, ctx)?;
        if !project.taking_part().any(|agency| *agency == planned.owner) {
            return Err(Refusal::invalid(
                &field("owner"),
                "Cơ quan này không tham gia dự án.",
                "This agency does not take part in the project.",
            ));
        }
        let clock = clock_by(&field("due"), ClockKey::Checkpoint, number, planned.due, ctx)?;
        Ok(Checkpoint {
            number,
            phase: planned.phase,
            title: planned.title.clone(),
            owner: planned.owner.clone(),
            clock,
            mandatory: planned.mandatory,
        })
    });
    let checkpoints = checkpoints.collect::<Result<_, Refusal>>()?;
    Ok(PlanSubmitted { edition: project.edition + 1, document: act.document.clone(), checkpoints })
}

pub(super) fn request(
    project: &Project,
    act: &RequestComment,
    ctx: &Context<'_>,
) -> Result<CommentRequested, Refusal> {
    must_be(project, DRAFTED)?;
    at_most("agency", project.requests.len() + 1, MOST_REQUESTS)?;
    must_be_there("agency", &act.agency, ctx)?;
    if act.agency == ctx.person()?.agency {
        return Err(Refusal::invalid(
            "agency",
            "Cơ quan không đề nghị chính mình góp ý.",
            "No agency asks itself: name another.",
        ));
    }
    required_text("question", &act.question, 2000)?;
    let (number, days) = (next(&project.requests), &ctx.policy.calendar);
    let clock = match act.due {
        Some(day) => clock_by("due", ClockKey::Comment, number, day, ctx)?,
        None => days
            .working_day_after(calendar::local_date(ctx.now), ctx.policy.duties.projects.comment_days)
            .and_then(|day| clocks::on_day(ClockKey::Comment, number, day, ctx.policy))
            .map_err(outside_calendar)?,
    };
    Ok(CommentRequested {
        request: number,
        agency: act.agency.clone(),
        question: act.question.clone(),
        clock,
    })
}

pub(super) fn comment(
    project: &Project,
    act: &GiveComment,
    ctx: &Context<'_>,
) -> Result<CommentGiven, Refusal> {
    must_be_live(project)?;
    let request = project.request(act.request)?;
    if request.comment.is_some() {
        return Err(Refusal::bad_state(
            "Cơ quan đã góp ý theo đề nghị này.",
            "This comment has been given already.",
        ));
    }
    required_text("text", &act.text, 10_000)?;
    if let Some(document) = &act.document {
        brought("document", document, &[&request.agency], ctx)?;
    }
    Ok(CommentGiven {
        request: request.number,
        text: act.text.clone(),
        document: act.document.clone(),
        late: ctx.now > request.due,
    })
}

/// Both sides agree to the newest edition, each once, and by two persons.
pub(super) fn agree(project: &Project, act: &AgreePlan, ctx: &Context<'_>) -> Result<PlanAgreed, Refusal> {
    must_be(project, &[State::PlanDrafting])?;
    if act.edition == 0 || act.edition != project.edition {
        return Err(Refusal::new(
            Code::NoProposal,
            format!("Không có bản kế hoạch số {} đang chờ thống nhất.", act.edition),
            format!(
                "Edition {} does not wait for consent: the newest one is {}.",
                act.edition, project.edition
            ),
        ));
    }
    let person = ctx.person()?;
    let side = if person.agency == project.asked { Side::A } else { Side::B };
    if project.agreed.iter().any(|agreed| agreed.side == side) {
        return Err(Refusal::bad_state(
            "Bên này đã đồng ý bản kế hoạch; chờ bên kia.",
            "This side has agreed to this edition already: the other side's consent is awaited.",
        ));
    }
    if project.agreed.iter().any(|agreed| agreed.officer == person.officer) {
        return Err(Refusal::new(
            Code::SeparationOfDuties,
            "Một người không đồng ý thay cho cả hai bên.",
            "One person does not agree for both sides.",
        ));
    }
    Ok(PlanAgreed { edition: act.edition, side })
}

pub(super) fn complete(
    project: &Project,
    act: &CompleteCheckpoint,
    ctx: &Context<'_>,
) -> Result<CheckpointCompleted, Refusal> {
    must_be_in_a_phase(project)?;
    let checkpoint = &must_be_open(project.checkpoint(act.checkpoint)?)?.checkpoint;
    optional_text("note", act.note.as_deref(), 2000)?;
    if act.done_on > calendar::local_date(ctx.now) {
        return Err(Refusal::invalid(
            "done_on",
            "Ngày hoàn thành ở tương lai.",
            "The day on which it was done lies in the future.",
        ));
    }
    if let Some(document) = &act.document {
        brought("document", document, &[&checkpoint.owner], ctx)?;
    }
    Ok(CheckpointCompleted {
        checkpoint: checkpoint.number,
        note: act.note.clone(),
        document: act.document.clone(),
        done_on: act.done_on,
        late: act.done_on > calendar::local_date(checkpoint.clock.due),
    })
}

pub(super) fn waive(project: &Project, act: &WaiveCheckpoint) -> Result<CheckpointWaived, Refusal> {
    must_be_in_a_phase(project)?;
    let tracked = must_be_open(project.checkpoint(act.checkpoint)?)?;
    required_text("reason", &act.reason, 1000)?;
    Ok(CheckpointWaived { checkpoint: tracked.checkpoint.number, reason: act.reason.clone() })
}

fn must_be_open(tracked: &Tracked) -> Result<&Tracked, Refusal> {
    if tracked.state == CheckpointState::Open {
        return Ok(tracked);
    }
    let (number, now) = (tracked.checkpoint.number, labels::checkpoint_state(tracked.state));
    Err(Refusal::bad_state(
        format!("Trạng thái không cho phép: mốc số {number} đang ở “{}”.", now.vi),
        format!("Checkpoint {number} stands at “{}”: this cannot be done now.", now.en),
    ))
}
