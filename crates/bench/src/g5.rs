//! G5: what a command and a look cost when there are many cases, against few.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;

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

/// Who is asked: a liaison officer to whom every case was routed, and one who may see one case of a hundred.
const ALL: &str = "btg.dau-moi";
const FEW_OF_ALL: &str = "syt.dau-moi";

/// What is read: its name, by whom, and the path. Each answer's `next_cursor` is followed, and the last page by the first.
const READS: [(&str, &str, &str); 14] = [
    ("an inbox, 50 cases (GET /cases)", ALL, "/api/v1/cases"),
    ("an inbox by state (GET /cases?state=routed)", ALL, "/api/v1/cases?state=routed"),
    ("what waits for me (GET /work)", ALL, "/api/v1/work"),
    ("a search of two words (GET /cases?q=...)", ALL, "/api/v1/cases?q=l%E1%BB%93ng%20b%C3%A8"),
    ("a search of a rare word (GET /cases?q=...)", ALL, "/api/v1/cases?q=ngo%20doc"),
    ("two words that never meet (GET /cases?q=...)", ALL, "/api/v1/cases?q=long%20doc"),
    ("1 %: list (GET /cases)", FEW_OF_ALL, "/api/v1/cases"),
    ("1 %: list, one topic (GET /cases?topic=)", FEW_OF_ALL, "/api/v1/cases?state=routed&topic=health"),
    ("1 %: a list of nothing (GET /cases?state=closed)", FEW_OF_ALL, "/api/v1/cases?state=closed"),
    ("1 %: work (GET /work)", FEW_OF_ALL, "/api/v1/work"),
    ("1 %: a word of all their cases (GET /cases?q=)", FEW_OF_ALL, "/api/v1/cases?q=thuc%20pham"),
    ("1 %: the beginning of one (GET /cases?q=)", FEW_OF_ALL, "/api/v1/cases?q=thuc%20ph"),
    ("1 %: a word of all cases (GET /cases?q=)", FEW_OF_ALL, "/api/v1/cases?q=nguyen%20nhan"),
    ("1 %: a word of all others' (GET /cases?q=)", FEW_OF_ALL, "/api/v1/cases?q=long%20be"),
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
    let mut model = Model::raise(&installation, &sink, &[history::common_call, history::rare_call]).await?;
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
    for (what, officer, path) in READS {
        match reads(&mut line, token(officer)?, path, rounds).await? {
            Some(spread) => rows.push((what, spread)),
            None => missing.push(what),
        }
    }
    let case = client.played.cases.first().ok_or("no case")?.0;
    let path = format!("/api/v1/cases/{case}");
    let looked = reads(&mut line, token(READER)?, &path, rounds).await?;
    rows.extend(looked.map(|spread| ("a case (GET /cases/{id})", spread)));
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

/// Reads again and again, page by page where there are pages; none if the API has no such thing.
async fn reads(line: &mut Line, token: &str, path: &str, rounds: u64) -> Result<Option<Spread>, Failure> {
    let mut latencies = Vec::new();
    let first = read_as(token, path);
    let mut request = first.clone();
    for _ in 0..rounds {
        let began = Instant::now();
        let answer = line.exchange(&request).await?;
        latencies.push(micros(began.elapsed()));
        match answer.status {
            200 => {}
            400 | 404 => return Ok(None),
            other => return Err(format!("a read was answered with {other}").into()),
        }
        request = match next_page(answer.body)? {
            Some(cursor) => {
                let sign = if path.contains('?') { '&' } else { '?' };
                read_as(token, &format!("{path}{sign}cursor={cursor}"))
            }
            None => first.clone(),
        };
    }
    Ok(Some(Spread::of(latencies)))
}

/// Where the next page begins.
fn next_page(body: &[u8]) -> Result<Option<String>, Failure> {
    let body: Value = serde_json::from_slice(body)?;
    Ok(match &body["next_cursor"] {
        Value::Null => None,
        Value::String(cursor) => Some(cursor.clone()),
        other => Some(other.to_string()),
    })
}

impl Outcome {
    /// What is kept of it, beside the same with few cases.
    pub fn note(&self, few: &Self, sheet: &mut Sheet) {
        sheet.forget("g5-");
        let cases = grouped(f64::from(self.cases));
        for (place, ((what, many), (_, few_spread))) in self.rows.iter().zip(&few.rows).enumerate() {
            let grown = times(many.p50, few_spread.p50);
            let is_read = what.contains("GET");
            // Who sees one case of a hundred sees few of a thousand: an answer grows with them up to a page.
            let is_partial = what.starts_with("1 %");
            let wanted = match (is_read, is_partial) {
                (true, true) => "p99 ≤ 20 ms",
                (true, false) => "≤ 1.5 ×, p99 ≤ 20 ms",
                (false, _) => "≤ 1.5 ×",
            };
            let met = (is_partial || grown <= 1.5) && (!is_read || many.p99 <= 20_000);
            let measured = format!("{grown:.2} × ({} / {})", millis(many.p50), millis(many.p99));
            let beside = format!(
                "with {}: {} / {}",
                grouped(f64::from(few.cases)),
                millis(few_spread.p50),
                millis(few_spread.p99)
            );
            let figure = Figure::of("G5", format!("{what}, {cases} stored cases, p50 / p99"), measured);
            sheet.figure(&format!("g5-{place:02}"), figure.wanted(wanted, met).beside(beside));
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
