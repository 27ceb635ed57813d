//! The only pen: stamps version, previous digest and recorded time, and appends with compare-and-set (DESIGN D3–D5).
//!
//! It knows no rules. It checks that a fact belongs to the stage on whose subject it came (the server's permissions
//! guard that subject), and that the decision was made on the aggregate's newest version.

mod heads;
mod pen;

use std::sync::Arc;

use bus::{
    Failpoint, Principal,
    append::Press,
    failpoint,
    protocol::{self, Proposal, Verdict},
    streams::CASES,
};
use domain::Refusal;
use events::Stage;
use service::{Chassis, Service, StartError};
use tokio::sync::{Notify, Semaphore};

use pen::Pen;

/// The service.
pub fn service() -> Service {
    Service {
        name: NAME,
        principal: Principal::Ledger,
        about: "the only pen: version, hash chain, compare-and-set, fsync",
        records: &[],
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
    let mut proposals = chassis.bus.queue_subscribe("fact.>", NAME).await.map_err(|error| failed(&error))?;
    let grown = Arc::new(Notify::new());
    chassis.tasks.spawn(announce(chassis.clone(), Arc::clone(&grown)));
    let replicas = chassis.config.nats.replicas;
    let (press, pressing) = Press::new(chassis.bus.clone(), CASES, replicas, AT_ONCE, move |flight| {
        tracing::trace!(?flight, "a write");
        if flight.stored > 0 {
            grown.notify_one();
        }
    });
    chassis.tasks.spawn(pressing.run());
    let pen = Arc::new(Pen::new(chassis.bus.clone(), chassis.clock.clone(), press));
    let (places, room) = (Arc::new(Semaphore::new(AT_ONCE)), Arc::new(Semaphore::new(KIB_AT_ONCE)));
    let tasks = chassis.tasks.clone();
    tasks.clone().spawn(async move {
        let mut stopping = false;
        loop {
            let message = tokio::select! {
                message = proposals.next() => message,
                () = chassis.stop.cancelled(), if !stopping => {
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
            let place = Arc::clone(&places).try_acquire_owned();
            let room = Arc::clone(&room).try_acquire_many_owned(kib);
            let (pen, bus) = (Arc::clone(&pen), chassis.bus.clone());
            tasks.spawn(async move {
                let verdict = match (place.as_ref().and(room.as_ref()), protocol::read::<Proposal>(&message))
                {
                    (Err(_), _) => Verdict::Refused(bus::overloaded()),
                    (Ok(_), Err(refusal)) => Verdict::Refused(refusal),
                    (Ok(_), Ok(proposal)) => match stage_of(message.subject()) {
                        Some(stage) => pen.record(stage, proposal).await,
                        None => Verdict::Refused(foreign("the subject names no stage")),
                    },
                };
                let recorded = matches!(verdict, Verdict::Recorded(_));
                if recorded {
                    failpoint::reached(Failpoint::LedgerAppended);
                }
                if let Err(error) = message.answer(&bus, protocol::write(&verdict)).await {
                    // Who proposed does not know the outcome; a repeat of the act finds the fact.
                    tracing::warn!(%error, "a verdict was not sent");
                }
                if recorded {
                    failpoint::reached(Failpoint::LedgerAnswered);
                }
            });
        }
    });
    Ok(())
}

/// Wakes those who follow the log, once for all that was written meanwhile; a lost announcement is made good by their
/// heartbeat.
async fn announce(chassis: Chassis, grown: Arc<Notify>) {
    loop {
        tokio::select! {
            () = grown.notified() => {}
            () = chassis.stop.cancelled() => break,
        }
        if let Err(error) = chassis.bus.publish(protocol::ANNOUNCEMENT, bytes::Bytes::new()).await {
            tracing::debug!(%error, "not announced");
        }
    }
}

fn stage_of(subject: &str) -> Option<Stage> {
    Stage::named(subject.strip_prefix("fact.")?)
}

/// A proposal that its proposer must not make: a fault of the code, not of the person.
fn foreign(why: &str) -> Refusal {
    tracing::error!(why, alert = true, "a proposal was refused");
    Refusal::not_authorised(
        "Dịch vụ không được ghi sự kiện này.",
        format!("Not this service's to record: {why}."),
    )
}
