//! Whether mail is sent at all: an operator switches it off, and a restore leaves it off until somebody says that the
//! world outside is as the log has it.

use std::{sync::Arc, time::Duration};

use bus::{
    Bus,
    log::{self, ReadError},
    outbox::{SENDING, Sending},
    streams::OUTBOX,
};
use service::Chassis;

use crate::queue::Queue;

/// How soon what was switched is known.
const LOOK: Duration = Duration::from_secs(2);

/// Whether sending is on; it is, until somebody switched it off.
async fn is_on(bus: &Bus) -> Result<bool, ReadError> {
    let last = log::last(bus, OUTBOX, SENDING).await?;
    Ok(last.is_none_or(|last| serde_json::from_slice::<Sending>(&last.payload).is_ok_and(|said| said.on)))
}

/// Holds mail back while sending is off, and until it is known that it is on, as long as the process works.
pub(crate) async fn watch(chassis: Chassis, queue: Arc<Queue>) {
    if chassis.config.mail.hold {
        tracing::warn!(alert = true, "[mail] hold: no mail is sent until it is false");
        return;
    }
    let mut was_on = true;
    loop {
        match is_on(&chassis.bus).await {
            Ok(on) => {
                if on != was_on {
                    tracing::warn!(alert = !on, on, "sending of mail was switched");
                }
                was_on = on;
                queue.hold_back(!on);
            }
            Err(error) => tracing::warn!(%error, "whether mail is to be sent cannot be read"),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = chassis.stop.cancelled() => return,
        }
    }
}
