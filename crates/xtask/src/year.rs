//! `year`: a year of a province, played day by day through the real servers. The player is `tests/year.rs`; a month of it
//! is played with every run of the tests.

use crate::failure::{Failure, Outcome};
use crate::place::Place;
use crate::setup::{self, For};
use crate::shell;

/// The command.
pub fn run(place: &Place, args: &[String]) -> Outcome {
    let release = released(args)?;
    setup::ensure(place, For::Testing)?;
    let mut command = shell::cargo(place, ["test", "--locked", "-p", "concord", "--test", "year"]);
    if release {
        command.arg("--release");
    }
    command.args(["--", "--nocapture"]).env("WHOLE_YEAR", "1");
    shell::run(command)
}

/// Whether the released binary is to be played with.
fn released(args: &[String]) -> Outcome<bool> {
    match args {
        [] => Ok(false),
        [only] if only == "--release" => Ok(true),
        [first, ..] => Err(Failure::unknown_argument(first, "--release")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_profile_can_be_chosen() {
        let args = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert!(!released(&args("")).expect("no options"));
        assert!(released(&args("--release")).expect("a known option"));
        let refused = released(&args("--days 3")).expect_err("an unknown option").to_string();
        assert!(refused.contains("--days"), "{refused}");
    }
}
