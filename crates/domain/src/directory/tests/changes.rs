//! Persons, offices, absences and policies.

use events::{Kind, terms::Level};
use serde_json::{Value, json};

use super::{basis, with_sxd};
use crate::{
    Code,
    story::{Files, Story, agree, with},
};

fn taking(officer: &str, office: &str) -> Value {
    json!({ "officer": officer, "office": office, "basis": basis() })
}

#[test]
fn a_new_officer_takes_over_and_the_old_one_goes() {
    let mut story = with_sxd();
    story
        .by("ubnd.quan-tri")
        .tells("register-officer", json!({ "officer": "sxd.moi", "name": "Nguyễn Văn Mới" }));
    story.tells("take-office", with(taking("sxd.moi", "SXD.LD"), "/from", "2026-05-18T00:00:00+07:00"));
    story.tells("leave-office", with(taking("sxd.lanh-dao", "SXD.LD"), "/at", "2026-05-18T00:00:00+07:00"));
    story.until("17/05/2026 23:59").by("sxd.lanh-dao").when("record-position", agree());
    story
        .until("18/05/2026 00:00")
        .by("sxd.moi")
        .when("record-position", agree())
        .then(Kind::PositionRecorded);
    let organisation = &story.policy.organisation;
    assert_eq!(organisation.person(&"sxd.lanh-dao".into(), story.now), None, "he holds no office any more");
    assert_eq!(organisation.holders(&"SXD.LD".into(), story.now).count(), 1);
}

#[test]
fn who_may_change_the_directory() {
    let officer = json!({ "officer": "sxd.moi", "name": "Mới" });
    for (by, act, body) in [
        ("sxd.lanh-dao", "register-officer", officer.clone()),
        ("btg.kiem-tra", "register-officer", officer),
        ("snnmt.lanh-dao", "take-office", taking("sxd.dau-moi", "SXD.LD")),
        ("sxd.truong-phong", "take-office", taking("sxd.dau-moi", "SXD.LD")),
        ("snnmt.lanh-dao", "leave-office", taking("sxd.dau-moi", "SXD.VP.DM")),
        ("sxd.lanh-dao", "publish-policy", json!({ "files": [] })),
        (
            "snnmt.truong-phong",
            "report-absence",
            json!({ "officer": "sxd.dau-moi", "until": "2026-05-20T00:00:00+07:00" }),
        ),
    ] {
        let mut story = with_sxd();
        story.by(by).tells(act, body).refused(Code::NotAuthorised);
    }
    let mut story = with_sxd();
    story.by("sxd.lanh-dao").tells("take-office", taking("sxd.dau-moi", "SXD.VP.DM2"));
}

#[test]
fn what_is_wrong_in_a_change_is_said_at_its_field() {
    for (act, body, field) in [
        ("register-officer", json!({ "officer": "sxd.dau-moi", "name": "X" }), "officer"),
        ("register-officer", json!({ "officer": "Sxd Mới", "name": "X" }), "officer"),
        ("register-officer", json!({ "officer": "sxd.moi", "name": " " }), "name"),
        ("take-office", taking("sxd.ai", "SXD.LD"), "officer"),
        ("take-office", taking("sxd.dau-moi", "SXD.XX"), "office"),
        ("take-office", taking("sxd.dau-moi", "SXD.VP.DM"), "office"),
        (
            "take-office",
            with(taking("sxd.dau-moi", "SXD.LD"), "/until", "2026-05-01T00:00:00+07:00"),
            "until",
        ),
        ("take-office", with(taking("sxd.dau-moi", "SXD.LD"), "/basis/symbol", "x"), "basis.symbol"),
        ("report-absence", json!({ "officer": "sxd.ai", "until": "2026-05-20T00:00:00+07:00" }), "officer"),
        (
            "report-absence",
            json!({ "officer": "sxd.dau-moi", "until": "2026-05-10T00:00:00+07:00" }),
            "until",
        ),
        ("end-absence", json!({ "absence": 7 }), "absence"),
    ] {
        let mut story = with_sxd();
        story.by("ubnd.quan-tri").tells(act, body).refused_at(Code::InvalidData, field);
    }
    let mut story = with_sxd();
    story.by("ubnd.quan-tri").tells("leave-office", taking("sxd.dau-moi", "SXD.LD")).refused(Code::BadState);
}

#[test]
fn auditor_and_administrator_hold_no_other_office() {
    for (officer, office) in
        [("btg.kiem-tra", "BTG.TT.DM2"), ("sxd.dau-moi", "UBND.QT"), ("ubnd.quan-tri", "UBND.LD")]
    {
        let mut story = with_sxd();
        story
            .by("ubnd.quan-tri")
            .tells("take-office", taking(officer, office))
            .refused_at(Code::SeparationOfDuties, "office");
    }
}

#[test]
fn an_absence_passes_over_its_officer_at_once_and_ends_when_he_says_so() {
    let mut story = Story::phoned();
    let until = "2026-05-17T08:00:00+07:00";
    story.until("16/05/2026 21:55").by("ubnd.dau-moi");
    story.tells("report-absence", json!({ "officer": "ubnd.dau-moi", "until": until })).settle();
    let last = &story.case().assignments.last().unwrap().assignment;
    assert_eq!((last.holder.as_str(), last.level), ("UBND.VX.DM2", Level::Deputy));
    story
        .tells("report-absence", json!({ "officer": "ubnd.dau-moi", "until": until }))
        .refused_at(Code::InvalidData, "from");
    story.tells("end-absence", json!({ "absence": 1 }));
    assert!(story.policy.organisation.is_available(&"UBND.VX.DM".into(), story.now));
    story.tells("end-absence", json!({ "absence": 1 })).refused(Code::BadState);
}

#[test]
fn everybody_away_ends_at_the_head_and_says_so() {
    let mut story = Story::new();
    for officer in ["ubnd.dau-moi", "ubnd.dau-moi2", "ubnd.truong-phong", "ubnd.lanh-dao"] {
        story.by("ubnd.quan-tri");
        story.tells("report-absence", json!({ "officer": officer, "until": "2026-05-20T00:00:00+07:00" }));
    }
    story.by("btg.truc-ban").raise(crate::story::phone()).settle();
    let assigned =
        story.case().assignments.iter().find(|each| each.assignment.agency == "UBND".into()).unwrap();
    assert_eq!((assigned.assignment.holder.as_str(), assigned.assignment.skipped.len()), ("UBND.LD", 3));
}

#[test]
fn a_policy_is_published_whole_with_a_version_of_its_own_and_not_for_the_past() {
    let files = |version: &str| {
        let mut files = Files::default();
        files.policy = files.policy.replace("2026.1", version);
        files.deadlines = files.deadlines.replacen("\"30 min\"", "\"45 min\"", 1);
        files.policy().texts
    };
    let mut story = with_sxd();
    story.by("ubnd.quan-tri");
    story.tells("publish-policy", json!({ "files": files("2026.1") })).refused_at(Code::InvalidData, "files");
    story
        .tells("publish-policy", json!({ "files": files("2026.2")[1..] }))
        .refused_at(Code::InvalidData, "files");
    let past = json!({ "files": files("2026.2"), "in_force": "2026-05-01T00:00:00+07:00" });
    story.tells("publish-policy", past).refused_at(Code::InvalidData, "in_force");
    let later = json!({ "files": files("2026.2"), "in_force": "2026-05-17T00:00:00+07:00" });
    story.tells("publish-policy", later).until("16/05/2026 23:59");
    assert_eq!(story.policy.version, "2026.1");
    let before = story.running();
    story.until("17/05/2026 00:00");
    assert_eq!(story.policy.version, "2026.2");
    assert_eq!(story.running(), before, "a deadline keeps the version under which it was armed");
}

#[test]
fn a_repeat_is_answered_with_the_first_result_and_another_body_refused() {
    let mut story = with_sxd();
    let body = json!({ "officer": "sxd.moi", "name": "Mới" });
    story.by("ubnd.quan-tri").key("k").tells("register-officer", body.clone());
    let before = story.of_directory().len();
    story.key("k").tells("register-officer", body.clone());
    assert_eq!(story.of_directory().len(), before);
    story.key("k").tells("register-officer", with(body, "/name", "Khác")).refused(Code::IdempotencyKeyReused);
}

#[test]
fn a_fact_that_does_not_follow_is_not_folded() {
    let mut story = with_sxd();
    story.by("ubnd.quan-tri").tells("register-officer", json!({ "officer": "sxd.moi", "name": "Mới" }));
    let [first, second] = story.of_directory() else { panic!("two facts") };
    assert!(crate::directory::evolve(None, second).is_err());
    let directory = crate::directory::evolve(None, first).unwrap();
    assert!(crate::directory::evolve(Some(directory.clone()), first).is_err());
    let mut other = second.clone();
    other.previous = events::Digest::ZERO;
    assert!(crate::directory::evolve(Some(directory.clone()), &other).is_err());
    assert_eq!(crate::directory::evolve(Some(directory), second).unwrap().officers.len(), 1);
}
