//! `cluster`: three servers and two processes with every service on this machine, to try or to be harmed. The driver is
//! `tests/cluster.rs`: cargo calls it a bench, for those may use the binary and are no tests.

use crate::failure::{Failure, Outcome};
use crate::place::Place;
use crate::setup::{self, For};
use crate::shell;

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    release: bool,
    /// Variables for the driver.
    variables: Vec<(&'static str, String)>,
}

/// The options with a value, and the variables that they become.
const VALUES: [(&str, &str); 3] =
    [("--faults", "CLUSTER_FAULTS"), ("--old", "CLUSTER_OLD"), ("--report", "CLUSTER_REPORT")];

/// Where `up` keeps everything, unless another folder is given.
const FOLDER: &str = "var/cluster";

/// The command.
pub fn run(place: &Place, args: &[String]) -> Outcome {
    let options = Options::read(args)?;
    setup::ensure(place, For::Testing)?;
    let profile = if options.release { "release" } else { "dev" };
    let mut command = shell::cargo(place, ["bench", "--locked", "-p", "concord", "--bench", "cluster"]);
    command.args(["--profile", profile]);
    command.envs(options.variables);
    shell::run(command)
}

impl Options {
    fn read(args: &[String]) -> Outcome<Self> {
        let mut args = args.iter();
        let mut options = Self::default();
        match args.next().map(String::as_str) {
            Some("up") => options.variables.push(("CLUSTER_UP", FOLDER.to_owned())),
            Some("test") => {}
            other => return Err(Failure::unknown_argument(other.unwrap_or("nothing"), "up, test")),
        }
        while let Some(arg) = args.next() {
            let mut value =
                || args.next().cloned().ok_or_else(|| Failure::new(format!("{arg} needs a value")));
            match VALUES.iter().find(|(name, _)| name == arg) {
                Some((_, variable)) => options.variables.push((variable, value()?)),
                None if arg == "--release" => options.release = true,
                None if arg == "--data" => options.variables = vec![("CLUSTER_UP", value()?)],
                None => {
                    let known = "--release, --data DIR, --faults A,B, --old FILE, --report FILE";
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
        let up = vec![("CLUSTER_UP", "var/cluster".to_owned())];
        assert_eq!(read("up").expect("known"), Options { release: false, variables: up });
        let test = vec![("CLUSTER_REPORT", "x.md".to_owned())];
        assert_eq!(
            read("test --release --report x.md").expect("known"),
            Options { release: true, variables: test }
        );
        for wrong in ["down", "test --report", "test --hours 1"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
