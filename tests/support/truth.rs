//! The checker: after any fault, what clients were told, the log, the outbox, the relay and the API are held against
//! each other.
//!
//! It reads the streams themselves and trusts nothing that the product says of them: digests, versions, ranks, folds
//! and notices are worked out anew from the stored bytes.

pub mod facts;
pub mod post;
pub mod shown;

use std::fmt;

use bus::{
    Bus, Principal,
    log::{self, Entry},
    streams::{CASES, OUTBOX},
};
use domain::Policy;
use testkit::{eventually_every, eventually_within, nats::TestNats, servers::Servers, smtp::SmtpSink};

use super::told::{Replicas, Told};

/// How long everything may take to come to rest after the last fault: longer than the pauses between attempts at a
/// mail.
pub const REST: std::time::Duration = std::time::Duration::from_mins(10);

/// How often is looked whether everything has come to rest: each time the whole log is read.
const LOOK: std::time::Duration = std::time::Duration::from_secs(1);

/// What is held against each other.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a, N = TestNats> {
    /// The server with the log and the outbox.
    pub nats: &'a N,
    /// What clients were told.
    pub told: &'a Told,
    /// The relay.
    pub relay: &'a SmtpSink,
    /// The policy in force.
    pub policy: &'a Policy,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Facts in the log.
    pub facts: usize,
    /// Cases in the log.
    pub cases: usize,
    /// Acts that clients asked for.
    pub asked: usize,
    /// Acts that clients were told are done.
    pub acknowledged: usize,
    /// Of these, not in the log.
    pub lost: usize,
    /// Commands or facts that are in the log more than once.
    pub doubled: usize,
    /// Entries of the outbox.
    pub entries: usize,
    /// Entries that are said to be sent.
    pub sent: usize,
    /// Of these, never taken by the relay.
    pub wrongly_sent: usize,
    /// Mails that the relay took more than once.
    pub came_again: usize,
    /// Of these, not marked as possible.
    pub unmarked: usize,
    /// What is not yet done: steps of the system, mails; nothing at rest.
    pub open: usize,
    /// Everything that is wrong, in words.
    pub faults: Vec<String>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { facts, cases, asked, acknowledged, lost, doubled, .. } = self;
        let Self { entries, sent, wrongly_sent, came_again, unmarked, open, .. } = self;
        write!(
            f,
            "{facts} facts of {cases} cases; of {asked} acts {acknowledged} acknowledged, {lost} lost, {doubled} \
             doubled; of {entries} mails {sent} sent, {wrongly_sent} wrongly said so, {came_again} came again, \
             {unmarked} of them unmarked; {open} open"
        )
    }
}

impl Found {
    /// Notes that something is wrong.
    fn fault(&mut self, words: String) {
        self.faults.push(words);
    }

    /// Panics with everything that is wrong.
    pub fn nothing_wrong(&self) {
        let few: Vec<_> = self.faults.iter().take(20).collect();
        assert!(self.faults.is_empty(), "{self}\n{} faults, of which {few:#?}", self.faults.len());
    }
}

impl<N: Servers> Held<'_, N> {
    /// Looks while everything goes on: what was promised before must be there, and nothing may be wrong.
    pub async fn meanwhile(&self) -> Found {
        // In this order: what is promised must be in what is read after it, what is read must have been asked for
        // before, and what is said to be sent must be with the relay, which is asked last.
        let promised = self.told.asked();
        let bus = self.nats.connect(Principal::Notifier).await;
        // What the relay took before has its attempt in the outbox as it is read now.
        let early = self.relay.look(post::taken);
        let outbox = all(&bus, OUTBOX).await;
        let facts = all(&bus, CASES).await;
        let mut found = Found::default();
        let asked = self.told.asked();
        let folded = facts::check(&facts, &promised, &asked, self.policy, &mut found);
        self.relay.look(|received| post::check(&outbox, &folded, &early, received, &mut found));
        for wrong in self.told.wrong() {
            found.fault(format!("a wrong answer: {wrong}"));
        }
        found
    }

    /// Waits until nothing is open any more, and looks: everything is done, the numbers have no gap, and each replica
    /// shows what the log says.
    pub async fn at_rest(&self, replicas: &Replicas, reader: &str) -> Found {
        let mut found = eventually_every(LOOK, REST, async || {
            let found = self.meanwhile().await;
            if found.open == 0 || !found.faults.is_empty() { Ok(found) } else { Err(found.to_string()) }
        })
        .await;
        if found.acknowledged != found.asked {
            let (asked, told) = (found.asked, found.acknowledged);
            found.fault(format!("{asked} acts were asked for, {told} acknowledged: somebody gave up"));
        }
        let bus = self.nats.connect(Principal::Notifier).await;
        let facts = all(&bus, CASES).await;
        let asked = self.told.asked();
        let folded = facts::check(&facts, &asked, &asked, self.policy, &mut Found::default());
        shown::check(&replicas.all(), reader, &folded, &mut found).await;
        found
    }
}

/// Every message of a stream.
pub async fn all(bus: &Bus, stream: &'static str) -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let next = all.last().map_or(1, |last| last.sequence + 1);
        let read = eventually_within(REST, async || log::read(bus, stream, next, ">").await).await;
        if read.is_empty() {
            return all;
        }
        all.extend(read);
    }
}
