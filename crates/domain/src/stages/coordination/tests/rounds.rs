//! How a round closes, and its clock.

use super::*;

#[test]
fn when_every_side_agrees_the_case_is_agreed() {
    let mut story = Story::coordinating();
    story.says_position("btg.lanh-dao", agree()).stands(Lifecycle::Agreed);
    assert_eq!(recorded(&story).closes, Some(Closes::Agreed));
    assert_eq!(states(&story), [RoundState::Agreed]);
    assert_eq!(story.due_of(DeadlineKey::Position, 1), None);
    assert_eq!(story.case().escalation.state, Dossier::None);
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
    assert_eq!(story.case().escalation.state, Dossier::Drafting);
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
