//! From an entry of the outbox to the relay, and back with its answer.

use std::{sync::Arc, time::Duration};

use bus::{append::AppendError, log::ReadError};
use chrono::TimeDelta;
use events::Urgency;
use service::{Chassis, EffectGuard};
use tokio::sync::{Mutex, mpsc};

use crate::{
    letter::Letter,
    notices::{Fill, Salutation, Template, render},
    outbox::{self, Open, State},
    transport::{self, Outcome, Transport, smtp::BadConfig},
};

/// How many mails are under way at a time, each on its own connection.
const WORKERS: usize = 4;

/// The first pause before a mail is tried again; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// How long a mail is tried before it is given up.
const TRIED_FOR: TimeDelta = TimeDelta::days(5);

/// Hands entries to the workers.
#[derive(Clone)]
pub(crate) struct Dispatcher {
    chassis: Chassis,
    queue: mpsc::UnboundedSender<Job>,
}

/// An entry to be attempted; the manual clock waits while the guard lives.
struct Job {
    open: Open,
    effect: Option<EffectGuard>,
}

impl Dispatcher {
    /// Starts the workers.
    pub(crate) fn start(chassis: &Chassis, config: &transport::Config) -> Result<Self, BadConfig> {
        let (queue, jobs) = mpsc::unbounded_channel();
        let dispatcher = Self { chassis: chassis.clone(), queue };
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..WORKERS {
            let transport = Transport::new(config.clone())?;
            chassis.tasks.spawn(dispatcher.clone().work(transport, Arc::clone(&jobs)));
        }
        Ok(dispatcher)
    }

    /// Takes up what an earlier process left: an attempt that was under way is unknown.
    pub(crate) async fn recover(&self) -> Result<(), ReadError> {
        let left = outbox::open(&self.chassis.bus).await?;
        if !left.is_empty() {
            tracing::info!(mails = left.len(), "taking up mail that was not finished");
        }
        for mut open in left {
            if open.interrupted {
                let why = "the process ended during the attempt".to_owned();
                match self.record(&open, State::Unknown { why }).await {
                    Ok(sequence) => open.sequence = sequence,
                    Err(error) => {
                        tracing::warn!(%error, "another process sees to this mail");
                        continue;
                    }
                }
                open.maybe_doubled = true;
            }
            self.take(open, None);
        }
        Ok(())
    }

    /// Queues an entry for its next attempt.
    pub(crate) fn take(&self, open: Open, effect: Option<EffectGuard>) {
        // The workers live as long as the process; after that the next one recovers what is open.
        let _ = self.queue.send(Job { open, effect });
    }

    async fn work(self, mut transport: Transport, jobs: Arc<Mutex<mpsc::UnboundedReceiver<Job>>>) {
        loop {
            let job = tokio::select! {
                job = async { jobs.lock().await.recv().await } => job,
                () = self.chassis.stop.cancelled() => None,
            };
            let Some(Job { open, effect }) = job else { break };
            self.attempt(&mut transport, open).await;
            drop(effect);
        }
        transport.close().await;
    }

    /// One attempt: said before, done, and said after.
    async fn attempt(&self, transport: &mut Transport, mut open: Open) {
        open.attempts += 1;
        match self.record(&open, State::Attempting { attempt: open.attempts }).await {
            Ok(sequence) => open.sequence = sequence,
            Err(AppendError::Conflict { .. }) => return,
            Err(error) => {
                tracing::warn!(%error, "the attempt could not be noted: it waits");
                open.attempts -= 1;
                return self.later(open);
            }
        }
        let outcome = match self.letter(&open) {
            Ok(letter) => transport.send(&letter).await,
            Err(why) => Outcome::Refused { reply: why },
        };
        let code = &open.notice.code;
        let (template, office) = (&open.notice.template, &open.notice.office);
        tracing::info!(%code, template, %office, attempt = open.attempts, outcome = outcome_name(&outcome), "mail");
        let given_up = self.chassis.clock.now() - open.queued_at > TRIED_FOR;
        let (state, again) = match outcome {
            Outcome::Sent { reply } => (State::Sent { reply, maybe_doubled: open.maybe_doubled }, false),
            Outcome::Refused { reply } => (State::Refused { reply }, false),
            Outcome::Waiting { reply } if given_up => {
                (State::Refused { reply: format!("given up after five days: {reply}") }, false)
            }
            Outcome::Waiting { reply } => (State::Waiting { reply }, true),
            Outcome::Unknown { why } => {
                open.maybe_doubled = true;
                (State::Unknown { why }, !given_up)
            }
        };
        if matches!(state, State::Refused { .. }) {
            tracing::error!(%code, template, %office, alert = true, "a mail was refused for good");
        }
        match self.record(&open, state).await {
            Ok(sequence) => open.sequence = sequence,
            // What happened stays unknown to those who look; the next process says so.
            Err(error) => return tracing::error!(%error, "the outcome of a mail could not be noted"),
        }
        if again {
            self.later(open);
        }
    }

    async fn record(&self, open: &Open, state: State) -> Result<u64, AppendError> {
        outbox::record(&self.chassis.bus, open.id, open.sequence, self.chassis.clock.now(), state).await
    }

    /// Tries again after a pause: the relay's time, not the clock's.
    fn later(&self, open: Open) {
        let doubled = FIRST_PAUSE * 2u32.saturating_pow(open.attempts.saturating_sub(1).min(16));
        let pause = doubled.min(LONGEST_PAUSE).mul_f64(rand::random_range(0.75..1.25));
        let dispatcher = self.clone();
        self.chassis.tasks.spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(pause) => dispatcher.take(open, None),
                () = dispatcher.chassis.stop.cancelled() => {}
            }
        });
    }

    /// Writes the mail of an entry.
    fn letter(&self, open: &Open) -> Result<Letter, String> {
        let Open { id, notice, .. } = open;
        let config = &self.chassis.config;
        let template = Template::from_id(&notice.template).ok_or("this build has no such template")?;
        let office = self.chassis.policy.organisation.office(&notice.office);
        let fill = Fill {
            office_title: office.map(|office| office.title.clone()).ok_or("the office is no more")?,
            urgency_label: urgency_label(notice.urgency).to_owned(),
            case_code: notice.code.to_string(),
            deadline: notice.deadline,
            link: format!("{}/cases/{}", self.chassis.public_url(), notice.case),
            level: notice.level,
            address_word: config.mail.address_word.clone(),
            salutation: Salutation::Gui,
        };
        let rendered = render(template, &fill).map_err(|error| error.to_string())?;
        let domain = config.mail.from.rsplit('@').next().unwrap_or("localhost");
        Ok(Letter {
            message_id: format!("{}@{domain}", id.0),
            thread: format!("{}@{domain}", notice.case),
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
