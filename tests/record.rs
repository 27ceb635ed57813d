//! The record of access through the real binary: who read what, who was refused, and what operators did at the machine.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{collections::BTreeSet, time::Duration};

use bus::{
    Principal,
    access::{Access, Extent, NOTE, Note, Operator, Reading, What},
    identity::{ASK, Answer as Said, Question, Secret},
    protocol,
};
use chrono::TimeDelta;
use events::{CaseId, Digest, DutyId, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use support::{
    api::{Api, call, letter, send},
    concord, finish, golden,
    process::{Installation, Up},
    split::Split,
    story::CASE,
    top,
};
use testkit::eventually;

/// Who reads as an auditor.
const AUDITOR: &str = "btg.kiem-tra";

/// Who takes part.
const RAISER: &str = "snnmt.dau-moi";

/// Who sees nothing of it.
const STRANGER: &str = "sxd.lanh-dao";

/// A subcommand of the binary on an installation.
async fn command(place: &Installation, arguments: &[&str]) -> String {
    finish(concord().args(arguments).arg("--data").arg(place.data())).await.succeeded()
}

/// The record, as the operator is shown it.
async fn record(place: &Installation, options: &[&str]) -> Vec<Access> {
    let said = command(place, &[&["audit", "access", "--json"], options].concat()).await;
    let line = |line: &str| {
        let mut line: Value = serde_json::from_str(line).expect("a line in JSON");
        serde_json::from_value(line["access"].take()).expect("an entry")
    };
    said.lines().map(line).collect()
}

/// What an officer did, in the order in which it was written down; operators' readings of the record aside.
async fn of(place: &Installation, officer: &str) -> Vec<What> {
    record(place, &["--officer", officer]).await.into_iter().map(|access| access.what).collect()
}

/// Waits until what an officer did is written down, and nothing else.
async fn is_written_down(place: &Installation, officer: &str, wanted: &[What]) {
    let wanted: BTreeSet<_> = wanted.iter().map(|what| format!("{what:?}")).collect();
    eventually(async || {
        let what = of(place, officer).await;
        let found: BTreeSet<_> = what.iter().map(|what| format!("{what:?}")).collect();
        if found == wanted && found.len() == what.len() { Ok(()) } else { Err(format!("{what:#?}")) }
    })
    .await;
}

/// A case by a document with a file; the file's digest with it.
async fn with_a_file(api: &Api) -> (CaseId, Digest) {
    let request = api.request(RAISER, Method::POST, "/api/v1/attachments");
    let request = request.query(&[("file_name", "118.pdf"), ("state_secret", "false")]);
    let taken = send(request.body(&b"%PDF-1.7\nwhat is reported"[..])).await.expect("an answer");
    let mut letter = letter(118);
    letter["document"]["attachments"] = json!([taken.body]);
    letter["document"]["date"] = json!("2026-05-16");
    let raised = api.act(RAISER, "", "raise", "letter", &letter).await.expect("an answer");
    assert_eq!(raised.status, 201, "{}", raised.text);
    let digest = taken.body["sha256"].as_str().and_then(Digest::parse).expect("a digest");
    (raised.case().parse().expect("an id"), digest)
}

async fn reads(up: &Up, officer: &str, path: &str, status: u16) {
    let answer = up.api().get(officer, &format!("/api/v1{path}")).await.expect("an answer");
    assert_eq!(answer.status, status, "{officer} {path}: {}", answer.text);
}

#[tokio::test]
async fn all_that_an_auditor_reads_is_written_down_and_each_file_that_anybody_takes() {
    let place = Installation::new();
    let up = place.up().await;
    let (case, sha256) = with_a_file(&up.api()).await;
    let file = format!("/cases/{case}/attachments/{sha256}");
    for officer in [AUDITOR, RAISER] {
        // Twice: what repeats itself within the minute is written down once.
        for named in [case.to_string(), CASE.to_owned()] {
            reads(&up, officer, &format!("/cases/{named}"), 200).await;
            reads(&up, officer, &format!("/cases/{named}/events"), 200).await;
            reads(&up, officer, &format!("/cases/{named}/mails"), 200).await;
            reads(&up, officer, &format!("/cases/{named}/dossier"), 404).await;
            reads(&up, officer, "/cases?limit=7", 200).await;
            reads(&up, officer, "/cases?limit=7&q=nuoi", 200).await;
            reads(&up, officer, "/work", 200).await;
            reads(&up, officer, "/directory", 200).await;
            reads(&up, officer, "/directory/delegations", 200).await;
            reads(&up, officer, "/directory/policy", 200).await;
            reads(&up, officer, "/directory/agreement", 200).await;
            reads(&up, officer, "/session", 200).await;
            let answer = up.api().request(officer, Method::GET, &format!("/api/v1{file}")).send().await;
            assert_eq!(answer.expect("an answer").status(), 200);
        }
    }
    reads(&up, AUDITOR, "/directory/events", 200).await;
    let (opened, taken) =
        (What::CaseOpened { case }, What::Downloaded { case: Some(case), duty: None, sha256 });
    is_written_down(&place, RAISER, &[opened.clone(), taken.clone()]).await;
    let read = |what, case| What::Read { what, case, duty: None };
    let mut wanted = vec![opened, taken];
    wanted.extend([Reading::Events, Reading::Mails].map(|what| read(what, Some(case))));
    let others = [Reading::List, Reading::Search, Reading::Work, Reading::Directory, Reading::Delegations];
    wanted.extend(others.map(|what| read(what, None)));
    let of_rules = [Reading::Policy, Reading::DirectoryEvents, Reading::Agreement];
    wanted.extend(of_rules.map(|what| read(what, None)));
    is_written_down(&place, AUDITOR, &wanted).await;
    // By the case: who opened it, took from it, read of it, and the operator's own look.
    let about = record(&place, &["--case", CASE]).await;
    assert_eq!(about.len(), 2 + 4 + 1, "{about:#?}");
    assert!(about.iter().all(|access| access.what.cases() == [case]));
}

#[tokio::test]
async fn refused_attempts_are_counted_and_summed_up() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let raised = api.act("btg.truc-ban", "", "raise", "call", &call()).await.expect("an answer");
    let case: CaseId = raised.case().parse().expect("an id");
    for path in ["", "/events", "/mails", "/dossier"] {
        reads(&up, STRANGER, &format!("/cases/{case}{path}"), 404).await;
    }
    // An act on it is refused as if there were none; what is really not there is no attempt at anything.
    let act = api.act(STRANGER, raised.case(), "acknowledge", "k", &json!({})).await.expect("an answer");
    assert_eq!(act.status, 404, "{}", act.text);
    reads(&up, STRANGER, "/cases/VV-2026-09999", 404).await;
    reads(&up, "btg.truc-ban", "/directory/events", 403).await;
    reads(&up, AUDITOR, &format!("/cases/{case}/dossier"), 404).await;
    // The first at once; the others of its minute with the next.
    let first = What::Refused { times: 1, hidden: 1, cases: vec![case], duties: Vec::new() };
    is_written_down(&place, STRANGER, &[first]).await;
    let refused = What::Refused { times: 1, hidden: 0, cases: Vec::new(), duties: Vec::new() };
    is_written_down(&place, "btg.truc-ban", &[refused]).await;
    assert_eq!(of(&place, AUDITOR).await, []);
    let text = command(&place, &["audit", "access", "--officer", STRANGER]).await;
    let line = format!("was refused once, 1 of them for what is hidden: {CASE}\n");
    assert!(text.contains(&line), "{text}");
    let sum = "\n\nrefused: sxd.lanh-dao                  1 attempt, 1 of them for what is hidden from him\n1 entry\n";
    assert!(text.ends_with(sum), "{text}");
    // What is still being counted holds nobody up.
    assert!(up.term().await.success());
}

/// An act on a project; the project's id.
async fn on_a_project(api: &Api, officer: &str, project: &str, act: &str, body: &Value) -> String {
    let answer = api.act(officer, project, act, act, body).await.expect("an answer");
    assert!(answer.status < 300, "{act}: {}", answer.text);
    answer.body["duty"]["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn what_is_read_of_a_duty_is_written_down_as_of_a_case() {
    let place = Installation::new();
    let up = place.up().await;
    let api = &up.api();
    let request = api.request("sct.truong-phong", Method::POST, "/api/v1/attachments");
    let request = request.query(&[("file_name", "41.pdf"), ("state_secret", "false")]);
    let taken = send(request.body(&b"%PDF-1.7\nwhat is planned"[..])).await.expect("an answer");
    let sha256 = taken.body["sha256"].as_str().and_then(Digest::parse).expect("a digest");
    let proposal = json!({
        "title": "Đường dây 220 kV", "topic": "energy", "reason": "Người dân quan tâm.", "state_secret": false,
    });
    let id = &on_a_project(api, "sct.truong-phong", "", "propose-project", &proposal).await;
    on_a_project(api, "btg.lanh-dao", id, "accept-planning", &json!({})).await;
    let before = api.time().await;
    let plan = json!({
        "state_secret": false,
        "document": {
            "number": 41, "symbol": "KH-SCT", "register": "state", "issuer": "SCT", "place": "Khánh Hòa",
            "date": "2026-05-16", "abstract": "Kế hoạch phối hợp", "signer": { "office": "Giám đốc" },
            "attachments": [taken.body],
        },
        "checkpoints": [{
            "phase": "before", "title": "Họp dân", "owner": "SCT", "due": "2026-06-15", "mandatory": true,
        }],
    });
    up.api().set_clock(before + TimeDelta::minutes(10)).await.expect("the clock is set");
    on_a_project(api, "sct.truong-phong", id, "submit-plan", &plan).await;

    let path = format!("/projects/{id}/attachments/{sha256}");
    let answer =
        api.request(AUDITOR, Method::GET, &format!("/api/v1{path}")).send().await.expect("an answer");
    assert_eq!(answer.bytes().await.expect("the file").as_ref(), b"%PDF-1.7\nwhat is planned");
    reads(&up, STRANGER, &path, 404).await;
    reads(&up, STRANGER, &format!("/projects/{id}"), 404).await;
    reads(&up, AUDITOR, &format!("/reports/{id}/attachments/{sha256}"), 404).await;
    // As it stood before the plan came, and before it was proposed.
    let then = |at: Timestamp| format!("/api/v1/projects/{id}?at={}", at.format("%FT%TZ"));
    let stood = api.get("sct.truong-phong", &then(before)).await.expect("an answer");
    assert_eq!(
        (stood.body["version"].as_u64(), stood.body["documents"].as_array()),
        (Some(2), Some(&Vec::new()))
    );
    let stood = api.get("sct.truong-phong", &then(before - TimeDelta::days(1))).await.expect("an answer");
    assert_eq!(stood.status, 404, "{}", stood.text);

    let duty: DutyId = id.parse().expect("an id");
    let taken = What::Downloaded { case: None, duty: Some(duty), sha256 };
    is_written_down(&place, AUDITOR, &[taken]).await;
    let refused = What::Refused { times: 1, hidden: 1, cases: Vec::new(), duties: vec![duty] };
    is_written_down(&place, STRANGER, &[refused]).await;
    let about = record(&place, &["--duty", id]).await;
    assert_eq!(about.iter().filter(|access| access.officer.is_some()).count(), 3, "{about:#?}");
    assert!(about.iter().all(|access| access.what.duties() == [duty]));
    let text = command(&place, &["audit", "access", "--officer", STRANGER]).await;
    assert!(text.contains("was refused once, 1 of them for what is hidden: DA-2026-"), "{text}");
}

/// The user of the operating system and the machine, as an operator's entry has them.
async fn operator(place: &Installation) -> Operator {
    let newest = record(place, &[]).await.pop().expect("one's own look");
    newest.operator.expect("an operator")
}

#[tokio::test]
async fn what_an_operator_does_at_the_machine_stands_under_his_name() {
    let place = Installation::new();
    let up = place.up().await;
    let raised = up.api().act("btg.truc-ban", "", "raise", "call", &call()).await.expect("an answer");
    let case: CaseId = raised.case().parse().expect("an id");
    let at = "2026-05-16T22:00:00+07:00";
    place.replay(&["--case", CASE, "--at", at]).await.succeeded();
    place.replay(&["--agency", "BTG", "--from", at]).await.succeeded();
    command(&place, &["account", "reset", RAISER]).await;
    command(&place, &["account", "close", RAISER]).await;
    let given = command(&place, &["token", "create", "--officer", RAISER, "--name", "e-office"]).await;
    let token = given.split_whitespace().nth(1).expect("its id").trim_end_matches(':');
    command(&place, &["token", "revoke", token]).await;
    let operator = operator(&place).await;
    let user = std::env::var("USER").ok().filter(|user| !user.is_empty());
    assert!(user.is_none_or(|user| operator.user.starts_with(&user)) && !operator.host.is_empty());

    let all = record(&place, &[]).await;
    assert!(all.iter().all(|access| access.operator.as_ref() == Some(&operator)), "{all:#?}");
    let at = Some(at.parse().expect("a time"));
    let replayed = [
        Extent { case: Some(case), at, ..Extent::default() },
        Extent { agency: Some("BTG".into()), from: at, ..Extent::default() },
    ];
    let whats: Vec<_> = all.iter().map(|access| access.what.clone()).collect();
    assert_eq!(whats[..2], replayed.map(|extent| What::Replayed { extent }));
    assert!(all[2..6].iter().all(|access| access.officer == Some(RAISER.into())), "{all:#?}");
    assert!(matches!(
        whats[2..6],
        [What::AccountReset, What::AccountClosed, What::TokenCreated { .. }, What::TokenRevoked { by: None }]
    ));
    // The two looks at the record itself.
    assert_eq!(whats[6..], vec![What::RecordRead { extent: Extent::default() }; 2]);

    // As text; the accounts' times are the machine's.
    let text = command(&place, &["audit", "access"]).await;
    let text = text.replace(&format!("{}@{}", operator.user, operator.host), "van-hanh@may-chu");
    let plain = |line: &str| match line.split_once("  ") {
        Some((_, rest)) if rest.contains("account") || rest.contains("token") => {
            rest.split(" until ").next().unwrap_or(rest).to_owned()
        }
        // However long the operator's name is.
        Some((at, rest)) => format!("{at} {}", rest.split_whitespace().collect::<Vec<_>>().join(" ")),
        None => line.to_owned(),
    };
    let text: String = text.lines().map(|line| plain(line) + "\n").collect();
    golden::check(&top().join("tests/record/operator.txt"), &text);
}

#[tokio::test]
async fn a_replay_that_is_not_recorded_says_so_loudly_and_works() {
    let split = Split::start().await;
    let _log = split.serve("log", &["ledger", "directory"]).await;
    let said = split.replay(&[]).await;
    assert!(said.err.contains("THIS IS NOT RECORDED"), "{}", said.err);
    assert!(said.succeeded().contains("the chain is unbroken"));
    let _identity = split.serve("identity", &["identity"]).await;
    let said = split.replay(&[]).await;
    assert_eq!(said.err, "");
}

/// The edge cannot speak for an operator, nor an operator for an officer, nor either say what is not his.
#[tokio::test]
async fn nobody_gets_written_down_what_is_not_his_to_say() {
    let place = Installation::new();
    let up = place.up().await;
    let edge = up.connect(Principal::Api).await;
    let within = Duration::from_secs(10);
    let note = |what| {
        let operator = Operator { user: "root".to_owned(), host: "here".to_owned() };
        protocol::write(&Note { operator, what })
    };
    let replayed = What::Replayed { extent: Extent::default() };
    let denied = edge.request(NOTE, note(replayed.clone()), Duration::from_secs(1)).await;
    assert!(denied.is_err());
    edge.violated(1).await;
    let shown = std::fs::read_to_string(place.data().join("tokens").join(RAISER)).expect("a token");
    let ask = async |question: Question| -> Said {
        let answer = edge.request(ASK, protocol::write(&question), within).await.expect("an answer");
        protocol::read(&answer).expect("an answer")
    };
    let proven = ask(Question::Check { secret: Secret(shown.trim().to_owned()) }).await;
    let Said::Proven(proven) = proven else { panic!("not proven") };
    let assertion = proven.assertion;
    for what in [replayed, What::AccountReset] {
        let said = ask(Question::Noticed { assertion: assertion.clone(), what }).await;
        assert!(matches!(said, Said::Refused(_)), "{said:?}");
    }
    let audit = up.connect(Principal::Audit).await;
    for what in
        [What::AccountReset, What::Refused { times: 1, hidden: 0, cases: Vec::new(), duties: Vec::new() }]
    {
        let answer = audit.request(NOTE, note(what), within).await.expect("an answer");
        assert!(matches!(protocol::read(&answer).expect("an answer"), Said::Refused(_)));
    }
    let all = record(&place, &[]).await;
    assert_eq!(all.len(), 1, "but for the look at it the record is empty: {all:#?}");
}
