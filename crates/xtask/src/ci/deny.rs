//! The `deny` stage: licences, bans, sources and security advisories of every dependency, as `deny.toml` says.
//!
//! Advisories are read from a dated copy and not from the network: so a commit that passes today passes tomorrow, and a
//! closed network can run it. A vulnerability fails the stage; that the copy is old is said.

use std::path::{Path, PathBuf};

use crate::advisories::DatedCopy;
use crate::failure::{Failure, Outcome};
use crate::place::Place;
use crate::{shell, tool};

/// The release that is installed when none is there; any patch of the same minor will do.
const VERSION: &str = "0.20.2";
const SERIES: &str = "cargo-deny 0.20.";
/// Names to `deny.toml` the folder of databases.
const DATABASES: &str = "CONCORD_ADVISORIES";

/// The stage.
pub fn run(place: &Place) -> Outcome {
    let deny = find_or_install(place)?;
    let args = ["--locked", "check", "bans", "licenses", "sources"];
    shell::run(shell::program(place, &deny, args))?;
    advisories(place, &deny)
}

fn advisories(place: &Place, deny: &Path) -> Outcome {
    let copy = DatedCopy::newest(place).ok_or_else(|| {
        Failure::new("there is no copy of the advisories: `cargo xtask advisories` fetches one")
    })?;
    println!("advisories {}", copy.said()?);
    let mut command = shell::program(place, deny, ["--frozen", "check", "advisories"]);
    command.env(DATABASES, copy.unpacked(place)?);
    shell::run(command)
}

fn find_or_install(place: &Place) -> Outcome<PathBuf> {
    let ours = place.tools().join("bin/cargo-deny");
    if let Some(found) =
        [ours.clone(), PathBuf::from("cargo-deny")].into_iter().find(|deny| fits(place, deny))
    {
        return Ok(found);
    }
    tool::install(place, "cargo-deny", VERSION)?;
    if fits(place, &ours) {
        Ok(ours)
    } else {
        Err(Failure::new("cargo-deny was installed but does not answer"))
    }
}

fn fits(place: &Place, deny: &Path) -> bool {
    shell::ask(shell::program(place, deny, ["--version"])).is_some_and(|answer| answer.starts_with(SERIES))
}
