//! The manual clock: steps from due to due, and at each waits until all is settled (DESIGN D7).

use std::time::Duration;

use bus::{
    log,
    streams::{CASES, NOTIFIER},
};
use chrono::TimeDelta;
use events::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::{Chassis, Clock};

/// The subject on which the processes of an installation hear what time it is.
pub const CLOCK_SUBJECT: &str = "dev.clock";

/// How long one step may take to settle.
const SETTLE: Duration = Duration::from_secs(30);

/// The furthest that one request may go.
const FURTHEST: TimeDelta = TimeDelta::days(400);

/// What time it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SetClock {
    /// The instant; from where the clock stands to at most 400 days later.
    pub to: Timestamp,
}

/// Where the clock came to.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Arrived {
    /// The instant.
    pub now: Timestamp,
    /// The last fact of the log.
    pub sequence: u64,
    /// At how many instants something was due on the way.
    pub steps: u32,
}

/// Why the clock did not get there.
#[derive(Debug, thiserror::Error)]
pub enum Stuck {
    /// The clock is the machine's.
    #[error("the clock is the machine's: start with --clock manual to set it by hand")]
    NotManual,
    /// Time does not run backwards, nor for years.
    #[error("the clock stands at {now}; it can be set from there to at most 400 days later")]
    NotThere {
        /// Where it stands.
        now: Timestamp,
    },
    /// Something did not come to rest.
    #[error("at {now} something did not settle within 30 s: {what}")]
    NotSettled {
        /// Where it stands.
        now: Timestamp,
        /// What is still under way.
        what: String,
    },
}

/// Sets the clock forward, instant by instant.
pub async fn advance(chassis: &Chassis, to: Timestamp) -> Result<Arrived, Stuck> {
    let Clock::Manual(_) = &chassis.clock else { return Err(Stuck::NotManual) };
    let from = chassis.clock.now();
    if to < from || to - from > FURTHEST {
        return Err(Stuck::NotThere { now: from });
    }
    let mut sequence = settle(chassis).await?;
    let mut steps = 0;
    while chassis.clock.now() < to {
        let now = chassis.clock.now();
        let alarm = chassis.effects.next_alarm().filter(|at| *at > now);
        let next = chassis.views.next_due(now).into_iter().chain(alarm).min().map_or(to, |due| due.min(to));
        chassis.clock.set(next);
        announce(chassis, next).await;
        sequence = settle(chassis).await?;
        steps += 1;
    }
    Ok(Arrived { now: chassis.clock.now(), sequence, steps })
}

async fn announce(chassis: &Chassis, to: Timestamp) {
    if let Err(error) = chassis.bus.publish(CLOCK_SUBJECT, bus::protocol::write(&SetClock { to })).await {
        tracing::warn!(%error, "other processes were not told the time");
    }
}

/// Waits until the fold is at the log's end, no stage has anything to do, and no effect is under way.
async fn settle(chassis: &Chassis) -> Result<u64, Stuck> {
    let end = Instant::now() + SETTLE;
    let mut progress = chassis.views.progress();
    loop {
        progress.mark_unchanged();
        let now = chassis.clock.now();
        let what = match log::last_sequence(&chassis.reader, CASES).await {
            Err(error) => error.to_string(),
            Ok(last) if progress.borrow().applied < last => "the fold is behind the log".to_owned(),
            Ok(_) if !chassis.views.is_settled(now) => "an automatic step is to come".to_owned(),
            Ok(_) if chassis.effects.next_alarm().is_some_and(|at| at <= now) => {
                "a digest is to go out".to_owned()
            }
            Ok(last) => match log::backlog(&chassis.reader, CASES, NOTIFIER).await {
                Ok(0) if chassis.effects.is_idle() => return Ok(last),
                Ok(_) => "mail is under way".to_owned(),
                Err(error) => error.to_string(),
            },
        };
        if Instant::now() > end {
            return Err(Stuck::NotSettled { now, what });
        }
        let _ = tokio::time::timeout(Duration::from_millis(5), progress.changed()).await;
    }
}

/// Lets this process follow the clock of the one that is asked to set it.
pub async fn follow(clock: Clock, bus: bus::Bus) -> Result<(), bus::connection::SendError> {
    let mut told = bus.subscribe(CLOCK_SUBJECT).await?;
    tokio::spawn(async move {
        while let Some(message) = told.next().await {
            if let Ok(SetClock { to }) = bus::protocol::read(&message) {
                clock.set(to);
            }
        }
    });
    Ok(())
}
