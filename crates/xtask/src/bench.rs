//! `bench`: the driver and the binary that it drives, both as they are shipped.

use std::path::Path;

use crate::failure::Outcome;
use crate::place::Place;
use crate::setup::{self, For};
use crate::{app, shell};

/// Builds both in release and becomes the driver. With `--binary PATH` another binary is driven, and none is built.
pub fn run(place: &Place, args: &[String]) -> Outcome {
    setup::ensure(place, For::Serving)?;
    let mut all = args.to_vec();
    if !names_a_binary(args) {
        let concord = app::build(place, "concord", "concord", &["--release"])?;
        all.extend(["--built".to_owned(), "--binary".to_owned(), concord.display().to_string()]);
    }
    let driver = app::build(place, "bench", "concord-bench", &["--release"])?;
    shell::become_program(shell::program(place, Path::new(&driver), all))
}

fn names_a_binary(args: &[String]) -> bool {
    args.iter().any(|arg| arg == "--binary" || arg.starts_with("--binary="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_of_one_s_own_choosing_is_noticed() {
        let args = |all: &[&str]| all.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>();
        assert!(names_a_binary(&args(&["g1", "--binary", "x"])));
        assert!(names_a_binary(&args(&["--binary=x"])));
        assert!(!names_a_binary(&args(&["g1", "--quick"])));
    }
}
