//! What a caller sees of a dispute: the other side's statement only once the seal is broken.

use domain::{
    access,
    keys::{Key, KeyState},
    stages::escalation::{
        Directive, Dossier, DossierFile, DossierWithdrawal, Escalation, Filed, InfoRequest, Item, ItemState,
        JointAdvice,
    },
};
use events::{
    AgencyId, Digest, OfficerId, Timestamp,
    escalation::{Addressee, Purpose, Statement},
    terms::{Document, Side},
};
use serde::Serialize;

use super::Reader;

/// Regions E and I.
#[derive(Serialize)]
pub(super) struct View<'a> {
    state: Dossier,
    dossiers: Vec<FileView<'a>>,
    instructions: Vec<ItemView<'a>>,
    advices: Vec<AdviceView<'a>>,
    withdrawals: &'a [Key<DossierWithdrawal>],
}

/// A proposal to advise together.
#[derive(Serialize)]
struct AdviceView<'a> {
    proposal: u32,
    addressee: Addressee,
    advice: Option<&'a str>,
    digest: Digest,
    by: &'a OfficerId,
    state: KeyState,
}

#[derive(Serialize)]
struct FileView<'a> {
    number: u32,
    statements: Vec<StatementView<'a>>,
    statement_due: Timestamp,
    sealed: bool,
    submitted: Option<SubmittedView<'a>>,
    received: bool,
    requests: &'a [InfoRequest],
    directive: Option<&'a Directive>,
    archived: bool,
}

#[derive(Serialize)]
struct StatementView<'a> {
    side: Side,
    agency: &'a AgencyId,
    at: Timestamp,
    sealed: bool,
    statement: Option<&'a Statement>,
}

#[derive(Serialize)]
struct SubmittedView<'a> {
    at: Timestamp,
    purpose: Purpose,
    addressee: Addressee,
    requested_by: Timestamp,
    document: Option<&'a Document>,
    advice: Option<&'a str>,
    digest: Digest,
}

#[derive(Serialize)]
struct ItemView<'a> {
    item: u32,
    agency: &'a AgencyId,
    text: &'a str,
    due: Timestamp,
    state: ItemState,
    late: bool,
    report: Option<&'a Document>,
    rejected_because: Option<&'a str>,
    archived: bool,
}

pub(super) fn view<'a>(escalation: &'a Escalation, reader: Reader<'_>) -> View<'a> {
    View {
        state: escalation.state,
        dossiers: escalation.dossiers.iter().map(|dossier| file(dossier, reader)).collect(),
        instructions: escalation.instructions.iter().map(item).collect(),
        advices: escalation.advices.iter().map(advice).collect(),
        withdrawals: &escalation.withdrawals,
    }
}

fn file<'a>(dossier: &'a DossierFile, reader: Reader<'_>) -> FileView<'a> {
    FileView {
        number: dossier.number,
        statements: dossier.statements.iter().map(|filed| statement(dossier, filed, reader)).collect(),
        statement_due: dossier.statement_due,
        sealed: dossier.is_sealed(reader.now),
        submitted: dossier.submitted.as_ref().map(|submitted| SubmittedView {
            at: submitted.at,
            purpose: submitted.purpose,
            addressee: submitted.addressee,
            requested_by: submitted.requested_by,
            document: submitted.document.as_ref(),
            advice: submitted.content.advice.as_deref(),
            digest: submitted.digest,
        }),
        received: dossier.received,
        requests: &dossier.requests,
        directive: dossier.directive.as_ref(),
        archived: dossier.archived,
    }
}

fn statement<'a>(dossier: &DossierFile, filed: &'a Filed, reader: Reader<'_>) -> StatementView<'a> {
    let readable = access::may_read_statement(dossier, filed.side, reader.person, reader.now);
    StatementView {
        side: filed.side,
        agency: &filed.agency,
        at: filed.at,
        sealed: !readable,
        statement: readable.then_some(&filed.statement),
    }
}

fn item(item: &Item) -> ItemView<'_> {
    ItemView {
        item: item.instruction.item,
        agency: &item.instruction.agency,
        text: &item.instruction.text,
        due: item.instruction.due,
        state: item.state,
        late: item.is_late(),
        report: item.report.as_ref(),
        rejected_because: item.rejected_because.as_deref(),
        archived: item.archived,
    }
}

fn advice(key: &Key<JointAdvice>) -> AdviceView<'_> {
    let JointAdvice { proposal, addressee, digest, content } = &key.proposed;
    AdviceView {
        proposal: *proposal,
        addressee: *addressee,
        advice: content.advice.as_deref(),
        digest: *digest,
        by: &key.by,
        state: key.state,
    }
}
