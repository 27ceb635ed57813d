//! What is kept with a case: documents, to whom they went, notes, and what is kept elsewhere (command 45).

use chrono::NaiveDate;
use events::{
    AgencyId, Body, OfficeId, Timestamp, casefile as said,
    casefile::{SecrecyLevel, SecretReferenced},
    terms::Document,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Casefile;
use crate::{
    calendar,
    case::Case,
    decision::{Context, Decision},
    distribution::{self, Addressee, Distribution, RecordDelivery, RecordReceipt, Sending},
    documents,
    refusal::{Refusal, required_text},
    stages::must_live,
};

/// The longest entry of a register of secret documents: a number, not a text.
const LONGEST_ENTRY: usize = 20;

/// A document is put into the case.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachDocument {
    /// The document.
    pub(super) document: Document,
}

/// A document of the case went to recipients.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordDistribution {
    /// The agency that issued the document.
    issuer: AgencyId,
    /// Number and symbol of a document of the case, as they are printed, such as `118/BC-SNNMT`.
    document: String,
    /// When it was sent; not in the future.
    sent_at: Timestamp,
    /// To whom it went; at least one.
    recipients: Vec<Addressee>,
}

/// A note is put into the case.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddNote {
    /// What it says, at most 2,000 characters.
    text: String,
}

/// A document is kept elsewhere, under the rules for State secrets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferenceSecret {
    /// The agency that keeps the document.
    holding_agency: AgencyId,
    /// Where it is found in that agency's register of State secrets: a number, never a title.
    register_entry: String,
    /// The date of the document.
    date: NaiveDate,
    /// Its level of secrecy.
    level: SecrecyLevel,
}

/// A document of the case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Paper {
    /// Who issued it.
    pub issuer: AgencyId,
    /// Number and symbol, as they are printed.
    pub printed: String,
    /// The date of issue.
    pub date: NaiveDate,
    /// What it is about.
    #[serde(rename = "abstract")]
    pub subject: String,
}

/// A note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// Its number within the case.
    pub number: u32,
    /// When it was added.
    pub at: Timestamp,
    /// Whose it is.
    pub office: Option<OfficeId>,
    /// What it says; absent once it is covered.
    pub text: Option<String>,
}

/// Command 45: a document.
pub(super) fn attach(case: &Case, act: &AttachDocument, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_live(case)?;
    documents::check("document", &act.document, calendar::local_date(ctx.now), ctx.policy)?;
    documents::must_be_as_registered("document", &act.document, ctx.registration)?;
    let body = said::DocumentAttached { document: act.document.clone() };
    Ok(Decision::new(ctx.now, Body::DocumentAttached(body)).bringing(&act.document, ctx.registration))
}

/// Command 45: to whom a document of the case went.
pub(super) fn distribute(
    case: &Case,
    act: &RecordDistribution,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    must_live(case)?;
    let of_case = |paper: &Paper| paper.issuer == act.issuer && paper.printed == act.document;
    if !case.casefile.papers.iter().any(of_case) {
        return Err(Refusal::invalid(
            "document",
            "Vụ việc không có văn bản này; nêu số, ký hiệu như đã in, ví dụ 118/BC-SNNMT.",
            "The case has no such document: give number and symbol as printed, e.g. 118/BC-SNNMT.",
        ));
    }
    let body = distribution::send(
        super::next_number(&case.casefile.distributions),
        Sending {
            issuer: &act.issuer,
            document: &act.document,
            sent_at: act.sent_at,
            recipients: &act.recipients,
        },
        ctx,
    )?;
    Ok(Decision::new(ctx.now, Body::DistributionRecorded(body)))
}

/// Command 45: it has come to a recipient's house.
pub(super) fn deliver(case: &Case, act: &RecordDelivery, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_live(case)?;
    let body = distribution::deliver(&case.casefile.distributions, act, ctx.now)?;
    Ok(Decision::new(ctx.now, Body::DeliveryRecorded(body)))
}

/// Command 45: a recipient has it.
pub(super) fn receive(case: &Case, act: &RecordReceipt, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_live(case)?;
    let body = distribution::receive(&case.casefile.distributions, act, ctx.now)?;
    Ok(Decision::new(ctx.now, Body::ReceiptRecorded(body)))
}

/// Command 45: a note.
pub(super) fn note(case: &Case, act: &AddNote, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_live(case)?;
    required_text("text", &act.text, 2000)?;
    let body = said::NoteAdded { note: super::next_number(&case.casefile.notes), text: act.text.clone() };
    Ok(Decision::new(ctx.now, Body::NoteAdded(body)))
}

/// DOMAIN §5: that something is kept elsewhere, and where; nothing of what it says.
pub(super) fn reference(case: &Case, act: &ReferenceSecret, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_live(case)?;
    if ctx.policy.organisation.agency(&act.holding_agency).is_none() {
        return Err(Refusal::invalid("holding_agency", "Không có cơ quan này.", "There is no such agency."));
    }
    let entry = &act.register_entry;
    let plain = entry.chars().all(|c| c.is_ascii_alphanumeric() || "-/.".contains(c));
    if entry.is_empty() || entry.chars().count() > LONGEST_ENTRY || !plain {
        return Err(Refusal::invalid(
            "register_entry",
            "Chỉ ghi số thứ tự trong sổ đăng ký văn bản mật, không ghi nội dung.",
            "Only the number of the entry in the register of secret documents, no words.",
        ));
    }
    if act.date > calendar::local_date(ctx.now) {
        return Err(Refusal::invalid("date", "Ngày ở tương lai.", "The date lies in the future."));
    }
    let body = SecretReferenced {
        holding_agency: act.holding_agency.clone(),
        register_entry: entry.clone(),
        date: act.date,
        level: act.level,
    };
    Ok(Decision::new(ctx.now, Body::SecretReferenced(body)))
}

/// Every document that comes with any fact is a document of the case, once.
pub(super) fn keep(papers: &mut Vec<Paper>, document: &Document) {
    let paper = Paper {
        issuer: document.issuer.clone(),
        printed: document.printed(),
        date: document.date,
        subject: document.subject.clone(),
    };
    if !papers.contains(&paper) {
        papers.push(paper);
    }
}

pub(super) fn evolve(kept: &mut Casefile, body: &Body, at: Timestamp, office: Option<OfficeId>) {
    match body {
        Body::DistributionRecorded(said) => kept.distributions.push(Distribution::of(said)),
        Body::DeliveryRecorded(said) => distribution::note_delivery(&mut kept.distributions, said),
        Body::ReceiptRecorded(said) => distribution::note_receipt(&mut kept.distributions, said),
        Body::NoteAdded(said) => {
            kept.notes.push(Note { number: said.note, at, office, text: Some(said.text.clone()) });
        }
        Body::SecretReferenced(said) => kept.secrets.push(said.clone()),
        _ => {}
    }
}
