//! The agreement: drawn up, signed by both sides, in force for its period.

use events::{Actor, Body, Capacity, Kind, directory::AgreementSigned};
use serde_json::{Value, json};

use super::{of_both, plan, signed};
use crate::{
    Code,
    directory::{AgreementState, AwaitedKey},
    story::{Story, clock, with, without},
};

fn state(story: &Story, number: usize) -> AgreementState {
    let known = story.directory();
    known.agreement_state(&known.agreements[number - 1], story.now)
}

fn sign() -> Value {
    json!({ "agreement": 1 })
}

#[test]
fn it_binds_when_both_have_signed_and_not_before() {
    let mut story = Story::new();
    story.by("btg.lanh-dao").tells("propose-agreement", plan());
    assert_eq!(state(&story, 1), AgreementState::Draft, "who draws up has not signed");
    let awaited: Vec<_> = story.directory().awaited_keys(story.now, &story.policy);
    let words = |AwaitedKey { act, number, agency, .. }: &AwaitedKey| format!("{act} {number} {agency}");
    let words: Vec<_> = awaited.iter().map(words).collect();
    assert_eq!(words, ["sign-agreement 1 BTG", "sign-agreement 1 UBND"]);
    story.tells("sign-agreement", sign());
    assert_eq!(state(&story, 1), AgreementState::SignedByOne);
    assert_eq!(story.directory().agreement(story.now), None);
    story.until("17/05/2026 09:00").by("ubnd.lanh-dao").tells("sign-agreement", sign());
    assert_eq!(state(&story, 1), AgreementState::InForce);
    let Body::AgreementSigned(AgreementSigned { in_force: Some(from), .. }) = told(&story) else { panic!() };
    assert_eq!(clock(*from), "17/05 09:00", "the period has begun: it is in force from the second signature");
    assert_eq!(story.directory().awaited_keys(story.now, &story.policy), []);
}

fn told(story: &Story) -> &Body {
    story.of_directory().last().expect("a fact").body()
}

#[test]
fn it_waits_for_its_first_day_and_ends_after_its_last() {
    let mut story = Story::new();
    let body = with(with(plan(), "/from", "2026-06-01"), "/until", "2026-06-30");
    story.by("ubnd.lanh-dao").tells("propose-agreement", body);
    of_both(&mut story, "sign-agreement", &sign());
    assert_eq!(state(&story, 1), AgreementState::Signed);
    story.until("31/05/2026 23:59");
    assert_eq!(state(&story, 1), AgreementState::Signed);
    story.until("01/06/2026 00:00");
    assert_eq!(state(&story, 1), AgreementState::InForce);
    story.until("30/06/2026 23:59");
    assert_eq!(state(&story, 1), AgreementState::InForce);
    story.until("02/07/2026 00:00");
    assert_eq!(state(&story, 1), AgreementState::Expired);
    let last = story.of_directory().last().expect("a fact");
    assert_eq!(crate::story::line(last), "01/07 00:00 directory.agreement-expired");
    assert_eq!(
        story.of_directory().iter().filter(|fact| fact.body().kind() == Kind::AgreementExpired).count(),
        1
    );
}

#[test]
fn the_signature_block_says_in_which_office_and_for_whom() {
    let story = signed();
    let signatures = &story.directory().agreements[0].proposed.signatures;
    let words: Vec<_> = signatures
        .iter()
        .map(|each| (each.agency.to_string(), each.office.to_string(), each.capacity.clone()))
        .collect();
    assert_eq!(
        words,
        [
            ("BTG".to_owned(), "BTG.LD".to_owned(), Capacity::Direct),
            ("UBND".to_owned(), "UBND.LD".to_owned(), Capacity::Direct),
        ]
    );
}

#[test]
fn a_deputy_signs_for_the_head_and_nobody_by_delegation() {
    let files = crate::story::Files::with_organisation(
        "[[office]]\nid = \"BTG.PTB\"\nagency = \"BTG\"\ntitle = \"Phó Trưởng ban\"\nrole = \"AL\"\n\
         deputy_of = \"BTG.LD\"\nemail = \"ptb@btg.tinh.example\"\n\
         [[officer]]\nid = \"btg.pho-ban\"\nname = \"Phó Ban\"\noffice = \"BTG.PTB\"\n",
    );
    let mut story = Story::under(std::sync::Arc::new(files.policy()));
    story.by("btg.pho-ban").tells("propose-agreement", plan()).tells("sign-agreement", sign());
    let Actor::Person { capacity, .. } = &story.of_directory().last().expect("a fact").origin().actor else {
        panic!("a person")
    };
    assert_eq!(*capacity, Capacity::Kt);
    // The head cannot sign once more for the same side.
    story.by("btg.lanh-dao").tells("sign-agreement", sign()).refused(Code::BadState);
    for officer in ["btg.truong-phong", "ubnd.truong-phong", "ubnd.quan-tri"] {
        story.by(officer).tells("sign-agreement", sign()).refused(Code::NotAuthorised);
    }
}

#[test]
fn who_may_draw_it_up_and_who_may_sign() {
    let mut story = Story::new();
    for officer in ["sxd.lanh-dao", "btg.truong-phong", "btg.kiem-tra"] {
        story.by(officer).tells("propose-agreement", plan()).refused(Code::NotAuthorised);
    }
    story.by("ubnd.quan-tri").tells("propose-agreement", plan());
    story.by("sxd.lanh-dao").tells("sign-agreement", sign()).refused(Code::NotAuthorised);
    story.by("ubnd.lanh-dao").tells("sign-agreement", sign());
    story.tells("sign-agreement", sign()).refused(Code::BadState);
    story.tells("sign-agreement", json!({ "agreement": 2 })).refused(Code::NoProposal);
    story.by("btg.lanh-dao").tells("sign-agreement", sign());
    story.tells("sign-agreement", sign()).refused(Code::NoProposal);
}

#[test]
fn nobody_signs_for_both_sides() {
    let mut story = Story::new();
    story.by("btg.lanh-dao").tells("propose-agreement", plan()).tells("sign-agreement", sign());
    super::moves(&mut story, "btg.lanh-dao", "BTG.LD", "UBND.LD");
    story.by("btg.lanh-dao").tells("sign-agreement", sign()).refused(Code::SeparationOfDuties);
}

#[test]
fn a_newer_draft_replaces_the_one_that_waits() {
    let mut story = Story::new();
    story.by("btg.lanh-dao").tells("propose-agreement", plan()).tells("sign-agreement", sign());
    story.by("ubnd.lanh-dao").tells("propose-agreement", with(plan(), "/title", "Kế hoạch mới"));
    assert_eq!((state(&story, 1), state(&story, 2)), (AgreementState::Replaced, AgreementState::Draft));
    story.tells("sign-agreement", sign()).refused(Code::NoProposal);
    of_both(&mut story, "sign-agreement", &json!({ "agreement": 2 }));
    assert_eq!(state(&story, 2), AgreementState::InForce);
}

#[test]
fn what_is_wrong_in_an_agreement_is_said_at_its_field() {
    for (body, field) in [
        (with(plan(), "/title", ""), "title"),
        (with(plan(), "/parent/symbol", "số 1"), "parent.symbol"),
        (with(plan(), "/parent/date", "2027-01-01"), "parent.date"),
        (with(plan(), "/parent/until_year", 2020), "parent.until_year"),
        (with(plan(), "/from", "2027-06-01"), "from"),
        (with(plan(), "/from", "0001-06-01"), "from"),
        (with(plan(), "/until", "2025-12-31"), "until"),
        (with(plan(), "/until", "2026-05-15"), "until"),
        (with(plan(), "/until", "2031-01-01"), "until"),
        (with(plan(), "/funding", ""), "funding"),
        (with(plan(), "/basis/number", 0), "basis.number"),
        (without(plan(), "/basis"), "basis"),
        (with(plan(), "/parties", json!([])), "parties"),
    ] {
        let mut story = Story::new();
        story.by("btg.lanh-dao").tells("propose-agreement", body).refused_at(Code::InvalidData, field);
    }
}

#[test]
fn the_next_one_follows_and_does_not_overlap() {
    let mut story = signed();
    story.by("btg.lanh-dao");
    story.tells("propose-agreement", plan()).refused_at(Code::InvalidData, "from");
    let next = with(with(plan(), "/from", "2027-01-01"), "/until", "2027-12-31");
    story.tells("propose-agreement", next);
    of_both(&mut story, "sign-agreement", &json!({ "agreement": 2 }));
    story.until("01/01/2027 00:00");
    assert_eq!((state(&story, 1), state(&story, 2)), (AgreementState::Expired, AgreementState::InForce));
}

#[test]
fn a_draft_whose_period_is_over_is_not_signed() {
    let mut story = Story::new();
    story.by("btg.lanh-dao").tells("propose-agreement", with(plan(), "/until", "2026-05-20"));
    story.until("21/05/2026 00:00").tells("sign-agreement", sign()).refused(Code::BadState);
    assert_eq!(story.directory().awaited_keys(story.now, &story.policy), []);
}

#[test]
fn nothing_published_by_one_hand_comes_into_force_while_it_is() {
    let mut story = Story::new();
    let publish = |version: &str, at: &str| {
        let files = super::shortened(version);
        json!({ "files": files.policy().texts, "in_force": format!("{at}:00+07:00") })
    };
    story.by("ubnd.quan-tri").tells("publish-policy", publish("2026.2", "2026-06-01T00:00"));
    story.by("btg.lanh-dao").tells("propose-agreement", with(plan(), "/from", "2026-05-20"));
    story.tells("sign-agreement", sign());
    story.by("ubnd.lanh-dao").tells("sign-agreement", sign()).refused(Code::BadState);
    story.until("01/06/2026 00:00").tells("sign-agreement", sign());
    assert_eq!(state(&story, 1), AgreementState::InForce);
    for at in ["2026-06-01T00:00", "2027-03-01T00:00"] {
        story
            .by("ubnd.quan-tri")
            .tells("publish-policy", publish("2026.3", at))
            .refused(Code::TwoKeysRequired);
    }
    story.until("01/01/2027 00:00").tells("publish-policy", publish("2027.1", "2027-01-01T00:00"));
    assert_eq!(story.policy.version, "2027.1", "afterwards an administrator publishes again");
}
