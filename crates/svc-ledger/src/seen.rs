//! What is seen of the ledger.

use std::sync::Arc;

use bus::protocol::Verdict;
use domain::Code;
use service::{
    Metrics,
    metrics::{Counter, Writes},
};
use tokio::sync::Semaphore;

use crate::duty::Duty;

/// Takes note of what the ledger does.
pub(crate) struct Seen {
    pub(crate) writes: Writes,
    recorded: Counter,
    conflict: Counter,
    busy: Counter,
    refused: Counter,
    passed_on: Counter,
}

impl Seen {
    /// `places` are those of the proposals under way, of which there are so many.
    pub(crate) fn new(metrics: &Metrics, places: &Arc<Semaphore>, all: usize, duty: &Duty) -> Self {
        let [recorded, conflict, busy, refused, passed_on] = metrics.counters(
            "ledger_proposals",
            "Proposals by verdict: recorded; conflict, decided on an old version; busy, not begun with; refused; \
             passed-on, by the ledger on duty",
            "verdict",
            ["recorded", "conflict", "busy", "refused", "passed-on"],
        );
        let duty = duty.clone();
        metrics.gauge(
            "ledger_on_duty",
            "Whether this ledger writes, and passes nothing on to another",
            move || Some(f64::from(u8::from(duty.is_own()))),
        );
        let places = Arc::clone(places);
        metrics.gauge(
            "ledger_queue",
            "Proposals under way in the ledger: those that wait for a write, and those in one",
            move || u32::try_from(all.saturating_sub(places.available_permits())).ok().map(f64::from),
        );
        Self { writes: metrics.writes(bus::streams::CASES), recorded, conflict, busy, refused, passed_on }
    }

    /// A proposal was answered by the ledger on duty.
    pub(crate) fn passed_on(&self) {
        self.passed_on.inc();
    }

    /// A proposal is answered.
    pub(crate) fn verdict(&self, verdict: &Verdict) {
        let counter = match verdict {
            Verdict::Recorded(_) => &self.recorded,
            Verdict::Conflict => &self.conflict,
            Verdict::Refused(refusal) if refusal.code == Code::Busy => &self.busy,
            Verdict::Refused(_) => &self.refused,
        };
        counter.inc();
    }
}
