//! The callback, the owed document, and its comparison.

use chrono::TimeDelta;
use events::{
    Body, DeadlineKey, Kind, Stage,
    terms::{Overdue, Register, Reminded},
};
use serde_json::{Value, json};

use super::{Command, Verification, Written, call_ended, is_symbol};
use crate::{
    Code,
    deadlines::Timer,
    stages,
    story::{
        Files, Story, callback, confirmation, document, key_facts, local, phone, phone_ended, verdicts, with,
        written,
    },
};

const SUBMIT: &str = "submit-written-confirmation";

fn regions(story: &Story) -> (Written, Option<Verification>) {
    let confirmation = &story.case().confirmations[0];
    (confirmation.written, confirmation.caller)
}

fn document_with(at: &str, value: impl Into<Value>) -> Value {
    with(confirmation(), &format!("/document{at}"), value)
}

// The callback (command 3).

#[test]
fn the_receiver_s_officers_call_back() {
    for officer in ["btg.truc-ban", "btg.dau-moi", "btg.dau-moi2", "btg.truong-phong", "btg.lanh-dao"] {
        let mut story = Story::phoned();
        story.by(officer).when("verify-callback", callback("verified")).then(Kind::CallbackVerified);
    }
    let mut story = Story::phoned();
    for officer in
        ["btg.van-thu", "btg.kiem-tra", "ubnd.dau-moi", "ubnd.lanh-dao", "snnmt.dau-moi", "snnmt.lanh-dao"]
    {
        story.by(officer).when("verify-callback", callback("verified")).refused(Code::NotAuthorised);
    }
    story.by("sxd.lanh-dao").when("verify-callback", callback("verified")).refused(Code::NotFound);
}

#[test]
fn a_caller_is_verified_once_and_may_be_tried_again_until_then() {
    let mut story = Story::phoned();
    story.by("btg.truc-ban");
    story.when("verify-callback", callback("unreachable")).then(Kind::CallbackUnreachable);
    assert_eq!(regions(&story), (Written::Pending, Some(Verification::Unverified)));
    assert_eq!(story.due_of(DeadlineKey::Callback, 1).unwrap(), "16/05 22:03", "the clock runs on");
    story.when("verify-callback", callback("failed")).then(Kind::CallbackFailed);
    assert_eq!(regions(&story).1, Some(Verification::Failed));
    assert_eq!(story.due_of(DeadlineKey::Callback, 1), None);
    story.when("verify-callback", callback("unreachable")).then(Kind::CallbackUnreachable);
    assert_eq!(regions(&story).1, Some(Verification::Failed));
    story.when("verify-callback", callback("failed")).then(Kind::CallbackFailed);
    story.when("verify-callback", callback("verified")).then(Kind::CallbackVerified);
    assert_eq!(regions(&story), (Written::Pending, Some(Verification::Verified)));
    for result in ["verified", "failed", "unreachable"] {
        story.when("verify-callback", callback(result)).refused(Code::BadState);
    }
}

#[test]
fn a_report_in_writing_has_no_caller() {
    let mut story = Story::new();
    story.by("snnmt.dau-moi").raise(written()).settle();
    story.by("btg.truc-ban").when("verify-callback", callback("verified")).refused(Code::BadState);
}

#[test]
fn an_intake_that_is_not_there_is_named() {
    let mut story = Story::phoned();
    for intake in [0, 2] {
        let unknown = |body| with(body, "/intake", intake);
        story.by("btg.truc-ban").when("verify-callback", unknown(callback("verified")));
        story.refused_at(Code::InvalidData, "intake");
        story
            .by("snnmt.van-thu")
            .when(SUBMIT, unknown(confirmation()))
            .refused_at(Code::InvalidData, "intake");
        story.by("btg.dau-moi").when("compare-written", unknown(verdicts("same")));
        story.refused_at(Code::InvalidData, "intake");
    }
    let first = with(callback("verified"), "/intake", 1);
    story.by("btg.truc-ban").when("verify-callback", first).then(Kind::CallbackVerified);
}

#[test]
fn a_remark_on_the_callback_has_its_longest() {
    let mut story = Story::phoned();
    let noted = |length| with(callback("unreachable"), "/note", "đ".repeat(length));
    story.by("btg.truc-ban").when("verify-callback", noted(501)).refused_at(Code::InvalidData, "note");
    story.when("verify-callback", noted(500)).then(Kind::CallbackUnreachable);
    match story.newest().body() {
        Body::CallbackUnreachable(said) => assert_eq!(said.note.as_ref().unwrap().chars().count(), 500),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_callback_that_nobody_makes_grows_overdue_and_owes_nothing_in_writing() {
    let mut story = Story::phoned();
    story.until("16/05/2026 22:03");
    assert_eq!(regions(&story), (Written::Pending, Some(Verification::Unverified)));
    story.by("btg.truc-ban").when("verify-callback", callback("verified")).until("16/05/2026 23:00");
    let callbacks: Vec<_> = story.log().into_iter().filter(|line| line.contains(" callback ")).collect();
    assert_eq!(callbacks, ["16/05 22:03 confirmation.overdue callback level 1, owed by BTG"]);
}

#[test]
fn a_document_that_matches_ends_the_callback() {
    let mut story = Story::phoned();
    story.until("16/05/2026 22:00").by("snnmt.van-thu").when(SUBMIT, confirmation());
    assert!(story.due_of(DeadlineKey::Callback, 1).is_some());
    story.by("btg.dau-moi").when("compare-written", verdicts("same")).then(Kind::WrittenMatched);
    assert_eq!(story.due_of(DeadlineKey::Callback, 1), None);
    assert_eq!(regions(&story), (Written::Matched, Some(Verification::Verified)));
    story.when("verify-callback", callback("failed")).refused(Code::BadState);
}

// The document (command 10).

#[test]
fn the_raiser_or_its_superior_sends_the_document() {
    for agency in ["snnmt", "ubnd"] {
        for office in ["dau-moi", "dau-moi2", "truong-phong", "lanh-dao", "van-thu"] {
            let mut story = Story::phoned();
            story.by(&format!("{agency}.{office}")).when(SUBMIT, confirmation()).then(Kind::WrittenReceived);
        }
    }
    let mut files = Files::default();
    files.organisation = files.organisation.replace(
        "title = \"Giám đốc Sở Nông nghiệp và Môi trường\"\nrole = \"AL\"",
        "title = \"Giám đốc Sở Nông nghiệp và Môi trường\"\nrole = \"RO\"",
    );
    let mut story = files.story();
    story.raise(phone()).settle();
    for officer in
        ["snnmt.lanh-dao", "btg.truc-ban", "btg.dau-moi", "btg.lanh-dao", "btg.van-thu", "btg.kiem-tra"]
    {
        story.by(officer).when(SUBMIT, confirmation()).refused(Code::NotAuthorised);
    }
    story.by("sxd.van-thu").when(SUBMIT, confirmation()).refused(Code::NotFound);
}

#[test]
fn what_the_superior_raised_the_agency_below_does_not_confirm() {
    let mut story = Story::new();
    story.raise(with(phone(), "/raiser", "UBND")).settle();
    story.by("snnmt.van-thu").when(SUBMIT, confirmation()).refused(Code::NotFound);
    let issued = with(document_with("/issuer", "UBND"), "/document/symbol", "UBND-VX");
    story.by("ubnd.van-thu").when(SUBMIT, confirmation()).refused_at(Code::DocInvalid, "document.issuer");
    story.by("ubnd.van-thu").when(SUBMIT, issued).then(Kind::WrittenReceived);
}

#[test]
fn a_document_is_expected_while_it_is_owed() {
    let mut story = Story::phoned();
    story.until("17/05/2026 06:00");
    assert_eq!(regions(&story).0, Written::Overdue);
    story.by("snnmt.van-thu").when(SUBMIT, confirmation()).then(Kind::WrittenReceived);
    assert_eq!(regions(&story).0, Written::Received);
    story.by("snnmt.van-thu").when(SUBMIT, confirmation()).refused(Code::WrittenNotExpected);
    story.by("btg.dau-moi").when("compare-written", verdicts("changed")).then(Kind::WrittenDiscrepant);
    story.by("snnmt.van-thu").when(SUBMIT, confirmation()).refused(Code::WrittenNotExpected);

    let mut story = Story::settled();
    story.by("snnmt.van-thu").when(SUBMIT, confirmation()).refused(Code::WrittenNotExpected);
    let mut story = Story::new();
    story.by("snnmt.dau-moi").raise(written()).settle();
    story.by("snnmt.van-thu").when(SUBMIT, confirmation()).refused(Code::WrittenNotExpected);
}

#[test]
fn the_document_starts_the_comparison_and_ends_what_was_owed() {
    let mut story = Story::phoned();
    story.until("16/05/2026 22:00").by("snnmt.van-thu").when(SUBMIT, confirmation());
    assert_eq!(story.due_of(DeadlineKey::Written, 1), None);
    assert_eq!(story.due_of(DeadlineKey::Compare, 1).unwrap(), "17/05 00:00");
    let kept = &story.case().confirmations[0];
    assert_eq!(kept.document, Some(serde_json::from_value(document()).unwrap()));
    assert_eq!(kept.key_facts, Some(serde_json::from_value(key_facts()).unwrap()));
    assert_eq!(call_ended(story.case(), 1), Some(local("16/05/2026 21:48")));
    assert_eq!(call_ended(story.case(), 2), None);
}

#[test]
fn a_document_at_the_due_instant_is_on_time_even_if_it_is_overdue_already() {
    for (clock, late) in [
        ("16/05/2026 22:00", false),
        ("17/05/2026 05:48", false),
        ("17/05/2026 05:48:00.001", true),
        ("17/05/2026 05:48:01", true),
        ("20/05/2026 12:00", true),
    ] {
        let mut story = Story::phoned();
        story.until(clock).by("snnmt.van-thu").when(SUBMIT, confirmation()).then(Kind::WrittenReceived);
        assert_eq!(story.case().confirmations[0].late, late, "{clock}");
        // Whether the overdue fact came first makes no difference.
        let mut story = Story::phoned();
        story.at(clock).by("snnmt.van-thu").when(SUBMIT, confirmation()).then(Kind::WrittenReceived);
        assert_eq!(story.case().confirmations[0].late, late, "{clock}");
        match story.newest().body() {
            Body::WrittenReceived(said) => assert_eq!(said.late, late),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_guards_of_a_document_stand_in_their_order() {
    let mut body = document_with("/number", 0);
    for (at, wrong) in [
        ("/document/symbol", "bc"),
        ("/document/issuer", "SKHCN"),
        ("/document/date", "2027-01-01"),
        ("/document/abstract", ""),
        ("/document/place", ""),
        ("/document/signer/office", ""),
        ("/key_facts/what", ""),
    ] {
        body = with(body, at, wrong);
    }
    let mut story = Story::phoned();
    story.by("snnmt.van-thu");
    for (field, at, next) in [
        ("document.number", "/document/number", json!(118)),
        ("document.symbol", "/document/symbol", json!("BC-SNNMT")),
        ("document.issuer", "/document/issuer", json!("BTG")),
        ("document.date", "/document/date", json!("2026-05-15")),
        ("document.abstract", "/document/abstract", json!("Báo cáo")),
        ("document.place", "/document/place", json!("Khánh Hòa")),
        ("document.signer.office", "/document/signer/office", json!("Giám đốc")),
        ("document.date", "/document/date", json!("2026-05-16")),
        ("document.issuer", "/document/issuer", json!("UBND")),
    ] {
        story.when(SUBMIT, body.clone()).refused_at(Code::DocInvalid, field);
        body = with(body, at, next);
    }
    story.when(SUBMIT, body.clone()).refused_at(Code::InvalidData, "key_facts.what");
    story.when(SUBMIT, with(body, "/key_facts/what", "Cá chết")).then(Kind::WrittenReceived);
}

#[test]
fn a_document_is_dated_from_the_day_of_the_call_to_today() {
    // At half past midnight it is the 17th here and the 16th in Greenwich.
    for (date, accepted) in
        [("2026-05-15", false), ("2026-05-16", true), ("2026-05-17", true), ("2026-05-18", false)]
    {
        let mut story = Story::phoned();
        story.until("17/05/2026 00:30").by("snnmt.van-thu").when(SUBMIT, document_with("/date", date));
        if accepted {
            story.then(Kind::WrittenReceived);
        } else {
            story.refused_at(Code::DocInvalid, "document.date");
        }
    }
    // A call in the first minutes of a day is of that day.
    let mut story = Story::new();
    let call = with(phone_ended("17/05/2026 00:06"), "/call/started_at", "2026-05-17T00:01:00+07:00");
    story.at("17/05/2026 00:10").raise(call).settle();
    story.by("snnmt.van-thu").when(SUBMIT, confirmation()).refused_at(Code::DocInvalid, "document.date");
    story.when(SUBMIT, document_with("/date", "2026-05-17")).then(Kind::WrittenReceived);
}

#[test]
fn a_document_is_the_raiser_s_or_its_superior_s() {
    for (issuer, accepted) in
        [("SNNMT", true), ("UBND", true), ("BTG", false), ("SXD", false), ("SKHCN", false)]
    {
        let mut story = Story::phoned();
        story.by("snnmt.van-thu").when(SUBMIT, document_with("/issuer", issuer));
        if accepted {
            story.then(Kind::WrittenReceived);
        } else {
            story.refused_at(Code::DocInvalid, "document.issuer");
        }
    }
}

#[test]
fn what_a_document_must_have() {
    let long = |count: usize| "đ".repeat(count);
    let mut story = Story::phoned();
    story.by("snnmt.van-thu");
    for (at, field, values) in [
        ("/number", "document.number", vec![json!(0), json!(1_000_000), json!(u32::MAX)]),
        ("/symbol", "document.symbol", vec![json!(""), json!("bc"), json!("118/BC-SNNMT")]),
        ("/abstract", "document.abstract", vec![json!(" "), json!(long(501))]),
        ("/place", "document.place", vec![json!(" "), json!(long(101))]),
        ("/signer/office", "document.signer.office", vec![json!(" "), json!(long(201))]),
    ] {
        for value in values {
            story.when(SUBMIT, document_with(at, value)).refused_at(Code::DocInvalid, field);
        }
    }
    let mut longest = document_with("/number", 999_999);
    for (at, count) in [("/abstract", 500), ("/place", 100), ("/signer/office", 200)] {
        longest = with(longest, &format!("/document{at}"), long(count));
    }
    story.when(SUBMIT, longest).then(Kind::WrittenReceived);
}

#[test]
fn symbols_of_the_state_and_of_the_party_are_told_apart() {
    let state = [
        "KH-UBND",
        "UBND-VXNV",
        "2024/QĐ-UBND",
        "BC-SNNMT",
        "2015/NQ-HĐND",
        "SXD-QLN&PTĐT",
        "TTr-SNNMT",
        "QĐ-UBND.HC",
        "GM-UBND",
        "UBND",
        "BC-SNNMT-VP-TH",
        "1998/QĐ-UBND",
        "H37.02",
    ];
    for symbol in state {
        assert!(is_symbol(symbol, Register::State), "{symbol}");
        assert!(!is_symbol(symbol, Register::Party), "{symbol}");
    }
    let party =
        ["CTr/BTGTU-UBND", "CV/BTGTU", "TB/TU", "BC/BTGDVTU", "QĐ/TU", "CTr/A-B-C", "Abcde/TU", "ĐA/TU"];
    for symbol in party {
        assert!(is_symbol(symbol, Register::Party), "{symbol}");
        assert!(!is_symbol(symbol, Register::State), "{symbol}");
    }
    for symbol in [
        "",
        "-",
        "/",
        "bc-SNNMT",
        "BC-snnmt",
        "BC--SNNMT",
        "BC-SNNMT-",
        "BC SNNMT",
        " BC-SNNMT",
        "BC-SNNMT\n",
        "A-B-C-D-E",
        "3024/QĐ-UBND",
        "24/QĐ-UBND",
        "02024/QĐ-UBND",
        "٢٠٢٤/QĐ-UBND",
        "2024/",
        "2024/2025/QĐ-UBND",
        "QĐ-UBND/2024",
        "1BC-SNNMT",
        "BC-1",
        "BC_SNNMT",
        "ÂC-SNNMT",
        "Bc-SNÂMT",
        "2024/2024",
    ] {
        assert!(!is_symbol(symbol, Register::State), "{symbol}");
    }
    for symbol in [
        "",
        "/",
        "C/TU",
        "CTrABC/TU",
        "cv/TU",
        "CV/tu",
        "CV/",
        "/TU",
        "CV/TU/A",
        "CV/A-B-C-D",
        "CV-TU",
        "CV/TU-",
        "CV/TU1",
        "C1/TU",
        "CV.A/TU",
        "2024/CV/TU",
        "2024/TU",
    ] {
        assert!(!is_symbol(symbol, Register::Party), "{symbol}");
    }
}

#[test]
fn a_party_document_has_a_party_symbol() {
    let mut files = Files::default();
    files.organisation = files.organisation.replacen("side = \"A\"", "side = \"A\"\nmay_raise = true", 1);
    let mut story = files.story();
    story.by("btg.truc-ban").raise(with(phone(), "/raiser", "BTG")).settle();
    let body = with(document_with("/issuer", "BTG"), "/document/symbol", "BC/BTGDVTU");
    story.by("btg.van-thu").when(SUBMIT, body.clone()).refused_at(Code::DocInvalid, "document.symbol");
    story.when(SUBMIT, with(body, "/document/register", "party")).then(Kind::WrittenReceived);
}

#[test]
fn a_document_is_registered_once_and_later_referred_to() {
    let mut story = Story::phoned();
    story.by("snnmt.van-thu").when(SUBMIT, confirmation()).then(Kind::WrittenReceived);
    assert_eq!(story.registered(), ["118/BC-SNNMT"]);
    // The same letter confirms another call: it is no duplicate, and not registered again.
    let mut other = Story::new();
    other.registering(document()).raise(phone()).settle();
    let decision = other.by("snnmt.van-thu").when(SUBMIT, confirmation()).decision();
    assert_eq!(decision.registers, None);
    let mut fresh = Story::phoned();
    let decision = fresh.by("snnmt.van-thu").when(SUBMIT, confirmation()).decision();
    assert_eq!(decision.registers, Some(serde_json::from_value(document()).unwrap()));
}

// The comparison (command 11).

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

// Its clock.

/// The lines about the written confirmation.
fn about_written(story: &Story) -> Vec<String> {
    story.log().into_iter().filter(|line| line.contains(" written ")).collect()
}

#[test]
fn a_call_logged_late_is_reminded_only_of_what_is_still_to_come() {
    let half = "17/05 01:48 confirmation.reminded written 50 %";
    let most = "17/05 04:12 confirmation.reminded written 80 %";
    let over = "17/05 05:48 confirmation.overdue written level 1, owed by SNNMT";
    for (logged, expected) in [
        ("17/05/2026 01:47:59", vec![half, most, over]),
        ("17/05/2026 01:48", vec![half, most, over]),
        ("17/05/2026 01:48:00.001", vec![most, over]),
        ("17/05/2026 04:12", vec![most, over]),
        ("17/05/2026 04:12:01", vec![over]),
        ("17/05/2026 05:48", vec![over]),
        ("17/05/2026 06:00", vec![over]),
    ] {
        let mut story = Story::new();
        story.at(logged).raise(phone()).settle().until("17/05/2026 07:00");
        assert_eq!(about_written(&story), expected, "{logged}");
        assert_eq!(regions(&story).0, Written::Overdue);
    }
}

#[test]
fn after_an_outage_a_reminder_that_was_overtaken_is_left_out() {
    let half = "17/05 01:48 confirmation.reminded written 50 %";
    let most = "17/05 04:12 confirmation.reminded written 80 %";
    let first = "17/05 05:48 confirmation.overdue written level 1, owed by SNNMT";
    let second = "17/05 13:48 confirmation.overdue written level 2, owed by SNNMT";
    let third = "17/05 21:48 confirmation.overdue written level 3, owed by SNNMT";
    for (back, expected) in [
        ("17/05/2026 01:47:59", vec![]),
        ("17/05/2026 01:48", vec![half]),
        ("17/05/2026 04:11:59", vec![half]),
        ("17/05/2026 04:12", vec![most]),
        ("17/05/2026 05:47:59", vec![most]),
        ("17/05/2026 05:48", vec![first]),
        ("17/05/2026 13:47:59", vec![first]),
        ("17/05/2026 13:48", vec![first, second]),
        ("17/05/2026 21:48", vec![first, second, third]),
        ("20/06/2026 00:00", vec![first, second, third]),
    ] {
        let mut story = Story::phoned();
        story.at(back).settle();
        assert_eq!(about_written(&story), expected, "{back}");
        assert!(story.case().recorded_at == local(back) || expected.is_empty());
    }
}

#[test]
fn each_level_comes_once() {
    let mut story = Story::phoned();
    story.until("17/05/2026 13:48").settle().settle();
    let levels =
        |story: &Story| story.log().iter().filter(|line| line.contains("overdue written level")).count();
    assert_eq!(levels(&story), 2);
    story.until("30/05/2026 00:00");
    assert_eq!(levels(&story), 3);
    story.by("snnmt.van-thu").when(SUBMIT, confirmation()).then(Kind::WrittenReceived);
}

#[test]
fn no_level_follows_on_a_document_that_came() {
    let mut story = Story::phoned();
    story.until("17/05/2026 06:00").by("snnmt.van-thu").when(SUBMIT, confirmation());
    story.by("btg.dau-moi").when("compare-written", verdicts("same")).until("30/05/2026 00:00");
    let last = about_written(&story).pop();
    assert_eq!(last.as_deref(), Some("17/05 05:48 confirmation.overdue written level 1, owed by SNNMT"));
}

#[test]
fn working_days_count_for_urgent_calls_and_shares_in_clock_time() {
    // Saturday night: the day after the call is a Sunday, so the first working day is Monday.
    let mut story = Story::new();
    story.raise(with(phone(), "/urgency", "khan")).settle().until("22/05/2026 00:00");
    assert_eq!(
        about_written(&story),
        [
            "17/05 19:24 confirmation.reminded written 50 %",
            "18/05 08:21:36 confirmation.reminded written 80 %",
            "18/05 17:00 confirmation.overdue written level 1, owed by SNNMT",
            "20/05 12:12 confirmation.overdue written level 2, owed by SNNMT",
        ]
    );
}

#[test]
fn a_timer_that_is_not_due_is_refused() {
    let due = local("17/05/2026 05:48");
    let overdue = |key, instance, level, due| {
        let owing = vec!["SNNMT".into()];
        stages::Command::Confirmation(Command::Timer(Timer::MarkOverdue(Overdue {
            key,
            instance,
            level,
            due,
            owing,
        })))
    };
    let remind = |key, instance, share, due| {
        stages::Command::Confirmation(Command::Timer(Timer::Remind(Reminded { key, instance, share, due })))
    };
    let written = DeadlineKey::Written;
    let mut story = Story::phoned();
    story.by("btg.truc-ban").when("verify-callback", callback("verified"));
    story.until("17/05/2026 05:47:59");
    story.system(&overdue(written, 1, 1, due)).refused(Code::BadState);
    story.system(&remind(written, 1, 80, due)).refused(Code::BadState);
    story.at("17/05/2026 05:48");
    for wrong in [
        overdue(written, 1, 2, due),
        overdue(written, 1, 0, due),
        overdue(written, 2, 1, due),
        overdue(written, 1, 1, due + TimeDelta::seconds(1)),
        overdue(DeadlineKey::Compare, 1, 1, due),
        overdue(DeadlineKey::Callback, 1, 1, due),
        overdue(DeadlineKey::Ack, 1, 1, due),
        remind(written, 1, 50, due),
        remind(written, 1, 80, due),
    ] {
        story.system(&wrong).refused(Code::BadState);
    }
    let mut wrong = Overdue { key: written, instance: 1, level: 1, due, owing: vec!["UBND".into()] };
    story.system(&stages::Command::Confirmation(Command::Timer(Timer::MarkOverdue(wrong.clone()))));
    story.refused(Code::BadState);
    wrong.owing = vec!["SNNMT".into()];
    story.system(&stages::Command::Confirmation(Command::Timer(Timer::MarkOverdue(wrong))));
    story.then(Kind::ConfirmationOverdue);
    story.system(&overdue(written, 1, 1, due)).refused(Code::BadState);
    assert_eq!(story.step_of(Stage::Confirmation), None);
}
