//! Faults of every kind: nothing that was acknowledged is lost, nothing is doubled, no mail is wrongly said to be sent
//! (goal G8).

#![expect(clippy::print_stdout, reason = "what a run has seen belongs to its verdict")]

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

#[path = "faults/chaos.rs"]
mod chaos;
#[path = "faults/checker.rs"]
mod checker;
#[path = "faults/disk.rs"]
mod disk;
#[path = "faults/failpoints.rs"]
mod failpoints;
#[path = "faults/lines.rs"]
mod lines;
