//! A log on paper: facts are stamped, written, read back and folded as ledger and fold do it, and nothing is stored.

use std::{collections::BTreeMap, sync::Arc};

use events::{
    Actor, AggregateId, Body, CaseId, CommandId, Digest, DocumentId, Draft, DutyId, EventId, Fact, Origin,
    Timestamp, Transition,
    envelope::{self, Stamp},
    terms::Deadline,
};
use uuid::Uuid;

use crate::{
    case::Case,
    decision::{Decision, Others, Registration},
    directory::{self, Directory, Rulebook},
    duties::{self, Duty},
    policy::Policy,
    stages,
};

/// The facts of some cases, and what is folded from them.
#[derive(Clone, Debug, Default)]
pub struct Paper {
    cases: Others,
    told: BTreeMap<CaseId, Told>,
    registered: BTreeMap<DocumentId, Registration>,
    duties: BTreeMap<DutyId, Duty>,
    duties_told: BTreeMap<DutyId, Told>,
    directory: Option<Directory>,
    directory_told: Told,
    rulebook: Rulebook,
    facts: u64,
}

/// The facts of a case, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// As they were read back.
    pub facts: Vec<Fact>,
    /// As they were written.
    pub stored: Vec<String>,
}

/// Who records a decision, when, and by which command.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// What the ledger's clock says.
    pub recorded_at: Timestamp,
    /// Who acts.
    pub actor: Actor,
    /// The command.
    pub command: CommandId,
    /// The digest of its canonical body; `None` for an automatic step.
    pub fingerprint: Option<Digest>,
    /// The version of the policy in force.
    pub policy_version: &'a str,
}

impl Paper {
    /// The cases as they stand.
    pub fn cases(&self) -> &Others {
        &self.cases
    }

    /// A case as it stands.
    pub fn case(&self, id: CaseId) -> Option<&Case> {
        self.cases.get(&id).map(AsRef::as_ref)
    }

    /// The facts of a case.
    pub fn told(&self, id: CaseId) -> Option<&Told> {
        self.told.get(&id)
    }

    /// The registration of a document.
    pub fn registration(&self, id: &DocumentId) -> Option<&Registration> {
        self.registered.get(id)
    }

    /// The registrations of all documents.
    pub fn registrations(&self) -> impl Iterator<Item = &Registration> {
        self.registered.values()
    }

    /// Registers a document that belongs to none of the cases.
    pub fn register(&mut self, registration: Registration) {
        self.registered.insert(registration.document.id(), registration);
    }

    /// A case is changed by hand, to what no fact makes.
    pub fn amend(&mut self, id: CaseId, change: impl FnOnce(&mut Case)) {
        if let Some(case) = self.cases.get_mut(&id) {
            change(Arc::make_mut(case));
        }
    }

    /// Records a decision: its fact, the fact that goes along with it on another case, and the document that it brings.
    ///
    /// # Errors
    /// A fact that cannot be written, read back, or folded: a fault of the rules.
    pub fn record(&mut self, case: CaseId, entry: &Entry<'_>, decision: Decision) -> Result<(), String> {
        let Decision { occurred_at, body, transition, deadlines, registers, along, acting } = decision;
        let actor = acting.map_or_else(|| entry.actor.clone(), |person| person.actor());
        let entry = &Entry { actor, ..entry.clone() };
        self.append(case, entry, occurred_at, body, transition, deadlines)?;
        if let Some(along) = along {
            let Decision { occurred_at, body, transition, deadlines, .. } = along.decision;
            self.append(along.case, entry, occurred_at, body, transition, deadlines)?;
        }
        if let Some(document) = registers {
            self.register(Registration { document });
        }
        Ok(())
    }

    fn append(
        &mut self,
        case: CaseId,
        entry: &Entry<'_>,
        occurred_at: Timestamp,
        body: Body,
        transition: Option<Transition>,
        deadlines: Vec<Deadline>,
    ) -> Result<(), String> {
        let told = self.told.entry(case).or_default();
        let draft = Draft {
            id: EventId::new(entry.recorded_at, random(&mut self.facts)),
            aggregate: AggregateId::Case(case),
            origin: entry.origin(occurred_at, told),
            body,
            transition,
            deadlines,
        };
        let kind = draft.body.kind();
        let fact = told.write(&draft, entry.recorded_at)?;
        let before = self.cases.get(&case).map(|case| Case::clone(case));
        let folded = stages::evolve(before, fact).map_err(|error| format!("{kind}: {error}"))?;
        self.cases.insert(case, Arc::new(folded));
        Ok(())
    }

    /// The duties as they stand.
    pub fn duties(&self) -> &BTreeMap<DutyId, Duty> {
        &self.duties
    }

    /// The facts of a duty.
    pub fn told_of_duty(&self, id: DutyId) -> Option<&Told> {
        self.duties_told.get(&id)
    }

    /// Records a decision on a duty.
    ///
    /// # Errors
    /// A fact that cannot be written, read back, or folded: a fault of the rules.
    pub fn record_on_duty(
        &mut self,
        duty: DutyId,
        entry: &Entry<'_>,
        decision: Decision,
    ) -> Result<(), String> {
        let actor = decision.acting.map_or_else(|| entry.actor.clone(), |person| person.actor());
        let entry = &Entry { actor, ..entry.clone() };
        let told = self.duties_told.entry(duty).or_default();
        let draft = Draft {
            id: EventId::new(entry.recorded_at, random(&mut self.facts)),
            aggregate: AggregateId::Duty(duty),
            origin: entry.origin(decision.occurred_at, told),
            body: decision.body,
            transition: None,
            deadlines: Vec::new(),
        };
        let kind = draft.body.kind();
        let fact = told.write(&draft, entry.recorded_at)?;
        let folded =
            duties::evolve(self.duties.remove(&duty), fact).map_err(|error| format!("{kind}: {error}"))?;
        self.duties.insert(duty, folded);
        Ok(())
    }

    /// The directory, once something was said to it.
    pub fn directory(&self) -> Option<&Directory> {
        self.directory.as_ref()
    }

    /// The facts of the directory.
    pub fn said_to_directory(&self) -> &Told {
        &self.directory_told
    }

    /// The policy in force at a time, if the directory says which.
    pub fn policy(&self, now: Timestamp) -> Option<&Arc<Policy>> {
        self.rulebook.at(now)
    }

    /// When another policy comes into force, or the directory has something to do by itself.
    pub fn next_of_directory(&self, now: Timestamp) -> Option<Timestamp> {
        let directory = self.directory.as_ref()?;
        let due = self.policy(now).and_then(|policy| directory::due(directory, now, policy));
        [due, self.rulebook.next_change(now)].into_iter().flatten().min()
    }

    /// Records a decision of the directory.
    ///
    /// # Errors
    /// A fact that cannot be written, read back, or folded: a fault of the rules.
    pub fn record_in_directory(&mut self, entry: &Entry<'_>, decision: Decision) -> Result<(), String> {
        let told = &mut self.directory_told;
        let draft = Draft {
            id: EventId::new(entry.recorded_at, random(&mut self.facts)),
            aggregate: AggregateId::Directory,
            origin: entry.origin(decision.occurred_at, told),
            body: decision.body,
            transition: None,
            deadlines: Vec::new(),
        };
        let kind = draft.body.kind();
        let fact = told.write(&draft, entry.recorded_at)?;
        let folded =
            directory::evolve(self.directory.take(), fact).map_err(|error| format!("{kind}: {error}"))?;
        self.rulebook = Rulebook::from_directory(&folded, u64::from(folded.version))
            .map_err(|error| error.to_string())?;
        self.directory = Some(folded);
        Ok(())
    }
}

/// What makes the next fact's id another one.
fn random(facts: &mut u64) -> [u8; 10] {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&facts.to_be_bytes());
    *facts += 1;
    random
}

impl Entry<'_> {
    fn origin(&self, occurred_at: Timestamp, told: &Told) -> Origin {
        Origin {
            occurred_at,
            actor: self.actor.clone(),
            command: self.command,
            fingerprint: self.fingerprint,
            correlation: Uuid::from_u128(1),
            causation: told.facts.last().map(|fact| fact.draft.id),
            policy_version: self.policy_version.to_owned(),
            basis: 0,
        }
    }
}

impl Told {
    /// Stamps a draft, writes it, and reads it back.
    fn write(&mut self, draft: &Draft, recorded_at: Timestamp) -> Result<&Fact, String> {
        let stamp = Stamp {
            version: self.facts.last().map_or(0, |fact| fact.version) + 1,
            recorded_at,
            previous: self.facts.last().map_or(Digest::ZERO, |fact| fact.digest),
        };
        let kind = draft.body.kind();
        let wrong = |what: &dyn std::fmt::Display| format!("{kind}: {what}");
        let json = draft.to_json().map_err(|error| wrong(&error))?;
        let bytes = envelope::stamp(&json, stamp).map_err(|error| wrong(&error))?;
        let fact = Fact::from_bytes(bytes.as_bytes()).map_err(|error| wrong(&error))?;
        if fact.draft != *draft {
            return Err(wrong(&"it is not read as it was written"));
        }
        self.stored.push(bytes);
        self.facts.push(fact);
        self.facts.last().ok_or_else(|| wrong(&"it is not there"))
    }
}
