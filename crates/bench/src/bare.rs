//! What the server does without Concord, on the same disk: the baselines of the write path and of a replay.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bus::{
    Bus, Principal,
    append::{Append, append, append_all},
    streams::CASES,
};
use tokio::task::JoinSet;

use crate::{
    Failure,
    drive::{heading, row},
    figures::{Spread, grouped, micros, rate},
    nats::Nats,
    report::{Figure, Sheet},
    server::BareServer,
};

/// How large a fact of a history is in the middle.
const BYTES: usize = 1_200;

/// How many are under way at once, and how many are in a batch.
const MANY: usize = 64;

/// How many messages the consumer reads.
const TO_READ: u64 = 200_000;

/// How many a pull asks for.
const PULL: u64 = 1_000;

/// What was measured.
#[derive(Debug)]
pub struct Outcome {
    /// One synced publish after the other.
    pub one: (Spread, Duration),
    /// As many under way at once as [`MANY`].
    pub many: (Spread, Duration),
    /// One atomic batch after the other.
    pub batch: (Spread, Duration),
    /// Reading all with a pull consumer that acknowledges nothing.
    pub read: (u64, Duration),
}

/// Measures; so many messages are published one by one.
pub async fn run(count: u64) -> Result<Outcome, Failure> {
    let bare = BareServer::start().await?;
    let bus = bare.connect(Principal::Ledger).await?;
    let one = one_by_one(&bus, count, "one").await?;
    let many = at_once(&bus, count * 2).await?;
    let batch = in_batches(&bus, count * 8 / MANY as u64).await?;
    bare.stop().await?;
    Ok(Outcome { one, many, batch, read: read().await? })
}

fn message(name: &str, number: u64) -> Append {
    Append {
        subject: format!("case.{:02}.{name}-{number}", number % 16),
        payload: vec![b'x'; BYTES].into(),
        id: format!("{name}-{number}"),
        expected: 0,
        headers: Vec::new(),
    }
}

async fn one_by_one(bus: &Bus, count: u64, name: &str) -> Result<(Spread, Duration), Failure> {
    let began = Instant::now();
    let mut latencies = Vec::new();
    for number in 0..count {
        let sent = Instant::now();
        append(bus, CASES, &message(name, number)).await?;
        latencies.push(micros(sent.elapsed()));
    }
    Ok((Spread::of(latencies), began.elapsed()))
}

async fn at_once(bus: &Bus, count: u64) -> Result<(Spread, Duration), Failure> {
    let next = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let mut writers = JoinSet::new();
    for _ in 0..MANY {
        let (bus, next) = (bus.clone(), next.clone());
        writers.spawn(async move {
            let mut latencies = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok::<_, Failure>(latencies);
                }
                let sent = Instant::now();
                append(&bus, CASES, &message("many", number)).await?;
                latencies.push(micros(sent.elapsed()));
            }
        });
    }
    let mut all = Vec::new();
    while let Some(written) = writers.join_next().await {
        all.extend(written??);
    }
    Ok((Spread::of(all), began.elapsed()))
}

async fn in_batches(bus: &Bus, batches: u64) -> Result<(Spread, Duration), Failure> {
    let began = Instant::now();
    let mut latencies = Vec::new();
    for batch in 0..batches.max(1) {
        let first = batch * MANY as u64;
        let messages: Vec<_> = (first..first + MANY as u64).map(|number| message("batch", number)).collect();
        let sent = Instant::now();
        append_all(bus, CASES, &messages).await?;
        latencies.push(micros(sent.elapsed()));
    }
    Ok((Spread::of(latencies), began.elapsed()))
}

/// Reads a stream of its own.
async fn read() -> Result<(u64, Duration), Failure> {
    let mut nats = Nats::start().await?;
    nats.fill(TO_READ, BYTES).await?;
    let began = Instant::now();
    let read = nats.pull(PULL).await?;
    Ok((read, began.elapsed()))
}

impl Outcome {
    /// Messages a second: one at a time, many under way, in batches.
    pub fn rates(&self) -> [f64; 3] {
        let of = |(spread, time): &(Spread, Duration), each: usize| rate((spread.count * each) as u64, *time);
        [of(&self.one, 1), of(&self.many, 1), of(&self.batch, MANY)]
    }

    /// What is kept of it.
    pub fn note(&self, sheet: &mut Sheet) {
        let [one, many, batch] = self.rates().map(grouped);
        let rows = [
            ("bare-a", "bare server, one synced publish at a time, a second".to_owned(), one),
            ("bare-b", format!("bare server, {MANY} under way, a second"), many),
            ("bare-c", format!("bare server, atomic batches of {MANY}, messages a second"), batch),
            (
                "bare-d",
                format!(
                    "bare server, a pull consumer that acknowledges nothing, {PULL} at a time, messages a second"
                ),
                grouped(rate(self.read.0, self.read.1)),
            ),
        ];
        for (name, what, measured) in rows {
            sheet.figure(name, Figure::of("Baseline", what, measured).beside(format!("{BYTES} bytes each")));
        }
    }

    /// What a person reads.
    pub fn lines(&self) -> Vec<String> {
        let [one_rate, many_rate, batch_rate] = self.rates().map(grouped);
        let [(one, _), (many, _), (batch, _)] = [&self.one, &self.many, &self.batch];
        vec![
            format!(
                "Bare nats-server, synced: {one_rate}/s one at a time, {many_rate}/s with {MANY} under way, \
                 {batch_rate}/s in batches of {MANY}"
            ),
            heading(&format!("{BYTES} bytes each")),
            row("one synced publish", one),
            row(&format!("with {MANY} under way"), many),
            row(&format!("one atomic batch of {MANY}"), batch),
            format!(
                "    a pull consumer without acknowledgement, {PULL} at a time: {} messages/s",
                grouped(rate(self.read.0, self.read.1))
            ),
        ]
    }
}
