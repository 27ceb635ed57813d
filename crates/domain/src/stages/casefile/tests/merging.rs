//! Two cases about the same matter become one (command 41).

use events::{AgencyId, Body, DeadlineKey, Kind, Lifecycle, Urgency};
use serde_json::json;

use crate::{
    Code,
    stages::confirmation::{Verification, Written},
    story::{
        Story, adding, callback, confirmation, explaining, merging, phone, reconciling, task_force, verdicts,
        with, withdrawing, written,
    },
};

const MERGE: &str = "merge";

/// SNNMT has called (case 1); SXD reports the same in writing at 22:30, *khẩn* (case 2).
fn twice(first: fn() -> Story) -> Story {
    let mut story = first();
    let report = with(with(written(), "/raiser", "SXD"), "/document/issuer", "SXD");
    let report = with(report, "/document/symbol", "BC-SXD");
    story.aside().by("sxd.dau-moi").raise(report).settle();
    story
}

/// The first case goes on in the second.
fn merged(first: fn() -> Story) -> Story {
    let mut story = twice(first);
    let into = story.case().id;
    story.turn_to(1).by("btg.truong-phong").when(MERGE, merging(into)).then(Kind::CaseMerged).settle();
    story
}

#[test]
fn the_target_takes_the_intake_with_its_states_and_its_clocks() {
    let mut story = merged(Story::phoned);
    assert_eq!(story.case().lifecycle, Lifecycle::Merged);
    assert_eq!(story.running(), Vec::<String>::new(), "nothing of the source runs");
    assert_eq!(story.turn_to(2).newest().body().kind(), Kind::IntakesAdopted);
    let case = story.case();
    let raisers: Vec<_> = case.intakes.iter().map(|intake| (intake.number, intake.raiser.as_str())).collect();
    assert_eq!(raisers, [(1, "SXD"), (2, "SNNMT")]);
    let taken = case.confirmation(2).unwrap();
    assert_eq!((taken.written, taken.caller), (Written::Pending, Some(Verification::Unverified)));
    assert_eq!(
        story.due_of(DeadlineKey::Written, 2).unwrap(),
        "17/05 05:48",
        "as in the case that it came from"
    );
    assert_eq!(story.due_of(DeadlineKey::Callback, 2).unwrap(), "16/05 22:03");
    story.by("snnmt.van-thu").when("submit-written-confirmation", with(confirmation(), "/intake", 2));
    story.by("btg.dau-moi").when("compare-written", with(verdicts("same"), "/intake", 2));
    assert!(story.case().written_settled());
}

#[test]
fn the_raiser_of_an_adopted_intake_takes_part_and_sees_the_case() {
    let mut story = merged(Story::phoned);
    story.turn_to(2);
    let required: Vec<_> = story.case().required.iter().map(AgencyId::as_str).collect();
    assert_eq!(required, ["SXD", "BTG", "SNNMT"]);
    story.by("snnmt.lanh-dao").when("withdraw", withdrawing()).refused(Code::NotAuthorised);
    let letter = with(with(withdrawing(), "/document/issuer", "UBND"), "/document/symbol", "UBND-VX");
    story.by("ubnd.lanh-dao").when("withdraw", letter).stands(Lifecycle::Withdrawn);
}

#[test]
fn past_coordination_the_agencies_are_consulted() {
    let mut story = twice(Story::agreed);
    let source = story.case().id;
    story.by("btg.truong-phong").when("add-agency", adding("XBM", "consulted")).settle();
    assert_eq!(story.case().id, source);
    let into = story.case_of(1).id;
    story.by("btg.lanh-dao").when(MERGE, merging(into)).turn_to(1);
    let case = story.case();
    assert!(!case.required.contains(&"SXD".into()));
    let consulted: Vec<_> = case.consulted.iter().map(AgencyId::as_str).collect();
    assert_eq!(consulted, ["SXD", "XBM"]);
}

#[test]
fn the_higher_urgency_counts_and_moves_no_due_later() {
    let mut story = merged(Story::phoned);
    assert_eq!(story.turn_to(2).case().urgency, Urgency::HoaToc);
    let acks = [story.due_of(DeadlineKey::Ack, 1), story.due_of(DeadlineKey::Ack, 2)];
    assert_eq!(acks.map(Option::unwrap), ["16/05 22:22", "16/05 22:22"], "half an hour from now, not Monday");
    let mut lower = twice(Story::phoned);
    let into = lower.case_of(1).id;
    lower.by("btg.lanh-dao").when(MERGE, merging(into)).turn_to(1);
    assert_eq!(lower.case().urgency, Urgency::HoaToc);
    assert_eq!(lower.due_of(DeadlineKey::Ack, 1).unwrap(), "16/05 22:22", "nothing changes for the target");
}

/// Of two that are timed, the earlier time counts.
#[test]
fn the_earlier_of_two_times_counts() {
    let mut story = twice(Story::phoned);
    let timed = |by: &str| {
        let by = format!("2026-05-17T{by}:00+07:00");
        json!({ "urgency": "hoa-toc-hen-gio", "deliver_by": by, "reason": "Hẹn giờ." })
    };
    story.by("btg.lanh-dao").when("change-urgency", timed("08:00"));
    let into = story.case().id;
    story.turn_to(1).when("change-urgency", timed("06:00"));
    story.when(MERGE, merging(into)).turn_to(2);
    assert_eq!(story.case().deliver_by, Some(crate::story::local("17/05/2026 06:00")));
}

#[test]
fn what_was_overdue_goes_on_from_where_it_was() {
    let late = || {
        let mut story = Story::phoned();
        story.until("17/05/2026 06:00");
        story
    };
    let mut story = merged(late);
    story.turn_to(2).until("17/05/2026 22:00");
    let levels: Vec<_> = story
        .facts()
        .iter()
        .filter_map(|fact| match fact.body() {
            Body::ConfirmationOverdue(said) if said.key == DeadlineKey::Written => Some(said.level),
            _ => None,
        })
        .collect();
    assert_eq!(levels, [2, 3], "level 1 was recorded in the case that it came from");
    assert_eq!(story.case().confirmation(2).unwrap().written, Written::Overdue);
}

#[test]
fn an_explanation_that_waits_goes_along_with_a_number_of_its_own() {
    let explained = || {
        let mut story = Story::discrepant();
        story.by("snnmt.dau-moi").when("explain-discrepancy", explaining());
        story
    };
    let mut story = merged(explained);
    story.turn_to(2).by("btg.lanh-dao").when("reconcile-discrepancy", with(reconciling(1), "/intake", 2));
    assert_eq!(story.case().confirmation(2).unwrap().written, Written::Reconciled);
}

#[test]
fn both_cases_must_be_the_receivers_own_and_seen() {
    let mut story = twice(Story::phoned);
    let into = story.case_of(1).id;
    story.by("btg.dau-moi").when(MERGE, merging(into)).refused(Code::NotAuthorised);
    story.by("ubnd.lanh-dao").when(MERGE, merging(into)).refused(Code::NotAuthorised);
    story.by("btg.truong-phong").when(MERGE, with(merging(into), "/reason", ""));
    story.refused_at(Code::InvalidData, "reason");
    story.when(MERGE, merging(events::CaseId(uuid::Uuid::nil()))).refused_at(Code::InvalidData, "into");
    let own = story.case().id;
    story.when(MERGE, merging(own)).refused_at(Code::InvalidData, "into");
}

#[test]
fn a_case_is_merged_while_it_can_be_and_into_one_that_lives() {
    let mut story = merged(Story::phoned);
    let source = story.case().id;
    story.by("btg.truong-phong").when(MERGE, merging(source)).refused(Code::BadState);
    story.turn_to(2).when(MERGE, merging(source)).refused_at(Code::InvalidData, "into");
    for first in [Story::disputed as fn() -> Story, Story::directed, Story::closed] {
        let mut story = twice(first);
        let into = story.case().id;
        story.turn_to(1).by("btg.truong-phong").when(MERGE, merging(into)).refused(Code::BadState);
    }
}

#[test]
fn an_exercise_and_a_real_case_are_never_merged() {
    let mut story = Story::new();
    story.by("btg.truc-ban").raise(with(phone(), "/exercise", true)).settle();
    let exercise = story.case().id;
    let report = with(with(written(), "/raiser", "SXD"), "/document/issuer", "SXD");
    story.aside().by("sxd.dau-moi").raise(with(report, "/document/symbol", "BC-SXD")).settle();
    let real = story.case().id;
    story.by("btg.truong-phong").when(MERGE, merging(exercise)).refused_at(Code::InvalidData, "into");
    story.turn_to(1).when(MERGE, merging(real)).refused_at(Code::InvalidData, "into");
}

#[test]
fn a_task_force_that_stands_must_go_first() {
    let mut story = twice(Story::coordinating);
    let into = story.case().id;
    story.turn_to(1).by("btg.truong-phong").when("propose-task-force", task_force());
    story.when(MERGE, merging(into)).refused(Code::TaskForceActive);
    story.when("withdraw-task-force-proposal", json!({ "proposal": 1, "reason": "Gộp vụ việc." }));
    story.when(MERGE, merging(into)).then(Kind::CaseMerged);
}

#[test]
fn a_merged_case_may_be_merged_on_with_all_that_it_took() {
    let mut story = merged(Story::phoned);
    let call = with(phone(), "/raiser", "XBM");
    story.aside().by("btg.truc-ban").raise(call).settle();
    let into = story.case().id;
    story.turn_to(2).by("btg.truong-phong").when(MERGE, merging(into)).turn_to(3);
    let raisers: Vec<_> = story.case().intakes.iter().map(|intake| intake.raiser.as_str()).collect();
    assert_eq!(raisers, ["XBM", "SXD", "SNNMT"]);
    assert_eq!(story.due_of(DeadlineKey::Written, 3).unwrap(), "17/05 05:48");
    story.by("btg.truc-ban").when("verify-callback", with(callback("verified"), "/intake", 3));
    assert_eq!(story.replayed().unwrap().as_ref(), Some(story.case()));
}
