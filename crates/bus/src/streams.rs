//! The streams and consumers that Concord stands on, declared as data, made by the deploy credential alone.
//!
//! What stands on the server and differs from the declaration is refused: never updated, deleted or made
//! anew.

mod provision;

use std::time::Duration;

use async_nats::jetstream::consumer::{self, AckPolicy, DeliverPolicy, ReplayPolicy};
use async_nats::jetstream::stream::{self, Compression, DiscardPolicy, RetentionPolicy, StorageType};
use serde::Deserialize;

pub use provision::{Difference, Differences, ProvisionError, provision, verify, verify_consumer};

/// The log of facts, the only truth.
pub const CASES: &str = "CASES";
/// What was sent, when, and the server's answer.
pub const OUTBOX: &str = "OUTBOX";
/// What a service could not process, parked for a person.
pub const DEAD: &str = "DEAD";
/// Accounts, sessions and tokens, each in its newest state, as a bucket of keys and values.
pub const IDENTITY: &str = "KV_IDENTITY";
/// How the subjects of [`IDENTITY`] begin.
pub const IDENTITY_SUBJECTS: &str = "$KV.IDENTITY.";
/// Who signed in, who was refused, which tokens were given and taken back, who read what ([`crate::access`]).
pub const ACCESS: &str = "ACCESS";
/// The stream of signed checkpoints over the other logs.
pub const AUDIT: &str = "AUDIT";
/// The subject of each checkpoint.
pub const CHECKPOINT: &str = "audit.checkpoint";
/// The files that belong to documents, each by the digest of its content (`bus::objects`).
pub const ATTACHMENTS: &str = "OBJ_attachments";
/// The same as tools for the object store call it.
pub const BUCKET: &str = "attachments";
/// The durable through which the notifier reads [`CASES`].
pub const NOTIFIER: &str = "notifier";

const KIB: u32 = 1 << 10;
const GIB: u64 = 1 << 30;

/// What differs from one installation to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// On how many servers each message lies.
    pub replicas: Replicas,
    /// Room for [`CASES`]; when it is full, appending is refused and nothing is dropped.
    pub cases_max_bytes: u64,
    /// Room for [`OUTBOX`].
    pub outbox_max_bytes: u64,
    /// Room for [`DEAD`].
    pub dead_max_bytes: u64,
    /// Room for [`IDENTITY`].
    pub identity_max_bytes: u64,
    /// Room for [`ACCESS`].
    pub access_max_bytes: u64,
    /// Room for [`AUDIT`].
    pub audit_max_bytes: u64,
    /// Room for [`ATTACHMENTS`].
    pub attachments_max_bytes: u64,
}

/// One server or a cluster of three. Nothing else is offered: two cannot agree without each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
pub enum Replicas {
    /// One machine.
    #[default]
    One,
    /// Three servers, of which one may fail.
    Three,
}

/// A stream as the code needs it. Beyond these fields all are alike: on file, by limits, discard new, no
/// delete, no purge, direct get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamDeclaration {
    /// Its name.
    pub name: &'static str,
    /// The subjects it stores.
    pub subjects: &'static [&'static str],
    /// Its purpose, shown by tools.
    pub purpose: &'static str,
    /// Its room.
    pub max_bytes: u64,
    /// The largest message it takes.
    pub max_message_bytes: u32,
    /// How long it keeps a message; for ever without.
    pub max_age: Option<Duration>,
    /// Whether it keeps only the newest message of each subject.
    pub newest_only: bool,
    /// How long a message id is remembered.
    pub duplicate_window: Duration,
    /// Whether it takes atomic batches.
    pub atomic_batches: bool,
    /// On how many servers it lies.
    pub replicas: Replicas,
}

/// A durable pull consumer, explicit acknowledgement, from the first message, redelivered without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsumerDeclaration {
    /// Its stream.
    pub stream: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its purpose, shown by tools.
    pub purpose: &'static str,
    /// How long it waits for an acknowledgement.
    pub ack_wait: Duration,
    /// How many messages may wait for one.
    pub max_ack_pending: u16,
}

/// Every durable consumer.
pub const CONSUMERS: [ConsumerDeclaration; 1] = [ConsumerDeclaration {
    stream: CASES,
    name: NOTIFIER,
    purpose: "mail and webhooks",
    // Entering a fact takes milliseconds, and twice is once: so long do mails wait when the notifier died.
    ack_wait: Duration::from_secs(5),
    max_ack_pending: 256,
}];

impl Default for Shape {
    /// One machine, a little more than sixteen and a half gibibytes in all.
    fn default() -> Self {
        Self {
            replicas: Replicas::One,
            cases_max_bytes: 8 * GIB,
            outbox_max_bytes: 2 * GIB,
            dead_max_bytes: GIB,
            identity_max_bytes: GIB / 4,
            access_max_bytes: GIB,
            audit_max_bytes: GIB / 2,
            attachments_max_bytes: 4 * GIB,
        }
    }
}

impl Shape {
    /// The room of all streams together, on each server.
    pub fn total_bytes(&self) -> u64 {
        declared(self).iter().map(|stream| stream.max_bytes).sum()
    }
}

impl TryFrom<u8> for Replicas {
    type Error = String;

    fn try_from(servers: u8) -> Result<Self, String> {
        match servers {
            1 => Ok(Self::One),
            3 => Ok(Self::Three),
            other => Err(format!("a stream lies on 1 server or on 3, not on {other}")),
        }
    }
}

impl Replicas {
    /// The number that NATS wants.
    pub fn count(self) -> usize {
        match self {
            Self::One => 1,
            Self::Three => 3,
        }
    }
}

/// Every stream, for an installation of this shape.
pub fn declared(shape: &Shape) -> [StreamDeclaration; 7] {
    let cases = StreamDeclaration {
        name: CASES,
        subjects: &["case.>", "duty.>", "document.>", "directory.>"],
        purpose: "the log of facts, the only truth",
        max_bytes: shape.cases_max_bytes,
        max_message_bytes: 256 * KIB,
        max_age: None,
        newest_only: false,
        duplicate_window: Duration::from_mins(10),
        atomic_batches: true,
        replicas: shape.replicas,
    };
    let outbox = StreamDeclaration {
        name: OUTBOX,
        subjects: &["outbox.>"],
        purpose: "what was sent, when, and the answer",
        max_bytes: shape.outbox_max_bytes,
        ..cases.clone()
    };
    let dead = StreamDeclaration {
        name: DEAD,
        subjects: &["dead.>"],
        purpose: "what a service could not process",
        max_bytes: shape.dead_max_bytes,
        // A parked message carries the whole fact and what went wrong.
        max_message_bytes: 512 * KIB,
        max_age: Some(Duration::from_hours(24 * 365)),
        atomic_batches: false,
        ..cases.clone()
    };
    let identity = StreamDeclaration {
        name: IDENTITY,
        subjects: &["$KV.IDENTITY.>"],
        purpose: "accounts, sessions and tokens",
        max_bytes: shape.identity_max_bytes,
        max_message_bytes: 64 * KIB,
        newest_only: true,
        ..cases.clone()
    };
    let access = StreamDeclaration {
        name: ACCESS,
        subjects: &["access.>"],
        purpose: "who signed in, which tokens were given, who read what, and what was refused",
        max_bytes: shape.access_max_bytes,
        max_message_bytes: 64 * KIB,
        atomic_batches: false,
        ..cases.clone()
    };
    let audit = StreamDeclaration {
        name: AUDIT,
        subjects: &[CHECKPOINT],
        purpose: "signed checkpoints: how large each log was, and the root over it",
        max_bytes: shape.audit_max_bytes,
        max_message_bytes: 64 * KIB,
        atomic_batches: false,
        ..cases.clone()
    };
    let attachments = StreamDeclaration {
        name: ATTACHMENTS,
        subjects: &["$O.attachments.C.>", "$O.attachments.M.>"],
        purpose: "the files that belong to documents, by their digest",
        max_bytes: shape.attachments_max_bytes,
        // A piece of a file and its headers.
        max_message_bytes: 640 * KIB,
        atomic_batches: false,
        ..cases.clone()
    };
    [cases, outbox, dead, identity, access, audit, attachments]
}

impl StreamDeclaration {
    fn config(&self) -> stream::Config {
        stream::Config {
            name: self.name.to_owned(),
            description: Some(self.purpose.to_owned()),
            subjects: self.subjects.iter().map(|&subject| subject.to_owned()).collect(),
            storage: StorageType::File,
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::New,
            deny_delete: true,
            deny_purge: true,
            allow_direct: true,
            allow_atomic_publish: self.atomic_batches,
            max_bytes: i64::try_from(self.max_bytes).unwrap_or(i64::MAX),
            max_message_size: i32::try_from(self.max_message_bytes).unwrap_or(i32::MAX),
            max_age: self.max_age.unwrap_or_default(),
            duplicate_window: self.duplicate_window,
            num_replicas: self.replicas.count(),
            max_messages: -1,
            max_messages_per_subject: if self.newest_only { 1 } else { -1 },
            max_consumers: -1,
            compression: Some(Compression::None),
            ..stream::Config::default()
        }
    }
}

impl ConsumerDeclaration {
    fn config(&self) -> consumer::pull::Config {
        consumer::pull::Config {
            durable_name: Some(self.name.to_owned()),
            name: Some(self.name.to_owned()),
            description: Some(self.purpose.to_owned()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            replay_policy: ReplayPolicy::Instant,
            ack_wait: self.ack_wait,
            max_ack_pending: i64::from(self.max_ack_pending),
            max_deliver: -1,
            max_waiting: 512,
            ..consumer::pull::Config::default()
        }
    }
}
