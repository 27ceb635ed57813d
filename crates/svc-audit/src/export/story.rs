//! A case's story for people: a page that prints on A4, Vietnamese first.

use std::sync::Arc;

use askama::Template;
use domain::{Case, Policy, calendar::LOCAL, distribution, labels};
use events::{Actor, Fact, Timestamp};
use proof::checkpoint::Signed;

use super::ExportError;
use crate::text;

#[derive(Template)]
#[template(path = "story.html")]
struct Story<'a> {
    code: String,
    title: &'a str,
    summary: &'a str,
    urgency: labels::Label,
    state: labels::Label,
    raiser: String,
    receiver: String,
    happened: Vec<Line>,
    distributions: Vec<Sent>,
    events: usize,
    head: String,
    number: u64,
    at: String,
    note: &'a str,
}

/// A document of the case that was sent.
struct Sent {
    document: String,
    at: String,
    recipients: String,
}

struct Line {
    version: u32,
    at: String,
    recorded: String,
    what: labels::Label,
    kind: &'static str,
    who: String,
    details: String,
    digest: String,
}

/// The page of a case, out of all its facts.
pub(super) fn page(
    facts: &[Arc<Fact>],
    policy: Option<&Policy>,
    newest: &Signed,
) -> Result<String, ExportError> {
    let mut case: Option<Case> = None;
    for fact in facts {
        // What does not follow is verify's to tell; the page shows what can be shown.
        case = domain::evolve(case.take(), fact).ok().or(case);
    }
    let Some(case) = &case else { return Ok(String::new()) };
    let agency = |id: &events::AgencyId| {
        let named = policy.map(|policy| policy.organisation.agency_name(id, case.since(id)));
        named.unwrap_or(id.as_str()).to_owned()
    };
    let distributions = case.casefile.distributions.iter().map(|sent| Sent {
        document: sent.recorded.document.clone(),
        at: moment(sent.recorded.sent_at),
        recipients: distribution::printed(&sent.recorded.recipients),
    });
    let happened = facts.iter().map(|fact| line(fact, policy)).collect();
    let story = Story {
        code: case.code.as_ref().map_or_else(|| case.id.to_string(), ToString::to_string),
        title: &case.matter.title,
        summary: &case.matter.summary,
        urgency: labels::urgency(case.urgency),
        state: labels::lifecycle(case.lifecycle),
        raiser: agency(&case.raiser),
        receiver: agency(&case.receiver),
        happened,
        distributions: distributions.collect(),
        events: facts.len(),
        head: case.head.to_string(),
        number: newest.checkpoint.number,
        at: moment(newest.checkpoint.at),
        note: &newest.note,
    };
    Ok(story.render()?)
}

fn line(fact: &Fact, policy: Option<&Policy>) -> Line {
    let (origin, kind) = (fact.origin(), fact.body().kind());
    let who = match &origin.actor {
        Actor::System { service } => format!("Hệ thống · {service}"),
        Actor::Person { officer, office, .. } => {
            let organisation = policy.map(|policy| &policy.organisation);
            let name = organisation.and_then(|all| all.officer(officer)).map(|officer| officer.name.clone());
            let title = organisation.map_or(office.as_str(), |all| all.title(office, origin.occurred_at));
            let name = name.unwrap_or(officer.to_string());
            format!("{name} · {title}")
        }
    };
    Line {
        version: fact.version,
        at: moment(origin.occurred_at),
        recorded: moment(fact.recorded_at),
        what: labels::happening(kind),
        kind: kind.name(),
        who,
        details: text::details(fact).join(" · "),
        digest: fact.digest.to_string(),
    }
}

fn moment(at: Timestamp) -> String {
    at.with_timezone(&LOCAL).format("%d/%m/%Y %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests;
