//! Mail as evidence: who is told what, the outbox, the SMTP relay (DESIGN D11).
//!
//! A fact of the log becomes an entry of the outbox for each office that is to be told; an entry is attempted until
//! the relay has answered for good. What may be said of a mail is what its entry says.

pub mod bounce;
mod bounces;
mod breaker;
mod digests;
mod dispatch;
mod enter;
pub mod letter;
mod lines;
pub mod notices;
pub mod outbox;
mod presence;
mod queue;
mod seen;
mod sending;
pub mod transport;
mod witness;
mod writing;

use std::sync::Arc;

use bus::{
    Bus, Principal,
    delivery::{Deliveries, Settled},
    streams::{self, CASES, CONSUMERS, DEAD, NOTIFIER, OUTBOX, ProvisionError},
};
use chrono::TimeDelta;
use service::{Chassis, Config, Pace, Service, StartError};
use tokio::sync::Semaphore;

use dispatch::Dispatcher;
use enter::Enter;
use notices::Template;
use outbox::Outbox;
use transport::smtp;

/// The service.
pub fn service() -> Service {
    Service {
        name: NAME,
        principal: Principal::Notifier,
        about: "mail to offices, kept as evidence",
        records: &[],
        pace: Pace::Background,
        start: |chassis| Box::pin(start(chassis)),
    }
}

const NAME: &str = "notifier";

/// How many facts are entered at a time.
const AT_ONCE: usize = 64;

async fn start(chassis: Chassis) -> Result<(), StartError> {
    let failed = Chassis::failed(NAME);
    check_discreet(&chassis.config).map_err(|error| failed(&error))?;
    let transport = transport_of(&chassis.config).map_err(|error| failed(&error))?;
    verify(&chassis.bus, &chassis.config).await.map_err(|error| failed(&error))?;
    let outbox = Outbox::start(&chassis);
    let dispatcher =
        Dispatcher::start(&chassis, outbox.clone(), &transport).map_err(|error| failed(&error))?;
    // When no other notifier works, everything that is open is ours; else only what has been at rest for long.
    let another = presence::of_another(&chassis.bus).await.map_err(|error| failed(&error))?;
    let at_rest = if another { dispatch::ORPHANED } else { TimeDelta::zero() };
    presence::answer(&chassis).await.map_err(|error| failed(&error))?;
    if let Some(maildir) = &chassis.config.mail.bounces {
        chassis.tasks.spawn(bounces::watch(maildir.clone(), dispatcher.clone()));
    }
    chassis.tasks.spawn(sending::watch(chassis.clone(), Arc::clone(&dispatcher.queue)));
    chassis.tasks.spawn(dispatcher.clone().look_after_orphans(at_rest));
    chassis.tasks.spawn(witness::run(dispatcher.clone()));
    let mut deliveries =
        Deliveries::open(&chassis.bus, CASES, NOTIFIER).await.map_err(|error| failed(&error))?;
    let enter = Enter::new(chassis.clone(), dispatcher, outbox);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    chassis.tasks.clone().spawn(async move {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
            let delivered = tokio::select! {
                delivered = deliveries.next() => delivered,
                () = chassis.stop.cancelled() => break,
            };
            match delivered {
                Ok(delivered) => {
                    let (enter, settle) = (enter.clone(), deliveries.settler());
                    chassis.tasks.spawn(async move {
                        let (verdict, to_be_sent) = enter.fact(&delivered.entry).await;
                        // What is entered need not be delivered again, however long it waits for the relay.
                        if settle.settle(&delivered, verdict).await == Settled::Buried {
                            enter.seen().buried();
                        }
                        enter.hand_over(to_be_sent);
                        drop(place);
                    });
                }
                Err(error) => tracing::error!(%error, alert = true, "a delivery cannot be read"),
            }
        }
    });
    Ok(())
}

/// The streams that it writes to and the durable that it reads by stand as declared.
async fn verify(bus: &Bus, config: &Config) -> Result<(), ProvisionError> {
    let declared = streams::declared(&config.nats.shape());
    for stream in declared.iter().filter(|stream| [OUTBOX, DEAD].contains(&stream.name)) {
        streams::verify(bus, stream).await?;
    }
    for consumer in CONSUMERS.iter().filter(|consumer| consumer.name == NOTIFIER) {
        streams::verify_consumer(bus, consumer).await?;
    }
    Ok(())
}

/// The alerts that the configuration makes discreet are there.
fn check_discreet(config: &Config) -> Result<(), String> {
    let unknown = config.mail.discreet.iter().find(|id| Template::from_id(id).is_none());
    unknown.map_or(Ok(()), |id| Err(format!("configuration, [mail] discreet: there is no alert {id:?}")))
}

/// The way out that the configuration names: a relay, or a folder.
///
/// # Errors
/// The configuration makes no sense.
pub fn transport_of(config: &Config) -> Result<transport::Config, String> {
    let Some(relay) = &config.mail.smtp else {
        return Ok(transport::Config::Folder { directory: config.mail_folder() });
    };
    if config.http.public_url.is_none() {
        tracing::warn!(
            "mail goes to a relay with links to this machine's own address: set [http] public_url"
        );
    }
    let relay = relay.clone().with_default("from", &config.mail.from);
    let mut relay: smtp::Config = relay.read("mail.smtp").map_err(|error| error.to_string())?;
    relay.own_addresses |= config.mail.bounces.is_some();
    Ok(transport::Config::Smtp(relay))
}
