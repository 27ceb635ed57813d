//! Granting, taking back, warning, expiring.

use events::{Body, Kind, directory::Delegation};
use serde_json::{Value, json};

use super::{basis, delegating, to_officer, with_sxd};
use crate::{
    Code,
    story::{Files, Story, agree, with, without},
};

fn granted(body: Value) -> Story {
    let mut story = with_sxd();
    story.by("sxd.lanh-dao").tells("grant-delegation", body);
    story
}

fn newest(story: &Story) -> Delegation {
    let told = story.of_directory().last().expect("a fact");
    let Body::DelegationGranted(said) = told.body() else { panic!("{told:?}") };
    said.delegation.clone()
}

#[test]
fn a_delegation_is_in_writing_and_limited() {
    let story = granted(delegating(to_officer("sxd.truong-phong"), &["position"], "2026-06-10T17:00"));
    let delegation = newest(&story);
    assert_eq!(delegation.from, "SXD.LD".into());
    assert_eq!(delegation.starts, story.now);
    assert_eq!(delegation.basis.symbol, "GUQ-SXD");
}

#[test]
fn what_is_wrong_in_a_delegation_is_said_at_its_field() {
    let good = || delegating(to_officer("sxd.truong-phong"), &["position"], "2026-06-10T17:00");
    let unit = |unit: &str| json!({ "unit": unit });
    for (body, field) in [
        (with(good(), "/powers", json!([])), "powers"),
        (with(good(), "/powers", json!(["position", "position"])), "powers[1]"),
        (with(good(), "/powers", json!(["liaison"])), "powers[0]"),
        (with(good(), "/powers", json!(["written-confirmation"])), "powers[0]"),
        (with(good(), "/to", to_officer("sxd.van-thu")), "powers[0]"),
        (with(good(), "/to", to_officer("snnmt.dau-moi")), "to"),
        (with(good(), "/to", to_officer("sxd.ai")), "to"),
        (with(good(), "/to", unit("SNNMT.VP")), "to"),
        (with(good(), "/topics", json!(["cá"])), "topics[0]"),
        (with(good(), "/areas", json!(["cá"])), "areas[0]"),
        (with(good(), "/starts", "2026-05-16T20:00:00+07:00"), "starts"),
        (with(good(), "/ends", "2026-05-16T20:00:00+07:00"), "ends"),
        (with(good(), "/ends", "2026-06-16T17:00:00+07:00"), "ends"),
        (with(with(good(), "/to", unit("SXD.VP")), "/ends", "2027-05-17T17:00:00+07:00"), "ends"),
        (with(good(), "/basis/number", 0), "basis.number"),
        (with(good(), "/basis/symbol", "số 12"), "basis.symbol"),
        (with(good(), "/basis/date", "2026-05-17"), "basis.date"),
        (without(good(), "/basis"), "basis"),
    ] {
        let mut story = with_sxd();
        story.by("sxd.lanh-dao").tells("grant-delegation", body).refused_at(Code::InvalidData, field);
    }
    granted(with(with(good(), "/to", unit("SXD.VP")), "/ends", "2027-05-16T17:00:00+07:00"));
}

#[test]
fn only_who_holds_the_office_delegates_and_never_to_himself() {
    let body = || delegating(to_officer("sxd.truong-phong"), &["position"], "2026-06-10T17:00");
    for officer in ["sxd.truong-phong", "sxd.pho-giam-doc", "snnmt.lanh-dao", "ubnd.quan-tri"] {
        let mut story = with_sxd();
        story.by(officer).tells("grant-delegation", body()).refused(Code::NotAuthorised);
    }
    let mut story = with_sxd();
    let own = with(body(), "/to", to_officer("sxd.lanh-dao"));
    story
        .by("sxd.lanh-dao")
        .tells("grant-delegation", own)
        .refused_at(Code::SeparationOfDuties, "to.officer");
}

#[test]
fn it_is_warned_of_ten_and_three_days_before_and_then_ends() {
    let mut story = granted(delegating(to_officer("sxd.truong-phong"), &["position"], "2026-06-10T17:00"));
    story.until("12/06/2026 00:00");
    let told: Vec<_> = story.of_directory().iter().skip(2).map(crate::story::line).collect();
    assert_eq!(
        told,
        [
            "31/05 17:00 directory.delegation-expiring",
            "07/06 17:00 directory.delegation-expiring",
            "10/06 17:00 directory.delegation-expired",
        ]
    );
    let Body::DelegationExpiring(said) = story.of_directory()[3].body() else { panic!("a warning") };
    assert_eq!(said.days, 3);
}

#[test]
fn a_short_one_is_warned_of_only_where_the_warning_lies_in_its_term() {
    let mut story = granted(delegating(to_officer("sxd.truong-phong"), &["position"], "2026-05-21T17:00"));
    story.until("30/05/2026 00:00");
    let kinds: Vec<_> = story.of_directory().iter().skip(2).map(|fact| fact.body().kind()).collect();
    assert_eq!(kinds, [Kind::DelegationExpiring, Kind::DelegationExpired]);
}

#[test]
fn it_is_taken_back_once_and_by_its_agency() {
    let mut story = granted(delegating(to_officer("sxd.truong-phong"), &["position"], "2026-06-10T17:00"));
    let id = newest(&story).id;
    let back = || json!({ "delegation": id, "reason": "Trực tiếp xử lý." });
    story.by("snnmt.lanh-dao").tells("revoke-delegation", back()).refused(Code::NotAuthorised);
    let nothing = with(back(), "/delegation", uuid::Uuid::nil().to_string());
    story.by("sxd.lanh-dao").tells("revoke-delegation", nothing).refused_at(Code::InvalidData, "delegation");
    story.tells("revoke-delegation", with(back(), "/reason", "")).refused_at(Code::InvalidData, "reason");
    story.until("17/05/2026 01:00").tells("revoke-delegation", back());
    story.tells("revoke-delegation", back()).refused(Code::BadState);
    story.by("sxd.truong-phong").when("record-position", agree()).refused(Code::DelegationExpired);
    story.until("20/06/2026 00:00");
    let last = story.of_directory().last().map(|fact| fact.body().kind());
    assert_eq!(last, Some(Kind::DelegationRevoked), "what was taken back neither warns nor expires");
}

#[test]
fn the_focal_units_assignment_goes_on_at_the_successor() {
    let mut story = granted(delegating(json!({ "unit": "SXD.VP" }), &["liaison"], "2027-05-10T17:00"));
    story.by("sxd.lanh-dao").tells(
        "grant-delegation",
        delegating(to_officer("sxd.truong-phong"), &["position"], "2026-06-10T17:00"),
    );
    let files = Files::default().ending("SXD", "2026-05-20", "XBM");
    let files = Files { policy: files.policy.replace("2026.1", "2026.2"), ..files };
    let texts = files.policy().texts;
    story.by("ubnd.quan-tri").tells("publish-policy", json!({ "files": texts })).until("21/05/2026 00:00");
    let passed = story.of_directory().iter().find_map(|fact| match fact.body() {
        Body::DelegationsPassed(said) => Some((fact, said.clone())),
        _ => None,
    });
    let (fact, said) = passed.expect("the delegations passed on");
    assert_eq!(crate::story::clock(fact.origin().occurred_at), "20/05 00:00");
    let next = said.delegations[0].next.as_ref().expect("the focal unit goes on");
    assert_eq!((next.from.as_str(), next.basis.symbol.as_str()), ("XBM.LD", "GUQ-SXD"));
    assert_eq!(next.to, events::directory::Delegate::Unit("XBM.VP".into()));
    assert_eq!(said.delegations[1].next, None, "what was given to a person ends with the agency");
    let _ = basis();
}

#[test]
fn who_gave_it_and_who_has_it_are_told_that_it_ends() {
    let told = |body: Value| {
        let mut story = granted(body);
        story.until("11/06/2026 00:00");
        let fact = story.of_directory().iter().find(|fact| fact.body().kind() == Kind::DelegationExpiring);
        let notices = crate::notices::of_directory(fact.expect("a warning"), &story.policy);
        let offices: Vec<_> = notices.iter().map(|notice| notice.office.to_string()).collect();
        assert!(notices.iter().all(|notice| notice.alert.id() == "E20" && notice.deadline.is_some()));
        offices
    };
    let to_person = delegating(to_officer("sxd.truong-phong"), &["position"], "2026-06-10T17:00");
    assert_eq!(told(to_person), ["SXD.LD", "SXD.VP.TP"]);
    let to_unit = delegating(json!({ "unit": "SXD.VP" }), &["position"], "2026-06-10T17:00");
    assert_eq!(told(to_unit), ["SXD.LD", "SXD.VP.DM", "SXD.VP.DM2", "SXD.VP.TP"]);
}
