//! The regular duties of the plan: reports on the 15th, briefings, planned projects.

mod desk;

use bus::Principal;
use events::Stage;
use service::{Pace, Service};

/// The stages whose facts this service records.
const RECORDS: &[Stage] = &Stage::DUTIES;

/// The service.
pub fn service() -> Service {
    Service {
        name: "reporting",
        principal: Principal::Reporting,
        about: "keeps the regular duties: reports, briefings, planned projects",
        records: RECORDS,
        pace: Pace::Foreground,
        start: |chassis| Box::pin(desk::start("reporting", chassis)),
    }
}
