//! Group commit: what arrives while a write is under way goes out together as one atomic batch (DESIGN D5).
//!
//! One server syncs its disk once for each message, but once for a batch, however many writers it carries. A writer who
//! comes alone goes alone: that is quicker; so do a few, side by side, where that is asked for. Three servers group by themselves, and there each writer goes alone, many
//! at a time.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use super::{Append, AppendError, append_group, group::append_one};
use crate::{connection::Bus, streams::Replicas};

/// The most messages of one batch: the server takes no more.
const MOST: usize = 1_000;

/// The most bytes of one batch.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// How many batches are under way at a time: the server syncs one after the other, and each costs it as much as sixty
/// messages do, so that one which is twice as great is better than two.
const BATCHES_IN_FLIGHT: usize = 1;

/// How many writers are under way at a time on three servers.
const WRITERS_IN_FLIGHT: usize = 256;

/// What a writer is told: the sequences of his messages, or why there are none.
type Written = Result<Vec<u64>, AppendError>;

/// A write that has come back: one or several writers' messages.
#[derive(Clone, Debug)]
pub struct Flight {
    /// How many writers it carried.
    pub writers: usize,
    /// How many messages.
    pub messages: usize,
    /// How many bytes of payload.
    pub bytes: usize,
    /// How many of the writers came too late.
    pub conflicts: usize,
    /// What was stored, in the order of the stream.
    pub stored: Vec<Stored>,
    /// How long it took.
    pub took: Duration,
}

/// A message that was stored.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its place in the stream.
    pub sequence: u64,
    /// Its subject.
    pub subject: String,
    /// Its exact bytes.
    pub payload: Bytes,
}

/// Messages of one writer, all or none, and who waits for them.
struct Job {
    messages: Vec<Append>,
    answer: oneshot::Sender<Written>,
}

impl Job {
    fn bytes(&self) -> usize {
        self.messages.iter().map(|message| message.payload.len()).sum()
    }
}

/// Takes what is to be written to one stream.
#[derive(Clone, Debug)]
pub struct Press(mpsc::Sender<Job>);

/// The press at work: it ends when nobody can hand it anything any more.
pub struct Pressing {
    bus: Bus,
    stream: &'static str,
    replicas: Replicas,
    jobs: mpsc::Receiver<Job>,
    seen: Arc<dyn Fn(&Flight) + Send + Sync>,
    side_by_side: usize,
}

impl fmt::Debug for Pressing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pressing").field("stream", &self.stream).finish_non_exhaustive()
    }
}

impl Press {
    /// A press for a stream that lies on so many servers, and what [`Pressing::run`] must do for it. At most `places`
    /// writers wait. `seen` is told of each write that has come back.
    pub fn new(
        bus: Bus,
        stream: &'static str,
        replicas: Replicas,
        places: usize,
        seen: impl Fn(&Flight) + Send + Sync + 'static,
    ) -> (Self, Pressing) {
        let (queue, jobs) = mpsc::channel(places);
        (Self(queue), Pressing { bus, stream, replicas, jobs, seen: Arc::new(seen), side_by_side: 1 })
    }

    /// Writes the messages of one writer, all or none. No two writers at a time may name the same subject.
    pub async fn write(&self, messages: Vec<Append>) -> Written {
        let (answer, written) = oneshot::channel();
        if self.0.send(Job { messages, answer }).await.is_err() {
            return Err(AppendError::Unknown);
        }
        written.await.unwrap_or(Err(AppendError::Unknown))
    }
}

impl Pressing {
    /// Up to so many messages of as many writers go side by side instead of as a batch: the server makes a store for
    /// each batch and removes it again, which takes it longer than to sync so many messages. It is quicker, and costs
    /// the disk more.
    #[must_use]
    pub fn side_by_side(mut self, most: usize) -> Self {
        self.side_by_side = most;
        self
    }

    /// Works until the last [`Press`] is dropped and everything is written.
    pub async fn run(mut self) {
        let in_flight = match self.replicas {
            Replicas::One => BATCHES_IN_FLIGHT,
            Replicas::Three => WRITERS_IN_FLIGHT,
        };
        let mut flights = JoinSet::new();
        let mut held: Option<Job> = None;
        loop {
            while flights.try_join_next().is_some() {}
            let first = match held.take() {
                Some(job) => job,
                None => match self.jobs.recv().await {
                    Some(job) => job,
                    None => break,
                },
            };
            // Whatever comes until there is room goes with it.
            while flights.len() >= in_flight {
                flights.join_next().await;
            }
            let mut batch = Batch::of(first);
            if self.replicas == Replicas::One {
                self.gather(&mut batch, &mut held);
            }
            let (bus, stream, seen) = (self.bus.clone(), self.stream, Arc::clone(&self.seen));
            let few = self.side_by_side;
            flights.spawn(async move { fly(&bus, stream, batch, few, seen.as_ref()).await });
        }
        while flights.join_next().await.is_some() {}
    }

    /// What waits already, as much as one batch takes; what is too much for it is held for the next.
    fn gather(&mut self, batch: &mut Batch, held: &mut Option<Job>) {
        while held.is_none()
            && let Ok(job) = self.jobs.try_recv()
        {
            *held = batch.take(job);
        }
    }
}

/// What goes out together.
struct Batch {
    jobs: Vec<Job>,
    messages: usize,
    bytes: usize,
}

impl Batch {
    fn of(first: Job) -> Self {
        let (messages, bytes) = (first.messages.len(), first.bytes());
        Self { jobs: vec![first], messages, bytes }
    }

    /// Takes a job, or gives it back when it is too much.
    fn take(&mut self, job: Job) -> Option<Job> {
        let (messages, bytes) = (self.messages + job.messages.len(), self.bytes + job.bytes());
        if messages > MOST || bytes > MOST_BYTES {
            return Some(job);
        }
        (self.messages, self.bytes) = (messages, bytes);
        self.jobs.push(job);
        None
    }
}

/// What of a batch is stored.
fn stored(jobs: &[Job], written: &[Written]) -> Vec<Stored> {
    let stored = jobs.iter().zip(written).filter_map(|(job, written)| Some((job, written.as_ref().ok()?)));
    let messages = stored.flat_map(|(job, sequences)| job.messages.iter().zip(sequences));
    let mut messages: Vec<_> = messages
        .map(|(Append { subject, payload, .. }, sequence)| Stored {
            sequence: *sequence,
            subject: subject.clone(),
            payload: payload.clone(),
        })
        .collect();
    messages.sort_unstable_by_key(|message| message.sequence);
    messages
}

/// Writes a batch and tells its writers.
async fn fly(
    bus: &Bus,
    stream: &'static str,
    batch: Batch,
    most: usize,
    seen: &(dyn Fn(&Flight) + Send + Sync),
) {
    let began = Instant::now();
    let written = match batch.jobs.as_slice() {
        [alone] => vec![append_one(bus, stream, &alone.messages).await],
        few if few.len() == batch.messages && batch.messages <= most => {
            let each = few.iter().map(|job| append_one(bus, stream, &job.messages));
            futures::future::join_all(each).await
        }
        several => {
            let writers: Vec<&[Append]> = several.iter().map(|job| job.messages.as_slice()).collect();
            append_group(bus, stream, &writers).await
        }
    };
    let conflicts =
        written.iter().filter(|written| matches!(written, Err(AppendError::Conflict { .. }))).count();
    let stored = stored(&batch.jobs, &written);
    bus.tell_stored(stream, &stored);
    seen(&Flight {
        writers: batch.jobs.len(),
        messages: batch.messages,
        bytes: batch.bytes,
        conflicts,
        stored,
        took: began.elapsed(),
    });
    for (job, written) in batch.jobs.into_iter().zip(written) {
        // Who has gone meanwhile learns it from the stream.
        let _ = job.answer.send(written);
    }
}
