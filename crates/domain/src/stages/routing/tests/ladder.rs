//! Who is asked next when nobody acknowledges (command 8).

use super::*;

#[test]
fn each_level_has_its_own_time() {
    let mut story = Story::phoned();
    story.until("16/05/2026 22:21:59");
    assert_eq!(story.case().assignments.len(), 2);
    story.until("16/05/2026 22:22");
    assert_eq!(states(&story)[..2], [AssignmentState::TimedOut; 2]);
    assert_eq!(story.due_of(DeadlineKey::Ack, 1), None);
    assert_eq!(story.due_of(DeadlineKey::Ack, 3).unwrap(), "16/05 22:52");
    assert_eq!(story.case().assignments[2].assignment.level, events::terms::Level::Deputy);
    assert!(story.case().assignments[2].assignment.lead);
    assert!(!story.case().assignments[3].assignment.lead);
}

#[test]
fn after_an_outage_the_next_level_gets_its_full_time() {
    let mut story = Story::phoned();
    story.at("17/05/2026 01:00:00.750").settle();
    story.says_since(
        "16/05/2026 22:04",
        &[
            // Callback levels 2 and 3 are in the same past.
            "16/05 22:18 confirmation.overdue callback level 2, owed by BTG",
            "16/05 22:33 confirmation.overdue callback level 3, owed by BTG",
            "16/05 22:22 routing.fallback-assigned 1 timed out, 3 BTG.TT.DM2 (deputy) leads",
            "16/05 22:22 routing.fallback-assigned 2 timed out, 4 UBND.VX.DM2 (deputy)",
        ],
    );
    assert_eq!(story.due_of(DeadlineKey::Ack, 3).unwrap(), "17/05 01:30");
}

#[test]
fn an_absent_officer_is_passed_over() {
    for (from, until, absent) in [
        ("2026-05-16T08:00", "2026-05-16T21:52", false),
        ("2026-05-16T08:00", "2026-05-16T21:53", true),
        ("2026-05-16T21:52", "2026-05-18T08:00", true),
    ] {
        let mut story = Files::with_organisation(&absence("btg.dau-moi", from, until)).story();
        story.raise(phone()).settle();
        let first = &story.case().assignments[0].assignment;
        assert_eq!(first.holder.as_str(), if absent { "BTG.TT.DM2" } else { "BTG.TT.DM" });
        let skipped: Vec<_> =
            first.skipped.iter().map(|each| (each.office.as_ref().unwrap().as_str(), each.because)).collect();
        assert_eq!(skipped, if absent { vec![("BTG.TT.DM", SkippedBecause::Absent)] } else { vec![] });
    }
}

#[test]
fn when_nobody_below_is_there_the_chief_is_asked_even_if_he_is_absent() {
    let away = ["dau-moi", "dau-moi2", "truong-phong", "lanh-dao"]
        .map(|office| absence(&format!("btg.{office}"), "2026-05-16T08:00", "2026-05-20T08:00"))
        .concat();
    let mut story = Files::with_organisation(&away).story();
    story.raise(phone()).settle();
    let first = &story.case().assignments[0].assignment;
    assert_eq!((first.level, first.holder.as_str()), (events::terms::Level::Chief, "BTG.LD"));
    assert_eq!(first.skipped.len(), 3);
    story.until("16/05/2026 22:22");
    assert!(story.log().contains(&"16/05 22:22 routing.chief-reminded 1 for the 1. time".to_owned()));
}

#[test]
fn a_level_that_nobody_has_is_passed_over() {
    let mut files = Files::default();
    // The deputy's office has no level any more, and the head of the unit is away.
    files.organisation = files.organisation.replacen(
        "Cán bộ đầu mối (dự phòng) Ban Tuyên giáo và Dân vận Tỉnh ủy\"\nrole = \"LO\"\nlevel = \"deputy\"",
        "Chuyên viên\"\nrole = \"LO\"",
        1,
    );
    files.organisation.push_str(&absence("btg.truong-phong", "2026-05-16T22:00", "2026-05-17T22:00"));
    let mut story = files.story();
    story.raise(phone()).settle().until("16/05/2026 22:22");
    let next = &story.case().assignments[2].assignment;
    assert_eq!((next.agency.as_str(), next.level), ("BTG", events::terms::Level::Chief));
    let skipped: Vec<_> = next.skipped.iter().map(|each| (each.level, each.because)).collect();
    assert_eq!(
        skipped,
        [
            (events::terms::Level::Deputy, SkippedBecause::Vacant),
            (events::terms::Level::UnitHead, SkippedBecause::Absent)
        ]
    );
    assert_eq!(next.skipped[0].office, None);
}

#[test]
fn who_becomes_absent_is_passed_over_at_once() {
    let away = absence("btg.dau-moi", "2026-05-16T22:10", "2026-05-17T08:00")
        + &absence("btg.dau-moi2", "2026-05-16T22:30", "2026-05-17T08:00");
    let mut story = Files::with_organisation(&away).story();
    story.raise(phone()).settle().until("16/05/2026 23:00");
    let ladder: Vec<_> =
        story.log().into_iter().filter(|line| line.contains("fallback") && line.contains("BTG")).collect();
    assert_eq!(
        ladder,
        [
            "16/05 22:10 routing.fallback-assigned 1 absent, 3 BTG.TT.DM2 (deputy) leads",
            "16/05 22:30 routing.fallback-assigned 3 absent, 5 BTG.TT.TP (unit head) leads",
            "16/05 23:00 routing.fallback-assigned 5 timed out, 7 BTG.LD (chief) leads",
        ]
    );
}

#[test]
fn an_absence_counts_from_its_beginning_but_not_from_before_the_assignment() {
    let line = |from: &str| {
        let mut story = Story::phoned();
        story.now_under(&Files::with_organisation(&absence("btg.dau-moi", from, "2026-05-17T08:00")));
        story.at("16/05/2026 22:15").settle();
        story.log().into_iter().find(|line| line.contains("fallback-assigned 1 absent")).unwrap()
    };
    let passes = "routing.fallback-assigned 1 absent, 3 BTG.TT.DM2 (deputy) leads";
    assert_eq!(line("2026-05-16T22:10"), format!("16/05 22:10 {passes}"), "while the process was down");
    assert_eq!(line("2026-05-16T08:00"), format!("16/05 21:52 {passes}"), "entered afterwards");
}

#[test]
fn who_was_away_too_long_has_timed_out() {
    let away = absence("btg.dau-moi", "2026-05-16T22:22", "2026-05-17T08:00");
    let mut story = Files::with_organisation(&away).story();
    story.raise(phone()).settle().until("16/05/2026 22:22");
    assert!(story.log().contains(
        &"16/05 22:22 routing.fallback-assigned 1 timed out, 3 BTG.TT.DM2 (deputy) leads".to_owned()
    ));
}

#[test]
fn who_acknowledged_may_go_away() {
    let away = absence("btg.dau-moi", "2026-05-16T22:10", "2026-05-17T08:00");
    let mut story = Files::with_organisation(&away).story();
    story
        .raise(phone())
        .settle()
        .until("16/05/2026 22:05")
        .by("btg.dau-moi")
        .when("acknowledge", ack())
        .settle();
    story.until("16/05/2026 22:15");
    assert_eq!(story.case().assignments.len(), 2);
}

#[test]
fn an_office_that_nobody_holds_any_more_is_passed_over() {
    let mut story = Story::phoned();
    let mut files = Files::default();
    files.organisation = files.organisation.replacen("office = \"BTG.TT.DM\"\n", "office = \"BTG.VT\"\n", 1);
    story.now_under(&files).until("16/05/2026 21:53");
    assert_eq!(asked(&story)[2], "3 BTG BTG.TT.DM2 leads");
}

#[test]
fn the_second_agency_s_ladder_goes_on_while_the_sides_coordinate() {
    let mut story = Story::phoned();
    story.by("btg.dau-moi").when("acknowledge", ack()).settle().until("17/05/2026 12:00");
    story.stands(Lifecycle::InCoordination);
    let ladder: Vec<_> =
        story.log().into_iter().filter(|line| line.contains("UBND.") || line.contains("chief")).collect();
    assert_eq!(
        ladder,
        [
            "16/05 21:52 routing.case-routed 1 BTG.TT.DM leads, 2 UBND.VX.DM",
            "16/05 22:22 routing.fallback-assigned 2 timed out, 3 UBND.VX.DM2 (deputy)",
            "16/05 22:52 routing.fallback-assigned 3 timed out, 4 UBND.VX.TP (unit head)",
            "16/05 23:22 routing.fallback-assigned 4 timed out, 5 UBND.LD (chief)",
            "16/05 23:52 routing.chief-reminded 5 for the 1. time",
            "17/05 00:22 routing.chief-reminded 5 for the 2. time",
            "17/05 00:52 routing.chief-reminded 5 for the 3. time",
        ]
    );
    story.by("ubnd.dau-moi").when("acknowledge", ack()).then(Kind::AssignmentAcknowledged);
}

#[test]
fn a_chief_is_reminded_at_his_period_and_a_lead_that_the_case_waits_for_each_working_day() {
    let mut story = Story::phoned();
    story.until("22/05/2026 18:00");
    let reminded: Vec<_> = story.log().into_iter().filter(|line| line.contains("chief-reminded")).collect();
    assert_eq!(
        reminded,
        [
            "16/05 23:52 routing.chief-reminded 7 for the 1. time",
            "16/05 23:52 routing.chief-reminded 8 for the 1. time",
            "17/05 00:22 routing.chief-reminded 7 for the 2. time",
            "17/05 00:22 routing.chief-reminded 8 for the 2. time",
            "17/05 00:52 routing.chief-reminded 7 for the 3. time",
            "17/05 00:52 routing.chief-reminded 8 for the 3. time",
            "18/05 17:00 routing.chief-reminded 7 for the 4. time",
            "19/05 17:00 routing.chief-reminded 7 for the 5. time",
            "20/05 17:00 routing.chief-reminded 7 for the 6. time",
            "21/05 17:00 routing.chief-reminded 7 for the 7. time",
            "22/05 17:00 routing.chief-reminded 7 for the 8. time",
        ]
    );
    assert_eq!(story.due_of(DeadlineKey::Ack, 7).unwrap(), "25/05 17:00");
    story.by("btg.lanh-dao").when("acknowledge", ack()).settle().stands(Lifecycle::InCoordination);
    let count = story.facts().len();
    story.by("btg.lanh-dao").when("record-position", agree()).until("30/06/2026 00:00");
    assert_eq!(story.facts().len(), count + 1);
}

#[test]
fn after_the_last_reminder_of_a_chief_nothing_is_due() {
    let mut story = Story::phoned();
    story.by("btg.dau-moi").when("acknowledge", ack()).settle();
    story.by("btg.lanh-dao").when("record-position", agree());
    story.by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
    story.by("btg.dau-moi").when("compare-written", verdicts("same")).until("17/05/2026 00:51");
    assert_eq!(story.next_due(), Some(local("17/05/2026 00:52")));
    story.until("17/05/2026 00:52");
    assert_eq!(story.log().pop().unwrap(), "17/05 00:52 routing.chief-reminded 5 for the 3. time");
    assert_eq!(story.due_of(DeadlineKey::Ack, 5).unwrap(), "17/05 01:22", "the mail names a time");
    assert_eq!(story.next_due(), None);
}

#[test]
fn no_chief_is_asked_to_pass_it_on() {
    let mut story = Story::phoned();
    story.until("16/05/2026 23:52");
    let falls = |assignment| stages::Command::Routing(Command::FallBack { assignment });
    let reminds = |assignment, times| stages::Command::Routing(Command::RemindChief { assignment, times });
    for command in [
        falls(0),
        falls(1),
        falls(6),
        falls(7),
        falls(8),
        falls(99),
        reminds(7, 0),
        reminds(7, 1),
        reminds(7, 2),
        reminds(1, 1),
        reminds(99, 1),
    ] {
        story.system(&command).refused(Code::BadState);
    }
    story.at("17/05/2026 00:22");
    story.system(&reminds(7, 3)).refused(Code::BadState);
    story.system(&falls(7)).refused(Code::BadState);
    story.system(&reminds(7, 2)).then(Kind::ChiefReminded);
    story.settle();
    let mut story = Story::phoned();
    story.until("16/05/2026 22:21:59");
    story.system(&falls(1)).refused(Code::BadState);
    story.system(&reminds(1, 1)).refused(Code::BadState);
    story.at("16/05/2026 22:22").system(&falls(2)).then(Kind::FallbackAssigned);
    story.system(&falls(2)).refused(Code::BadState);
    assert_eq!(story.step_of(Stage::Routing).unwrap().name, "fall-back/1");
}

#[test]
fn a_chief_reminder_after_an_outage_starts_a_full_period() {
    let mut story = Story::phoned();
    story.until("16/05/2026 23:30").at("17/05/2026 03:00").settle();
    let reminded: Vec<_> = story.log().into_iter().filter(|line| line.contains("chief-reminded 7")).collect();
    assert_eq!(reminded, ["16/05 23:52 routing.chief-reminded 7 for the 1. time"]);
    assert_eq!(story.due_of(DeadlineKey::Ack, 7).unwrap(), "17/05 03:30");
    assert_eq!(story.case().assignments[6].chief_reminded, 1);
}

#[test]
fn an_ordinary_assignment_is_reminded_of_in_working_time() {
    let mut story = Story::new();
    story.at("18/05/2026 08:00").by("snnmt.dau-moi").raise(with(written(), "/urgency", "thuong")).settle();
    assert_eq!(story.due_of(DeadlineKey::Ack, 1).unwrap(), "19/05 17:00");
    story.until("20/05/2026 17:00");
    let about: Vec<_> =
        story.log().into_iter().filter(|line| line.contains("ack ") || line.contains("fallback")).collect();
    assert_eq!(
        about,
        [
            "19/05 00:30 routing.reminded ack 50 %",
            "19/05 00:30 routing.reminded ack 50 %",
            "19/05 10:24 routing.reminded ack 80 %",
            "19/05 10:24 routing.reminded ack 80 %",
            "19/05 17:00 routing.fallback-assigned 1 timed out, 3 BTG.TT.DM2 (deputy) leads",
            "19/05 17:00 routing.fallback-assigned 2 timed out, 4 UBND.VX.DM2 (deputy)",
            "20/05 05:00 routing.reminded ack 50 %",
            "20/05 05:00 routing.reminded ack 50 %",
            "20/05 12:12 routing.reminded ack 80 %",
            "20/05 12:12 routing.reminded ack 80 %",
            "20/05 17:00 routing.fallback-assigned 3 timed out, 5 BTG.TT.TP (unit head) leads",
            "20/05 17:00 routing.fallback-assigned 4 timed out, 6 UBND.VX.TP (unit head)",
        ]
    );
}

#[test]
fn a_unit_that_ends_hands_what_is_open_to_the_one_that_succeeds_it() {
    let mut files = Files::with_organisation(
        r#"
[[unit]]
id = "BTG.BC"
agency = "BTG"
name = "Phòng Báo chí"
liaison = true
starts = 2026-05-17

[[office]]
id = "BTG.BC.DM"
agency = "BTG"
unit = "BTG.BC"
title = "Cán bộ đầu mối"
role = "LO"
level = "liaison"
email = "dau-moi@bc.btg.tinh.example"

[[officer]]
id = "btg.bao-chi"
name = "Nông Thị Mới"
office = "BTG.BC.DM"
"#,
    );
    let unit = "[[unit]]\nid = \"BTG.TT\"\n";
    let ended = format!("{unit}ends = 2026-05-17\nsuccessor = \"BTG.BC\"\n");
    assert!(files.organisation.contains(unit));
    files.organisation = files.organisation.replacen(unit, &ended, 1);
    let mut story = files.story();
    story.at("16/05/2026 23:50").by("btg.truc-ban").raise(phone()).settle();
    assert_eq!(story.case().assignments[0].assignment.holder.as_str(), "BTG.TT.DM");
    story.until("16/05/2026 23:59:59");
    assert_eq!(story.case().assignments[0].state, AssignmentState::Assigned);
    story.until("17/05/2026 00:00");
    assert_eq!(story.case().assignments[0].state, AssignmentState::TimedOut);
    let next = &story.case().assignments.last().expect("assigned anew").assignment;
    assert_eq!((next.unit.as_str(), next.holder.as_str(), next.lead), ("BTG.BC", "BTG.BC.DM", true));
    story.by("btg.bao-chi").when("acknowledge", ack()).then(Kind::AssignmentAcknowledged);
    // What comes afterwards goes there at once, whatever unit the rule names.
    story.aside().by("btg.truc-ban").raise(with(phone(), "/call/ended_at", "2026-05-16T23:45:00+07:00"));
    story.settle();
    assert_eq!(story.case().assignments[0].assignment.holder.as_str(), "BTG.BC.DM");
}
