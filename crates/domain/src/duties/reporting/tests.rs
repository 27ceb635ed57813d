//! Reports: when they are due, and how they are owed, handed in, accepted (DOMAIN §4, §8 S6).

use std::fmt::Write as _;

use events::Kind;
use serde_json::{Value, json};

use super::*;
use crate::{
    duties::{
        Subject,
        tests::{Play, clock, document, files},
    },
    refusal::Code,
    story::{Files, local},
};

/// A policy in which a due day that would move by more than three days is moved back instead.
fn no_further_than_three_days() -> Policy {
    let mut files = Files::default();
    files.duties = files.duties.replacen("# max-shift-days = 3", "max-shift-days = 3", 1);
    files.policy()
}

fn something() -> Value {
    json!({ "items": [{ "topic": "agriculture", "text": "Vụ nuôi mới đã thả giống." }] })
}

fn days(year: i32, policy: &Policy) -> Vec<String> {
    let due = (1..=12).map(|month| due(year, month, policy).unwrap().unwrap());
    due.map(|due| calendar::local_date(due).format("%d/%m").to_string()).collect()
}

#[test]
fn the_due_days_of_2026_are_those_of_the_specification() {
    let policy = Files::default().policy();
    let expected = "15/01 23/02 16/03 15/04 15/05 15/06 15/07 17/08 15/09 15/10 16/11 15/12";
    assert_eq!(days(2026, &policy).join(" "), expected);
    assert_eq!(days(2026, &no_further_than_three_days())[1], "13/02");
    assert_eq!((&*days(2027, &policy)[4], &*days(2027, &policy)[7]), ("17/05", "16/08"));
    assert!(due(2029, 1, &policy).is_err(), "beyond the calendar nothing is guessed");
}

#[test]
fn the_due_dates_of_three_years_stand_in_a_file_that_an_official_can_read() {
    let (usual, most_three) = (Files::default().policy(), no_further_than_three_days());
    let mut text = String::from("# Regular reports: when they are due, at 17:00.\n");
    for year in 2026..=2028 {
        let (usual, most_three) = (days(year, &usual), days(year, &most_three));
        writeln!(text, "\n{year}").unwrap();
        writeln!(text, "monthly                      {}", usual.join(" ")).unwrap();
        let quarters: Vec<_> = usual.iter().skip(2).step_by(3).map(String::as_str).collect();
        writeln!(text, "quarterly                    {}", quarters.join(" ")).unwrap();
        writeln!(text, "monthly, max-shift-days = 3  {}", most_three.join(" ")).unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/duties/reporting/due-dates.txt");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(path).unwrap_or_default(), "UPDATE_GOLDENS=1 writes it anew");
}

#[test]
fn the_report_over_tet_goes_as_scenario_s6_says() {
    let (p, q, r) = ("SNNMT", "SCT", "SXD");
    let mut play = Play::under(files(&["SNNMT", "SCT", "SXD"], &[], &[]).policy(), "02/02/2026 08:00");
    play.at("13/02/2026 09:00").on_report(p, 2026, 2);
    assert_eq!(
        play.told(),
        [
            "09/02/2026 08:00 reporting.opened",
            "09/02/2026 08:00 reminder 1 of Report 1",
            "12/02/2026 08:00 reminder 2 of Report 1",
        ]
    );
    assert_eq!(play.report().nominal.to_string(), "2026-02-15");
    assert_eq!(clock(play.report().due), "23/02/2026 17:00");
    play.by("snnmt.dau-moi").when("submit-report", something()).then(Kind::ReportSubmitted);
    assert_eq!(play.report().submitted[0].cases.len(), 1, "the cases of the period are frozen with it");
    play.by("btg.dau-moi").when("accept-report", json!({})).then(Kind::ReportAccepted);
    assert!(!play.duty().is_live());

    play.at("23/02/2026 16:30").on_report(q, 2026, 2);
    play.by("sct.lanh-dao").when("nil-return", json!({})).then(Kind::NilReturned);
    assert!(!play.report().late);
    assert_eq!(play.report().state, State::NilReturned);

    play.at("24/02/2026 09:15").on_report(r, 2026, 2);
    assert_eq!(
        play.timers(),
        [
            "09/02/2026 08:00 reminder 1 of Report 1",
            "12/02/2026 08:00 reminder 2 of Report 1",
            "23/02/2026 08:00 reminder 3 of Report 1",
            "23/02/2026 17:00 level 1 of Report 1",
        ]
    );
    play.by("sxd.dau-moi").when("submit-report", something()).then(Kind::ReportSubmitted);
    assert!(play.report().late && play.report().submitted[0].late);
    play.at("28/02/2026 12:00");
    assert_eq!(play.timers().len(), 4, "level 2 never comes");
    assert_eq!(play.on_report(p, 2026, 2).timers().len(), 2);
    assert_eq!(play.on_report(q, 2026, 2).timers().len(), 3);

    // R is quarterly from 1/3 on.
    play.at("01/03/2026 00:00").policy = files(&["SNNMT", "SCT"], &["SXD"], &[]).policy();
    play.at("16/06/2026 00:00");
    let owed = |agency: &str| -> Vec<String> {
        let reports = play.duties().filter_map(|duty| match &duty.subject {
            Subject::Report(report) if report.agency == agency.into() => Some(report),
            _ => None,
        });
        let mut due: Vec<_> = reports.map(|report| report.due).collect();
        due.sort();
        due.into_iter().map(clock).collect()
    };
    assert_eq!(owed(r), ["23/02/2026 17:00", "16/03/2026 17:00", "15/06/2026 17:00"]);
    assert_eq!(owed(p).len(), 5);
    play.on_report(r, 2026, 3);
    let period = play.report().period;
    let covered = (period.from.to_string(), period.until.to_string());
    assert_eq!(covered, ("2025-12-15".to_owned(), "2026-03-14".to_owned()));
    assert_eq!(play.duty().code(), "BC-2026-03");
}

#[test]
fn a_silent_agency_is_reminded_three_times_and_overdue_in_three_levels() {
    let mut play = Play::from("01/05/2026 00:00");
    play.at("30/05/2026 00:00").on_report("UBND", 2026, 5);
    assert_eq!(
        play.timers(),
        [
            "08/05/2026 08:00 reminder 1 of Report 1",
            "13/05/2026 08:00 reminder 2 of Report 1",
            "15/05/2026 08:00 reminder 3 of Report 1",
            "15/05/2026 17:00 level 1 of Report 1",
            "18/05/2026 17:00 level 2 of Report 1",
            "20/05/2026 17:00 level 3 of Report 1",
        ]
    );
    assert_eq!((play.report().level, play.report().late), (3, true));
}

#[test]
fn after_an_outage_the_last_reminder_alone_is_given_and_no_level_is_left_out() {
    let mut play = Play::from("01/05/2026 00:00");
    play.wakes_at("14/05/2026 10:00").on_report("UBND", 2026, 5);
    assert_eq!(play.timers(), ["13/05/2026 08:00 reminder 2 of Report 1"]);
    play.wakes_at("19/05/2026 10:00");
    assert_eq!(
        play.timers()[1..],
        ["15/05/2026 17:00 level 1 of Report 1", "18/05/2026 17:00 level 2 of Report 1"]
    );
}

#[test]
fn at_the_very_due_instant_it_is_on_time() {
    let mut play = Play::from("01/05/2026 00:00");
    play.at("15/05/2026 16:59").on_report("UBND", 2026, 5);
    play.now = local("15/05/2026 17:00");
    play.by("ubnd.dau-moi").when("submit-report", something()).then(Kind::ReportSubmitted);
    assert!(!play.report().late);
    assert_eq!(play.timers().len(), 3, "no level");
}

#[test]
fn a_report_is_handed_in_once_by_the_agency_that_owes_it() {
    let mut play = Play::from("01/05/2026 00:00");
    play.at("08/05/2026 09:00").on_report("UBND", 2026, 5);
    play.by("snnmt.lanh-dao").when("submit-report", something()).refused(Code::NotFound);
    play.by("btg.lanh-dao").when("submit-report", something()).refused(Code::NotAuthorised);
    play.by("ubnd.van-thu").when("submit-report", something()).refused(Code::NotAuthorised);
    play.by("ubnd.dau-moi").when("accept-report", json!({})).refused(Code::NotAuthorised);
    play.by("btg.dau-moi").when("accept-report", json!({})).refused(Code::BadState);
    play.by("btg.dau-moi").when("waive-report", json!({ "reason": "Trùng kỳ" })).refused(Code::NotAuthorised);
    play.by("ubnd.dau-moi").when("submit-report", json!({})).refused_at(Code::InvalidData, "items");
    let unknown = json!({ "items": [{ "topic": "moon", "text": "Trăng tròn" }] });
    play.when("submit-report", unknown).refused_at(Code::InvalidData, "items[0].topic");
    let others = json!({ "document": document("SXD", 3, "2026-05-08") });
    play.when("submit-report", others).refused_at(Code::DocInvalid, "document.issuer");
    let own = json!({ "document": document("UBND", 3, "2026-05-08") });
    play.when("submit-report", own).then(Kind::ReportSubmitted);
    play.when("submit-report", something()).refused(Code::BadState);
    play.when("nil-return", json!({})).refused(Code::BadState);
    play.by("btg.dau-moi").when("accept-report", json!({})).then(Kind::ReportAccepted);
    play.by("ubnd.dau-moi").when("submit-report", something()).refused(Code::BadState);
    play.by("btg.lanh-dao").when("waive-report", json!({ "reason": "Trùng kỳ" })).refused(Code::BadState);
    play.at("30/05/2026 00:00");
    assert_eq!(play.timers().len(), 1, "nothing is asked for any more");
}

#[test]
fn a_report_that_is_returned_is_owed_again_with_a_clock_of_its_own() {
    let mut play = Play::from("01/05/2026 00:00");
    play.at("11/05/2026 09:00").on_report("UBND", 2026, 5);
    play.by("ubnd.dau-moi").when("nil-return", json!({ "note": "Không có nội dung mới." }));
    play.by("btg.dau-moi")
        .when("return-report", json!({ "reason": "" }))
        .refused_at(Code::InvalidData, "reason");
    let reason = json!({ "reason": "Còn thiếu tiến độ đường ven biển." });
    play.when("return-report", reason.clone()).then(Kind::ReportReturned);
    play.by("ubnd.dau-moi").when("nil-return", json!({})).refused(Code::BadState);
    play.at("19/05/2026 09:00");
    let asked = [
        "08/05/2026 08:00 reminder 1 of Report 1",
        "14/05/2026 08:00 reminder 1 of Supplement 1",
        "14/05/2026 17:00 level 1 of Supplement 1",
        "15/05/2026 17:00 level 2 of Supplement 1",
    ];
    assert_eq!(play.timers(), asked);
    play.when("submit-report", something()).then(Kind::ReportSubmitted);
    assert!(play.report().submitted[0].late);
    assert!(!play.report().late, "the report itself was on time");
    play.by("btg.dau-moi").when("return-report", reason).then(Kind::ReportReturned);
    play.at("22/05/2026 08:30");
    assert_eq!(play.timers().len(), 5, "reminded of the second supplement too: {:?}", play.timers());
    play.by("btg.lanh-dao").when("waive-report", json!({ "reason": "Đã có ở báo cáo khác." }));
    play.at("30/05/2026 08:30");
    assert_eq!(play.timers().len(), 5);
}

#[test]
fn the_successor_owes_the_report_of_an_agency_that_has_ended() {
    let ending = files(&["SXD"], &[], &[]).ending("SXD", "2026-05-14", "SNNMT");
    let mut play = Play::under(ending.policy(), "01/05/2026 00:00");
    play.at("14/05/2026 09:00").on_report("SXD", 2026, 5);
    assert_eq!(play.told().last().unwrap(), "14/05/2026 00:00 reporting.transferred");
    assert_eq!((play.report().agency.as_str(), play.report().unit.as_str()), ("SNNMT", "SNNMT.VP"));
    play.by("sxd.lanh-dao").when("submit-report", something()).refused(Code::NotAuthorised);
    play.by("snnmt.lanh-dao").when("submit-report", something()).then(Kind::ReportSubmitted);
    play.at("30/06/2026 00:00");
    let reports = play.duties().filter(|duty| matches!(duty.subject, Subject::Report(_)));
    assert_eq!(reports.count(), 1, "what has ended owes nothing new");
}

#[test]
fn nothing_is_owed_for_the_time_before_there_was_a_policy() {
    let mut play = Play::from("09/05/2026 00:00");
    play.at("01/06/2026 00:00");
    assert!(play.duties().all(|duty| !matches!(duty.subject, Subject::Report(_))));
    play.at("09/06/2026 00:00");
    assert_eq!(play.on_report("UBND", 2026, 6).told()[0], "08/06/2026 08:00 reporting.opened");
}
