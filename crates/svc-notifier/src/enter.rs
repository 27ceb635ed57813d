//! From a fact to entries of the outbox.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bus::{
    Failpoint, Shelf as _,
    append::AppendError,
    delivery::Verdict,
    failpoint,
    log::{self, Entry},
    outbox::{About, EntryId, Notice, State},
    streams::CASES,
};
use chrono::TimeDelta;
use domain::{Case, duties::Duty, notices};
use events::{AggregateId, Body, CaseCode, CaseId, DutyId, Fact, Timestamp, Unreadable, Urgency, envelope};
use futures::future::join_all;
use service::{Chassis, Clock, EffectGuard};
use uuid::Uuid;

use crate::{
    dispatch::Dispatcher,
    outbox::{Change, Open, Outbox, Rank},
    seen::Seen,
    writing::{self, Told},
};

/// A fact that was recorded longer ago is entered, but not mailed: a rebuild or a restore must not send again.
const TOO_OLD: TimeDelta = TimeDelta::hours(24);

/// How long is waited for a case's number before the fact is taken up again.
const NUMBER: Duration = Duration::from_secs(2);

/// An entry that was made, and is to be sent; the manual clock waits until the first attempt is over.
pub(crate) struct Entered {
    open: Open,
    effect: EffectGuard,
}

/// Enters what facts bring.
#[derive(Clone)]
pub(crate) struct Enter {
    chassis: Chassis,
    dispatcher: Dispatcher,
    outbox: Outbox,
    writer: Uuid,
    before: Before,
}

/// Cases as the facts that were entered left them: what is far behind need not read a case for each of its facts.
#[derive(Clone, Default)]
struct Before(Arc<Mutex<HashMap<CaseId, Arc<Case>>>>);

impl Before {
    /// How many are kept; then all are forgotten, and read again.
    const MOST: usize = 2_048;

    fn cases(&self) -> MutexGuard<'_, HashMap<CaseId, Arc<Case>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the case is kept as it stood before its fact of that version.
    fn is_at(&self, id: CaseId, version: u32) -> bool {
        self.cases().get(&id).is_some_and(|case| case.version + 1 == version)
    }

    /// The case as it stood before its fact of that version.
    fn take(&self, id: CaseId, version: u32) -> Option<Arc<Case>> {
        let mut cases = self.cases();
        let is_at = cases.get(&id).is_some_and(|case| case.version + 1 == version);
        if is_at { cases.remove(&id) } else { None }
    }

    fn keep(&self, case: &Arc<Case>) {
        let mut cases = self.cases();
        if cases.len() >= Self::MOST {
            cases.clear();
        }
        cases.insert(case.id, Arc::clone(case));
    }
}

impl Enter {
    /// Where is noted what becomes of mail.
    pub(crate) fn seen(&self) -> &Seen {
        &self.outbox.seen
    }

    pub(crate) fn new(chassis: Chassis, dispatcher: Dispatcher, outbox: Outbox) -> Self {
        Self { chassis, dispatcher, outbox, writer: Uuid::new_v4(), before: Before::default() }
    }

    /// Enters the notices of a fact; gives what became of it, and what is to be sent once that is told.
    pub(crate) async fn fact(&self, entry: &Entry) -> (Verdict, Vec<Entered>) {
        match self.entered(entry).await {
            Ok(to_be_sent) => (Verdict::Done, to_be_sent),
            Err(verdict) => (verdict, Vec::new()),
        }
    }

    /// Hands over what is to be sent.
    pub(crate) fn hand_over(&self, to_be_sent: Vec<Entered>) {
        for Entered { open, effect } in to_be_sent {
            self.dispatcher.take(open, Some(effect));
        }
    }

    async fn entered(&self, entry: &Entry) -> Result<Vec<Entered>, Verdict> {
        let hopeless = |error: Unreadable| Verdict::Hopeless { why: error.to_string() };
        let link = envelope::link(&entry.payload).map_err(hopeless)?;
        let is_mailed = notices::MAILED.contains(&link.kind);
        let (id, version) = match (link.aggregate, link.stamp.version) {
            (AggregateId::Case(id), version) => (id, version),
            (AggregateId::Directory, _) if is_mailed => return self.of_directory(entry).await,
            (AggregateId::Duty(id), _) if is_mailed => return self.of_duty(id, entry).await,
            (AggregateId::Directory | AggregateId::Document(_) | AggregateId::Duty(_), _) => {
                return Err(Verdict::NotOurs);
            }
        };
        let known = self.chassis.views.case_at(id, version);
        if !is_mailed && (known.is_some() || !self.before.is_at(id, version)) {
            return Err(Verdict::NotOurs);
        }
        let fact = Fact::from_bytes(&entry.payload).map_err(hopeless)?;
        let case = self.as_it_stood(id, entry, &fact, known).await?;
        let wanted =
            if is_mailed { notices::notices(&case, &fact, &self.chassis.policy()) } else { Vec::new() };
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        failpoint::reached(Failpoint::NotifierDelivered);
        let Some(code) = self.code(&case).await else {
            return Err(again(Duration::from_millis(500), "the case has no number yet"));
        };
        let told = Told {
            about: About::Case(case.id),
            code: code.to_string(),
            urgency: case.urgency,
            exercise: case.matter.exercise,
        };
        self.enter_all(&fact, entry, &told, wanted).await
    }

    /// The notices of a fact of the directory.
    async fn of_directory(&self, entry: &Entry) -> Result<Vec<Entered>, Verdict> {
        let fact =
            Fact::from_bytes(&entry.payload).map_err(|error| Verdict::Hopeless { why: error.to_string() })?;
        let Body::DelegationExpiring(said) = fact.body() else { return Err(Verdict::NotOurs) };
        let known = self.chassis.views.directory().filter(|known| known.sequence >= entry.sequence);
        let Some(code) = known.and_then(|known| known.it.code(said.delegation)) else {
            return Err(again(Duration::from_millis(500), "the directory is behind the log"));
        };
        let wanted = notices::of_directory(&fact, &self.chassis.policy());
        let told = Told {
            about: About::Delegation(said.delegation),
            code,
            urgency: Urgency::Thuong,
            exercise: false,
        };
        self.enter_all(&fact, entry, &told, wanted).await
    }

    /// The notices of a fact of a duty, which is known as the fact left it, or else is read.
    async fn of_duty(&self, id: DutyId, entry: &Entry) -> Result<Vec<Entered>, Verdict> {
        let fact =
            Fact::from_bytes(&entry.payload).map_err(|error| Verdict::Hopeless { why: error.to_string() })?;
        let known = self.chassis.views.known_duty(id).filter(|duty| duty.version == fact.version);
        let duty = match known {
            Some(duty) => duty,
            None => Arc::new(self.read(entry, bus::fold_whole::<Duty>).await?),
        };
        let wanted = notices::of_duty(&duty, &fact, &self.chassis.policy());
        let told =
            Told { about: About::duty(&duty), code: duty.code(), urgency: Urgency::Thuong, exercise: false };
        self.enter_all(&fact, entry, &told, wanted).await
    }

    async fn enter_all(
        &self,
        fact: &Fact,
        entry: &Entry,
        told: &Told,
        wanted: Vec<notices::Notice>,
    ) -> Result<Vec<Entered>, Verdict> {
        let policy = self.chassis.policy();
        let event = fact.draft.id;
        let notices = wanted.into_iter().filter_map(|wanted| writing::notice(event, told, wanted, &policy));
        let entered = self.enter(fact, entry.stored_at, notices.collect()).await;
        let to_be_sent = entered.map_err(|error| again(Duration::from_secs(1), &error.to_string()))?;
        failpoint::reached(Failpoint::NotifierSettling);
        Ok(to_be_sent)
    }

    /// The case as it stood after the fact: who is told is a question of that moment. It is known from who recorded the
    /// fact a moment ago, else it follows on the fact before it, else it is read.
    async fn as_it_stood(
        &self,
        id: CaseId,
        entry: &Entry,
        fact: &Fact,
        known: Option<Arc<Case>>,
    ) -> Result<Arc<Case>, Verdict> {
        let hopeless = |why: String| Verdict::Hopeless { why };
        if let Some(case) = known {
            return Ok(case);
        }
        let before = self.before.take(id, fact.version);
        if before.is_some() || fact.version == 1 {
            let case = domain::evolve(before.map(Arc::unwrap_or_clone), fact);
            let case = case.map(Arc::new).map_err(|error| hopeless(error.to_string()))?;
            self.before.keep(&case);
            return Ok(case);
        }
        let case = Arc::new(self.read(entry, bus::fold).await?);
        self.before.keep(&case);
        Ok(case)
    }

    /// What the entry's fact is about, as the fact left it, out of the log.
    async fn read<T>(
        &self,
        entry: &Entry,
        fold: impl Fn(Option<T>, &[u8]) -> Result<T, String>,
    ) -> Result<T, Verdict> {
        let hopeless = |why: String| Verdict::Hopeless { why };
        let mut it = None;
        let mut next = 1;
        loop {
            let read = log::read(&self.chassis.bus, CASES, next, &entry.subject).await;
            let facts = read.map_err(|error| again(Duration::from_secs(1), &error.to_string()))?;
            let Some(last) = facts.last() else {
                return Err(again(Duration::from_millis(200), "a replica has not caught up"));
            };
            next = last.sequence + 1;
            for earlier in facts.iter().take_while(|earlier| earlier.sequence <= entry.sequence) {
                it = Some(fold(it, &earlier.payload).map_err(hopeless)?);
            }
            if next > entry.sequence {
                return it.ok_or_else(|| hopeless("there are no facts of it".to_owned()));
            }
        }
    }

    /// The case's number: recorded right after it was raised.
    async fn code(&self, case: &Case) -> Option<CaseCode> {
        if let Some(code) = &case.code {
            return Some(code.clone());
        }
        let id = case.id;
        self.chassis.views.wait(NUMBER, |views| views.case(id).and_then(|case| case.code.clone())).await
    }

    /// Makes the entries of a fact.
    async fn enter(
        &self,
        fact: &Fact,
        stored_at: Timestamp,
        notices: Vec<Notice>,
    ) -> Result<Vec<Entered>, AppendError> {
        let now: Timestamp = self.chassis.clock.now();
        // Both the fact's own time and the server's say so: one clock that is wrong must not silence the mail.
        let old = now - fact.recorded_at > TOO_OLD && Clock::System.now() - stored_at > TOO_OLD;
        // From here until the first attempt is over, the manual clock waits.
        let effects: Vec<_> = notices.iter().map(|_| self.chassis.effects.begin()).collect();
        let policy = self.chassis.policy();
        let entries: Vec<_> = notices
            .into_iter()
            .map(|notice| {
                let digest_at =
                    notices::digest_at(notice.urgency, notice.level, notice.deadline, now, &policy.calendar);
                let id = EntryId::of(notice.event, &notice.office);
                Open::new(id, notice.clone(), Rank::of(&notice, &policy), now, digest_at)
            })
            .collect();
        let first = |open: &Open| {
            let notice = open.notice.as_deref()?.clone();
            let state = if old {
                State::Suppressed { notice }
            } else {
                State::Queued { notice, digest_at: open.digest_at }
            };
            Some(Change { entry: open.id, about: open.about, expected: 0, state })
        };
        // Each by itself: what stands there when one of them fails is found again when the fact is delivered again.
        let written =
            entries.iter().filter_map(first).map(|change| self.outbox.record(now, change, self.writer));
        let written = join_all(written).await.into_iter().map(entered);
        let sequences = written.collect::<Result<Vec<_>, _>>()?;
        let mut to_be_sent = Vec::new();
        for ((mut open, sequence), effect) in entries.into_iter().zip(sequences).zip(effects) {
            if old {
                tracing::warn!(entry = %open.id.0, "too old to be mailed");
            } else if let Some(sequence) = sequence {
                failpoint::reached(Failpoint::NotifierEntered);
                (open.sequence, open.entered) = (sequence, sequence);
                to_be_sent.push(Entered { open, effect });
            }
        }
        Ok(to_be_sent)
    }
}

/// An entry is made once for ever; `None` when another one stands there.
fn entered(outcome: Result<u64, AppendError>) -> Result<Option<u64>, AppendError> {
    match outcome {
        Ok(sequence) => Ok(Some(sequence)),
        Err(AppendError::Conflict { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn again(after: Duration, why: &str) -> Verdict {
    Verdict::Again { after, why: why.to_owned() }
}
