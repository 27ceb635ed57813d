//! What is said: every event of the log declared once, its envelope, and the identifiers.
//!
//! A *fact* is one event of one aggregate, stored as one CloudEvents 1.0 JSON message. This crate is a
//! promise to other agencies and to auditors: published schemas never change their meaning. What the facts
//! *mean* for a case is the business of the crate `domain`.
//!
//! To add an event type:
//! 1. its struct with docs in the file of its stage here (`confirmation.rs`, …);
//! 2. one line in [`catalogue`];
//! 3. its meaning in `domain/src/stages/<stage>.rs`.
//!
//! Then run `cargo xtask schemas`, which writes its JSON Schema and example into `schemas/events/`.

pub mod actor;
pub mod briefing;
pub mod casefile;
pub mod catalogue;
pub mod closure;
pub mod confirmation;
pub mod coordination;
pub mod digest;
pub mod directory;
pub mod distribution;
pub mod document;
pub mod duty;
pub mod envelope;
pub mod escalation;
pub mod ids;
mod instant;
pub mod intake;
pub mod project;
pub mod reporting;
pub mod routing;
mod samples;
mod schema;
pub mod taskforce;
pub mod terms;

pub use actor::{Actor, Capacity};
pub use catalogue::{Body, Kind, Stage};
pub use digest::Digest;
pub use envelope::{Draft, Fact, Origin, Unreadable};
pub use ids::{
    AgencyId, AggregateId, CaseCode, CaseId, CommandId, DelegationId, DocumentId, DutyId, EventId, OfficeId,
    OfficerId, UnitId,
};
pub use terms::{Deadline, DeadlineKey, Lifecycle, Transition, Urgency};

/// An instant in UTC. Deadlines are whole seconds; what was merely observed may have fractions.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
