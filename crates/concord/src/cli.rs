//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

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

#[derive(Debug, Subcommand)]
pub(crate) enum ProvisionCommand {
    /// Writes a folder for each of three servers (configuration, certificate, key), the credentials of the services and what
    /// to write into their configuration. Called again it keeps keys and credentials, and renews the certificates.
    Cluster(ProvisionCluster),
    /// Makes the streams that are missing on servers that run, by the deploy credential; what stands otherwise is refused,
    /// never altered.
    Streams(Common),
}

#[derive(Debug, Args)]
pub(crate) struct ProvisionCluster {
    /// A server, by its name and how it is reached: nats-1=10.0.0.11, with :PORT for another one than 4222. The others
    /// reach it 2000 above that port, its monitor answers 4000 above. Three are given.
    #[arg(long = "server", value_name = "NAME=HOST", value_parser = crate::provision::server)]
    pub(crate) servers: Vec<NodeAddress>,
    /// The folder that is written.
    #[arg(long, value_name = "DIR")]
    pub(crate) into: PathBuf,
    /// Where a server's folder will lie on its machine; otherwise where it is written.
    #[arg(long, value_name = "DIR")]
    pub(crate) files: Option<PathBuf>,
    /// Where a server keeps the streams; otherwise in its folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Also the right to fill the servers from a backup: `concord restore --cluster`. Afterwards this is called again
    /// without it, and each server told to read its nats.conf anew.
    #[arg(long)]
    pub(crate) for_restoration: bool,
    /// The name under which checkpoints will be signed, as in [audit] name: it stays for ever.
    #[arg(long, value_name = "NAME", default_value = "concord")]
    pub(crate) audit_name: String,
    /// Servers listen on all addresses of their machines, for containers.
    #[arg(long)]
    pub(crate) any_address: bool,
}

/// How one of the servers of a cluster is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeAddress {
    /// Its name.
    pub(crate) name: String,
    /// Its machine.
    pub(crate) host: String,
    /// The port for clients.
    pub(crate) port: u16,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) common: Common,
    /// One JSON object, with stable names.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Watchdog {
    /// Its own configuration file (TOML), section `[watchdog]`: it has none of an installation's.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The address of an installation, besides those of the file, e.g. `https://phoi-hop.tinh.example`; several may be given.
    #[arg(long = "url", value_name = "URL")]
    pub(crate) urls: Vec<String>,
    /// Looks once and ends, for a timer; what it has told stands in a small file.
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    pub(crate) common: Common,
    /// The folder of the backup.
    #[arg(value_name = "DIR")]
    pub(crate) into: PathBuf,
    /// Takes none: reads the one that is there to its end, without a server, and says whether it is whole.
    #[arg(long, conflicts_with_all = ["data", "config", "without_keys"])]
    pub(crate) check: bool,
    /// Leaves the services' keys out.
    #[arg(long)]
    pub(crate) without_keys: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The folder of the backup.
    #[arg(value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// The data directory that is made: it is not there yet, or empty.
    #[arg(long, value_name = "DIR", required_unless_present = "cluster")]
    pub(crate) data: Option<PathBuf>,
    /// The configuration file (TOML) with which the installation will run.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The nats-server binary; otherwise .tools/nats-server, then the PATH.
    #[arg(long, value_name = "FILE")]
    pub(crate) nats_server: Option<PathBuf>,
    /// Fills the servers that the configuration names instead: they were provisioned with --for-restoration, run, and are
    /// empty.
    #[arg(long, conflicts_with_all = ["data", "nats_server"], requires = "config")]
    pub(crate) cluster: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MailCommand {
    /// Shows how an alert reads, with a made-up case.
    Preview(PreviewMail),
    /// Sends one test mail through the relay of the configuration, and says what the relay answered.
    Test(TestMail),
    /// Switches sending off: alerts are entered, and wait.
    Hold(SwitchMail),
    /// Switches sending on again: what waited goes out, the most urgent first.
    Release(SwitchMail),
    /// Says whether sending is on, and what waits.
    Status(Common),
    /// Takes in a report of failure (DSN) from standard input, for a mail server that pipes it: it is put into the Maildir
    /// `[mail] bounces`.
    Bounce(Common),
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct PreviewMail {
    /// The alert, e.g. E05, or DIGEST; without it, all.
    pub(crate) alert: Option<String>,
    /// For which time it is overdue.
    #[arg(long)]
    pub(crate) level: Option<u8>,
    /// As it is written to the standing body.
    #[arg(long)]
    pub(crate) upwards: bool,
    /// Without saying what it is about.
    #[arg(long)]
    pub(crate) discreet: bool,
    /// As an exercise.
    #[arg(long)]
    pub(crate) exercise: bool,
    /// With English below.
    #[arg(long)]
    pub(crate) english: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TestMail {
    #[command(flatten)]
    pub(crate) common: Common,
    /// The address to which it goes.
    #[arg(long)]
    pub(crate) to: String,
}

#[derive(Debug, Args)]
pub(crate) struct SwitchMail {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Why: it stands in the outbox for ever.
    #[arg(long)]
    pub(crate) why: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Makes an account, or gives it a new first password; it is shown this once and must be changed at the first
    /// sign-in. Ends all sessions, takes a lock off, turns one-time codes off.
    Reset(OneAccount),
    /// Closes an account: nobody signs in to it, all its sessions end.
    Close(OneAccount),
    /// Shows all accounts, and which are locked.
    List(Common),
}

#[derive(Debug, Args)]
pub(crate) struct OneAccount {
    #[command(flatten)]
    pub(crate) common: Common,
    /// The officer, e.g. btg.lanh-dao.
    pub(crate) officer: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Gives a token; it is shown this once.
    Create(CreateToken),
    /// Shows all tokens, the newest first: not the secrets, which nobody keeps.
    List(Common),
    /// Takes a token back, at once.
    Revoke(RevokeToken),
}

#[derive(Debug, Args)]
pub(crate) struct CreateToken {
    #[command(flatten)]
    pub(crate) common: Common,
    /// The officer for whom the program acts; the token counts as long as he is in his agency.
    #[arg(long)]
    pub(crate) officer: String,
    /// What it is for, e.g. "e-office of SNNMT".
    #[arg(long)]
    pub(crate) name: String,
    /// An act that it allows, e.g. raise; several may be given. Without any it allows all that the officer may do.
    #[arg(long = "act", value_name = "ACT", conflicts_with = "read_only", value_parser = act)]
    pub(crate) acts: Vec<String>,
    /// It allows reading and no act.
    #[arg(long)]
    pub(crate) read_only: bool,
    /// After how many days it ends.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=366))]
    pub(crate) days: u32,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeToken {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Its id, as `concord token list` shows it.
    pub(crate) id: uuid::Uuid,
}

fn act(name: &str) -> Result<String, String> {
    let known = domain::stages::act(name).or_else(|| domain::directory::named(name));
    known
        .map(|act| act.name.to_owned())
        .ok_or_else(|| "there is no such act: docs/process.md names them".to_owned())
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Reads the files of a policy, and says what is wrong or missing: file, line and what to write.
    Check(CheckPolicy),
    /// Shows which versions were published, and the one that was in force at a time.
    Show(ShowPolicy),
    /// Shows in what two policies differ, entry by entry.
    Diff(DiffPolicies),
}

#[derive(Debug, Args)]
pub(crate) struct CheckPolicy {
    /// The folder of the policy's files; otherwise the example province that is built in.
    pub(crate) policy: Option<PathBuf>,
    /// As of when offices are asked for their holders; otherwise now.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) at: Option<events::Timestamp>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowPolicy {
    #[command(flatten)]
    pub(crate) common: Common,
    /// As of when; otherwise now.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) at: Option<events::Timestamp>,
    /// Writes the files of the policy that was in force into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) into: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DiffPolicies {
    #[command(flatten)]
    pub(crate) common: Common,
    /// A folder of policy files, or a version that was published.
    pub(crate) old: String,
    /// A folder of policy files, or a version that was published.
    pub(crate) new: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Replays the log, a case, the cases of an agency or a period, as it stood at any moment.
    Replay(Replay),
    /// Shows the record of access: who signed in, who read what, what was refused.
    Access(ReadAccess),
    /// Writes an export: one file with events, proofs, attachments and pages for people, that proves itself.
    Export(Export),
    /// Checks an export, without a network, or what a running system has stored.
    Verify(Verify),
    /// Prints a signed checkpoint that covers all that is stored now: keep it elsewhere.
    Checkpoint(Checkpoint),
    /// Says what the self-check of the running system has found.
    Status(Common),
    /// The keys that sign checkpoints.
    #[command(subcommand)]
    Key(KeyCommand),
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) common: Common,
    /// The file to write, e.g. VV-2026-00001.zip; it must not be there yet.
    pub(crate) file: PathBuf,
    /// Only this case: its number (VV-2026-00001) or its id.
    #[arg(long, value_name = "CASE", conflicts_with_all = ["from", "to"])]
    pub(crate) case: Option<String>,
    /// Only this report, briefing or project: its id, or its number (BC-2026-05) where no other one has it.
    #[arg(long, value_name = "DUTY", conflicts_with_all = ["case", "from", "to"])]
    pub(crate) duty: Option<String>,
    #[command(flatten)]
    pub(crate) period: Period,
    /// A checkpoint that somebody has kept: the export will show that it continues it.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) common: Common,
    /// The export.
    #[arg(required_unless_present = "live", conflicts_with = "live")]
    pub(crate) export: Option<PathBuf>,
    /// Checks what the running system has stored instead.
    #[arg(long)]
    pub(crate) live: bool,
    /// The file with the public key that was published, one a line. Not the one in the export: it may be forged with it.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// A checkpoint that was kept elsewhere: shows that nothing was cut off, and that all were shown the same.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// The verdict as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Checkpoint {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Writes it into this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Shows the public keys: those that sign, and those that did.
    Show(Common),
    /// Makes another key, which signs together with those that are there: publish it, and retire the old one weeks later.
    Rotate(Common),
    /// Ends all keys but the newest.
    Retire(Common),
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

#[derive(Debug, Args)]
pub(crate) struct Play {
    /// The scenario.
    pub(crate) scenario: PathBuf,
    /// Where `concord up` keeps its data: tells its address and the tokens.
    #[arg(long, value_name = "DIR", default_value = "var")]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Drill {
    /// The scenario, e.g. deploy/drills/telephone-call.txt.
    #[arg(value_name = "FILE", required_unless_present = "case", conflicts_with = "case")]
    pub(crate) scenario: Option<PathBuf>,
    /// Raises nothing: only reports on an exercise that was raised before, by its number (VV-2026-00012) or its id.
    #[arg(long, value_name = "CASE", conflicts_with_all = ["play", "during"])]
    pub(crate) case: Option<String>,
    /// How long answers are waited for: 45m, 2h, 30s.
    #[arg(long = "for", id = "during", value_name = "DURATION", default_value = "2h", value_parser = crate::drill::duration)]
    pub(crate) during: std::time::Duration,
    /// Also gives the other acts of the scenario, at once, each as its officer by the demonstration tokens: a technical drill
    /// that needs nobody. Steps without an act, and acts that are expected to be refused, are left out.
    #[arg(long)]
    pub(crate) play: bool,
    /// The report as JSON, and nothing else.
    #[arg(long)]
    pub(crate) json: bool,
    /// Writes the report into this file too: a page in Markdown, Vietnamese first, then English.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Where `concord up` keeps its data: tells its address and the demonstration tokens.
    #[arg(long, value_name = "DIR", default_value = "var", conflicts_with = "url")]
    pub(crate) data: PathBuf,
    /// The address of an installation with real accounts, e.g. `https://phoi-hop.tinh.example`.
    #[arg(long, value_name = "URL", requires = "token")]
    pub(crate) url: Option<String>,
    /// The file with the token of an officer who may raise cases and see them: it is used for everything.
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(crate) token: Option<PathBuf>,
    /// A file of authorities to be believed over TLS (PEM), besides those of the system.
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(crate) ca: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// The scenarios.
    #[arg(required = true)]
    pub(crate) scenarios: Vec<PathBuf>,
    /// The folder of the policy's files; otherwise the example province that is built in.
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: Option<PathBuf>,
    /// Stops there and shows how the cases stand, e.g. 2026-05-16T22:30:00+07:00.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) at: Option<events::Timestamp>,
    /// JSON lines: each step with what came of it, and then each case.
    #[arg(long)]
    pub(crate) json: bool,
    /// Only the verdict on each scenario, and what did not come true.
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where to keep the data; otherwise it is thrown away at the end.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The nats-server binary; otherwise .tools/nats-server, then the PATH.
    #[arg(long, value_name = "FILE")]
    pub(crate) nats_server: Option<PathBuf>,
    /// The scenario to play; otherwise the telephone call at night, then the disagreement.
    pub(crate) scenario: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Only this case: its number (VV-2026-00001) or its id.
    #[arg(long, value_name = "CASE", conflicts_with = "agency")]
    pub(crate) case: Option<String>,
    /// Only this report, briefing or project: its id, or its number (BC-2026-05) where no other one has it.
    #[arg(long, value_name = "DUTY", conflicts_with_all = ["case", "agency"])]
    pub(crate) duty: Option<String>,
    /// Only the cases and duties in which this agency takes part, e.g. SXD: from their first fact on, also where it joined
    /// later.
    #[arg(long, value_name = "AGENCY")]
    pub(crate) agency: Option<String>,
    #[command(flatten)]
    pub(crate) period: Period,
    /// As the system knew it: only what had been recorded by then, e.g. 2026-05-17T06:00:00+07:00.
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with = "occurred_at")]
    pub(crate) at: Option<events::Timestamp>,
    /// As it was: only what had happened by then, whenever it was recorded.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) occurred_at: Option<events::Timestamp>,
    /// JSON lines: each fact with its place and the state that it left.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReadAccess {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Only what is about this case: its number (VV-2026-00001) or its id.
    #[arg(long, value_name = "CASE")]
    pub(crate) case: Option<String>,
    /// Only what is about this duty: its number (BC-2026-02/SNNMT, GB-2026-02) or its id.
    #[arg(long, value_name = "DUTY", conflicts_with = "case")]
    pub(crate) duty: Option<String>,
    /// Only what this officer did, or what happened to his account, e.g. btg.lanh-dao.
    #[arg(long, value_name = "OFFICER")]
    pub(crate) officer: Option<String>,
    #[command(flatten)]
    pub(crate) period: Period,
    /// JSON lines: each entry with its place.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A period of recorded time: what lies outside is not shown.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Period {
    /// Only what was recorded from then on, e.g. 2026-05-01T00:00:00+07:00.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) from: Option<events::Timestamp>,
    /// Only what was recorded before then.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) to: Option<events::Timestamp>,
}

fn time(text: &str) -> Result<events::Timestamp, String> {
    text.parse().map_err(|_| "write a time with its zone, such as 2026-05-16T21:52:00+07:00".to_owned())
}
