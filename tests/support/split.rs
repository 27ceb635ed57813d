//! Services split over processes: `concord serve` against a server of the test's own.

use std::{
    fs::{self, File, OpenOptions},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use bus::Failpoint;
use rand::Rng as _;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use testkit::{eventually, nats::TestNats, servers::Servers};
use tokio::process::{Child, Command};

use super::{
    Said,
    api::Api,
    concord, finish, policy,
    process::{START, with_relay, write_without_duties},
};

/// A place for processes that share a nats-server, or a cluster of them.
#[derive(Debug)]
pub struct Split<N = TestNats> {
    /// The server.
    pub nats: N,
    root: TempDir,
}

/// `concord serve`, at work. Dropped, it is killed.
#[derive(Debug)]
pub struct Serve {
    child: Child,
    log: PathBuf,
    tokens: PathBuf,
}

impl Split {
    /// A server with all streams, and tokens for all officers of the example province.
    pub async fn start() -> Self {
        Self::with(TestNats::start().await)
    }
}

impl<N: Servers> Split<N> {
    /// The same around a server that the caller has started.
    pub fn with(nats: N) -> Self {
        let split = Self { nats, root: tempfile::tempdir().expect("a directory") };
        fs::create_dir_all(split.tokens()).expect("a folder for tokens");
        for officer in policy().organisation.officers() {
            split.new_token(officer.id.as_str());
        }
        split
    }

    /// Gives an officer a token; processes that start from then on know no other of his.
    pub fn new_token(&self, officer: &str) {
        let token: u128 = rand::rng().random();
        fs::write(self.tokens().join(officer), format!("{token:032x}")).expect("a token");
    }

    fn tokens(&self) -> PathBuf {
        self.root.path().join("data/tokens")
    }

    /// Starts a process under a name, with its services and options, and waits until it is at work.
    pub async fn serve(&self, name: &str, arguments: &[&str]) -> Serve {
        self.serve_with(name, arguments, None).await
    }

    /// The same, and it dies at a failpoint.
    pub async fn serve_with(&self, name: &str, arguments: &[&str], failpoint: Option<Failpoint>) -> Serve {
        let mut arguments = arguments.to_vec();
        if !arguments.contains(&"--clock") {
            arguments.extend(["--clock", "manual", "--at", START]);
        }
        let mut serve = self.spawn(name, &arguments, failpoint.map(Failpoint::name), &self.nats.url());
        serve.at_work(failpoint.is_some()).await;
        serve
    }

    /// Starts a process that reaches the server under a URL, and waits for nothing.
    pub fn spawn(&self, name: &str, arguments: &[&str], failpoint: Option<&str>, url: &str) -> Serve {
        self.spawn_of(concord(), name, arguments, failpoint, url)
    }

    /// The same of another binary.
    pub fn spawn_of(
        &self,
        binary: Command,
        name: &str,
        arguments: &[&str],
        failpoint: Option<&str>,
        url: &str,
    ) -> Serve {
        let log = self.root.path().join(format!("{name}.log"));
        let _ = fs::remove_file(&log);
        let mut serve = self.command_of(binary);
        serve.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments);
        serve.env("CONCORD__NATS__URL", url);
        serve.env("RUST_LOG", "warn,concord=info,svc_api=info,svc_notifier=info,bus::delivery=debug");
        if let Some(failpoint) = failpoint {
            serve.env("CONCORD_FAILPOINT", failpoint);
        }
        let child = serve.stdout(Stdio::null()).stderr(file(&log)).spawn().expect("the binary starts");
        Serve { child, log, tokens: self.tokens() }
    }

    /// Writes a configuration by which mail goes to a relay on this machine; gives its path.
    pub fn mail_to(&self, relay: SocketAddr) -> String {
        self.configure(&with_relay(relay))
    }

    /// Nobody owes a regular report and no briefing is called: for a story of cases alone.
    pub fn without_duties(&self) {
        write_without_duties(&self.policy_folder());
    }

    fn policy_folder(&self) -> PathBuf {
        self.root.path().join("policy")
    }

    /// Writes a configuration; gives its path.
    pub fn configure(&self, text: &str) -> String {
        let file = self.root.path().join("concord.toml");
        fs::write(&file, text).expect("the configuration can be written");
        file.to_string_lossy().into_owned()
    }

    /// `concord audit replay` on the server.
    pub async fn replay(&self, options: &[&str]) -> Said {
        finish(self.command().args(["audit", "replay"]).args(options)).await
    }

    /// A command of the binary that knows where the server is.
    pub fn command(&self) -> Command {
        self.command_of(concord())
    }

    fn command_of(&self, mut command: Command) -> Command {
        command
            .env("CONCORD__NATS__URL", self.nats.url())
            .env("CONCORD__NATS__MONITOR_URL", self.nats.monitor_url())
            .env("CONCORD__METRICS__LISTEN", "127.0.0.1:0")
            .env("CONCORD__NATS__CREDENTIALS", self.nats.keys())
            .env("CONCORD__NATS__REPLICAS", self.nats.replicas().to_string())
            .env("CONCORD__DATA", self.root.path().join("data"));
        if let Some(ca) = self.nats.ca() {
            command.env("CONCORD__NATS__CA", ca);
        }
        if self.policy_folder().exists() {
            command
                .env("CONCORD__POLICY", self.policy_folder())
                .env("CONCORD__IDENTITY__DEMONSTRATION", "true");
        }
        command
    }
}

impl Serve {
    /// Waits until it is at work, or has died at the failpoint that is armed.
    pub async fn at_work(&mut self, armed: bool) {
        eventually(async || {
            let said = self.said();
            if let Some(ended) = self.has_ended() {
                // A failpoint may be reached at once, by a step that waited for this process.
                assert!(
                    armed && said.contains("failpoint"),
                    "{} ended ({ended}):\n{said}",
                    self.log.display()
                );
                return Ok(());
            }
            if said.contains("at work") { Ok(()) } else { Err(said) }
        })
        .await;
    }

    /// How it has ended, if it has.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the process can be asked")
    }

    /// Its API, if it serves one.
    pub fn api(&self) -> Api {
        let said = self.said();
        Api::new(format!("http://{}", address(&said, "the API listens")), &self.tokens)
    }

    /// Where its metrics are read.
    pub fn metrics(&self) -> String {
        format!("http://{}/metrics", address(&self.said(), "the metrics are served"))
    }

    /// Everything it has said on stderr.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) {
        self.child.wait().await.expect("it ends");
    }

    /// Tells it to stop, and waits until it has.
    pub async fn stop(mut self) {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("it runs");
        kill_process(pid, Signal::TERM).expect("it can be told");
        self.ended().await;
    }

    /// Kills it.
    pub async fn kill9(mut self) {
        self.child.kill().await.expect("it can be killed");
    }
}

/// The address in the line that says these words.
pub fn address(said: &str, words: &str) -> String {
    let line = said.lines().find(|line| line.contains(words)).expect("it was said");
    let line: serde_json::Value = serde_json::from_str(line).expect("a line in JSON");
    line["fields"]["address"].as_str().expect("its address").to_owned()
}

fn file(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).expect("a file for stderr")
}
