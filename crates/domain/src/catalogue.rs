//! Everything that can be done: on a case, on a regular duty, in the directory.

use events::Stage;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use crate::{
    decision::{Act, Automatic},
    directory, duties,
    refusal::Refusal,
    stages,
};

/// Every act of a person.
pub fn acts() -> impl Iterator<Item = &'static Act> {
    stages::acts().chain(duties::acts()).chain(directory::ACTS)
}

/// Every automatic step; reminders and overdue levels come besides.
pub fn steps() -> impl Iterator<Item = &'static Automatic> {
    stages::steps().chain(duties::steps()).chain(directory::STEPS)
}

/// Whether the body of an act can be read.
///
/// # Errors
/// What is wrong in it.
pub fn check(act: &Act, body: Value) -> Result<(), Refusal> {
    match act.stage {
        Stage::Directory => directory::Command::parse(act, body).map(drop),
        stage if Stage::DUTIES.contains(&stage) => duties::Command::parse(act, body).map(drop),
        _ => stages::Command::parse(act, body).map(drop),
    }
}

/// The JSON Schema of an act's body.
pub fn schema(act: &Act, generator: &mut SchemaGenerator) -> Option<Schema> {
    match act.stage {
        Stage::Directory => directory::Command::schema(act, generator),
        stage if Stage::DUTIES.contains(&stage) => duties::Command::schema(act, generator),
        _ => stages::Command::schema(act, generator),
    }
}
