//! The acts of a scenario, given over HTTP: where each goes, what it refers to, and what it began.

use domain::{
    directory, duties,
    scenario::{Deed, Reference, resolve},
};
use serde_json::Value;

use crate::{
    Failure,
    client::{AUDITOR, Answer, Client},
};

/// Gives acts, and remembers what they are about.
pub(crate) struct Giver {
    pub(crate) client: Client,
    /// Where the cases that were raised and the duties that were begun stand below `/api/v1`, with their names in the
    /// scenario.
    raised: Vec<(String, String)>,
    /// What is spoken of: a case or a duty, by its address below `/api/v1`.
    pub(crate) about: Option<String>,
}

impl Giver {
    /// Nothing was given yet.
    pub(crate) fn new(client: Client) -> Self {
        Self { client, raised: Vec::new(), about: None }
    }

    /// Gives an act; the same key makes a repeat one act.
    pub(crate) async fn give(&mut self, deed: &Deed, line: usize, key: &str) -> Result<Answer, Failure> {
        let wrong = |what: String| format!("line {line}: {what}");
        let begins = begins(&deed.act);
        if let Some(name) = deed.case.as_ref().filter(|_| begins.is_none()) {
            self.about = Some(self.named(name).ok_or_else(|| wrong(format!("nothing is called @{name}")))?);
        }
        let path = match (&self.about, deed.act.as_str()) {
            (_, act) if directory::named(act).is_some() => format!("/api/v1/directory/{act}"),
            _ if begins.is_some() => format!("/api/v1/{}", begins.unwrap_or_default()),
            (Some(about), act) => format!("/api/v1/{about}/{act}"),
            (None, _) => return Err(wrong("no case was raised yet".to_owned()).into()),
        };
        let mut body = deed.body.clone();
        if refers(&body) {
            let seen = self.look().await?.unwrap_or_default();
            let delegation = self.newest_delegation().await?;
            resolve(&mut body, &|reference| self.find(&seen, delegation.as_deref(), reference))
                .map_err(wrong)?;
        }
        let answer = self.client.post(&path, &deed.officer, Some(key), &body).await?;
        if let Some(root) = begins
            && let Some(id) = about_what(&answer)["id"].as_str()
        {
            let name = deed.case.clone().unwrap_or_else(|| (self.raised.len() + 1).to_string());
            let about = format!("{root}/{id}");
            self.raised.push((about.clone(), name));
            self.about = Some(about);
        }
        Ok(answer)
    }

    /// Where the case or the duty of that name stands.
    pub(crate) fn named(&self, name: &str) -> Option<String> {
        let begun = self.raised.iter().rev().find(|(_, known)| known == name).map(|(about, _)| about.clone());
        begun.or_else(|| {
            let root = if name.contains('/') { "reports" } else { "briefings" };
            duties::called(name).map(|id| format!("{root}/{id}"))
        })
    }

    /// What a field of an act refers to, in the case as it stands.
    fn find(&self, case: &Value, delegation: Option<&str>, reference: Reference<'_>) -> Option<String> {
        match reference {
            Reference::Delegation => delegation.map(str::to_owned),
            Reference::Case(name) => {
                self.named(name).and_then(|about| Some(about.split_once('/')?.1.to_owned()))
            }
            Reference::Event(kind) => {
                let mut history = case["history"].as_array()?.iter().rev();
                let newest = history.find(|each| each["type"].as_str() == Some(kind.name()))?;
                newest["event"].as_str().map(str::to_owned)
            }
        }
    }

    /// The delegation that was granted last.
    async fn newest_delegation(&self) -> Result<Option<String>, Failure> {
        let answer = self.client.get("/api/v1/directory/delegations", Some(AUDITOR)).await?;
        let newest = answer.body["delegations"].as_array().and_then(|all| all.last());
        Ok(newest.and_then(|each| each["id"].as_str()).map(str::to_owned))
    }

    /// What is spoken of, as an auditor sees it.
    pub(crate) async fn look(&self) -> Result<Option<Value>, Failure> {
        let Some(about) = &self.about else { return Ok(None) };
        let answer = self.client.get(&format!("/api/v1/{about}"), Some(AUDITOR)).await?;
        Ok((answer.status == 200).then_some(answer.body))
    }
}

/// What an answer to an act is about: a case, or a duty.
pub(crate) fn about_what(answer: &Answer) -> &Value {
    if answer.body["duty"].is_object() { &answer.body["duty"] } else { &answer.body["case"] }
}

/// Whether a body names something by a reference.
fn refers(body: &Value) -> bool {
    match body {
        Value::String(text) => text.starts_with('@'),
        Value::Array(items) => items.iter().any(refers),
        Value::Object(fields) => fields.values().any(refers),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Where what an act begins stands, if it begins something.
fn begins(act: &str) -> Option<&'static str> {
    if act == "raise" {
        return Some("cases");
    }
    let act = duties::named(act).filter(|act| duties::begins(act))?;
    Some(duties::path(act.stage))
}
