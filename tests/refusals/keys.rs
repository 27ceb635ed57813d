//! What two persons must do: without a first key there is no second, and nobody turns both.

use std::{fs, path::Path};

use domain::Code;
use serde_json::{Value, json};

use crate::{
    refused::{Refusals, letter_of_the_day, with},
    support::{
        api::{call, document, key_facts},
        process::Installation,
        top,
    },
};

/// What is refused here.
pub const CODES: [Code; 5] =
    [Code::NotAuthorised, Code::BadState, Code::InvalidData, Code::NoProposal, Code::SeparationOfDuties];

/// The cases in which a first key was turned.
struct Waiting {
    cancellation: String,
    discrepancy: String,
    settlement: String,
    closure: String,
}

#[tokio::test]
async fn who_has_turned_one_key_does_not_turn_the_other_whatever_office_he_comes_to_hold() {
    let place = Installation::new();
    let up = place.up().await;
    let mut rules = Refusals::of(up.api());
    let waiting = Waiting {
        cancellation: a_cancellation_waits(&mut rules).await,
        discrepancy: a_discrepancy_is_explained(&mut rules).await,
        settlement: a_settlement_waits(&mut rules).await,
        closure: a_closure_waits(&mut rules).await,
    };
    assert!(up.term().await.success());

    // The province gives its officers other offices: those who turned first keys could now turn second ones.
    let policy = tempfile::tempdir().unwrap();
    offices_change(policy.path());
    place.configure(&format!("policy = {:?}\n", policy.path()));
    let up = place.up().await;
    rules.api = up.api();
    let (first, reconciled) = (&json!({ "proposal": 1 }), &json!({ "explanation": 1 }));
    for (by, case, act, body) in [
        ("btg.truong-phong", &waiting.cancellation, "confirm-cancellation", first),
        ("snnmt.dau-moi", &waiting.discrepancy, "reconcile-discrepancy", reconciled),
        ("btg.lanh-dao", &waiting.settlement, "confirm-settlement", first),
        ("btg.lanh-dao", &waiting.closure, "confirm-closure", first),
    ] {
        rules.act(by, case, act, body, Code::SeparationOfDuties, "").await;
    }
    rules.saw(&CODES);
    // Another person in such an office does.
    rules.done("btg.dau-moi2", &waiting.discrepancy, "reconcile-discrepancy", reconciled).await;
}

/// The example province, with other persons in some offices.
fn offices_change(folder: &Path) {
    let example = top().join("deploy/policy");
    for file in fs::read_dir(&example).unwrap() {
        let file = file.unwrap();
        let mut text = fs::read_to_string(file.path()).unwrap();
        match file.file_name().to_str().unwrap() {
            "policy.toml" => text = text.replace("version = \"2026.1\"", "version = \"2026.2\""),
            "organisation.toml" => {
                for (officer, from, to) in [
                    ("btg.truong-phong", "BTG.TT.TP", "BTG.LD"),
                    ("btg.lanh-dao", "BTG.LD", "UBND.LD"),
                    ("ubnd.lanh-dao", "UBND.LD", "BTG.TT.TP"),
                    ("snnmt.dau-moi", "SNNMT.VP.DM", "BTG.TT.DM"),
                    ("btg.dau-moi", "BTG.TT.DM", "SNNMT.VP.DM"),
                ] {
                    text = moved(&text, officer, from, to);
                }
            }
            _ => {}
        }
        fs::write(folder.join(file.file_name()), text).unwrap();
    }
}

fn moved(text: &str, officer: &str, from: &str, to: &str) -> String {
    let (before, entry) = text.split_once(&format!("id = \"{officer}\"\n")).unwrap();
    let held = format!("office = \"{from}\"");
    assert!(entry.contains(&held), "{officer} does not hold {from}");
    format!("{before}id = \"{officer}\"\n{}", entry.replacen(&held, &format!("office = \"{to}\""), 1))
}

async fn a_cancellation_waits(rules: &mut Refusals) -> String {
    let raised = rules.done("btg.truc-ban", "", "raise", &call()).await;
    let case = raised.case();
    let (propose, confirm) = ("propose-cancellation", "confirm-cancellation");
    let (reason, first) = (&json!({ "reason": "entry-error" }), &json!({ "proposal": 1 }));
    rules.act("btg.lanh-dao", case, confirm, first, Code::NoProposal, "").await;
    for by in ["btg.lanh-dao", "btg.dau-moi", "snnmt.truong-phong"] {
        rules.act(by, case, propose, reason, Code::NotAuthorised, "").await;
    }
    for (body, at) in [
        (json!({ "reason": "boredom" }), "/reason"),
        (json!({}), "/reason"),
        (json!({ "reason": "test", "note": "x".repeat(501) }), "/note"),
    ] {
        rules.act("btg.truong-phong", case, propose, &body, Code::InvalidData, at).await;
    }
    rules.done("btg.truong-phong", case, propose, reason).await;
    rules.act("btg.lanh-dao", case, confirm, &json!({ "proposal": 2 }), Code::NoProposal, "").await;
    rules.act("btg.truong-phong", case, confirm, first, Code::NotAuthorised, "").await;
    case.to_owned()
}

async fn a_discrepancy_is_explained(rules: &mut Refusals) -> String {
    let raised = rules.done("btg.truc-ban", "", "raise", &call()).await;
    let case = raised.case();
    let (explain, reconcile) = ("explain-discrepancy", "reconcile-discrepancy");
    let (text, first) = (&json!({ "text": "Số lồng đã đếm lại." }), &json!({ "explanation": 1 }));
    rules.act("snnmt.dau-moi", case, explain, text, Code::BadState, "").await;
    rules.act("btg.dau-moi", case, reconcile, first, Code::BadState, "").await;
    let written = with(json!({ "document": document(118) }), "/document/date", "2026-05-16");
    let written = json!({ "state_secret": false, "document": written["document"], "key_facts": key_facts() });
    rules.done("snnmt.van-thu", case, "submit-written-confirmation", &written).await;
    rules.done("btg.dau-moi2", case, "compare-written", &verdicts()).await;
    rules.act("btg.dau-moi", case, reconcile, first, Code::NoProposal, "").await;
    rules.act("btg.dau-moi", case, explain, text, Code::NotAuthorised, "").await;
    rules.act("snnmt.dau-moi", case, explain, &json!({ "text": " " }), Code::InvalidData, "/text").await;
    let third = json!({ "intake": 3, "text": "Số lồng đã đếm lại." });
    rules.act("snnmt.dau-moi", case, explain, &third, Code::InvalidData, "/intake").await;
    rules.done("snnmt.dau-moi", case, explain, text).await;
    rules.act("btg.dau-moi", case, reconcile, &json!({ "explanation": 2 }), Code::NoProposal, "").await;
    rules.act("snnmt.dau-moi", case, reconcile, first, Code::NotAuthorised, "").await;
    let both = json!({ "explanation": 1, "prevails": "both" });
    rules.act("btg.dau-moi", case, reconcile, &both, Code::InvalidData, "/prevails").await;
    case.to_owned()
}

/// The document says something else of the scale.
fn verdicts() -> Value {
    let same = json!({ "verdict": "same" });
    json!({ "verdicts": {
        "what": same, "where": same, "since_when": same, "actions_taken": same, "request": same,
        "scale": { "verdict": "changed" },
    }})
}

/// A case that stands in coordination.
async fn coordinated(rules: &mut Refusals, letter: u32) -> String {
    let raised = rules.done("snnmt.dau-moi", "", "raise", &letter_of_the_day(letter)).await;
    rules.done("btg.dau-moi", raised.case(), "acknowledge", &json!({})).await;
    raised.case().to_owned()
}

async fn a_settlement_waits(rules: &mut Refusals) -> String {
    let case = coordinated(rules, 201).await;
    let position = json!({ "position": { "disagree": { "reasons": "Chưa đủ căn cứ." } } });
    rules.done("btg.lanh-dao", &case, "record-position", &position).await;
    rules.done("btg.lanh-dao", &case, "propose-settlement", &json!({ "text": "Thông tin chung." })).await;
    case
}

async fn a_closure_waits(rules: &mut Refusals) -> String {
    let case = coordinated(rules, 202).await;
    rules.done("btg.lanh-dao", &case, "record-position", &json!({ "position": { "agree": {} } })).await;
    rules.done("btg.lanh-dao", &case, "propose-closure", &json!({ "outcome": "resolved" })).await;
    let first = &json!({ "proposal": 1 });
    rules.act("btg.lanh-dao", &case, "confirm-closure", first, Code::NotAuthorised, "").await;
    rules
        .act("snnmt.lanh-dao", &case, "confirm-closure", &json!({ "proposal": 2 }), Code::NoProposal, "")
        .await;
    let again = &json!({ "outcome": "resolved" });
    rules.act("snnmt.dau-moi", &case, "propose-closure", again, Code::BadState, "").await;
    case
}
