//! Judges the messages of a log as they come: on one thread their place in the tree, on others what they say, each its own
//! share of the things that the facts are about. They need the same bytes and nothing of each other.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use proof::{Frontier, Hash, checkpoint::LOGS, part};

use super::{Message, Report, batch::Batch, facts::FactJudge};

/// How many batches wait for a thread.
const WAITING: usize = 8;

/// What is known of a log before its messages come.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    /// Which of [`LOGS`].
    pub(super) log: usize,
    /// The sizes at which a root is known, each with where it is named.
    pub(super) roots: BTreeMap<u64, Vec<(Hash, String)>>,
    /// The size of the newest checkpoint.
    pub(super) size: u64,
    /// There may be messages that the newest checkpoint does not cover yet: a running system goes on.
    pub(super) grows: bool,
    /// The hashes that stand for what is not here; none if everything is.
    pub(super) part: Option<Vec<Hash>>,
}

/// Judges a log.
pub(super) struct Judge {
    takers: Vec<SyncSender<Arc<Batch>>>,
    tree: JoinHandle<Report>,
    facts: Vec<JoinHandle<FactJudge>>,
}

impl Judge {
    /// Begins. `facts`: the shares of who judges what the messages say, where the log is that of facts.
    pub(super) fn begin(expected: Expected, facts: Vec<FactJudge>) -> Self {
        let mut takers = Vec::new();
        let mut taker = || {
            let (taker, batches) = sync_channel::<Arc<Batch>>(WAITING);
            takers.push(taker);
            batches
        };
        let batches = taker();
        let tree = std::thread::spawn(move || {
            let mut judge = TreeJudge::of(expected);
            for batch in batches {
                batch.each(|message| judge.take(message));
            }
            judge.end()
        });
        let judging = facts.into_iter().map(|mut judge| {
            let batches = taker();
            std::thread::spawn(move || {
                for batch in batches {
                    batch.each(|message| judge.take(message));
                }
                judge
            })
        });
        let facts = judging.collect();
        Self { takers, tree, facts }
    }

    /// Takes the next messages; false once nobody listens any more.
    pub(super) fn take(&self, batch: Batch) -> bool {
        let batch = Arc::new(batch);
        self.takers.iter().all(|taker| taker.send(Arc::clone(&batch)).is_ok())
    }

    /// The verdict on their places, and who judged what they say.
    pub(super) fn end(self, report: &mut Report) -> Vec<FactJudge> {
        drop(self.takers);
        let fallen = |report: &mut Report| report.fault("verify", "a thread has fallen: nothing is proven");
        match self.tree.join() {
            Ok(judged) => report.extend(judged),
            Err(_) => fallen(report),
        }
        let mut judges = Vec::new();
        for judging in self.facts {
            match judging.join() {
                Ok(judge) => judges.push(judge),
                Err(_) => fallen(report),
            }
        }
        judges
    }
}

/// Judges the places of messages in the tree.
struct TreeJudge {
    expected: Expected,
    frontier: Frontier,
    leaves: Vec<(u64, Hash)>,
    last: u64,
    report: Report,
}

impl TreeJudge {
    fn of(expected: Expected) -> Self {
        Self {
            expected,
            frontier: Frontier::default(),
            leaves: Vec::new(),
            last: 0,
            report: Report::default(),
        }
    }

    fn place(&self, sequence: u64) -> String {
        format!("{} {sequence}", LOGS[self.expected.log])
    }

    fn take(&mut self, message: Message<'_>) {
        self.report.messages += 1;
        let sequence = message.sequence;
        if sequence <= self.last {
            self.report.fault(self.place(sequence), format!("it comes after message {}", self.last));
            return;
        }
        let whole = self.expected.part.is_none();
        if whole && sequence != self.last + 1 {
            let what = format!("the messages from {} to {} are missing", self.last + 1, sequence - 1);
            self.report.fault(self.place(self.last + 1), what);
        }
        self.last = sequence;
        let leaf = proof::leaf(message.subject, message.payload);
        if !whole {
            self.leaves.push((sequence - 1, leaf));
            return;
        }
        self.frontier.push(leaf);
        self.compare();
    }

    /// Holds the root over what has come against those that are named.
    fn compare(&mut self) {
        let size = self.frontier.size();
        let Some(named) = self.expected.roots.get(&size) else { return };
        let root = self.frontier.root();
        for (known, which) in named {
            if *known != root {
                let what = format!(
                    "the root over the first {size} messages is not the one that {which} names: one of them was altered, removed, added or moved"
                );
                self.report.fault(LOGS[self.expected.log], what);
            }
        }
    }

    fn end(mut self) -> Report {
        let (log, size) = (LOGS[self.expected.log], self.expected.size);
        match self.expected.part.take() {
            None => {
                let there = self.frontier.size();
                if there == 0 {
                    self.compare();
                }
                for (&named, which) in self.expected.roots.range(there + 1..) {
                    for (_, which) in which {
                        let cut = named - there;
                        self.report.fault(log, format!("{which} names {named} messages, and there are {there}: {cut} were cut off the end"));
                    }
                }
                let more = there.saturating_sub(size);
                if more > 0 && self.expected.grows {
                    self.report.unchecked(format!(
                        "the last {more} messages of {log}: no checkpoint covers them yet"
                    ));
                } else if more > 0 {
                    let what =
                        format!("{more} messages come after the {size} that the newest checkpoint names");
                    self.report.fault(log, what);
                }
                let roots = self.expected.roots.range(..=there).count();
                self.report.checked(format!("{log}: {there} messages, without a gap; the roots of {roots} sizes agree with the checkpoints"));
            }
            Some(part) => {
                let held = self.leaves.len();
                let root = part::root(size, std::mem::take(&mut self.leaves), part);
                let newest =
                    self.expected.roots.get(&size).and_then(|named| named.first()).map(|(root, _)| *root);
                if size > 0 && (root.ok() != newest || newest.is_none()) || (size == 0 && held > 0) {
                    self.report.fault(log, "the messages and the proof do not make the root of the newest checkpoint: a message was altered, removed, added or moved");
                } else {
                    self.report.checked(format!(
                        "{log}: {held} messages stand where they are said to in the log of {size}"
                    ));
                }
            }
        }
        self.report
    }
}
