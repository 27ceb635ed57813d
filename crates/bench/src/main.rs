//! `cargo xtask bench`: drives the real binary over HTTP and measures it beside its baselines in the same run.
//!
//! The driver shares the machine with what it measures, so it does as little as it can: one thread, kept connections,
//! prepared bytes. `history` says what is done, `drive` measures a load in a window, `g1` to `g7` are the goals,
//! `bare` and `peer` the baselines, `verify` looks at everything afterwards, `report` keeps the figures.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people talks on the terminal")]

mod added;
mod alertmanager;
mod bare;
mod chart;
mod drive;
mod figures;
mod g1;
mod g2;
mod g3;
mod g4;
mod g5;
mod g6;
mod g7;
mod history;
mod http;
mod load;
mod machine;
mod nats;
mod options;
mod peer;
mod relay;
mod report;
mod script;
mod seed;
mod server;
mod session;
mod settle;
mod sink;
mod system;
mod template;
mod usage;
mod verify;

use std::{path::Path, process::ExitCode};

use clap::Parser as _;
use events::Timestamp;
use options::Options;
use report::Sheet;
use session::{FOLDER, Session};
use tokio::signal::unix::{SignalKind, signal};

/// What ends the run.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(run(&options))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("concord-bench: something was lost, refused, late for ever or shown wrong: see above");
            ExitCode::FAILURE
        }
        Err(failure) => {
            eprintln!("concord-bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Runs to the end, or until it is told to stop: what was started is then told to stop too.
async fn run(options: &Options) -> Result<bool, Failure> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let sheet = Sheet::begin(Path::new(FOLDER), machine::describe(&args, options.built).await)?;
    let mut told = signal(SignalKind::terminate())?;
    tokio::select! {
        done = Session::begin(options, sheet).run() => done,
        _ = told.recv() => Err("it was told to stop".into()),
        _ = tokio::signal::ctrl_c() => Err("it was told to stop".into()),
    }
}

/// The time of the run, where no system under test says it.
#[expect(clippy::disallowed_methods, reason = "a measurement happens when it happens")]
fn now() -> Timestamp {
    chrono::Utc::now()
}
