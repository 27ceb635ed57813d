//! What a side says does not depend on the order in which its agencies are named.

use events::coordination::Position;

use super::*;
use crate::{
    stages::coordination::Stated,
    story::{Files, Story, THIRD_SIDE, phone},
};

/// The first round of a case that asks these agencies, after these positions; the raiser's own does not stand.
fn said(side: Side, required: &[&str], positions: &[(&str, Position)]) -> Effective {
    let mut story = Files::with_organisation(THIRD_SIDE).story();
    story.by("btg.truc-ban").raise(phone()).settle().acknowledged("16/05/2026 22:00");
    let mut case = story.case().clone();
    case.required = required.iter().map(|agency| (*agency).into()).collect();
    let mut round = case.open_round().unwrap().clone();
    let stated = |(agency, position): &(&str, Position)| Stated {
        agency: (*agency).into(),
        position: position.clone(),
    };
    round.positions = positions.iter().map(stated).collect();
    effective(&case, &round, side, &story.policy)
}

fn agree() -> Position {
    Position::Agree { note: None }
}

fn disagree() -> Position {
    Position::Disagree { reasons: "Chưa đủ căn cứ".to_owned() }
}

fn counter(text: &str) -> Position {
    Position::Counter { text: text.to_owned() }
}

fn countered(text: &str, author: &str) -> Effective {
    Effective::Counter { text: text.to_owned(), author: author.into() }
}

#[test]
fn a_side_is_missing_until_all_its_agencies_have_spoken_in_whatever_order_they_are_named() {
    for required in [["SNNMT", "SXD", "UBND2"], ["UBND2", "SXD", "SNNMT"], ["SXD", "UBND2", "SNNMT"]] {
        // An agency that the organisation does not know is of no side.
        assert_eq!(said(Side::B, &required, &[("SNNMT", agree())]), Effective::Missing);
        assert_eq!(said(Side::B, &required, &[("SNNMT", agree()), ("SXD", disagree())]), Effective::Split);
    }
    for required in [["CAT", "BCH"], ["BCH", "CAT"]] {
        assert_eq!(said(Side::C, &required, &[("CAT", agree())]), Effective::Missing);
        assert_eq!(said(Side::C, &required, &[("BCH", disagree())]), Effective::Missing);
        assert_eq!(said(Side::C, &required, &[("BCH", disagree()), ("CAT", agree())]), Effective::Disagree);
    }
}

#[test]
fn while_one_is_silent_two_others_do_not_split_a_side() {
    for required in [["SNNMT", "SXD", "UBND"], ["UBND", "SNNMT", "SXD"], ["SNNMT", "UBND", "SXD"]] {
        let positions = [("SNNMT", agree()), ("SXD", disagree())];
        assert_eq!(said(Side::B, &required, &positions), Effective::Missing, "{required:?}");
        assert_eq!(said(Side::B, &required, &[("UBND", disagree())]), Effective::Disagree);
    }
}

#[test]
fn the_common_position_is_one_of_kind() {
    let required = ["SNNMT", "SXD"];
    let both = |one: Position, other: Position| said(Side::B, &required, &[("SNNMT", one), ("SXD", other)]);
    assert_eq!(both(agree(), Position::Agree { note: Some("Đồng ý".to_owned()) }), Effective::Agree);
    assert_eq!(both(disagree(), Position::Disagree { reasons: "Khác".to_owned() }), Effective::Disagree);
    assert_eq!(both(counter("a"), counter("b")), countered("b", "SXD"));
    for (one, other) in [(agree(), disagree()), (agree(), counter("a")), (disagree(), counter("a"))] {
        assert_eq!(both(one.clone(), other.clone()), Effective::Split);
        assert_eq!(both(other, one), Effective::Split);
    }
    let later = [("SNNMT", counter("a")), ("SXD", counter("b")), ("SNNMT", counter("c"))];
    assert_eq!(said(Side::B, &required, &later), countered("c", "SNNMT"));
}

#[test]
fn a_side_of_which_nobody_is_required_says_nothing() {
    assert_eq!(said(Side::C, &["SNNMT", "BTG"], &[("CAT", agree())]), Effective::Missing);
    assert_eq!(said(Side::A, &["SNNMT"], &[]), Effective::Missing);
    let story = Story::phoned();
    assert_eq!(party_sides(story.case(), &story.policy), BTreeSet::from([Side::A, Side::B]));
}
