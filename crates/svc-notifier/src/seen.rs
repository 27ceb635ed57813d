//! What is seen of the mail.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use events::Timestamp;
use service::{
    Clock, Metrics,
    metrics::{Counter, Histogram, Scale, Writes},
};

use crate::{
    outbox::{EntryId, State},
    transport::Outcome,
};

/// The entries that this process sees to, and since when each is to be sent.
pub(crate) type Held = Arc<Mutex<HashMap<EntryId, Timestamp>>>;

/// The states that an entry can have, as metrics name them.
const STATES: [&str; 8] =
    ["queued", "suppressed", "attempting", "sent", "refused", "waiting", "unknown", "given-up"];

/// What the relay can have said, as metrics name it.
const OUTCOMES: [&str; 4] = ["sent", "refused", "waiting", "unknown"];

/// Takes note of what becomes of mail.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) writes: Writes,
    states: Arc<[Counter; STATES.len()]>,
    handing_over: Arc<[Histogram; OUTCOMES.len()]>,
}

impl Seen {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let states = metrics.counters(
            "mail_states",
            "States that entries of the outbox were given by this process; attempting counts the attempts",
            "state",
            STATES,
        );
        let handing_over = metrics.histograms(
            "mail_handover",
            "How long it took to hand a mail to the relay, by what came of it",
            Scale::Seconds,
            "outcome",
            OUTCOMES,
        );
        let writes = metrics.writes(bus::streams::OUTBOX);
        Self { writes, states: Arc::new(states), handing_over: Arc::new(handing_over) }
    }

    /// An entry has a new state.
    pub(crate) fn state(&self, state: &State) {
        let at = match state {
            State::Queued { .. } => 0,
            State::Suppressed { .. } => 1,
            State::Attempting { .. } => 2,
            State::Sent { .. } => 3,
            State::Refused { .. } => 4,
            State::Waiting { .. } => 5,
            State::Unknown { .. } => 6,
            State::GivenUp { .. } => 7,
        };
        self.states[at].inc();
    }

    /// The relay was spoken to, for so long.
    pub(crate) fn handed_over(&self, outcome: &Outcome, took: Duration) {
        let at = match outcome {
            Outcome::Sent { .. } => 0,
            Outcome::Refused { .. } => 1,
            Outcome::Waiting { .. } => 2,
            Outcome::Unknown { .. } => 3,
        };
        self.handing_over[at].took(took);
    }

    /// What is still to be sent is looked up when somebody reads.
    pub(crate) fn watch(metrics: &Metrics, held: &Held, clock: &Clock) {
        let open = Arc::clone(held);
        metrics.gauge("mail_open", "Mails that this process has still to send", move || {
            u32::try_from(open.lock().unwrap_or_else(PoisonError::into_inner).len()).ok().map(f64::from)
        });
        let (open, clock) = (Arc::clone(held), clock.clone());
        metrics.gauge(
            "mail_oldest_open_seconds",
            "How long ago the oldest of them was entered; 0 when there is none",
            move || {
                let oldest = open.lock().unwrap_or_else(PoisonError::into_inner).values().min().copied();
                let age = oldest.and_then(|oldest| (clock.now() - oldest).to_std().ok());
                Some(age.unwrap_or_default().as_secs_f64())
            },
        );
    }
}
