//! What the standing body does with a dossier (commands 21 to 23).

use events::{Body, DeadlineKey, Kind, Lifecycle};
use serde_json::{Value, json};

use super::{directed, escalated, filed};
use crate::{
    Code,
    stages::escalation::{Dossier, ItemState},
    story::{Story, binding, clock, with, without},
};

fn question(agency: &str) -> Value {
    json!({ "agency": agency, "question": "Tiến độ từng vị trí?" })
}

fn answer() -> Value {
    json!({ "request": 1, "answer": "Hai vị trí đã bàn giao." })
}

fn asked() -> Story {
    let mut story = escalated();
    story.until("15/07/2026 08:30").by("tu.thu-ky").when("request-more-info", question("SXD"));
    story.then(Kind::InfoRequested);
    story
}

#[test]
fn the_secretariat_acknowledges_a_dossier_once() {
    let mut story = escalated();
    for officer in ["btg.lanh-dao", "ubnd.lanh-dao", "tu.thuong-truc"] {
        story.by(officer).when("acknowledge-dossier", json!({})).refused(Code::NotAuthorised);
    }
    story.by("tu.thu-ky").when("acknowledge-dossier", json!({})).then(Kind::DossierReceived);
    story.by("tu.chanh-van-phong").when("acknowledge-dossier", json!({})).refused(Code::BadState);
    let mut story = asked();
    story.by("tu.thu-ky").when("acknowledge-dossier", json!({})).then(Kind::DossierReceived);
    assert_eq!(story.case().escalation.state, Dossier::InfoRequested, "it changes nothing else");
}

#[test]
fn secretariat_and_standing_body_ask_and_the_asked_agency_answers() {
    let mut story = asked();
    assert_eq!(story.case().escalation.state, Dossier::InfoRequested);
    assert_eq!(story.due_of(DeadlineKey::Info, 1).unwrap(), "16/07 17:00");
    for officer in ["btg.lanh-dao", "sxd.dau-moi", "tu.thu-ky"] {
        story.by(officer).when("supply-info", answer()).refused(Code::NotAuthorised);
    }
    story.by("sxd.lanh-dao").when("supply-info", with(answer(), "/request", 2));
    story.refused_at(Code::InvalidData, "request");
    story.when("supply-info", with(answer(), "/answer", "")).refused_at(Code::InvalidData, "answer");
    let requested_by =
        |story: &Story| story.case().escalation.current().unwrap().submitted.as_ref().unwrap().requested_by;
    let before = requested_by(&story);
    story.until("15/07/2026 16:00").when("supply-info", answer()).then(Kind::InfoSupplied);
    assert_eq!(story.case().escalation.state, Dossier::Submitted);
    assert_eq!(story.due_of(DeadlineKey::Info, 1), None);
    assert_eq!(requested_by(&story), before, "the date stays");
    story.when("supply-info", answer()).refused(Code::BadState);
    story.by("tu.thuong-truc").when("request-more-info", question("BTG")).then(Kind::InfoRequested);
    story.by("tu.thuong-truc").when("request-more-info", question("BTG")).refused(Code::BadState);
    let Body::InfoRequested(said) = story.newest().body().clone() else { panic!() };
    assert_eq!(said.request, 2, "numbered within the case");
}

#[test]
fn a_superior_answers_for_its_agency() {
    let mut story = asked();
    story.by("ubnd.lanh-dao").when("supply-info", answer()).then(Kind::InfoSupplied);
}

#[test]
fn an_agency_that_is_asked_sees_the_case_and_owes_the_answer() {
    let mut story = escalated();
    story.by("snnmt.lanh-dao").when("supply-info", answer()).refused(Code::NotFound);
    story.by("tu.thu-ky").when("request-more-info", question("SNNMT")).then(Kind::InfoRequested);
    story.until("16/07/2026 17:00");
    let log = story.log();
    let last = log.iter().find(|line| line.contains("overdue info")).unwrap();
    assert!(last.ends_with("escalation.overdue info level 1, owed by SNNMT"), "{last}");
    story.by("snnmt.lanh-dao").when("supply-info", answer()).then(Kind::InfoSupplied);
}

#[test]
fn a_question_is_put_to_a_known_agency() {
    let mut story = escalated();
    story.by("tu.thu-ky");
    for agency in ["XYZ", "TU"] {
        story.when("request-more-info", question(agency)).refused_at(Code::InvalidData, "agency");
    }
    story.when("request-more-info", with(question("SXD"), "/question", " "));
    story.refused_at(Code::InvalidData, "question");
    let mut story = filed();
    story.by("tu.thu-ky").when("request-more-info", question("SXD")).refused(Code::NotFound);
}

#[test]
fn a_directive_binds_and_starts_a_clock_for_each_item() {
    let mut story = directed();
    assert_eq!(story.case().escalation.state, Dossier::Decided);
    assert_eq!(story.due_of(DeadlineKey::Implementation, 1).unwrap(), "31/07 17:00");
    assert_eq!(story.due_of(DeadlineKey::Implementation, 2).unwrap(), "14/08 17:00");
    let items = &story.case().escalation.instructions;
    assert!(items.iter().all(|item| item.state == ItemState::Issued && !item.is_late()));
    assert!(story.registered().contains(&"345-TB/TU".to_owned()));
    story.by("tu.thu-ky").when("record-directive", binding()).refused(Code::BadState);
    story.by("tu.thu-ky").when("acknowledge-dossier", json!({})).refused(Code::BadState);
}

#[test]
fn a_directive_may_come_while_information_is_awaited_and_stops_that_clock() {
    let mut story = asked();
    story.until("16/07/2026 09:00").by("tu.thuong-truc");
    story.when("record-directive", with(binding(), "/binding/document/date", "2026-07-16"));
    story.then(Kind::DirectiveIssued).stands(Lifecycle::Directed);
    assert_eq!(story.due_of(DeadlineKey::Info, 1), None);
    story.by("sxd.lanh-dao").when("supply-info", answer()).refused(Code::BadState);
}

#[test]
fn only_the_standing_body_and_its_secretariat_direct() {
    let mut story = escalated();
    story.until("17/07/2026 11:00");
    for officer in ["btg.lanh-dao", "ubnd.lanh-dao", "sxd.van-thu"] {
        story.by(officer).when("record-directive", binding()).refused(Code::NotAuthorised);
    }
}

#[test]
fn a_directive_needs_the_signed_document_of_the_standing_body() {
    let mut story = escalated();
    story.until("17/07/2026 11:00").by("tu.thu-ky");
    story.when("record-directive", with(binding(), "/binding/document/issuer", "BTG"));
    story.refused_at(Code::DocInvalid, "binding.document.issuer");
    story.when("record-directive", with(binding(), "/binding/document/date", "2026-07-18"));
    story.refused_at(Code::DocInvalid, "binding.document.date");
    story.when("record-directive", without(binding(), "/binding/document"));
    story.refused_at(Code::InvalidData, "binding.document");
}

#[test]
fn a_directive_has_instructions_for_known_agencies_with_dates_that_lie_ahead() {
    let mut story = escalated();
    story.until("17/07/2026 11:00").by("tu.thu-ky");
    story.when("record-directive", with(binding(), "/binding/instructions", json!([])));
    story.refused_at(Code::InvalidData, "binding.instructions");
    let changed = |name: &str, value: Value| {
        let mut body = binding();
        body["binding"]["instructions"][1][name] = value;
        body
    };
    for (name, value) in [
        ("agency", json!("XYZ")),
        ("agency", json!("TU")),
        ("text", json!("")),
        ("due", json!("2026-07-17T11:00:00+07:00")),
    ] {
        story.when("record-directive", changed(name, value));
        story.refused_at(Code::InvalidData, &format!("binding.instructions[1].{name}"));
    }
    story.when("record-directive", changed("due", Value::Null)).then(Kind::DirectiveIssued);
    let Body::DirectiveIssued(said) = story.newest().body().clone() else { panic!() };
    assert_eq!(clock(said.instructions[1].due), "31/07 17:00", "ten working days by default");
}

#[test]
fn an_agency_that_is_named_in_an_instruction_sees_the_case() {
    let mut story = escalated();
    let mut body = binding();
    body["binding"]["instructions"][1]["agency"] = json!("XBM");
    story.by("xbm.lanh-dao").when("acknowledge-directive", json!({})).refused(Code::NotFound);
    story.until("17/07/2026 11:00").by("tu.thu-ky").when("record-directive", body);
    story.then(Kind::DirectiveIssued);
    story.by("xbm.lanh-dao").when("acknowledge-directive", json!({})).then(Kind::InstructionAcknowledged);
}
