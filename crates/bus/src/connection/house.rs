//! Requests within one process: handed over without the server, under the rights that the server would enforce
//! (DESIGN D13).

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{
    broadcast,
    mpsc::{self, error::TrySendError},
};

use super::Message;
use crate::{append::Stored, permissions::overlap};

/// How many requests may wait at one listener; further ones are refused at once.
const MOST_WAITING: usize = 2_048;

/// How many writes who follows a stream may be behind; he then reads the stream instead.
const MOST_UNHEARD: usize = 64;

/// Where the services of one process hear each other. Clones share it.
///
/// Only what one of a group answers goes this way: a listener of this process is as good as any other of its group, and
/// nearer. What everybody hears goes through the server.
#[derive(Clone, Default)]
pub struct House {
    listeners: Arc<RwLock<Listeners>>,
    /// By the stream.
    followers: Arc<RwLock<HashMap<&'static str, Followers>>>,
}

/// Who follows a stream, and is told of each write.
type Followers = broadcast::Sender<Arc<[Stored]>>;

#[derive(Default)]
struct Listeners {
    /// By their subject.
    literal: HashMap<String, Listener>,
    /// With wildcards in their subject.
    wild: Vec<Listener>,
}

struct Listener {
    id: u64,
    pattern: String,
    queue: mpsc::Sender<Message>,
}

/// Whether a request was handed over.
pub(super) enum HandedOver {
    /// It waits at its listener.
    Yes,
    /// Nobody here listens: the server may know somebody.
    Nobody(Message),
    /// Too much waits there already.
    Full,
}

impl House {
    /// Listens to a subject pattern. A later listener to the same pattern takes the place of an earlier one.
    pub(super) fn listen(&self, pattern: &str) -> Heard {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let (queue, messages) = mpsc::channel(MOST_WAITING);
        let listener = Listener { id, pattern: pattern.to_owned(), queue };
        let mut listeners = self.listeners.write().unwrap_or_else(PoisonError::into_inner);
        if pattern.contains(['*', '>']) {
            listeners.wild.retain(|other| other.pattern != pattern);
            listeners.wild.push(listener);
        } else {
            listeners.literal.insert(pattern.to_owned(), listener);
        }
        drop(listeners);
        Heard { house: self.clone(), id, messages }
    }

    /// Hands a request to who listens to its subject.
    pub(super) fn hand_over(&self, message: Message) -> HandedOver {
        let queue = {
            let listeners = self.listeners.read().unwrap_or_else(PoisonError::into_inner);
            let subject = message.subject();
            let wild = || listeners.wild.iter().find(|listener| overlap(&listener.pattern, subject));
            listeners.literal.get(subject).or_else(wild).map(|listener| listener.queue.clone())
        };
        let Some(queue) = queue else { return HandedOver::Nobody(message) };
        match queue.try_send(message) {
            Ok(()) => HandedOver::Yes,
            Err(TrySendError::Closed(message)) => HandedOver::Nobody(message),
            Err(TrySendError::Full(_)) => HandedOver::Full,
        }
    }

    /// What this process stores in a stream from now on, in the order of the stream and without gaps as long as no other
    /// writes.
    pub fn stored(&self, stream: &'static str) -> broadcast::Receiver<Arc<[Stored]>> {
        let mut followers = self.followers.write().unwrap_or_else(PoisonError::into_inner);
        followers.entry(stream).or_insert_with(|| broadcast::Sender::new(MOST_UNHEARD)).subscribe()
    }

    /// Tells who follows a stream here what was stored in it.
    pub(super) fn tell_stored(&self, stream: &'static str, stored: &[Stored]) {
        let followed = self.followers.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(followers) = followed.get(stream).filter(|followers| followers.receiver_count() > 0) {
            // Nobody needs to hear it: it stands in the stream.
            let _ = followers.send(stored.into());
        }
    }

    fn forget(&self, id: u64) {
        let mut listeners = self.listeners.write().unwrap_or_else(PoisonError::into_inner);
        listeners.literal.retain(|_, listener| listener.id != id);
        listeners.wild.retain(|listener| listener.id != id);
    }
}

impl fmt::Debug for House {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listeners = self.listeners.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("House")
            .field("listeners", &(listeners.literal.len() + listeners.wild.len()))
            .finish_non_exhaustive()
    }
}

/// What a listener hears, until it is dropped.
#[derive(Debug)]
pub(super) struct Heard {
    house: House,
    id: u64,
    messages: mpsc::Receiver<Message>,
}

impl Heard {
    /// The next request; `None` once it has left and nothing waits any more.
    pub(super) async fn next(&mut self) -> Option<Message> {
        self.messages.recv().await
    }

    /// Nothing new comes any more.
    pub(super) fn leave(&mut self) {
        self.house.forget(self.id);
        self.messages.close();
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        self.house.forget(self.id);
    }
}
