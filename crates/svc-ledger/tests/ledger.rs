//! The pen against a real server: one winner for each version, all of a proposal or none, time that never runs back.

#![expect(clippy::unwrap_used, reason = "what cannot go on has failed")]

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use bus::{
    Bus, Principal, log,
    protocol::{self, PENS, Proposal, Proposed, Verdict},
    streams::CASES,
};
use chrono::TimeDelta;
use domain::{Code, Policy, PolicyFiles};
use events::{AggregateId, CaseId, Digest, DocumentId, Draft, EventId, Fact, Kind, Stage, Timestamp};
use serde_json::{Value, json, value::RawValue};
use service::{Chassis, Clock, Config, Effects, Metrics};
use testkit::{eventually, nats::TestNats};
use tokio::task::JoinSet;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;
use views::Views;

fn policy() -> Policy {
    Policy::from_files(PolicyFiles {
        policy: include_str!("../../../deploy/policy/policy.toml"),
        organisation: include_str!("../../../deploy/policy/organisation.toml"),
        calendar: include_str!("../../../deploy/policy/calendar-VN.toml"),
        deadlines: include_str!("../../../deploy/policy/deadlines.toml"),
        routing: include_str!("../../../deploy/policy/routing.toml"),
    })
    .unwrap()
}

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
        let policy = Arc::new(policy());
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let chassis = Chassis {
            bus: nats.connect(Principal::Ledger).await,
            reader: nats.connect(Principal::Views).await,
            views: Views::new(Arc::clone(&policy)),
            policy,
            clock,
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

/// Who wrote the facts of the log from a place on: each carries the name of its ledger.
async fn writers(bus: &Bus, from: u64) -> BTreeSet<String> {
    let stored = log::read(bus, CASES, from, ">").await.unwrap();
    let writer = |id: &str| id.split_once('/').unwrap().1.to_owned();
    stored.iter().map(|entry| writer(entry.message_id.as_deref().unwrap())).collect()
}

/// Raises cases, all at once; gives who wrote them.
async fn raised_at_once(bus: &Bus) -> BTreeSet<String> {
    let before = log::read(bus, CASES, 1, ">").await.unwrap().len();
    let mut proposers = JoinSet::new();
    for _ in 0..32 {
        let (bus, id) = (bus.clone(), CaseId(Uuid::new_v4()));
        proposers.spawn(async move { raise(&bus, id).await });
    }
    proposers.join_all().await;
    writers(bus, u64::try_from(before).unwrap() + 1).await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_ledgers_one_writes_and_another_takes_over() {
    let nats = TestNats::start().await;
    let (one, other) = (Ledger::start(&nats, Clock::System).await, Ledger::start(&nats, Clock::System).await);
    let intake = nats.connect(Principal::Intake).await;
    let alone = async |not: Option<&String>| {
        eventually(async || {
            let writers = raised_at_once(&intake).await;
            if writers.len() == 1 && not.is_none_or(|not| !writers.contains(not)) {
                Ok(writers)
            } else {
                Err(writers)
            }
        })
        .await
    };
    let first = alone(None).await.pop_first();
    // It is on duty because it has run longer: the next that comes takes nothing from it.
    let third = Ledger::start(&nats, Clock::System).await;
    assert_eq!(alone(None).await.pop_first(), first);
    one.end().await;
    let second = alone(first.as_ref()).await.pop_first();
    other.end().await;
    assert_ne!(alone(second.as_ref()).await.pop_first(), first);
    third.end().await;
}

/// A ledger that says that it has run longest.
struct Senior {
    bus: Bus,
    id: Uuid,
}

impl Senior {
    async fn say(nats: &TestNats) -> Self {
        let senior = Self { bus: nats.connect(Principal::Ledger).await, id: Uuid::new_v4() };
        senior.say_again().await;
        senior
    }

    async fn say_again(&self) {
        let sign = json!({ "pen": { "since": noon(), "id": self.id }, "leaving": false });
        self.bus.publish(PENS, protocol::write(&sign)).await.unwrap();
        self.bus.flush().await.unwrap();
    }

    fn subject(id: Uuid) -> String {
        format!("pen.to.{}", id.simple())
    }
}

#[tokio::test]
async fn a_ledger_on_duty_that_is_gone_is_not_waited_for() {
    let nats = TestNats::start().await;
    let ledger = Ledger::start(&nats, Clock::System).await;
    let intake = nats.connect(Principal::Intake).await;
    // It says that it is there, and nobody listens.
    Senior::say(&nats).await;
    let began = std::time::Instant::now();
    raise(&intake, case(1)).await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    // It takes what is passed on to it, and is never heard again.
    let senior = Senior::say(&nats).await;
    let mut taken = senior.bus.subscribe(&format!("{}.>", Senior::subject(senior.id))).await.unwrap();
    senior.say_again().await;
    let taken = async { taken.next().await.unwrap().subject().to_owned() };
    let ((), subject) = tokio::join!(raise(&intake, case(2)), taken);
    assert_eq!(subject, format!("{}.fact.intake", Senior::subject(senior.id)));
    ledger.end().await;
}

#[tokio::test]
async fn what_a_ledger_stored_that_was_given_up_is_not_stored_again() {
    let nats = TestNats::start().await;
    let bus = nats.connect(Principal::Ledger).await;
    let mut signs = bus.subscribe(PENS).await.unwrap();
    let ledger = Ledger::start(&nats, Clock::System).await;
    let sign: Value = serde_json::from_slice(signs.next().await.unwrap().payload()).unwrap();
    let own = sign["pen"]["id"].as_str().unwrap().parse().unwrap();

    let senior = Senior { bus: bus.clone(), id: Uuid::new_v4() };
    let mut taken = bus.subscribe(&format!("{}.>", Senior::subject(senior.id))).await.unwrap();
    senior.say_again().await;
    let intake = nats.connect(Principal::Intake).await;
    let stored = async {
        // It has it written, and is never heard again.
        let passed_on = taken.next().await.unwrap();
        let subject = format!("{}.fact.intake", Senior::subject(own));
        let answer = bus.request(&subject, passed_on.payload().clone(), Duration::from_secs(30)).await;
        protocol::read::<Verdict>(&answer.unwrap()).unwrap()
    };
    let fact = proposed(Kind::RaisedByPhone, AggregateId::Case(case(1)), 0);
    let (verdict, stored) = tokio::join!(propose(&intake, Stage::Intake, vec![fact]), stored);
    assert!(matches!(stored, Verdict::Recorded(_)), "{stored:?}");
    // Who proposed looks again, and finds his own fact with the stamps that it has.
    assert!(matches!(verdict, Verdict::Conflict), "{verdict:?}");
    assert_eq!(sound(&intake, case(1)).await.len(), 1);
    ledger.end().await;
}
