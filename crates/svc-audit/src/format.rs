//! The names and shapes of an export, once for who writes and who checks it: `docs/export-format.md`.

use std::collections::BTreeMap;

use events::{CaseId, Digest, DutyId, Timestamp};
use proof::Hash;
use serde::{Deserialize, Serialize};

/// The format, and the first line of the note under a manifest.
pub const FORMAT: &str = "concord-export/1";

/// The names of the files.
pub(crate) const README: &str = "README.txt";
pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const SIGNATURE: &str = "manifest.sig";
pub(crate) const KEYS: &str = "keys.txt";
pub(crate) const PROOFS: &str = "proofs.json";
pub(crate) const CHECKPOINTS: &str = "checkpoints/";
pub(crate) const ATTACHMENTS: &str = "attachments/";

/// The file of a log.
pub(crate) fn log_file(log: &str) -> String {
    format!("logs/{log}.tsv")
}

/// The file of a checkpoint.
pub(crate) fn checkpoint_file(number: u64) -> String {
    format!("{CHECKPOINTS}{number:08}.txt")
}

/// `manifest.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// The installation.
    pub origin: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom, as the operating system knows them.
    pub made_by: String,
    /// By which software.
    pub software: String,
    /// What was exported.
    pub scope: Scope,
    /// The newest checkpoint.
    pub checkpoint: u64,
    /// How many messages of each log.
    pub messages: BTreeMap<String, u64>,
    /// The files, but for the manifest and its signature.
    pub files: BTreeMap<String, FileEntry>,
}

/// What an export is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Scope {
    /// A case.
    Case {
        /// Which.
        case: CaseId,
        /// The number that people use for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// A regular duty of the plan: a report, a briefing, a planned project.
    Duty {
        /// Which.
        duty: DutyId,
        /// The number that people use for it; several reports of a month have the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// What was stored in a period.
    Period {
        /// From when.
        from: Timestamp,
        /// Until when, not included.
        to: Timestamp,
    },
    /// Everything.
    All {},
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Its size.
    pub bytes: u64,
    /// Its digest.
    pub sha256: Digest,
}

/// `proofs.json`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proofs {
    pub(crate) parts: Hashes,
    pub(crate) consistency: Vec<Step>,
}

/// That one checkpoint continues another.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) cases: Vec<String>,
    pub(crate) outbox: Vec<String>,
    pub(crate) access: Vec<String>,
}

/// Hashes for each log.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hashes {
    pub(crate) cases: Vec<String>,
    pub(crate) outbox: Vec<String>,
    pub(crate) access: Vec<String>,
}

impl Hashes {
    /// In the order of the logs.
    pub(crate) fn of([cases, outbox, access]: [Vec<Hash>; 3]) -> Self {
        let text = |hashes: Vec<Hash>| hashes.iter().map(Hash::to_string).collect();
        Self { cases: text(cases), outbox: text(outbox), access: text(access) }
    }

    pub(crate) fn logs(&self) -> [&[String]; 3] {
        [&self.cases, &self.outbox, &self.access]
    }
}

impl Step {
    pub(crate) fn logs(&self) -> [&[String]; 3] {
        [&self.cases, &self.outbox, &self.access]
    }
}

/// Reads hashes as they are written.
pub(crate) fn hashes(texts: &[String]) -> Option<Vec<Hash>> {
    texts.iter().map(|text| Hash::parse_hash(text).ok()).collect()
}
