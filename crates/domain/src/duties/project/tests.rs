//! Planned projects: planned by both sides, and carried through their phases (DOMAIN §3.6, §8 S4).

use events::Kind;
use serde_json::{Value, json};

use super::*;
use crate::{
    duties::tests::{Play, document},
    refusal::Code,
    story::Files,
};

fn power_line() -> Value {
    json!({
        "title": "Đường dây 220 kV Bình Minh",
        "topic": "energy",
        "areas": ["BINHMINH"],
        "reason": "Đi qua khu dân cư, cần thông tin trước khi giải phóng mặt bằng",
        "partners": ["SXD"],
    })
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

fn planned(phase: &str, owner: &str, due: &str, mandatory: bool) -> Value {
    json!({ "phase": phase, "title": "Họp dân", "owner": owner, "due": due, "mandatory": mandatory })
}

fn plan(checkpoints: &Value) -> Value {
    json!({ "document": document("SCT", 21, "2026-07-10"), "checkpoints": checkpoints })
}

fn four_checkpoints() -> Value {
    plan(&json!([
        planned("before", "SCT", "2026-08-07", true),
        planned("before", "SXD", "2026-08-14", false),
        planned("during", "BTG", "2026-09-30", true),
        planned("after", "SCT", "2026-11-30", true),
    ]))
}

fn report(day: &str) -> Value {
    document("SCT", 77, day)
}

/// SCT proposed on 6/7, BTG takes part.
fn drafting() -> Play {
    let mut play = Play::from("06/07/2026 09:00");
    play.by("sct.truong-phong").when(PROPOSE, power_line()).then(Kind::ProjectProposed);
    play.at("08/07/2026 09:00").by("btg.lanh-dao").when("accept-planning", json!({}));
    play.then(Kind::PlanningAccepted);
    play
}

/// The plan with its four checkpoints is agreed by both sides on 20/7.
fn agreed() -> Play {
    let mut play = drafting();
    play.at("10/07/2026 09:00").by("sct.truong-phong").when("submit-plan", four_checkpoints());
    play.at("20/07/2026 09:00").by("sct.lanh-dao").when("agree-plan", json!({ "edition": 1 }));
    play.by("btg.lanh-dao").when("agree-plan", json!({ "edition": 1 })).then(Kind::PlanAgreed);
    play
}

fn before() -> Play {
    let mut play = agreed();
    play.by("sct.lanh-dao").when("enter-phase", json!({ "phase": "before" })).then(Kind::PhaseEntered);
    play
}

#[test]
fn the_power_line_goes_as_scenario_s4_says() {
    let mut play = before();
    assert_eq!(play.project().state, State::Before);
    assert!(play.duty().code().starts_with("DA-2026-"));
    play.at("24/08/2026 09:00");
    let during = json!({ "phase": "during", "report": report("2026-08-24") });
    play.when("enter-phase", during.clone()).refused(Code::CheckpointsOpen);
    let done = |number: u32, day: &str| json!({ "checkpoint": number, "done_on": day });
    play.by("sct.dau-moi").when("complete-checkpoint", done(1, "2026-08-05")).then(Kind::CheckpointCompleted);
    play.by("sct.lanh-dao").when("enter-phase", json!({ "phase": "during" }));
    play.refused_at(Code::InvalidData, "report");
    play.when("enter-phase", json!({ "phase": "after", "report": report("2026-08-24") }))
        .refused(Code::BadState);
    play.when("enter-phase", during).then(Kind::PhaseEntered);
    play.at("01/10/2026 09:00");
    play.by("btg.lanh-dao").when("waive-checkpoint", json!({ "checkpoint": 3, "reason": "Đã họp ở xã." }));
    play.when("enter-phase", json!({ "phase": "after" })).refused_at(Code::InvalidData, "report");
    play.when("enter-phase", json!({ "phase": "after", "report": report("2026-10-01") }));
    play.at("25/11/2026 09:00");
    let end = json!({ "report": report("2026-11-25") });
    play.when("complete-project", end.clone()).refused(Code::CheckpointsOpen);
    play.by("sct.dau-moi").when("complete-checkpoint", done(4, "2026-11-25"));
    play.when("complete-project", end.clone()).refused(Code::NotAuthorised);
    play.by("sct.lanh-dao").when("complete-project", end).then(Kind::ProjectCompleted);
    assert_eq!((play.project().state, play.duty().is_live()), (State::Completed, false));
    let timers = play.timers();
    play.at("25/12/2026 09:00");
    assert_eq!(play.timers(), timers);
    assert_eq!(
        timers,
        [
            "05/08/2026 08:00 reminder 1 of Checkpoint 1",
            "07/08/2026 08:00 reminder 2 of Checkpoint 1",
            "07/08/2026 17:00 level 1 of Checkpoint 1",
            "10/08/2026 17:00 level 2 of Checkpoint 1",
            "12/08/2026 08:00 reminder 1 of Checkpoint 2",
            "12/08/2026 17:00 level 3 of Checkpoint 1",
            "14/08/2026 08:00 reminder 2 of Checkpoint 2",
            "14/08/2026 17:00 level 1 of Checkpoint 2",
            "17/08/2026 17:00 level 2 of Checkpoint 2",
            "19/08/2026 17:00 level 3 of Checkpoint 2",
            "28/09/2026 08:00 reminder 1 of Checkpoint 3",
            "30/09/2026 08:00 reminder 2 of Checkpoint 3",
            "30/09/2026 17:00 level 1 of Checkpoint 3",
        ],
        "only what its phase asks for"
    );
}

#[test]
fn the_government_side_proposes_what_is_known() {
    let mut play = Play::from("06/07/2026 09:00");
    play.by("btg.lanh-dao").when(PROPOSE, power_line()).refused(Code::NotAuthorised);
    play.by("tu.thuong-truc").when(PROPOSE, power_line()).refused(Code::NotAuthorised);
    play.by("sct.dau-moi").when(PROPOSE, power_line()).refused(Code::NotAuthorised);
    play.by("sct.lanh-dao");
    for (field, value, at) in [
        ("title", json!(""), "title"),
        ("topic", json!("moon"), "topic"),
        ("areas", json!(["BINHMINH", "MOON"]), "areas[1]"),
        ("reason", json!(" "), "reason"),
        ("partners", json!(["SVHTTDL"]), "partners[0]"),
    ] {
        play.when(PROPOSE, with(power_line(), field, value)).refused_at(Code::InvalidData, at);
    }
    let others = with(power_line(), "document", document("SXD", 1, "2026-07-01"));
    play.when(PROPOSE, others).refused_at(Code::DocInvalid, "document.issuer");
    play.when(PROPOSE, with(power_line(), "partners", json!(["SXD", "SCT", "BTG", "SXD"])));
    assert_eq!(play.project().partners, ["SXD".into()], "each takes part once");
    assert_eq!(play.project().asked, "BTG".into());
}

#[test]
fn the_other_side_takes_part_or_not() {
    let mut play = Play::from("06/07/2026 09:00");
    play.by("sct.lanh-dao").when(PROPOSE, power_line());
    play.when("accept-planning", json!({})).refused(Code::NotAuthorised);
    play.when("submit-plan", plan(&json!([]))).refused(Code::BadState);
    play.by("btg.truong-phong")
        .when("decline-planning", json!({ "reason": "x" }))
        .refused(Code::NotAuthorised);
    play.by("btg.lanh-dao").when("decline-planning", json!({ "reason": "" })).refused(Code::InvalidData);
    play.when("decline-planning", json!({ "reason": "Dự án đã xong." })).then(Kind::PlanningDeclined);
    assert!(!play.duty().is_live());
    play.when("accept-planning", json!({})).refused(Code::BadState);
    play.by("sct.lanh-dao").when("cancel-project", json!({ "reason": "Thôi" })).refused(Code::BadState);
}

#[test]
fn both_sides_agree_to_the_newest_edition_each_once() {
    let mut play = drafting();
    let edition = |number: u32| json!({ "edition": number });
    play.at("10/07/2026 09:00").when("agree-plan", edition(1)).refused(Code::NoProposal);
    play.when("agree-plan", edition(0)).refused(Code::NoProposal);
    for (place, checkpoint, at) in [
        ("owner", planned("before", "SYT", "2026-08-07", true), "checkpoints[0].owner"),
        ("due", planned("before", "SCT", "2026-07-09", true), "checkpoints[0].due"),
        (
            "title",
            with(planned("after", "SCT", "2026-08-07", true), "title", json!("")),
            "checkpoints[0].title",
        ),
    ] {
        play.when("submit-plan", plan(&json!([checkpoint]))).refused_at(Code::InvalidData, at);
        assert!(at.ends_with(place));
    }
    play.when("submit-plan", four_checkpoints()).then(Kind::PlanSubmitted);
    play.when("agree-plan", edition(2)).refused(Code::NoProposal);
    play.when("agree-plan", edition(1)).then(Kind::PlanAgreed);
    play.when("agree-plan", edition(1)).refused(Code::BadState);
    play.by("sct.truong-phong").when("agree-plan", edition(1)).refused(Code::NotAuthorised);
    play.by("sct.lanh-dao").when("enter-phase", json!({ "phase": "before" })).refused(Code::BadState);
    // Another edition voids what was agreed of the one before.
    play.by("sct.truong-phong")
        .when("submit-plan", plan(&json!([planned("before", "SCT", "2026-08-07", true)])));
    assert_eq!((play.project().edition, play.project().checkpoints.len()), (2, 1));
    play.by("btg.lanh-dao").when("agree-plan", edition(1)).refused(Code::NoProposal);
    play.when("agree-plan", edition(2));
    play.by("ubnd.lanh-dao").when("agree-plan", edition(2)).then(Kind::PlanAgreed);
    assert_eq!(play.project().state, State::PlanAgreed, "side B's superior agrees for the proposer");
    play.by("sct.lanh-dao").when("agree-plan", edition(2)).refused(Code::BadState);
    play.when("submit-plan", four_checkpoints()).then(Kind::PlanSubmitted);
    assert_eq!((play.project().state, play.project().agreed.len()), (State::PlanDrafting, 0));
}

#[test]
fn one_person_does_not_agree_for_both_sides() {
    let holding = "\n[[holding]]\nofficer = \"sct.lanh-dao\"\noffice = \"BTG.LD\"\n";
    let mut play = Play::under(Files::with_organisation(holding).policy(), "06/07/2026 09:00");
    play.by("ubnd.lanh-dao").when(PROPOSE, power_line());
    play.by("btg.lanh-dao").when("accept-planning", json!({}));
    let own = with(plan(&json!([])), "document", document("UBND", 4, "2026-07-06"));
    play.by("ubnd.lanh-dao").when("submit-plan", own);
    play.by("sct.lanh-dao").when("agree-plan", json!({ "edition": 1 })).then(Kind::PlanAgreed);
    assert_eq!(play.project().agreed[0].side, Side::A, "in the second of his offices");
    let other = "\n[[holding]]\nofficer = \"sct.lanh-dao\"\noffice = \"UBND.LD\"\n";
    play.policy = Files::with_organisation(other).policy();
    play.when("agree-plan", json!({ "edition": 1 })).refused(Code::SeparationOfDuties);
}

#[test]
fn a_comment_is_asked_for_and_given_once() {
    let mut play = Play::from("06/07/2026 09:00");
    play.by("sct.lanh-dao").when(PROPOSE, power_line());
    let ask = |agency: &str| json!({ "agency": agency, "question": "Ảnh hưởng đến dân cư?" });
    play.when("request-comment", ask("SYT")).refused(Code::BadState);
    play.by("btg.lanh-dao").when("accept-planning", json!({}));
    play.when("request-comment", ask("BTG")).refused_at(Code::InvalidData, "agency");
    play.when("request-comment", with(ask("SYT"), "due", json!("2026-07-05")))
        .refused_at(Code::InvalidData, "due");
    play.by("syt.lanh-dao")
        .when("give-comment", json!({ "request": 1, "text": "x" }))
        .refused(Code::NotFound);
    play.by("btg.lanh-dao").when("request-comment", ask("SYT")).then(Kind::CommentRequested);
    let comment = |number: u32| json!({ "request": number, "text": "Thống nhất." });
    play.by("syt.truong-phong").when("give-comment", comment(1)).refused(Code::NotAuthorised);
    play.by("syt.lanh-dao").when("give-comment", comment(2)).refused_at(Code::InvalidData, "request");
    play.at("14/07/2026 09:00").when("give-comment", comment(1)).then(Kind::CommentGiven);
    play.when("give-comment", comment(1)).refused(Code::BadState);
    assert!(play.project().requests[0].late);
    play.at("30/07/2026 09:00");
    assert_eq!(
        play.timers(),
        [
            "09/07/2026 08:00 reminder 1 of Comment 1",
            "13/07/2026 08:00 reminder 2 of Comment 1",
            "13/07/2026 17:00 level 1 of Comment 1",
        ]
    );
}

#[test]
fn a_checkpoint_is_done_by_its_agency_and_not_in_the_future() {
    let mut play = agreed();
    let done = |day: &str| json!({ "checkpoint": 2, "done_on": day });
    play.by("sxd.dau-moi").when("complete-checkpoint", done("2026-07-20")).refused(Code::BadState);
    play.by("sct.lanh-dao").when("enter-phase", json!({ "phase": "before", "report": report("2026-07-20") }));
    play.refused_at(Code::InvalidData, "report");
    play.when("enter-phase", json!({ "phase": "before" }));
    play.when("complete-checkpoint", done("2026-07-20")).refused(Code::NotAuthorised);
    play.by("sxd.dau-moi")
        .when("complete-checkpoint", done("2026-07-21"))
        .refused_at(Code::InvalidData, "done_on");
    play.when("complete-checkpoint", json!({ "checkpoint": 9, "done_on": "2026-07-20" }));
    play.refused_at(Code::InvalidData, "checkpoint");
    play.at("20/08/2026 09:00")
        .when("complete-checkpoint", done("2026-08-17"))
        .then(Kind::CheckpointCompleted);
    assert!(play.project().checkpoints[1].late);
    play.when("complete-checkpoint", done("2026-08-17")).refused(Code::BadState);
    let waive = json!({ "checkpoint": 2, "reason": "Không cần" });
    play.when("waive-checkpoint", waive.clone()).refused(Code::NotAuthorised);
    play.by("ubnd.lanh-dao").when("waive-checkpoint", waive).refused(Code::BadState);
}

#[test]
fn a_project_that_rests_asks_for_nothing_and_goes_on_with_its_clocks_moved() {
    let mut play = before();
    play.at("03/08/2026 09:00").by("sct.lanh-dao").when("suspend-project", json!({ "reason": "Chờ vốn." }));
    play.when("enter-phase", json!({ "phase": "during", "report": report("2026-08-03") }))
        .refused(Code::BadState);
    play.when("suspend-project", json!({ "reason": "Chờ vốn." })).refused(Code::BadState);
    play.at("13/08/2026 09:00").by("ubnd.lanh-dao").when("resume-project", json!({}));
    assert_eq!(play.project().state, State::Before);
    let due: Vec<_> = play.project().checkpoints.iter().map(|tracked| tracked.checkpoint.clock.due).collect();
    let due: Vec<_> = due.into_iter().map(crate::duties::tests::clock).collect();
    // Eight working days; the Saturday 22/8 is worked, and 31/8 to 2/9 are off.
    assert_eq!(due, ["19/08/2026 17:00", "25/08/2026 17:00", "12/10/2026 17:00", "10/12/2026 17:00"]);
    play.at("19/08/2026 09:00");
    assert_eq!(
        play.timers(),
        ["17/08/2026 08:00 reminder 1 of Checkpoint 1", "19/08/2026 08:00 reminder 2 of Checkpoint 1"]
    );
    // It rests for less than a day: nothing moves, and nothing is recorded twice.
    play.when("suspend-project", json!({ "reason": "Nhầm." })).when("resume-project", json!({}));
    play.at("19/08/2026 17:00");
    assert_eq!(play.timers().len(), 3, "{:?}", play.timers());
    play.when("suspend-project", json!({ "reason": "Chờ." }))
        .when("cancel-project", json!({ "reason": "Bỏ." }));
    assert!(!play.duty().is_live());
    play.when("resume-project", json!({})).refused(Code::BadState);
}

#[test]
fn the_successor_takes_the_place_of_an_agency_that_has_ended() {
    let mut play =
        Play::under(Files::default().ending("SCT", "2026-08-03", "SXD").policy(), "06/07/2026 09:00");
    play.by("sct.lanh-dao").when(PROPOSE, power_line());
    play.by("btg.lanh-dao").when("accept-planning", json!({}));
    play.when("request-comment", json!({ "agency": "SCT", "question": "Tiến độ?" }));
    play.at("10/07/2026 09:00").by("sct.lanh-dao").when("submit-plan", four_checkpoints());
    play.when("agree-plan", json!({ "edition": 1 }));
    play.by("btg.lanh-dao").when("agree-plan", json!({ "edition": 1 }));
    play.when("enter-phase", json!({ "phase": "before" }));
    play.at("03/08/2026 09:00");
    let project = play.project();
    assert_eq!((project.agency.as_str(), project.partners.len()), ("SXD", 0), "it takes part once");
    assert!(project.checkpoints.iter().all(|tracked| tracked.checkpoint.owner != "SCT".into()));
    assert_eq!(project.requests[0].agency, "SXD".into());
    let done = json!({ "checkpoint": 1, "done_on": "2026-08-03" });
    play.by("sct.lanh-dao").when("complete-checkpoint", done.clone()).refused(Code::NotAuthorised);
    play.by("sxd.dau-moi").when("complete-checkpoint", done).then(Kind::CheckpointCompleted);
}
