//! The lines to the relay, and whether it is there.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use service::Chassis;
use tokio::sync::Semaphore;

use crate::{
    letter::Letter,
    queue::{Queue, Way},
    seen::Seen,
    transport::{self, Outcome, Transport, smtp::BadConfig},
};

/// How many mails are with the relay at a time, each on a line of its own.
const LINES: usize = 8;

/// The lines to the relay.
pub(crate) struct Lines {
    free: Mutex<Vec<Transport>>,
    places: Semaphore,
    probe: tokio::sync::Mutex<Transport>,
    seen: Seen,
}

impl Lines {
    pub(crate) fn new(config: &transport::Config, seen: Seen) -> Result<Self, BadConfig> {
        let free: Result<Vec<_>, _> = (0..LINES).map(|_| Transport::new(config.clone())).collect();
        let probe = tokio::sync::Mutex::new(Transport::new(config.clone())?);
        Ok(Self { free: Mutex::new(free?), places: Semaphore::new(LINES), probe, seen })
    }

    /// Sends a letter over the first line that is free; `None` if meanwhile it had better wait, and the relay was not
    /// asked.
    pub(crate) async fn send(&self, letter: &Letter, queue: &Queue) -> Option<Outcome> {
        let _place = self.places.acquire().await.ok()?;
        if queue.is_blocked() {
            return None;
        }
        let mut line = self.take()?;
        let began = Instant::now();
        let outcome = line.send(letter).await;
        self.seen.handed_over(&outcome, began.elapsed());
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        Some(outcome)
    }

    fn take(&self) -> Option<Transport> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Ends the lines that are free: whoever works last ends the last.
    pub(crate) async fn close(&self) {
        while let Some(mut line) = self.take() {
            line.close().await;
        }
    }

    /// Asks from time to time whether the relay is there, so that nobody finds out by the mail that matters.
    pub(crate) async fn watch(self: Arc<Self>, queue: Arc<Queue>, chassis: Chassis) {
        let every = Duration::from_secs(chassis.config.mail.probe_seconds);
        while !every.is_zero() {
            let asked = tokio::select! {
                asked = async { self.probe.lock().await.probe().await } => asked,
                () = chassis.stop.cancelled() => return,
            };
            self.seen.probed(asked.is_ok());
            match asked {
                Ok(()) => queue.seen(Way::Answered),
                Err(why) => {
                    tracing::error!(
                        why,
                        alert = true,
                        "the mail relay does not answer: look at [mail.smtp] and at the relay"
                    );
                }
            }
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = chassis.stop.cancelled() => return,
            }
        }
    }
}
