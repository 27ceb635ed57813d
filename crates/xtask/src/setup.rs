//! `setup`: everything that is fetched rather than built, pinned by hash, into `.tools`.

mod debian;
mod nats;
mod pip;
mod postfix;
pub mod promtool;
mod python;

use std::path::PathBuf;

use crate::failure::{Context as _, Failure, Outcome};
use crate::place::Place;
pub use nats::Pinned;

/// Who asks decides what must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// `up` and `demo`: nats-server is enough.
    Serving,
    /// `test` and `ci`: the SMTP servers and the modules of Python too.
    Testing,
}

/// The command: fetches all; without Python what the tests need is left out, and it says so.
pub fn run(place: &Place, args: &[String]) -> Outcome {
    let given = nats_server_argument(args)?;
    make_folder(place)?;
    nats::ensure(place, given.as_deref())?;
    if let Err(missing) = pip::check(place) {
        println!("smtp servers and python modules: left out, {missing}; `cargo xtask test` will need them");
        return Ok(());
    }
    for_tests(place)
}

/// The nats-server in `.tools`, if it is the very one that is pinned; the failure says how to get that one.
pub fn pinned_server(place: &Place) -> Outcome<Pinned> {
    nats::pinned(place)
}

/// What the other commands call first. Does nothing when all is there.
pub fn ensure(place: &Place, purpose: For) -> Outcome {
    make_folder(place)?;
    nats::ensure(place, None)?;
    match purpose {
        For::Serving => Ok(()),
        For::Testing => for_tests(place),
    }
}

fn for_tests(place: &Place) -> Outcome {
    python::ensure(place)?;
    postfix::ensure(place)
}

fn make_folder(place: &Place) -> Outcome {
    std::fs::create_dir_all(place.tools()).context(|| format!("make the folder {}", place.tools().display()))
}

fn nats_server_argument(args: &[String]) -> Outcome<Option<PathBuf>> {
    match args {
        [] => Ok(None),
        [flag, path] if flag == "--nats-server" => Ok(Some(PathBuf::from(path))),
        [flag] if flag == "--nats-server" => {
            Err(Failure::new("--nats-server needs the path of a nats-server"))
        }
        [flag] if flag.starts_with("--nats-server=") => {
            Ok(flag.split_once('=').map(|(_, path)| PathBuf::from(path)))
        }
        [other, ..] => Err(Failure::unknown_argument(other, "nothing, or --nats-server PATH")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn a_nats_server_can_be_given_in_both_ways() {
        for args in
            [words(&["--nats-server", "/opt/nats-server"]), words(&["--nats-server=/opt/nats-server"])]
        {
            let path = nats_server_argument(&args).expect("understood");
            assert_eq!(path, Some(PathBuf::from("/opt/nats-server")));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        assert!(nats_server_argument(&words(&["--nats-server"])).is_err());
        assert!(nats_server_argument(&words(&["--force"])).is_err());
    }
}
