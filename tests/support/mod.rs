//! What the end-to-end tests share: processes of the binary, its HTTP API as a client sees it, the scenarios, and
//! what a replay shows.

pub mod agreement;
pub mod api;
pub mod chaos;
pub mod contract;
pub mod discretion;
pub mod fleet;
pub mod golden;
pub mod load;
pub mod log;
pub mod mails;
pub mod metrics;
pub mod power;
pub mod process;
pub mod provisioned;
pub mod report;
pub mod split;
pub mod story;
pub mod told;
pub mod truth;

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use domain::{Policy, policy::FILES};
use events::directory::PolicyText;
use tokio::process::Command;

/// All services: what a replica runs.
pub const REPLICA: &str = "ledger directory identity intake confirmation routing coordination taskforce escalation reporting \
                           notifier audit api";

/// The top of the checkout.
pub fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the top of the checkout")
}

/// A command of the binary under test, without colours and without a word on stdin.
pub fn concord() -> Command {
    binary(env!("CARGO_BIN_EXE_concord"))
}

/// The same of another binary.
pub fn binary(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env("NO_COLOR", "1").stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// What a command said until it ended.
#[derive(Debug)]
pub struct Said {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Said {
    /// What it wrote, if it succeeded.
    pub fn succeeded(self) -> String {
        assert_eq!(self.code, Some(0), "it failed: {}\n{}", self.err, self.out);
        self.out
    }
}

/// Runs a command of the binary to its end.
pub async fn run(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Said {
    finish(concord().args(arguments)).await
}

/// Runs a command to its end.
pub async fn finish(command: &mut Command) -> Said {
    let output = command.output().await.expect("the command runs");
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8 on stdout"),
        err: String::from_utf8(output.stderr).expect("UTF-8 on stderr"),
    }
}

/// The example province.
pub fn policy() -> Policy {
    let read = |name: &str| {
        let text = fs::read_to_string(top().join("deploy/policy").join(name)).expect("a policy file");
        PolicyText { name: name.to_owned(), text }
    };
    Policy::from_texts(&FILES.map(read)).expect("the example policy")
}
