//! Statements, and the dossier that goes up.

use events::{
    Body, Fact, Lifecycle,
    escalation::{self as said, Addressee, Purpose, Statement},
    terms::{DeadlineKey, Document, Side},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{DossierFile, Filed};
use crate::{
    calendar,
    case::Case,
    deadlines,
    decision::{Context, Decision, outside_calendar},
    documents, dossier,
    organisation::Role,
    policy::Policy,
    refusal::{Code, Refusal, required_text},
    sides,
    stages::must_be,
};

/// The longest text under one heading of a statement, in characters.
const LONGEST: usize = 4000;

/// A side says what it has to say.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileStatement {
    /// What your side says, under four headings; sealed until the other side's is in or due.
    statement: Statement,
}

/// The dossier goes up, with its cover letter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitDossier {
    /// The cover letter.
    pub(super) document: Document,
}

pub(super) fn may_file(case: &Case, ctx: &Context<'_>) -> Result<(), Refusal> {
    let person = ctx.person()?;
    if person.role == Role::Al && sides::parties(case, ctx.policy).contains(&person.agency) {
        return Ok(());
    }
    Err(Refusal::not_authorised(
        "Chỉ lãnh đạo của một bên được gửi ý kiến bằng văn bản.",
        "Only a leader of a party files a statement.",
    ))
}

/// Command 18: one statement for each side; a superior's stands above those of its agencies.
pub(super) fn file(case: &Case, act: &FileStatement, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &[Lifecycle::Disputed])?;
    let person = ctx.person()?;
    let filed = case.escalation.current().and_then(|current| current.statement_of(person.side));
    let superior = ctx.policy.superior(person.side);
    if filed.is_some_and(|filed| Some(&filed.agency) == superior && filed.agency != person.agency) {
        return Err(Refusal::bad_state(
            "Cơ quan cấp trên đã gửi ý kiến của bên này; không thay thế được.",
            "The side's superior has filed its statement: an agency does not replace it.",
        ));
    }
    for (field, text) in [
        ("statement.facts", &act.statement.facts),
        ("statement.position", &act.statement.position),
        ("statement.legal_basis", &act.statement.legal_basis),
        ("statement.requested_decision", &act.statement.requested_decision),
    ] {
        required_text(field, text, LONGEST)?;
    }
    let completes = silent(case, ctx.policy).iter().all(|side| *side == person.side);
    let (side, agency, statement) = (person.side, person.agency.clone(), act.statement.clone());
    let body = said::StatementFiled { side, agency, statement, completes };
    Ok(Decision::new(ctx.now, Body::StatementFiled(body)))
}

/// The other superior may act only once the dossier is late.
pub(super) fn may_submit(case: &Case, ctx: &Context<'_>) -> Result<(), Refusal> {
    let person = ctx.person()?;
    let agreement = &ctx.policy.agreement;
    let late = || {
        let round = case.escalation.current().map(|current| current.round);
        let armed = round.and_then(|round| deadlines::find(case, DeadlineKey::Dossier, round));
        armed.is_some_and(|armed| ctx.now > armed.deadline.due)
    };
    let may = person.agency == agreement.side_a || (person.agency == agreement.side_b && late());
    if person.role == Role::Al && may {
        return Ok(());
    }
    Err(Refusal::not_authorised(
        "Lãnh đạo Ban Tuyên giáo và Dân vận Tỉnh ủy trình hồ sơ; quá hạn trình thì lãnh đạo Ủy ban nhân dân tỉnh được trình.",
        "A leader of the Party side's superior submits the dossier; once it is late, one of the other superior may too.",
    ))
}

/// Command 19.
pub(super) fn submit(case: &Case, act: &SubmitDossier, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &[Lifecycle::Disputed])?;
    let silent = silent(case, ctx.policy);
    let current =
        case.escalation.current().filter(|current| silent.is_empty() || ctx.now > current.statement_due);
    let Some(current) = current else {
        return Err(Refusal::new(
            Code::DossierIncomplete,
            "Hồ sơ chưa đủ: còn bên chưa gửi ý kiến và chưa quá hạn gửi.",
            "A side has not filed its statement and may still do so: wait for it, or until it is late.",
        ));
    };
    documents::check("document", &act.document, calendar::local_date(ctx.now), ctx.policy)?;
    documents::issued_by("document", &act.document, &[&ctx.person()?.agency])?;
    documents::must_be_as_registered("document", &act.document, ctx.registration)?;
    let requested_by =
        ctx.policy.requested_by(ctx.now, case.urgency, case.deliver_by).map_err(outside_calendar)?;
    let body = said::CaseEscalated {
        dossier: current.number,
        purpose: Purpose::Disagreement,
        addressee: Addressee::ThuongTruc,
        digest: dossier::compile(case, current.number, &silent).digest(),
        document: Some(act.document.clone()),
        requested_by,
        silent,
        proposal: None,
    };
    Ok(Decision::new(ctx.now, Body::CaseEscalated(body))
        .moving(Some(Lifecycle::Disputed), Lifecycle::Escalated)
        .bringing(&act.document, ctx.registration))
}

/// The sides that have not filed.
pub(super) fn silent(case: &Case, policy: &Policy) -> Vec<Side> {
    let filed = |side| case.escalation.current().is_some_and(|current| current.statement_of(side).is_some());
    sides::party_sides(case, policy).into_iter().filter(|side| !filed(*side)).collect()
}

impl DossierFile {
    /// The statement of a side.
    pub fn statement_of(&self, side: Side) -> Option<&Filed> {
        self.statements.iter().find(|filed| filed.side == side)
    }
}

/// A dispute opens a dossier.
pub(super) fn open(case: &mut Case, fact: &Fact) {
    let statement = fact.draft.deadlines.iter().find(|deadline| deadline.key == DeadlineKey::Statement);
    let number = u32::try_from(case.escalation.dossiers.len()).unwrap_or(u32::MAX).saturating_add(1);
    case.escalation.dossiers.push(DossierFile {
        number,
        round: statement.map_or(number, |deadline| deadline.instance),
        statements: Vec::new(),
        complete: false,
        statement_due: statement.map_or(fact.origin().occurred_at, |deadline| deadline.due),
        submitted: None,
        received: false,
        requests: Vec::new(),
        directive: None,
        archived: false,
    });
}

pub(super) fn evolve(case: &mut Case, body: &Body, fact: &Fact) {
    if let Body::StatementFiled(said) = body
        && let Some(current) = case.escalation.dossiers.last_mut()
    {
        current.statements.retain(|filed| filed.side != said.side);
        current.statements.push(Filed {
            side: said.side,
            agency: said.agency.clone(),
            at: fact.origin().occurred_at,
            statement: said.statement.clone(),
        });
        current.complete = said.completes;
    }
}
