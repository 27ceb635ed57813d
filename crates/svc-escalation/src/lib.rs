//! What follows where the sides do not agree: statements, dossier, directive and its instructions.

use bus::Principal;
use events::Stage;
use service::{Pace, Service, stage};

/// The stages whose facts this service records.
const RECORDS: &[Stage] = &[Stage::Escalation];

/// The service.
pub fn service() -> Service {
    Service {
        name: "escalation",
        principal: Principal::Escalation,
        about: "statements, dossier, directive and its instructions",
        records: RECORDS,
        pace: Pace::Foreground,
        start: |chassis| Box::pin(stage::start("escalation", RECORDS, chassis)),
    }
}
