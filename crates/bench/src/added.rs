//! G4: what the audit adds to a transition. The same load runs with the audit in a process of its own and without it, in
//! turn and in one installation: so the kernel counts what it takes, and the other processes show what it costs them.

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
const OTHERS: [&str; 11] = [
    "ledger",
    "directory",
    "identity",
    "intake",
    "confirmation",
    "routing",
    "coordination",
    "taskforce",
    "escalation",
    "notifier",
    "api",
];

/// The name of the process in which the audit runs.
const AUDIT: &str = "audit";

/// What is compared: without the audit; with it, and a self-check that has no time to begin again; as it is shipped.
const ARMS: [(&str, Option<&str>); 3] = [
    ("without the audit", None),
    ("with the audit, no self-check", Some("1000000")),
    ("with the audit as it is shipped", Some("30")),
];

/// How often is looked whether all is at rest.
const PAUSE: Duration = Duration::from_secs(1);

/// So much processor time in a pause is rest: the self-check goes on for ever.
const REST: Duration = Duration::from_millis(200);

/// What was measured in one window.
#[derive(Clone, Copy, Debug, Default)]
struct Round {
    /// Commands answered in a second.
    commands: f64,
    /// Microseconds of the audit's process for each fact.
    audit: f64,
    /// The same of all other processes of Concord, and of nats-server.
    others: f64,
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
    let (others, said) = apart.serve(&OTHERS, "others", &[]).await?;
    let api = api(&said).ok_or("the API said nothing of its address")?;
    let nats = apart.server.pid().ok_or("nats-server is gone")?;
    let tokens = tokens(&apart.data)?;
    let mut outcome = Outcome::default();
    for round in 0..rounds {
        for ((name, sweep), measured) in ARMS.into_iter().zip(&mut outcome.0) {
            let audit = match sweep {
                Some(sweep) => {
                    let settings = [("CONCORD__AUDIT__SWEEP_SECONDS", sweep)];
                    Some(apart.serve(&[AUDIT], AUDIT, &settings).await?.0)
                }
                None => None,
            };
            let running = [("concord", others.id()), ("nats-server", Some(nats))];
            let audits = audit.as_ref().map(|audit| (AUDIT, audit.id()));
            let counted = running.into_iter().chain(audits);
            let meter = Meter::new(counted.filter_map(|(name, id)| Some((name, id?))));
            // What it does at its start is not what a transition costs.
            at_rest(&meter).await;
            let key = format!("g4-{round}-{}-", measured.len() + name.len());
            let plan = Arc::new(Plan::new(api, &tokens, &key, history::plain_dispute(now()))?);
            let mark = async || {
                let facts = log::last_sequence(&apart.reader, CASES).await?;
                Ok(Mark { at: Instant::now(), facts, mails: sink.taken(), spent: meter.read() })
            };
            let driven = drive(&plan, shape, mark).await?;
            at_rest(&meter).await;
            let end = mark().await?;
            let spent = end.spent.since(&driven.first.spent).micros(end.facts - driven.first.facts);
            let of = |who: &[&str]| {
                let used = spent.iter().filter(|(name, _)| who.contains(name)).map(|(_, used)| used);
                used.fold(0.0, |sum, used| sum + used)
            };
            let commands = rate(driven.latencies(&plan).all.count as u64, driven.time());
            let done = Round { commands, audit: of(&[AUDIT]), others: of(&["concord", "nats-server"]) };
            println!("G4  {name}: {}", done.line());
            measured.push(done);
            if let Some(audit) = audit {
                audit.end().await?;
            }
        }
    }
    others.end().await?;
    apart.server.stop().await?;
    Ok(outcome)
}

/// Waits until nobody is busy any more.
async fn at_rest(meter: &Meter) {
    let busy = |meter: &Meter| -> Duration {
        let counted = [AUDIT, "concord", "nats-server"];
        meter.read().0.iter().filter(|(name, _)| counted.contains(name)).map(|(_, used)| *used).sum()
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
        name: &str,
        settings: &[(&str, &str)],
    ) -> Result<(Process, String), Failure> {
        let log = self.data.join(format!("{name}.log"));
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
                return Err(format!("concord serve {name} ended:\n{said}").into());
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
            "{} commands a second; µs for each fact: concord and nats-server {:.0}, audit {:.1}",
            grouped(self.commands),
            self.others,
            self.audit
        )
    }
}

fn median(all: &[Round], of: impl Fn(&Round) -> f64) -> f64 {
    let mut values: Vec<_> = all.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

impl Outcome {
    fn medians(&self) -> [Round; 3] {
        self.0.each_ref().map(|rounds| Round {
            commands: median(rounds, |round| round.commands),
            audit: median(rounds, |round| round.audit),
            others: median(rounds, |round| round.others),
        })
    }

    /// What the audit takes for a fact, as a share of what the fact costs without it.
    fn share(&self, arm: usize) -> f64 {
        let medians = self.medians();
        medians[arm].audit / medians[0].others.max(f64::MIN_POSITIVE)
    }

    /// What is kept of it.
    pub fn note(&self, sheet: &mut Sheet) {
        let [without, appending, shipped] = self.medians();
        for (arm, name, what, wanted) in [
            (1, "g4-added-a", "what the audit takes for a fact, beside all else that a fact costs", true),
            (2, "g4-added-b", "the same with the self-check, as it is shipped", false),
        ] {
            let figure = Figure::of("G4", what.to_owned(), format!("{:.1} %", self.share(arm) * 100.0));
            let round = self.medians()[arm];
            let figure = figure.beside(format!(
                "{:.1} µs beside {:.0} µs of concord and nats-server, {:.0} µs without it",
                round.audit, round.others, without.others
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
            format!("    {name:<32} {}, {:.1} %", round.line(), self.share(arm) * 100.0)
        });
        std::iter::once(heading).chain(arms).collect()
    }
}
