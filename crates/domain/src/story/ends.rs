//! Whether a case can always be brought to its end: somebody does, again and again, what stands in the way of closing.

use serde_json::{Value, json};

use super::{
    Story, agree, closing, confirmation, confirming, cover, dissolving, explaining, reconciling, report,
    rerouting, settling, statement, taking_back, verdicts, with,
};
use crate::{
    calendar, keys, sides,
    stages::{
        confirmation::Written,
        escalation::ItemState,
        routing::{AssignmentState, newest},
        taskforce::{TaskState, TaskforceState},
    },
};
use events::{AgencyId, Lifecycle, casefile::LinkKind, coordination::Position};

/// More steps than any case needs to be closed.
const STEPS: u32 = 120;

/// Does what is to be done until the case is closed.
pub(crate) fn close(story: &mut Story) {
    for step in 0..STEPS {
        if !story.case().lifecycle.is_live() {
            return;
        }
        let moved = wanted(story, step).into_iter().any(|wanted| somebody(story, &wanted, step));
        assert!(moved, "nobody can do anything any more:\n{}", story.log().join("\n"));
        story.settle();
    }
    panic!("the case does not come to its end:\n{}", story.log().join("\n"));
}

/// An act that clears something out of the way, and of which agency somebody does it, if it is not for any.
struct Wanted {
    act: &'static str,
    body: Value,
    agency: Option<AgencyId>,
}

impl Wanted {
    fn of(agency: AgencyId, act: &'static str, body: Value) -> Self {
        Self { act, body, agency: Some(agency) }
    }
}

impl From<(&'static str, Value)> for Wanted {
    fn from((act, body): (&'static str, Value)) -> Self {
        Self { act, body, agency: None }
    }
}

/// The first officer who may.
fn somebody(story: &mut Story, Wanted { act, body, agency }: &Wanted, step: u32) -> bool {
    let organisation = &story.policy.organisation;
    let officers: Vec<_> = organisation.officers().map(|each| each.id.clone()).collect();
    officers.iter().enumerate().any(|(place, officer)| {
        let person = story.policy.organisation.person(officer, story.now);
        if agency.is_some() && person.map(|person| person.agency) != *agency {
            return false;
        }
        let key = format!("end {step} {act} {place}");
        story.by(officer.as_str()).key(&key).when(act, body.clone()).done()
    })
}

/// What stands in the way of closing, each with an act that clears it.
fn wanted(story: &Story, step: u32) -> Vec<Wanted> {
    let case = story.case();
    let today = calendar::local_date(story.now).to_string();
    let number = 7000 + step;
    let mut acts: Vec<(&str, Value)> = Vec::new();
    let mut named = Vec::new();
    for each in &case.confirmations {
        let raiser = &case.intake(each.intake).expect("an intake").raiser;
        let at = |body: Value| with(body, "/intake", each.intake);
        match each.written {
            Written::Pending | Written::Overdue => {
                let body = with(confirmation(), "/document/issuer", raiser.as_str());
                let body = with(body, "/document/number", number);
                acts.push(("submit-written-confirmation", at(with(body, "/document/date", today.clone()))));
            }
            Written::Received => acts.push(("compare-written", at(verdicts("same")))),
            Written::Discrepant => match keys::pending(&each.explanations) {
                Some(first) => {
                    acts.push(("reconcile-discrepancy", at(reconciling(first.proposed.explanation))));
                }
                None => acts.push(("explain-discrepancy", at(explaining()))),
            },
            _ => {}
        }
    }
    match case.taskforce.state {
        TaskforceState::Proposed | TaskforceState::Consented => {
            let number = case.taskforce.proposal.as_ref().expect("a proposal").number;
            acts.push(("withdraw-task-force-proposal", taking_back(number)));
        }
        TaskforceState::Active => {
            let by = case.taskforce.formed.as_ref().expect("a task force").by.clone();
            let tasks = case.taskforce.tasks.iter().filter(|task| task.state == TaskState::Open);
            let handed: Vec<_> = tasks.map(|task| json!({ "task": task.number, "to": "BTG" })).collect();
            let body = with(dissolving(by.as_str()), "/document/number", number);
            acts.push((
                "dissolve-task-force",
                with(with(body, "/document/date", today.clone()), "/transfers", handed),
            ));
        }
        _ => {}
    }
    let links = case.casefile.links.iter();
    for link in links.filter(|link| link.stands && link.kind == LinkKind::BlockedBy) {
        acts.push(("unlink", json!({ "link": link.number, "reason": "Không còn phụ thuộc." })));
    }
    match case.lifecycle {
        Lifecycle::Received => acts.push(("route", json!({ "unit": format!("{}.TT", case.receiver) }))),
        Lifecycle::Routed => {
            let lead = newest(case, &case.receiver).expect("the lead").state;
            let act = match lead {
                AssignmentState::Declined => ("reroute", rerouting()),
                _ => ("acknowledge", json!({})),
            };
            named.push(Wanted::of(case.receiver.clone(), act.0, act.1));
        }
        Lifecycle::InCoordination => named = speak(story),
        Lifecycle::Disputed => named = settle(story, step, &today),
        Lifecycle::Escalated => {
            let item = json!({ "agency": "UBND", "text": "Thực hiện." });
            let body = with(super::binding(), "/binding/instructions", json!([item]));
            let body = with(body, "/binding/document/number", number);
            acts.push(("record-directive", with(body, "/binding/document/date", today)));
        }
        Lifecycle::Agreed | Lifecycle::Directed => {
            for item in case.escalation.instructions.iter().filter(|item| !item.archived) {
                let (number, agency) = (item.instruction.item, item.instruction.agency.as_str());
                match item.state {
                    ItemState::Accepted => {}
                    ItemState::Reported => acts.push(("accept-implementation", json!({ "item": number }))),
                    _ => acts.push(("report-implementation", report(number, 7500 + step, agency, &today))),
                }
            }
            match keys::pending(&case.closures) {
                Some(first) => acts.push(("confirm-closure", confirming(first.proposed.proposal))),
                None => acts.push(("propose-closure", closing())),
            }
        }
        _ => {}
    }
    acts.into_iter().map(Wanted::from).chain(named).collect()
}

/// Who has not agreed agrees.
fn speak(story: &Story) -> Vec<Wanted> {
    let case = story.case();
    let Some(round) = case.open_round() else { return Vec::new() };
    let agrees = |agency: &AgencyId| matches!(round.position_of(agency), Some(Position::Agree { .. }));
    let others = sides::parties(case, &story.policy).into_iter().filter(|agency| !agrees(agency));
    others.map(|agency| Wanted::of(agency, "record-position", agree())).collect()
}

/// The dossier goes up, or the sides settle.
fn settle(story: &Story, step: u32, today: &str) -> Vec<Wanted> {
    let case = story.case();
    let current = case.escalation.current().expect("a dispute has a dossier");
    if let Some(first) = keys::pending(&case.settlements) {
        return vec![("confirm-settlement", confirming(first.proposed.proposal)).into()];
    }
    if current.complete {
        let body = with(cover(), "/document/number", 7200 + step);
        return vec![("submit-dossier", with(body, "/document/date", today)).into()];
    }
    let silent = sides::party_sides(case, &story.policy)
        .into_iter()
        .filter(|side| current.statement_of(*side).is_none())
        .flat_map(|side| sides::parties_of(case, side, &story.policy));
    let filed = silent.map(|agency| Wanted::of(agency, "file-statement", statement("?")));
    filed.chain([("propose-settlement", settling()).into()]).collect()
}
