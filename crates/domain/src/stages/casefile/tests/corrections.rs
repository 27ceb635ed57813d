//! Corrections (command 46): the fact stays, the case shows what it should say.

use events::Kind;
use serde_json::{Value, json};

use crate::{
    Code,
    stages::casefile::correctable,
    story::{Story, declining, noted_down, with, without},
};

/// A correction of a field of the newest fact of a type.
fn correcting(story: &Story, kind: Kind, field: &str) -> Value {
    let fact = story.facts().iter().rev().find(|fact| fact.body().kind() == kind).expect("such a fact");
    json!({ "of_event": fact.draft.id, "field": field, "text": "Nội dung đúng", "reason": "Sửa lỗi chính tả." })
}

fn covering(story: &Story, kind: Kind, field: &str) -> Value {
    with(without(correcting(story, kind, field), "/text"), "/cover", true)
}

#[test]
fn title_and_summary_are_shown_as_they_should_be() {
    let mut story = Story::phoned();
    let before = story.facts()[0].clone();
    for field in ["matter.title", "matter.summary"] {
        let body = correcting(&story, Kind::RaisedByPhone, field);
        story.by("btg.dau-moi").when("correct", body).then(Kind::Corrected);
    }
    let matter = &story.case().matter;
    assert_eq!((matter.title.as_str(), matter.summary.as_str()), ("Nội dung đúng", "Nội dung đúng"));
    assert_eq!(story.facts()[0], before, "the fact stays as it is");
    assert_eq!(story.case().casefile.corrections.len(), 2);
}

#[test]
fn personal_data_are_covered() {
    let mut story = Story::phoned();
    let body = covering(&story, Kind::RaisedByPhone, "call.caller.name");
    story.by("btg.dau-moi").when("correct", body).then(Kind::Corrected);
    let call = story.case().intakes[0].call.as_ref().unwrap();
    assert_eq!(call.caller.name, "(đã che)");
    story
        .by("btg.van-thu")
        .when("add-note", noted_down())
        .when("add-note", json!({ "text": "Số điện thoại" }));
    let body = covering(&story, Kind::NoteAdded, "text");
    story.when("correct", body);
    let texts: Vec<_> = story.case().casefile.notes.iter().map(|note| note.text.as_deref()).collect();
    assert_eq!(texts, [Some("Đã trao đổi lại với đầu mối."), None]);
}

#[test]
fn only_the_agency_that_recorded_it_corrects_it() {
    let mut story = Story::phoned();
    let body = correcting(&story, Kind::RaisedByPhone, "matter.title");
    story.by("snnmt.dau-moi").when("correct", body.clone()).refused(Code::NotAuthorised);
    story.by("btg.truc-ban").when("correct", body.clone()).refused(Code::NotAuthorised);
    story.by("btg.van-thu").when("correct", body).then(Kind::Corrected);
}

#[test]
fn states_positions_persons_and_times_are_never_corrected() {
    let mut story = Story::phoned();
    for field in [
        "urgency",
        "parties.raiser",
        "call.ended_at",
        "call.taken_by",
        "matter.request",
        "call.key_facts.what",
    ] {
        let body = correcting(&story, Kind::RaisedByPhone, field);
        story.by("btg.dau-moi").when("correct", body).refused_at(Code::InvalidData, "field");
    }
    let mut story = Story::agreed();
    let body = correcting(&story, Kind::PositionRecorded, "position");
    story.by("btg.dau-moi").when("correct", body).refused_at(Code::InvalidData, "field");
}

#[test]
fn it_says_what_or_covers_and_why() {
    let mut story = Story::phoned();
    let body = correcting(&story, Kind::RaisedByPhone, "matter.title");
    story.by("btg.dau-moi");
    for wrong in [
        without(body.clone(), "/text"),
        with(body.clone(), "/cover", true),
        with(body.clone(), "/text", ""),
        with(body.clone(), "/text", "x".repeat(201)),
    ] {
        story.when("correct", wrong).refused_at(Code::InvalidData, "text");
    }
    story.when("correct", with(body.clone(), "/reason", " ")).refused_at(Code::InvalidData, "reason");
    let other = Story::agreed().newest().draft.id;
    story.when("correct", with(body, "/of_event", json!(other))).refused_at(Code::InvalidData, "of_event");
}

#[test]
fn what_has_ended_is_corrected_too() {
    let mut story = Story::closed();
    let body = correcting(&story, Kind::RaisedByPhone, "matter.title");
    story.by("btg.dau-moi").when("correct", body).then(Kind::Corrected);
    assert_eq!(story.case().matter.title, "Nội dung đúng");
    assert_eq!(story.replayed().unwrap().as_ref(), Some(story.case()));
}

#[test]
fn a_reason_is_corrected_beside_the_fact() {
    let mut story = Story::phoned();
    story.by("ubnd.dau-moi").when("decline", declining());
    let body = correcting(&story, Kind::AssignmentDeclined, "reason");
    story.when("correct", body);
    assert_eq!(story.case().casefile.corrections[0].said.field, "reason");
}

#[test]
fn questions_and_answers_of_the_standing_body_are_covered() {
    let mut story = Story::escalated();
    for (number, agency) in [(1, "SXD"), (2, "UBND")] {
        story.by("tu.thu-ky").when("request-more-info", json!({ "agency": agency, "question": "Ai báo?" }));
        let leader = format!("{}.lanh-dao", agency.to_lowercase());
        story.by(&leader).when("supply-info", json!({ "request": number, "answer": "Ông A, 0900 000 000" }));
    }
    let body = covering(&story, Kind::InfoSupplied, "answer");
    story.by("ubnd.van-thu").when("correct", body);
    let body = correcting(&story, Kind::InfoRequested, "question");
    story.by("tu.thu-ky").when("correct", body);
    let requests = &story.case().escalation.current().unwrap().requests;
    let texts = |number: usize| {
        let request = &requests[number];
        (request.question.as_str(), request.answer.as_ref().unwrap().text.as_str())
    };
    assert_eq!(texts(0), ("Ai báo?", "Ông A, 0900 000 000"));
    assert_eq!(texts(1), ("Nội dung đúng", "(đã che)"));
}

#[test]
fn what_the_process_recorded_has_no_text() {
    let mut story = Story::phoned();
    let body = correcting(&story, Kind::CaseRouted, "reason");
    story.by("btg.dau-moi").when("correct", body).refused_at(Code::InvalidData, "of_event");
}

/// Every field that may be corrected is a text of an example of its fact, or one that may be absent.
#[test]
fn what_is_correctable_is_a_text_of_the_fact() {
    for kind in Kind::ALL {
        let example = kind.example();
        for (field, longest) in correctable(*kind) {
            let at = format!("/data/{}", field.replace('.', "/"));
            let value = example.pointer(&at);
            assert!(value.is_none_or(Value::is_string), "{kind} {field}: {value:?}");
            assert!(*longest > 0);
            let properties = kind.schema().to_string();
            let name = field.rsplit('.').next().unwrap();
            assert!(properties.contains(&format!("\"{name}\"")), "{kind} has no {name}");
        }
    }
}
