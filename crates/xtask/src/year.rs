//! `year`: a year of a province, played day by day through the real servers. The player is `tests/year.rs`; a month of it
//! is played with every run of the tests.

use crate::driver::Options;
use crate::failure::Outcome;
use crate::place::Place;
use crate::setup::{self, For};
use crate::shell;

/// The command.
pub fn run(place: &Place, args: &[String]) -> Outcome {
    let options = Options::read(args, &[])?;
    setup::ensure(place, For::Testing)?;
    let mut command = shell::cargo(place, ["test", "--locked", "-p", "concord", "--test", "year"]);
    if options.release {
        command.arg("--release");
    }
    command.args(["--", "--nocapture"]).env("WHOLE_YEAR", "1");
    shell::run(command)
}
