//! What the audit service knows: the tree of each log, the newest checkpoint, and what is not as it was recorded.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bus::{
    audit::{Finding, TRUTH},
    log::Entry,
};
use events::Timestamp;
use proof::checkpoint::{Checkpoint, Head, LOGS, Signed};
use service::Clock;
use tokio::sync::{Notify, watch};

use crate::{find::Times, tiles::Tiles};

/// Everything that the tasks of the service share.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) logs: [Log; 3],
    /// When the facts were recorded.
    pub(crate) times: Times,
    newest: Mutex<Option<Signed>>,
    findings: Mutex<Vec<Finding>>,
    /// When each source of the self-check was last read to its end, at first when its reading began.
    reads: Mutex<BTreeMap<usize, Timestamp>>,
    /// Nothing more is signed: what is stored is not what was recorded.
    halted: AtomicBool,
    /// The logs are to be read now, not only when their time comes.
    pub(crate) look: Notify,
    /// The newest fact that a ledger has announced.
    pub(crate) announced: watch::Sender<u64>,
    clock: Clock,
}

/// A log and its tree.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) stream: &'static str,
    folder: PathBuf,
    tiles: Mutex<Tiles>,
    /// The whole of it was read since the start, and agrees with the tree.
    caught_up: AtomicBool,
    /// The tree's files are damaged: it is to be made anew.
    rebuild: AtomicBool,
}

impl Books {
    /// The books in a folder: a tree that cannot be read is made anew from its stream.
    pub(crate) fn open(folder: &Path, clock: Clock) -> io::Result<Self> {
        let mut damaged = Vec::new();
        let mut open = |at: usize| -> io::Result<Log> {
            let folder = folder.join(LOGS[at]);
            let tiles = Tiles::open(&folder).or_else(|error| {
                damaged.push((LOGS[at], error));
                Tiles::anew(&folder)
            })?;
            Ok(Log {
                stream: TRUTH[at],
                folder,
                tiles: Mutex::new(tiles),
                caught_up: AtomicBool::new(false),
                rebuild: AtomicBool::new(false),
            })
        };
        let logs = [open(0)?, open(1)?, open(2)?];
        let books = Self {
            logs,
            times: Times::default(),
            newest: Mutex::default(),
            findings: Mutex::default(),
            reads: Mutex::default(),
            halted: AtomicBool::new(false),
            look: Notify::new(),
            announced: watch::Sender::new(0),
            clock,
        };
        for (log, error) in damaged {
            books.tiles_damaged(log, &error);
        }
        Ok(books)
    }

    /// The newest checkpoint that agrees with the trees.
    pub(crate) fn newest(&self) -> Option<Signed> {
        lock(&self.newest).clone()
    }

    /// Takes over a checkpoint that agrees with the trees.
    pub(crate) fn take(&self, signed: Signed) {
        *lock(&self.newest) = Some(signed);
    }

    /// Whether all logs were read to their end, and are what was recorded: it may be signed.
    pub(crate) fn hold(&self) -> bool {
        !self.halted.load(Ordering::Relaxed) && self.logs.iter().all(Log::is_caught_up)
    }

    /// The heads of all logs.
    pub(crate) fn heads(&self) -> Result<[Head; 3], proof::TreeError> {
        let head = |at: usize| -> Result<Head, proof::TreeError> {
            let tiles = self.logs[at].tiles();
            Ok(Head { size: tiles.size(), root: tiles.root(tiles.size())? })
        };
        Ok([head(0)?, head(1)?, head(2)?])
    }

    /// In what the trees differ from a checkpoint; a tree that is smaller is not judged.
    pub(crate) fn differs(&self, checkpoint: &Checkpoint) -> Option<(usize, String)> {
        (0..LOGS.len()).find_map(|at| {
            let Head { size, root } = checkpoint.heads[at];
            let made = self.logs[at].tiles().root(size).ok()?;
            let what = || {
                let number = checkpoint.number;
                format!("checkpoint {number} names another root over the first {size} messages: one of them was altered, or the checkpoint forged")
            };
            (made != root).then(|| (at, what()))
        })
    }

    /// What was found, the oldest first.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        lock(&self.findings).clone()
    }

    /// Something is not as it was recorded, and nothing more is signed until a person has looked.
    pub(crate) fn halt(&self, place: &str, sequence: Option<u64>, what: String) {
        self.halted.store(true, Ordering::Relaxed);
        self.find(place, sequence, what);
    }

    /// Something is wrong. It is told once.
    pub(crate) fn find(&self, place: &str, sequence: Option<u64>, what: String) {
        let mut findings = lock(&self.findings);
        let known = |one: &Finding| one.place == place && one.sequence == sequence && one.what == what;
        // A thousand of them say no more.
        if findings.len() >= 1_000 || findings.iter().any(known) {
            return;
        }
        tracing::error!(place, sequence, what, alert = true, "AUDIT: not as it was recorded");
        findings.push(Finding { at: self.clock.now(), place: place.to_owned(), sequence, what });
    }

    /// The copy of one server of several is not what was recorded. The others have it: more is signed all the same.
    pub(crate) fn find_on(&self, server: &str, stream: &str, sequence: u64, what: &str) {
        self.find(&format!("{stream}{}", on(server)), Some(sequence), what.to_owned());
    }

    /// The copies of a server were read and are what was recorded: it was healed, if anything was wrong.
    pub(crate) fn whole_on(&self, server: &str) {
        let mut findings = lock(&self.findings);
        let before = findings.len();
        findings.retain(|finding| !finding.place.ends_with(&on(server)));
        if findings.len() < before {
            tracing::warn!(server, "the copies of this server are whole again");
        }
    }

    /// The self-check has read one of its sources to the end.
    pub(crate) fn is_read(&self, source: usize) {
        lock(&self.reads).insert(source, self.clock.now());
    }

    /// When the source that has waited longest was read to its end.
    pub(crate) fn read_before(&self) -> Option<Timestamp> {
        lock(&self.reads).values().min().copied()
    }

    /// The files of a tree are damaged: it is made anew from its stream, and must come to the same roots.
    pub(crate) fn tiles_damaged(&self, log: &str, error: &io::Error) {
        let what = format!("the files of the tree were damaged ({error}): it is made anew from the stream");
        self.find(&format!("tree of {log}"), None, what);
    }
}

/// How a place ends that is of one server of several.
fn on(server: &str) -> String {
    format!(" on {server}")
}

impl Log {
    pub(crate) fn tiles(&self) -> MutexGuard<'_, Tiles> {
        lock(&self.tiles)
    }

    pub(crate) fn is_caught_up(&self) -> bool {
        self.caught_up.load(Ordering::Relaxed)
    }

    pub(crate) fn caught_up(&self) {
        self.caught_up.store(true, Ordering::Relaxed);
    }

    /// The tree is to be made anew.
    pub(crate) fn order_rebuild(&self) {
        self.caught_up.store(false, Ordering::Relaxed);
        self.rebuild.store(true, Ordering::Relaxed);
    }

    /// Begins the tree anew, if that was ordered.
    pub(crate) fn rebuilds(&self) -> io::Result<bool> {
        let ordered = self.rebuild.swap(false, Ordering::Relaxed);
        if ordered {
            *self.tiles() = Tiles::anew(&self.folder)?;
        }
        Ok(ordered)
    }

    /// Holds a message against its leaf.
    pub(crate) fn compare(&self, entry: &Entry) -> Compared {
        let leaf = proof::leaf(&entry.subject, &entry.payload);
        let at = entry.sequence - 1;
        let tiles = self.tiles();
        match tiles.leaf(at) {
            Ok(recorded) if recorded == leaf => Compared::Same,
            known => match (tiles.check_around(at), known) {
                (Ok(()), Ok(_)) => Compared::Other,
                (Err(error), _) => Compared::TreeDamaged(error),
                (_, Err(error)) => Compared::TreeDamaged(io::Error::other(error.to_string())),
            },
        }
    }
}

/// How a message compares with its leaf.
pub(crate) enum Compared {
    /// It is what was recorded.
    Same,
    /// It is not.
    Other,
    /// The tree cannot tell.
    TreeDamaged(io::Error),
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
