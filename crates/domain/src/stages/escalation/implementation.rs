//! The items of a directive: taken note of, reported, accepted or sent back.

use events::{
    Body, Lifecycle,
    escalation::{self as said, Instruction},
    terms::{DeadlineKey, Document},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{directive::implementation, is_of_standing_body};
use crate::{
    calendar,
    case::Case,
    deadlines,
    decision::{Context, Decision},
    documents,
    organisation::Role,
    refusal::{Refusal, optional_text, required_text},
    stages::must_be,
};

/// An agency takes note of its items.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeDirective {}

/// An agency reports that an item is carried out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportImplementation {
    /// The item, by its number within the case.
    pub(super) item: u32,
    /// The report.
    pub(super) document: Document,
    /// What it says in short, at most 2,000 characters.
    #[serde(default)]
    summary: Option<String>,
}

/// The result is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptImplementation {
    /// The item, by its number within the case.
    pub(super) item: u32,
}

/// The result is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectImplementation {
    /// The item, by its number within the case.
    pub(super) item: u32,
    /// Why, at most 2,000 characters.
    reason: String,
    /// Until when it is to be reported again, in whole seconds; as the policy has it if absent.
    #[serde(default)]
    due: Option<events::Timestamp>,
}

/// An item of a directive and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What was instructed.
    pub instruction: Instruction,
    /// Where it stands.
    pub state: ItemState,
    /// It was reported late once: this stays for ever.
    pub reported_late: bool,
    /// It is overdue and not reported.
    pub overdue: bool,
    /// The latest report.
    pub report: Option<Document>,
    /// Why the latest report was not accepted.
    pub rejected_because: Option<String>,
    /// The case was opened again since: it is history.
    pub archived: bool,
}

/// Where an item of a directive stands (region I).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ItemState {
    /// Given.
    Issued,
    /// The agency has taken note.
    Acknowledged,
    /// Reported as carried out.
    Reported,
    /// The report was not accepted.
    Rejected,
    /// Carried out and accepted.
    Accepted,
}

impl Item {
    pub(super) fn of(instruction: &Instruction) -> Self {
        Self {
            instruction: instruction.clone(),
            state: ItemState::Issued,
            reported_late: false,
            overdue: false,
            report: None,
            rejected_because: None,
            archived: false,
        }
    }

    /// A report is owed.
    pub fn is_open(&self) -> bool {
        matches!(self.state, ItemState::Issued | ItemState::Acknowledged | ItemState::Rejected)
    }

    /// It is not carried out and accepted.
    pub fn is_unfinished(&self) -> bool {
        self.state != ItemState::Accepted
    }

    /// It was not done in time.
    pub fn is_late(&self) -> bool {
        self.reported_late || self.overdue
    }
}

/// A leader of the agency that is responsible: for one item, or for any.
pub(super) fn is_responsible(case: &Case, item: Option<u32>, ctx: &Context<'_>) -> Result<(), Refusal> {
    let person = ctx.person()?;
    // Of an item that is not there, or before there is a directive, the state says more than the rights.
    let items = &case.escalation.instructions;
    let responsible = match item.and_then(|item| case.escalation.item(item)) {
        Some(item) => item.instruction.agency == person.agency,
        None => items.is_empty() || items.iter().any(|each| each.instruction.agency == person.agency),
    };
    if person.role == Role::Al && responsible {
        return Ok(());
    }
    Err(Refusal::not_authorised(
        "Chỉ lãnh đạo của cơ quan được giao thực hiện nội dung này.",
        "Only a leader of the agency that is responsible does this.",
    ))
}

/// The secretariat; or the Party side's superior, if the directive says so and it is not itself responsible.
pub(super) fn may_judge(case: &Case, item: u32, ctx: &Context<'_>) -> Result<(), Refusal> {
    let person = ctx.person()?;
    let party_side = &ctx.policy.agreement.side_a;
    let said_so = case.escalation.current().and_then(|current| current.directive.as_ref());
    let by_party_side = said_so.is_some_and(|directive| directive.accepted_by_party_side)
        && case.escalation.item(item).is_none_or(|item| item.instruction.agency != *party_side)
        && person.agency == *party_side
        && person.role == Role::Al;
    if by_party_side || is_of_standing_body(person, &[Role::Ss], ctx.policy) {
        return Ok(());
    }
    Err(Refusal::not_authorised(
        "Chỉ Văn phòng Tỉnh ủy, hoặc cơ quan được ý kiến chỉ đạo giao, được nghiệm thu kết quả.",
        "Only the secretariat, or who the directive names, judges a result.",
    ))
}

/// Command 27: optional, all of the agency's items at once.
pub(super) fn acknowledge(case: &Case, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &[Lifecycle::Directed])?;
    let agency = ctx.person()?.agency.clone();
    let issued = case.escalation.instructions.iter().filter(|each| each.state == ItemState::Issued);
    let items: Vec<_> =
        issued.filter(|each| each.instruction.agency == agency).map(|each| each.instruction.item).collect();
    if items.is_empty() {
        return Err(Refusal::bad_state(
            "Cơ quan không còn nội dung nào chờ xác nhận.",
            "Your agency has taken note of all its items.",
        ));
    }
    let body = said::InstructionAcknowledged { agency, items };
    Ok(Decision::new(ctx.now, Body::InstructionAcknowledged(body)))
}

/// An item in one of the states in which the act is legal.
fn item_in<'a>(case: &'a Case, number: u32, legal: &[ItemState]) -> Result<&'a Item, Refusal> {
    must_be(case, &[Lifecycle::Directed])?;
    let item = case.escalation.item(number).ok_or_else(|| {
        Refusal::invalid(
            "item",
            "Không có nội dung chỉ đạo mang số này.",
            "The directive has no item of that number.",
        )
    })?;
    if legal.contains(&item.state) {
        return Ok(item);
    }
    let (vi, en) = match item.state {
        ItemState::Issued | ItemState::Acknowledged | ItemState::Rejected => {
            ("Nội dung này chưa được báo cáo kết quả.", "The item has not been reported.")
        }
        ItemState::Reported => (
            "Kết quả đã được báo cáo, đang chờ nghiệm thu.",
            "The item is reported and waits to be accepted.",
        ),
        ItemState::Accepted => ("Kết quả đã được nghiệm thu.", "The result is accepted already."),
    };
    Err(Refusal::bad_state(vi, en))
}

/// Command 27: late or not by its own comparison with the due instant.
pub(super) fn report(
    case: &Case,
    act: &ReportImplementation,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    item_in(case, act.item, &[ItemState::Issued, ItemState::Acknowledged, ItemState::Rejected])?;
    documents::check("document", &act.document, calendar::local_date(ctx.now), ctx.policy)?;
    documents::issued_by("document", &act.document, &[&ctx.person()?.agency])?;
    documents::must_be_as_registered("document", &act.document, ctx.registration)?;
    optional_text("summary", act.summary.as_deref(), 2000)?;
    let armed = deadlines::find(case, DeadlineKey::Implementation, act.item);
    let body = said::InstructionReported {
        item: act.item,
        document: act.document.clone(),
        summary: act.summary.clone(),
        late: armed.is_some_and(|armed| ctx.now > armed.deadline.due),
    };
    Ok(Decision::new(ctx.now, Body::InstructionReported(body)).bringing(&act.document, ctx.registration))
}

/// Command 27.
pub(super) fn accept(
    case: &Case,
    act: &AcceptImplementation,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    item_in(case, act.item, &[ItemState::Reported])?;
    let body = said::InstructionAccepted { item: act.item };
    Ok(Decision::new(ctx.now, Body::InstructionAccepted(body)))
}

/// Command 27: a reason and a new date.
pub(super) fn reject(
    case: &Case,
    act: &RejectImplementation,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    item_in(case, act.item, &[ItemState::Reported])?;
    required_text("reason", &act.reason, 2000)?;
    let again = implementation(case, act.item, act.due, "due", ctx)?;
    let body = said::InstructionRejected { item: act.item, reason: act.reason.clone() };
    Ok(Decision::new(ctx.now, Body::InstructionRejected(body)).arming([again]))
}

pub(super) fn evolve(case: &mut Case, body: &Body) {
    match body {
        Body::InstructionAcknowledged(said) => {
            for item in &said.items {
                at(case, *item, |found| found.state = ItemState::Acknowledged);
            }
        }
        Body::InstructionReported(said) => at(case, said.item, |found| {
            found.state = ItemState::Reported;
            found.reported_late |= said.late;
            // A report at the very due instant clears what the clock noted at that instant.
            found.overdue = false;
            found.report = Some(said.document.clone());
        }),
        Body::InstructionAccepted(said) => at(case, said.item, |found| found.state = ItemState::Accepted),
        Body::InstructionRejected(said) => at(case, said.item, |found| {
            found.state = ItemState::Rejected;
            found.rejected_because = Some(said.reason.clone());
        }),
        _ => {}
    }
}

pub(super) fn note_overdue(case: &mut Case, item: u32) {
    at(case, item, |found| found.overdue = true);
}

fn at(case: &mut Case, item: u32, change: impl FnOnce(&mut Item)) {
    if let Some(found) = case.escalation.instructions.iter_mut().find(|each| each.instruction.item == item) {
        change(found);
    }
}
