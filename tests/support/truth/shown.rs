//! What the API shows: each replica the same, and what the log folds to.

use events::CaseId;
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use testkit::eventually;

use super::{Found, facts::Folded};
use crate::support::api::Api;

/// How many cases are read at a time.
const AT_ONCE: usize = 32;

/// Reads every case from every replica.
pub async fn check(replicas: &[Api], reader: &str, folded: &Folded, found: &mut Found) {
    let read = stream::iter(folded.cases.values()).map(async |case| {
        let mut faults = Vec::new();
        let mut first: Option<Value> = None;
        for api in replicas {
            let shown = read(api, reader, case.id, case.version).await;
            let wanted = [
                ("version", json!(case.version)),
                ("state", json!(case.lifecycle)),
                ("code", json!(case.code)),
                ("urgency", json!(case.urgency)),
                ("rounds", json!(case.rounds)),
                ("assignments", json!(case.assignments)),
            ];
            for (field, wanted) in wanted {
                if shown[field] != wanted {
                    let shown = &shown[field];
                    faults.push(format!("{}: {field} is shown as {shown}, the log says {wanted}", case.id));
                }
            }
            let first = first.get_or_insert_with(|| shown.clone());
            if *first != shown {
                faults.push(format!("{}: two replicas show {first} and {shown}", case.id));
            }
        }
        faults
    });
    for fault in read.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await.concat() {
        found.fault(fault);
    }
}

/// A case as a replica shows it, at that version or later.
async fn read(api: &Api, reader: &str, case: CaseId, version: u32) -> Value {
    eventually(async || {
        let path = format!("/api/v1/cases/{case}?at_least={version}");
        match api.get(reader, &path).await {
            Ok(answer) if answer.status == 200 => Ok(answer.body),
            Ok(answer) => Err(format!("{} {}", answer.status, answer.text)),
            Err(error) => Err(error.to_string()),
        }
    })
    .await
}
