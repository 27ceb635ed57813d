//! Reminders and overdue levels of the keys that have no alert of their own.

use events::{Body, DeadlineKey, Fact};

use super::mailed;
use crate::{
    notices::notices,
    story::{Story, closing, confirmation},
};

#[test]
fn what_is_overdue_climbs_from_the_desk_to_the_leaders_of_both_sides() {
    let mut story = Story::settled();
    story.until("18/05/2026 09:00").by("snnmt.dau-moi").when("propose-closure", closing());
    story.until("30/05/2026 00:00");
    assert_eq!(
        mailed(&story, "closure level 1"),
        ["E22 to BTG.TT.DM by 20/05 17:00", "E22 to BTG.TT.TP by 20/05 17:00"]
    );
    assert_eq!(
        mailed(&story, "closure level 2"),
        [
            "E22 to BTG.LD by 20/05 17:00",
            "E22 to BTG.TT.DM by 20/05 17:00",
            "E22 to BTG.TT.TP by 20/05 17:00"
        ]
    );
    assert_eq!(
        mailed(&story, "closure level 3"),
        [
            "E22 to BTG.LD by 20/05 17:00",
            "E22 to BTG.TT.DM by 20/05 17:00",
            "E22 to BTG.TT.TP by 20/05 17:00",
            "E22 to SNNMT.LD by 20/05 17:00",
            "E22 to UBND.LD by 20/05 17:00",
        ]
    );
}

#[test]
fn who_is_reminded_stands_on_the_first_rung() {
    let mut story = Story::phoned();
    story.by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
    story.until("16/05/2026 23:30");
    assert_eq!(
        mailed(&story, "compare 50 %"),
        ["E22 to BTG.TT.DM by 16/05 23:52", "E22 to BTG.TT.TP by 16/05 23:52"]
    );
    let mut story = Story::disagreed();
    story.until("17/05/2026 04:00");
    assert_eq!(
        mailed(&story, "statement 50 %"),
        [
            "E22 to BTG.TT.DM by 17/05 02:05",
            "E22 to BTG.TT.TP by 17/05 02:05",
            "E22 to UBND.VX.DM by 17/05 02:05",
            "E22 to UBND.VX.TP by 17/05 02:05",
        ]
    );
    assert_eq!(
        mailed(&story, "dossier 50 %"),
        ["E22 to BTG.TT.DM by 17/05 04:05", "E22 to BTG.TT.TP by 17/05 04:05"]
    );
}

/// The owner of an assignment is its holder, whatever the level.
#[test]
fn an_assignment_s_reminder_goes_to_its_holder() {
    let mut story = Story::phoned();
    story.until("18/05/2026 00:00");
    assert_eq!(
        mailed(&story, "ack 50 %"),
        ["E22 to BTG.LD by 18/05 17:00", "E22 to BTG.TT.TP by 18/05 17:00"]
    );
}

#[test]
fn a_callback_that_is_not_made_names_its_level() {
    let mut story = Story::phoned();
    story.until("17/05/2026 00:00");
    let callback = |fact: &&Fact| matches!(fact.body(), Body::ConfirmationOverdue(said) if said.key == DeadlineKey::Callback);
    let levels = story.facts().iter().filter(callback).map(|fact| {
        let notices = notices(story.case(), fact, &story.policy);
        assert!(notices.iter().all(|notice| notice.alert.id() == "E22"), "{notices:?}");
        (notices.len(), notices[0].alert.level())
    });
    assert_eq!(levels.collect::<Vec<_>>(), [(2, Some(1)), (3, Some(2)), (5, Some(3))]);
}
