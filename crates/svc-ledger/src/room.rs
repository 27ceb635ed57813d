//! How full the log is: who runs it hears of it in good time (DESIGN D4).

use std::time::Duration;

use bus::{log, streams::CASES};
use service::Chassis;
use tokio::sync::watch;

/// How often is looked.
const LOOKED_EVERY: Duration = Duration::from_secs(30);

/// How full the log may be before the operator is told.
const ALERT_AT: f64 = 0.8;

/// Looks after the room that is left, as long as the process works.
pub(crate) async fn look_after(chassis: Chassis) {
    let (told, read) = watch::channel(None);
    chassis.metrics.gauge(
        "log_fullness_ratio",
        "How much of the room of the log is taken, from 0 to 1; at 1 nothing more is stored",
        move || *read.borrow(),
    );
    let mut alerted = false;
    loop {
        match log::fullness(&chassis.reader, CASES).await {
            Ok(fullness) => {
                told.send_replace(Some(fullness));
                if crosses(&mut alerted, fullness) {
                    let percent = format!("{:.0} %", fullness * 100.0);
                    tracing::error!(
                        percent,
                        alert = true,
                        "STORE_NEARLY_FULL: give the stream CASES more room before nothing can be stored any more"
                    );
                }
            }
            Err(error) => tracing::debug!(%error, "how full the log is cannot be seen"),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOKED_EVERY) => {}
            () = chassis.stop.cancelled() => return,
        }
    }
}

/// Whether the operator is to be told: once, until there is room again.
fn crosses(alerted: &mut bool, fullness: f64) -> bool {
    let was = std::mem::replace(alerted, fullness >= ALERT_AT);
    *alerted && !was
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_is_told_once_for_each_time_that_it_gets_full() {
        let mut alerted = false;
        let told: Vec<bool> = [0.1, 0.79, 0.8, 0.95, 1.0, 0.5, 0.9]
            .into_iter()
            .map(|full| crosses(&mut alerted, full))
            .collect();
        assert_eq!(told, [false, false, true, false, false, false, true]);
    }
}
