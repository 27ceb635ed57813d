//! A side declares that there is no agreement; two keys settle the dispute (commands 16 and 17).

use events::{
    Body, coordination as said,
    coordination::SettlementProposed,
    terms::{Deadline, DeadlineKey, Lifecycle, Side},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Round;
use crate::{
    case::Case,
    deadlines,
    decision::{Context, Decision},
    keys::{self, Key},
    organisation::Role,
    refusal::{Code, Refusal, optional_text, required_text},
    sides::{self, Effective},
    stages::must_be,
};

/// A side declares that there is no agreement.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclareDispute {
    /// Why, at most 2,000 characters.
    #[serde(default)]
    reason: Option<String>,
}

/// The first key: on what the sides are to agree.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeSettlement {
    /// On what the sides are to agree, at most 2,000 characters.
    text: String,
}

/// The second key: names the proposal that it confirms.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmSettlement {
    /// The proposal that is confirmed, by its number within the case.
    proposal: u32,
}

pub(super) fn may_declare(case: &Case, ctx: &Context<'_>) -> Result<(), Refusal> {
    let person = ctx.person()?;
    if person.role == Role::Al && sides::parties(case, ctx.policy).contains(&person.agency) {
        return Ok(());
    }
    Err(Refusal::not_authorised(
        "Chỉ lãnh đạo của một bên được nêu việc chưa thống nhất.",
        "Only a leader of a party declares that there is no agreement.",
    ))
}

pub(super) fn may_propose(case: &Case, ctx: &Context<'_>) -> Result<(), Refusal> {
    let person = ctx.person()?;
    if person.role == Role::Al && sides::key_holders(case, person.side, ctx.policy).contains(&person.agency) {
        return Ok(());
    }
    Err(Refusal::not_authorised(
        "Chỉ lãnh đạo của bên A hoặc bên B được đề nghị và xác nhận phương án thống nhất.",
        "Only leaders of the parties of sides A and B propose and confirm a settlement.",
    ))
}

pub(super) fn may_confirm(case: &Case, ctx: &Context<'_>) -> Result<(), Refusal> {
    may_propose(case, ctx)?;
    let person = ctx.person()?;
    let Some(first) = keys::pending(&case.settlements) else { return Ok(()) };
    if first.proposed.side == person.side {
        return Err(Refusal::not_authorised(
            "Chỉ lãnh đạo của bên kia được xác nhận phương án thống nhất.",
            "Only a leader of the other side confirms a settlement.",
        ));
    }
    first.must_be_of_another(person)
}

/// Command 16: one side is enough, once something stands against agreement.
pub(super) fn declare(case: &Case, act: &DeclareDispute, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &[Lifecycle::InCoordination])?;
    let Some(round) = case.open_round() else {
        return Err(Refusal::bad_state("Không có vòng lấy ý kiến nào đang mở.", "No round is open."));
    };
    let side = ctx.person()?.side;
    if !stands_against_agreement(case, round, side, ctx) {
        return Err(Refusal::new(
            Code::NoDisagreementRecorded,
            "Chưa bên nào không thống nhất hoặc nêu phương án khác, và chưa bên nào quá hạn cho ý kiến đủ lâu.",
            "No side disagrees or counters, and no other side has been silent for a whole period after the deadline.",
        ));
    }
    optional_text("reason", act.reason.as_deref(), 2000)?;
    let number = round.opened.number;
    let body = said::DisagreementDeclared { round: number, side, reason: act.reason.clone() };
    Ok(Decision::new(ctx.now, Body::DisagreementDeclared(body))
        .moving(Some(Lifecycle::InCoordination), Lifecycle::Disputed)
        .arming(starts(case, number, ctx)?))
}

/// A side's effective position is against the proposal, or another side than one's own has said nothing for a whole
/// period after the deadline. That a side is split is not enough: its superior rules.
fn stands_against_agreement(case: &Case, round: &Round, own: Side, ctx: &Context<'_>) -> bool {
    let silent_for_long =
        deadlines::find(case, DeadlineKey::Position, round.opened.number).is_some_and(|armed| {
            let Deadline { start, due, .. } = armed.deadline;
            ctx.now > due + (due - start)
        });
    sides::party_sides(case, ctx.policy).into_iter().any(|side| {
        match sides::effective(case, round, side, ctx.policy) {
            Effective::Disagree | Effective::Counter { .. } => true,
            Effective::Missing => side != own && silent_for_long,
            Effective::Agree | Effective::Split => false,
        }
    })
}

/// What a dispute starts: the sides' statements and the dossier are due.
pub(super) fn starts(case: &Case, round: u32, ctx: &Context<'_>) -> Result<[Deadline; 2], Refusal> {
    Ok([
        ctx.deadline(case, DeadlineKey::Statement, round, ctx.now)?,
        ctx.deadline(case, DeadlineKey::Dossier, round, ctx.now)?,
    ])
}

/// Command 17, the first key. A newer proposal replaces the older.
pub(super) fn propose(case: &Case, act: &ProposeSettlement, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &[Lifecycle::Disputed])?;
    required_text("text", &act.text, 2000)?;
    let body = SettlementProposed {
        proposal: keys::next_number(&case.settlements),
        side: ctx.person()?.side,
        text: act.text.clone(),
    };
    Ok(Decision::new(ctx.now, Body::SettlementProposed(body)))
}

/// Command 17, the second key: the sides agree after all, and nothing is escalated.
pub(super) fn confirm(case: &Case, act: &ConfirmSettlement, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &[Lifecycle::Disputed])?;
    let named = |key: &&Key<SettlementProposed>| key.proposed.proposal == act.proposal;
    keys::pending(&case.settlements).filter(named).ok_or_else(keys::no_proposal)?;
    let body = said::AgreementReached { proposal: act.proposal, after_dispute: true };
    Ok(Decision::new(ctx.now, Body::AgreementReached(body))
        .moving(Some(Lifecycle::Disputed), Lifecycle::Agreed))
}
