//! The clock of the written confirmation.

use super::*;

/// The lines about the written confirmation.
fn about_written(story: &Story) -> Vec<String> {
    story.log().into_iter().filter(|line| line.contains(" written ")).collect()
}

#[test]
fn a_call_logged_late_is_reminded_only_of_what_is_still_to_come() {
    let half = "17/05 01:48 confirmation.reminded written 50 %";
    let most = "17/05 04:12 confirmation.reminded written 80 %";
    let over = "17/05 05:48 confirmation.overdue written level 1, owed by SNNMT";
    for (logged, expected) in [
        ("17/05/2026 01:47:59", vec![half, most, over]),
        ("17/05/2026 01:48", vec![half, most, over]),
        ("17/05/2026 01:48:00.001", vec![most, over]),
        ("17/05/2026 04:12", vec![most, over]),
        ("17/05/2026 04:12:01", vec![over]),
        ("17/05/2026 05:48", vec![over]),
        ("17/05/2026 06:00", vec![over]),
    ] {
        let mut story = Story::new();
        story.at(logged).raise(phone()).settle().until("17/05/2026 07:00");
        assert_eq!(about_written(&story), expected, "{logged}");
        assert_eq!(regions(&story).0, Written::Overdue);
    }
}

#[test]
fn after_an_outage_a_reminder_that_was_overtaken_is_left_out() {
    let half = "17/05 01:48 confirmation.reminded written 50 %";
    let most = "17/05 04:12 confirmation.reminded written 80 %";
    let first = "17/05 05:48 confirmation.overdue written level 1, owed by SNNMT";
    let second = "17/05 13:48 confirmation.overdue written level 2, owed by SNNMT";
    let third = "17/05 21:48 confirmation.overdue written level 3, owed by SNNMT";
    for (back, expected) in [
        ("17/05/2026 01:47:59", vec![]),
        ("17/05/2026 01:48", vec![half]),
        ("17/05/2026 04:11:59", vec![half]),
        ("17/05/2026 04:12", vec![most]),
        ("17/05/2026 05:47:59", vec![most]),
        ("17/05/2026 05:48", vec![first]),
        ("17/05/2026 13:47:59", vec![first]),
        ("17/05/2026 13:48", vec![first, second]),
        ("17/05/2026 21:48", vec![first, second, third]),
        ("20/06/2026 00:00", vec![first, second, third]),
    ] {
        let mut story = Story::phoned();
        story.at(back).settle();
        assert_eq!(about_written(&story), expected, "{back}");
        assert!(story.case().recorded_at == local(back) || expected.is_empty());
    }
}

#[test]
fn each_level_comes_once() {
    let mut story = Story::phoned();
    story.until("17/05/2026 13:48").settle().settle();
    let levels =
        |story: &Story| story.log().iter().filter(|line| line.contains("overdue written level")).count();
    assert_eq!(levels(&story), 2);
    story.until("30/05/2026 00:00");
    assert_eq!(levels(&story), 3);
    story.by("snnmt.van-thu").when(SUBMIT, confirmation()).then(Kind::WrittenReceived);
}

#[test]
fn no_level_follows_on_a_document_that_came() {
    let mut story = Story::phoned();
    story.until("17/05/2026 06:00").by("snnmt.van-thu").when(SUBMIT, confirmation());
    story.by("btg.dau-moi").when("compare-written", verdicts("same")).until("30/05/2026 00:00");
    let last = about_written(&story).pop();
    assert_eq!(last.as_deref(), Some("17/05 05:48 confirmation.overdue written level 1, owed by SNNMT"));
}

#[test]
fn working_days_count_for_urgent_calls_and_shares_in_clock_time() {
    // Saturday night: the day after the call is a Sunday, so the first working day is Monday.
    let mut story = Story::new();
    story.raise(with(phone(), "/urgency", "khan")).settle().until("22/05/2026 00:00");
    assert_eq!(
        about_written(&story),
        [
            "17/05 19:24 confirmation.reminded written 50 %",
            "18/05 08:21:36 confirmation.reminded written 80 %",
            "18/05 17:00 confirmation.overdue written level 1, owed by SNNMT",
            "20/05 12:12 confirmation.overdue written level 2, owed by SNNMT",
        ]
    );
}

#[test]
fn a_timer_that_is_not_due_is_refused() {
    let due = local("17/05/2026 05:48");
    let overdue = |key, instance, level, due| {
        let owing = vec!["SNNMT".into()];
        stages::Command::Confirmation(Command::Timer(Timer::MarkOverdue(Overdue {
            key,
            instance,
            level,
            due,
            owing,
        })))
    };
    let remind = |key, instance, share, due| {
        stages::Command::Confirmation(Command::Timer(Timer::Remind(Reminded { key, instance, share, due })))
    };
    let written = DeadlineKey::Written;
    let mut story = Story::phoned();
    story.by("btg.truc-ban").when("verify-callback", callback("verified"));
    story.until("17/05/2026 05:47:59");
    story.system(&overdue(written, 1, 1, due)).refused(Code::BadState);
    story.system(&remind(written, 1, 80, due)).refused(Code::BadState);
    story.at("17/05/2026 05:48");
    for wrong in [
        overdue(written, 1, 2, due),
        overdue(written, 1, 0, due),
        overdue(written, 2, 1, due),
        overdue(written, 1, 1, due + TimeDelta::seconds(1)),
        overdue(DeadlineKey::Compare, 1, 1, due),
        overdue(DeadlineKey::Callback, 1, 1, due),
        overdue(DeadlineKey::Ack, 1, 1, due),
        remind(written, 1, 50, due),
        remind(written, 1, 80, due),
    ] {
        story.system(&wrong).refused(Code::BadState);
    }
    let mut wrong = Overdue { key: written, instance: 1, level: 1, due, owing: vec!["UBND".into()] };
    story.system(&stages::Command::Confirmation(Command::Timer(Timer::MarkOverdue(wrong.clone()))));
    story.refused(Code::BadState);
    wrong.owing = vec!["SNNMT".into()];
    story.system(&stages::Command::Confirmation(Command::Timer(Timer::MarkOverdue(wrong))));
    story.then(Kind::ConfirmationOverdue);
    story.system(&overdue(written, 1, 1, due)).refused(Code::BadState);
    assert_eq!(story.step_of(Stage::Confirmation), None);
}
