//! Following the log: what came since the fold was written, then what comes.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use bus::{
    Bus,
    connection::Subscription,
    log::{self, ReadError},
    protocol::ANNOUNCEMENT,
    streams::CASES,
};
use events::Digest;
use tokio::task::{JoinError, JoinHandle};

use crate::{StoreError, Views, store::Mark};

/// How long is waited for an announcement before the log is read all the same.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// How often what has changed is written.
const SAVED_EVERY: Duration = Duration::from_secs(1);

/// So many changed cases are written at once, and are waited for.
const MOST_UNSAVED: usize = 4_096;

/// How often is said how far a long reading is.
const TOLD_EVERY: Duration = Duration::from_secs(2);

/// Why the log could not be followed.
#[derive(Debug, thiserror::Error)]
#[error("the fold cannot follow the log: {0}")]
pub struct FollowError(String);

impl From<ReadError> for FollowError {
    fn from(error: ReadError) -> Self {
        Self(error.to_string())
    }
}

impl From<StoreError> for FollowError {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

impl From<JoinError> for FollowError {
    fn from(error: JoinError) -> Self {
        Self(error.to_string())
    }
}

/// Reads the log from where the fold was left up to its end; then goes on following it in the background. The task ends
/// only with the connection: a process whose fold no longer follows must not go on.
///
/// `lag` is waited before each read: what a slow follower looks like, for tests.
pub async fn follow(
    views: &Arc<Views>,
    bus: Bus,
    lag: Option<Duration>,
) -> Result<JoinHandle<()>, FollowError> {
    let announced = bus.subscribe(ANNOUNCEMENT).await.map_err(|error| FollowError(error.to_string()))?;
    let end = log::last_sequence(&bus, CASES).await?;
    let mut next = resume(views, &bus, end).await?;
    let first = next;
    let (began, mut told) = (Instant::now(), Instant::now());
    while next <= end {
        read_on(views, &bus, &mut next).await?;
        if told.elapsed() >= TOLD_EVERY && next <= end {
            told = Instant::now();
            let left = u128::from(end - next) * began.elapsed().as_millis() / u128::from(next - first).max(1);
            tracing::info!("reading the log: {} of {end} facts, about {} s to go", next - 1, left / 1_000);
        }
    }
    if next > first + u64::try_from(MOST_UNSAVED).unwrap_or(u64::MAX) {
        tracing::info!("read {} facts of the log in {:.1} s", next - first, began.elapsed().as_secs_f64());
        save(views).await?;
    }
    tokio::spawn(save_now_and_then(Arc::downgrade(views)));
    Ok(tokio::spawn(keep_up(Arc::clone(views), bus, announced, next, lag)))
}

/// Where to read on: behind what the fold has, if it was made from this log.
async fn resume(views: &Views, bus: &Bus, end: u64) -> Result<u64, FollowError> {
    let Mark { applied, digest } = views.fold().mark();
    if applied == 0 {
        return Ok(1);
    }
    let there = if applied <= end { log::read(bus, CASES, applied, ">").await? } else { Vec::new() };
    let same = there
        .first()
        .is_some_and(|entry| entry.sequence == applied && Some(Digest::of(&entry.payload)) == digest);
    if same {
        return Ok(applied + 1);
    }
    tracing::warn!(applied, end, "the fold on disk was made from another log, and is made anew");
    views.start_anew()?;
    Ok(1)
}

async fn keep_up(
    views: Arc<Views>,
    bus: Bus,
    mut announced: Subscription,
    mut next: u64,
    lag: Option<Duration>,
) {
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
        loop {
            match read_on(&views, &bus, &mut next).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "the fold waits for the log");
                    break;
                }
            }
        }
    }
}

/// Applies one reading of the log from `next` on, and moves `next` behind it; says whether there is more.
async fn read_on(views: &Arc<Views>, bus: &Bus, next: &mut u64) -> Result<bool, FollowError> {
    let entries = log::read(bus, CASES, *next, ">").await?;
    let more = entries.len() >= log::BATCH;
    if let Some(last) = entries.last() {
        *next = last.sequence + 1;
        let seen = Instant::now();
        // The lock is taken for each: commands go on meanwhile.
        for entry in &entries {
            views.fold().apply(entry, seen, &views.policy);
        }
        views.changed(Some(last.sequence));
        if views.fold().unsaved() >= MOST_UNSAVED {
            save(views).await?;
        }
    }
    Ok(more)
}

/// Writes what has changed, without holding up others.
async fn save(views: &Arc<Views>) -> Result<(), FollowError> {
    let saving = Arc::clone(views);
    Ok(tokio::task::spawn_blocking(move || saving.save()).await??)
}

/// Writes now and then what has changed, as long as anybody uses the fold.
async fn save_now_and_then(views: Weak<Views>) {
    let mut told = false;
    loop {
        tokio::time::sleep(SAVED_EVERY).await;
        let Some(views) = views.upgrade() else { return };
        match save(&views).await {
            Ok(()) => told = false,
            // It stays in memory and is tried again.
            Err(error) if !told => {
                told = true;
                tracing::error!(%error, alert = true, "the fold cannot be written to the disk");
            }
            Err(_) => {}
        }
    }
}
