//! Backup and restoration: all truth (DESIGN §1) as files that any tool can read. docs/backup-format.md is the promise.
//!
//! [`take`] adds to a folder what is new, [`check`] holds a folder against itself, without a server, and [`restore`] makes
//! a data directory of it.

mod check;
mod contents;
mod keys;
mod manifest;
mod restore;
mod segment;
mod take;

use std::{
    io,
    path::{Path, PathBuf},
};

use bus::{
    Principal,
    archive::RefillError,
    log::ReadError,
    streams::{ACCESS, ATTACHMENTS, AUDIT, CASES, DEAD, IDENTITY, OUTBOX},
};
use proof::Hash;

pub use check::check;
pub use restore::{INCOMPLETE, Restoration, restore, restore_into};
pub use take::take;

/// Every stream, in the order in which it is read, and by whose right. No new credential has to be made, and none reads
/// all.
///
/// Each stream is read as it stands when its turn comes, so what names something comes before what is named: checkpoints
/// before the logs that they count, tokens and sign-ins before the record of them, dead letters, mails and openings before
/// the facts that they are about, facts before the files that they name. A file is stored before a fact names it.
pub const STREAMS: [(&str, Principal); 7] = [
    (AUDIT, Principal::Audit),
    (IDENTITY, Principal::Identity),
    (ACCESS, Principal::Audit),
    (DEAD, Principal::Notifier),
    (OUTBOX, Principal::Audit),
    (CASES, Principal::Audit),
    (ATTACHMENTS, Principal::Audit),
];

/// How much of a stream a backup takes each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// What is new: nothing ever leaves it, so that message `n` is leaf `n - 1` of a tree.
    Log,
    /// All of it: messages leave it, by age or because a newer one has their subject.
    Whole,
}

impl Kind {
    fn of(stream: &str) -> Self {
        if matches!(stream, IDENTITY | DEAD) { Self::Whole } else { Self::Log }
    }
}

/// How far it has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What is done: `reading`, `checking`, `restoring`, `reading back`.
    pub doing: &'static str,
    /// With which stream.
    pub stream: &'static str,
    /// How many of its messages are done.
    pub done: u64,
    /// Of how many.
    pub of: u64,
}

/// What a backup holds of each stream.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The streams, in the order of [`STREAMS`].
    pub streams: Vec<Line>,
    /// How many keys.
    pub keys: usize,
}

/// What a backup holds of a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// The stream.
    pub stream: &'static str,
    /// How many messages.
    pub messages: u64,
    /// How many of them the last run has written: of a log what was new, of another stream all.
    pub written: u64,
    /// Their bytes, without subjects and headers.
    pub bytes: u64,
    /// The root over them.
    pub root: Hash,
}

/// Why there is no backup, no proof of it, or no restoration.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file cannot be read or written.
    #[error("cannot {act} {}: {source}", path.display())]
    File {
        /// What was tried.
        act: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no backup.
    #[error("{} holds no backup: backup.json is not there", .0.display())]
    NoBackup(PathBuf),
    /// Another process is at it.
    #[error("another backup into {} is under way: wait until it has ended", .0.display())]
    UnderWay(PathBuf),
    /// A file is not as it was written.
    #[error("{} is damaged: {reason}; take a copy of this backup that is whole, or an older one", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// In what.
        reason: String,
    },
    /// A cluster that is to be filled has something already.
    #[error(
        "{stream} has {messages} messages already: a backup is restored into empty servers. Stop them, move their stores \
         away, start them again"
    )]
    StreamNotEmpty {
        /// The stream.
        stream: &'static str,
        /// How many it has.
        messages: u64,
    },
    /// The log has lost a message.
    #[error(
        "message {sequence} of {stream} is missing on the server, and nothing may be missing there: keep the data as it is, \
         run `concord audit replay`, and restore the last backup that is whole"
    )]
    Gap {
        /// The stream.
        stream: &'static str,
        /// The first that is missing.
        sequence: u64,
    },
    /// The folder holds what this installation does not.
    #[error(
        "{} does not go on from here: its message {sequence} of {stream} is not the one of this installation. Either \
         the folder holds a backup of another installation: give an empty one; or this one has lost messages: keep its \
         data as it is, and restore", dir.display()
    )]
    AnotherLog {
        /// The folder.
        dir: PathBuf,
        /// The stream.
        stream: &'static str,
        /// The last message of it that the folder holds.
        sequence: u64,
    },
    /// The messages are not those over which a root was made.
    #[error("{stream}: over its first {size} messages the root is not the one that {of} names")]
    AnotherRoot {
        /// The stream.
        stream: &'static str,
        /// Over how many messages.
        size: u64,
        /// Who names it.
        of: String,
    },
    /// A checkpoint names more than there is.
    #[error("{of} names {size} messages of {stream}, and there are only {there}")]
    TooFew {
        /// The stream.
        stream: &'static str,
        /// How many it names.
        size: u64,
        /// How many there are.
        there: u64,
        /// Who names them.
        of: String,
    },
    /// Keys are there that are not to be there.
    #[error(
        "{} holds keys of an earlier backup: remove that folder, or leave --without-keys out", .0.display()
    )]
    KeysThere(PathBuf),
    /// The place of a restoration is not empty.
    #[error("{} is not empty: a restoration makes a data directory and changes none; give a new one", .0.display())]
    NotEmpty(PathBuf),
    /// The server does not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The server does not store.
    #[error(transparent)]
    Refill(#[from] RefillError),
    /// The server of the restoration.
    #[error("the server of the restoration: {0}")]
    Server(String),
}

/// A failure with a file.
fn failed(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BackupError + use<> {
    let path = path.to_owned();
    move |source| BackupError::File { act, path, source }
}

fn damaged(path: &Path, reason: impl Into<String>) -> BackupError {
    BackupError::Damaged { path: path.to_owned(), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use bus::streams::{Shape, declared};

    use super::*;

    #[test]
    fn every_stream_is_backed_up_by_a_right_that_reads_it() {
        for stream in declared(&Shape::default()) {
            let (_, principal) = STREAMS.into_iter().find(|(name, _)| *name == stream.name).unwrap();
            for api in ["DIRECT.GET", "STREAM.INFO"] {
                let subject = format!("$JS.API.{api}.{}", stream.name);
                assert!(principal.rights().may_publish(&subject), "{principal} {subject}");
            }
            let leaves = stream.newest_only || stream.max_age.is_some();
            assert_eq!(Kind::of(stream.name) == Kind::Whole, leaves, "{}", stream.name);
        }
        assert_eq!(STREAMS.len(), declared(&Shape::default()).len());
    }

    #[test]
    fn what_names_comes_before_what_is_named() {
        let at = |stream: &str| STREAMS.iter().position(|(name, _)| *name == stream).unwrap();
        for (names, named) in [
            (AUDIT, OUTBOX),
            (AUDIT, ACCESS),
            (AUDIT, CASES),
            (IDENTITY, ACCESS),
            (ACCESS, CASES),
            (DEAD, CASES),
            (OUTBOX, CASES),
            (CASES, ATTACHMENTS),
        ] {
            assert!(at(names) < at(named), "{names} {named}");
        }
    }
}
