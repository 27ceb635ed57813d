//! Reading ahead: the next facts come from the server and are parsed while the ones before them are folded.

use bus::{
    Bus,
    log::{self, Entry, ReadError},
    streams::CASES,
};
use events::{Fact, Unreadable};
use tokio::{sync::mpsc, task::JoinHandle};

/// How many batches wait at most: enough to keep both ends busy, and little enough to hold in memory.
const WAITING: usize = 3;

/// A stored fact: its place and exact bytes, and what they say.
pub(crate) struct Stored {
    pub(crate) entry: Entry,
    pub(crate) fact: Result<Fact, Unreadable>,
}

/// The facts of a subject, batch by batch.
pub(crate) struct Ahead {
    batches: mpsc::Receiver<Batch>,
    reading: JoinHandle<Result<(), ReadError>>,
}

/// Facts, and how far the log has been read with them.
pub(crate) struct Batch {
    pub(crate) stored: Vec<Stored>,
    pub(crate) read: u64,
}

impl Ahead {
    /// Begins to read the facts of a subject (wildcards allowed) up to a place in the log; those whose subject is not
    /// wanted are left out, unparsed.
    pub(crate) fn of(
        bus: &Bus,
        subject: String,
        last: u64,
        wanted: impl Fn(&str) -> bool + Send + 'static,
    ) -> Self {
        let (sender, batches) = mpsc::channel(WAITING);
        let bus = bus.clone();
        let reading = tokio::spawn(async move {
            let mut next = 1;
            while next <= last {
                let entries = log::read(&bus, CASES, next, &subject).await?;
                let Some(newest) = entries.last() else { break };
                next = newest.sequence + 1;
                let kept =
                    entries.into_iter().filter(|entry| entry.sequence <= last && wanted(&entry.subject));
                let stored =
                    kept.map(|entry| Stored { fact: Fact::from_bytes(&entry.payload), entry }).collect();
                if sender.send(Batch { stored, read: (next - 1).min(last) }).await.is_err() {
                    break;
                }
            }
            Ok(())
        });
        Self { batches, reading }
    }

    /// The next batch; `None` when all was read.
    pub(crate) async fn next(&mut self) -> Result<Option<Batch>, ReadError> {
        if let Some(batch) = self.batches.recv().await {
            return Ok(Some(batch));
        }
        match (&mut self.reading).await {
            Ok(read) => read.map(|()| None),
            Err(error) => Err(ReadError::Refused { stream: CASES, reason: error.to_string() }),
        }
    }
}
