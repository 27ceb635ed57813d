//! The mail that waits: what matters most goes first, and nothing goes while the relay does not answer or sending is
//! off.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use service::EffectGuard;
use tokio::sync::Notify;

use crate::{
    breaker::{Breaker, Change, LONGEST_PAUSE},
    outbox::Open,
};

/// The first pause before a mail is tried again; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// The longest pause of a mail that the relay puts off.
const LONGEST_PUT_OFF: Duration = Duration::from_mins(15);

/// Of how many mails what they tell is kept here: of the others it is read when their turn comes.
const KEPT: usize = 4_096;

/// A mail to be attempted; the manual clock waits while the guard lives.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) open: Open,
    pub(crate) effect: Option<EffectGuard>,
}

/// What an attempt says about the way to the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The relay answered.
    Answered,
    /// It could not be reached, or did not answer.
    Failed,
    /// It was not asked.
    NotAsked,
}

/// The queue.
#[derive(Debug)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

impl Default for Queue {
    /// Nothing goes until it is known that mail is to be sent.
    fn default() -> Self {
        let waiting = Waiting {
            ready: BinaryHeap::new(),
            later: BinaryHeap::new(),
            breaker: Breaker::default(),
            held_back: true,
        };
        Self { waiting: Mutex::new(waiting), changed: Notify::new() }
    }
}

#[derive(Debug)]
struct Waiting {
    ready: BinaryHeap<Ready>,
    later: BinaryHeap<Reverse<Later>>,
    breaker: Breaker,
    held_back: bool,
}

/// What is ready, the most important first, of these the oldest.
#[derive(Debug)]
struct Ready(Job);

/// What waits for an instant.
#[derive(Debug)]
struct Later {
    at: Instant,
    /// It waits for the relay, and not because of itself.
    for_the_relay: bool,
    job: Job,
}

impl Waiting {
    /// What may go now; else until when nothing changes by itself.
    fn next(&mut self, now: Instant) -> Result<Job, Option<Instant>> {
        while self.later.peek().is_some_and(|Reverse(later)| later.at <= now) {
            let Some(Reverse(Later { job, .. })) = self.later.pop() else { break };
            self.ready.push(Ready(job));
        }
        let due = self.later.peek().map(|Reverse(later)| later.at);
        if self.held_back {
            return Err(None);
        }
        if self.ready.is_empty() {
            return Err(due);
        }
        if !self.breaker.lets_pass(now) {
            return Err(self.breaker.until().into_iter().chain(due).min());
        }
        self.ready.pop().map(|Ready(job)| job).ok_or(due)
    }

    /// The manual clock does not wait for what cannot go.
    fn release_effects(&mut self) {
        let release = |Ready(Job { open, .. })| Ready(Job { open, effect: None });
        self.ready = std::mem::take(&mut self.ready).into_iter().map(release).collect();
    }

    /// What waits for the relay is ready when the relay is.
    fn recall(&mut self) {
        let (relay, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.later).into_iter().partition(|Reverse(later)| later.for_the_relay);
        self.later = rest.into();
        self.ready.extend(relay.into_iter().map(|Reverse(later)| Ready(later.job)));
    }

    fn goes(&self) -> bool {
        self.breaker.is_closed() && !self.held_back
    }
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more is to be sent, as soon as it can.
    pub(crate) fn push(&self, mut job: Job) {
        let mut waiting = self.waiting();
        if waiting.ready.len() >= KEPT {
            job.open.notice = None;
        }
        if !waiting.goes() {
            job.effect = None;
        }
        waiting.ready.push(Ready(job));
        drop(waiting);
        self.changed.notify_one();
    }

    /// It did not go this time. What waits for the relay is soon tried again; what was put off itself, or may have come
    /// through already, ever later.
    pub(crate) fn push_again(&self, mut open: Open, for_the_relay: bool) {
        let longest = if for_the_relay { LONGEST_PAUSE } else { LONGEST_PUT_OFF };
        let doubled = FIRST_PAUSE * 2_u32.saturating_pow(open.attempts.saturating_sub(1).min(16));
        let at = Instant::now() + doubled.min(longest).mul_f64(spread());
        let mut waiting = self.waiting();
        if waiting.later.len() + waiting.ready.len() >= KEPT {
            open.notice = None;
        }
        if for_the_relay && !waiting.breaker.is_closed() {
            // Nothing goes before the breaker lets it, and then the most important first.
            waiting.ready.push(Ready(Job { open, effect: None }));
            drop(waiting);
            return self.changed.notify_one();
        }
        waiting.later.push(Reverse(Later { at, for_the_relay, job: Job { open, effect: None } }));
        drop(waiting);
        self.changed.notify_one();
    }

    /// Waits for the next mail that may go.
    pub(crate) async fn pop(&self) -> Job {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let until = match self.waiting().next(Instant::now()) {
                Ok(job) => return job,
                Err(until) => until,
            };
            match until {
                None => changed.await,
                Some(until) => {
                    tokio::select! {
                        () = changed => {}
                        () = tokio::time::sleep_until(until.into()) => {}
                    }
                }
            }
        }
    }

    /// What an attempt, or the probe, said about the way to the relay.
    pub(crate) fn seen(&self, way: Way) {
        let mut waiting = self.waiting();
        let change = match way {
            Way::Answered => waiting.breaker.answered(),
            Way::Failed => waiting.breaker.failed(Instant::now(), spread()),
            Way::NotAsked => {
                waiting.breaker.passed_over(Instant::now());
                Change::None
            }
        };
        match change {
            Change::None => {}
            Change::Opened => {
                tracing::warn!(alert = true, "the relay does not answer: mail waits until it does");
                waiting.release_effects();
                waiting.recall();
            }
            Change::Closed => {
                tracing::info!("the relay answers again: what waited for it goes out");
                waiting.recall();
            }
        }
        drop(waiting);
        // Who waits must learn until when, or that it is over.
        if change != Change::None || way != Way::Answered {
            self.changed.notify_waiters();
        }
    }

    /// Switches sending off, or on again.
    pub(crate) fn hold_back(&self, held_back: bool) {
        let mut waiting = self.waiting();
        if std::mem::replace(&mut waiting.held_back, held_back) == held_back {
            return;
        }
        if held_back {
            waiting.release_effects();
        }
        drop(waiting);
        self.changed.notify_waiters();
    }

    /// Whether a mail that is under way had better wait: the relay is left alone, or sending is off.
    pub(crate) fn is_blocked(&self) -> bool {
        let waiting = self.waiting();
        waiting.held_back || waiting.breaker.is_open()
    }

    /// Whether sending is off, or not yet known to be on.
    pub(crate) fn is_held_back(&self) -> bool {
        self.waiting().held_back
    }

    /// Whether mail goes as it comes: the relay answers, and sending is on.
    pub(crate) fn goes(&self) -> bool {
        self.waiting().goes()
    }
}

fn spread() -> f64 {
    rand::random_range(0.75..1.25)
}

impl Ord for Ready {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let place = |Self(Job { open, .. }): &Self| (open.rank, Reverse(open.queued_at), Reverse(open.id));
        place(self).cmp(&place(other))
    }
}

impl Ord for Later {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.job.open.id).cmp(&(other.at, other.job.open.id))
    }
}

macro_rules! ordered_by_cmp {
    ($($type:ty),+) => {
        $(impl PartialOrd for $type {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other).is_eq()
            }
        }

        impl Eq for $type {})+
    };
}

ordered_by_cmp!(Ready, Later);

#[cfg(test)]
mod tests;
