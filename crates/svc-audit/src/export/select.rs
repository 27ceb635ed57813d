//! Which messages go into an export, and what is learned from them on the way: attachments, and what the pages tell.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    sync::Arc,
};

use bus::{
    Bus,
    access::Access,
    log::{self, Entry},
    outbox::About,
    streams::{ACCESS, CASES, OUTBOX},
};
use domain::{Directory, Policy, directory::Rulebook};
use events::{AggregateId, Body, Digest, DocumentId, Fact, Timestamp};
use proof::checkpoint::Signed;
use serde::Deserialize;

use super::{ExportError, Facts, MOST_PAGES, Progress, story};
use crate::format::Scope;

/// Which messages of a log are in an export.
pub(super) enum Held {
    /// All, so many.
    All(u64),
    /// These.
    Some(Vec<u64>),
}

impl Held {
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::All(size) => *size,
            Self::Some(sequences) => sequences.len() as u64,
        }
    }
}

/// What is learned from the messages.
pub(super) struct Gathered {
    /// The files that the facts name.
    pub(super) attachments: BTreeSet<Digest>,
    /// The documents that the facts of a case, or of a duty, bring.
    documents: BTreeSet<DocumentId>,
    directory: Option<Directory>,
    /// The facts of each case and duty, as long as they are few enough for pages.
    facts: Option<Facts>,
    basis: u64,
    /// The number that was given last: of the only case or duty, in an export of one.
    pub(super) code: Option<String>,
}

impl Default for Gathered {
    fn default() -> Self {
        let facts = Some(Facts::new());
        Self {
            attachments: BTreeSet::new(),
            documents: BTreeSet::new(),
            directory: None,
            facts,
            basis: 0,
            code: None,
        }
    }
}

impl Gathered {
    /// Looks at a fact on its way into the export. What cannot be read is verify's to tell.
    fn see(&mut self, entry: &Entry) {
        let Ok(fact) = Fact::from_bytes(&entry.payload) else { return };
        if let Some(document) = fact.body().document() {
            self.attachments.extend(document.attachments.iter().map(|file| file.sha256));
            self.documents.insert(document.id());
        }
        let aggregate = fact.draft.aggregate;
        match aggregate {
            AggregateId::Directory => {
                if let Ok(directory) = domain::directory::evolve(self.directory.take(), &fact) {
                    self.directory = Some(directory);
                    self.basis = entry.sequence;
                }
            }
            AggregateId::Case(_) | AggregateId::Duty(_) => {
                if let Some(code) = code(&fact) {
                    self.code = Some(code);
                }
                if let Some(facts) = &mut self.facts {
                    facts.entry(aggregate).or_default().push(Arc::new(fact));
                }
                if self.facts.as_ref().is_some_and(|facts| facts.len() > MOST_PAGES) {
                    self.facts = None;
                }
            }
            AggregateId::Document(_) => {}
        }
    }

    /// The pages for people: one for each case and duty whose story is there from its beginning.
    pub(super) fn pages(&self, newest: &Signed) -> Result<Vec<(String, String)>, ExportError> {
        let at = newest.checkpoint.at;
        let rulebook =
            self.directory.as_ref().and_then(|known| Rulebook::from_directory(known, self.basis).ok());
        let policy: Option<Arc<Policy>> = rulebook.and_then(|rulebook| rulebook.at(at).cloned());
        let whole = self
            .facts
            .iter()
            .flatten()
            .filter(|(_, facts)| facts.first().is_some_and(|fact| fact.version == 1));
        let (duties, cases): (Vec<_>, Vec<_>) =
            whole.partition(|(aggregate, _)| matches!(aggregate, AggregateId::Duty(_)));
        let mut pages = Vec::new();
        for (number, (_, facts)) in (1..).zip(&cases) {
            let page = story::of_case(facts, policy.as_deref(), newest)?;
            pages.push((format!("cases/{number:03}.html"), page));
        }
        for (number, (_, facts)) in (1..).zip(&duties) {
            let page = story::of_duty(facts, policy.as_deref(), newest)?;
            pages.push((format!("duties/{number:03}.html"), page));
        }
        Ok(pages)
    }
}

/// The number that a fact gives to the case or duty that it is about.
fn code(fact: &Fact) -> Option<String> {
    match (fact.body(), fact.draft.aggregate) {
        (Body::Numbered(numbered), _) => Some(numbered.code.to_string()),
        (_, AggregateId::Duty(_)) if fact.version == 1 => {
            domain::duties::evolve(None, fact).ok().map(|duty| duty.code())
        }
        _ => None,
    }
}

/// Writes the messages of a log that belong to the scope, and says which they are.
pub(super) async fn write(
    bus: &Bus,
    stream: &'static str,
    scope: &Scope,
    size: u64,
    gathered: &mut Gathered,
    out: &mut (impl Write + Send),
    progress: &Progress<'_>,
) -> Result<Held, ExportError> {
    match scope {
        Scope::Case { .. } | Scope::Duty { .. } => {
            let mut entries = BTreeMap::new();
            for subject in subjects(stream, scope) {
                read(bus, stream, &subject, size, &mut entries, gathered).await?;
            }
            if stream == CASES {
                let documents: Vec<_> = gathered.documents.iter().copied().collect();
                for document in documents {
                    let subject = AggregateId::Document(document).subject();
                    read(bus, stream, &subject, size, &mut entries, gathered).await?;
                }
            }
            for entry in entries.values() {
                line(stream, entry, out)?;
            }
            Ok(Held::Some(entries.into_keys().collect()))
        }
        Scope::All {} => {
            each(bus, stream, size, progress, |entry| {
                if stream == CASES {
                    gathered.see(entry);
                }
                line(stream, entry, out)
            })
            .await?;
            Ok(Held::All(size))
        }
        Scope::Period { from, to } => {
            let mut held = Vec::new();
            each(bus, stream, size, progress, |entry| {
                let of_the_directory = stream == CASES && entry.subject == AggregateId::Directory.subject();
                if of_the_directory || own_time(&entry.payload).is_some_and(|at| *from <= at && at < *to) {
                    if stream == CASES {
                        gathered.see(entry);
                    }
                    held.push(entry.sequence);
                    line(stream, entry, out)?;
                }
                Ok(())
            })
            .await?;
            Ok(Held::Some(held))
        }
    }
}

/// What a stream has of a case or a duty, but for the registrations of its documents.
fn subjects(stream: &str, scope: &Scope) -> Vec<String> {
    let (aggregate, about, opened) = match *scope {
        Scope::Case { case, .. } => (AggregateId::Case(case), About::Case(case), Access::openings_of(case.0)),
        // Where a mail stands is told by the id alone, whichever duty it is.
        Scope::Duty { duty, .. } => {
            (AggregateId::Duty(duty), About::Report(duty), Access::openings_of(duty.0))
        }
        Scope::Period { .. } | Scope::All {} => return Vec::new(),
    };
    match stream {
        CASES => vec![AggregateId::Directory.subject(), aggregate.subject()],
        OUTBOX => vec![about.subjects()],
        ACCESS => vec![opened],
        _ => Vec::new(),
    }
}

async fn read(
    bus: &Bus,
    stream: &'static str,
    subject: &str,
    size: u64,
    into: &mut BTreeMap<u64, Entry>,
    gathered: &mut Gathered,
) -> Result<(), ExportError> {
    let mut next = 1;
    loop {
        let entries = log::read(bus, stream, next, subject).await?;
        let more = entries.len() >= log::BATCH;
        next = entries.last().map_or(next, |last| last.sequence + 1);
        for entry in entries.into_iter().take_while(|entry| entry.sequence <= size) {
            if stream == CASES {
                gathered.see(&entry);
            }
            into.insert(entry.sequence, entry);
        }
        if !more || next > size {
            return Ok(());
        }
    }
}

/// Every message of a log up to a size, in order, without a gap. The next ones are fetched while these are worked on.
pub(crate) async fn each(
    bus: &Bus,
    stream: &'static str,
    size: u64,
    progress: &Progress<'_>,
    mut work: impl FnMut(&Entry) -> Result<(), ExportError> + Send,
) -> Result<(), ExportError> {
    let mut next = 1;
    let fetch = |from: u64| {
        let bus = bus.clone();
        tokio::spawn(async move { log::read_whole(&bus, stream, from).await })
    };
    let mut coming = fetch(next);
    while next <= size {
        let entries = coming.await??;
        if entries.is_empty() {
            return Err(ExportError::Message { stream, sequence: next, what: "is missing" });
        }
        coming = fetch(next + entries.len() as u64);
        for entry in entries.iter().take_while(|entry| entry.sequence <= size) {
            if entry.sequence != next {
                return Err(ExportError::Message { stream, sequence: next, what: "is missing" });
            }
            work(entry)?;
            next += 1;
        }
        progress(next - 1, size);
    }
    coming.abort();
    Ok(())
}

/// A message as a line of the export.
fn line(stream: &'static str, entry: &Entry, out: &mut impl Write) -> Result<(), ExportError> {
    let Entry { sequence, subject, payload, .. } = entry;
    if payload.iter().any(|byte| matches!(byte, b'\n' | b'\t' | b'\r'))
        || std::str::from_utf8(payload).is_err()
    {
        return Err(ExportError::Message { stream, sequence: *sequence, what: "is not one line of text" });
    }
    write!(out, "{sequence}\t{subject}\t")?;
    out.write_all(payload)?;
    out.write_all(b"\n")?;
    Ok(())
}

/// When a message was recorded, as it says itself.
pub(crate) fn own_time(payload: &[u8]) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Said {
        recordedtime: Option<Timestamp>,
        at: Option<Timestamp>,
    }
    let said: Said = serde_json::from_slice(payload).ok()?;
    said.recordedtime.or(said.at)
}
