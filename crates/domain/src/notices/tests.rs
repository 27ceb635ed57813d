//! Which offices get a mail of which fact (DOMAIN §6, PROCESS §8).

use serde_json::json;

use super::*;
use crate::{
    stages,
    story::{
        Files, Story, THIRD_SIDE, agree, callback, closing, confirmation, confirming, counter, disagree,
        phone, rejecting, verdicts, with, written,
    },
};

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
fn other_facts_bring_no_mail_yet() {
    let mut silent = vec![Story::phoned(), Story::coordinating()];
    let mut story = Story::coordinating();
    story.consulting(&["SXD"]).by("sxd.lanh-dao").when("record-position", agree());
    silent.push(story);
    for position in [disagree(), counter("Khác")] {
        let mut story = Story::coordinating();
        story.by("btg.lanh-dao").when("record-position", position).until("18/05/2026 00:00");
        silent.push(story);
    }
    for result in ["verified", "failed", "unreachable"] {
        let mut story = Story::phoned();
        story.by("btg.truc-ban").when("verify-callback", callback(result));
        silent.push(story);
    }
    for scale in ["same", "changed"] {
        let mut story = Story::phoned();
        story.by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
        story.by("btg.dau-moi").when("compare-written", verdicts(scale));
        silent.push(story);
    }
    for answer in [("confirm-closure", confirming(1)), ("reject-closure", rejecting(1))] {
        let mut story = Story::settled();
        story.by("btg.dau-moi").when("propose-closure", closing());
        story.by("ubnd.lanh-dao").when(answer.0, answer.1);
        silent.push(story);
    }
    let mut in_writing = Story::new();
    in_writing.by("snnmt.dau-moi").raise(written()).until("30/05/2026 00:00");
    silent.push(in_writing);
    let alerts = |line: &str| {
        let speaks =
            ["raised-by-phone", "case-routed", "fallback-assigned", "chief-reminded", "overdue written"];
        speaks.iter().any(|word| line.contains(word))
            || line.ends_with(", agreed")
            || line.contains("closure.proposed")
    };
    for story in &silent {
        for (fact, line) in story.facts().iter().zip(story.log()) {
            let mails = mailed(story, &line);
            assert_eq!(!mails.is_empty(), alerts(&line), "{line}: {mails:?}");
            assert!(mails.is_empty() || MAILED.contains(&fact.body().kind()), "{line}");
        }
    }
}

#[test]
fn a_mail_says_nothing_but_its_kind_its_office_and_a_time() {
    let mut story = Story::new();
    story.raise(phone());
    let notices = notices(story.case(), story.facts().last().unwrap(), &story.policy);
    let Notice { office, alert, deadline } = notices[0].clone();
    assert_eq!((office, alert, deadline.is_some()), ("BTG.LD".into(), Alert::RaisedByPhone, true));
}
