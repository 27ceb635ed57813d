//! G7: what it takes when nothing happens, and when everyone calls at once.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use crate::{
    Failure,
    drive::{counts, heading, row},
    figures::{Spread, grouped, micros, millis, rate},
    g1::{READER, after},
    history,
    load::{Client, Plan, Played},
    report::{Figure, Sheet},
    settle::{Settled, settle},
    sink::Sink,
    system::Installation,
    verify::{Verified, verify},
};

/// How long nothing happens before the memory is read.
const IDLE: Duration = Duration::from_secs(10);

/// How often calls are handed out.
const TICK: Duration = Duration::from_millis(2);

/// How many calls may be under way at once; one that finds no line free waits, and that counts.
const LINES: usize = 512;

/// A storm.
#[derive(Clone, Copy, Debug)]
pub struct Storm {
    /// Calls in each second.
    pub per_second: u64,
    /// For how long.
    pub time: Duration,
}

/// What was measured.
#[derive(Debug)]
pub struct Outcome {
    /// The storm.
    pub storm: Storm,
    /// The memory in use while idle, in MiB, by process.
    pub idle: Vec<(&'static str, u64)>,
    /// The most memory in use, in MiB, by process.
    pub peak: Vec<(&'static str, u64)>,
    /// From the instant at which each call was to be made until its answer.
    pub latencies: Spread,
    /// What came of the calls.
    pub played: Played,
    /// How long the storm really took, up to the last answer.
    pub took: Duration,
    /// How long everything else took.
    pub settled: Settled,
    /// What the verification found.
    pub verified: Verified,
}

/// Runs it on an installation of its own.
pub async fn run(binary: &Path, storm: Storm, keep: bool) -> Result<Outcome, Failure> {
    let sink = Sink::start()?;
    let installation = Installation::new(binary, keep)?;
    let system = installation.start(sink.address).await?;
    let meter = system.meter();
    tokio::time::sleep(IDLE).await;
    let idle = meter.memory();
    let tokens = system.tokens()?;
    let [raise, ..] = history::plain_dispute(system.ready.time);
    let plan = Arc::new(Plan::new(system.api, &tokens, "g7-", [raise])?);
    let began = Instant::now();
    let (played, latencies) = blow(&plan, storm).await?;
    let last = played.last().ok_or("no call was answered")?;
    let settled = settle(&system, || sink.taken(), last).await?;
    let token = tokens.get(READER).ok_or("the reader has no token")?;
    let peak = meter.peaks();
    let verified = verify(&system, token, &played).await?;
    system.stop().await?;
    Ok(Outcome {
        storm,
        idle,
        peak,
        latencies: Spread::of(latencies),
        played,
        took: last - began,
        settled,
        verified,
    })
}

/// Makes each call at its instant, whether those before it are answered or not.
async fn blow(plan: &Arc<Plan>, storm: Storm) -> Result<(Played, Vec<u32>), Failure> {
    let (hand_out, calls) = mpsc::unbounded_channel::<(u64, Instant)>();
    let calls = Arc::new(tokio::sync::Mutex::new(calls));
    let mut lines = JoinSet::new();
    for _ in 0..LINES {
        let (plan, calls) = (plan.clone(), calls.clone());
        lines.spawn(async move {
            let mut client = Client::new(&plan);
            let mut latencies = Vec::new();
            loop {
                let next = calls.lock().await.recv().await;
                let Some((number, at)) = next else { return (client.played, latencies) };
                if client.act(number, 0, "").await.is_some() {
                    latencies.push(micros(at.elapsed()));
                }
            }
        });
    }
    let began = Instant::now();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let total = storm.per_second * storm.time.as_secs();
    let mut number = 0;
    while number < total {
        ticks.tick().await;
        let due = (began.elapsed().as_secs_f64() * f64::from(u32::try_from(storm.per_second)?)).floor();
        while number < total && f64::from(u32::try_from(number)?) < due {
            let at =
                began + Duration::from_secs(1) * u32::try_from(number)? / u32::try_from(storm.per_second)?;
            hand_out.send((number, at))?;
            number += 1;
        }
    }
    drop(hand_out);
    let (mut all, mut latencies) = (Played::default(), Vec::new());
    while let Some(done) = lines.join_next().await {
        let (played, took) = done?;
        all.add(played);
        latencies.extend(took);
    }
    Ok((all, latencies))
}

impl Outcome {
    /// How many calls were made and not answered well, or answered and not kept.
    pub fn lost(&self) -> u64 {
        let made = self.storm.per_second * self.storm.time.as_secs();
        made.saturating_sub(self.verified.confirmed as u64)
    }

    /// Whether everything went as it must.
    pub fn is_sound(&self) -> bool {
        self.lost() == 0 && self.verified.faults == 0 && self.settled.mails.is_some()
    }

    /// What is kept of it.
    pub fn note(&self, sheet: &mut Sheet) {
        let (_, concord) = self.idle.first().copied().unwrap_or_default();
        let memory = |list: &[(&str, u64)]| {
            list.iter().map(|(name, used)| format!("{name} {used} MiB")).collect::<Vec<_>>().join(", ")
        };
        let figure = Figure::of("G7", "memory of all services, idle", memory(&self.idle));
        // The goal is in millions of bytes.
        sheet.figure("g7-a", figure.wanted("concord ≤ 60 MB", concord * 1_048_576 <= 60_000_000));
        let Storm { per_second, time } = self.storm;
        let what =
            format!("a storm of {per_second} raises a second for {} s, p50 / p99 / max", time.as_secs());
        let Spread { p50, p99, max, .. } = self.latencies;
        let words = format!("{} / {} / {}, {} lost", millis(p50), millis(p99), millis(max), self.lost());
        let met = p99 <= 250_000 && self.lost() == 0;
        let beside = format!(
            "mails done {} after the last answer; memory at most {}",
            after(self.settled.mails),
            memory(&self.peak)
        );
        sheet.figure(
            "g7-b",
            Figure::of("G7", what, words).wanted("p99 ≤ 250 ms, none lost", met).beside(beside),
        );
    }

    /// What a person reads.
    pub fn lines(&self) -> Vec<String> {
        let memory = |list: &[(&str, u64)]| {
            list.iter().map(|(name, most)| format!("{name} {most} MiB")).collect::<Vec<_>>().join(", ")
        };
        let mut lines = vec![
            format!("G7  idle: {} (goal: concord at most 60 MB)", memory(&self.idle)),
            format!(
                "    {} calls a second for {} s: answered {}/s, {} lost (goal: p99 at most 250 ms, none lost)",
                self.storm.per_second,
                self.storm.time.as_secs(),
                grouped(rate(self.latencies.count as u64, self.took)),
                self.lost(),
            ),
            heading("from the instant at which it was to be made"),
            row("raise", &self.latencies),
            format!(
                "    repeats {}; failures {}",
                counts(&self.played.repeats),
                counts(&self.played.failures)
            ),
            format!(
                "    after the last answer: fold {}, notifier {}, mails {}; {} of {} mails handed over; memory at most {}",
                after(self.settled.fold),
                after(self.settled.notifier),
                after(self.settled.mails),
                self.settled.handed,
                self.settled.entered,
                memory(&self.peak),
            ),
        ];
        lines.extend(self.verified.lines());
        lines
    }
}
