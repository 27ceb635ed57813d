//! A program of others that a script starts: the script says in one line of JSON where it is, and ends it on SIGTERM.

use std::{ffi::OsStr, io, path::Path, process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use serde::de::DeserializeOwned;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStdout, Command},
};

use crate::Failure;

/// How long a script may take until it has said something, with all that it has to fetch and to build.
const PATIENCE: Duration = Duration::from_mins(20);

/// The script, at work. A run that is cut short leaves nothing running.
#[derive(Debug)]
pub struct Script(Child);

impl Script {
    /// Starts it, and hands on what it says.
    pub fn start<S: AsRef<OsStr>>(
        script: &Path,
        args: impl IntoIterator<Item = S>,
    ) -> Result<(Self, BufReader<ChildStdout>), Failure> {
        let mut command = Command::new(script);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped());
        let child = command.spawn().map_err(|error| format!("{}: {error}", script.display()))?;
        let mut started = Self(child);
        let said = started.0.stdout.take().ok_or_else(|| io::Error::other("it says nothing"))?;
        Ok((started, BufReader::new(said)))
    }

    /// Starts it and waits for its line.
    pub async fn announced<T: DeserializeOwned, S: AsRef<OsStr>>(
        script: &Path,
        args: impl IntoIterator<Item = S>,
    ) -> Result<(Self, T), Failure> {
        let (started, mut said) = Self::start(script, args)?;
        let mut line = String::new();
        tokio::time::timeout(PATIENCE, said.read_line(&mut line)).await??;
        let announced = serde_json::from_str(&line)
            .map_err(|error| format!("{} did not come up ({error})", script.display()))?;
        Ok((started, announced))
    }

    /// Its process.
    pub fn id(&self) -> Option<u32> {
        self.0.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> io::Result<Option<std::process::ExitStatus>> {
        self.0.try_wait()
    }

    /// Ends it, and with it what it has started.
    pub async fn stop(mut self) -> Result<(), Failure> {
        self.tell();
        self.0.wait().await?;
        Ok(())
    }

    fn tell(&self) {
        if let Some(id) = self.0.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
            // It may have ended by itself just now.
            let _ = kill_process(id, Signal::TERM);
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.tell();
    }
}
