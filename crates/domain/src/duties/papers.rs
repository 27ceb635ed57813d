//! Distribution: to whom the documents of a duty went, a report, minutes, a plan (plan, *Nơi nhận*).

use std::collections::BTreeSet;

use events::{AgencyId, Body, Fact, Kind, Stage, Timestamp, terms::Document};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Duty;
use crate::{
    access::Principal,
    decision::{Act, Context, Decision},
    distribution::{self, Addressee, Distribution, RecordDelivery, RecordReceipt, Sending},
    organisation::Role,
    refusal::Refusal,
};

/// The acts of persons on the documents of a duty.
pub const ACTS: &[Act] = &[
    act("distribute-document", &[Kind::DocumentDistributed]),
    act("note-delivery", &[Kind::DocumentDelivered]),
    act("note-receipt", &[Kind::DocumentReceived]),
];

const fn act(name: &'static str, records: &'static [Kind]) -> Act {
    Act { name, stage: Stage::Distribution, records, who: "CL, LO, LH, AL of an agency that takes part" }
}

/// A command on the documents of a duty.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// A document was sent.
    DistributeDocument(DistributeDocument),
    /// It has come to a recipient's house.
    NoteDelivery(RecordDelivery),
    /// A recipient has received it.
    NoteReceipt(RecordReceipt),
}

/// A document of the duty was sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DistributeDocument {
    /// Number and symbol of a document of the duty, as they are printed, e.g. `12/TB-VPTU`.
    pub document: String,
    /// The agency that issued it.
    pub issuer: AgencyId,
    /// When it was sent; not in the future.
    pub sent_at: Timestamp,
    /// To whom.
    pub recipients: Vec<Addressee>,
}

/// A document of a duty, as it is named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[schemars(rename = "DutyDocument")]
pub struct Named {
    /// The agency that issued it.
    pub issuer: AgencyId,
    /// Number and symbol, as they are printed.
    pub document: String,
}

impl From<&Document> for Named {
    fn from(document: &Document) -> Self {
        Self { issuer: document.issuer.clone(), document: document.printed() }
    }
}

pub(super) fn authorise(duty: &Duty, ctx: &Context<'_>) -> Result<(), Refusal> {
    let part = duty.audience.iter().filter_map(|principal| match principal {
        Principal::Agency(agency) => Some(agency),
        _ => None,
    });
    super::must_be_of(ctx, &[Role::Cl, Role::Lo, Role::Lh, Role::Al], part)
}

pub(super) fn decide(duty: &Duty, command: &Command, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let body = match command {
        Command::DistributeDocument(act) => {
            let named = Named { issuer: act.issuer.clone(), document: act.document.clone() };
            if !duty.documents.contains(&named) {
                return Err(Refusal::invalid(
                    "document",
                    "Hồ sơ này không có văn bản mang số, ký hiệu và cơ quan ban hành đó.",
                    "There is no document of that number, symbol and issuer here.",
                ));
            }
            let (issuer, document, sent_at) = (&act.issuer, act.document.as_str(), act.sent_at);
            let sending = Sending { issuer, document, sent_at, recipients: &act.recipients };
            let number = u32::try_from(duty.distributions.len()).unwrap_or(u32::MAX).saturating_add(1);
            Body::DocumentDistributed(distribution::send(number, sending, ctx)?)
        }
        Command::NoteDelivery(act) => {
            Body::DocumentDelivered(distribution::deliver(&duty.distributions, act, ctx.now)?)
        }
        Command::NoteReceipt(act) => {
            Body::DocumentReceived(distribution::receive(&duty.distributions, act, ctx.now)?)
        }
    };
    Ok(Decision::new(ctx.now, body))
}

/// Folds what a fact brings and where it went; says whether it is a fact of this stage.
pub(super) fn evolve(
    documents: &mut BTreeSet<Named>,
    distributions: &mut Vec<Distribution>,
    fact: &Fact,
) -> bool {
    documents.extend(fact.body().document().map(Named::from));
    match fact.body() {
        Body::DocumentDistributed(said) => distributions.push(Distribution::of(said)),
        Body::DocumentDelivered(said) => distribution::note_delivery(distributions, said),
        Body::DocumentReceived(said) => distribution::note_receipt(distributions, said),
        _ => return false,
    }
    true
}
