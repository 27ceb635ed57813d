//! The callback (command 3).

use super::*;

#[test]
fn the_receiver_s_officers_call_back() {
    for officer in ["btg.truc-ban", "btg.dau-moi", "btg.dau-moi2", "btg.truong-phong", "btg.lanh-dao"] {
        let mut story = Story::phoned();
        story.by(officer).when("verify-callback", callback("verified")).then(Kind::CallbackVerified);
    }
    let mut story = Story::phoned();
    for officer in
        ["btg.van-thu", "btg.kiem-tra", "ubnd.dau-moi", "ubnd.lanh-dao", "snnmt.dau-moi", "snnmt.lanh-dao"]
    {
        story.by(officer).when("verify-callback", callback("verified")).refused(Code::NotAuthorised);
    }
    story.by("sxd.lanh-dao").when("verify-callback", callback("verified")).refused(Code::NotFound);
}

#[test]
fn a_caller_is_verified_once_and_may_be_tried_again_until_then() {
    let mut story = Story::phoned();
    story.by("btg.truc-ban");
    story.when("verify-callback", callback("unreachable")).then(Kind::CallbackUnreachable);
    assert_eq!(regions(&story), (Written::Pending, Some(Verification::Unverified)));
    assert_eq!(story.due_of(DeadlineKey::Callback, 1).unwrap(), "16/05 22:03", "the clock runs on");
    story.when("verify-callback", callback("failed")).then(Kind::CallbackFailed);
    assert_eq!(regions(&story).1, Some(Verification::Failed));
    assert_eq!(story.due_of(DeadlineKey::Callback, 1), None);
    story.when("verify-callback", callback("unreachable")).then(Kind::CallbackUnreachable);
    assert_eq!(regions(&story).1, Some(Verification::Failed));
    story.when("verify-callback", callback("failed")).then(Kind::CallbackFailed);
    story.when("verify-callback", callback("verified")).then(Kind::CallbackVerified);
    assert_eq!(regions(&story), (Written::Pending, Some(Verification::Verified)));
    for result in ["verified", "failed", "unreachable"] {
        story.when("verify-callback", callback(result)).refused(Code::BadState);
    }
}

#[test]
fn a_report_in_writing_has_no_caller() {
    let mut story = Story::new();
    story.by("snnmt.dau-moi").raise(written()).settle();
    story.by("btg.truc-ban").when("verify-callback", callback("verified")).refused(Code::BadState);
}

#[test]
fn an_intake_that_is_not_there_is_named() {
    let mut story = Story::phoned();
    for intake in [0, 2] {
        let unknown = |body| with(body, "/intake", intake);
        story.by("btg.truc-ban").when("verify-callback", unknown(callback("verified")));
        story.refused_at(Code::InvalidData, "intake");
        story
            .by("snnmt.van-thu")
            .when(SUBMIT, unknown(confirmation()))
            .refused_at(Code::InvalidData, "intake");
        story.by("btg.dau-moi").when("compare-written", unknown(verdicts("same")));
        story.refused_at(Code::InvalidData, "intake");
    }
    let first = with(callback("verified"), "/intake", 1);
    story.by("btg.truc-ban").when("verify-callback", first).then(Kind::CallbackVerified);
}

#[test]
fn a_remark_on_the_callback_has_its_longest() {
    let mut story = Story::phoned();
    let noted = |length| with(callback("unreachable"), "/note", "đ".repeat(length));
    story.by("btg.truc-ban").when("verify-callback", noted(501)).refused_at(Code::InvalidData, "note");
    story.when("verify-callback", noted(500)).then(Kind::CallbackUnreachable);
    match story.newest().body() {
        Body::CallbackUnreachable(said) => assert_eq!(said.note.as_ref().unwrap().chars().count(), 500),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_callback_that_nobody_makes_grows_overdue_and_owes_nothing_in_writing() {
    let mut story = Story::phoned();
    story.until("16/05/2026 22:03");
    assert_eq!(regions(&story), (Written::Pending, Some(Verification::Unverified)));
    story.by("btg.truc-ban").when("verify-callback", callback("verified")).until("16/05/2026 23:00");
    let callbacks: Vec<_> = story.log().into_iter().filter(|line| line.contains(" callback ")).collect();
    assert_eq!(callbacks, ["16/05 22:03 confirmation.overdue callback level 1, owed by BTG"]);
}

#[test]
fn a_document_that_matches_ends_the_callback() {
    let mut story = Story::phoned();
    story.until("16/05/2026 22:00").by("snnmt.van-thu").when(SUBMIT, confirmation());
    assert!(story.due_of(DeadlineKey::Callback, 1).is_some());
    story.by("btg.dau-moi").when("compare-written", verdicts("same")).then(Kind::WrittenMatched);
    assert_eq!(story.due_of(DeadlineKey::Callback, 1), None);
    assert_eq!(regions(&story), (Written::Matched, Some(Verification::Verified)));
    story.when("verify-callback", callback("failed")).refused(Code::BadState);
}
