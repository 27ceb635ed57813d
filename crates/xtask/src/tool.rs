//! Subcommands of cargo that we use and do not write: each of one version, installed into `.tools` when it is missing.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::failure::{Context as _, Failure, Outcome};
use crate::place::Place;
use crate::shell;

/// `cargo auditable`: writes into a binary of what it was built.
pub const AUDITABLE: Tool = Tool { name: "cargo-auditable", version: "0.7.7" };

/// A package that brings a program of the same name.
pub struct Tool {
    name: &'static str,
    version: &'static str,
}

impl Tool {
    /// Where it is, after it was installed if need be.
    pub fn ensure(&self, place: &Place) -> Outcome<PathBuf> {
        let program = place.tools().join("bin").join(self.name);
        let list = fs::read_to_string(place.tools().join(".crates.toml")).unwrap_or_default();
        if self.is_in(&list) && program.is_file() {
            return Ok(program);
        }
        install(place, self.name, self.version)?;
        if program.is_file() {
            return Ok(program);
        }
        Err(Failure::new(format!("{} was installed, but is not at {}", self.name, program.display())))
    }

    /// As text for people and for lists of parts.
    pub fn called(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// Whether cargo's own list of what it has installed there names this very version.
    fn is_in(&self, list: &str) -> bool {
        list.contains(&format!("\"{} {} (", self.name, self.version))
    }
}

/// Installs a package's programs into `.tools/bin`.
pub fn install(place: &Place, name: &str, version: &str) -> Outcome {
    println!("{name} {version}: installing into {} (some minutes, once)", place.tools().display());
    fs::create_dir_all(place.tools()).context(|| format!("make the folder {}", place.tools().display()))?;
    let mut command =
        shell::cargo(place, ["install", "--locked", name, "--version", version, "--force", "--root"]);
    command.arg(place.tools());
    shell::run(command)
}

/// A cargo that finds the subcommands in `.tools/bin` before those of the machine.
pub fn on_path(place: &Place, command: &mut Command) -> Outcome {
    let own = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(place.tools().join("bin")).chain(std::env::split_paths(&own));
    let path = std::env::join_paths(folders)
        .map_err(|error| Failure::new(format!("PATH cannot take {}: {error}", place.tools().display())))?;
    command.env("PATH", path);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_version_counts_as_installed() {
        let list =
            "[v1]\n\"cargo-auditable 0.7.7 (registry+https://example.org/index)\" = [\"cargo-auditable\"]\n";
        assert!(AUDITABLE.is_in(list));
        assert!(!Tool { name: "cargo-auditable", version: "0.7.8" }.is_in(list));
        assert!(!Tool { name: "auditable", version: "0.7.7" }.is_in(list));
    }
}
