//! The order of the checks, and acts that are sent again.

use super::*;

#[test]
fn what_is_not_yours_looks_like_what_is_not_there() {
    let mut story = Story::phoned();
    let version = story.case().version;
    story.by("sxd.dau-moi").expecting(99).when("compare-written", verdicts("same")).refused(Code::NotFound);
    let hidden = story.by("sxd.lanh-dao").when("acknowledge", json!({})).why();
    assert_eq!(story.case().version, version);
    let mut nothing = Story::new();
    let absent = nothing.by("btg.dau-moi").when("acknowledge", json!({})).why();
    assert_eq!(hidden, absent);
}

#[test]
fn rights_come_before_the_expected_version_and_that_before_state_and_guards() {
    let mut story = Story::phoned();
    let bad = || with(confirmation(), "/document/number", 0);
    let act = "submit-written-confirmation";
    story.until("16/05/2026 23:00").by("snnmt.van-thu").when(act, confirmation()).then(Kind::WrittenReceived);
    story.by("sxd.van-thu").expecting(1).when(act, bad()).refused(Code::NotFound);
    story
        .by("ubnd.truong-phong")
        .expecting(1)
        .when("compare-written", verdicts("same"))
        .refused(Code::NotAuthorised);
    story.by("btg.van-thu").expecting(1).when(act, bad()).refused(Code::NotAuthorised);
    story.by("snnmt.van-thu").expecting(1).when(act, bad()).refused(Code::Conflict);
    story.by("snnmt.van-thu").when(act, bad()).refused(Code::WrittenNotExpected);
}

#[test]
fn a_version_ahead_of_the_case_is_a_conflict_too_and_the_present_one_is_none() {
    let mut story = Story::phoned();
    let version = story.case().version;
    story.by("btg.dau-moi");
    story.expecting(version + 1).when("acknowledge", json!({})).refused(Code::Conflict);
    story.expecting(version - 1).when("acknowledge", json!({})).refused(Code::Conflict);
    story.expecting(version).when("acknowledge", json!({})).then(Kind::AssignmentAcknowledged);
}

#[test]
fn an_administrator_sees_no_case_and_an_auditor_may_do_nothing_in_it() {
    let mut story = Files::with_organisation(
        r#"
        [[office]]
        id = "BTG.QT"
        agency = "BTG"
        title = "Quản trị"
        role = "AD"
        email = "quan-tri@btg.tinh.example"

        [[officer]]
        id = "btg.quan-tri"
        name = "Quản trị"
        office = "BTG.QT"
        "#,
    )
    .story();
    story.raise(phone()).settle();
    for (act, body) in acts_with_bodies().filter(|(act, _)| *act != "raise") {
        story.by("btg.quan-tri").when(act, body.clone()).refused(Code::NotFound);
        story.by("btg.kiem-tra").when(act, body).refused(Code::NotAuthorised);
    }
    let mut fresh = Story::new();
    fresh.by("btg.kiem-tra").raise(phone()).refused(Code::NotAuthorised);
}

#[test]
fn the_system_does_no_act_of_a_person() {
    let mut story = Story::phoned();
    for (name, body) in acts_with_bodies() {
        let command = Command::parse(act(name).unwrap(), body).unwrap();
        story.system(&command).refused(Code::NotAuthorised);
    }
    for body in [phone(), written()] {
        let command = Command::parse(act("raise").unwrap(), body).unwrap();
        let ctx = Context::of_system(story.now, &story.policy);
        let id = CommandId::of_step(CaseId(uuid::Uuid::nil()), "raise");
        let refusal = decide(None, id, None, &command, &ctx).unwrap_err();
        assert_eq!(refusal.code, Code::NotAuthorised);
    }
}

#[test]
fn a_person_gives_no_command_of_the_system() {
    let mut story = Story::new();
    story.raise(phone());
    let mut automatic = BTreeSet::new();
    for clock in ["16/05/2026 21:52", "16/05/2026 22:30", "17/05/2026 00:00", "17/05/2026 06:00"] {
        story.at(clock);
        for step in story.steps() {
            assert!(story.would(&step).is_ok(), "{step:?}");
            story.by("btg.lanh-dao").usurps(&step.command).refused(Code::NotAuthorised);
            automatic.insert(step.command.stage());
        }
        story.settle();
    }
    assert_eq!(automatic.len(), 3, "intake, confirmation and routing had something to do");
    let timer = Timer::Remind(events::terms::Reminded {
        key: events::DeadlineKey::Position,
        instance: 1,
        share: 50,
        due: story.now,
    });
    for command in [
        Command::Coordination(coordination::Command::Open),
        Command::Coordination(coordination::Command::Timer(timer.clone())),
        Command::Taskforce(taskforce::Command::EndTerm),
        Command::Taskforce(taskforce::Command::Timer(timer.clone())),
        Command::Escalation(escalation::Command::Timer(timer.clone())),
        Command::Closure(closure::Command::Timer(timer)),
    ] {
        story.usurps(&command).refused(Code::NotAuthorised);
    }
}

#[test]
fn without_a_case_there_is_nothing_but_raising() {
    let mut story = Story::new();
    for (name, body) in acts_with_bodies().filter(|(act, _)| *act != "raise") {
        story.by("btg.lanh-dao").when(name, body).refused(Code::NotFound);
    }
    story.usurps(&Command::Intake(intake::Command::Number)).refused(Code::NotFound);
}

#[test]
fn a_case_is_raised_once() {
    let mut story = Story::phoned();
    story.by("btg.truc-ban").raise(phone()).refused(Code::BadState);
}

#[test]
fn every_stage_proposes_only_commands_of_its_own() {
    let mut story = Story::coordinating();
    for clock in ["17/05/2026 00:06", "17/05/2026 02:05", "17/05/2026 06:00"] {
        story.at(clock);
        for stage in Stage::ALL {
            if let Some(step) = story.step_of(stage) {
                assert_eq!(step.command.stage(), stage);
            }
        }
        story.settle();
    }
    assert_eq!(story.step_of(Stage::Document), None);
}

#[test]
fn nothing_happens_in_a_case_that_is_closed() {
    let mut story = Story::settled();
    story.until("17/05/2026 08:00").by("snnmt.dau-moi").when("propose-closure", closing());
    story.by("btg.lanh-dao").when("confirm-closure", confirming(1)).stands(Lifecycle::Closed);
    story.settle();
    let version = story.case().version;
    assert_eq!(story.next_due(), None);
    for (name, body) in acts_with_bodies().filter(|(act, _)| *act != "raise") {
        for officer in ["btg.dau-moi", "btg.lanh-dao", "snnmt.lanh-dao", "ubnd.lanh-dao"] {
            let refusal = story.by(officer).when(name, body.clone()).why();
            assert!(
                matches!(refusal.code, Code::BadState | Code::NotAuthorised),
                "{name} by {officer}: {refusal}"
            );
        }
    }
    story.until("01/12/2026 00:00");
    assert_eq!(story.case().version, version);
}

#[test]
fn a_repeat_gives_the_first_fact_again_whatever_has_happened_since() {
    let mut story = Story::new();
    story.by("btg.truc-ban").key("k").raise(phone()).settle();
    story.key("k").raise(phone()).repeats(1);
    story.until("16/05/2026 22:00").by("btg.dau-moi").key("a").when("acknowledge", json!({}));
    let acknowledged = story.then(Kind::AssignmentAcknowledged).case().version;
    story.until("17/05/2026 12:00").by("btg.dau-moi").key("a").expecting(1).when("acknowledge", json!({}));
    story.repeats(acknowledged);
    story.by("btg.truc-ban").key("k").raise(phone()).repeats(1);
}

#[test]
fn a_repeat_is_answered_before_rights_are_asked() {
    let mut story = Story::settled();
    story.until("17/05/2026 08:00").by("snnmt.dau-moi").key("c").when("propose-closure", closing());
    let proposed = story.case().version;
    let mut files = Files::default();
    files.organisation = files.organisation.replace(
        "name = \"Phan Văn Lợi\"\noffice = \"SNNMT.VP.DM\"",
        "name = \"Phan Văn Lợi\"\noffice = \"SNNMT.VT\"",
    );
    story.now_under(&files);
    story.when("propose-closure", closing()).refused(Code::NotAuthorised);
    story.key("c").when("propose-closure", closing()).repeats(proposed);
}

#[test]
fn a_repeat_by_one_who_may_not_see_the_case_shows_nothing() {
    let mut story = Story::settled();
    story.until("17/05/2026 08:00").by("snnmt.dau-moi").key("c").when("propose-closure", closing());
    let mut files = Files::default();
    files.organisation = files.organisation.replace(
        "name = \"Phan Văn Lợi\"\noffice = \"SNNMT.VP.DM\"",
        "name = \"Phan Văn Lợi\"\noffice = \"SXD.VP.DM\"",
    );
    story.now_under(&files).key("c").when("propose-closure", closing()).refused(Code::NotFound);
}

#[test]
fn a_key_with_another_body_is_refused_and_another_officers_key_is_another_key() {
    let mut story = Story::new();
    story.by("btg.truc-ban").key("k").raise(phone()).settle();
    story.key("k").raise(with(phone(), "/title", "Việc khác")).refused(Code::IdempotencyKeyReused);
    story.by("ubnd.dau-moi").key("a").when("acknowledge", json!({})).then(Kind::AssignmentAcknowledged);
    story.by("btg.dau-moi").key("a").when("acknowledge", json!({})).then(Kind::AssignmentAcknowledged);
    story.key("a").when("verify-callback", callback("verified")).refused(Code::IdempotencyKeyReused);
}

#[test]
fn a_refusal_is_decided_afresh() {
    let mut story = Story::agreed();
    story.by("btg.dau-moi").key("c").when("propose-closure", closing()).refused(Code::WrittenNotSettled);
    story.until("17/05/2026 00:30").by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
    story.by("btg.dau-moi").when("compare-written", verdicts("same"));
    story.key("c").when("propose-closure", closing()).then(Kind::ClosureProposed);
}

#[test]
fn a_step_has_one_name_in_every_process_and_makes_one_fact() {
    let mut story = Story::new();
    story.raise(phone());
    let first = story.steps();
    assert_eq!(first, story.steps());
    let names: Vec<_> = first.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["number", "route-by-rule"]);
    let ids: BTreeSet<_> = first.iter().map(|step| step.command_id(story.case().id)).collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(first[0].command_id(story.case().id), first[0].command_id(CaseId(uuid::Uuid::nil())));
    story.settle();
    for (step, version) in first.iter().zip([2, 3]) {
        match story.would(step) {
            Ok(Outcome::Repeat(receipt)) => assert_eq!(receipt.version, version),
            other => panic!("{other:?}"),
        }
    }
}
