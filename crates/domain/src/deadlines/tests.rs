//! Which deadlines run, what reminds, and what is overdue.

use events::{Kind, Lifecycle};

use super::*;
use crate::story::{
    Files, Story, agree, closing, confirmation, confirming, disagree, local, phone, verdicts, with,
};

fn deadline(key: DeadlineKey, instance: u32) -> Deadline {
    Deadline { key, instance, start: local("16/05/2026 21:48"), due: local("17/05/2026 05:48") }
}

/// The lines about a key.
fn about(story: &Story, key: &str) -> Vec<String> {
    let key = format!(" {key} ");
    story.log().into_iter().filter(|line| line.contains(&key)).collect()
}

#[test]
fn each_deadline_belongs_to_one_stage() {
    let stages = DeadlineKey::ALL.map(stage);
    assert_eq!(
        stages,
        [
            Stage::Confirmation,
            Stage::Routing,
            Stage::Routing,
            Stage::Confirmation,
            Stage::Confirmation,
            Stage::Confirmation,
            Stage::Coordination,
            Stage::Taskforce,
            Stage::Escalation,
            Stage::Escalation,
            Stage::Escalation,
            Stage::Escalation,
            Stage::Closure,
        ]
    );
    let without_levels: Vec<_> = DeadlineKey::ALL.into_iter().filter(|key| !has_levels(*key)).collect();
    assert_eq!(without_levels, [DeadlineKey::Ack]);
}

/// PROCESS §4, the column "Armed while", path by path.
#[test]
fn a_deadline_runs_exactly_while_its_duty_is_open() {
    let open = |story: &Story| {
        let mut keys: Vec<_> = running(story.case()).map(|armed| armed.deadline.key.to_string()).collect();
        keys.sort();
        keys.join(" ")
    };
    let mut story = Story::new();
    story.raise(phone());
    assert_eq!(open(&story), "callback route written");
    story.settle();
    assert_eq!(open(&story), "ack ack callback written");
    story.acknowledged("16/05/2026 21:55");
    assert_eq!(open(&story), "callback position written");
    story.by("btg.truc-ban").when("verify-callback", serde_json::json!({ "result": "verified" }));
    assert_eq!(open(&story), "position written");
    story.by("btg.lanh-dao").when("record-position", agree());
    assert_eq!(open(&story), "written");
    story.by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
    assert_eq!(open(&story), "compare");
    story.by("btg.dau-moi").when("compare-written", verdicts("same"));
    assert_eq!(open(&story), "");
    story.when("propose-closure", closing());
    assert_eq!(open(&story), "closure");
    story.by("ubnd.lanh-dao").when("confirm-closure", confirming(1));
    assert_eq!(open(&story), "");

    let mut story = Story::coordinating();
    story.by("btg.lanh-dao").when("record-position", disagree());
    assert_eq!(open(&story), "callback dossier statement written", "an overdue duty is open still");
}

#[test]
fn no_deadline_runs_for_what_is_not_there() {
    let story = Story::coordinating();
    for key in DeadlineKey::ALL {
        for instance in [0, 9] {
            if (key, instance) == (DeadlineKey::Route, 0) {
                continue;
            }
            assert!(!is_running(story.case(), &deadline(key, instance)), "{key} {instance}");
        }
    }
    assert!(!is_running(story.case(), &deadline(DeadlineKey::Route, 0)));
    assert!(is_running(story.case(), &deadline(DeadlineKey::Written, 1)));
}

#[test]
fn nothing_runs_in_a_case_that_has_ended() {
    for ended in [Lifecycle::Withdrawn, Lifecycle::Cancelled, Lifecycle::Merged, Lifecycle::Closed] {
        for mut story in [Story::phoned(), Story::coordinating(), Story::settled()] {
            let running_before = running(story.case()).count();
            story.amend(|case| case.lifecycle = ended);
            assert_eq!(running(story.case()).count(), 0, "{running_before} ran");
            story.at("30/05/2026 00:00");
            assert_eq!((story.steps().len(), story.next_due()), (0, None));
        }
    }
}

#[test]
fn a_deadline_armed_anew_begins_anew() {
    let mut story = Story::agreed();
    story.until("17/05/2026 13:48");
    let before = *find(story.case(), DeadlineKey::Written, 1).unwrap();
    assert_eq!((before.reminded, before.level), (80, 2));
    let again =
        Deadline { due: local("18/05/2026 05:48"), start: local("17/05/2026 13:48"), ..before.deadline };
    story.amend(|case| take_over(case, &[again], local("17/05/2026 13:48"), None));
    let after = *find(story.case(), DeadlineKey::Written, 1).unwrap();
    assert_eq!((after.reminded, after.level, after.deadline), (0, 0, again));
    assert_eq!(
        story.case().deadlines.iter().filter(|armed| armed.deadline.key == DeadlineKey::Written).count(),
        1
    );
    assert_eq!(story.next_due(), Some(local("17/05/2026 21:48")));
}

#[test]
fn periods_of_two_hours_and_more_are_reminded_of() {
    for (period, reminded) in [("119 min", 0), ("120 min", 2), ("2 h", 2), ("1 h", 0)] {
        let mut files = Files::default();
        files.deadlines = files
            .deadlines
            .replace("[written]\nhoa-toc = \"8 h\"", &format!("[written]\nhoa-toc = \"{period}\""));
        let mut story = files.story();
        story.raise(phone()).settle().until("17/05/2026 04:00");
        let reminders = about(&story, "written").into_iter().filter(|line| line.contains("reminded")).count();
        assert_eq!(reminders, reminded, "{period}");
    }
}

#[test]
fn what_has_been_due_longest_comes_first() {
    let mut story = Story::phoned();
    story.at("16/05/2026 22:40");
    let first = next(story.case(), Stage::Confirmation, story.now, &story.policy).unwrap();
    assert_eq!(first.instance(), format!("overdue/callback/1/1/{}", local("16/05/2026 22:03").timestamp()));
    story.at("17/05/2026 06:00").settle();
    let lines = about(&story, "callback").into_iter().chain(about(&story, "written")).collect::<Vec<_>>();
    assert_eq!(
        lines,
        [
            "16/05 22:03 confirmation.overdue callback level 1, owed by BTG",
            "16/05 22:18 confirmation.overdue callback level 2, owed by BTG",
            "16/05 22:33 confirmation.overdue callback level 3, owed by BTG",
            "17/05 05:48 confirmation.overdue written level 1, owed by SNNMT",
        ]
    );
}

#[test]
fn each_timer_has_its_own_name() {
    let due = local("17/05/2026 05:48");
    let (key, instance, owing) = (DeadlineKey::Written, 1, vec![]);
    let remind = |key, instance, share, due| Timer::Remind(Reminded { key, instance, share, due }).instance();
    let overdue = |key, instance, level, due| {
        Timer::MarkOverdue(Overdue { key, instance, level, due, owing: vec![] }).instance()
    };
    let later = due + TimeDelta::seconds(1);
    let names = [
        remind(key, instance, 50, due),
        remind(key, instance, 80, due),
        remind(key, 2, 50, due),
        remind(DeadlineKey::Compare, instance, 50, due),
        remind(key, instance, 50, later),
        overdue(key, instance, 1, due),
        overdue(key, instance, 2, due),
        overdue(key, 2, 1, due),
        overdue(DeadlineKey::Compare, instance, 1, due),
        overdue(key, instance, 1, later),
    ];
    let different: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(different.len(), names.len());
    // Who owes is a consequence, not another obligation.
    let said = Overdue { key, instance, level: 1, due, owing };
    let owed = Overdue { owing: vec!["SNNMT".into()], ..said.clone() };
    assert_eq!(Timer::MarkOverdue(said).instance(), Timer::MarkOverdue(owed).instance());
}

#[test]
fn the_next_instant_is_the_soonest_that_is_still_to_come() {
    let mut story = Story::phoned();
    let mut instants = Vec::new();
    story.by("btg.truc-ban").when("verify-callback", serde_json::json!({ "result": "verified" }));
    story.acknowledged("16/05/2026 22:05").by("btg.lanh-dao").when("record-position", agree()).settle();
    while let Some(next) = story.next_due() {
        instants.push(crate::story::clock(next));
        story.until_instant(next);
        assert_eq!(story.newest().origin().occurred_at, next, "it is due to the second");
    }
    assert_eq!(instants, ["17/05 01:48", "17/05 04:12", "17/05 05:48", "17/05 13:48", "17/05 21:48"]);
}

#[test]
fn a_timer_fact_happened_when_it_was_due_and_is_recorded_when_it_was_made() {
    let mut story = Story::phoned();
    story.at("18/05/2026 12:00").settle();
    for fact in story.facts().iter().skip(3) {
        assert_eq!(fact.recorded_at, local("18/05/2026 12:00"));
        assert!(fact.origin().occurred_at < fact.recorded_at);
    }
    let kinds: Vec<_> = story.facts().iter().skip(3).map(|fact| fact.body().kind()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == Kind::ConfirmationOverdue).count(), 6);
}

#[test]
fn a_deadline_keeps_the_policy_under_which_it_was_armed() {
    let mut story = Story::phoned();
    let mut files = Files::default();
    files.deadlines = files.deadlines.replace("[written]\nhoa-toc = \"8 h\"", "[written]\nhoa-toc = \"1 h\"");
    files.policy = files.policy.replace("2026.1", "2026.2");
    story.now_under(&files).until("17/05/2026 05:00");
    assert_eq!(about(&story, "written").len(), 2);
    assert_eq!(story.due_of(DeadlineKey::Written, 1).unwrap(), "17/05 05:48");
    assert_eq!(story.newest().origin().policy_version, "2026.2");
    let mut files = Files::default();
    files.deadlines = files.deadlines.replace("hoa-toc = \"30 min\"", "hoa-toc = \"10 min\"");
    let mut story = Story::phoned();
    story.now_under(&files).until("16/05/2026 22:22");
    assert_eq!(story.due_of(DeadlineKey::Ack, 3).unwrap(), "16/05 22:32", "later ones have the new period");
}

#[test]
fn a_timed_express_that_is_almost_over_has_its_levels_one_after_the_other() {
    let mut story = Story::new();
    let body = with(phone(), "/urgency", "hoa-toc-hen-gio");
    story.raise(with(body, "/deliver_by", "2026-05-16T21:53:00+07:00")).settle().until("16/05/2026 22:05");
    assert_eq!(
        about(&story, "written"),
        [
            "16/05 21:53 confirmation.overdue written level 1, owed by SNNMT",
            "16/05 21:58 confirmation.overdue written level 2, owed by SNNMT",
            "16/05 22:03 confirmation.overdue written level 3, owed by SNNMT",
        ]
    );
    // What begins after the wished time has the plain period.
    assert_eq!(story.due_of(DeadlineKey::Ack, 3).unwrap(), "16/05 22:23");
}

#[test]
fn a_deadline_that_is_armed_again_has_timers_of_its_own() {
    let mut story = Story::phoned();
    let overdue = Timer::MarkOverdue(Overdue {
        key: DeadlineKey::Written,
        instance: 1,
        level: 1,
        due: local("17/05/2026 05:48"),
        owing: vec![],
    });
    let before = name(story.case(), &overdue);
    assert_eq!(before, format!("{}/{}", overdue.instance(), local("16/05/2026 21:48").timestamp()));
    let again = Deadline { start: local("16/05/2026 23:00"), ..deadline(DeadlineKey::Written, 1) };
    story.amend(|case| take_over(case, &[again], local("16/05/2026 23:00"), None));
    assert_ne!(name(story.case(), &overdue), before);
}
