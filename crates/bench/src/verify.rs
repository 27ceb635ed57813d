//! Afterwards: the whole log is read, every chain followed, every case folded and compared with what the API shows.

use std::collections::{HashMap, HashSet};

use bus::{Bus, log, streams::CASES};
use domain::Case;
use events::{AggregateId, CaseId, Digest, EventId, Fact, Lifecycle, envelope};
use serde::Deserialize;

use crate::{
    Failure,
    http::{Line, read_as},
    load::Played,
    system::System,
};

/// At most so many faults are shown.
const SHOWN: usize = 10;

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// The facts of the log.
    pub facts: u64,
    /// The cases that were folded.
    pub cases: usize,
    /// The confirmed facts that stand in the log exactly once.
    pub confirmed: usize,
    /// The cases that the API shows as they were folded.
    pub shown: usize,
    /// How many faults there were.
    pub faults: u64,
    /// Some of them.
    pub examples: Vec<String>,
}

impl Verified {
    /// What a person reads.
    pub fn lines(&self) -> Vec<String> {
        let Self { facts, cases, confirmed, shown, faults, examples } = self;
        let found = format!(
            "    verified: {facts} facts, {cases} cases folded, {shown} shown alike, {confirmed} confirmed facts found \
             once; {faults} faults"
        );
        let examples = examples.iter().map(|fault| format!("      {fault}"));
        std::iter::once(found).chain(examples).collect()
    }

    fn fault(&mut self, what: String) {
        self.faults += 1;
        if self.examples.len() < SHOWN {
            self.examples.push(what);
        }
    }
}

/// The log as it was read.
#[derive(Default)]
struct Log {
    heads: HashMap<AggregateId, (u32, Digest)>,
    cases: HashMap<CaseId, Case>,
    events: HashMap<EventId, u32>,
}

/// Verifies every case of a run.
pub async fn verify(system: &System, token: &str, played: &Played) -> Result<Verified, Failure> {
    let bus = system.connect(bus::Principal::Views).await?;
    let mut verified = Verified::default();
    let log = read(&bus, &mut verified).await?;
    verified.cases = log.cases.len();
    let mut seen = HashSet::new();
    for event in &played.events {
        match log.events.get(event) {
            Some(1) if seen.insert(*event) => verified.confirmed += 1,
            Some(1) => verified.fault(format!("{event} was given as the result of two acts")),
            times => verified.fault(format!("{event} was confirmed and stands {times:?} times in the log")),
        }
    }
    for (id, finished) in &played.cases {
        match log.cases.get(id) {
            None => verified.fault(format!("case {id} was confirmed and is not in the log")),
            Some(case) if *finished && case.lifecycle != Lifecycle::Closed => {
                verified.fault(format!("case {id} is {:?}, not closed", case.lifecycle));
            }
            Some(_) => {}
        }
    }
    compare(system, token, &log, &mut verified).await?;
    Ok(verified)
}

/// Reads the whole log.
async fn read(bus: &Bus, verified: &mut Verified) -> Result<Log, Failure> {
    let mut read = Log::default();
    let mut next = 1;
    loop {
        let entries = log::read(bus, CASES, next, ">").await?;
        let Some(last) = entries.last() else { return Ok(read) };
        next = last.sequence + 1;
        for entry in &entries {
            verified.facts += 1;
            if let Err(fault) = read.follow(&entry.subject, &entry.payload) {
                verified.fault(format!("fact {} ({}): {fault}", entry.sequence, entry.subject));
            }
        }
    }
}

impl Log {
    /// Follows the chain of each aggregate, and folds the cases.
    fn follow(&mut self, subject: &str, bytes: &[u8]) -> Result<(), String> {
        let link = envelope::link(bytes).map_err(|error| error.to_string())?;
        if link.aggregate.subject() != subject {
            return Err("it stands under another subject".to_owned());
        }
        let (version, digest) = self.heads.get(&link.aggregate).copied().unwrap_or((0, Digest::ZERO));
        self.heads.insert(link.aggregate, (link.stamp.version, link.digest));
        if (link.stamp.version, link.stamp.previous) != (version + 1, digest) {
            return Err(format!("it does not follow on version {version}"));
        }
        let fact = Fact::from_bytes(bytes).map_err(|error| error.to_string())?;
        *self.events.entry(fact.draft.id).or_default() += 1;
        if let AggregateId::Case(id) = link.aggregate {
            let case = domain::evolve(self.cases.remove(&id), &fact).map_err(|error| error.to_string())?;
            self.cases.insert(id, case);
        }
        Ok(())
    }
}

/// What the API shows of a case, as far as it is compared.
#[derive(Deserialize)]
struct Shown {
    id: CaseId,
    version: u32,
    state: Lifecycle,
    code: Option<events::CaseCode>,
}

/// Compares every case with what the API shows.
async fn compare(system: &System, token: &str, log: &Log, verified: &mut Verified) -> Result<(), Failure> {
    let mut line = Line::open(system.api).await?;
    for case in log.cases.values() {
        let answer = line.exchange(&read_as(token, &format!("/api/v1/cases/{}", case.id))).await?;
        if answer.status != 200 {
            verified.fault(format!("case {} is answered with {}", case.id, answer.status));
            continue;
        }
        let shown: Shown = serde_json::from_slice(answer.body)?;
        if (shown.id, shown.version, shown.state) == (case.id, case.version, case.lifecycle)
            && shown.code == case.code
        {
            verified.shown += 1;
        } else {
            verified.fault(format!(
                "case {} is shown in version {} as {:?}, and folded to version {} as {:?}",
                case.id, shown.version, shown.state, case.version, case.lifecycle
            ));
        }
    }
    Ok(())
}
