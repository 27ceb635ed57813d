//! The data directory: who runs there, the tokens, the manual clock.

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use domain::{Policy, PolicyFiles, policy::FILES};
use events::{Timestamp, directory::PolicyText};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
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
    /// When the process was started, as the system counts: a number is given to another some day.
    #[serde(default)]
    pub(crate) started: Option<u64>,
}

/// When a process was started, in ticks since the machine was; nothing, if there is none.
pub(crate) fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(19)?.parse().ok()
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
        let nothing = || {
            let data = data.display();
            format!("nothing runs in {data}: start `concord up` there, or give its --data directory")
        };
        Ok(Self::find(data)?.ok_or_else(nothing)?)
    }

    /// The same, and nothing where nothing runs.
    pub(crate) fn find(data: &Path) -> Result<Option<Self>, Failure> {
        read_json(&Self::file(data))
    }

    /// Whether it is there: another process may have its number by now.
    pub(crate) fn is_there(&self) -> bool {
        started(self.pid).is_some_and(|started| self.started.is_none_or(|ours| ours == started))
    }

    /// Nobody runs there any more.
    pub(crate) fn forget(data: &Path) {
        // A file that stays names an address where nobody answers: that is noticed.
        let _ = fs::remove_file(Self::file(data));
    }
}

/// What a file of the data directory says, if it is there.
pub(crate) fn read_json<T: DeserializeOwned>(file: &Path) -> Result<Option<T>, Failure> {
    let read = match fs::read(file) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| error.to_string()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => Err(error.to_string()),
    };
    read.map(Some).map_err(|why| format!("{}: {why}", file.display()).into())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_another_process_has_by_now_is_not_there() {
        let pid = std::process::id();
        let of = |pid, started| Running {
            pid,
            http: String::new(),
            nats: String::new(),
            monitor: String::new(),
            metrics: None,
            started,
        };
        let since = started(pid);
        assert!(since.is_some());
        assert!(of(pid, since).is_there() && of(pid, None).is_there());
        assert!(!of(pid, since.map(|ticks| ticks + 1)).is_there());
        assert!(!of(u32::MAX, None).is_there());
    }

    #[test]
    fn what_is_there_and_cannot_be_read_is_not_taken_for_nothing() {
        let place = tempfile::tempdir().unwrap();
        assert!(Running::find(place.path()).unwrap().is_none());
        let nothing = Running::read(place.path()).unwrap_err().to_string();
        assert!(nothing.starts_with("nothing runs in "), "{nothing}");
        fs::create_dir(place.path().join("run.json")).unwrap();
        for refused in [Running::find(place.path()).unwrap_err(), Running::read(place.path()).unwrap_err()] {
            assert!(refused.to_string().contains("run.json: Is a directory"), "{refused}");
        }
    }
}
