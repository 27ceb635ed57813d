//! Taking requests from the bus: each is worked on by itself, and what is under way is finished before the process stops.

use std::sync::Arc;

use bus::{
    connection::{Message, Subscription},
    protocol::{self, CommandAnswer},
};
use bytes::Bytes;
use tokio::sync::Semaphore;

use crate::Chassis;

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
