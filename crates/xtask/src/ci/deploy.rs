//! The stage `deploy`: the alert rules by their own tests, and the checks that lie beside what is deployed.

use std::fs;
use std::path::Path;

use crate::failure::{Context as _, Outcome};
use crate::place::Place;
use crate::setup::promtool;
use crate::shell;

/// Scripts that check a folder as far as this machine can; what is not here they skip, and say so.
const CHECKS: [&str; 3] = ["deploy/one-machine/check.sh", "deploy/docker/check.sh", "deploy/k8s/check.sh"];

/// Runs all of them.
pub fn run(place: &Place) -> Outcome {
    let promtool = promtool::ensure(place)?;
    let folder = place.root().join("deploy/prometheus");
    let tests = folder.join("tests");
    let files = fs::read_dir(&tests).context(|| format!("read {}", tests.display()))?;
    let mut files: Vec<_> = files.flatten().map(|file| file.path()).collect();
    files.sort();
    let rules = folder.join("rules/concord.yml");
    shell::run(shell::program(place, &promtool, [Path::new("check"), Path::new("rules"), &rules]))?;
    let mut test = shell::program(place, &promtool, ["test", "rules"]);
    test.args(files);
    shell::run(test)?;
    for check in CHECKS {
        println!("{check}");
        shell::run(shell::program(place, &place.root().join(check), [""; 0]))?;
    }
    Ok(())
}
