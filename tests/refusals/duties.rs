//! What is refused of reports, briefings and projects.

use domain::Code;
use serde_json::json;

use crate::{
    refused::Refusals,
    support::{api::document, process::Installation},
};

/// What is refused here.
pub const CODES: [Code; 4] = [Code::NotFound, Code::NotAuthorised, Code::InvalidData, Code::CheckpointsOpen];

#[tokio::test]
async fn what_is_asked_out_of_turn_is_refused_and_nothing_is_stored() {
    let place = Installation::starting("2026-05-18T08:00:00+07:00");
    let up = place.up().await;
    let mut rules = Refusals::of(up.api());
    let past = json!({
        "kind": "ad-hoc", "at": "2026-05-01T08:00:00+07:00", "place": "Phòng họp số 2", "invited": ["SNNMT"],
        "purpose": "Tình hình vùng nuôi.",
    });
    rules.act("btg.truong-phong", "", "schedule-briefing", &past, Code::InvalidData, "/at").await;
    let proposed = json!({
        "title": "Nâng cấp hồ chứa", "topic": "agriculture", "reason": "Có di dời dân.", "state_secret": false,
    });
    rules.act("btg.lanh-dao", "", "propose-project", &proposed, Code::NotAuthorised, "").await;
    let project = rules.done("snnmt.lanh-dao", "", "propose-project", &proposed).await.case().to_owned();
    rules
        .act("sct.lanh-dao", &project, "cancel-project", &json!({ "reason": "x" }), Code::NotFound, "")
        .await;
    rules.done("btg.lanh-dao", &project, "accept-planning", &json!({})).await;
    let plan = json!({
        "document": document(60), "state_secret": false,
        "checkpoints": [{
            "phase": "before", "title": "Thông tin phương án", "owner": "SNNMT", "due": "2026-07-17", "mandatory": true,
        }],
    });
    rules.done("snnmt.lanh-dao", &project, "submit-plan", &plan).await;
    for head in ["btg.lanh-dao", "ubnd.lanh-dao"] {
        rules.done(head, &project, "agree-plan", &json!({ "edition": 1 })).await;
    }
    let before = json!({ "phase": "before", "state_secret": false });
    rules.done("snnmt.lanh-dao", &project, "enter-phase", &before).await;
    let during = json!({ "phase": "during", "report": document(61), "state_secret": false });
    rules.act("snnmt.lanh-dao", &project, "enter-phase", &during, Code::CheckpointsOpen, "").await;
    rules.saw(&CODES);
    assert!(up.term().await.success());
}
