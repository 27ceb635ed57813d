//! The pen against a real server: one winner for each version, all of a proposal or none, time that never runs back.

#![expect(clippy::unwrap_used, reason = "what cannot go on has failed")]

mod duty;

use std::{sync::Arc, time::Duration};

use bus::{
    Bus, Principal,
    append::{self, Append},
    log,
    protocol::{self, Proposal, Proposed, Verdict},
    streams::{CASES, Shape},
};
use chrono::TimeDelta;
use domain::Code;
use events::{AggregateId, CaseId, Digest, DocumentId, Draft, EventId, Fact, Kind, Stage, Timestamp};
use serde_json::{Value, json, value::RawValue};
use service::{Chassis, Clock, Config, Effects, Metrics};
use testkit::{eventually, example_policy, nats::TestNats};
use tokio::task::JoinSet;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;
use views::Views;

fn noon() -> Timestamp {
    "2026-05-16T05:00:00Z".parse().unwrap()
}

/// A ledger at work, with a clock of its own.
struct Ledger {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Ledger {
    async fn start(nats: &TestNats, clock: Clock) -> Self {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let chassis = Chassis {
            bus: nats.connect(Principal::Ledger).await,
            servers: Vec::new(),
            reader: nats.connect(Principal::Views).await,
            files: None,
            views: Views::open(Arc::new(example_policy()), &nats.dir().join("fold")).unwrap(),
            clock,
            verifier: bus::assertion::Verifier::read(&nats.keys()).unwrap(),
            config: Arc::new(Config::default()),
            stop: stop.clone(),
            tasks: tasks.clone(),
            listening: Arc::default(),
            effects: Effects::default(),
            metrics: Metrics::default(),
        };
        (svc_ledger::service().start)(chassis).await.unwrap();
        Self { stop, tasks }
    }

    async fn end(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

fn case(n: u128) -> CaseId {
    CaseId(Uuid::from_u128(n))
}

/// The example of a type, proposed for an aggregate on a version.
fn proposed(kind: Kind, aggregate: AggregateId, on_version: u32) -> Proposed {
    let example = Fact::from_bytes(kind.example().to_string().as_bytes()).unwrap().draft;
    let draft = Draft { id: EventId(Uuid::new_v4()), aggregate, ..example };
    Proposed { on_version, draft: RawValue::from_string(draft.to_json().unwrap()).unwrap() }
}

async fn propose(bus: &Bus, stage: Stage, facts: Vec<Proposed>) -> Verdict {
    let payload = protocol::write(&Proposal { facts });
    let answer = bus.request(&protocol::fact_subject(stage), payload, Duration::from_secs(30)).await.unwrap();
    protocol::read(&answer).unwrap()
}

async fn raise(bus: &Bus, id: CaseId) {
    let fact = proposed(Kind::RaisedByPhone, AggregateId::Case(id), 0);
    let verdict = propose(bus, Stage::Intake, vec![fact]).await;
    assert!(matches!(verdict, Verdict::Recorded(_)), "{verdict:?}");
}

/// The facts of a case, their versions and their chain checked.
async fn sound(bus: &Bus, id: CaseId) -> Vec<Fact> {
    let entries = log::read(bus, CASES, 1, &AggregateId::Case(id).subject()).await.unwrap();
    let facts: Vec<_> = entries.iter().map(|entry| Fact::from_bytes(&entry.payload).unwrap()).collect();
    let mut previous = Digest::ZERO;
    for (version, fact) in (1..).zip(&facts) {
        assert_eq!((fact.version, fact.previous), (version, previous));
        previous = fact.digest;
    }
    facts
}

/// Has facts of the confirmation recorded until it has won `wins` times; a conflict is looked at and tried again.
async fn win(bus: Bus, id: CaseId, wins: u32) {
    let mut version = 0;
    let mut won = 0;
    while won < wins {
        let fact = proposed(Kind::CallbackUnreachable, AggregateId::Case(id), version);
        match propose(&bus, Stage::Confirmation, vec![fact]).await {
            Verdict::Recorded(_) => {
                won += 1;
                version += 1;
            }
            Verdict::Conflict => {
                let last = log::last(&bus, CASES, &AggregateId::Case(id).subject()).await.unwrap().unwrap();
                version = Fact::from_bytes(&last.payload).unwrap().version;
            }
            // As many waits as there are ledgers may be over their time on a slow machine: the same again.
            Verdict::Refused(refusal) => assert_eq!(refusal.code, Code::Busy),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_ledgers_and_many_proposers_leave_one_winner_for_each_version() {
    let nats = TestNats::start().await;
    let (one, other) = (Ledger::start(&nats, Clock::System).await, Ledger::start(&nats, Clock::System).await);
    let intake = nats.connect(Principal::Intake).await;
    let confirmation = nats.connect(Principal::Confirmation).await;
    for n in 1..=4 {
        raise(&intake, case(n)).await;
    }
    let mut proposers = JoinSet::new();
    for n in 0..64 {
        proposers.spawn(win(confirmation.clone(), case(n % 4 + 1), 4));
    }
    proposers.join_all().await;
    for n in 1..=4 {
        assert_eq!(sound(&confirmation, case(n)).await.len(), 1 + 16 * 4);
    }
    // One goes; what it wrote last the other has not seen, and goes on all the same.
    one.end().await;
    for n in 1..=4 {
        win(confirmation.clone(), case(n), 1).await;
        assert_eq!(sound(&confirmation, case(n)).await.len(), 2 + 16 * 4);
    }
    other.end().await;
}

#[tokio::test]
async fn a_fact_of_another_stage_is_refused() {
    let nats = TestNats::start().await;
    let ledger = Ledger::start(&nats, Clock::System).await;
    let confirmation = nats.connect(Principal::Confirmation).await;
    let foreign = proposed(Kind::RaisedByPhone, AggregateId::Case(case(1)), 0);
    let lonely = proposed(
        Kind::DocumentRegistered,
        Fact::from_bytes(Kind::DocumentRegistered.example().to_string().as_bytes()).unwrap().draft.aggregate,
        0,
    );
    for facts in [vec![foreign], vec![lonely], vec![]] {
        let Verdict::Refused(refusal) = propose(&confirmation, Stage::Confirmation, facts).await else {
            panic!("it was recorded");
        };
        assert_eq!(refusal.code, Code::NotAuthorised);
    }
    assert!(sound(&confirmation, case(1)).await.is_empty());
    ledger.end().await;
}

/// A case raised by a document: two facts that stand or fall together.
fn by_letter(id: CaseId, document: AggregateId) -> Vec<Proposed> {
    vec![
        proposed(Kind::RaisedInWriting, AggregateId::Case(id), 0),
        proposed(Kind::DocumentRegistered, document, 0),
    ]
}

fn document(n: u128) -> AggregateId {
    AggregateId::Document(DocumentId(Uuid::from_u128(n)))
}

#[tokio::test]
async fn of_a_proposal_all_or_nothing_is_stored() {
    let nats = TestNats::start().await;
    let ledger = Ledger::start(&nats, Clock::System).await;
    let intake = nats.connect(Principal::Intake).await;
    let verdict = propose(&intake, Stage::Intake, by_letter(case(1), document(1))).await;
    let Verdict::Recorded(recorded) = verdict else { panic!("{verdict:?}") };
    assert_eq!(recorded.iter().map(|fact| fact.sequence).collect::<Vec<_>>(), [1, 2]);
    // Of two facts the one or the other is stale.
    for (id, document) in [(case(2), document(1)), (case(1), document(2))] {
        let verdict = propose(&intake, Stage::Intake, by_letter(id, document)).await;
        assert!(matches!(verdict, Verdict::Conflict), "{verdict:?}");
    }
    let stored = log::read(&intake, CASES, 1, ">").await.unwrap();
    assert_eq!(stored.len(), 2, "something of a proposal that conflicts is stored");
    // What conflicts holds nothing up.
    let verdict = propose(&intake, Stage::Intake, by_letter(case(2), document(2))).await;
    assert!(matches!(verdict, Verdict::Recorded(_)), "{verdict:?}");
    ledger.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_registered_once_whoever_asks_and_whichever_ledger_writes() {
    let nats = TestNats::start().await;
    let (one, other) = (Ledger::start(&nats, Clock::System).await, Ledger::start(&nats, Clock::System).await);
    let intake = nats.connect(Principal::Intake).await;
    let mut proposers = JoinSet::new();
    for n in 0..64 {
        let (bus, facts) = (intake.clone(), by_letter(case(n + 1), document(n % 4)));
        proposers.spawn(async move { propose(&bus, Stage::Intake, facts).await });
    }
    let verdicts = proposers.join_all().await;
    let recorded = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Recorded(_))).count();
    let stale = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Conflict)).count();
    assert_eq!((recorded, stale), (4, 60), "{verdicts:?}");
    let stored = log::read(&intake, CASES, 1, ">").await.unwrap();
    let mut facts: Vec<_> = stored.iter().map(|entry| Fact::from_bytes(&entry.payload).unwrap()).collect();
    facts.sort_by_key(|fact| fact.body().kind().name());
    let kinds: Vec<_> = facts.iter().map(|fact| fact.body().kind()).collect();
    assert_eq!(kinds, [[Kind::DocumentRegistered; 4], [Kind::RaisedInWriting; 4]].concat());
    one.end().await;
    other.end().await;
}

#[tokio::test]
async fn a_ledger_whose_clock_is_behind_does_not_turn_time_back() {
    let nats = TestNats::start().await;
    let intake = nats.connect(Principal::Intake).await;
    let confirmation = nats.connect(Principal::Confirmation).await;
    let ahead = Ledger::start(&nats, Clock::manual(noon())).await;
    raise(&intake, case(1)).await;
    ahead.end().await;
    let behind = Ledger::start(&nats, Clock::manual(noon() - TimeDelta::hours(3))).await;
    win(confirmation.clone(), case(1), 1).await;
    let facts = sound(&confirmation, case(1)).await;
    assert_eq!(facts.iter().map(|fact| fact.recorded_at).collect::<Vec<_>>(), [noon(), noon()]);
    behind.end().await;
}

/// A server whose log remembers message ids for a tenth of a second.
async fn forgetful() -> TestNats {
    let nats = TestNats::start_bare().await;
    let log = json!({
        "name": CASES, "subjects": ["case.>", "document.>", "directory.>"], "storage": "file", "retention": "limits",
        "discard": "new", "num_replicas": 1, "deny_delete": true, "deny_purge": true, "allow_direct": true,
        "allow_atomic": true, "duplicate_window": 100_000_000,
    });
    let deploy = nats.connect(Principal::Deploy).await;
    let subject = format!("$JS.API.STREAM.CREATE.{CASES}");
    let made = deploy.request(&subject, protocol::write(&log), Duration::from_secs(5)).await.unwrap();
    let made: Value = serde_json::from_slice(made.payload()).unwrap();
    assert_eq!((&made["error"], &made["config"]["duplicate_window"]), (&Value::Null, &json!(100_000_000)));
    nats
}

#[tokio::test]
async fn a_proposal_that_comes_again_after_the_servers_window_is_not_recorded_again() {
    let nats = forgetful().await;
    let (pen, intake) = (nats.connect(Principal::Ledger).await, nats.connect(Principal::Intake).await);
    let ledger = Ledger::start(&nats, Clock::System).await;
    let fact = proposed(Kind::RaisedByPhone, AggregateId::Case(case(1)), 0);
    let again = || vec![Proposed { on_version: 0, draft: fact.draft.clone() }];
    assert!(matches!(propose(&intake, Stage::Intake, again()).await, Verdict::Recorded(_)));
    // The window has passed when the server takes the same message id a second time.
    let probe = |expected| Append {
        subject: "case.00.probe".to_owned(),
        payload: "probe".into(),
        id: "probe".to_owned(),
        expected,
        headers: vec![("Nats-Msg-Id", "probe".to_owned())],
    };
    let first = append::append(&pen, CASES, &probe(0)).await.unwrap();
    eventually(async || match append::append(&pen, CASES, &probe(first)).await {
        Ok(later) if later > first => Ok(()),
        other => Err(other),
    })
    .await;
    assert!(matches!(propose(&intake, Stage::Intake, again()).await, Verdict::Conflict));
    ledger.end().await;
    // Nor by one that knows nothing of the first.
    let next = Ledger::start(&nats, Clock::System).await;
    assert!(matches!(propose(&intake, Stage::Intake, again()).await, Verdict::Conflict));
    assert_eq!(sound(&intake, case(1)).await.len(), 1);
    next.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_log_takes_nothing_more_and_says_so() {
    let nats = TestNats::start_with(&Shape { cases_max_bytes: 96 << 10, ..Shape::default() }).await;
    let ledger = Ledger::start(&nats, Clock::System).await;
    let intake = nats.connect(Principal::Intake).await;
    let mut proposers = JoinSet::new();
    for n in 1..=200 {
        let intake = intake.clone();
        proposers.spawn(async move {
            let fact = proposed(Kind::RaisedByPhone, AggregateId::Case(case(n)), 0);
            (n, propose(&intake, Stage::Intake, vec![fact]).await)
        });
    }
    let mut recorded = 0;
    for (n, verdict) in proposers.join_all().await {
        let stored = sound(&intake, case(n)).await.len();
        match verdict {
            Verdict::Recorded(_) => recorded += stored,
            Verdict::Refused(refusal) => assert_eq!((refusal.code, stored), (Code::StoreFull, 0), "{n}"),
            Verdict::Conflict => panic!("{n}: nobody else writes"),
        }
    }
    assert!((1..200).contains(&recorded), "{recorded} of 200 had room");
    let fullness = log::fullness(&nats.connect(Principal::Views).await, CASES).await.unwrap();
    // A batch that has no room is refused as a whole, so there may be some left.
    assert!(fullness > 0.0 && fullness <= 1.0, "{fullness}");
    ledger.end().await;
}
