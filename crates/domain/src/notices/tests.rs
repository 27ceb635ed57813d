//! Which offices get a mail of which fact (DOMAIN §6, PROCESS §8).

mod endings;
mod escalation;
mod ladder;
mod taskforce;

use events::{
    Deadline, Lifecycle, coordination,
    terms::{Overdue, Reminded, Side},
};
use serde_json::json;

use super::*;
use crate::{
    Decision, stages,
    story::{
        Files, Story, THIRD_SIDE, agree, callback, closing, confirmation, confirming, counter, disagree,
        local, phone, rejecting, verdicts, with, written,
    },
};

/// Nobody is told.
const NOBODY: [&str; 0] = [];

/// The leaders of both sides are told that something has changed.
const CHANGED: [&str; 3] = ["E23 to BTG.LD", "E23 to SNNMT.LD", "E23 to UBND.LD"];

impl Story {
    /// At 22:05 BTG disagrees: statements until 02:05, the dossier until 04:05.
    fn disagreed() -> Self {
        let mut story = Self::coordinating();
        story.by("btg.lanh-dao").when("record-position", disagree()).settle();
        story
    }
}

/// A deadline that starts now.
fn deadline(story: &Story, key: DeadlineKey, instance: u32, due: &str) -> Deadline {
    Deadline { key, instance, start: story.now, due: local(due) }
}

/// The mails of every fact of a story, by the log's line.
fn mailed(story: &Story, of: &str) -> Vec<String> {
    let mut case = None;
    let mut mails = Vec::new();
    for fact in story.facts() {
        let evolved = stages::evolve(case, fact).unwrap();
        if crate::story::line(fact).contains(of) {
            mails.extend(notices(&evolved, fact, &story.policy).iter().map(crate::story::mail));
        }
        case = Some(evolved);
    }
    mails
}

#[test]
fn a_call_is_told_to_leaders_and_heads_of_the_receiver_and_to_the_raiser_s_leaders() {
    let mut story = Story::new();
    story.raise(phone());
    assert_eq!(
        story.mails(),
        ["E01 to BTG.LD by 16/05 22:07", "E01 to BTG.TT.TP by 16/05 22:07", "E01 to SNNMT.LD by 16/05 22:07"]
    );
    let mut story = Story::new();
    story.raise(with(phone(), "/raiser", "UBND"));
    assert_eq!(
        story.mails(),
        ["E01 to BTG.LD by 16/05 22:07", "E01 to BTG.TT.TP by 16/05 22:07", "E01 to UBND.LD by 16/05 22:07"]
    );
}

#[test]
fn an_assignment_is_told_to_its_holder_and_the_head_of_his_unit() {
    let story = Story::phoned();
    assert_eq!(
        story.mails(),
        [
            "E21 to BTG.TT.DM by 16/05 22:22",
            "E21 to BTG.TT.TP by 16/05 22:22",
            "E21 to UBND.VX.DM by 16/05 22:22",
            "E21 to UBND.VX.TP by 16/05 22:22",
        ]
    );
}

#[test]
fn who_takes_over_is_told_and_one_office_gets_one_mail() {
    let mut story = Story::phoned();
    story.until("16/05/2026 23:52");
    assert_eq!(
        mailed(&story, "3 BTG.TT.DM2 (deputy)"),
        ["E07 to BTG.TT.DM2 by 16/05 22:52", "E07 to BTG.TT.TP by 16/05 22:52"]
    );
    assert_eq!(mailed(&story, "5 BTG.TT.TP (unit head)"), ["E07 to BTG.TT.TP by 16/05 23:22"]);
    assert_eq!(
        mailed(&story, "7 BTG.LD (chief)"),
        ["E07 to BTG.LD by 16/05 23:52", "E07 to BTG.TT.TP by 16/05 23:52"]
    );
    assert_eq!(
        mailed(&story, "chief-reminded 7"),
        ["E07 to BTG.LD by 17/05 00:22", "E07 to BTG.TT.TP by 17/05 00:22"]
    );
    assert_eq!(
        mailed(&story, "chief-reminded 8"),
        ["E07 to UBND.LD by 17/05 00:22", "E07 to UBND.VX.TP by 17/05 00:22"]
    );
}

#[test]
fn an_overdue_document_climbs_the_ladder() {
    let mut story = Story::phoned();
    story.until("18/05/2026 00:00");
    assert_eq!(
        mailed(&story, "written level 1"),
        ["E05 to SNNMT.VP.DM by 17/05 05:48", "E05 to SNNMT.VP.TP by 17/05 05:48"]
    );
    assert_eq!(
        mailed(&story, "written level 2"),
        [
            "E05 to SNNMT.LD by 17/05 05:48",
            "E05 to SNNMT.VP.DM by 17/05 05:48",
            "E05 to SNNMT.VP.TP by 17/05 05:48",
        ]
    );
    assert_eq!(
        mailed(&story, "written level 3"),
        [
            "E05 to BTG.LD by 17/05 05:48",
            "E05 to SNNMT.LD by 17/05 05:48",
            "E05 to SNNMT.VP.DM by 17/05 05:48",
            "E05 to SNNMT.VP.TP by 17/05 05:48",
            "E05 to UBND.LD by 17/05 05:48",
        ]
    );
    let alerts: Vec<_> = notices(story.case(), story.facts().last().unwrap(), &story.policy)
        .iter()
        .map(|notice| (notice.alert.id(), notice.alert.level()))
        .collect();
    assert_eq!(alerts, [("E05", Some(3)); 5]);
}

#[test]
fn an_agreement_is_told_to_leaders_and_heads_of_all_parties() {
    let mut story = Story::coordinating();
    story.by("btg.lanh-dao").when("record-position", agree());
    assert_eq!(
        story.mails(),
        [
            "E10 to BTG.LD",
            "E10 to BTG.TT.TP",
            "E10 to SNNMT.LD",
            "E10 to SNNMT.VP.TP",
            "E10 to UBND.LD",
            "E10 to UBND.VX.TP",
        ]
    );
}

#[test]
fn a_closure_is_told_to_the_leaders_of_the_other_side() {
    let mut story = Story::settled();
    story.until("20/05/2026 10:00").by("btg.dau-moi").when("propose-closure", closing());
    assert_eq!(story.mails(), ["E19 to SNNMT.LD by 22/05 17:00", "E19 to UBND.LD by 22/05 17:00"]);
    let mut story = Story::settled();
    story.until("20/05/2026 10:00").by("snnmt.dau-moi").when("propose-closure", closing());
    assert_eq!(story.mails(), ["E19 to BTG.LD by 22/05 17:00"]);
}

#[test]
fn a_third_side_is_told_of_an_agreement_and_holds_no_key() {
    let mut story = Files::with_organisation(THIRD_SIDE).story();
    story.requiring(&["CAT"]).by("snnmt.dau-moi").raise(written()).settle();
    story.by("btg.dau-moi").when("acknowledge", json!({})).settle();
    story.by("cat.giam-doc").when("record-position", agree());
    story.by("btg.lanh-dao").when("record-position", agree());
    assert!(story.mails().contains(&"E10 to CAT.GD".to_owned()));
    story.by("btg.dau-moi").when("propose-closure", closing());
    assert_eq!(story.mails(), ["E19 to SNNMT.LD by 19/05 17:00", "E19 to UBND.LD by 19/05 17:00"]);
}

#[test]
fn a_letter_is_told_at_once_if_it_is_urgent() {
    let mut story = Story::new();
    story.by("snnmt.dau-moi").raise(written());
    assert_eq!(story.mails(), ["E02 to BTG.LD by 18/05 09:00", "E02 to BTG.TT.TP by 18/05 09:00"]);
    let mut story = Story::new();
    story.by("snnmt.dau-moi").raise(with(written(), "/urgency", "thuong"));
    assert_eq!(story.mails(), NOBODY);
}

#[test]
fn a_caller_who_is_not_verified_is_told_to_the_leaders_of_receiver_and_raiser() {
    let mut story = Story::phoned();
    story.by("btg.truc-ban").when("verify-callback", callback("failed"));
    assert_eq!(story.mails(), ["E03 to BTG.LD", "E03 to SNNMT.LD"]);
    for result in ["verified", "unreachable"] {
        let mut story = Story::phoned();
        story.by("btg.truc-ban").when("verify-callback", callback(result));
        assert_eq!(story.mails(), NOBODY);
    }
}

#[test]
fn a_document_that_falls_due_is_told_to_the_raiser_s_liaison_officer_and_head() {
    let mut story = Story::phoned();
    story.until("17/05/2026 05:00");
    for share in ["written 50 %", "written 80 %"] {
        assert_eq!(
            mailed(&story, share),
            ["E04 to SNNMT.VP.DM by 17/05 05:48", "E04 to SNNMT.VP.TP by 17/05 05:48"]
        );
    }
}

#[test]
fn a_corrected_document_that_is_overdue_climbs_the_same_ladder() {
    let mut story = Story::phoned();
    let due = local("17/05/2026 05:00");
    let owing = vec!["SNNMT".into()];
    let overdue = Overdue { key: DeadlineKey::Corrected, instance: 1, level: 2, due, owing };
    story.forge(Decision::new(due, Body::ConfirmationOverdue(overdue)));
    assert_eq!(
        story.mails(),
        [
            "E05 to SNNMT.LD by 17/05 05:00",
            "E05 to SNNMT.VP.DM by 17/05 05:00",
            "E05 to SNNMT.VP.TP by 17/05 05:00",
        ]
    );
    let reminded = Reminded { key: DeadlineKey::Corrected, instance: 1, share: 50, due };
    story.forge(Decision::new(due, Body::ConfirmationReminded(reminded)));
    assert_eq!(story.mails(), ["E04 to SNNMT.VP.DM by 17/05 05:00", "E04 to SNNMT.VP.TP by 17/05 05:00"]);
}

#[test]
fn a_discrepancy_is_told_to_both_heads_and_to_the_raiser_s_leaders() {
    let mut story = Story::phoned();
    story.by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
    assert_eq!(story.mails(), NOBODY);
    story.by("btg.dau-moi").when("compare-written", verdicts("changed"));
    assert_eq!(story.mails(), ["E06 to BTG.TT.TP", "E06 to SNNMT.LD", "E06 to SNNMT.VP.TP"]);
    let mut story = Story::phoned();
    story.by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
    story.by("btg.dau-moi").when("compare-written", verdicts("refined"));
    assert_eq!(story.mails(), NOBODY);
}

#[test]
fn a_position_is_asked_of_the_leaders_of_the_side_that_is_missing() {
    let mut story = Story::coordinating();
    story.until("18/05/2026 00:00");
    for fact in ["position 50 %", "position 80 %", "position level 1", "position level 3"] {
        assert_eq!(mailed(&story, fact), ["E08 to BTG.LD by 17/05 02:05"], "{fact}");
    }
}

#[test]
fn a_side_that_is_split_is_told_to_the_leaders_of_its_superior() {
    let mut story = Story::new();
    story.requiring(&["SXD"]).by("btg.truc-ban").raise(phone()).settle();
    story.acknowledged("16/05/2026 22:05");
    story.by("sxd.lanh-dao").when("record-position", disagree());
    assert_eq!(story.mails(), ["E09 to UBND.LD by 17/05 02:05"]);
    // It is missing from the round until its superior has ruled.
    story.until("17/05/2026 02:05");
    let missing = mailed(&story, "position level 1");
    assert_eq!(missing, ["E08 to BTG.LD by 17/05 02:05", "E08 to UBND.LD by 17/05 02:05"]);
}

#[test]
fn a_disagreement_is_told_to_the_leaders_of_both_sides_with_the_statements_date() {
    let told =
        ["E11 to BTG.LD by 17/05 02:05", "E11 to SNNMT.LD by 17/05 02:05", "E11 to UBND.LD by 17/05 02:05"];
    let mut story = Story::coordinating();
    story.by("btg.lanh-dao").when("record-position", disagree());
    assert_eq!(story.mails(), told);
    let mut story = Story::coordinating();
    let said = coordination::DisagreementDeclared { round: 1, side: Side::B, reason: None };
    let statement = deadline(&story, DeadlineKey::Statement, 1, "17/05/2026 02:05");
    let declared = Decision::new(story.now, Body::DisagreementDeclared(said)).arming([statement]);
    story.forge(declared.moving(Some(Lifecycle::InCoordination), Lifecycle::Disputed));
    assert_eq!(story.mails(), told);
}

#[test]
fn another_round_is_no_mail() {
    let mut story = Story::coordinating();
    story.by("btg.lanh-dao").when("record-position", counter("Khác"));
    assert_eq!(story.mails(), NOBODY);
    let mut story = Story::coordinating();
    story.consulting(&["SXD"]).by("sxd.lanh-dao").when("record-position", agree());
    assert_eq!(story.mails(), NOBODY);
}

#[test]
fn a_settlement_waits_for_the_other_side_s_leaders_and_its_agreement_is_told_as_any_other() {
    let mut story = Story::disagreed();
    let said =
        coordination::SettlementProposed { proposal: 1, side: Side::A, text: "Theo phương án 2.".into() };
    story.forge(Decision::new(story.now, Body::SettlementProposed(said)));
    assert_eq!(story.mails(), ["E24 to SNNMT.LD", "E24 to UBND.LD"]);
    let said = coordination::AgreementReached { proposal: 1, after_dispute: true };
    let agreed = Decision::new(story.now, Body::AgreementReached(said));
    story.forge(agreed.moving(Some(Lifecycle::Disputed), Lifecycle::Agreed));
    assert_eq!(
        story.mails(),
        [
            "E10 to BTG.LD",
            "E10 to BTG.TT.TP",
            "E10 to SNNMT.LD",
            "E10 to SNNMT.VP.TP",
            "E10 to UBND.LD",
            "E10 to UBND.VX.TP",
        ]
    );
}

#[test]
fn a_settlement_of_a_side_without_a_party_waits_for_its_superior() {
    let mut story = Files::with_organisation(THIRD_SIDE).story();
    story
        .by("cat.dau-moi")
        .raise(with(with(written(), "/raiser", "CAT"), "/document/issuer", "CAT"))
        .settle();
    let said =
        coordination::SettlementProposed { proposal: 1, side: Side::A, text: "Theo phương án 2.".into() };
    story.forge(Decision::new(story.now, Body::SettlementProposed(said)));
    assert_eq!(story.mails(), ["E24 to UBND.LD"]);
}

#[test]
fn a_closure_that_is_rejected_is_told_to_the_leaders_of_both_sides() {
    let mut story = Story::settled();
    story.by("btg.dau-moi").when("propose-closure", closing());
    story.by("ubnd.lanh-dao").when("reject-closure", rejecting(1));
    assert_eq!(story.mails(), CHANGED);
    let mut story = Story::settled();
    story.by("btg.dau-moi").when("propose-closure", closing());
    story.by("ubnd.lanh-dao").when("confirm-closure", confirming(1));
    assert_eq!(story.mails(), NOBODY);
}

#[test]
fn whatever_brings_mail_by_itself_is_a_fact_that_the_notifier_looks_at() {
    let mut stories = vec![Story::phoned(), Story::settled(), Story::disagreed(), Story::directed()];
    for story in &mut stories {
        story.until("30/05/2026 00:00");
        for (fact, line) in story.facts().iter().zip(story.log()) {
            let mails = mailed(story, &line);
            assert!(mails.is_empty() || MAILED.contains(&fact.body().kind()), "{line}: {mails:?}");
        }
    }
    assert!(Kind::ALL.iter().filter(|kind| MAILED.contains(kind)).eq(MAILED), "in the order of the process");
}

#[test]
fn a_mail_says_nothing_but_its_kind_its_office_and_a_time() {
    let mut story = Story::new();
    story.raise(phone());
    let notices = notices(story.case(), story.facts().last().unwrap(), &story.policy);
    let Notice { office, alert, deadline } = notices[0].clone();
    assert_eq!((office, alert, deadline.is_some()), ("BTG.LD".into(), Alert::RaisedByPhone, true));
}

#[test]
fn what_is_not_urgent_waits_for_the_morning_of_the_next_working_day() {
    let calendar = Story::new().policy.calendar.clone();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let asked = |urgency, level, deadline: Option<&str>, now| {
        digest_at(urgency, level, deadline.map(at), at(now), &calendar)
    };
    // Monday the 18th of May 2026, 07:30 in Vietnam is 00:30 UTC.
    let monday = Some(at("2026-05-18T00:30:00Z"));
    assert_eq!(asked(Urgency::Thuong, None, None, "2026-05-17T23:00:00Z"), monday);
    assert_eq!(asked(Urgency::Thuong, None, None, "2026-05-15T05:00:00Z"), monday, "not on a Saturday");
    let tuesday = Some(at("2026-05-19T00:30:00Z"));
    assert_eq!(asked(Urgency::Thuong, None, None, "2026-05-18T00:30:00Z"), tuesday, "that one has gone out");
    assert_eq!(asked(Urgency::Khan, None, None, "2026-05-17T23:00:00Z"), None, "urgent");
    assert_eq!(asked(Urgency::Thuong, Some(1), None, "2026-05-17T23:00:00Z"), None, "overdue");
    let soon = Some("2026-05-18T00:30:00Z");
    assert_eq!(asked(Urgency::Thuong, None, soon, "2026-05-17T23:00:00Z"), None, "due by then");
}
