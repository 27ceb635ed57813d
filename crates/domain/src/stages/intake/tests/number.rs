//! The number, and what follows by itself.

use super::*;

#[test]
fn the_number_is_the_rank_in_the_local_year() {
    let mut story = Story::new();
    story.at("01/01/2027 00:30").raise(phone_ended("01/01/2027 00:20")).settle();
    assert_eq!(story.case().code.as_ref().unwrap().as_str(), "VV-2027-00007");
    let mut story = Story::new();
    story.at("31/12/2026 23:59").raise(phone_ended("31/12/2026 23:50"));
    story.at("01/01/2027 00:05").settle();
    assert_eq!(story.case().code.as_ref().unwrap().as_str(), "VV-2026-00007");
}

#[test]
fn without_a_rank_there_is_no_number_yet() {
    let mut story = Story::new();
    story.raise(phone()).ranking(None);
    let number = story.step_of(events::Stage::Intake).unwrap();
    assert_eq!(story.would(&number).unwrap_err().code, Code::Busy);
    assert_eq!(story.case().code, None);
    story.ranking(Some(12)).settle();
    assert_eq!(story.case().code.as_ref().unwrap().as_str(), "VV-2026-00012");
    assert_eq!(story.step_of(events::Stage::Intake), None);
    story.system(&number.command).refused(Code::BadState);
}

#[test]
fn routing_does_not_wait_for_the_number() {
    let mut story = Story::new();
    story.raise(phone()).ranking(None);
    let route = story.step_of(events::Stage::Routing).unwrap();
    story.system(&route.command).then(Kind::CaseRouted).stands(Lifecycle::Routed);
    assert!(story.step_of(events::Stage::Intake).is_some());
    story.ranking(Some(1)).at("16/05/2026 21:53").settle();
    assert_eq!(story.newest().origin().occurred_at, story.now);
}

#[test]
fn a_report_that_is_not_routed_is_reminded_of_and_grows_overdue() {
    let mut files = Files::default();
    files.routing = files.routing.replace("receiver = \"BTG\"", "receiver = \"BTG\"\ntopic = \"energy\"");
    let mut story = files.story();
    story.at("18/05/2026 07:00").by("snnmt.dau-moi").raise(with(written(), "/urgency", "khan"));
    story.stands(Lifecycle::Received).until("19/05/2026 07:00");
    story.says_since(
        "18/05/2026 07:01",
        &[
            "18/05 08:00 routing.reminded route 50 %",
            "18/05 08:36 routing.reminded route 80 %",
            "18/05 09:00 routing.overdue route level 1, owed by BTG",
            "18/05 11:00 routing.overdue route level 2, owed by BTG",
            "18/05 13:00 routing.overdue route level 3, owed by BTG",
        ],
    );
    let silent = story.now + TimeDelta::days(30);
    story.until_instant(silent);
    assert_eq!(story.facts().len(), 7);
    story.by("btg.lanh-dao").when("route", json!({ "unit": "BTG.TT" })).then(Kind::CaseRouted);
}
