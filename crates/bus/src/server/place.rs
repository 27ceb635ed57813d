//! The directory of one server: its files, its lock, and the process that may still run in it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::net::Ipv4Addr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio::time::sleep;

use super::{KILL_LIMIT, Node, READY_LIMIT, ServerError, TERM_LIMIT, failed};
use crate::probe::{self, LIMIT, greets};

const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The directory of one server and the files in it.
pub(super) struct Place {
    pub(super) dir: PathBuf,
}

impl Place {
    pub(super) fn prepare(dir: &Path) -> Result<Self, ServerError> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed("make", dir))?;
        // The full path, so that a process can be recognised by it.
        let dir = dir.canonicalize().map_err(failed("find", dir))?;
        Ok(Self { dir })
    }

    pub(super) fn config(&self) -> PathBuf {
        self.dir.join("nats.conf")
    }

    pub(super) fn pid_file(&self) -> PathBuf {
        self.dir.join("nats.pid")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.dir.join("nats.log")
    }

    pub(super) fn ports_dir(&self) -> PathBuf {
        self.dir.join("ports")
    }

    /// The kernel frees it when this process ends, however it ends.
    pub(super) fn lock(&self) -> Result<File, ServerError> {
        let path = self.dir.join("nats.lock");
        let lock = File::create(&path).map_err(failed("open", &path))?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(ServerError::InUse { dir: self.dir.clone() }),
            Err(TryLockError::Error(source)) => Err(ServerError::File { act: "lock", path, source }),
        }
    }

    /// Removes what an earlier server said of itself.
    pub(super) fn clear(&self) -> Result<(), ServerError> {
        let ports = self.ports_dir();
        for gone in [fs::remove_file(self.pid_file()), fs::remove_dir_all(&ports)] {
            match gone {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed("clear", &self.dir)(error));
                }
                _ => {}
            }
        }
        fs::create_dir(&ports).map_err(failed("make", &ports))
    }

    pub(super) fn open_log(&self) -> Result<(File, u64), ServerError> {
        let path = self.log();
        let log = OpenOptions::new().create(true).append(true).open(&path).map_err(failed("open", &path))?;
        let start = log.metadata().map_err(failed("read", &path))?.len();
        Ok((log, start))
    }

    /// Ends a server of this directory whose parent was killed. A process that is not ours is left alone.
    pub(super) async fn end_leftover(&self) -> Result<(), ServerError> {
        let text = fs::read_to_string(self.pid_file()).unwrap_or_default();
        let Some(pid) = text.trim().parse().ok().filter(|&pid: &i32| pid > 0) else {
            return Ok(());
        };
        let Some(process) = Pid::from_raw(pid).filter(|_| self.is_run_by(pid)) else {
            return Ok(());
        };
        tracing::warn!(pid, dir = %self.dir.display(), "ending a nats-server that outlived its parent");
        for (signal, limit) in [(Signal::TERM, TERM_LIMIT), (Signal::KILL, KILL_LIMIT)] {
            // A failure means that it has just gone; the look below tells.
            let _ = kill_process(process, signal);
            let give_up = Instant::now() + limit;
            while Instant::now() < give_up {
                if !self.is_run_by(pid) {
                    return Ok(());
                }
                sleep(LOOK_EVERY).await;
            }
        }
        Err(ServerError::LeftoverStays { dir: self.dir.clone(), pid })
    }

    /// Whether the process lives and was started with this directory's configuration.
    pub(super) fn is_run_by(&self, pid: i32) -> bool {
        let config = self.config();
        // Empty for a process that has ended and waits to be collected.
        let command_line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        command_line
            .split(|&byte| byte == 0)
            .any(|argument| argument == config.as_os_str().as_encoded_bytes())
    }

    pub(super) async fn ready(
        &self,
        child: &mut Child,
        binary: &Path,
        log_start: u64,
        node: Option<&Node>,
    ) -> Result<Ports, ServerError> {
        let program = binary.file_name().unwrap_or_default().to_string_lossy();
        let said = self.ports_dir().join(format!("{program}_{}.ports", child.id().unwrap_or_default()));
        let give_up = Instant::now() + READY_LIMIT;
        while Instant::now() < give_up {
            if child.try_wait().map_err(failed("watch", binary))?.is_some() {
                return Err(ServerError::Ended { reason: self.last_words(log_start), log: self.log() });
            }
            if let Some(ports) = Ports::read(&said)
                && ports.answer(node).await
            {
                return Ok(ports);
            }
            sleep(LOOK_EVERY).await;
        }
        Err(ServerError::NotReady { log: self.log() })
    }

    /// The last line of the log since `start`, without its time.
    pub(super) fn last_words(&self, start: u64) -> String {
        let mut text = Vec::new();
        let read = File::open(self.log()).and_then(|mut log| {
            log.seek(SeekFrom::Start(start))?;
            log.read_to_end(&mut text)
        });
        let text = String::from_utf8_lossy(&text);
        let line = read.ok().and_then(|_| text.lines().rfind(|line| !line.trim().is_empty()));
        let line = line.unwrap_or("it said nothing");
        line.split_once("[FTL] ").map_or(line, |(_, words)| words).trim().to_owned()
    }
}

/// Writes a directory to the disk, with all that is in it.
pub(super) fn sync(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync(&entry.path())?;
        } else if entry.file_type()?.is_file() {
            File::open(entry.path())?.sync_all()?;
        }
    }
    File::open(dir)?.sync_all()
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    pub(super) client: u16,
    pub(super) monitor: u16,
}

impl Ports {
    /// From the file that the server writes; `None` until all of it is there.
    fn read(path: &Path) -> Option<Self> {
        #[derive(Deserialize)]
        struct Said {
            nats: Vec<String>,
            monitoring: Vec<String>,
        }
        let said: Said = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        let port = |urls: Vec<String>| urls.first()?.rsplit_once(':')?.1.parse().ok();
        Some(Self { client: port(said.nats)?, monitor: port(said.monitoring)? })
    }

    /// Whether the server takes clients. One of a cluster is not healthy before another one is there.
    async fn answer(self, node: Option<&Node>) -> bool {
        let (scheme, path) = if node.is_some() { ("https", "/varz") } else { ("http", "/healthz") };
        let monitor = format!("{scheme}://127.0.0.1:{}", self.monitor);
        if probe::get(&monitor, path, node.map(|node| node.ca.as_path()), LIMIT).await.is_err() {
            return false;
        }
        match TcpStream::connect((Ipv4Addr::LOCALHOST, self.client)).await {
            Ok(mut stream) => greets(&mut stream).await,
            Err(_) => false,
        }
    }
}
