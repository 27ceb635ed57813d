//! A closed case is opened again (command 38).

use events::{DeadlineKey, Kind, Lifecycle};

use crate::{
    Code,
    stages::escalation::Dossier,
    story::{Story, agree, closing, confirming, once_more, report, with},
};

const REOPEN: &str = "reopen";

#[test]
fn the_sides_coordinate_again_and_only_that_clock_runs() {
    let mut story = Story::closed();
    story.at("20/05/2026 09:00").by("snnmt.lanh-dao").when(REOPEN, once_more("Phát sinh trở lại."));
    story.then(Kind::CaseReopened).stands(Lifecycle::InCoordination).settle();
    let round = &story.case().open_round().unwrap().opened;
    assert_eq!((round.number, round.turn, round.deemed.clone()), (2, 1, None));
    assert_eq!(round.proposal, story.case().rounds[0].opened.proposal);
    assert_eq!(story.running(), ["position 2: 20/05 09:00 to 20/05 13:00"]);
    story.by("snnmt.lanh-dao").when("record-position", agree());
    story.by("btg.lanh-dao").when("record-position", agree()).stands(Lifecycle::Agreed);
    story.by("btg.dau-moi").when("propose-closure", closing());
    story.by("snnmt.lanh-dao").when("confirm-closure", confirming(2)).stands(Lifecycle::Closed);
}

#[test]
fn it_is_asked_on_what_the_act_says() {
    let mut story = Story::closed();
    let body = with(once_more("Phát sinh."), "/proposal", "Bổ sung thông tin về nguyên nhân.");
    story.by("ubnd.lanh-dao").when(REOPEN, body).settle();
    assert_eq!(story.case().open_round().unwrap().opened.proposal, "Bổ sung thông tin về nguyên nhân.");
    assert_eq!(story.case().next_proposal, None);
}

/// Closed on 17/5 at 01:00: the ninetieth day is 15/8, whatever the hour.
#[test]
fn ninety_days_are_counted_by_the_calendar() {
    let mut story = Story::closed();
    story.at("15/08/2026 23:59").by("btg.lanh-dao").when(REOPEN, once_more("x")).then(Kind::CaseReopened);
    let mut story = Story::closed();
    story.at("16/08/2026 00:00").by("btg.lanh-dao").when(REOPEN, once_more("x"));
    story.refused(Code::ReopenWindowElapsed);
}

#[test]
fn a_leader_of_a_party_or_a_member_of_the_standing_body_opens_it() {
    let mut story = Story::closed();
    story.by("btg.truong-phong").when(REOPEN, once_more("x")).refused(Code::NotAuthorised);
    story.by("btg.lanh-dao").when(REOPEN, once_more("")).refused_at(Code::InvalidData, "reason");
    story.by("tu.thuong-truc").when(REOPEN, once_more("x")).refused(Code::NotFound);
    story.went_up();
    story.by("tu.thu-ky").when(REOPEN, once_more("x")).refused(Code::NotAuthorised);
    story.by("tu.thuong-truc").when(REOPEN, once_more("x")).then(Kind::CaseReopened);
    for mut story in [Story::phoned(), Story::agreed(), Story::disputed()] {
        story.by("btg.lanh-dao").when(REOPEN, once_more("x")).refused(Code::BadState);
    }
}

#[test]
fn what_was_decided_before_is_history() {
    let mut story = Story::directed();
    for (item, number, agency) in [(1, 801, "SXD"), (2, 802, "SNNMT"), (3, 803, "SNNMT")] {
        let leader = format!("{}.lanh-dao", agency.to_lowercase());
        story.by(&leader).when("report-implementation", report(item, number, agency, "2026-05-16"));
        story.by("tu.thu-ky").when("accept-implementation", serde_json::json!({ "item": item }));
    }
    crate::story::close(&mut story);
    story.by("ubnd.lanh-dao").when(REOPEN, once_more("Phát sinh trở lại.")).settle();
    let escalation = &story.case().escalation;
    assert_eq!(escalation.state, Dossier::None);
    assert_eq!((escalation.current(), escalation.item(1)), (None, None));
    assert!(escalation.dossiers.iter().all(|dossier| dossier.archived));
    assert!(escalation.instructions.iter().all(|item| item.archived));
    assert!(story.due_of(DeadlineKey::Implementation, 1).is_none());
}
