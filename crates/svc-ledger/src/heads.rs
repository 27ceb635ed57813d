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

/// A head, held while a proposal for its aggregate is under way; `None` when it must be read first.
pub(crate) type Held = OwnedMutexGuard<Option<Head>>;

/// The heads.
#[derive(Default)]
pub(crate) struct Heads(Mutex<HashMap<AggregateId, Arc<AsyncMutex<Option<Head>>>>>);

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
