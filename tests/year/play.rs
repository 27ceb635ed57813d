//! The year is played: the clock comes to each deed's time, and the act is given over HTTP as a client gives it.

use std::collections::BTreeMap;

use domain::{directory, duties};
use events::Timestamp;
use reqwest::Method;
use serde_json::json;

use super::plan::{Deed, On};
use crate::support::api::{Api, send};

/// Who plays, and what came of it.
#[derive(Debug)]
pub struct Play {
    api: Api,
    now: Timestamp,
    /// The ids of the cases and of the projects that were begun, by their places in the plan.
    begun: BTreeMap<(bool, usize), String>,
    /// The acts that were done.
    pub done: usize,
    /// At how many instants the clock stopped on the way to the deeds.
    pub steps: u64,
    /// The acts that were refused, in words: the plan has none that may be.
    pub refused: Vec<String>,
}

impl Play {
    /// From the time at which the clock stands.
    pub async fn begins(api: Api) -> Self {
        let now = api.clock().await.expect("a manual clock");
        Self { api, now, begun: BTreeMap::new(), done: 0, steps: 0, refused: Vec::new() }
    }

    /// The clock comes to a time, and what was due on the way is done.
    pub async fn until(&mut self, at: Timestamp) {
        self.now = self.now.max(at);
        let request = self.api.plain(Method::POST, "/dev/clock").json(&json!({ "to": self.now }));
        let answer = send(request).await.expect("an answer");
        assert_eq!(answer.status, 200, "the clock does not come to {at}: {}", answer.text);
        self.steps += answer.body["steps"].as_u64().unwrap_or_default();
    }

    /// A deed is done.
    pub async fn deed(&mut self, number: usize, deed: &Deed) {
        self.until(deed.at).await;
        let (act, key) = (deed.act, format!("deed-{number}"));
        let begins = act == "raise" || duties::named(act).is_some_and(duties::begins);
        let on = match &deed.on {
            On::Directory => Some(String::new()),
            On::Duty(name) => duties::called(name).map(|id| id.to_string()),
            On::Case(_) | On::Project(_) if begins => Some(String::new()),
            On::Case(place) => self.begun.get(&(false, *place)).cloned(),
            On::Project(place) => self.begun.get(&(true, *place)).cloned(),
        };
        let Some(on) = on else {
            return self.refused.push(format!("{} {act}: {:?} was not begun", deed.at, deed.on));
        };
        let answer = if directory::named(act).is_some() {
            self.api.tell(&deed.officer, act, &key, &deed.body).await
        } else {
            self.api.act(&deed.officer, &on, act, &key, &deed.body).await
        };
        let answer = answer.expect("an answer");
        if answer.status >= 300 {
            let (at, officer, on) = (deed.at, &deed.officer, &deed.on);
            return self.refused.push(format!("{at} {officer} {act} {on:?}: {}", answer.text));
        }
        self.done += 1;
        match deed.on {
            On::Case(place) if begins => {
                self.begun.insert((false, place), answer.case().to_owned());
            }
            On::Project(place) if begins => {
                self.begun.insert((true, place), answer.case().to_owned());
            }
            _ => {}
        }
    }
}
