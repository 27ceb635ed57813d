//! The scenario, step by step, as its officers play it through the API.

use std::{fs, path::PathBuf};

use domain::scenario::{Expected, Scenario, Step};

use super::{
    api::{Answer, Api},
    top,
};

/// The number that the case of the scenario gets.
pub const CASE: &str = "VV-2026-00001";

/// A file beside the scenario.
pub fn file(extension: &str) -> PathBuf {
    top().join("tests/scenarios/s2-aquaculture-at-night").with_extension(extension)
}

/// The scenario, and how far it has come.
#[derive(Debug)]
pub struct Story {
    /// What happens.
    pub scenario: Scenario,
    /// The id of the case, once it is raised.
    pub case: String,
}

impl Story {
    /// The telephone call at night.
    pub fn at_night() -> Self {
        let text = fs::read_to_string(file("txt")).expect("the scenario");
        let scenario = Scenario::parse(&text).expect("a readable scenario");
        Self { scenario, case: String::new() }
    }

    /// Plays a step: the clock comes to its time, the act is given, and what follows comes to rest. The same step
    /// has the same key, so it may be played again when it was cut short.
    pub async fn play(&mut self, api: &Api, step: &Step) -> reqwest::Result<Option<Answer>> {
        api.set_clock(step.at).await?;
        let Some(deed) = &step.act else { return Ok(None) };
        let key = format!("step-{}", step.line);
        let answer = api.act(&deed.officer, &self.case, &deed.act, &key, &deed.body).await?;
        if deed.act == "raise" && answer.status < 300 {
            answer.case().clone_into(&mut self.case);
        }
        api.set_clock(step.at).await?;
        Ok(Some(answer))
    }
}

/// The code with which a step is to be refused.
pub fn refusal(step: &Step) -> Option<&str> {
    step.expected.iter().find_map(|expected| match expected {
        Expected::Refused(code) => Some(code.as_str()),
        _ => None,
    })
}
