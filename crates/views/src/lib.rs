//! The fold of the log that all services of a process share: live cases, agenda, lists (DESIGN D8).
//!
//! It follows the log by batched direct get, woken by the ledger's announcement after each commit. It is disposable:
//! a start reads the log from its beginning. It keeps everything in memory so far; the fold on disk takes this same
//! place.

mod fold;
mod follow;
mod recent;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use bus::{Loaded, Shelf};
use domain::{Case, Policy, access::Principal};
use events::{CaseId, Lifecycle, Stage, Timestamp, Urgency};
use tokio::sync::watch;

use fold::Fold;
pub use follow::{FollowError, follow};
use recent::Recent;

/// What is known of the log here.
pub struct Views {
    fold: Mutex<Fold>,
    recent: Recent,
    policy: Arc<Policy>,
    progress: watch::Sender<Progress>,
}

/// How far the fold is. It changes with every fact applied and every fold put on the shelf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The sequence of the last fact applied in the log's order.
    pub applied: u64,
    /// Counts every change.
    pub changes: u64,
}

/// Which cases a list asks for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only cases that stand here.
    pub lifecycle: Option<Lifecycle>,
    /// Only cases of this urgency.
    pub urgency: Option<Urgency>,
    /// Only cases raised before this place in the log: where the page before ended.
    pub before: Option<u64>,
}

/// A page of a list, newest first.
#[derive(Clone, Debug)]
pub struct Page {
    /// The cases.
    pub cases: Vec<Arc<Case>>,
    /// Where the next page begins, if there is one.
    pub next: Option<u64>,
}

impl std::fmt::Debug for Views {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Views").field("progress", &*self.progress.borrow()).finish_non_exhaustive()
    }
}

impl Views {
    /// An empty fold; [`follow`] fills it.
    pub fn new(policy: Arc<Policy>) -> Arc<Self> {
        let progress = watch::Sender::new(Progress::default());
        Arc::new(Self { fold: Mutex::new(Fold::default()), recent: Recent::default(), policy, progress })
    }

    fn fold(&self) -> MutexGuard<'_, Fold> {
        // A panic while folding would leave a fold that is merely older: it is rebuilt from the log anyway.
        self.fold.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn changed(&self, applied: Option<u64>) {
        self.progress.send_modify(|progress| {
            progress.changes += 1;
            progress.applied = progress.applied.max(applied.unwrap_or(0));
        });
    }

    /// How far the fold is, and a wake-up for each change.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// A case, as far as it is known here.
    pub fn case(&self, id: CaseId) -> Option<Arc<Case>> {
        self.fold().case(id).map(|loaded| loaded.case)
    }

    /// A case as it stood at a version, if it was put on the shelf a moment ago; else the log must be read.
    pub fn case_at(&self, id: CaseId, version: u32) -> Option<Arc<Case>> {
        self.recent.get(id, version)
    }

    /// The case of a number such as `VV-2026-00001`, once it is known here.
    pub fn numbered(&self, number: &str) -> Option<CaseId> {
        self.fold().numbered(number)
    }

    /// The place in the log at which a case was raised.
    pub fn raised_at(&self, id: CaseId) -> Option<u64> {
        self.fold().raised(id).map(|raised| raised.sequence)
    }

    /// Waits until a condition holds here, at most `within`.
    pub async fn wait<T>(
        &self,
        within: Duration,
        mut condition: impl FnMut(&Self) -> Option<T>,
    ) -> Option<T> {
        let mut progress = self.progress();
        let waiting = async {
            loop {
                if let Some(found) = condition(self) {
                    return Some(found);
                }
                progress.changed().await.ok()?;
            }
        };
        tokio::time::timeout(within, waiting).await.ok().flatten()
    }

    /// The case at a version or a later one, if it comes in time.
    pub async fn at_least(&self, id: CaseId, version: u32, within: Duration) -> Option<Arc<Case>> {
        self.wait(within, |views| views.case(id).filter(|case| case.version >= version)).await
    }

    /// The rank of a case among those raised in its local year, in the log's order; known once the fold has passed
    /// the fact that raised it.
    pub async fn rank(&self, id: CaseId, within: Duration) -> Option<u32> {
        self.wait(within, |views| views.fold().raised(id).map(|raised| raised.rank)).await
    }

    /// The cases that somebody may see, newest first.
    pub fn list(&self, principals: &BTreeSet<Principal>, filter: &Filter, most: usize) -> Page {
        self.fold().list(principals, filter, most)
    }

    /// The cases in which some of the stages have something to do by themselves at `now`: because an instant has
    /// come, or because nobody has done it for `grace`. The urgent first.
    pub fn due(&self, stages: &[Stage], now: Timestamp, grace: Duration) -> Vec<CaseId> {
        self.fold().due(stages, now, grace, &self.policy)
    }

    /// The next instant at which some stage has something to do by itself, after `now`.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        self.fold().next_due(now)
    }

    /// Whether any stage has something to do by itself at `now`.
    pub fn is_settled(&self, now: Timestamp) -> bool {
        self.fold().is_settled(now, &self.policy)
    }

    /// How many cases are in memory.
    pub fn cases(&self) -> usize {
        self.fold().cases()
    }

    /// The cases whose facts could not be folded.
    pub fn unreadable(&self) -> usize {
        self.fold().unreadable()
    }
}

impl Shelf for Views {
    fn get(&self, case: CaseId) -> Option<Loaded> {
        self.fold().case(case)
    }

    fn put(&self, loaded: Loaded) {
        self.recent.keep(&loaded.case);
        if self.fold().put(loaded, Instant::now(), &self.policy) {
            self.changed(None);
        }
    }
}
