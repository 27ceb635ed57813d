//! What a side says as a whole.

use super::*;

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
