//! A scenario, step by step, as its officers play it through the API.

use std::{fs, path::PathBuf};

use domain::{
    directory, duties,
    scenario::{Deed, Expected, Reference, Scenario, Step, resolve},
};
use serde_json::Value;

use super::{
    api::{Answer, Api},
    top,
};

/// The number that the case of a scenario gets.
pub const CASE: &str = "VV-2026-00001";

/// The telephone call at night.
pub const AT_NIGHT: &str = "s2-aquaculture-at-night";

/// The disagreement that goes up.
pub const HIGHWAY: &str = "s3-highway-delay";

/// Where the scenarios are.
pub fn folder() -> PathBuf {
    top().join("tests/scenarios")
}

/// A file of a scenario: `txt` is the scenario itself, the others what comes of it.
pub fn file(name: &str, extension: &str) -> PathBuf {
    folder().join(name).with_extension(extension)
}

/// The key of a step's act: the same step has the same one.
pub fn key(step: &Step) -> String {
    format!("step-{}", step.line)
}

/// A scenario, and how far it has come.
#[derive(Debug)]
pub struct Story {
    /// What happens.
    pub scenario: Scenario,
    /// The id of the case that is spoken of, once it is raised.
    pub case: String,
    /// The ids of the cases that were raised, with their names in the scenario.
    raised: Vec<(String, String)>,
    /// How many of its steps were played one after the other.
    played: usize,
}

impl Story {
    /// The telephone call at night.
    pub fn at_night() -> Self {
        Self::of(AT_NIGHT)
    }

    /// The highway delay on which the sides do not agree.
    pub fn highway() -> Self {
        Self::of(HIGHWAY)
    }

    /// The scenario of that name.
    pub fn of(name: &str) -> Self {
        let text = fs::read_to_string(file(name, "txt")).expect("the scenario");
        let scenario = Scenario::parse(&text).expect("a readable scenario");
        Self { scenario, case: String::new(), raised: Vec::new(), played: 0 }
    }

    /// Plays the next step, and says what comes after it.
    pub async fn go_on(&mut self, api: &Api) -> Option<Step> {
        let step = self.scenario.steps[self.played].clone();
        if let Some(answer) = self.play(api, &step).await.expect("an answer") {
            assert_eq!(answer.code(), refusal(&step).unwrap_or_default(), "{}", answer.text);
        }
        self.played += 1;
        self.scenario.steps.get(self.played).cloned()
    }

    /// Plays on until an act comes next; the clock stands at its time.
    pub async fn up_to(&mut self, api: &Api, act: &str) {
        while let Some(next) = self.go_on(api).await {
            if next.act.is_some_and(|deed| deed.act == act) {
                return api.set_clock(next.at).await.expect("an answer");
            }
        }
        panic!("the story has no further {act}");
    }

    /// The body with which an act first comes.
    pub fn body(&self, act: &str) -> Value {
        let mut deeds = self.scenario.steps.iter().filter_map(|step| step.act.as_ref());
        deeds.find(|deed| deed.act == act).expect("an act of the story").body.clone()
    }

    /// Plays a step: the clock comes to its time, the act is given, and what follows comes to rest. The same step
    /// has the same key, so it may be played again when it was cut short.
    pub async fn play(&mut self, api: &Api, step: &Step) -> reqwest::Result<Option<Answer>> {
        let Some((deed, body)) = self.ready(api, step, |_, _| ()).await? else { return Ok(None) };
        let key = key(step);
        let answer = if directory::named(&deed.act).is_some() {
            api.tell(&deed.officer, &deed.act, &key, &body).await?
        } else {
            api.act(&deed.officer, &self.case, &deed.act, &key, &body).await?
        };
        self.done(api, step, &deed, &answer).await?;
        Ok(Some(answer))
    }

    /// The clock comes to a step's time: its act, and the body with all that it refers to, each told on the way.
    pub async fn ready(
        &mut self,
        api: &Api,
        step: &Step,
        refers: impl Fn(Reference<'_>, &str),
    ) -> reqwest::Result<Option<(Deed, Value)>> {
        api.set_clock(step.at).await?;
        if let Some(name) = &step.about {
            self.case = self.named(name);
        }
        let Some(deed) = &step.act else { return Ok(None) };
        if let Some(name) = deed.case.as_ref().filter(|_| !begins(&deed.act)) {
            self.case = self.named(name);
        }
        let mut body = deed.body.clone();
        let root = duties::named(&deed.act).map_or("cases", |act| duties::path(act.stage));
        let seen = api.get("btg.kiem-tra", &format!("/api/v1/{root}/{}", self.case)).await?;
        let delegation = newest_delegation(api).await?;
        let find = |reference: Reference<'_>| {
            let found = self.find(&seen.body, delegation.as_deref(), reference)?;
            refers(reference, &found);
            Some(found)
        };
        resolve(&mut body, &find).expect("what the act refers to");
        Ok(Some((deed.clone(), body)))
    }

    /// The act of a step was answered: what follows comes to rest.
    pub async fn done(
        &mut self,
        api: &Api,
        step: &Step,
        deed: &Deed,
        answer: &Answer,
    ) -> reqwest::Result<()> {
        if begins(&deed.act) && answer.status < 300 {
            answer.case().clone_into(&mut self.case);
            let name = deed.case.clone().unwrap_or_default();
            self.raised.push((self.case.clone(), name));
        }
        api.set_clock(step.at).await
    }

    /// The id of the case of that name.
    fn named(&self, name: &str) -> String {
        let found = self.raised.iter().rev().find(|(_, known)| known == name);
        let duty = || duties::called(name).map(|id| id.to_string());
        found.map(|(id, _)| id.clone()).or_else(duty).expect("a case or a duty of that name")
    }

    fn find(&self, case: &Value, delegation: Option<&str>, reference: Reference<'_>) -> Option<String> {
        match reference {
            Reference::Case(name) => Some(self.named(name)),
            Reference::Delegation => delegation.map(str::to_owned),
            Reference::Event(kind) => {
                let mut history = case["history"].as_array()?.iter().rev();
                let newest = history.find(|each| each["type"].as_str() == Some(kind.name()))?;
                newest["event"].as_str().map(str::to_owned)
            }
        }
    }
}

/// Whether an act begins a case or a duty.
fn begins(act: &str) -> bool {
    act == "raise" || duties::named(act).is_some_and(duties::begins)
}

/// The delegation that was granted last.
async fn newest_delegation(api: &Api) -> reqwest::Result<Option<String>> {
    let answer = api.get("btg.kiem-tra", "/api/v1/directory/delegations").await?;
    let newest = answer.body["delegations"].as_array().and_then(|all| all.last());
    Ok(newest.and_then(|each| each["id"].as_str()).map(str::to_owned))
}

/// The code with which a step is to be refused.
pub fn refusal(step: &Step) -> Option<&str> {
    step.expected.iter().find_map(|expected| match expected {
        Expected::Refused(code) => Some(code.as_str()),
        _ => None,
    })
}
