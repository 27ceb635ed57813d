//! Replay: the facts of the log, or of one case, folded and shown as they stood at any moment.

use std::{collections::BTreeMap, io::Write};

use bus::{
    Bus,
    log::{self, Entry, ReadError},
    streams::CASES,
};
use domain::Case;
use events::{AggregateId, Body, CaseId, DelegationId, Fact, Timestamp, directory::Delegation};

use crate::{chain::Chain, text};

/// What to replay.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Only this case: its id, or its number.
    pub case: Option<String>,
    /// Only what had been recorded by then.
    pub at: Option<Timestamp>,
    /// JSON lines instead of text.
    pub json: bool,
    /// Colours, for a terminal.
    pub colour: bool,
}

/// What a replay found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The facts that were shown.
    pub facts: u64,
    /// The cases that they belong to.
    pub cases: usize,
    /// The facts that do not follow on the one before, or cannot be folded.
    pub faults: u64,
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
    /// The output cannot be written.
    #[error("the output cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

/// Reads the log, folds it, and writes what the query asks for.
pub async fn replay(bus: &Bus, query: &Query, out: &mut (impl Write + Send)) -> Result<Summary, ReplayError> {
    let only = match &query.case {
        None => None,
        Some(name) => Some(find(bus, name).await?),
    };
    // One case is read by its own subject; without documents, whose chains are their own.
    let subject = only.map_or_else(|| ">".to_owned(), |case| AggregateId::Case(case).subject());
    let mut chain = Chain::default();
    let mut cases: BTreeMap<CaseId, Case> = BTreeMap::new();
    let mut summary = Summary::default();
    let mut printer = text::Printer::new(query.colour, delegations(bus).await?);
    let mut next = 1;
    loop {
        let entries = log::read(bus, CASES, next, &subject).await?;
        let Some(last) = entries.last() else { break };
        next = last.sequence + 1;
        let more = entries.len() >= log::BATCH;
        for entry in &entries {
            let linked = chain.follow(entry);
            let fact = match linked.and_then(|()| Ok(Fact::from_bytes(&entry.payload)?)) {
                Ok(fact) => fact,
                Err(broken) => {
                    summary.faults += 1;
                    writeln!(out, "!! {} at {}: {broken}", entry.subject, entry.sequence)?;
                    continue;
                }
            };
            if query.at.is_some_and(|at| fact.recorded_at > at) {
                continue;
            }
            summary.facts += 1;
            let case = match fold(&mut cases, &fact) {
                Ok(case) => case,
                Err(broken) => {
                    summary.faults += 1;
                    writeln!(out, "!! {} at {}: {broken}", entry.subject, entry.sequence)?;
                    continue;
                }
            };
            if query.json {
                write_json(out, entry, case)?;
            } else {
                printer.fact(out, &fact, case)?;
            }
        }
        if !more {
            break;
        }
    }
    summary.cases = cases.len();
    if !query.json {
        for case in cases.values() {
            printer.case(out, case)?;
        }
        printer.summary(out, &summary, query.at)?;
    }
    Ok(summary)
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

fn fold<'a>(
    cases: &'a mut BTreeMap<CaseId, Case>,
    fact: &Fact,
) -> Result<Option<&'a Case>, domain::OutOfOrder> {
    let AggregateId::Case(id) = fact.draft.aggregate else { return Ok(None) };
    let folded = domain::evolve(cases.remove(&id), fact)?;
    Ok(Some(cases.entry(id).or_insert(folded)))
}

/// One line for each fact: its place, its exact bytes, and the state that it left.
fn write_json(out: &mut impl Write, entry: &Entry, case: Option<&Case>) -> std::io::Result<()> {
    let state = serde_json::to_string(&case.map(|case| case.lifecycle))?;
    write!(out, "{{\"sequence\":{},\"state\":{state},\"fact\":", entry.sequence)?;
    out.write_all(&entry.payload)?;
    writeln!(out, "}}")
}

/// A case by its id or its number.
pub(crate) async fn find(bus: &Bus, name: &str) -> Result<CaseId, ReplayError> {
    if let Ok(id) = name.parse::<CaseId>() {
        let facts = log::read(bus, CASES, 1, &AggregateId::Case(id).subject()).await?;
        return if facts.is_empty() { Err(ReplayError::NoSuchCase(name.to_owned())) } else { Ok(id) };
    }
    let mut next = 1;
    loop {
        let entries = log::read(bus, CASES, next, "case.>").await?;
        for entry in &entries {
            let Ok(fact) = Fact::from_bytes(&entry.payload) else { continue };
            if let (Body::Numbered(numbered), AggregateId::Case(id)) = (fact.body(), fact.draft.aggregate)
                && numbered.code.as_str().eq_ignore_ascii_case(name)
            {
                return Ok(id);
            }
        }
        match entries.last() {
            Some(last) if entries.len() >= log::BATCH => next = last.sequence + 1,
            _ => return Err(ReplayError::NoSuchCase(name.to_owned())),
        }
    }
}
