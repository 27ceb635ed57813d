//! `cargo xtask bench`: drives the real binary over HTTP and measures it beside its baselines in the same run.
//!
//! The driver shares the machine with what it measures, so it does as little as it can: one thread, kept connections,
//! prepared bytes.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people talks on the terminal")]

mod bare;
mod drive;
mod figures;
mod g1;
mod g2;
mod g5;
mod g6;
mod g7;
mod history;
mod http;
mod load;
mod nats;
mod peer;
mod seed;
mod server;
mod settle;
mod sink;
mod system;
mod template;
mod usage;
mod verify;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use drive::Shape;
use events::Timestamp;

/// What ends the run.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measures a binary of concord.
#[derive(Debug, Parser)]
#[command(name = "concord-bench")]
struct Options {
    /// What to measure: g1, g2, g5, g6, g7, bare, peer. Everything without.
    what: Vec<What>,
    /// The same, for whom the option is easier to write.
    #[arg(long, value_delimiter = ',')]
    only: Vec<What>,
    /// The binary to measure.
    #[arg(long)]
    binary: PathBuf,
    /// For how many seconds each load is measured.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// How many histories at a time, one run for each.
    #[arg(long, value_delimiter = ',', default_values_t = [64, 256])]
    in_flight: Vec<usize>,
    /// How many cases are stored for g5.
    #[arg(long, default_value_t = 1_000_000)]
    cases: u32,
    /// How many cases are open for g6.
    #[arg(long, default_value_t = 100_000)]
    open: u32,
    /// What starts the peer.
    #[arg(long, default_value = "tests/peers/restate/run")]
    peer: PathBuf,
    /// A short run, to see whether all works: 5 seconds.
    #[arg(long)]
    quick: bool,
    /// Leave the data of the runs where they are.
    #[arg(long)]
    keep: bool,
}

/// A goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Commands per second.
    G1,
    /// One command at a time.
    G2,
    /// The server without Concord.
    Bare,
    /// With many stored cases.
    G5,
    /// Ready again, and punctual.
    G6,
    /// Idle, and in a storm.
    G7,
    /// The histories of G1 on Restate.
    Peer,
}

impl Options {
    fn wants(&self, what: What) -> bool {
        let mut named = self.what.iter().chain(&self.only).peekable();
        named.peek().is_none() || named.any(|named| *named == what)
    }

    fn time(&self) -> Duration {
        Duration::from_secs(if self.quick { 5 } else { self.seconds })
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(measure(&options))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("concord-bench: something was lost, refused or shown wrong: see above");
            ExitCode::FAILURE
        }
        Err(failure) => {
            eprintln!("concord-bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Measures what is wanted; says whether everything was sound.
async fn measure(options: &Options) -> Result<bool, Failure> {
    let mut sound = true;
    if options.wants(What::Bare) {
        say(&bare::run(if options.quick { 500 } else { 5_000 }).await?.lines());
    }
    if options.wants(What::G2) {
        let rounds = if options.quick { 200 } else { 1_000 };
        let outcome = g2::run(&options.binary, rounds, options.keep).await?;
        say(&outcome.lines());
    }
    for &in_flight in &options.in_flight {
        let warm_up = (options.time() / 5).min(Duration::from_secs(3));
        let shape = Shape { in_flight, time: options.time(), warm_up };
        if options.wants(What::G1) {
            let outcome = g1::run(&options.binary, shape, options.keep).await?;
            say(&outcome.lines());
            sound &= outcome.is_sound();
        }
        if options.wants(What::Peer) {
            say(&peer_lines(options, shape).await);
        }
    }
    sound &= with_many(options).await?;
    Ok(sound)
}

/// The goals that need many cases.
async fn with_many(options: &Options) -> Result<bool, Failure> {
    let (binary, keep) = (&options.binary, options.keep);
    let mut sound = true;
    if options.wants(What::G7) {
        let time = Duration::from_secs(if options.quick { 10 } else { 60 });
        let outcome = g7::run(binary, g7::Storm { per_second: 500, time }, keep).await?;
        say(&outcome.lines());
        sound &= outcome.is_sound();
    }
    if options.wants(What::G6) {
        let open = if options.quick { options.open.min(10_000) } else { options.open };
        let outcome = g6::run(binary, open, keep).await?;
        say(&outcome.lines());
        sound &= outcome.is_sound();
    }
    if options.wants(What::G5) {
        let (cases, rounds) =
            if options.quick { (options.cases.min(20_000), 200) } else { (options.cases, 1_000) };
        let few = g5::run(binary, g5::FEW, rounds, keep).await?;
        say(&g5::run(binary, cases, rounds, keep).await?.lines(&few));
    }
    Ok(sound)
}

/// The peer's figures, or why there are none.
async fn peer_lines(options: &Options, shape: Shape) -> Vec<String> {
    if !options.peer.exists() {
        return vec![format!("G1  Restate is left out: there is no {}", options.peer.display())];
    }
    match peer::run(&options.peer, shape, now()).await {
        Ok(outcome) => outcome.lines(),
        Err(failure) => vec![format!("G1  Restate is left out: {failure}")],
    }
}

/// The day of the run, for what no system under test says of it.
#[expect(clippy::disallowed_methods, reason = "a measurement happens when it happens")]
fn now() -> Timestamp {
    chrono::Utc::now()
}

fn say(lines: &[String]) {
    for line in lines {
        println!("{line}");
    }
}
