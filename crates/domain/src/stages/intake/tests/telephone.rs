//! Raising by telephone, and express with a wished time.

use super::*;

#[test]
fn a_telephone_report_starts_three_clocks_two_of_them_at_the_end_of_the_call() {
    let mut story = Story::new();
    story.raise(phone()).then(Kind::RaisedByPhone).stands(Lifecycle::Received);
    assert_eq!(
        story.running(),
        [
            "callback 1: 16/05 21:48 to 16/05 22:03",
            "route 0: 16/05 21:52 to 16/05 22:07",
            "written 1: 16/05 21:48 to 17/05 05:48",
        ]
    );
    let case = story.case();
    assert_eq!(case.confirmations[0].written, Written::Pending);
    assert_eq!(case.confirmations[0].caller, Some(Verification::Unverified));
    assert!(!case.written_settled());
    assert_eq!(case.intakes[0].logged_by.as_str(), "btg.truc-ban");
    assert_eq!(case.matter.request, "Đề nghị phối hợp thông tin");
    assert!(story.registered().is_empty());
}

#[test]
fn each_urgency_has_its_clocks() {
    let clocks = |urgency: &str| {
        let mut story = Story::new();
        story.raise(with(phone(), "/urgency", urgency));
        story.running().iter().map(|line| line.rsplit_once(" to ").unwrap().1.to_owned()).collect::<Vec<_>>()
    };
    // In the order callback, route, written.
    assert_eq!(clocks("hoa-toc"), ["16/05 22:03", "16/05 22:07", "17/05 05:48"]);
    assert_eq!(clocks("thuong-khan"), ["16/05 22:18", "16/05 22:22", "17/05 21:48"]);
    assert_eq!(clocks("khan"), ["16/05 22:48", "18/05 09:00", "18/05 17:00"]);
}

#[test]
fn the_telephone_serves_only_in_an_emergency() {
    for (urgency, expected) in [
        ("thuong", refused(Code::PhoneRequiresUrgency, "urgency")),
        ("khan", Ok(Kind::RaisedByPhone)),
        ("thuong-khan", Ok(Kind::RaisedByPhone)),
        ("hoa-toc", Ok(Kind::RaisedByPhone)),
    ] {
        assert_eq!(raise("btg.truc-ban", with(phone(), "/urgency", urgency)), expected);
    }
}

#[test]
fn the_guards_of_a_telephone_report_stand_in_their_order() {
    let mut body = with(phone(), "/urgency", "thuong");
    body = with(body, "/call/ended_at", "2026-05-16T21:52:01+07:00");
    body = with(body, "/call/started_at", "2026-05-16T21:52:02+07:00");
    body = with(body, "/title", "");
    let mut story = Story::new();
    story.raise(body.clone()).refused_at(Code::PhoneRequiresUrgency, "urgency");
    body = with(body, "/urgency", "khan");
    story.raise(body.clone()).refused_at(Code::CallInFuture, "call.ended_at");
    body = with(body, "/call/ended_at", "2026-05-16T21:52:00+07:00");
    story.raise(body.clone()).refused_at(Code::InvalidData, "call.started_at");
    body = with(body, "/call/started_at", "2026-05-16T21:52:00+07:00");
    story.raise(body.clone()).refused_at(Code::InvalidData, "title");
    body = with(body, "/title", "Cá chết");
    story.raise(body).then(Kind::RaisedByPhone);
}

#[test]
fn a_call_that_ends_at_this_instant_has_ended() {
    let mut story = Story::new();
    story.at("16/05/2026 21:52:00.250");
    story.raise(with(phone(), "/call/ended_at", "2026-05-16T21:52:00.251+07:00"));
    story.refused_at(Code::CallInFuture, "call.ended_at");
    story.raise(with(phone(), "/call/ended_at", "2026-05-16T21:52:00.250+07:00")).then(Kind::RaisedByPhone);
    let deadlines = &story.case().deadlines;
    assert!(deadlines.iter().all(|armed| armed.deadline.due.timestamp_subsec_nanos() == 0));
    assert!(deadlines.iter().all(|armed| armed.deadline.start.timestamp_subsec_nanos() == 0));
}

#[test]
fn a_call_is_logged_late_after_a_quarter_of_an_hour() {
    for (clock, late) in
        [("16/05/2026 21:48", false), ("16/05/2026 22:03", false), ("16/05/2026 22:03:00.001", true)]
    {
        let mut story = Story::new();
        story.at(clock).raise(phone());
        assert_eq!(raised(&story).late_logged, late, "{clock}");
    }
    let mut files = Files::default();
    files.policy = files.policy.replace("late-log-minutes = 15", "late-log-minutes = 3");
    let mut story = files.story();
    story.at("16/05/2026 21:52").raise(phone());
    assert!(raised(&story).late_logged);
}

#[test]
fn of_the_caller_s_number_three_digits_are_kept() {
    for (number, ends_in, in_directory) in [
        ("0258 382 2268", "268", true),
        ("(0258) 382-2268", "268", true),
        ("02583822268", "268", true),
        ("0258 382 2269", "269", false),
        ("3822268", "268", false),
        ("113", "113", false),
    ] {
        let mut story = Story::new();
        story.raise(with(phone(), "/call/caller/number", number));
        let caller = &raised(&story).call.caller;
        assert_eq!((caller.number_ends_in.as_str(), caller.number_in_directory), (ends_in, in_directory));
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        assert!(digits == ends_in || !story.stored()[0].contains(&digits));
        assert!(digits == ends_in || !story.stored()[0].contains(number));
    }
    for number in ["", "12", "gọi lại sau", "٣٤٥٦"] {
        let body = with(phone(), "/call/caller/number", number);
        assert_eq!(raise("btg.truc-ban", body), refused(Code::InvalidData, "call.caller.number"));
    }
}

#[test]
fn the_call_is_kept_as_it_was_logged() {
    let mut story = Story::new();
    story.by("btg.dau-moi2").raise(with(phone(), "/call/direction", "outgoing"));
    let call = story.case().intakes[0].call.clone().unwrap();
    assert_eq!(call.taken_by.as_str(), "btg.dau-moi2");
    assert_eq!(call.direction, events::intake::Direction::Outgoing);
    assert_eq!((call.started_at, call.ended_at), (local("16/05/2026 21:40"), local("16/05/2026 21:48")));
    assert_eq!(call.key_facts.place, "Vùng nuôi ven vịnh");
    assert_eq!(
        (call.caller.office.as_str(), call.caller.name.as_str()),
        ("Trưởng phòng Thủy sản", "Nguyễn Văn Mẫu")
    );
    let mut story = Story::new();
    story.raise(phone());
    assert_eq!(raised(&story).call.direction, events::intake::Direction::Incoming);
}

#[test]
fn the_flags_are_those_that_the_officer_ticked() {
    for (complex, sensitive) in [(false, false), (true, false), (false, true)] {
        let mut story = Story::new();
        story.raise(with(with(phone(), "/complex", complex), "/sensitive", sensitive));
        let matter = &story.case().matter;
        assert_eq!((matter.complex, matter.sensitive), (complex, sensitive));
        let mut story = Story::new();
        story.by("snnmt.dau-moi").raise(with(with(written(), "/complex", complex), "/sensitive", sensitive));
        let matter = &story.case().matter;
        assert_eq!((matter.complex, matter.sensitive), (complex, sensitive));
    }
}

#[test]
fn express_timed_has_its_time_and_nothing_else_has() {
    let timed = |body, urgency: &str, by: Option<&str>| {
        let body = with(body, "/urgency", urgency);
        by.map_or(body.clone(), |by| with(body, "/deliver_by", local(by).to_rfc3339()))
    };
    for (body, officer, kind) in
        [(phone(), "btg.truc-ban", Kind::RaisedByPhone), (written(), "snnmt.dau-moi", Kind::RaisedInWriting)]
    {
        let tried = |urgency, by| raise(officer, timed(body.clone(), urgency, by));
        let invalid = refused(Code::InvalidData, "deliver_by");
        assert_eq!(tried("hoa-toc-hen-gio", Some("16/05/2026 23:00")), Ok(kind));
        assert_eq!(tried("hoa-toc-hen-gio", Some("16/05/2026 21:53")), Ok(kind));
        assert_eq!(tried("hoa-toc-hen-gio", None), invalid);
        assert_eq!(tried("hoa-toc-hen-gio", Some("16/05/2026 21:52")), invalid, "it has come");
        assert_eq!(tried("hoa-toc-hen-gio", Some("16/05/2026 20:00")), invalid, "it has passed");
        for urgency in ["khan", "thuong-khan", "hoa-toc"] {
            assert_eq!(tried(urgency, Some("16/05/2026 23:00")), invalid);
            assert_eq!(tried(urgency, None), Ok(kind));
        }
    }
}

#[test]
fn the_time_of_express_timed_caps_every_clock() {
    let mut story = Story::new();
    let body = with(phone(), "/urgency", "hoa-toc-hen-gio");
    story.raise(with(body, "/deliver_by", "2026-05-16T22:05:00+07:00"));
    assert_eq!(
        story.running(),
        [
            "callback 1: 16/05 21:48 to 16/05 22:03",
            "route 0: 16/05 21:52 to 16/05 22:05",
            "written 1: 16/05 21:48 to 16/05 22:05",
        ]
    );
    assert_eq!(story.case().deliver_by, Some(local("16/05/2026 22:05")));
}

#[test]
fn a_due_time_is_a_whole_second_whatever_time_was_asked() {
    let mut story = Story::new();
    let body = with(phone(), "/urgency", "hoa-toc-hen-gio");
    story.raise(with(body, "/deliver_by", "2026-05-16T21:52:00.5+07:00"));
    for armed in &story.case().deadlines {
        assert_eq!(armed.deadline.due.timestamp_subsec_nanos(), 0, "{:?}", armed.deadline);
        assert!(armed.deadline.due > armed.deadline.start, "{:?}", armed.deadline);
    }
    story.settle().until("17/05/2026 12:00");
}

#[test]
fn a_time_far_away_is_a_slip_of_the_pen() {
    let body = with(phone(), "/urgency", "hoa-toc-hen-gio");
    for by in ["2028-05-16T21:52:00Z", "9999-12-31T23:59:59Z", "+262142-12-31T23:59:59.9Z"] {
        let mut story = Story::new();
        story.raise(with(body.clone(), "/deliver_by", by)).refused_at(Code::InvalidData, "deliver_by");
    }
    for year in ["-262143-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z"] {
        let mut story = Story::new();
        let long = with(phone(), "/call/started_at", year);
        story.raise(long).refused_at(Code::InvalidData, "call.started_at");
        let mut story = Story::new();
        let old = with(with(phone(), "/call/started_at", year), "/call/ended_at", year);
        story.raise(old).refused_at(Code::InvalidData, "call.ended_at");
    }
}

#[test]
fn a_call_is_logged_within_thirty_days_and_lasts_a_day_at_most() {
    let day = TimeDelta::days(1);
    let second = TimeDelta::seconds(1);
    let logged = |ended: events::Timestamp, lasted: TimeDelta| {
        let body = with(phone(), "/call/ended_at", ended.to_rfc3339());
        raise("btg.truc-ban", with(body, "/call/started_at", (ended - lasted).to_rfc3339()))
    };
    let now = local("16/05/2026 21:52");
    assert_eq!(logged(now - day * 30, day), Ok(Kind::RaisedByPhone));
    assert_eq!(logged(now - day * 30 - second, day), refused(Code::InvalidData, "call.ended_at"));
    assert_eq!(logged(now, day + second), refused(Code::InvalidData, "call.started_at"));
    let mut files = Files::default();
    files.policy = files.policy.replace("oldest-call-days = 30", "oldest-call-days = 2");
    let mut story = files.story();
    story.raise(phone_ended("14/05/2026 21:51")).refused_at(Code::InvalidData, "call.ended_at");
    story.raise(phone_ended("14/05/2026 21:52")).then(Kind::RaisedByPhone);
}

#[test]
fn express_is_delivered_within_a_year() {
    let body = with(phone(), "/urgency", "hoa-toc-hen-gio");
    let by =
        |clock: &str| raise("btg.truc-ban", with(body.clone(), "/deliver_by", local(clock).to_rfc3339()));
    assert_eq!(by("16/05/2027 21:52"), Ok(Kind::RaisedByPhone));
    assert_eq!(by("16/05/2027 21:52:01"), refused(Code::InvalidData, "deliver_by"));
}
