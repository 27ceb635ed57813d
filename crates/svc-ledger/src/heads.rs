//! The head of each aggregate that the ledger has seen: it refuses a stale proposal without touching the disk.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use events::{AggregateId, Digest, Timestamp};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// The most heads that are kept; more are loaded again when they are needed.
const MOST: usize = 200_000;

/// The newest fact of an aggregate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    /// Its place in the log; 0 for none.
    pub(crate) sequence: u64,
    /// Its version; 0 for none.
    pub(crate) version: u32,
    /// The digest of its bytes.
    pub(crate) digest: Digest,
    /// When it was recorded.
    pub(crate) recorded_at: Timestamp,
}

impl Head {
    /// The head of an aggregate that has no fact yet.
    pub(crate) const NONE: Self =
        Self { sequence: 0, version: 0, digest: Digest::ZERO, recorded_at: Timestamp::UNIX_EPOCH };
}

/// What is known of a head.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Knowledge {
    /// Nothing. A first fact may be tried all the same: the server refuses it when there is one.
    #[default]
    Nothing,
    /// What was known has proven wrong: it must be read.
    Doubtful,
    /// This.
    Known(Head),
}

/// A head, held while a proposal for its aggregate is under way.
pub(crate) type Held = OwnedMutexGuard<Knowledge>;

/// The heads.
#[derive(Default)]
pub(crate) struct Heads(Mutex<HashMap<AggregateId, Arc<AsyncMutex<Knowledge>>>>);

impl Heads {
    /// Holds the head of an aggregate. Proposals over several take theirs in the order of the ids.
    pub(crate) async fn hold(&self, aggregate: AggregateId) -> Held {
        let head = {
            let mut heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if heads.len() >= MOST {
                heads.retain(|_, head| Arc::strong_count(head) > 1);
            }
            Arc::clone(heads.entry(aggregate).or_default())
        };
        head.lock_owned().await
    }
}
