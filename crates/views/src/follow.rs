//! Following the log: all that is there, then what comes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bus::{
    Bus,
    log::{self, ReadError},
    protocol::ANNOUNCEMENT,
    streams::CASES,
};
use events::AggregateId;

use crate::Views;

/// How long is waited for an announcement before the log is read all the same.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// Why the log could not be followed.
#[derive(Debug, thiserror::Error)]
#[error("the fold cannot follow the log: {0}")]
pub struct FollowError(String);

impl From<ReadError> for FollowError {
    fn from(error: ReadError) -> Self {
        Self(error.to_string())
    }
}

/// Reads the log up to its end; then goes on following it in the background, until the process ends.
///
/// `lag` is waited before each read: what a slow follower looks like, for tests.
pub async fn follow(views: &Arc<Views>, bus: Bus, lag: Option<Duration>) -> Result<(), FollowError> {
    let mut announced = bus.subscribe(ANNOUNCEMENT).await.map_err(|error| FollowError(error.to_string()))?;
    let end = log::last_sequence(&bus, CASES).await?;
    let mut next = 1;
    while next <= end {
        next = catch_up(views, &bus, next).await?;
        if end > 20_000 {
            tracing::info!(applied = next - 1, of = end, "reading the log");
        }
    }
    let views = Arc::clone(views);
    tokio::spawn(async move {
        loop {
            // A lost announcement is made good by the heartbeat; the end of the connection ends the process's fold.
            if let Ok(None) = tokio::time::timeout(HEARTBEAT, announced.next()).await {
                break;
            }
            if let Some(lag) = lag {
                tokio::time::sleep(lag).await;
            }
            match catch_up(&views, &bus, next).await {
                Ok(reached) => next = reached,
                Err(error) => tracing::warn!(%error, "the fold waits for the log"),
            }
        }
    });
    Ok(())
}

/// Applies what the log has from `next` on; gives the sequence after the last one applied.
async fn catch_up(views: &Views, bus: &Bus, mut next: u64) -> Result<u64, ReadError> {
    loop {
        let entries = log::read(bus, CASES, next, ">").await?;
        let more = entries.len() >= log::BATCH;
        for entry in entries {
            next = entry.sequence + 1;
            if let Some(AggregateId::Case(id)) = AggregateId::of_subject(&entry.subject) {
                let mut fold = views.fold();
                if let Err(reason) =
                    fold.apply(id, entry.sequence, &entry.payload, Instant::now(), &views.policy)
                {
                    fold.mark_unreadable(id);
                    tracing::error!(case = %id, sequence = entry.sequence, reason, alert = true, "UNREADABLE");
                }
            }
            views.changed(Some(entry.sequence));
        }
        if !more {
            return Ok(next);
        }
    }
}
