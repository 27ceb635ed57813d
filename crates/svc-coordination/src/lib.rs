//! Positions and rounds until the sides agree or not, and closure by two keys.

use bus::Principal;
use events::Stage;
use service::{Pace, Service, stage};

/// The stages whose facts this service records.
const RECORDS: &[Stage] = &[Stage::Coordination, Stage::Closure];

/// The service.
pub fn service() -> Service {
    Service {
        name: "coordination",
        principal: Principal::Coordination,
        about: "positions and rounds, and closure by two keys",
        records: RECORDS,
        pace: Pace::Foreground,
        start: |chassis| Box::pin(stage::start("coordination", RECORDS, chassis)),
    }
}
