//! `chaos`: faults of every kind under load. The driver is `tests/chaos.rs`.

use std::path::PathBuf;

use crate::driver::{self, Choice, Options, Takes};
use crate::failure::{Failure, Outcome};
use crate::place::Place;
use crate::{app, shell};

/// The variable that names the file system that loses what is not synced.
const POWER_CUT: &str = "POWER_CUT";

const CHOICES: [Choice; 5] = [
    Choice { name: "--minutes", variable: "CHAOS_MINUTES", takes: Takes::Number },
    Choice { name: "--cases", variable: "CHAOS_CASES", takes: Takes::Number },
    Choice { name: "--seed", variable: "CHAOS_SEED", takes: Takes::Number },
    Choice { name: "--report", variable: "CHAOS_REPORT", takes: Takes::Text },
    Choice { name: "--power-cut", variable: POWER_CUT, takes: Takes::Nothing },
];

/// The command.
pub fn run(place: &Place, args: &[String]) -> Outcome {
    let mut options = Options::read(args, &CHOICES)?;
    if let Some(file_system) = options.variables.get_mut(POWER_CUT) {
        *file_system = build_file_system(place)?.display().to_string();
    }
    driver::run(place, "chaos", options)
}

/// A crate outside the workspace.
fn build_file_system(place: &Place) -> Outcome<PathBuf> {
    let build = ["build", "--locked", "--release", "--manifest-path", "tests/power-cut/Cargo.toml"];
    let mut command = shell::cargo(place, build);
    command.arg("--message-format=json-render-diagnostics");
    app::executable(&shell::read(command)?, "power-cut")
        .ok_or_else(|| Failure::new("cargo built power-cut but does not say where the binary is"))
}
