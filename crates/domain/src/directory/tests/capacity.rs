//! By what right somebody acts: it stands in the fact.

use events::{Actor, Body, Capacity, Kind, Lifecycle, routing::FallbackBecause, terms::SkippedBecause};
use serde_json::json;

use super::{basis, delegating, to_officer, with_sxd};
use crate::{
    Code,
    story::{Story, agree, attaching, closing, confirming, disagree, statement, with},
};

/// By what right the newest fact was made, and in which office.
fn how(story: &Story) -> (Capacity, String) {
    let Actor::Person { capacity, office, .. } = &story.newest().origin().actor else { panic!("a person") };
    (capacity.clone(), office.to_string())
}

fn delegated(powers: &[&str]) -> Story {
    let mut story = with_sxd();
    let body = delegating(to_officer("sxd.truong-phong"), powers, "2026-05-18T17:00");
    story.by("sxd.lanh-dao").tells("grant-delegation", body);
    story
}

fn id(story: &Story) -> events::DelegationId {
    story
        .of_directory()
        .iter()
        .rev()
        .find_map(|fact| match fact.body() {
            Body::DelegationGranted(said) => Some(said.delegation.id),
            _ => None,
        })
        .expect("a delegation")
}

#[test]
fn in_ones_own_office_as_deputy_and_by_delegation() {
    let mut direct = with_sxd();
    direct.by("sxd.lanh-dao").when("record-position", agree());
    assert_eq!(how(&direct), (Capacity::Direct, "SXD.LD".into()));
    let mut deputy = with_sxd();
    deputy.by("sxd.pho-giam-doc").when("record-position", agree());
    assert_eq!(how(&deputy), (Capacity::Kt, "SXD.PGD".into()));
    let mut story = delegated(&["position"]);
    story.by("sxd.truong-phong").when("record-position", agree()).then(Kind::PositionRecorded);
    assert_eq!(how(&story), (Capacity::Tuq(id(&story)), "SXD.VP.TP".into()));
    let Body::PositionRecorded(said) = story.newest().body() else { panic!("a position") };
    assert_eq!(said.agency, "SXD".into());
}

#[test]
fn a_focal_unit_acts_as_such() {
    let mut story = with_sxd();
    let body = delegating(json!({ "unit": "SXD.VP" }), &["position"], "2026-12-01T17:00");
    story.by("sxd.lanh-dao").tells("grant-delegation", body);
    story.by("sxd.dau-moi").when("record-position", agree());
    assert_eq!(how(&story), (Capacity::Focal(id(&story)), "SXD.VP.DM".into()));
    // Who is in the unit without being its liaison officer or its head has no such power.
    story.by("sxd.chuyen-vien").when("record-position", agree()).refused(Code::NotAuthorised);
}

#[test]
fn an_acting_head_acts_in_his_second_office() {
    let mut story = with_sxd();
    story.by("ubnd.quan-tri").tells(
        "take-office",
        json!({ "officer": "sxd.truong-phong", "office": "SXD.LD", "acting": true, "basis": basis() }),
    );
    story.by("sxd.truong-phong").when("record-position", agree());
    assert_eq!(how(&story), (Capacity::Q, "SXD.LD".into()));
}

#[test]
fn without_a_delegation_or_after_its_end_it_is_refused_and_differently() {
    let mut story = with_sxd();
    story.by("sxd.truong-phong").when("record-position", agree()).refused(Code::NotAuthorised);
    let mut story = delegated(&["position"]);
    story.until("18/05/2026 17:00");
    story.by("sxd.truong-phong").when("record-position", agree()).refused(Code::DelegationExpired);
    story.by("sxd.truong-phong").when("declare-dispute", json!({})).refused(Code::NotAuthorised);
}

#[test]
fn an_act_that_was_done_while_it_was_valid_stays_valid() {
    let mut story = delegated(&["position"]);
    story.by("sxd.truong-phong").when("record-position", disagree()).settle();
    let id = id(&story);
    story.by("sxd.lanh-dao").tells("revoke-delegation", json!({ "delegation": id, "reason": "Thôi." }));
    assert_eq!(story.case().rounds[0].positions.iter().filter(|each| each.agency == "SXD".into()).count(), 1);
}

#[test]
fn only_for_its_topics_areas_and_case() {
    for (at, value, counts) in [
        ("/topics", json!(["agriculture"]), true),
        ("/topics", json!(["economy"]), true),
        ("/topics", json!(["energy"]), false),
        ("/areas", json!(["TINH"]), true),
        ("/areas", json!(["BINHMINH"]), false),
        ("/case", json!(uuid::Uuid::nil()), false),
    ] {
        let mut story = with_sxd();
        let body = delegating(to_officer("sxd.truong-phong"), &["position"], "2026-05-18T17:00");
        story.by("sxd.lanh-dao").tells("grant-delegation", with(body, at, value.clone()));
        story.by("sxd.truong-phong").when("record-position", agree());
        if counts {
            story.then(Kind::PositionRecorded);
        } else {
            story.refused(Code::NotAuthorised);
        }
    }
    let mut story = with_sxd();
    let case = story.case().id;
    let body = delegating(to_officer("sxd.truong-phong"), &["position"], "2026-05-18T17:00");
    story.by("sxd.lanh-dao").tells("grant-delegation", with(body, "/case", case.to_string()));
    story.by("sxd.truong-phong").when("record-position", agree()).then(Kind::PositionRecorded);
}

#[test]
fn each_power_gives_its_act_and_no_other() {
    let mut story = delegated(&["statement"]);
    story.by("btg.lanh-dao").when("record-position", disagree());
    story.by("ubnd.lanh-dao").when("record-position", agree()).settle().stands(Lifecycle::Disputed);
    story.by("sxd.truong-phong").when("file-statement", statement("B")).then(Kind::StatementFiled);
    story.by("sxd.truong-phong").when("submit-dossier", crate::story::cover()).refused(Code::NotAuthorised);

    let mut documents = with_sxd();
    let body = delegating(to_officer("sxd.chuyen-vien"), &["written-confirmation"], "2026-05-18T17:00");
    documents.by("sxd.lanh-dao").tells("grant-delegation", body);
    documents.by("sxd.chuyen-vien").when("attach-document", attaching()).then(Kind::DocumentAttached);
    documents.by("sxd.chuyen-vien").when("record-position", agree()).refused(Code::NotAuthorised);
}

#[test]
fn no_delegation_closes_a_case() {
    let mut story = Story::settled();
    story.by("ubnd.lanh-dao").tells(
        "grant-delegation",
        json!({
            "from": "UBND.LD", "to": { "officer": "ubnd.truong-phong" }, "basis": basis(),
            "powers": ["position", "statement"], "ends": "2026-05-20T17:00:00+07:00",
        }),
    );
    story.by("btg.dau-moi").when("propose-closure", closing());
    story.by("ubnd.truong-phong").when("confirm-closure", confirming(1)).refused(Code::NotAuthorised);
}

#[test]
fn a_focal_unit_whose_assignment_ends_is_passed_over_at_once_up_to_the_head() {
    let mut story = Story::coordinating();
    let body = delegating(json!({ "unit": "SXD.VP" }), &["liaison"], "2026-05-16T22:20");
    story.by("sxd.lanh-dao").tells("grant-delegation", body);
    story.by("btg.truong-phong").when("add-agency", crate::story::adding("SXD", "required")).settle();
    let holder =
        |story: &Story| story.case().assignments.last().map(|each| each.assignment.holder.to_string());
    assert_eq!(holder(&story).as_deref(), Some("SXD.VP.DM"));
    story.until("16/05/2026 22:20");
    assert_eq!(holder(&story).as_deref(), Some("SXD.LD"), "the head, and he is told why");
    let Body::FallbackAssigned(said) = story.newest().body() else { panic!("{:?}", story.newest()) };
    assert_eq!(said.because, FallbackBecause::NoDelegation);
    assert!(said.next.skipped.iter().all(|each| each.because == SkippedBecause::NoDelegation));
}
