//! The fold itself: what is known of all cases, in memory and on disk as one.

pub(crate) mod agenda;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Instant,
};

use bus::{Loaded, append::Stored};
use bytes::Bytes;
use chrono::Datelike as _;
use domain::{Policy, Rulebook, calendar, work::Waiting};
use events::{AggregateId, CaseId, Digest, Fact, Kind, Timestamp, envelope};

use agenda::Unsettled;

use crate::{
    hot::Hot,
    store::{Batch, Mark, Resumed, Row, Store, StoreError},
};

/// What is known of all cases.
pub(crate) struct Fold {
    store: Arc<Store>,
    hot: Hot<Known>,
    /// What is in memory otherwise than on disk.
    unsaved: HashSet<CaseId>,
    /// When the cases in memory want to be looked at; of the others the store knows it.
    agenda: BTreeSet<(Timestamp, CaseId)>,
    /// Cases in which some stage may have something to do.
    unsettled: HashMap<CaseId, Unsettled>,
    ranks: HashMap<i32, u32>,
    unreadable: HashSet<CaseId>,
    /// Cases that were damaged on disk: they are read from the log when somebody needs them.
    lost: HashSet<CaseId>,
    mark: Mark,
    /// The bytes at the mark, once a fact was applied.
    newest: Option<Bytes>,
    /// Cases may still be on disk as they were under other rules.
    outdated: bool,
}

/// A case in memory.
struct Known {
    loaded: Loaded,
    /// Unknown as long as the fold has not come by the fact that raised it.
    raised: Option<Raised>,
    wake: Option<Timestamp>,
    /// What waits for somebody in it, once that was looked at.
    waiting: Option<Vec<Waiting>>,
}

/// Where a case was raised in the log, and as which of its local year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Raised {
    pub(crate) sequence: u64,
    pub(crate) rank: u32,
}

impl Fold {
    /// A fold that goes on from what is on disk.
    pub(crate) fn over(store: Arc<Store>) -> Result<Self, StoreError> {
        let Resumed { mark, ranks, unreadable, unsettled } = store.resume()?;
        Ok(Self {
            store,
            hot: Hot::default(),
            unsaved: HashSet::new(),
            agenda: BTreeSet::new(),
            unsettled: unsettled.into_iter().map(|id| (id, Unsettled::overdue())).collect(),
            ranks: ranks.into_iter().collect(),
            unreadable: unreadable.into_iter().collect(),
            lost: HashSet::new(),
            mark,
            newest: None,
            outdated: true,
        })
    }

    /// The sequence of the last fact applied in the log's order.
    pub(crate) fn applied(&self) -> u64 {
        self.mark.applied
    }

    /// That sequence, and the digest of its bytes.
    pub(crate) fn mark(&self) -> Mark {
        let newest = self.newest.as_ref().map(|bytes| Digest::of(bytes));
        Mark { applied: self.mark.applied, digest: newest.or(self.mark.digest) }
    }

    pub(crate) fn case(&mut self, id: CaseId) -> Option<Loaded> {
        self.known(id).map(|known| known.loaded.clone())
    }

    /// The case that people call by this number.
    pub(crate) fn numbered(&self, number: &str) -> Option<CaseId> {
        let is_it = |id: &&CaseId| {
            let code = self.hot.peek(**id).and_then(|known| known.loaded.case.code.as_ref());
            code.is_some_and(|code| code.as_str() == number)
        };
        let unsaved = self.unsaved.iter().find(is_it).copied();
        unsaved.or_else(|| self.sound(self.store.numbered(number)).flatten())
    }

    pub(crate) fn raised(&mut self, id: CaseId) -> Option<Raised> {
        self.known(id).and_then(|known| known.raised)
    }

    pub(crate) fn unreadable(&self) -> usize {
        self.unreadable.len()
    }

    /// How many cases are in memory.
    pub(crate) fn in_memory(&self) -> usize {
        self.hot.len()
    }

    /// How many cases wait to be written.
    pub(crate) fn unsaved(&self) -> usize {
        self.unsaved.len()
    }

    /// Applies a fact in the log's order. A fact that does not follow marks its case as unreadable, and the fold
    /// goes on (DESIGN D8).
    pub(crate) fn apply(&mut self, entry: &Stored, seen: Instant, policies: &Rulebook) {
        if entry.sequence <= self.mark.applied {
            return;
        }
        (self.mark.applied, self.newest) = (entry.sequence, Some(entry.payload.clone()));
        let Some(AggregateId::Case(id)) = AggregateId::of_subject(&entry.subject) else { return };
        if let Err(reason) = self.apply_to(id, entry, seen, policies) {
            self.mark_unreadable(id);
            tracing::error!(case = %id, sequence = entry.sequence, reason, alert = true, "UNREADABLE");
        }
    }

    fn apply_to(
        &mut self,
        id: CaseId,
        entry: &Stored,
        seen: Instant,
        policies: &Rulebook,
    ) -> Result<(), String> {
        let link = envelope::link(&entry.payload).map_err(|error| error.to_string())?;
        if link.aggregate != AggregateId::Case(id) {
            return Err("the fact names another aggregate than its subject".to_owned());
        }
        let raises = matches!(link.kind, Kind::RaisedByPhone | Kind::RaisedInWriting);
        if self.unreadable.contains(&id) && !raises {
            return Ok(());
        }
        let known = self.known(id);
        if known.is_none() && self.lost.contains(&id) {
            return Ok(());
        }
        let known = self.hot.touch(id);
        // Who has it recorded put it here already, as a rule.
        let is_new = known.as_ref().is_none_or(|known| known.loaded.sequence < entry.sequence);
        if !is_new && !raises {
            return Ok(());
        }
        let known = known.map(|known| known.loaded.clone());
        let fact = Fact::from_bytes(&entry.payload).map_err(|error| error.to_string())?;
        let place = raises.then(|| self.rank(entry.sequence, &fact));
        if is_new && !self.unreadable.contains(&id) {
            let folded = domain::evolve(known.map(|known| Arc::unwrap_or_clone(known.case)), &fact);
            let case = Arc::new(folded.map_err(|error| error.to_string())?);
            let policy = policies.at(case.recorded_at).ok_or("no policy is known")?;
            self.put(Loaded { case, sequence: entry.sequence }, seen, policy);
        }
        if let (Some(place), Some(known)) = (place, self.hot.touch(id)) {
            known.raised = Some(place);
        }
        Ok(())
    }

    /// Counts a case that was raised: its place, and the how manieth of its local year it is.
    fn rank(&mut self, sequence: u64, fact: &Fact) -> Raised {
        let year = calendar::local_date(fact.origin().occurred_at).year();
        let rank = self.ranks.entry(year).or_default();
        *rank += 1;
        Raised { sequence, rank: *rank }
    }

    fn mark_unreadable(&mut self, id: CaseId) {
        self.unreadable.insert(id);
        self.unsettled.remove(&id);
        self.unsaved.remove(&id);
        if let Some(wake) = self.hot.remove(id).and_then(|known| known.wake) {
            self.agenda.remove(&(wake, id));
        }
    }

    /// Takes a newer fold of a case; says whether it was newer.
    pub(crate) fn put(&mut self, loaded: Loaded, seen: Instant, policy: &Policy) -> bool {
        let id = loaded.case.id;
        if self.unreadable.contains(&id) {
            return false;
        }
        let (mut raised, mut wake, mut waiting) = (None, None, None);
        if let Some(old) = self.known(id) {
            if old.loaded.sequence >= loaded.sequence {
                return false;
            }
            (raised, wake, waiting) = (old.raised, old.wake, old.waiting.take());
        }
        let recorded_at = loaded.case.recorded_at;
        self.hot.insert(id, Known { loaded, raised, wake, waiting });
        self.unsaved.insert(id);
        self.unsettled.insert(id, Unsettled::since(seen));
        self.schedule(id, recorded_at, policy);
        self.let_go();
        true
    }

    /// Every live case is looked at again: the rules, or who may act, have changed.
    pub(crate) fn look_again(&mut self) {
        let live = self.hot.iter().filter(|(_, known)| known.loaded.case.lifecycle.is_live());
        let live: Vec<_> = live.map(|(id, _)| id).collect();
        // On disk all of them are due now, in memory they keep their instants.
        self.unsaved.extend(&live);
        self.unsettled.extend(live.into_iter().map(|id| (id, Unsettled::overdue())));
        self.sound(self.store.wake_all());
        self.outdated = true;
    }

    /// A case, from memory or from the disk. One that is not readable there is as if it were not known: who needs it
    /// reads the log.
    fn known(&mut self, id: CaseId) -> Option<&mut Known> {
        if self.hot.peek(id).is_none() {
            if self.unreadable.contains(&id) {
                return None;
            }
            let row = match self.store.case(id) {
                Ok(row) => row?,
                Err(error) => {
                    self.store.condemn(&error);
                    self.lost.insert(id);
                    return None;
                }
            };
            let loaded = Loaded { case: row.case, sequence: row.sequence };
            self.agenda.extend(row.wake.map(|wake| (wake, id)));
            let (raised, wake) = (Some(row.raised), row.wake);
            self.hot.insert(id, Known { loaded, raised, wake, waiting: None });
            self.let_go();
        }
        self.hot.touch(id)
    }

    /// Lets go from memory what is on disk and was not touched for long.
    fn let_go(&mut self) {
        for (id, known) in self.hot.let_go(|id| !self.unsaved.contains(&id)) {
            if let Some(wake) = known.wake {
                self.agenda.remove(&(wake, id));
            }
        }
    }

    /// What the store says, if it can say it. A damaged one is taken out of the way.
    fn sound<T>(&self, said: Result<T, StoreError>) -> Option<T> {
        said.inspect_err(|error| self.store.condemn(error)).ok()
    }

    /// What is to be written: all that has changed since the last time, up to the last fact applied.
    pub(crate) fn batch(&self) -> Batch {
        let row = |id: &CaseId| {
            let known = self.hot.peek(*id)?;
            Some(Row {
                case: Arc::clone(&known.loaded.case),
                sequence: known.loaded.sequence,
                raised: known.raised?,
                wake: known.wake,
                unsettled: self.unsettled.contains_key(id),
                waiting: known.waiting.clone(),
            })
        };
        Batch {
            mark: self.mark(),
            rows: self.unsaved.iter().filter_map(row).collect(),
            ranks: self.ranks.iter().map(|(year, rank)| (*year, *rank)).collect(),
            unreadable: self.unreadable.iter().copied().collect(),
        }
    }

    /// What was written need not be written again, unless it has changed meanwhile.
    pub(crate) fn saved(&mut self, batch: &Batch) {
        for row in &batch.rows {
            let same = |known: &Known| {
                (known.loaded.sequence, known.wake, &known.waiting) == (row.sequence, row.wake, &row.waiting)
            };
            if self.hot.peek(row.case.id).is_some_and(same) {
                self.unsaved.remove(&row.case.id);
            }
        }
    }
}
