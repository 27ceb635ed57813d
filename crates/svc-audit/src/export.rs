//! `concord audit export`: one file with the exact bytes of what happened, the proofs that nothing of it was altered, and
//! pages for people. What is in it: `docs/export-format.md`.

mod pack;
mod select;
mod story;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Seek, Write},
    sync::Arc,
};

use bus::{
    Bus,
    audit::TRUTH,
    log::{self, ReadError},
    objects::{self, ObjectError},
    streams::AUDIT,
};
use domain::calendar::LOCAL;
use events::{AggregateId, CaseId, Digest, DutyId, Kind, Timestamp};
use proof::{
    checkpoint::{LOGS, Signed, Unbelievable},
    keys::Trusted,
};
use zip::result::ZipError;

use crate::{
    ask::{self, AskError, Known},
    format::{self, Hashes, Manifest, Proofs, Scope, Step},
    replay,
};
use pack::Pack;
use select::{Gathered, Held};

/// What to export, and how it is described.
#[derive(Clone, Debug)]
pub struct Order {
    /// What.
    pub what: What,
    /// By whom, as the operating system knows them.
    pub by: String,
    /// By which software.
    pub software: String,
    /// Now.
    pub now: Timestamp,
    /// The public keys of the installation.
    pub trusted: Trusted,
    /// A checkpoint that an auditor has kept: the export will connect with it.
    pub kept: Option<String>,
}

/// What to export.
#[derive(Clone, Debug)]
pub enum What {
    /// A case, by its number or id.
    Case(String),
    /// A regular duty, by its id, or by its number where no other one has that.
    Duty(String),
    /// What was recorded from an instant on and before another.
    Period(Timestamp, Timestamp),
    /// Everything.
    All,
}

/// What was exported.
#[derive(Clone, Debug)]
pub struct Exported {
    /// As the manifest says it.
    pub manifest: Manifest,
    /// The digest of the manifest, by which the export is known.
    pub digest: Digest,
    /// Attachments that are named, and whose content is not stored.
    pub lost: Vec<Digest>,
}

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is no such case, or duty.
    #[error(transparent)]
    NoSuchThing(#[from] replay::ReplayError),
    /// The audit service does not give what is needed.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// A checkpoint cannot be believed.
    #[error("{which}: {error}")]
    Checkpoint {
        /// Which.
        which: String,
        /// Why not.
        error: Unbelievable,
    },
    /// A message is not what an export can hold.
    #[error("{stream}: message {sequence} {what}: see `concord audit verify --live`")]
    Message {
        /// The stream.
        stream: &'static str,
        /// Its place.
        sequence: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// An attachment cannot be read.
    #[error("an attachment cannot be read: {0}")]
    Attachment(#[from] ObjectError),
    /// The file cannot be written.
    #[error("the export cannot be written: {0}")]
    Write(#[from] io::Error),
    /// The file cannot be written.
    #[error("the export cannot be written: {0}")]
    Zip(#[from] ZipError),
    /// The manifest cannot be written.
    #[error("the export cannot be written: {0}")]
    Json(#[from] serde_json::Error),
    /// The work was stopped.
    #[error("the work was stopped: {0}")]
    Stopped(#[from] tokio::task::JoinError),
    /// A page cannot be written.
    #[error("a page cannot be written: {0}")]
    Page(#[from] askama::Error),
}

/// How far the work is: messages read, of how many.
pub type Progress<'a> = dyn Fn(u64, u64) + Send + Sync + 'a;

/// Writes an export.
///
/// # Errors
/// [`ExportError`]; what was written then is no export, and to be removed.
pub async fn export(
    bus: &Bus,
    order: &Order,
    out: impl Write + Seek + Send,
    progress: &Progress<'_>,
) -> Result<Exported, ExportError> {
    let newest = opened("the newest checkpoint", &ask::checkpoint(bus, true).await?, &order.trusted)?;
    let scope = scope(bus, &order.what).await?;
    let mut pack = Pack::new(out);
    pack.file(format::README, include_bytes!("export/README.txt"))?;

    let mut gathered = Gathered::default();
    let (mut parts, mut messages) = ([const { Vec::new() }; 3], BTreeMap::new());
    for (at, log) in LOGS.into_iter().enumerate() {
        let size = newest.checkpoint.heads[at].size;
        let mut member = pack.begin(&format::log_file(log))?;
        let held = select::write(bus, TRUTH[at], &scope, size, &mut gathered, &mut member, progress).await?;
        member.end();
        messages.insert(log.to_owned(), held.len());
        if let Held::Some(sequences) = held {
            let leaf = |sequence: &u64| sequence - 1;
            let part = |tree: &Known| proof::part::prove(tree, size, sequences.iter().map(leaf));
            parts[at] = ask::prove(bus, at, part).await?;
        }
    }
    let chain = chain(bus, order, &newest).await?;
    for signed in &chain {
        pack.file(&format::checkpoint_file(signed.checkpoint.number), signed.note.as_bytes())?;
    }
    let mut consistency = Vec::new();
    for pair in chain.windows(2) {
        consistency.push(step(bus, &pair[0], &pair[1]).await?);
    }
    let proofs = Proofs { parts: Hashes::of(parts), consistency };
    pack.file(format::PROOFS, &serde_json::to_vec(&proofs)?)?;
    let keys: Vec<_> = order.trusted.iter().map(ToString::to_string).collect();
    pack.file(format::KEYS, keys.join("\n").as_bytes())?;
    for kind in Kind::ALL {
        let schema = serde_json::to_vec_pretty(&kind.schema())?;
        pack.file(&format!("schemas/{}", kind.schema_path()), &schema)?;
    }
    let lost = attach(bus, &gathered.attachments, &mut pack).await?;
    for (name, page) in gathered.pages(&newest)? {
        pack.file(&name, page.as_bytes())?;
    }

    let scope = match scope {
        Scope::Case { case, .. } => Scope::Case { case, code: gathered.code.take() },
        Scope::Duty { duty, .. } => Scope::Duty { duty, code: gathered.code.take() },
        scope => scope,
    };
    let manifest = Manifest {
        format: format::FORMAT.to_owned(),
        origin: newest.checkpoint.origin.clone(),
        made_at: order.now,
        made_by: order.by.clone(),
        software: order.software.clone(),
        scope,
        checkpoint: newest.checkpoint.number,
        messages,
        files: pack.files().clone(),
    };
    let text = serde_json::to_vec_pretty(&manifest)?;
    let digest = Digest::of(&text);
    pack.file(format::MANIFEST, &text)?;
    pack.file(format::SIGNATURE, ask::attest(bus, digest).await?.as_bytes())?;
    pack.finish()?.flush()?;
    Ok(Exported { manifest, digest, lost })
}

async fn scope(bus: &Bus, what: &What) -> Result<Scope, ExportError> {
    Ok(match what {
        What::All => Scope::All {},
        What::Period(from, to) => Scope::Period { from: *from, to: *to },
        What::Case(name) => {
            let case: CaseId = replay::find(bus, name).await?;
            Scope::Case { case, code: None }
        }
        What::Duty(name) => {
            let duty: DutyId = replay::find_duty(bus, name).await?;
            Scope::Duty { duty, code: None }
        }
    })
}

fn opened(which: &str, note: &str, trusted: &Trusted) -> Result<Signed, ExportError> {
    Signed::open(note, trusted).map_err(|error| ExportError::Checkpoint { which: which.to_owned(), error })
}

/// The checkpoints of an export: the first, the last of each day, which the second office is sent, one that an auditor
/// has kept, and the newest.
async fn chain(bus: &Bus, order: &Order, newest: &Signed) -> Result<Vec<Signed>, ExportError> {
    let kept = order.kept.as_ref().map(|note| opened("the checkpoint that was kept", note, &order.trusted));
    let kept = kept.transpose()?.map(|kept| kept.checkpoint.number);
    let mut chosen: BTreeMap<u64, Signed> = BTreeMap::new();
    let mut last: Option<Signed> = None;
    let mut next = 1;
    loop {
        let entries = log::read(bus, AUDIT, next, ">").await?;
        for entry in &entries {
            let which = format!("checkpoint {} in the stream", entry.sequence);
            let signed = opened(&which, &String::from_utf8_lossy(&entry.payload), &order.trusted)?;
            let number = signed.checkpoint.number;
            if number > newest.checkpoint.number {
                continue;
            }
            let day = |signed: &Signed| signed.checkpoint.at.with_timezone(&LOCAL).date_naive();
            let ended = last.take().filter(|last| day(last) != day(&signed));
            chosen.extend(ended.map(|ended| (ended.checkpoint.number, ended)));
            if chosen.is_empty() || kept == Some(number) {
                chosen.insert(number, signed.clone());
            }
            last = Some(signed);
        }
        match entries.last() {
            Some(entry) if entries.len() >= log::BATCH => next = entry.sequence + 1,
            _ => break,
        }
    }
    chosen.insert(newest.checkpoint.number, newest.clone());
    Ok(chosen.into_values().collect())
}

/// That a checkpoint continues the one before it.
async fn step(bus: &Bus, from: &Signed, to: &Signed) -> Result<Step, ExportError> {
    let mut proofs = [const { Vec::new() }; 3];
    for (at, proof) in proofs.iter_mut().enumerate() {
        let (older, newer) = (from.checkpoint.heads[at].size, to.checkpoint.heads[at].size);
        if older > 0 && older < newer {
            *proof = ask::prove(bus, at, |tree| proof::consistency(tree, newer, older)).await?;
        }
    }
    let Hashes { cases, outbox, access } = Hashes::of(proofs);
    Ok(Step { from: from.checkpoint.number, to: to.checkpoint.number, cases, outbox, access })
}

/// The attachments; gives those that are named and not there.
async fn attach<W: Write + Seek>(
    bus: &Bus,
    digests: &BTreeSet<Digest>,
    pack: &mut Pack<W>,
) -> Result<Vec<Digest>, ExportError> {
    let mut lost = Vec::new();
    for digest in digests {
        let Some(object) = objects::find(bus, digest).await? else {
            lost.push(*digest);
            continue;
        };
        // At most as large as an upload may be; a damaged one shows only at its end, and goes in as it is: verify tells.
        let mut content = Vec::new();
        objects::copy(bus, &object, &mut content).await?;
        pack.file(&format!("{}{digest}", format::ATTACHMENTS), &content)?;
    }
    Ok(lost)
}

/// What stands in the log under which no page is made: too many cases and duties for pages that anybody reads.
const MOST_PAGES: usize = 500;

/// The facts that pages show, by the case or duty that they are about.
type Facts = BTreeMap<AggregateId, Vec<Arc<events::Fact>>>;
