//! What is due when: of the cases in memory, and of those on disk.

use std::{
    cmp::Reverse,
    time::{Duration, Instant},
};

use domain::Policy;
use events::{CaseId, Stage, Timestamp, Urgency};

use super::Fold;

/// How many cases are taken from the disk at a time because their instant has come: more come the next time.
const MOST_AT_ONCE: usize = 2_048;

/// The greatest of all case ids, for ranges of the agenda.
const LAST: CaseId = CaseId(uuid::Uuid::max());

/// Longer than any grace.
const NO_GRACE: Duration = Duration::from_mins(1);

/// How long somebody else may take for a step before it counts as pending.
const PENDING: Duration = Duration::from_secs(2);

/// That some stage may have something to do in a case.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unsettled {
    /// Since when it is left to whoever makes it so.
    since: Instant,
    /// Since when it is known here.
    known: Instant,
}

impl Unsettled {
    pub(super) fn since(since: Instant) -> Self {
        Self { since, known: since }
    }

    /// Nobody else does it: there is no grace.
    pub(super) fn overdue() -> Self {
        let known = Instant::now();
        Self { since: known.checked_sub(NO_GRACE).unwrap_or(known), known }
    }
}

/// A case in which something is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// How urgent it is.
    pub urgency: Urgency,
    /// The case.
    pub case: CaseId,
}

impl Fold {
    /// Puts a case where it belongs as of `now`: on the list of what is to be done, or on the agenda, or nowhere.
    pub(super) fn schedule(&mut self, id: CaseId, now: Timestamp, policy: &Policy) {
        let Some(known) = self.known(id) else {
            self.unsettled.remove(&id);
            return;
        };
        let before = known.wake;
        let is_settled = domain::next_steps(&known.loaded.case, now, policy).next().is_none();
        let wake = domain::due(&known.loaded.case, now, policy);
        known.wake = wake;
        let waiting = Some(domain::work::waiting(&known.loaded.case, policy));
        if known.waiting != waiting {
            known.waiting = waiting;
            self.unsaved.insert(id);
        }
        if wake != before {
            self.agenda.extend(wake.map(|wake| (wake, id)));
            if let Some(before) = before {
                self.agenda.remove(&(before, id));
            }
            self.unsaved.insert(id);
        }
        if is_settled {
            self.unsettled.remove(&id);
        }
    }

    /// Goes on looking again at the cases that were looked at under other rules: not all processes have a stage that
    /// asks what is due.
    pub(crate) fn look_on(&mut self, now: Timestamp, policy: &Policy) {
        if !self.outdated {
            return;
        }
        let asleep = self.sound(self.store.due(Timestamp::UNIX_EPOCH, MOST_AT_ONCE)).unwrap_or_default();
        self.outdated = !asleep.is_empty();
        let unsettled: Vec<_> = self.unsettled.keys().copied().collect();
        for id in unsettled.iter().chain(&asleep) {
            self.schedule(*id, now, policy);
        }
        let read = asleep.into_iter().filter(|id| self.hot.peek(*id).is_some());
        self.unsaved.extend(read);
    }

    /// The cases in which some of the stages have something to do by themselves at `now`: because an instant has
    /// come, or because nobody has done it for `grace`. The urgent first.
    pub(crate) fn due(
        &mut self,
        stages: &[Stage],
        now: Timestamp,
        grace: Duration,
        policy: &Policy,
    ) -> Vec<Due> {
        self.wake(now);
        let ripe: Vec<CaseId> = self
            .unsettled
            .iter()
            .filter(|(_, unsettled)| unsettled.since.elapsed() >= grace)
            .map(|(id, _)| *id)
            .collect();
        let mut due = Vec::new();
        for id in ripe {
            self.schedule(id, now, policy);
            if let Some(known) = self.hot.peek(id).filter(|_| self.unsettled.contains_key(&id)) {
                let case = &known.loaded.case;
                let has_step = |stage: &Stage| domain::next_step(case, *stage, now, policy).is_some();
                due.extend(stages.iter().any(has_step).then_some(Due { urgency: case.urgency, case: id }));
            }
        }
        due.sort_unstable_by_key(|due| (Reverse(due.urgency), due.case));
        due
    }

    /// Takes what has come due off the agenda, onto the list of what is to be done: nobody else was there to do it.
    fn wake(&mut self, now: Timestamp) {
        let come: Vec<_> = self.agenda.range(..=(now, LAST)).map(|(_, id)| *id).collect();
        let stored = self.sound(self.store.due(now, MOST_AT_ONCE)).unwrap_or_default();
        let asleep = stored.into_iter().filter(|id| self.hot.peek(*id).is_none());
        let come: Vec<_> = come.into_iter().chain(asleep).collect();
        for id in come {
            let overdue = Unsettled::overdue();
            let known = self.unsettled.get(&id).map_or(overdue.known, |before| before.known);
            self.unsettled.insert(id, Unsettled { known, ..overdue });
        }
    }

    /// For how long the oldest step of each stage has been to be done and is not; 0 where there is none.
    pub(crate) fn pending(&self, now: Timestamp, policy: &Policy) -> Vec<(Stage, Duration)> {
        let mut oldest = Stage::ALL.map(|stage| (stage, Duration::ZERO));
        for (id, unsettled) in &self.unsettled {
            let age = unsettled.known.elapsed();
            let Some(known) = self.hot.peek(*id).filter(|_| age >= PENDING) else { continue };
            for (stage, longest) in &mut oldest {
                if age > *longest && domain::next_step(&known.loaded.case, *stage, now, policy).is_some() {
                    *longest = age;
                }
            }
        }
        oldest.to_vec()
    }

    /// The next instant at which some stage has something to do by itself, after `now`.
    pub(crate) fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let awake = self.agenda.range((now, LAST)..).map(|(at, _)| *at).find(|at| *at > now);
        let asleep = self.store.next_due(now, |id| self.hot.peek(id).is_some());
        awake.into_iter().chain(self.sound(asleep).flatten()).min()
    }

    /// Whether no stage has anything to do by itself at `now`.
    pub(crate) fn is_settled(&mut self, now: Timestamp, policy: &Policy) -> bool {
        self.wake(now);
        let open: Vec<_> = self.unsettled.keys().copied().collect();
        for id in open {
            self.schedule(id, now, policy);
        }
        self.unsettled.is_empty()
    }
}
