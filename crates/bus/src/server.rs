//! A nats-server of our own: its configuration, its start, its end.
//!
//! `concord up` and the tests run it as a child. In a directory at most one runs, and a server that outlived
//! a killed parent is ended before the next one starts.

mod binary;
mod configuration;
mod place;

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

pub use binary::{OLDEST, find_binary};

pub(crate) use binary::new_enough;

use crate::credentials::Credentials;
use configuration::configuration;
use place::{Place, Ports};

const READY_LIMIT: Duration = Duration::from_mins(1);
const TERM_LIMIT: Duration = Duration::from_secs(15);
const KILL_LIMIT: Duration = Duration::from_secs(5);

/// How to run the server.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Where its store, configuration and log lie.
    pub dir: PathBuf,
    /// The program; looked for by [`find_binary`] without.
    pub binary: Option<PathBuf>,
    /// The port for clients; 0 takes a free one.
    pub port: u16,
    /// The port of the monitor; 0 takes a free one.
    pub monitor_port: u16,
    /// The server's name.
    pub name: String,
    /// How much its streams may take on the disk, together: no less than [`Shape::total_bytes`].
    ///
    /// [`Shape::total_bytes`]: crate::streams::Shape::total_bytes
    pub max_store_bytes: u64,
    /// When what it takes is on the disk.
    pub synced: Synced,
    /// What it is in a cluster, if it is of one.
    pub node: Option<Node>,
}

/// One server of a cluster: how it is reached by clients and by the others, which by TLS alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The cluster's name.
    pub cluster: String,
    /// The address of this machine on which it listens: for clients, for the others, and with its monitor.
    pub host: String,
    /// The port for the others.
    pub port: u16,
    /// How the others are told to reach it, as `host:port`, where that is not by its host and port.
    pub advertise: Option<String>,
    /// The others, as `host:port`.
    pub others: Vec<String>,
    /// Its certificate, which the others and the clients ask for.
    pub certificate: PathBuf,
    /// The key of the certificate.
    pub key: PathBuf,
    /// What has signed the certificates of all of them.
    pub ca: PathBuf,
}

/// When what a server takes is on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synced {
    /// Before it confirms: the only way to work.
    #[default]
    BeforeItConfirms,
    /// Once it has ended, by [`NatsServer::stop_synced`]: twenty times as quick, for a restoration, which is begun anew if
    /// it is cut short.
    AtTheEnd,
}

/// A running server. Dropped, it is killed.
#[derive(Debug)]
pub struct NatsServer {
    child: Child,
    ports: Ports,
    /// Whether it is asked by TLS.
    secure: bool,
    dir: PathBuf,
    // Held while the server runs: a second one in the same directory would destroy the store.
    _lock: File,
}

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// No program.
    #[error("nats-server is not found{hint}: run `cargo xtask setup`, or name it in CONCORD_NATS_SERVER")]
    NotFound {
        /// Where it was expected, if somebody said so.
        hint: String,
    },
    /// An older program.
    #[error("{path} is nats-server {version}, too old: run `cargo xtask setup`")]
    TooOld {
        /// Which.
        path: PathBuf,
        /// What it says it is.
        version: String,
    },
    /// Not the program.
    #[error("{path} is not a nats-server ({reason}): run `cargo xtask setup`")]
    NotAServer {
        /// Which.
        path: PathBuf,
        /// What came of asking its version.
        reason: String,
    },
    /// Another program has the port.
    #[error("port {port} is taken by another program: stop it or give another with {with}")]
    PortTaken {
        /// Which.
        port: u16,
        /// The option that sets it.
        with: &'static str,
    },
    /// Another process of ours has the directory.
    #[error("another Concord runs its server in {dir}: stop it or give another directory")]
    InUse {
        /// Which.
        dir: PathBuf,
    },
    /// A leftover does not go.
    #[error("the nats-server left over in {dir} (process {pid}) does not end: end it by hand")]
    LeftoverStays {
        /// Where.
        dir: PathBuf,
        /// Which.
        pid: i32,
    },
    /// It ended instead of becoming ready.
    #[error("nats-server ended at once: {reason} (all of it in {log})")]
    Ended {
        /// Its last words.
        reason: String,
        /// Where the rest is.
        log: PathBuf,
    },
    /// It did not become ready.
    #[error("nats-server was not ready within {limit:?}: read {log}", limit = READY_LIMIT)]
    NotReady {
        /// Where to look.
        log: PathBuf,
    },
    /// The directory, or the process, cannot be handled.
    #[error("cannot {act} {path}: {source}")]
    File {
        /// What was tried.
        act: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ServerOptions {
    /// In this directory, on Concord's own ports.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            binary: None,
            port: 14222,
            monitor_port: 18222,
            name: "concord".to_owned(),
            max_store_bytes: 20 << 30,
            synced: Synced::default(),
            node: None,
        }
    }
}

/// The configuration of a server that somebody else starts: of a node of a cluster, under a service manager.
///
/// It holds public keys only.
pub fn written_for(options: &ServerOptions, credentials: &Credentials) -> String {
    configuration(options, credentials, None)
}

impl NatsServer {
    /// Writes the configuration, ends a leftover, starts the server and waits until it is ready.
    pub async fn start(options: &ServerOptions, credentials: &Credentials) -> Result<Self, ServerError> {
        let binary = find_binary(options.binary.as_deref()).await?;
        let place = Place::prepare(&options.dir)?;
        let lock = place.lock()?;
        place.end_leftover().await?;
        let ports = [
            (options.port, "--nats-port"),
            (options.monitor_port, "--nats-port (the server's monitor is 4000 above it)"),
        ];
        for (port, with) in ports {
            if port != 0 && is_taken(port) {
                return Err(ServerError::PortTaken { port, with });
            }
        }
        place.clear()?;
        let config = configuration(options, credentials, Some(&place));
        fs::write(place.config(), config).map_err(failed("write", &place.config()))?;
        let (log, log_start) = place.open_log()?;
        let mut child = Command::new(&binary)
            .arg("-c")
            .arg(place.config())
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(failed("open", &place.log()))?)
            .stderr(log)
            // Ctrl-C is for the parent alone: it stops its services first and the server last.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed("start", &binary))?;
        let ports = place.ready(&mut child, &binary, log_start, options.node.as_ref()).await?;
        let secure = options.node.is_some();
        Ok(Self { child, ports, secure, dir: place.dir, _lock: lock })
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.ports.client)
    }

    /// Where the monitor answers.
    pub fn monitor_url(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.ports.monitor)
    }

    /// The port for clients.
    pub fn port(&self) -> u16 {
        self.ports.client
    }

    /// The port of the monitor.
    pub fn monitor_port(&self) -> u16 {
        self.ports.monitor
    }

    /// The process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Whether the process still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until the server ends by itself.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Ends it in order: asks, waits, and kills only one that does not go.
    pub async fn stop(mut self) -> io::Result<ExitStatus> {
        if let Some(pid) = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
            kill_process(pid, Signal::TERM)?;
            if let Ok(ended) = tokio::time::timeout(TERM_LIMIT, self.child.wait()).await {
                return ended;
            }
            tracing::warn!(pid = pid.as_raw_nonzero(), "nats-server does not end, killing it");
        }
        self.kill().await
    }

    /// Ends it in order, and writes all of its directory to the disk.
    pub async fn stop_synced(self) -> Result<(), ServerError> {
        let dir = self.dir.clone();
        self.stop().await.map_err(failed("stop the server in", &dir))?;
        place::sync(&dir).map_err(failed("write to the disk", &dir))
    }

    /// Kills it on the spot, as a power cut would; what it confirmed is on the disk.
    pub async fn kill(mut self) -> io::Result<ExitStatus> {
        if self.child.id().is_some() {
            self.child.start_kill()?;
        }
        self.child.wait().await
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        // Wait for the end, or the lock would be free while the old one still has the store open.
        let give_up = Instant::now() + KILL_LIMIT;
        if matches!(self.child.try_wait(), Ok(None)) && self.child.start_kill().is_ok() {
            while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < give_up {
                std::thread::yield_now();
            }
        }
    }
}

fn is_taken(port: u16) -> bool {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    bound.is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

fn failed(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ServerError + use<> {
    let path = path.to_owned();
    move |source| ServerError::File { act, path, source }
}
