//! The clock of the consents, and the end of the term.

use super::*;

#[test]
fn consents_are_owed_by_who_has_not_answered() {
    let mut story = Story::asking_for_a_task_force();
    assert_eq!(story.due_of(DeadlineKey::Consent, 1).unwrap(), "17/05 03:50");
    story.until("17/05/2026 01:00").by("btg.lanh-dao").when(CONSENT, consenting_only(1));
    story.until("17/05/2026 13:00");
    let log = story.log_since("16/05/2026 23:51");
    let consent: Vec<_> = log.iter().filter(|line| line.contains(" consent ")).collect();
    assert_eq!(
        consent,
        [
            "17/05 01:50 taskforce.reminded consent 50 %",
            "17/05 03:02 taskforce.reminded consent 80 %",
            "17/05 03:50 taskforce.overdue consent level 1, owed by SNNMT XBM",
            "17/05 07:50 taskforce.overdue consent level 2, owed by SNNMT XBM",
            "17/05 11:50 taskforce.overdue consent level 3, owed by SNNMT XBM",
        ]
    );
    // Silence is no consent, and no refusal; whoever answers late answers.
    assert_eq!(state(&story), TaskforceState::Proposed);
    for officer in ["snnmt.lanh-dao", "xbm.lanh-dao"] {
        story.by(officer).when(CONSENT, consenting_only(1)).then(Kind::ConsentGiven);
    }
    assert_eq!(state(&story), TaskforceState::Consented);
}

#[test]
fn what_is_answered_at_the_due_instant_is_never_overdue() {
    let mut story = Story::asking_for_a_task_force();
    story.at("17/05/2026 03:50");
    for officer in ["btg.lanh-dao", "snnmt.lanh-dao", "xbm.lanh-dao"] {
        story.by(officer).when(CONSENT, consenting_only(1));
    }
    story.until("18/05/2026 00:00");
    assert!(story.log().iter().all(|line| !line.contains("taskforce.overdue")));
}

#[test]
fn the_clock_of_the_consents_stops_when_the_proposal_does_not_wait_any_more() {
    for (stands, begin) in beginnings() {
        let running = begin().due_of(DeadlineKey::Consent, 1).is_some();
        assert_eq!(running, stands == TaskforceState::Proposed, "{stands:?}");
    }
    let mut story = Story::asking_for_a_task_force();
    story.by("btg.lanh-dao").when(WITHDRAW, taking_back(1));
    assert_eq!(story.due_of(DeadlineKey::Consent, 1), None);
}

/// A task force whose term ends with Wednesday 20 May.
fn until_wednesday() -> Story {
    let mut story = Story::agreed();
    story.by("btg.truong-phong").when(PROPOSE, with(task_force(), "/until", "2026-05-20"));
    for (agency, lead) in [("btg", true), ("snnmt", false), ("xbm", false)] {
        let body = consenting(&format!("{agency}.dau-moi"), lead);
        story.by(&format!("{agency}.lanh-dao")).when(CONSENT, body);
    }
    story
}

#[test]
fn the_term_ends_with_the_end_of_its_last_day_and_the_task_force_goes_on() {
    let mut story = until_wednesday();
    story.by("ubnd.lanh-dao").when(ESTABLISH, establishing("UBND")).settle();
    story.until("20/05/2026 23:59:59");
    assert_eq!((story.step_of(Stage::Taskforce), story.next_due()), (None, Some(local("21/05/2026 00:00"))));
    story.until("21/05/2026 00:00");
    assert_eq!(story.log().pop().unwrap(), "21/05 00:00 taskforce.term-ended");
    assert_eq!(state(&story), TaskforceState::Active);
    assert!(story.case().taskforce.formed.as_ref().unwrap().term_ended);
    story.until("30/06/2026 00:00");
    let ends = story.log().iter().filter(|line| line.ends_with("taskforce.term-ended")).count();
    assert_eq!(ends, 1, "once");
    story.by("btg.dau-moi").when("schedule-meeting", meeting()).then(Kind::MeetingScheduled);
    story.by("ubnd.lanh-dao").when(DISSOLVE, dissolving("UBND")).then(Kind::TaskforceDissolved);
}

#[test]
fn an_outage_does_not_lose_the_end_of_the_term() {
    let mut story = until_wednesday();
    story.by("ubnd.lanh-dao").when(ESTABLISH, establishing("UBND")).settle();
    story.at("25/05/2026 08:00").settle();
    assert!(story.log().contains(&"21/05 00:00 taskforce.term-ended".to_owned()));
}

#[test]
fn a_term_that_was_over_before_the_decision_ends_at_once() {
    let mut story = until_wednesday();
    story.until("22/05/2026 09:00").by("ubnd.lanh-dao").when(ESTABLISH, establishing("UBND")).settle();
    assert_eq!(story.log().pop().unwrap(), "22/05 09:00 taskforce.term-ended");
}

#[test]
fn a_term_does_not_end_before_its_time_nor_without_a_task_force() {
    let end = crate::Command::Taskforce(Command::EndTerm);
    for (_, begin) in beginnings() {
        begin().system(&end).refused(Code::BadState);
    }
    let mut story = until_wednesday();
    story.until("25/05/2026 00:00").system(&end).refused(Code::BadState);
    story.by("ubnd.lanh-dao").when(ESTABLISH, establishing("UBND")).settle();
    story.system(&end).refused(Code::BadState);
}

#[test]
fn each_task_force_has_its_own_term() {
    let mut story = until_wednesday();
    story.by("ubnd.lanh-dao").when(ESTABLISH, establishing("UBND")).settle();
    story.until("21/05/2026 08:00").by("ubnd.lanh-dao").when(DISSOLVE, dissolving("UBND"));
    story.by("btg.lanh-dao").when(PROPOSE, with(task_force(), "/until", "2026-05-22"));
    for agency in ["btg", "snnmt", "xbm"] {
        let body = with(consenting(&format!("{agency}.dau-moi"), agency == "btg"), "/proposal", 2);
        story.by(&format!("{agency}.lanh-dao")).when(CONSENT, body);
    }
    let again = with(establishing("UBND"), "/document/number", 58);
    story.by("ubnd.lanh-dao").when(ESTABLISH, again).settle().until("23/05/2026 00:00");
    assert_eq!(story.log().pop().unwrap(), "23/05 00:00 taskforce.term-ended");
}

#[test]
fn the_hour_of_express_timed_hurries_the_consents() {
    let mut story = Story::new();
    let body = with(phone(), "/urgency", "hoa-toc-hen-gio");
    story.raise(with(body, "/deliver_by", "2026-05-17T00:30:00+07:00")).settle();
    story.acknowledged("16/05/2026 22:00").by("btg.lanh-dao").when(PROPOSE, task_force());
    assert_eq!(story.due_of(DeadlineKey::Consent, 1).unwrap(), "17/05 00:30");
}

#[test]
fn a_third_side_takes_part_like_any_other() {
    let mut story = Files::with_organisation(THIRD_SIDE).story();
    story.raise(phone()).settle().acknowledged("16/05/2026 22:00");
    let body = with(task_force(), "/agencies", json!(["BTG", "CAT"]));
    story.by("btg.lanh-dao").when(PROPOSE, body).when(CONSENT, consenting("btg.dau-moi", false));
    story.by("cat.giam-doc").when(CONSENT, consenting("cat.dau-moi", true)).then(Kind::ConsentGiven);
    story.when(ESTABLISH, establishing("CAT")).refused(Code::NotAuthorised);
    story.by("btg.lanh-dao").when(ESTABLISH, establishing("BTG")).then(Kind::TaskforceEstablished);
    story.by("cat.dau-moi").when("assign-task", task_of("btg.dau-moi")).then(Kind::TaskAssigned);
}
