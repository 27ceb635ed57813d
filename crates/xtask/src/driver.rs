//! Drivers: programs that play or harm an installation, by hand and for as long as wanted. Cargo calls them benches, for
//! those may use the binary and are no tests. What they are asked for comes to them as variables.

use std::collections::BTreeMap;

use crate::failure::{Failure, Outcome};
use crate::place::Place;
use crate::setup::{self, For};
use crate::shell;

/// An option, and the variable that it becomes.
pub struct Choice {
    pub name: &'static str,
    pub variable: &'static str,
    pub takes: Takes,
}

/// What stands behind an option.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    Nothing,
    Number,
    Text,
}

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub release: bool,
    /// Variables for the driver.
    pub variables: BTreeMap<&'static str, String>,
}

impl Options {
    /// Reads `--release` and these options.
    pub fn read(args: &[String], choices: &[Choice]) -> Outcome<Self> {
        let mut options = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if arg == "--release" {
                options.release = true;
                continue;
            }
            let Some(choice) = choices.iter().find(|choice| choice.name == arg) else {
                let names = choices.iter().map(|choice| choice.name);
                let known: Vec<_> = ["--release"].into_iter().chain(names).collect();
                return Err(Failure::unknown_argument(arg, &known.join(", ")));
            };
            let value = match choice.takes {
                Takes::Nothing => String::new(),
                Takes::Number | Takes::Text => {
                    args.next().cloned().ok_or_else(|| Failure::new(format!("{arg} needs a value")))?
                }
            };
            if choice.takes == Takes::Number && value.parse::<u64>().is_err() {
                return Err(Failure::new(format!("{arg} takes a number, not `{value}`")));
            }
            options.variables.insert(choice.variable, value);
        }
        Ok(options)
    }
}

/// Builds the driver and what it drives, and runs it.
pub fn run(place: &Place, bench: &str, options: Options) -> Outcome {
    setup::ensure(place, For::Testing)?;
    let profile = if options.release { "release" } else { "dev" };
    let mut command = shell::cargo(place, ["bench", "--locked", "-p", "concord", "--bench", bench]);
    command.args(["--profile", profile]).envs(options.variables);
    shell::run(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Outcome<Options> {
        let choices = [
            Choice { name: "--minutes", variable: "MINUTES", takes: Takes::Number },
            Choice { name: "--report", variable: "REPORT", takes: Takes::Text },
            Choice { name: "--power-cut", variable: "POWER_CUT", takes: Takes::Nothing },
        ];
        Options::read(&text.split(' ').map(str::to_owned).collect::<Vec<_>>(), &choices)
    }

    #[test]
    fn options_become_variables_of_the_driver() {
        let read = read("--release --minutes 5 --power-cut --report x.md").expect("known options");
        let variables = [("MINUTES", "5"), ("POWER_CUT", ""), ("REPORT", "x.md")];
        let variables = variables.map(|(name, value)| (name, value.to_owned())).into();
        assert_eq!(read, Options { release: true, variables });
    }

    #[test]
    fn what_is_no_number_or_not_known_is_refused() {
        for (text, said) in [
            ("--minutes five", "takes a number"),
            ("--report", "needs a value"),
            ("--hours 1", "--release, --minutes, --report, --power-cut"),
        ] {
            let refused = read(text).expect_err(text).to_string();
            assert!(refused.contains(said), "{refused}");
        }
    }
}
