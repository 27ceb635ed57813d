//! Taking requests from the bus: each is worked on by itself, and what is under way is finished before the process
//! stops. And resting until the clock asks for something.

use std::{sync::Arc, time::Duration};

use bus::{
    connection::{Message, Subscription},
    protocol::{self, CommandAnswer, CommandRequest, Done, command_subject},
};
use bytes::Bytes;
use domain::{Act, Person, Policy, Refusal};
use events::Timestamp;
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};
use tracing::Instrument as _;
use views::Progress;

use crate::{Chassis, StartError, metrics::Acts};

/// How often is looked for what nobody did.
pub(crate) const SWEEP: Duration = Duration::from_secs(2);

/// An act that somebody asks for, and what is known of him.
#[derive(Debug)]
pub struct Asked {
    /// The act.
    pub act: &'static Act,
    /// What the edge passed on.
    pub request: CommandRequest,
    /// Who acts, as of now.
    pub person: Person,
    /// The policy in force now.
    pub policy: Arc<Policy>,
    /// The time.
    pub now: Timestamp,
}

impl Asked {
    fn read(act: &'static Act, message: &Message, chassis: &Chassis) -> Result<Self, Refusal> {
        let request: CommandRequest = protocol::read(message)?;
        chassis.clock.set(request.clock);
        let now = chassis.clock.now();
        let policy = chassis.views.policy(now);
        let person = chassis.who_acts(&request.assertion, act, &policy, now)?;
        Ok(Self { act, request, person, policy, now })
    }
}

/// Answers acts, each on a subject of its own, and counts and times them.
///
/// # Errors
///
/// A subject that cannot be subscribed to.
pub async fn serve_acts<F, W>(
    chassis: &Chassis,
    service: &'static str,
    acts: impl Iterator<Item = &'static Act>,
    seen: &Acts,
    places: &Arc<Semaphore>,
    carry_out: F,
) -> Result<(), StartError>
where
    F: Fn(Asked) -> W + Clone + Send + Sync + 'static,
    W: Future<Output = Result<Done, Refusal>> + Send + 'static,
{
    let failed = Chassis::failed(service);
    for act in acts {
        let messages = chassis.bus.queue_subscribe(&command_subject(act), service).await;
        let messages = messages.map_err(|error| failed(&error))?;
        let seen = seen.act(act.name);
        let (done, busy) = (Arc::clone(&seen), move || seen.busy());
        let (carry_out, asked) = (carry_out.clone(), chassis.clone());
        let work = move |message: Message| {
            let (carry_out, done, asked) = (carry_out.clone(), Arc::clone(&done), asked.clone());
            async move {
                let began = Instant::now();
                let outcome = match Asked::read(act, &message, &asked) {
                    Ok(asked) => {
                        // As the edge's own: whatever the filter lets through is found by its trace.
                        let trace = asked.request.correlation.simple();
                        let span = tracing::error_span!("act", act = act.name, trace = %trace);
                        carry_out(asked).instrument(span).await
                    }
                    Err(refusal) => Err(refusal),
                };
                let became = outcome.as_ref().map(|done| done.replayed).map_err(|refusal| refusal.code);
                done.done(became, began.elapsed());
                protocol::write(&CommandAnswer::from(outcome))
            }
        };
        chassis.tasks.spawn(serve(chassis.clone(), messages, Arc::clone(places), busy, work));
    }
    Ok(())
}

impl Chassis {
    /// Rests until the clock may ask for something, but not for long: what nobody did is looked for then. Says whether
    /// the process goes on. A change counts from when `progress` was marked as seen.
    pub async fn rest(&self, mut progress: watch::Receiver<Progress>, now: Timestamp) -> bool {
        let next = self.views.next_due(now);
        tokio::select! {
            () = self.clock.reach(next) => {}
            () = tokio::time::sleep(SWEEP) => {}
            // A new deadline may come before the one that is waited for.
            _ = progress.changed(), if next.is_none() || self.clock.is_manual() => {}
            () = self.stop.cancelled() => return false,
        }
        true
    }
}

/// Takes messages until the process stops; each is worked on by itself.
pub async fn serve<F, W>(
    chassis: Chassis,
    mut messages: Subscription,
    places: Arc<Semaphore>,
    busy: impl Fn() + Send + 'static,
    work: F,
) where
    F: Fn(Message) -> W + Clone + Send + 'static,
    W: Future<Output = Bytes> + Send + 'static,
{
    let mut stopping = false;
    loop {
        let message = tokio::select! {
            message = messages.next() => message,
            () = chassis.stop.cancelled(), if !stopping => {
                // Nothing new comes; what has come is still worked on.
                stopping = true;
                if messages.drain().await.is_err() {
                    break;
                }
                continue;
            }
        };
        let Some(message) = message else { break };
        if !message.wants_answer() {
            continue;
        }
        let bus = chassis.bus.clone();
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            busy();
            let refusal = CommandAnswer::Refused(bus::overloaded());
            answer(&bus, &message, protocol::write(&refusal)).await;
            continue;
        };
        let work = work.clone();
        chassis.tasks.clone().spawn(async move {
            let payload = work(message.clone()).await;
            answer(&bus, &message, payload).await;
            drop(place);
        });
    }
}

async fn answer(bus: &bus::Bus, message: &Message, payload: Bytes) {
    if let Err(error) = message.answer(bus, payload).await {
        // Who asked repeats with the same key and gets the first result.
        tracing::warn!(%error, "an answer was not sent");
    }
}
