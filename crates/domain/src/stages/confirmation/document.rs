//! The owed document comes in, and is compared with the call (commands 10 and 11).

use events::{
    Body, confirmation as said,
    confirmation::{Comparison, Verdicts},
    intake::KeyFacts,
    terms::{DeadlineKey, Document},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Confirmation, Written, first};
use crate::{
    calendar,
    case::Case,
    deadlines,
    decision::{Context, Decision},
    documents,
    refusal::{Code, Refusal, optional_text},
    stages::intake::{KEY_FACTS, check_key_facts},
};

/// The document that was owed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitWritten {
    /// Which intake it confirms, by its number within the case; the first if absent.
    #[serde(default = "first")]
    pub(super) intake: u32,
    /// The document; dated from the day of the call to today.
    pub(super) document: Document,
    /// The key facts as the document states them.
    key_facts: KeyFacts,
}

/// The comparison of the document with the call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareWritten {
    /// Which intake, by its number within the case; the first if absent.
    #[serde(default = "first")]
    pub(super) intake: u32,
    /// How document and call compare, one verdict for each key fact.
    verdicts: Verdicts,
}

/// Command 10: the owed document.
pub(super) fn submit(
    case: &Case,
    confirmation: &Confirmation,
    act: &SubmitWritten,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    if !matches!(confirmation.written, Written::Pending | Written::Overdue) {
        return Err(Refusal::new(
            Code::WrittenNotExpected,
            "Không còn chờ văn bản xác nhận cho lần báo tin này.",
            "No document is owed for this intake.",
        ));
    }
    let raiser = case.intake(act.intake).map_or(&case.raiser, |intake| &intake.raiser);
    let called_on = case
        .intake(act.intake)
        .and_then(|intake| intake.call.as_ref())
        .map(|call| calendar::local_date(call.started_at));
    documents::check("document", &act.document, calendar::local_date(ctx.now), ctx.policy)?;
    if called_on.is_some_and(|called| act.document.date < called) {
        return Err(documents::invalid(
            "document.date",
            "Ngày văn bản trước ngày gọi điện.",
            "The document is dated before the call.",
        ));
    }
    let superior = ctx.policy.organisation.side(raiser).and_then(|side| ctx.policy.superior(side));
    if act.document.issuer != *raiser && Some(&act.document.issuer) != superior {
        return Err(documents::invalid(
            "document.issuer",
            "Văn bản phải do cơ quan báo tin hoặc cơ quan cấp trên ban hành.",
            "The document must be issued by the raiser or by its superior.",
        ));
    }
    documents::must_be_as_registered("document", &act.document, ctx.registration)?;
    check_key_facts("key_facts", &act.key_facts)?;
    let owed = [DeadlineKey::Written, DeadlineKey::Corrected];
    let armed = owed.into_iter().find_map(|key| deadlines::find(case, key, act.intake));
    let due = armed.map(|armed| armed.deadline.due);
    let body = Body::WrittenReceived(said::WrittenReceived {
        intake: act.intake,
        document: act.document.clone(),
        key_facts: act.key_facts.clone(),
        late: due.is_some_and(|due| ctx.now > due),
    });
    Ok(Decision::new(ctx.now, body)
        .arming([ctx.deadline(case, DeadlineKey::Compare, act.intake, ctx.now)?])
        .bringing(&act.document, ctx.registration))
}

/// Command 11: a person compares; one `changed` or `missing` makes it discrepant (DOMAIN §3.5).
pub(super) fn compare(
    confirmation: &Confirmation,
    act: &CompareWritten,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    if confirmation.written != Written::Received {
        return Err(Refusal::bad_state(
            "Chưa có văn bản chờ đối chiếu.",
            "There is no document waiting to be compared.",
        ));
    }
    for (fact, verdict) in KEY_FACTS.into_iter().zip(act.verdicts.all()) {
        optional_text(&format!("verdicts.{fact}.note"), verdict.note.as_deref(), 300)?;
    }
    let differs = act
        .verdicts
        .all()
        .iter()
        .any(|each| matches!(each.verdict, Comparison::Changed | Comparison::Missing));
    let (intake, verdicts) = (act.intake, act.verdicts.clone());
    Ok(Decision::new(
        ctx.now,
        if differs {
            Body::WrittenDiscrepant(said::WrittenDiscrepant { intake, verdicts })
        } else {
            Body::WrittenMatched(said::WrittenMatched { intake, verdicts })
        },
    ))
}
