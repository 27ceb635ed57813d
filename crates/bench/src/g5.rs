//! G5: what a command and a look cost when there are many cases, against few.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    Failure,
    drive::{heading, row},
    figures::{Spread, float, grouped, micros, millis, rate},
    g1::READER,
    history,
    http::{Line, read_as},
    load::{Client, Plan},
    report::{Figure, Sheet},
    seed::{Model, Store},
    sink::Sink,
    system::Installation,
};

/// The few.
pub const FEW: u32 = 1_000;

/// Whose inbox is looked into: a liaison officer, to whom every case was routed.
const OFFICER: &str = "btg.dau-moi";

/// What is read: its name, and the path.
const READS: [(&str, &str); 4] = [
    ("an inbox, 50 cases (GET /cases)", "/api/v1/cases"),
    ("an inbox by state (GET /cases?state=routed)", "/api/v1/cases?state=routed"),
    ("what waits for me (GET /work)", "/api/v1/work"),
    ("a search of two words (GET /cases?q=...)", "/api/v1/cases?q=l%E1%BB%93ng%20b%C3%A8"),
];

/// What was measured with so many cases.
#[derive(Debug)]
pub struct Outcome {
    /// How many cases were stored.
    pub cases: u32,
    /// How many facts that were, and how long it took to append them.
    pub seeded: (u64, Duration),
    /// From the start of the process until it was ready, with no fold on the disk.
    pub ready: Duration,
    /// What was measured: what it is called, and how long it took.
    pub rows: Vec<(&'static str, Spread)>,
    /// What the API does not have.
    pub missing: Vec<&'static str>,
    /// The memory that concord then had in use, in MiB.
    pub memory: u64,
    /// The same of nats-server.
    pub nats_memory: u64,
}

/// Measures with so many cases, so many times each.
pub async fn run(binary: &Path, cases: u32, rounds: u64, keep: bool) -> Result<Outcome, Failure> {
    let sink = Sink::start()?;
    let installation = Installation::new(binary, keep)?;
    let mut model = Model::raise(&installation, &sink).await?;
    let store = Store::open(&installation.data()).await?;
    let added = cases.saturating_sub(model.cases());
    let took = model.add_quiet(&store, added).await?;
    store.close().await?;
    let began = Instant::now();
    let system = installation.start(sink.address).await?;
    let ready = began.elapsed();
    let tokens = system.tokens()?;
    let [raise, ..] = history::plain_dispute(system.ready.time);
    let plan = Plan::new(system.api, &tokens, "g5-", [raise, history::callback()])?;
    let mut client = Client::new(&plan);
    for round in 0..rounds + rounds / 10 {
        let case = client.act(round, 0, "").await.flatten().ok_or_else(|| failed(&client))?;
        client.act(round, 1, &case).await.ok_or_else(|| failed(&client))?;
    }
    let skip = usize::try_from(rounds / 10)?;
    let of = |act| {
        let samples = client.played.samples.iter().filter(|sample| sample.act == act).skip(skip);
        Spread::of(samples.map(|sample| sample.took).collect())
    };
    let mut rows = vec![("a command that nothing follows", of(1)), ("a command, numbered and routed", of(0))];
    let mut missing = Vec::new();
    let mut line = Line::open(system.api).await?;
    let token = |officer: &str| tokens.get(officer).ok_or_else(|| format!("{officer} has no token"));
    for (what, path) in READS {
        let request = read_as(token(OFFICER)?, path);
        match reads(&mut line, &request, rounds).await? {
            Some(spread) => rows.push((what, spread)),
            None => missing.push(what),
        }
    }
    let case = client.played.cases.first().ok_or("no case")?.0;
    let request = read_as(token(READER)?, &format!("/api/v1/cases/{case}"));
    rows.extend(reads(&mut line, &request, rounds).await?.map(|spread| ("a case (GET /cases/{id})", spread)));
    let memory = system.meter().memory();
    system.stop().await?;
    Ok(Outcome {
        cases: model.cases(),
        seeded: (u64::from(added) * model.facts() as u64, took),
        ready,
        rows,
        missing,
        memory: memory[0].1,
        nats_memory: memory[1].1,
    })
}

fn failed(client: &Client<'_>) -> String {
    format!("acts failed: {:?}", client.played.failures)
}

/// Reads again and again; none if the API has no such thing.
async fn reads(line: &mut Line, request: &[u8], rounds: u64) -> Result<Option<Spread>, Failure> {
    let mut latencies = Vec::new();
    for _ in 0..rounds {
        let began = Instant::now();
        let status = line.exchange(request).await?.status;
        latencies.push(micros(began.elapsed()));
        match status {
            200 => {}
            400 | 404 => return Ok(None),
            other => return Err(format!("a read was answered with {other}").into()),
        }
    }
    Ok(Some(Spread::of(latencies)))
}

impl Outcome {
    /// What is kept of it, beside the same with few cases.
    pub fn note(&self, few: &Self, sheet: &mut Sheet) {
        let cases = grouped(f64::from(self.cases));
        for (place, ((what, many), (_, few_spread))) in self.rows.iter().zip(&few.rows).enumerate() {
            let grown = times(many.p50, few_spread.p50);
            let is_read = what.contains("GET");
            let wanted = if is_read { "≤ 1.5 ×, p99 ≤ 20 ms" } else { "≤ 1.5 ×" };
            let met = grown <= 1.5 && (!is_read || many.p99 <= 20_000);
            let measured = format!("{grown:.2} × ({} / {})", millis(many.p50), millis(many.p99));
            let beside = format!(
                "with {}: {} / {}",
                grouped(f64::from(few.cases)),
                millis(few_spread.p50),
                millis(few_spread.p99)
            );
            let figure = Figure::of("G5", format!("{what}, {cases} stored cases, p50 / p99"), measured);
            sheet.figure(&format!("g5-{place}"), figure.wanted(wanted, met).beside(beside));
        }
        let memory = format!("concord {} MiB, nats-server {} MiB", self.memory, self.nats_memory);
        let figure = Figure::of("G5", format!("memory with {cases} stored cases of three facts"), memory);
        let beside = format!("concord {} MiB with {}", few.memory, grouped(f64::from(few.cases)));
        sheet.figure("g5-memory", figure.beside(beside));
        let seeded = format!("{} facts a second", grouped(rate(self.seeded.0, self.seeded.1)));
        sheet.figure("g5-seeding", Figure::of("G5", "appended in batches of 1,000, for this", seeded));
        for (place, what) in self.missing.iter().enumerate() {
            sheet.figure(&format!("g5-missing-{place}"), Figure::of("G5", *what, "not there yet"));
        }
    }

    /// What a person reads, beside the same with few cases.
    pub fn lines(&self, few: &Self) -> Vec<String> {
        let mut lines = vec![format!(
            "G5  {} cases against {} (goal: at most 1.5 ×; inbox and search p99 at most 20 ms)",
            grouped(f64::from(self.cases)),
            grouped(f64::from(few.cases))
        )];
        for outcome in [few, self] {
            lines.push(heading(&format!("with {} cases", grouped(f64::from(outcome.cases)))));
            lines.extend(outcome.rows.iter().map(|(what, spread)| row(what, spread)));
            lines.push(format!(
                "    appended {} facts/s in batches of 1,000; ready {:.1} s after the start; memory: concord {} MiB, nats-server {} MiB",
                grouped(rate(outcome.seeded.0, outcome.seeded.1)),
                outcome.ready.as_secs_f64(),
                outcome.memory,
                outcome.nats_memory,
            ));
        }
        for ((what, many), (_, few)) in self.rows.iter().zip(&few.rows) {
            lines.push(format!(
                "    {what:<42} {:.2} × at p50, {:.2} × at p99",
                times(many.p50, few.p50),
                times(many.p99, few.p99)
            ));
        }
        lines.extend(self.missing.iter().map(|what| format!("    {what:<42} the API does not have it")));
        lines
    }
}

/// How many times one is the other.
pub fn times(one: u32, other: u32) -> f64 {
    float(u64::from(one)) / float(u64::from(other.max(1)))
}
