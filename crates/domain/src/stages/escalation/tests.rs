//! What a dispute starts.

use events::{DeadlineKey, Kind, Lifecycle, Stage};

use super::Dossier;
use crate::story::{Files, Story, THIRD_SIDE, agree, disagree, written};

#[test]
fn a_dossier_is_drafted_exactly_while_the_case_is_disputed() {
    for mut story in [Story::phoned(), Story::coordinating(), Story::agreed(), Story::settled()] {
        assert_eq!(story.case().escalation.state, Dossier::None);
        story.at("17/05/2026 01:00");
        assert_eq!(story.step_of(Stage::Escalation), None);
    }
    let mut story = Story::coordinating();
    story.by("btg.lanh-dao").when("record-position", disagree()).then(Kind::PositionRecorded);
    story.stands(Lifecycle::Disputed);
    assert_eq!(story.case().escalation.state, Dossier::Drafting);
    assert!(
        story.due_of(DeadlineKey::Statement, 1).is_some() && story.due_of(DeadlineKey::Dossier, 1).is_some()
    );
}

#[test]
fn the_superiors_owe_the_statements_and_the_party_side_the_dossier() {
    let mut story = Files::with_organisation(THIRD_SIDE).story();
    story.requiring(&["CAT"]).by("snnmt.dau-moi").raise(written()).settle();
    story.by("btg.dau-moi").when("acknowledge", serde_json::json!({})).settle();
    story.by("cat.giam-doc").when("record-position", agree());
    story.by("btg.lanh-dao").when("record-position", disagree()).stands(Lifecycle::Disputed);
    story.until("19/05/2026 17:00");
    let owed: Vec<_> = story.log().into_iter().filter(|line| line.contains("escalation.overdue")).collect();
    assert_eq!(
        owed,
        [
            "18/05 17:00 escalation.overdue statement level 1, owed by BTG UBND CAT",
            "19/05 17:00 escalation.overdue dossier level 1, owed by BTG"
        ]
    );
}
