//! Of several ledgers one writes, and nothing is lost or doubled when it goes.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use bus::{
    Bus, Principal, log,
    protocol::{self, PENS, Verdict},
    streams::CASES,
};
use events::{AggregateId, CaseId, Kind, Stage};
use serde_json::{Value, json};
use service::Clock;
use testkit::{eventually, nats::TestNats};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{Ledger, case, noon, propose, proposed, raise, sound};

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
    let began = Instant::now();
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
