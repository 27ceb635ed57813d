//! What holds for every stage: the order of the checks, repeats, the chain of facts, the reading of acts.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use events::{Actor, Body, CaseId, Digest, Fact, Kind, Lifecycle, Stage};
use serde_json::{Value, json};

use super::*;
use crate::{
    Code, OutOfOrder,
    deadlines::Timer,
    story::{
        Files, Story, agree, callback, closing, confirmation, confirming, document, phone, verdicts, with,
        without, written,
    },
};

// The order of the checks (DOMAIN §3.3).

#[test]
fn what_is_not_yours_looks_like_what_is_not_there() {
    let mut story = Story::phoned();
    let version = story.case().version;
    story.by("sxd.dau-moi").expecting(99).when("compare-written", verdicts("same")).refused(Code::NotFound);
    let hidden = story.by("sxd.lanh-dao").when("acknowledge", json!({})).why();
    assert_eq!(story.case().version, version);
    let mut nothing = Story::new();
    let absent = nothing.by("btg.dau-moi").when("acknowledge", json!({})).why();
    assert_eq!(hidden, absent);
}

#[test]
fn rights_come_before_the_expected_version_and_that_before_state_and_guards() {
    let mut story = Story::phoned();
    let bad = || with(confirmation(), "/document/number", 0);
    let act = "submit-written-confirmation";
    story.until("16/05/2026 23:00").by("snnmt.van-thu").when(act, confirmation()).then(Kind::WrittenReceived);
    story.by("sxd.van-thu").expecting(1).when(act, bad()).refused(Code::NotFound);
    story
        .by("ubnd.truong-phong")
        .expecting(1)
        .when("compare-written", verdicts("same"))
        .refused(Code::NotAuthorised);
    story.by("btg.van-thu").expecting(1).when(act, bad()).refused(Code::NotAuthorised);
    story.by("snnmt.van-thu").expecting(1).when(act, bad()).refused(Code::Conflict);
    story.by("snnmt.van-thu").when(act, bad()).refused(Code::WrittenNotExpected);
}

#[test]
fn a_version_ahead_of_the_case_is_a_conflict_too_and_the_present_one_is_none() {
    let mut story = Story::phoned();
    let version = story.case().version;
    story.by("btg.dau-moi");
    story.expecting(version + 1).when("acknowledge", json!({})).refused(Code::Conflict);
    story.expecting(version - 1).when("acknowledge", json!({})).refused(Code::Conflict);
    story.expecting(version).when("acknowledge", json!({})).then(Kind::AssignmentAcknowledged);
}

#[test]
fn an_administrator_sees_no_case_and_an_auditor_may_do_nothing_in_it() {
    let mut story = Files::with_organisation(
        r#"
        [[office]]
        id = "BTG.QT"
        agency = "BTG"
        title = "Quản trị"
        role = "AD"
        email = "quan-tri@btg.tinh.example"

        [[officer]]
        id = "btg.quan-tri"
        name = "Quản trị"
        office = "BTG.QT"
        "#,
    )
    .story();
    story.raise(phone()).settle();
    for (act, body) in acts_with_bodies().filter(|(act, _)| *act != "raise") {
        story.by("btg.quan-tri").when(act, body.clone()).refused(Code::NotFound);
        story.by("btg.kiem-tra").when(act, body).refused(Code::NotAuthorised);
    }
    let mut fresh = Story::new();
    fresh.by("btg.kiem-tra").raise(phone()).refused(Code::NotAuthorised);
}

/// Every act with a body that can be read.
fn acts_with_bodies() -> impl Iterator<Item = (&'static str, Value)> {
    [
        ("raise", phone()),
        ("raise", written()),
        ("verify-callback", callback("verified")),
        ("submit-written-confirmation", confirmation()),
        ("compare-written", verdicts("same")),
        ("route", json!({ "unit": "BTG.TT" })),
        ("acknowledge", json!({})),
        ("record-position", agree()),
        ("propose-closure", closing()),
        ("confirm-closure", confirming(1)),
        ("reject-closure", json!({ "proposal": 1, "reason": "Chưa xong" })),
    ]
    .into_iter()
}

#[test]
fn the_system_does_no_act_of_a_person() {
    let mut story = Story::phoned();
    for (name, body) in acts_with_bodies() {
        let command = Command::parse(act(name).unwrap(), body).unwrap();
        story.system(&command).refused(Code::NotAuthorised);
    }
    for body in [phone(), written()] {
        let command = Command::parse(act("raise").unwrap(), body).unwrap();
        let ctx = Context::of_system(story.now, &story.policy);
        let id = CommandId::of_step(CaseId(uuid::Uuid::nil()), "raise");
        let refusal = decide(None, id, None, &command, &ctx).unwrap_err();
        assert_eq!(refusal.code, Code::NotAuthorised);
    }
}

#[test]
fn a_person_gives_no_command_of_the_system() {
    let mut story = Story::new();
    story.raise(phone());
    let mut automatic = BTreeSet::new();
    for clock in ["16/05/2026 21:52", "16/05/2026 22:30", "17/05/2026 00:00", "17/05/2026 06:00"] {
        story.at(clock);
        for step in story.steps() {
            assert!(story.would(&step).is_ok(), "{step:?}");
            story.by("btg.lanh-dao").usurps(&step.command).refused(Code::NotAuthorised);
            automatic.insert(step.command.stage());
        }
        story.settle();
    }
    assert_eq!(automatic.len(), 3, "intake, confirmation and routing had something to do");
    let timer = Timer::Remind(events::terms::Reminded {
        key: events::DeadlineKey::Position,
        instance: 1,
        share: 50,
        due: story.now,
    });
    for command in [
        Command::Coordination(coordination::Command::Open),
        Command::Coordination(coordination::Command::Timer(timer.clone())),
        Command::Escalation(escalation::Command::Timer(timer.clone())),
        Command::Closure(closure::Command::Timer(timer)),
    ] {
        story.usurps(&command).refused(Code::NotAuthorised);
    }
}

#[test]
fn without_a_case_there_is_nothing_but_raising() {
    let mut story = Story::new();
    for (name, body) in acts_with_bodies().filter(|(act, _)| *act != "raise") {
        story.by("btg.lanh-dao").when(name, body).refused(Code::NotFound);
    }
    story.usurps(&Command::Intake(intake::Command::Number)).refused(Code::NotFound);
}

#[test]
fn a_case_is_raised_once() {
    let mut story = Story::phoned();
    story.by("btg.truc-ban").raise(phone()).refused(Code::BadState);
}

// Repeats (DESIGN D6).

#[test]
fn a_repeat_gives_the_first_fact_again_whatever_has_happened_since() {
    let mut story = Story::new();
    story.by("btg.truc-ban").key("k").raise(phone()).settle();
    story.key("k").raise(phone()).repeats(1);
    story.until("16/05/2026 22:00").by("btg.dau-moi").key("a").when("acknowledge", json!({}));
    let acknowledged = story.then(Kind::AssignmentAcknowledged).case().version;
    story.until("17/05/2026 12:00").by("btg.dau-moi").key("a").expecting(1).when("acknowledge", json!({}));
    story.repeats(acknowledged);
    story.by("btg.truc-ban").key("k").raise(phone()).repeats(1);
}

#[test]
fn a_repeat_is_answered_before_rights_are_asked() {
    let mut story = Story::settled();
    story.until("17/05/2026 08:00").by("snnmt.dau-moi").key("c").when("propose-closure", closing());
    let proposed = story.case().version;
    let mut files = Files::default();
    files.organisation = files.organisation.replace(
        "name = \"Phan Văn Lợi\"\noffice = \"SNNMT.VP.DM\"",
        "name = \"Phan Văn Lợi\"\noffice = \"SNNMT.VT\"",
    );
    story.now_under(&files);
    story.when("propose-closure", closing()).refused(Code::NotAuthorised);
    story.key("c").when("propose-closure", closing()).repeats(proposed);
}

#[test]
fn a_repeat_by_one_who_may_not_see_the_case_shows_nothing() {
    let mut story = Story::settled();
    story.until("17/05/2026 08:00").by("snnmt.dau-moi").key("c").when("propose-closure", closing());
    let mut files = Files::default();
    files.organisation = files.organisation.replace(
        "name = \"Phan Văn Lợi\"\noffice = \"SNNMT.VP.DM\"",
        "name = \"Phan Văn Lợi\"\noffice = \"SXD.VP.DM\"",
    );
    story.now_under(&files).key("c").when("propose-closure", closing()).refused(Code::NotFound);
}

#[test]
fn a_key_with_another_body_is_refused_and_another_officers_key_is_another_key() {
    let mut story = Story::new();
    story.by("btg.truc-ban").key("k").raise(phone()).settle();
    story.key("k").raise(with(phone(), "/title", "Việc khác")).refused(Code::IdempotencyKeyReused);
    story.by("ubnd.dau-moi").key("a").when("acknowledge", json!({})).then(Kind::AssignmentAcknowledged);
    story.by("btg.dau-moi").key("a").when("acknowledge", json!({})).then(Kind::AssignmentAcknowledged);
    story.key("a").when("verify-callback", callback("verified")).refused(Code::IdempotencyKeyReused);
}

#[test]
fn a_refusal_is_decided_afresh() {
    let mut story = Story::agreed();
    story.by("btg.dau-moi").key("c").when("propose-closure", closing()).refused(Code::WrittenNotSettled);
    story.until("17/05/2026 00:30").by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
    story.by("btg.dau-moi").when("compare-written", verdicts("same"));
    story.key("c").when("propose-closure", closing()).then(Kind::ClosureProposed);
}

#[test]
fn a_step_has_one_name_in_every_process_and_makes_one_fact() {
    let mut story = Story::new();
    story.raise(phone());
    let first = story.steps();
    assert_eq!(first, story.steps());
    let names: Vec<_> = first.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["number", "route-by-rule"]);
    let ids: BTreeSet<_> = first.iter().map(|step| step.command_id(story.case().id)).collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(first[0].command_id(story.case().id), first[0].command_id(CaseId(uuid::Uuid::nil())));
    story.settle();
    for (step, version) in first.iter().zip([2, 3]) {
        match story.would(step) {
            Ok(Outcome::Repeat(receipt)) => assert_eq!(receipt.version, version),
            other => panic!("{other:?}"),
        }
    }
}

// Folding.

fn facts() -> Vec<Fact> {
    let mut story = Story::settled();
    story.until("17/05/2026 08:00").by("snnmt.dau-moi").when("propose-closure", closing());
    story.by("btg.lanh-dao").when("confirm-closure", confirming(1)).then(Kind::CaseClosed);
    story.facts().to_vec()
}

/// The case after the first so many facts.
fn after(facts: &[Fact], count: usize) -> Option<Case> {
    facts[..count].iter().try_fold(None, |case, fact| evolve(case, fact).map(Some)).unwrap()
}

#[test]
fn a_gap_or_a_fact_twice_does_not_follow() {
    let facts = facts();
    for count in 0..facts.len() {
        let expected = u32::try_from(count).unwrap() + 1;
        for (other, fact) in facts.iter().enumerate().filter(|(other, _)| *other != count) {
            let found = u32::try_from(other).unwrap() + 1;
            assert_eq!(evolve(after(&facts, count), fact), Err(OutOfOrder::Version { expected, found }));
        }
    }
}

#[test]
fn a_changed_byte_breaks_the_chain() {
    let story = Story::settled();
    for changed in 0..story.stored().len() - 1 {
        let mut bytes = story.stored().to_vec();
        bytes[changed] = bytes[changed].replacen("\"commandid\":\"", "\"commandid\": \"", 1);
        assert_ne!(bytes[changed], story.stored()[changed]);
        let replayed = bytes.iter().try_fold(None, |case, bytes| {
            evolve(case, &Fact::from_bytes(bytes.as_bytes()).unwrap()).map(Some)
        });
        let version = u32::try_from(changed).unwrap() + 2;
        assert_eq!(replayed, Err(OutOfOrder::Chain { version }));
    }
}

#[test]
fn a_first_fact_follows_on_nothing() {
    let mut facts = facts();
    facts[0].previous = Digest::of(b"something");
    assert_eq!(evolve(None, &facts[0]), Err(OutOfOrder::Chain { version: 1 }));
}

#[test]
fn a_fact_that_moves_from_elsewhere_does_not_follow() {
    let facts = facts();
    let mut moves = 0;
    for (count, fact) in facts.iter().enumerate() {
        let Some(transition) = fact.draft.transition else { continue };
        moves += 1;
        for from in [None, Some(Lifecycle::Received), Some(Lifecycle::Directed)] {
            if from == transition.from {
                continue;
            }
            let mut fact = fact.clone();
            fact.draft.transition = Some(Transition { from, to: transition.to });
            let (version, kind) = (fact.version, fact.body().kind());
            assert_eq!(
                evolve(after(&facts, count), &fact),
                Err(OutOfOrder::State { version, kind }),
                "{from:?}"
            );
        }
    }
    assert_eq!(moves, 5);
}

#[test]
fn a_case_begins_as_received() {
    let facts = facts();
    for transition in [None, Some(Transition { from: None, to: Lifecycle::Agreed })] {
        let mut fact = facts[0].clone();
        fact.draft.transition = transition;
        let kind = Kind::RaisedByPhone;
        assert_eq!(evolve(None, &fact), Err(OutOfOrder::State { version: 1, kind }));
    }
}

#[test]
fn recorded_time_does_not_run_backwards() {
    let facts = facts();
    let mut early = facts[1].clone();
    early.recorded_at = facts[0].recorded_at - TimeDelta::nanoseconds(1);
    assert_eq!(evolve(after(&facts, 1), &early), Err(OutOfOrder::Time { version: 2 }));
    early.recorded_at = facts[0].recorded_at;
    assert!(evolve(after(&facts, 1), &early).is_ok());
}

#[test]
fn only_a_person_raises_a_case_and_only_once() {
    let facts = facts();
    let place = |version, kind| Err(OutOfOrder::Place { version, kind });
    let mut second = facts[1].clone();
    second.draft.body = facts[0].body().clone();
    assert_eq!(evolve(after(&facts, 1), &second), place(2, Kind::RaisedByPhone));
    let mut first = facts[0].clone();
    first.draft.body = facts[1].body().clone();
    assert_eq!(evolve(None, &first), place(1, Kind::Numbered));
    let mut automatic = facts[0].clone();
    automatic.draft.origin.actor = Actor::System { service: "intake".to_owned() };
    assert_eq!(evolve(None, &automatic), place(1, Kind::RaisedByPhone));
    let registered = Body::DocumentRegistered(events::document::Registered {
        document: serde_json::from_value(document()).unwrap(),
        case: after(&facts, 1).unwrap().id,
    });
    let mut register = facts[1].clone();
    register.draft.body = registered.clone();
    assert_eq!(evolve(after(&facts, 1), &register), place(2, Kind::DocumentRegistered));
    register.draft.aggregate = events::AggregateId::Document(events::DocumentId(uuid::Uuid::nil()));
    register.draft.body = facts[0].body().clone();
    (register.version, register.previous) = (1, Digest::ZERO);
    assert_eq!(evolve(None, &register), place(1, Kind::RaisedByPhone));
}

#[test]
fn a_fact_of_another_case_does_not_follow() {
    let facts = facts();
    let mut stranger = facts[1].clone();
    stranger.draft.aggregate = events::AggregateId::Case(CaseId(uuid::Uuid::nil()));
    let place = OutOfOrder::Place { version: 2, kind: Kind::Numbered };
    assert_eq!(evolve(after(&facts, 1), &stranger), Err(place));
}

#[test]
fn a_fold_says_what_its_newest_fact_was_and_which_acts_are_known() {
    let facts = facts();
    for count in 1..=facts.len() {
        let (case, fact) = (after(&facts, count).unwrap(), &facts[count - 1]);
        assert_eq!((case.version, case.head), (fact.version, fact.digest));
        assert_eq!((case.last.event, case.last.correlation), (fact.draft.id, fact.origin().correlation));
        assert_eq!(case.recorded_at, fact.recorded_at);
        assert_eq!(case.acts.len(), count);
        let receipt = case.acts[&fact.origin().command];
        assert_eq!((receipt.version, receipt.event), (fact.version, fact.draft.id));
        assert_eq!(receipt.fingerprint, fact.origin().fingerprint);
    }
}

// The catalogue of acts, and reading them.

#[test]
fn every_fact_of_a_person_has_its_act_and_every_act_its_stage() {
    let mut recorded = Vec::new();
    for act in acts() {
        assert_eq!(super::act(act.name), Some(act), "{} stands twice", act.name);
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
        Kind::CoordinationReminded,
        Kind::CoordinationOverdue,
        Kind::EscalationReminded,
        Kind::EscalationOverdue,
        Kind::ClosureReminded,
        Kind::ClosureOverdue,
        Kind::DocumentRegistered,
    ];
    for kind in Kind::ALL {
        let times = recorded.iter().filter(|recorded| *recorded == kind).count();
        assert_eq!(times, usize::from(!automatic.contains(kind)), "{kind}");
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
        ("record-position", story_disagree(), "/position/disagree/reasons", "position.disagree.reasons"),
        ("propose-closure", closing(), "/outcome", "outcome"),
        ("confirm-closure", confirming(1), "/proposal", "proposal"),
    ] {
        assert_eq!(unread_at(name, without(body, at)), path, "{name}");
    }
}

fn story_disagree() -> Value {
    crate::story::disagree()
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
        ("propose-closure", closing(), "/outcome", json!("won"), "outcome"),
        ("confirm-closure", confirming(1), "/proposal", json!("first"), "proposal"),
    ] {
        let found = unread_at(name, with(body, at, value));
        assert!(found == path || found.starts_with(&format!("{path}.")), "{name}: {found}, not {path}");
    }
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

#[test]
fn every_stage_proposes_only_commands_of_its_own() {
    let mut story = Story::coordinating();
    for clock in ["17/05/2026 00:06", "17/05/2026 02:05", "17/05/2026 06:00"] {
        story.at(clock);
        for stage in Stage::ALL {
            if let Some(step) = story.step_of(stage) {
                assert_eq!(step.command.stage(), stage);
            }
        }
        story.settle();
    }
    assert_eq!(story.step_of(Stage::Document), None);
}

#[test]
fn nothing_happens_in_a_case_that_is_closed() {
    let mut story = Story::settled();
    story.until("17/05/2026 08:00").by("snnmt.dau-moi").when("propose-closure", closing());
    story.by("btg.lanh-dao").when("confirm-closure", confirming(1)).stands(Lifecycle::Closed);
    story.settle();
    let version = story.case().version;
    assert_eq!(story.next_due(), None);
    for (name, body) in acts_with_bodies().filter(|(act, _)| *act != "raise") {
        for officer in ["btg.dau-moi", "btg.lanh-dao", "snnmt.lanh-dao", "ubnd.lanh-dao"] {
            let refusal = story.by(officer).when(name, body.clone()).why();
            assert!(
                matches!(refusal.code, Code::BadState | Code::NotAuthorised),
                "{name} by {officer}: {refusal}"
            );
        }
    }
    story.until("01/12/2026 00:00");
    assert_eq!(story.case().version, version);
}
