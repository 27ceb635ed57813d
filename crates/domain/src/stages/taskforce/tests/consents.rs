//! Naming members and answering (commands 30 and 31).

use super::*;

#[test]
fn heads_and_leaders_of_invited_agencies_name_one_of_their_own() {
    for (officer, named) in [
        ("btg.truong-phong", "btg.truong-phong"),
        ("btg.lanh-dao", "btg.dau-moi2"),
        ("snnmt.truong-phong", "snnmt.dau-moi"),
        ("xbm.lanh-dao", "xbm.lanh-dao"),
    ] {
        let mut story = Story::asking_for_a_task_force();
        story.by(officer).when(NOMINATE, nominating(named, true)).then(Kind::MemberNominated);
        match story.newest().body() {
            Body::MemberNominated(said) => {
                let agency = story.policy.organisation.person(&officer.into(), story.now).unwrap().agency;
                let office = story.policy.organisation.person(&named.into(), story.now).unwrap().office;
                assert_eq!((&said.member.agency, &said.member.office), (&agency, &office));
                assert_eq!((said.proposal, said.member.officer.as_str(), said.member.lead), (1, named, true));
            }
            other => panic!("{other:?}"),
        }
    }
    let mut story = Story::asking_for_a_task_force();
    for officer in ["btg.dau-moi", "xbm.van-thu", "ubnd.lanh-dao", "ubnd.truong-phong"] {
        story.by(officer).when(NOMINATE, nominating("btg.dau-moi", false)).refused(Code::NotAuthorised);
    }
    story.by("sxd.lanh-dao").when(NOMINATE, nominating("sxd.dau-moi", false)).refused(Code::NotFound);
    story.by("snnmt.lanh-dao");
    for named in ["btg.dau-moi", "ubnd.dau-moi", "nobody"] {
        story.when(NOMINATE, nominating(named, false)).refused_at(Code::InvalidData, "officer");
    }
    // An auditor holds no other role.
    story.by("btg.lanh-dao").when(NOMINATE, nominating("btg.kiem-tra", false));
    story.refused_at(Code::InvalidData, "officer");
    story.when(NOMINATE, with(nominating("btg.dau-moi", false), "/proposal", 2));
    story.refused_at(Code::InvalidData, "proposal");
}

#[test]
fn members_are_named_while_the_proposal_stands_in_any_live_case() {
    let legal = [TaskforceState::Proposed, TaskforceState::Consented];
    legal_only_in(&legal, "btg.lanh-dao", NOMINATE, &nominating("btg.dau-moi2", true));
    for lifecycle in LIFECYCLES {
        let mut story = stands_at(Story::asking_for_a_task_force(), lifecycle);
        story.by("btg.lanh-dao").when(NOMINATE, nominating("btg.dau-moi", true));
        assert_eq!(story.done(), lifecycle.is_live(), "{lifecycle:?}");
    }
}

#[test]
fn a_later_nomination_of_an_agency_takes_the_place_of_the_earlier() {
    let mut story = Story::consented();
    assert_eq!(members(&story), ["btg.dau-moi leads", "snnmt.dau-moi", "xbm.dau-moi"]);
    story.by("btg.lanh-dao").when(NOMINATE, nominating("btg.dau-moi2", true)).then(Kind::MemberNominated);
    assert_eq!(members(&story), ["snnmt.dau-moi", "xbm.dau-moi", "btg.dau-moi2 leads"]);
    // The lead goes to another agency once its holder's agency has given it up.
    story.by("snnmt.lanh-dao").when(NOMINATE, nominating("snnmt.lanh-dao", true));
    story.refused_at(Code::InvalidData, "lead");
    story.by("btg.lanh-dao").when(NOMINATE, without(nominating("btg.dau-moi2", true), "/lead"));
    story.by("snnmt.lanh-dao").when(NOMINATE, nominating("snnmt.lanh-dao", true));
    assert_eq!(members(&story), ["xbm.dau-moi", "btg.dau-moi2", "snnmt.lanh-dao leads"]);
    assert_eq!(state(&story), TaskforceState::Consented);
}

#[test]
fn a_leader_of_each_invited_agency_answers() {
    let mut story = Story::asking_for_a_task_force();
    for officer in ["btg.truong-phong", "snnmt.dau-moi", "xbm.van-thu", "ubnd.lanh-dao"] {
        story.by(officer).when(CONSENT, consenting_only(1)).refused(Code::NotAuthorised);
        story.by(officer).when(CONSENT, not_consenting(1)).refused(Code::NotAuthorised);
    }
    let completes = |story: &Story| match story.newest().body() {
        Body::ConsentGiven(given) => (given.agency.to_string(), given.completes, given.member.is_some()),
        other => panic!("{other:?}"),
    };
    story.by("xbm.lanh-dao").when(CONSENT, consenting_only(1)).then(Kind::ConsentGiven);
    assert_eq!(completes(&story), ("XBM".to_owned(), false, false));
    story.by("btg.lanh-dao").when(CONSENT, consenting("btg.dau-moi", true)).then(Kind::ConsentGiven);
    assert_eq!(completes(&story), ("BTG".to_owned(), false, true));
    assert_eq!(state(&story), TaskforceState::Proposed);
    story.by("snnmt.lanh-dao").when(CONSENT, consenting("snnmt.lanh-dao", false));
    assert_eq!(completes(&story), ("SNNMT".to_owned(), true, true));
    assert_eq!(state(&story), TaskforceState::Consented);
    assert_eq!(members(&story), ["btg.dau-moi leads", "snnmt.lanh-dao"]);
}

#[test]
fn one_no_refuses_the_proposal() {
    let mut story = Story::asking_for_a_task_force();
    story.by("btg.lanh-dao").when(CONSENT, consenting_only(1));
    story.by("snnmt.lanh-dao").when(CONSENT, consenting_only(1));
    story.by("xbm.lanh-dao");
    for reason in ["", " \n", "đ".repeat(2001).as_str()] {
        let body = with(not_consenting(1), "/consent/no/reason", reason);
        story.when(CONSENT, body).refused_at(Code::InvalidData, "consent.no.reason");
    }
    story.when(CONSENT, not_consenting(1)).then(Kind::ConsentRefused);
    assert_eq!(state(&story), TaskforceState::Refused);
}

#[test]
fn who_has_consented_is_not_asked_again() {
    let mut story = Story::asking_for_a_task_force();
    story.by("btg.lanh-dao").when(CONSENT, consenting_only(1));
    story.when(CONSENT, consenting_only(1)).refused(Code::BadState);
    story.when(CONSENT, not_consenting(1)).refused(Code::BadState);
    legal_only_in(&[TaskforceState::Proposed], "btg.lanh-dao", CONSENT, &consenting_only(1));
    for lifecycle in LIFECYCLES {
        let mut story = stands_at(Story::asking_for_a_task_force(), lifecycle);
        story.by("btg.lanh-dao").when(CONSENT, consenting_only(1));
        assert_eq!(story.done(), lifecycle.is_live(), "{lifecycle:?}");
    }
}

#[test]
fn a_consent_names_its_member_as_a_nomination_does() {
    let mut story = Story::asking_for_a_task_force();
    story.by("snnmt.lanh-dao").when(NOMINATE, nominating("snnmt.dau-moi", true));
    story.by("btg.lanh-dao");
    story.when(CONSENT, with(consenting_only(1), "/proposal", 0)).refused_at(Code::InvalidData, "proposal");
    story.when(CONSENT, consenting("snnmt.dau-moi", false));
    story.refused_at(Code::InvalidData, "consent.yes.officer");
    story.when(CONSENT, consenting("btg.dau-moi", true)).refused_at(Code::InvalidData, "consent.yes.lead");
    story.when(CONSENT, without(consenting("btg.dau-moi", true), "/consent/yes/officer"));
    story.refused_at(Code::InvalidData, "consent.yes.officer");
    story.by("snnmt.lanh-dao").when(CONSENT, consenting("snnmt.lanh-dao", true)).then(Kind::ConsentGiven);
    assert_eq!(members(&story), ["snnmt.lanh-dao leads"]);
}

#[test]
fn an_invited_agency_sees_the_case_from_then_on() {
    let sees = |story: &Story, officer: &str| {
        let person = story.policy.organisation.person(&officer.into(), story.now).unwrap();
        crate::access::may_see(story.case(), &person, &story.policy, story.now)
    };
    let mut story = Story::agreed();
    assert!(!sees(&story, "xbm.dau-moi"));
    story.by("btg.lanh-dao").when(PROPOSE, task_force());
    assert!(sees(&story, "xbm.dau-moi") && sees(&story, "xbm.van-thu"));
    assert!(!sees(&story, "sxd.lanh-dao"));
    story.when(WITHDRAW, taking_back(1));
    let others = with(task_force(), "/agencies", json!(["BTG", "SXD"]));
    story.when(PROPOSE, others).then(Kind::TaskforceProposed);
    assert!(sees(&story, "xbm.dau-moi") && sees(&story, "sxd.dau-moi"));
    let invited: Vec<_> = story.case().taskforce.invited.iter().map(AgencyId::to_string).collect();
    assert_eq!(invited, ["BTG", "SNNMT", "SXD", "XBM"]);
}
