//! The fold on disk: what stands in memory, written a little later. It may be lost, and is then made anew from the log
//! (DESIGN D8).

mod file;
mod list;
mod read;
mod search;
mod work;
mod write;

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use domain::{Case, access::Principal, work::Waiting};
use events::{CaseId, Digest, Timestamp};
use rusqlite::Connection;

use crate::fold::Raised;
use file::Connections;
pub(crate) use list::Found;
pub use work::{Entry, NoEntry};

/// What goes wrong with a fold on disk.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No place for it.
    #[error("{}: {reason}", path.display())]
    Place {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// It is kept, but not as it was written.
    #[error("a case was kept that cannot be read: {0}")]
    Damaged(String),
}

/// The fold on disk of one process.
pub(crate) struct Store {
    path: PathBuf,
    /// Held as long as the process lives: no other writes this file.
    _lock: File,
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
    lister: Mutex<Connection>,
    condemned: AtomicBool,
}

/// A case as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) case: Arc<Case>,
    pub(crate) sequence: u64,
    pub(crate) raised: Raised,
    pub(crate) wake: Option<Timestamp>,
    /// Some stage has something to do in it.
    pub(crate) unsettled: bool,
    /// What waits for somebody in it, if that was looked at; else what is kept stays.
    pub(crate) waiting: Option<Vec<Waiting>>,
}

/// How far a fold is, and on which log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mark {
    /// The sequence of the last fact applied.
    pub(crate) applied: u64,
    /// The digest of its bytes, by which the log is known again.
    pub(crate) digest: Option<Digest>,
}

/// What is written at one time: all that has changed up to a place in the log.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) mark: Mark,
    pub(crate) rows: Vec<Row>,
    pub(crate) ranks: Vec<(i32, u32)>,
    pub(crate) unreadable: Vec<CaseId>,
}

/// What of a fold on disk is in memory from the start.
#[derive(Default)]
pub(crate) struct Resumed {
    pub(crate) mark: Mark,
    pub(crate) ranks: Vec<(i32, u32)>,
    pub(crate) unreadable: Vec<CaseId>,
    /// The cases in which something was to be done.
    pub(crate) unsettled: Vec<CaseId>,
}

impl Store {
    /// Opens the fold of this process, or begins one: each process of an installation has a file of its own.
    ///
    /// A fold that was made by other rules or under another policy, or that cannot be read, is thrown away.
    pub(crate) fn open(directory: &Path, policy: &str) -> Result<Self, StoreError> {
        let (path, lock) = file::take(directory)?;
        let Connections { writer, reader, lister } = file::open_or_begin(&path, policy)?;
        Ok(Self {
            path,
            _lock: lock,
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
            lister: Mutex::new(lister),
            condemned: AtomicBool::new(false),
        })
    }

    /// Forgets everything: the fold is made anew from the log.
    pub(crate) fn clear(&self) -> Result<(), StoreError> {
        file::clear(&mut self.writer())?;
        Ok(())
    }

    /// Takes the file away, so that the next start makes it anew. What is open stays usable as far as it is sound.
    pub(crate) fn condemn(&self, error: &StoreError) {
        if !self.condemned.swap(true, Ordering::Relaxed) {
            tracing::error!(%error, alert = true, "the fold on disk is damaged: the next start makes it anew");
            file::remove(&self.path);
        }
    }

    /// Whether it can be relied on no more.
    #[cfg(test)]
    pub(crate) fn is_condemned(&self) -> bool {
        self.condemned.load(Ordering::Relaxed)
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lists are read on a connection of their own: a command that needs a case does not wait for a search.
    fn lister(&self) -> MutexGuard<'_, Connection> {
        self.lister.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a group of persons is called in the database.
pub(crate) fn name(principal: &Principal) -> String {
    match principal {
        Principal::Agency(agency) => format!("agency {agency}"),
        Principal::Leaders(side) => format!("leaders {side:?}"),
        Principal::StandingBody => "standing body".to_owned(),
        Principal::Auditors => "auditors".to_owned(),
    }
}

/// A place in the log as the database has it.
fn number(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

/// What tells a damaged fold from a sound one.
fn checksum(fold: &[u8]) -> Vec<u8> {
    Digest::of(fold).as_bytes()[..8].to_vec()
}
