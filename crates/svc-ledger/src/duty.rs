//! Who writes when several ledgers run: the one that has run longest is on duty, and the others pass on to it what they
//! are given.
//!
//! Two that write at the same time halve each other's batches, and each finds out that the other was first only from the
//! server, at the price of a whole batch. Nothing but speed hangs on it: compare-and-set holds whoever writes. So there
//! is no lease and no vote. Each ledger says twice a second that it is there; who was not heard for a while, or does not
//! answer, is taken for gone, and what was passed on to it is written here.

use std::{cmp::Ordering, collections::BTreeMap, time::Duration};

use bus::{
    Bus,
    connection::{Message, RequestError, SendError, Subscription},
    protocol::{self, PENS},
};
use bytes::Bytes;
use events::Timestamp;
use serde::{Deserialize, Serialize};
use service::Clock;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often a ledger says that it is there.
const BEAT: Duration = Duration::from_millis(500);

/// After how long a silence it is taken for gone: long enough for a machine that is very busy.
const SILENCE: Duration = Duration::from_secs(3);

/// How long the one on duty may take: longer than it tries itself.
const PASSED_ON: Duration = Duration::from_secs(20);

/// A ledger, by how long it has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Pen {
    since: Timestamp,
    id: Uuid,
}

/// What a ledger says of itself.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Sign {
    pen: Pen,
    /// It takes nothing new, and still writes what it has.
    leaving: bool,
}

/// When another ledger was heard, and whether it is leaving.
#[derive(Clone, Copy, Debug)]
struct Heard {
    at: Instant,
    leaving: bool,
}

/// The other ledgers that are there.
type Others = BTreeMap<Pen, Heard>;

/// What this ledger knows of the others. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Duty {
    bus: Bus,
    own: Pen,
    others: watch::Sender<Others>,
}

impl Duty {
    /// A ledger that knows of no other yet, and where it hears what others pass on to it.
    pub(crate) async fn begin(bus: &Bus) -> Result<(Self, Subscription), SendError> {
        let own = Pen { since: Clock::System.now(), id: Uuid::new_v4() };
        let passed_on = bus.subscribe(&format!("{}.>", to(own))).await?;
        Ok((Self { bus: bus.clone(), own, others: watch::Sender::new(Others::new()) }, passed_on))
    }

    /// The name of this ledger: no other has it, nor has an earlier one of this process.
    pub(crate) fn name(&self) -> Uuid {
        self.own.id
    }

    /// Whether this ledger is the one that writes.
    pub(crate) fn is_own(&self) -> bool {
        self.senior().is_none()
    }

    /// Who is on duty, if it is another.
    fn senior(&self) -> Option<Pen> {
        let others = self.others.borrow();
        let (pen, _) = others.range(..self.own).find(|(_, heard)| !heard.leaving)?;
        Some(*pen)
    }

    /// Passes a proposal on to the ledger on duty; `None` when it is to be written here, because this one is on duty or
    /// the other is gone. The other may have written it all the same: whoever writes it then is told of a conflict.
    pub(crate) async fn pass_on(&self, proposal: &Message) -> Option<Bytes> {
        let senior = self.senior()?;
        let subject = format!("{}.{}", to(senior), proposal.subject());
        let mut others = self.others.subscribe();
        let gone = others.wait_for(|others| !others.contains_key(&senior));
        let answered = tokio::select! {
            answered = self.bus.request(&subject, proposal.payload().clone(), PASSED_ON) => answered,
            _ = gone => return None,
        };
        match answered {
            Ok(answer) => Some(answer.payload().clone()),
            Err(error) => {
                tracing::debug!(%error, "the ledger on duty did not answer");
                if matches!(error, RequestError::NoResponder { .. }) {
                    self.others.send_if_modified(|others| others.remove(&senior).is_some());
                }
                None
            }
        }
    }

    /// Says that this ledger is there, and takes note of the others, until it leaves.
    pub(crate) async fn keep(self, stop: CancellationToken) -> Result<(), SendError> {
        let mut signs = self.bus.subscribe(PENS).await?;
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = beat.tick() => {
                    self.say(false).await;
                    self.forget_the_silent();
                }
                sign = signs.next() => {
                    let Some(sign) = sign else { return Ok(()) };
                    if protocol::read(&sign).is_ok_and(|sign| self.hear(sign)) {
                        // Who has just come need not wait for the next beat.
                        self.say(false).await;
                    }
                }
            }
        }
        self.say(true).await;
        Ok(())
    }

    async fn say(&self, leaving: bool) {
        let sign = protocol::write(&Sign { pen: self.own, leaving });
        if let Err(error) = self.bus.publish(PENS, sign).await {
            tracing::debug!(%error, "the other ledgers were not told");
        }
    }

    /// Takes note of a sign; says whether it is of a ledger that was not known.
    fn hear(&self, Sign { pen, leaving }: Sign) -> bool {
        if pen == self.own {
            return false;
        }
        let mut new = false;
        self.others.send_modify(|others| {
            new = others.insert(pen, Heard { at: Instant::now(), leaving }).is_none() && !leaving;
        });
        if new {
            let place = if pen.cmp(&self.own) == Ordering::Less { "before" } else { "after" };
            tracing::info!(pen = %pen.id, place, "another ledger is there");
        }
        new
    }

    fn forget_the_silent(&self) {
        self.others.send_if_modified(|others| {
            let before = others.len();
            others.retain(|_, heard| heard.at.elapsed() < SILENCE);
            others.len() < before
        });
    }
}

/// Where a ledger hears what others pass on to it.
fn to(pen: Pen) -> String {
    format!("pen.to.{}", pen.id.simple())
}
