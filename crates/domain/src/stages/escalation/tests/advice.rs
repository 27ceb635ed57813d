//! Both sides advise together (command 20), and what may come back: noted, returned, directed on (commands 23 to 25).

use events::{
    Body, DeadlineKey, Kind, Lifecycle,
    escalation::{Addressee, Purpose},
};

use crate::{
    Code,
    keys::KeyState,
    stages::{coordination::RoundState, escalation::Dossier},
    story::{
        Story, advising, agree, binding, closing, confirming, disagree, noting, once_more, returning, with,
    },
};

const PROPOSE: &str = "propose-joint-advice";
const CONFIRM: &str = "confirm-joint-advice";

/// Both superiors advise, in the story as it stands.
fn advised(mut story: Story) -> Story {
    story.by("btg.lanh-dao").when(PROPOSE, advising("ban-thuong-vu")).then(Kind::JointAdviceProposed);
    story.by("ubnd.lanh-dao").when(CONFIRM, confirming(1)).then(Kind::CaseEscalated);
    story.settle();
    story
}

#[test]
fn it_goes_up_by_two_keys_as_it_was_proposed() {
    let mut story = Story::agreed();
    story.by("btg.lanh-dao").when(PROPOSE, advising("ban-thuong-vu"));
    assert_eq!(story.case().escalation.state, Dossier::None);
    let proposed = story.case().escalation.advices[0].proposed.digest;
    story.until("17/05/2026 00:10").by("ubnd.lanh-dao").when(CONFIRM, confirming(1));
    story.stands(Lifecycle::Escalated);
    let Body::CaseEscalated(said) = story.newest().body().clone() else { panic!("{:?}", story.newest()) };
    assert_eq!((said.purpose, said.addressee), (Purpose::JointAdvice, Addressee::BanThuongVu));
    assert_eq!((said.digest, said.proposal, said.document), (proposed, Some(1), None));
    assert_eq!(crate::story::clock(said.requested_by), "18/05 00:10");
    let submitted = story.case().escalation.current().unwrap().submitted.clone().unwrap();
    assert_eq!(submitted.content.digest(), proposed);
    assert_eq!(submitted.previous, Lifecycle::Agreed);
    let text = submitted.content.text(story.case(), &story.policy.organisation, submitted.at);
    assert!(text.contains("tham mưu chung") && text.contains("theo từng giai đoạn"), "{text}");
    assert!(!text.contains("CHƯA THỐNG NHẤT"), "{text}");
    assert_eq!(story.case().escalation.state, Dossier::Submitted);
}

#[test]
fn each_superior_has_its_own_key() {
    let mut story = Story::agreed();
    story.by("ubnd.lanh-dao").when(PROPOSE, advising("thuong-truc")).refused(Code::NotAuthorised);
    story.when(CONFIRM, confirming(1)).refused(Code::NoProposal);
    story.by("btg.lanh-dao").when(PROPOSE, with(advising("thuong-truc"), "/advice", " "));
    story.refused_at(Code::InvalidData, "advice");
    story.when(PROPOSE, advising("thuong-truc")).when(CONFIRM, confirming(1)).refused(Code::NotAuthorised);
    story.when(PROPOSE, advising("ban-thuong-vu"));
    story.by("ubnd.lanh-dao").when(CONFIRM, confirming(1)).refused(Code::NoProposal);
    story.when(CONFIRM, confirming(2)).stands(Lifecycle::Escalated);
    let states: Vec<_> = story.case().escalation.advices.iter().map(|key| key.state).collect();
    assert_eq!(states, [KeyState::Replaced, KeyState::Confirmed]);
}

#[test]
fn it_needs_no_disagreement_and_takes_the_place_of_none() {
    for mut story in [Story::phoned(), Story::disputed(), Story::closed()] {
        story.by("btg.lanh-dao").when(PROPOSE, advising("thuong-truc")).refused(Code::BadState);
    }
    let mut story = Story::coordinating();
    story.by("btg.lanh-dao").when(PROPOSE, advising("thuong-truc"));
    story.when("record-position", agree()).stands(Lifecycle::Agreed);
    assert_eq!(story.case().escalation.advices[0].state, KeyState::Void, "the case has moved on");
    story.by("ubnd.lanh-dao").when(CONFIRM, confirming(1)).refused(Code::NoProposal);
}

#[test]
fn an_open_round_is_superseded_and_its_clock_stops() {
    let mut story = advised(Story::coordinating());
    assert_eq!(story.case().rounds[0].state, RoundState::Superseded);
    assert_eq!(
        story.running(),
        ["callback 1: 16/05 21:48 to 16/05 22:03", "written 1: 16/05 21:48 to 17/05 05:48"]
    );
    story.by("tu.thu-ky").when("record-directive", noting()).then(Kind::DirectiveNoted);
    story.stands(Lifecycle::InCoordination).settle();
    assert_eq!(story.case().escalation.state, Dossier::Decided);
    let round = &story.case().open_round().unwrap().opened;
    assert_eq!((round.number, round.turn, round.deemed.clone()), (2, 1, None));
    assert_eq!(story.due_of(DeadlineKey::Position, 2).unwrap(), "17/05 02:05");
    story.by("ubnd.lanh-dao").when("record-position", agree());
    story.by("btg.lanh-dao").when("record-position", disagree()).stands(Lifecycle::Disputed);
    let numbers: Vec<_> = story.case().escalation.dossiers.iter().map(|dossier| dossier.number).collect();
    assert_eq!(numbers, [1, 2], "a dispute has a dossier of its own");
}

#[test]
fn what_is_said_with_the_note_is_asked_on() {
    let mut story = advised(Story::coordinating());
    let note = with(noting(), "/noted/text", "Đề nghị thống nhất thời điểm.");
    story.by("tu.thuong-truc").when("record-directive", note).settle();
    assert_eq!(story.case().open_round().unwrap().opened.proposal, "Đề nghị thống nhất thời điểm.");
}

#[test]
fn noted_it_leaves_an_agreement_as_it_is() {
    let mut story = advised(Story::settled());
    story.by("tu.thu-ky").when("record-directive", noting()).stands(Lifecycle::Agreed).settle();
    assert_eq!((story.case().open_round(), story.due_of(DeadlineKey::Position, 2)), (None, None));
    story.by("btg.dau-moi").when("propose-closure", closing()).then(Kind::ClosureProposed);
}

#[test]
fn it_may_be_directed_on_or_returned() {
    let mut story = advised(Story::agreed());
    let directive = with(binding(), "/binding/document/date", "2026-05-16");
    story.by("tu.thu-ky").when("record-directive", directive).stands(Lifecycle::Directed);
    let mut story = advised(Story::agreed());
    story.by("tu.thu-ky").when("record-directive", returning()).stands(Lifecycle::InCoordination);
    assert_eq!(story.case().escalation.state, Dossier::Returned);
}

#[test]
fn a_returned_dossier_is_coordinated_on_again() {
    let mut story = super::escalated();
    story.by("tu.thu-ky").when("request-more-info", serde_json::json!({ "agency": "SXD", "question": "?" }));
    story.until("15/07/2026 09:00").when("record-directive", returning()).then(Kind::DirectiveReturned);
    assert_eq!(story.due_of(DeadlineKey::Info, 1), None, "the question is void");
    story.settle().stands(Lifecycle::InCoordination);
    let round = &story.case().open_round().unwrap().opened;
    assert_eq!(
        (round.number, round.turn, round.proposal.as_str()),
        (2, 1, "Hai bên thống nhất lại phương án.")
    );
    assert_eq!(story.due_of(DeadlineKey::Position, 2).unwrap(), "17/07 17:00");
    story.by("btg.lanh-dao").when("record-position", agree());
    story.by("ubnd.lanh-dao").when("record-position", agree()).stands(Lifecycle::Agreed);
}

#[test]
fn a_disagreement_is_not_merely_noted_and_a_return_says_on_what() {
    let mut story = super::escalated();
    story.by("tu.thu-ky").when("record-directive", noting()).refused(Code::BadState);
    story.when("record-directive", with(returning(), "/return/text", ""));
    story.refused_at(Code::InvalidData, "return.text");
    story.by("btg.lanh-dao").when("record-directive", returning()).refused(Code::NotAuthorised);
}

#[test]
fn what_waits_to_be_confirmed_does_not_outlive_a_reopening() {
    let mut story = Story::settled();
    story.by("btg.lanh-dao").when(PROPOSE, advising("thuong-truc"));
    story.by("snnmt.lanh-dao").when("reopen-coordination", once_more("Có nội dung mới.")).settle();
    story.by("ubnd.lanh-dao").when(CONFIRM, confirming(1)).refused(Code::NoProposal);
}
