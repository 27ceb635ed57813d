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
use tokio::task::JoinHandle;

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

/// Reads the log up to its end; then goes on following it in the background. The task ends only with the
/// connection: a process whose fold no longer follows must not go on.
///
/// `lag` is waited before each read: what a slow follower looks like, for tests.
pub async fn follow(
    views: &Arc<Views>,
    bus: Bus,
    lag: Option<Duration>,
) -> Result<JoinHandle<()>, FollowError> {
    let mut announced = bus.subscribe(ANNOUNCEMENT).await.map_err(|error| FollowError(error.to_string()))?;
    let end = log::last_sequence(&bus, CASES).await?;
    let mut next = 1;
    while next <= end {
        catch_up(views, &bus, &mut next).await?;
        if end > 20_000 {
            tracing::info!(applied = next - 1, of = end, "reading the log");
        }
    }
    let views = Arc::clone(views);
    Ok(tokio::spawn(async move {
        loop {
            // A lost announcement is made good by the heartbeat.
            if let Ok(None) = tokio::time::timeout(HEARTBEAT, announced.next()).await {
                break;
            }
            if let Some(lag) = lag {
                tokio::time::sleep(lag).await;
            }
            // One read serves for all the announcements that have come meanwhile.
            while let Ok(Some(_)) = tokio::time::timeout(Duration::ZERO, announced.next()).await {}
            if let Err(error) = catch_up(&views, &bus, &mut next).await {
                tracing::warn!(%error, "the fold waits for the log");
            }
        }
    }))
}

/// Applies what the log has from `next` on, and moves `next` with each fact applied.
async fn catch_up(views: &Views, bus: &Bus, next: &mut u64) -> Result<(), ReadError> {
    loop {
        let entries = log::read(bus, CASES, *next, ">").await?;
        let more = entries.len() >= log::BATCH;
        for entry in entries {
            if let Some(AggregateId::Case(id)) = AggregateId::of_subject(&entry.subject) {
                let mut fold = views.fold();
                if let Err(reason) =
                    fold.apply(id, entry.sequence, &entry.payload, Instant::now(), &views.policy)
                {
                    fold.mark_unreadable(id);
                    tracing::error!(case = %id, sequence = entry.sequence, reason, alert = true, "UNREADABLE");
                }
            }
            *next = entry.sequence + 1;
            views.changed(Some(entry.sequence));
        }
        if !more {
            return Ok(());
        }
    }
}
