//! `concord doctor`: everything that an operator would check, each in a line that says what to do. It changes nothing.

mod api;
mod clock;
mod cluster;
mod evidence;
mod keys;
mod limits;
mod machine;
mod mail;
mod monitors;
mod nats;
mod report;
mod rules;
mod tls;

use std::{fmt, process::ExitCode, sync::Arc};

use bus::{Bus, Principal, connection::ConnectTo, credentials::Credential};
use chrono::TimeDelta;
use domain::{Policy, directory::Rulebook};
use events::Timestamp;
use service::{Clock, Config};

use crate::{
    Failure,
    cli::Doctor,
    place::Running,
    play::Show,
    process::{Server, connect},
    up::configuration,
};
use monitors::Monitor;
use report::{Check, Report};

/// What is known of the installation once the first checks are done.
struct Patient {
    config: Config,
    /// What the policy's files say, if they can be read.
    files: Option<Policy>,
    /// How a running `concord up` said it can be reached, and whether that process is there.
    running: Option<(Running, bool)>,
    /// Where its server is.
    server: Option<Server>,
    /// What the monitors of its servers say.
    monitors: Vec<Monitor>,
    /// Where the API has answered.
    api: Option<String>,
    /// How far the running process, which may have a clock of its own, was ahead of the machine when it was asked.
    ahead: Option<TimeDelta>,
}

/// The policy in force, if one is.
type InForce = Result<Option<Arc<Policy>>, NotKnown>;

/// Why it is not known which policy is in force.
enum NotKnown {
    /// Nobody could be asked.
    NotAsked(String),
    /// The log does not say it.
    Unreadable(String),
}

impl fmt::Display for NotKnown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::NotAsked(why) | Self::Unreadable(why)) = self;
        f.write_str(why)
    }
}

/// Looks at everything.
pub(crate) async fn doctor(options: Doctor) -> Result<ExitCode, Failure> {
    let Doctor { common, json } = options;
    let now = Clock::System.now();
    let mut report = Report::new(now, (!json).then(Show::on_stdout));
    match configuration(&common) {
        Err(error) => report.add([Check::failed(
            "configuration",
            &error,
            "correct it as README.md, Configuration, says; nothing else can be looked at before",
        )]),
        Ok(config) => {
            let file = common.config.as_ref().map(|file| file.display().to_string());
            let found = file.unwrap_or_else(|| "the defaults, and the environment".to_owned());
            report.add([Check::ok("configuration", found)]);
            examine(config, &mut report).await;
        }
    }
    if json {
        Show::line(&serde_json::to_string_pretty(&report)?);
    } else {
        Show::line("");
        Show::line(&report.sum());
    }
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn examine(config: Config, report: &mut Report) {
    let (policy, files) = rules::policy(&config);
    report.add(policy);
    report.add([machine::data_directory(&config), machine::disk(&config.data)]);
    report.add(keys::keys(&config));

    let (check, running) = running(&config);
    report.add([check]);
    let server = Server::configured(&config).map(|configured| {
        configured.or_else(|| {
            let (running, _) = running.as_ref()?;
            let (url, monitor_url) = (running.nats.clone(), running.monitor.clone());
            Some(Server { url, monitor_url, ca: None })
        })
    });
    let server = match server {
        Ok(server) => server,
        Err(error) => {
            report.add([Check::failed("nats-configuration", &error, "set [nats] monitor_url too")]);
            None
        }
    };
    let monitors = match &server {
        Some(server) => monitors::ask(server).await,
        None => Vec::new(),
    };
    let mut patient = Patient { config, files, running, server, monitors, api: None, ahead: None };
    report.add(api::api(&mut patient).await);
    report.add(tls::certificate(&patient).await);
    report.add([limits::open_files(&patient)]);
    let (checks, reached) = nats::server(&patient).await;
    report.add(checks);
    report.add(cluster::cluster(&patient).await);
    report.add(clock::clock(&patient));
    if reached {
        report.add(nats::streams(&patient).await);
        let in_force = patient.policy_in_force().await;
        report.add([rules::in_force(&patient, &in_force)]);
        report.add(mail::mail(&patient, &in_force).await);
        report.add(evidence::audit(&patient).await);
    } else {
        const AWAY: &str = "the NATS server is not reached";
        let names = ["streams", "policy-in-force", "mail", "audit"];
        report.add(names.map(|name| Check::skipped(name, AWAY)));
    }
    report.add(mail::way_out(&patient).await);
    report.add([evidence::backup(&patient)]);
}

/// Whether a `concord up` works in the data directory, or others against a server that is named.
fn running(config: &Config) -> (Check, Option<(Running, bool)>) {
    const NAME: &str = "running";
    let running = match Running::find(&config.data) {
        Ok(Some(running)) => running,
        Ok(None) if config.nats.url.is_some() => {
            return (Check::ok(NAME, "no `concord up` here; the server of [nats] url is looked at"), None);
        }
        Ok(None) => {
            let found = format!("nothing runs in {}", config.data.display());
            return (Check::fail(NAME, found, "start `concord up`, or give its --data directory"), None);
        }
        Err(error) => {
            return (Check::failed(NAME, &error, "start `concord up` again, which writes it anew"), None);
        }
    };
    let there = running.is_there();
    let check = if there {
        Check::ok(NAME, format!("concord up, process {}", running.pid))
    } else {
        let found = format!("process {} is gone, and did not take leave", running.pid);
        Check::fail(NAME, found, "start `concord up` again: what was answered is on the disk")
    };
    (check, Some((running, there)))
}

impl Patient {
    /// What time it is for the running process.
    fn now(&self) -> Timestamp {
        Clock::System.now() + self.ahead.unwrap_or_default()
    }

    /// Reads which policy is in force.
    async fn policy_in_force(&self) -> InForce {
        let bus = self.connect(Principal::Audit).await.map_err(NotKnown::NotAsked)?;
        let read = bus::read_directory(&bus, None).await;
        // It was only to be asked.
        let _ = bus.close().await;
        let Some(loaded) = read.map_err(|refusal| NotKnown::Unreadable(refusal.en))? else { return Ok(None) };
        let rules = Rulebook::from_directory(&loaded.it, loaded.sequence);
        let rules = rules.map_err(|error| NotKnown::Unreadable(error.to_string()))?;
        Ok(rules.at(self.now()).cloned())
    }

    /// A connection under a credential that this machine holds, also to a server that proves nothing.
    ///
    /// # Errors
    /// What keeps it from it, in a line.
    async fn connect(&self, principal: Principal) -> Result<Bus, String> {
        let server = self.server.as_ref().ok_or("no server is known")?;
        let credential = Credential::read(&self.config.credentials(), principal);
        let credential = credential
            .map_err(|_| format!("the credential `{principal}` is not on this machine, or not to be used"))?;
        match connect(server, &credential).await {
            Ok(bus) => Ok(bus),
            // That is a line of its own, and no reason not to look at the rest.
            Err(error) if nats::not_durable(error.as_ref()).is_some() => {
                let to = ConnectTo::new(&server.url, &credential).trusting(server.ca.clone());
                Bus::connect(&to).await.map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        }
    }
}
