//! Closure: one side proposes, the other confirms; two keys.

use events::{
    AgencyId, Body, Fact, Kind, Lifecycle, Stage, closure as said,
    closure::Outcome,
    terms::{Deadline, DeadlineKey, Side},
};
use serde::Deserialize;

use super::{must_be, taskforce};
use crate::{
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
];

/// A command of this stage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Command 35.
    ProposeClosure(ProposeClosure),
    /// Command 36.
    ConfirmClosure(ConfirmClosure),
    /// Command 36, the other way.
    RejectClosure(RejectClosure),
    /// Reminders and overdue levels.
    #[serde(skip)]
    Timer(Timer),
}

/// The first key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposeClosure {
    outcome: Outcome,
    #[serde(default)]
    summary: Option<String>,
}

/// The second key: names the proposal that it confirms.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmClosure {
    proposal: u32,
}

/// The second key is refused.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RejectClosure {
    proposal: u32,
    reason: String,
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
    may_close(case)?;
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
    may_close(case)?;
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
fn may_close(case: &Case) -> Result<(), Refusal> {
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
    Ok(())
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
        Body::CaseClosed(_) => keys::settle(&mut case.closures, KeyState::Confirmed),
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
