//! G1: durable commands per second, with everything that follows on them.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    Failure,
    figures::{Spread, float, grouped, millis, rate},
    history,
    load::{Load, Plan, Played},
    settle::{Settled, settle},
    sink::Sink,
    system::{Installation, System, Used},
    usage,
    verify::{Verified, verify},
};

/// Whose view of the cases is compared with the log: who raised them.
const READER: &str = "btg.truc-ban";

/// How a run is made.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// How many histories at a time.
    pub in_flight: usize,
    /// For how long is measured.
    pub time: Duration,
    /// How long before that it runs already.
    pub warm_up: Duration,
    /// Whether the data stay.
    pub keep: bool,
}

/// What was measured.
#[derive(Debug)]
pub struct Outcome {
    /// How it was made.
    pub shape: Shape,
    /// The time that was measured, as it really was.
    pub time: Duration,
    /// The commands that were answered in that time.
    pub commands: u64,
    /// The facts by which the log grew in that time.
    pub facts: u64,
    /// The mails that were handed over in that time.
    pub mails: u64,
    /// The latencies of each act, in the order of the history, and of all.
    pub acts: Vec<(&'static str, Spread)>,
    /// All acts together.
    pub all: Spread,
    /// How busy each was in that time.
    pub busy: Share,
    /// From the first act until everything had settled: all commands.
    pub commands_in_all: u64,
    /// The same: all facts.
    pub facts_in_all: u64,
    /// The same: processor time.
    pub spent: Share,
    /// What asked for a repeat.
    pub repeats: BTreeMap<String, u64>,
    /// What failed.
    pub failures: BTreeMap<String, u64>,
    /// How long everything else took.
    pub settled: Settled,
    /// Message-IDs that came more than once.
    pub doubled: usize,
    /// The most memory that concord had in use, in MiB.
    pub concord_memory: u64,
    /// The most memory that nats-server had in use, in MiB.
    pub nats_memory: u64,
    /// What the verification found.
    pub verified: Verified,
}

/// Processor time, by who used it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Share {
    /// The system and its server.
    pub system: Used,
    /// The driver.
    pub driver: Duration,
    /// The relay.
    pub relay: Duration,
}

/// Where everything stood at one moment.
struct Mark {
    at: Instant,
    facts: u64,
    mails: u64,
    used: Used,
    ourselves: Duration,
    relay: Duration,
}

impl Mark {
    async fn now(system: &System, sink: &Sink) -> Result<Self, Failure> {
        let facts = system.streams().await?.facts;
        Ok(Self {
            at: Instant::now(),
            facts,
            mails: sink.taken(),
            used: system.used(),
            ourselves: usage::process(std::process::id()),
            relay: usage::thread(&sink.thread),
        })
    }

    fn share_since(&self, before: &Self) -> Share {
        let relay = self.relay - before.relay;
        Share {
            system: self.used - before.used,
            driver: (self.ourselves - before.ourselves).saturating_sub(relay),
            relay,
        }
    }
}

/// Runs it on an installation of its own.
pub async fn run(binary: &Path, shape: Shape) -> Result<Outcome, Failure> {
    let sink = Sink::start()?;
    let installation = Installation::new(binary, shape.keep)?;
    let system = installation.start(sink.address).await?;
    let tokens = system.tokens()?;
    let plan = Plan::new(system.api, &tokens, "g1-", history::plain_dispute(system.ready.time))?;
    let plan = Arc::new(plan);

    let first = Mark::now(&system, &sink).await?;
    let load = Load::start(&plan, shape.in_flight, u64::MAX);
    tokio::time::sleep(shape.warm_up).await;
    let open = Mark::now(&system, &sink).await?;
    tokio::time::sleep(shape.time).await;
    let close = Mark::now(&system, &sink).await?;
    let played = load.finish().await?;
    let settled = settle(&system, &sink, played.last().ok_or("no act was answered")?).await?;
    let end = Mark::now(&system, &sink).await?;

    let token = tokens.get(READER).ok_or("the reader has no token")?;
    let concord_memory = usage::memory(system.concord).1;
    let nats_memory = usage::memory(system.nats).1;
    let verified = verify(&system, token, &played).await?;
    system.stop().await?;
    let window = || played.samples.iter().filter(|sample| (open.at..close.at).contains(&sample.at));
    let commands = window().count() as u64;
    Ok(Outcome {
        shape,
        time: close.at - open.at,
        commands,
        facts: close.facts - open.facts,
        mails: close.mails - open.mails,
        acts: by_act(&plan, &played, open.at, close.at),
        all: Spread::of(window().map(|sample| sample.took).collect()),
        busy: close.share_since(&open),
        commands_in_all: played.samples.len() as u64,
        facts_in_all: end.facts - first.facts,
        spent: end.share_since(&first),
        repeats: played.repeats,
        failures: played.failures,
        settled,
        doubled: sink.doubled(),
        concord_memory,
        nats_memory,
        verified,
    })
}

fn by_act(plan: &Plan, played: &Played, open: Instant, close: Instant) -> Vec<(&'static str, Spread)> {
    let mut latencies = vec![Vec::new(); history::ACTS];
    for sample in played.samples.iter().filter(|sample| (open..close).contains(&sample.at)) {
        latencies[sample.act].push(sample.took);
    }
    plan.labels().zip(latencies.into_iter().map(Spread::of)).collect()
}

impl Outcome {
    /// Whether everything went as it must.
    pub fn is_sound(&self) -> bool {
        self.failures.is_empty()
            && self.verified.faults == 0
            && self.settled.mails.is_some()
            && self.doubled == 0
    }

    /// Commands per second.
    pub fn rate(&self) -> f64 {
        rate(self.commands, self.time)
    }

    /// What a person reads.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!(
                "G1  {} in flight, {:.1} s: {} commands/s, {} facts/s, {} mails/s",
                self.shape.in_flight,
                self.time.as_secs_f64(),
                grouped(self.rate()),
                grouped(rate(self.facts, self.time)),
                grouped(rate(self.mails, self.time)),
            ),
            format!(
                "    {:<30} {:>8} {:>10} {:>10} {:>10} {:>10}",
                "act", "count", "p50", "p95", "p99", "max"
            ),
        ];
        let all = [("all", self.all)];
        lines.extend(self.acts.iter().chain(&all).map(|(label, spread)| {
            let [p50, p95, p99, max] = [spread.p50, spread.p95, spread.p99, spread.max].map(millis);
            format!("    {label:<30} {:>8} {p50:>10} {p95:>10} {p99:>10} {max:>10}", spread.count)
        }));
        lines.push(format!("    busy    {}", self.shares(&self.busy, self.commands, self.time)));
        lines.push(format!(
            "    in all  {} commands, {} facts, µs of processor for each command until all had settled: {}",
            self.commands_in_all,
            self.facts_in_all,
            each(&self.spent, self.commands_in_all)
        ));
        lines.push(format!("    repeats {}, failures {}", table(&self.repeats), table(&self.failures)));
        lines.push(format!(
            "    after the last answer: fold {}, notifier {}, mails {} ({} late); {} mails entered, {} handed over, {} doubled",
            after(self.settled.fold),
            after(self.settled.notifier),
            after(self.settled.mails),
            self.settled.late,
            self.settled.entered,
            self.settled.handed,
            self.doubled
        ));
        lines.push(format!(
            "    memory at most: concord {} MiB, nats-server {} MiB",
            self.concord_memory, self.nats_memory
        ));
        let Verified { facts, cases, confirmed, shown, faults, examples } = &self.verified;
        lines.push(format!(
            "    verified: {facts} facts, {cases} cases folded, {shown} shown alike, {confirmed} confirmed facts found once; {faults} faults"
        ));
        lines.extend(examples.iter().map(|fault| format!("      {fault}")));
        lines
    }

    fn shares(&self, share: &Share, commands: u64, time: Duration) -> String {
        let of = |used: Duration| used.as_secs_f64() / time.as_secs_f64();
        format!(
            "concord {:.2}, nats-server {:.2}, driver {:.2}, relay {:.2} processors of {}; µs for each command: {}",
            of(share.system.concord),
            of(share.system.nats),
            of(share.driver),
            of(share.relay),
            std::thread::available_parallelism().map_or(0, usize::from),
            each(share, commands)
        )
    }
}

fn each(share: &Share, commands: u64) -> String {
    let of = |used: Duration| used.as_secs_f64() * 1e6 / float(commands.max(1));
    format!(
        "concord {:.0}, nats-server {:.0}, driver {:.0}, relay {:.0}",
        of(share.system.concord),
        of(share.system.nats),
        of(share.driver),
        of(share.relay)
    )
}

fn after(took: Option<Duration>) -> String {
    took.map_or_else(|| "never".to_owned(), |took| format!("{:.2} s", took.as_secs_f64()))
}

fn table(counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return "none".to_owned();
    }
    counts.iter().map(|(what, times)| format!("{what} × {times}")).collect::<Vec<_>>().join(", ")
}
