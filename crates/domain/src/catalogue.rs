//! Everything that can be done: on a case, on a regular duty, in the directory.

use crate::{
    decision::{Act, Automatic},
    directory, duties, stages,
};

/// Every act of a person.
pub fn acts() -> impl Iterator<Item = &'static Act> {
    stages::acts().chain(duties::acts()).chain(directory::ACTS)
}

/// Every automatic step; reminders and overdue levels come besides.
pub fn steps() -> impl Iterator<Item = &'static Automatic> {
    stages::steps().chain(duties::steps()).chain(directory::STEPS)
}
