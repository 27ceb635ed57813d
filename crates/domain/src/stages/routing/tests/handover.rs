//! Declining, re-routing, and further agencies (commands 6, 7 and 9).

use super::*;
use crate::story::{adding, declining, disagree, rerouting, withdrawing};

/// A second liaison unit of BTG, and an agency under it.
const MORE_OF_SIDE_A: &str = r#"
[[unit]]
id = "BTG.DV"
agency = "BTG"
name = "Phòng Dân vận"
liaison = true

[[office]]
id = "BTG.DV.DM"
agency = "BTG"
unit = "BTG.DV"
title = "Cán bộ đầu mối Phòng Dân vận"
role = "LO"
level = "liaison"
email = "dan-van@btg.tinh.example"

[[officer]]
id = "btg.dan-van"
name = "Đầu mối Dân vận"
office = "BTG.DV.DM"

[[agency]]
id = "BAO"
name = "Báo và phát thanh, truyền hình tỉnh"
side = "A"
superior = "BTG"

[[unit]]
id = "BAO.TS"
agency = "BAO"
name = "Tòa soạn"
liaison = true

[[unit]]
id = "BAO.IN"
agency = "BAO"
name = "Nhà in"

[[office]]
id = "BAO.TBT"
agency = "BAO"
title = "Tổng Biên tập"
role = "AL"
level = "chief"
email = "tong-bien-tap@bao.tinh.example"
"#;

fn to(unit: &str) -> Value {
    with(rerouting(), "/unit", unit)
}

fn of(agency: &str) -> Value {
    with(rerouting(), "/agency", agency)
}

// Declining (command 6).

#[test]
fn the_holder_declines_and_nobody_else() {
    let mut story = Story::phoned();
    for officer in
        ["btg.dau-moi2", "btg.truong-phong", "btg.lanh-dao", "btg.truc-ban", "btg.kiem-tra", "snnmt.dau-moi"]
    {
        story.by(officer).when("decline", declining()).refused(Code::NotAuthorised);
    }
    story.by("sxd.dau-moi").when("decline", declining()).refused(Code::NotFound);
    story.by("ubnd.dau-moi").when("decline", declining()).then(Kind::AssignmentDeclined);
    story.until("16/05/2026 22:22").by("btg.dau-moi").when("decline", declining());
    story.refused(Code::NotAuthorised);
    story.by("btg.dau-moi2").when("decline", declining()).then(Kind::AssignmentDeclined);
}

#[test]
fn a_chief_does_not_decline_but_re_route() {
    let mut story = Story::phoned();
    story.until("16/05/2026 23:30").by("btg.lanh-dao").when("decline", declining()).refused(Code::BadState);
    story.when("reroute", rerouting()).then(Kind::CaseRerouted);
    assert_eq!(asked(&story).pop().unwrap(), "9 BTG BTG.TT.DM leads");
}

#[test]
fn only_what_waits_for_acknowledgement_is_declined_and_with_a_reason() {
    let mut story = Story::phoned();
    story.by("btg.dau-moi");
    for reason in ["", " \n", "đ".repeat(2001).as_str()] {
        story.when("decline", with(declining(), "/reason", reason)).refused_at(Code::InvalidData, "reason");
    }
    story.when("decline", declining()).then(Kind::AssignmentDeclined);
    story.when("decline", declining()).refused(Code::BadState);
    let mut story = Story::coordinating();
    story.by("btg.dau-moi").when("decline", declining()).refused(Code::BadState);
}

#[test]
fn declining_stops_the_acknowledgement_and_starts_the_routing() {
    let mut story = Story::phoned();
    story.until("16/05/2026 22:00").by("btg.dau-moi").when("decline", declining()).stands(Lifecycle::Routed);
    assert_eq!(story.due_of(DeadlineKey::Ack, 1), None);
    assert_eq!(story.due_of(DeadlineKey::Ack, 2).unwrap(), "16/05 22:22");
    assert_eq!(story.due_of(DeadlineKey::Route, 1).unwrap(), "16/05 22:15");
    story.by("btg.lanh-dao").when("acknowledge", ack()).refused(Code::NoOpenAssignment);
    story.by("ubnd.dau-moi").when("acknowledge", ack()).until("16/05/2026 23:30");
    // Nobody falls back while nobody holds it; who must re-route owes.
    let lines: Vec<_> = story.log().into_iter().filter(|line| line.contains("routing.")).skip(1).collect();
    assert_eq!(
        lines,
        [
            "16/05 22:00 routing.assignment-declined 1 by BTG.TT.DM",
            "16/05 22:00 routing.assignment-acknowledged 2 by UBND.VX.DM",
            "16/05 22:15 routing.overdue route level 1, owed by BTG",
            "16/05 22:30 routing.overdue route level 2, owed by BTG",
            "16/05 22:45 routing.overdue route level 3, owed by BTG",
        ]
    );
    story.by("btg.truong-phong").when("reroute", rerouting()).then(Kind::CaseRerouted);
    assert_eq!(story.due_of(DeadlineKey::Route, 1), None);
    assert_eq!(story.due_of(DeadlineKey::Ack, 3).unwrap(), "17/05 00:00");
    assert_eq!(
        states(&story),
        [AssignmentState::Rerouted, AssignmentState::Acknowledged, AssignmentState::Assigned]
    );
}

#[test]
fn the_agency_that_declined_owes_the_routing_and_not_the_receiver() {
    let mut story = Story::phoned();
    story.by("ubnd.dau-moi").when("decline", declining()).until("16/05/2026 22:07");
    assert!(story.log().contains(&"16/05 22:07 routing.overdue route level 1, owed by UBND".to_owned()));
}

#[test]
fn a_routing_that_waits_long_is_reminded_of() {
    let mut story = Story::new();
    story.at("18/05/2026 08:00").by("snnmt.dau-moi").raise(with(written(), "/urgency", "khan")).settle();
    story.by("ubnd.dau-moi").when("acknowledge", ack());
    story.by("btg.dau-moi").when("decline", declining()).until("18/05/2026 10:00");
    story.says_since(
        "18/05/2026 08:01",
        &[
            "18/05 09:00 routing.reminded route 50 %",
            "18/05 09:36 routing.reminded route 80 %",
            "18/05 10:00 routing.overdue route level 1, owed by BTG",
        ],
    );
}

#[test]
fn a_case_that_ends_leaves_a_declined_assignment_as_it_is() {
    let mut story = Story::phoned();
    story.by("btg.dau-moi").when("decline", declining());
    story.by("snnmt.lanh-dao").when("withdraw", withdrawing()).stands(Lifecycle::Withdrawn);
    assert_eq!(states(&story), [AssignmentState::Declined, AssignmentState::Ended]);
    story.by("btg.truong-phong").when("reroute", rerouting()).refused(Code::BadState);
    story.by("btg.dau-moi").when("decline", declining()).refused(Code::BadState);
    assert_eq!(story.next_due(), None);
}

// Re-routing (command 7).

#[test]
fn heads_of_the_assigned_agency_and_of_the_receiver_re_route() {
    for (officer, body) in [
        ("btg.truong-phong", rerouting()),
        ("btg.lanh-dao", rerouting()),
        ("btg.lanh-dao", of("BTG")),
        ("btg.lanh-dao", of("UBND")),
        ("btg.truong-phong", of("UBND")),
        ("ubnd.truong-phong", rerouting()),
        ("ubnd.lanh-dao", of("UBND")),
    ] {
        Story::phoned().by(officer).when("reroute", body).then(Kind::CaseRerouted);
    }
    let mut story = Story::phoned();
    for officer in ["btg.dau-moi", "btg.truc-ban", "btg.van-thu", "ubnd.dau-moi", "snnmt.lanh-dao"] {
        story.by(officer).when("reroute", rerouting()).refused(Code::NotAuthorised);
    }
    story.by("ubnd.lanh-dao").when("reroute", of("BTG")).refused(Code::NotAuthorised);
    story.by("sxd.lanh-dao").when("reroute", rerouting()).refused(Code::NotFound);
}

#[test]
fn what_is_not_assigned_is_not_re_routed() {
    let mut story = unruled().story();
    story.raise(phone()).settle().stands(Lifecycle::Received);
    story.by("btg.lanh-dao").when("reroute", rerouting()).refused(Code::BadState);
    let mut story = Story::phoned();
    story.by("btg.lanh-dao");
    for agency in ["SXD", "SNNMT", "SKHCN"] {
        story.when("reroute", of(agency)).refused(Code::BadState);
    }
    for reason in ["", "đ".repeat(2001).as_str()] {
        let body = with(rerouting(), "/reason", reason);
        story.when("reroute", body).refused_at(Code::InvalidData, "reason");
    }
}

#[test]
fn another_unit_is_asked_from_its_liaison_officer_on_and_a_lead_stays_lead() {
    let mut story = Files::with_organisation(MORE_OF_SIDE_A).story();
    story.raise(phone()).settle();
    story.until("16/05/2026 22:00").by("btg.truong-phong").when("reroute", to("BTG.DV"));
    story.then(Kind::CaseRerouted).stands(Lifecycle::Routed);
    assert_eq!(asked(&story), ["1 BTG BTG.TT.DM leads", "2 UBND UBND.VX.DM", "3 BTG BTG.DV.DM leads"]);
    assert_eq!(story.due_of(DeadlineKey::Ack, 1), None);
    assert_eq!(story.due_of(DeadlineKey::Ack, 3).unwrap(), "16/05 22:30");
    story.by("btg.dau-moi").when("acknowledge", ack()).refused(Code::NotAuthorised);
    story.by("btg.dan-van").when("acknowledge", ack()).settle().stands(Lifecycle::InCoordination);
}

#[test]
fn an_acknowledged_assignment_is_re_routed_too_and_the_case_stays_where_it_is() {
    let mut story = Story::coordinating();
    story.until("16/05/2026 22:30").by("btg.lanh-dao").when("reroute", rerouting());
    story.settle().stands(Lifecycle::InCoordination);
    assert_eq!(
        states(&story),
        [AssignmentState::Rerouted, AssignmentState::Acknowledged, AssignmentState::Assigned]
    );
    // The new one falls back as every other.
    story.until("17/05/2026 00:00");
    let newest = newest(story.case(), &"BTG".into()).unwrap();
    assert_eq!((newest.assignment.holder.as_str(), newest.assignment.lead), ("BTG.LD", true));
    story.by("btg.lanh-dao").when("acknowledge", ack()).settle().stands(Lifecycle::InCoordination);
    assert_eq!(story.case().rounds.len(), 1);
    story.when("record-position", disagree()).stands(Lifecycle::Disputed);
    story.when("reroute", rerouting()).then(Kind::CaseRerouted).stands(Lifecycle::Disputed);
}

#[test]
fn who_declined_is_not_asked_again_in_the_same_unit() {
    let mut story = Story::phoned();
    for (holder, next) in [
        ("btg.dau-moi", "3 BTG BTG.TT.DM2 leads"),
        ("btg.dau-moi2", "4 BTG BTG.TT.TP leads"),
        ("btg.truong-phong", "5 BTG BTG.LD leads"),
    ] {
        story.by(holder).when("decline", declining()).then(Kind::AssignmentDeclined);
        story.by("btg.lanh-dao").when("reroute", rerouting()).then(Kind::CaseRerouted);
        assert_eq!(asked(&story).pop().unwrap(), next);
    }
}

#[test]
fn the_fourth_re_routing_of_an_agency_goes_straight_to_its_chief() {
    let mut story = Files::with_organisation(MORE_OF_SIDE_A).story();
    story.raise(phone()).settle();
    for (unit, next) in [
        ("BTG.DV", "3 BTG BTG.DV.DM leads"),
        ("BTG.TT", "4 BTG BTG.TT.DM leads"),
        ("BTG.DV", "5 BTG BTG.DV.DM leads"),
        ("BTG.TT", "6 BTG BTG.LD leads"),
        ("BTG.TT", "7 BTG BTG.LD leads"),
    ] {
        story.by("btg.truong-phong").when("reroute", to(unit)).then(Kind::CaseRerouted);
        assert_eq!(asked(&story).pop().unwrap(), next);
    }
    // Another agency's count is its own.
    story.when("reroute", of("UBND")).then(Kind::CaseRerouted);
    assert_eq!(asked(&story).pop().unwrap(), "8 UBND UBND.VX.DM");
}

#[test]
fn an_assignment_goes_within_its_side_and_a_lead_within_the_receiver() {
    let mut story = Files::with_organisation(MORE_OF_SIDE_A).story();
    story.raise(phone()).settle().by("btg.lanh-dao");
    for unit in ["UBND.VX", "TU.VP", "BAO.TS", "BAO.IN", "BTG.XX"] {
        story.when("reroute", to(unit)).refused_at(Code::InvalidData, "unit");
    }
    story.when("reroute", with(of("UBND"), "/unit", "BTG.DV")).refused_at(Code::InvalidData, "unit");
    story.by("ubnd.lanh-dao").when("reroute", to("SNNMT.VP")).then(Kind::CaseRerouted);
    assert_eq!(asked(&story).pop().unwrap(), "3 SNNMT SNNMT.VP.DM");
    story.by("ubnd.dau-moi").when("acknowledge", ack()).refused(Code::NoOpenAssignment);
    story.by("ubnd.lanh-dao").when("reroute", rerouting()).refused(Code::BadState);
    story.by("snnmt.lanh-dao").when("reroute", to("UBND.VX")).then(Kind::CaseRerouted);
    // An agency has one assignment that stands.
    story.by("btg.lanh-dao").when("add-agency", adding("XBM", "consulted"));
    story.by("ubnd.lanh-dao").when("reroute", to("XBM.VP")).refused_at(Code::InvalidData, "unit");
    story.by("ubnd.dau-moi").when("acknowledge", ack()).then(Kind::AssignmentAcknowledged);
}

// Further agencies (command 9).

#[test]
fn the_receiver_adds_any_agency_and_a_superior_those_of_its_side() {
    for (officer, agency) in [
        ("btg.truong-phong", "SXD"),
        ("btg.lanh-dao", "SXD"),
        ("btg.lanh-dao", "CAT"),
        ("btg.lanh-dao", "UBND"),
        ("ubnd.truong-phong", "SXD"),
        ("ubnd.lanh-dao", "XBM"),
        ("ubnd.lanh-dao", "UBND"),
    ] {
        for role in ["required", "consulted"] {
            let mut story = Files::with_organisation(THIRD_SIDE).story();
            story.raise(phone()).settle();
            story.by(officer).when("add-agency", adding(agency, role)).then(Kind::AgencyAdded);
        }
    }
    let mut story = Files::with_organisation(THIRD_SIDE).story();
    story.raise(phone()).settle();
    story.by("ubnd.lanh-dao").when("add-agency", adding("CAT", "required")).refused(Code::NotAuthorised);
    for officer in ["btg.dau-moi", "btg.kiem-tra", "ubnd.dau-moi", "snnmt.lanh-dao"] {
        story.by(officer).when("add-agency", adding("SXD", "required")).refused(Code::NotAuthorised);
    }
    story.by("sxd.lanh-dao").when("add-agency", adding("SXD", "required")).refused(Code::NotFound);
}

#[test]
fn an_agency_is_added_while_the_case_is_routed_or_in_coordination() {
    let mut received = unruled().story();
    received.raise(phone()).settle();
    let mut disputed = Story::coordinating();
    disputed.by("btg.lanh-dao").when("record-position", disagree());
    for story in [&mut received, &mut Story::agreed(), &mut disputed] {
        story.by("btg.lanh-dao").when("add-agency", adding("SXD", "consulted")).refused(Code::BadState);
    }
    Story::coordinating()
        .by("btg.lanh-dao")
        .when("add-agency", adding("SXD", "consulted"))
        .then(Kind::AgencyAdded);
}

#[test]
fn an_agency_has_one_part_and_more_takes_the_place_of_less() {
    let mut story = Story::phoned();
    story.by("btg.lanh-dao");
    for (agency, role) in [
        ("SNNMT", "required"),
        ("SNNMT", "consulted"),
        ("BTG", "consulted"),
        ("SKHCN", "consulted"),
        ("TU", "consulted"),
    ] {
        story.when("add-agency", adding(agency, role)).refused_at(Code::InvalidData, "agency");
    }
    story.when("add-agency", adding("SXD", "consulted")).then(Kind::AgencyAdded);
    story.when("add-agency", adding("SXD", "consulted")).refused_at(Code::InvalidData, "agency");
    story.by("sxd.dau-moi").when("acknowledge", ack()).then(Kind::AssignmentAcknowledged);
    story.by("btg.lanh-dao").when("add-agency", adding("SXD", "required")).then(Kind::AgencyAdded);
    assert_eq!(story.case().consulted, []);
    assert_eq!(story.case().required.last().unwrap().as_str(), "SXD");
    // It is asked anew in its new part.
    assert_eq!(asked(&story)[2..], ["3 SXD SXD.VP.DM", "4 SXD SXD.VP.DM"]);
    assert_eq!(states(&story)[2..], [AssignmentState::Ended, AssignmentState::Assigned]);
    for role in ["required", "consulted"] {
        story.when("add-agency", adding("SXD", role)).refused_at(Code::InvalidData, "agency");
    }
}

#[test]
fn an_added_agency_is_asked_sees_the_case_and_does_not_lead() {
    let mut story = Story::coordinating();
    story.until("16/05/2026 23:00").by("ubnd.truong-phong").when("add-agency", adding("SXD", "required"));
    assert_eq!(asked(&story)[2], "3 SXD SXD.VP.DM");
    assert_eq!(story.due_of(DeadlineKey::Ack, 3).unwrap(), "16/05 23:30");
    assert_eq!(story.due_of(DeadlineKey::Position, 1).unwrap(), "17/05 02:05", "the round stays due");
    assert!(story.case().involves(&"SXD".into()));
    // Its position is needed now, and it may speak.
    story.by("btg.lanh-dao").when("record-position", agree()).stands(Lifecycle::InCoordination);
    story.until("17/05/2026 00:00").by("sxd.dau-moi2").when("acknowledge", ack());
    story.stands(Lifecycle::InCoordination).by("sxd.lanh-dao").when("record-position", agree());
    story.stands(Lifecycle::Agreed);
    let mut story = Story::coordinating();
    story.by("btg.truong-phong").when("add-agency", adding("SXD", "consulted"));
    story.by("sxd.lanh-dao").when("record-position", disagree()).then(Kind::OpinionRecorded);
    story.by("btg.lanh-dao").when("record-position", agree()).stands(Lifecycle::Agreed);
}
