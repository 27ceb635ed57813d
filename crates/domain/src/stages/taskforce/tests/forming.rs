//! Proposing a task force, taking the proposal back, and the decision that establishes it (commands 29 and 32).

use super::*;

#[test]
fn heads_and_leaders_of_the_parties_propose() {
    for agency in ["btg", "snnmt", "ubnd"] {
        for office in ["truong-phong", "lanh-dao"] {
            let mut story = Story::agreed();
            story.by(&format!("{agency}.{office}")).when(PROPOSE, task_force()).then(Kind::TaskforceProposed);
            let by = &story.case().taskforce.proposal.as_ref().unwrap().by;
            assert_eq!(by.as_str(), agency.to_uppercase());
        }
        let mut story = Story::agreed();
        for office in ["dau-moi", "van-thu"] {
            story.by(&format!("{agency}.{office}")).when(PROPOSE, task_force()).refused(Code::NotAuthorised);
        }
    }
    let mut story = Story::agreed();
    story.consulting(&["SXD"]);
    for officer in ["sxd.lanh-dao", "btg.truc-ban", "btg.kiem-tra"] {
        story.by(officer).when(PROPOSE, task_force()).refused(Code::NotAuthorised);
    }
    story.by("xbm.lanh-dao").when(PROPOSE, task_force()).refused(Code::NotFound);
}

#[test]
fn a_task_force_is_proposed_while_the_sides_work_on_the_matter() {
    for lifecycle in LIFECYCLES {
        let mut story = stands_at(Story::agreed(), lifecycle);
        story.by("btg.lanh-dao").when(PROPOSE, task_force());
        if matches!(
            lifecycle,
            Lifecycle::InCoordination | Lifecycle::Agreed | Lifecycle::Disputed | Lifecycle::Directed
        ) {
            story.then(Kind::TaskforceProposed);
        } else {
            story.refused(Code::BadState);
        }
    }
}

#[test]
fn one_task_force_at_a_time_is_proposed_and_another_after_a_refusal_or_a_dissolution() {
    let legal = [TaskforceState::None, TaskforceState::Refused, TaskforceState::Dissolved];
    legal_only_in(&legal, "snnmt.lanh-dao", PROPOSE, &task_force());
    let mut story = dissolved();
    story.by("snnmt.lanh-dao").when(PROPOSE, task_force());
    assert_eq!(story.case().taskforce.proposals, 2);
    assert_eq!(story.case().taskforce.proposal.as_ref().unwrap().number, 2);
    assert_eq!(story.due_of(DeadlineKey::Consent, 2).unwrap(), "17/05 03:50");
    assert_eq!(story.due_of(DeadlineKey::Consent, 1), None);
}

#[test]
fn a_proposal_names_two_agencies_or_more_a_purpose_and_a_term() {
    let mut story = Story::agreed();
    story.by("btg.lanh-dao");
    for agencies in [json!([]), json!(["BTG"]), json!(["BTG", "SKHCN"]), json!(["BTG", "XBM", "BTG"])] {
        let body = with(task_force(), "/agencies", agencies);
        story.when(PROPOSE, body).refused_at(Code::InvalidData, "agencies");
    }
    for purpose in ["", " \n", "đ".repeat(2001).as_str()] {
        story.when(PROPOSE, with(task_force(), "/purpose", purpose)).refused_at(Code::InvalidData, "purpose");
    }
    for until in ["2026-05-15", "+10000-01-01"] {
        story.when(PROPOSE, with(task_force(), "/until", until)).refused_at(Code::InvalidData, "until");
    }
    let mut all_wrong = with(with(task_force(), "/purpose", ""), "/until", "2026-05-15");
    story.when(PROPOSE, all_wrong.clone()).refused_at(Code::InvalidData, "purpose");
    all_wrong = with(all_wrong, "/agencies", json!(["BTG"]));
    story.when(PROPOSE, all_wrong).refused_at(Code::InvalidData, "agencies");
    let body = with(task_force(), "/purpose", "đ".repeat(2000));
    story.when(PROPOSE, with(body, "/until", "2026-05-16")).then(Kind::TaskforceProposed);
    for until in ["9999-12-31", "2026-05-17"] {
        let mut story = Story::agreed();
        story.until("17/05/2026 00:30").by("btg.lanh-dao");
        story
            .when(PROPOSE, with(task_force(), "/until", "2026-05-16"))
            .refused_at(Code::InvalidData, "until");
        story.when(PROPOSE, with(task_force(), "/until", until)).then(Kind::TaskforceProposed);
    }
}

#[test]
fn the_proposer_takes_part_only_if_it_invites_itself() {
    let mut story = Story::agreed();
    let body = with(task_force(), "/agencies", json!(["SNNMT", "XBM"]));
    story.by("btg.lanh-dao").when(PROPOSE, body).then(Kind::TaskforceProposed);
    story.when(CONSENT, consenting_only(1)).refused(Code::NotAuthorised);
    for officer in ["snnmt.lanh-dao", "xbm.lanh-dao"] {
        story.by(officer).when(CONSENT, consenting_only(1)).then(Kind::ConsentGiven);
    }
    assert_eq!(state(&story), TaskforceState::Consented);
}

#[test]
fn the_proposing_agency_or_a_superior_takes_the_proposal_back() {
    for officer in ["snnmt.truong-phong", "snnmt.lanh-dao", "btg.lanh-dao", "ubnd.lanh-dao"] {
        let mut story = Story::agreed();
        story.by("snnmt.lanh-dao").when(PROPOSE, task_force());
        story.by(officer).when(WITHDRAW, taking_back(1)).then(Kind::TaskforceProposalWithdrawn);
        assert_eq!((state(&story), story.case().taskforce.proposal.as_ref()), (TaskforceState::None, None));
    }
    let mut story = Story::agreed();
    story.by("snnmt.lanh-dao").when(PROPOSE, task_force());
    for officer in ["snnmt.dau-moi", "xbm.lanh-dao", "btg.truong-phong", "ubnd.truong-phong"] {
        story.by(officer).when(WITHDRAW, taking_back(1)).refused(Code::NotAuthorised);
    }
}

#[test]
fn a_proposal_is_taken_back_while_it_stands_in_any_live_case() {
    let legal = [TaskforceState::Proposed, TaskforceState::Consented];
    legal_only_in(&legal, "btg.lanh-dao", WITHDRAW, &taking_back(1));
    for lifecycle in LIFECYCLES {
        let mut story = stands_at(Story::asking_for_a_task_force(), lifecycle);
        story.by("btg.lanh-dao").when(WITHDRAW, taking_back(1));
        assert_eq!(story.done(), lifecycle.is_live(), "{lifecycle:?}");
    }
    let mut story = Story::asking_for_a_task_force();
    story.by("btg.lanh-dao").when(WITHDRAW, taking_back(2)).refused_at(Code::InvalidData, "proposal");
    for reason in ["", " ", "đ".repeat(2001).as_str()] {
        let body = with(taking_back(1), "/reason", reason);
        story.when(WITHDRAW, body).refused_at(Code::InvalidData, "reason");
    }
}

#[test]
fn a_superior_s_leader_establishes_by_a_decision_of_his_own_agency() {
    for (officer, agency) in [("ubnd.lanh-dao", "UBND"), ("btg.lanh-dao", "BTG")] {
        let mut story = Story::consented();
        for issuer in ["SNNMT", if agency == "BTG" { "UBND" } else { "BTG" }, "TU"] {
            story.by(officer).when(ESTABLISH, establishing(issuer));
            story.refused_at(Code::DocInvalid, "document.issuer");
        }
        story.when(ESTABLISH, establishing(agency)).then(Kind::TaskforceEstablished);
        assert_eq!(state(&story), TaskforceState::Active);
        let taskforce = &story.case().taskforce;
        let formed = taskforce.formed.as_ref().unwrap();
        assert_eq!((formed.by.as_str(), formed.by_directive, formed.number), (agency, false, 1));
        assert_eq!((formed.decision.as_str(), formed.since), ("57/TCT-VX", story.now));
        assert_eq!(formed.mandate.until.to_string(), "2026-06-30");
        assert_eq!(members(&story), ["btg.dau-moi leads", "snnmt.dau-moi", "xbm.dau-moi"]);
        assert_eq!(taskforce.proposal, None);
    }
    let mut story = Story::consented();
    story.went_up();
    for officer in ["snnmt.lanh-dao", "xbm.lanh-dao", "ubnd.truong-phong", "tu.thuong-truc", "tu.thu-ky"] {
        story.by(officer).when(ESTABLISH, establishing("UBND")).refused(Code::NotAuthorised);
    }
}

#[test]
fn nothing_is_established_before_all_have_consented() {
    for (stands, begin) in beginnings() {
        let mut story = begin();
        story.by("btg.lanh-dao").when(ESTABLISH, with(establishing("BTG"), "/document/number", 58));
        match stands {
            TaskforceState::Consented => story.then(Kind::TaskforceEstablished),
            TaskforceState::Active => story.refused(Code::BadState),
            _ => story.refused(Code::TfConsentMissing),
        };
    }
    for lifecycle in LIFECYCLES {
        let mut story = stands_at(Story::consented(), lifecycle);
        story.by("ubnd.lanh-dao").when(ESTABLISH, establishing("UBND"));
        assert_eq!(story.done(), lifecycle.is_live(), "{lifecycle:?}");
    }
}

#[test]
fn each_agency_has_a_member_and_one_of_them_leads() {
    let mut story = Story::asking_for_a_task_force();
    for officer in ["btg.lanh-dao", "snnmt.lanh-dao", "xbm.lanh-dao"] {
        story.by(officer).when(CONSENT, consenting_only(1)).then(Kind::ConsentGiven);
    }
    // The guards come before the document.
    let bad = || with(establishing("UBND"), "/document/number", 0);
    for (officer, named) in [("btg.lanh-dao", "btg.dau-moi"), ("snnmt.lanh-dao", "snnmt.dau-moi")] {
        story.by("ubnd.lanh-dao").when(ESTABLISH, bad()).refused(Code::TfMemberMissing);
        story.by(officer).when(NOMINATE, nominating(named, false)).then(Kind::MemberNominated);
    }
    story.by("ubnd.lanh-dao").when(ESTABLISH, bad()).refused(Code::TfMemberMissing);
    story.by("xbm.lanh-dao").when(NOMINATE, nominating("xbm.dau-moi", false));
    // Nobody leads yet.
    story.by("ubnd.lanh-dao").when(ESTABLISH, bad()).refused(Code::TfMemberMissing);
    story.by("xbm.lanh-dao").when(NOMINATE, nominating("xbm.lanh-dao", true));
    story.by("ubnd.lanh-dao").when(ESTABLISH, bad()).refused_at(Code::DocInvalid, "document.number");
    story.when(ESTABLISH, establishing("UBND")).then(Kind::TaskforceEstablished);
    assert_eq!(members(&story), ["btg.dau-moi", "snnmt.dau-moi", "xbm.lanh-dao leads"]);
}

#[test]
fn the_decision_is_registered_once_and_is_no_other_document() {
    let decision = Story::consented().by("ubnd.lanh-dao").when(ESTABLISH, establishing("UBND")).decision();
    let document: Document = serde_json::from_value(establishing("UBND")["document"].clone()).unwrap();
    assert_eq!(decision.registers, Some(document));
    assert_eq!((decision.transition, decision.deadlines.len()), (None, 0));
    let mut story = Story::consented();
    story.registering(establishing("UBND")["document"].clone());
    let decision = story.by("ubnd.lanh-dao").when(ESTABLISH, establishing("UBND")).decision();
    assert_eq!(decision.registers, None);
    let mut story = Story::consented();
    story.registering(with(establishing("UBND"), "/document/abstract", "Khác")["document"].clone());
    story.by("ubnd.lanh-dao").when(ESTABLISH, establishing("UBND"));
    story.refused_at(Code::DocInvalid, "document");
}

#[test]
fn a_case_that_is_withdrawn_or_cancelled_takes_its_proposal_along() {
    let withdrawn = || {
        let document = serde_json::from_value(document()).unwrap();
        (Body::CaseWithdrawn(casefile::CaseWithdrawn { document, reason: None }), Lifecycle::Withdrawn)
    };
    let cancelled = || {
        let reason = CancellationReason::CallerNotGenuine;
        (Body::CaseCancelled(casefile::CaseCancelled { proposal: 1, reason }), Lifecycle::Cancelled)
    };
    for (stands, begin) in beginnings() {
        for (body, to) in [withdrawn(), cancelled()] {
            let mut story = begin();
            let transition = Some(Transition { from: Some(Lifecycle::Agreed), to });
            let occurred_at = story.now;
            let fact = Decision {
                occurred_at,
                body,
                transition,
                deadlines: Vec::new(),
                registers: None,
                along: None,
                acting: None,
            };
            story.forge(fact);
            let standing = matches!(stands, TaskforceState::Proposed | TaskforceState::Consented);
            assert_eq!(state(&story), if standing { TaskforceState::None } else { stands });
            assert_eq!(story.due_of(DeadlineKey::Consent, 1), None);
        }
    }
}

#[test]
fn a_case_is_not_closed_over_a_task_force() {
    for (stands, begin) in beginnings() {
        let mut story = begin();
        story.by("btg.dau-moi").when("propose-closure", closing()).refused(Code::WrittenNotSettled);
        settle_in_writing(&mut story);
        story.by("btg.dau-moi").when("propose-closure", closing());
        if stages::taskforce::is_standing(story.case()) {
            story.refused(Code::TaskForceActive);
            assert!(matches!(
                stands,
                TaskforceState::Proposed | TaskforceState::Consented | TaskforceState::Active
            ));
        } else {
            story.then(Kind::ClosureProposed);
        }
        assert_eq!(stages::taskforce::is_active(story.case()), stands == TaskforceState::Active);
    }
    // What was proposed after the first key hinders the second.
    let mut story = Story::settled();
    story.by("btg.dau-moi").when("propose-closure", closing()).then(Kind::ClosureProposed);
    story.by("btg.lanh-dao").when(PROPOSE, task_force());
    story.by("ubnd.lanh-dao").when("confirm-closure", confirming(1)).refused(Code::TaskForceActive);
    story.when(WITHDRAW, taking_back(1));
    story.when("confirm-closure", confirming(1)).then(Kind::CaseClosed);
}

fn settle_in_writing(story: &mut Story) {
    use crate::story::{confirmation, verdicts};
    story.by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
    story.by("btg.dau-moi").when("compare-written", verdicts("same"));
}
