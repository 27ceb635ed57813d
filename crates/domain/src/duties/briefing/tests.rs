//! Briefings: called, held, concluded, and the tasks that follow (DOMAIN §3.6).

use events::Kind;
use serde_json::{Value, json};

use super::*;
use crate::{
    duties::tests::{Play, document, files},
    refusal::Code,
    story::Files,
};

fn ad_hoc() -> Value {
    json!({
        "kind": "ad-hoc",
        "at": "2026-05-11T09:00:00+07:00",
        "place": "Phòng họp số 2",
        "invited": ["UBND", "SNNMT"],
        "purpose": "Thông tin về nước thải khu công nghiệp",
    })
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

fn minutes(conclusions: &Value) -> Value {
    json!({ "document": document("BTG", 12, "2026-05-11"), "conclusions": conclusions })
}

fn conclusion(agency: &str, due: &str) -> Value {
    json!({ "text": "Báo cáo kết quả kiểm tra", "agency": agency, "due": due })
}

/// An ad-hoc briefing is called on 8/5 for 11/5, nine o'clock.
fn called() -> Play {
    let mut play = Play::from("08/05/2026 09:00");
    play.by("btg.truong-phong").when(SCHEDULE, ad_hoc()).then(Kind::BriefingScheduled);
    play
}

/// It was held, and its minutes have two conclusions.
fn concluded() -> Play {
    let mut play = called();
    play.at("11/05/2026 11:00");
    play.when("hold-briefing", json!({ "attended": ["SNNMT", "BTG"] })).then(Kind::BriefingHeld);
    let conclusions = json!([conclusion("SNNMT", "2026-05-29"), conclusion("SXD", "2026-06-05")]);
    play.by("btg.van-thu").when("issue-minutes", minutes(&conclusions)).then(Kind::MinutesIssued);
    play
}

#[test]
fn the_briefing_of_the_month_is_called_by_itself_with_an_agenda_that_is_renewed_on_its_day() {
    let mut play = Play::from("01/05/2026 00:00");
    play.at("20/05/2026 08:30").on(DutyId::of_briefing(2026, 5));
    assert_eq!(
        play.told(),
        [
            "13/05/2026 08:00 briefing.scheduled",
            "13/05/2026 08:00 briefing.agenda-compiled",
            "20/05/2026 00:00 briefing.agenda-compiled",
        ]
    );
    let briefing = play.briefing();
    assert_eq!(briefing.invited, ["BTG".into(), "UBND".into()]);
    assert_eq!(play.duty().code(), "GB-2026-05");
    let agenda = &briefing.agenda.as_ref().unwrap().compiled;
    assert_eq!((agenda.edition, agenda.cases.len()), (2, 1));
    assert_eq!(agenda.reports.len(), 1, "who has reported for the month: {agenda:?}");
    assert!(agenda.reports[0].late);
    play.at("23/07/2026 00:00").on(DutyId::of_briefing(2026, 6));
    let begins = calendar::local_date(play.briefing().at).to_string();
    assert_eq!(begins, "2026-06-22", "the 20th is a Saturday");
}

#[test]
fn without_anybody_invited_or_after_its_time_none_is_called() {
    let mut play = Play::under(files(&["UBND"], &[], &[]).policy(), "01/05/2026 00:00");
    play.at("21/06/2026 00:00");
    assert!(play.duties().all(|duty| !matches!(duty.subject, crate::duties::Subject::Briefing(_))));
    let mut play = Play::from("01/05/2026 00:00");
    play.wakes_at("20/05/2026 08:30");
    assert!(play.duties().all(|duty| duty.id != DutyId::of_briefing(2026, 5)));
    let mut play = Play::from("01/05/2026 00:00");
    play.wakes_at("20/05/2026 08:29").on(DutyId::of_briefing(2026, 5));
    assert_eq!(play.told().len(), 2, "one edition of the agenda is enough: {:?}", play.told());
}

#[test]
fn an_agency_that_is_no_more_is_not_invited() {
    let files = files(&["UBND"], &[], &["UBND", "SVHTT", "SVHTTDL"]);
    let mut play = Play::under(files.policy(), "01/09/2026 00:00");
    play.at("20/10/2026 00:00").on(DutyId::of_briefing(2026, 9));
    let invited: Vec<AgencyId> = ["BTG", "UBND", "SVHTTDL"].map(Into::into).to_vec();
    assert_eq!(play.told().last().unwrap(), "01/10/2026 00:00 briefing.transferred");
    assert_eq!(play.briefing().invited, invited, "it was never held, so the successor comes");
    assert_eq!(play.on(DutyId::of_briefing(2026, 10)).briefing().invited, invited);
}

#[test]
fn who_calls_a_briefing_says_when_where_and_why() {
    let mut play = Play::from("08/05/2026 09:00");
    play.by("snnmt.lanh-dao").when(SCHEDULE, ad_hoc()).refused(Code::NotAuthorised);
    play.by("ubnd.dau-moi").when(SCHEDULE, ad_hoc()).refused(Code::NotAuthorised);
    play.by("ubnd.lanh-dao");
    for (field, value) in
        [("at", json!("2026-05-08T08:59:59+07:00")), ("place", json!(" ")), ("purpose", json!(null))]
    {
        play.when(SCHEDULE, with(ad_hoc(), field, value)).refused_at(Code::InvalidData, field);
    }
    let gone = with(ad_hoc(), "invited", json!(["UBND", "SVHTTDL"]));
    play.when(SCHEDULE, gone).refused_at(Code::InvalidData, "invited[1]");
    play.by("btg.lanh-dao").when(SCHEDULE, with(ad_hoc(), "invited", json!([]))).refused(Code::InvalidData);
    play.by("ubnd.lanh-dao").when(SCHEDULE, with(ad_hoc(), "invited", json!(["SXD", "SXD"])));
    let invited: Vec<AgencyId> = ["BTG", "SXD", "UBND"].map(Into::into).to_vec();
    assert_eq!(play.briefing().invited, invited, "the chair and the caller come by themselves, all once");
    let code = play.duty().code();
    assert!(code.starts_with("GBDX-2026-05-") && code.len() == 17, "{code}");
    play.by("btg.lanh-dao").when(SCHEDULE, with(ad_hoc(), "kind", json!("monthly")));
    assert_eq!(play.duty().code(), "GB-2026-05");
}

#[test]
fn those_who_are_invited_put_items_on_the_agenda_until_it_is_held() {
    let mut play = called();
    let item = json!({ "text": "Kết quả quan trắc" });
    play.by("snnmt.dau-moi").when("add-agenda-item", item.clone()).then(Kind::AgendaItemAdded);
    play.by("sxd.dau-moi").when("add-agenda-item", item.clone()).refused(Code::NotFound);
    play.by("snnmt.van-thu").when("add-agenda-item", item.clone()).refused(Code::NotAuthorised);
    play.by("ubnd.lanh-dao")
        .when("add-agenda-item", json!({ "text": "" }))
        .refused_at(Code::InvalidData, "text");
    play.when("add-agenda-item", item.clone());
    assert_eq!(play.briefing().items.len(), 2);
    play.by("btg.lanh-dao").when("cancel-briefing", json!({ "reason": "Đã xử lý xong." }));
    assert!(!play.duty().is_live());
    play.when("add-agenda-item", item).refused(Code::BadState);
    play.when("hold-briefing", json!({ "attended": ["BTG"] })).refused(Code::BadState);
    play.when("cancel-briefing", json!({ "reason": "Hủy" })).refused(Code::BadState);
}

#[test]
fn a_briefing_that_is_moved_to_a_day_that_has_begun_has_its_agenda_anew() {
    let mut play = called();
    let to = |at: &str| json!({ "at": at, "reason": "Trùng lịch" });
    play.at("09/05/2026 10:00");
    play.when("reschedule-briefing", to("2026-05-09T09:59:00+07:00")).refused_at(Code::InvalidData, "at");
    play.by("snnmt.lanh-dao").when("reschedule-briefing", to("2026-05-09T15:00:00+07:00"));
    play.refused(Code::NotAuthorised);
    play.by("ubnd.truong-phong").when("reschedule-briefing", to("2026-05-09T15:00:00+07:00"));
    play.then(Kind::BriefingRescheduled);
    assert_eq!(play.briefing().place, "Phòng họp số 2");
    assert_eq!(play.briefing().agenda.as_ref().unwrap().compiled.edition, 2);
    play.when("reschedule-briefing", to("2026-05-09T16:00:00+07:00"));
    assert_eq!(play.briefing().agenda.as_ref().unwrap().compiled.edition, 2, "it is of this day already");
    play.when("reschedule-briefing", to("2026-06-02T09:00:00+07:00"));
    play.at("02/06/2026 09:00");
    assert_eq!(play.told().last().unwrap(), "02/06/2026 00:00 briefing.agenda-compiled");
    assert!(play.duty().code().starts_with("GBDX-2026-05-"), "it keeps its number");
}

#[test]
fn it_is_held_not_before_its_time_by_its_chair_with_those_who_were_invited() {
    let mut play = called();
    let with_chair = json!({ "attended": ["BTG", "UBND"] });
    play.at("11/05/2026 08:59").when("hold-briefing", with_chair.clone()).refused(Code::BadState);
    play.at("11/05/2026 09:00");
    play.when("hold-briefing", json!({ "attended": ["BTG", "SXD"] }))
        .refused_at(Code::InvalidData, "attended[1]");
    play.when("hold-briefing", json!({ "attended": ["UBND"] })).refused_at(Code::InvalidData, "attended");
    play.when("issue-minutes", minutes(&json!([]))).refused(Code::BadState);
    play.when("hold-briefing", with_chair).then(Kind::BriefingHeld);
    play.when("reschedule-briefing", json!({ "at": "2026-05-12T09:00:00+07:00", "reason": "Trùng lịch" }));
    play.refused(Code::BadState);
    let theirs = json!({ "document": document("SNNMT", 12, "2026-05-11") });
    play.when("issue-minutes", theirs).refused_at(Code::DocInvalid, "document.issuer");
    for (field, conclusion) in [
        ("text", with(conclusion("SXD", "2026-05-29"), "text", json!(""))),
        ("agency", conclusion("SVHTTDL", "2026-05-29")),
        ("due", conclusion("SXD", "2026-05-10")),
    ] {
        let field = format!("conclusions[0].{field}");
        play.when("issue-minutes", minutes(&json!([conclusion]))).refused_at(Code::InvalidData, &field);
    }
    play.when("issue-minutes", minutes(&json!([]))).then(Kind::MinutesIssued);
    assert!(!play.duty().is_live(), "nothing was concluded");
}

#[test]
fn a_task_is_reminded_of_reported_returned_and_accepted() {
    let mut play = concluded();
    let report = |task| json!({ "task": task, "text": "Đã kiểm tra, nước đạt chuẩn." });
    // At the very instant of a reminder, which is given before anybody acts.
    play.at("29/05/2026 08:00");
    play.by("ubnd.lanh-dao").when("report-conclusion", report(1)).refused(Code::NotAuthorised);
    play.by("snnmt.dau-moi").when("report-conclusion", report(3)).refused_at(Code::InvalidData, "task");
    play.by("btg.lanh-dao").when("accept-conclusion", json!({ "task": 1 })).refused(Code::BadState);
    play.by("snnmt.dau-moi").when("report-conclusion", report(1)).then(Kind::TaskReported);
    play.when("report-conclusion", report(1)).refused(Code::BadState);
    play.when("accept-conclusion", json!({ "task": 1 })).refused(Code::NotAuthorised);
    let back = |due: &str| json!({ "task": 1, "reason": "Thiếu số liệu", "due": due });
    play.by("btg.truong-phong")
        .when("return-conclusion", back("2026-05-27"))
        .refused_at(Code::InvalidData, "due");
    // The day stays the same: what was reminded of once is not reminded of again.
    play.when("return-conclusion", back("2026-05-29")).then(Kind::TaskReturned);
    play.at("02/06/2026 10:00");
    assert_eq!(
        play.timers(),
        [
            "27/05/2026 08:00 reminder 1 of Task 1",
            "29/05/2026 08:00 reminder 2 of Task 1",
            "29/05/2026 17:00 level 1 of Task 1",
            "01/06/2026 17:00 level 2 of Task 1",
        ]
    );
    play.by("snnmt.dau-moi").when("report-conclusion", report(1));
    play.by("btg.truong-phong").when("accept-conclusion", json!({ "task": 1 })).then(Kind::TaskAccepted);
    assert!(play.briefing().tasks[0].late && play.duty().is_live());
    play.at("12/06/2026 09:00");
    assert_eq!(
        play.timers().len(),
        9,
        "two reminders and three levels of the other task: {:?}",
        play.timers()
    );
    play.by("sxd.lanh-dao").when("report-conclusion", report(2));
    play.by("btg.truong-phong").when("accept-conclusion", json!({ "task": 2 }));
    assert!(!play.duty().is_live());
    play.at("12/07/2026 09:00");
    assert_eq!(play.timers().len(), 9);
}

#[test]
fn the_successor_has_the_tasks_of_an_agency_that_has_ended() {
    let mut play =
        Play::under(Files::default().ending("SXD", "2026-06-01", "SNNMT").policy(), "08/05/2026 09:00");
    play.by("btg.lanh-dao").when(SCHEDULE, with(ad_hoc(), "invited", json!(["UBND", "SXD"])));
    play.at("11/05/2026 11:00").when("hold-briefing", json!({ "attended": ["BTG"] }));
    play.when(
        "issue-minutes",
        minutes(&json!([conclusion("SXD", "2026-06-05"), conclusion("SXD", "2026-06-05")])),
    );
    play.by("sxd.lanh-dao").when("report-conclusion", json!({ "task": 2, "text": "Xong." }));
    play.by("btg.lanh-dao").when("accept-conclusion", json!({ "task": 2 }));
    play.at("01/06/2026 09:00");
    let owners: Vec<_> = play.briefing().tasks.iter().map(|task| task.agency.as_str()).collect();
    assert_eq!(owners, ["SNNMT", "SXD"], "what is done stays whose it was");
    assert!(play.briefing().invited.contains(&"SXD".into()), "who was invited stays on record");
    let report = json!({ "task": 1, "text": "Xong." });
    play.by("sxd.lanh-dao").when("report-conclusion", report.clone()).refused(Code::NotAuthorised);
    play.by("snnmt.lanh-dao").when("report-conclusion", report).then(Kind::TaskReported);
}
