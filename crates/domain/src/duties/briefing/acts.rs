//! What persons do in a briefing: who may, when, and which fact it makes.

use chrono::NaiveDate;
use events::{
    AgencyId, Body, Timestamp,
    briefing::{
        AgendaCompiled, AgendaItemAdded, BriefingCancelled, BriefingHeld, BriefingKind, BriefingRescheduled,
        BriefingScheduled, BriefingTransferred, Conclusion, MinutesIssued, TaskAccepted, TaskReported,
        TaskReturned,
    },
    duty::ClockKey,
    terms::Document,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Briefing, Calling, Command, State, Task, TaskState, next_step};
use crate::{
    decision::{Context, Decision},
    duties::{
        self, Duty, Sight, Timer, clocks,
        guards::{at_most, brought, clock_by, must_be_there, succession},
        must_be_of,
    },
    labels,
    organisation::Role,
    refusal::{Refusal, optional_text, required_text},
};

/// The most agencies that are invited.
const MOST_INVITED: usize = 100;

/// The most items that are put on an agenda.
const MOST_ITEMS: usize = 100;

/// The most conclusions of one briefing.
const MOST_CONCLUSIONS: usize = 50;

/// A briefing is called.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleBriefing {
    /// What kind it is. The one of the month is called by itself; it is called by hand where that was missed.
    pub kind: BriefingKind,
    /// When it begins.
    pub at: Timestamp,
    /// Where, at most 200 characters.
    pub place: String,
    /// The agencies invited; the chair and the caller's come by themselves.
    pub invited: Vec<AgencyId>,
    /// What it is about, at most 2,000 characters; one that is called ad hoc must say so.
    #[serde(default)]
    pub purpose: Option<String>,
}

/// Something is to be spoken of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddAgendaItem {
    /// What, at most 2,000 characters.
    pub text: String,
}

/// The briefing is at another time or place.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RescheduleBriefing {
    /// When it begins now.
    pub at: Timestamp,
    /// Where, if that changes.
    #[serde(default)]
    pub place: Option<String>,
    /// Why, at most 1,000 characters.
    pub reason: String,
}

/// The briefing was held.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldBriefing {
    /// The agencies that were there, the chair among them.
    pub attended: Vec<AgencyId>,
    /// A remark.
    #[serde(default)]
    pub note: Option<String>,
}

/// The minutes, with the conclusions.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueMinutes {
    /// The minutes (*biên bản, thông báo kết luận*), issued by the chair or a side's superior.
    pub document: Document,
    /// The conclusions, at most 50.
    #[serde(default)]
    pub conclusions: Vec<Concluded>,
}

/// What an agency is to do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Concluded {
    /// What, at most 2,000 characters.
    pub text: String,
    /// Which agency.
    pub agency: AgencyId,
    /// On which day it is due, at the end of working hours.
    pub due: NaiveDate,
}

/// What was done about a conclusion.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportConclusion {
    /// The task, by its number within the briefing.
    pub task: u32,
    /// What was done, at most 10,000 characters.
    pub text: String,
    /// The document, if there is one beside.
    #[serde(default)]
    pub document: Option<Document>,
}

/// A conclusion is carried out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptConclusion {
    /// The task, by its number within the briefing.
    pub task: u32,
}

/// A conclusion is not carried out yet.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnConclusion {
    /// The task, by its number within the briefing.
    pub task: u32,
    /// What is missing, at most 1,000 characters.
    pub reason: String,
    /// On which day it is due now.
    pub due: NaiveDate,
}

/// The briefing does not take place.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelBriefing {
    /// Why, at most 1,000 characters.
    pub reason: String,
}

const LEADING: &[Role] = &[Role::Lh, Role::Al];
const WORKING: &[Role] = &[Role::Lo, Role::Lh, Role::Al];
const ISSUING: &[Role] = &[Role::Cl, Role::Lh, Role::Al];

/// The chair, and the superiors of both sides.
fn callers<'a>(chair: &'a AgencyId, ctx: &Context<'a>) -> [&'a AgencyId; 3] {
    let agreement = &ctx.policy.agreement;
    [chair, &agreement.side_a, &agreement.side_b]
}

pub(in crate::duties) fn may_begin(command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    match command {
        Command::ScheduleBriefing(_) => {
            must_be_of(ctx, LEADING, callers(&ctx.policy.duties.briefings.chair, ctx))
        }
        Command::Call(_) => ctx.system(),
        _ => Err(Refusal::not_found()),
    }
}

pub(in crate::duties) fn authorise(
    briefing: &Briefing,
    command: &Command,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let callers = callers(&briefing.chair, ctx);
    match command {
        Command::ScheduleBriefing(_)
        | Command::RescheduleBriefing(_)
        | Command::HoldBriefing(_)
        | Command::CancelBriefing(_) => must_be_of(ctx, LEADING, callers),
        Command::AddAgendaItem(_) => must_be_of(ctx, WORKING, &briefing.invited),
        Command::IssueMinutes(_) => must_be_of(ctx, ISSUING, callers),
        Command::ReportConclusion(act) => must_be_of(ctx, WORKING, [&briefing.task(act.task)?.agency]),
        Command::AcceptConclusion(_) | Command::ReturnConclusion(_) => {
            must_be_of(ctx, LEADING, [&briefing.chair])
        }
        Command::Call(_) | Command::Compile { .. } | Command::Transfer { .. } | Command::Timer(_) => {
            ctx.system()
        }
    }
}

pub(in crate::duties) fn begin(command: &Command, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    match command {
        Command::ScheduleBriefing(act) => schedule(act, ctx),
        Command::Call(calling) => call(calling, ctx),
        _ => Err(Refusal::not_found()),
    }
}

fn schedule(act: &ScheduleBriefing, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let chair = &ctx.policy.duties.briefings.chair;
    if !ctx.policy.organisation.is_there(chair, ctx.now) {
        return Err(Refusal::bad_state(
            "Cơ quan chủ trì theo chính sách không còn hoạt động; đề nghị quản trị cập nhật chính sách.",
            "The agency that chairs is no more: ask the administrator to name another in the policy.",
        ));
    }
    not_in_the_past(act.at, ctx)?;
    required_text("place", &act.place, 200)?;
    at_most("invited", act.invited.len(), MOST_INVITED)?;
    let caller = &ctx.person()?.agency;
    let mut invited = vec![chair.clone()];
    for (place, agency) in act.invited.iter().enumerate() {
        must_be_there(&format!("invited[{place}]"), agency, ctx)?;
    }
    for agency in act.invited.iter().chain([caller]) {
        if !invited.contains(agency) {
            invited.push(agency.clone());
        }
    }
    if invited.len() < 2 {
        return Err(Refusal::invalid(
            "invited",
            "Mời ít nhất một cơ quan ngoài cơ quan chủ trì.",
            "Invite at least one agency besides the chair.",
        ));
    }
    match (act.kind, act.purpose.as_deref()) {
        (BriefingKind::AdHoc, purpose) => required_text("purpose", purpose.unwrap_or_default(), 2000)?,
        (BriefingKind::Monthly, purpose) => optional_text("purpose", purpose, 2000)?,
    }
    let body = BriefingScheduled {
        kind: act.kind,
        at: act.at,
        place: act.place.clone(),
        chair: chair.clone(),
        invited,
        purpose: act.purpose.clone(),
    };
    Ok(Decision::new(ctx.now, Body::BriefingScheduled(body)))
}

fn call(calling: &Calling, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    if ctx.now < calling.called_at || calling.begins <= ctx.now {
        return Err(Refusal::bad_state(
            "Chưa đến, hoặc đã qua thời điểm triệu tập giao ban.",
            "The briefing cannot be called yet, or not any more.",
        ));
    }
    let rules = &ctx.policy.duties.briefings;
    let body = BriefingScheduled {
        kind: BriefingKind::Monthly,
        at: calling.begins,
        place: rules.place.clone(),
        chair: rules.chair.clone(),
        invited: calling.invited.clone(),
        purpose: None,
    };
    Ok(Decision::new(calling.called_at, Body::BriefingScheduled(body)))
}

fn not_in_the_past(at: Timestamp, ctx: &Context<'_>) -> Result<(), Refusal> {
    if at >= ctx.now {
        return Ok(());
    }
    Err(Refusal::invalid("at", "Thời điểm giao ban đã qua.", "That time has passed: name one to come."))
}

pub(in crate::duties) fn decide(
    duty: &Duty,
    briefing: &Briefing,
    command: &Command,
    ctx: &Context<'_>,
    sight: Sight<'_>,
) -> Result<Decision, Refusal> {
    let body = match command {
        Command::ScheduleBriefing(_) | Command::Call(_) => {
            return Err(Refusal::bad_state("Giao ban đã được triệu tập.", "It is called already."));
        }
        Command::AddAgendaItem(act) => Body::AgendaItemAdded(add(briefing, act)?),
        Command::RescheduleBriefing(act) => Body::BriefingRescheduled(reschedule(briefing, act, ctx)?),
        Command::HoldBriefing(act) => Body::BriefingHeld(hold(briefing, act, ctx)?),
        Command::IssueMinutes(act) => Body::MinutesIssued(issue(briefing, act, ctx)?),
        Command::ReportConclusion(act) => Body::TaskReported(report(briefing, act, ctx)?),
        Command::AcceptConclusion(act) => {
            let task = must_stand(briefing.task(act.task)?, TaskState::Reported)?;
            Body::TaskAccepted(TaskAccepted { task: task.number })
        }
        Command::ReturnConclusion(act) => {
            let task = must_stand(briefing.task(act.task)?, TaskState::Reported)?.number;
            required_text("reason", &act.reason, 1000)?;
            let clock = clock_by("due", ClockKey::Task, task, act.due, ctx)?;
            Body::TaskReturned(TaskReturned { task, reason: act.reason.clone(), clock })
        }
        Command::CancelBriefing(act) => {
            must_be(briefing, State::Scheduled)?;
            required_text("reason", &act.reason, 1000)?;
            Body::BriefingCancelled(BriefingCancelled { reason: act.reason.clone() })
        }
        Command::Compile { edition } => compile(duty, briefing, *edition, ctx, sight)?,
        Command::Transfer { from } => {
            let (to, at) = succession(from, briefing.holders().contains(from), ctx)?;
            let body = BriefingTransferred { from: from.clone(), to };
            return Ok(Decision::new(at, Body::BriefingTransferred(body)));
        }
        Command::Timer(timer) => {
            let at = clocks::check(duty, timer, ctx.now)?;
            let body = match timer.clone() {
                Timer::Remind(said) => Body::BriefingReminded(said),
                Timer::MarkOverdue(said) => Body::BriefingOverdue(said),
            };
            return Ok(Decision::new(at, body));
        }
    };
    Ok(Decision::new(ctx.now, body))
}

fn must_be(briefing: &Briefing, legal: State) -> Result<(), Refusal> {
    if briefing.state == legal {
        return Ok(());
    }
    let now = labels::briefing_state(briefing.state);
    Err(Refusal::bad_state(
        format!("Trạng thái không cho phép: giao ban đang ở “{}”.", now.vi),
        format!("The briefing stands at “{}”: this cannot be done now.", now.en),
    ))
}

fn must_stand(task: &Task, legal: TaskState) -> Result<&Task, Refusal> {
    if task.state == legal {
        return Ok(task);
    }
    let now = labels::task_state(task.state);
    Err(Refusal::bad_state(
        format!("Trạng thái không cho phép: nhiệm vụ số {} đang ở “{}”.", task.number, now.vi),
        format!("Task {} stands at “{}”: this cannot be done now.", task.number, now.en),
    ))
}

fn add(briefing: &Briefing, act: &AddAgendaItem) -> Result<AgendaItemAdded, Refusal> {
    must_be(briefing, State::Scheduled)?;
    at_most("text", briefing.items.len() + 1, MOST_ITEMS)?;
    required_text("text", &act.text, 2000)?;
    let item = u32::try_from(briefing.items.len() + 1).unwrap_or(u32::MAX);
    Ok(AgendaItemAdded { item, text: act.text.clone() })
}

fn reschedule(
    briefing: &Briefing,
    act: &RescheduleBriefing,
    ctx: &Context<'_>,
) -> Result<BriefingRescheduled, Refusal> {
    must_be(briefing, State::Scheduled)?;
    not_in_the_past(act.at, ctx)?;
    optional_text("place", act.place.as_deref(), 200)?;
    required_text("reason", &act.reason, 1000)?;
    let place = act.place.clone().unwrap_or_else(|| briefing.place.clone());
    Ok(BriefingRescheduled { at: act.at, place, reason: act.reason.clone() })
}

fn hold(briefing: &Briefing, act: &HoldBriefing, ctx: &Context<'_>) -> Result<BriefingHeld, Refusal> {
    must_be(briefing, State::Scheduled)?;
    if ctx.now < briefing.at {
        return Err(Refusal::bad_state(
            "Chưa đến giờ giao ban; nếu họp sớm hơn, đổi lịch trước.",
            "It has not begun yet: where it is held earlier, move it first.",
        ));
    }
    let invited = |agency: &&AgencyId| briefing.invited.contains(agency);
    if let Some(place) = act.attended.iter().position(|agency| !invited(&agency)) {
        return Err(Refusal::invalid(
            &format!("attended[{place}]"),
            "Cơ quan này không được mời.",
            "This agency was not invited.",
        ));
    }
    if !act.attended.contains(&briefing.chair) {
        return Err(Refusal::invalid(
            "attended",
            "Phải có cơ quan chủ trì dự.",
            "Without its chair there is no briefing: name it too.",
        ));
    }
    optional_text("note", act.note.as_deref(), 1000)?;
    let attended = briefing.invited.iter().filter(|agency| act.attended.contains(agency)).cloned().collect();
    Ok(BriefingHeld { attended, note: act.note.clone() })
}

fn issue(briefing: &Briefing, act: &IssueMinutes, ctx: &Context<'_>) -> Result<MinutesIssued, Refusal> {
    must_be(briefing, State::Held)?;
    brought("document", &act.document, &callers(&briefing.chair, ctx), ctx)?;
    at_most("conclusions", act.conclusions.len(), MOST_CONCLUSIONS)?;
    let conclusions = (1..).zip(&act.conclusions).map(|(task, concluded)| {
        let field = |name: &str| format!("conclusions[{}].{name}", task - 1);
        required_text(&field("text"), &concluded.text, 2000)?;
        must_be_there(&field("agency"), &concluded.agency, ctx)?;
        let clock = clock_by(&field("due"), ClockKey::Task, task, concluded.due, ctx)?;
        Ok(Conclusion { task, text: concluded.text.clone(), agency: concluded.agency.clone(), clock })
    });
    let conclusions = conclusions.collect::<Result<_, Refusal>>()?;
    Ok(MinutesIssued { document: act.document.clone(), conclusions })
}

fn report(briefing: &Briefing, act: &ReportConclusion, ctx: &Context<'_>) -> Result<TaskReported, Refusal> {
    let task = must_stand(briefing.task(act.task)?, TaskState::Open)?;
    required_text("text", &act.text, 10_000)?;
    if let Some(document) = &act.document {
        brought("document", document, &[&task.agency], ctx)?;
    }
    Ok(TaskReported {
        task: task.number,
        text: act.text.clone(),
        document: act.document.clone(),
        late: ctx.now > task.due,
    })
}

/// The agenda says how things stand when it is compiled, not when that was due.
fn compile(
    duty: &Duty,
    briefing: &Briefing,
    edition: u32,
    ctx: &Context<'_>,
    sight: Sight<'_>,
) -> Result<Body, Refusal> {
    let wanted = duties::Command::Briefing(Command::Compile { edition });
    if next_step(duty, briefing, ctx.now).is_none_or(|step| step.command != wanted) {
        return Err(Refusal::bad_state(
            "Chưa đến lúc tổng hợp nội dung giao ban, hoặc đã tổng hợp.",
            "The agenda is not to be compiled now, or is compiled already.",
        ));
    }
    let (cases, reports) = (sight.cases.to_vec(), sight.reports.to_vec());
    Ok(Body::AgendaCompiled(AgendaCompiled { edition, cases, reports }))
}
