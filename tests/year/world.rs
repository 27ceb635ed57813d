//! The world as the log tells it: each day's new facts and mails are read from the streams and folded here, apart from
//! the services.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bus::{
    Bus,
    log::{self, Entry},
    outbox::{EntryId, Record, State},
    streams::{CASES, OUTBOX},
};
use chrono::{Datelike as _, TimeDelta};
use domain::{Case, Directory, Policy, Rulebook, calendar, duties, duties::Duty};
use events::{
    AgencyId, AggregateId, Body, CaseCode, CaseId, Digest, DutyId, Fact, Kind, Timestamp,
    coordination::Closes, duty::ClockOverdue, terms::Overdue,
};

/// What was passed on from an agency that has ended to its successor.
#[derive(Clone, Copy, Debug, Default)]
pub struct Passed {
    /// Cases.
    pub cases: usize,
    /// Reports.
    pub reports: usize,
    /// Briefings.
    pub briefings: usize,
    /// Projects.
    pub projects: usize,
    /// Delegations.
    pub delegations: usize,
}

/// A mail of the outbox.
#[derive(Debug)]
pub struct Letter {
    /// Its template.
    pub template: String,
    /// Whether nothing more is to become of it.
    pub ended: bool,
    /// When it goes out with others.
    pub digest_at: Option<Timestamp>,
}

/// What the log says so far.
#[derive(Debug, Default)]
pub struct World {
    next: u64,
    next_mail: u64,
    heads: HashMap<AggregateId, (u32, Digest)>,
    /// The cases.
    pub cases: BTreeMap<CaseId, Case>,
    /// The duties.
    pub duties: BTreeMap<DutyId, Duty>,
    /// The directory.
    pub directory: Option<Directory>,
    rules: Rulebook,
    /// The cases raised in each year, in the order of the log.
    ranks: HashMap<i32, u32>,
    /// The number that each case must get.
    pub numbers: BTreeMap<CaseId, CaseCode>,
    /// How many facts there are.
    pub facts: usize,
    /// How many of each kind.
    pub kinds: BTreeMap<Kind, usize>,
    /// How long it took until the lead acknowledged, for each case.
    pub acknowledged: BTreeMap<CaseId, TimeDelta>,
    /// The cases in which the sides disagreed.
    pub disputed: BTreeSet<CaseId>,
    /// What the successors took over.
    pub passed: BTreeMap<(AgencyId, AgencyId), Passed>,
    /// The mails.
    pub letters: BTreeMap<EntryId, Letter>,
    /// What is wrong, in words.
    pub faults: Vec<String>,
}

impl World {
    /// Reads what is new.
    pub async fn catch_up(&mut self, bus: &Bus) {
        for entry in new(bus, CASES, &mut self.next).await {
            if let Err(words) = self.take(&entry) {
                self.faults.push(format!("fact {}: {words}", entry.sequence));
            }
        }
        for entry in new(bus, OUTBOX, &mut self.next_mail).await {
            let record: Record = serde_json::from_slice(&entry.payload).expect("a record of the outbox");
            self.mail(record);
        }
    }

    /// The policy in force at a time.
    pub fn policy(&self, at: Timestamp) -> &Policy {
        self.rules.at(at).expect("a published policy")
    }

    fn take(&mut self, entry: &Entry) -> Result<(), String> {
        let fact = Fact::from_bytes(&entry.payload).map_err(|error| error.to_string())?;
        let aggregate = fact.draft.aggregate;
        if aggregate.subject() != entry.subject {
            return Err(format!("it stands under {}", entry.subject));
        }
        let head = (fact.version, Digest::of(&entry.payload));
        let (version, previous) = self.heads.insert(aggregate, head).unwrap_or((0, Digest::ZERO));
        if (fact.version, fact.previous) != (version + 1, previous) {
            return Err(format!("version {} of {aggregate:?} does not follow on {version}", fact.version));
        }
        self.facts += 1;
        *self.kinds.entry(fact.body().kind()).or_default() += 1;
        self.recorded_when_due(&fact)?;
        match aggregate {
            AggregateId::Case(id) => self.case(id, &fact),
            AggregateId::Duty(id) => self.duty(id, &fact),
            AggregateId::Directory => self.directory(&fact, entry.sequence),
            AggregateId::Document(_) => Ok(()),
        }
    }

    /// What a clock makes the process record is recorded at the very instant at which it is due; the first level when the
    /// thing itself is.
    fn recorded_when_due(&self, fact: &Fact) -> Result<(), String> {
        let (at, recorded) = (fact.origin().occurred_at, fact.recorded_at);
        let words = |due: Timestamp| {
            format!("{}, due {due}, happened at {at} and was recorded at {recorded}", fact.body().kind())
        };
        let (level, due, armed_at) = match (fact.body(), fact.draft.aggregate) {
            (
                Body::ConfirmationOverdue(said)
                | Body::RoutingOverdue(said)
                | Body::CoordinationOverdue(said)
                | Body::TaskforceOverdue(said)
                | Body::EscalationOverdue(said)
                | Body::ClosureOverdue(said),
                AggregateId::Case(id),
            ) => (u32::from(said.level), said.due, self.armed_in(id, said)),
            (
                Body::ReportingOverdue(said) | Body::BriefingOverdue(said) | Body::ProjectOverdue(said),
                AggregateId::Duty(id),
            ) => (said.level, said.due, self.armed_of(id, said)),
            _ => return Ok(()),
        };
        let armed_at = armed_at.ok_or_else(|| format!("no clock runs for {}", words(due)))?;
        let early = recorded < due || at < due;
        let first = level == 1 && at != due;
        // What was armed when it was past already is recorded at once.
        let late = recorded != at && armed_at <= at;
        if early || first || late { Err(words(due)) } else { Ok(()) }
    }

    fn armed_in(&self, id: CaseId, said: &Overdue) -> Option<Timestamp> {
        let armed = domain::deadlines::find(self.cases.get(&id)?, said.key, said.instance)?;
        Some(armed.armed_at)
    }

    fn armed_of(&self, id: DutyId, said: &ClockOverdue) -> Option<Timestamp> {
        let mut running = self.duties.get(&id)?.running();
        let same = |clock: &events::duty::Clock| (clock.key, clock.instance) == (said.key, said.instance);
        running.find(|(running, _)| same(&running.clock)).map(|(running, _)| running.armed_at)
    }

    fn case(&mut self, id: CaseId, fact: &Fact) -> Result<(), String> {
        let at = fact.origin().occurred_at;
        match fact.body() {
            Body::RaisedByPhone(_) | Body::RaisedInWriting(_) => {
                let year = calendar::local_date(at).year();
                let rank = self.ranks.entry(year).or_default();
                *rank += 1;
                self.numbers.insert(id, CaseCode::new(year, *rank));
            }
            Body::AssignmentAcknowledged(said) => self.acknowledge(id, said.assignment, at),
            Body::DisagreementDeclared(_) => {
                self.disputed.insert(id);
            }
            Body::PositionRecorded(said) if matches!(said.closes, Some(Closes::Disputed)) => {
                self.disputed.insert(id);
            }
            Body::DutiesTransferred(said) => self.passed(&said.from, &said.to).cases += 1,
            _ => {}
        }
        let case = domain::evolve(self.cases.remove(&id), fact).map_err(|error| error.to_string())?;
        self.cases.insert(id, case);
        Ok(())
    }

    /// The first time that the lead of a case acknowledges.
    fn acknowledge(&mut self, id: CaseId, assignment: u32, at: Timestamp) {
        let Some(case) = self.cases.get(&id) else { return };
        let said = case.assignments.iter().find(|assigned| assigned.assignment.number == assignment);
        if said.is_some_and(|assigned| assigned.assignment.lead) {
            let routed = case.history.iter().find(|each| each.kind == Kind::CaseRouted);
            let waited = routed.map(|routed| at - routed.at).unwrap_or_default();
            self.acknowledged.entry(id).or_insert(waited);
        }
    }

    fn duty(&mut self, id: DutyId, fact: &Fact) -> Result<(), String> {
        match fact.body() {
            Body::ReportTransferred(said) => self.passed(&said.from, &said.to).reports += 1,
            Body::BriefingTransferred(said) => self.passed(&said.from, &said.to).briefings += 1,
            Body::ProjectTransferred(said) => self.passed(&said.from, &said.to).projects += 1,
            _ => {}
        }
        let duty = duties::evolve(self.duties.remove(&id), fact).map_err(|error| error.to_string())?;
        self.duties.insert(id, duty);
        Ok(())
    }

    fn directory(&mut self, fact: &Fact, sequence: u64) -> Result<(), String> {
        if let Body::DelegationsPassed(said) = fact.body() {
            self.passed(&said.from, &said.to).delegations += said.delegations.len();
        }
        let directory =
            domain::directory::evolve(self.directory.take(), fact).map_err(|error| error.to_string())?;
        self.rules = Rulebook::from_directory(&directory, sequence).map_err(|error| error.to_string())?;
        self.directory = Some(directory);
        Ok(())
    }

    fn passed(&mut self, from: &AgencyId, to: &AgencyId) -> &mut Passed {
        self.passed.entry((from.clone(), to.clone())).or_default()
    }

    fn mail(&mut self, record: Record) {
        let ended = matches!(
            record.state,
            State::Sent { .. } | State::Gathered { .. } | State::Refused { .. } | State::GivenUp { .. }
        );
        let letter = self.letters.entry(record.entry).or_insert(Letter {
            template: String::new(),
            ended,
            digest_at: None,
        });
        letter.ended = ended;
        if let State::Queued { notice, digest_at } = record.state {
            (letter.template, letter.digest_at) = (notice.template, digest_at);
        }
    }
}

/// Every message of a stream from a place on, which moves behind them.
async fn new(bus: &Bus, stream: &'static str, next: &mut u64) -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let read = log::read(bus, stream, *next, ">").await.expect("the stream can be read");
        let Some(last) = read.last() else { return all };
        *next = last.sequence + 1;
        all.extend(read);
    }
}
