//! Coordination that begins again: asked for by a party after the sides had agreed (command 37).

use super::*;
use crate::{
    keys::KeyState,
    stages::coordination::Command as Coordination,
    story::{closing, once_more},
};

const AGAIN: &str = "reopen-coordination";

#[test]
fn a_party_asks_again_and_nobody_is_deemed_to_agree() {
    let mut story = Story::agreed();
    story.until("17/05/2026 00:00").by("snnmt.lanh-dao").when(AGAIN, once_more("Có kết quả kiểm nghiệm."));
    story.then(Kind::CoordinationReopened).stands(Lifecycle::InCoordination);
    let round = story.case().open_round().unwrap().clone();
    assert_eq!((round.opened.number, round.opened.turn, &round.opened.deemed), (2, 1, &None));
    assert_eq!(round.opened.proposal, story.case().rounds[0].opened.proposal, "on the last proposal");
    assert_eq!(story.due_of(DeadlineKey::Position, 2).unwrap(), "17/05 04:00");
    assert_eq!(story.settle().due_of(DeadlineKey::Position, 1), None);
    story.by("btg.lanh-dao").when("record-position", agree()).stands(Lifecycle::InCoordination);
    story.by("snnmt.lanh-dao").when("record-position", agree()).stands(Lifecycle::Agreed);
}

#[test]
fn it_may_be_asked_on_another_text() {
    let mut story = Story::agreed();
    let body = with(once_more("Có phương án tốt hơn."), "/proposal", "Thông tin chung vào sáng thứ Hai.");
    story.by("btg.lanh-dao").when(AGAIN, body).settle();
    assert_eq!(story.case().open_round().unwrap().opened.proposal, "Thông tin chung vào sáng thứ Hai.");
}

#[test]
fn only_a_leader_of_a_party_asks_and_only_where_the_sides_agree() {
    let mut story = Story::agreed();
    story.by("btg.truong-phong").when(AGAIN, once_more("x")).refused(Code::NotAuthorised);
    story.by("btg.lanh-dao").when(AGAIN, once_more(" ")).refused_at(Code::InvalidData, "reason");
    story.when(AGAIN, with(once_more("x"), "/proposal", "")).refused_at(Code::InvalidData, "proposal");
    for mut story in [Story::phoned(), Story::coordinating(), Story::disputed(), Story::closed()] {
        story.by("btg.lanh-dao").when(AGAIN, once_more("x")).refused(Code::BadState);
    }
}

#[test]
fn a_closure_that_waits_is_void() {
    let mut story = Story::settled();
    story.by("btg.dau-moi").when("propose-closure", closing());
    assert!(story.due_of(DeadlineKey::Closure, 1).is_some());
    story.by("snnmt.lanh-dao").when(AGAIN, once_more("Chưa xong.")).settle();
    assert_eq!(story.due_of(DeadlineKey::Closure, 1), None);
    assert_eq!(story.case().closures[0].state, KeyState::Void);
}

#[test]
fn a_round_is_opened_by_the_process_itself_only_where_one_is_missing() {
    let open = stages::Command::Coordination(Coordination::OpenRound);
    let mut story = Story::coordinating();
    story.usurps(&open).refused(Code::NotAuthorised);
    story.system(&open).refused(Code::BadState);
}
