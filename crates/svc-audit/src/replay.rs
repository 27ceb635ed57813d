//! Replay: the facts of the log, folded and shown as they stood at any moment; of a case, of a duty, of an agency, of a
//! period.

mod cases;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    io::Write,
    sync::Arc,
};

use bus::{
    Bus,
    access::Extent,
    log::{self, Entry, ReadError},
    streams::CASES,
};
use domain::{Rulebook, access::Principal, duties};
use events::{
    AgencyId, AggregateId, Body, CaseId, DelegationId, DutyId, Fact, Timestamp,
    directory::Delegation,
    envelope::{self, Link, Stamp},
};

use crate::{
    ahead::{Ahead, Stored},
    chain::{Broken, Chain},
    text,
};
pub(crate) use cases::Stands;
use cases::{Cases, Folded};

/// What to replay.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Of which cases and duties.
    pub scope: Scope,
    /// As of when the cases are folded.
    pub as_of: AsOf,
    /// Which of the facts are shown; the others are folded all the same.
    pub period: Period,
    /// JSON lines instead of text.
    pub json: bool,
    /// Colours, for a terminal.
    pub colour: bool,
}

/// Of which cases and duties.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Everything: all cases and duties, and the facts of documents and of the directory.
    #[default]
    All,
    /// One case.
    Case(CaseId),
    /// One regular duty.
    Duty(DutyId),
    /// The cases in which an agency takes part, from their first fact on, also where it joined later: as raiser or
    /// receiver, required, consulted, assigned, invited to the task force, asked for information or named in an
    /// instruction; for the standing body, those that went up. And the duties that it owes, is owed, or prepares.
    Agency(AgencyId),
}

/// As of when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AsOf {
    /// Everything that is recorded.
    #[default]
    Now,
    /// What was recorded by then: what the system knew.
    Recorded(Timestamp),
    /// What had happened by then, whenever it was recorded, in the order of the log. A timer's fact, dated at its due
    /// instant, may have been recorded after something that happened later: where it cannot follow on the state
    /// without that, it is shown and said to stand apart, and the case stands without it.
    Occurred(Timestamp),
}

/// A period of recorded time, without its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// The first instant.
    pub from: Option<Timestamp>,
    /// The first instant after it.
    pub to: Option<Timestamp>,
}

/// What a replay found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The facts that were shown.
    pub facts: u64,
    /// The cases that they belong to.
    pub cases: usize,
    /// The duties that they belong to.
    pub duties: usize,
    /// The facts among them that the state at an occurred time does not hold.
    pub apart: u64,
    /// The facts that do not follow on the one before, or cannot be folded.
    pub faults: u64,
}

/// How far a replay is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What is being done.
    pub doing: &'static str,
    /// The place in the log up to which it is done.
    pub sequence: u64,
    /// The place up to which it will be.
    pub last: u64,
}

/// Why a replay could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is no such case.
    #[error("there is no case {0} in the log: give its number (VV-2026-00001) or its id")]
    NoSuchCase(String),
    /// There is no such duty.
    #[error("there is no duty {0} in the log: give its number (BC-2026-05/SXD, GB-2026-05) or its id")]
    NoSuchDuty(String),
    /// Several duties have the number.
    #[error(
        "{code} is the number of several duties: add the agency ({code}/SXD), or give the id of one of them: {ids}"
    )]
    SeveralDuties {
        /// The number.
        code: String,
        /// Their ids, each with whose it is.
        ids: String,
    },
    /// There is no such agency, or it has no case.
    #[error(
        "{0} takes part in no case and no duty: give the code of an agency, as `GET /api/v1/directory` has it"
    )]
    NoSuchAgency(AgencyId),
    /// The output cannot be written.
    #[error("the output cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

impl Query {
    /// What of the log it reads, as that is written down in the record of access.
    pub fn extent(&self) -> Extent {
        let Period { from, to } = self.period;
        let mut extent = Extent { from, to, ..Extent::default() };
        match &self.scope {
            Scope::All => {}
            Scope::Case(case) => extent.case = Some(*case),
            Scope::Duty(duty) => extent.duty = Some(*duty),
            Scope::Agency(agency) => extent.agency = Some(agency.clone()),
        }
        match self.as_of {
            AsOf::Now => {}
            AsOf::Recorded(at) => extent.at = Some(at),
            AsOf::Occurred(at) => extent.occurred_at = Some(at),
        }
        extent
    }
}

impl AsOf {
    /// Whether a fact counts.
    fn includes(self, fact: &Fact) -> bool {
        match self {
            Self::Now => true,
            Self::Recorded(at) => fact.recorded_at <= at,
            Self::Occurred(at) => fact.origin().occurred_at <= at,
        }
    }
}

impl Period {
    /// Whether an instant lies in it.
    pub(crate) fn contains(self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

/// Reads the log, folds it, and writes what the query asks for. It sends nothing and changes nothing.
///
/// What it holds in memory is the newest link of each aggregate, and the cases that were touched of late.
pub async fn replay(
    bus: &Bus,
    query: &Query,
    out: &mut (impl Write + Send),
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Summary, ReplayError> {
    let last = log::last_sequence(bus, CASES).await?;
    let mut reading = match &query.scope {
        Scope::All => Ahead::of(bus, ">".to_owned(), last, |_| true),
        // Without documents, whose chains are their own.
        Scope::Case(case) => Ahead::of(bus, AggregateId::Case(*case).subject(), last, |_| true),
        Scope::Duty(duty) => Ahead::of(bus, AggregateId::Duty(*duty).subject(), last, |_| true),
        Scope::Agency(agency) => {
            let theirs = of_agency(bus, agency, query.as_of, last, &mut progress).await?;
            Ahead::of(bus, ">".to_owned(), last, move |subject| theirs.contains(subject))
        }
    };
    let mut folding = Folding::new(bus, query.as_of);
    let mut summary = Summary::default();
    let (mut shown, mut duties_shown) = (BTreeSet::new(), BTreeSet::new());
    let mut printer = text::Printer::new(query.colour, delegations(bus).await?);
    while let Some(batch) = reading.next().await? {
        for Stored { entry, fact } in &batch.stored {
            let (fact, folded) = match folding.take(entry, fact.as_ref()).await? {
                Taken::Later => continue,
                Taken::Broken(why) => {
                    summary.faults += 1;
                    writeln!(out, "!! {} at {}: {why}", entry.subject, entry.sequence)?;
                    continue;
                }
                Taken::Folded(fact, folded) => (fact, folded),
            };
            if !query.period.contains(fact.recorded_at) {
                continue;
            }
            let (stands, apart) = match folded {
                Folded::In(stands) => (stands, None),
                Folded::Apart(why, stands) => (stands, Some(why.to_string())),
            };
            summary.facts += 1;
            summary.apart += u64::from(apart.is_some());
            match fact.draft.aggregate {
                AggregateId::Case(id) => drop(shown.insert(id)),
                AggregateId::Duty(id) => drop(duties_shown.insert(id)),
                AggregateId::Directory | AggregateId::Document(_) => {}
            }
            if query.json {
                write_json(out, entry, stands, apart.is_some())?;
            } else {
                printer.fact(out, fact, stands, apart.as_deref())?;
            }
        }
        folding.cases.let_go(&shown, (!query.json).then_some(&printer))?;
        progress(Progress { doing: "replaying", sequence: batch.read, last });
    }
    (summary.cases, summary.duties) = (shown.len(), duties_shown.len());
    if !query.json {
        for case in &shown {
            folding.cases.write(case, &printer, out)?;
        }
        for duty in duties_shown.iter().filter_map(|id| folding.cases.duty(*id)) {
            printer.duty(out, duty)?;
        }
        printer.summary(out, &summary, query)?;
    }
    Ok(summary)
}

/// The subjects of all cases.
const CASES_OF_ALL: &str = "case.>";

/// The subjects of all duties.
const DUTIES_OF_ALL: &str = "duty.>";

/// Chain, cases and duties, as far as the log was read.
struct Folding<'a> {
    chain: Chain,
    cases: Cases<'a>,
    as_of: AsOf,
}

/// What became of a stored fact.
enum Taken<'a> {
    /// It was not yet there at the time asked for.
    Later,
    /// It does not follow, or cannot be read or folded.
    Broken(String),
    /// It is folded.
    Folded(&'a Fact, Folded<'a>),
}

impl<'a> Folding<'a> {
    fn new(bus: &'a Bus, as_of: AsOf) -> Self {
        Self { chain: Chain::default(), cases: Cases::new(bus, as_of), as_of }
    }

    async fn take<'b>(
        &'b mut self,
        entry: &Entry,
        fact: Result<&'b Fact, &events::Unreadable>,
    ) -> Result<Taken<'b>, ReadError> {
        let linked = match &fact {
            Ok(fact) => self.chain.link(&entry.subject, &link_of(fact)),
            // What of it can be read at all is followed, so that what comes after is not blamed.
            Err(_) => envelope::link(&entry.payload)
                .map_err(Broken::from)
                .and_then(|link| self.chain.link(&entry.subject, &link)),
        };
        let fact = match (linked, fact) {
            (Ok(()), Ok(fact)) => fact,
            (Err(broken), _) => return Ok(Taken::Broken(broken.to_string())),
            (Ok(()), Err(unreadable)) => return Ok(Taken::Broken(unreadable.to_string())),
        };
        if !self.as_of.includes(fact) {
            return Ok(Taken::Later);
        }
        Ok(match self.cases.fold(entry.sequence, fact).await? {
            Ok(folded) => Taken::Folded(fact, folded),
            Err(broken) => Taken::Broken(broken.to_string()),
        })
    }
}

fn link_of(fact: &Fact) -> Link {
    Link {
        id: fact.draft.id,
        kind: fact.body().kind(),
        aggregate: fact.draft.aggregate,
        stamp: Stamp { version: fact.version, recorded_at: fact.recorded_at, previous: fact.previous },
        digest: fact.digest,
    }
}

/// The subjects of the cases and duties in which an agency takes part, as they stand at the time asked for. One that cannot
/// be read is among them: nobody can say that the agency has no part in it.
async fn of_agency(
    bus: &Bus,
    agency: &AgencyId,
    as_of: AsOf,
    last: u64,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<HashSet<String>, ReplayError> {
    let mut theirs = BTreeSet::from([Principal::Agency(agency.clone())]);
    if is_standing_body(bus, agency).await? {
        theirs.insert(Principal::StandingBody);
    }
    let (mut found, mut unreadable) = (HashSet::new(), HashSet::new());
    let mut folding = Folding::new(bus, as_of);
    let of_either = |subject: &str| subject.starts_with("case.") || subject.starts_with("duty.");
    let mut reading = Ahead::of(bus, ">".to_owned(), last, of_either);
    while let Some(batch) = reading.next().await? {
        for Stored { entry, fact } in &batch.stored {
            match folding.take(entry, fact.as_ref()).await? {
                Taken::Broken(_) => drop(unreadable.insert(entry.subject.clone())),
                Taken::Folded(_, Folded::In(Some(stands))) if !stands.audience().is_disjoint(&theirs) => {
                    found.insert(entry.subject.clone());
                }
                // An agency that leaves a case or a duty has no part in it.
                Taken::Folded(_, Folded::In(Some(_))) => drop(found.remove(&entry.subject)),
                Taken::Folded(..) | Taken::Later => {}
            }
        }
        folding.cases.let_go(&BTreeSet::new(), None)?;
        progress(Progress { doing: "looking for the cases", sequence: batch.read, last });
    }
    if found.is_empty() {
        return Err(ReplayError::NoSuchAgency(agency.clone()));
    }
    found.extend(unreadable);
    Ok(found)
}

/// Whether an agency is the standing body by some policy that was published.
async fn is_standing_body(bus: &Bus, agency: &AgencyId) -> Result<bool, ReadError> {
    let unread = |reason: String| ReadError::Refused { stream: CASES, reason };
    let directory = bus::read_directory(bus, None).await.map_err(|refusal| unread(refusal.en))?;
    let Some(loaded) = directory else { return Ok(false) };
    let rules = Rulebook::from_directory(&loaded.it, loaded.sequence);
    let rules = rules.map_err(|error| unread(error.to_string()))?;
    let published = loaded.it.policies.iter().filter_map(|published| rules.at(published.in_force));
    Ok(published.map(Arc::as_ref).any(|policy| policy.agreement.standing_body == *agency))
}

/// Every delegation of the directory, by which an act says in whose name it was done.
async fn delegations(bus: &Bus) -> Result<BTreeMap<DelegationId, Delegation>, ReplayError> {
    let subject = AggregateId::Directory.subject();
    let mut found = BTreeMap::new();
    let mut next = 1;
    loop {
        let entries = log::read(bus, CASES, next, &subject).await?;
        for entry in &entries {
            // What is damaged is told where the log itself is shown.
            let Ok(fact) = Fact::from_bytes(&entry.payload) else { continue };
            let granted: Vec<Delegation> = match fact.draft.body {
                Body::DelegationGranted(said) => vec![said.delegation],
                Body::DelegationsPassed(said) => {
                    said.delegations.into_iter().filter_map(|each| each.next).collect()
                }
                _ => Vec::new(),
            };
            found.extend(granted.into_iter().map(|each| (each.id, each)));
        }
        match entries.last() {
            Some(last) if entries.len() >= log::BATCH => next = last.sequence + 1,
            _ => return Ok(found),
        }
    }
}

/// One line for each fact: its place, its exact bytes, and the state that it left; of one that stands apart that too.
fn write_json(
    out: &mut impl Write,
    entry: &Entry,
    stands: Option<Stands<'_>>,
    apart: bool,
) -> std::io::Result<()> {
    let state = match stands {
        Some(Stands::Case(case)) => serde_json::to_string(&case.lifecycle)?,
        Some(Stands::Duty(duty)) => serde_json::to_string(&duty.state().0)?,
        None => "null".to_owned(),
    };
    let apart = if apart { "\"apart\":true," } else { "" };
    write!(out, "{{\"sequence\":{},\"state\":{state},{apart}\"fact\":", entry.sequence)?;
    out.write_all(&entry.payload)?;
    writeln!(out, "}}")
}

/// A case by its id or its number.
pub async fn find(bus: &Bus, name: &str) -> Result<CaseId, ReplayError> {
    let none = || ReplayError::NoSuchCase(name.to_owned());
    if let Ok(id) = name.parse::<CaseId>() {
        let facts = log::read(bus, CASES, 1, &AggregateId::Case(id).subject()).await?;
        return if facts.is_empty() { Err(none()) } else { Ok(id) };
    }
    let name = name.to_uppercase();
    // Most facts do not hold the number at all, and need not be parsed to see that.
    let holds = |entry: &Entry| str::from_utf8(&entry.payload).is_ok_and(|text| text.contains(&name));
    let mut next = 1;
    loop {
        let entries = log::read(bus, CASES, next, CASES_OF_ALL).await?;
        for entry in entries.iter().filter(|entry| holds(entry)) {
            let Ok(fact) = Fact::from_bytes(&entry.payload) else { continue };
            if let (Body::Numbered(numbered), AggregateId::Case(id)) = (fact.body(), fact.draft.aggregate)
                && numbered.code.as_str() == name
            {
                return Ok(id);
            }
        }
        match entries.last() {
            Some(last) if entries.len() >= log::BATCH => next = last.sequence + 1,
            _ => return Err(none()),
        }
    }
}

/// A duty by its id, or by its number where only one has that.
pub async fn find_duty(bus: &Bus, name: &str) -> Result<DutyId, ReplayError> {
    let none = || ReplayError::NoSuchDuty(name.to_owned());
    let by_id = name.parse::<DutyId>().ok();
    if let Some(id) = by_id.or_else(|| duties::called(&name.to_uppercase())) {
        let facts = log::read_at_most(bus, CASES, 1, &AggregateId::Duty(id).subject(), 1).await?;
        if !facts.is_empty() {
            return Ok(id);
        }
        if by_id.is_some() {
            return Err(none());
        }
    }
    let name = name.to_uppercase();
    let mut found = Vec::new();
    let mut next = 1;
    loop {
        let entries = log::read(bus, CASES, next, DUTIES_OF_ALL).await?;
        // The first fact says the number.
        let begun = entries.iter().filter_map(|entry| Fact::from_bytes(&entry.payload).ok());
        let begun = begun.filter(|fact| fact.version == 1);
        found
            .extend(begun.filter_map(|fact| duties::evolve(None, &fact).ok()).filter(|it| it.code() == name));
        match entries.last() {
            Some(last) if entries.len() >= log::BATCH => next = last.sequence + 1,
            _ => break,
        }
    }
    match found.as_slice() {
        [] => Err(none()),
        [one] => Ok(one.id),
        several => {
            let told = several.iter().map(|duty| format!("{} of {}", duty.id, duty.agency()));
            Err(ReplayError::SeveralDuties { code: name, ids: told.collect::<Vec<_>>().join("; ") })
        }
    }
}
