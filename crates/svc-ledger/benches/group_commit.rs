//! What group commit gains: facts that are appended each by itself, against facts through the ledger, which checks,
//! stamps and groups them. Both on one nats-server with fsync always: `cargo bench -p svc-ledger`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement speaks, and what cannot go on has failed"
)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bus::{
    Bus, Principal,
    append::{self, Append},
    protocol::{self, Proposal, Proposed, Verdict},
    streams::CASES,
};

use events::{AggregateId, CaseId, Draft, EventId, Fact, Kind, Stage};
use serde_json::value::RawValue;
use service::{Chassis, Clock, Config, Effects, Metrics};
use testkit::{example_policy, nats::TestNats};
use tokio::task::JoinSet;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;
use views::Views;

/// Starts a ledger.
async fn start(nats: &TestNats) -> (CancellationToken, TaskTracker) {
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let chassis = Chassis {
        bus: nats.connect(Principal::Ledger).await,
        servers: Vec::new(),
        reader: nats.connect(Principal::Views).await,
        files: None,
        views: Views::open(Arc::new(example_policy()), &nats.dir().join("fold")).unwrap(),
        clock: Clock::System,
        verifier: bus::assertion::Verifier::read(&nats.keys()).unwrap(),
        config: Arc::new(Config::default()),
        stop: stop.clone(),
        tasks: tasks.clone(),
        listening: Arc::default(),
        effects: Effects::default(),
        metrics: Metrics::default(),
    };
    (svc_ledger::service().start)(chassis).await.unwrap();
    (stop, tasks)
}

/// Raises a case through the ledger.
async fn raise(bus: &Bus, id: CaseId) {
    let example = Fact::from_bytes(Kind::RaisedByPhone.example().to_string().as_bytes()).unwrap().draft;
    let draft = Draft { id: EventId(Uuid::new_v4()), aggregate: AggregateId::Case(id), ..example };
    let draft = RawValue::from_string(draft.to_json().unwrap()).unwrap();
    let payload = protocol::write(&Proposal { facts: vec![Proposed { on_version: 0, draft }] });
    let answer = bus.request(&protocol::fact_subject(Stage::Intake), payload, Duration::from_secs(30)).await;
    let verdict = protocol::read::<Verdict>(&answer.unwrap()).unwrap();
    assert!(matches!(verdict, Verdict::Recorded(_)), "{verdict:?}");
}

/// How long each line of the measurement runs.
const LINE: Duration = Duration::from_secs(5);

/// Lets so many writers write for a while, one fact after the other; gives facts a second and the worst wait.
async fn measure<W, F>(writers: u128, write: W) -> (u128, Duration)
where
    W: Fn(CaseId) -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let end = Instant::now() + LINE;
    let mut all = JoinSet::new();
    for writer in 0..writers {
        let run = Uuid::new_v4().as_u128() & !u128::from(u64::MAX);
        let write = write.clone();
        all.spawn(async move {
            let (mut done, mut worst) = (0, Duration::ZERO);
            while Instant::now() < end {
                let began = Instant::now();
                write(CaseId(Uuid::from_u128(run | (writer << 32) | done))).await;
                worst = worst.max(began.elapsed());
                done += 1;
            }
            (done, worst)
        });
    }
    let all = all.join_all().await;
    (
        all.iter().map(|one| one.0).sum::<u128>() / u128::from(LINE.as_secs()),
        all.iter().map(|one| one.1).max().unwrap(),
    )
}

/// A fact that is appended by itself, as a ledger without group commit would.
async fn append_alone(bus: Bus, id: CaseId) {
    let payload = Kind::RaisedByPhone.example().to_string();
    let subject = AggregateId::Case(id).subject();
    let message =
        Append { subject, payload: payload.into(), id: id.to_string(), expected: 0, headers: vec![] };
    append::append(&bus, CASES, &message).await.unwrap();
}

#[tokio::main]
async fn main() {
    let nats = TestNats::start().await;
    let (stop, tasks) = start(&nats).await;
    let (intake, pen) = (nats.connect(Principal::Intake).await, nats.connect(Principal::Ledger).await);
    for writers in [1, 64, 256] {
        let (pen, intake) = (pen.clone(), intake.clone());
        let (alone, alone_worst) = measure(writers, move |id| append_alone(pen.clone(), id)).await;
        let (grouped, worst) = measure(writers, move |id| {
            let bus = intake.clone();
            async move { raise(&bus, id).await }
        })
        .await;
        println!(
            "{writers} in flight: each alone {alone}/s (worst {alone_worst:.0?}), through the ledger {grouped}/s (worst {worst:.0?})"
        );
    }
    stop.cancel();
    tasks.close();
    tasks.wait().await;
}
