//! What is asked of the audit service, and what it answers (DESIGN D12). A hash is written as in a checkpoint: base64.

use domain::Refusal;
use events::{Digest, EventId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::streams::{ACCESS, CASES, OUTBOX};

/// The subject on which the audit service is asked.
pub const ASK: &str = "q.audit.ask";

/// The subject on which it is asked to sign: not for the edge, which hears strangers.
pub const SIGN: &str = "q.audit.sign";

/// The streams over which there is a tree, in the order of `proof::checkpoint::LOGS`.
pub const TRUTH: [&str; 3] = [CASES, OUTBOX, ACCESS];

/// How many hashes are asked for at a time: an answer must fit into a message.
pub const HASHES: usize = 8_000;

/// What is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// The newest checkpoint.
    Checkpoint {
        /// One that covers all that is stored now: if the newest does not, another is signed.
        fresh: bool,
    },
    /// Hashes that are stored of a tree, by their storage index (RFC 6962 trees as Go's `tlog` numbers them).
    Hashes {
        /// Which of [`TRUTH`].
        log: usize,
        /// Which, at most [`HASHES`].
        indexes: Vec<u64>,
    },
    /// The proof that a fact stands in the log.
    Proof {
        /// Which.
        event: EventId,
    },
    /// A signature under the digest of an export's manifest; asked on [`SIGN`] alone.
    Attest {
        /// SHA-256 of the manifest.
        manifest: Digest,
    },
    /// What the running self-check has found.
    Findings,
}

/// What is answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// A checkpoint: the signed note.
    Checkpoint(String),
    /// The hashes, in the order in which they were asked for.
    Hashes(Vec<String>),
    /// The proof.
    Proof(Box<Proof>),
    /// The signed note over the manifest's digest.
    Attested(String),
    /// What was found, the oldest first; nothing, as long as all is well.
    Findings(Vec<Finding>),
    /// Not answered.
    Refused(Refusal),
}

/// That a fact stands in the log, provable to anybody who believes the checkpoint (RFC 6962 §2.1.1). The fact itself is
/// not in it: who may read it has its bytes, and makes the leaf of them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Proof {
    /// The fact.
    pub event: EventId,
    /// Its place in the log: it is leaf `sequence - 1`.
    pub sequence: u64,
    /// Its subject.
    pub subject: String,
    /// SHA-256 over a zero byte, the subject, a line feed and the fact's exact bytes; base64.
    pub leaf: String,
    /// The hashes from the leaf's sibling up to the root; base64.
    pub path: Vec<String>,
    /// The size of the tree.
    pub size: u64,
    /// Its root; base64.
    pub root: String,
    /// The signed checkpoint that names both.
    pub checkpoint: String,
}

/// Something that is not as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// When it was found.
    pub at: Timestamp,
    /// Where: the stream, or the tree's files.
    pub place: String,
    /// The sequence of the message, where it is about one.
    pub sequence: Option<u64>,
    /// What is wrong, in English.
    pub what: String,
}
