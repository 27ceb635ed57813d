//! Urgency and more time (commands 43 and 44, PROCESS §4 rule 4).

use events::{DeadlineKey, Kind, Urgency};
use serde_json::json;

use crate::{
    Code, deadlines,
    story::{
        Story, agree, closing, confirmation, counter, cover, disagree, extending, phone_ended, report,
        statement, task_force, urgency, with,
    },
};

const CHANGE: &str = "change-urgency";
const EXTEND: &str = "extend-deadline";

/// S3 under *khẩn*: Wednesday 8/7 at 14:30, round 1 is open until Friday 17:00.
fn urgent() -> Story {
    Story::highway()
}

#[test]
fn what_becomes_more_urgent_is_counted_from_now() {
    let mut story = urgent();
    story.until("09/07/2026 10:00").by("sxd.dau-moi").when(CHANGE, urgency("hoa-toc"));
    story.then(Kind::UrgencyChanged).settle();
    assert_eq!(story.case().urgency, Urgency::HoaToc);
    assert_eq!(story.running(), ["position 1: 09/07 10:00 to 09/07 14:00"]);
    story.until("09/07/2026 14:00");
    story.says_since(
        "09/07/2026 10:00",
        &[
            "09/07 10:00 casefile.urgency-changed Khan to HoaToc",
            "09/07 12:00 coordination.reminded position 50 %",
            "09/07 13:12 coordination.reminded position 80 %",
            "09/07 14:00 coordination.overdue position level 1, owed by BTG",
        ],
    );
}

#[test]
fn it_is_never_due_later_for_being_more_urgent() {
    let mut story = urgent();
    story.until("10/07/2026 16:00").by("btg.dau-moi").when(CHANGE, urgency("thuong-khan"));
    assert_eq!(
        story.running(),
        ["position 1: 10/07 16:00 to 10/07 17:00"],
        "not half past four in the morning"
    );
}

#[test]
fn what_becomes_less_urgent_is_never_due_earlier() {
    let mut story = urgent();
    story.until("10/07/2026 09:00").by("btg.lanh-dao").when(CHANGE, urgency("thuong"));
    assert_eq!(story.running(), ["position 1: 10/07 09:00 to 17/07 17:00"], "five working days from Friday");
    let mut story = Story::coordinating();
    story.until("16/05/2026 23:00").by("btg.lanh-dao").when(CHANGE, urgency("khan"));
    // 1 wd and 2 wd from Saturday night.
    assert_eq!(
        story.running(),
        [
            "callback 1: 16/05 21:48 to 16/05 22:03",
            "position 1: 16/05 23:00 to 19/05 17:00",
            "written 1: 16/05 23:00 to 18/05 17:00",
        ],
        "the callback was overdue: it stays as it is"
    );
}

#[test]
fn a_call_keeps_the_values_of_khan_where_thuong_has_none() {
    let mut story = Story::phoned();
    story.by("btg.lanh-dao").when(CHANGE, urgency("thuong"));
    let running = story.running();
    assert!(running.contains(&"callback 1: 16/05 21:52 to 16/05 22:52".to_owned()), "{running:?}");
    assert!(running.contains(&"written 1: 16/05 21:52 to 18/05 17:00".to_owned()), "{running:?}");
    assert!(running.contains(&"ack 1: 16/05 21:52 to 18/05 17:00".to_owned()), "{running:?}");
}

#[test]
fn a_time_by_which_it_must_be_done_caps_what_it_caps() {
    let mut story = Story::settled();
    story.by("btg.dau-moi").when("propose-closure", closing());
    let timed = with(urgency("hoa-toc-hen-gio"), "/deliver_by", "2026-05-17T02:00:00+07:00");
    story.when(CHANGE, timed).settle();
    assert_eq!(story.running(), ["closure 1: 17/05 00:40 to 19/05 17:00"], "a closure is not capped");
    let mut story = Story::coordinating();
    let timed = with(urgency("hoa-toc-hen-gio"), "/deliver_by", "2026-05-17T00:30:00+07:00");
    story.by("snnmt.dau-moi").when(CHANGE, timed);
    assert_eq!(story.due_of(DeadlineKey::Position, 1).unwrap(), "17/05 00:30");
    assert_eq!(story.due_of(DeadlineKey::Written, 1).unwrap(), "17/05 00:30");
    story.when(CHANGE, urgency("hoa-toc")).refused(Code::NotAuthorised);
    story.by("snnmt.lanh-dao").when(CHANGE, urgency("hoa-toc"));
    assert_eq!(
        (story.case().deliver_by, story.due_of(DeadlineKey::Position, 1).unwrap()),
        (None, "17/05 02:05".to_owned())
    );
}

/// An earlier time raises, a later one lowers.
#[test]
fn the_time_by_which_it_must_be_done_can_be_moved() {
    let mut story = Story::coordinating();
    let timed =
        |by: &str| with(urgency("hoa-toc-hen-gio"), "/deliver_by", format!("2026-05-17T{by}:00+07:00"));
    story.by("snnmt.dau-moi").when(CHANGE, timed("01:00"));
    story.when(CHANGE, timed("01:00")).refused_at(Code::InvalidData, "urgency");
    story.when(CHANGE, timed("02:00")).refused(Code::NotAuthorised);
    story.when(CHANGE, timed("00:30"));
    assert_eq!(story.due_of(DeadlineKey::Position, 1).unwrap(), "17/05 00:30");
    story.by("snnmt.lanh-dao").when(CHANGE, timed("02:00"));
    assert_eq!(story.due_of(DeadlineKey::Position, 1).unwrap(), "17/05 02:00");
}

#[test]
fn the_date_of_a_directive_stays() {
    let mut story = Story::directed();
    let before = story.running();
    story.by("btg.lanh-dao").when(CHANGE, urgency("thuong")).settle();
    let items = |lines: &[String]| lines.iter().filter(|line| line.starts_with("implementation")).count();
    assert_eq!(items(&before), 3);
    assert!(
        before
            .iter()
            .filter(|line| line.starts_with("implementation"))
            .all(|line| story.running().contains(line))
    );
}

#[test]
fn raiser_and_receiver_raise_it_and_only_their_leaders_lower_it() {
    let mut story = urgent();
    story.by("btg.truc-ban").when(CHANGE, urgency("hoa-toc")).refused(Code::NotAuthorised);
    story.by("ubnd.lanh-dao").when(CHANGE, urgency("hoa-toc")).refused(Code::NotAuthorised);
    story.by("btg.truong-phong").when(CHANGE, urgency("thuong")).refused(Code::NotAuthorised);
    story.by("btg.dau-moi").when(CHANGE, urgency("khan")).refused_at(Code::InvalidData, "urgency");
    story.when(CHANGE, with(urgency("hoa-toc"), "/reason", "")).refused_at(Code::InvalidData, "reason");
    story.when(CHANGE, urgency("hoa-toc-hen-gio")).refused_at(Code::InvalidData, "deliver_by");
    let mut story = Story::closed();
    story.by("btg.lanh-dao").when(CHANGE, urgency("khan")).refused(Code::BadState);
}

#[test]
fn who_is_owed_gives_more_time_twice() {
    let mut story = urgent();
    // BTG has not spoken: side B is owed.
    story.by("ubnd.lanh-dao").when(EXTEND, extending("position", "13/07/2026 17:00"));
    story.then(Kind::DeadlineExtended).settle();
    assert_eq!(story.running(), ["position 1: 08/07 13:45 to 13/07 17:00"]);
    assert_eq!(deadlines::find(story.case(), DeadlineKey::Position, 1).unwrap().extended, 1);
    story.by("sxd.lanh-dao").when(EXTEND, extending("position", "14/07/2026 17:00"));
    story.when(EXTEND, extending("position", "15/07/2026 17:00")).refused(Code::DeadlineNotExtendable);
    story.by("btg.lanh-dao").when("record-position", counter("Phương án A")).settle();
    assert_eq!(deadlines::find(story.case(), DeadlineKey::Position, 2).unwrap().extended, 0, "another round");
}

#[test]
fn a_change_of_urgency_does_not_forget_the_extensions() {
    let mut story = urgent();
    story.by("ubnd.lanh-dao").when(EXTEND, extending("position", "13/07/2026 17:00"));
    story.by("btg.dau-moi").when(CHANGE, urgency("thuong-khan"));
    assert_eq!(deadlines::find(story.case(), DeadlineKey::Position, 1).unwrap().extended, 1);
}

#[test]
fn who_owes_gives_himself_no_more_time() {
    let mut story = urgent();
    story
        .by("btg.lanh-dao")
        .when(EXTEND, extending("position", "13/07/2026 17:00"))
        .refused(Code::NotAuthorised);
    story.by("ubnd.truong-phong").when(EXTEND, extending("position", "13/07/2026 17:00"));
    story.refused(Code::NotAuthorised);
    let mut story = Story::new();
    let call = with(phone_ended("16/05/2026 21:48"), "/urgency", "khan");
    story.by("btg.truc-ban").raise(call).settle();
    story
        .by("snnmt.lanh-dao")
        .when(EXTEND, extending("written", "19/05/2026 17:00"))
        .refused(Code::NotAuthorised);
    story
        .by("btg.lanh-dao")
        .when(EXTEND, extending("written", "19/05/2026 17:00"))
        .then(Kind::DeadlineExtended);
    story.when(EXTEND, extending("callback", "17/05/2026 09:00")).refused(Code::NotAuthorised);
    story.by("snnmt.lanh-dao").when(EXTEND, extending("callback", "17/05/2026 09:00"));
    let ack = |to: &str| with(extending("ack", to), "/instance", 1);
    story.by("btg.lanh-dao").when(EXTEND, ack("19/05/2026 09:00")).refused(Code::NotAuthorised);
    story.by("ubnd.dau-moi").when(EXTEND, ack("19/05/2026 09:00")).refused(Code::NotAuthorised);
    story.by("ubnd.lanh-dao").when(EXTEND, ack("19/05/2026 09:00")).then(Kind::DeadlineExtended);
}

#[test]
fn each_deadline_is_extended_by_who_is_owed() {
    let mut story = Story::phoned();
    story.by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
    story
        .by("btg.lanh-dao")
        .when(EXTEND, extending("compare", "17/05/2026 09:00"))
        .refused(Code::NotAuthorised);
    story
        .by("ubnd.lanh-dao")
        .when(EXTEND, extending("compare", "17/05/2026 09:00"))
        .then(Kind::DeadlineExtended);

    let mut story = urgent();
    story.by("btg.lanh-dao").when("record-position", disagree()).settle();
    story.when(EXTEND, extending("dossier", "20/07/2026 17:00")).refused(Code::NotAuthorised);
    story
        .by("ubnd.lanh-dao")
        .when(EXTEND, extending("dossier", "20/07/2026 17:00"))
        .then(Kind::DeadlineExtended);
    story.when(EXTEND, extending("statement", "20/07/2026 17:00")).then(Kind::DeadlineExtended);
    story
        .by("btg.lanh-dao")
        .when(EXTEND, extending("statement", "21/07/2026 17:00"))
        .then(Kind::DeadlineExtended);

    let mut story = Story::directed();
    let item = with(extending("implementation", "30/05/2026 17:00"), "/instance", 1);
    story.by("ubnd.lanh-dao").when(EXTEND, item.clone()).refused(Code::NotAuthorised);
    story.by("tu.thu-ky").when(EXTEND, item).then(Kind::DeadlineExtended);
    story.by("sxd.lanh-dao").when("report-implementation", report(1, 801, "SXD", "2026-05-16"));
    story.by("tu.thu-ky").when("reject-implementation", json!({ "item": 1, "reason": "Chưa đủ." })).settle();
    let again = deadlines::find(story.case(), DeadlineKey::Implementation, 1).unwrap();
    assert_eq!(again.extended, 0, "a rejection begins another period");

    let mut story = Story::escalated();
    story.by("tu.thu-ky").when("request-more-info", json!({ "agency": "SXD", "question": "?" }));
    story.by("btg.lanh-dao").when(EXTEND, extending("info", "18/05/2026 17:00")).refused(Code::NotAuthorised);
    story
        .by("tu.thuong-truc")
        .when(EXTEND, extending("info", "18/05/2026 17:00"))
        .then(Kind::DeadlineExtended);

    let mut story = Story::agreed();
    story.by("btg.truong-phong").when("propose-task-force", task_force());
    story
        .by("xbm.lanh-dao")
        .when(EXTEND, extending("consent", "18/05/2026 17:00"))
        .refused(Code::NotAuthorised);
    story
        .by("btg.lanh-dao")
        .when(EXTEND, extending("consent", "18/05/2026 17:00"))
        .then(Kind::DeadlineExtended);

    let mut story = Story::settled();
    story.by("snnmt.dau-moi").when("propose-closure", closing());
    story
        .by("btg.lanh-dao")
        .when(EXTEND, extending("closure", "25/05/2026 17:00"))
        .refused(Code::NotAuthorised);
    story
        .by("ubnd.lanh-dao")
        .when(EXTEND, extending("closure", "25/05/2026 17:00"))
        .then(Kind::DeadlineExtended);
}

/// The seal and the dossier keep to the statements' date as it stands now.
#[test]
fn a_dossier_waits_for_statements_that_were_given_more_time() {
    let mut story = urgent();
    story.by("btg.lanh-dao").when("record-position", disagree()).settle();
    story.when("file-statement", statement("A"));
    story.when(EXTEND, extending("statement", "15/07/2026 17:00")).settle();
    story.until("14/07/2026 09:00");
    let cover = with(cover(), "/document/date", "2026-07-14");
    story.when("submit-dossier", cover).refused(Code::DossierIncomplete);
    let dossier = story.case().escalation.current().unwrap();
    assert!(dossier.is_sealed(story.now));
    story.by("btg.dau-moi").when(CHANGE, urgency("hoa-toc")).settle();
    story.until("14/07/2026 13:00:01");
    assert!(!story.case().escalation.current().unwrap().is_sealed(story.now), "four hours from nine");
}

#[test]
fn some_dates_are_never_extended() {
    let mut story = urgent();
    story.by("ubnd.lanh-dao");
    for wrong in ["directive", "written", "info"] {
        story.when(EXTEND, extending(wrong, "20/07/2026 17:00")).refused(Code::DeadlineNotExtendable);
    }
    story.when(EXTEND, extending("tomorrow", "20/07/2026 17:00")).refused_at(Code::InvalidData, "deadline");
    story
        .when(EXTEND, extending("position", "10/07/2026 17:00"))
        .refused_at(Code::DeadlineNotExtendable, "to");
    story.when(EXTEND, extending("position", "12/07/2027 17:00")).refused_at(Code::InvalidData, "to");
    let mut express = Story::phoned();
    express.by("btg.lanh-dao").when(EXTEND, extending("written", "18/05/2026 17:00"));
    express.refused(Code::DeadlineNotExtendable);
}

/// At the very due instant it is not passed, unless that was recorded already; a second later it is.
#[test]
fn what_is_passed_is_not_extended() {
    let mut story = urgent();
    story.at("10/07/2026 17:00").by("ubnd.lanh-dao").when(EXTEND, extending("position", "13/07/2026 17:00"));
    story.then(Kind::DeadlineExtended);
    let mut story = urgent();
    story
        .until("10/07/2026 17:00")
        .by("ubnd.lanh-dao")
        .when(EXTEND, extending("position", "13/07/2026 17:00"));
    story.refused(Code::DeadlineNotExtendable);
    let mut story = urgent();
    story
        .at("10/07/2026 17:00:01")
        .by("ubnd.lanh-dao")
        .when(EXTEND, extending("position", "13/07/2026 17:00"));
    story.refused(Code::DeadlineNotExtendable);
}

#[test]
fn an_extension_plans_its_reminders_anew() {
    let mut story = urgent();
    story
        .until("10/07/2026 10:00")
        .by("ubnd.lanh-dao")
        .when(EXTEND, extending("position", "20/07/2026 13:45"));
    story.until("21/07/2026 00:00");
    story.says_since(
        "10/07/2026 10:00",
        &[
            "10/07 10:00 casefile.deadline-extended position 1 10/07 17:00 to 20/07 13:45",
            "14/07 13:45 coordination.reminded position 50 %",
            "18/07 04:09 coordination.reminded position 80 %",
            "20/07 13:45 coordination.overdue position level 1, owed by BTG",
        ],
    );
    story.by("btg.lanh-dao").when("record-position", agree());
}
