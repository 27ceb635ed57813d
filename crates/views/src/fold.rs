//! The fold itself: cases, their order, and what is due when.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use bus::Loaded;
use chrono::Datelike as _;
use domain::{Case, Policy, access::Principal, calendar};
use events::{AggregateId, CaseId, Fact, Kind, Stage, Timestamp};

use crate::{Filter, Page};

/// What is known of all cases.
#[derive(Default)]
pub(crate) struct Fold {
    cases: HashMap<CaseId, Known>,
    raised: HashMap<CaseId, Raised>,
    numbers: HashMap<String, CaseId>,
    order: BTreeMap<u64, CaseId>,
    ranks: HashMap<i32, u32>,
    agenda: BTreeSet<(Timestamp, CaseId)>,
    unsettled: HashMap<CaseId, Instant>,
    unreadable: BTreeSet<CaseId>,
}

struct Known {
    loaded: Loaded,
    wake: Option<Timestamp>,
}

/// Where a case was raised in the log, and as which of its local year.
#[derive(Clone, Copy)]
pub(crate) struct Raised {
    pub(crate) sequence: u64,
    pub(crate) rank: u32,
}

impl Fold {
    pub(crate) fn case(&self, id: CaseId) -> Option<Loaded> {
        self.cases.get(&id).map(|known| known.loaded.clone())
    }

    /// The case that people call by this number.
    pub(crate) fn numbered(&self, number: &str) -> Option<CaseId> {
        self.numbers.get(number).copied()
    }

    pub(crate) fn raised(&self, id: CaseId) -> Option<Raised> {
        self.raised.get(&id).copied()
    }

    pub(crate) fn cases(&self) -> usize {
        self.cases.len()
    }

    pub(crate) fn unreadable(&self) -> usize {
        self.unreadable.len()
    }

    /// Applies a fact in the log's order. A fact that does not follow marks its case as unreadable, and the fold
    /// goes on (DESIGN D8).
    pub(crate) fn apply(
        &mut self,
        id: CaseId,
        sequence: u64,
        bytes: &[u8],
        seen: Instant,
        policy: &Policy,
    ) -> Result<(), String> {
        let fact = Fact::from_bytes(bytes).map_err(|error| error.to_string())?;
        if fact.draft.aggregate != AggregateId::Case(id) {
            return Err("the fact names another aggregate than its subject".to_owned());
        }
        if matches!(fact.body().kind(), Kind::RaisedByPhone | Kind::RaisedInWriting) {
            self.rank(id, sequence, &fact);
        }
        if self.unreadable.contains(&id) {
            return Ok(());
        }
        let known = self.cases.get(&id).map(|known| &known.loaded);
        if known.is_some_and(|known| known.sequence >= sequence) {
            return Ok(());
        }
        let folded = domain::evolve(known.map(|known| Case::clone(&known.case)), &fact);
        let case = Arc::new(folded.map_err(|error| error.to_string())?);
        self.put(Loaded { case, sequence }, seen, policy);
        Ok(())
    }

    pub(crate) fn mark_unreadable(&mut self, id: CaseId) {
        self.unreadable.insert(id);
        self.unsettled.remove(&id);
        if let Some(wake) = self.cases.remove(&id).and_then(|known| known.wake) {
            self.agenda.remove(&(wake, id));
        }
    }

    fn rank(&mut self, id: CaseId, sequence: u64, fact: &Fact) {
        if self.raised.contains_key(&id) {
            return;
        }
        let year = calendar::local_date(fact.origin().occurred_at).year();
        let rank = self.ranks.entry(year).or_default();
        *rank += 1;
        self.raised.insert(id, Raised { sequence, rank: *rank });
        self.order.insert(sequence, id);
    }

    /// Takes a newer fold of a case; says whether it was newer.
    pub(crate) fn put(&mut self, loaded: Loaded, seen: Instant, policy: &Policy) -> bool {
        let id = loaded.case.id;
        let old = self.cases.get(&id);
        if old.is_some_and(|old| old.loaded.sequence >= loaded.sequence) || self.unreadable.contains(&id) {
            return false;
        }
        let wake = old.and_then(|old| old.wake);
        let recorded_at = loaded.case.recorded_at;
        if let Some(code) = &loaded.case.code {
            self.numbers.entry(code.as_str().to_owned()).or_insert(id);
        }
        self.cases.insert(id, Known { loaded, wake });
        self.unsettled.insert(id, seen);
        self.schedule(id, recorded_at, policy);
        true
    }

    /// Puts a case where it belongs as of `now`: on the list of what is to be done, or on the agenda, or nowhere.
    fn schedule(&mut self, id: CaseId, now: Timestamp, policy: &Policy) {
        let Some(known) = self.cases.get_mut(&id) else {
            self.unsettled.remove(&id);
            return;
        };
        if let Some(wake) = known.wake.take() {
            self.agenda.remove(&(wake, id));
        }
        if domain::next_steps(&known.loaded.case, now, policy).next().is_none() {
            self.unsettled.remove(&id);
        }
        known.wake = domain::due(&known.loaded.case, now, policy);
        self.agenda.extend(known.wake.map(|wake| (wake, id)));
    }

    /// A page of what somebody may see. It looks at so many cases and no more: a page may be short and still have a
    /// next one.
    pub(crate) fn list(&self, principals: &BTreeSet<Principal>, filter: &Filter, most: usize) -> Page {
        let mut cases = Vec::new();
        let end = filter.before.unwrap_or(u64::MAX);
        for (looked_at, (sequence, id)) in self.order.range(..end).rev().enumerate() {
            if cases.len() == most || looked_at == MOST_LOOKED_AT {
                return Page { cases, next: Some(*sequence + 1) };
            }
            let Some(case) = self.cases.get(id).map(|known| &known.loaded.case) else { continue };
            let wanted = !principals.is_disjoint(&case.audience)
                && filter.lifecycle.is_none_or(|lifecycle| lifecycle == case.lifecycle)
                && filter.urgency.is_none_or(|urgency| urgency == case.urgency);
            if wanted {
                cases.push(Arc::clone(case));
            }
        }
        Page { cases, next: None }
    }

    pub(crate) fn due(
        &mut self,
        stages: &[Stage],
        now: Timestamp,
        grace: Duration,
        policy: &Policy,
    ) -> Vec<CaseId> {
        self.wake(now, policy);
        let case = |id: &CaseId| &self.cases[id].loaded.case;
        let ripe = self.unsettled.iter().filter(|(_, since)| since.elapsed() >= grace).map(|(id, _)| *id);
        let has_step = |id: &CaseId| {
            stages.iter().any(|stage| domain::next_step(case(id), *stage, now, policy).is_some())
        };
        let mut due: Vec<_> = ripe.filter(has_step).collect();
        // The urgent first.
        due.sort_by_key(|id| (std::cmp::Reverse(case(id).urgency), *id));
        due
    }

    /// Takes what has come due off the agenda, and sees anew to everything that is to be done.
    fn wake(&mut self, now: Timestamp, policy: &Policy) {
        let come: Vec<_> = self.agenda.range(..=(now, LAST)).map(|(_, id)| *id).collect();
        for id in come {
            // What a clock asks for is to be done at once: nobody else was there to do it.
            self.unsettled.insert(id, Instant::now().checked_sub(LONG_AGO).unwrap_or_else(Instant::now));
        }
        let open: Vec<_> = self.unsettled.keys().copied().collect();
        for id in open {
            self.schedule(id, now, policy);
        }
    }

    pub(crate) fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        self.agenda.iter().map(|(at, _)| *at).find(|at| *at > now)
    }

    pub(crate) fn is_settled(&mut self, now: Timestamp, policy: &Policy) -> bool {
        self.wake(now, policy);
        self.unsettled.is_empty()
    }
}

/// How many cases a list looks at in one go: everybody else waits for the fold meanwhile.
const MOST_LOOKED_AT: usize = 5_000;

/// Longer than any grace.
const LONG_AGO: Duration = Duration::from_mins(1);

/// The greatest of all case ids, for ranges of the agenda.
const LAST: CaseId = CaseId(uuid::Uuid::max());

#[cfg(test)]
mod tests {
    use domain::PolicyFiles;
    use events::CaseCode;

    use super::*;

    fn policy() -> Policy {
        Policy::from_files(PolicyFiles {
            policy: include_str!("../../../deploy/policy/policy.toml"),
            organisation: include_str!("../../../deploy/policy/organisation.toml"),
            calendar: include_str!("../../../deploy/policy/calendar-VN.toml"),
            deadlines: include_str!("../../../deploy/policy/deadlines.toml"),
            routing: include_str!("../../../deploy/policy/routing.toml"),
        })
        .unwrap()
    }

    /// The example of a call, raised as the case of that id.
    fn raised(id: CaseId) -> String {
        let mut example = Kind::RaisedByPhone.example();
        example["subject"] = AggregateId::Case(id).subject().into();
        example.to_string()
    }

    fn case(n: u128) -> CaseId {
        CaseId(uuid::Uuid::from_u128(n))
    }

    #[test]
    fn a_case_has_its_rank_in_the_log_and_a_second_reading_changes_nothing() {
        let (policy, seen) = (policy(), Instant::now());
        let mut fold = Fold::default();
        for _ in 0..2 {
            for (n, sequence) in [(1, 5), (2, 9)] {
                fold.apply(case(n), sequence, raised(case(n)).as_bytes(), seen, &policy).unwrap();
            }
        }
        assert_eq!(fold.raised(case(1)).unwrap().rank, 1);
        assert_eq!(fold.raised(case(2)).unwrap().rank, 2);
        fold.apply(case(3), 12, raised(case(3)).as_bytes(), seen, &policy).unwrap();
        assert_eq!(fold.raised(case(3)).unwrap().rank, 3);
    }

    #[test]
    fn a_case_is_found_by_its_number_once_it_has_one() {
        let (policy, seen) = (policy(), Instant::now());
        let mut fold = Fold::default();
        fold.apply(case(1), 1, raised(case(1)).as_bytes(), seen, &policy).unwrap();
        assert_eq!(fold.numbered("VV-2026-00001"), None);
        let mut loaded = fold.case(case(1)).unwrap();
        Arc::make_mut(&mut loaded.case).code = Some(CaseCode::new(2026, 1));
        loaded.sequence += 1;
        assert!(fold.put(loaded, seen, &policy));
        assert_eq!(fold.numbered("VV-2026-00001"), Some(case(1)));
        assert_eq!(fold.numbered("VV-2026-00002"), None);
    }

    #[test]
    fn a_case_that_cannot_be_read_does_not_stop_the_fold() {
        let (policy, seen) = (policy(), Instant::now());
        let mut fold = Fold::default();
        fold.apply(case(1), 1, b"{}", seen, &policy).unwrap_err();
        fold.mark_unreadable(case(1));
        fold.apply(case(2), 2, raised(case(2)).as_bytes(), seen, &policy).unwrap();
        assert_eq!((fold.unreadable(), fold.case(case(2)).is_some()), (1, true));
    }

    #[test]
    fn what_is_to_be_done_at_once_and_what_comes_due_are_found() {
        let (policy, seen) = (policy(), Instant::now());
        let mut fold = Fold::default();
        fold.apply(case(1), 1, raised(case(1)).as_bytes(), seen, &policy).unwrap();
        let now = fold.case(case(1)).unwrap().case.recorded_at;
        assert!(!fold.is_settled(now, &policy), "the case has no number yet");
        assert_eq!(fold.due(&[Stage::Intake], now, Duration::ZERO, &policy), [case(1)]);
        assert!(
            fold.due(&[Stage::Intake], now, Duration::from_mins(1), &policy).is_empty(),
            "others may be at it"
        );
        assert!(fold.due(&[Stage::Closure], now, Duration::ZERO, &policy).is_empty());
        // The example's written confirmation is due eight hours after the call: its half is reminded of.
        let half = fold.next_due(now).unwrap();
        assert_eq!(fold.due(&[Stage::Confirmation], half, Duration::from_mins(1), &policy), [case(1)]);
    }
}
