//! The standing body, and what it asks for.

use serde_json::json;

use super::{NOBODY, mailed};
use crate::{
    notices::reports_up,
    story::{Story, advising, confirming},
};

#[test]
fn a_dossier_is_told_to_the_secretariat_and_the_members_with_the_date_that_is_wished_for() {
    let story = Story::escalated();
    let mails =
        ["E12 to TU.TT by 17/05 23:00", "E12 to TU.VP.CVP by 17/05 23:00", "E12 to TU.VP.TK by 17/05 23:00"];
    assert_eq!(story.mails(), mails);
}

#[test]
fn joint_advice_to_the_larger_committee_is_told_to_the_secretariat_alone() {
    let mut story = Story::agreed();
    story.by("btg.lanh-dao").when("propose-joint-advice", advising("ban-thuong-vu"));
    assert_eq!(story.mails(), ["E24 to UBND.LD"]);
    story.by("ubnd.lanh-dao").when("confirm-joint-advice", confirming(1));
    assert_eq!(story.mails(), ["E12 to TU.VP.CVP by 17/05 23:50", "E12 to TU.VP.TK by 17/05 23:50"]);
}

#[test]
fn a_question_is_told_to_the_leaders_of_the_agency_that_is_asked() {
    let mut story = Story::escalated();
    story.by("tu.thu-ky").when("request-more-info", json!({ "agency": "XBM", "question": "Bao nhiêu hộ?" }));
    assert_eq!(story.mails(), ["E13 to XBM.LD by 17/05 03:00"]);
    story.by("xbm.lanh-dao").when("supply-info", json!({ "request": 1, "answer": "Bốn mươi hộ." }));
    assert_eq!(story.mails(), NOBODY);
}

#[test]
fn a_directive_is_told_to_both_sides_and_to_who_is_responsible_with_the_earliest_date() {
    assert_eq!(
        Story::directed().mails(),
        ["E14 to BTG.LD", "E14 to SNNMT.LD by 19/05 17:00", "E14 to SXD.LD by 20/05 17:00", "E14 to UBND.LD",]
    );
}

#[test]
fn a_result_is_asked_of_the_leaders_who_are_responsible_with_a_copy_for_the_secretariat() {
    let mut story = Story::directed();
    story.until("23/05/2026 00:00");
    let told =
        ["E15 to SXD.LD by 20/05 17:00", "E15 to TU.VP.CVP by 20/05 17:00", "E15 to TU.VP.TK by 20/05 17:00"];
    let mut shares = 0;
    for (fact, line) in story.facts().iter().zip(story.log()) {
        if let events::Body::EscalationReminded(said) = fact.body()
            && (said.key, said.instance) == (events::DeadlineKey::Implementation, 1)
        {
            assert_eq!(mailed(&story, &line), told);
            shares += 1;
        }
    }
    assert_eq!(shares, 2);
    assert_eq!(mailed(&story, "implementation level 1, owed by SXD"), told);
}

#[test]
fn nothing_is_overdue_upwards() {
    let mut story = Story::directed();
    story.until("30/05/2026 00:00");
    let mut upwards = 0;
    for fact in story.facts() {
        for notice in crate::notices::notices(story.case(), fact, &story.policy) {
            let office = story.policy.organisation.office(&notice.office).unwrap();
            if reports_up(office, &story.policy) {
                assert_eq!(notice.alert.level(), None, "{notice:?}");
                upwards += 1;
            }
        }
    }
    assert!(upwards > 20, "only {upwards} mails upwards");
    for office in ["BTG.LD", "UBND.LD", "TU.TT"] {
        let found = story.policy.organisation.office(&office.into()).unwrap();
        assert_eq!(reports_up(found, &story.policy), office == "TU.TT");
    }
}
