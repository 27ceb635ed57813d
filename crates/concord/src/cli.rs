//! The command line.

mod accounts;
mod audit;
mod mail;
mod operating;
mod policy;
mod scenarios;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use accounts::*;
pub(crate) use audit::*;
pub(crate) use mail::*;
pub(crate) use operating::*;
pub(crate) use policy::*;
pub(crate) use scenarios::*;

/// Concord: incident coordination and escalation between agencies.
#[derive(Debug, Parser)]
#[command(name = "concord", version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs everything on this machine, with a nats-server of its own.
    Up(Up),
    /// Runs some services against a nats-server that is there.
    Serve(Serve),
    /// What a cluster of three servers needs: keys, certificates, configurations; and the streams on it.
    #[command(subcommand)]
    Provision(ProvisionCommand),
    /// Plays a scenario against a running `concord up --clock manual`.
    Play(Play),
    /// Holds an exercise on a running system: raises the cases of a scenario as exercises, now, and reports who answered in
    /// what time.
    ///
    /// It gives the acts by which cases are raised, each with every time of its body moved so that the step is now, and
    /// never anything that is no exercise. Then it waits for people, and shows each answer as it comes, until nothing is
    /// asked of anybody any more, the time is over, or Ctrl-C. It sets no clock. Exit code: 0 if everything that was asked
    /// was answered on time, else 1.
    Drill(Drill),
    /// Plays scenarios on paper, through the rules alone: no server, nothing stored.
    Simulate(Simulate),
    /// Starts everything, plays a telephone call at night and a disagreement, and shows what happens.
    Demo(Demo),
    /// The policy: whether its files hold, which was in force when, what two differ in.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Accounts by which officers sign in.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Tokens by which programs of agencies call the API.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Mail: how alerts read, whether the relay takes any, and whether any is sent at all.
    #[command(subcommand)]
    Mail(MailCommand),
    /// Looks back: what happened, and does the log hold together?
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Looks at everything that an operator would check, and says what to do.
    ///
    /// It changes nothing, and works also when nothing runs. Exit code: 0 if all is well or there are only warnings, 1 if
    /// anything fails.
    Doctor(Doctor),
    /// Asks installations from another machine whether they work, and mails the operators when one does not.
    ///
    /// SIGTERM ends it with exit code 0. With --once: 0 if all answered well and no mail waits, else 1.
    Watchdog(Watchdog),
    /// Takes a backup of a running installation into a folder, or adds to it what is new since.
    Backup(Backup),
    /// Makes a data directory of a backup, or fills a cluster with it; mail stays switched off until `concord mail release`.
    Restore(Restore),
}

/// What every process needs to know.
#[derive(Clone, Debug, Args)]
pub(crate) struct Common {
    /// The configuration file (TOML); `CONCORD__SECTION__KEY` in the environment overrides it.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where everything is kept.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

/// Which clock a process has.
#[derive(Clone, Debug, Args)]
pub(crate) struct ClockOptions {
    /// The clock: the machine's, or one that is set through POST /dev/clock.
    #[arg(long, value_enum, default_value_t = ClockKind::System)]
    pub(crate) clock: ClockKind,
    /// Where a manual clock starts, e.g. 2026-05-16T21:52:00+07:00; a later time that the data knows wins.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) at: Option<events::Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClockKind {
    /// The machine's.
    System,
    /// Set by hand: for demonstrations and tests.
    Manual,
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) clock: ClockOptions,
    /// Where the HTTP API listens.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// The port of the nats-server that is started; 0 takes any that is free.
    #[arg(long, value_name = "PORT")]
    pub(crate) nats_port: Option<u16>,
    /// The nats-server binary; otherwise .tools/nats-server, then the PATH.
    #[arg(long, value_name = "FILE")]
    pub(crate) nats_server: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) clock: ClockOptions,
    /// Where the HTTP API listens, if it is served.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Waits this many milliseconds before each read of the log: a slow follower, for tests.
    #[arg(long, value_name = "MS", hide = true)]
    pub(crate) lag: Option<u64>,
    /// The services.
    #[arg(required = true, value_parser = crate::services::known)]
    pub(crate) services: Vec<String>,
}

fn time(text: &str) -> Result<events::Timestamp, String> {
    text.parse().map_err(|_| "write a time with its zone, such as 2026-05-16T21:52:00+07:00".to_owned())
}
