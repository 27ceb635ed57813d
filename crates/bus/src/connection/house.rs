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

/// How many writes who follows the log may be behind; he then reads the log instead.
const MOST_UNHEARD: usize = 16;

/// Where the services of one process hear each other. Clones share it.
///
/// Only what one of a group answers goes this way: a listener of this process is as good as any other of its group, and
/// nearer. What everybody hears goes through the server.
#[derive(Clone)]
pub struct House {
    listeners: Arc<RwLock<Listeners>>,
    stored: broadcast::Sender<Arc<[Stored]>>,
}

impl Default for House {
    fn default() -> Self {
        Self { listeners: Arc::default(), stored: broadcast::Sender::new(MOST_UNHEARD) }
    }
}

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

    /// What the ledger of this process stores from now on, in the order of the log and without gaps as long as no other
    /// writes.
    pub fn stored(&self) -> broadcast::Receiver<Arc<[Stored]>> {
        self.stored.subscribe()
    }

    /// Tells who follows the log here what was stored.
    pub(super) fn tell_stored(&self, stored: &[Stored]) {
        if self.stored.receiver_count() > 0 {
            // Nobody needs to hear it: it stands in the log.
            let _ = self.stored.send(stored.into());
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
