//! The system under load: the real binary with its own nats-server, as an operator starts it.

use std::{
    collections::HashMap,
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use bus::{Bus, Principal, connection::ConnectTo, credentials::Credential};
use events::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::{Failure, http, usage::Meter};

/// How long a start or a stop may take.
const PATIENCE: Duration = Duration::from_mins(10);

/// How long is waited before something is asked again.
const PAUSE: Duration = Duration::from_millis(5);

/// A place for one installation: its data outlive its processes.
#[derive(Debug)]
pub struct Installation {
    binary: PathBuf,
    root: PathBuf,
    // Removed with everything in it when this is dropped, unless it is to be kept.
    _temporary: Option<TempDir>,
}

/// `concord up`, ready for work.
#[derive(Debug)]
pub struct System {
    /// Where the API is.
    pub api: SocketAddr,
    /// The process of concord.
    pub concord: u32,
    /// The process of its nats-server.
    pub nats: u32,
    /// What it had said of the time and of the log when it became ready.
    pub ready: Ready,
    process: Process,
    nats_url: String,
    monitor: SocketAddr,
    data: PathBuf,
}

/// What `/readyz` says.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Ready {
    /// The newest fact that the fold has taken.
    pub fold: u64,
    /// The clock of the process.
    pub time: Timestamp,
}

/// How far the streams are, as the server's monitor says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Streams {
    /// The facts of the log.
    pub facts: u64,
    /// What the notifier has not finished with.
    pub backlog: u64,
    /// The mails that were entered.
    pub mails: u64,
    /// The messages of the outbox.
    pub outbox: u64,
}

/// A process that a run which is cut short does not leave behind: told to end, it stops its server too.
#[derive(Debug)]
pub struct Process(Child);

#[derive(Deserialize)]
struct Announced {
    pid: u32,
    http: String,
    nats: String,
    monitor: String,
}

impl Installation {
    /// An empty one, in a temporary directory; kept, it stays when the run has ended.
    pub fn new(binary: &Path, keep: bool) -> Result<Self, Failure> {
        let temporary = tempfile::Builder::new().prefix("concord-bench-").tempdir()?;
        let root = temporary.path().to_owned();
        let temporary = if keep {
            let _ = temporary.keep();
            None
        } else {
            Some(temporary)
        };
        Ok(Self { binary: binary.to_owned(), root, _temporary: temporary })
    }

    /// Where it keeps its data.
    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// Its configuration, written by a start.
    pub fn config(&self) -> PathBuf {
        self.root.join("concord.toml")
    }

    /// Starts it with its mail going to a relay, and waits until it is ready.
    pub async fn start(&self, relay: SocketAddr) -> Result<System, Failure> {
        let config = self.config();
        let (host, port) = (relay.ip(), relay.port());
        let text = format!(
            "[http]\npublic_url = \"https://phoi-hop.tinh.example\"\nrequests_per_minute = 0\n\n\
             [mail.smtp]\nhost = \"{host}\"\nport = {port}\ntls = \"none\"\n"
        );
        fs::write(&config, text)?;
        let began = Instant::now();
        let mut command = Command::new(&self.binary);
        command.args(["up", "--listen", "127.0.0.1:0", "--nats-port", "0", "--config"]).arg(&config);
        command.arg("--data").arg(self.data()).stdin(Stdio::null()).stdout(Stdio::null());
        let log = File::options().create(true).append(true).open(self.log())?;
        command.stderr(log);
        let child = command.spawn().map_err(|error| format!("{}: {error}", self.binary.display()))?;
        let mut process = Process(child);
        let id = process.0.id().ok_or("the process is gone")?;
        loop {
            if let Some(ended) = process.0.try_wait()? {
                let said = fs::read_to_string(self.log()).unwrap_or_default();
                return Err(format!("concord up ended ({ended}):\n{said}").into());
            }
            if let Some(announced) = announced(&self.data(), id)
                && let Ok(ready) = http::get(address(&announced.http)?, "/readyz").await
            {
                let nats = fs::read_to_string(self.data().join("nats/nats.pid"))?;
                return Ok(System {
                    api: address(&announced.http)?,
                    concord: id,
                    nats: nats.trim().parse()?,
                    ready: serde_json::from_str(&ready)?,
                    process,
                    nats_url: announced.nats,
                    monitor: address(&announced.monitor)?,
                    data: self.data(),
                });
            }
            if began.elapsed() > PATIENCE {
                return Err("concord up does not become ready".into());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What its processes have said.
    pub fn log(&self) -> PathBuf {
        self.root.join("stderr.log")
    }
}

impl System {
    /// The tokens of all officers.
    pub fn tokens(&self) -> Result<HashMap<String, String>, Failure> {
        tokens(&self.data)
    }

    /// How far log and fold are.
    pub async fn readiness(&self) -> Result<Ready, Failure> {
        Ok(serde_json::from_str(&http::get(self.api, "/readyz").await?)?)
    }

    /// How far the streams are.
    pub async fn streams(&self) -> Result<Streams, Failure> {
        Streams::read(&http::get(self.monitor, "/jsz?streams=true&consumers=true").await?)
    }

    /// A connection with the rights of one of its services.
    pub async fn connect(&self, principal: Principal) -> Result<Bus, Failure> {
        let credential = Credential::read(&self.data.join("credentials"), principal)?;
        Ok(Bus::connect(&ConnectTo::new(&*self.nats_url, &credential)).await?)
    }

    /// What counts its processor time.
    pub fn meter(&self) -> Meter {
        Meter::new([("concord", self.concord), ("nats-server", self.nats)])
    }

    /// Kills it as a power cut would; its nats-server is left over, and the next start ends it.
    pub async fn kill(mut self) -> Result<(), Failure> {
        Ok(self.process.0.kill().await?)
    }

    /// Ends it as an operator does.
    pub async fn stop(self) -> Result<(), Failure> {
        self.process.end().await
    }
}

impl Process {
    /// One that was started.
    pub fn of(child: Child) -> Self {
        Self(child)
    }

    /// Its id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.0.id()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> Result<bool, Failure> {
        Ok(self.0.try_wait()?.is_some())
    }

    /// Ends it as an operator does.
    pub async fn end(mut self) -> Result<(), Failure> {
        self.tell();
        let ended = tokio::time::timeout(PATIENCE, self.0.wait()).await??;
        if ended.success() { Ok(()) } else { Err(format!("concord ended with {ended}").into()) }
    }

    /// Tells it to end as an operator does.
    fn tell(&self) {
        if let Some(id) = self.0.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
            // It may have ended by itself just now.
            let _ = kill_process(id, Signal::TERM);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.tell();
    }
}

impl Streams {
    /// Reads what `/jsz` says.
    fn read(text: &str) -> Result<Self, Failure> {
        let said: serde_json::Value = serde_json::from_str(text)?;
        let accounts = said["account_details"].as_array().into_iter().flatten();
        let details: Vec<_> =
            accounts.flat_map(|account| account["stream_detail"].as_array().into_iter().flatten()).collect();
        let stream = |name: &str| {
            let found = details.iter().find(|stream| stream["name"] == name);
            found.copied().ok_or_else(|| format!("the monitor does not know the stream {name}"))
        };
        let number = |value: &serde_json::Value| value.as_u64().unwrap_or_default();
        let (cases, outbox) = (stream(bus::streams::CASES)?, stream(bus::streams::OUTBOX)?);
        let consumers = cases["consumer_detail"].as_array().into_iter().flatten();
        let backlog = |consumer: &serde_json::Value| {
            number(&consumer["num_pending"]) + number(&consumer["num_ack_pending"])
        };
        let notifier = consumers.into_iter().find(|consumer| consumer["name"] == bus::streams::NOTIFIER);
        Ok(Self {
            facts: number(&cases["state"]["last_seq"]),
            backlog: backlog(notifier.ok_or("the monitor does not know the notifier")?),
            mails: number(&outbox["state"]["num_subjects"]),
            outbox: number(&outbox["state"]["last_seq"]),
        })
    }
}

/// The tokens of all officers, by the data of their installation.
pub fn tokens(data: &Path) -> Result<HashMap<String, String>, Failure> {
    let mut tokens = HashMap::new();
    for file in fs::read_dir(data.join("tokens"))? {
        let file = file?;
        let token = fs::read_to_string(file.path())?.trim().to_owned();
        tokens.insert(file.file_name().to_string_lossy().into_owned(), token);
    }
    Ok(tokens)
}

/// What a running process has announced.
fn announced(data: &Path, id: u32) -> Option<Announced> {
    let text = fs::read_to_string(data.join("run.json")).ok()?;
    serde_json::from_str(&text).ok().filter(|announced: &Announced| announced.pid == id)
}

fn address(url: &str) -> Result<SocketAddr, Failure> {
    Ok(url.trim_start_matches("http://").parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_monitor_says_how_far_the_streams_are() {
        let text = r#"{"account_details":[{"stream_detail":[
            {"name":"CASES","state":{"last_seq":9},"consumer_detail":[
                {"name":"notifier","num_pending":2,"num_ack_pending":1}]},
            {"name":"OUTBOX","state":{"last_seq":12,"num_subjects":4}}]}]}"#;
        let streams = Streams::read(text).unwrap();
        assert_eq!(streams, Streams { facts: 9, backlog: 3, mails: 4, outbox: 12 });
        assert!(Streams::read(r#"{"account_details":[]}"#).is_err());
    }
}
