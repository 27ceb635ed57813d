//! The items of a directive (commands 27 and 28).

use events::{Body, DeadlineKey, Kind, Lifecycle};
use serde_json::{Value, json};

use super::{directed, escalated};
use crate::{
    Code,
    stages::escalation::ItemState,
    story::{Story, binding, closing, confirming, report, with},
};

const REPORT: &str = "report-implementation";
const ACCEPT: &str = "accept-implementation";
const REJECT: &str = "reject-implementation";

fn item(number: u32) -> Value {
    json!({ "item": number })
}

fn rejection(number: u32) -> Value {
    json!({ "item": number, "reason": "Chưa nêu kết quả" })
}

/// SXD has reported item 1 on 30 July.
fn reported() -> Story {
    let mut story = directed();
    story.until("30/07/2026 10:00").by("sxd.lanh-dao").when(REPORT, report(1, 201, "SXD", "2026-07-30"));
    story.then(Kind::InstructionReported);
    story
}

fn state(story: &Story, number: u32) -> ItemState {
    story.case().escalation.item(number).unwrap().state
}

#[test]
fn an_agency_takes_note_of_its_own_items_once_and_may_report_without() {
    let mut story = directed();
    story.by("ubnd.lanh-dao").when("acknowledge-directive", json!({})).refused(Code::NotAuthorised);
    story.by("sxd.dau-moi").when("acknowledge-directive", json!({})).refused(Code::NotAuthorised);
    story.by("sxd.lanh-dao").when("acknowledge-directive", json!({})).then(Kind::InstructionAcknowledged);
    assert_eq!((state(&story, 1), state(&story, 2)), (ItemState::Acknowledged, ItemState::Issued));
    story.by("sxd.lanh-dao").when("acknowledge-directive", json!({})).refused(Code::BadState);
    story.by("btg.lanh-dao").when(REPORT, report(2, 9, "BTG", "2026-07-17")).then(Kind::InstructionReported);
}

#[test]
fn a_leader_of_the_responsible_agency_reports_with_a_document_of_its_own() {
    let mut story = directed();
    for officer in ["btg.lanh-dao", "ubnd.lanh-dao", "sxd.truong-phong", "tu.thu-ky"] {
        story.by(officer).when(REPORT, report(1, 201, "SXD", "2026-07-17")).refused(Code::NotAuthorised);
    }
    story.by("sxd.lanh-dao").when(REPORT, report(1, 201, "BTG", "2026-07-17"));
    story.refused_at(Code::DocInvalid, "document.issuer");
    story.when(REPORT, report(7, 201, "SXD", "2026-07-17")).refused_at(Code::InvalidData, "item");
    story.when(REPORT, report(1, 201, "SXD", "2026-07-17")).then(Kind::InstructionReported);
    story.when(REPORT, report(1, 202, "SXD", "2026-07-17")).refused(Code::BadState);
    assert_eq!(story.due_of(DeadlineKey::Implementation, 1), None, "its clock has stopped");
}

#[test]
fn the_secretariat_accepts_and_the_item_is_done() {
    let mut story = reported();
    for officer in ["btg.lanh-dao", "sxd.lanh-dao", "tu.thuong-truc"] {
        story.by(officer).when(ACCEPT, item(1)).refused(Code::NotAuthorised);
    }
    story.by("tu.thu-ky").when(ACCEPT, item(2)).refused(Code::BadState);
    story.when(ACCEPT, item(1)).then(Kind::InstructionAccepted);
    story.when(ACCEPT, item(1)).refused(Code::BadState);
    story.when(REJECT, rejection(1)).refused(Code::BadState);
    story.by("sxd.lanh-dao").when(REPORT, report(1, 202, "SXD", "2026-07-30")).refused(Code::BadState);
}

#[test]
fn the_party_sides_superior_accepts_if_the_directive_says_so_and_not_its_own() {
    let mut story = escalated();
    story.until("17/07/2026 11:00").by("tu.thu-ky");
    story.when("record-directive", with(binding(), "/binding/accepted_by_party_side", true));
    story.by("sxd.lanh-dao").when(REPORT, report(1, 201, "SXD", "2026-07-17"));
    story.by("btg.lanh-dao").when(REPORT, report(2, 31, "BTG", "2026-07-17"));
    story.by("btg.dau-moi").when(ACCEPT, item(1)).refused(Code::NotAuthorised);
    story.by("btg.lanh-dao").when(ACCEPT, item(2)).refused(Code::NotAuthorised);
    story.by("btg.lanh-dao").when(ACCEPT, item(1)).then(Kind::InstructionAccepted);
    story.by("tu.thu-ky").when(ACCEPT, item(2)).then(Kind::InstructionAccepted);
}

#[test]
fn a_rejection_has_a_reason_and_starts_a_new_clock() {
    let mut story = reported();
    story.by("tu.thu-ky").when(REJECT, with(rejection(1), "/reason", ""));
    story.refused_at(Code::InvalidData, "reason");
    story.when(REJECT, with(rejection(1), "/due", "2026-07-30T10:00:00+07:00"));
    story.refused_at(Code::InvalidData, "due");
    story.when(REJECT, with(rejection(1), "/due", "2026-08-05T17:00:00+07:00"));
    story.then(Kind::InstructionRejected);
    assert_eq!(state(&story, 1), ItemState::Rejected);
    assert_eq!(story.due_of(DeadlineKey::Implementation, 1).unwrap(), "05/08 17:00");
    story.by("sxd.lanh-dao").when(REPORT, report(1, 202, "SXD", "2026-07-30"));
    story.then(Kind::InstructionReported);
    story.by("tu.thu-ky").when(REJECT, rejection(1)).then(Kind::InstructionRejected);
    let again = story.due_of(DeadlineKey::Implementation, 1).unwrap();
    assert_eq!(again, "13/08 17:00", "ten working days by default");
}

#[test]
fn a_late_item_stays_late_for_ever() {
    let mut story = directed();
    story.until("31/07/2026 17:00:01");
    assert!(story.case().escalation.item(1).unwrap().is_late(), "the clock has noted it");
    story.by("sxd.lanh-dao").when(REPORT, report(1, 201, "SXD", "2026-07-31"));
    let Body::InstructionReported(said) = story.then(Kind::InstructionReported).newest().body().clone()
    else {
        panic!()
    };
    assert!(said.late);
    story.by("tu.thu-ky").when(REJECT, rejection(1));
    story.by("sxd.lanh-dao").when(REPORT, report(1, 202, "SXD", "2026-07-31"));
    story.by("tu.thu-ky").when(ACCEPT, item(1));
    assert!(story.case().escalation.item(1).unwrap().is_late());
}

#[test]
fn a_report_at_the_very_due_instant_is_on_time() {
    let mut story = directed();
    story.until("31/07/2026 17:00");
    assert!(story.case().escalation.item(1).unwrap().overdue, "level 1 comes at the due instant");
    story.by("sxd.lanh-dao").when(REPORT, report(1, 201, "SXD", "2026-07-31"));
    let Body::InstructionReported(said) = story.then(Kind::InstructionReported).newest().body().clone()
    else {
        panic!()
    };
    assert!(!said.late && !story.case().escalation.item(1).unwrap().is_late());
}

#[test]
fn the_responsible_agency_is_reminded_and_owes_level_by_level() {
    let mut story = directed();
    story.until("30/08/2026 00:00");
    let about: Vec<_> = story.log().into_iter().filter(|line| line.contains("implementation")).collect();
    assert_eq!(
        about,
        [
            "24/07 14:00 escalation.reminded implementation 50 %",
            "28/07 20:36 escalation.reminded implementation 80 %",
            "31/07 14:00 escalation.reminded implementation 50 %",
            "31/07 17:00 escalation.overdue implementation level 1, owed by SXD",
            "09/08 01:24 escalation.reminded implementation 80 %",
            "14/08 17:00 escalation.overdue implementation level 1, owed by BTG",
            "14/08 23:00 escalation.overdue implementation level 2, owed by SXD",
            "29/08 05:00 escalation.overdue implementation level 3, owed by SXD",
        ]
    );
}

#[test]
fn a_case_is_not_closed_while_an_instruction_is_open() {
    let mut story = reported();
    story.by("sxd.dau-moi").when("propose-closure", closing()).refused(Code::InstructionsOpen);
    story.by("tu.thu-ky").when(ACCEPT, item(1)).then(Kind::InstructionAccepted);
    story.by("sxd.dau-moi").when("propose-closure", closing()).refused(Code::InstructionsOpen);
    story.by("btg.lanh-dao").when(REPORT, report(2, 31, "BTG", "2026-07-30"));
    story.by("tu.thu-ky").when(ACCEPT, item(2));
    story.by("sxd.dau-moi").when("propose-closure", closing()).then(Kind::ClosureProposed);
    story.by("btg.lanh-dao").when("confirm-closure", confirming(1)).stands(Lifecycle::Closed);
    story.by("tu.thu-ky").when(REJECT, rejection(1)).refused(Code::BadState);
}

#[test]
fn nothing_is_reported_before_there_is_a_directive() {
    let mut story = escalated();
    story.by("sxd.lanh-dao").when(REPORT, report(1, 201, "SXD", "2026-07-14")).refused(Code::BadState);
    story.by("sxd.lanh-dao").when("acknowledge-directive", json!({})).refused(Code::BadState);
    story.by("tu.thu-ky").when(ACCEPT, item(1)).refused(Code::BadState);
}
