//! What is not urgent waits for the morning, and goes out in one mail to each office (DOMAIN §6).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bus::outbox::{EntryId, State};
use events::{OfficeId, Timestamp};
use service::{Alarm, Effects};
use tokio::sync::Notify;

use crate::{
    dispatch::Dispatcher,
    outbox::{self, Change, Open, Rank},
    writing,
};

/// How many notices a digest gathers at most: more make another one.
const MOST_ITEMS: usize = 40;

/// What waits for a morning.
#[derive(Clone)]
pub(crate) struct Digests {
    mornings: Arc<Mutex<BTreeMap<Timestamp, Morning>>>,
    changed: Arc<Notify>,
    effects: Effects,
}

/// What goes out on one morning; the manual clock stops there.
struct Morning {
    by_office: BTreeMap<OfficeId, Vec<Open>>,
    alarm: Alarm,
}

impl Digests {
    pub(crate) fn new(effects: Effects) -> Self {
        Self { mornings: Arc::default(), changed: Arc::default(), effects }
    }

    fn mornings(&self) -> MutexGuard<'_, BTreeMap<Timestamp, Morning>> {
        self.mornings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Entries wait for their mornings.
    pub(crate) fn add(&self, waiting: impl IntoIterator<Item = Open>) {
        let mut mornings = self.mornings();
        for open in waiting {
            let (Some(at), Some(notice)) = (open.digest_at, &open.notice) else {
                tracing::error!(entry = %open.id.0, alert = true, "what a mail is to tell is not in the outbox");
                continue;
            };
            let office = notice.office.clone();
            let morning = mornings
                .entry(at)
                .or_insert_with(|| Morning { by_office: BTreeMap::new(), alarm: self.effects.at(at) });
            morning.by_office.entry(office).or_default().push(open);
        }
        drop(mornings);
        self.changed.notify_one();
    }

    /// Sends each morning's digests when it comes, as long as the process works.
    pub(crate) async fn run(self, dispatcher: Dispatcher) {
        let chassis = dispatcher.chassis.clone();
        loop {
            let first = self.mornings().keys().next().copied();
            tokio::select! {
                () = chassis.clock.reach(first) => {}
                () = self.changed.notified() => continue,
                () = chassis.stop.cancelled() => return,
            }
            let Some((at, Morning { by_office, alarm })) = self.mornings().pop_first() else { continue };
            for (office, waiting) in by_office {
                for some in waiting.chunks(MOST_ITEMS) {
                    gather(&dispatcher, at, &office, some).await;
                }
            }
            drop(alarm);
        }
    }
}

/// Makes one mail of several: the digest is an entry of its own, made in the same batch in which each of them says that
/// it went there. What another notifier has seen to meanwhile is left out.
async fn gather(dispatcher: &Dispatcher, at: Timestamp, office: &OfficeId, waiting: &[Open]) {
    for open in waiting {
        dispatcher.let_go(open.id);
    }
    let mut waiting: Vec<&Open> = waiting.iter().collect();
    // From here until the first attempt is over, the manual clock waits.
    let mut effect = Some(dispatcher.chassis.effects.begin());
    while let Some(first) = waiting.first() {
        let policy = dispatcher.chassis.policy();
        let digest = EntryId::of_digest(office, at, first.writer);
        let told = waiting.iter().filter_map(|open| open.notice.as_deref());
        let Some(notice) = writing::gathered(digest, at, told, &policy) else { return };
        let rank = Rank::of(&notice, &policy);
        let mut open = Open::new(digest, notice.clone(), rank, dispatcher.chassis.clock.now(), None);
        let mut changes = vec![Change {
            entry: digest,
            about: notice.about,
            expected: 0,
            state: State::Queued { notice, digest_at: None },
        }];
        changes.extend(waiting.iter().map(|open| Change {
            entry: open.id,
            about: open.about,
            expected: open.sequence,
            state: State::Gathered { digest },
        }));
        let noted = dispatcher.note_all(&open, open.queued_at, changes).await;
        if let Some(sequence) = noted.and_then(|noted| noted.first().copied()) {
            (open.sequence, open.entered) = (sequence, sequence);
            return dispatcher.take(open, effect.take());
        }
        let before = waiting.len();
        let mut left = Vec::with_capacity(before);
        for open in waiting {
            let found = outbox::find(&dispatcher.chassis.bus, open.id).await;
            if found.is_ok_and(|found| found.is_some_and(|(_, sequence, _)| sequence == open.sequence)) {
                left.push(open);
            }
        }
        waiting = left;
        if waiting.len() == before {
            // They are taken up as orphans are.
            return tracing::warn!(%office, "a digest could not be made");
        }
    }
}
