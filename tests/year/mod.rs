//! The year of a province: who there is, what they do on which day, how it is played, what must hold at each day's end,
//! and what is told of it afterwards.

pub mod invariants;
pub mod plan;
pub mod play;
pub mod province;
pub mod summary;
pub mod world;
