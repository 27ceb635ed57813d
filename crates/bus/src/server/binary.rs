//! Which nats-server to run: where it lies and whether it is new enough.

use std::env;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::ServerError;

/// The oldest server that has what Concord relies on, as major and minor.
pub const OLDEST: (u32, u32) = (2, 15);

/// Finds the program and refuses one that is too old: the given path, else `.tools/nats-server` beside the
/// working directory or above it, else what `CONCORD_NATS_SERVER` names, else the one on the PATH.
pub async fn find_binary(given: Option<&Path>) -> Result<PathBuf, ServerError> {
    let path = search(&Surroundings {
        given: given.map(Path::to_owned),
        working_dir: env::current_dir().unwrap_or_default(),
        named: env::var_os("CONCORD_NATS_SERVER").map(PathBuf::from),
        path: env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default(),
    })?;
    match Command::new(&path).arg("--version").output().await {
        Ok(answer) => judge(path, &String::from_utf8_lossy(&answer.stdout)),
        Err(error) => Err(ServerError::NotAServer { path, reason: error.to_string() }),
    }
}

/// Whether a program that answers `said` when asked for its version will do.
fn judge(path: PathBuf, said: &str) -> Result<PathBuf, ServerError> {
    let said = said.trim().lines().next().unwrap_or_default();
    match said.strip_prefix("nats-server: v") {
        None => Err(ServerError::NotAServer { path, reason: format!("it says `{said}`") }),
        Some(version) if new_enough(version) => Ok(path),
        Some(version) => Err(ServerError::TooOld { path, version: version.to_owned() }),
    }
}

struct Surroundings {
    given: Option<PathBuf>,
    working_dir: PathBuf,
    named: Option<PathBuf>,
    path: Vec<PathBuf>,
}

fn search(around: &Surroundings) -> Result<PathBuf, ServerError> {
    // A path that somebody named is the one, or the mistake to report.
    let demand = |path: &PathBuf| {
        let hint = || format!(" at {}", path.display());
        if path.is_file() { Ok(path.clone()) } else { Err(ServerError::NotFound { hint: hint() }) }
    };
    if let Some(given) = &around.given {
        return demand(given);
    }
    let fetched =
        around.working_dir.ancestors().map(|dir| dir.join(".tools/nats-server")).find(|path| path.is_file());
    if let Some(fetched) = fetched {
        return Ok(fetched);
    }
    if let Some(named) = &around.named {
        return demand(named);
    }
    let on_path = around.path.iter().map(|dir| dir.join("nats-server")).find(|path| path.is_file());
    on_path.ok_or(ServerError::NotFound { hint: String::new() })
}

/// Whether a version such as `2.15.1` will do.
pub(crate) fn new_enough(version: &str) -> bool {
    let mut parts = version.split(['.', '-']).map(str::parse::<u32>);
    matches!((parts.next(), parts.next()), (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= OLDEST)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for good in ["2.15.0", "2.15.1", "2.15.0-RC.1", "2.100.0", "3.0.0"] {
            assert!(new_enough(good), "{good}");
        }
        for bad in ["2.14.9", "2.9.25", "1.99.0", "", "v2.15.1", "two"] {
            assert!(!new_enough(bad), "{bad}");
        }
    }

    #[test]
    fn an_old_or_foreign_program_is_refused() {
        let path = || PathBuf::from("/bin/it");
        assert_eq!(judge(path(), "nats-server: v2.15.1\n").unwrap(), path());
        for (said, line) in [
            ("nats-server: v2.10.9\n", "/bin/it is nats-server 2.10.9, too old: run `cargo xtask setup`"),
            ("GNU it 9.1\n", "/bin/it is not a nats-server (it says `GNU it 9.1`): run `cargo xtask setup`"),
        ] {
            assert_eq!(judge(path(), said).unwrap_err().to_string(), line);
        }
    }

    #[test]
    fn the_program_nearest_to_the_user_wins() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            path
        };
        let (given, fetched) = (at("given"), at("project/.tools/nats-server"));
        let (named, on_path) = (at("named"), at("bin/nats-server"));
        let mut around = Surroundings {
            given: Some(given.clone()),
            working_dir: dir.path().join("project/crates/bus"),
            named: Some(named.clone()),
            path: vec![dir.path().join("empty"), dir.path().join("bin")],
        };
        assert_eq!(search(&around).unwrap(), given);
        around.given = None;
        assert_eq!(search(&around).unwrap(), fetched);
        around.working_dir = dir.path().to_owned();
        assert_eq!(search(&around).unwrap(), named);
        around.named = None;
        assert_eq!(search(&around).unwrap(), on_path);
        around.path.clear();
        let missing = search(&around).unwrap_err().to_string();
        assert_eq!(
            missing,
            "nats-server is not found: run `cargo xtask setup`, or name it in CONCORD_NATS_SERVER"
        );
        around.given = Some(dir.path().join("nowhere"));
        assert!(search(&around).unwrap_err().to_string().contains("nowhere: run `cargo xtask setup`"));
    }
}
