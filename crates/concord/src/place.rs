//! The data directory: who runs there, the tokens, the manual clock.

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use domain::{Policy, PolicyFiles, policy::FILES};
use events::{Timestamp, directory::PolicyText};
use serde::{Deserialize, Serialize};
use svc_audit::backup::INCOMPLETE;

use crate::Failure;

/// How a running `concord up` is reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Running {
    /// The process.
    pub(crate) pid: u32,
    /// The HTTP API.
    pub(crate) http: String,
    /// The nats-server.
    pub(crate) nats: String,
    /// Its monitor.
    pub(crate) monitor: String,
    /// Where its metrics are read, if they are.
    #[serde(default)]
    pub(crate) metrics: Option<String>,
}

impl Running {
    fn file(data: &Path) -> PathBuf {
        data.join("run.json")
    }

    /// Says where this process can be reached.
    pub(crate) fn announce(&self, data: &Path) -> Result<(), Failure> {
        write(&Self::file(data), &serde_json::to_string_pretty(self)?)?;
        Ok(())
    }

    /// Where `concord up` can be reached.
    pub(crate) fn read(data: &Path) -> Result<Self, Failure> {
        let file = Self::file(data);
        let text = fs::read_to_string(&file).map_err(|_| {
            format!(
                "nothing runs in {}: start `concord up` there, or give its --data directory",
                data.display()
            )
        })?;
        Ok(serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?)
    }

    /// Nobody runs there any more.
    pub(crate) fn forget(data: &Path) {
        // A file that stays names an address where nobody answers: that is noticed.
        let _ = fs::remove_file(Self::file(data));
    }
}

/// Refuses what a restoration has left that was cut short: half of the truth looks like all of it.
pub(crate) fn is_restored(data: &Path) -> Result<(), Failure> {
    let mark = data.join(INCOMPLETE);
    if !mark.exists() {
        return Ok(());
    }
    let text = format!(
        "{} was not restored to the end ({} is there): remove the directory, and restore again with `concord restore`",
        data.display(),
        mark.display()
    );
    Err(text.into())
}

/// Makes a directory that only its owner may enter.
pub(crate) fn make_private(directory: &Path) -> Result<(), Failure> {
    let mut builder = fs::DirBuilder::new();
    builder
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| format!("{} cannot be made: {error}", directory.display()).into())
}

/// Writes a file that only its owner may read, all of it or nothing, also when the power goes.
pub(crate) fn write(file: &Path, text: &str) -> io::Result<()> {
    let draft = file.with_extension("tmp");
    let mut open = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    open.write_all(text.as_bytes())?;
    open.sync_all()?;
    fs::rename(draft, file)
}

/// Makes a token for each officer who has none yet.
pub(crate) fn make_tokens(folder: &Path, policy: &Policy) -> Result<(), Failure> {
    make_private(folder)?;
    for officer in policy.organisation.officers() {
        let file = folder.join(officer.id.as_str());
        if !file.exists() {
            let secret: u128 = rand::random();
            let more: u128 = rand::random();
            write(&file, &format!("{secret:032x}{more:032x}"))?;
        }
    }
    Ok(())
}

/// Where the manual clock stood when the process was last seen.
pub(crate) fn remembered_clock(data: &Path) -> Option<Timestamp> {
    fs::read_to_string(data.join("clock")).ok()?.trim().parse().ok()
}

/// Remembers where the manual clock stands.
pub(crate) fn remember_clock(data: &Path, at: Timestamp) {
    if let Err(error) = write(&data.join("clock"), &at.to_rfc3339()) {
        tracing::warn!(%error, "the manual clock is not remembered");
    }
}

/// Reads the policy of a directory, or the example province that is built in.
pub(crate) fn policy(directory: Option<&Path>) -> Result<Policy, Failure> {
    let Some(directory) = directory else {
        return Ok(Policy::from_files(PolicyFiles {
            policy: include_str!("../../../deploy/policy/policy.toml"),
            organisation: include_str!("../../../deploy/policy/organisation.toml"),
            calendar: include_str!("../../../deploy/policy/calendar-VN.toml"),
            deadlines: include_str!("../../../deploy/policy/deadlines.toml"),
            routing: include_str!("../../../deploy/policy/routing.toml"),
            rbac: include_str!("../../../deploy/policy/rbac.toml"),
            duties: include_str!("../../../deploy/policy/duties.toml"),
        })?);
    };
    let whole = Policy::from_texts(&policy_texts(directory)?);
    whole.map_err(|error| format!("the policy in {}: {error}", directory.display()).into())
}

/// The texts of the policy files in a folder.
pub(crate) fn policy_texts(directory: &Path) -> Result<Vec<PolicyText>, Failure> {
    let read = |name: &str| {
        let file = directory.join(name);
        let text = fs::read_to_string(&file)
            .map_err(|error| format!("the policy file {}: {error}", file.display()))?;
        Ok::<_, Failure>(PolicyText { name: name.to_owned(), text })
    };
    FILES.into_iter().map(read).collect()
}
