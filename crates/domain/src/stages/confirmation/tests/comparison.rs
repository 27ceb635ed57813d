//! The comparison of the document with the call (command 11).

use super::*;

fn received() -> Story {
    received_from("btg.truc-ban")
}

fn received_from(logger: &str) -> Story {
    let mut story = Story::new();
    story.by(logger).raise(phone()).settle();
    story
        .until("16/05/2026 22:00")
        .by("snnmt.van-thu")
        .when(SUBMIT, confirmation())
        .then(Kind::WrittenReceived);
    story
}

#[test]
fn the_receiver_compares_but_not_who_logged_the_call() {
    for officer in ["btg.dau-moi", "btg.dau-moi2", "btg.truong-phong", "btg.lanh-dao"] {
        received().by(officer).when("compare-written", verdicts("same")).then(Kind::WrittenMatched);
        let mut own = received_from(officer);
        own.by(officer).when("compare-written", verdicts("same")).refused(Code::SeparationOfDuties);
        own.by(officer)
            .expecting(1)
            .when("compare-written", verdicts("same"))
            .refused(Code::SeparationOfDuties);
    }
    let mut story = received();
    for officer in [
        "btg.truc-ban",
        "btg.van-thu",
        "btg.kiem-tra",
        "snnmt.dau-moi",
        "snnmt.lanh-dao",
        "ubnd.truong-phong",
        "ubnd.lanh-dao",
    ] {
        story.by(officer).when("compare-written", verdicts("same")).refused(Code::NotAuthorised);
    }
    story.by("sxd.lanh-dao").when("compare-written", verdicts("same")).refused(Code::NotFound);
}

#[test]
fn who_logged_in_the_raiser_s_name_hinders_nobody_at_the_receiver() {
    let mut story = received_from("snnmt.dau-moi");
    story.by("btg.dau-moi").when("compare-written", verdicts("same")).then(Kind::WrittenMatched);
}

#[test]
fn there_must_be_a_document_to_compare() {
    let mut story = Story::phoned();
    story.by("btg.dau-moi").when("compare-written", verdicts("same")).refused(Code::BadState);
    story.until("17/05/2026 06:00").when("compare-written", verdicts("same")).refused(Code::BadState);
    for scale in ["same", "changed"] {
        let mut story = received();
        story.by("btg.dau-moi").when("compare-written", verdicts(scale)).settle();
        story.when("compare-written", verdicts("same")).refused(Code::BadState);
    }
    let mut story = Story::new();
    story.by("snnmt.dau-moi").raise(written()).settle();
    story.by("btg.dau-moi").when("compare-written", verdicts("same")).refused(Code::BadState);
}

#[test]
fn one_changed_or_missing_fact_is_a_discrepancy() {
    for fact in ["what", "where", "since_when", "scale", "actions_taken", "request"] {
        for (verdict, kind) in [
            ("same", Kind::WrittenMatched),
            ("refined", Kind::WrittenMatched),
            ("added", Kind::WrittenMatched),
            ("changed", Kind::WrittenDiscrepant),
            ("missing", Kind::WrittenDiscrepant),
        ] {
            let mut story = received();
            let body = with(verdicts("refined"), &format!("/verdicts/{fact}/verdict"), verdict);
            story.by("btg.dau-moi").when("compare-written", body).then(kind);
            let written = if kind == Kind::WrittenMatched { Written::Matched } else { Written::Discrepant };
            assert_eq!(regions(&story).0, written, "{fact} {verdict}");
            assert_eq!(story.due_of(DeadlineKey::Compare, 1), None);
        }
    }
}

#[test]
fn only_a_match_verifies_the_caller_and_settles_the_confirmation() {
    for before in ["unreachable", "failed", "verified"] {
        for (scale, settled) in [("added", true), ("missing", false)] {
            let mut story = received();
            story.by("btg.truc-ban").when("verify-callback", callback(before));
            let caller = regions(&story).1;
            story.by("btg.dau-moi").when("compare-written", verdicts(scale));
            let after = if settled { Some(Verification::Verified) } else { caller };
            assert_eq!(regions(&story).1, after);
            assert_eq!(story.case().written_settled(), settled);
        }
    }
}

#[test]
fn a_remark_on_a_verdict_has_its_longest() {
    for fact in ["what", "where", "since_when", "scale", "actions_taken", "request"] {
        let noted = |length| with(verdicts("same"), &format!("/verdicts/{fact}/note"), "đ".repeat(length));
        let mut story = received();
        story.by("btg.dau-moi").when("compare-written", noted(301));
        story.refused_at(Code::InvalidData, &format!("verdicts.{fact}.note"));
        story.when("compare-written", noted(300)).then(Kind::WrittenMatched);
    }
}

#[test]
fn a_comparison_that_nobody_makes_is_reminded_of_and_grows_overdue() {
    let mut story = received();
    story.by("btg.truc-ban").when("verify-callback", callback("verified"));
    for officer in ["btg.dau-moi", "ubnd.dau-moi"] {
        story.by(officer).when("acknowledge", json!({})).settle();
    }
    story.by("btg.lanh-dao").when("record-position", json!({ "position": { "agree": {} } }));
    story.until("18/05/2026 00:00");
    story.says_since(
        "16/05/2026 22:01",
        &[
            "16/05 23:00 confirmation.reminded compare 50 %",
            "16/05 23:36 confirmation.reminded compare 80 %",
            "17/05 00:00 confirmation.overdue compare level 1, owed by BTG",
            "17/05 02:00 confirmation.overdue compare level 2, owed by BTG",
            "17/05 04:00 confirmation.overdue compare level 3, owed by BTG",
        ],
    );
    assert_eq!(regions(&story).0, Written::Received, "only the written confirmation turns Overdue");
}
