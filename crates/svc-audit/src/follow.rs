//! Follows a log as it grows: what comes new becomes a leaf, what was there is held against its leaf. At each start the
//! whole log is read once, so nothing is signed that was not seen.

use std::{io, sync::Arc, time::Duration};

use bus::{
    log::{self, Entry},
    streams::CASES,
};
use service::Chassis;

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
}

/// Goes on until the process stops.
pub(crate) async fn follow(books: Arc<Books>, at: usize, chassis: Chassis) {
    let log = &books.logs[at];
    let mut reading = Reading::of(log);
    loop {
        match once(&books, log, &mut reading, &chassis).await {
            Ok(true) => {
                if chassis.stop.is_cancelled() {
                    break;
                }
                continue;
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(stream = log.stream, %error, "the audit waits"),
        }
        tokio::select! {
            () = books.look.notified() => {}
            () = tokio::time::sleep(HEARTBEAT) => {}
            () = chassis.stop.cancelled() => break,
        }
        tokio::time::sleep(GATHERED).await;
    }
    let saved = log.tiles().save();
    if let Err(error) = saved {
        tracing::warn!(stream = log.stream, %error, "the tree is made anew at the next start");
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
    let entries = log::read(&chassis.bus, log.stream, reading.next, ">").await?;
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
    reading.next = sequence + 1;
    if let Some(chain) = &mut reading.chain
        && let Err(broken) = chain.follow(entry, |at| books.times.note(sequence, at))
    {
        tracing::error!(sequence, %broken, alert = true, "CHAIN BROKEN");
        books.find(log.stream, Some(sequence), broken.to_string());
    }
    let size = log.tiles().size();
    if sequence <= size {
        compare(books, log, entry);
        return Ok(());
    }
    if sequence == size + 1 {
        log.tiles().push(proof::leaf(&entry.subject, &entry.payload))?;
    }
    Ok(())
}

/// Holds a message against its leaf, and says what is wrong.
pub(crate) fn compare(books: &Books, log: &Log, entry: &Entry) {
    match log.compare(entry) {
        Compared::Same => {}
        Compared::Other => {
            let what = format!("the message under {} is not the one that was recorded", entry.subject);
            books.halt(log.stream, Some(entry.sequence), what);
        }
        Compared::TreeDamaged(error) => {
            books.tiles_damaged(log.stream, &error);
            log.order_rebuild();
        }
    }
}

/// The words for messages that are not there.
pub(crate) fn missing(from: u64, next: u64) -> String {
    if next == from + 1 {
        "the message is missing".to_owned()
    } else {
        format!("the messages up to {} are missing", next - 1)
    }
}
