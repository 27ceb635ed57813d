//! What a task force does while it is active, and how it is dissolved.

use events::{Body, Fact, OfficerId, Timestamp, taskforce as said, taskforce::Transfer, terms::Document};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Formed, Meeting, Task, TaskState, Taskforce, TaskforceState, check_document, must_stand, named,
    next_number,
};
use crate::{
    case::Case,
    decision::{Context, Decision},
    refusal::{Code, Refusal, required_text},
    stages::must_live,
};

/// A meeting is called. One that was held at once may be entered afterwards, so that it can have minutes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleMeeting {
    /// When it begins.
    at: Timestamp,
    /// Where, at most 200 characters.
    place: String,
    /// What it is about, at most 2,000 characters.
    agenda: String,
}

/// The minutes of a meeting.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordMinutes {
    /// The meeting, by its number within the case.
    meeting: u32,
    /// The minutes.
    pub(super) document: Document,
}

/// A member is to do something.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignTask {
    /// The member who is to do it.
    owner: OfficerId,
    /// What is to be done, at most 2,000 characters.
    text: String,
    /// Until when.
    due: Timestamp,
}

/// It is done.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteTask {
    /// The task, by its number within the case.
    task: u32,
    /// What came of it, at most 2,000 characters.
    result: String,
}

/// Another officer of the same agency takes a member's place.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceMember {
    /// The member who leaves.
    pub(super) old: OfficerId,
    /// Who takes the place; of the same agency.
    officer: OfficerId,
    /// Why, at most 2,000 characters.
    reason: String,
}

/// The final report, and who goes on with what is still open.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DissolveTaskForce {
    /// The final report.
    pub(super) document: Document,
    /// Who goes on with each task that is still open.
    #[serde(default)]
    transfers: Vec<Transfer>,
}

/// The task force at work; without one there is nothing of this file to do.
fn active(case: &Case) -> Result<&Formed, Refusal> {
    must_live(case)?;
    must_stand(case, &[TaskforceState::Active])?;
    case.taskforce.formed.as_ref().ok_or_else(Refusal::not_found)
}

pub(super) fn schedule(case: &Case, act: &ScheduleMeeting, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    active(case)?;
    required_text("place", &act.place, 200)?;
    required_text("agenda", &act.agenda, 2000)?;
    let body = said::MeetingScheduled {
        meeting: next_number(&case.taskforce.meetings),
        at: act.at,
        place: act.place.clone(),
        agenda: act.agenda.clone(),
    };
    Ok(Decision::new(ctx.now, Body::MeetingScheduled(body)))
}

pub(super) fn record_minutes(
    case: &Case,
    act: &RecordMinutes,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    active(case)?;
    if !case.taskforce.meetings.iter().any(|meeting| meeting.number == act.meeting) {
        return Err(Refusal::invalid("meeting", "Không có cuộc họp này.", "There is no such meeting."));
    }
    check_document(&act.document, ctx)?;
    let body = said::MinutesRecorded { meeting: act.meeting, document: act.document.clone() };
    Ok(Decision::new(ctx.now, Body::MinutesRecorded(body)).bringing(&act.document, ctx.registration))
}

pub(super) fn assign(case: &Case, act: &AssignTask, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let formed = active(case)?;
    if formed.member(&act.owner).is_none() {
        return Err(Refusal::invalid(
            "owner",
            "Người được giao không phải thành viên tổ công tác.",
            "Tasks are given to members of the task force.",
        ));
    }
    required_text("text", &act.text, 2000)?;
    if act.due < ctx.now {
        return Err(Refusal::invalid("due", "Thời hạn đã qua.", "That time has passed."));
    }
    let body = said::TaskAssigned {
        task: next_number(&case.taskforce.tasks),
        owner: act.owner.clone(),
        text: act.text.clone(),
        due: act.due,
    };
    Ok(Decision::new(ctx.now, Body::TaskAssigned(body)))
}

pub(super) fn complete(case: &Case, act: &CompleteTask, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    active(case)?;
    let Some(task) = case.taskforce.tasks.iter().find(|task| task.number == act.task) else {
        return Err(Refusal::invalid("task", "Không có nhiệm vụ này.", "There is no such task."));
    };
    if task.state != TaskState::Open {
        return Err(Refusal::bad_state(
            "Nhiệm vụ này đã hoàn thành hoặc đã chuyển giao.",
            "The task is done, or was handed over.",
        ));
    }
    required_text("result", &act.result, 2000)?;
    let body = said::TaskCompleted { task: act.task, result: act.result.clone() };
    Ok(Decision::new(ctx.now, Body::TaskCompleted(body)))
}

pub(super) fn replace(case: &Case, act: &ReplaceMember, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let formed = active(case)?;
    let Some(old) = formed.member(&act.old) else {
        return Err(Refusal::invalid(
            "old",
            "Người này không phải thành viên tổ công tác.",
            "That officer is no member of the task force.",
        ));
    };
    let new = named("officer", &act.officer, old.lead, std::slice::from_ref(&old.agency), ctx)?;
    if formed.member(&new.officer).is_some() {
        return Err(Refusal::invalid(
            "officer",
            "Người này đã là thành viên tổ công tác.",
            "That officer is a member already: name another.",
        ));
    }
    required_text("reason", &act.reason, 2000)?;
    let body = said::MemberReplaced { old: act.old.clone(), new, reason: act.reason.clone() };
    Ok(Decision::new(ctx.now, Body::MemberReplaced(body)))
}

/// Command 34.
pub(super) fn dissolve(case: &Case, act: &DissolveTaskForce, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    active(case)?;
    let is_open = |number: u32| {
        case.taskforce.tasks.iter().any(|task| task.number == number && task.state == TaskState::Open)
    };
    let handed_over = |number: u32| act.transfers.iter().filter(|each| each.task == number).count();
    if let Some(left) = case
        .taskforce
        .tasks
        .iter()
        .find(|task| task.state == TaskState::Open && handed_over(task.number) == 0)
    {
        return Err(Refusal::new(
            Code::TfTasksOpen,
            format!(
                "Nhiệm vụ số {} chưa hoàn thành: phải hoàn thành hoặc chuyển giao cho một cơ quan.",
                left.number
            ),
            format!("Task {} is open: complete it, or hand it over to an agency.", left.number),
        ));
    }
    for (place, transfer) in act.transfers.iter().enumerate() {
        let field = |name: &str| format!("transfers[{place}].{name}");
        if !is_open(transfer.task) || handed_over(transfer.task) > 1 {
            return Err(Refusal::invalid(
                &field("task"),
                "Chỉ chuyển giao nhiệm vụ chưa hoàn thành, mỗi nhiệm vụ một lần.",
                "Only open tasks are handed over, each once.",
            ));
        }
        if ctx.policy.organisation.agency(&transfer.to).is_none() {
            return Err(Refusal::invalid(&field("to"), "Không có cơ quan này.", "There is no such agency."));
        }
    }
    check_document(&act.document, ctx)?;
    let body = said::Dissolved { report: act.document.clone(), transfers: act.transfers.clone() };
    Ok(Decision::new(ctx.now, Body::TaskforceDissolved(body)).bringing(&act.document, ctx.registration))
}

pub(super) fn evolve(taskforce: &mut Taskforce, fact: &Fact) {
    match fact.body() {
        Body::MeetingScheduled(meeting) => taskforce.meetings.push(Meeting {
            number: meeting.meeting,
            at: meeting.at,
            place: meeting.place.clone(),
            agenda: meeting.agenda.clone(),
            minutes: Vec::new(),
        }),
        Body::MinutesRecorded(minutes) => {
            let meetings = &mut taskforce.meetings;
            if let Some(meeting) = meetings.iter_mut().find(|meeting| meeting.number == minutes.meeting) {
                meeting.minutes.push(minutes.document.printed());
            }
        }
        Body::TaskAssigned(task) => taskforce.tasks.push(Task {
            number: task.task,
            owner: task.owner.clone(),
            text: task.text.clone(),
            due: task.due,
            state: TaskState::Open,
        }),
        Body::TaskCompleted(task) => {
            settle(taskforce, task.task, TaskState::Completed { result: task.result.clone() });
        }
        Body::MemberReplaced(replaced) => {
            for member in taskforce.formed.iter_mut().flat_map(|formed| &mut formed.members) {
                if member.officer == replaced.old {
                    *member = replaced.new.clone();
                }
            }
            for task in &mut taskforce.tasks {
                if task.owner == replaced.old && task.state == TaskState::Open {
                    task.owner = replaced.new.officer.clone();
                }
            }
        }
        Body::TaskforceDissolved(dissolved) => {
            taskforce.state = TaskforceState::Dissolved;
            for transfer in &dissolved.transfers {
                settle(taskforce, transfer.task, TaskState::Transferred { to: transfer.to.clone() });
            }
        }
        _ => {}
    }
}

fn settle(taskforce: &mut Taskforce, number: u32, state: TaskState) {
    if let Some(task) = taskforce.tasks.iter_mut().find(|task| task.number == number) {
        task.state = state;
    }
}
