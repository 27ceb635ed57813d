//! From an entry of the outbox to the relay, and back with its answer.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use bus::{
    Failpoint,
    append::AppendError,
    failpoint,
    log::ReadError,
    outbox::{EntryId, Notice, State},
};
use chrono::TimeDelta;
use events::Timestamp;
use service::{Chassis, Clock, EffectGuard};

use crate::{
    digests::Digests,
    letter::{self, BadLetter, Part},
    lines::Lines,
    outbox::{self, Change, Open, Outbox, Rank},
    queue::{Job, Queue, Way},
    seen::{Held, Seen, Times},
    transport::{self, Outcome, smtp::BadConfig},
    writing::{self, Stationery},
};

/// How many mails are under way at a time: what they note is written together, and more of them make larger batches.
const UNDER_WAY: usize = 256;

/// How long a mail is tried before it is given up.
const TRIED_FOR: TimeDelta = TimeDelta::days(5);

/// How often it is tried at least before that.
const TRIED_OFTEN: u32 = 8;

/// What stands for the relay's answer when it was not asked.
const LEFT_ALONE: &str = "the relay does not answer or sending is off: it was not asked";

/// How long the outbox is left alone when it does not answer.
const NOTE_AGAIN: Duration = Duration::from_secs(1);

/// Mail that has not moved for so long is seen to by nobody, unless the relay is away: longer than the longest pause
/// between two attempts. Two that see to the same do no harm: only one of them gets to attempt it.
pub(crate) const ORPHANED: TimeDelta = TimeDelta::minutes(25);

/// Sees to entries until the relay has answered for good.
#[derive(Clone)]
pub(crate) struct Dispatcher {
    pub(crate) chassis: Chassis,
    /// The sender's domain, on which all ids of mails stand.
    pub(crate) domain: Arc<str>,
    pub(crate) outbox: Outbox,
    pub(crate) queue: Arc<Queue>,
    held: Held,
    digests: Digests,
}

impl Dispatcher {
    /// Starts the workers.
    pub(crate) fn start(
        chassis: &Chassis,
        outbox: Outbox,
        config: &transport::Config,
    ) -> Result<Self, BadConfig> {
        let domain = sender_domain(&chassis.config.mail.from)?.into();
        let held = Held::default();
        let queue = Arc::new(Queue::default());
        Seen::watch(&chassis.metrics, &held, &queue, &chassis.clock);
        let lines = Arc::new(Lines::new(config, outbox.seen.clone())?);
        let digests = Digests::new(chassis.effects.clone());
        let dispatcher = Self { chassis: chassis.clone(), domain, outbox, queue, held, digests };
        for _ in 0..UNDER_WAY {
            chassis.tasks.spawn(dispatcher.clone().work(Arc::clone(&lines)));
        }
        chassis.tasks.spawn(dispatcher.digests.clone().run(dispatcher.clone()));
        chassis.tasks.spawn(lines.watch(Arc::clone(&dispatcher.queue), chassis.clone()));
        Ok(dispatcher)
    }

    /// Takes up what no process sees to: mail that was not finished and has not moved for `at_rest`. An attempt among
    /// it was interrupted, and its outcome is unknown.
    async fn recover(&self, at_rest: TimeDelta) -> Result<(), ReadError> {
        let now = Clock::System.now();
        let left = outbox::open(&self.chassis.bus, &self.chassis.policy()).await?;
        let orphans = left.into_iter().filter(|open| now - open.since >= at_rest && !self.is_held(open.id));
        let (for_a_digest, at_once): (Vec<_>, Vec<_>) = orphans.partition(|open| open.digest_at.is_some());
        let taken = for_a_digest.len() + at_once.len();
        for mut open in at_once {
            if open.interrupted {
                let why = "the process ended during the attempt".to_owned();
                let Some(sequence) = self.note(&open, State::Unknown { why }).await else { continue };
                open.sequence = sequence;
                open.maybe_doubled = true;
            }
            self.take(open, None);
        }
        // Together: a morning that is over makes one digest of them for each office, and not one for each.
        let mut waiting = Vec::with_capacity(for_a_digest.len());
        for mut open in for_a_digest {
            open.notice = outbox::notice(&self.chassis.bus, &open).await?.map(Box::new);
            waiting.push(open);
        }
        self.digests.add(waiting.into_iter().filter(|open| self.hold(open)));
        if taken > 0 {
            tracing::info!(taken, "mail was left unfinished, and is taken up");
        }
        Ok(())
    }

    /// Takes up what has been at rest for so long, then looks, as long as the process works, for mail that another
    /// notifier has left. The outbox is long: nothing waits for it to be read.
    pub(crate) async fn look_after_orphans(self, mut at_rest: TimeDelta) {
        loop {
            let looked = tokio::select! {
                looked = self.recover(at_rest) => looked,
                () = self.chassis.stop.cancelled() => return,
            };
            let pause = match looked {
                Ok(()) => {
                    at_rest = ORPHANED;
                    ORPHANED.to_std().unwrap_or_default()
                }
                Err(error) => {
                    tracing::warn!(%error, "the outbox cannot be read");
                    NOTE_AGAIN
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.chassis.stop.cancelled() => return,
            }
        }
    }

    fn is_held(&self, id: EntryId) -> bool {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&id)
    }

    /// Sees to an entry from now on, unless this process does already: a fact may be delivered twice.
    pub(crate) fn take(&self, open: Open, effect: Option<EffectGuard>) {
        if !self.hold(&open) {
            return;
        }
        match open.digest_at {
            None => self.queue.push(Job { open, effect }),
            Some(_) => self.digests.add([open]),
        }
    }

    /// This process sees to the entry; whether it did not before.
    fn hold(&self, open: &Open) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(open.id, Times::of(open)).is_none()
    }

    /// This process sees to the entry no more.
    pub(crate) fn let_go(&self, id: EntryId) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    async fn work(self, lines: Arc<Lines>) {
        loop {
            let job = tokio::select! {
                job = self.queue.pop() => job,
                () = self.chassis.stop.cancelled() => break,
            };
            let Job { open, effect } = job;
            self.attempt(&lines, open).await;
            drop(effect);
        }
        lines.close().await;
    }

    /// One attempt: said before, done, and said after.
    async fn attempt(&self, lines: &Lines, mut open: Open) {
        let Some(notice) = self.notice(&mut open).await else {
            self.queue.seen(Way::NotAsked);
            return self.let_go(open.id);
        };
        open.attempts += 1;
        let Some(sequence) = self.note(&open, State::Attempting { attempt: open.attempts }).await else {
            self.queue.seen(Way::NotAsked);
            return self.let_go(open.id);
        };
        open.sequence = sequence;
        failpoint::reached(Failpoint::NotifierAttempting);
        let letter = {
            let (chassis, policy) = (&self.chassis, self.chassis.policy());
            let on = Stationery {
                config: &chassis.config.mail,
                policy: &policy,
                public_url: &chassis.public_url(),
                domain: &self.domain,
            };
            writing::letter(&open, &notice, &on)
        };
        let (outcome, way) = match letter {
            Ok(letter) => match lines.send(&letter, &self.queue).await {
                Some(outcome) => {
                    let way = outcome.way();
                    (outcome, way)
                }
                None => (Outcome::Unreachable { reply: LEFT_ALONE.to_owned() }, Way::NotAsked),
            },
            Err(why) => (Outcome::Refused { reply: why }, Way::NotAsked),
        };
        let for_the_relay = matches!(outcome, Outcome::Unreachable { .. });
        let (code, template, office) = (&notice.code, &notice.template, &notice.office);
        tracing::info!(%code, template, %office, attempt = open.attempts, outcome = outcome.name(), "mail");
        if matches!(outcome, Outcome::Sent { .. }) {
            failpoint::reached(Failpoint::NotifierSent);
            let after = self.chassis.clock.now() - open.queued_at;
            self.outbox.seen.arrived(!notice.items.is_empty(), after);
        }
        let given_up = self.chassis.clock.now() - open.queued_at > TRIED_FOR && open.attempts >= TRIED_OFTEN;
        let state = match outcome {
            Outcome::Sent { reply } => State::Sent { reply, maybe_doubled: open.maybe_doubled },
            Outcome::Refused { reply } => State::Refused { reply },
            Outcome::Waiting { reply } | Outcome::Unreachable { reply } if given_up => {
                State::GivenUp { why: reply }
            }
            Outcome::Unknown { why } if given_up => State::GivenUp { why },
            Outcome::Waiting { reply } | Outcome::Unreachable { reply } => State::Waiting { reply },
            Outcome::Unknown { why } => State::Unknown { why },
        };
        let failed = matches!(state, State::Refused { .. } | State::GivenUp { .. });
        open.maybe_doubled |= matches!(state, State::Unknown { .. });
        let again = matches!(state, State::Waiting { .. } | State::Unknown { .. });
        let (told, mut changes) = if failed { self.failures(open.id, &notice) } else { Default::default() };
        // Whoever is told that it failed is entered with that, or not at all.
        changes.insert(0, Change { entry: open.id, about: open.about, expected: open.sequence, state });
        let noted = self.note_all(&open, self.chassis.clock.now(), changes).await;
        failpoint::reached(Failpoint::NotifierNoted);
        self.queue.seen(way);
        match noted {
            Some(sequences) if again => {
                open.sequence = sequences.first().copied().unwrap_or(open.sequence);
                self.queue.push_again(open, for_the_relay);
            }
            noted => {
                self.let_go(open.id);
                for (mut open, sequence) in
                    told.into_iter().zip(noted.unwrap_or_default().into_iter().skip(1))
                {
                    (open.sequence, open.entered) = (sequence, sequence);
                    self.take(open, None);
                }
            }
        }
    }

    /// What an entry is to tell; `None` when it cannot be found, or the process stops.
    async fn notice(&self, open: &mut Open) -> Option<Box<Notice>> {
        while open.notice.is_none() {
            match outbox::notice(&self.chassis.bus, open).await {
                Ok(Some(notice)) => open.notice = Some(Box::new(notice)),
                Ok(None) => {
                    tracing::error!(entry = %open.id.0, alert = true, "what a mail is to tell is not in the outbox");
                    return None;
                }
                Err(error) => {
                    tracing::warn!(%error, "the outbox does not answer: it is read again");
                    self.pause().await?;
                }
            }
        }
        open.notice.clone()
    }

    /// Leaves the outbox alone for a moment; `None` when the process stops.
    pub(crate) async fn pause(&self) -> Option<()> {
        tokio::select! {
            () = tokio::time::sleep(NOTE_AGAIN) => Some(()),
            () = self.chassis.stop.cancelled() => None,
        }
    }

    /// A mail will not arrive: who of the liaison unit of its agency is told, and their entries.
    fn failures(&self, entry: EntryId, failed: &Notice) -> (Vec<Open>, Vec<Change>) {
        let (code, template, office) = (&failed.code, &failed.template, &failed.office);
        tracing::error!(%code, template, %office, alert = true, "a mail does not arrive");
        let (policy, now) = (self.chassis.policy(), self.chassis.clock.now());
        let told = writing::failures(failed, &policy).into_iter().map(|notice| {
            let (id, rank) = (entry.of_failure(&notice.office), Rank::of(&notice, &policy));
            let change = Change {
                entry: id,
                about: notice.about,
                expected: 0,
                state: State::Queued { notice: notice.clone(), digest_at: None },
            };
            (Open::new(id, notice, rank, now, None), change)
        });
        told.unzip()
    }

    /// Tells the liaison unit that a mail did not arrive. Who was told before is not told again.
    pub(crate) async fn tell_of_failure(&self, entry: EntryId, failed: &Notice) {
        let (told, changes) = self.failures(entry, failed);
        for (mut open, change) in told.into_iter().zip(changes) {
            let noted = self.note_all(&open, open.queued_at, vec![change]).await;
            if let Some(sequence) = noted.and_then(|noted| noted.first().copied()) {
                (open.sequence, open.entered) = (sequence, sequence);
                self.take(open, None);
            }
        }
    }

    /// Notes an entry's next state, and does not rest until it is known to stand there; `None` when somebody else
    /// sees to the entry, or the process stops.
    pub(crate) async fn note(&self, open: &Open, state: State) -> Option<u64> {
        let change = Change { entry: open.id, about: open.about, expected: open.sequence, state };
        let noted = self.note_all(open, self.chassis.clock.now(), vec![change]).await?;
        noted.first().copied()
    }

    /// Notes the next states of several entries, all or none, as [`Dispatcher::note`] does.
    pub(crate) async fn note_all(
        &self,
        open: &Open,
        at: Timestamp,
        changes: Vec<Change>,
    ) -> Option<Vec<u64>> {
        loop {
            match self.outbox.record_all(at, changes.clone(), open.writer).await {
                Ok(sequences) => return Some(sequences),
                Err(AppendError::Conflict { .. }) => return None,
                Err(error) => tracing::warn!(%error, "the outbox does not answer: the same is noted again"),
            }
            self.pause().await?;
        }
    }
}

/// The domain of the sender, who is configured as `address` or `Name <address>`.
fn sender_domain(from: &str) -> Result<String, BadLetter> {
    Ok(letter::mailbox(Part::From, from)?.email.domain().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_mails_stand_on_the_senders_domain_whether_or_not_he_has_a_name() {
        for from in ["phoi-hop@tinh.example", "Hệ thống phối hợp <phoi-hop@tinh.example>"] {
            assert_eq!(sender_domain(from).as_deref(), Ok("tinh.example"), "{from}");
        }
    }

    #[test]
    fn a_sender_without_a_domain_is_refused_before_any_mail() {
        for from in ["", "phoi-hop", "Hệ thống phối hợp <phoi-hop@>"] {
            let refused = sender_domain(from).unwrap_err().to_string();
            assert!(refused.starts_with("bad sender address"), "{refused}");
        }
    }
}
