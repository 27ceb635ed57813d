//! What is seen of the mail.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bus::outbox::{EntryId, State};
use chrono::TimeDelta;
use events::Timestamp;
use service::{
    Clock, Metrics,
    metrics::{Counter, Histogram, Scale, Writes},
};

use crate::{outbox::Open, queue::Queue, transport::Outcome};

/// The entries that this process sees to.
pub(crate) type Held = Arc<Mutex<HashMap<EntryId, Times>>>;

/// When an entry was made, and when its mail is to leave: later, where it waits for a digest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) entered: Timestamp,
    pub(crate) leaves: Timestamp,
}

impl Times {
    pub(crate) fn of(open: &Open) -> Self {
        Self { entered: open.queued_at, leaves: open.digest_at.unwrap_or(open.queued_at) }
    }
}

/// What can come of an attempt, as metrics name it.
const OUTCOMES: [&str; 5] = ["sent", "refused", "waiting", "unreachable", "unknown"];

/// The kinds of mail, as metrics name them.
const MAILS: [&str; 2] = ["alert", "digest"];

/// What the probe can say, as metrics name it.
const PROBES: [&str; 2] = ["answered", "failed"];

/// Takes note of what becomes of mail.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) writes: Writes,
    states: Arc<[Counter; State::NAMES.len()]>,
    handing_over: Arc<[Histogram; OUTCOMES.len()]>,
    probes: Arc<[Counter; PROBES.len()]>,
    arrived: Arc<[Histogram; MAILS.len()]>,
    dead: Counter,
}

impl Seen {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let states = metrics.counters(
            "mail_states",
            "States that entries of the outbox were given by this process; attempting counts the attempts",
            "state",
            State::NAMES,
        );
        let handing_over = metrics.histograms(
            "mail_handover",
            "How long it took to hand a mail to the relay, by what came of it",
            Scale::Seconds,
            "outcome",
            OUTCOMES,
        );
        let probes = metrics.counters(
            "mail_probes",
            "How often the relay was asked whether it is there, also without mail",
            "outcome",
            PROBES,
        );
        let arrived = metrics.histograms(
            "mail_sent_after",
            "How long after it was entered a mail was with the relay",
            Scale::Seconds,
            "mail",
            MAILS,
        );
        let [dead] = metrics.counters(
            "dead_letters",
            "Messages that could not be processed and were put into DEAD",
            "consumer",
            [bus::streams::NOTIFIER],
        );
        let writes = metrics.writes(bus::streams::OUTBOX);
        Self {
            writes,
            states: Arc::new(states),
            handing_over: Arc::new(handing_over),
            probes: Arc::new(probes),
            arrived: Arc::new(arrived),
            dead,
        }
    }

    /// A fact could not be processed, and is put away for a person.
    pub(crate) fn buried(&self) {
        self.dead.inc();
    }

    /// An entry has a new state.
    pub(crate) fn state(&self, state: &State) {
        self.states[state.place()].inc();
    }

    /// The relay was asked whether it is there.
    pub(crate) fn probed(&self, answered: bool) {
        self.probes[usize::from(!answered)].inc();
    }

    /// The relay has a mail, so long after it was entered.
    pub(crate) fn arrived(&self, is_digest: bool, after: TimeDelta) {
        self.arrived[usize::from(is_digest)].took(after.to_std().unwrap_or_default());
    }

    /// The relay was spoken to, for so long.
    pub(crate) fn handed_over(&self, outcome: &Outcome, took: Duration) {
        let at = match outcome {
            Outcome::Sent { .. } => 0,
            Outcome::Refused { .. } => 1,
            Outcome::Waiting { .. } => 2,
            Outcome::Unreachable { .. } => 3,
            Outcome::Unknown { .. } => 4,
        };
        self.handing_over[at].took(took);
    }

    /// What is still to be sent is looked up when somebody reads.
    pub(crate) fn watch(metrics: &Metrics, held: &Held, queue: &Arc<Queue>, clock: &Clock) {
        let (queue, switched) = (Arc::clone(queue), Arc::clone(queue));
        metrics.gauge(
            "mail_goes",
            "1 when mail goes as it comes; 0 when the relay does not answer, or sending is off",
            move || Some(f64::from(u8::from(queue.goes()))),
        );
        metrics.gauge(
            "mail_held",
            "1 while sending is switched off, by an operator or by the configuration",
            move || Some(f64::from(u8::from(switched.is_held_back()))),
        );
        let open = Arc::clone(held);
        metrics.gauge("mail_open", "Mails that this process has still to send", move || {
            u32::try_from(open.lock().unwrap_or_else(PoisonError::into_inner).len()).ok().map(f64::from)
        });
        let oldest = |of: fn(&Times) -> Timestamp| {
            let (open, clock) = (Arc::clone(held), clock.clone());
            move || {
                let oldest = open.lock().unwrap_or_else(PoisonError::into_inner).values().map(of).min();
                let age = oldest.and_then(|oldest| (clock.now() - oldest).to_std().ok());
                Some(age.unwrap_or_default().as_secs_f64())
            }
        };
        metrics.gauge(
            "mail_oldest_open_seconds",
            "How long ago the oldest of them was entered; 0 when there is none",
            oldest(|times| times.entered),
        );
        metrics.gauge(
            "mail_oldest_unsent_seconds",
            "How long ago the oldest mail that should have left was due to leave; 0 when there is none",
            oldest(|times| times.leaves),
        );
    }
}
