//! The sides agree after all and take the dossier back (command 26): three keys.

use events::{DeadlineKey, Kind, Lifecycle};
use serde_json::{Value, json};

use super::escalated;
use crate::{
    Code,
    keys::KeyState,
    stages::escalation::Dossier,
    story::{Story, advising, binding, confirming, returning, taking_the_dossier_back, with},
};

const PROPOSE: &str = "propose-dossier-withdrawal";
const CONFIRM: &str = "confirm-dossier-withdrawal";
const ACCEPT: &str = "accept-dossier-withdrawal";

fn letter() -> Value {
    with(taking_the_dossier_back(), "/document/date", "2026-07-14")
}

#[test]
fn both_sides_and_the_secretariat_each_turn_a_key() {
    let mut story = escalated();
    story.by("tu.thu-ky").when("request-more-info", json!({ "agency": "SXD", "question": "Tiến độ?" }));
    story.by("sxd.lanh-dao").when(PROPOSE, letter()).then(Kind::DossierWithdrawalProposed);
    assert!(story.registered().contains(&"46-CV/BTGDVTU-UBND".to_owned()), "{:?}", story.registered());
    story.by("btg.lanh-dao").when(CONFIRM, confirming(1)).then(Kind::DossierWithdrawalAgreed);
    story.stands(Lifecycle::Escalated);
    assert!(story.due_of(DeadlineKey::Info, 1).is_some(), "until the secretariat has given it back");
    story.by("tu.thu-ky").when(ACCEPT, confirming(1)).then(Kind::DossierWithdrawn).stands(Lifecycle::Agreed);
    assert_eq!(story.case().escalation.state, Dossier::DossierWithdrawn);
    assert_eq!(story.settle().running(), Vec::<String>::new());
    assert_eq!(story.case().escalation.withdrawals[0].state, KeyState::Confirmed);
}

#[test]
fn no_key_opens_before_the_one_before_it() {
    let mut story = escalated();
    story.by("btg.lanh-dao").when(CONFIRM, confirming(1)).refused(Code::NoProposal);
    story.by("tu.thu-ky").when(ACCEPT, confirming(1)).refused(Code::NoProposal);
    story.by("btg.lanh-dao").when(PROPOSE, letter());
    story.by("tu.thu-ky").when(ACCEPT, confirming(1)).refused(Code::NoProposal);
    story.by("ubnd.lanh-dao").when(CONFIRM, confirming(2)).refused(Code::NoProposal);
    story.when(CONFIRM, confirming(1)).when(CONFIRM, confirming(1)).refused(Code::NoProposal);
}

#[test]
fn each_key_has_its_own_holder() {
    let mut story = escalated();
    story.by("btg.truong-phong").when(PROPOSE, letter()).refused(Code::NotAuthorised);
    story.by("tu.thu-ky").when(PROPOSE, letter()).refused(Code::NotAuthorised);
    story
        .by("btg.lanh-dao")
        .when(PROPOSE, letter())
        .when(CONFIRM, confirming(1))
        .refused(Code::NotAuthorised);
    story.by("sxd.lanh-dao").when(CONFIRM, confirming(1));
    story.when(ACCEPT, confirming(1)).refused(Code::NotAuthorised);
    story.by("tu.thuong-truc").when(ACCEPT, confirming(1)).refused(Code::NotAuthorised);
}

#[test]
fn one_person_does_not_turn_two_keys_even_after_changing_sides() {
    let mut story = escalated();
    story.by("btg.lanh-dao").when(PROPOSE, letter());
    story.amend(|case| case.escalation.withdrawals[0].by = "ubnd.lanh-dao".into());
    story.by("ubnd.lanh-dao").when(CONFIRM, confirming(1)).refused(Code::SeparationOfDuties);
    story.by("sxd.lanh-dao").when(CONFIRM, confirming(1));
    story.amend(|case| case.escalation.withdrawals[0].proposed.agreed_by = Some("tu.thu-ky".into()));
    story.by("tu.thu-ky").when(ACCEPT, confirming(1)).refused(Code::SeparationOfDuties);
    story.amend(|case| case.escalation.withdrawals[0].by = "tu.thu-ky".into());
    story.when(ACCEPT, confirming(1)).refused(Code::SeparationOfDuties);
}

#[test]
fn a_newer_proposal_begins_anew() {
    let mut story = escalated();
    story.by("btg.lanh-dao").when(PROPOSE, letter());
    story.by("ubnd.lanh-dao").when(CONFIRM, confirming(1));
    story.when(PROPOSE, letter());
    story.by("tu.thu-ky").when(ACCEPT, confirming(1)).refused(Code::NoProposal);
    story.by("btg.lanh-dao").when(CONFIRM, confirming(2));
    story.by("tu.thu-ky").when(ACCEPT, confirming(2)).stands(Lifecycle::Agreed);
}

#[test]
fn an_answer_of_the_standing_body_voids_it() {
    let mut story = escalated();
    story.by("btg.lanh-dao").when(PROPOSE, letter());
    story.by("ubnd.lanh-dao").when(CONFIRM, confirming(1));
    story.by("tu.thu-ky").when("record-directive", returning()).settle();
    assert_eq!(story.case().escalation.withdrawals[0].state, KeyState::Void);
    story.when(ACCEPT, confirming(1)).refused(Code::BadState);
    let mut story = escalated();
    story.until("17/07/2026 11:00").by("tu.thu-ky").when("record-directive", binding());
    story.by("btg.lanh-dao").when(PROPOSE, letter()).refused(Code::BadState);
}

#[test]
fn joint_advice_is_not_taken_back() {
    let mut story = Story::agreed();
    story.by("btg.lanh-dao").when("propose-joint-advice", advising("thuong-truc"));
    story.by("ubnd.lanh-dao").when("confirm-joint-advice", confirming(1));
    let letter = with(letter(), "/document/date", "2026-05-16");
    story.when(PROPOSE, letter).refused(Code::BadState);
}

#[test]
fn the_document_must_be_one() {
    let mut story = escalated();
    story.by("btg.lanh-dao").when(PROPOSE, with(letter(), "/document/date", "2026-07-15"));
    story.refused_at(Code::DocInvalid, "document.date");
    let cover = with(with(letter(), "/document/number", 45), "/document/symbol", "TTr/BTGDVTU");
    story.when(PROPOSE, with(cover, "/document/place", "Nha Trang")).refused_at(Code::DocInvalid, "document");
    story
        .when(PROPOSE, with(letter(), "/document/issuer", "XBM"))
        .refused_at(Code::DocInvalid, "document.issuer");
}
