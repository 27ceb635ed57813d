//! The same histories on Restate: the same driver, acts, bodies and number in flight (`tests/peers/restate`).

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use events::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use crate::{
    Failure,
    drive::{Latencies, Mark, Shape, counts, drive},
    figures::{grouped, millis, rate},
    history,
    load::Plan,
    report::{Figure, Sheet},
    usage::{Meter, Spent},
};

/// How long the peer may take to start, with all that it has to fetch and to build.
const PATIENCE: Duration = Duration::from_mins(20);

/// The peer, ready for work.
struct Peer {
    child: Child,
    announced: Option<Announced>,
}

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

impl Peer {
    /// Starts it with a script; installs and builds it first, if need be.
    async fn start(script: &Path) -> Result<Self, Failure> {
        let mut command = Command::new(script);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let child = command.spawn()?;
        let mut peer = Self { child, announced: None };
        let said = peer.child.stdout.take().ok_or_else(|| io::Error::other("no words from the peer"))?;
        let mut line = String::new();
        tokio::time::timeout(PATIENCE, BufReader::new(said).read_line(&mut line)).await??;
        let announced = serde_json::from_str(&line)
            .map_err(|error| format!("{} did not come up ({error})", script.display()))?;
        peer.announced = Some(announced);
        Ok(peer)
    }

    async fn stop(mut self) -> Result<(), Failure> {
        self.tell();
        self.child.wait().await?;
        Ok(())
    }

    /// Tells the script to end, and with it what it has started.
    fn tell(&self) {
        if let Some(id) = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
            // It may have ended by itself just now.
            let _ = kill_process(id, Signal::TERM);
        }
    }
}

impl Drop for Peer {
    /// A run that is cut short leaves nothing running.
    fn drop(&mut self) {
        self.tell();
    }
}

/// Runs it on a peer of its own.
pub async fn run(script: &Path, shape: Shape, now: Timestamp) -> Result<Outcome, Failure> {
    let peer = Peer::start(script).await?;
    let announced = peer.announced.as_ref().ok_or("the peer said nothing")?;
    let ingress: SocketAddr = announced.ingress.trim_start_matches("http://").parse()?;
    let plan = Arc::new(Plan::for_peer(ingress, "g1-", history::plain_dispute(now)));
    let Pids { server, service } = announced.pids;
    let meter = Meter::new([("restate-server", server), ("its service", service)]);
    let mark = async || Ok(Mark { at: Instant::now(), facts: 0, mails: 0, spent: meter.read() });
    let driven = drive(&plan, shape, mark).await?;
    let memory = meter.peaks();
    let version = announced.versions.server.clone();
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
