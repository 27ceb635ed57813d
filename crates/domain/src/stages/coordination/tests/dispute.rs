//! Declaring that there is no agreement, and settling the dispute by two keys (commands 16 and 17).

use super::*;
use crate::{
    Decision,
    keys::KeyState,
    story::{confirming, settling},
};

const DECLARE: &str = "declare-dispute";
const PROPOSE: &str = "propose-settlement";
const CONFIRM: &str = "confirm-settlement";

/// BTG counters, and the police have not spoken: the round stays open.
fn countered() -> Story {
    let mut story = under(&Files::with_organisation(THIRD_SIDE), &["CAT"]);
    story.until("16/05/2026 23:00").says_position("btg.lanh-dao", counter("Phương án A"));
    story
}

/// SNNMT has proposed to settle at 23:30.
fn proposed() -> Story {
    proposed_by("snnmt.lanh-dao")
}

fn proposed_by(officer: &str) -> Story {
    let mut story = Story::disputed();
    story.until("16/05/2026 23:30").by(officer).when(PROPOSE, settling()).then(Kind::SettlementProposed);
    story
}

fn keys(story: &Story) -> Vec<KeyState> {
    story.case().settlements.iter().map(|key| key.state).collect()
}

// Declaring (command 16).

#[test]
fn a_leader_of_any_party_declares() {
    for officer in ["btg.lanh-dao", "snnmt.lanh-dao", "ubnd.lanh-dao", "cat.giam-doc"] {
        countered().by(officer).when(DECLARE, json!({})).then(Kind::DisagreementDeclared);
    }
    let mut story = countered();
    for officer in ["btg.truong-phong", "btg.dau-moi", "btg.kiem-tra", "snnmt.truong-phong", "cat.dau-moi"] {
        story.by(officer).when(DECLARE, json!({})).refused(Code::NotAuthorised);
    }
    story.by("sxd.lanh-dao").when(DECLARE, json!({})).refused(Code::NotFound);
    story.consulting(&["SXD"]).when(DECLARE, json!({})).refused(Code::NotAuthorised);
}

#[test]
fn declaring_ends_the_round_and_starts_statements_and_dossier() {
    let mut story = countered();
    let body = json!({ "reason": "Bên A không đồng ý nội dung công bố." });
    story.until("16/05/2026 23:30").by("snnmt.lanh-dao").when(DECLARE, body).stands(Lifecycle::Disputed);
    assert_eq!(states(&story), [RoundState::Disputed]);
    assert_eq!(story.case().escalation.state, Dossier::Drafting);
    assert_eq!(story.due_of(DeadlineKey::Position, 1), None);
    assert_eq!(story.due_of(DeadlineKey::Statement, 1).unwrap(), "17/05 03:30");
    assert_eq!(story.due_of(DeadlineKey::Dossier, 1).unwrap(), "17/05 05:30");
    match story.newest().body() {
        Body::DisagreementDeclared(said) => assert_eq!((said.round, said.side), (1, Side::B)),
        other => panic!("{other:?}"),
    }
    story.by("cat.giam-doc").when("record-position", agree()).refused(Code::BadState);
}

#[test]
fn a_position_against_the_proposal_is_enough_while_a_third_side_is_silent() {
    for position in [disagree(), counter("Khác")] {
        let mut story = under(&Files::with_organisation(THIRD_SIDE), &["CAT"]);
        story.by("snnmt.lanh-dao").when(DECLARE, json!({})).refused(Code::NoDisagreementRecorded);
        story.says_position("btg.lanh-dao", position);
        story.stands(Lifecycle::InCoordination).by("snnmt.lanh-dao").when(DECLARE, json!({}));
        story.then(Kind::DisagreementDeclared);
    }
    let mut story = under(&Files::with_organisation(THIRD_SIDE), &["CAT"]);
    story.says_position("btg.lanh-dao", agree());
    story.by("btg.lanh-dao").when(DECLARE, json!({})).refused(Code::NoDisagreementRecorded);
}

#[test]
fn the_long_silence_of_another_side_is_enough_and_one_s_own_is_not() {
    for (clock, legal) in [
        ("16/05/2026 22:05", false),
        ("17/05/2026 02:05:01", false),
        ("17/05/2026 06:05", false),
        ("17/05/2026 06:05:00.001", true),
        ("17/05/2026 08:00", true),
    ] {
        let mut story = Story::coordinating();
        story.until(clock).by("btg.lanh-dao").when(DECLARE, json!({})).refused(Code::NoDisagreementRecorded);
        for officer in ["snnmt.lanh-dao", "ubnd.lanh-dao"] {
            let mut story = Story::coordinating();
            story.until(clock).by(officer).when(DECLARE, json!({}));
            if legal {
                story.then(Kind::DisagreementDeclared);
            } else {
                story.refused(Code::NoDisagreementRecorded);
            }
        }
    }
}

#[test]
fn a_side_that_is_merely_split_is_ruled_by_its_superior() {
    let mut story = with_required(&["SXD"]);
    story.says_position("sxd.lanh-dao", disagree());
    story.until("17/05/2026 12:00");
    story.by("btg.lanh-dao").when(DECLARE, json!({})).refused(Code::NoDisagreementRecorded);
    // Side A is silent, and that is another matter.
    story.by("ubnd.lanh-dao").when(DECLARE, json!({})).then(Kind::DisagreementDeclared);
}

#[test]
fn a_dispute_is_declared_in_coordination_only() {
    let mut received = Story::new();
    received.by("snnmt.dau-moi").raise(written());
    for story in [&mut received, &mut Story::phoned(), &mut Story::agreed(), &mut Story::disputed()] {
        story.by("btg.lanh-dao").when(DECLARE, json!({})).refused(Code::BadState);
    }
    let mut story = countered();
    for reason in ["", "đ".repeat(2001).as_str()] {
        story.by("btg.lanh-dao").when(DECLARE, json!({ "reason": reason }));
        story.refused_at(Code::InvalidData, "reason");
    }
}

// Settling (command 17).

#[test]
fn leaders_of_the_parties_of_a_and_b_propose() {
    for (officer, side) in
        [("btg.lanh-dao", Side::A), ("snnmt.lanh-dao", Side::B), ("ubnd.lanh-dao", Side::B)]
    {
        let story = proposed_by(officer);
        assert_eq!(story.case().settlements[0].proposed.side, side);
        assert_eq!(story.case().settlements[0].by.as_str(), officer);
    }
    let mut story = countered();
    story.by("btg.lanh-dao").when(DECLARE, json!({})).stands(Lifecycle::Disputed);
    for officer in ["cat.giam-doc", "btg.truong-phong", "snnmt.dau-moi", "btg.kiem-tra"] {
        story.by(officer).when(PROPOSE, settling()).refused(Code::NotAuthorised);
        story.by(officer).when(CONFIRM, confirming(1)).refused(Code::NotAuthorised);
    }
}

#[test]
fn the_other_side_confirms_and_one_person_does_not_turn_both_keys() {
    let mut story = proposed();
    for officer in ["snnmt.lanh-dao", "ubnd.lanh-dao"] {
        story.by(officer).when(CONFIRM, confirming(1)).refused(Code::NotAuthorised);
    }
    let mut files = Files::default();
    files.organisation = files.organisation.replace(
        "name = \"Mai Đình Phúc\"\noffice = \"SNNMT.LD\"",
        "name = \"Mai Đình Phúc\"\noffice = \"BTG.LD\"",
    );
    story.now_under(&files).by("snnmt.lanh-dao").when(CONFIRM, confirming(1));
    story.refused(Code::SeparationOfDuties);
    story.by("btg.lanh-dao").when(CONFIRM, confirming(1)).then(Kind::AgreementReached);
    for officer in ["snnmt.lanh-dao", "ubnd.lanh-dao"] {
        let mut story = proposed_by("btg.lanh-dao");
        story.by(officer).when(CONFIRM, confirming(1)).then(Kind::AgreementReached);
    }
}

#[test]
fn a_settlement_is_an_agreement_after_a_dispute_and_stops_its_clocks() {
    let mut story = proposed();
    assert_eq!(story.due_of(DeadlineKey::Statement, 1).unwrap(), "17/05 03:00");
    story.until("17/05/2026 00:00").by("btg.lanh-dao").when(CONFIRM, confirming(1));
    story.stands(Lifecycle::Agreed);
    match story.newest().body() {
        Body::AgreementReached(said) => assert!(said.after_dispute && said.proposal == 1),
        other => panic!("{other:?}"),
    }
    assert_eq!(keys(&story), [KeyState::Confirmed]);
    assert_eq!(story.case().escalation.state, Dossier::None);
    assert_eq!(states(&story), [RoundState::Disputed]);
    for key in [DeadlineKey::Statement, DeadlineKey::Dossier, DeadlineKey::Position] {
        assert_eq!(story.due_of(key, 1), None, "{key}");
    }
    story.by("snnmt.lanh-dao").when(PROPOSE, settling()).refused(Code::BadState);
}

#[test]
fn the_second_key_names_the_newest_proposal() {
    let mut story = Story::disputed();
    story.by("btg.lanh-dao").when(CONFIRM, confirming(1)).refused(Code::NoProposal);
    let mut story = proposed();
    story.by("btg.lanh-dao").when(PROPOSE, settling()).then(Kind::SettlementProposed);
    assert_eq!(keys(&story), [KeyState::Replaced, KeyState::Pending]);
    story.when(CONFIRM, confirming(2)).refused(Code::NotAuthorised);
    story.by("ubnd.lanh-dao");
    for number in [0, 1, 3] {
        story.when(CONFIRM, confirming(number)).refused(Code::NoProposal);
    }
    story.when(CONFIRM, confirming(2)).stands(Lifecycle::Agreed);
}

#[test]
fn only_a_dispute_is_settled_and_on_a_text() {
    let mut received = Story::new();
    received.by("snnmt.dau-moi").raise(written());
    for story in [&mut received, &mut Story::coordinating(), &mut Story::agreed()] {
        story.by("btg.lanh-dao").when(PROPOSE, settling()).refused(Code::BadState);
        story.when(CONFIRM, confirming(1)).refused(Code::BadState);
    }
    let mut story = Story::disputed();
    for text in ["", " \n", "đ".repeat(2001).as_str()] {
        story.by("btg.lanh-dao").when(PROPOSE, with(settling(), "/text", text));
        story.refused_at(Code::InvalidData, "text");
    }
    story.when(PROPOSE, with(settling(), "/text", "đ".repeat(2000))).then(Kind::SettlementProposed);
}

#[test]
fn every_move_of_the_case_voids_a_proposal_that_waits() {
    let mut story = proposed();
    let round =
        events::coordination::Round { number: 2, turn: 1, proposal: "Lại".to_owned(), deemed: None };
    let transition = events::Transition { from: Some(Lifecycle::Disputed), to: Lifecycle::InCoordination };
    story.forge(Decision {
        occurred_at: story.now,
        body: Body::CoordinationOpened(events::coordination::Opened { round }),
        transition: Some(transition),
        deadlines: Vec::new(),
        registers: None,
        along: None,
        acting: None,
    });
    assert_eq!(keys(&story), [KeyState::Void]);
    story.by("btg.lanh-dao").when("record-position", disagree());
    story.by("ubnd.lanh-dao").when("record-position", disagree()).stands(Lifecycle::Disputed);
    story.by("btg.lanh-dao").when(CONFIRM, confirming(1)).refused(Code::NoProposal);
}
