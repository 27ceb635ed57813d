//! G4: what the proof costs: a replay held against the rules and Merkle-verified beside the quickest reader that JetStream
//! has, an export verified offline, the proof of one fact.

use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use bus::{Principal, log, streams::CASES};
use events::{AggregateId, CaseId, envelope};
use tokio::process::Command;

use crate::{
    Failure,
    drive::{heading, row},
    figures::{Spread, float, grouped, micros, millis, rate},
    history,
    http::{Line, read_as},
    load::{Client, Plan},
    nats::Nats,
    report::{Figure, Sheet},
    seed::{Model, Store},
    sink::Sink,
    system::{Installation, System},
};

/// Who asks for proofs.
const AUDITOR: &str = "btg.kiem-tra";

/// How many messages the bare reader asks for at a time.
const PULL: u64 = 1_000;

/// What was measured.
#[derive(Debug)]
pub struct Outcome {
    /// How many facts were stored.
    facts: u64,
    /// Their mean size in bytes.
    bytes: usize,
    /// From the start of the process until all was read, in the tree and signed.
    signed: Duration,
    /// Bare reading and `verify --live` of as many messages, one after the other, several times.
    rounds: Vec<(Duration, Duration)>,
    /// Writing an export of everything, and its size.
    exported: (Duration, u64),
    /// Verifying it, several times.
    offline: Vec<Duration>,
    /// The proof of one fact over HTTP.
    proofs: Spread,
}

/// Measures with so many facts, so many times each.
pub async fn run(binary: &Path, facts: u64, rounds: usize, keep: bool) -> Result<Outcome, Failure> {
    let sink = Sink::start()?;
    let installation = Installation::new(binary, keep)?;
    let mut model = Model::raise(&installation, &sink, &[history::common_call]).await?;
    let store = Store::open(&installation.data()).await?;
    let cases = u32::try_from(facts / model.facts() as u64)?;
    model.add_quiet(&store, cases).await?;
    store.close().await?;

    let began = Instant::now();
    let system = installation.start(sink.address).await?;
    let data = installation.data();
    let kept = data.join("kept");
    while !audit(binary, &data, &["checkpoint", "--out", &kept.to_string_lossy()]).await? {
        if began.elapsed() > Duration::from_mins(10) {
            return Err("no checkpoint was signed within ten minutes".into());
        }
    }
    let signed = began.elapsed();
    let reader = system.connect(Principal::Views).await?;
    let facts = log::last_sequence(&reader, CASES).await?;
    let some = log::read(&reader, CASES, facts / 2, ">").await?;
    let bytes = some.iter().map(|entry| entry.payload.len()).sum::<usize>() / some.len().max(1);

    let mut bare = Nats::start().await?;
    bare.fill(facts, bytes).await?;
    let key = data.join("credentials/checkpoints/1.pub").to_string_lossy().into_owned();
    let kept = kept.to_string_lossy().into_owned();
    let mut measured = Vec::new();
    for _ in 0..rounds {
        let began = Instant::now();
        if bare.pull(PULL).await? != facts {
            return Err("the bare reader did not read everything".into());
        }
        let read = began.elapsed();
        let began = Instant::now();
        must(audit(binary, &data, &["verify", "--live", "--key", &key, "--checkpoint", &kept]).await?)?;
        measured.push((read, began.elapsed()));
        println!("G4  bare {}, verified {}", seconds(read), seconds(began.elapsed()));
    }
    drop(bare);
    let proofs = proofs(&system, &reader).await?;

    let file = data.join("all.zip").to_string_lossy().into_owned();
    let began = Instant::now();
    must(audit(binary, &data, &["export", &file]).await?)?;
    let exported = (began.elapsed(), fs::metadata(&file)?.len());
    system.stop().await?;
    let mut offline = Vec::new();
    for _ in 0..rounds {
        let began = Instant::now();
        must(audit(binary, &data, &["verify", &file, "--key", &key, "--checkpoint", &kept]).await?)?;
        offline.push(began.elapsed());
        println!("G4  offline {}", seconds(began.elapsed()));
    }
    Ok(Outcome { facts, bytes, signed, rounds: measured, exported, offline, proofs })
}

/// `concord audit …`; whether it succeeded.
async fn audit(binary: &Path, data: &Path, arguments: &[&str]) -> Result<bool, Failure> {
    let mut command = Command::new(binary);
    command.arg("audit").args(arguments).arg("--data").arg(data);
    Ok(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().await?.success())
}

fn must(succeeded: bool) -> Result<(), Failure> {
    if succeeded { Ok(()) } else { Err("concord audit found a fault, or could not work".into()) }
}

/// Proofs of facts that were really recorded, at the end of the long log: the ids of those that were cast say nothing of
/// their place.
async fn proofs(system: &System, reader: &bus::Bus) -> Result<Spread, Failure> {
    const CASES_RAISED: u64 = 100;
    let tokens = system.tokens()?;
    let plan = Plan::new(system.api, &tokens, "g4-", [history::common_call(system.ready.time)])?;
    let mut client = Client::new(&plan);
    let mut ids = Vec::new();
    for number in 0..CASES_RAISED {
        let case = client.act(number, 0, "").await.flatten().ok_or("no case could be raised")?;
        let subject = AggregateId::Case(case.parse::<CaseId>()?).subject();
        for entry in log::read(reader, CASES, 1, &subject).await? {
            ids.push(envelope::link(&entry.payload)?.id);
        }
    }
    let token = tokens.get(AUDITOR).ok_or("the auditor has no token")?;
    let mut line = Line::open(system.api).await?;
    let mut latencies = Vec::new();
    for id in ids {
        let request = read_as(token, &format!("/api/v1/audit/proof/{id}"));
        let began = Instant::now();
        let status = line.exchange(&request).await?.status;
        latencies.push(micros(began.elapsed()));
        if status != 200 {
            return Err(format!("a proof was answered with {status}").into());
        }
    }
    Ok(Spread::of(latencies))
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or_default()
}

impl Outcome {
    /// Half of the rounds had no larger share of the bare reader's speed.
    fn share(&self) -> f64 {
        let mut shares: Vec<_> =
            self.rounds.iter().map(|(read, verified)| read.as_secs_f64() / verified.as_secs_f64()).collect();
        shares.sort_by(f64::total_cmp);
        shares.get(shares.len() / 2).copied().unwrap_or(0.0)
    }

    fn speeds(&self) -> (f64, f64) {
        let (read, verified): (Vec<_>, Vec<_>) = self.rounds.iter().copied().unzip();
        (rate(self.facts, median(read)), rate(self.facts, median(verified)))
    }

    /// What is kept of it.
    pub fn note(&self, sheet: &mut Sheet) {
        sheet.forget("g4-");
        let facts = grouped(float(self.facts));
        let (bare, verified) = self.speeds();
        let figure = Figure::of(
            "G4",
            format!(
                "{facts} facts read, held against where their cases stand, Merkle-verified (`audit verify --live`)"
            ),
            format!("{:.0} % of a bare reader", self.share() * 100.0),
        );
        let beside = format!("{} against {} a second", grouped(verified), grouped(bare));
        sheet.figure("g4-live", figure.wanted("≥ 50 %", self.share() >= 0.5).beside(beside));
        let offline = median(self.offline.clone());
        let figure = Figure::of("G4", "an export of them verified offline", seconds(offline));
        let megabytes = self.exported.1 >> 20;
        let beside = format!("{megabytes} MiB, written in {}", seconds(self.exported.0));
        sheet
            .figure("g4-offline", figure.wanted("≤ 10 s", offline <= Duration::from_secs(10)).beside(beside));
        let (p50, p99) = (self.proofs.p50, self.proofs.p99);
        let figure = Figure::of(
            "G4",
            "the proof of one of them over HTTP, p50 / p99",
            format!("{} / {}", millis(p50), millis(p99)),
        );
        sheet.figure("g4-proof", figure.wanted("≤ 5 ms", p50 <= 5_000));
        let figure =
            Figure::of("G4", "from the start until all are in the tree and signed", seconds(self.signed));
        sheet.figure("g4-signed", figure);
    }

    /// What a person reads.
    pub fn lines(&self) -> Vec<String> {
        let (bare, verified) = self.speeds();
        vec![
            format!(
                "G4  {} facts of {} bytes (goal: at least 50 % of a bare reader)",
                grouped(float(self.facts)),
                self.bytes
            ),
            format!("    bare pull consumer, AckNone, {PULL} at a time   {} a second", grouped(bare)),
            format!(
                "    audit verify --live                        {} a second, {:.0} %",
                grouped(verified),
                self.share() * 100.0
            ),
            format!(
                "    audit export of everything                 {}, {} MiB",
                seconds(self.exported.0),
                self.exported.1 >> 20
            ),
            format!(
                "    audit verify of the export, offline        {} (goal: 10 s for a million)",
                seconds(median(self.offline.clone()))
            ),
            format!("    in the tree and signed after the start     {}", seconds(self.signed)),
            heading("one proof over HTTP (goal: 5 ms)"),
            row("GET /audit/proof/{event}", &self.proofs),
        ]
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
