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
use schemars::JsonSchema;
use serde::Serialize;

use super::Reader;

/// What a dispute, or joint advice, brought (regions E and I).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Escalation")]
pub(super) struct View<'a> {
    /// Where the current dossier stands.
    state: Dossier,
    /// The dossiers, oldest first.
    dossiers: Vec<FileView<'a>>,
    /// The items of the directives.
    instructions: Vec<ItemView<'a>>,
    /// The proposals of joint advice, oldest first.
    advices: Vec<AdviceView<'a>>,
    /// The proposals to take a dossier back, oldest first.
    withdrawals: &'a [Key<DossierWithdrawal>],
}

/// A proposal to advise together.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "JointAdviceProposal")]
struct AdviceView<'a> {
    /// The proposal's number within the case.
    proposal: u32,
    /// To whom it is to go up.
    addressee: Addressee,
    /// What the two advise.
    advice: Option<&'a str>,
    /// The SHA-256 of the dossier as it will go up.
    digest: Digest,
    /// Who proposed.
    by: &'a OfficerId,
    /// Where the proposal stands.
    state: KeyState,
}

/// A dossier, from the dispute to its answer.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DossierFile")]
struct FileView<'a> {
    /// Its number within the case.
    number: u32,
    /// The statement of each side that has filed one.
    statements: Vec<StatementView<'a>>,
    /// Until when the sides may file before the seal is broken.
    statement_due: Timestamp,
    /// No side reads the other's statement yet.
    sealed: bool,
    /// What was sent up; null until it was.
    submitted: Option<SubmittedView<'a>>,
    /// The secretariat has it.
    received: bool,
    /// What was asked in addition.
    requests: &'a [InfoRequest],
    /// The directive that answers it.
    directive: Option<&'a Directive>,
    /// The case was opened again since: it is history.
    archived: bool,
}

/// A side's statement, as far as it is open.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FiledStatement")]
struct StatementView<'a> {
    /// The side.
    side: Side,
    /// The agency that speaks for it.
    agency: &'a AgencyId,
    /// When it was filed.
    at: Timestamp,
    /// It is sealed for you.
    sealed: bool,
    /// What it says; null while it is sealed for you.
    statement: Option<&'a Statement>,
}

/// A dossier as it was sent up.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SubmittedDossier")]
struct SubmittedView<'a> {
    /// When.
    at: Timestamp,
    /// Why.
    purpose: Purpose,
    /// To whom.
    addressee: Addressee,
    /// Until when an opinion is asked for; a wish, never a deadline.
    requested_by: Timestamp,
    /// The cover letter.
    document: Option<&'a Document>,
    /// What the sides advise together.
    advice: Option<&'a str>,
    /// The SHA-256 of its canonical form, as it stands in the log.
    digest: Digest,
}

/// An item of a directive and where it stands.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "InstructionItem")]
struct ItemView<'a> {
    /// Its number within the case.
    item: u32,
    /// The agency that is responsible.
    agency: &'a AgencyId,
    /// What it is to do.
    text: &'a str,
    /// Until when it reports.
    due: Timestamp,
    /// Where it stands.
    state: ItemState,
    /// It was reported late once, or is overdue now.
    late: bool,
    /// The latest report.
    report: Option<&'a Document>,
    /// Why the latest report was not accepted.
    rejected_because: Option<&'a str>,
    /// The case was opened again since: it is history.
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
    let same = |today: &&DossierFile| today.number == dossier.number;
    let today = reader.back.and_then(|back| back.today.escalation.dossiers.iter().find(same));
    let seal = today.unwrap_or(dossier);
    FileView {
        number: dossier.number,
        statements: dossier.statements.iter().map(|filed| statement(seal, filed, reader)).collect(),
        statement_due: dossier.statement_due,
        sealed: seal.is_sealed(reader.now),
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

fn statement<'a>(seal: &DossierFile, filed: &'a Filed, reader: Reader<'_>) -> StatementView<'a> {
    let readable = access::may_read_statement(seal, filed.side, reader.person, reader.now);
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
