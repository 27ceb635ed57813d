//! Routes a case to the liaison units, and falls back when nobody acknowledges.

use bus::Principal;
use events::Stage;
use service::{Pace, Service, stage};

/// The stages whose facts this service records.
const RECORDS: &[Stage] = &[Stage::Routing];

/// The service.
pub fn service() -> Service {
    Service {
        name: "routing",
        principal: Principal::Routing,
        about: "routes a case to liaison units, and falls back when nobody acknowledges",
        records: RECORDS,
        pace: Pace::Foreground,
        start: |chassis| Box::pin(stage::start("routing", RECORDS, chassis)),
    }
}
