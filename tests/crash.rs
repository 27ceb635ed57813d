//! Processes that die: at whatever moment, nothing is lost, nothing is done twice, and a repeat of the act with the
//! same key goes on where it was cut short (DESIGN D5, D6; goal G8).

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    sync::Arc,
    time::Duration,
};

use bus::outbox::EntryId;
use bus::{Bus, Failpoint, Principal};
use domain::scenario::Step;
use events::{Kind, Timestamp};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use support::{
    api::{Answer, Api, call},
    golden,
    load::{self, Persisted, at_once, persist},
    log,
    mails::{self, Mail},
    process::{Installation, Up, nats_in, runs_in},
    split::Split,
    story::{AT_NIGHT, CASE, HIGHWAY, Story, file, refusal},
};
use svc_notifier::outbox;
use testkit::{
    eventually,
    smtp::{Behaviour, SmtpSink},
};
use tokio::{sync::watch, task::JoinHandle};

/// Where the moments of the kills come from; `CRASH_SEED` tries others.
const SEED: u64 = 20_260_516;

/// The services, each in a process of its own.
const SERVICES: [&str; 12] = [
    "identity",
    "intake",
    "confirmation",
    "routing",
    "coordination",
    "taskforce",
    "escalation",
    "reporting",
    "ledger",
    "notifier",
    "audit",
    "api",
];

/// The longest time that a step is left alone before the kill: most of them take less.
const LONGEST: Duration = Duration::from_millis(80);

#[tokio::test]
async fn killed_after_each_step_it_goes_on_as_if_nothing_had_happened() {
    let relay = SmtpSink::start([]).await;
    let place = Installation::new();
    place.mail_to(relay.address());
    let mut up = place.up().await;
    let mut story = Story::at_night();
    for step in story.scenario.steps.clone() {
        let first = story.play(&up.api(), &step).await.expect("an answer");
        up = killed_and_started(&place, up).await;
        let again = story.play(&up.api(), &step).await.expect("an answer");
        the_same_came_of_it(&step, first, again);
    }
    let log = place.replay(&["--case", CASE]).await.succeeded();
    golden::check(&file(AT_NIGHT, "out"), &log);
    let arrived = arrived(&up.connect(Principal::Notifier).await, &relay).await;
    golden::check(&file(AT_NIGHT, "mails"), &mails::list(&arrived));
    assert!(up.term().await.success());
}

#[tokio::test]
async fn killed_at_any_moment_nothing_is_lost_and_nothing_is_doubled() {
    let seed = env::var("CRASH_SEED").map_or(SEED, |seed| seed.parse().expect("a number"));
    println!("CRASH_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let relay = SmtpSink::start([]).await;
    let place = Installation::new();
    place.mail_to(relay.address());
    let mut up = place.up().await;
    let mut story = Story::at_night();
    for step in story.scenario.steps.clone() {
        let left_alone = rng.random_range(Duration::ZERO..LONGEST);
        let api = up.api();
        let cut_short = tokio::time::timeout(left_alone, story.play(&api, &step)).await.is_err();
        println!("line {}: killed after {left_alone:?}, cut short: {cut_short}", step.line);
        up = killed_and_started(&place, up).await;
        let answer = story.play(&up.api(), &step).await.expect("an answer");
        let Some(answer) = answer else { continue };
        match refusal(&step) {
            Some(code) => assert_eq!(answer.code(), code, "line {}", step.line),
            None => assert!(answer.status < 300, "line {}: {}", step.line, answer.text),
        }
    }
    let log = place.replay(&["--case", CASE]).await.succeeded();
    let wanted = std::fs::read_to_string(file(AT_NIGHT, "out")).expect("the golden");
    let (wanted, found) = (in_any_order(&wanted), in_any_order(&log));
    assert!(wanted == found, "{}", golden::differences(&wanted, &found));
    let arrived = arrived(&up.connect(Principal::Notifier).await, &relay).await;
    golden::check(&file(AT_NIGHT, "mails"), &mails::list(&arrived));
    assert!(up.term().await.success());
}

#[tokio::test]
async fn killed_one_after_the_other_the_services_go_on_as_if_nothing_had_happened() {
    let relay = SmtpSink::start([]).await;
    let split = Split::start().await;
    let config = split.mail_to(relay.address());
    let mut story = Story::highway();
    let serve = async |service, at: Timestamp| {
        let at = at.to_rfc3339();
        split.serve(service, &["--config", &config, "--clock", "manual", "--at", &at, service]).await
    };
    let mut served = BTreeMap::new();
    for service in SERVICES {
        served.insert(service, serve(service, story.scenario.start).await);
    }
    let steps = story.scenario.steps.clone();
    assert!(steps.len() >= SERVICES.len(), "there is a step for each service");
    for (step, service) in steps.into_iter().zip(SERVICES.into_iter().cycle()) {
        let first = story.play(&served["api"].api(), &step).await.expect("an answer");
        served.remove(service).expect("it is at work").kill9().await;
        served.insert(service, serve(service, step.at).await);
        let again = story.play(&served["api"].api(), &step).await.expect("an answer");
        the_same_came_of_it(&step, first, again);
    }
    let log = split.replay(&["--case", CASE]).await.succeeded();
    golden::check(&file(HIGHWAY, "out"), &log);
    let arrived = arrived(&split.nats.connect(Principal::Notifier).await, &relay).await;
    golden::check(&file(HIGHWAY, "mails"), &mails::list(&arrived));
}

#[tokio::test]
async fn an_act_is_judged_at_the_time_of_the_edge_where_clocks_are_set_by_hand() {
    let split = Split::start().await;
    let behind = ["--clock", "manual", "--at", "2026-05-16T20:00:00+07:00"];
    let services = ["ledger", "intake", "confirmation", "routing", "coordination", "notifier", "audit"];
    let _behind = split.serve("behind", &[&behind[..], &services[..]].concat()).await;
    let edge = split.serve("edge", &["identity", "api"]).await;
    // The call ended at 21:48: for who is behind it lies in the future.
    let raised = edge.api().act("btg.truc-ban", "", "raise", "a key", &call()).await.expect("an answer");
    assert_eq!(raised.status, 201, "{}", raised.text);
    assert_eq!(raised.body["case"]["raised_at"], "2026-05-16T14:52:00Z");
}

/// A step that was played twice, with a kill in between, is one act.
fn the_same_came_of_it(step: &Step, first: Option<Answer>, again: Option<Answer>) {
    let (Some(first), Some(again)) = (first, again) else { return };
    if let Some(code) = refusal(step) {
        assert_eq!((first.code(), again.code()), (code, code), "line {}", step.line);
        return;
    }
    assert!(first.status < 300 && !first.is_repeat(), "line {}: {}", step.line, first.text);
    assert!(again.status == 200 && again.is_repeat(), "line {}: {}", step.line, again.text);
    for field in ["event", "version"] {
        assert_eq!(first.body[field], again.body[field], "line {}: {field}", step.line);
    }
}

#[tokio::test]
async fn a_ledger_that_dies_before_it_answers_has_recorded_once() {
    let split = Split::start().await;
    let others =
        ["intake", "confirmation", "routing", "coordination", "notifier", "audit", "identity", "api"];
    let others = split.serve("others", &others).await;
    let mut ledger = split.serve_with("ledger", &["ledger"], Some(Failpoint::LedgerAppended)).await;
    let raise = CutShort::raise(&others.api());
    ledger.ended().await;
    let ledger = split.serve("ledger", &["ledger"]).await;
    let case = raise.repeat().await;

    ledger.kill9().await;
    let mut ledger = split.serve_with("ledger", &["ledger"], Some(Failpoint::LedgerAppended)).await;
    let verify = CutShort::verify(&others.api(), &case);
    ledger.ended().await;
    let _ledger = split.serve("ledger", &["ledger"]).await;
    verify.repeat().await;

    recorded_once(&split).await;
    raise.said_nothing_wrong().await;
    verify.said_nothing_wrong().await;
    recorded_once(&split).await;
}

#[tokio::test]
async fn a_stage_that_dies_before_it_answers_has_recorded_once() {
    let split = Split::start().await;
    let others =
        split.serve("others", &["ledger", "coordination", "notifier", "audit", "identity", "api"]).await;
    let mut intake = split.serve_with("intake", &["intake"], Some(Failpoint::StageRecorded)).await;
    let raise = CutShort::raise(&others.api());
    intake.ended().await;
    let _intake = split.serve("intake", &["intake"]).await;
    let case = raise.repeat().await;

    // The case waits to be routed, which routing does at its start: by itself, without anybody's key.
    let mut routing = split.serve_with("routing", &["routing"], Some(Failpoint::StageRecorded)).await;
    routing.ended().await;
    let _routing = split.serve("routing", &["routing"]).await;

    let mut confirmation =
        split.serve_with("confirmation", &["confirmation"], Some(Failpoint::StageRecorded)).await;
    let verify = CutShort::verify(&others.api(), &case);
    confirmation.ended().await;
    let _confirmation = split.serve("confirmation", &["confirmation"]).await;
    verify.repeat().await;

    recorded_once(&split).await;
    raise.said_nothing_wrong().await;
    verify.said_nothing_wrong().await;
    recorded_once(&split).await;
}

/// An act whose answer does not come, because a process dies after it is recorded.
struct CutShort {
    api: Api,
    officer: &'static str,
    case: String,
    act: &'static str,
    body: Value,
    answer: JoinHandle<Answer>,
}

impl CutShort {
    fn raise(api: &Api) -> Self {
        Self::give(api, "btg.truc-ban", "", "raise", call())
    }

    fn verify(api: &Api, case: &str) -> Self {
        Self::give(api, "btg.truc-ban", case, "verify-callback", json!({ "result": "verified" }))
    }

    fn give(api: &Api, officer: &'static str, case: &str, act: &'static str, body: Value) -> Self {
        let (api, case) = (api.clone(), case.to_owned());
        let request = (api.clone(), case.clone(), body.clone());
        let answer = tokio::spawn(async move {
            let (api, case, body) = request;
            api.act(officer, &case, act, act, &body).await.expect("an answer")
        });
        Self { api, officer, case, act, body, answer }
    }

    /// The same act again: it is recognised, and answered with its first result. Gives the case.
    async fn repeat(&self) -> String {
        let Self { api, officer, case, act, body, .. } = self;
        let Persisted { answer, .. } = persist(api, officer, case, act, act, body).await;
        assert!(answer.status == 200 && answer.is_repeat(), "{act}: {} {}", answer.status, answer.text);
        answer.case().to_owned()
    }

    /// The first request is told at last that nobody knows, or what came of it: never that nothing was stored.
    async fn said_nothing_wrong(self) {
        let answer = self.answer.await.expect("the request ends");
        let fair = answer.code() == "OUTCOME_UNKNOWN" || (answer.status == 200 && answer.is_repeat());
        assert!(fair, "{}: {} {}", self.act, answer.status, answer.text);
    }
}

/// The log has each fact once, and holds together.
async fn recorded_once(split: &Split) {
    let wanted = [
        "confirmation.callback-verified",
        "intake.numbered",
        "intake.raised-by-phone",
        "routing.case-routed",
    ];
    eventually(async || {
        let facts = log::read(&split.replay(&["--json"]).await.succeeded());
        let kinds = log::kinds(&facts);
        if kinds == wanted { Ok(()) } else { Err(kinds) }
    })
    .await;
}

#[tokio::test]
async fn a_server_killed_under_load_keeps_what_was_answered_and_keeps_it_once() {
    const CALLS: usize = 300;
    let mut split = Split::start().await;
    let front = split.serve("front", &["ledger", "intake", "identity", "api"]).await;
    let _back = split.serve("back", &["confirmation", "routing", "coordination", "notifier", "audit"]).await;
    let (api, answered) = (&front.api(), &watch::Sender::new(0));
    let load = at_once(32, CALLS, async |number| {
        let raised = persist(api, "btg.truc-ban", "", "raise", &format!("call-{number}"), &call()).await;
        answered.send_modify(|answered| *answered += 1);
        raised
    });
    let kills = async {
        for at in [CALLS / 4, CALLS / 2] {
            answered.subscribe().wait_for(|answered| *answered >= at).await.expect("the load goes on");
            split.nats.kill9().await;
            assert!(*answered.borrow() < CALLS, "the server was killed, and nobody needed it any more");
            split.nats.restart().await;
        }
    };
    let (raised, ()) = tokio::join!(load, kills);
    let repeats = load::repeats(&raised);
    println!("asked to repeat: {repeats:?}");

    let mut events = BTreeSet::new();
    for Persisted { answer, repeats } in &raised {
        let fair =
            answer.status == 201 || (answer.status == 200 && answer.is_repeat() && !repeats.is_empty());
        assert!(fair, "{} {}", answer.status, answer.text);
        events.insert(answer.body["event"].as_str().expect("the fact").to_owned());
    }
    assert_eq!(events.len(), CALLS, "two calls were answered with one fact");
    let numbers = eventually(async || {
        let facts = log::read(&split.replay(&["--json"]).await.succeeded());
        let stored: Vec<_> = facts.iter().filter(|line| line.kind == Kind::RaisedByPhone).collect();
        assert_eq!(stored.len(), CALLS, "a call was stored twice");
        assert!(stored.iter().all(|line| events.contains(&line.event)), "a fact that nobody was told of");
        let routed = facts.iter().filter(|line| line.kind == Kind::CaseRouted).count();
        let numbers = log::numbers(&facts);
        if (numbers.len(), routed) == (CALLS, CALLS) { Ok(numbers) } else { Err((numbers.len(), routed)) }
    })
    .await;
    assert_eq!(numbers, log::gapless(2026, CALLS));

    // Mail that was under way when the server went was not forgotten: three are told of a call, four that it is theirs.
    let bus = split.nats.connect(Principal::Notifier).await;
    eventually(async || {
        let entries = mails::outbox(&bus).await;
        let sent = entries.values().filter(|entry| entry.sent().is_some()).count();
        if (entries.len(), sent) == (CALLS * 7, CALLS * 7) { Ok(()) } else { Err((entries.len(), sent)) }
    })
    .await;
}

#[tokio::test]
async fn a_notifier_that_dies_leaves_its_mail_to_the_next() {
    // The relay has one mail, and does not say so before the notifier dies.
    let relay = SmtpSink::start([Behaviour::LateReply(Arc::default())]).await;
    let split = Split::start().await;
    let config = split.mail_to(relay.address());
    let notifier = ["--config", &config, "notifier"];
    let front = split.serve("front", &["ledger", "intake", "routing", "identity", "api"]).await;
    let dies = split.serve("notifier", &notifier).await;
    let raised = persist(&front.api(), "btg.truc-ban", "", "raise", "call", &call()).await;
    assert_eq!(raised.answer.status, 201, "{}", raised.answer.text);
    let bus = split.nats.connect(Principal::Notifier).await;
    let sent = async |maybe_doubled| {
        let entries = mails::outbox(&bus).await;
        entries.values().filter(|entry| entry.sent() == Some(maybe_doubled)).count()
    };
    eventually(async || match (sent(false).await, relay.received().len()) {
        (6, 7) => Ok(()),
        other => Err(other),
    })
    .await;
    dies.kill9().await;
    let _next = split.serve("notifier-2", &notifier).await;
    assert_eq!(arrived(&bus, &relay).await.len(), 7, "three are told of the call, four that it is theirs");
    assert_eq!((sent(true).await, relay.received().len()), (1, 8));
}

/// Kills the process and starts it again on the same data: the nats-server that was left over is ended first.
async fn killed_and_started(place: &Installation, up: Up) -> Up {
    let left = up.nats();
    up.kill9().await;
    assert!(runs_in(left, &place.data()), "the nats-server outlives its parent");
    let up = place.up().await;
    assert!(!runs_in(left, &place.data()), "the server that was left over still runs");
    assert_eq!(nats_in(&place.data()), Some(up.nats()));
    up
}

/// A replay without the places of the facts: steps of the process that wait for a start may be done in another order
/// than they would have been, each by its own service.
fn in_any_order(replay: &str) -> String {
    let (facts, rest) = replay.split_once("\n\n").expect("the facts, then the case");
    let without_place = |line: &str| {
        let (at, rest) = line.split_at(line.find("  ").expect("columns"));
        let kind = rest.find(|c: char| c.is_ascii_lowercase()).expect("a type");
        format!("{at}  {}", &rest[kind..])
    };
    let mut facts: Vec<_> = facts.lines().map(without_place).collect();
    facts.sort();
    format!("{}\n\n{rest}", facts.join("\n"))
}

/// The mails that have arrived when nothing is open any more: each entry of the outbox is sent, and what came twice is
/// marked so. Gives each mail once.
async fn arrived(bus: &Bus, relay: &SmtpSink) -> Vec<Mail> {
    eventually(async || {
        let open = outbox::open(bus, &testkit::example_policy()).await.map_err(|error| error.to_string())?;
        if open.is_empty() { Ok(()) } else { Err(format!("{open:?}")) }
    })
    .await;
    let mut arrived: Vec<_> = relay.received().iter().map(|mail| Mail::parse(&mail.data)).collect();
    let entries = mails::outbox(bus).await;
    for (EntryId(id), entry) in &entries {
        let times = arrived.iter().filter(|mail| mail.id.starts_with(&id.to_string())).count();
        let maybe_doubled = entry.sent().unwrap_or_else(|| panic!("not sent: {entry:?}"));
        assert!(times >= 1, "said to be sent, and it never came: {entry:?}");
        assert!(times == 1 || maybe_doubled, "came {times} times without a mark: {entry:?}");
    }
    // A repeat is the same to the letter.
    arrived.sort();
    arrived.dedup();
    assert_eq!(arrived.len(), entries.len(), "as many mails as entries of the outbox");
    arrived
}
