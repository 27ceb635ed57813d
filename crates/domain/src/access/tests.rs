//! Who sees a case, and who does not.

use super::*;
use crate::story::{Files, Story, THIRD_SIDE, adding, phone, rerouting, with};

fn sees(story: &Story, officer: &str) -> bool {
    let person = story.policy.organisation.person(&officer.into(), story.now).unwrap();
    may_see(story.case(), &person, &story.policy, story.now)
}

/// Officers who work cases, of an agency in lower case.
fn all_of(agency: &str) -> [String; 5] {
    ["dau-moi", "dau-moi2", "truong-phong", "lanh-dao", "van-thu"].map(|office| format!("{agency}.{office}"))
}

#[test]
fn raiser_receiver_and_whoever_is_asked_see_the_case() {
    let mut story = Story::new();
    story.raise(phone());
    for officer in all_of("btg").into_iter().chain(all_of("snnmt")) {
        assert!(sees(&story, &officer), "{officer}");
    }
    assert!(sees(&story, "btg.truc-ban"));
    for officer in all_of("sxd") {
        assert!(!sees(&story, &officer), "{officer}");
    }
    // UBND is not asked before the case is routed; its leader sees what concerns his side.
    assert!(sees(&story, "ubnd.lanh-dao"));
    assert!(!sees(&story, "ubnd.dau-moi"));
    story.settle();
    for officer in all_of("ubnd") {
        assert!(sees(&story, &officer), "{officer}");
    }
}

#[test]
fn required_and_consulted_agencies_see_the_case() {
    let mut story = Story::new();
    story.requiring(&["SXD"]).raise(phone());
    assert!(sees(&story, "sxd.dau-moi"));
    let mut story = Story::phoned();
    assert!(!sees(&story, "sxd.dau-moi"));
    story.consulting(&["SXD"]);
    assert!(sees(&story, "sxd.dau-moi"));
}

#[test]
fn an_agency_that_is_added_or_re_routed_to_sees_the_case_from_then_on() {
    let mut story = Story::phoned();
    for (officer, agency) in [("sxd.dau-moi", "SXD"), ("xbm.dau-moi", "XBM")] {
        assert!(!sees(&story, officer));
        let role = if agency == "SXD" { "required" } else { "consulted" };
        story.by("btg.lanh-dao").when("add-agency", adding(agency, role));
        assert!(sees(&story, officer));
    }
    let mut story = Story::phoned();
    story.by("ubnd.lanh-dao").when("reroute", with(rerouting(), "/unit", "XBM.VP"));
    assert!(sees(&story, "xbm.dau-moi") && sees(&story, "ubnd.dau-moi"));
}

#[test]
fn leaders_of_the_sides_are_those_of_their_superiors() {
    let mut story = Files::with_organisation(THIRD_SIDE).story();
    story.by("cat.giam-doc").raise(with(phone(), "/raiser", "CAT")).settle();
    assert!(sees(&story, "cat.dau-moi") && sees(&story, "btg.dau-moi"));
    assert!(sees(&story, "ubnd.lanh-dao"));
    for officer in ["ubnd.dau-moi", "ubnd.truong-phong", "snnmt.lanh-dao", "bch.chi-huy"] {
        assert!(!sees(&story, officer), "{officer}");
    }
}

#[test]
fn auditors_see_every_case_and_administrators_none() {
    let mut files = Files::default();
    files.organisation = files.organisation.replace("role = \"CL\"", "role = \"AD\"");
    let mut story = files.story();
    story.raise(with(phone(), "/raiser", "UBND")).settle();
    assert!(sees(&story, "btg.kiem-tra"));
    for officer in ["btg.van-thu", "ubnd.van-thu"] {
        assert!(!sees(&story, officer));
        let person = story.policy.organisation.person(&officer.into(), story.now).unwrap();
        assert!(principals(&person, &story.policy, story.now).is_empty());
    }
}

#[test]
fn an_auditor_sees_as_an_auditor_and_not_as_one_of_his_agency() {
    let story = Story::phoned();
    let person = |officer: &str| story.policy.organisation.person(&officer.into(), story.now).unwrap();
    let of = |officer: &str| {
        principals(&person(officer), &story.policy, story.now).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(of("btg.kiem-tra"), [Principal::Auditors]);
    assert_eq!(of("btg.lanh-dao"), [Principal::Agency("BTG".into()), Principal::Leaders(Side::A)]);
    assert_eq!(of("ubnd.lanh-dao"), [Principal::Agency("UBND".into()), Principal::Leaders(Side::B)]);
    assert_eq!(of("snnmt.lanh-dao"), [Principal::Agency("SNNMT".into())]);
    assert_eq!(of("btg.truong-phong"), [Principal::Agency("BTG".into())]);
}

#[test]
fn the_audience_is_kept_with_the_case() {
    let story = Story::phoned();
    assert_eq!(story.case().audience, audience(story.case()));
    assert_eq!(
        story.case().audience.iter().cloned().collect::<Vec<_>>(),
        [
            Principal::Agency("BTG".into()),
            Principal::Agency("SNNMT".into()),
            Principal::Agency("UBND".into()),
            Principal::Leaders(Side::A),
            Principal::Leaders(Side::B),
            Principal::Auditors,
        ]
    );
}
