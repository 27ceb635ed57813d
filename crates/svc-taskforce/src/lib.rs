//! The inter-agency task force: proposal, consents, decision, work and dissolution.

use bus::Principal;
use events::Stage;
use service::{Pace, Service, stage};

/// The stages whose facts this service records.
const RECORDS: &[Stage] = &[Stage::Taskforce];

/// The service.
pub fn service() -> Service {
    Service {
        name: "taskforce",
        principal: Principal::Taskforce,
        about: "the inter-agency task force",
        records: RECORDS,
        pace: Pace::Foreground,
        start: |chassis| Box::pin(stage::start("taskforce", RECORDS, chassis)),
    }
}
