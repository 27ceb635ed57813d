//! What the standing body does with a dossier: it takes it in, asks, and directs.

use events::{
    AgencyId, Body, Fact, Lifecycle, Timestamp,
    escalation::{self as said, Instruction, Purpose},
    terms::{Deadline, DeadlineKey, Document},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Directive, Dossier, DossierFile, Item};
use crate::{
    calendar,
    case::Case,
    decision::{Context, Decision},
    documents,
    organisation::Role,
    period,
    refusal::{Refusal, optional_text, required_text},
    stages::must_be,
};

/// The most items of one directive.
const MOST_ITEMS: usize = 50;

/// The secretariat has the dossier.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeDossier {}

/// A question before a directive is given.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestMoreInfo {
    /// The agency that is asked.
    agency: AgencyId,
    /// The question, at most 2,000 characters.
    question: String,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplyInfo {
    /// The question that is answered, by its number within the case.
    request: u32,
    /// The answer, at most 4,000 characters.
    answer: String,
}

/// What the standing body decides.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum RecordDirective {
    /// Command 23: a directive that binds.
    Binding(Box<Binding>),
    /// Command 24: the sides are to coordinate again.
    Return {
        /// On what they are to agree.
        text: String,
    },
    /// Command 25: joint advice is noted.
    Noted {
        /// What is said of it.
        #[serde(default)]
        text: Option<String>,
    },
}

/// A directive that binds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The signed document of the addressee.
    pub(super) document: Document,
    /// What is to be done, by whom, until when; at least one item.
    instructions: Vec<Instructed>,
    /// The Party side's superior accepts results in place of the secretariat, where it is not itself responsible.
    #[serde(default)]
    accepted_by_party_side: bool,
}

/// One item, as it is given.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Instructed {
    /// The agency that is responsible.
    agency: AgencyId,
    /// What it is to do, at most 2,000 characters.
    text: String,
    /// Until when it reports, in whole seconds; as the policy has it if absent.
    #[serde(default)]
    due: Option<Timestamp>,
}

/// A question of the standing body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InfoRequest {
    /// Its number within the case.
    pub number: u32,
    /// The agency that is asked.
    pub agency: AgencyId,
    /// The question.
    pub question: String,
    /// The answer, once it has come.
    pub answer: Option<Answer>,
}

/// An answer to the standing body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The agency that answers.
    pub agency: AgencyId,
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub text: String,
}

/// The dossier that has been sent up and is not decided.
fn submitted<'a>(case: &'a Case, legal: &[Dossier]) -> Result<&'a DossierFile, Refusal> {
    must_be(case, &[Lifecycle::Escalated])?;
    let current = case.escalation.current().filter(|_| legal.contains(&case.escalation.state));
    current.ok_or_else(|| match case.escalation.state {
        Dossier::InfoRequested => Refusal::bad_state(
            "Đang chờ bổ sung thông tin.",
            "Information was asked for and has not come yet.",
        ),
        _ => Refusal::bad_state("Không có câu hỏi nào đang chờ trả lời.", "No question waits for an answer."),
    })
}

/// Command 21: once for each dossier.
pub(super) fn acknowledge(case: &Case, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let current = submitted(case, &[Dossier::Submitted, Dossier::InfoRequested])?;
    if current.received {
        return Err(Refusal::bad_state(
            "Hồ sơ đã được xác nhận tiếp nhận.",
            "The dossier is acknowledged already.",
        ));
    }
    let body = said::DossierReceived { dossier: current.number };
    Ok(Decision::new(ctx.now, Body::DossierReceived(body)))
}

/// Command 22: the question. The date until which an opinion was asked for stays.
pub(super) fn ask(case: &Case, act: &RequestMoreInfo, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    submitted(case, &[Dossier::Submitted])?;
    askable("agency", &act.agency, ctx)?;
    required_text("question", &act.question, 2000)?;
    let asked = case.escalation.dossiers.iter().map(|each| each.requests.len()).sum::<usize>();
    let request = u32::try_from(asked).unwrap_or(u32::MAX).saturating_add(1);
    let info = ctx.deadline(case, DeadlineKey::Info, request, ctx.now)?;
    let body = said::InfoRequested { request, agency: act.agency.clone(), question: act.question.clone() };
    Ok(Decision::new(ctx.now, Body::InfoRequested(body)).arming([info]))
}

/// An agency of which something may be asked: one that is known and is not the standing body itself.
fn askable(field: &str, agency: &AgencyId, ctx: &Context<'_>) -> Result<(), Refusal> {
    let known = ctx.policy.organisation.is_there(agency, ctx.now);
    if known && *agency != ctx.policy.agreement.standing_body {
        return Ok(());
    }
    Err(Refusal::invalid(
        field,
        format!("Không có cơ quan “{agency}” để hỏi hoặc giao việc."),
        format!("There is no agency “{agency}” that could be asked."),
    ))
}

pub(super) fn may_supply(case: &Case, ctx: &Context<'_>) -> Result<(), Refusal> {
    let person = ctx.person()?;
    let asked = case.escalation.current().and_then(|current| current.requests.last());
    let organisation = &ctx.policy.organisation;
    let entitled = asked.is_none_or(|asked| {
        let superior = organisation.agency(&asked.agency).and_then(|agency| agency.superior.as_ref());
        asked.agency == person.agency || superior == Some(&person.agency)
    });
    if person.role == Role::Al && entitled {
        return Ok(());
    }
    Err(Refusal::not_authorised(
        "Chỉ lãnh đạo của cơ quan được hỏi hoặc cơ quan cấp trên được trả lời.",
        "Only a leader of the agency that was asked, or of its superior, answers.",
    ))
}

/// Command 22: the answer.
pub(super) fn answer(case: &Case, act: &SupplyInfo, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let current = submitted(case, &[Dossier::InfoRequested])?;
    if current.requests.last().is_none_or(|request| request.number != act.request) {
        return Err(Refusal::invalid(
            "request",
            "Không có câu hỏi nào mang số này đang chờ trả lời.",
            "No question of that number waits for an answer.",
        ));
    }
    required_text("answer", &act.answer, 4000)?;
    let agency = ctx.person()?.agency.clone();
    let body = said::InfoSupplied { request: act.request, agency, answer: act.answer.clone() };
    Ok(Decision::new(ctx.now, Body::InfoSupplied(body)))
}

/// Command 23: the directive binds; each item starts its own clock.
pub(super) fn bind(case: &Case, act: &Binding, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let current = submitted(case, &[Dossier::Submitted, Dossier::InfoRequested])?;
    let at = "binding.document";
    documents::check(at, &act.document, calendar::local_date(ctx.now), ctx.policy)?;
    documents::issued_by(at, &act.document, &[&ctx.policy.agreement.standing_body])?;
    documents::must_be_as_registered(at, &act.document, ctx.registration)?;
    if act.instructions.is_empty() || act.instructions.len() > MOST_ITEMS {
        return Err(Refusal::invalid(
            "binding.instructions",
            format!("Phải có từ 1 đến {MOST_ITEMS} nội dung giao thực hiện."),
            format!("A directive that binds has 1 to {MOST_ITEMS} instructions."),
        ));
    }
    let first = case.escalation.instructions.iter().map(|item| item.instruction.item).max().unwrap_or(0) + 1;
    let mut instructions = Vec::new();
    let mut deadlines = Vec::new();
    for (item, (place, given)) in (first..).zip(act.instructions.iter().enumerate()) {
        let field = |name: &str| format!("binding.instructions[{place}].{name}");
        askable(&field("agency"), &given.agency, ctx)?;
        required_text(&field("text"), &given.text, 2000)?;
        let deadline = implementation(case, item, given.due, &field("due"), ctx)?;
        let (agency, text) = (given.agency.clone(), given.text.clone());
        instructions.push(Instruction { item, agency, text, due: deadline.due });
        deadlines.push(deadline);
    }
    let body = said::DirectiveIssued {
        dossier: current.number,
        document: act.document.clone(),
        instructions,
        accepted_by_party_side: act.accepted_by_party_side,
    };
    Ok(Decision::new(ctx.now, Body::DirectiveIssued(body))
        .moving(Some(Lifecycle::Escalated), Lifecycle::Directed)
        .arming(deadlines)
        .bringing(&act.document, ctx.registration))
}

/// Command 24: the sides coordinate again, on what is said here.
pub(super) fn hand_back(case: &Case, text: &str, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let current = submitted(case, &[Dossier::Submitted, Dossier::InfoRequested])?;
    required_text("return.text", text, 2000)?;
    let body = said::DirectiveReturned { dossier: current.number, text: text.to_owned() };
    Ok(Decision::new(ctx.now, Body::DirectiveReturned(body))
        .moving(Some(Lifecycle::Escalated), Lifecycle::InCoordination))
}

/// Command 25: joint advice only; the case goes back to where it stood.
pub(super) fn note(case: &Case, text: Option<&str>, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let current = submitted(case, &[Dossier::Submitted, Dossier::InfoRequested])?;
    let advice = current.submitted.as_ref().filter(|sent| sent.purpose == Purpose::JointAdvice);
    let Some(advice) = advice else {
        return Err(Refusal::bad_state(
            "Hồ sơ về việc chưa thống nhất cần ý kiến chỉ đạo hoặc trả lại, không chỉ ghi nhận.",
            "A dossier on a disagreement is directed on or returned: only joint advice is merely noted.",
        ));
    };
    optional_text("noted.text", text, 2000)?;
    let body = said::DirectiveNoted { dossier: current.number, text: text.map(str::to_owned) };
    Ok(Decision::new(ctx.now, Body::DirectiveNoted(body)).moving(Some(Lifecycle::Escalated), advice.previous))
}

/// The clock of an item: until the date that is given, which must lie ahead, or for the period of the policy.
pub(super) fn implementation(
    case: &Case,
    item: u32,
    due: Option<Timestamp>,
    field: &str,
    ctx: &Context<'_>,
) -> Result<Deadline, Refusal> {
    let mut deadline = ctx.deadline(case, DeadlineKey::Implementation, item, ctx.now)?;
    if let Some(due) = due {
        if due <= ctx.now {
            return Err(Refusal::invalid(
                field,
                "Thời hạn phải ở sau thời điểm này.",
                "The date must lie ahead.",
            ));
        }
        deadline.due = period::whole_second(due);
    }
    Ok(deadline)
}

pub(super) fn evolve(case: &mut Case, body: &Body, fact: &Fact) {
    let at = fact.origin().occurred_at;
    let Some(current) = case.escalation.dossiers.last_mut() else { return };
    match body {
        Body::DossierReceived(_) => current.received = true,
        Body::InfoRequested(said) => {
            current.requests.push(InfoRequest {
                number: said.request,
                agency: said.agency.clone(),
                question: said.question.clone(),
                answer: None,
            });
            case.escalation.state = Dossier::InfoRequested;
        }
        Body::InfoSupplied(said) => {
            if let Some(request) = current.requests.iter_mut().find(|each| each.number == said.request) {
                request.answer = Some(Answer { agency: said.agency.clone(), at, text: said.answer.clone() });
            }
            case.escalation.state = Dossier::Submitted;
        }
        Body::DirectiveIssued(said) => {
            current.directive = Some(Directive {
                at,
                document: said.document.clone(),
                accepted_by_party_side: said.accepted_by_party_side,
            });
            case.escalation.instructions.extend(said.instructions.iter().map(Item::of));
            case.escalation.state = Dossier::Decided;
        }
        Body::DirectiveReturned(_) => case.escalation.state = Dossier::Returned,
        Body::DirectiveNoted(_) => case.escalation.state = Dossier::Decided,
        _ => {}
    }
}
