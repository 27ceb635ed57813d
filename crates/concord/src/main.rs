//! The binary: `up` runs everything on one machine, `serve` some services, `play` and `simulate` scenarios, `drill` holds
//! exercises, `audit` looks back, `backup` and `restore` keep what must not be lost.

mod accounts;
#[cfg(test)]
mod api_guide;
mod audit;
mod background;
mod backup;
mod check;
mod cli;
mod client;
#[cfg(test)]
mod coverage;
mod demo;
#[cfg(test)]
mod diagrams;
mod doctor;
mod drill;
mod evidence;
#[cfg(test)]
mod flow;
mod giving;
mod mail;
mod mails;
mod manager;
mod operator;
#[cfg(test)]
mod pages;
mod place;
mod play;
mod policy;
mod process;
mod progress;
mod provision;
mod services;
mod simulate;
mod up;
mod watchdog;
mod web;
mod went_up;
mod words;

use std::process::ExitCode;

use clap::Parser as _;
use cli::{Cli, Command};
use service::config::ConfigError;

/// Facts are many small texts: with the system's own allocator a quarter of the processor time goes into them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What ends a command without success: one clear line that says what to do.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Up(options) => up::up(options).await,
            Command::Serve(options) => up::serve(options).await,
            Command::Provision(command) => provision::command(command).await,
            Command::Play(options) => play::command(options).await,
            Command::Drill(options) => drill::drill(options).await,
            Command::Simulate(options) => simulate::simulate(&options),
            Command::Demo(options) => demo::demo(options).await,
            Command::Policy(command) => policy::command(command).await,
            Command::Account(command) => accounts::account(command).await,
            Command::Token(command) => accounts::token(command).await,
            Command::Mail(command) => mail::command(command).await,
            Command::Audit(command) => audit::command(command).await,
            Command::Doctor(options) => doctor::doctor(options).await,
            Command::Watchdog(options) => watchdog::watchdog(options).await,
            Command::Backup(options) => backup::backup(options).await,
            Command::Restore(options) => backup::restore(options).await,
        }
    });
    // What a library left running in the background must not keep the process.
    runtime.shutdown_background();
    outcome.unwrap_or_else(|failure| failed(failure.as_ref()))
}

/// The exit code of a configuration that cannot be used (`EX_CONFIG` of sysexits.h): a service manager need not try again.
const BAD_CONFIGURATION: u8 = 78;

#[expect(clippy::print_stderr, reason = "the last word of a command-line tool")]
fn failed(failure: &(dyn std::error::Error + 'static)) -> ExitCode {
    eprintln!("concord: {}", one_line(&failure.to_string()));
    if failure.is::<ConfigError>() { ExitCode::from(BAD_CONFIGURATION) } else { ExitCode::FAILURE }
}

/// A message on one line: without the picture that a TOML reader draws of the place, which it also names.
fn one_line(message: &str) -> String {
    let drawn =
        |line: &&str| line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').starts_with('|');
    let words = message.lines().filter(|line| !drawn(line)).map(str::trim).filter(|line| !line.is_empty());
    words.collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_keeps_its_words_and_loses_its_picture() {
        let drawn = "policy.toml: TOML parse error at line 7, column 1\n  |\n7 | most-rounds = 3\n  | ^^^^^^^^^^^\n\
                     unknown field `most-rounds`\n";
        let line = "policy.toml: TOML parse error at line 7, column 1: unknown field `most-rounds`";
        assert_eq!(one_line(drawn), line);
        assert_eq!(one_line(line), line);
    }
}
