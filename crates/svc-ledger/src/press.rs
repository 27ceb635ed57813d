//! Group commit: what arrives while a write is under way goes out together as one atomic batch (DESIGN D5).
//!
//! One server syncs its disk once for each message, but once for a batch, however many writers it carries. A proposal
//! that comes alone goes alone: that is quicker.

use std::sync::Arc;

use bus::{
    Bus,
    append::{self, Append, AppendError},
    streams::CASES,
};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::task::TaskTracker;

/// The most messages of one batch: the server takes no more.
const MOST: usize = 1_000;

/// The most bytes of one batch.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// How many writes are under way at a time: while one is synced, the next is already on its way.
const IN_FLIGHT: usize = 2;

/// What a writer is told: the sequences of his messages, or why there are none.
type Written = Result<Vec<u64>, AppendError>;

/// Messages of one proposal, all or none, and who waits for them.
struct Job {
    messages: Vec<Append>,
    answer: oneshot::Sender<Written>,
}

impl Job {
    fn bytes(&self) -> usize {
        self.messages.iter().map(|message| message.payload.len()).sum()
    }
}

/// Takes what is to be written.
#[derive(Clone, Debug)]
pub(crate) struct Press(mpsc::Sender<Job>);

impl Press {
    /// Starts it; it ends when nobody can hand it anything any more. At most `places` proposals wait.
    pub(crate) fn start(bus: Bus, places: usize, tasks: &TaskTracker) -> Self {
        let (queue, jobs) = mpsc::channel(places);
        tasks.spawn(run(bus, jobs, tasks.clone()));
        Self(queue)
    }

    /// Writes the messages of a proposal, all or none.
    pub(crate) async fn write(&self, messages: Vec<Append>) -> Written {
        let (answer, written) = oneshot::channel();
        if self.0.send(Job { messages, answer }).await.is_err() {
            return Err(AppendError::Unknown);
        }
        written.await.unwrap_or(Err(AppendError::Unknown))
    }
}

async fn run(bus: Bus, mut jobs: mpsc::Receiver<Job>, tasks: TaskTracker) {
    let flights = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut held: Option<Job> = None;
    loop {
        let first = match held.take() {
            Some(job) => job,
            None => match jobs.recv().await {
                Some(job) => job,
                None => return,
            },
        };
        // Whatever comes until a flight is free goes with it.
        let Ok(flight) = Arc::clone(&flights).acquire_owned().await else { return };
        let (mut messages, mut bytes) = (first.messages.len(), first.bytes());
        let mut batch = vec![first];
        while let Ok(job) = jobs.try_recv() {
            if messages + job.messages.len() > MOST || bytes + job.bytes() > MOST_BYTES {
                held = Some(job);
                break;
            }
            messages += job.messages.len();
            bytes += job.bytes();
            batch.push(job);
        }
        let bus = bus.clone();
        tasks.spawn(async move {
            tracing::trace!(writers = batch.len(), messages, "a write");
            let writers: Vec<&[Append]> = batch.iter().map(|job| job.messages.as_slice()).collect();
            let written = append::append_group(&bus, CASES, &writers).await;
            drop(flight);
            for (job, written) in batch.into_iter().zip(written) {
                // Who proposed and has gone learns it from the log.
                let _ = job.answer.send(written);
            }
        });
    }
}
