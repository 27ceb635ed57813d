//! The fold of the log that all services of a process share: cases, agenda, lists (DESIGN D8).
//!
//! It follows the log by batched direct get, woken by the ledger's announcement after each commit. What was touched of
//! late is in memory; all of it is in a database on disk, written a little later. It is disposable: a start goes on
//! from what was written, and where that is missing, damaged, or made by other rules, it is made anew from the log.

mod duties;
mod fold;
mod follow;
mod hot;
mod recent;
mod rules;
pub mod search;
mod store;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bus::{Kept, Loaded, Shelf};
use domain::{Case, Directory, Policy, access::Principal, directory, duties::Duty, work::Waiting};
use events::{AgencyId, CaseId, DutyId, Lifecycle, Stage, Timestamp, Urgency};
use tokio::sync::watch;

use duties::Duties;
use fold::Fold;
pub use fold::agenda::Due;
pub use follow::{FollowError, follow};
use recent::Recent;
use rules::Rules;
use search::{Match, Query};
pub use store::{Entry, NoEntry, StoreError};
use store::{Found, Store};

/// What is known of the log here.
pub struct Views {
    fold: Mutex<Fold>,
    store: Arc<Store>,
    /// Held while the fold is written, once at a time: up to which place in the log it was written last.
    saving: Mutex<u64>,
    recent: Recent,
    rules: Rules,
    duties: Duties,
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
    /// Only cases in which this agency takes part: those that its officers may see by being of it.
    pub agency: Option<AgencyId>,
    /// Only cases of one of these topics.
    pub topics: Option<BTreeSet<String>>,
    /// Only cases in one of these areas.
    pub areas: Option<BTreeSet<String>>,
    /// Only exercises, or none of them.
    pub exercise: Option<bool>,
    /// Only cases in which a deadline runs that is due before this.
    pub due_before: Option<Timestamp>,
    /// Only cases behind this place in the list: where the page before ended.
    pub before: Option<u64>,
}

impl Filter {
    /// The group that sees the cases in which the agency takes part.
    fn party(&self) -> Option<Principal> {
        self.agency.clone().map(Principal::Agency)
    }
}

/// A page of a list, newest first.
#[derive(Clone, Debug)]
pub struct Page {
    /// The cases.
    pub cases: Vec<Arc<Case>>,
    /// Where the next page begins, if there is one.
    pub next: Option<u64>,
}

/// A page of what a search has found, the best first.
#[derive(Clone, Debug)]
pub struct Hits {
    /// The cases, each with where it was found.
    pub hits: Vec<(Arc<Case>, Vec<Match>)>,
    /// Where the next page begins, if there is one.
    pub next: Option<u64>,
}

/// Whose work is asked for, and from where on.
#[derive(Clone, Debug)]
pub struct Desk<D> {
    /// As whom the person sees cases.
    pub principals: BTreeSet<Principal>,
    /// The agencies for which the person acts.
    pub agencies: BTreeSet<AgencyId>,
    /// Whether the person does what is owed, for one of these.
    pub does: D,
    /// The last that the page before had looked at.
    pub after: Option<Entry>,
    /// How many at most.
    pub most: usize,
}

/// A page of what waits, soonest first.
#[derive(Clone, Debug)]
pub struct Work {
    /// The cases, each with what waits in it.
    pub items: Vec<(Arc<Case>, Waiting)>,
    /// Where the next page begins, if there is one.
    pub next: Option<Entry>,
}

impl std::fmt::Debug for Views {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Views").field("progress", &*self.progress.borrow()).finish_non_exhaustive()
    }
}

impl Views {
    /// The fold as it was left in a folder, or an empty one; [`follow`] brings it up to the log's end.
    pub fn open(policy: Arc<Policy>, folder: &Path) -> Result<Arc<Self>, StoreError> {
        let store = Arc::new(Store::open(folder, &policy.version)?);
        let fold = Fold::over(Arc::clone(&store))?;
        let progress = watch::Sender::new(Progress { applied: fold.applied(), changes: 0 });
        let (fold, saving, recent) = (Mutex::new(fold), Mutex::default(), Recent::default());
        Ok(Arc::new(Self {
            fold,
            store,
            saving,
            recent,
            rules: Rules::of(policy),
            duties: Duties::default(),
            progress,
        }))
    }

    /// Forgets everything.
    fn start_anew(&self) -> Result<(), StoreError> {
        let mut written = self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        self.store.clear()?;
        *written = 0;
        *self.fold() = Fold::over(Arc::clone(&self.store))?;
        Ok(())
    }

    /// Writes to the disk what has changed since the last time. It takes a while: not for a task that others wait for.
    pub fn save(&self) -> Result<(), StoreError> {
        let mut written = self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        let batch = self.fold().batch();
        if batch.rows.is_empty() && batch.mark.applied == *written {
            return Ok(());
        }
        self.store.write(&batch)?;
        self.fold().saved(&batch);
        *written = batch.mark.applied;
        Ok(())
    }

    fn fold(&self) -> MutexGuard<'_, Fold> {
        // A panic while folding would leave a fold that is merely older: it is rebuilt from the log anyway.
        self.fold.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Whether the fold comes up to a place in the log in time.
    pub async fn comes_to(&self, position: u64, within: Duration) -> bool {
        let reached = |views: &Self| (views.progress.borrow().applied >= position).then_some(());
        self.wait(within, reached).await.is_some()
    }

    /// The rank of a case among those raised in its local year, in the log's order; known once the fold has passed
    /// the fact that raised it.
    pub async fn rank(&self, id: CaseId, within: Duration) -> Option<u32> {
        self.wait(within, |views| views.fold().raised(id).map(|raised| raised.rank)).await
    }

    /// The cases that somebody may see, newest first, as of now. It reads the disk: not for a task that others wait
    /// for.
    pub fn list(
        &self,
        principals: &BTreeSet<Principal>,
        filter: &Filter,
        most: usize,
    ) -> Result<Page, StoreError> {
        self.save()?;
        let found = self.store.list(principals, filter, most)?;
        let next = found.next;
        Ok(Page { cases: visible(principals, found).collect(), next })
    }

    /// The cases that somebody may see and in which this is found, the best first, as of now. It reads the disk: not
    /// for a task that others wait for.
    pub fn search(
        &self,
        principals: &BTreeSet<Principal>,
        query: &Query,
        filter: &Filter,
        most: usize,
    ) -> Result<Hits, StoreError> {
        self.save()?;
        let found = self.store.search(principals, query, filter, most)?;
        let next = found.next;
        let hits = visible(principals, found).map(|case| {
            let matches = query.matches(&case);
            (case, matches)
        });
        Ok(Hits { hits: hits.collect(), next })
    }

    /// What waits for a person at `now`, soonest first. It reads the disk: not for a task that others wait for.
    pub fn work<D>(&self, desk: &Desk<D>, now: Timestamp) -> Result<Work, StoreError>
    where
        D: Fn(&AgencyId, &str) -> bool,
    {
        self.look_again_by(now);
        self.save()?;
        let Desk { principals, agencies, does, after, most } = desk;
        let found = self.store.work(principals, agencies, does, after.as_ref(), *most)?;
        let policy = &self.policy(now);
        let items = found.rows.into_iter().filter_map(|(entry, row)| {
            // It was noted under the rules of its time: those of today decide.
            let waiting = domain::work::waiting(&row.case, policy);
            let owed = |item: &Waiting| entry.is(item) && item.who.iter().any(|who| agencies.contains(who));
            let item = waiting.into_iter().find(owed)?;
            (!principals.is_disjoint(&row.case.audience)).then_some((row.case, item))
        });
        Ok(Work { items: items.collect(), next: found.next })
    }

    /// The cases in which some of the stages have something to do by themselves at `now`: because an instant has
    /// come, or because nobody has done it for `grace`. The urgent first.
    pub fn due(&self, stages: &[Stage], now: Timestamp, grace: Duration) -> Vec<Due> {
        self.look_again_by(now);
        self.fold().due(stages, now, grace, &self.policy(now))
    }

    /// For how long the oldest automatic step of each stage of a case has been to be done, as far as this process knows, and
    /// is not; 0 where there is none.
    pub fn pending(&self, now: Timestamp) -> Vec<(Stage, Duration)> {
        self.fold().pending(now, &self.policy(now))
    }

    /// The next instant at which some stage has something to do by itself, after `now`.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let duties = self.duties.next_due(now, &self.policy(now));
        self.fold().next_due(now).into_iter().chain(self.rules.next_due(now)).chain(duties).min()
    }

    /// Whether any stage has something to do by itself at `now`.
    pub fn is_settled(&self, now: Timestamp) -> bool {
        self.look_again_by(now);
        self.rules.next_step(now).is_none()
            && self.duty_step(now).is_none()
            && self.fold().is_settled(now, &self.policy(now))
    }

    /// The policy in force at a time, with what the directory says.
    pub fn policy(&self, now: Timestamp) -> Arc<Policy> {
        self.rules.policy(now)
    }

    /// The policy of the files with which this process was started.
    pub fn policy_of_files(&self) -> &Arc<Policy> {
        self.rules.files()
    }

    /// What the directory must do next by itself, if its time has come.
    pub fn directory_step(&self, now: Timestamp) -> Option<directory::Step> {
        self.rules.next_step(now)
    }

    /// The directory as it stood in the log when the process began to follow it: cases that were put on the agenda under
    /// an older one are looked at again.
    fn begin_with(&self, loaded: Kept<Directory>) {
        let unseen = loaded.sequence > self.fold().applied();
        if self.rules.take(loaded) && unseen {
            self.look_again();
        }
    }

    /// What cases wait for may be another thing now: each is looked at again.
    fn look_again(&self) {
        self.fold().look_again();
        self.changed(None);
    }

    /// Goes on looking again at what was looked at under other rules.
    fn look_on(&self) {
        if let Some(now) = self.rules.considered() {
            self.fold().look_on(now, &self.policy(now));
        }
    }

    fn look_again_by(&self, now: Timestamp) {
        if self.rules.has_changed_by(now) {
            self.look_again();
        }
    }

    /// The cases whose facts could not be folded.
    pub fn unreadable(&self) -> usize {
        self.fold().unreadable()
    }

    /// How many cases are in memory.
    pub fn in_memory(&self) -> usize {
        self.fold().in_memory()
    }
}

/// What was found, as far as these may see it: what has changed since it was found may be hidden by now (DESIGN D9).
fn visible(principals: &BTreeSet<Principal>, found: Found) -> impl Iterator<Item = Arc<Case>> {
    let cases = found.rows.into_iter().map(|row| row.case);
    cases.filter(|case| !principals.is_disjoint(&case.audience))
}

impl Shelf for Views {
    fn get(&self, case: CaseId) -> Option<Loaded> {
        self.fold().case(case)
    }

    fn put(&self, loaded: Loaded) {
        self.recent.keep(&loaded.case);
        let policy = self.policy(loaded.case.recorded_at);
        if self.fold().put(loaded, Instant::now(), &policy) {
            self.changed(None);
        }
    }

    fn directory(&self) -> Option<Kept<Directory>> {
        self.rules.directory()
    }

    fn put_directory(&self, loaded: Kept<Directory>) {
        if self.rules.take(loaded) {
            self.look_again();
        }
    }

    fn duty(&self, id: DutyId) -> Option<Kept<Duty>> {
        self.duties.get(id)
    }

    fn put_duty(&self, kept: Kept<Duty>) {
        if self.duties.put(kept) {
            self.changed(None);
        }
    }
}
