//! G1: durable commands per second, with everything that follows on them.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    Failure,
    drive::{Latencies, Mark, Shape, counts, drive},
    figures::{float, grouped, millis, rate},
    history,
    load::Plan,
    report::{Figure, Sheet},
    settle::{Settled, settle},
    sink::Sink,
    system::Installation,
    usage::Spent,
    verify::{Verified, verify},
};

/// Whose view of the cases is compared with the log: who raised them.
pub const READER: &str = "btg.truc-ban";

/// What was measured.
#[derive(Debug)]
pub struct Outcome {
    /// How it was made.
    pub shape: Shape,
    /// The time that was measured, as it really was.
    pub time: Duration,
    /// The commands that were answered in that time.
    pub latencies: Latencies,
    /// The facts by which the log grew in that time.
    pub facts: u64,
    /// The mails that were handed over in that time.
    pub mails: u64,
    /// The processor time of that time.
    pub busy: Spent,
    /// From the first act until everything had settled: all commands.
    pub commands_in_all: u64,
    /// The same: all facts.
    pub facts_in_all: u64,
    /// The same: processor time.
    pub spent: Spent,
    /// What asked for a repeat.
    pub repeats: BTreeMap<String, u64>,
    /// What failed.
    pub failures: BTreeMap<String, u64>,
    /// How long everything else took.
    pub settled: Settled,
    /// Message-IDs that came more than once.
    pub doubled: usize,
    /// The most memory that each process had in use, in MiB.
    pub memory: Vec<(&'static str, u64)>,
    /// What the verification found.
    pub verified: Verified,
}

/// Runs it on an installation of its own.
pub async fn run(binary: &Path, shape: Shape, keep: bool) -> Result<Outcome, Failure> {
    let sink = Sink::start()?;
    let installation = Installation::new(binary, keep)?;
    let system = installation.start(sink.address).await?;
    let tokens = system.tokens()?;
    let plan = Plan::new(system.api, &tokens, "g1-", history::plain_dispute(system.ready.time))?;
    let plan = Arc::new(plan);
    let meter = system.meter().with_relay(&sink.thread);
    let mark = async || {
        let facts = system.streams().await?.facts;
        Ok(Mark { at: Instant::now(), facts, mails: sink.taken(), spent: meter.read() })
    };

    let driven = drive(&plan, shape, mark).await?;
    let settled =
        settle(&system, || sink.taken(), driven.played.last().ok_or("no act was answered")?).await?;
    let end = mark().await?;

    let memory = meter.peaks();
    let token = tokens.get(READER).ok_or("the reader has no token")?;
    let verified = verify(&system, token, &driven.played).await?;
    system.stop().await?;
    let latencies = driven.latencies(&plan);
    let (first, open, close) = (&driven.first, &driven.open, &driven.close);
    Ok(Outcome {
        shape,
        time: driven.time(),
        latencies,
        facts: close.facts - open.facts,
        mails: close.mails - open.mails,
        busy: close.spent.since(&open.spent),
        commands_in_all: driven.played.samples.len() as u64,
        facts_in_all: end.facts - first.facts,
        spent: end.spent.since(&first.spent),
        repeats: driven.played.repeats,
        failures: driven.played.failures,
        settled,
        doubled: sink.doubled(),
        memory,
        verified,
    })
}

impl Outcome {
    /// Whether everything went as it must.
    pub fn is_sound(&self) -> bool {
        self.failures.is_empty()
            && self.verified.faults == 0
            && self.settled.mails.is_some()
            && self.doubled == 0
    }

    /// How many commands were answered in the window.
    pub fn commands(&self) -> u64 {
        self.latencies.all.count as u64
    }

    /// Commands per second.
    pub fn rate(&self) -> f64 {
        rate(self.commands(), self.time)
    }

    /// What is kept of it.
    pub fn note(&self, sheet: &mut Sheet) {
        let in_flight = self.shape.in_flight;
        let name = |what: &str| format!("g1-{in_flight:04}-{what}");
        let others = self.busy.others(self.time);
        let wanted = wanted(in_flight);
        let mut figure = Figure::of(
            "G1",
            format!("commands a second, {in_flight} in flight, everything synced"),
            format!("{} (and {} facts)", grouped(self.rate()), grouped(rate(self.facts, self.time))),
        )
        .beside(format!("other work, the kernel's own included, kept {others:.2} processors busy meanwhile"));
        if let Some(wanted) = wanted {
            figure = figure.wanted(&format!("≥ {}", grouped(wanted)), self.rate() >= wanted);
        }
        sheet.figure(&name("a"), figure);
        let spread = &self.latencies.all;
        let latency = format!("{} / {} / {}", millis(spread.p50), millis(spread.p99), millis(spread.max));
        sheet.figure(
            &name("b"),
            Figure::of("G1", format!("latency p50 / p99 / max, {in_flight} in flight"), latency),
        );
        let spent = self.spent.each(self.commands_in_all);
        sheet.figure(
            &name("c"),
            Figure::of("G1", "µs of processor for each command, until all had settled", spent),
        );
        let settled = [self.settled.fold, self.settled.notifier, self.settled.mails];
        let caught_up = settled.iter().all(|took| took.is_some_and(|took| took <= Duration::from_secs(2)));
        let [fold, notifier, mails] = settled.map(after);
        let words = format!("fold {fold}, notifier {notifier}, mails {mails}");
        let figure = Figure::of("G1", "caught up after the last answer", words).wanted("≤ 2 s", caught_up);
        let handed = format!("{} mails, {} doubled", grouped(float(self.settled.handed)), self.doubled);
        sheet.figure(&name("d"), figure.beside(handed));
        let Verified { facts, cases, faults, .. } = &self.verified;
        let words = format!("{} facts, {cases} cases: {faults} faults", grouped(float(*facts)));
        let failed: u64 = self.failures.values().sum();
        let figure = Figure::of("G1", "replayed and compared, every case", words);
        let figure = figure.wanted("none", *faults == 0 && failed == 0);
        sheet.figure(
            &name("e"),
            figure.beside(format!("{failed} commands failed, repeats: {}", counts(&self.repeats))),
        );
        sheet.table(
            &name("acts"),
            format!("The acts, {in_flight} in flight"),
            &["Act", "Count", "p50", "p95", "p99", "Max"],
            self.latencies.cells(),
        );
    }

    /// What a person reads.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "G1  {} in flight, {:.1} s: {} commands/s, {} facts/s, {} mails/s",
            self.shape.in_flight,
            self.time.as_secs_f64(),
            grouped(self.rate()),
            grouped(rate(self.facts, self.time)),
            grouped(rate(self.mails, self.time)),
        )];
        lines.extend(self.latencies.lines());
        lines.push(format!("    processors busy: {}", self.busy.busy(self.time)));
        lines.push(format!("    µs for each command of the window: {}", self.busy.each(self.commands())));
        lines.push(format!(
            "    µs for each of {} commands ({} facts) until all had settled: {}",
            self.commands_in_all,
            self.facts_in_all,
            self.spent.each(self.commands_in_all)
        ));
        let (repeats, failures) = (counts(&self.repeats), counts(&self.failures));
        lines.push(format!("    repeats {repeats}; failures {failures}"));
        lines.push(format!(
            "    after the last answer: fold {}, notifier {}, mails {} ({} late)",
            after(self.settled.fold),
            after(self.settled.notifier),
            after(self.settled.mails),
            self.settled.late,
        ));
        lines.push(format!(
            "    {} mails entered, {} handed over, {} doubled",
            self.settled.entered, self.settled.handed, self.doubled
        ));
        let memory: Vec<_> = self.memory.iter().map(|(name, most)| format!("{name} {most} MiB")).collect();
        lines.push(format!("    memory at most: {}", memory.join(", ")));
        lines.extend(self.verified.lines());
        lines
    }
}

/// How many commands a second are promised.
pub fn wanted(in_flight: usize) -> Option<f64> {
    match in_flight {
        64 => Some(4_000.0),
        256 => Some(6_000.0),
        _ => None,
    }
}

/// How long after something.
pub fn after(took: Option<Duration>) -> String {
    took.map_or_else(|| "never".to_owned(), |took| format!("{:.2} s", took.as_secs_f64()))
}
