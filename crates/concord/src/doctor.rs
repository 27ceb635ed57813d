//! `concord doctor`: everything that an operator would check, each in a line that says what to do. It changes nothing.

mod api;
mod clock;
mod cluster;
mod evidence;
mod keys;
mod limits;
mod machine;
mod mail;
mod nats;
mod report;
mod rules;
mod tls;

use std::process::ExitCode;

use bus::{Bus, Principal, connection::ConnectTo, credentials::Credential};
use domain::Policy;
use events::Timestamp;
use rustix::process::{Pid, test_kill_process};
use service::{Clock, Config};

use crate::{
    Failure,
    cli::Doctor,
    place::Running,
    play::Show,
    process::{Server, connect},
    up::configuration,
};
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
    /// What time it is: the machine's, or that of the running process, which may have a clock of its own.
    now: Timestamp,
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
            examine(config, now, &mut report).await;
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

async fn examine(config: Config, now: Timestamp, report: &mut Report) {
    let (policy, files) = rules::policy(&config);
    report.add(policy);
    report.add([machine::data_directory(&config.data), machine::disk(&config.data)]);
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
    let mut patient = Patient { config, files, running, server, now };
    report.add(api::api(&mut patient).await);
    report.add(tls::certificate(&patient).await);
    report.add([limits::open_files(&patient)]);
    let (checks, reached) = nats::server(&patient).await;
    report.add(checks);
    report.add(cluster::cluster(&patient).await);
    report.add(clock::clock(&patient).await);
    if reached {
        report.add(nats::streams(&patient).await);
        report.add(rules::in_force(&patient).await);
        report.add(mail::mail(&patient).await);
        report.add(evidence::audit(&patient).await);
    } else {
        const AWAY: &str = "the NATS server is not reached";
        let names = ["streams", "policy-in-force", "mail", "audit"];
        report.add(names.map(|name| Check::skipped(name, AWAY)));
    }
    report.add(mail::way_out(&patient).await);
    report.add([evidence::backup(&patient.config.data, now)]);
}

/// Whether a `concord up` works in the data directory, or others against a server that is named.
fn running(config: &Config) -> (Check, Option<(Running, bool)>) {
    const NAME: &str = "running";
    let running = match Running::read(&config.data) {
        Ok(running) => running,
        Err(_) if config.nats.url.is_some() => {
            return (Check::ok(NAME, "no `concord up` here; the server of [nats] url is looked at"), None);
        }
        Err(_) => {
            let found = format!("nothing runs in {}", config.data.display());
            return (Check::fail(NAME, found, "start `concord up`, or give its --data directory"), None);
        }
    };
    let id = i32::try_from(running.pid).ok().and_then(Pid::from_raw);
    // Of somebody else's process it is not allowed to ask: then there is one.
    let there = id.is_some_and(|id| !matches!(test_kill_process(id), Err(rustix::io::Errno::SRCH)));
    let check = if there {
        Check::ok(NAME, format!("concord up, process {}", running.pid))
    } else {
        let found = format!("process {} is gone, and did not take leave", running.pid);
        Check::fail(NAME, found, "start `concord up` again: what was answered is on the disk")
    };
    (check, Some((running, there)))
}

impl Patient {
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
