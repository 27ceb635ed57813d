//! The owed document (command 10).

use super::*;

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

/// So many files.
fn files(count: usize, name: &str, media_type: &str) -> Value {
    let sha256 = events::Digest::of(b"file").to_string();
    let file = json!({ "file_name": name, "media_type": media_type, "size": 1, "sha256": sha256 });
    vec![file; count].into()
}

#[test]
fn what_a_document_must_have() {
    let long = |count: usize| "đ".repeat(count);
    let mut story = Story::phoned();
    story.by("snnmt.van-thu");
    for (at, field, values) in [
        ("/number", "document.number", vec![json!(0), json!(1_000_000), json!(u32::MAX)]),
        (
            "/symbol",
            "document.symbol",
            vec![json!(""), json!("bc"), json!("118/BC-SNNMT"), json!("B".repeat(61))],
        ),
        ("/abstract", "document.abstract", vec![json!(" "), json!(long(501))]),
        ("/place", "document.place", vec![json!(" "), json!(long(101))]),
        ("/signer/office", "document.signer.office", vec![json!(" "), json!(long(201))]),
        ("/signer/capacity", "document.signer.capacity", vec![json!(" "), json!(long(11))]),
        ("/answers_to", "document.answers_to", vec![json!(" "), json!(long(101))]),
        ("/attachments", "document.attachments", vec![files(51, "a.pdf", "application/pdf")]),
        (
            "/attachments",
            "document.attachments[0].file_name",
            vec![files(2, " ", "application/pdf"), files(1, &long(256), "application/pdf")],
        ),
        (
            "/attachments",
            "document.attachments[0].media_type",
            vec![files(1, "a.pdf", ""), files(1, "a.pdf", &long(101))],
        ),
    ] {
        for value in values {
            story.when(SUBMIT, document_with(at, value)).refused_at(Code::DocInvalid, field);
        }
    }
    let mut longest = document_with("/number", 999_999);
    for (at, count) in [
        ("/abstract", 500),
        ("/place", 100),
        ("/signer/office", 200),
        ("/signer/capacity", 10),
        ("/answers_to", 100),
    ] {
        longest = with(longest, &format!("/document{at}"), long(count));
    }
    longest = with(longest, "/document/attachments", files(50, &long(255), &long(100)));
    longest = with(longest, "/document/symbol", "B".repeat(60));
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
fn under_one_number_there_is_one_document() {
    for (at, value) in [("/abstract", json!("Khác")), ("/date", json!("2026-05-15")), ("/pages", json!(9))] {
        let known = with(document(), at, value);
        let mut story = Story::new();
        story.registering(known).raise(phone()).settle();
        story.by("snnmt.van-thu").when(SUBMIT, confirmation()).refused_at(Code::DocInvalid, "document");
    }
    // Another year, another document.
    let mut story = Story::new();
    story.registering(with(document(), "/date", "2025-05-16")).raise(phone()).settle();
    story.by("snnmt.van-thu").when(SUBMIT, confirmation()).then(Kind::WrittenReceived);
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
