//! Who acknowledges, and what begins then (command 5).

use super::*;

#[test]
fn the_liaison_officers_the_head_and_the_leaders_acknowledge() {
    for agency in ["btg", "ubnd"] {
        for office in ["dau-moi", "dau-moi2", "truong-phong", "lanh-dao"] {
            let mut story = Story::phoned();
            story
                .by(&format!("{agency}.{office}"))
                .when("acknowledge", ack())
                .then(Kind::AssignmentAcknowledged);
        }
        let mut story = Story::phoned();
        story.by(&format!("{agency}.van-thu")).when("acknowledge", ack()).refused(Code::NotAuthorised);
    }
    let mut story = Story::phoned();
    for officer in ["btg.truc-ban", "btg.kiem-tra"] {
        story.by(officer).when("acknowledge", ack()).refused(Code::NotAuthorised);
    }
    story.by("sxd.lanh-dao").when("acknowledge", ack()).refused(Code::NotFound);
    // SNNMT sees the case, but nobody asked it.
    for officer in ["snnmt.dau-moi", "snnmt.lanh-dao"] {
        story.by(officer).when("acknowledge", ack()).refused(Code::NoOpenAssignment);
    }
}

#[test]
fn a_liaison_officer_of_another_unit_does_not_acknowledge() {
    let mut files = Files::default();
    files.organisation.push_str(
        r#"
        [[unit]]
        id = "BTG.NT"
        agency = "BTG"
        name = "Nha Trang"
        liaison = true
        [[office]]
        id = "BTG.NT.DM"
        agency = "BTG"
        unit = "BTG.NT"
        title = "Cán bộ đầu mối"
        role = "LO"
        level = "liaison"
        email = "nha-trang@btg.tinh.example"
        [[officer]]
        id = "btg.nha-trang"
        name = "Nha Trang"
        office = "BTG.NT.DM"
        "#,
    );
    let mut story = files.story();
    story.raise(phone()).settle();
    story.by("btg.nha-trang").when("acknowledge", ack()).refused(Code::NotAuthorised);
    story.by("btg.dau-moi").when("acknowledge", ack()).then(Kind::AssignmentAcknowledged);
}

#[test]
fn an_assignment_is_acknowledged_once() {
    let mut story = Story::phoned();
    story.by("ubnd.dau-moi").when("acknowledge", ack()).then(Kind::AssignmentAcknowledged);
    assert_eq!(states(&story), [AssignmentState::Assigned, AssignmentState::Acknowledged]);
    assert_eq!(story.due_of(DeadlineKey::Ack, 2), None);
    assert!(story.due_of(DeadlineKey::Ack, 1).is_some());
    story.when("acknowledge", ack()).refused(Code::NoOpenAssignment);
    story.by("ubnd.lanh-dao").when("acknowledge", ack()).refused(Code::NoOpenAssignment);
}

#[test]
fn before_it_is_routed_there_is_nothing_to_acknowledge() {
    let mut story = unruled().story();
    story.raise(phone()).settle();
    story.by("btg.dau-moi").when("acknowledge", ack()).refused(Code::NoOpenAssignment);
}

#[test]
fn coordination_begins_when_the_lead_has_acknowledged_and_not_before() {
    let mut story = Story::phoned();
    story.by("ubnd.dau-moi").when("acknowledge", ack()).settle().stands(Lifecycle::Routed);
    story.by("btg.dau-moi").when("acknowledge", ack()).stands(Lifecycle::Routed);
    story.settle().stands(Lifecycle::InCoordination);

    let mut story = Story::phoned();
    story.by("btg.dau-moi").when("acknowledge", ack()).settle().stands(Lifecycle::InCoordination);
    story.by("ubnd.dau-moi").when("acknowledge", ack()).then(Kind::AssignmentAcknowledged);
    story.settle().stands(Lifecycle::InCoordination);
}

#[test]
fn whatever_level_is_open_the_first_asked_may_still_acknowledge() {
    let mut story = Story::phoned();
    story.until("16/05/2026 23:00").by("btg.dau-moi").when("acknowledge", ack());
    match story.newest().body() {
        Body::AssignmentAcknowledged(said) => {
            assert_eq!((said.assignment, said.level), (5, events::terms::Level::UnitHead));
            assert_eq!(said.by.as_str(), "BTG.TT.DM");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(newest(story.case(), &"BTG".into()).unwrap().assignment.number, 5);
    assert_eq!(newest(story.case(), &"UBND".into()).unwrap().assignment.number, 6);
    assert!(newest(story.case(), &"SNNMT".into()).is_none());
    story.settle().stands(Lifecycle::InCoordination);
}

#[test]
fn an_acknowledgement_in_the_very_instant_is_in_time() {
    let mut story = Story::phoned();
    story.at("16/05/2026 22:22").by("btg.dau-moi").when("acknowledge", ack()).settle();
    assert_eq!(
        states(&story),
        [AssignmentState::Acknowledged, AssignmentState::TimedOut, AssignmentState::Assigned]
    );
}

#[test]
fn in_a_case_that_is_closed_nothing_is_acknowledged_and_open_assignments_have_ended() {
    let mut story = Story::new();
    story.by("snnmt.dau-moi").raise(written()).settle();
    story.by("btg.dau-moi").when("acknowledge", ack()).settle();
    story.by("btg.lanh-dao").when("record-position", agree());
    story.by("snnmt.dau-moi").when("propose-closure", closing());
    story.by("btg.lanh-dao").when("confirm-closure", confirming(1)).stands(Lifecycle::Closed);
    assert_eq!(states(&story), [AssignmentState::Acknowledged, AssignmentState::Ended]);
    story.by("ubnd.dau-moi").when("acknowledge", ack()).refused(Code::BadState);
    let count = story.facts().len();
    story.until("30/05/2026 00:00");
    assert_eq!(story.facts().len(), count);
}
