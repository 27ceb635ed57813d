//! `concord up` as an operator runs it: started, killed, started again on the same data.

use std::{
    fs::{self, File, OpenOptions},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use bus::{Bus, Principal, connection::ConnectTo, credentials::Credential};
use domain::policy::FILES;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use testkit::eventually;
use tokio::process::{Child, Command};

use super::{Said, api::Api, concord, finish, top};

/// When the manual clock starts: before the call of the scenario is logged.
pub const START: &str = "2026-05-16T21:52:00+07:00";

/// A place for one installation; what it holds survives its processes.
#[derive(Debug)]
pub struct Installation {
    root: TempDir,
    /// Where its manual clock starts; without, it goes by the machine's.
    start: Option<String>,
}

/// `concord up`, ready for work.
#[derive(Debug)]
pub struct Up {
    child: Child,
    running: Value,
    data: PathBuf,
}

impl Installation {
    /// An empty one.
    pub fn new() -> Self {
        Self::starting(START)
    }

    /// An empty one whose manual clock starts at another time.
    pub fn starting(at: impl Into<String>) -> Self {
        Self::by(Some(at.into()))
    }

    /// An empty one that goes by the machine's clock, as in life.
    pub fn by_the_machines_clock() -> Self {
        Self::by(None)
    }

    fn by(start: Option<String>) -> Self {
        Self { root: tempfile::tempdir().expect("a temporary directory"), start }
    }

    /// Where it keeps its data.
    pub fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// What its processes say on stderr.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.root.path().join("stderr.log")
    }

    fn config_file(&self) -> PathBuf {
        self.root.path().join("concord.toml")
    }

    /// Writes its configuration file.
    pub fn configure(&self, text: &str) {
        fs::write(self.config_file(), text).expect("the configuration can be written");
    }

    /// Nobody owes a regular report and no briefing is called: for a story of cases alone.
    pub fn without_duties(&self) {
        write_without_duties(&self.policy_folder());
    }

    /// It has a policy of its own, of these files.
    pub fn with_policy<'a>(&self, files: impl IntoIterator<Item = (&'a str, &'a str)>) {
        write_policy(&self.policy_folder(), files);
    }

    fn policy_folder(&self) -> PathBuf {
        self.root.path().join("policy")
    }

    /// Mail goes to a relay on this machine.
    pub fn mail_to(&self, relay: SocketAddr) {
        self.configure(&with_relay(relay));
    }

    /// `concord up` on free ports, with the clock in our hands unless it goes by the machine's.
    pub fn command(&self) -> Command {
        let mut up = concord();
        up.args(["up", "--listen", "127.0.0.1:0", "--nats-port", "0"]);
        match &self.start {
            Some(start) => up.args(["--clock", "manual", "--at", start]),
            None => up.args(["--clock", "system"]),
        };
        up.arg("--data").arg(self.data());
        if self.config_file().exists() {
            up.arg("--config").arg(self.config_file());
        }
        if self.policy_folder().exists() {
            // Its officers have tokens in files all the same.
            up.env("CONCORD__POLICY", self.policy_folder()).env("CONCORD__IDENTITY__DEMONSTRATION", "true");
        }
        up
    }

    /// Starts it and waits until it is ready.
    pub async fn up(&self) -> Up {
        let child = self.command().stdout(Stdio::null()).stderr(self.append_log()).spawn();
        let mut child = child.expect("the binary starts");
        let id = child.id().expect("a running process");
        let running = eventually(async || {
            if let Some(ended) = child.try_wait().expect("the process can be asked") {
                panic!("concord up ended ({ended}):\n{}", self.log());
            }
            let running = fs::read(self.data().join("run.json")).map_err(|error| error.to_string())?;
            let running: Value = serde_json::from_slice(&running).map_err(|error| error.to_string())?;
            if running["pid"] != id {
                return Err("run.json names another process".to_owned());
            }
            let ready = format!("{}/readyz", running["http"].as_str().unwrap_or_default());
            let ready = reqwest::get(ready).await.map_err(|error| error.to_string())?;
            if ready.status().is_success() { Ok(running) } else { Err(ready.status().to_string()) }
        })
        .await;
        Up { child, running, data: self.data() }
    }

    /// Starts it where it is expected to end by itself, and waits for its last word.
    pub async fn up_in_vain(&self, add: &[&str]) -> Said {
        finish(self.command().args(add)).await
    }

    /// `concord audit replay` on it.
    pub async fn replay(&self, options: &[&str]) -> Said {
        let mut replay = concord();
        finish(replay.args(["audit", "replay", "--data"]).arg(self.data()).args(options)).await
    }

    fn append_log(&self) -> File {
        OpenOptions::new().create(true).append(true).open(self.log_file()).expect("a file for stderr")
    }
}

impl Up {
    /// Its API.
    pub fn api(&self) -> Api {
        Api::new(self.http(), self.data.join("tokens"))
    }

    /// The file with the token of an officer.
    pub fn token_of(&self, officer: &str) -> PathBuf {
        self.data.join("tokens").join(officer)
    }

    /// Where it listens.
    pub fn http(&self) -> &str {
        self.running["http"].as_str().expect("an address")
    }

    /// An address of its API.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.running["http"].as_str().expect("an address"))
    }

    /// Where its metrics are read.
    pub fn metrics(&self) -> String {
        self.running["metrics"].as_str().expect("an address").to_owned()
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id().expect("a running process")
    }

    /// Where its API listens.
    pub fn address(&self) -> SocketAddr {
        let http = self.running["http"].as_str().expect("an address");
        http.rsplit('/').next().and_then(|address| address.parse().ok()).expect("an address")
    }

    /// The process of its nats-server.
    pub fn nats(&self) -> i32 {
        nats_in(&self.data).expect("the nats-server's process")
    }

    /// A connection to its nats-server, with the rights of one of its services.
    pub async fn connect(&self, principal: Principal) -> Bus {
        let credential = Credential::read(&self.data.join("credentials"), principal).expect("its credential");
        let url = self.running["nats"].as_str().expect("the server's address");
        Bus::connect(&ConnectTo::new(url, &credential)).await.expect("a connection")
    }

    /// Kills it as a power cut would; its nats-server is left over.
    pub async fn kill9(mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        self.child.wait().await.expect("it ends")
    }

    /// Ends it as an operator does.
    pub async fn term(self) -> ExitStatus {
        self.told(Signal::TERM).await
    }

    /// Tells it to stop, and waits until it has.
    pub async fn told(mut self, signal: Signal) -> ExitStatus {
        let id = self.child.id().expect("a running process");
        kill_process(pid(id.cast_signed()), signal).expect("it can be told to stop");
        self.child.wait().await.expect("it ends")
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        // What a test that failed has left behind.
        if let Some(left) = nats_in(&self.data()).filter(|id| runs_in(*id, &self.data())) {
            let _ = kill_process(pid(left), Signal::KILL);
        }
    }
}

/// The example policy with nobody who owes a report or is invited to a briefing.
pub fn write_without_duties(folder: &Path) {
    let texts = FILES.map(|name| {
        let text = fs::read_to_string(top().join("deploy/policy").join(name)).expect("a policy file");
        (name, if name == "duties.toml" { emptied(text) } else { text })
    });
    write_policy(folder, texts.iter().map(|(name, text)| (*name, text.as_str())));
}

fn write_policy<'a>(folder: &Path, files: impl IntoIterator<Item = (&'a str, &'a str)>) {
    fs::create_dir_all(folder).expect("a folder for the policy");
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("the policy can be written");
    }
}

/// The duties of a policy without anybody who owes a report or is invited.
fn emptied(mut duties: String) -> String {
    for list in ["monthly", "quarterly", "invited"] {
        let begins = duties.find(&format!("\n{list} = [")).expect("a list of agencies");
        let ends = begins + duties[begins..].find(']').expect("its end");
        duties.replace_range(begins..ends, &format!("\n{list} = ["));
    }
    duties
}

/// A configuration by which mail goes to a relay on this machine, with links that stay the same at each start.
pub fn with_relay(relay: SocketAddr) -> String {
    let (host, port) = (relay.ip(), relay.port());
    format!(
        "[http]\npublic_url = \"https://phoi-hop.tinh.example\"\n\n\
         [mail.smtp]\nhost = \"{host}\"\nport = {port}\ntls = \"none\"\n"
    )
}

/// The process that the nats-server of a data directory says it is.
pub fn nats_in(data: &Path) -> Option<i32> {
    fs::read_to_string(data.join("nats/nats.pid")).ok()?.trim().parse().ok()
}

/// Whether a process lives and was started for a data directory.
pub fn runs_in(id: i32, data: &Path) -> bool {
    let command = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    let place = data.to_string_lossy().into_owned();
    String::from_utf8_lossy(&command).contains(&place)
}

fn pid(id: i32) -> Pid {
    Pid::from_raw(id).expect("the number of a process")
}
