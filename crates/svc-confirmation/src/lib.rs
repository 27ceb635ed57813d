//! The callback and the owed written confirmation: receipt, comparison, reminders, overdue.

use bus::Principal;
use events::Stage;
use service::{Pace, Service, stage};

/// The stages whose facts this service records.
const RECORDS: &[Stage] = &[Stage::Confirmation];

/// The service.
pub fn service() -> Service {
    Service {
        name: "confirmation",
        principal: Principal::Confirmation,
        about: "the callback and the written confirmation that is owed after a call",
        records: RECORDS,
        pace: Pace::Foreground,
        start: |chassis| Box::pin(stage::start("confirmation", RECORDS, chassis)),
    }
}
