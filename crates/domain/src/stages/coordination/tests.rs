//! Rounds of positions: what a position does, who gives it, and what a side as a whole says (DOMAIN §3.4).

use events::{
    Body, DeadlineKey, Kind, Lifecycle, Stage,
    coordination::{Closes, PositionRecorded},
    terms::Side,
};
use serde_json::{Value, json};

use super::{Command, RoundState};
use crate::{
    Code, sides, stages,
    stages::escalation::Dossier,
    story::{Files, Story, THIRD_SIDE, agree, counter, disagree, phone, with, written},
};

/// SNNMT has raised, with more agencies required; BTG and UBND have acknowledged at 22:05.
fn with_required(agencies: &[&'static str]) -> Story {
    under(&Files::default(), agencies)
}

fn under(files: &Files, agencies: &[&'static str]) -> Story {
    let mut story = files.story();
    story.requiring(agencies).raise(phone()).settle();
    story.by("btg.truc-ban").when("verify-callback", json!({ "result": "verified" }));
    story.acknowledged("16/05/2026 22:05");
    story
}

impl Story {
    fn says_position(&mut self, officer: &str, position: Value) -> &mut Self {
        self.by(officer).when("record-position", position).then(Kind::PositionRecorded)
    }
}

fn recorded(story: &Story) -> &PositionRecorded {
    match story.newest().body() {
        Body::PositionRecorded(recorded) => recorded,
        other => panic!("{other:?}"),
    }
}

/// The text and the author of the next round, if the newest position opens one.
fn next(story: &Story) -> Option<(u32, &str, &str)> {
    match recorded(story).closes.as_ref()? {
        Closes::Next(round) => {
            Some((round.turn, round.proposal.as_str(), round.deemed.as_ref().unwrap().as_str()))
        }
        Closes::Agreed | Closes::Disputed => None,
    }
}

fn states(story: &Story) -> Vec<RoundState> {
    story.case().rounds.iter().map(|round| round.state).collect()
}

// Beginning.

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

// Who speaks.

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

// How a round closes.

#[test]
fn when_every_side_agrees_the_case_is_agreed() {
    let mut story = Story::coordinating();
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::Agreed);
    assert_eq!(recorded(&story).closes, Some(Closes::Agreed));
    assert_eq!(states(&story), [RoundState::Agreed]);
    assert_eq!(story.due_of(DeadlineKey::Position, 1), None);
    assert_eq!(story.case().dossier, Dossier::None);
}

#[test]
fn a_round_stays_open_while_a_side_has_not_spoken() {
    let mut story = Story::coordinating();
    for position in [agree(), disagree(), counter("Phương án B"), agree(), disagree()] {
        story.says_position("ubnd.lanh-dao", position).stands(Lifecycle::InCoordination);
        assert_eq!(recorded(&story).closes, None);
    }
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::Disputed);
}

#[test]
fn a_disagreement_disputes_the_case_and_starts_statements_and_dossier() {
    let mut story = Story::coordinating();
    story.says_position("btg.lanh-dao", disagree()).stands(Lifecycle::Disputed);
    assert_eq!(recorded(&story).closes, Some(Closes::Disputed));
    assert_eq!(states(&story), [RoundState::Disputed]);
    assert_eq!(story.case().dossier, Dossier::Drafting);
    assert_eq!(story.due_of(DeadlineKey::Position, 1), None);
    assert_eq!(story.due_of(DeadlineKey::Statement, 1).unwrap(), "17/05 02:05");
    assert_eq!(story.due_of(DeadlineKey::Dossier, 1).unwrap(), "17/05 04:05");
    story.until("18/05/2026 00:00");
    let escalated: Vec<_> = story.log().into_iter().filter(|line| line.contains("escalation.")).collect();
    assert_eq!(
        escalated,
        [
            "17/05 00:05 escalation.reminded statement 50 %",
            "17/05 01:05 escalation.reminded dossier 50 %",
            "17/05 01:17 escalation.reminded statement 80 %",
            "17/05 02:05 escalation.overdue statement level 1, owed by BTG UBND",
            "17/05 02:53 escalation.reminded dossier 80 %",
            "17/05 04:05 escalation.overdue dossier level 1, owed by BTG",
            "17/05 06:05 escalation.overdue statement level 2, owed by BTG UBND",
            "17/05 10:05 escalation.overdue statement level 3, owed by BTG UBND",
            "17/05 10:05 escalation.overdue dossier level 2, owed by BTG",
            "17/05 16:05 escalation.overdue dossier level 3, owed by BTG",
        ]
    );
}

#[test]
fn one_disagreement_outweighs_every_counterproposal() {
    let mut story = Story::coordinating();
    story.says_position("ubnd.lanh-dao", disagree());
    story.says_position("btg.lanh-dao", counter("Phương án A")).stands(Lifecycle::Disputed);
    let mut story = Story::coordinating();
    story.says_position("ubnd.lanh-dao", counter("Phương án B"));
    story.says_position("btg.lanh-dao", disagree()).stands(Lifecycle::Disputed);
}

#[test]
fn the_latest_position_of_an_agency_counts_and_all_are_kept() {
    let mut story = Story::coordinating();
    story.says_position("snnmt.lanh-dao", disagree());
    story.says_position("snnmt.lanh-dao", counter("Phương án B"));
    story.says_position("snnmt.lanh-dao", agree());
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::Agreed);
    assert_eq!(story.case().rounds[0].positions.len(), 5);
    let mut story = Story::coordinating();
    story.says_position("snnmt.lanh-dao", disagree());
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::Disputed);
}

#[test]
fn a_counterproposal_opens_the_next_round_and_its_author_is_deemed_to_agree() {
    let mut story = Story::coordinating();
    story.until("16/05/2026 23:00").says_position("btg.lanh-dao", counter("Phương án A"));
    story.stands(Lifecycle::InCoordination);
    assert_eq!(next(&story), Some((2, "Phương án A", "BTG")));
    assert_eq!(states(&story), [RoundState::Superseded, RoundState::Open]);
    assert_eq!(story.due_of(DeadlineKey::Position, 1), None);
    assert_eq!(story.due_of(DeadlineKey::Position, 2).unwrap(), "17/05 03:00");
    let round = story.case().open_round().unwrap();
    assert_eq!((round.opened.number, round.positions.len()), (2, 1));
    // The raiser is not deemed to agree again.
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::InCoordination);
    story.says_position("snnmt.lanh-dao", agree()).stands(Lifecycle::Agreed);
    assert_eq!(states(&story), [RoundState::Superseded, RoundState::Agreed]);
}

#[test]
fn the_last_round_that_brings_only_counterproposals_is_a_dispute() {
    let mut story = Story::coordinating();
    story.says_position("btg.lanh-dao", counter("A1"));
    story.says_position("ubnd.lanh-dao", counter("B2"));
    assert_eq!(next(&story), Some((3, "B2", "UBND")));
    story.says_position("btg.lanh-dao", counter("A3")).stands(Lifecycle::Disputed);
    assert_eq!(states(&story), [RoundState::Superseded, RoundState::Superseded, RoundState::Disputed]);
    assert_eq!(story.due_of(DeadlineKey::Statement, 3).unwrap(), "17/05 02:05");

    let mut story = Story::coordinating();
    story.says_position("btg.lanh-dao", counter("A1"));
    story.says_position("ubnd.lanh-dao", counter("B2"));
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::Agreed);
}

#[test]
fn the_policy_says_how_many_rounds_there_are() {
    for (rounds, disputed_in) in [(1, 1), (2, 2), (5, 5)] {
        let mut files = Files::default();
        files.policy = files.policy.replace("max-rounds = 3", &format!("max-rounds = {rounds}"));
        let mut story = under(&files, &[]);
        let mut count = 0;
        for speaker in ["btg", "ubnd"].into_iter().cycle() {
            story.says_position(&format!("{speaker}.lanh-dao"), counter("Khác"));
            count += 1;
            if story.case().lifecycle == Lifecycle::Disputed {
                break;
            }
        }
        assert_eq!(count, disputed_in);
    }
}

#[test]
fn of_two_counterproposals_the_latest_is_put_to_the_next_round() {
    let mut story = Story::coordinating();
    story.says_position("ubnd.lanh-dao", counter("B"));
    story.says_position("btg.lanh-dao", counter("A"));
    assert_eq!(next(&story), Some((2, "A", "BTG")));

    let mut story = with_required(&["SXD"]);
    story.says_position("btg.lanh-dao", counter("A")).stands(Lifecycle::InCoordination);
    story.says_position("ubnd.lanh-dao", counter("B"));
    assert_eq!(next(&story), Some((2, "B", "UBND")));
}

// Sides.

#[test]
fn the_superior_speaks_for_its_side() {
    let mut story = with_required(&["SXD"]);
    story.says_position("sxd.lanh-dao", disagree());
    story.says_position("ubnd.lanh-dao", agree());
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::Agreed);
    // What an agency says after its superior changes nothing.
    let mut story = with_required(&["SXD"]);
    story.says_position("ubnd.lanh-dao", disagree());
    story.says_position("sxd.lanh-dao", agree());
    story.says_position("snnmt.lanh-dao", agree());
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::Disputed);
}

#[test]
fn a_superior_rules_before_all_its_agencies_have_spoken() {
    let mut story = with_required(&["SXD"]);
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::InCoordination);
    story.says_position("ubnd.lanh-dao", agree()).stands(Lifecycle::Agreed);
}

#[test]
fn a_counterproposal_below_a_superior_who_has_spoken_is_not_the_side_s() {
    let mut story = with_required(&["SXD"]);
    story.says_position("ubnd.lanh-dao", counter("UBND"));
    story.says_position("sxd.lanh-dao", counter("SXD"));
    story.says_position("btg.lanh-dao", agree());
    assert_eq!(next(&story), Some((2, "UBND", "UBND")));
}

#[test]
fn two_counterproposals_of_a_side_are_one_with_the_latest_text() {
    for (first, second) in [("snnmt", "sxd"), ("sxd", "snnmt")] {
        let mut story = with_required(&["SXD"]);
        story.says_position(&format!("{first}.lanh-dao"), counter(first));
        story.says_position(&format!("{second}.lanh-dao"), counter(second));
        assert_eq!(recorded(&story).split, None);
        story.says_position("btg.lanh-dao", agree());
        assert_eq!(next(&story), Some((2, second, second.to_uppercase().as_str())));
    }
}

#[test]
fn a_side_whose_agencies_differ_is_split_and_that_is_announced_once_in_a_round() {
    let mut story = with_required(&["SXD"]);
    story.says_position("sxd.lanh-dao", disagree());
    assert_eq!(recorded(&story).split, Some(Side::B));
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::InCoordination);
    assert_eq!(recorded(&story).split, None);
    story.says_position("sxd.lanh-dao", counter("Khác"));
    assert_eq!(recorded(&story).split, None, "still split");
    story.says_position("snnmt.lanh-dao", counter("Khác nữa"));
    assert_eq!(next(&story), Some((2, "Khác nữa", "SNNMT")), "no longer split: both counter");
    story.says_position("sxd.lanh-dao", disagree());
    assert_eq!(recorded(&story).split, Some(Side::B), "in another round it is announced again");
    story.says_position("ubnd.lanh-dao", agree());
    assert_eq!(recorded(&story).split, None);
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::Agreed);
}

#[test]
fn a_side_that_was_split_and_united_again_is_not_announced_twice() {
    let mut story = with_required(&["SXD"]);
    story.says_position("sxd.lanh-dao", disagree());
    assert_eq!(recorded(&story).split, Some(Side::B));
    story.says_position("sxd.lanh-dao", agree());
    story.says_position("sxd.lanh-dao", disagree());
    assert_eq!(recorded(&story).split, None);
    story.says_position("snnmt.lanh-dao", disagree());
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::Disputed);
}

#[test]
fn a_superior_who_has_spoken_leaves_nothing_to_split() {
    let mut story = with_required(&["SXD"]);
    story.says_position("ubnd.lanh-dao", agree());
    story.says_position("sxd.lanh-dao", disagree());
    assert_eq!(recorded(&story).split, None);
}

#[test]
fn a_third_side_must_agree_too() {
    let mut story = under(&Files::with_organisation(THIRD_SIDE), &["CAT"]);
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::InCoordination);
    story.by("cat.dau-moi").when("record-position", agree()).refused(Code::NotAuthorised);
    story.says_position("cat.giam-doc", counter("Phương án C"));
    assert_eq!(next(&story), Some((2, "Phương án C", "CAT")));
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::InCoordination);
    story.says_position("ubnd.lanh-dao", agree()).stands(Lifecycle::Agreed);
}

#[test]
fn a_side_without_a_superior_that_is_split_disagrees_and_nobody_is_asked_to_rule() {
    let mut story = under(&Files::with_organisation(THIRD_SIDE), &["CAT", "BCH"]);
    story.says_position("btg.lanh-dao", agree());
    story.says_position("cat.giam-doc", agree()).stands(Lifecycle::InCoordination);
    story.says_position("bch.chi-huy", counter("Khác")).stands(Lifecycle::Disputed);
    assert_eq!(recorded(&story).split, None);
    story.until("17/05/2026 02:30");
    assert!(
        story.log().contains(
            &"17/05 02:05 escalation.overdue statement level 1, owed by BTG UBND BCH CAT".to_owned()
        ),
        "{:?}",
        story.log()
    );
}

#[test]
fn only_party_sides_count() {
    // UBND raises: nobody else of its side is required, and SNNMT has no say.
    let mut story = Story::new();
    story.raise(with(phone(), "/raiser", "UBND")).settle();
    story.by("btg.dau-moi").when("acknowledge", json!({})).settle();
    story.by("snnmt.lanh-dao").when("record-position", agree()).refused(Code::NotFound);
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::Agreed);
    let parties: Vec<_> = sides::parties(story.case(), &story.policy).into_iter().collect();
    assert_eq!(parties, ["BTG".into(), "UBND".into()]);
    let story = Story::coordinating();
    assert_eq!(sides::parties_of(story.case(), Side::B, &story.policy), ["SNNMT".into(), "UBND".into()]);
    assert_eq!(sides::parties_of(story.case(), Side::C, &story.policy), []);
}

// Its clock.

#[test]
fn who_has_not_spoken_owes() {
    let owed = |story: &mut Story| {
        story.until("17/05/2026 02:05");
        let line = story.log().into_iter().find(|line| line.contains("overdue position level 1"));
        line.unwrap().rsplit_once("owed by ").unwrap().1.to_owned()
    };
    assert_eq!(owed(&mut Story::coordinating()), "BTG");
    assert_eq!(owed(&mut with_required(&["SXD"])), "BTG SXD UBND");
    assert_eq!(owed(with_required(&["SXD"]).says_position("btg.lanh-dao", agree())), "SXD UBND");
    assert_eq!(owed(with_required(&["SXD"]).says_position("sxd.lanh-dao", disagree())), "BTG UBND");
    assert_eq!(owed(with_required(&["SXD"]).says_position("ubnd.lanh-dao", disagree())), "BTG");
}

#[test]
fn a_round_that_does_not_close_is_reminded_of_and_grows_overdue() {
    let mut story = Story::coordinating();
    story.by("btg.truc-ban").when("verify-callback", json!({ "result": "verified" }));
    story.by("snnmt.van-thu").when("submit-written-confirmation", crate::story::confirmation());
    story.by("btg.dau-moi").when("compare-written", crate::story::verdicts("same"));
    story.until("18/05/2026 00:00").stands(Lifecycle::InCoordination);
    story.says_since(
        "16/05/2026 22:06",
        &[
            "17/05 00:05 coordination.reminded position 50 %",
            "17/05 01:17 coordination.reminded position 80 %",
            "17/05 02:05 coordination.overdue position level 1, owed by BTG",
            "17/05 06:05 coordination.overdue position level 2, owed by BTG",
            "17/05 10:05 coordination.overdue position level 3, owed by BTG",
        ],
    );
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::Agreed);
}

#[test]
fn the_next_round_has_levels_of_its_own() {
    let mut story = Story::coordinating();
    story.until("17/05/2026 03:00").says_position("btg.lanh-dao", counter("A"));
    story.until("17/05/2026 07:00");
    assert_eq!(
        story.log().into_iter().filter(|line| line.contains("position level")).collect::<Vec<_>>(),
        [
            "17/05 02:05 coordination.overdue position level 1, owed by BTG",
            "17/05 07:00 coordination.overdue position level 1, owed by SNNMT UBND",
        ]
    );
}

#[test]
fn an_ordinary_round_has_five_working_days() {
    let mut story = Story::new();
    story.at("18/05/2026 08:00").by("snnmt.dau-moi").raise(with(written(), "/urgency", "thuong")).settle();
    story.by("btg.dau-moi").when("acknowledge", json!({})).settle();
    assert_eq!(story.due_of(DeadlineKey::Position, 1).unwrap(), "25/05 17:00");
}
