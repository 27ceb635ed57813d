//! From a fact to entries of the outbox.

use std::{sync::Arc, time::Duration};

use bus::{
    Failpoint,
    append::AppendError,
    delivery::Verdict,
    failpoint,
    log::{self, Entry},
    protocol,
    streams::CASES,
};
use chrono::TimeDelta;
use domain::{Case, notices};
use events::{AggregateId, CaseCode, CaseId, Fact, Timestamp, envelope};
use service::{Chassis, Clock};
use uuid::Uuid;

use crate::{
    dispatch::Dispatcher,
    outbox::{EntryId, Notice, Open, Outbox, State},
};

/// A fact that was recorded longer ago is entered, but not mailed: a rebuild or a restore must not send again.
const TOO_OLD: TimeDelta = TimeDelta::hours(24);

/// How long is waited for a case's number before the fact is taken up again.
const NUMBER: Duration = Duration::from_secs(2);

/// Enters what facts bring.
#[derive(Clone)]
pub(crate) struct Enter {
    chassis: Chassis,
    dispatcher: Dispatcher,
    outbox: Outbox,
    writer: Uuid,
}

impl Enter {
    pub(crate) fn new(chassis: Chassis, dispatcher: Dispatcher, outbox: Outbox) -> Self {
        Self { chassis, dispatcher, outbox, writer: Uuid::new_v4() }
    }

    /// Enters the notices of a fact.
    pub(crate) async fn fact(&self, entry: &Entry) -> Verdict {
        // Most facts are nobody's mail; what cannot be read is said below.
        if envelope::link(&entry.payload).is_ok_and(|link| !notices::MAILED.contains(&link.kind)) {
            return Verdict::NotOurs;
        }
        let fact = match Fact::from_bytes(&entry.payload) {
            Ok(fact) => fact,
            Err(error) => return Verdict::Hopeless { why: error.to_string() },
        };
        let AggregateId::Case(id) = fact.draft.aggregate else { return Verdict::NotOurs };
        let case = match self.as_it_stood(id, entry, &fact).await {
            Ok(case) => case,
            Err(verdict) => return verdict,
        };
        let wanted = notices::notices(&case, &fact, &self.chassis.policy);
        if wanted.is_empty() {
            return Verdict::Done;
        }
        failpoint::reached(Failpoint::NotifierDelivered);
        let Some(code) = self.code(&case).await else {
            return again(Duration::from_millis(500), "the case has no number yet");
        };
        for notice in wanted {
            if let Err(error) = self.enter(&case, &fact, entry.stored_at, &code, notice).await {
                return again(Duration::from_secs(1), &error.to_string());
            }
        }
        failpoint::reached(Failpoint::NotifierSettling);
        Verdict::Done
    }

    /// The case as it stood after the fact: who is told is a question of that moment.
    async fn as_it_stood(&self, id: CaseId, entry: &Entry, fact: &Fact) -> Result<Arc<Case>, Verdict> {
        let hopeless = |why: String| Verdict::Hopeless { why };
        if let Some(case) = self.chassis.views.case_at(id, fact.version) {
            return Ok(case);
        }
        if fact.version == 1 {
            return bus::fold(None, &entry.payload).map(Arc::new).map_err(hopeless);
        }
        let mut case = None;
        let mut next = 1;
        loop {
            let read = log::read(&self.chassis.bus, CASES, next, &protocol::case_subject(id)).await;
            let facts = read.map_err(|error| again(Duration::from_secs(1), &error.to_string()))?;
            let Some(last) = facts.last() else {
                return Err(again(Duration::from_millis(200), "a replica has not caught up"));
            };
            next = last.sequence + 1;
            for earlier in facts.iter().take_while(|earlier| earlier.sequence <= entry.sequence) {
                case = Some(bus::fold(case, &earlier.payload).map_err(hopeless)?);
            }
            if next > entry.sequence {
                return case.map(Arc::new).ok_or_else(|| hopeless("the case has no facts".to_owned()));
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

    async fn enter(
        &self,
        case: &Case,
        fact: &Fact,
        stored_at: Timestamp,
        code: &CaseCode,
        wanted: notices::Notice,
    ) -> Result<(), AppendError> {
        let Some(office) = self.chassis.policy.organisation.office(&wanted.office) else { return Ok(()) };
        let id = EntryId::of(fact.draft.id, &wanted.office);
        let notice = Notice {
            event: fact.draft.id,
            case: case.id,
            code: code.clone(),
            office: wanted.office,
            agency: office.agency.clone(),
            address: office.email.clone(),
            template: wanted.alert.id().to_owned(),
            level: wanted.alert.level(),
            urgency: case.urgency,
            deadline: wanted.deadline,
        };
        let now: Timestamp = self.chassis.clock.now();
        // Both the fact's own time and the server's say so: one clock that is wrong must not silence the mail.
        let old = now - fact.recorded_at > TOO_OLD && Clock::System.now() - stored_at > TOO_OLD;
        if old {
            tracing::warn!(code = %notice.code, template = notice.template, "too old to be mailed");
            let suppressed = State::Suppressed { notice };
            return entered(self.outbox.record(id, 0, now, suppressed, self.writer).await).map(|_| ());
        }
        // From here until the first attempt is over, the manual clock waits.
        let effect = self.chassis.effects.begin();
        let queued = State::Queued { notice: notice.clone() };
        if let Some(sequence) = entered(self.outbox.record(id, 0, now, queued, self.writer).await)? {
            failpoint::reached(Failpoint::NotifierEntered);
            let open = Open {
                id,
                notice,
                queued_at: now,
                sequence,
                since: now,
                attempts: 0,
                interrupted: false,
                maybe_doubled: false,
                writer: Uuid::new_v4(),
            };
            self.dispatcher.take(open, Some(effect));
        }
        Ok(())
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
