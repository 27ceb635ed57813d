//! Scenario files, played through the rules alone: what holds over HTTP holds without it.

use std::{fs, path::Path, sync::Arc};

use super::{DELIVERED, invariants};
use crate::{
    labels,
    scenario::Scenario,
    simulation::{self, Simulation},
};

/// The name and the text of every scenario file.
fn files() -> Vec<(String, String)> {
    files_of("tests/scenarios")
}

fn files_of(folder: &str) -> Vec<(String, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// Every scenario file, played to its end.
pub(crate) fn simulated() -> Vec<Simulation> {
    files().into_iter().map(|(name, text)| play(&name, &text)).collect()
}

fn play(name: &str, text: &str) -> Simulation {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{name}, {error}"));
    let (played, simulation) =
        simulation::play(&scenario, Arc::clone(&DELIVERED)).unwrap_or_else(|error| panic!("{name}, {error}"));
    for (step, came) in scenario.steps.iter().zip(&played) {
        for checked in &came.checked {
            assert!(checked.held, "{name}, line {}: {}, but it is {}", step.line, checked.wanted, checked.is);
        }
        if let (Some(deed), Some(Err(refusal))) = (&step.act, &came.outcome) {
            assert!(
                labels::acts::may_be_refused(&deed.act, refusal.code),
                "{} for {}",
                refusal.code,
                deed.act
            );
        }
    }
    for (_, case) in simulation.cases() {
        invariants::is_sound(case, &DELIVERED);
    }
    simulation
}

#[test]
fn the_scenario_files_hold_by_the_rules_alone() {
    assert!(simulated().len() >= 3, "the files of tests/scenarios are found");
}

#[test]
fn the_drills_that_are_shipped_hold_by_the_rules_alone() {
    let drills = files_of("deploy/drills");
    assert!(!drills.is_empty(), "the files of deploy/drills are found");
    for (name, text) in drills {
        let simulation = play(&name, &text);
        for (title, case) in simulation.cases() {
            assert!(case.matter.exercise, "{name}: {title} is raised as an exercise");
        }
    }
}
