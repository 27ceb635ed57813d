//! What a caller sees of a dispute: the other side's statement only once the seal is broken.

use domain::{
    access,
    stages::escalation::{DossierFile, Escalation, Filed, Item},
};
use serde_json::{Value, json};

use super::Reader;

/// Regions E and I.
pub(super) fn view(escalation: &Escalation, reader: Reader<'_>) -> Value {
    let dossiers: Vec<_> = escalation.dossiers.iter().map(|dossier| file(dossier, reader)).collect();
    let items: Vec<_> = escalation.instructions.iter().map(item).collect();
    json!({ "state": escalation.state, "dossiers": dossiers, "instructions": items })
}

fn file(dossier: &DossierFile, reader: Reader<'_>) -> Value {
    let statements: Vec<_> =
        dossier.statements.iter().map(|filed| statement(dossier, filed, reader)).collect();
    json!({
        "number": dossier.number,
        "statements": statements,
        "statement_due": dossier.statement_due,
        "sealed": dossier.is_sealed(reader.now),
        "submitted": dossier.submitted.as_ref().map(|submitted| json!({
            "at": submitted.at,
            "purpose": submitted.purpose,
            "addressee": submitted.addressee,
            "requested_by": submitted.requested_by,
            "document": submitted.document,
            "digest": submitted.digest,
        })),
        "received": dossier.received,
        "requests": dossier.requests,
        "directive": dossier.directive,
    })
}

fn statement(dossier: &DossierFile, filed: &Filed, reader: Reader<'_>) -> Value {
    let readable = access::may_read_statement(dossier, filed.side, reader.person, reader.now);
    json!({
        "side": filed.side,
        "agency": filed.agency,
        "at": filed.at,
        "sealed": !readable,
        "statement": readable.then_some(&filed.statement),
    })
}

fn item(item: &Item) -> Value {
    json!({
        "item": item.instruction.item,
        "agency": item.instruction.agency,
        "text": item.instruction.text,
        "due": item.instruction.due,
        "state": item.state,
        "late": item.is_late(),
        "report": item.report,
        "rejected_because": item.rejected_because,
    })
}
