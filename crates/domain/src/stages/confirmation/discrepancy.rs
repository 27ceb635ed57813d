//! A document that differs from the call: explained and reconciled, or corrected (commands 12 and 13).

use events::{Body, confirmation as said, confirmation::Version, terms::DeadlineKey};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Confirmation, Written, first};
use crate::{
    case::Case,
    decision::{Context, Decision},
    keys,
    refusal::{Refusal, optional_text, required_text},
};

/// The first key: how document and call come to differ.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainDiscrepancy {
    /// Which intake, by its number within the case; the first if absent.
    #[serde(default = "first")]
    pub(super) intake: u32,
    /// How document and call come to differ, at most 2,000 characters.
    text: String,
}

/// The second key: names the explanation that it accepts, and which version counts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReconcileDiscrepancy {
    /// Which intake, by its number within the case; the first if absent.
    #[serde(default = "first")]
    pub(super) intake: u32,
    /// The explanation that is accepted, by its number within the case.
    explanation: u32,
    /// Which version counts; the document if absent.
    #[serde(default)]
    prevails: Version,
    /// A remark, at most 500 characters.
    #[serde(default)]
    note: Option<String>,
}

/// A corrected document is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestCorrected {
    /// Which intake, by its number within the case; the first if absent.
    #[serde(default = "first")]
    pub(super) intake: u32,
    /// What is to be corrected, at most 2,000 characters.
    reason: String,
}

fn must_be_discrepant(confirmation: &Confirmation) -> Result<(), Refusal> {
    if confirmation.written == Written::Discrepant {
        return Ok(());
    }
    Err(Refusal::bad_state(
        "Lần tiếp nhận này không có sai lệch cần xử lý.",
        "This intake has no discrepancy to deal with.",
    ))
}

/// Command 12, the first key. A newer explanation replaces the older.
pub(super) fn explain(
    case: &Case,
    confirmation: &Confirmation,
    act: &ExplainDiscrepancy,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    must_be_discrepant(confirmation)?;
    required_text("text", &act.text, 2000)?;
    let before: usize = case.confirmations.iter().map(|each| each.explanations.len()).sum();
    let explanation = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
    let body = said::DiscrepancyExplained { intake: act.intake, explanation, text: act.text.clone() };
    Ok(Decision::new(ctx.now, Body::DiscrepancyExplained(body)))
}

/// Command 12, the second key: the written text prevails unless it is said otherwise.
pub(super) fn reconcile(
    confirmation: &Confirmation,
    act: &ReconcileDiscrepancy,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    must_be_discrepant(confirmation)?;
    let standing = keys::pending(&confirmation.explanations);
    if standing.is_none_or(|key| key.proposed.explanation != act.explanation) {
        return Err(keys::no_proposal());
    }
    optional_text("note", act.note.as_deref(), 500)?;
    let body = said::WrittenReconciled {
        intake: act.intake,
        explanation: act.explanation,
        prevails: act.prevails,
        note: act.note.clone(),
    };
    Ok(Decision::new(ctx.now, Body::WrittenReconciled(body)))
}

/// Command 13: a document is owed again, with a period of its own.
pub(super) fn request_corrected(
    case: &Case,
    confirmation: &Confirmation,
    act: &RequestCorrected,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    must_be_discrepant(confirmation)?;
    required_text("reason", &act.reason, 2000)?;
    let body = said::CorrectedRequested { intake: act.intake, reason: act.reason.clone() };
    Ok(Decision::new(ctx.now, Body::CorrectedRequested(body)).arming([ctx.deadline(
        case,
        DeadlineKey::Corrected,
        act.intake,
        ctx.now,
    )?]))
}
