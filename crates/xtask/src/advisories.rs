//! `advisories`: a dated copy of the database of security advisories, which `ci deny` looks at without a network.
//!
//! A copy is one file, `advisory-db-<date>-<commit>.tar.gz`, made by git of that commit alone. So the same commit of ours
//! passes today and tomorrow, and a closed network can run it; how old the copy is, is said each time.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::failure::{Context as _, Failure, Outcome};
use crate::place::Place;
use crate::{layers, shell};

/// Where advisories on Rust crates are published.
const SOURCE: &str = "https://github.com/RustSec/advisory-db";
/// The folder in which cargo-deny looks for the database of [`SOURCE`]; the number is its digest of the address.
const FOLDER: &str = "advisory-db-3157b0e258782691";
/// Of that database, what is looked at, and under which terms it may be copied.
const PARTS: [&str; 3] = ["crates", "LICENSE.txt", "LICENSES"];
/// Older copies are still looked at, with a warning.
const DAYS: u64 = 90;

/// The command.
pub fn run(place: &Place, args: &[String]) -> Outcome {
    let (mut from, mut out) = (SOURCE.to_owned(), folder(place));
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| Failure::new(format!("{word} needs a value")));
        match word.as_str() {
            "--from" => from.clone_from(value()?),
            "--out" => out = std::path::absolute(value()?).context(|| "find the folder".to_owned())?,
            other => return Err(Failure::unknown_argument(other, "--from GIT, --out DIR")),
        }
    }
    fs::create_dir_all(&out).context(|| format!("make the folder {}", out.display()))?;
    let scratch = out.join(format!("clone-{}", std::process::id()));
    let made = make(place, &from, &scratch, &out);
    // Scratch, whatever came of it.
    let _ = fs::remove_dir_all(&scratch);
    let copy = made?;
    println!("advisories: {} ({})", copy.file.display(), copy.said()?);
    Ok(())
}

fn make(place: &Place, from: &str, scratch: &Path, out: &Path) -> Outcome<DatedCopy> {
    // A folder is cloned as from afar: of a local one git copies the whole history.
    let from = std::path::absolute(from)
        .ok()
        .filter(|path| path.is_dir())
        .map_or_else(|| from.to_owned(), |path| format!("file://{}", path.display()));
    println!("advisories: cloning {from}");
    let mut clone = shell::git(place, ["clone", "--quiet", "--bare", "--depth", "1", "--", &from]);
    clone.arg(scratch);
    shell::run(clone)?;
    let inside = |args: &[&str]| {
        let mut command = shell::git(place, ["--git-dir"]);
        command.arg(scratch).args(args);
        command
    };
    let about = shell::read(inside(&["log", "-1", "--format=%cs %H"]))?;
    let (date, commit) = about
        .trim()
        .split_once(' ')
        .ok_or_else(|| Failure::new(format!("git does not say which commit of {from} this is")))?;
    let file = out.join(format!("advisory-db-{date}-{}.tar.gz", commit.get(..12).unwrap_or(commit)));
    let mut archive = inside(&["-c", "tar.tar.gz.command=gzip -9n", "archive", "--format=tar.gz"]);
    // Under its name it is there as a whole.
    let unfinished = scratch.join("copy.tar.gz");
    archive.arg("--prefix=advisory-db/").arg("-o").arg(&unfinished).arg("HEAD").args(PARTS);
    shell::run(archive)?;
    fs::rename(&unfinished, &file).context(|| format!("put {} in place", file.display()))?;
    DatedCopy::at(&file).ok_or_else(|| Failure::new(format!("{} is no name of a copy", file.display())))
}

/// A copy, of the day of its newest advisory.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DatedCopy {
    /// `2026-08-21`
    date: String,
    file: PathBuf,
}

impl DatedCopy {
    /// The newest one.
    pub fn newest(place: &Place) -> Option<Self> {
        let files = fs::read_dir(folder(place)).ok()?.flatten();
        files.filter_map(|entry| Self::at(&entry.path())).max()
    }

    fn at(file: &Path) -> Option<Self> {
        let name = file.file_name()?.to_str()?;
        let date = name.strip_prefix("advisory-db-")?.strip_suffix(".tar.gz")?.get(..10)?;
        days(date)?;
        Some(Self { date: date.to_owned(), file: file.to_owned() })
    }

    /// How old it is, in words.
    pub fn said(&self) -> Outcome<String> {
        let today = today()?;
        Ok(said(&self.date, days(&self.date).unwrap_or_default(), today))
    }

    /// Unpacks it where cargo-deny looks for it, once, and says in which folder of databases.
    pub fn unpacked(&self, place: &Place) -> Outcome<PathBuf> {
        let metadata = layers::metadata(place, &["--no-deps"])?;
        let target = metadata["target_directory"]
            .as_str()
            .ok_or_else(|| Failure::new("cargo metadata names no target directory"))?;
        let name = self.file.file_name().unwrap_or_default();
        let home = Path::new(target).join("advisories").join(name);
        if home.join(FOLDER).is_dir() {
            return Ok(home);
        }
        // In two steps: what is there, is there as a whole.
        let fresh = home.join(format!("unpacking-{}", std::process::id()));
        fs::create_dir_all(&fresh).context(|| format!("make the folder {}", fresh.display()))?;
        let mut tar =
            shell::program(place, Path::new("tar"), ["--extract", "--strip-components=1", "--file"]);
        tar.arg(&self.file).arg("--directory").arg(&fresh);
        shell::run(tar)?;
        // cargo-deny takes the time of this file for that of a fetch; the true age is ours to say.
        let git = fresh.join(".git");
        fs::create_dir_all(&git)
            .and_then(|()| fs::write(git.join("FETCH_HEAD"), ""))
            .and_then(|()| fs::rename(&fresh, home.join(FOLDER)))
            .context(|| format!("put {} in place", home.display()))?;
        Ok(home)
    }
}

/// Where the copy lies that is committed: the older one is taken out with the commit of a new one.
fn folder(place: &Place) -> PathBuf {
    place.root().join("crates/xtask/advisories")
}

fn said(date: &str, of: u64, today: u64) -> String {
    let age = today.saturating_sub(of);
    let warning = if age > DAYS {
        format!(
            "\nwarning: what was published in the last {age} days is not in it; a new one: cargo xtask advisories"
        )
    } else {
        String::new()
    };
    format!("as published on {date}, {age} days ago{warning}")
}

#[expect(
    clippy::disallowed_methods,
    reason = "how old a file is, is asked of the machine; no rule of ours depends on it"
)]
fn today() -> Outcome<u64> {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_err(|_| Failure::new("the clock of this machine is before 1970"))?;
    Ok(since.as_secs() / 86_400)
}

/// The days from 1970-01-01 to a date like `2026-08-21`; nothing if it is none.
fn days(date: &str) -> Option<u64> {
    let mut parts = date.split('-').map(|part| part.parse::<u64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years that begin in March end with their leap day.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = year / 4 - year / 100 + year / 400;
    Some(year * 365 + leaps + (month * 153 + 2) / 5 + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_leap_years() {
        assert_eq!(days("1970-01-01"), Some(0));
        assert_eq!(days("2000-03-01"), Some(11_017));
        assert_eq!(
            days("2028-03-01").zip(days("2028-02-28")).map(|(later, earlier)| later - earlier),
            Some(2)
        );
        assert_eq!(days("2026-13-01"), None);
        assert_eq!(days("recently"), None);
    }

    #[test]
    fn an_old_copy_is_warned_about_and_a_young_one_is_not() {
        let of = days("2026-08-21").expect("a date");
        assert_eq!(said("2026-08-21", of, of + 90), "as published on 2026-08-21, 90 days ago");
        assert!(
            said("2026-08-21", of, of + 91).contains("\nwarning: what was published in the last 91 days")
        );
        // A clock that is wrong makes no copy old.
        assert_eq!(said("2026-08-21", of, of - 1), "as published on 2026-08-21, 0 days ago");
    }

    #[test]
    fn the_newest_copy_is_the_one_of_the_latest_date() {
        let names = [
            "a/advisory-db-2026-08-21-bf5c0d245a92.tar.gz",
            "b/advisory-db-2026-11-02-000000000000.tar.gz",
            "b/README.md",
            "b/advisory-db-newest.tar.gz",
        ];
        let copies: Vec<DatedCopy> = names.iter().filter_map(|name| DatedCopy::at(Path::new(name))).collect();
        assert_eq!(copies.len(), 2);
        assert_eq!(copies.iter().max().map(|copy| copy.file.as_path()), Some(Path::new(names[1])));
    }
}
