//! What the audit takes from the ledger of its process without reading it is held against what the server gives.

#![expect(clippy::unwrap_used, reason = "what cannot go on has failed")]

use std::{sync::Arc, time::Duration};

use bus::{
    Bus, Principal,
    append::{Append, Stored, append},
    assertion::Verifier,
    audit::{ASK, Answer, Finding, Question},
    connection::House,
    protocol,
    streams::{self, CASES, Shape},
};
use service::{Chassis, Clock, Config, Metrics};
use testkit::{eventually, example_policy, nats::TestNats};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use views::Views;

/// The audit at work, in a house with a ledger.
struct Audit {
    nats: TestNats,
    ledger: Bus,
    asks: Bus,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Audit {
    async fn start() -> Self {
        Self::watching(&[]).await
    }

    /// It watches the copies of these servers, each by itself.
    async fn watching(servers: &[&TestNats]) -> Self {
        let nats = TestNats::start().await;
        let house = House::default();
        let connect =
            async |principal| Bus::connect(&nats.connect_to(principal).in_house(&house)).await.unwrap();
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let mut config = Config { data: nats.dir().join("data"), ..Config::default() };
        config.audit.sweep_seconds = 1;
        let chassis = Chassis {
            bus: connect(Principal::Audit).await,
            servers: servers.iter().map(|server| server.connect_to(Principal::Audit)).collect(),
            reader: nats.connect(Principal::Views).await,
            files: None,
            views: Views::open(Arc::new(example_policy()), &nats.dir().join("fold")).unwrap(),
            clock: Clock::System,
            verifier: Verifier::read(&nats.keys()).unwrap(),
            config: Arc::new(config),
            stop: stop.clone(),
            tasks: tasks.clone(),
            listening: Arc::default(),
            effects: service::Effects::default(),
            metrics: Metrics::default(),
        };
        (svc_audit::service().start)(chassis).await.unwrap();
        let (ledger, asks) = (connect(Principal::Ledger).await, nats.connect(Principal::Api).await);
        Self { nats, ledger, asks, stop, tasks }
    }

    async fn ask(&self, question: Question) -> Answer {
        let question = protocol::write(&question);
        let answer = self.asks.request(ASK, question, Duration::from_secs(30)).await.unwrap();
        protocol::read(&answer).unwrap()
    }

    /// What it has found, once that fits.
    async fn found(&self, fits: impl Fn(&[Finding]) -> bool) -> Vec<Finding> {
        eventually(async || match self.ask(Question::Findings).await {
            Answer::Findings(findings) if fits(&findings) => Ok(findings),
            other => Err(format!("{other:?}")),
        })
        .await
    }

    /// Stores a message under a subject of its own, and tells the house that it was another.
    async fn store(&self, number: u32, stored: &'static str, told: &'static str) {
        let (sequence, subject) = put(&self.ledger, number, stored).await;
        self.ledger.tell_stored(CASES, &[Stored { sequence, subject, payload: told.into() }]);
    }

    async fn end(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        drop(self.nats);
    }
}

async fn put(ledger: &Bus, number: u32, payload: &'static str) -> (u64, String) {
    let subject = format!("case.00.{number}");
    let (payload, id) = (payload.into(), format!("message {number}"));
    let message = Append { subject: subject.clone(), payload, id, expected: 0, headers: Vec::new() };
    (append(ledger, CASES, &message).await.unwrap(), subject)
}

#[tokio::test]
async fn the_alarm_about_a_copy_ends_when_it_has_everything_again_and_not_before() {
    let mut copy = TestNats::start().await;
    put(&copy.connect(Principal::Ledger).await, 1, "altered").await;
    let audit = Audit::watching(&[&copy]).await;
    for number in [1, 2] {
        audit.store(number, "recorded", "recorded").await;
    }
    let altered = |found: &[Finding]| found.iter().any(|one| one.what.contains("is not the one"));
    let cut_off = |found: &[Finding], at| {
        let says = |one: &Finding| one.sequence == Some(at) && one.what.contains("does not catch up");
        found.iter().any(says)
    };
    // What is there is another, and what comes after it is not there at all.
    audit.found(|found| altered(found) && cut_off(found, 2)).await;

    // Its store is moved away, as the runbook says, and it has nothing yet.
    copy.stop().await;
    std::fs::remove_dir_all(copy.dir().join("jetstream")).unwrap();
    copy.restart().await;
    streams::provision(&copy.connect(Principal::Deploy).await, &Shape::default()).await.unwrap();
    let found = audit.found(|found| cut_off(found, 1)).await;
    assert!(altered(&found), "it is not healed: {found:?}");

    let ledger = copy.connect(Principal::Ledger).await;
    for number in [1, 2] {
        put(&ledger, number, "recorded").await;
    }
    // That none of them is a fact is said of the log, and of no copy.
    audit.found(|found| found.iter().all(|one| one.place == CASES)).await;
    audit.end().await;
}

#[tokio::test]
async fn what_a_server_stores_instead_of_what_the_ledger_gave_it_is_found() {
    let audit = Audit::start().await;
    // It has read what there is, and listens.
    assert!(matches!(audit.ask(Question::Checkpoint { fresh: true }).await, Answer::Checkpoint(_)));
    let mut number = 0;
    // A message that the audit happens to read before it is told of it is what the server says: then the next one.
    let found = eventually(async || {
        number += 1;
        audit.store(number, "what the server has", "what the ledger had it store").await;
        let Answer::Findings(findings) = audit.ask(Question::Findings).await else { panic!("no findings") };
        let found =
            findings.into_iter().find(|found| found.what.contains("is not the one that was recorded"));
        found.ok_or(number)
    })
    .await;
    assert_eq!(found.place, CASES);
    audit.end().await;
}
