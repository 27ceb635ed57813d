//! The log: what was promised is there once, chains and versions hold, numbers are right.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bus::log::Entry;
use bus::outbox::EntryId;
use chrono::Datelike as _;
use domain::{Case, Policy, calendar, notices};
use events::{Actor, AggregateId, Body, CaseCode, CaseId, CommandId, Digest, EventId, Fact, Kind, OfficeId};
use service::Clock;

use super::Found;
use crate::support::told::Asked;

/// What a log folds to.
#[derive(Debug, Default)]
pub struct Folded {
    /// The cases.
    pub cases: BTreeMap<CaseId, Case>,
    /// The mails that its facts bring: for each entry the fact and the office.
    pub notices: BTreeMap<EntryId, (EventId, OfficeId)>,
}

/// A log while it is read.
#[derive(Default)]
struct Reading {
    /// The newest fact of each aggregate.
    heads: HashMap<AggregateId, (u32, Digest)>,
    events: BTreeSet<EventId>,
    /// What each command has made in each aggregate.
    commands: HashMap<(CommandId, AggregateId), (EventId, u32)>,
    ranks: HashMap<i32, u32>,
    numbers: BTreeMap<CaseId, CaseCode>,
    folded: Folded,
}

/// Checks a log against what was promised before it was read and what was asked for until then, and folds it.
pub fn check(
    log: &[Entry],
    promised: &BTreeMap<CommandId, Asked>,
    asked: &BTreeMap<CommandId, Asked>,
    policy: &Policy,
    found: &mut Found,
) -> Folded {
    let mut reading = Reading::default();
    for entry in log {
        if let Err(words) = reading.take(entry, asked, policy, found) {
            found.fault(format!("fact {}: {words}", entry.sequence));
        }
    }
    found.facts = log.len();
    found.cases = reading.folded.cases.len();
    found.asked = asked.len();
    for (command, asked) in promised {
        promises(*command, asked, &reading, found);
    }
    let now = Clock::System.now();
    for case in reading.folded.cases.values() {
        found.open += domain::next_steps(case, now, policy).count();
        match &case.code {
            None => {}
            Some(code) if Some(code) == reading.numbers.get(&case.id) => {}
            Some(code) => {
                found.fault(format!(
                    "{} has the number {code}, not {:?}",
                    case.id,
                    reading.numbers.get(&case.id)
                ));
            }
        }
    }
    reading.folded
}

/// Every answer that said "done" names the one fact that the command made.
fn promises(command: CommandId, asked: &Asked, reading: &Reading, found: &mut Found) {
    if asked.done.is_empty() {
        return;
    }
    found.acknowledged += 1;
    let made = reading.commands.get(&(command, AggregateId::Case(asked.case)));
    let Some(made) = made else {
        found.lost += 1;
        return found
            .fault(format!("LOST: {} was answered {:?} and is not in the log", asked.what, asked.done));
    };
    if asked.done.iter().any(|done| done != made) {
        found.fault(format!("{} made {made:?} and was answered {:?}", asked.what, asked.done));
    }
}

impl Reading {
    fn take(
        &mut self,
        entry: &Entry,
        asked: &BTreeMap<CommandId, Asked>,
        policy: &Policy,
        found: &mut Found,
    ) -> Result<(), String> {
        let fact = Fact::from_bytes(&entry.payload).map_err(|error| error.to_string())?;
        let (aggregate, event, command) = (fact.draft.aggregate, fact.draft.id, fact.origin().command);
        if aggregate.subject() != entry.subject {
            return Err(format!("it stands under {}", entry.subject));
        }
        if !self.events.insert(event) {
            found.doubled += 1;
            return Err(format!("DOUBLED: the fact {event} stands twice"));
        }
        if self.commands.insert((command, aggregate), (event, fact.version)).is_some() {
            found.doubled += 1;
            return Err(format!("DOUBLED: the command {command} was carried out twice"));
        }
        let digest = Digest::of(&entry.payload);
        let (version, previous) =
            self.heads.insert(aggregate, (fact.version, digest)).unwrap_or((0, Digest::ZERO));
        if fact.version != version + 1 {
            return Err(format!("version {} of {aggregate:?} follows on {version}", fact.version));
        }
        if fact.previous != previous {
            return Err(format!(
                "version {} of {aggregate:?} does not name the fact before it",
                fact.version
            ));
        }
        if matches!(fact.origin().actor, Actor::Person { .. }) && !asked.contains_key(&command) {
            // Who asked is noted before he asks, so it is nobody's.
            return Err(format!("nobody asked for {command}"));
        }
        let AggregateId::Case(id) = aggregate else { return Ok(()) };
        let kind = fact.body().kind();
        if matches!(kind, Kind::RaisedByPhone | Kind::RaisedInWriting) && version == 0 {
            let year = calendar::local_date(fact.origin().occurred_at).year();
            let rank = self.ranks.entry(year).or_default();
            *rank += 1;
            self.numbers.insert(id, CaseCode::new(year, *rank));
        }
        if let Body::Numbered(numbered) = fact.body()
            && self.numbers.get(&id) != Some(&numbered.code)
        {
            return Err(format!(
                "the number {} is not that of its rank, {:?}",
                numbered.code,
                self.numbers.get(&id)
            ));
        }
        let case = domain::evolve(self.folded.cases.remove(&id), &fact).map_err(|error| error.to_string())?;
        for notice in notices::notices(&case, &fact, policy) {
            if policy.organisation.office(&notice.office).is_some() {
                let entry = EntryId::of(event, &notice.office);
                self.folded.notices.insert(entry, (event, notice.office));
            }
        }
        self.folded.cases.insert(id, case);
        Ok(())
    }
}
