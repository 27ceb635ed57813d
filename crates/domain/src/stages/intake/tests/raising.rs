//! Who raises, and raising in writing.

use super::*;

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
fn a_document_is_dated_in_this_century_and_not_after_today() {
    for (date, accepted) in
        [("1999-12-31", false), ("2000-01-01", true), ("2026-05-16", true), ("2026-05-17", false)]
    {
        let tried = raise("snnmt.dau-moi", with(written(), "/document/date", date));
        let expected =
            if accepted { Ok(Kind::RaisedInWriting) } else { refused(Code::DocInvalid, "document.date") };
        assert_eq!(tried, expected, "{date}");
    }
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
    for (at, longest, path) in
        [("/title", 200, "title"), ("/summary", 2000, "summary"), ("/request", 2000, "request")]
    {
        assert_eq!(raise("snnmt.dau-moi", with(written(), at, long(longest))), Ok(Kind::RaisedInWriting));
        for text in [long(longest + 1), String::new()] {
            assert_eq!(raise("snnmt.dau-moi", with(written(), at, text)), refused(Code::InvalidData, path));
        }
    }
    for (at, longest, path) in [
        ("/title", 200, "title"),
        ("/summary", 2000, "summary"),
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

#[test]
fn what_is_used_no_more_says_since_when_and_what_is_used_instead() {
    let files = Files::with_organisation(
        "\n[[area]]\nid = \"HUYEN\"\nname = \"Huyện Ninh Hải\"\nends = 2025-07-01\nsuccessor = \"BINHMINH\"\n
         \n[[area]]\nid = \"MOI\"\nname = \"Xã mới\"\nstarts = 2026-05-17\n",
    );
    let why = |at: &str, code: &str| {
        let mut story = files.story();
        story.by("btg.truc-ban").raise(with(phone(), at, code)).why()
    };
    let spent = why("/topic", "covid");
    assert_eq!(spent.field.as_deref(), Some("topic"));
    assert!(spent.en.contains("since 20/10/2023") && spent.vi.contains("từ ngày 20/10/2023"), "{spent}");
    let district = why("/area", "HUYEN");
    assert_eq!(district.field.as_deref(), Some("area"));
    assert!(district.en.contains("01/07/2025: give BINHMINH"), "{district}");
    assert!(why("/area", "MOI").en.contains("from 17/05/2026 on"));
}

#[test]
fn topic_and_area_are_of_the_lists_and_still_used() {
    for (at, path) in [("/topic", "topic"), ("/area", "area")] {
        for text in ["", "cá chết", "covid"] {
            assert_eq!(raise("btg.truc-ban", with(phone(), at, text)), refused(Code::InvalidData, path));
        }
    }
    // Every topic becomes an area, so the policy lists no topics.
    let mut files = Files::default();
    files.organisation = files.organisation.replace("[[topic]]", "[[area]]");
    let mut story = files.story();
    story.by("btg.truc-ban").raise(with(phone(), "/topic", "cá chết")).then(Kind::RaisedByPhone);
}
