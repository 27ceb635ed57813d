//! The sides agree after all, and take the dossier back (command 26): a key of each side, and the secretariat's.

use events::{
    Actor, Body, Fact, Lifecycle, OfficerId,
    escalation::{self as said, DossierWithdrawalProposed, Purpose},
    terms::{Document, Side},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Dossier, Escalation};
use crate::{
    calendar,
    case::Case,
    decision::{Context, Decision},
    documents,
    keys::{self, Key, KeyState},
    organisation::Role,
    refusal::{Code, Refusal},
    sides,
    stages::must_be,
};

/// The first key, with the joint document.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeWithdrawal {
    /// The document of both sides that asks for the dossier back.
    pub(super) document: Document,
}

/// The second and the third key name the proposal that they confirm.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedProposal {
    /// The proposal that is confirmed, by its number within the case.
    pub(super) proposal: u32,
}

/// A proposal to take the dossier back, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DossierWithdrawal {
    /// The proposal's number within the case.
    pub proposal: u32,
    /// The side that proposed.
    pub side: Side,
    /// Who turned the second key.
    pub agreed_by: Option<OfficerId>,
}

pub(super) fn may_propose(case: &Case, ctx: &Context<'_>) -> Result<(), Refusal> {
    let person = ctx.person()?;
    if person.role == Role::Al && sides::key_holders(case, person.side, ctx.policy).contains(&person.agency) {
        return Ok(());
    }
    Err(Refusal::not_authorised(
        "Chỉ lãnh đạo của bên A hoặc bên B được đề nghị, xác nhận việc rút hồ sơ.",
        "Only leaders of the parties of sides A and B propose and confirm that the dossier is taken back.",
    ))
}

pub(super) fn may_confirm(case: &Case, ctx: &Context<'_>) -> Result<(), Refusal> {
    may_propose(case, ctx)?;
    let person = ctx.person()?;
    let Some(first) = keys::pending(&case.escalation.withdrawals) else { return Ok(()) };
    if first.proposed.side == person.side {
        return Err(Refusal::not_authorised(
            "Chỉ lãnh đạo của bên kia được xác nhận việc rút hồ sơ.",
            "Only a leader of the other side confirms that the dossier is taken back.",
        ));
    }
    first.must_be_of_another(person)
}

/// Neither the first key's person nor the second's turns the third.
pub(super) fn must_be_a_third_person(case: &Case, ctx: &Context<'_>) -> Result<(), Refusal> {
    let person = ctx.person()?;
    let Some(first) = keys::pending(&case.escalation.withdrawals) else { return Ok(()) };
    first.must_be_of_another(person)?;
    if first.proposed.agreed_by.as_ref() == Some(&person.officer) {
        return Err(Refusal::new(
            Code::SeparationOfDuties,
            "Người đã xác nhận không được tự chấp nhận; đề nghị người khác.",
            "Who confirmed cannot accept: ask a colleague.",
        ));
    }
    Ok(())
}

/// Only a dossier on a disagreement is taken back.
fn on_a_disagreement(case: &Case) -> Result<u32, Refusal> {
    must_be(case, &[Lifecycle::Escalated])?;
    let current = case.escalation.current();
    let sent = current
        .filter(|each| each.submitted.as_ref().is_some_and(|sent| sent.purpose == Purpose::Disagreement));
    sent.map(|each| each.number).ok_or_else(|| {
        Refusal::bad_state(
            "Chỉ rút hồ sơ về việc chưa thống nhất; tham mưu chung thì chờ ý kiến.",
            "Only a dossier on a disagreement is taken back; joint advice waits for its answer.",
        )
    })
}

/// Command 26, the first key. A newer proposal replaces the older.
pub(super) fn propose(case: &Case, act: &ProposeWithdrawal, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    on_a_disagreement(case)?;
    documents::check("document", &act.document, calendar::local_date(ctx.now), ctx.policy)?;
    // A joint document, issued by any of those who hold the keys.
    let issuers: Vec<_> =
        [Side::A, Side::B].into_iter().flat_map(|side| sides::key_holders(case, side, ctx.policy)).collect();
    documents::issued_by("document", &act.document, &issuers.iter().collect::<Vec<_>>())?;
    documents::must_be_as_registered("document", &act.document, ctx.registration)?;
    let body = DossierWithdrawalProposed {
        proposal: keys::next_number(&case.escalation.withdrawals),
        side: ctx.person()?.side,
        document: act.document.clone(),
    };
    Ok(Decision::new(ctx.now, Body::DossierWithdrawalProposed(body))
        .bringing(&act.document, ctx.registration))
}

/// The proposal that waits for its second key, or for its third.
fn waiting(case: &Case, number: u32, agreed: bool) -> Result<&Key<DossierWithdrawal>, Refusal> {
    keys::pending(&case.escalation.withdrawals)
        .filter(|key| key.proposed.proposal == number && key.proposed.agreed_by.is_some() == agreed)
        .ok_or_else(keys::no_proposal)
}

/// Command 26, the second key.
pub(super) fn confirm(case: &Case, proposal: u32, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    on_a_disagreement(case)?;
    waiting(case, proposal, false)?;
    let body = said::DossierWithdrawalAgreed { proposal };
    Ok(Decision::new(ctx.now, Body::DossierWithdrawalAgreed(body)))
}

/// Command 26, the third key: the sides agree.
pub(super) fn accept(case: &Case, proposal: u32, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let dossier = on_a_disagreement(case)?;
    waiting(case, proposal, true)?;
    let body = said::DossierWithdrawn { proposal, dossier };
    Ok(Decision::new(ctx.now, Body::DossierWithdrawn(body))
        .moving(Some(Lifecycle::Escalated), Lifecycle::Agreed))
}

pub(super) fn evolve(escalation: &mut Escalation, body: &Body, fact: &Fact) {
    match body {
        Body::DossierWithdrawalProposed(said) => {
            let proposed = DossierWithdrawal { proposal: said.proposal, side: said.side, agreed_by: None };
            keys::propose(&mut escalation.withdrawals, Key::of(proposed, fact));
        }
        Body::DossierWithdrawalAgreed(said) => {
            let Actor::Person { officer, .. } = &fact.origin().actor else { return };
            let named = escalation.withdrawals.iter_mut().find(|key| key.proposed.proposal == said.proposal);
            if let Some(key) = named {
                key.proposed.agreed_by = Some(officer.clone());
            }
        }
        Body::DossierWithdrawn(_) => {
            keys::settle(&mut escalation.withdrawals, KeyState::Confirmed);
            escalation.state = Dossier::DossierWithdrawn;
        }
        _ => {}
    }
}
