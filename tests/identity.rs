//! Who acts, through the real binary: accounts, one-time codes, tokens, and an edge that cannot act for anybody.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::time::Duration;

use bus::{
    Principal,
    access::{Access, What},
    assertion::{Claims, Signer, Strength},
    identity::{ASK, Answer as Said, Question, Secret},
    log,
    protocol::{self, CommandAnswer, CommandRequest},
    streams::ACCESS,
};
use data_encoding::BASE32_NOPAD;
use domain::{Code, stages};
use events::{AggregateId, CaseId, CommandId, Digest, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use support::{
    api::{Answer, Api, call, send},
    concord, finish,
    process::{Installation, Up},
    story::Story,
};
use testkit::eventually;
use totp_rs::{Algorithm, Builder};
use uuid::Uuid;

const OFFICER: &str = "btg.truc-ban";

/// How long a stage may take.
const WITHIN: Duration = Duration::from_secs(20);

const OWN: &str = "bốn con ngựa gầy trên đồi";

/// A subcommand of the binary on an installation.
async fn command(place: &Installation, arguments: &[&str]) -> support::Said {
    let data = place.data();
    let mut command = concord();
    finish(command.args(arguments).arg("--data").arg(data)).await
}

/// A first password, as an administrator is told it.
async fn first_password(place: &Installation, officer: &str) -> String {
    let said = command(place, &["account", "reset", officer]).await.succeeded();
    let line = said.lines().next().expect("a line");
    line.rsplit(' ').next().expect("the password").to_owned()
}

/// A token, as an administrator is told it: its id and its secret.
async fn token(place: &Installation, officer: &str, options: &[&str]) -> (String, String) {
    let arguments = [&["token", "create", "--officer", officer, "--name", "e-office"], options].concat();
    let said = command(place, &arguments).await.succeeded();
    let mut lines = said.lines();
    let id = lines.next().and_then(|line| line.strip_prefix("Token ")).expect("the id").trim_end_matches(':');
    (id.to_owned(), lines.next().expect("the token").to_owned())
}

async fn sign_in(api: &Api, officer: &str, password: &str, code: Option<&str>) -> Answer {
    // Under one id, so that answers can be compared word by word.
    let request = api.plain(Method::POST, "/api/v1/session").header("X-Request-Id", "sign-in");
    let mut body = json!({ "officer": officer, "password": password });
    if let Some(code) = code {
        body["code"] = json!(code);
    }
    send(request.json(&body)).await.expect("an answer")
}

async fn ask(api: &Api, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    let request = api.plain(method, &format!("/api/v1{path}")).bearer_auth(token);
    let request = if let Some(body) = body { request.json(&body) } else { request };
    send(request).await.expect("an answer")
}

fn session(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.body["token"].as_str().expect("a token").to_owned()
}

/// A session with a password of one's own.
async fn signed_in(place: &Installation, api: &Api) -> String {
    let first = first_password(place, OFFICER).await;
    let begun = session(&sign_in(api, OFFICER, &first, None).await);
    let change = json!({ "old": first, "new": OWN });
    assert_eq!(ask(api, &begun, Method::PUT, "/session/password", Some(change)).await.status, 204);
    begun
}

/// What happened to an account, as the record of access has it.
async fn record(up: &Up, officer: &str) -> Vec<What> {
    let bus = up.connect(Principal::Identity).await;
    let last = log::last(&bus, ACCESS, &format!("access.{officer}")).await.expect("the record");
    let Some(last) = last else { return Vec::new() };
    let access: Access = serde_json::from_slice(&last.payload).expect("an entry");
    vec![access.what]
}

#[tokio::test]
async fn an_officer_signs_in_changes_his_password_and_signs_out() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let first = first_password(&place, OFFICER).await;
    let begun = sign_in(&api, OFFICER, &first, None).await;
    assert_eq!(begun.body["must_change_password"], true);
    let begun = session(&begun);
    // Nothing is done before the password is his own.
    let held = ask(&api, &begun, Method::GET, "/cases", None).await;
    assert_eq!((held.status, held.code()), (403, "PASSWORD_CHANGE_REQUIRED"), "{}", held.text);
    for (old, new, field) in
        [("no", OWN, "/old"), (first.as_str(), "password1234", "/new"), (&first, "short", "/new")]
    {
        let change = json!({ "old": old, "new": new });
        let refused = ask(&api, &begun, Method::PUT, "/session/password", Some(change)).await;
        assert_eq!(refused.code(), "INVALID_DATA", "{}", refused.text);
        assert_eq!(
            refused.body["field"].as_str().or(refused.body["errors"][0]["pointer"].as_str()),
            Some(field)
        );
    }
    let change = json!({ "old": first, "new": OWN });
    assert_eq!(ask(&api, &begun, Method::PUT, "/session/password", Some(change)).await.status, 204);
    assert_eq!(sign_in(&api, OFFICER, &first, None).await.code(), "SIGN_IN_REFUSED");

    let who = ask(&api, &begun, Method::GET, "/session", None).await;
    assert_eq!((&who.body["officer"], &who.body["agency"]), (&json!(OFFICER), &json!("BTG")), "{}", who.text);
    let other = session(&sign_in(&api, OFFICER, OWN, None).await);
    let raise = api.plain(Method::POST, "/api/v1/cases").bearer_auth(&other);
    let raised = send(raise.header("Idempotency-Key", "one").json(&call())).await.expect("an answer");
    assert_eq!(raised.status, 201, "{}", raised.text);

    // One session ends the other, at once; then itself.
    let all = ask(&api, &begun, Method::GET, "/session/all", None).await;
    let newest = all.body["credentials"][0]["id"].as_str().expect("an id");
    assert_eq!(ask(&api, &begun, Method::DELETE, &format!("/session/{newest}"), None).await.status, 204);
    eventually(async || {
        let status = ask(&api, &other, Method::GET, "/session", None).await.status;
        if status == 401 { Ok(()) } else { Err(status) }
    })
    .await;
    assert_eq!(ask(&api, &begun, Method::DELETE, "/session", None).await.status, 204);
    eventually(async || {
        let status = ask(&api, &begun, Method::GET, "/cases", None).await.status;
        if status == 401 { Ok(()) } else { Err(status) }
    })
    .await;
    assert!(matches!(record(&up, OFFICER).await[..], [What::SessionEnded { .. }]));
}

#[tokio::test]
async fn after_five_failures_the_account_is_locked_and_nobody_learns_whether_there_is_one() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let first = first_password(&place, OFFICER).await;
    let nobody = sign_in(&api, "nobody.at-all", "x", None).await;
    for _ in 0..4 {
        let refused = sign_in(&api, OFFICER, "wrong", None).await;
        assert_eq!((refused.status, refused.text), (nobody.status, nobody.text.clone()));
    }
    let locked = sign_in(&api, OFFICER, "wrong", None).await;
    assert_eq!((locked.status, locked.code()), (429, "ACCOUNT_LOCKED"), "{}", locked.text);
    // The right one does not help now, and an administrator does.
    assert_eq!(sign_in(&api, OFFICER, &first, None).await.code(), "ACCOUNT_LOCKED");
    assert!(matches!(record(&up, OFFICER).await[..], [What::Locked { .. }]));
    let shown = command(&place, &["account", "list"]).await.succeeded();
    assert!(shown.contains("locked until"), "{shown}");
    let again = first_password(&place, OFFICER).await;
    session(&sign_in(&api, OFFICER, &again, None).await);
    command(&place, &["account", "close", OFFICER]).await.succeeded();
    assert_eq!(sign_in(&api, OFFICER, &again, None).await.text, nobody.text);
}

#[tokio::test]
async fn a_one_time_code_is_asked_for_once_it_was_confirmed_and_taken_once() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let begun = signed_in(&place, &api).await;
    let offered = ask(&api, &begun, Method::POST, "/session/second-factor", None).await;
    assert_eq!(offered.status, 201, "{}", offered.text);
    let secret = offered.body["secret"].as_str().expect("a secret");
    assert!(
        offered.body["link"].as_str().expect("a link").starts_with("otpauth://totp/Concord:btg.truc-ban?")
    );
    let built =
        Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_skew(1).with_step_duration(30);
    let authenticator = built.with_secret(BASE32_NOPAD.decode(secret.as_bytes()).expect("base 32")).build();
    let authenticator = authenticator.expect("an authenticator");
    let now = u64::try_from(service::Clock::System.now().timestamp()).expect("after 1970");
    // Not asked for before it is confirmed.
    session(&sign_in(&api, OFFICER, OWN, None).await);
    let confirm = async |code: &str| {
        ask(&api, &begun, Method::PUT, "/session/second-factor", Some(json!({ "code": code }))).await.status
    };
    assert_eq!(confirm("not a code").await, 422);
    let code = |steps: u64| authenticator.generate(now + 30 * steps).to_string();
    assert_eq!(confirm(&code(0)).await, 204);
    for wrong in [None, Some("000000"), Some(code(0).as_str())] {
        let refused = sign_in(&api, OFFICER, OWN, wrong).await;
        assert_eq!(refused.code(), "SIGN_IN_REFUSED", "{wrong:?}");
    }
    let strong = sign_in(&api, OFFICER, OWN, Some(&code(1))).await;
    assert_eq!(strong.body["strength"], "second-factor", "{}", strong.text);
}

#[tokio::test]
async fn a_token_counts_for_its_acts_until_it_is_taken_back() {
    let place = Installation::new();
    let up = place.up().await;
    let api = up.api();
    let raise = async |token: &str, key: &str| {
        let raise = api.plain(Method::POST, "/api/v1/cases").bearer_auth(token);
        send(raise.header("Idempotency-Key", key).json(&call())).await.expect("an answer")
    };
    let (id, raises) = token(&place, OFFICER, &["--act", "raise"]).await;
    let (_, reads) = token(&place, OFFICER, &["--read-only"]).await;
    let case = raise(&raises, "one").await;
    assert_eq!(case.status, 201, "{}", case.text);
    let verify = format!("/cases/{}/verify-callback", case.case());
    let request = api.plain(Method::POST, &format!("/api/v1{verify}")).bearer_auth(&raises);
    let request = request.header("Idempotency-Key", "two").json(&json!({ "result": "verified" }));
    let refused = send(request).await.expect("an answer");
    assert_eq!((refused.status, refused.code()), (403, "NOT_AUTHORISED"), "{}", refused.text);
    assert_eq!(raise(&reads, "three").await.code(), "NOT_AUTHORISED");
    assert_eq!(ask(&api, &reads, Method::GET, "/cases", None).await.status, 200);
    // The account of a person is not for programs.
    assert_eq!(ask(&api, &reads, Method::GET, "/session/all", None).await.code(), "NOT_AUTHORISED");

    let listed = command(&place, &["token", "list"]).await.succeeded();
    assert!(listed.contains(&format!("{id}  {OFFICER}")) && !listed.contains(&raises), "{listed}");
    command(&place, &["token", "revoke", &id]).await.succeeded();
    eventually(async || {
        let status = raise(&raises, "one").await.status;
        if status == 401 { Ok(()) } else { Err(status) }
    })
    .await;
    assert_ne!(command(&place, &["token", "revoke", &id]).await.code, Some(0));
    assert!(command(&place, &["token", "list"]).await.succeeded().contains("taken back"));
    assert_eq!(ask(&api, "concord_token_00", Method::GET, "/cases", None).await.code(), "UNAUTHENTICATED");
}

/// The edge holds its own credential, and what callers have shown it. With that alone it records no directive.
#[tokio::test]
async fn an_edge_alone_cannot_get_a_directive_recorded() {
    let mut story = Story::highway();
    let place = Installation::starting(story.scenario.start.to_rfc3339());
    let up = place.up().await;
    let api = up.api();
    story.up_to(&api, "record-directive").await;
    let edge = up.connect(Principal::Api).await;
    let act = stages::act("record-directive").expect("an act");
    let case: CaseId = story.case.parse().expect("the case's id");
    let clock: Timestamp = api.clock().await.expect("the clock");
    let record = async |assertion: Value, key: &str| -> CommandAnswer {
        let request = json!({
            "on": AggregateId::Case(case), "assertion": assertion,
            "command": CommandId::of_person(&"UBTV".into(), &"attacker".into(), case, key),
            "fingerprint": Digest::of(key.as_bytes()), "expected_version": null,
            "correlation": Uuid::from_u128(7), "clock": clock, "body": story.body("record-directive"),
        });
        let request: CommandRequest = serde_json::from_value(request).expect("a request");
        let asked = edge.request(&protocol::command_subject(act), protocol::write(&request), WITHIN).await;
        protocol::read(&asked.expect("an answer")).expect("an answer")
    };
    let refused = |answer: CommandAnswer| match answer {
        CommandAnswer::Refused(refusal) => refusal.code,
        CommandAnswer::Done(done) => panic!("it was recorded: {done:?}"),
    };
    let next = &story
        .scenario
        .steps
        .iter()
        .find(|step| step.act.as_ref().is_some_and(|deed| deed.act == "record-directive"));
    let rightful = next.and_then(|step| step.act.as_ref()).expect("the act").officer.clone();
    let claims = Claims {
        officer: rightful.as_str().into(),
        credential: Uuid::from_u128(1),
        strength: Strength::SecondFactor,
        agency: None,
        acts: None,
        expires: service::Clock::System.now() + chrono::TimeDelta::hours(1),
    };
    let unsigned = json!({ "claims": serde_json::to_string(&claims).expect("JSON"), "signature": "" });
    assert_eq!(refused(record(unsigned, "unsigned").await), Code::NotAuthorised);
    let dir = tempfile::tempdir().expect("a folder");
    let own_key = Signer::read_or_make(dir.path()).expect("a key");
    let (forged, _) = own_key.sign(claims, service::Clock::System.now()).expect("a signature");
    let forged = serde_json::to_value(forged).expect("JSON");
    assert_eq!(refused(record(forged, "forged").await), Code::NotAuthorised);
    // What another officer has shown it proves another officer, and altered it proves nobody.
    let shown = std::fs::read_to_string(place.data().join("tokens").join(OFFICER)).expect("a token");
    let question = protocol::write(&Question::Check { secret: Secret(shown.trim().to_owned()) });
    let said = edge.request(ASK, question, WITHIN).await.expect("an answer");
    let Said::Proven(proven) = protocol::read(&said).expect("an answer") else { panic!("not proven") };
    let mut others = serde_json::to_value(proven.assertion).expect("JSON");
    assert_ne!(refused(record(others.clone(), "another's").await), Code::OutcomeUnknown);
    let altered = others["claims"].as_str().expect("claims").replace(OFFICER, &rightful);
    others["claims"] = json!(altered);
    assert_eq!(refused(record(others, "altered").await), Code::NotAuthorised);
    // Nor can it see or change the accounts, nor answer in the place of who knows them.
    assert!(log::last(&edge, bus::streams::IDENTITY, "$KV.IDENTITY.>").await.is_err());
    edge.violated(1).await;

    story.go_on(&api).await;
}
