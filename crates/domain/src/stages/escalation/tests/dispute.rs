//! Statements and the dossier (commands 18 and 19).

use events::{Body, DeadlineKey, Kind, Lifecycle, Stage, terms::Side};
use serde_json::json;

use super::{disputed, escalated, filed};
use crate::{
    Code, access,
    stages::escalation::Dossier,
    story::{
        Files, Story, THIRD_SIDE, agree, clock, cover, disagree, local, statement, with, without, written,
    },
};

#[test]
fn a_dossier_is_drafted_exactly_while_the_case_is_disputed() {
    for mut story in [Story::phoned(), Story::coordinating(), Story::agreed(), Story::settled()] {
        assert_eq!(story.case().escalation.state, Dossier::None);
        story.at("17/05/2026 01:00");
        assert_eq!(story.step_of(Stage::Escalation), None);
    }
    let mut story = Story::coordinating();
    story.by("btg.lanh-dao").when("record-position", disagree()).then(Kind::PositionRecorded);
    story.stands(Lifecycle::Disputed);
    assert_eq!(story.case().escalation.state, Dossier::Drafting);
    assert!(
        story.due_of(DeadlineKey::Statement, 1).is_some() && story.due_of(DeadlineKey::Dossier, 1).is_some()
    );
}

#[test]
fn the_superiors_owe_the_statements_and_the_party_side_the_dossier() {
    let mut story = Files::with_organisation(THIRD_SIDE).story();
    story.requiring(&["CAT"]).by("snnmt.dau-moi").raise(written()).settle();
    story.by("btg.dau-moi").when("acknowledge", json!({})).settle();
    story.by("cat.giam-doc").when("record-position", agree());
    story.by("btg.lanh-dao").when("record-position", disagree()).stands(Lifecycle::Disputed);
    story.until("19/05/2026 17:00");
    let owed: Vec<_> = story.log().into_iter().filter(|line| line.contains("escalation.overdue")).collect();
    assert_eq!(
        owed,
        [
            "18/05 17:00 escalation.overdue statement level 1, owed by BTG UBND CAT",
            "19/05 17:00 escalation.overdue dossier level 1, owed by BTG"
        ]
    );
}

#[test]
fn a_side_that_has_filed_owes_no_statement_any_more() {
    let mut story = disputed();
    story.until("13/07/2026 10:00").by("sxd.lanh-dao").when("file-statement", statement("B"));
    story.until("14/07/2026 17:00");
    let owed: Vec<_> = story.log().into_iter().filter(|line| line.contains("overdue statement")).collect();
    assert_eq!(owed, ["13/07 17:00 escalation.overdue statement level 1, owed by BTG"]);
}

#[test]
fn one_leader_of_a_party_speaks_for_each_side_and_the_last_statement_completes() {
    let mut story = disputed();
    for officer in ["btg.dau-moi", "btg.truong-phong", "sxd.van-thu", "ubnd.dau-moi"] {
        story.by(officer).when("file-statement", statement("A")).refused(Code::NotAuthorised);
    }
    story.by("snnmt.lanh-dao").when("file-statement", statement("A")).refused(Code::NotFound);
    story.by("sxd.lanh-dao").when("file-statement", statement("B")).then(Kind::StatementFiled);
    assert!(!story.case().escalation.current().unwrap().complete);
    assert!(story.due_of(DeadlineKey::Statement, 1).is_some());
    story.by("btg.lanh-dao").when("file-statement", statement("A")).then(Kind::StatementFiled);
    assert!(story.case().escalation.current().unwrap().complete);
    assert_eq!(story.due_of(DeadlineKey::Statement, 1), None, "nothing more is owed");
    assert!(story.due_of(DeadlineKey::Dossier, 1).is_some());
}

#[test]
fn a_statement_is_replaceable_but_not_a_superiors_by_its_agency() {
    let mut story = disputed();
    story.by("sxd.lanh-dao").when("file-statement", statement("1"));
    story.by("sxd.lanh-dao").when("file-statement", statement("2")).then(Kind::StatementFiled);
    story.by("ubnd.lanh-dao").when("file-statement", statement("3")).then(Kind::StatementFiled);
    story.by("sxd.lanh-dao").when("file-statement", statement("4")).refused(Code::BadState);
    story.by("ubnd.lanh-dao").when("file-statement", statement("5")).then(Kind::StatementFiled);
    let dossier = story.case().escalation.current().unwrap();
    let filed = dossier.statement_of(Side::B).unwrap();
    assert_eq!((filed.agency.as_str(), filed.statement.facts.as_str()), ("UBND", "Sự việc 5"));
    assert_eq!(dossier.statements.len(), 1);
}

#[test]
fn a_statement_has_four_headings() {
    let mut story = disputed();
    story.by("sxd.lanh-dao");
    for heading in ["facts", "position", "legal_basis", "requested_decision"] {
        let at = format!("statement.{heading}");
        story.when("file-statement", with(statement("B"), &format!("/statement/{heading}"), " "));
        story.refused_at(Code::InvalidData, &at);
        story
            .when("file-statement", with(statement("B"), &format!("/statement/{heading}"), "x".repeat(4001)));
        story.refused_at(Code::InvalidData, &at);
        story.when("file-statement", without(statement("B"), &format!("/statement/{heading}")));
        story.refused_at(Code::InvalidData, &at);
    }
}

#[test]
fn statements_are_filed_only_while_the_case_is_disputed() {
    let mut story = Story::highway();
    story.by("sxd.lanh-dao").when("file-statement", statement("B")).refused(Code::BadState);
    let mut story = escalated();
    story.by("sxd.lanh-dao").when("file-statement", statement("B")).refused(Code::BadState);
}

#[test]
fn a_statement_is_sealed_until_all_are_in_or_due() {
    let mut story = disputed();
    story.until("13/07/2026 10:00").by("sxd.lanh-dao").when("file-statement", statement("B"));
    let reads = |story: &Story, officer: &str, at: &str| {
        let person = story.policy.organisation.person(&officer.into(), story.now).unwrap();
        access::may_read_statement(story.case().escalation.current().unwrap(), Side::B, &person, local(at))
    };
    for officer in ["sxd.dau-moi", "ubnd.lanh-dao"] {
        assert!(reads(&story, officer, "13/07/2026 10:00"), "{officer} is of the same side");
    }
    for officer in ["btg.lanh-dao", "btg.kiem-tra", "tu.thu-ky"] {
        assert!(!reads(&story, officer, "13/07/2026 17:00"), "at the due instant the other may still file");
        assert!(reads(&story, officer, "13/07/2026 17:00:01"));
    }
    story.until("13/07/2026 14:00").by("btg.lanh-dao").when("file-statement", statement("A"));
    assert!(reads(&story, "btg.lanh-dao", "13/07/2026 14:00"), "all are in");
}

#[test]
fn an_auditor_of_a_side_s_agency_does_not_read_its_sealed_statement() {
    let mut story = disputed();
    story.until("13/07/2026 10:00").by("btg.lanh-dao").when("file-statement", statement("A"));
    let current = story.case().escalation.current().unwrap();
    for (officer, reads) in [("btg.dau-moi", true), ("btg.kiem-tra", false), ("sxd.lanh-dao", false)] {
        let person = story.policy.organisation.person(&officer.into(), story.now).unwrap();
        let at = local("13/07/2026 10:00");
        assert_eq!(access::may_read_statement(current, Side::A, &person, at), reads, "{officer}");
    }
}

#[test]
fn the_dossier_waits_for_the_statements_or_until_they_are_late() {
    let mut story = disputed();
    story.until("13/07/2026 10:00").by("sxd.lanh-dao").when("file-statement", statement("B"));
    story.until("13/07/2026 11:00").by("btg.lanh-dao").when("submit-dossier", cover());
    story.refused(Code::DossierIncomplete);
    story.until("13/07/2026 17:00").when("submit-dossier", cover()).refused(Code::DossierIncomplete);
    story.until("14/07/2026 09:00").when("submit-dossier", cover()).then(Kind::CaseEscalated);
    let Body::CaseEscalated(said) = story.newest().body().clone() else { panic!() };
    assert_eq!(said.silent, [Side::A]);
    let submitted = story.case().escalation.current().unwrap().submitted.as_ref().unwrap();
    let text = submitted.content.text(story.case(), &story.policy.organisation, submitted.at);
    assert!(text.contains("Bên A: chưa gửi ý kiến."), "{text}");
    assert!(text.contains("Bên B – Sở Xây dựng, gửi lúc 10 giờ 00, ngày 13/07/2026:"), "{text}");
}

#[test]
fn the_party_sides_superior_submits_and_the_other_superior_once_it_is_late() {
    let mut story = filed();
    for officer in ["sxd.lanh-dao", "ubnd.lanh-dao", "btg.truong-phong", "ubnd.dau-moi"] {
        story.by(officer).when("submit-dossier", cover()).refused(Code::NotAuthorised);
    }
    story.until("14/07/2026 17:00").by("ubnd.lanh-dao").when("submit-dossier", cover());
    story.refused(Code::NotAuthorised);
    story.at("14/07/2026 17:00:01").by("ubnd.lanh-dao").when("submit-dossier", cover());
    story.refused_at(Code::DocInvalid, "document.issuer");
    story.when("submit-dossier", with(cover(), "/document/issuer", "UBND")).then(Kind::CaseEscalated);
}

#[test]
fn the_dossier_goes_up_with_a_cover_letter_and_a_date_that_is_only_a_wish() {
    let mut story = filed();
    story.until("14/07/2026 09:30").by("btg.lanh-dao");
    story.when("submit-dossier", with(cover(), "/document/number", 0));
    story.refused_at(Code::DocInvalid, "document.number");
    story.when("submit-dossier", cover()).then(Kind::CaseEscalated).stands(Lifecycle::Escalated);
    let Body::CaseEscalated(said) = story.newest().body().clone() else { panic!() };
    assert_eq!(clock(said.requested_by), "17/07 17:00");
    assert_eq!(story.case().escalation.state, Dossier::Submitted);
    assert!(story.registered().contains(&"45-TTr/BTGDVTU".to_owned()));
    for key in [DeadlineKey::Statement, DeadlineKey::Dossier] {
        assert_eq!(story.due_of(key, 1), None, "{key} has stopped");
    }
    let before = story.facts().len();
    story.until("20/09/2026 17:00");
    assert_eq!(story.facts().len(), before, "nobody reminds the standing body of anything");
    story.by("btg.lanh-dao").when("submit-dossier", cover()).refused(Code::BadState);
}

#[test]
fn the_digest_is_that_of_the_dossier_which_anybody_can_compile_again() {
    let story = escalated();
    let submitted = story.case().escalation.current().unwrap().submitted.clone().unwrap();
    assert_eq!(submitted.content.digest(), submitted.digest);
    let replayed = story.replayed().unwrap().unwrap();
    let again = replayed.escalation.current().unwrap().submitted.clone().unwrap();
    assert_eq!(again.content.canonical(), submitted.content.canonical());
    assert!(submitted.content.canonical().starts_with("{\"form\":\"vn.concord.dossier.v1\""));
}

#[test]
fn the_dossier_reads_as_an_official_would_write_it() {
    let story = escalated();
    let submitted = story.case().escalation.current().unwrap().submitted.clone().unwrap();
    let text = submitted.content.text(story.case(), &story.policy.organisation, submitted.at);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/stages/escalation/tests/dossier.txt");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(path).unwrap_or_default(), "UPDATE_GOLDENS=1 writes it anew");
}

#[test]
fn the_dossier_of_an_exercise_says_so_first() {
    let story = escalated();
    let mut case = story.case().clone();
    case.matter.exercise = true;
    let submitted = case.escalation.current().unwrap().submitted.clone().unwrap();
    let text = submitted.content.text(&case, &story.policy.organisation, submitted.at);
    assert!(text.starts_with("[DIỄN TẬP] HỒ SƠ BÁO CÁO"), "{text}");
    let real = submitted.content.text(story.case(), &story.policy.organisation, submitted.at);
    assert!(!real.contains("DIỄN TẬP"), "{real}");
}

#[test]
fn a_dossier_has_the_names_of_the_day_on_which_it_was_compiled() {
    let mut files = Files::default();
    let name = "name = \"Ban Tuyên giáo và Dân vận Tỉnh ủy\"\n";
    let renamed =
        |day: &str| format!("{name}former = [{{ name = \"Ban Tuyên giáo Tỉnh ủy\", until = {day} }}]\n");
    files.organisation = files.organisation.replacen(name, &renamed("2026-07-14"), 1);
    let mut story = escalated();
    // It came to the board on the 8th and went up on the 14th: by then the board had its new name.
    story.now_under(&files);
    let submitted = story.case().escalation.current().unwrap().submitted.clone().unwrap();
    let text = submitted.content.text(story.case(), &story.policy.organisation, submitted.at);
    let line =
        |wanted: &str| text.lines().find(|line| line.contains(wanted)).unwrap_or_else(|| panic!("{wanted}"));
    assert!(
        line("cơ quan tiếp nhận: ").contains("cơ quan tiếp nhận: Ban Tuyên giáo và Dân vận Tỉnh ủy"),
        "{text}"
    );
    assert!(line("ngày 08/07/2026: Xác nhận tiếp nhận").ends_with("(Ban Tuyên giáo Tỉnh ủy)"), "{text}");
    // A rename after that day changes nothing in it.
    files.organisation = files.organisation.replacen("until = 2026-07-14", "until = 2026-07-20", 1);
    let text = submitted.content.text(story.case(), &files.policy().organisation, submitted.at);
    assert!(!text.contains("Ban Tuyên giáo và Dân vận Tỉnh ủy"), "{text}");
}

#[test]
fn a_standing_body_sees_the_case_once_it_has_gone_up() {
    let mut story = filed();
    story.by("tu.thu-ky").when("acknowledge-dossier", json!({})).refused(Code::NotFound);
    let mut story = escalated();
    story.by("tu.thu-ky").when("acknowledge-dossier", json!({})).then(Kind::DossierReceived);
}
