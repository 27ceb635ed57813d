//! Whether another notifier works: one that works answers, as long as its connection stands.

use std::time::Duration;

use bus::{
    Bus,
    connection::{RequestError, SendError},
    protocol::NOTIFIER_PRESENT,
};
use bytes::Bytes;
use service::Chassis;

/// How long an answer may take on a machine that is very busy; where nobody listens, the server says so at once.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// Whether another notifier works. One that does not answer stands still, or its machine has lost its power and the
/// server has not noticed: its mail must not wait for it.
pub(crate) async fn of_another(bus: &Bus) -> Result<bool, RequestError> {
    match bus.request(NOTIFIER_PRESENT, Bytes::new(), ANSWERS_WITHIN).await {
        Ok(_) => Ok(true),
        Err(RequestError::NoResponder { .. } | RequestError::TimedOut { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Answers those who ask, as long as the process works.
pub(crate) async fn answer(chassis: &Chassis) -> Result<(), SendError> {
    let mut asked = chassis.bus.subscribe(NOTIFIER_PRESENT).await?;
    let (bus, stop) = (chassis.bus.clone(), chassis.stop.clone());
    chassis.tasks.spawn(async move {
        loop {
            let question = tokio::select! {
                question = asked.next() => question,
                () = stop.cancelled() => None,
            };
            let Some(question) = question else { break };
            if let Err(error) = question.answer(&bus, Bytes::new()).await {
                tracing::warn!(%error, "another notifier is not told that this one works");
            }
        }
    });
    Ok(())
}
