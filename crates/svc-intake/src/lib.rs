//! Raises cases and numbers them.

use bus::Principal;
use events::Stage;
use service::{Pace, Service, stage};

/// The stages whose facts this service records.
const RECORDS: &[Stage] = &[Stage::Intake, Stage::Casefile];

/// The service.
pub fn service() -> Service {
    Service {
        name: "intake",
        principal: Principal::Intake,
        about: "raises cases and gives them their numbers",
        records: RECORDS,
        pace: Pace::Foreground,
        start: |chassis| Box::pin(stage::start("intake", RECORDS, chassis)),
    }
}
