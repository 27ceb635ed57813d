//! Follows a log as it grows: what comes new becomes a leaf, what was there is held against its leaf. At each start the
//! whole log is read once, so nothing is signed that was not seen.
//!
//! What this process stores itself is not read again: its leaf is made of what it gave the server to store, and the
//! self-check holds what the server then has against it.

use std::{future::pending, io, sync::Arc, time::Duration};

use bus::{
    append::Stored,
    log::{self, Entry},
    streams::CASES,
};
use service::Chassis;
use tokio::{
    sync::{broadcast, watch},
    time::Instant,
};

use crate::{
    books::{Books, Compared, Log},
    chain::Chain,
};

/// How long is waited for a sign that there is more before the log is read all the same.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// How long is waited after a sign: nobody needs the verdict sooner.
const GATHERED: Duration = Duration::from_millis(100);

/// How often a server may have nothing of what it says is there: another one may only be late.
const EMPTY: u32 = 3;

/// Where one is in a log.
struct Reading {
    next: u64,
    /// How often nothing came of what the server says is there.
    empty: u32,
    /// Of the log of facts alone: the other logs have no chain.
    chain: Option<Chain>,
}

impl Reading {
    fn of(log: &Log) -> Self {
        Self { next: 1, empty: 0, chain: (log.stream == CASES).then(Chain::default) }
    }

    /// All of these have been read.
    fn is_past(&self, messages: &[Stored]) -> bool {
        messages.last().is_none_or(|last| last.sequence < self.next)
    }

    /// These follow on what has been read, and on the tree.
    fn goes_on_with(&self, messages: &[Stored], log: &Log) -> bool {
        messages.iter().zip(self.next..).all(|(message, next)| message.sequence == next)
            && log.tiles().size() + 1 == self.next
    }

    /// Whether the next message follows on the one before it.
    fn link(&mut self, books: &Books, log: &Log, sequence: u64, subject: &str, payload: &[u8]) {
        self.next = sequence + 1;
        if let Some(chain) = &mut self.chain
            && let Err(broken) = chain.follow(subject, payload, |at| books.times.note(sequence, at))
        {
            tracing::error!(sequence, %broken, alert = true, "CHAIN BROKEN");
            books.find(log.stream, Some(sequence), broken.to_string());
        }
    }
}

/// Goes on until the process stops.
pub(crate) async fn follow(books: Arc<Books>, at: usize, chassis: Chassis) {
    let log = &books.logs[at];
    let mut news = News {
        stored: chassis.bus.stored(log.stream),
        announced: (log.stream == CASES).then(|| books.announced.subscribe()),
    };
    let mut reading = Reading::of(log);
    loop {
        let mut more = false;
        match once(&books, log, &mut reading, &chassis).await {
            Ok(read) => more = read,
            Err(error) => tracing::warn!(stream = log.stream, %error, "the audit waits"),
        }
        if !more {
            news.take_until_it_is_to_be_read(&books, log, &mut reading, &chassis).await;
        }
        if chassis.stop.is_cancelled() {
            break;
        }
    }
    let saved = log.tiles().save();
    if let Err(error) = saved {
        tracing::warn!(stream = log.stream, %error, "the tree is made anew at the next start");
    }
}

/// What tells that a log has grown.
struct News {
    /// From this process, with what it stored.
    stored: Option<broadcast::Receiver<Arc<[Stored]>>>,
    /// From whichever ledger; of the log of facts alone.
    announced: Option<watch::Receiver<u64>>,
}

impl News {
    /// Takes what this process tells of, until the log is to be read: something else is new, or the end of
    /// the log was not looked at for a while.
    async fn take_until_it_is_to_be_read(
        &mut self,
        books: &Books,
        log: &Log,
        reading: &mut Reading,
        chassis: &Chassis,
    ) {
        let is_time = Instant::now() + HEARTBEAT;
        loop {
            let told = async {
                match &mut self.stored {
                    // Who has fallen behind reads.
                    Some(stored) => stored.recv().await.ok(),
                    None => pending().await,
                }
            };
            let announced = async {
                match &mut self.announced {
                    Some(announced) => announced.changed().await.map(|()| *announced.borrow_and_update()),
                    None => pending().await,
                }
            };
            tokio::select! {
                biased;
                () = chassis.stop.cancelled() => return,
                told = told => match told {
                    Some(messages) if reading.is_past(&messages) => continue,
                    Some(messages) if reading.goes_on_with(&messages, log) => {
                        match take_stored(books, log, reading, &messages) {
                            Ok(()) => continue,
                            Err(error) => tracing::warn!(stream = log.stream, %error, "the audit waits"),
                        }
                    }
                    _ => {}
                },
                () = books.look.notified() => {}
                announced = announced => {
                    if announced.is_ok_and(|newest| newest < reading.next) {
                        continue;
                    }
                }
                () = tokio::time::sleep_until(is_time) => {}
            }
            return tokio::time::sleep(GATHERED).await;
        }
    }
}

/// Reads once; says whether there is more.
async fn once(
    books: &Books,
    log: &Log,
    reading: &mut Reading,
    chassis: &Chassis,
) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
    if log.rebuilds()? {
        *reading = Reading::of(log);
    }
    let entries = log::read_whole(&chassis.bus, log.stream, reading.next).await?;
    let more = entries.len() >= log::BATCH;
    for entry in &entries {
        reading.empty = 0;
        take(books, log, reading, entry)?;
    }
    if !more {
        // As the leader has it: another server may only be late.
        let last = log::last_sequence(&chassis.bus, log.stream).await?;
        let size = log.tiles().size();
        if last < size {
            let what =
                format!("{size} messages were recorded, and the stream ends at {last}: the rest was cut off");
            books.halt(log.stream, None, what);
        } else if last < reading.next {
            log.caught_up();
        } else if entries.is_empty() {
            reading.empty += 1;
            if reading.empty == EMPTY {
                books.halt(log.stream, Some(reading.next), missing(reading.next, last + 1));
            }
        }
    }
    Ok(more)
}

fn take(books: &Books, log: &Log, reading: &mut Reading, entry: &Entry) -> io::Result<()> {
    let sequence = entry.sequence;
    if sequence != reading.next {
        books.halt(log.stream, Some(reading.next), missing(reading.next, sequence));
    }
    reading.link(books, log, sequence, &entry.subject, &entry.payload);
    let size = log.tiles().size();
    if sequence <= size {
        compare(books, log, entry, None);
        return Ok(());
    }
    if sequence == size + 1 {
        log.tiles().push(proof::leaf(&entry.subject, &entry.payload))?;
    }
    Ok(())
}

/// Takes what this process has stored: each becomes a leaf.
fn take_stored(books: &Books, log: &Log, reading: &mut Reading, messages: &[Stored]) -> io::Result<()> {
    for Stored { sequence, subject, payload } in messages {
        reading.link(books, log, *sequence, subject, payload);
        log.tiles().push(proof::leaf(subject, payload))?;
    }
    Ok(())
}

/// Holds a message against its leaf, and says what is wrong; whether nothing is. Of one server of several, `server` says
/// which.
pub(crate) fn compare(books: &Books, log: &Log, entry: &Entry, server: Option<&str>) -> bool {
    match log.compare(entry) {
        Compared::Same => return true,
        Compared::Other => {
            let what = format!("the message under {} is not the one that was recorded", entry.subject);
            match server {
                None => books.halt(log.stream, Some(entry.sequence), what),
                Some(server) => books.find_on(server, log.stream, entry.sequence, &what),
            }
        }
        Compared::TreeDamaged(error) => {
            books.tiles_damaged(log.stream, &error);
            log.order_rebuild();
        }
    }
    false
}

/// The words for messages that are not there.
pub(crate) fn missing(from: u64, next: u64) -> String {
    if next == from + 1 {
        "the message is missing".to_owned()
    } else {
        format!("the messages up to {} are missing", next - 1)
    }
}
