//! Replays the log, shows any case as it was, and checks that nothing is missing or altered.
//!
//! Replay is silent: it reads, folds and prints, and changes nothing (STYLE §3 (g)).

mod chain;
pub mod replay;
mod text;

use std::time::Duration;

use bus::{Principal, log, protocol::ANNOUNCEMENT, streams::CASES};
use service::{Chassis, Pace, Service, StartError};

use chain::Chain;

/// The service: it follows the log as it grows and raises an alert at the first fact that does not follow.
pub fn service() -> Service {
    Service {
        name: NAME,
        principal: Principal::Audit,
        about: "follows the log and checks that nothing is missing or altered; replay",
        records: &[],
        pace: Pace::Background,
        start: |chassis| Box::pin(start(chassis)),
    }
}

const NAME: &str = "audit";

/// How long is waited for an announcement before the log is read all the same.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long is waited after an announcement: nobody needs the verdict sooner.
const GATHERED: Duration = Duration::from_millis(100);

async fn start(chassis: Chassis) -> Result<(), StartError> {
    let failed = Chassis::failed(NAME);
    let mut announced = chassis.bus.subscribe(ANNOUNCEMENT).await.map_err(|error| failed(&error))?;
    chassis.tasks.clone().spawn(async move {
        let mut chain = Chain::default();
        let mut next = 1;
        loop {
            match log::read(&chassis.bus, CASES, next, ">").await {
                Ok(entries) => {
                    let more = entries.len() >= log::BATCH;
                    for entry in entries {
                        next = entry.sequence + 1;
                        if let Err(broken) = chain.follow(&entry) {
                            tracing::error!(sequence = entry.sequence, %broken, alert = true, "CHAIN BROKEN");
                        }
                    }
                    if more {
                        continue;
                    }
                }
                Err(error) => tracing::warn!(%error, "the audit waits for the log"),
            }
            tokio::select! {
                announced = tokio::time::timeout(HEARTBEAT, announced.next()) => {
                    if let Ok(None) = announced {
                        break;
                    }
                }
                () = chassis.stop.cancelled() => break,
            }
            // What was announced meanwhile is read with it.
            tokio::time::sleep(GATHERED).await;
            while let Ok(Some(_)) = tokio::time::timeout(Duration::ZERO, announced.next()).await {}
        }
    });
    Ok(())
}
