//! The `deny` stage: licences, bans and sources of every dependency, as `deny.toml` says.
//!
//! Security advisories are left out here: they need a fresh copy of a database from the network,
//! so the same commit would pass today and fail tomorrow, and a closed network could not run it
//! at all. They belong in a scheduled run: `cargo deny check advisories`.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};
use crate::place::Place;
use crate::shell;

/// The release that is installed when none is there; any patch of the same minor will do.
const VERSION: &str = "0.20.2";
const SERIES: &str = "cargo-deny 0.20.";

/// The stage.
pub fn run(place: &Place) -> Outcome {
    let deny = find_or_install(place)?;
    let args = ["--locked", "check", "bans", "licenses", "sources"];
    shell::run(shell::program(place, &deny, args))
}

fn find_or_install(place: &Place) -> Outcome<PathBuf> {
    let ours = place.tools().join("bin/cargo-deny");
    if let Some(found) =
        [ours.clone(), PathBuf::from("cargo-deny")].into_iter().find(|deny| fits(place, deny))
    {
        return Ok(found);
    }
    println!("cargo-deny {VERSION}: installing into {} (some minutes, once)", place.tools().display());
    let mut command =
        shell::cargo(place, ["install", "--locked", "cargo-deny", "--version", VERSION, "--force", "--root"]);
    command.arg(place.tools());
    shell::run(command)?;
    if fits(place, &ours) {
        Ok(ours)
    } else {
        Err(Failure::new("cargo-deny was installed but does not answer"))
    }
}

fn fits(place: &Place, deny: &Path) -> bool {
    shell::ask(shell::program(place, deny, ["--version"])).is_some_and(|answer| answer.starts_with(SERIES))
}
