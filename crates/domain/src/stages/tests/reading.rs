//! The catalogue of acts, and the reading of their bodies.

use super::*;
use crate::{
    catalogue,
    story::{binding, cover, statement},
};

#[test]
fn every_fact_of_a_person_has_its_act_and_every_act_its_stage() {
    let mut recorded = Vec::new();
    for act in catalogue::acts() {
        let found = catalogue::acts().filter(|other| other.name == act.name);
        assert_eq!(found.count(), 1, "{} stands twice", act.name);
        assert!(!act.who.is_empty());
        for kind in act.records {
            assert_eq!(kind.stage(), act.stage, "{}", act.name);
            recorded.push(*kind);
        }
    }
    let automatic = [
        Kind::Numbered,
        Kind::ConfirmationReminded,
        Kind::ConfirmationOverdue,
        Kind::FallbackAssigned,
        Kind::ChiefReminded,
        Kind::RoutingReminded,
        Kind::RoutingOverdue,
        Kind::CoordinationOpened,
        Kind::RoundOpened,
        Kind::CoordinationReevaluated,
        Kind::CoordinationReminded,
        Kind::CoordinationOverdue,
        Kind::TermEnded,
        Kind::TaskforceReminded,
        Kind::TaskforceOverdue,
        Kind::EscalationReminded,
        Kind::EscalationOverdue,
        Kind::ClosureReminded,
        Kind::ClosureOverdue,
        Kind::IntakesAdopted,
        Kind::DutiesTransferred,
        Kind::DocumentRegistered,
        Kind::DelegationExpiring,
        Kind::DelegationExpired,
        Kind::DelegationsPassed,
        Kind::ReportOpened,
        Kind::ReportTransferred,
        Kind::ReportingReminded,
        Kind::ReportingOverdue,
        Kind::AgendaCompiled,
        Kind::BriefingTransferred,
        Kind::BriefingReminded,
        Kind::BriefingOverdue,
        Kind::ProjectTransferred,
        Kind::ProjectReminded,
        Kind::ProjectOverdue,
        Kind::AgreementExpired,
    ];
    for kind in Kind::ALL {
        let times = recorded.iter().filter(|recorded| *recorded == kind).count();
        // A dossier goes up on a disagreement, or with joint advice.
        let acts = if *kind == Kind::CaseEscalated { 2 } else { 1 };
        assert_eq!(times, if automatic.contains(kind) { 0 } else { acts }, "{kind}");
    }
    assert_eq!(act("nonsense"), None);
}

/// The code and the field of what `Command::parse` says about a body.
fn unread(name: &str, body: Value) -> (Code, Option<String>) {
    let refusal = Command::parse(act(name).unwrap(), body).unwrap_err();
    (refusal.code, refusal.field)
}

fn unread_at(name: &str, body: Value) -> String {
    let (code, field) = unread(name, body);
    assert_eq!(code, Code::InvalidData);
    field.unwrap_or_default()
}

#[test]
fn the_bodies_of_these_tests_can_be_read() {
    for (name, body) in acts_with_bodies() {
        let command = Command::parse(act(name).unwrap(), body).unwrap();
        assert_eq!(command.stage(), act(name).unwrap().stage);
    }
}

#[test]
fn a_field_that_is_not_known_is_named_with_its_path() {
    for (name, body) in acts_with_bodies() {
        assert_eq!(unread_at(name, with(body, "/surprise", 1)), "surprise", "{name}");
    }
    for (name, body, at, path) in [
        ("raise", phone(), "/call/surprise", "call.surprise"),
        ("raise", phone(), "/call/caller/surprise", "call.caller.surprise"),
        ("raise", phone(), "/call/key_facts/surprise", "call.key_facts.surprise"),
        ("raise", phone(), "/request", "request"),
        ("raise", phone(), "/document", "document"),
        ("raise", written(), "/call", "call"),
        ("raise", written(), "/document/surprise", "document.surprise"),
        ("raise", written(), "/document/signer/surprise", "document.signer.surprise"),
        ("submit-written-confirmation", confirmation(), "/document/surprise", "document.surprise"),
        ("submit-written-confirmation", confirmation(), "/key_facts/place", "key_facts.place"),
        ("compare-written", verdicts("same"), "/verdicts/surprise", "verdicts.surprise"),
        ("compare-written", verdicts("same"), "/verdicts/where/surprise", "verdicts.where.surprise"),
        ("record-position", agree(), "/position/agree/reasons", "position.agree.reasons"),
        ("consent-task-force", consenting_only(1), "/consent/yes/reason", "consent.yes.reason"),
        ("dissolve-task-force", dissolving("UBND"), "/document/surprise", "document.surprise"),
        (
            "establish-task-force",
            establishing_by_directive("BTG"),
            "/by_directive/surprise",
            "by_directive.surprise",
        ),
    ] {
        assert_eq!(unread_at(name, with(body, at, "x")), path, "{name}");
    }
}

#[test]
fn a_field_that_is_missing_is_named_with_its_path() {
    for (name, body, at, path) in [
        ("raise", phone(), "/channel", "channel"),
        ("raise", phone(), "/raiser", "raiser"),
        ("raise", phone(), "/call", "call"),
        ("raise", phone(), "/call/ended_at", "call.ended_at"),
        ("raise", phone(), "/call/caller/number", "call.caller.number"),
        ("raise", phone(), "/call/key_facts/where", "call.key_facts.where"),
        ("raise", written(), "/request", "request"),
        ("raise", written(), "/document/abstract", "document.abstract"),
        ("raise", written(), "/document/signer/office", "document.signer.office"),
        ("verify-callback", callback("failed"), "/result", "result"),
        ("submit-written-confirmation", confirmation(), "/key_facts/request", "key_facts.request"),
        ("compare-written", verdicts("same"), "/verdicts/scale", "verdicts.scale"),
        ("compare-written", verdicts("same"), "/verdicts/what/verdict", "verdicts.what.verdict"),
        ("route", json!({ "unit": "BTG.TT" }), "/unit", "unit"),
        ("record-position", agree(), "/position", "position"),
        ("record-position", disagree(), "/position/disagree/reasons", "position.disagree.reasons"),
        ("propose-task-force", task_force(), "/until", "until"),
        ("consent-task-force", not_consenting(1), "/consent/no/reason", "consent.no.reason"),
        ("establish-task-force", establishing("UBND"), "/document/symbol", "document.symbol"),
        ("assign-task", task_of("btg.dau-moi"), "/due", "due"),
        ("propose-closure", closing(), "/outcome", "outcome"),
        ("confirm-closure", confirming(1), "/proposal", "proposal"),
        ("decline", declining(), "/reason", "reason"),
        ("reroute", rerouting(), "/reason", "reason"),
        ("add-agency", adding("SXD", "consulted"), "/agency", "agency"),
        ("add-agency", adding("SXD", "consulted"), "/role", "role"),
        ("explain-discrepancy", explaining(), "/text", "text"),
        ("reconcile-discrepancy", reconciling(1), "/explanation", "explanation"),
        ("request-corrected-written", correcting(), "/reason", "reason"),
        ("propose-settlement", settling(), "/text", "text"),
        ("confirm-settlement", confirming(1), "/proposal", "proposal"),
        ("withdraw", withdrawing(), "/document", "document"),
        ("withdraw", withdrawing(), "/document/signer", "document.signer"),
        ("propose-cancellation", cancelling("test"), "/reason", "reason"),
        ("confirm-cancellation", confirming(1), "/proposal", "proposal"),
    ] {
        assert_eq!(unread_at(name, without(body, at)), path, "{name}");
    }
}

#[test]
fn a_field_of_the_wrong_kind_is_named_with_its_path() {
    for (name, body, at, value, path) in [
        ("raise", phone(), "/channel", json!("fax"), "channel"),
        ("raise", phone(), "/channel", json!(7), "channel"),
        ("raise", phone(), "/urgency", json!("mildly"), "urgency"),
        ("raise", phone(), "/complex", json!("yes"), "complex"),
        ("raise", phone(), "/deliver_by", json!("tomorrow"), "deliver_by"),
        ("raise", phone(), "/call/ended_at", json!("16/05/2026 21:48"), "call.ended_at"),
        ("raise", phone(), "/call/direction", json!("up"), "call.direction"),
        ("raise", phone(), "/call", json!([]), "call"),
        ("raise", written(), "/document/date", json!("2026-02-30"), "document.date"),
        ("raise", written(), "/document/number", json!(-1), "document.number"),
        ("raise", written(), "/document/number", json!("118"), "document.number"),
        ("raise", written(), "/document/register", json!("church"), "document.register"),
        (
            "raise",
            written(),
            "/document/attachments",
            json!([{ "file_name": 1 }]),
            "document.attachments[0].file_name",
        ),
        ("verify-callback", callback("maybe"), "/intake", json!(1), "result"),
        (
            "compare-written",
            verdicts("same"),
            "/verdicts/what/verdict",
            json!("near"),
            "verdicts.what.verdict",
        ),
        ("record-position", agree(), "/position", json!("agree"), "position"),
        ("record-position", agree(), "/position", json!({ "abstain": {} }), "position"),
        ("propose-task-force", task_force(), "/until", json!("30/06/2026"), "until"),
        ("consent-task-force", consenting_only(1), "/consent", json!({ "maybe": {} }), "consent"),
        ("schedule-meeting", meeting(), "/at", json!("soon"), "at"),
        (
            "dissolve-task-force",
            dissolving("UBND"),
            "/transfers",
            json!([{ "task": 1, "to": "UBND" }, { "task": "2", "to": "UBND" }]),
            "transfers[1].task",
        ),
        ("propose-closure", closing(), "/outcome", json!("won"), "outcome"),
        ("confirm-closure", confirming(1), "/proposal", json!("first"), "proposal"),
        ("add-agency", adding("SXD", "lead"), "/agency", json!("SXD"), "role"),
        ("reconcile-discrepancy", reconciling(1), "/prevails", json!("both"), "prevails"),
        ("propose-cancellation", cancelling("boredom"), "/note", json!("x"), "reason"),
    ] {
        let found = unread_at(name, with(body, at, value));
        assert!(found == path || found.starts_with(&format!("{path}.")), "{name}: {found}, not {path}");
    }
}

#[test]
fn what_cannot_be_read_is_said_in_words() {
    for (name, body, field, vi, en) in [
        (
            "record-position",
            json!({ "position": { "disagree": {} } }),
            "position.disagree.reasons",
            "Thiếu “reasons”.",
            "“reasons” is missing.",
        ),
        (
            "route",
            json!({ "unit": "BTG.TT", "mood": "good" }),
            "mood",
            "Không có trường “mood”; các trường ở đây: unit.",
            "There is no field “mood”; the fields here are: unit.",
        ),
        (
            "acknowledge",
            json!({ "mood": "good" }),
            "mood",
            "Không có trường “mood”: việc này không cần nội dung nào.",
            "There is no field “mood”: nothing is to be said here.",
        ),
        (
            "verify-callback",
            callback("perhaps"),
            "result",
            "Không có lựa chọn “perhaps”; chọn: verified, failed, unreachable.",
            "“perhaps” is none of the choices: verified, failed, unreachable.",
        ),
        (
            "record-position",
            json!({ "position": { "abstain": {} } }),
            "position",
            "Không có lựa chọn “abstain”; chọn: agree, disagree, counter.",
            "“abstain” is none of the choices: agree, disagree, counter.",
        ),
        (
            "record-position",
            json!({ "position": "agree" }),
            "position",
            "Lựa chọn “agree” phải kèm nội dung của nó: {\"agree\": {…}}.",
            "“agree” comes with what belongs to it: {\"agree\": {…}}.",
        ),
        (
            "record-position",
            json!({ "position": { "agree": {}, "disagree": {} } }),
            "position",
            "Phải là đúng một lựa chọn.",
            "Must be exactly one of the choices.",
        ),
        (
            "confirm-closure",
            json!({ "proposal": "a, expected b" }),
            "proposal",
            "Phải là một số nguyên không âm trong giới hạn.",
            "Must be a whole number, not too large.",
        ),
        (
            "propose-task-force",
            with(task_force(), "/until", "2026-02-30"),
            "until",
            "Phải là ngày có thật, ví dụ 2026-05-16, hoặc thời điểm có thật, ví dụ 2026-05-16T21:48:00+07:00.",
            "Must be a date that exists, such as 2026-05-16, or such a time as 2026-05-16T21:48:00+07:00.",
        ),
        (
            "propose-task-force",
            with(task_force(), "/until", 7),
            "until",
            "Phải là ngày, ví dụ 2026-05-16.",
            "Must be a date such as 2026-05-16.",
        ),
        (
            "schedule-meeting",
            with(meeting(), "/at", 7),
            "at",
            "Phải là thời điểm, ví dụ 2026-05-16T21:48:00+07:00.",
            "Must be a time such as 2026-05-16T21:48:00+07:00.",
        ),
    ] {
        let refusal = Command::parse(act(name).unwrap(), body).unwrap_err();
        let said = (refusal.field.as_deref(), &*refusal.vi, &*refusal.en);
        assert_eq!(said, (Some(field), vi, en), "{name}");
    }
}

/// Every place of a value, from the top down.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| places(field, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            (0..)
                .zip(items)
                .for_each(|(place, item): (usize, _)| places(item, &format!("{at}/{place}"), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn no_word_of_the_program_is_said_whatever_stands_in_a_body() {
    let mut refused = 0;
    let directed =
        [("file-statement", statement("B")), ("submit-dossier", cover()), ("record-directive", binding())];
    for (name, body) in acts_with_bodies().chain(directed) {
        let mut found = Vec::new();
        places(&body, "", &mut found);
        let wrong =
            [json!(null), json!(-7), json!(1.5), json!(true), json!("?"), json!([]), json!({}), json!(["?"])];
        for (at, value) in found.iter().flat_map(|at| wrong.iter().map(move |value| (at, value))) {
            let mut body = body.clone();
            *body.pointer_mut(at).unwrap() = value.clone();
            let Err(refusal) = Command::parse(act(name).unwrap(), body) else { continue };
            refused += 1;
            assert_eq!(refusal.code, Code::InvalidData);
            for text in [&refusal.vi, &refusal.en] {
                let of_the_program = ["`", "struct", "variant", "enum", "u32", "expected", "invalid", "::"];
                let said: Vec<_> = of_the_program.into_iter().filter(|word| text.contains(word)).collect();
                assert_eq!(said, Vec::<&str>::new(), "{name} {at} {value}: {text}");
            }
            assert!(
                !refusal.vi.is_ascii() && refusal.vi != refusal.en,
                "{name} {at} {value}: {}",
                refusal.vi
            );
        }
    }
    assert!(refused > 500, "{refused}");
}

#[test]
fn a_body_that_is_no_object_is_refused_and_none_at_all_is_an_empty_one() {
    for (name, _) in acts_with_bodies() {
        for body in [json!([]), json!("text"), json!(1), json!(true)] {
            assert_eq!(unread(name, body), (Code::InvalidData, None), "{name}");
        }
    }
    assert!(Command::parse(act("acknowledge").unwrap(), Value::Null).is_ok());
    assert_eq!(unread_at("route", Value::Null), "unit");
    assert_eq!(unread_at("raise", Value::Null), "channel");
}

#[test]
fn texts_are_clean_before_a_rule_sees_them() {
    let mut story = Story::new();
    let body = with(phone(), "/title", "Thu\u{309}y sa\u{309}n\u{202E} che\u{302}\u{301}t \t");
    let body = with(body, "/call/key_facts/scale", "40 lo\u{302}\u{300}ng\r\n\r\n");
    story.raise(body);
    assert_eq!(story.case().matter.title, "Thủy sản chết");
    let call = story.case().intakes[0].call.as_ref().unwrap();
    assert_eq!(call.key_facts.scale, "40 lồng");
    let mut story = Story::new();
    story.raise(with(phone(), "/title", "\u{202E}\u{200F} \n")).refused_at(Code::InvalidData, "title");
    story.raise(with(phone(), "/raiser", "SNNMT\u{200E} ")).then(Kind::RaisedByPhone);
}
