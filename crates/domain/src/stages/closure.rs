//! Closure: one side proposes, the other confirms; two keys. What was closed may be opened again for a while.

use events::{
    AgencyId, Body, CaseId, Fact, Kind, Lifecycle, Stage, closure as said,
    closure::Outcome,
    terms::{Deadline, DeadlineKey, Side},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{casefile, must_be, taskforce};
use crate::{
    calendar,
    case::Case,
    deadlines::{self, Timer},
    decision::{Act, Context, Decision},
    keys::{self, Key, KeyState},
    organisation::Role,
    policy::Policy,
    refusal::{Code, Refusal, optional_text, required_text},
    sides,
};

/// The acts of persons at this stage.
pub const ACTS: &[Act] = &[
    Act {
        name: "propose-closure",
        stage: Stage::Closure,
        records: &[Kind::ClosureProposed],
        who: "LO, LH, AL of a party of side A or B: the first key",
    },
    Act {
        name: "confirm-closure",
        stage: Stage::Closure,
        records: &[Kind::CaseClosed],
        who: "AL of a party of the other side: the second key",
    },
    Act {
        name: "reject-closure",
        stage: Stage::Closure,
        records: &[Kind::ClosureRejected],
        who: "AL of a party of the other side",
    },
    Act { name: "reopen", stage: Stage::Closure, records: &[Kind::CaseReopened], who: "AL of a party; SM" },
];

/// For how many days after it was closed a case may be opened again, counted by local dates.
const REOPEN_WINDOW: i64 = 90;

/// A command of this stage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Command 35.
    ProposeClosure(ProposeClosure),
    /// Command 36.
    ConfirmClosure(ConfirmClosure),
    /// Command 36, the other way.
    RejectClosure(RejectClosure),
    /// Command 38.
    Reopen(Reopen),
    /// Reminders and overdue levels.
    #[serde(skip)]
    Timer(Timer),
}

/// The first key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeClosure {
    /// How the case ends.
    outcome: Outcome,
    /// What came of it, at most 2,000 characters.
    #[serde(default)]
    summary: Option<String>,
}

/// The second key: names the proposal that it confirms.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmClosure {
    /// The proposal that is confirmed, by its number within the case.
    proposal: u32,
}

/// The second key is refused.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectClosure {
    /// The proposal that is rejected, by its number within the case.
    proposal: u32,
    /// Why, at most 2,000 characters.
    reason: String,
}

/// A closed case is opened again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reopen {
    /// Why, at most 2,000 characters.
    reason: String,
    /// On what the new round asks; the last proposal if absent, at most 2,000 characters.
    #[serde(default)]
    proposal: Option<String>,
}

impl Command {
    /// The cases that may block a closure.
    pub(crate) fn looks_at(&self, case: &Case) -> Vec<CaseId> {
        match self {
            Self::ProposeClosure(_) | Self::ConfirmClosure(_) => casefile::blockers(case).collect(),
            Self::RejectClosure(_) | Self::Reopen(_) | Self::Timer(_) => Vec::new(),
        }
    }
}

/// The states in which a case may be closed.
const CLOSABLE: [Lifecycle; 2] = [Lifecycle::Agreed, Lifecycle::Directed];

pub(crate) fn authorise(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    if matches!(command, Command::Timer(_)) {
        return ctx.system();
    }
    let person = ctx.person()?;
    let party = sides::key_holders(case, person.side, ctx.policy).contains(&person.agency);
    match command {
        Command::ProposeClosure(_) if party && matches!(person.role, Role::Lo | Role::Lh | Role::Al) => {
            Ok(())
        }
        Command::Reopen(_) => {
            let of_party = sides::parties(case, ctx.policy).contains(&person.agency);
            let standing_body = person.agency == ctx.policy.agreement.standing_body;
            if of_party && person.role == Role::Al || standing_body && person.role == Role::Sm {
                return Ok(());
            }
            Err(Refusal::not_authorised(
                "Chỉ lãnh đạo của một bên hoặc Thường trực Tỉnh ủy được mở lại vụ việc.",
                "Only a leader of a party or a member of the standing body opens a closed case again.",
            ))
        }
        Command::ProposeClosure(_) | Command::Timer(_) => Err(Refusal::not_authorised(
            "Chỉ đầu mối hoặc lãnh đạo của một bên được đề nghị kết thúc.",
            "Only liaison officers or leaders of a party propose closure.",
        )),
        Command::ConfirmClosure(_) | Command::RejectClosure(_) => {
            let first = pending(case);
            let own = first.is_some_and(|proposal| proposal.proposed.side == person.side);
            if !party || person.role != Role::Al || own {
                return Err(Refusal::not_authorised(
                    "Chỉ lãnh đạo của bên kia được xác nhận hoặc từ chối kết thúc.",
                    "Only a leader of the other side confirms or rejects closure.",
                ));
            }
            // Who changed sides since is still one person (PROCESS §1 rule 3).
            match first.filter(|_| matches!(command, Command::ConfirmClosure(_))) {
                Some(first) => first.must_be_of_another(person),
                None => Ok(()),
            }
        }
    }
}

pub(crate) fn decide(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    match command {
        Command::ProposeClosure(act) => propose(case, act, ctx),
        Command::ConfirmClosure(act) => confirm(case, act.proposal, ctx),
        Command::RejectClosure(act) => reject(case, act, ctx),
        Command::Reopen(act) => reopen(case, act, ctx),
        Command::Timer(timer) => {
            super::decide_timer(case, timer, ctx, Body::ClosureReminded, Body::ClosureOverdue)
        }
    }
}

/// Command 35.
fn propose(case: &Case, act: &ProposeClosure, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &CLOSABLE)?;
    if pending(case).is_some() {
        return Err(Refusal::bad_state(
            "Đã có đề nghị kết thúc chờ xác nhận.",
            "A proposal to close waits for the other side already.",
        ));
    }
    may_close(case, ctx)?;
    optional_text("summary", act.summary.as_deref(), 2000)?;
    let proposal = keys::next_number(&case.closures);
    let proposed = said::Proposed {
        proposal,
        side: ctx.person()?.side,
        outcome: act.outcome,
        summary: act.summary.clone(),
    };
    Ok(Decision::new(ctx.now, Body::ClosureProposed(proposed)).arming([ctx.deadline(
        case,
        DeadlineKey::Closure,
        proposal,
        ctx.now,
    )?]))
}

/// Command 36: the guards of the proposal are checked again.
fn confirm(case: &Case, proposal: u32, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &CLOSABLE)?;
    let pending = waiting(case, proposal)?;
    may_close(case, ctx)?;
    let body = said::CaseClosed { proposal, outcome: pending.proposed.outcome };
    Ok(Decision::new(ctx.now, Body::CaseClosed(body)).moving(Some(case.lifecycle), Lifecycle::Closed))
}

/// Command 36, the other way.
fn reject(case: &Case, act: &RejectClosure, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &CLOSABLE)?;
    waiting(case, act.proposal)?;
    required_text("reason", &act.reason, 2000)?;
    let body = said::Rejected { proposal: act.proposal, reason: act.reason.clone() };
    Ok(Decision::new(ctx.now, Body::ClosureRejected(body)))
}

/// What must be settled before a case is closed.
fn may_close(case: &Case, ctx: &Context<'_>) -> Result<(), Refusal> {
    if !case.written_settled() {
        return Err(Refusal::new(
            Code::WrittenNotSettled,
            "Chưa đủ văn bản xác nhận: phải nhận và đối chiếu xong trước khi kết thúc.",
            "A written confirmation is not settled: it must be received and compared before the case is closed.",
        ));
    }
    if taskforce::is_standing(case) {
        return Err(Refusal::new(
            Code::TaskForceActive,
            "Tổ công tác chưa giải thể, hoặc đề nghị thành lập còn hiệu lực: phải giải thể hoặc rút đề nghị trước khi kết thúc.",
            "A task force is proposed or at work: dissolve it, or take the proposal back, before the case is closed.",
        ));
    }
    if !case.escalation.is_carried_out() {
        return Err(Refusal::new(
            Code::InstructionsOpen,
            "Còn nội dung chỉ đạo chưa báo cáo kết quả hoặc chưa được nghiệm thu.",
            "An instruction of the directive is not reported or not accepted yet.",
        ));
    }
    casefile::must_not_be_blocked(case, ctx)
}

/// Command 38: the sides coordinate again; what was decided before is history.
fn reopen(case: &Case, act: &Reopen, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &[Lifecycle::Closed])?;
    let age = case.closed_at.map(|closed| calendar::local_date(ctx.now) - calendar::local_date(closed));
    if age.is_none_or(|age| age.num_days() > REOPEN_WINDOW) {
        return Err(Refusal::new(
            Code::ReopenWindowElapsed,
            "Đã quá 90 ngày kể từ khi kết thúc; đề nghị tạo vụ việc mới có liên kết “tiếp nối” với vụ việc này.",
            "More than 90 days have passed since it was closed: raise a new case with a link “follows” to this one.",
        ));
    }
    required_text("reason", &act.reason, 2000)?;
    optional_text("proposal", act.proposal.as_deref(), 2000)?;
    let body = said::Reopened { reason: act.reason.clone(), proposal: act.proposal.clone() };
    Ok(Decision::new(ctx.now, Body::CaseReopened(body))
        .moving(Some(Lifecycle::Closed), Lifecycle::InCoordination))
}

/// The proposal that waits.
pub fn pending(case: &Case) -> Option<&Key<said::Proposed>> {
    keys::pending(&case.closures)
}

/// The proposal that a second key names.
fn waiting(case: &Case, proposal: u32) -> Result<&Key<said::Proposed>, Refusal> {
    pending(case).filter(|pending| pending.proposed.proposal == proposal).ok_or_else(keys::no_proposal)
}

pub(crate) fn evolve(case: &mut Case, fact: &Fact) {
    match fact.body() {
        Body::ClosureProposed(proposed) => {
            keys::propose(&mut case.closures, Key::of(proposed.clone(), fact));
        }
        Body::CaseClosed(_) => {
            keys::settle(&mut case.closures, KeyState::Confirmed);
            case.closed_at = Some(fact.origin().occurred_at);
        }
        Body::ClosureRejected(_) => keys::settle(&mut case.closures, KeyState::Rejected),
        Body::ClosureReminded(reminded) => deadlines::note_reminded(case, reminded),
        Body::ClosureOverdue(overdue) => deadlines::note_overdue(case, overdue),
        _ => {}
    }
    // Every change of L voids a proposal that waits (PROCESS §1 rule 3).
    if fact.draft.transition.is_some() {
        keys::settle(&mut case.closures, KeyState::Void);
    }
}

pub(crate) fn is_running(case: &Case, deadline: &Deadline) -> bool {
    pending(case).is_some_and(|proposal| proposal.proposed.proposal == deadline.instance)
}

/// Who holds the key of the side that has not proposed.
pub(crate) fn owing(case: &Case, policy: &Policy) -> Vec<AgencyId> {
    let Some(pending) = pending(case) else { return Vec::new() };
    let other = [Side::A, Side::B].into_iter().filter(|side| *side != pending.proposed.side);
    other.flat_map(|side| sides::key_holders(case, side, policy)).collect()
}

#[cfg(test)]
mod tests;
