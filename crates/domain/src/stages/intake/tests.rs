//! Raising, in writing and by telephone, and the number.

use chrono::TimeDelta;
use events::{Body, Kind, Lifecycle, Urgency, intake::RaisedByPhone};
use serde_json::{Value, json};

use crate::{
    Code,
    stages::confirmation::{Verification, Written},
    story::{Files, Story, document, local, phone, phone_ended, with, without, written},
};

/// Who may raise at all: RO, LO, LH, AL (PROCESS §1, RO+).
const WORKING: [&str; 5] =
    ["snnmt.dau-moi", "snnmt.dau-moi2", "snnmt.truong-phong", "snnmt.lanh-dao", "snnmt.bao-cao"];

/// With a reporting officer in SNNMT, whom the delivered organisation does not have.
fn with_reporting_officer() -> Files {
    Files::with_organisation(
        r#"
        [[office]]
        id = "SNNMT.CV"
        agency = "SNNMT"
        title = "Chuyên viên"
        role = "RO"
        email = "chuyen-vien@snnmt.tinh.example"

        [[officer]]
        id = "snnmt.bao-cao"
        name = "Chuyên viên"
        office = "SNNMT.CV"
        "#,
    )
}

fn raised(story: &Story) -> &RaisedByPhone {
    match story.facts()[0].body() {
        Body::RaisedByPhone(raised) => raised,
        other => panic!("{other:?}"),
    }
}

/// A raise on its own; the refusal's code and field if it is refused.
fn raise(officer: &str, body: Value) -> Result<Kind, (Code, Option<String>)> {
    raise_under(&Files::default(), officer, body)
}

fn raise_under(files: &Files, officer: &str, body: Value) -> Result<Kind, (Code, Option<String>)> {
    let mut story = files.story();
    let tried = story.by(officer).raise(body);
    if tried.facts().is_empty() {
        let refusal = tried.why();
        Err((refusal.code, refusal.field))
    } else {
        Ok(tried.newest().body().kind())
    }
}

fn refused(code: Code, field: &str) -> Result<Kind, (Code, Option<String>)> {
    Err((code, Some(field.to_owned())))
}

const NOT_AUTHORISED: Result<Kind, (Code, Option<String>)> = Err((Code::NotAuthorised, None));

// Who raises.

#[test]
fn in_writing_the_raiser_s_own_officers_raise() {
    let files = with_reporting_officer();
    for officer in WORKING {
        assert_eq!(raise_under(&files, officer, written()), Ok(Kind::RaisedInWriting), "{officer}");
    }
    for officer in
        ["snnmt.van-thu", "btg.truc-ban", "btg.lanh-dao", "btg.kiem-tra", "ubnd.lanh-dao", "sxd.dau-moi"]
    {
        assert_eq!(raise_under(&files, officer, written()), NOT_AUTHORISED, "{officer}");
    }
}

#[test]
fn by_telephone_the_receiver_s_officers_raise_too() {
    let files = with_reporting_officer();
    let receiving = ["btg.truc-ban", "btg.dau-moi", "btg.dau-moi2", "btg.truong-phong", "btg.lanh-dao"];
    for officer in WORKING.into_iter().chain(receiving) {
        assert_eq!(raise_under(&files, officer, phone()), Ok(Kind::RaisedByPhone), "{officer}");
    }
    for officer in ["snnmt.van-thu", "btg.van-thu", "btg.kiem-tra", "ubnd.lanh-dao", "sxd.dau-moi"] {
        assert_eq!(raise_under(&files, officer, phone()), NOT_AUTHORISED, "{officer}");
    }
}

#[test]
fn the_government_side_raises_and_others_by_configuration() {
    let by_ubnd = with(phone(), "/raiser", "UBND");
    assert_eq!(raise("ubnd.dau-moi", by_ubnd.clone()), Ok(Kind::RaisedByPhone));
    assert_eq!(raise("btg.truc-ban", by_ubnd), Ok(Kind::RaisedByPhone));
    let by_btg = with(phone(), "/raiser", "BTG");
    assert_eq!(raise("btg.truc-ban", by_btg.clone()), NOT_AUTHORISED);
    let mut files = Files::default();
    files.organisation = files.organisation.replacen("side = \"A\"", "side = \"A\"\nmay_raise = true", 1);
    assert_eq!(raise_under(&files, "btg.truc-ban", by_btg.clone()), Ok(Kind::RaisedByPhone));
    assert_eq!(raise_under(&files, "ubnd.dau-moi", by_btg), Ok(Kind::RaisedByPhone));
}

#[test]
fn an_agency_that_does_not_exist_raises_nothing() {
    let unknown = |body| with(body, "/raiser", "SKHCN");
    assert_eq!(raise("btg.truc-ban", unknown(phone())), refused(Code::InvalidData, "raiser"));
    assert_eq!(raise("snnmt.dau-moi", unknown(written())), refused(Code::InvalidData, "raiser"));
}

#[test]
fn the_raiser_and_the_receiver_give_positions() {
    let parties = |raiser: &str| {
        let mut files = Files::default();
        files.organisation = files.organisation.replacen("side = \"A\"", "side = \"A\"\nmay_raise = true", 1);
        let mut story = files.story();
        let officer = format!("{}.lanh-dao", raiser.to_lowercase());
        story.by(&officer).raise(with(phone(), "/raiser", raiser));
        let case = story.case();
        assert_eq!(case.required, [case.raiser.clone(), case.receiver.clone()]);
        (case.raiser.to_string(), case.receiver.to_string())
    };
    assert_eq!(parties("SNNMT"), ("SNNMT".to_owned(), "BTG".to_owned()));
    assert_eq!(parties("UBND"), ("UBND".to_owned(), "BTG".to_owned()));
    assert_eq!(parties("BTG"), ("BTG".to_owned(), "UBND".to_owned()));
}

// In writing.

#[test]
fn a_written_report_owes_no_confirmation_and_only_waits_to_be_routed() {
    let mut story = Story::new();
    story.at("16/05/2026 22:00").by("snnmt.dau-moi").raise(written()).then(Kind::RaisedInWriting);
    story.stands(Lifecycle::Received);
    assert_eq!(story.running(), ["route 0: 16/05 22:00 to 18/05 09:00"]);
    let case = story.case();
    assert_eq!(case.confirmations[0].written, Written::Satisfied);
    assert_eq!(case.confirmations[0].caller, None);
    assert!(case.written_settled());
    assert_eq!((case.urgency, case.deliver_by), (Urgency::Khan, None));
    assert_eq!(case.raised_at, local("16/05/2026 22:00"));
    assert_eq!(case.matter.request, "Đề nghị phối hợp thông tin, tuyên truyền.");
    assert_eq!(case.intakes.len(), 1);
    let intake = &case.intakes[0];
    assert_eq!((intake.number, intake.raiser.as_str()), (1, "SNNMT"));
    assert_eq!(intake.logged_by.as_str(), "snnmt.dau-moi");
    assert!(intake.call.is_none() && intake.document.is_some());
}

#[test]
fn a_normal_matter_may_be_raised_in_writing() {
    let mut story = Story::new();
    story.by("snnmt.dau-moi").raise(with(written(), "/urgency", "thuong")).then(Kind::RaisedInWriting);
    assert_eq!(story.running(), ["route 0: 16/05 21:52 to 18/05 11:00"]);
}

#[test]
fn the_guards_of_a_written_report_stand_in_their_order() {
    // Everything is wrong; each step mends the fault that was named.
    let mut body = with(written(), "/document/symbol", "???");
    body = with(body, "/document/issuer", "UBND");
    body = with(body, "/request", " ");
    body = with(body, "/urgency", "hoa-toc-hen-gio");
    let mut story = Story::new();
    story.registering(document()).by("snnmt.dau-moi");
    story.raise(body.clone()).refused_at(Code::DocInvalid, "document.symbol");
    body = with(body, "/document/symbol", "BC-SNNMT");
    story.raise(body.clone()).refused_at(Code::DocInvalid, "document.issuer");
    body = with(body, "/document/issuer", "SNNMT");
    story.raise(body.clone()).refused_at(Code::DocDuplicate, "document");
    body = with(body, "/document/number", 119);
    story.raise(body.clone()).refused_at(Code::InvalidData, "request");
    body = with(body, "/request", "Đề nghị phối hợp");
    story.raise(body.clone()).refused_at(Code::InvalidData, "deliver_by");
    body = with(body, "/urgency", "hoa-toc");
    story.raise(body).then(Kind::RaisedInWriting);
}

#[test]
fn a_document_raises_one_case() {
    let same = |change: fn(Value) -> Value| {
        let mut story = Story::new();
        story.registering(document()).by("snnmt.dau-moi");
        story.at("20/05/2026 08:00").raise(with(written(), "/document", change(document())));
        story.facts().is_empty().then(|| story.why().code)
    };
    assert_eq!(same(|document| document), Some(Code::DocDuplicate));
    assert_eq!(same(|document| with(document, "/date", "2026-01-02")), Some(Code::DocDuplicate));
    assert_eq!(same(|document| with(document, "/abstract", "Khác")), Some(Code::DocDuplicate));
    assert_eq!(same(|document| with(document, "/number", 119)), None);
    assert_eq!(same(|document| with(document, "/symbol", "TB-SNNMT")), None);
    assert_eq!(same(|document| with(document, "/date", "2025-12-31")), None);
}

#[test]
fn a_written_report_registers_its_document_with_it() {
    let mut story = Story::new();
    story.by("snnmt.dau-moi").raise(written()).then(Kind::RaisedInWriting);
    assert_eq!(story.case().intakes[0].document, Some(serde_json::from_value(document()).unwrap()));
    assert_eq!(story.registered(), ["118/BC-SNNMT"]);
}

#[test]
fn who_is_asked_to_coordinate_must_be_told_what() {
    for request in ["", "  ", "\n"] {
        let body = with(written(), "/request", request);
        assert_eq!(raise("snnmt.dau-moi", body), refused(Code::InvalidData, "request"));
        let body = with(phone(), "/call/key_facts/request", request);
        assert_eq!(raise("btg.truc-ban", body), refused(Code::InvalidData, "call.key_facts.request"));
    }
}

#[test]
fn texts_have_their_longest() {
    let long = |count: usize| "đ".repeat(count);
    for (at, longest, path) in [
        ("/title", 200, "title"),
        ("/summary", 2000, "summary"),
        ("/request", 2000, "request"),
        ("/topic", 50, "topic"),
        ("/area", 50, "area"),
    ] {
        assert_eq!(raise("snnmt.dau-moi", with(written(), at, long(longest))), Ok(Kind::RaisedInWriting));
        for text in [long(longest + 1), String::new()] {
            assert_eq!(raise("snnmt.dau-moi", with(written(), at, text)), refused(Code::InvalidData, path));
        }
    }
    for (at, longest, path) in [
        ("/title", 200, "title"),
        ("/summary", 2000, "summary"),
        ("/topic", 50, "topic"),
        ("/area", 50, "area"),
        ("/call/caller/office", 200, "call.caller.office"),
        ("/call/caller/name", 200, "call.caller.name"),
        ("/call/key_facts/what", 300, "call.key_facts.what"),
        ("/call/key_facts/where", 300, "call.key_facts.where"),
        ("/call/key_facts/since_when", 300, "call.key_facts.since_when"),
        ("/call/key_facts/scale", 300, "call.key_facts.scale"),
        ("/call/key_facts/actions_taken", 300, "call.key_facts.actions_taken"),
        ("/call/key_facts/request", 300, "call.key_facts.request"),
    ] {
        assert_eq!(raise("btg.truc-ban", with(phone(), at, long(longest))), Ok(Kind::RaisedByPhone), "{at}");
        for text in [long(longest + 1), String::new()] {
            assert_eq!(raise("btg.truc-ban", with(phone(), at, text)), refused(Code::InvalidData, path));
        }
    }
    assert_eq!(raise("btg.truc-ban", without(phone(), "/area")), Ok(Kind::RaisedByPhone));
}

// By telephone.

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

// Express, timed.

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
fn a_time_far_away_is_recorded_and_read_back() {
    let body = with(phone(), "/urgency", "hoa-toc-hen-gio");
    for by in ["9999-12-31T23:59:59Z", "+10000-01-01T00:00:00Z", "+262142-12-31T23:59:59.9Z"] {
        let mut story = Story::new();
        story.raise(with(body.clone(), "/deliver_by", by)).then(Kind::RaisedByPhone).settle();
    }
    for year in [
        "-262143-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "2016-12-31T23:59:60Z",
    ] {
        let mut story = Story::new();
        story.raise(with(phone(), "/call/started_at", year)).then(Kind::RaisedByPhone).settle();
        let mut story = Story::new();
        let body = with(with(phone(), "/call/started_at", year), "/call/ended_at", year);
        story.raise(body).then(Kind::RaisedByPhone).settle();
    }
}

#[test]
fn a_call_that_the_calendar_does_not_cover_is_refused_and_not_guessed() {
    let call = with(phone_ended("30/12/2025 10:00"), "/urgency", "khan");
    assert_eq!(raise("btg.truc-ban", call).unwrap_err().0, Code::Unavailable);
}

// The number.

#[test]
fn the_number_is_the_rank_in_the_local_year() {
    let mut story = Story::new();
    story.at("01/01/2027 00:30").raise(phone_ended("01/01/2027 00:20")).settle();
    assert_eq!(story.case().code.as_ref().unwrap().as_str(), "VV-2027-00007");
    let mut story = Story::new();
    story.at("31/12/2026 23:59").raise(phone_ended("31/12/2026 23:50"));
    story.at("01/01/2027 00:05").settle();
    assert_eq!(story.case().code.as_ref().unwrap().as_str(), "VV-2026-00007");
}

#[test]
fn without_a_rank_there_is_no_number_yet() {
    let mut story = Story::new();
    story.raise(phone()).ranking(None);
    let number = story.step_of(events::Stage::Intake).unwrap();
    assert_eq!(story.would(&number).unwrap_err().code, Code::Busy);
    assert_eq!(story.case().code, None);
    story.ranking(Some(12)).settle();
    assert_eq!(story.case().code.as_ref().unwrap().as_str(), "VV-2026-00012");
    assert_eq!(story.step_of(events::Stage::Intake), None);
    story.system(&number.command).refused(Code::BadState);
}

#[test]
fn routing_does_not_wait_for_the_number() {
    let mut story = Story::new();
    story.raise(phone()).ranking(None);
    let route = story.step_of(events::Stage::Routing).unwrap();
    story.system(&route.command).then(Kind::CaseRouted).stands(Lifecycle::Routed);
    assert!(story.step_of(events::Stage::Intake).is_some());
    story.ranking(Some(1)).at("16/05/2026 21:53").settle();
    assert_eq!(story.newest().origin().occurred_at, story.now);
}

#[test]
fn a_report_that_is_not_routed_is_reminded_of_and_grows_overdue() {
    let mut files = Files::default();
    files.routing = files.routing.replace("receiver = \"BTG\"", "receiver = \"BTG\"\ntopic = \"energy\"");
    let mut story = files.story();
    story.at("18/05/2026 07:00").by("snnmt.dau-moi").raise(with(written(), "/urgency", "khan"));
    story.stands(Lifecycle::Received).until("19/05/2026 07:00");
    story.says_since(
        "18/05/2026 07:01",
        &[
            "18/05 08:00 routing.reminded route 50 %",
            "18/05 08:36 routing.reminded route 80 %",
            "18/05 09:00 routing.overdue route level 1, owed by BTG",
            "18/05 11:00 routing.overdue route level 2, owed by BTG",
            "18/05 13:00 routing.overdue route level 3, owed by BTG",
        ],
    );
    let silent = story.now + TimeDelta::days(30);
    story.until_instant(silent);
    assert_eq!(story.facts().len(), 7);
    story.by("btg.lanh-dao").when("route", json!({ "unit": "BTG.TT" })).then(Kind::CaseRouted);
}
