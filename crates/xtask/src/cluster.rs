//! `cluster`: three servers and two processes with every service on this machine, to try or to be harmed. The driver is
//! `tests/cluster.rs`.

use crate::driver::{self, Choice, Options, Takes};
use crate::failure::{Failure, Outcome};
use crate::place::Place;

/// The variable that names the folder in which they are to stand.
const UP: &str = "CLUSTER_UP";

/// The folder, unless another one is given.
const FOLDER: &str = "var/cluster";

const FOR_UP: [Choice; 1] = [Choice { name: "--data", variable: UP, takes: Takes::Text }];

const FOR_TEST: [Choice; 3] = [
    Choice { name: "--faults", variable: "CLUSTER_FAULTS", takes: Takes::Text },
    Choice { name: "--old", variable: "CLUSTER_OLD", takes: Takes::Text },
    Choice { name: "--report", variable: "CLUSTER_REPORT", takes: Takes::Text },
];

/// The command.
pub fn run(place: &Place, args: &[String]) -> Outcome {
    driver::run(place, "cluster", read(args)?)
}

fn read(args: &[String]) -> Outcome<Options> {
    match args.split_first() {
        Some((first, rest)) if first == "up" => {
            let mut options = Options::read(rest, &FOR_UP)?;
            options.variables.entry(UP).or_insert_with(|| FOLDER.to_owned());
            Ok(options)
        }
        Some((first, rest)) if first == "test" => Options::read(rest, &FOR_TEST),
        other => Err(Failure::unknown_argument(other.map_or("nothing", |(first, _)| first), "up, test")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(text: &str) -> Outcome<Vec<(&'static str, String)>> {
        let args: Vec<_> = text.split(' ').map(str::to_owned).collect();
        Ok(read(&args)?.variables.into_iter().collect())
    }

    #[test]
    fn what_is_brought_up_has_a_folder_and_what_is_tried_has_none() {
        assert_eq!(variables("up").expect("known"), [(UP, FOLDER.to_owned())]);
        assert_eq!(variables("up --release --data x").expect("known"), [(UP, "x".to_owned())]);
        assert_eq!(variables("test --release").expect("known"), []);
        for wrong in ["down", "test --data x", "up --faults Cut"] {
            assert!(variables(wrong).is_err(), "{wrong}");
        }
    }
}
