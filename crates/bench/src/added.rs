//! G4: what the audit adds to a transition. The same load runs on all services in one process, as they are shipped, with
//! the audit among them and without it, in turn and in one installation: the kernel counts what a fact takes.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use bus::{
    Bus, Principal,
    connection::ConnectTo,
    credentials::Credentials,
    log,
    server::{NatsServer, ServerOptions},
    streams::CASES,
};
use tokio::process::Command;

use crate::{
    Failure,
    drive::{Mark, Shape, drive},
    figures::{float, grouped, rate},
    history,
    load::Plan,
    now,
    report::{Figure, Sheet},
    sink::Sink,
    system::{Installation, Process, tokens},
    usage::Meter,
};

/// Every service but the audit.
const OTHERS: [&str; 12] = [
    "ledger",
    "directory",
    "identity",
    "intake",
    "confirmation",
    "routing",
    "coordination",
    "taskforce",
    "escalation",
    "reporting",
    "notifier",
    "api",
];

/// The service that is measured.
const AUDIT: &str = "audit";

/// Whose processor time counts.
const COUNTED: [&str; 2] = ["concord", "nats-server"];

/// What is compared: without the audit; with it, and a self-check that has no time to begin again; as it is shipped.
const ARMS: [(&str, Option<&str>); 3] = [
    ("without the audit", None),
    ("with the audit, no self-check", Some("1000000")),
    ("with the audit as it is shipped", Some("30")),
];

/// How many numbers of documents there are for each run: more than it has histories for.
const NUMBERS: u64 = 60_000;

/// How often is looked whether all is at rest.
const PAUSE: Duration = Duration::from_secs(1);

/// So much processor time in a pause is rest: the self-check goes on for ever.
const REST: Duration = Duration::from_millis(200);

/// What was measured in one window.
#[derive(Clone, Copy, Debug, Default)]
struct Round {
    /// Commands answered in a second.
    commands: f64,
    /// Microseconds of Concord and of nats-server for each fact.
    each: f64,
}

/// What was measured: the rounds of each of [`ARMS`].
#[derive(Debug, Default)]
pub struct Outcome([Vec<Round>; 3]);

/// One installation, its server ours and its services in processes of their own.
struct Apart<'a> {
    binary: &'a Path,
    data: PathBuf,
    config: PathBuf,
    server: NatsServer,
    reader: Bus,
}

/// Measures with a load of this shape, so many rounds.
pub async fn run(binary: &Path, shape: Shape, rounds: usize, keep: bool) -> Result<Outcome, Failure> {
    let sink = Sink::start()?;
    let installation = Installation::new(binary, keep)?;
    // For its streams, keys and tokens.
    installation.start(sink.address).await?.stop().await?;
    let apart = Apart::start(binary, &installation).await?;
    let nats = apart.server.pid().ok_or("nats-server is gone")?;
    let tokens = tokens(&apart.data)?;
    let mut outcome = Outcome::default();
    for round in 0..rounds {
        for (arm, (name, sweep)) in ARMS.into_iter().enumerate() {
            let audit = sweep.map(|_| AUDIT);
            let services: Vec<_> = OTHERS.into_iter().chain(audit).collect();
            let settings = sweep.map(|sweep| ("CONCORD__AUDIT__SWEEP_SECONDS", sweep));
            let (process, said) = apart.serve(&services, settings.as_slice()).await?;
            let api = api(&said).ok_or("the API said nothing of its address")?;
            let running = [("concord", process.id()), ("nats-server", Some(nats))];
            let meter = Meter::new(running.into_iter().filter_map(|(name, id)| Some((name, id?))));
            // What it does at its start is not what a transition costs.
            at_rest(&meter).await;
            let plan = Plan::new(api, &tokens, &format!("g4-{round}-{arm}-"), history::plain_dispute(now()))?;
            let plan = Arc::new(plan.numbered_after(NUMBERS * (round * ARMS.len() + arm) as u64));
            let mark = async || {
                let facts = log::last_sequence(&apart.reader, CASES).await?;
                Ok(Mark { at: Instant::now(), facts, mails: sink.taken(), spent: meter.read() })
            };
            let driven = drive(&plan, shape, mark).await?;
            at_rest(&meter).await;
            let end = mark().await?;
            let spent = end.spent.since(&driven.first.spent).micros(end.facts - driven.first.facts);
            let used = spent.iter().filter(|(name, _)| COUNTED.contains(name)).map(|(_, used)| used);
            let each = used.fold(0.0, |sum, used| sum + used);
            let commands = rate(driven.latencies(&plan).all.count as u64, driven.time());
            let done = Round { commands, each };
            println!("G4  {name}: {}", done.line());
            outcome.0[arm].push(done);
            process.end().await?;
        }
    }
    apart.server.stop().await?;
    Ok(outcome)
}

/// Waits until nobody is busy any more.
async fn at_rest(meter: &Meter) {
    let busy = |meter: &Meter| -> Duration {
        meter.read().0.iter().filter(|(name, _)| COUNTED.contains(name)).map(|(_, used)| *used).sum()
    };
    let mut before = busy(meter);
    loop {
        tokio::time::sleep(PAUSE).await;
        let after = busy(meter);
        if after.saturating_sub(before) < REST {
            return;
        }
        before = after;
    }
}

impl<'a> Apart<'a> {
    async fn start(binary: &'a Path, installation: &Installation) -> Result<Self, Failure> {
        let data = installation.data();
        let credentials = Credentials::read_or_make(&data.join("credentials"))?;
        let options = ServerOptions { port: 0, monitor_port: 0, ..ServerOptions::new(data.join("nats")) };
        let server = NatsServer::start(&options, &credentials).await?;
        let to = ConnectTo::new(server.url(), credentials.get(Principal::Views));
        let reader = Bus::connect(&to.proven_by(server.monitor_url())).await?;
        Ok(Self { binary, data, config: installation.config(), server, reader })
    }

    /// `concord serve` with some services, at work; and what it has said.
    async fn serve(
        &self,
        services: &[&str],
        settings: &[(&str, &str)],
    ) -> Result<(Process, String), Failure> {
        let log = self.data.join("concord.log");
        let mut command = Command::new(self.binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(&self.config);
        command.arg("--data").arg(&self.data).args(services);
        command.env("CONCORD__NATS__URL", self.server.url());
        command.env("CONCORD__NATS__MONITOR_URL", self.server.monitor_url());
        command.env("CONCORD__METRICS__LISTEN", "127.0.0.1:0");
        command.env("RUST_LOG", "warn,concord=info,svc_api=info");
        command.envs(settings.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?);
        let mut process = Process::of(command.spawn()?);
        loop {
            let said = fs::read_to_string(&log)?;
            if said.contains("at work") {
                return Ok((process, said));
            }
            if process.has_ended()? {
                return Err(format!("concord serve ended:\n{said}").into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The address in the line that says where the API listens.
fn api(said: &str) -> Option<SocketAddr> {
    let line = said.lines().find(|line| line.contains("the API listens"))?;
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    line["fields"]["address"].as_str()?.parse().ok()
}

impl Round {
    fn line(&self) -> String {
        format!(
            "{} commands a second, {:.0} µs of concord and nats-server for each fact",
            grouped(self.commands),
            self.each
        )
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

impl Outcome {
    fn medians(&self) -> [Round; 3] {
        self.0.each_ref().map(|rounds| Round {
            commands: median(rounds.iter().map(|round| round.commands).collect()),
            each: median(rounds.iter().map(|round| round.each).collect()),
        })
    }

    /// What an arm adds to what a fact costs without the audit, as a share of that: the median of the rounds, each held
    /// against the one without the audit that ran just before.
    fn share(&self, arm: usize) -> f64 {
        let pairs = self.0[arm].iter().zip(&self.0[0]);
        median(pairs.map(|(with, without)| with.each / without.each.max(f64::MIN_POSITIVE) - 1.0).collect())
    }

    /// What is kept of it.
    pub fn note(&self, sheet: &mut Sheet) {
        let [without, appending, shipped] = self.medians();
        for (arm, name, what, wanted) in [
            (1, "g4-added-a", "what the audit adds to what a fact costs", true),
            (2, "g4-added-b", "the same with the self-check, as it is shipped", false),
        ] {
            let figure = Figure::of("G4", what.to_owned(), format!("{:.1} %", self.share(arm) * 100.0));
            let with = self.medians()[arm].each;
            let figure = figure.beside(format!(
                "{with:.0} µs of concord and nats-server, {:.0} µs without it",
                without.each
            ));
            sheet.figure(name, if wanted { figure.wanted("≤ 5 %", self.share(arm) <= 0.05) } else { figure });
        }
        let rates = [without, appending, shipped].map(|round| grouped(round.commands)).join(" / ");
        let what = "commands a second without the audit / appending / as shipped".to_owned();
        sheet.figure("g4-added-c", Figure::of("G4", what, rates));
    }

    /// What a person reads.
    pub fn lines(&self) -> Vec<String> {
        let rounds = float(self.0[0].len() as u64);
        let heading =
            format!("G4  what the audit adds to a transition (goal: ≤ 5 %), medians of {rounds:.0} rounds");
        let arms = ARMS.iter().zip(self.medians()).enumerate().map(|(arm, ((name, _), round))| {
            format!("    {name:<32} {}, {:+.1} %", round.line(), self.share(arm) * 100.0)
        });
        std::iter::once(heading).chain(arms).collect()
    }
}
