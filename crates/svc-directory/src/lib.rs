//! Keeps the directory: which policy is in force, who holds which office, who is absent, who may act for whom, and what
//! the two sides have signed.

mod desk;

use bus::Principal;
use events::Stage;
use service::{Pace, Service};

/// The stage whose facts this service records.
const RECORDS: &[Stage] = &[Stage::Directory];

/// The service.
pub fn service() -> Service {
    Service {
        name: "directory",
        principal: Principal::Directory,
        about: "keeps the directory: policy, offices, absences, delegations, agreement",
        records: RECORDS,
        pace: Pace::Foreground,
        start: |chassis| Box::pin(desk::start("directory", chassis)),
    }
}
