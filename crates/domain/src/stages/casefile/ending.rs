//! How a case ends before it was settled: its raiser takes it back, or the receiver cancels what was no case.

use events::{
    AgencyId, Body, Lifecycle, casefile as said,
    casefile::{CancellationProposed, CancellationReason},
    terms::Document,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    calendar,
    case::Case,
    decision::{Context, Decision},
    documents,
    keys::{self, Key},
    policy::Policy,
    refusal::{Code, Refusal, optional_text},
    stages::{
        confirmation::{Confirmation, Verification},
        must_be,
        taskforce::TaskforceState,
    },
};

/// The raiser takes the case back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    /// The document by which the raiser takes it back.
    pub(super) document: Document,
    /// Why, at most 2,000 characters.
    #[serde(default)]
    reason: Option<String>,
}

/// The first key: why there never was a case.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeCancellation {
    /// Why there never was a case.
    reason: CancellationReason,
    /// A remark, at most 500 characters.
    #[serde(default)]
    note: Option<String>,
}

/// The second key: names the proposal that it confirms.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmCancellation {
    /// The proposal that is confirmed, by its number within the case.
    proposal: u32,
}

/// The states in which a case may still be taken back or cancelled.
pub(super) const EARLY: [Lifecycle; 3] = [Lifecycle::Received, Lifecycle::Routed, Lifecycle::InCoordination];

/// Who takes a case back: its raiser; the superior of its side, once it holds what others raised.
pub(super) fn withdraws<'a>(case: &'a Case, policy: &'a Policy) -> &'a AgencyId {
    let alone = case.intakes.iter().all(|intake| intake.raiser == case.raiser);
    superior(&case.raiser, policy).filter(|_| !alone).unwrap_or(&case.raiser)
}

fn superior<'a>(agency: &AgencyId, policy: &'a Policy) -> Option<&'a AgencyId> {
    policy.organisation.side(agency).and_then(|side| policy.superior(side))
}

/// Command 39.
pub(super) fn withdraw(case: &Case, act: &Withdraw, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &EARLY)?;
    no_task_force_at_work(case)?;
    documents::check("document", &act.document, calendar::local_date(ctx.now), ctx.policy)?;
    let agency = &ctx.person()?.agency;
    if act.document.issuer != *agency && Some(&act.document.issuer) != superior(agency, ctx.policy) {
        return Err(documents::invalid(
            "document.issuer",
            "Văn bản rút vụ việc phải do cơ quan rút hoặc cơ quan cấp trên ban hành.",
            "The document must be issued by the agency that withdraws the case, or by its superior.",
        ));
    }
    documents::must_be_as_registered("document", &act.document, ctx.registration)?;
    optional_text("reason", act.reason.as_deref(), 2000)?;
    let body = said::CaseWithdrawn { document: act.document.clone(), reason: act.reason.clone() };
    Ok(Decision::new(ctx.now, Body::CaseWithdrawn(body))
        .moving(Some(case.lifecycle), Lifecycle::Withdrawn)
        .bringing(&act.document, ctx.registration))
}

/// Command 40, the first key. A newer proposal replaces the older.
pub(super) fn propose(
    case: &Case,
    act: &ProposeCancellation,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    must_be(case, &EARLY)?;
    may_cancel(case, act.reason)?;
    optional_text("note", act.note.as_deref(), 500)?;
    let body = CancellationProposed {
        proposal: keys::next_number(&case.cancellations),
        reason: act.reason,
        note: act.note.clone(),
    };
    Ok(Decision::new(ctx.now, Body::CancellationProposed(body)))
}

/// Command 40, the second key: what the first one needs is checked again.
pub(super) fn confirm(
    case: &Case,
    act: &ConfirmCancellation,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    must_be(case, &EARLY)?;
    let named = |key: &&Key<CancellationProposed>| key.proposed.proposal == act.proposal;
    let first = keys::pending(&case.cancellations).filter(named).ok_or_else(keys::no_proposal)?;
    let reason = first.proposed.reason;
    may_cancel(case, reason)?;
    let body = said::CaseCancelled { proposal: act.proposal, reason };
    Ok(Decision::new(ctx.now, Body::CaseCancelled(body)).moving(Some(case.lifecycle), Lifecycle::Cancelled))
}

/// Once the sides coordinate, only a false call is cancelled: every intake was one, and no task force is at work.
fn may_cancel(case: &Case, reason: CancellationReason) -> Result<(), Refusal> {
    if case.lifecycle != Lifecycle::InCoordination {
        return Ok(());
    }
    let denied = |confirmation: &Confirmation| confirmation.caller == Some(Verification::Failed);
    if reason != CancellationReason::CallerNotGenuine || !case.confirmations.iter().all(denied) {
        return Err(Refusal::bad_state(
            "Vụ việc đang phối hợp chỉ hủy được khi là cuộc gọi mạo danh và mọi lần báo tin đều đã xác minh là không đúng.",
            "While the sides coordinate, only a false call is cancelled: every intake by telephone, and denied.",
        ));
    }
    no_task_force_at_work(case)
}

pub(super) fn no_task_force_at_work(case: &Case) -> Result<(), Refusal> {
    if case.taskforce.state != TaskforceState::Active {
        return Ok(());
    }
    Err(Refusal::new(
        Code::TaskForceActive,
        "Tổ công tác đang hoạt động; phải giải thể tổ trước.",
        "The task force is at work: dissolve it first.",
    ))
}
