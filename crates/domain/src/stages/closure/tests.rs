//! Closing by two keys, one of each side.

mod reopening;

use events::{Body, DeadlineKey, Kind, Lifecycle, closure::Outcome, terms::Side};
use serde_json::json;

use super::pending;
use crate::{
    Code,
    keys::KeyState,
    stages::confirmation::{Confirmation, Written},
    story::{
        Files, Story, THIRD_SIDE, agree, closing, confirmation, confirming, disagree, once_more, phone,
        rejecting, verdicts, with, written,
    },
};

const PROPOSE: &str = "propose-closure";
const CONFIRM: &str = "confirm-closure";
const REJECT: &str = "reject-closure";

/// Agreed and settled, and side A has proposed to close on Wednesday at 10:00.
fn proposed() -> Story {
    proposed_by("btg.dau-moi")
}

fn proposed_by(officer: &str) -> Story {
    let mut story = Story::settled();
    story.until("20/05/2026 10:00").by(officer).when(PROPOSE, closing()).then(Kind::ClosureProposed);
    story
}

fn states(story: &Story) -> Vec<KeyState> {
    story.case().closures.iter().map(|proposal| proposal.state).collect()
}

// The first key (command 35).

#[test]
fn liaison_officers_heads_and_leaders_of_the_parties_propose() {
    for agency in ["btg", "snnmt", "ubnd"] {
        for office in ["dau-moi", "dau-moi2", "truong-phong", "lanh-dao"] {
            let story = proposed_by(&format!("{agency}.{office}"));
            let proposal = pending(story.case()).unwrap();
            assert_eq!(proposal.proposed.side, if agency == "btg" { Side::A } else { Side::B });
            assert_eq!(proposal.by.as_str(), format!("{agency}.{office}"));
        }
        let mut story = Story::settled();
        story.by(&format!("{agency}.van-thu")).when(PROPOSE, closing()).refused(Code::NotAuthorised);
    }
    let mut story = Story::settled();
    story.consulting(&["SXD"]);
    for officer in ["btg.truc-ban", "btg.kiem-tra", "sxd.dau-moi", "sxd.lanh-dao"] {
        story.by(officer).when(PROPOSE, closing()).refused(Code::NotAuthorised);
    }
}

#[test]
fn a_third_side_holds_no_key() {
    let mut story = Files::with_organisation(THIRD_SIDE).story();
    story.requiring(&["CAT"]).by("snnmt.dau-moi").raise(written()).settle();
    story.by("btg.dau-moi").when("acknowledge", json!({})).settle();
    for officer in ["btg.lanh-dao", "cat.giam-doc"] {
        story.by(officer).when("record-position", agree());
    }
    story.stands(Lifecycle::Agreed);
    story.by("cat.giam-doc").when(PROPOSE, closing()).refused(Code::NotAuthorised);
    story.by("cat.dau-moi").when(PROPOSE, closing()).refused(Code::NotAuthorised);
    story.by("btg.dau-moi").when(PROPOSE, closing()).then(Kind::ClosureProposed);
    story.by("cat.giam-doc").when(CONFIRM, confirming(1)).refused(Code::NotAuthorised);
    story.when(REJECT, rejecting(1)).refused(Code::NotAuthorised);
    story.by("ubnd.lanh-dao").when(CONFIRM, confirming(1)).then(Kind::CaseClosed);
}

#[test]
fn where_a_side_has_no_party_its_superior_holds_the_key() {
    let mut story = Files::with_organisation(THIRD_SIDE).story();
    let report = with(with(written(), "/raiser", "CAT"), "/document/issuer", "CAT");
    story.by("cat.giam-doc").raise(report).settle();
    story.by("btg.dau-moi").when("acknowledge", json!({})).settle();
    story.by("btg.lanh-dao").when("record-position", agree()).stands(Lifecycle::Agreed);
    story.by("cat.giam-doc").when(PROPOSE, closing()).refused(Code::NotAuthorised);
    story.by("btg.dau-moi").when(PROPOSE, closing()).then(Kind::ClosureProposed);
    assert_eq!(story.mails(), ["E19 to UBND.LD by 19/05 17:00"]);
    story.by("btg.lanh-dao").when(CONFIRM, confirming(1)).refused(Code::NotAuthorised);
    story.by("ubnd.truong-phong").when(CONFIRM, confirming(1)).refused(Code::NotFound);
    story.until("19/05/2026 17:00");
    assert_eq!(story.log().pop().unwrap(), "19/05 17:00 closure.overdue closure level 1, owed by UBND");
    story.by("ubnd.lanh-dao").when(CONFIRM, confirming(1)).then(Kind::CaseClosed);
}

#[test]
fn a_case_is_closed_only_once_it_is_agreed() {
    let mut received = Story::new();
    received.by("snnmt.dau-moi").raise(written());
    let mut routed = Story::new();
    routed.by("snnmt.dau-moi").raise(written()).settle();
    let mut disputed = Story::coordinating();
    disputed.by("btg.lanh-dao").when("record-position", disagree());
    let mut closed = proposed();
    closed.by("ubnd.lanh-dao").when(CONFIRM, confirming(1));
    for (story, lifecycle) in [
        (&mut received, Lifecycle::Received),
        (&mut routed, Lifecycle::Routed),
        (&mut Story::coordinating(), Lifecycle::InCoordination),
        (&mut disputed, Lifecycle::Disputed),
        (&mut closed, Lifecycle::Closed),
    ] {
        story.stands(lifecycle).by("btg.lanh-dao");
        story.when(PROPOSE, closing()).refused(Code::BadState);
        story.when(CONFIRM, confirming(1)).refused(Code::BadState);
        story.when(REJECT, rejecting(1)).refused(Code::BadState);
    }
}

#[test]
fn an_open_written_confirmation_hinders_closure_whatever_its_state() {
    let mut story = Story::agreed();
    story.by("btg.dau-moi").when(PROPOSE, closing()).refused(Code::WrittenNotSettled);
    story.until("17/05/2026 06:00");
    assert_eq!(story.case().confirmations[0].written, Written::Overdue);
    story.when(PROPOSE, closing()).refused(Code::WrittenNotSettled);
    story.by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
    assert_eq!(story.case().confirmations[0].written, Written::Received);
    story.by("snnmt.dau-moi").when(PROPOSE, closing()).refused(Code::WrittenNotSettled);
    story.by("btg.dau-moi").when("compare-written", verdicts("changed"));
    assert_eq!(story.case().confirmations[0].written, Written::Discrepant);
    // The guard comes before the content.
    story.when(PROPOSE, with(closing(), "/summary", "")).refused(Code::WrittenNotSettled);
    Story::settled().by("btg.dau-moi").when(PROPOSE, closing()).then(Kind::ClosureProposed);
}

#[test]
fn one_proposal_waits_at_a_time() {
    let mut story = proposed();
    for officer in ["btg.dau-moi", "btg.lanh-dao", "snnmt.dau-moi", "ubnd.lanh-dao"] {
        story.by(officer).when(PROPOSE, closing()).refused(Code::BadState);
    }
    assert_eq!(states(&story), [KeyState::Pending]);
}

#[test]
fn a_proposal_says_how_the_matter_ended() {
    for (word, outcome) in [
        ("resolved", Outcome::Resolved),
        ("resolved-by-directive", Outcome::ResolvedByDirective),
        ("no-further-action", Outcome::NoFurtherAction),
        ("transferred-elsewhere", Outcome::TransferredElsewhere),
    ] {
        let mut story = Story::settled();
        story.by("btg.dau-moi").when(PROPOSE, json!({ "outcome": word })).then(Kind::ClosureProposed);
        let proposed = &pending(story.case()).unwrap().proposed;
        assert_eq!((proposed.outcome, &proposed.summary), (outcome, &None));
        story.by("ubnd.lanh-dao").when(CONFIRM, confirming(1));
        match story.newest().body() {
            Body::CaseClosed(closed) => assert_eq!((closed.proposal, closed.outcome), (1, outcome)),
            other => panic!("{other:?}"),
        }
    }
    let mut story = Story::settled();
    let summary = |count: usize| with(closing(), "/summary", "đ".repeat(count));
    story.by("btg.dau-moi").when(PROPOSE, summary(2001)).refused_at(Code::InvalidData, "summary");
    story.when(PROPOSE, summary(2000)).then(Kind::ClosureProposed);
}

// The second key (command 36).

#[test]
fn a_leader_of_the_other_side_confirms() {
    for (proposer, confirmer) in [
        ("btg.dau-moi", "snnmt.lanh-dao"),
        ("btg.lanh-dao", "ubnd.lanh-dao"),
        ("snnmt.dau-moi", "btg.lanh-dao"),
        ("ubnd.lanh-dao", "btg.lanh-dao"),
    ] {
        let mut story = proposed_by(proposer);
        story.by(confirmer).when(CONFIRM, confirming(1)).then(Kind::CaseClosed).stands(Lifecycle::Closed);
        assert_eq!(states(&story), [KeyState::Confirmed]);
        let mut story = proposed_by(proposer);
        story.by(confirmer).when(REJECT, rejecting(1)).then(Kind::ClosureRejected).stands(Lifecycle::Agreed);
        assert_eq!(states(&story), [KeyState::Rejected]);
    }
}

#[test]
fn the_own_side_neither_confirms_nor_rejects_nor_does_anybody_but_a_leader() {
    for (proposer, others) in [
        (
            "btg.lanh-dao",
            ["btg.lanh-dao", "btg.truong-phong", "snnmt.truong-phong", "ubnd.dau-moi", "ubnd.van-thu"],
        ),
        (
            "snnmt.lanh-dao",
            ["snnmt.lanh-dao", "ubnd.lanh-dao", "btg.truong-phong", "btg.van-thu", "btg.kiem-tra"],
        ),
    ] {
        let mut story = proposed_by(proposer);
        for officer in others {
            story.by(officer).when(CONFIRM, confirming(1)).refused(Code::NotAuthorised);
            story.by(officer).when(REJECT, rejecting(1)).refused(Code::NotAuthorised);
        }
        story.by("sxd.lanh-dao").when(CONFIRM, confirming(1)).refused(Code::NotFound);
        story.consulting(&["SXD"]).when(CONFIRM, confirming(1)).refused(Code::NotAuthorised);
    }
}

#[test]
fn one_person_does_not_turn_both_keys_even_in_another_office() {
    let mut story = proposed_by("snnmt.dau-moi");
    let mut files = Files::default();
    files.organisation = files.organisation.replace(
        "name = \"Phan Văn Lợi\"\noffice = \"SNNMT.VP.DM\"",
        "name = \"Phan Văn Lợi\"\noffice = \"BTG.LD\"",
    );
    story.now_under(&files).when(CONFIRM, confirming(1)).refused(Code::SeparationOfDuties);
    story.by("btg.lanh-dao").when(CONFIRM, confirming(1)).then(Kind::CaseClosed);
    let mut story = proposed_by("snnmt.dau-moi");
    story.now_under(&files).when(REJECT, rejecting(1)).then(Kind::ClosureRejected);
}

#[test]
fn a_second_key_needs_the_first_by_its_number() {
    let mut story = Story::settled();
    story.by("btg.lanh-dao").when(CONFIRM, confirming(1)).refused(Code::NoProposal);
    story.when(REJECT, rejecting(1)).refused(Code::NoProposal);
    let mut story = proposed();
    story.by("ubnd.lanh-dao");
    for number in [0, 2] {
        story.when(CONFIRM, confirming(number)).refused(Code::NoProposal);
        story.when(REJECT, with(rejecting(number), "/reason", "")).refused(Code::NoProposal);
    }
    story.when(CONFIRM, confirming(1)).then(Kind::CaseClosed);
}

#[test]
fn a_rejection_has_a_reason_and_lets_either_side_propose_again() {
    let mut story = proposed();
    story.by("ubnd.lanh-dao");
    for reason in ["", " \n", "đ".repeat(2001).as_str()] {
        story.when(REJECT, with(rejecting(1), "/reason", reason)).refused_at(Code::InvalidData, "reason");
    }
    story.when(REJECT, rejecting(1)).then(Kind::ClosureRejected);
    assert_eq!(story.due_of(DeadlineKey::Closure, 1), None);
    story.when(CONFIRM, confirming(1)).refused(Code::NoProposal);
    story.when(REJECT, rejecting(1)).refused(Code::NoProposal);
    story.until("20/05/2026 11:00").by("snnmt.dau-moi").when(PROPOSE, closing()).then(Kind::ClosureProposed);
    assert_eq!(states(&story), [KeyState::Rejected, KeyState::Pending]);
    assert_eq!(story.due_of(DeadlineKey::Closure, 2).unwrap(), "22/05 17:00");
    story.by("btg.lanh-dao").when(CONFIRM, confirming(1)).refused(Code::NoProposal);
    story.when(CONFIRM, confirming(2)).then(Kind::CaseClosed);
    assert_eq!(states(&story), [KeyState::Rejected, KeyState::Confirmed]);
}

#[test]
fn what_has_to_be_settled_is_asked_again_at_the_second_key() {
    let owed = |case: &mut crate::Case| {
        // What merging another case will bring.
        case.confirmations.push(Confirmation {
            intake: 2,
            written: Written::Pending,
            caller: None,
            document: None,
            key_facts: None,
            late: false,
            corrected: false,
            explanations: Vec::new(),
            prevails: None,
        });
    };
    let mut story = proposed();
    story.amend(owed).by("ubnd.lanh-dao").when(CONFIRM, confirming(1)).refused(Code::WrittenNotSettled);
    story.when(CONFIRM, confirming(2)).refused(Code::NoProposal);
    story.when(REJECT, rejecting(1)).then(Kind::ClosureRejected);
}

// What it does.

#[test]
fn closing_ends_every_clock() {
    let mut story = Story::new();
    story.by("snnmt.dau-moi").raise(written()).settle();
    story.by("btg.dau-moi").when("acknowledge", json!({})).settle();
    story.by("btg.lanh-dao").when("record-position", agree());
    story.by("btg.dau-moi").when(PROPOSE, closing());
    assert_eq!(story.running().len(), 2, "UBND has not acknowledged, and the closure waits");
    story.by("snnmt.lanh-dao").when(CONFIRM, confirming(1)).stands(Lifecycle::Closed);
    assert_eq!((story.running().len(), story.next_due(), story.steps().len()), (0, None, 0));
}

#[test]
fn every_move_of_the_case_voids_a_proposal_that_waits() {
    let mut story = proposed();
    story.by("btg.lanh-dao").when("reopen-coordination", once_more("Có tình tiết mới.")).settle();
    story.stands(Lifecycle::InCoordination);
    assert_eq!(states(&story), [KeyState::Void]);
    assert_eq!(story.due_of(DeadlineKey::Closure, 1), None);
    story.by("ubnd.lanh-dao").when(CONFIRM, confirming(1)).refused(Code::BadState);
    story.when("record-position", agree()).by("btg.lanh-dao").when("record-position", agree());
    story
        .stands(Lifecycle::Agreed)
        .by("ubnd.lanh-dao")
        .when(CONFIRM, confirming(1))
        .refused(Code::NoProposal);
    story.when(PROPOSE, closing()).then(Kind::ClosureProposed);
    assert_eq!(states(&story), [KeyState::Void, KeyState::Pending]);
}

#[test]
fn silence_closes_nothing() {
    let mut story = proposed();
    story.until("30/05/2026 00:00").stands(Lifecycle::Agreed);
    story.says_since(
        "20/05/2026 10:01",
        &[
            "21/05 13:30 closure.reminded closure 50 %",
            "22/05 06:00 closure.reminded closure 80 %",
            "22/05 17:00 closure.overdue closure level 1, owed by SNNMT UBND",
            "25/05 00:00 closure.overdue closure level 2, owed by SNNMT UBND",
            "27/05 07:00 closure.overdue closure level 3, owed by SNNMT UBND",
        ],
    );
    story.by("ubnd.lanh-dao").when(CONFIRM, confirming(1)).then(Kind::CaseClosed);
    let mut story = proposed_by("ubnd.dau-moi");
    story.until("22/05/2026 17:00");
    assert_eq!(story.log().pop().unwrap(), "22/05 17:00 closure.overdue closure level 1, owed by BTG");
}

#[test]
fn the_time_of_express_timed_does_not_hurry_a_closure() {
    let mut story = Story::new();
    let body = with(phone(), "/urgency", "hoa-toc-hen-gio");
    story.raise(with(body, "/deliver_by", "2026-05-21T08:00:00+07:00")).settle();
    story.acknowledged("16/05/2026 22:00").by("btg.lanh-dao").when("record-position", agree());
    story.by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
    story.by("btg.dau-moi").when("compare-written", verdicts("same"));
    story.until("20/05/2026 10:00").by("btg.dau-moi").when(PROPOSE, closing());
    assert_eq!(story.due_of(DeadlineKey::Closure, 1).unwrap(), "22/05 17:00");
}
