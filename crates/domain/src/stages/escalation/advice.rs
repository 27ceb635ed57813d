//! Both sides advise together, without a disagreement (command 20; plan II.3): two keys.

use events::{
    Body, Digest, Fact, Lifecycle,
    escalation::{self as said, Addressee, Purpose},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DossierFile;
use crate::{
    case::Case,
    decision::{Context, Decision, outside_calendar},
    dossier,
    keys::{self, Key, KeyState},
    organisation::Role,
    refusal::{Refusal, required_text},
    stages::must_be,
};

/// The longest advice, in characters.
const LONGEST: usize = 4000;

/// The states from which a case goes up without a disagreement.
const ADVISABLE: [Lifecycle; 2] = [Lifecycle::InCoordination, Lifecycle::Agreed];

/// The first key: what is advised, and to whom.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeJointAdvice {
    /// To whom the case is to go up.
    addressee: Addressee,
    /// What the two advise, at most 4,000 characters.
    advice: String,
}

/// The second key: names the proposal that it confirms.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmJointAdvice {
    /// The proposal that is confirmed, by its number within the case.
    proposal: u32,
}

/// Joint advice that was proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JointAdvice {
    /// The proposal's number within the case.
    pub proposal: u32,
    /// To whom it is to go up.
    pub addressee: Addressee,
    /// The digest of the dossier.
    pub digest: Digest,
    /// The dossier as it will go up.
    pub content: dossier::Content,
}

pub(super) fn may_propose(ctx: &Context<'_>) -> Result<(), Refusal> {
    let person = ctx.person()?;
    if person.role == Role::Al && person.agency == ctx.policy.agreement.side_a {
        return Ok(());
    }
    Err(Refusal::not_authorised(
        "Chỉ lãnh đạo Ban Tuyên giáo và Dân vận Tỉnh ủy đề xuất tham mưu chung.",
        "Only a leader of the Party side's superior proposes joint advice.",
    ))
}

pub(super) fn may_confirm(case: &Case, ctx: &Context<'_>) -> Result<(), Refusal> {
    let person = ctx.person()?;
    if person.role != Role::Al || person.agency != ctx.policy.agreement.side_b {
        return Err(Refusal::not_authorised(
            "Chỉ lãnh đạo Ủy ban nhân dân tỉnh xác nhận tham mưu chung.",
            "Only a leader of the other side's superior confirms joint advice.",
        ));
    }
    keys::pending(&case.escalation.advices).map_or(Ok(()), |first| first.must_be_of_another(person))
}

fn next_dossier(case: &Case) -> u32 {
    u32::try_from(case.escalation.dossiers.len()).unwrap_or(u32::MAX).saturating_add(1)
}

/// Command 20, the first key. A newer proposal replaces the older.
pub(super) fn propose(case: &Case, act: &ProposeJointAdvice, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &ADVISABLE)?;
    required_text("advice", &act.advice, LONGEST)?;
    let body = said::JointAdviceProposed {
        proposal: keys::next_number(&case.escalation.advices),
        addressee: act.addressee,
        advice: act.advice.clone(),
        digest: dossier::of_advice(case, next_dossier(case), &act.advice).digest(),
    };
    Ok(Decision::new(ctx.now, Body::JointAdviceProposed(body)))
}

/// Command 20, the second key: it goes up as it was proposed.
pub(super) fn confirm(case: &Case, act: &ConfirmJointAdvice, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &ADVISABLE)?;
    let named = |key: &&Key<JointAdvice>| key.proposed.proposal == act.proposal;
    let first = keys::pending(&case.escalation.advices).filter(named).ok_or_else(keys::no_proposal)?;
    let requested_by =
        ctx.policy.requested_by(ctx.now, case.urgency, case.deliver_by).map_err(outside_calendar)?;
    let body = said::CaseEscalated {
        dossier: next_dossier(case),
        purpose: Purpose::JointAdvice,
        addressee: first.proposed.addressee,
        digest: first.proposed.digest,
        document: None,
        requested_by,
        silent: Vec::new(),
        proposal: Some(act.proposal),
    };
    Ok(Decision::new(ctx.now, Body::CaseEscalated(body)).moving(Some(case.lifecycle), Lifecycle::Escalated))
}

/// The dossier is compiled from the case as it stands before the fact: so does the digest.
pub(super) fn evolve(case: &mut Case, said: &said::JointAdviceProposed, fact: &Fact) {
    let content = dossier::of_advice(case, next_dossier(case), &said.advice);
    let proposed =
        JointAdvice { proposal: said.proposal, addressee: said.addressee, digest: said.digest, content };
    keys::propose(&mut case.escalation.advices, Key::of(proposed, fact));
}

/// Confirmed advice opens a dossier of its own: there is nothing to state, and nothing to be sealed. Gives what it says.
pub(super) fn open(case: &mut Case, said: &said::CaseEscalated, fact: &Fact) -> dossier::Content {
    let advices = &mut case.escalation.advices;
    let content = keys::pending(advices).map(|first| first.proposed.content.clone());
    keys::settle(advices, KeyState::Confirmed);
    case.escalation.dossiers.push(DossierFile {
        number: said.dossier,
        round: 0,
        statements: Vec::new(),
        complete: true,
        statement_due: fact.origin().occurred_at,
        submitted: None,
        received: false,
        requests: Vec::new(),
        directive: None,
        archived: false,
    });
    content.unwrap_or_else(|| dossier::of_advice(case, said.dossier, ""))
}
