//! Two processes with all services share the work on one server, and everything is as right as with one.

#![expect(clippy::float_cmp, clippy::cast_precision_loss, reason = "what is counted here is small and whole")]

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bus::outbox::State;
use bus::{
    Principal, log as stream,
    streams::{CASES, NOTIFIER},
};
use events::Kind;
use serde_json::json;
use support::{
    api::{Answer, Api, call},
    golden,
    load::{Persisted, at_once, persist},
    log::{self, Line},
    mails::{self, Mail},
    metrics::Metrics,
    split::{Serve, Split},
    story::{CASE, HIGHWAY, Story, file, refusal},
};
use testkit::{
    eventually,
    smtp::{Behaviour, SmtpSink},
};
use tokio::sync::{Notify, watch};

/// All services: what a replica runs.
const ALL: [&str; 13] = [
    "ledger",
    "directory",
    "intake",
    "confirmation",
    "routing",
    "coordination",
    "taskforce",
    "escalation",
    "reporting",
    "notifier",
    "audit",
    "identity",
    "api",
];

/// The facts of a case that is raised, numbered, routed, called back, acknowledged twice and opened.
const FACTS: usize = 7;

/// The mails of a call: three are told of it, four that it is theirs.
const ALERTS: usize = 7;

/// A call is logged, by whoever repeats until it is.
async fn raise(api: &Api, key: &str) -> Answer {
    let answer = persist(api, "btg.truc-ban", "", "raise", key, &call()).await.answer;
    assert!(answer.status < 300, "{key}: {} {}", answer.status, answer.text);
    answer
}

/// A case is raised in one process, and the next three acts on it come at the same time, in both.
async fn history(first: &Api, second: &Api, key: &str) -> [Persisted; 4] {
    let raised = persist(first, "btg.truc-ban", "", "raise", key, &call()).await;
    let case = raised.answer.case().to_owned();
    let (nothing, verified, verify) = (json!({}), json!({ "result": "verified" }), format!("verify-{key}"));
    let (verified, here, here_too) = tokio::join!(
        persist(second, "btg.truc-ban", &case, "verify-callback", &verify, &verified),
        persist(first, "btg.dau-moi", &case, "acknowledge", key, &nothing),
        persist(second, "ubnd.dau-moi", &case, "acknowledge", key, &nothing),
    );
    let done = [raised, verified, here, here_too];
    for Persisted { answer, repeats } in &done {
        // What asked for a repeat may have been carried out.
        let fair = answer.status < 300 && (!answer.is_repeat() || !repeats.is_empty());
        assert!(fair, "{key}: {} {}", answer.status, answer.text);
    }
    done
}

/// As many histories as cases, so many at a time, each begun in one of the processes and gone on with in the other.
async fn load(round: &str, apis: [&Api; 2], in_flight: usize, cases: usize) -> Vec<Persisted> {
    let histories = at_once(in_flight, cases, async |number| {
        history(apis[number % 2], apis[(number + 1) % 2], &format!("{round}-{number}")).await
    });
    histories.await.concat()
}

/// The facts that answers name, each once.
fn answered(all: &[Persisted]) -> BTreeSet<String> {
    let event = |done: &Persisted| done.answer.body["event"].as_str().expect("the fact").to_owned();
    let events: BTreeSet<_> = all.iter().map(event).collect();
    assert_eq!(events.len(), all.len(), "two acts were answered with one fact");
    events
}

/// The facts of all cases.
async fn facts_of_cases(split: &Split) -> Vec<Line> {
    let mut facts = log::read(&split.replay(&["--json"]).await.succeeded());
    facts.retain(|fact| fact.subject.starts_with("case."));
    facts
}

/// Every chain is followed and every case folded; gives the facts, once all of so many cases are there.
async fn sound(split: &Split, cases: usize) -> Vec<Line> {
    // The policy is a fact too.
    let facts = cases * FACTS + 1;
    let verdict = format!("\n{facts} facts, {cases} cases: the chain is unbroken, no version is missing\n");
    eventually(async || {
        let replay = split.replay(&[]).await.succeeded();
        if replay.ends_with(&verdict) { Ok(()) } else { Err(replay.lines().last().map(str::to_owned)) }
    })
    .await;
    let facts = facts_of_cases(split).await;
    assert_eq!(log::numbers(&facts), log::gapless(2026, cases));
    facts
}

/// What ledgers have written: in how many writes, and how many facts.
#[derive(Clone, Copy, Debug)]
struct Written {
    writes: f64,
    facts: f64,
    conflicts: f64,
}

impl Written {
    async fn by(processes: &[&Serve]) -> Self {
        let mut all = Self { writes: 0.0, facts: 0.0, conflicts: 0.0 };
        for process in processes {
            let read = Metrics::read(&process.metrics()).await;
            let of = |name| read.value(name, &[("stream", "CASES")]);
            all.writes += of("concord_write_messages_count");
            all.facts += of("concord_write_messages_sum");
            all.conflicts += of("concord_write_conflicts_total");
        }
        all
    }

    fn since(self, before: Self) -> Self {
        Self {
            writes: self.writes - before.writes,
            facts: self.facts - before.facts,
            conflicts: self.conflicts - before.conflicts,
        }
    }

    fn mean(self) -> f64 {
        self.facts / self.writes
    }
}

#[tokio::test]
async fn one_of_two_ledgers_writes_what_both_are_asked() {
    const IN_FLIGHT: usize = 64;
    const HISTORIES: usize = 192;
    let split = Split::start().await;
    let one = split.serve("one", &ALL).await;
    let api = &one.api();
    // All services twice, but for the ledger: the machine is as busy as with two of them.
    let rest: Vec<_> = ALL.into_iter().filter(|service| *service != "ledger").collect();
    let without = split.serve("without", &rest).await;
    let apis = [api, &without.api()];
    let mut all = load("to warm up", apis, IN_FLIGHT, IN_FLIGHT).await;
    let before = Written::by(&[&one]).await;
    all.extend(load("alone", apis, IN_FLIGHT, HISTORIES).await);
    let alone = Written::by(&[&one]).await.since(before);
    without.kill9().await;

    let two = split.serve("two", &ALL).await;
    let both = [&one, &two];
    let apis = [api, &two.api()];
    all.extend(load("to warm up again", apis, IN_FLIGHT, IN_FLIGHT).await);
    let before = Written::by(&both).await;
    all.extend(load("together", apis, IN_FLIGHT, HISTORIES).await);
    let together = Written::by(&both).await.since(before);
    // Figures to read, not to hold to: two runs of the same rounds differ by half on a machine that others use too.
    println!("alone {:.1} facts a write, {alone:?}", alone.mean());
    println!("together {:.1} facts a write, {together:?}", together.mean());
    assert_eq!((alone.facts, together.facts), ((HISTORIES * FACTS) as f64, (HISTORIES * FACTS) as f64));
    assert!(alone.mean() > 3.0, "too little load to say anything");
    assert!(together.mean() > 3.0, "acts that come together are not written together");
    // One ledger writes it all, whichever process was asked: this is what keeps the batches whole.
    assert_eq!(Written::by(&[&two]).await.writes, 0.0);
    // Who comes too late is found by the ledger that both use, before anything goes to the disk.
    assert_eq!(together.conflicts, 0.0);

    // Both have worked.
    for process in both {
        let read = Metrics::read(&process.metrics()).await;
        for act in ["raise", "acknowledge", "verify-callback"] {
            assert!(read.sum("concord_commands_total", &[("act", act), ("code", "OK")]) > 0.0, "{act}");
        }
    }
    let duties = [Metrics::read(&one.metrics()).await, Metrics::read(&two.metrics()).await];
    let duties = duties.map(|read| read.value("concord_ledger_on_duty", &[]));
    assert_eq!(duties, [1.0, 0.0], "the one that has run longer");
    let facts = sound(&split, 2 * (HISTORIES + IN_FLIGHT)).await;
    let told = answered(&all);
    let stored: BTreeSet<_> = facts.iter().map(|fact| fact.event.clone()).collect();
    assert!(stored.is_superset(&told), "an act was answered whose fact is not there");
    assert_eq!(stored.len(), facts.len(), "a fact stands there twice");
}

#[tokio::test]
async fn a_story_told_to_both_in_turn_is_the_same_story() {
    let relay = SmtpSink::start([]).await;
    let split = Split::start().await;
    split.without_duties();
    let config = split.mail_to(relay.address());
    let mut story = Story::highway();
    let at = story.scenario.start.to_rfc3339();
    let arguments = [&["--config", &config, "--clock", "manual", "--at", &at], &ALL[..]].concat();
    let both = [split.serve("one", &arguments).await, split.serve("two", &arguments).await];
    for (step, process) in story.scenario.steps.clone().into_iter().zip(both.iter().cycle()) {
        let answer = story.play(&process.api(), &step).await.expect("an answer");
        let Some(answer) = answer else { continue };
        assert_eq!(answer.code(), refusal(&step).unwrap_or_default(), "line {}: {}", step.line, answer.text);
    }
    golden::check(&file(HIGHWAY, "out"), &split.replay(&["--case", CASE]).await.succeeded());
    let arrived = mails::each_came_once(&split.nats.connect(Principal::Notifier).await, &relay).await;
    golden::check(&file(HIGHWAY, "mails"), &mails::list(&arrived));
}

#[tokio::test]
async fn a_duty_that_both_see_come_due_is_done_once_and_told_once() {
    const HISTORIES: usize = 30;
    let relay = SmtpSink::start([]).await;
    let split = Split::start().await;
    let config = split.mail_to(relay.address());
    let arguments = [&["--config", &config], &ALL[..]].concat();
    let both = [split.serve("one", &arguments).await, split.serve("two", &arguments).await];
    let apis = [both[0].api(), both[1].api()];
    at_once(16, HISTORIES, async |number| {
        raise(&apis[number % 2], &format!("call-{number}")).await;
    })
    .await;
    // Nobody does anything for a day: reminders, falls back and lateness, of all cases in the same instants.
    apis[0].set_clock("2026-05-17T21:52:00+07:00".parse().expect("a time")).await.expect("the clock is set");

    let facts = facts_of_cases(&split).await;
    let mut of_cases: BTreeMap<&str, Vec<Kind>> = BTreeMap::new();
    for fact in &facts {
        of_cases.entry(&fact.subject).or_default().push(fact.kind);
    }
    assert_eq!(of_cases.len(), HISTORIES);
    // As in the case of an installation with one process, each kind in each case.
    let mut kinds: Vec<_> = of_cases.into_values().collect();
    for kinds in &mut kinds {
        kinds.sort_unstable_by_key(|kind| kind.name());
    }
    let alone = alone_for_a_day().await;
    assert!(alone.len() > 8, "{alone:?}");
    for kinds in kinds {
        assert_eq!(kinds, alone);
    }
    let mut commands = BTreeSet::new();
    for fact in &facts {
        let command = fact.fact["commandid"].as_str().expect("a command's id");
        assert!(commands.insert((&fact.subject, command)), "{} was done twice", fact.kind.name());
    }
    assert_eq!(log::numbers(&facts), log::gapless(2026, HISTORIES));
    // Both have swept, and each has done some of it.
    for process in &both {
        let read = Metrics::read(&process.metrics()).await;
        let done = |code| read.sum("concord_steps_total", &[("code", code)]);
        println!("steps: {} done, {} found done by the other", done("OK"), done("REPLAYED"));
        assert!(done("OK") > 0.0, "{}", read.text);
    }
    let arrived = mails::each_came_once(&split.nats.connect(Principal::Notifier).await, &relay).await;
    println!("{} facts, {} mails", facts.len(), arrived.len());
    assert_eq!(arrived.len() % HISTORIES, 0, "as many of each case");
    assert!(arrived.len() >= 8 * HISTORIES);
}

/// The types of the facts of a case that nobody sees to for a day, where one process does everything.
async fn alone_for_a_day() -> Vec<Kind> {
    let split = Split::start().await;
    let api = split.serve("alone", &ALL).await;
    raise(&api.api(), "alone").await;
    let to = "2026-05-17T21:52:00+07:00".parse().expect("a time");
    api.api().set_clock(to).await.expect("the clock is set");
    let facts = facts_of_cases(&split).await;
    let mut kinds: Vec<_> = facts.iter().map(|fact| fact.kind).collect();
    kinds.sort_unstable_by_key(|kind| kind.name());
    kinds
}

/// One of two processes is killed under load: nothing that was answered is lost, and the other goes on. Gives how many
/// mails were the dead one's to send.
async fn goes_on_without(killed: usize) -> usize {
    const CALLS: usize = 150;
    let relay = SmtpSink::start([]).await;
    let split = Split::start().await;
    let config = split.mail_to(relay.address());
    let arguments = [&["--config", &config], &ALL[..]].concat();
    let mut both = vec![split.serve("one", &arguments).await, split.serve("two", &arguments).await];
    let apis = [both[0].api(), both[1].api()];
    let left = &apis[1 - killed];
    let raised = &watch::Sender::new(0);
    let load = at_once(32, CALLS, async |number| {
        let key = format!("call-{number}");
        // As behind a proxy that tries the other when one does not answer.
        let first = apis[number % 2].act("btg.truc-ban", "", "raise", &key, &call()).await;
        let answer = match first {
            Ok(answer) if answer.status < 300 => answer,
            _ => raise(left, &key).await,
        };
        raised.send_modify(|raised| *raised += 1);
        answer.body["event"].as_str().expect("the fact").to_owned()
    });
    let kill = async {
        raised.subscribe().wait_for(|raised| *raised >= CALLS / 3).await.expect("the load goes on");
        both.remove(killed).kill9().await;
    };
    let (events, ()) = tokio::join!(load, kill);
    let told: BTreeSet<_> = events.into_iter().collect();
    assert_eq!(told.len(), CALLS, "two calls were answered with one fact");
    let facts = eventually(async || {
        let facts = facts_of_cases(&split).await;
        let routed = facts.iter().filter(|fact| fact.kind == Kind::CaseRouted).count();
        if routed == CALLS { Ok(facts) } else { Err(routed) }
    })
    .await;
    let stored = facts.iter().filter(|fact| fact.kind == Kind::RaisedByPhone);
    let stored: Vec<_> = stored.map(|fact| fact.event.clone()).collect();
    assert_eq!(stored.len(), CALLS, "a call was stored twice");
    assert_eq!(stored.into_iter().collect::<BTreeSet<_>>(), told);
    assert_eq!(log::numbers(&facts), log::gapless(2026, CALLS));
    assert_eq!(facts.len(), 3 * CALLS);
    // The one that is left has sent all that it has to, and all of what was not yet entered is.
    let bus = split.nats.connect(Principal::Notifier).await;
    eventually(async || {
        let backlog = stream::backlog(&bus, CASES, NOTIFIER).await.map_err(|error| error.to_string())?;
        let open = Metrics::read(&both[0].metrics()).await.value("concord_mail_open", &[]);
        if (backlog, open) == (0, 0.0) { Ok(()) } else { Err(format!("{backlog} facts, {open} mails")) }
    })
    .await;
    let entries = mails::outbox(&bus).await;
    assert_eq!(entries.len(), ALERTS * CALLS, "nobody is forgotten");
    let left = entries.values().filter(|entry| entry.sent().is_none()).count();
    let arrived: Vec<_> = relay.received().iter().map(|mail| Mail::parse(&mail.data).id).collect();
    let once: BTreeSet<_> = arrived.iter().collect();
    assert_eq!(once.len(), arrived.len(), "a mail came twice");
    assert!(arrived.len() >= entries.len() - left);
    let read = Metrics::read(&both[0].metrics()).await;
    assert_eq!(read.value("concord_ledger_on_duty", &[]), 1.0, "whoever is left writes");
    assert_eq!(read.sum("concord_connection_violations_total", &[]), 0.0);
    left
}

#[tokio::test]
async fn the_one_whose_ledger_is_on_duty_is_killed_and_the_other_goes_on() {
    println!("{} mails wait until they count as orphans", goes_on_without(0).await);
}

#[tokio::test]
async fn the_one_that_passes_on_is_killed_and_the_other_goes_on() {
    println!("{} mails wait until they count as orphans", goes_on_without(1).await);
}

#[tokio::test]
async fn a_process_that_joins_takes_no_mail_away_from_the_one_that_sends_it() {
    const CALLS: usize = 120;
    let relay = SmtpSink::start([]).await;
    let split = Split::start().await;
    let config = split.mail_to(relay.address());
    let arguments = [&["--config", &config], &ALL[..]].concat();
    let one = split.serve("one", &arguments).await;
    let api = &one.api();
    let raised = &watch::Sender::new(0);
    let load = at_once(32, CALLS, async |number| {
        raise(api, &format!("call-{number}")).await;
        raised.send_modify(|raised| *raised += 1);
    });
    let join = async {
        raised.subscribe().wait_for(|raised| *raised >= CALLS / 3).await.expect("the load goes on");
        split.serve("two", &arguments).await
    };
    let (_, _two) = tokio::join!(load, join);
    let arrived = mails::each_came_once(&split.nats.connect(Principal::Notifier).await, &relay).await;
    assert_eq!(arrived.len(), ALERTS * CALLS);
    let ids: BTreeSet<_> = arrived.iter().map(|Mail { id, .. }| id).collect();
    assert_eq!(ids.len(), arrived.len());
}

/// The relay keeps every line waiting, so the one that sends has so much to do that it asks for no more facts; it must
/// not be taken for gone.
#[tokio::test]
async fn a_process_that_joins_while_the_relay_is_slow_takes_no_mail_away_either() {
    const CALLS: usize = 220;
    let answers = Arc::new(Notify::new());
    let relay = SmtpSink::start((0..8).map(|_| Behaviour::LateReply(Arc::clone(&answers)))).await;
    let split = Split::start().await;
    let config = split.mail_to(relay.address());
    let arguments = [&["--config", &config], &ALL[..]].concat();
    let one = split.serve("one", &arguments).await;
    let api = &one.api();
    at_once(32, CALLS, async |number| drop(raise(api, &format!("call-{number}")).await)).await;
    relay.until(|received| received.len() == 8).await;
    let _two = split.serve("two", &arguments).await;
    for _ in 0..8 {
        answers.notify_one();
    }
    // All that was under way when the other came is sent long before so many are.
    let bus = split.nats.connect(Principal::Notifier).await;
    let entries = eventually(async || {
        let entries = mails::outbox(&bus).await;
        let sent = entries.values().filter(|entry| entry.sent().is_some()).count();
        if sent >= 300 { Ok(entries) } else { Err(sent) }
    })
    .await;
    for entry in entries.values() {
        let taken = entry.states.iter().any(|state| matches!(state, State::Unknown { .. }));
        assert!(!taken, "taken away from who was sending it: {entry:?}");
    }
}
