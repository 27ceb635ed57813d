//! `concord audit verify`: whether an export, or what a running system has stored, is what was recorded. It needs the
//! public key, and trusts nothing else (DESIGN D12).

mod archive;
mod batch;
mod checkpoints;
mod facts;
mod judge;
mod live;

use std::fmt;

use proof::keys::Trusted;

pub use archive::{Unreadable, export};
pub use live::live;

/// What the verdict is given on.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The public keys that are believed from the start.
    pub trusted: Trusted,
    /// A checkpoint that was kept elsewhere: the signed note.
    pub kept: Option<String>,
}

/// A verdict: what was checked, what could not be, and what is wrong.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What was checked, with its result in figures.
    pub checked: Vec<String>,
    /// What this export or store cannot show, or what was not looked at.
    pub unchecked: Vec<String>,
    /// What is wrong, at most [`MOST_FAULTS`].
    pub faults: Vec<Fault>,
    /// How much is wrong, told or not.
    pub count: u64,
    /// How many messages were looked at.
    pub messages: u64,
}

/// The most that is told.
pub const MOST_FAULTS: usize = 200;

/// Something that is not as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where: a file or a log, and the place in it.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

impl Report {
    /// Whether nothing is wrong.
    pub fn holds(&self) -> bool {
        self.count == 0
    }

    fn fault(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.count += 1;
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(Fault { place: place.into(), what: what.into() });
        }
    }

    fn checked(&mut self, what: impl Into<String>) {
        self.checked.push(what.into());
    }

    fn unchecked(&mut self, what: impl Into<String>) {
        self.unchecked.push(what.into());
    }

    fn extend(&mut self, other: Self) {
        self.checked.extend(other.checked);
        self.unchecked.extend(other.unchecked);
        let room = MOST_FAULTS.saturating_sub(self.faults.len());
        self.faults.extend(other.faults.into_iter().take(room));
        self.count += other.count;
        self.messages += other.messages;
    }
}

/// A message as it is judged, where it stands in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    pub(crate) sequence: u64,
    pub(crate) subject: &'a str,
    pub(crate) payload: &'a [u8],
}
