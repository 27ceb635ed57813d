//! What a drill reads of a running installation: the facts of a case, its mails, the policy, and who is called what.

use std::collections::BTreeMap;

use domain::Policy;
use events::{Fact, Timestamp, directory::PolicyText};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use service::Clock;

use super::report::Mailed;
use crate::{
    Failure,
    client::{AUDITOR, Answer, Client},
};

/// The facts of a case that its reader may read.
pub(crate) struct Facts {
    /// They, oldest first.
    pub(crate) facts: Vec<Fact>,
    /// From when on they are sealed for him.
    pub(crate) sealed_from: Option<Timestamp>,
}

/// Reads an installation.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) client: &'a Client,
}

impl Reader<'_> {
    /// Reads what stands at a path below `/api/v1`.
    async fn get(self, path: &str) -> Result<Answer, Failure> {
        let answer = self.client.get(&format!("/api/v1/{path}"), Some(AUDITOR)).await?;
        if answer.status == 200 { Ok(answer) } else { Err(refused(path, &answer)) }
    }

    /// What time it is there.
    pub(crate) async fn now(self) -> Result<Timestamp, Failure> {
        let answer = self.client.get("/readyz", None).await?;
        let time = answer.body["time"].as_str().and_then(|time| time.parse().ok());
        Ok(time.unwrap_or_else(|| Clock::System.now()))
    }

    /// A case.
    pub(crate) async fn case(self, id: &str) -> Result<Value, Failure> {
        Ok(self.get(&format!("cases/{id}")).await?.body)
    }

    /// The facts of a case, as far as the reader may read them.
    pub(crate) async fn facts(self, id: &str) -> Result<Facts, Failure> {
        #[derive(Deserialize)]
        struct Events<'a> {
            #[serde(borrow)]
            events: Vec<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct Sealed {
            #[serde(default)]
            sealed: bool,
            time: Timestamp,
        }
        let answer = self.get(&format!("cases/{id}/events")).await?;
        let Events { events } = serde_json::from_str(&answer.text)?;
        let mut facts = Vec::new();
        for event in events {
            let Sealed { sealed, time } = serde_json::from_str(event.get())?;
            if sealed {
                return Ok(Facts { facts, sealed_from: Some(time) });
            }
            facts.push(Fact::from_bytes(event.get().as_bytes())?);
        }
        Ok(Facts { facts, sealed_from: None })
    }

    /// The mails of a case that the reader may see.
    pub(crate) async fn mails(self, id: &str) -> Result<Vec<Mailed>, Failure> {
        let answer = self.get(&format!("cases/{id}/mails")).await?;
        let mails = answer.body["mails"].as_array().cloned().unwrap_or_default();
        Ok(mails.iter().filter_map(mailed).collect())
    }

    /// The policy in force.
    pub(crate) async fn policy(self) -> Result<Policy, Failure> {
        let answer = self.get("directory/policy").await?;
        let files: Vec<PolicyText> = serde_json::from_value(answer.body["files"].clone())?;
        Ok(Policy::as_published(&files)?)
    }

    /// Who is called what.
    pub(crate) async fn names(self) -> Result<Names, Failure> {
        let directory = self.get("directory").await?.body;
        let mut names = Names::default();
        let list = |value: &Value, field: &str| value[field].as_array().cloned().unwrap_or_default();
        for agency in list(&directory, "agencies") {
            names.note(&agency, "id", "name");
            for office in list(&agency, "offices") {
                names.note(&office, "id", "title");
                for holder in list(&office, "holders") {
                    names.note(&holder, "officer", "name");
                }
            }
        }
        Ok(names)
    }
}

/// The names of agencies, offices and officers, by their codes.
#[derive(Default)]
pub(crate) struct Names(BTreeMap<String, String>);

impl Names {
    fn note(&mut self, of: &Value, code: &str, name: &str) {
        if let (Some(code), Some(name)) = (of[code].as_str(), of[name].as_str()) {
            self.0.insert(code.to_owned(), name.to_owned());
        }
    }

    /// The name behind a code; the code itself where the directory has none.
    pub(crate) fn of<'a>(&'a self, code: &'a str) -> &'a str {
        self.0.get(code).map_or(code, String::as_str)
    }
}

fn mailed(mail: &Value) -> Option<Mailed> {
    let words = |field: &str| mail[field].as_str().map(str::to_owned);
    let states = mail["states"].as_array()?;
    let at = |state: &Value| state["at"].as_str()?.parse::<Timestamp>().ok();
    let entered = at(states.first()?)?;
    let taken = states.iter().find(|state| state["state"] == "sent").and_then(at);
    Some(Mailed {
        alert: words("alert")?,
        title: words("title")?,
        office: mail["office"].as_str()?.into(),
        office_title: words("office_title"),
        entered,
        state: states.last()?["state"].as_str()?.to_owned(),
        taken_after: taken.map(|taken| (taken - entered).num_seconds()),
        exercise: mail["exercise"] == true,
    })
}

/// Why something was not answered, and what to do.
pub(crate) fn refused(what: &str, answer: &Answer) -> Failure {
    let said = answer.body["detail"].as_str().or(answer.body["title"].as_str()).unwrap_or(&answer.text);
    let code = answer.body["code"].as_str().unwrap_or("?");
    match answer.status {
        401 => format!("the token is not accepted: it is wrong, has ended, or was withdrawn ({said})"),
        403 => format!("{what}: whose token this is may not do that ({code}: {said})"),
        404 => format!("{what}: there is none, or whose token this is may not see it"),
        status => format!("{what}: {status} {code}: {said}"),
    }
    .into()
}
