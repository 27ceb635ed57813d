//! What is kept with a case (command 45), and what is kept elsewhere (DOMAIN §5).

use events::{Kind, Lifecycle};
use serde_json::{Value, json};

use crate::{
    Code,
    story::{
        Story, attaching, confirmation, delivering, distributing, noted_down, phone, receiving, secret, with,
        without,
    },
};

/// An act as it is given now.
fn now(story: &Story, body: Value, at: &str) -> Value {
    with(body, at, story.now.to_rfc3339())
}

/// The document of UBND is in the case.
fn attached() -> Story {
    let mut story = Story::coordinating();
    story.by("ubnd.van-thu").when("attach-document", attaching()).then(Kind::DocumentAttached);
    story
}

#[test]
fn every_document_of_the_case_is_among_its_papers_once() {
    let mut story = attached();
    story.by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
    story.by("ubnd.van-thu").when("attach-document", attaching());
    let papers: Vec<_> = story.case().casefile.papers.iter().map(|paper| paper.printed.as_str()).collect();
    assert_eq!(papers, ["201/UBND-VXNV", "118/BC-SNNMT"]);
    assert_eq!(story.registered().len(), 2);
}

#[test]
fn a_document_must_be_one_and_stays_as_it_was_registered() {
    let mut story = attached();
    story.when("attach-document", with(attaching(), "/document/abstract", "Khác"));
    story.refused_at(Code::DocInvalid, "document");
    story.when("attach-document", with(attaching(), "/document/date", "2026-05-17"));
    story.refused_at(Code::DocInvalid, "document.date");
    story.when("attach-document", json!({})).refused_at(Code::InvalidData, "document");
    story.by("xbm.van-thu").when("attach-document", attaching()).refused(Code::NotFound);
}

#[test]
fn a_letter_that_was_attached_raises_no_case() {
    let mut story = attached();
    let report = json!({ "document": attaching()["document"].clone() });
    let written = with(crate::story::written(), "/document", report["document"].clone());
    story.aside().by("ubnd.dau-moi").raise(with(written, "/raiser", "UBND"));
    story.refused_at(Code::DocDuplicate, "document");
}

#[test]
fn a_distribution_names_a_document_of_the_case_and_its_recipients() {
    let mut story = attached();
    let body = now(&story, distributing(), "/sent_at");
    story.when("record-distribution", body.clone()).then(Kind::DistributionRecorded);
    story.when("record-distribution", with(body.clone(), "/document", "202/UBND-VXNV"));
    story.refused_at(Code::InvalidData, "document");
    story.when("record-distribution", with(body.clone(), "/recipients", json!([])));
    story.refused_at(Code::InvalidData, "recipients");
    story.when("record-distribution", with(body.clone(), "/recipients", json!([{ "name": "" }])));
    story.refused_at(Code::InvalidData, "recipients[0].name");
    story.when("record-distribution", with(body, "/sent_at", "2027-01-01T00:00:00+07:00"));
    story.refused_at(Code::InvalidData, "sent_at");
}

#[test]
fn each_recipient_has_it_once() {
    let mut story = attached();
    let body = now(&story, distributing(), "/sent_at");
    story.when("record-distribution", body);
    let receipt = |story: &Story, number| now(story, receiving(number), "/received_at");
    let second = receipt(&story, 2);
    story.when("record-receipt", second.clone()).then(Kind::ReceiptRecorded);
    story.when("record-receipt", second).refused(Code::BadState);
    for (field, wrong) in [("recipient", receipt(&story, 4)), ("recipient", receipt(&story, 0))] {
        story.when("record-receipt", wrong).refused_at(Code::InvalidData, field);
    }
    let first = receipt(&story, 1);
    story.when("record-receipt", with(first.clone(), "/distribution", 2));
    story.refused_at(Code::InvalidData, "distribution");
    story.when("record-receipt", with(first, "/received_at", "2026-05-16T20:00:00+07:00"));
    story.refused_at(Code::InvalidData, "received_at");
    let received = &story.case().casefile.distributions[0].received;
    assert_eq!(received.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false]);
}

#[test]
fn it_is_delivered_before_it_is_received() {
    let mut story = attached();
    let body = now(&story, distributing(), "/sent_at");
    story.when("record-distribution", body).until("16/05/2026 22:30");
    let delivery = |number, at: &str| with(delivering(number), "/delivered_at", at);
    let receipt = |number, at: &str| with(receiving(number), "/received_at", at);
    let (early, noon) = ("2026-05-16T21:00:00+07:00", "2026-05-17T12:00:00+07:00");
    let (ten_past, twenty_past) = ("2026-05-16T22:10:00+07:00", "2026-05-16T22:20:00+07:00");
    for wrong in [early, noon] {
        story.when("record-delivery", delivery(1, wrong)).refused_at(Code::InvalidData, "delivered_at");
    }
    story.when("record-delivery", delivery(4, ten_past)).refused_at(Code::InvalidData, "recipient");
    story.when("record-delivery", delivery(1, twenty_past)).then(Kind::DeliveryRecorded);
    story.when("record-delivery", delivery(1, twenty_past)).refused(Code::BadState);
    story.when("record-receipt", receipt(1, ten_past)).refused_at(Code::InvalidData, "received_at");
    story.when("record-receipt", receipt(1, twenty_past)).then(Kind::ReceiptRecorded);
    story.when("record-receipt", receipt(2, ten_past)).then(Kind::ReceiptRecorded);
    story.when("record-delivery", delivery(2, twenty_past)).refused_at(Code::InvalidData, "delivered_at");
    let sent = &story.case().casefile.distributions[0];
    assert_eq!(sent.delivered.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(sent.received.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn a_directive_is_distributed_as_a_document_of_the_case() {
    let mut story = Story::directed();
    let papers = &story.case().casefile.papers;
    let directive = papers.iter().find(|paper| paper.issuer == "TU".into()).expect("the directive").clone();
    let body = json!({
        "issuer": "TU", "document": directive.printed, "sent_at": "2026-05-16T23:30:00+07:00",
        "recipients": [{ "group": "cac-so" }, { "agency": "BTG" }, { "name": "VT", "purpose": "archive" }],
    });
    story.by("tu.thu-ky").when("record-distribution", body).then(Kind::DistributionRecorded);
    let sent = &story.case().casefile.distributions[0].recorded;
    let roads = sent.recipients.iter().find(|each| each.agency == Some("SXD".into())).expect("a department");
    assert_eq!((roads.name.as_str(), roads.group.as_deref()), ("Sở Xây dựng", Some("cac-so")));
}

#[test]
fn the_issuer_falls_out_of_its_own_groups() {
    let mut story = attached();
    let groups = json!([{ "group": "cac-so" }]);
    story.by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
    let body = with(with(distributing(), "/issuer", "SNNMT"), "/document", "118/BC-SNNMT");
    let body = now(&story, with(body, "/recipients", groups), "/sent_at");
    story.when("record-distribution", body).then(Kind::DistributionRecorded);
    let sent = &story.case().casefile.distributions[0].recorded.recipients;
    assert!(sent.len() > 5 && sent.iter().all(|each| each.agency != Some("SNNMT".into())));
}

#[test]
fn a_note_is_kept_with_its_office() {
    let mut story = Story::phoned();
    story.by("btg.van-thu").when("add-note", noted_down()).then(Kind::NoteAdded);
    let note = &story.case().casefile.notes[0];
    assert_eq!((note.number, note.office.as_ref().unwrap().as_str()), (1, "BTG.VT"));
    story.when("add-note", json!({ "text": " " })).refused_at(Code::InvalidData, "text");
    story.by("btg.truc-ban").when("add-note", noted_down()).refused(Code::NotAuthorised);
    story.by("tu.thu-ky").when("add-note", noted_down()).refused(Code::NotFound);
}

#[test]
fn the_secretariat_keeps_papers_once_the_case_has_gone_up() {
    let mut story = Story::escalated();
    story.by("tu.thu-ky").when("add-note", noted_down()).then(Kind::NoteAdded);
    story.by("tu.thuong-truc").when("add-note", noted_down()).refused(Code::NotAuthorised);
}

#[test]
fn who_is_asked_or_instructed_keeps_papers_too() {
    let mut story = Story::escalated();
    story.by("xbm.dau-moi").when("add-note", noted_down()).refused(Code::NotFound);
    story.by("tu.thu-ky").when("request-more-info", json!({ "agency": "XBM", "question": "Bao nhiêu hộ?" }));
    story.by("xbm.dau-moi").when("add-note", noted_down()).then(Kind::NoteAdded);
}

#[test]
fn nothing_is_put_into_a_case_that_has_ended() {
    let mut story = Story::closed();
    assert_eq!(story.case().lifecycle, Lifecycle::Closed);
    let acts = [
        ("attach-document", attaching()),
        ("add-note", noted_down()),
        ("reference-secret", secret()),
        ("record-receipt", with(receiving(1), "/received_at", "2026-05-16T20:00:00+07:00")),
        ("record-distribution", with(distributing(), "/sent_at", "2026-05-16T20:00:00+07:00")),
    ];
    for (act, body) in acts {
        story.by("btg.van-thu").when(act, body).refused(Code::BadState);
    }
}

#[test]
fn of_a_secret_only_where_it_is_kept_is_known() {
    let mut story = Story::phoned();
    story.by("btg.dau-moi").when("reference-secret", secret()).then(Kind::SecretReferenced);
    assert_eq!(story.case().casefile.secrets.len(), 1);
    for (field, wrong) in [
        ("holding_agency", json!("NOBODY")),
        ("register_entry", json!("")),
        ("register_entry", json!("Kế hoạch di dân")),
        ("register_entry", json!("1234567890/1234567890-2026")),
        ("date", json!("2026-05-17")),
    ] {
        story.when("reference-secret", with(secret(), &format!("/{field}"), wrong));
        story.refused_at(Code::InvalidData, field);
    }
    story
        .when("reference-secret", with(secret(), "/abstract", "x"))
        .refused_at(Code::InvalidData, "abstract");
}

#[test]
fn a_call_of_another_agency_is_not_a_paper() {
    let mut story = Story::new();
    story.by("btg.truc-ban").raise(without(phone(), "/area")).settle();
    assert_eq!(story.case().casefile.papers, []);
}
