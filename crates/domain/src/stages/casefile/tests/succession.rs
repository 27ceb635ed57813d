//! Agencies end and have successors (DOMAIN §3.4 rule 5).

use events::{AgencyId, Body, DeadlineKey, Kind, Lifecycle, terms::Side};
use serde_json::json;

use crate::{
    Code,
    keys::KeyState,
    stages::{escalation::ItemState, routing::AssignmentState, taskforce::TaskforceState},
    story::{
        Files, Story, adding, agree, counter, declining, disagree, dissolving, phone, report, settling,
        statement, with,
    },
};

/// SXD is no more from 17 May on, and `successor` takes its place.
fn without_sxd(successor: &str) -> Files {
    Files::default().ending("SXD", "2026-05-17", successor)
}

/// SXD takes part in the round; at midnight it ends.
fn joined(role: &str) -> Story {
    let mut story = Story::coordinating();
    story.by("btg.truong-phong").when("add-agency", adding("SXD", role)).settle();
    story
}

fn ends(story: &mut Story, successor: &str) {
    story.now_under(&without_sxd(successor)).until("17/05/2026 00:00");
}

fn agencies(list: &[&str]) -> Vec<AgencyId> {
    list.iter().map(|id| AgencyId::from(*id)).collect()
}

#[test]
fn at_the_day_and_not_before_the_successor_has_the_part_and_the_assignment() {
    let mut story = joined("required");
    story.now_under(&without_sxd("XBM"));
    story.until("16/05/2026 23:59");
    assert!(story.case().required.contains(&"SXD".into()));
    story.until("17/05/2026 00:00");
    assert_eq!(story.case().required, agencies(&["SNNMT", "BTG", "XBM"]));
    let Body::DutiesTransferred(said) = story.newest().body() else { panic!("{:?}", story.newest()) };
    assert_eq!((said.from.as_str(), said.to.as_str()), ("SXD", "XBM"));
    let next = said.assignments[0].next.as_ref().expect("assigned anew");
    assert_eq!((next.agency.as_str(), next.holder.as_str(), next.lead), ("XBM", "XBM.VP.DM", false));
    assert_eq!(story.due_of(DeadlineKey::Ack, next.number).as_deref(), Some("17/05 00:30"));
    let states: Vec<_> = story.case().assignments.iter().map(|each| each.state).collect();
    assert!(states.ends_with(&[AssignmentState::Rerouted, AssignmentState::Assigned]), "{states:?}");
    story.by("xbm.dau-moi").when("acknowledge", json!({})).then(Kind::AssignmentAcknowledged);
}

#[test]
fn an_agency_that_is_no_more_acts_no_more_and_its_successor_does() {
    let mut story = joined("required");
    ends(&mut story, "XBM");
    story.by("sxd.lanh-dao").when("record-position", agree()).refused(Code::NotAuthorised);
    story.by("xbm.lanh-dao").when("record-position", agree()).then(Kind::PositionRecorded);
}

#[test]
fn where_the_successor_has_the_part_already_it_keeps_one_and_the_greater() {
    let mut consulted = joined("consulted");
    ends(&mut consulted, "SNNMT");
    assert_eq!(consulted.case().required, agencies(&["SNNMT", "BTG"]));
    assert_eq!(consulted.case().consulted, agencies(&[]));
    let mut required = joined("required");
    required.by("btg.truong-phong").when("add-agency", adding("XBM", "consulted")).settle();
    ends(&mut required, "XBM");
    assert_eq!(required.case().required, agencies(&["SNNMT", "BTG", "XBM"]));
    assert_eq!(required.case().consulted, agencies(&[]));
    let Body::DutiesTransferred(said) = required.newest().body() else { panic!("{:?}", required.newest()) };
    assert_eq!(said.assignments[0].next, None, "it is asked once, by its own assignment");
    let ended = said.assignments[0].assignment;
    let state = required
        .case()
        .assignments
        .iter()
        .find(|each| each.assignment.number == ended)
        .map(|each| each.state);
    assert_eq!(state, Some(AssignmentState::Ended));
}

#[test]
fn who_declined_is_asked_in_the_person_of_the_successor() {
    let mut story = joined("required");
    story.by("sxd.dau-moi").when("decline", declining()).settle();
    ends(&mut story, "XBM");
    assert_eq!(story.running().iter().filter(|line| line.starts_with("route")).count(), 0);
    assert!(story.due_of(DeadlineKey::Ack, 4).is_some());
}

#[test]
fn what_the_agency_said_is_its_successors_word_unless_that_one_spoke_itself() {
    let mut silent = joined("required");
    silent.by("btg.lanh-dao").when("record-position", agree());
    silent.by("sxd.lanh-dao").when("record-position", disagree()).settle();
    silent.stands(Lifecycle::InCoordination);
    let mut spoken = silent;
    ends(&mut spoken, "SNNMT");
    // The raiser is deemed to agree in the first round: that is its own word, and both sides agree now.
    spoken.stands(Lifecycle::Agreed);
    assert_eq!(spoken.newest().body().kind(), Kind::CoordinationReevaluated);

    let mut heir = joined("required");
    heir.by("btg.lanh-dao").when("record-position", counter("Chỉ nêu số liệu đã kiểm tra.")).settle();
    ends(&mut heir, "XBM");
    heir.stands(Lifecycle::InCoordination);
    heir.by("xbm.lanh-dao").when("record-position", agree()).settle();
    assert_eq!(heir.case().rounds.len(), 2, "the counterproposal opens the next round");
}

#[test]
fn a_side_may_be_split_by_it_and_then_its_superior_rules() {
    let files = without_sxd("XBM");
    let mut story = joined("required");
    story.by("btg.lanh-dao").when("record-position", agree());
    story.by("btg.truong-phong").when("add-agency", adding("XBM", "consulted"));
    story.by("sxd.lanh-dao").when("record-position", disagree()).settle();
    story.now_under(&files).until("17/05/2026 00:00");
    let case = story.case();
    assert_eq!(case.rounds[0].split, [Side::B], "split before, and told once");
    story.by("ubnd.lanh-dao").when("record-position", agree()).settle().stands(Lifecycle::Agreed);
}

#[test]
fn the_raisers_successor_owes_the_document_and_may_take_the_case_back() {
    let mut story = Story::new();
    story.now = crate::story::local("16/05/2026 21:52");
    story.by("sxd.dau-moi").raise(with(phone(), "/raiser", "SXD")).settle();
    ends(&mut story, "XBM");
    assert_eq!(story.case().raiser, "XBM".into());
    assert_eq!(story.case().intakes[0].raiser, "XBM".into());
    let letter = with(crate::story::confirmation(), "/document/issuer", "XBM");
    let letter = with(with(letter, "/document/symbol", "BC-UBND"), "/document/date", "2026-05-17");
    story.by("xbm.van-thu").when("submit-written-confirmation", letter).then(Kind::WrittenReceived);
}

#[test]
fn instructions_and_questions_pass_on_and_what_is_done_stays() {
    let mut story = Story::directed();
    story.by("sxd.lanh-dao").when("report-implementation", report(1, 801, "SXD", "2026-05-16")).settle();
    ends(&mut story, "XBM");
    let owners = |story: &Story| -> Vec<String> {
        story.case().escalation.instructions.iter().map(|item| item.instruction.agency.to_string()).collect()
    };
    assert_eq!(owners(&story), ["XBM", "SNNMT", "SNNMT"]);
    story.by("tu.thu-ky").when("accept-implementation", json!({ "item": 1 })).settle();
    assert_eq!(story.case().escalation.instructions[0].state, ItemState::Accepted);

    let mut done = Story::directed();
    done.by("sxd.lanh-dao").when("report-implementation", report(1, 801, "SXD", "2026-05-16"));
    done.by("tu.thu-ky").when("accept-implementation", json!({ "item": 1 })).settle();
    ends(&mut done, "XBM");
    assert_eq!(owners(&done)[0], "SXD", "what was accepted stays whose it was");

    let mut asked = Story::escalated();
    asked
        .by("tu.thu-ky")
        .when("request-more-info", json!({ "agency": "SXD", "question": "Tiến độ?" }))
        .settle();
    ends(&mut asked, "XBM");
    asked
        .by("xbm.lanh-dao")
        .when("supply-info", json!({ "request": 1, "answer": "Đạt 60 %." }))
        .then(Kind::InfoSupplied);
}

#[test]
fn a_task_force_keeps_its_seats_and_one_for_each_agency() {
    let mut active = Story::with_task_force();
    let files = Files::default().ending("XBM", "2026-05-17", "SXD");
    active.now_under(&files).until("17/05/2026 00:00");
    let formed = active.case().taskforce.formed.as_ref().expect("a task force");
    assert_eq!(
        formed.mandate.agencies.iter().map(AgencyId::as_str).collect::<Vec<_>>(),
        ["BTG", "SNNMT", "SXD"]
    );

    let founder = Files::default().ending("SNNMT", "2026-05-17", "XBM");
    let mut merged = Story::with_task_force();
    merged.now_under(&founder).until("17/05/2026 00:00");
    let formed = merged.case().taskforce.formed.as_ref().expect("a task force");
    assert_eq!(formed.mandate.agencies.len(), 2);
    assert_eq!(formed.members.iter().filter(|member| member.agency == "XBM".into()).count(), 1);
    merged.by("ubnd.lanh-dao").when("dissolve-task-force", dissolving("UBND")).settle();
    assert_eq!(merged.case().taskforce.state, TaskforceState::Dissolved);

    let mut proposed = Story::asking_for_a_task_force();
    proposed.now_under(&founder).until("17/05/2026 00:00");
    let asked = &proposed.case().taskforce.proposal.as_ref().expect("a proposal").mandate.agencies;
    assert_eq!(asked.iter().map(AgencyId::as_str).collect::<Vec<_>>(), ["BTG", "XBM"]);
    assert_eq!(proposed.case().taskforce.state, TaskforceState::Proposed, "nobody has agreed for another");
}

#[test]
fn successors_of_successors_are_found_and_nobody_new_is_asked_of_one_that_ended() {
    let mut files = without_sxd("XBM");
    files = files.ending("XBM", "2026-05-17", "SNNMT");
    let mut story = joined("required");
    story.now_under(&files).until("17/05/2026 00:00");
    assert_eq!(story.case().required, agencies(&["SNNMT", "BTG"]));
    story
        .by("btg.truong-phong")
        .when("add-agency", adding("XBM", "consulted"))
        .refused_at(Code::InvalidData, "agency");
}

#[test]
fn an_agency_without_a_successor_keeps_its_name_in_the_case() {
    let mut files = Files::default().ending("SXD", "2026-05-17", "XBM");
    files.organisation = files.organisation.replace("successor = \"XBM\"\n", "");
    let mut story = joined("required");
    story.now_under(&files).until("18/05/2026 00:00");
    assert!(story.case().required.contains(&"SXD".into()));
    assert_eq!(story.facts().iter().filter(|fact| fact.body().kind() == Kind::DutiesTransferred).count(), 0);
}

#[test]
fn a_key_of_a_former_agency_stands_and_another_person_still_gives_the_next() {
    let mut story = Story::disputed();
    story.by("snnmt.lanh-dao").when("propose-settlement", settling()).settle();
    let files = Files::default().ending("SNNMT", "2026-05-17", "XBM");
    story.by("ubnd.lanh-dao").when("file-statement", statement("B")).settle();
    story.now_under(&files).until("17/05/2026 00:00");
    assert_eq!(story.case().settlements[0].state, KeyState::Pending);
    story.by("btg.lanh-dao").when("confirm-settlement", crate::story::confirming(1)).settle();
    story.stands(Lifecycle::Agreed);
}

#[test]
fn a_case_that_has_ended_keeps_its_names() {
    let mut story = Story::closed();
    let before = story.case().clone();
    story.now_under(&Files::default().ending("SNNMT", "2026-05-18", "XBM")).until("20/05/2026 00:00");
    assert_eq!(*story.case(), before);
}

#[test]
fn the_files_say_what_is_wrong_with_a_successor() {
    let says = |files: Files| files.read().unwrap_err().to_string();
    assert!(says(without_sxd("ABC")).contains("names the agency ABC, which does not stand under [[agency]]"));
    assert!(says(without_sxd("SXD")).contains("lead back to it: break the circle"));
    assert!(says(without_sxd("XBM").ending("XBM", "2026-06-01", "SXD")).contains("lead back to it"));
    let mut files = without_sxd("XBM");
    files.organisation = files.organisation.replace("ends = 2026-05-17\n", "");
    assert!(says(files).contains("has a successor and no day on which it ends: add `ends`"));
}
