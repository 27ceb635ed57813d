//! `chaos`: faults of every kind under load, by hand and for as long as wanted. The driver is `tests/chaos.rs`: cargo
//! calls it a bench, for those may use the binary and are no tests.

use std::path::PathBuf;

use crate::failure::{Failure, Outcome};
use crate::place::Place;
use crate::setup::{self, For};
use crate::{app, shell};

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    release: bool,
    power_cut: bool,
    /// Variables for the driver.
    variables: Vec<(&'static str, String)>,
}

/// The options with a value, and the variables that they become.
const VALUES: [(&str, &str); 4] = [
    ("--minutes", "CHAOS_MINUTES"),
    ("--cases", "CHAOS_CASES"),
    ("--seed", "CHAOS_SEED"),
    ("--report", "CHAOS_REPORT"),
];

/// The command.
pub fn run(place: &Place, args: &[String]) -> Outcome {
    let options = Options::read(args)?;
    setup::ensure(place, For::Testing)?;
    let profile = if options.release { "release" } else { "dev" };
    let mut command = shell::cargo(place, ["bench", "--locked", "-p", "concord", "--bench", "chaos"]);
    command.args(["--profile", profile]);
    command.envs(options.variables);
    if options.power_cut {
        command.env("POWER_CUT", file_system(place)?);
    }
    shell::run(command)
}

/// Builds the file system that loses what is not synced: a crate outside the workspace.
fn file_system(place: &Place) -> Outcome<PathBuf> {
    let build = ["build", "--locked", "--release", "--manifest-path", "tests/power-cut/Cargo.toml"];
    let mut command = shell::cargo(place, build);
    command.arg("--message-format=json-render-diagnostics");
    app::executable(&shell::read(command)?, "power-cut")
        .ok_or_else(|| Failure::new("cargo built power-cut but does not say where the binary is"))
}

impl Options {
    fn read(args: &[String]) -> Outcome<Self> {
        let mut options = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match (arg.as_str(), VALUES.iter().find(|(name, _)| name == arg)) {
                ("--release", _) => options.release = true,
                ("--power-cut", _) => options.power_cut = true,
                (_, Some((name, variable))) => {
                    let value = args.next().ok_or_else(|| Failure::new(format!("{name} needs a value")))?;
                    if *name != "--report" && value.parse::<u64>().is_err() {
                        return Err(Failure::new(format!("{name} takes a number, not `{value}`")));
                    }
                    options.variables.push((variable, value.clone()));
                }
                _ => {
                    let known = "--release, --minutes N, --cases N, --seed S, --report FILE, --power-cut";
                    return Err(Failure::unknown_argument(arg, known));
                }
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Outcome<Options> {
        Options::read(&text.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_become_variables_of_the_driver() {
        let options = read("--release --minutes 5 --seed 7").expect("known options");
        let variables = vec![("CHAOS_MINUTES", "5".to_owned()), ("CHAOS_SEED", "7".to_owned())];
        assert_eq!(options, Options { release: true, power_cut: false, variables });
        assert!(read("--power-cut").expect("a known option").power_cut);
    }

    #[test]
    fn what_is_no_number_or_not_known_is_refused() {
        for (text, said) in [
            ("--minutes five", "takes a number"),
            ("--cases", "needs a value"),
            ("--hours 1", "does not know"),
        ] {
            let refused = read(text).expect_err(text).to_string();
            assert!(refused.contains(said), "{refused}");
        }
    }
}
