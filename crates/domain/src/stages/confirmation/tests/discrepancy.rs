//! Explaining and reconciling a discrepancy, and asking for a corrected document (commands 12 and 13).

use events::{Lifecycle, confirmation::Version};

use super::*;
use crate::{
    keys::KeyState,
    story::{agree, closing, correcting, explaining, reconciling},
};

const EXPLAIN: &str = "explain-discrepancy";
const RECONCILE: &str = "reconcile-discrepancy";
const CORRECT: &str = "request-corrected-written";

/// A corrected document: another number.
fn corrected() -> Value {
    document_with("/number", 120)
}

/// SNNMT has explained at 22:45.
fn explained() -> Story {
    let mut story = Story::discrepant();
    story.until("16/05/2026 22:45").by("snnmt.dau-moi").when(EXPLAIN, explaining());
    story.then(Kind::DiscrepancyExplained);
    story
}

/// At 23:00 BTG asks for a corrected document.
fn asked() -> Story {
    let mut story = Story::discrepant();
    story.until("16/05/2026 23:00").by("btg.dau-moi").when(CORRECT, correcting());
    story.then(Kind::CorrectedRequested);
    story
}

fn states(story: &Story) -> Vec<KeyState> {
    story.case().confirmations[0].explanations.iter().map(|key| key.state).collect()
}

// Who.

#[test]
fn the_raiser_or_its_superior_explains() {
    for agency in ["snnmt", "ubnd"] {
        for office in ["dau-moi", "dau-moi2", "truong-phong", "lanh-dao"] {
            let mut story = Story::discrepant();
            story.by(&format!("{agency}.{office}")).when(EXPLAIN, explaining());
            story.then(Kind::DiscrepancyExplained);
        }
    }
    let mut story = Story::discrepant();
    for officer in ["snnmt.van-thu", "ubnd.van-thu", "btg.dau-moi", "btg.lanh-dao", "btg.kiem-tra"] {
        story.by(officer).when(EXPLAIN, explaining()).refused(Code::NotAuthorised);
    }
    story.by("sxd.dau-moi").when(EXPLAIN, explaining()).refused(Code::NotFound);
}

#[test]
fn the_receiver_reconciles_or_asks_for_a_correction() {
    for officer in ["btg.dau-moi", "btg.dau-moi2", "btg.truong-phong", "btg.lanh-dao"] {
        explained().by(officer).when(RECONCILE, reconciling(1)).then(Kind::WrittenReconciled);
        explained().by(officer).when(CORRECT, correcting()).then(Kind::CorrectedRequested);
    }
    let mut story = explained();
    for officer in ["btg.truc-ban", "btg.van-thu", "btg.kiem-tra", "snnmt.dau-moi", "ubnd.lanh-dao"] {
        story.by(officer).when(RECONCILE, reconciling(1)).refused(Code::NotAuthorised);
        story.by(officer).when(CORRECT, correcting()).refused(Code::NotAuthorised);
    }
}

#[test]
fn who_explained_does_not_reconcile_even_in_another_office() {
    let mut story = explained();
    let mut files = Files::default();
    files.organisation = files.organisation.replace(
        "name = \"Phan Văn Lợi\"\noffice = \"SNNMT.VP.DM\"",
        "name = \"Phan Văn Lợi\"\noffice = \"BTG.TT.DM\"",
    );
    story.now_under(&files).by("snnmt.dau-moi");
    story.when(RECONCILE, reconciling(1)).refused(Code::SeparationOfDuties);
    story.when(CORRECT, correcting()).then(Kind::CorrectedRequested);
}

// When.

#[test]
fn there_must_be_a_discrepancy() {
    let mut overdue = Story::phoned();
    overdue.until("17/05/2026 06:00");
    let mut received = Story::phoned();
    received.by("snnmt.van-thu").when(SUBMIT, confirmation());
    let mut reconciled = explained();
    reconciled.by("btg.dau-moi").when(RECONCILE, reconciling(1)).settle();
    let mut satisfied = Story::new();
    satisfied.by("snnmt.dau-moi").raise(written()).settle();
    for story in [
        &mut Story::phoned(),
        &mut overdue,
        &mut received,
        &mut Story::settled(),
        &mut reconciled,
        &mut asked(),
        &mut satisfied,
    ] {
        story.by("snnmt.dau-moi").when(EXPLAIN, explaining()).refused(Code::BadState);
        story.by("btg.dau-moi").when(RECONCILE, reconciling(1)).refused(Code::BadState);
        story.by("btg.dau-moi").when(CORRECT, correcting()).refused(Code::BadState);
    }
    let mut story = Story::discrepant();
    let second = |body| with(body, "/intake", 2);
    story.by("snnmt.dau-moi").when(EXPLAIN, second(explaining())).refused_at(Code::InvalidData, "intake");
    story.by("btg.dau-moi").when(CORRECT, second(correcting())).refused_at(Code::InvalidData, "intake");
}

#[test]
fn texts_are_given_and_have_their_longest() {
    let mut story = Story::discrepant();
    for text in ["", " \n", "đ".repeat(2001).as_str()] {
        story.by("snnmt.dau-moi").when(EXPLAIN, with(explaining(), "/text", text));
        story.refused_at(Code::InvalidData, "text");
        story.by("btg.dau-moi").when(CORRECT, with(correcting(), "/reason", text));
        story.refused_at(Code::InvalidData, "reason");
    }
    story.by("snnmt.dau-moi").when(EXPLAIN, with(explaining(), "/text", "đ".repeat(2000)));
    let noted = |length| with(reconciling(1), "/note", "đ".repeat(length));
    story.by("btg.dau-moi").when(RECONCILE, noted(501)).refused_at(Code::InvalidData, "note");
    story.when(RECONCILE, noted(500)).then(Kind::WrittenReconciled);
}

#[test]
fn the_second_key_names_the_explanation_that_stands() {
    let mut story = Story::discrepant();
    story.by("btg.dau-moi").when(RECONCILE, reconciling(1)).refused(Code::NoProposal);
    let mut story = explained();
    story.by("ubnd.lanh-dao").when(EXPLAIN, explaining()).then(Kind::DiscrepancyExplained);
    assert_eq!(states(&story), [KeyState::Replaced, KeyState::Pending]);
    story.by("btg.dau-moi");
    for number in [0, 1, 3] {
        story.when(RECONCILE, reconciling(number)).refused(Code::NoProposal);
    }
    story.when(RECONCILE, reconciling(2)).then(Kind::WrittenReconciled);
    assert_eq!(states(&story), [KeyState::Replaced, KeyState::Confirmed]);
}

// What it does.

#[test]
fn no_clock_runs_on_a_discrepancy_nor_after_it_is_reconciled() {
    let mut story = explained();
    let confirmation_clocks = |story: &Story| {
        let keys = ["compare", "written", "corrected", "callback"];
        story.running().into_iter().filter(|line| keys.iter().any(|key| line.starts_with(key))).count()
    };
    // Only the caller is still to be called back.
    assert_eq!(confirmation_clocks(&story), 1);
    story.by("btg.dau-moi").when(RECONCILE, reconciling(1));
    assert_eq!(confirmation_clocks(&story), 0);
    assert_eq!(regions(&story), (Written::Reconciled, Some(Verification::Unverified)));
}

#[test]
fn both_versions_are_kept_and_the_written_one_prevails_unless_it_is_said_otherwise() {
    for (prevails, expected) in
        [(None, Version::Written), (Some("written"), Version::Written), (Some("call"), Version::Call)]
    {
        let mut story = explained();
        let body =
            prevails.map_or_else(|| reconciling(1), |version| with(reconciling(1), "/prevails", version));
        story.by("btg.lanh-dao").when(RECONCILE, body).then(Kind::WrittenReconciled);
        let kept = &story.case().confirmations[0];
        assert_eq!(kept.prevails, Some(expected));
        assert!(kept.document.is_some() && kept.key_facts.is_some());
        assert!(story.case().intake(1).unwrap().call.is_some());
    }
}

#[test]
fn a_discrepancy_hinders_closure_until_it_is_reconciled() {
    let mut story = explained();
    story.acknowledged("16/05/2026 22:50").by("btg.lanh-dao").when("record-position", agree());
    story.stands(Lifecycle::Agreed).by("btg.dau-moi");
    story.when("propose-closure", closing()).refused(Code::WrittenNotSettled);
    // The move of the case does not void an explanation.
    assert_eq!(states(&story), [KeyState::Pending]);
    story.when(RECONCILE, reconciling(1)).then(Kind::WrittenReconciled);
    story.when("propose-closure", closing()).then(Kind::ClosureProposed);
}

#[test]
fn a_correction_is_owed_by_a_clock_of_its_own_from_the_first_level_on() {
    let mut story = Story::phoned();
    story.until("17/05/2026 14:00").by("snnmt.van-thu").when(SUBMIT, confirmation());
    assert!(story.case().confirmations[0].late);
    story.by("btg.dau-moi").when("compare-written", verdicts("changed"));
    story.by("btg.dau-moi").when(CORRECT, correcting()).then(Kind::CorrectedRequested);
    assert_eq!(regions(&story).0, Written::Pending);
    assert_eq!(story.due_of(DeadlineKey::Corrected, 1).unwrap(), "17/05 18:00");
    assert_eq!(story.due_of(DeadlineKey::Written, 1), None, "what was owed after the call is history");
    for officer in ["btg.dau-moi", "ubnd.dau-moi"] {
        story.by(officer).when("acknowledge", json!({})).settle();
    }
    story.by("btg.lanh-dao").when("record-position", agree());
    story.until("17/05/2026 18:00");
    assert_eq!(regions(&story).0, Written::Overdue);
    story.until("18/05/2026 12:00");
    story.says_since(
        "17/05/2026 14:01",
        &[
            "17/05 16:00 confirmation.reminded corrected 50 %",
            "17/05 17:12 confirmation.reminded corrected 80 %",
            "17/05 18:00 confirmation.overdue corrected level 1, owed by SNNMT",
            "17/05 22:00 confirmation.overdue corrected level 2, owed by SNNMT",
            "18/05 02:00 confirmation.overdue corrected level 3, owed by SNNMT",
        ],
    );
}

#[test]
fn the_corrected_document_is_late_by_its_own_clock_and_compared_anew() {
    for (clock, late) in
        [("17/05/2026 03:00", false), ("17/05/2026 03:00:00.001", true), ("17/05/2026 09:00", true)]
    {
        for run in [true, false] {
            let mut story = asked();
            if run {
                story.until(clock)
            } else {
                story.at(clock)
            };
            story.by("snnmt.van-thu").when(SUBMIT, corrected()).then(Kind::WrittenReceived);
            assert_eq!(story.case().confirmations[0].late, late, "{clock}");
        }
    }
    let mut story = asked();
    story.until("17/05/2026 02:00").by("snnmt.van-thu").when(SUBMIT, corrected());
    assert_eq!(story.due_of(DeadlineKey::Corrected, 1), None);
    assert_eq!(story.due_of(DeadlineKey::Compare, 1).unwrap(), "17/05 04:00");
    assert_eq!(story.registered().len(), 2, "the first document stays registered");
    story.when(SUBMIT, corrected()).refused(Code::WrittenNotExpected);
    story.by("btg.dau-moi").when("compare-written", verdicts("same")).then(Kind::WrittenMatched);
    assert_eq!(regions(&story), (Written::Matched, Some(Verification::Verified)));
}

#[test]
fn asking_for_a_correction_voids_the_explanation_and_numbers_go_on() {
    let mut story = explained();
    story.by("btg.dau-moi").when(CORRECT, correcting());
    assert_eq!(states(&story), [KeyState::Void]);
    story.by("snnmt.van-thu").when(SUBMIT, corrected());
    story.by("btg.dau-moi").when("compare-written", verdicts("missing"));
    story.when(RECONCILE, reconciling(1)).refused(Code::NoProposal);
    story.by("snnmt.lanh-dao").when(EXPLAIN, explaining());
    story.by("btg.dau-moi").when(RECONCILE, reconciling(2)).then(Kind::WrittenReconciled);
    assert_eq!(states(&story), [KeyState::Void, KeyState::Confirmed]);
}

/// Asked twice on one day, a correction is due at the same instant as before; its reminders are others.
#[test]
fn a_second_correction_is_reminded_of_even_if_it_is_due_when_the_first_was() {
    let mut story = Story::new();
    let call = with(phone_ended("18/05/2026 00:05"), "/urgency", "khan");
    let call = with(call, "/call/started_at", "2026-05-18T00:01:00+07:00");
    story.at("18/05/2026 00:10").raise(call).settle();
    let dated = |number: u32| with(document_with("/number", number), "/document/date", "2026-05-18");
    let differs = |story: &mut Story, number| {
        story.by("snnmt.van-thu").when(SUBMIT, dated(number)).then(Kind::WrittenReceived);
        story.by("btg.dau-moi").when("compare-written", verdicts("changed")).settle();
        story.by("btg.dau-moi").when(CORRECT, correcting()).then(Kind::CorrectedRequested);
        assert_eq!(story.due_of(DeadlineKey::Corrected, 1).unwrap(), "19/05 17:00");
    };
    story.until("18/05/2026 00:20");
    differs(&mut story, 118);
    story.until("18/05/2026 21:00");
    differs(&mut story, 119);
    story.until("19/05/2026 17:00");
    let lines: Vec<_> = story.log().into_iter().filter(|line| line.contains(" corrected ")).collect();
    assert_eq!(
        lines,
        [
            "18/05 20:40 confirmation.reminded corrected 50 %",
            "19/05 07:00 confirmation.reminded corrected 50 %",
            "19/05 13:00 confirmation.reminded corrected 80 %",
            "19/05 17:00 confirmation.overdue corrected level 1, owed by SNNMT",
        ]
    );
}
