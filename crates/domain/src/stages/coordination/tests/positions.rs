//! Who gives positions, and when.

use super::*;

#[test]
fn the_first_round_asks_about_the_raiser_s_request_and_the_raiser_is_deemed_to_agree() {
    let story = Story::coordinating();
    match story.newest().body() {
        Body::CoordinationOpened(opened) => {
            assert_eq!((opened.round.number, opened.round.turn), (1, 1));
            assert_eq!(opened.round.proposal, "Đề nghị phối hợp thông tin");
            assert_eq!(opened.round.deemed, Some("SNNMT".into()));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(story.due_of(DeadlineKey::Position, 1).unwrap(), "17/05 02:05");
    let round = story.case().open_round().unwrap();
    assert!(round.position_of(&"SNNMT".into()).is_some());
    assert!(round.position_of(&"BTG".into()).is_none());
}

#[test]
fn coordination_opens_once_and_only_after_the_lead() {
    let open = stages::Command::Coordination(Command::Open);
    let mut story = Story::phoned();
    story.system(&open).refused(Code::BadState);
    story.by("ubnd.dau-moi").when("acknowledge", json!({})).system(&open).refused(Code::BadState);
    story.by("btg.dau-moi").when("acknowledge", json!({})).system(&open).then(Kind::CoordinationOpened);
    story.stands(Lifecycle::InCoordination).system(&open).refused(Code::BadState);
    assert_eq!(story.step_of(Stage::Coordination), None);
    Story::agreed().system(&open).refused(Code::BadState);
}

#[test]
fn leaders_of_the_parties_give_positions() {
    for officer in ["btg.lanh-dao", "snnmt.lanh-dao", "ubnd.lanh-dao"] {
        Story::coordinating().says_position(officer, agree());
    }
    let mut story = Story::coordinating();
    for officer in [
        "btg.truc-ban",
        "btg.dau-moi",
        "btg.truong-phong",
        "btg.van-thu",
        "btg.kiem-tra",
        "snnmt.dau-moi",
        "snnmt.truong-phong",
        "ubnd.dau-moi",
        "ubnd.truong-phong",
        "ubnd.van-thu",
    ] {
        story.by(officer).when("record-position", agree()).refused(Code::NotAuthorised);
    }
    story.by("sxd.lanh-dao").when("record-position", agree()).refused(Code::NotFound);
}

#[test]
fn a_required_agency_gives_a_position_and_a_consulted_one_an_opinion() {
    with_required(&["SXD"]).says_position("sxd.lanh-dao", agree());
    let mut story = Story::coordinating();
    story
        .consulting(&["SXD"])
        .by("sxd.truong-phong")
        .when("record-position", agree())
        .refused(Code::NotAuthorised);
    story.by("sxd.lanh-dao").when("record-position", disagree()).then(Kind::OpinionRecorded);
    story.stands(Lifecycle::InCoordination);
    let round = story.case().open_round().unwrap();
    assert_eq!((round.opinions.len(), round.positions.len()), (1, 1));
    assert_eq!(round.opinions[0].agency.as_str(), "SXD");
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::Agreed);
    story.by("sxd.lanh-dao").when("record-position", agree()).refused(Code::BadState);
}

#[test]
fn who_is_consulted_and_a_party_gives_a_position() {
    let mut story = Story::coordinating();
    story.consulting(&["UBND", "BTG"]).says_position("ubnd.lanh-dao", agree());
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::Agreed);
}

#[test]
fn positions_are_asked_only_during_coordination() {
    let mut story = Story::new();
    story.raise(phone()).by("btg.lanh-dao").when("record-position", agree()).refused(Code::BadState);
    story.settle().when("record-position", agree()).refused(Code::BadState);
    story.acknowledged("16/05/2026 22:00").by("btg.lanh-dao").when("record-position", agree());
    story.stands(Lifecycle::Agreed).when("record-position", agree()).refused(Code::BadState);
    let mut story = Story::coordinating();
    story.says_position("btg.lanh-dao", disagree()).stands(Lifecycle::Disputed);
    story.when("record-position", agree()).refused(Code::BadState);
    // The state comes before the content.
    story.when("record-position", counter("")).refused(Code::BadState);
}

#[test]
fn a_disagreement_has_reasons_and_a_counterproposal_its_text() {
    let mut story = Story::coordinating();
    story.by("btg.lanh-dao");
    let long = |count: usize| "đ".repeat(count);
    for text in ["", " \n", long(2001).as_str()] {
        let reasons = with(disagree(), "/position/disagree/reasons", text);
        story.when("record-position", reasons).refused_at(Code::InvalidData, "position.disagree.reasons");
        story.when("record-position", counter(text)).refused_at(Code::InvalidData, "position.counter.text");
    }
    let noted = |count| with(agree(), "/position/agree/note", long(count));
    story.when("record-position", noted(2001)).refused_at(Code::InvalidData, "position.agree.note");
    story.stands(Lifecycle::InCoordination);
    story.when("record-position", noted(2000)).then(Kind::PositionRecorded).stands(Lifecycle::Agreed);
    Story::coordinating().says_position("btg.lanh-dao", counter(&long(2000)));
    let reasons = with(disagree(), "/position/disagree/reasons", long(2000));
    Story::coordinating().says_position("btg.lanh-dao", reasons);
}
