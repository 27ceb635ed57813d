//! Verifies an export: one file and a public key, without a network.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, BufRead, BufReader, Read, Seek},
};

use events::Digest;
use proof::{
    Hash,
    checkpoint::{self, LOGS, Signed},
    keys::Trusted,
};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use zip::ZipArchive;

use super::{
    Report, Terms,
    batch::{Batch, Lines},
    checkpoints,
    facts::FactJudge,
    judge::{Expected, Judge},
};
use crate::{
    export::Progress,
    format::{self, FileEntry, Manifest, Proofs, Scope},
};

/// How many messages are judged together.
const TOGETHER: usize = 512;

/// Why an export cannot even be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is no ZIP file.
    #[error("it is no ZIP file, or it is cut off: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// It has no manifest that can be read.
    #[error("manifest.json: {0}")]
    Manifest(String),
}

/// Reads the members of the archive, and remembers what their bytes were.
struct Reader<R: Read + Seek> {
    zip: ZipArchive<R>,
    seen: BTreeMap<String, FileEntry>,
}

impl<R: Read + Seek> Reader<R> {
    /// A whole member.
    fn read(&mut self, name: &str) -> Result<Vec<u8>, String> {
        let mut content = Vec::new();
        self.each(name, |member| member.read_to_end(&mut content).map(drop))?;
        Ok(content)
    }

    fn json<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, String> {
        serde_json::from_slice(&self.read(name)?).map_err(|error| error.to_string())
    }

    /// Reads a member to its end, hashing it on the way.
    fn each(
        &mut self,
        name: &str,
        work: impl FnOnce(&mut dyn BufRead) -> io::Result<()>,
    ) -> Result<(), String> {
        let member = self.zip.by_name(name).map_err(|error| error.to_string())?;
        let mut hashing =
            BufReader::with_capacity(1 << 18, Hashing { inner: member, hasher: Sha256::new(), bytes: 0 });
        let worked = work(&mut hashing);
        // What was not looked at counts too.
        let rest = io::copy(&mut hashing, &mut io::sink());
        worked.and(rest.map(drop)).map_err(|error| error.to_string())?;
        let Hashing { hasher, bytes, .. } = hashing.into_inner();
        let sha256 = Digest::from_bytes(hasher.finalize().into());
        self.seen.insert(name.to_owned(), FileEntry { bytes, sha256 });
        Ok(())
    }
}

struct Hashing<R> {
    inner: R,
    hasher: Sha256,
    bytes: u64,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// Verifies an export.
///
/// # Errors
/// [`Unreadable`]: there is nothing to give a verdict on.
pub fn export(file: impl Read + Seek, terms: &Terms, progress: &Progress<'_>) -> Result<Report, Unreadable> {
    let mut report = Report::default();
    let mut reader = Reader { zip: ZipArchive::new(file)?, seen: BTreeMap::new() };
    let text = reader.read(format::MANIFEST).map_err(Unreadable::Manifest)?;
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|error| Unreadable::Manifest(error.to_string()))?;
    if manifest.format != format::FORMAT {
        let other = format!("it is of the format {}, and this is {}", manifest.format, format::FORMAT);
        return Err(Unreadable::Manifest(other));
    }
    let names = names(&reader, &manifest, &mut report);

    let mut trusted = terms.trusted.clone();
    let notes: Vec<_> = names
        .iter()
        .filter(|name| name.starts_with(format::CHECKPOINTS))
        .filter_map(|name| {
            let read =
                reader.read(name).and_then(|note| String::from_utf8(note).map_err(|error| error.to_string()));
            read.map_err(|error| report.fault(name, error)).ok().map(|note| (name.clone(), note))
        })
        .collect();
    let (chain, ever) = checkpoints::open(&notes, &mut trusted, &mut report);
    attested(&mut reader, &text, &trusted, &mut report);
    let proofs: Proofs = reader.json(format::PROOFS).unwrap_or_else(|error| {
        report.fault(format::PROOFS, error);
        Proofs::default()
    });
    checkpoints::consistent(&chain, &proofs.consistency, &mut report);
    report.checked(format!("{} checkpoints, signed, each continues the one before it", chain.len()));
    let newest = chain.last().filter(|newest| newest.checkpoint.number == manifest.checkpoint);
    let Some(newest) = newest else {
        report.fault(
            format::MANIFEST,
            format!("checkpoint {}, to which all proofs lead, is not the newest here", manifest.checkpoint),
        );
        return Ok(report);
    };
    if manifest.origin != newest.checkpoint.origin {
        report.fault(
            format::MANIFEST,
            format!("it is of {}, and the checkpoints of {}", manifest.origin, newest.checkpoint.origin),
        );
    }

    let whole = manifest.scope == Scope::All {};
    let kept = checkpoints::kept(terms.kept.as_deref(), &ever, &chain, whole, &mut report);
    let facts = logs(&mut reader, &manifest, &chain, kept.as_ref(), &proofs, progress, &mut report);
    attachments(&mut reader, &names, &FactJudge::attachments(&facts), &mut report);
    FactJudge::end(facts, whole, &mut report);
    rest(&mut reader, &names, &manifest, &mut report);
    match &manifest.scope {
        Scope::All {} => {}
        Scope::Case { .. } => {
            report.unchecked("whether the case has later facts: only an export of everything shows that");
        }
        Scope::Duty { .. } => {
            report.unchecked("whether the duty has later facts: only an export of everything shows that");
        }
        Scope::Period { .. } => {
            report
                .unchecked("whether the period has other messages: only an export of everything shows that");
        }
    }
    Ok(report)
}

/// The members: none that the manifest does not name, none missing.
fn names<R: Read + Seek>(reader: &Reader<R>, manifest: &Manifest, report: &mut Report) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for name in reader.zip.file_names() {
        let Ok(name) = name.map(std::borrow::Cow::into_owned) else {
            report.fault("the ZIP file", "a file in it has no name that can be read");
            continue;
        };
        if !manifest.files.contains_key(&name) && name != format::MANIFEST && name != format::SIGNATURE {
            report.fault(&name, "the manifest does not name it");
        }
        names.insert(name);
    }
    for name in manifest.files.keys().filter(|name| !names.contains(*name)) {
        report.fault(name, "it is missing");
    }
    names
}

/// The signature under the manifest.
fn attested<R: Read + Seek>(reader: &mut Reader<R>, manifest: &[u8], trusted: &Trusted, report: &mut Report) {
    let note = reader
        .read(format::SIGNATURE)
        .and_then(|note| String::from_utf8(note).map_err(|error| error.to_string()));
    let opened = note.and_then(|note| checkpoint::open(&note, trusted).map_err(|error| error.to_string()));
    match opened {
        Ok(text) if text == format!("{}\n{}\n", format::FORMAT, Digest::of(manifest)) => {
            report.checked("the manifest is signed");
        }
        Ok(_) => {
            report.fault(format::SIGNATURE, "it is signed for another manifest: manifest.json was altered");
        }
        Err(error) => report.fault(format::SIGNATURE, error),
    }
}

/// The messages of all logs.
fn logs<R: Read + Seek>(
    reader: &mut Reader<R>,
    manifest: &Manifest,
    chain: &[Signed],
    kept: Option<&Signed>,
    proofs: &Proofs,
    progress: &Progress<'_>,
    report: &mut Report,
) -> Vec<FactJudge> {
    let whole = manifest.scope == Scope::All {};
    let partial = matches!(manifest.scope, Scope::Period { .. });
    let mut judged = Vec::new();
    for (at, log) in LOGS.into_iter().enumerate() {
        let name = format::log_file(log);
        let part = format::hashes(proofs.parts.logs()[at]);
        let Some(part) = part else {
            report.fault(format::PROOFS, format!("a hash for {log} is none"));
            continue;
        };
        let Some(newest) = chain.last() else { continue };
        let expected = Expected {
            log: at,
            roots: roots(at, chain, kept),
            size: newest.checkpoint.heads[at].size,
            grows: false,
            part: (!whole).then_some(part),
        };
        let facts = if at == 0 { FactJudge::shares(partial) } else { Vec::new() };
        let judge = Judge::begin(expected, facts);
        let announced = manifest.messages.get(log).copied().unwrap_or(0);
        let mut count = 0;
        let read = reader.each(&name, |lines| {
            let mut batch = Lines::with_room_for(TOGETHER);
            while batch.read(lines)? {
                count += 1;
                if batch.len() == TOGETHER {
                    progress(count, announced);
                    let full = std::mem::replace(&mut batch, Lines::with_room_for(TOGETHER));
                    if !judge.take(Batch::Lines(full)) {
                        break;
                    }
                }
            }
            judge.take(Batch::Lines(batch));
            Ok(())
        });
        judged.extend(judge.end(report));
        if let Err(error) = read {
            report.fault(&name, format!("after {count} messages: {error}"));
        }
        if count != announced {
            report.fault(&name, format!("{count} messages where the manifest says {announced}"));
        }
    }
    judged
}

/// The roots that are known of a log, by size.
pub(super) fn roots(
    at: usize,
    chain: &[Signed],
    kept: Option<&Signed>,
) -> BTreeMap<u64, Vec<(Hash, String)>> {
    let mut roots: BTreeMap<u64, Vec<(Hash, String)>> = BTreeMap::new();
    let named = chain.iter().map(|signed| (signed, "checkpoint"));
    for (signed, which) in named.chain(kept.map(|kept| (kept, "the kept checkpoint"))) {
        let head = signed.checkpoint.heads[at];
        roots
            .entry(head.size)
            .or_default()
            .push((head.root, format!("{which} {}", signed.checkpoint.number)));
    }
    roots
}

/// The attachments: each has the digest that it is named after, and those that facts name are here.
fn attachments<R: Read + Seek>(
    reader: &mut Reader<R>,
    names: &BTreeSet<String>,
    wanted: &BTreeSet<Digest>,
    report: &mut Report,
) {
    let mut sound = 0;
    let is_wanted = |name: &str| {
        let digest = name.strip_prefix(format::ATTACHMENTS).and_then(Digest::parse);
        digest.is_some_and(|digest| wanted.contains(&digest))
    };
    for name in names.iter().filter(|name| name.starts_with(format::ATTACHMENTS) && !is_wanted(name)) {
        report.fault(name, "no fact names this attachment");
    }
    for digest in wanted {
        let name = format!("{}{digest}", format::ATTACHMENTS);
        if !names.contains(&name) {
            // A fact may name a file that nobody has brought.
            report.unchecked(format!("the attachment {digest}: a fact names it, and it is not here"));
            continue;
        }
        match reader.each(&name, |_| Ok(())) {
            Ok(()) if reader.seen[&name].sha256 == *digest => sound += 1,
            Ok(()) => report.fault(&name, "its content is not what the facts name: it was altered"),
            Err(error) => report.fault(&name, error),
        }
    }
    report.checked(format!("{sound} attachments have the content that the facts name"));
}

/// Every file has the size and digest that the manifest names.
fn rest<R: Read + Seek>(
    reader: &mut Reader<R>,
    names: &BTreeSet<String>,
    manifest: &Manifest,
    report: &mut Report,
) {
    let mut agree = 0;
    for (name, entry) in &manifest.files {
        if !names.contains(name) {
            continue;
        }
        if !reader.seen.contains_key(name)
            && let Err(error) = reader.each(name, |_| Ok(()))
        {
            report.fault(name, error);
            continue;
        }
        if reader.seen.get(name) == Some(entry) {
            agree += 1;
        } else {
            report.fault(name, "it is not the file that the manifest names: it was altered");
        }
    }
    report.checked(format!("{agree} files have the digests that the manifest names"));
}
