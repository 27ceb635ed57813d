//! Following the log: what came since the fold was written, then what comes.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use bus::{
    Bus, Kept, Shelf as _,
    append::Stored,
    connection::{House, Subscription},
    log::{self, Entry, ReadError},
    protocol::{self, ANNOUNCEMENT},
    streams::CASES,
};
use events::{AggregateId, Digest, Fact};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    task::{JoinError, JoinHandle},
};

use crate::{StoreError, Views, store::Mark};

/// How often a server may have nothing of what it says is there: another one may only be late. Then it has lost it, and
/// who asks is told so rather than kept waiting.
const EMPTY: u32 = 5;

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
/// What the ledger of this process stores comes from the `house`, without being read.
///
/// `lag` is waited before each read: what a slow follower looks like, for tests.
pub async fn follow(
    views: &Arc<Views>,
    bus: Bus,
    house: &House,
    lag: Option<Duration>,
) -> Result<JoinHandle<()>, FollowError> {
    let stored = house.stored(CASES);
    let announced = bus.subscribe(ANNOUNCEMENT).await.map_err(|error| FollowError(error.to_string()))?;
    let end = log::last_sequence(&bus, CASES).await?;
    // Who may act, and under which policy, before any case.
    if let Some(directory) =
        bus::read_directory(&bus, None).await.map_err(|refusal| FollowError(refusal.en))?
    {
        views.begin_with(directory);
    }
    views.duties.load(&bus).await?;
    let mut next = resume(views, &bus, end).await?;
    let first = next;
    let (began, mut told, mut empty) = (Instant::now(), Instant::now(), 0);
    while next <= end {
        let before = next;
        read_on(views, &bus, &mut next).await?;
        empty = if next == before { empty + 1 } else { 0 };
        if empty > 0 {
            if empty == EMPTY {
                tracing::error!(
                    from = next,
                    end,
                    alert = true,
                    "MISSING: the newest facts of the log are not there"
                );
                next = end + 1;
            }
            tokio::time::sleep(HEARTBEAT / EMPTY).await;
        }
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
    if first == 1 && views.rules.have_changed() {
        views.look_again();
    }
    tokio::spawn(save_now_and_then(Arc::downgrade(views)));
    Ok(tokio::spawn(keep_up(Arc::clone(views), bus, News { announced, stored }, next, lag)))
}

/// Where to read on: behind what the fold has, if it was made from this log.
async fn resume(views: &Views, bus: &Bus, end: u64) -> Result<u64, FollowError> {
    let Mark { applied, digest } = views.fold().mark();
    if applied == 0 {
        return Ok(1);
    }
    let there =
        if applied <= end { log::read_at_most(bus, CASES, applied, ">", 1).await? } else { Vec::new() };
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

/// What tells that the log has grown.
struct News {
    /// From whichever ledger, through the server.
    announced: Subscription,
    /// From the ledger of this process, with what it stored.
    stored: broadcast::Receiver<Arc<[Stored]>>,
}

/// What there is to do.
enum Next {
    /// These follow on what is there.
    Apply(Arc<[Stored]>),
    /// The log is to be read.
    Read,
    /// Nothing is new.
    Wait,
    /// The connection has ended.
    End,
}

impl News {
    /// Waits for what comes next; a lost announcement is made good by the heartbeat.
    async fn next(&mut self, next: u64) -> Next {
        tokio::select! {
            biased;
            stored = self.stored.recv() => match stored {
                Ok(entries) if entries.first().is_some_and(|first| first.sequence == next) => Next::Apply(entries),
                Ok(entries) if entries.last().is_some_and(|last| last.sequence < next) => Next::Wait,
                Ok(_) | Err(RecvError::Lagged(_)) => Next::Read,
                Err(RecvError::Closed) => Next::End,
            },
            announced = tokio::time::timeout(HEARTBEAT, self.announced.next()) => match announced {
                Ok(None) => Next::End,
                Ok(Some(said)) if protocol::read(&said).is_ok_and(|newest: u64| newest < next) => Next::Wait,
                Ok(Some(_)) | Err(_) => Next::Read,
            },
        }
    }
}

async fn keep_up(views: Arc<Views>, bus: Bus, mut news: News, mut next: u64, lag: Option<Duration>) {
    loop {
        match news.next(next).await {
            Next::End => break,
            Next::Wait => continue,
            Next::Apply(entries) if lag.is_none() => {
                next = apply(&views, &entries).unwrap_or(next);
                continue;
            }
            Next::Apply(_) | Next::Read => {}
        }
        if let Some(lag) = lag {
            tokio::time::sleep(lag).await;
        }
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

/// Applies entries that follow on what is there; gives where the log goes on.
fn apply(views: &Views, entries: &[Stored]) -> Option<u64> {
    let last = entries.last()?.sequence;
    let seen = Instant::now();
    // The lock is taken for each: commands go on meanwhile.
    let mut policies = views.rules.rulebook();
    for entry in entries {
        if AggregateId::of_subject(&entry.subject) == Some(AggregateId::Directory) {
            take_directory(views, entry);
            policies = views.rules.rulebook();
        }
        if let Some(AggregateId::Duty(id)) = AggregateId::of_subject(&entry.subject) {
            views.duties.apply(id, entry);
        }
        views.fold().apply(entry, seen, &policies);
    }
    views.changed(Some(last));
    Some(last + 1)
}

/// A fact of the directory, as it comes by in the log's order. Who recorded it put it on the shelf already, as a rule.
fn take_directory(views: &Views, entry: &Stored) {
    let known = views.rules.directory();
    if known.as_ref().is_some_and(|known| known.sequence >= entry.sequence) {
        return;
    }
    let before = known.map(|known| Arc::unwrap_or_clone(known.it));
    let folded = Fact::from_bytes(&entry.payload)
        .map_err(|error| error.to_string())
        .and_then(|fact| domain::directory::evolve(before, &fact).map_err(|error| error.to_string()));
    match folded {
        Ok(directory) => {
            views.put_directory(Kept { it: Arc::new(directory), sequence: entry.sequence });
        }
        // Who could act stays as it was known: nobody gains a right by a damaged fact.
        Err(reason) => {
            tracing::error!(sequence = entry.sequence, reason, alert = true, "UNREADABLE: the directory");
        }
    }
}

/// Applies one reading of the log from `next` on, and moves `next` behind it; says whether there is more.
async fn read_on(views: &Arc<Views>, bus: &Bus, next: &mut u64) -> Result<bool, FollowError> {
    let entries = log::read_whole(bus, CASES, *next).await?;
    let more = entries.len() >= log::BATCH;
    let entries: Vec<Stored> = entries.into_iter().map(Entry::into_stored).collect();
    *next = apply(views, &entries).unwrap_or(*next);
    if views.fold().unsaved() >= MOST_UNSAVED {
        save(views).await?;
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
        let looking = Arc::clone(&views);
        // A panic there is a panic here when it is next written.
        let _ = tokio::task::spawn_blocking(move || looking.look_on()).await;
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
