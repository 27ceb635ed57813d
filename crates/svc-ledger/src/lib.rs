//! The only pen: stamps version, previous digest and recorded time, and appends with compare-and-set (DESIGN D3–D5).
//!
//! It knows no rules. It checks that a fact belongs to the stage on whose subject it came (the server's permissions
//! guard that subject), and that the decision was made on the aggregate's newest version.

mod duty;
mod heads;
mod pen;
mod room;
mod seen;

use std::sync::Arc;

use bus::{
    Failpoint, Principal,
    append::Press,
    connection::{Message, Subscription},
    failpoint,
    protocol::{self, Proposal, Verdict},
    streams::CASES,
};
use bytes::Bytes;
use domain::Refusal;
use events::Stage;
use service::{Chassis, Pace, Service, StartError};
use tokio::sync::{Semaphore, watch};

use duty::Duty;
use pen::Pen;
use seen::Seen;

/// The service.
pub fn service() -> Service {
    Service {
        name: NAME,
        principal: Principal::Ledger,
        about: "the only pen: version, hash chain, compare-and-set, fsync",
        records: &[],
        pace: Pace::Foreground,
        start: |chassis| Box::pin(start(chassis)),
    }
}

const NAME: &str = "ledger";

/// How many proposals are under way at a time; further ones are answered `BUSY`.
const AT_ONCE: usize = 1_024;

/// How many KiB they may have together; further ones are answered `BUSY` too.
const KIB_AT_ONCE: usize = 32 * 1_024;

async fn start(chassis: Chassis) -> Result<(), StartError> {
    let failed = Chassis::failed(NAME);
    let proposals = chassis.bus.queue_subscribe("fact.>", NAME).await.map_err(|error| failed(&error))?;
    let (duty, passed_on) = Duty::begin(&chassis.bus).await.map_err(|error| failed(&error))?;
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let seen = Arc::new(Seen::new(&chassis.metrics, &places, AT_ONCE, &duty));
    let newest = watch::Sender::new(0);
    chassis.tasks.spawn(announce(chassis.clone(), newest.subscribe()));
    let replicas = chassis.config.nats.replicas;
    let writes = seen.writes.clone();
    let (press, pressing) = Press::new(chassis.bus.clone(), CASES, replicas, AT_ONCE, move |flight| {
        writes.seen(flight);
        if let Some(last) = flight.stored.last() {
            newest.send_replace(last.sequence);
        }
    });
    chassis.tasks.spawn(pressing.run());
    chassis.tasks.spawn(room::look_after(chassis.clone()));
    let pen = Pen::new(duty.name(), chassis.bus.clone(), chassis.clock.clone(), press);
    let (stop, tasks) = (chassis.stop.clone(), chassis.tasks.clone());
    let room = Arc::new(Semaphore::new(KIB_AT_ONCE));
    let desk = Desk { chassis, duty: duty.clone(), pen: Arc::new(pen), places, room, seen };
    tasks.spawn(desk.clone().serve(proposals, Source::Stages));
    tasks.spawn(desk.serve(passed_on, Source::Ledgers));
    tasks.spawn(async move {
        if let Err(error) = duty.keep(stop).await {
            tracing::warn!(%error, "other ledgers are not heard");
        }
    });
    Ok(())
}

/// Who brings a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// A stage: it is passed on to the ledger on duty.
    Stages,
    /// Another ledger, for which this one is on duty: it is written.
    Ledgers,
}

/// Where proposals are taken.
#[derive(Clone)]
struct Desk {
    chassis: Chassis,
    duty: Duty,
    pen: Arc<Pen>,
    places: Arc<Semaphore>,
    room: Arc<Semaphore>,
    seen: Arc<Seen>,
}

impl Desk {
    /// Takes proposals until the process stops; each is worked on by itself.
    async fn serve(self, mut proposals: Subscription, from: Source) {
        let mut stopping = false;
        loop {
            let message = tokio::select! {
                message = proposals.next() => message,
                () = self.chassis.stop.cancelled(), if !stopping => {
                    // Nothing new comes; what has come is still written.
                    stopping = true;
                    if proposals.drain().await.is_err() {
                        break;
                    }
                    continue;
                }
            };
            let Some(message) = message else { break };
            if !message.wants_answer() {
                continue;
            }
            let kib = u32::try_from(message.payload().len() / 1_024 + 1).unwrap_or(u32::MAX);
            let place = Arc::clone(&self.places).try_acquire_owned();
            let room = Arc::clone(&self.room).try_acquire_many_owned(kib);
            let desk = self.clone();
            self.chassis.tasks.spawn(async move {
                let (answer, recorded) = match (place, room) {
                    (Ok(_place), Ok(_room)) => desk.answer(&message, from).await,
                    _ => (desk.verdict(&Verdict::Refused(bus::overloaded())), false),
                };
                if let Err(error) = message.answer(&desk.chassis.bus, answer).await {
                    // Who proposed does not know the outcome; a repeat of the act finds the fact.
                    tracing::warn!(%error, "a verdict was not sent");
                }
                if recorded {
                    failpoint::reached(Failpoint::LedgerAnswered);
                }
            });
        }
    }

    /// The verdict on a proposal, from the ledger on duty; and whether it was recorded here.
    async fn answer(&self, message: &Message, from: Source) -> (Bytes, bool) {
        if from == Source::Stages
            && let Some(verdict) = self.duty.pass_on(message).await
        {
            self.seen.passed_on();
            return (verdict, false);
        }
        let verdict = match protocol::read::<Proposal>(message) {
            Err(refusal) => Verdict::Refused(refusal),
            Ok(proposal) => match stage_of(message.subject()) {
                Some(stage) => self.pen.record(stage, proposal).await,
                None => Verdict::Refused(foreign("the subject names no stage")),
            },
        };
        let recorded = matches!(verdict, Verdict::Recorded(_));
        if recorded {
            failpoint::reached(Failpoint::LedgerAppended);
        }
        (self.verdict(&verdict), recorded)
    }

    fn verdict(&self, verdict: &Verdict) -> Bytes {
        self.seen.verdict(verdict);
        protocol::write(verdict)
    }
}

/// Wakes those who follow the log, once for all that was written meanwhile; a lost announcement is made good by their
/// heartbeat.
async fn announce(chassis: Chassis, mut newest: watch::Receiver<u64>) {
    loop {
        tokio::select! {
            changed = newest.changed() => if changed.is_err() {
                break;
            },
            () = chassis.stop.cancelled() => break,
        }
        let sequence = *newest.borrow_and_update();
        if let Err(error) = chassis.bus.publish(protocol::ANNOUNCEMENT, protocol::write(&sequence)).await {
            tracing::debug!(%error, "not announced");
        }
    }
}

/// The stage that proposes: its subject ends so, and another ledger keeps it when it passes a proposal on.
fn stage_of(subject: &str) -> Option<Stage> {
    let (_, stage) = subject.rsplit_once("fact.")?;
    Stage::named(stage)
}

/// A proposal that its proposer must not make: a fault of the code, not of the person.
fn foreign(why: &str) -> Refusal {
    tracing::error!(why, alert = true, "a proposal was refused");
    Refusal::not_authorised(
        "Dịch vụ không được ghi sự kiện này.",
        format!("Not this service's to record: {why}."),
    )
}
