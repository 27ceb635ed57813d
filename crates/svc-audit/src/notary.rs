//! Signs checkpoints and publishes them: to the stream, to files, and through the notifier to a second office.
//!
//! What is signed continues what was signed: the trees must agree with the newest checkpoint in the stream and in the
//! file, else nothing is signed any more (DESIGN D12).

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bus::{
    append::{self, Append, AppendError},
    audit::TRUTH,
    log,
    streams::{AUDIT, CHECKPOINT},
};
use events::Digest;
use proof::checkpoint::{Checkpoint, Signed};
use service::Chassis;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use crate::{
    books::{Books, Log},
    keyring::{self, KeyRing},
};

/// How often is looked whether it is time.
const TICK: Duration = Duration::from_millis(500);

/// How long one who wants a fresh checkpoint waits until all that is stored has been seen.
const FRESH: Duration = Duration::from_secs(8);

/// Who wants a checkpoint that covers all that is stored.
pub(crate) type Wish = oneshot::Sender<Result<Signed, String>>;

/// Signs and publishes.
pub(crate) struct Notary {
    books: Arc<Books>,
    chassis: Chassis,
    keys: PathBuf,
    folder: PathBuf,
    signed: Instant,
    /// What the file had was held against the trees.
    begun: bool,
}

/// Goes on until the process stops.
pub(crate) async fn work(
    books: Arc<Books>,
    chassis: Chassis,
    folder: PathBuf,
    mut wishes: mpsc::Receiver<Wish>,
) {
    let keys = keyring::folder(&chassis.config.credentials());
    let mut notary = Notary { books, chassis, keys, folder, signed: Instant::now(), begun: false };
    let stop = notary.chassis.stop.clone();
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            _ = tick.tick() => {
                if let Err(reason) = notary.on_time().await {
                    tracing::info!(reason, "no checkpoint is signed for now");
                }
            }
            Some(wish) = wishes.recv() => {
                // Who asked may have gone meanwhile.
                let _ = wish.send(notary.fresh().await);
            }
            () = stop.cancelled() => break,
        }
    }
}

impl Notary {
    /// Signs if it is time.
    async fn on_time(&mut self) -> Result<(), String> {
        self.catch_up().await?;
        if !self.books.hold() {
            return Ok(());
        }
        let heads = self.books.heads().map_err(|error| error.to_string())?;
        let covered = self.books.newest().map(|newest| newest.checkpoint.heads);
        let size = |heads: &[proof::checkpoint::Head; 3]| heads.iter().map(|head| head.size).sum::<u64>();
        let grown = size(&heads) - covered.as_ref().map_or(0, size).min(size(&heads));
        let settings = &self.chassis.config.audit;
        let waited = self.signed.elapsed() >= Duration::from_secs(settings.checkpoint_seconds);
        if covered.is_none() || (grown > 0 && waited) || grown >= settings.checkpoint_messages {
            self.sign().await?;
        }
        Ok(())
    }

    /// A checkpoint that covers all that is stored now.
    async fn fresh(&mut self) -> Result<Signed, String> {
        let give_up = Instant::now() + FRESH;
        let mut wanted = [0; 3];
        for (wanted, stream) in wanted.iter_mut().zip(TRUTH) {
            *wanted =
                log::last_sequence(&self.chassis.bus, stream).await.map_err(|error| error.to_string())?;
        }
        while !(self.books.hold()
            && self.books.logs.iter().zip(wanted).all(|(log, at)| log.tiles().size() >= at))
        {
            if let Some(finding) = self.books.findings().first() {
                return Err(format!(
                    "what is stored is not what was recorded ({}: {})",
                    finding.place, finding.what
                ));
            }
            if Instant::now() > give_up {
                return Err(
                    "the audit service has not read all that is stored yet: ask again in a minute".to_owned()
                );
            }
            self.books.look.notify_waiters();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.catch_up().await?;
        let covers =
            |newest: &Signed| newest.checkpoint.heads.iter().zip(wanted).all(|(head, at)| head.size >= at);
        match self.books.newest().filter(covers) {
            Some(newest) => Ok(newest),
            None => self.sign().await,
        }
    }

    /// Takes over what another process has signed.
    async fn catch_up(&mut self) -> Result<(), String> {
        // While the logs are read for the first time there is nothing to compare with.
        if !self.books.logs.iter().all(Log::is_caught_up) {
            return Ok(());
        }
        if !std::mem::replace(&mut self.begun, true)
            && let Some(kept) = read(&self.folder)
        {
            self.hold_against(&kept, "the newest checkpoint in the file").await?;
        }
        let last =
            log::last(&self.chassis.bus, AUDIT, CHECKPOINT).await.map_err(|error| error.to_string())?;
        let known = self.books.newest();
        match (last, &known) {
            (None, None) => {}
            (None, Some(known)) => {
                let number = known.checkpoint.number;
                self.books.halt(
                    AUDIT,
                    None,
                    format!(
                        "checkpoint {number} was signed, and the stream has none: it was emptied or made anew"
                    ),
                );
            }
            (Some(last), known) => {
                let note = String::from_utf8_lossy(&last.payload).into_owned();
                if known.as_ref().is_none_or(|known| known.note != note) {
                    self.hold_against(&note, "the newest checkpoint in the stream").await?;
                }
            }
        }
        Ok(())
    }

    /// Holds a checkpoint against the trees and against the newest that is known, and takes it over if it agrees.
    async fn hold_against(&self, note: &str, which: &str) -> Result<(), String> {
        let halt = |what: String| {
            self.books.halt(AUDIT, None, what);
            Ok(())
        };
        let opened = KeyRing::read(&self.keys)
            .map_err(|error| error.to_string())
            .and_then(|ring| Signed::open(note, &ring.public).map_err(|error| error.to_string()));
        let signed = match opened {
            Ok(signed) => signed,
            Err(error) => return halt(format!("{which} cannot be believed: {error}")),
        };
        let number = signed.checkpoint.number;
        if let Some(known) = self.books.newest() {
            let other = known.checkpoint.number;
            if number < other {
                return halt(format!(
                    "{which} is number {number}, and number {other} was signed: the rest was cut off"
                ));
            }
            if number == other && signed.note != known.note {
                return halt(format!("there are two checkpoints of number {number}"));
            }
            if number == other + 1 && signed.checkpoint.previous != known.digest() {
                return halt(format!("checkpoint {number} does not continue number {other}"));
            }
        }
        for (log, head) in self.books.logs.iter().zip(&signed.checkpoint.heads) {
            if head.size <= log.tiles().size() {
                continue;
            }
            let last =
                log::last_sequence(&self.chassis.bus, log.stream).await.map_err(|error| error.to_string())?;
            if last >= head.size {
                // Another process was quicker to read what is new.
                return Err(format!("{} is not read yet as far as checkpoint {number} goes", log.stream));
            }
            let what = format!(
                "checkpoint {number} names {} messages, and there are only {last}: the rest was cut off",
                head.size
            );
            self.books.halt(log.stream, None, what);
        }
        match self.books.differs(&signed.checkpoint) {
            Some((at, what)) => self.books.halt(TRUTH[at], None, what),
            None => self.books.take(signed),
        }
        Ok(())
    }

    async fn sign(&mut self) -> Result<Signed, String> {
        let ring = KeyRing::read(&self.keys).map_err(|error| error.to_string())?;
        if ring.signing.is_empty() {
            return Err("this machine holds no key that signs: see `concord audit key`".to_owned());
        }
        for log in &self.books.logs {
            log.tiles().save().map_err(|error| format!("the tree cannot be written: {error}"))?;
        }
        let newest = self.books.newest();
        let before = newest.as_ref().map(|newest| &newest.checkpoint);
        let now = self.chassis.clock.now();
        let checkpoint = Checkpoint {
            origin: ring.signing[0].public().name().to_owned(),
            heads: self.books.heads().map_err(|error| error.to_string())?,
            number: before.map_or(0, |before| before.number) + 1,
            at: before.map_or(now, |before| before.at.max(now)),
            previous: newest.as_ref().map_or(Digest::ZERO, Signed::digest),
            keys: ring.signing.iter().map(|key| key.public().clone()).collect(),
        };
        let signed = checkpoint.sign(&ring.signing).map_err(|error| error.to_string())?;
        self.publish(&signed).await?;
        self.signed = Instant::now();
        Ok(signed)
    }

    async fn publish(&self, signed: &Signed) -> Result<(), String> {
        let last =
            log::last(&self.chassis.bus, AUDIT, CHECKPOINT).await.map_err(|error| error.to_string())?;
        let expected = last.as_ref().map_or(0, |last| last.sequence);
        // Between the two looks nobody else may have signed.
        let known = self.books.newest().map(|newest| newest.note);
        if last.map(|last| String::from_utf8_lossy(&last.payload).into_owned()) != known {
            return Err("another process has signed meanwhile".to_owned());
        }
        let message = Append {
            subject: CHECKPOINT.to_owned(),
            payload: signed.note.clone().into(),
            id: signed.digest().to_string(),
            expected,
            headers: Vec::new(),
        };
        match append::append(&self.chassis.bus, AUDIT, &message).await {
            Ok(_) => {}
            Err(AppendError::Full) => {
                tracing::error!(alert = true, "STORE_FULL: no more checkpoints are taken in");
                return Err("the stream of checkpoints is full".to_owned());
            }
            Err(error) => return Err(error.to_string()),
        }
        self.books.take(signed.clone());
        write(&self.folder, &signed.note)
            .map_err(|error| format!("the checkpoint is signed, but not in its file: {error}"))
    }
}

/// The newest checkpoint, as the file has it.
pub(crate) fn file(folder: &Path) -> PathBuf {
    folder.join("checkpoint")
}

fn read(folder: &Path) -> Option<String> {
    fs::read_to_string(file(folder)).ok()
}

fn write(folder: &Path, note: &str) -> io::Result<()> {
    let draft = folder.join("checkpoint.new");
    fs::write(&draft, note)?;
    fs::File::open(&draft)?.sync_all()?;
    fs::rename(draft, file(folder))
}
