//! Withdrawing and cancelling; below, what else the stage does.

mod corrections;
mod links;
mod merging;
mod papers;
mod succession;
mod times;

use events::{Body, DeadlineKey, Kind, Lifecycle};
use serde_json::{Value, json};

use crate::{
    Code,
    keys::KeyState,
    stages::{
        confirmation::{Verification, Written},
        coordination::RoundState,
        intake::Intake,
        routing::AssignmentState,
        taskforce::TaskforceState,
    },
    story::{
        Files, Story, THIRD_SIDE, callback, cancelling, confirmation, confirming, document, explaining,
        phone, verdicts, with, withdrawing, written,
    },
};

const WITHDRAW: &str = "withdraw";
const PROPOSE: &str = "propose-cancellation";
const CONFIRM: &str = "confirm-cancellation";

/// A story in each state in which a case may be taken back.
fn early() -> [Story; 3] {
    let mut files = Files::default();
    files.routing = files.routing.replace("receiver = \"BTG\"", "receiver = \"BTG\"\ntopic = \"energy\"");
    let mut received = files.story();
    received.raise(phone()).settle();
    [received, Story::phoned(), Story::coordinating()]
}

/// A story in each state in which it may not.
fn later() -> [Story; 4] {
    let mut closed = Story::settled();
    closed.until("20/05/2026 10:00").by("btg.dau-moi").when("propose-closure", crate::story::closing());
    closed.by("ubnd.lanh-dao").when("confirm-closure", confirming(1));
    let mut withdrawn = Story::phoned();
    withdrawn.by("snnmt.lanh-dao").when(WITHDRAW, withdrawing()).stands(Lifecycle::Withdrawn);
    [Story::agreed(), Story::disputed(), closed, withdrawn]
}

fn at_work(story: &mut Story) -> &mut Story {
    story.amend(|case| case.taskforce.state = TaskforceState::Active)
}

fn written_of(story: &Story) -> Written {
    story.case().confirmations[0].written
}

fn keys(story: &Story) -> Vec<KeyState> {
    story.case().cancellations.iter().map(|key| key.state).collect()
}

/// In coordination, and the directory's number has denied the call.
fn denied() -> Story {
    let mut story = Story::coordinating();
    story.by("btg.truc-ban").when("verify-callback", callback("failed"));
    story
}

// Withdrawing (command 39).

#[test]
fn a_leader_of_the_raiser_withdraws() {
    for mut story in early() {
        for officer in [
            "snnmt.truong-phong",
            "snnmt.dau-moi",
            "snnmt.van-thu",
            "ubnd.lanh-dao",
            "btg.lanh-dao",
            "btg.kiem-tra",
        ] {
            story.by(officer).when(WITHDRAW, withdrawing()).refused(Code::NotAuthorised);
        }
        story.by("sxd.lanh-dao").when(WITHDRAW, withdrawing()).refused(Code::NotFound);
        story.by("snnmt.lanh-dao").when(WITHDRAW, withdrawing()).stands(Lifecycle::Withdrawn);
        assert!(matches!(story.newest().body(), Body::CaseWithdrawn(_)));
    }
}

#[test]
fn what_several_agencies_raised_their_superior_withdraws() {
    let other = |case: &mut crate::Case| {
        // What merging another case will bring.
        let Intake { logged_by, call, .. } = case.intakes[0].clone();
        case.intakes.push(Intake { number: 2, raiser: "SXD".into(), logged_by, call, document: None });
    };
    let mut story = Story::phoned();
    story.amend(other).by("snnmt.lanh-dao").when(WITHDRAW, withdrawing()).refused(Code::NotAuthorised);
    let of_the_superior = with(withdrawing(), "/document/issuer", "UBND");
    story.by("ubnd.lanh-dao").when(WITHDRAW, withdrawing()).refused_at(Code::DocInvalid, "document.issuer");
    story.when(WITHDRAW, of_the_superior).then(Kind::CaseWithdrawn);
    // A raiser without a superior withdraws itself.
    let mut story = Files::with_organisation(THIRD_SIDE).story();
    let report = with(with(written(), "/raiser", "CAT"), "/document/issuer", "CAT");
    story.by("cat.giam-doc").raise(report).settle().amend(other);
    let own = with(withdrawing(), "/document/issuer", "CAT");
    story.when(WITHDRAW, own).then(Kind::CaseWithdrawn);
}

#[test]
fn a_case_is_withdrawn_before_it_is_agreed_or_disputed() {
    for mut story in later() {
        story.by("snnmt.lanh-dao").when(WITHDRAW, withdrawing()).refused(Code::BadState);
    }
}

#[test]
fn a_task_force_at_work_hinders_withdrawal_and_no_other() {
    let mut story = Story::coordinating();
    let bad = with(withdrawing(), "/document/number", 0);
    at_work(&mut story).by("snnmt.lanh-dao").when(WITHDRAW, bad).refused(Code::TaskForceActive);
    for state in [TaskforceState::Proposed, TaskforceState::Consented, TaskforceState::Dissolved] {
        let mut story = Story::coordinating();
        story.amend(|case| case.taskforce.state = state).by("snnmt.lanh-dao");
        story.when(WITHDRAW, withdrawing()).then(Kind::CaseWithdrawn);
    }
}

#[test]
fn the_document_is_the_raiser_s_or_its_superior_s_and_as_it_was_registered() {
    let issued = |by: &str| with(withdrawing(), "/document/issuer", by);
    let mut story = Story::phoned();
    story.by("snnmt.lanh-dao");
    for (body, field) in [
        (with(withdrawing(), "/document/number", 0), "document.number"),
        (with(withdrawing(), "/document/date", "2026-05-17"), "document.date"),
        (issued("SXD"), "document.issuer"),
        (issued("BTG"), "document.issuer"),
        (issued("SKHCN"), "document.issuer"),
    ] {
        story.when(WITHDRAW, body).refused_at(Code::DocInvalid, field);
    }
    for reason in ["", "đ".repeat(2001).as_str()] {
        let body = with(withdrawing(), "/reason", reason);
        story.when(WITHDRAW, body).refused_at(Code::InvalidData, "reason");
    }
    story.when(WITHDRAW, issued("UBND")).then(Kind::CaseWithdrawn);
    assert_eq!(story.registered(), ["119/BC-SNNMT"]);
    let mut story = Story::new();
    let known = |body: Value| body["document"].clone();
    story.registering(known(with(withdrawing(), "/document/place", "Nha Trang"))).raise(phone()).settle();
    story.by("snnmt.lanh-dao").when(WITHDRAW, withdrawing()).refused_at(Code::DocInvalid, "document");
    // What is registered with the same content is referred to.
    let mut story = Story::new();
    story.registering(known(withdrawing())).raise(phone()).settle();
    let decision = story.by("snnmt.lanh-dao").when(WITHDRAW, withdrawing()).decision();
    assert_eq!(decision.registers, None);
}

#[test]
fn withdrawing_ends_every_clock_and_what_was_open() {
    let mut story = Story::coordinating();
    assert!(!story.running().is_empty());
    story.by("btg.truong-phong").when(PROPOSE, cancelling("test")).refused(Code::BadState);
    story.by("snnmt.lanh-dao").when(WITHDRAW, withdrawing()).stands(Lifecycle::Withdrawn);
    assert_eq!((story.running().len(), story.next_due(), story.steps().len()), (0, None, 0));
    assert_eq!(written_of(&story), Written::Lapsed);
    assert_eq!(story.case().rounds[0].state, RoundState::Superseded);
    let mut story = Story::phoned();
    story.by("snnmt.lanh-dao").when(WITHDRAW, withdrawing());
    assert!(story.case().assignments.iter().all(|each| each.state == AssignmentState::Ended));
    let code = story.case().code.clone();
    assert!(code.is_some(), "a case that was withdrawn keeps its number");
}

#[test]
fn what_is_not_settled_lapses_and_what_is_settled_stays() {
    let submit = |story: &mut Story| {
        story.by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
    };
    let compare = |story: &mut Story, scale| {
        submit(story);
        story.by("btg.dau-moi").when("compare-written", verdicts(scale));
    };
    let mut overdue = Story::phoned();
    overdue.until("17/05/2026 06:00");
    let mut received = Story::phoned();
    submit(&mut received);
    let mut discrepant = Story::phoned();
    compare(&mut discrepant, "changed");
    discrepant.by("snnmt.dau-moi").when("explain-discrepancy", explaining());
    let mut matched = Story::phoned();
    compare(&mut matched, "same");
    let mut satisfied = Story::new();
    satisfied.by("snnmt.dau-moi").raise(written()).settle();
    for (story, expected) in [
        (&mut overdue, Written::Lapsed),
        (&mut received, Written::Lapsed),
        (&mut discrepant, Written::Lapsed),
        (&mut matched, Written::Matched),
        (&mut satisfied, Written::Satisfied),
    ] {
        story.by("snnmt.lanh-dao").when(WITHDRAW, withdrawing()).stands(Lifecycle::Withdrawn);
        assert_eq!(written_of(story), expected);
    }
    assert_eq!(discrepant.case().confirmations[0].explanations[0].state, KeyState::Void);
    assert_eq!(discrepant.case().confirmations[0].document, serde_json::from_value(document()).ok());
}

// Cancelling (command 40).

#[test]
fn the_head_of_the_receiver_s_unit_proposes_and_its_leader_confirms() {
    for mut story in early().into_iter().take(2) {
        for officer in [
            "btg.dau-moi",
            "btg.lanh-dao",
            "btg.truc-ban",
            "btg.kiem-tra",
            "snnmt.truong-phong",
            "ubnd.lanh-dao",
        ] {
            story.by(officer).when(PROPOSE, cancelling("test")).refused(Code::NotAuthorised);
        }
        story.by("btg.truong-phong").when(PROPOSE, cancelling("test")).then(Kind::CancellationProposed);
        for officer in ["btg.truong-phong", "btg.dau-moi", "snnmt.lanh-dao", "ubnd.lanh-dao"] {
            story.by(officer).when(CONFIRM, confirming(1)).refused(Code::NotAuthorised);
        }
        story.by("btg.lanh-dao").when(CONFIRM, confirming(1)).stands(Lifecycle::Cancelled);
        assert_eq!(keys(&story), [KeyState::Confirmed]);
        assert_eq!(written_of(&story), Written::Lapsed);
        assert!(story.case().assignments.iter().all(|each| each.state == AssignmentState::Ended));
        assert_eq!((story.running().len(), story.next_due()), (0, None));
    }
}

#[test]
fn one_person_does_not_turn_both_keys_even_in_another_office() {
    let mut story = Story::phoned();
    story.by("btg.truong-phong").when(PROPOSE, cancelling("entry-error"));
    let mut files = Files::default();
    files.organisation = files.organisation.replace(
        "name = \"Nguyễn Đức An\"\noffice = \"BTG.TT.TP\"",
        "name = \"Nguyễn Đức An\"\noffice = \"BTG.LD\"",
    );
    story.now_under(&files).when(CONFIRM, confirming(1)).refused(Code::SeparationOfDuties);
    story.by("btg.lanh-dao").when(CONFIRM, confirming(1)).then(Kind::CaseCancelled);
}

#[test]
fn before_coordination_any_reason_will_do() {
    for reason in ["entry-error", "caller-not-genuine", "test"] {
        for raise in [phone(), written()] {
            let mut story = Story::new();
            story.by("snnmt.dau-moi").raise(raise).settle();
            at_work(&mut story).by("btg.truong-phong").when(PROPOSE, cancelling(reason));
            story.by("btg.lanh-dao").when(CONFIRM, confirming(1)).stands(Lifecycle::Cancelled);
        }
    }
    let mut story = Story::phoned();
    let noted = |length| with(cancelling("test"), "/note", "đ".repeat(length));
    story.by("btg.truong-phong").when(PROPOSE, noted(501)).refused_at(Code::InvalidData, "note");
    story.when(PROPOSE, noted(500)).then(Kind::CancellationProposed);
}

#[test]
fn in_coordination_only_a_false_call_is_cancelled() {
    let body = || cancelling("caller-not-genuine");
    let mut story = denied();
    story.by("btg.truong-phong");
    for reason in ["entry-error", "test"] {
        story.when(PROPOSE, cancelling(reason)).refused(Code::BadState);
    }
    story.when(PROPOSE, body()).then(Kind::CancellationProposed);
    story.by("btg.lanh-dao").when(CONFIRM, confirming(1)).stands(Lifecycle::Cancelled);
    assert_eq!(story.case().rounds[0].state, RoundState::Superseded);

    let mut unverified = Story::coordinating();
    let mut verified = Story::coordinating();
    verified.by("btg.truc-ban").when("verify-callback", callback("verified"));
    let mut in_writing = Story::new();
    in_writing.by("snnmt.dau-moi").raise(written()).settle();
    in_writing.by("btg.dau-moi").when("acknowledge", json!({})).settle();
    let mut one_of_two = denied();
    one_of_two.amend(|case| {
        let mut second = case.confirmations[0].clone();
        (second.intake, second.caller) = (2, Some(Verification::Unverified));
        case.confirmations.push(second);
    });
    for story in [&mut unverified, &mut verified, &mut in_writing, &mut one_of_two] {
        story.stands(Lifecycle::InCoordination);
        story.by("btg.truong-phong").when(PROPOSE, body()).refused(Code::BadState);
    }
    at_work(&mut denied()).by("btg.truong-phong").when(PROPOSE, body()).refused(Code::TaskForceActive);
}

#[test]
fn what_the_first_key_needed_is_asked_again_at_the_second() {
    let proposed = || {
        let mut story = denied();
        story.by("btg.truong-phong").when(PROPOSE, cancelling("caller-not-genuine"));
        story
    };
    let mut story = proposed();
    story.by("btg.truc-ban").when("verify-callback", callback("verified"));
    story.by("btg.lanh-dao").when(CONFIRM, confirming(1)).refused(Code::BadState);
    let mut story = proposed();
    at_work(&mut story).by("btg.lanh-dao").when(CONFIRM, confirming(2)).refused(Code::NoProposal);
    story.when(CONFIRM, confirming(1)).refused(Code::TaskForceActive);
}

#[test]
fn the_second_key_names_the_newest_proposal() {
    let mut story = Story::phoned();
    story.by("btg.lanh-dao").when(CONFIRM, confirming(1)).refused(Code::NoProposal);
    story.by("btg.truong-phong").when(PROPOSE, cancelling("test"));
    story.when(PROPOSE, cancelling("entry-error")).then(Kind::CancellationProposed);
    assert_eq!(keys(&story), [KeyState::Replaced, KeyState::Pending]);
    story.by("btg.lanh-dao");
    for number in [0, 1, 3] {
        story.when(CONFIRM, confirming(number)).refused(Code::NoProposal);
    }
    story.when(CONFIRM, confirming(2)).then(Kind::CaseCancelled);
    assert_eq!(story.log().pop().unwrap(), "16/05 21:52 casefile.cancelled 2 EntryError");
}

#[test]
fn every_move_of_the_case_voids_a_proposal_that_waits() {
    let [mut story, ..] = early();
    story.by("btg.truong-phong").when(PROPOSE, cancelling("test"));
    story.when("route", json!({ "unit": "BTG.TT" })).stands(Lifecycle::Routed);
    assert_eq!(keys(&story), [KeyState::Void]);
    story.by("btg.lanh-dao").when(CONFIRM, confirming(1)).refused(Code::NoProposal);
    story.by("btg.truong-phong").when(PROPOSE, cancelling("test"));
    story.by("btg.dau-moi").when("acknowledge", json!({})).settle().stands(Lifecycle::InCoordination);
    assert_eq!(keys(&story), [KeyState::Void, KeyState::Void]);
    // What is void is not confirmed, whatever else would hinder it.
    story.by("btg.lanh-dao").when(CONFIRM, confirming(2)).refused(Code::NoProposal);
}

#[test]
fn a_case_is_cancelled_before_it_is_agreed_or_disputed() {
    for mut story in later() {
        let body = cancelling("caller-not-genuine");
        story.by("btg.truong-phong").when(PROPOSE, body).refused(Code::BadState);
        story.by("btg.lanh-dao").when(CONFIRM, confirming(1)).refused(Code::BadState);
    }
}

#[test]
fn nothing_more_is_done_in_a_case_that_was_cancelled() {
    let mut story = Story::phoned();
    story.by("btg.truong-phong").when(PROPOSE, cancelling("test"));
    story.by("btg.lanh-dao").when(CONFIRM, confirming(1)).settle();
    let version = story.case().version;
    story.until("30/05/2026 00:00");
    assert_eq!(story.case().version, version);
    assert_eq!(story.due_of(DeadlineKey::Written, 1), None);
    story.by("snnmt.van-thu").when("submit-written-confirmation", confirmation()).refused(Code::BadState);
    story.by("btg.truc-ban").when("verify-callback", callback("verified")).refused(Code::BadState);
    story.by("btg.dau-moi").when("acknowledge", json!({})).refused(Code::BadState);
}
