//! The report on histories that were played on paper.

use std::sync::Arc;

use domain::{scenario::Scenario, simulation};

use super::*;
use crate::drill::{seen::Names, words::page};

/// The report on the first case of a scenario, as of the end of the scenario.
fn report_on(text: &str) -> Report {
    let policy = Arc::new(crate::place::policy(None).unwrap());
    let scenario = Scenario::parse(text).unwrap();
    let (_, played) = simulation::play(&scenario, Arc::clone(&policy)).unwrap();
    let id = played.cases().next().unwrap().1.id;
    let facts = &played.paper().told(id).unwrap().facts;
    report(follow(facts, &policy).unwrap().unwrap(), Vec::new(), played.now(), None)
}

const NIGHT: &str = include_str!("../../../../../tests/scenarios/s2-aquaculture-at-night.txt");

/// Everything that was asked, a line each.
fn lines(report: &Report) -> Vec<String> {
    let line = |each: &Asked| {
        let answer = each.answer.as_ref();
        let by = answer.map_or("nobody", |answer| answer.officer.as_str());
        let after = answer.map_or(0, |answer| answer.after / 60);
        format!("{} {} {}: {by} after {after} min, {:?}", each.what, each.instance, each.agency, each.verdict)
    };
    report.asked.iter().map(line).collect()
}

#[test]
fn each_thing_that_was_asked_has_its_answer_and_its_verdict() {
    let report = report_on(NIGHT);
    assert_eq!(
        lines(&report),
        [
            "callback 1 BTG: btg.truc-ban after 6 min, OnTime",
            "written 1 SNNMT: snnmt.van-thu after 678 min, Late { by: 12120 }",
            "ack 1 BTG: nobody after 0 min, NotAnswered { overdue: true }",
            "ack 2 UBND: ubnd.dau-moi after 13 min, OnTime",
            "ack 3 BTG: btg.dau-moi2 after 13 min, OnTime",
            "position 1 BTG: btg.lanh-dao after 75 min, OnTime",
            "compare 1 BTG: btg.dau-moi after 70 min, OnTime",
            "closure 1 BTG: btg.lanh-dao after 1380 min, OnTime",
        ]
    );
    assert!(!report.is_good());
    let Sums { asked, on_time, late, not_answered, lapsed, median, longest } = report.sums;
    assert_eq!((asked, on_time, late, not_answered, lapsed), (8, 6, 1, 1, 0));
    assert_eq!((median, longest), (Some(70 * 60), Some(1380 * 60)));
}

#[test]
fn what_fell_to_the_next_one_says_to_whom_and_what_was_overdue_at_which_level() {
    let report = report_on(NIGHT);
    let find = |what: &str| report.asked.iter().find(|each| each.what.to_string() == what).unwrap();
    assert_eq!(find("ack").passed_to, Some(Level::Deputy));
    assert_eq!((find("written").overdue_level, find("callback").overdue_level), (1, 0));
}

#[test]
fn what_is_open_is_not_answered_and_says_whether_it_was_due() {
    let begun: String = NIGHT.split("> Gọi lại").next().unwrap().to_owned();
    let report = report_on(&begun);
    let open = lines(&report);
    assert_eq!(open.len(), 4, "{open:?}");
    assert!(open.iter().all(|line| line.ends_with("NotAnswered { overdue: false }")), "{open:?}");
    let later = report_on(&format!("{begun}\n16/05/2026 22:10  --\n"));
    let callback = &later.asked[0];
    assert_eq!(callback.verdict, Verdict::NotAnswered { overdue: true });
    assert_eq!(later.sums.not_answered, 4);
}

#[test]
fn what_a_cancelled_case_asks_no_longer_is_nobodys_fault() {
    let report = report_on(include_str!("../../../../../tests/scenarios/s5a-false-call.txt"));
    let ends = lines(&report);
    assert_eq!(
        ends,
        [
            "callback 1 BTG: btg.truc-ban after 7 min, OnTime",
            "written 1 SXD: nobody after 0 min, Lapsed",
            "ack 1 BTG: nobody after 0 min, Lapsed",
            "ack 2 UBND: nobody after 0 min, Lapsed",
            "confirm-cancellation 1 BTG: btg.lanh-dao after 2 min, OnTime",
        ]
    );
    assert!(report.is_good());
}

#[test]
fn the_other_side_does_not_answer_for_who_was_asked() {
    let report = report_on(include_str!("../../../../../tests/scenarios/silence-of-one-side.txt"));
    let silent = report
        .asked
        .iter()
        .find(|each| each.what.to_string() == "statement" && each.agency.as_str() == "BTG");
    let silent = silent.unwrap();
    assert_eq!((silent.overdue_level, &silent.verdict), (3, &Verdict::NotAnswered { overdue: true }));
    assert!(silent.answer.is_none());
}

#[test]
fn what_was_answered_under_a_seal_is_not_called_overdue_and_the_whole_not_good() {
    let policy = Arc::new(crate::place::policy(None).unwrap());
    let scenario =
        Scenario::parse(include_str!("../../../../../tests/scenarios/s5a-false-call.txt")).unwrap();
    let (_, played) = simulation::play(&scenario, Arc::clone(&policy)).unwrap();
    let id = played.cases().next().unwrap().1.id;
    let facts = &played.paper().told(id).unwrap().facts;
    let later = played.now() + TimeDelta::days(9);
    let of = |facts: &[Fact], sealed_from| {
        report(follow(facts, &policy).unwrap().unwrap(), Vec::new(), later, sealed_from)
    };
    // The callback and all after it is sealed: it was answered, and nobody was late.
    let callback = facts.iter().position(|fact| fact.body().kind() == Kind::CallbackFailed).unwrap();
    let sealed_from = facts[callback].origin().occurred_at;
    let sealed = of(&facts[..callback], Some(sealed_from));
    assert_eq!(sealed.asked[0].verdict, Verdict::NotAnswered { overdue: false });
    assert_eq!((sealed.until, sealed.sealed_from), (sealed_from, Some(sealed_from)));
    let page = page(&sealed, None, &Names::default());
    assert!(
        page.contains("đang được niêm phong") && page.contains("is sealed for whoever reports"),
        "{page}"
    );
    assert!(!page.contains("quá hạn") && !page.contains("chưa kết thúc trên hệ thống"), "{page}");
    // What is seen is good, and may not be all.
    assert!(of(facts, None).is_good() && !of(facts, Some(later)).is_good());
}

#[test]
fn every_history_can_be_reported_on() {
    for file in std::fs::read_dir("../../tests/scenarios").unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let policy = Arc::new(crate::place::policy(None).unwrap());
        let (_, played) = simulation::play(&Scenario::parse(&text).unwrap(), Arc::clone(&policy)).unwrap();
        for (name, case) in played.cases() {
            let facts = &played.paper().told(case.id).unwrap().facts;
            let followed =
                follow(facts, &policy).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let followed = followed.unwrap();
            let open = followed.waiting;
            let report = report(followed, Vec::new(), played.now(), None);
            let sums = report.sums;
            let counted = sums.on_time + sums.late + sums.not_answered + sums.lapsed;
            assert_eq!(sums.asked, counted, "{} {name}", file.display());
            assert!(sums.not_answered >= open, "{} {name}: {open} of {}", file.display(), sums.not_answered);
        }
    }
}
