//! The same histories on Restate: the same driver, acts, bodies and number in flight (`tests/peers/restate`).

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use events::Timestamp;
use serde::Deserialize;

use crate::{
    Failure,
    drive::{Latencies, Mark, Shape, counts, drive},
    figures::{grouped, millis, rate},
    history,
    load::Plan,
    report::{Figure, Sheet},
    script::Script,
    usage::{Meter, Spent},
};

#[derive(Deserialize)]
struct Announced {
    ingress: String,
    pids: Pids,
    versions: Versions,
}

#[derive(Clone, Copy, Deserialize)]
struct Pids {
    server: u32,
    service: u32,
}

#[derive(Deserialize)]
struct Versions {
    server: String,
}

/// What was measured.
#[derive(Debug)]
pub struct Outcome {
    /// How it was made.
    pub shape: Shape,
    /// The version of its server.
    pub version: String,
    /// The time that was measured, as it really was.
    pub time: Duration,
    /// The commands that were answered in that time.
    pub latencies: Latencies,
    /// The processor time of that time.
    pub busy: Spent,
    /// What asked for a repeat.
    pub repeats: BTreeMap<String, u64>,
    /// What failed.
    pub failures: BTreeMap<String, u64>,
    /// The most memory that each process had in use, in MiB.
    pub memory: Vec<(&'static str, u64)>,
}

/// Runs it on a peer of its own.
pub async fn run(script: &Path, shape: Shape, now: Timestamp) -> Result<Outcome, Failure> {
    let (peer, announced): (_, Announced) = Script::announced(script, [""; 0]).await?;
    let ingress: SocketAddr = announced.ingress.trim_start_matches("http://").parse()?;
    let plan = Arc::new(Plan::for_peer(ingress, "g1-", history::plain_dispute(now)));
    let Pids { server, service } = announced.pids;
    let meter = Meter::new([("restate-server", server), ("its service", service)]);
    let mark = async || Ok(Mark { at: Instant::now(), facts: 0, mails: 0, spent: meter.read() });
    let driven = drive(&plan, shape, mark).await?;
    let memory = meter.peaks();
    let version = announced.versions.server;
    peer.stop().await?;
    let latencies = driven.latencies(&plan);
    Ok(Outcome {
        shape,
        version,
        time: driven.time(),
        latencies,
        busy: driven.close.spent.since(&driven.open.spent),
        repeats: driven.played.repeats,
        failures: driven.played.failures,
        memory,
    })
}

impl Outcome {
    /// Commands per second.
    pub fn rate(&self) -> f64 {
        rate(self.latencies.all.count as u64, self.time)
    }

    /// What is kept of it.
    pub fn note(&self, sheet: &mut Sheet) {
        let in_flight = self.shape.in_flight;
        let failed: u64 = self.failures.values().sum();
        let spread = &self.latencies.all;
        let commands = spread.count as u64;
        let figure = Figure::of(
            "Baseline",
            format!("Restate {}: the same acts a second, {in_flight} in flight", self.version),
            format!("{} (p50 {}, p99 {})", grouped(self.rate()), millis(spread.p50), millis(spread.p99)),
        );
        let beside = format!("µs for each: {}; {failed} failed", self.busy.each(commands));
        sheet.figure(&format!("restate-{in_flight:04}"), figure.beside(beside));
    }

    /// What a person reads.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "G1  {} in flight, {:.1} s, Restate {}: {} commands/s",
            self.shape.in_flight,
            self.time.as_secs_f64(),
            self.version,
            grouped(self.rate()),
        )];
        lines.extend(self.latencies.lines());
        lines.push(format!("    processors busy: {}", self.busy.busy(self.time)));
        let commands = self.latencies.all.count as u64;
        lines.push(format!("    µs for each command of the window: {}", self.busy.each(commands)));
        let (repeats, failures) = (counts(&self.repeats), counts(&self.failures));
        lines.push(format!("    repeats {repeats}; failures {failures}"));
        let memory: Vec<_> = self.memory.iter().map(|(name, most)| format!("{name} {most} MiB")).collect();
        lines.push(format!("    memory at most: {}", memory.join(", ")));
        lines
    }
}
