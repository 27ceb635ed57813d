//! What it means: the rules of the process, pure.
//!
//! *Invariant:* this crate has no async, no clock, no input or output, no randomness. [`decide`] says whether a
//! command is legal and which fact it makes; [`evolve`] folds a fact into a case; [`next_step`] names what the
//! process itself must do next. Legality lives here and nowhere else (DESIGN D1).
//!
//! The files under `stages/` read in order are the process. To add a rule, a deadline or an automatic step,
//! one of them changes, and a scenario says so.

pub mod access;
pub mod awaiting;
pub mod calendar;
pub mod case;
pub mod catalogue;
pub mod deadlines;
pub mod decision;
pub mod directory;
pub mod distribution;
mod documents;
pub mod dossier;
pub mod duties;
pub mod keys;
pub mod labels;
pub mod notices;
pub mod organisation;
pub mod paper;
pub mod period;
pub mod policy;
pub mod rbac;
pub mod recheck;
pub mod refusal;
pub mod regions;
pub mod scenario;
pub mod secrecy;
pub mod sides;
pub mod simulation;
pub mod stages;
mod standing;
#[cfg(test)]
mod story;
pub mod text;
pub mod work;

pub use case::{Case, OutOfOrder, Receipt};
pub use decision::{Act, Automatic, By, Context, Decision, Others, Outcome, Registration};
pub use directory::{Directory, Rulebook};
pub use organisation::{Organisation, Person, Role};
pub use policy::{Policy, PolicyError, PolicyFiles};
pub use refusal::{Code, Refusal};
pub use stages::{Command, Step, decide, due, evolve, next_step, next_steps};
pub use standing::Standing;
