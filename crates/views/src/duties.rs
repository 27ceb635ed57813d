//! The regular duties as they stand: few enough to be kept in memory whole, read from the log at every start.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use bus::{Bus, Kept, append::Stored, fold_whole, log, streams::CASES};
use domain::{
    Policy,
    access::Principal,
    duties::{self, Duty, Noted, Step, Subject, Wanted},
};
use events::{AggregateId, DutyId, Lifecycle, Timestamp, briefing::ReportNoted, duty::CaseNoted};

use crate::{Filter, StoreError, Views, follow::FollowError};

/// The subjects of all duties.
const SUBJECTS: &str = "duty.>";

/// The most cases that a report or an agenda names: the newest.
const MOST_NOTED: usize = 1_000;

/// How many cases are read at a time.
const PAGE: usize = 200;

/// All duties.
#[derive(Default)]
pub(crate) struct Duties {
    known: RwLock<Known>,
    /// Nothing begins by itself before this, under the policy of that version and basis.
    begins: Mutex<Option<(String, u64, Timestamp)>>,
}

#[derive(Default)]
struct Known {
    duties: BTreeMap<DutyId, Kept<Duty>>,
    live: BTreeSet<DutyId>,
    /// Duties whose facts could not be folded: nothing is done in them any more.
    unreadable: BTreeSet<DutyId>,
}

impl Duties {
    fn read<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn get(&self, id: DutyId) -> Option<Kept<Duty>> {
        self.read(|known| known.duties.get(&id).cloned())
    }

    /// Takes a newer fold; says whether it was newer.
    pub(crate) fn put(&self, kept: Kept<Duty>) -> bool {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let id = kept.it.id;
        if known.duties.get(&id).is_some_and(|before| before.sequence >= kept.sequence) {
            return false;
        }
        if kept.it.is_live() {
            known.live.insert(id);
        } else {
            known.live.remove(&id);
        }
        known.duties.insert(id, kept);
        true
    }

    /// A fact of a duty, as it comes by in the log's order; says whether it was new.
    pub(crate) fn apply(&self, id: DutyId, entry: &Stored) -> bool {
        let before = self.get(id);
        if before.as_ref().is_some_and(|before| before.sequence >= entry.sequence)
            || self.read(|known| known.unreadable.contains(&id))
        {
            return false;
        }
        match fold_whole(before.map(|before| Arc::unwrap_or_clone(before.it)), &entry.payload) {
            Ok(duty) => self.put(Kept { it: Arc::new(duty), sequence: entry.sequence }),
            Err(reason) => {
                tracing::error!(duty = %id, sequence = entry.sequence, reason, alert = true, "UNREADABLE");
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                known.unreadable.insert(id);
                known.live.remove(&id);
                false
            }
        }
    }

    /// Reads all that the log has of them.
    pub(crate) async fn load(&self, bus: &Bus) -> Result<(), FollowError> {
        let mut next = 1;
        loop {
            let entries = log::read(bus, CASES, next, SUBJECTS).await?;
            let more = entries.len() >= log::BATCH;
            for entry in entries {
                next = entry.sequence + 1;
                let entry = entry.into_stored();
                if let Some(AggregateId::Duty(id)) = AggregateId::of_subject(&entry.subject) {
                    self.apply(id, &entry);
                }
            }
            if !more {
                return Ok(());
            }
        }
    }

    /// What must be done next by itself, if its time has come; `since` is when the first policy came into force.
    pub(crate) fn next_step(&self, since: Timestamp, now: Timestamp, policy: &Policy) -> Option<Step> {
        self.read(|known| {
            let live = known.live.iter().filter_map(|id| known.duties.get(id));
            let steps = live.filter_map(|kept| duties::next_step(&kept.it, now, policy));
            steps.min_by_key(|step| step.due)
        })
        .or_else(|| self.next_beginning(since, now, policy))
    }

    /// Looking for what begins computes many days of the calendar: it is done when its time has come, and else known.
    fn next_beginning(&self, since: Timestamp, now: Timestamp, policy: &Policy) -> Option<Step> {
        let mut begins = self.begins.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |(version, basis, _): &&(String, u64, Timestamp)| {
            *version == policy.version && *basis == policy.basis
        };
        if begins.as_ref().filter(same).is_some_and(|(_, _, at)| now < *at) {
            return None;
        }
        let found =
            duties::to_begin(|id| self.read(|known| known.duties.contains_key(&id)), since, now, policy);
        if found.is_none() {
            let at = duties::next_beginning(now, policy).unwrap_or(Timestamp::MAX_UTC);
            *begins = Some((policy.version.clone(), policy.basis, at));
        }
        found
    }

    /// The next instant after `now` at which something must be done by itself.
    pub(crate) fn next_due(&self, now: Timestamp, policy: &Policy) -> Option<Timestamp> {
        let live = self.read(|known| {
            let live = known.live.iter().filter_map(|id| known.duties.get(id));
            live.filter_map(|kept| duties::due(&kept.it, now, policy)).min()
        });
        live.into_iter().chain(duties::next_beginning(now, policy)).min()
    }

    /// Those that somebody may see, newest first.
    pub(crate) fn list(
        &self,
        principals: &BTreeSet<Principal>,
        wanted: impl Fn(&Duty) -> bool,
    ) -> Vec<Arc<Duty>> {
        let mut found: Vec<_> = self.read(|known| {
            let seen = known.duties.values().map(|kept| &kept.it);
            seen.filter(|duty| !principals.is_disjoint(&duty.audience) && wanted(duty)).cloned().collect()
        });
        found.sort_by_key(|duty: &Arc<Duty>| std::cmp::Reverse((duty.begun_at, duty.id)));
        found
    }

    /// The reports that are owed in a month, by their agencies.
    fn reports(&self, year: i32, month: u32) -> Vec<ReportNoted> {
        let mut noted: Vec<_> = self.read(|known| {
            let reports = known.duties.values().filter_map(|kept| match &kept.it.subject {
                Subject::Report(report) => Some((kept.it.id, report)),
                Subject::Briefing(_) | Subject::Project(_) => None,
            });
            let of_month =
                reports.filter(|(_, report)| (report.period.year, report.period.month) == (year, month));
            of_month.map(|(id, report)| report.noted(id)).collect()
        });
        noted.sort_by(|one: &ReportNoted, other| one.agency.cmp(&other.agency));
        noted
    }
}

impl Views {
    /// A duty, as far as it is known here.
    pub fn known_duty(&self, id: DutyId) -> Option<Arc<Duty>> {
        self.duties.get(id).map(|kept| kept.it)
    }

    /// The duties that somebody may see, newest first.
    pub fn list_duties(
        &self,
        principals: &BTreeSet<Principal>,
        wanted: impl Fn(&Duty) -> bool,
    ) -> Vec<Arc<Duty>> {
        self.duties.list(principals, wanted)
    }

    /// The reports that are owed in a month, by their agencies: *đã gửi, không phát sinh, chưa gửi* (DOMAIN §4).
    pub fn reports_of(&self, year: i32, month: u32) -> Vec<ReportNoted> {
        self.duties.reports(year, month)
    }

    /// What the duties must do next by themselves, if the time has come.
    pub fn duty_step(&self, now: Timestamp) -> Option<Step> {
        let since = self.rules.since()?;
        self.duties.next_step(since, now, &self.policy(now))
    }

    /// What a command on a duty must know of the rest of the log. It reads the disk: not for a task that others wait for.
    pub fn look_up(&self, wanted: &Wanted) -> Result<(Vec<CaseNoted>, Vec<ReportNoted>), StoreError> {
        match wanted {
            Wanted::Nothing => Ok((Vec::new(), Vec::new())),
            Wanted::CasesOf { agency, from, until } => {
                let filter = Filter { agency: Some(agency.clone()), ..Filter::default() };
                let cases = self.noted(&filter, |case| {
                    case.raised_at < *until && (case.lifecycle.is_live() || case.recorded_at >= *from)
                })?;
                Ok((cases, Vec::new()))
            }
            Wanted::Agenda { year, month } => {
                use Lifecycle::{Agreed, Directed, Disputed, Escalated, InCoordination, Received, Routed};
                let mut cases = Vec::new();
                // The disputed ones first: what goes beyond the most is left out.
                for state in [Disputed, Escalated, Directed, InCoordination, Agreed, Routed, Received] {
                    let filter = Filter { lifecycle: Some(state), ..Filter::default() };
                    cases.extend(self.noted(&filter, |_| true)?);
                }
                cases.truncate(MOST_NOTED);
                Ok((cases, self.reports_of(*year, *month)))
            }
        }
    }

    fn noted(
        &self,
        filter: &Filter,
        wanted: impl Fn(&domain::Case) -> bool,
    ) -> Result<Vec<CaseNoted>, StoreError> {
        // Every case is an auditor's to see.
        let everything = BTreeSet::from([Principal::Auditors]);
        let (mut noted, mut filter) = (Vec::new(), filter.clone());
        loop {
            let page = self.list(&everything, &filter, PAGE)?;
            // An exercise is nothing that happened: no report and no agenda counts it.
            let wanted = page.cases.iter().filter(|case| !case.matter.exercise && wanted(case));
            noted.extend(wanted.map(|case| Noted::from(case.as_ref()).0));
            filter.before = page.next;
            if page.next.is_none() || noted.len() >= MOST_NOTED {
                noted.truncate(MOST_NOTED);
                return Ok(noted);
            }
        }
    }
}
