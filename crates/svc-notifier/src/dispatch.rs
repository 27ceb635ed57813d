//! From an entry of the outbox to the relay, and back with its answer.

use std::{
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use bus::{Failpoint, append::AppendError, failpoint, log::ReadError};
use chrono::TimeDelta;
use events::Urgency;
use service::{Chassis, Clock, EffectGuard};
use tokio::sync::{Mutex, Semaphore, mpsc};

use crate::{
    letter::{self, BadLetter, Letter, Part},
    notices::{Fill, Salutation, Template, render},
    outbox::{self, EntryId, Open, Outbox, State},
    seen::{Held, Seen},
    transport::{self, Outcome, Transport, smtp::BadConfig},
};

/// How many mails are under way at a time.
const UNDER_WAY: usize = 64;

/// How many more wait for their first attempt: the log holds what follows.
const WAITING: usize = 1_024;

/// How many of them are with the relay at a time, each on a line of its own.
const LINES: usize = 8;

/// The first pause before a mail is tried again; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// How long a mail is tried before it is given up.
const TRIED_FOR: TimeDelta = TimeDelta::days(5);

/// How long the outbox is left alone when it does not answer.
const NOTE_AGAIN: Duration = Duration::from_secs(1);

/// Mail that has not moved for so long is seen to by nobody: longer than the longest pause between two attempts.
pub(crate) const ORPHANED: TimeDelta = TimeDelta::minutes(25);

/// Hands entries to the workers.
#[derive(Clone)]
pub(crate) struct Dispatcher {
    chassis: Chassis,
    /// The sender's domain, on which all ids of mails stand.
    domain: Arc<str>,
    outbox: Outbox,
    held: Held,
    queue: mpsc::Sender<Job>,
}

/// An entry to be attempted; the manual clock waits while the guard lives.
struct Job {
    open: Open,
    effect: Option<EffectGuard>,
}

impl Dispatcher {
    /// Starts the workers.
    pub(crate) fn start(
        chassis: &Chassis,
        outbox: Outbox,
        config: &transport::Config,
    ) -> Result<Self, BadConfig> {
        let (queue, jobs) = mpsc::channel(WAITING);
        let domain = sender_domain(&chassis.config.mail.from)?.into();
        let held = Held::default();
        Seen::watch(&chassis.metrics, &held, &chassis.clock);
        let lines = Arc::new(Lines::new(config, outbox.seen.clone())?);
        let dispatcher = Self { chassis: chassis.clone(), domain, outbox, held, queue };
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..UNDER_WAY {
            chassis.tasks.spawn(dispatcher.clone().work(Arc::clone(&lines), Arc::clone(&jobs)));
        }
        Ok(dispatcher)
    }

    /// Takes up what no process sees to: mail that was not finished and has not moved for `at_rest`. An attempt among
    /// it was interrupted, and its outcome is unknown.
    async fn recover(&self, at_rest: TimeDelta) -> Result<(), ReadError> {
        let now = Clock::System.now();
        let left = outbox::open(&self.chassis.bus).await?;
        let orphans = left.into_iter().filter(|open| now - open.since >= at_rest && !self.is_held(open.id));
        for mut open in orphans {
            tracing::info!(code = %open.notice.code, template = open.notice.template, "taking up mail");
            if open.interrupted {
                let why = "the process ended during the attempt".to_owned();
                let Some(sequence) = self.note(&open, State::Unknown { why }).await else { continue };
                open.sequence = sequence;
                open.maybe_doubled = true;
            }
            self.take(open, None).await;
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
                    ORPHANED.to_std().unwrap_or(LONGEST_PAUSE)
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

    /// Queues an entry for its next attempt, once there is room.
    pub(crate) async fn take(&self, open: Open, effect: Option<EffectGuard>) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(open.id, open.queued_at);
        // The workers live as long as the process; after that the next one recovers what is open.
        let _ = self.queue.send(Job { open, effect }).await;
    }

    /// This process sees to the entry no more.
    fn let_go(&self, id: EntryId) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    async fn work(self, lines: Arc<Lines>, jobs: Arc<Mutex<mpsc::Receiver<Job>>>) {
        loop {
            let job = tokio::select! {
                job = async { jobs.lock().await.recv().await } => job,
                () = self.chassis.stop.cancelled() => None,
            };
            let Some(Job { open, effect }) = job else { break };
            self.attempt(&lines, open).await;
            drop(effect);
        }
        lines.close().await;
    }

    /// One attempt: said before, done, and said after.
    async fn attempt(&self, lines: &Lines, mut open: Open) {
        open.attempts += 1;
        let Some(sequence) = self.note(&open, State::Attempting { attempt: open.attempts }).await else {
            return self.let_go(open.id);
        };
        open.sequence = sequence;
        failpoint::reached(Failpoint::NotifierAttempting);
        let outcome = match self.letter(&open) {
            Ok(letter) => lines.send(&letter).await,
            Err(why) => Outcome::Refused { reply: why },
        };
        let (code, template, office) = (&open.notice.code, &open.notice.template, &open.notice.office);
        tracing::info!(%code, template, %office, attempt = open.attempts, outcome = outcome_name(&outcome), "mail");
        if matches!(outcome, Outcome::Sent { .. }) {
            failpoint::reached(Failpoint::NotifierSent);
        }
        let given_up = self.chassis.clock.now() - open.queued_at > TRIED_FOR;
        let state = match outcome {
            Outcome::Sent { reply } => State::Sent { reply, maybe_doubled: open.maybe_doubled },
            Outcome::Refused { reply } => State::Refused { reply },
            Outcome::Waiting { reply } if given_up => State::GivenUp { why: reply },
            Outcome::Unknown { why } if given_up => State::GivenUp { why },
            Outcome::Waiting { reply } => State::Waiting { reply },
            Outcome::Unknown { why } => State::Unknown { why },
        };
        if matches!(state, State::Refused { .. } | State::GivenUp { .. }) {
            tracing::error!(%code, template, %office, alert = true, "a mail will not be delivered");
        }
        open.maybe_doubled |= matches!(state, State::Unknown { .. });
        let again = matches!(state, State::Waiting { .. } | State::Unknown { .. });
        let noted = self.note(&open, state).await;
        failpoint::reached(Failpoint::NotifierNoted);
        match noted {
            Some(sequence) if again => {
                open.sequence = sequence;
                self.later(open);
            }
            _ => self.let_go(open.id),
        }
    }

    /// Notes an entry's next state, and does not rest until it is known to stand there; `None` when somebody else
    /// sees to the entry, or the process stops.
    async fn note(&self, open: &Open, state: State) -> Option<u64> {
        let at = self.chassis.clock.now();
        loop {
            match self.outbox.record(open.id, open.sequence, at, state.clone(), open.writer).await {
                Ok(sequence) => return Some(sequence),
                Err(AppendError::Conflict { .. }) => return None,
                Err(error) => tracing::warn!(%error, "the outbox does not answer: the same is noted again"),
            }
            tokio::select! {
                () = tokio::time::sleep(NOTE_AGAIN) => {}
                () = self.chassis.stop.cancelled() => return None,
            }
        }
    }

    /// Tries again after a pause: the relay's time, not the clock's.
    fn later(&self, open: Open) {
        let doubled = FIRST_PAUSE * 2u32.saturating_pow(open.attempts.saturating_sub(1).min(16));
        let pause = doubled.min(LONGEST_PAUSE).mul_f64(rand::random_range(0.75..1.25));
        let dispatcher = self.clone();
        self.chassis.tasks.spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(pause) => dispatcher.take(open, None).await,
                () = dispatcher.chassis.stop.cancelled() => {}
            }
        });
    }

    /// Writes the mail of an entry.
    fn letter(&self, open: &Open) -> Result<Letter, String> {
        let Open { id, notice, .. } = open;
        let config = &self.chassis.config;
        let template = Template::from_id(&notice.template).ok_or("this build has no such template")?;
        let policy = &self.chassis.policy();
        let office = policy.organisation.office(&notice.office).ok_or("the office is no more")?;
        let upwards = domain::notices::reports_up(office, policy);
        let fill = Fill {
            office_title: office.title.clone(),
            urgency_label: urgency_label(notice.urgency).to_owned(),
            case_code: notice.code.clone(),
            deadline: notice.deadline,
            link: format!("{}/{}", self.chassis.public_url(), notice.about.path()),
            level: notice.level,
            address_word: config.mail.address_word.clone(),
            salutation: if upwards { Salutation::BaoCao } else { Salutation::Gui },
            discreet: config.mail.discreet.contains(&notice.template),
        };
        let rendered = render(template, &fill).map_err(|error| error.to_string())?;
        let domain = &self.domain;
        Ok(Letter {
            message_id: format!("{}@{domain}", id.0),
            thread: format!("{}@{domain}", notice.about.id()),
            from: config.mail.from.clone(),
            to: notice.address.clone(),
            subject: rendered.subject,
            text: rendered.text,
            // The same at every attempt: a mail that comes twice must be recognisable as one.
            date: open.queued_at,
            express: notice.urgency >= Urgency::HoaToc,
        })
    }
}

/// The lines to the relay.
struct Lines {
    free: std::sync::Mutex<Vec<Transport>>,
    places: Semaphore,
    seen: Seen,
}

impl Lines {
    fn new(config: &transport::Config, seen: Seen) -> Result<Self, BadConfig> {
        let free: Result<Vec<_>, _> = (0..LINES).map(|_| Transport::new(config.clone())).collect();
        Ok(Self { free: std::sync::Mutex::new(free?), places: Semaphore::new(LINES), seen })
    }

    /// Sends a letter over the first line that is free.
    async fn send(&self, letter: &Letter) -> Outcome {
        let gone = || Outcome::Waiting { reply: "no line to the relay is left".to_owned() };
        let Ok(_place) = self.places.acquire().await else { return gone() };
        let Some(mut line) = self.take() else { return gone() };
        let began = Instant::now();
        let outcome = line.send(letter).await;
        self.seen.handed_over(&outcome, began.elapsed());
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        outcome
    }

    fn take(&self) -> Option<Transport> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Ends the lines that are free: whoever works last ends the last.
    async fn close(&self) {
        while let Some(mut line) = self.take() {
            line.close().await;
        }
    }
}

/// The domain of the sender, who is configured as `address` or `Name <address>`.
fn sender_domain(from: &str) -> Result<String, BadLetter> {
    Ok(letter::mailbox(Part::From, from)?.email.domain().to_owned())
}

fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Sent { .. } => "sent",
        Outcome::Refused { .. } => "refused",
        Outcome::Waiting { .. } => "waiting",
        Outcome::Unknown { .. } => "unknown",
    }
}

/// The urgency as a mail names it (DOMAIN §7).
fn urgency_label(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Thuong => "Thường",
        Urgency::Khan => "Khẩn",
        Urgency::ThuongKhan => "Thượng khẩn",
        Urgency::HoaToc => "Hỏa tốc",
        Urgency::HoaTocHenGio => "Hỏa tốc hẹn giờ",
    }
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
