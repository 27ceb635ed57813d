//! Chaos: faults of every kind, one after the other by a seed, while clients raise cases and act on them.

#![expect(clippy::print_stdout, reason = "a tool for people talks on the terminal")]

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use bus::Failpoint;
use futures::StreamExt as _;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use testkit::{disk::Disk, nats::TestNats, proxy::Line, smtp::Behaviour};
use tokio::sync::watch;

use super::{
    fleet::{FLEET, Fleet},
    load::Repeats,
    truth::Found,
};

/// How many cases are under way at a time.
const AT_ONCE: usize = 32;

/// So long is waited at most for acts to be answered between two faults.
const CALM: Duration = Duration::from_secs(10);

/// After so many faults everything is checked in between.
const LOOK_AFTER: usize = 12;

/// How much room the disk has at first, and what a case takes of it.
const DISK: u64 = 128;
const CASES_PER_MEBIBYTE: usize = 12;

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Where chance comes from.
    pub seed: u64,
    /// How long cases are raised at most.
    pub length: Duration,
    /// So many cases at most.
    pub cases: Option<usize>,
}

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A process is killed.
    ProcessKilled,
    /// A process dies at a failpoint, after a few times.
    Failpoint,
    /// nats-server is killed and started again on its store.
    ServerKilled,
    /// nats-server and every process are killed at once.
    AllKilled,
    /// A process's line to the server is cut.
    LineCut,
    /// A process's line stands still.
    LineStalled,
    /// A process's line is slow.
    LineSlow,
    /// All lines are cut.
    AllCut,
    /// All lines stand still.
    AllStalled,
    /// The disk is full.
    DiskFull,
    /// The relay puts mails off.
    RelayDefers,
    /// The relay takes mails and says nothing, or goes away.
    RelaySilent,
}

impl Fault {
    /// Every kind, and how often it comes in comparison.
    pub const ALL: &[(Self, u32)] = &[
        (Self::ProcessKilled, 8),
        (Self::Failpoint, 8),
        (Self::ServerKilled, 2),
        (Self::AllKilled, 1),
        (Self::LineCut, 4),
        (Self::LineStalled, 4),
        (Self::LineSlow, 2),
        (Self::AllCut, 1),
        (Self::AllStalled, 1),
        (Self::DiskFull, 1),
        (Self::RelayDefers, 2),
        (Self::RelaySilent, 2),
    ];

    /// What it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::ProcessKilled => "a process killed (`kill -9`)",
            Self::Failpoint => "a process armed with a failpoint",
            Self::ServerKilled => "nats-server killed (`kill -9`), started again on its store",
            Self::AllKilled => "nats-server and every process killed at once",
            Self::LineCut => "the line of a process to the server cut",
            Self::LineStalled => "the line of a process stalled",
            Self::LineSlow => "the line of a process at 20 kB/s",
            Self::AllCut => "all lines cut",
            Self::AllStalled => "all lines stalled",
            Self::DiskFull => "no space left on the server's disk",
            Self::RelayDefers => "the relay put five mails off (451)",
            Self::RelaySilent => "the relay fell silent or went away after a mail's data, three times",
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// What was planned.
    pub plan: Plan,
    /// How many faults of each kind.
    pub faults: BTreeMap<Fault, usize>,
    /// How many processes died at each failpoint.
    pub died: BTreeMap<Failpoint, usize>,
    /// How often everything was checked in between.
    pub looks: usize,
    /// What was found in the end.
    pub found: Found,
    /// How often clients were asked to repeat.
    pub repeats: Repeats,
    /// How long cases were raised, and how long it took until everything was at rest.
    pub took: (Duration, Duration),
    /// Whether the server's store was a disk of its own, and if not, why.
    pub disk: Result<(), String>,
}

/// The one who does the harm.
struct Harm<'a> {
    fleet: &'a mut Fleet,
    disk: Option<&'a Disk>,
    rng: StdRng,
    answered: watch::Receiver<usize>,
    /// So many acts are at most answered between two faults.
    calm: usize,
    faults: BTreeMap<Fault, usize>,
    looks: usize,
}

/// Carries a plan out.
pub async fn run(plan: Plan) -> Outcome {
    let room = DISK + u64::try_from(plan.cases.unwrap_or_default() / CASES_PER_MEBIBYTE).unwrap_or_default();
    let disk = Disk::mount(room);
    let keys = tempfile::tempdir().expect("a directory");
    let nats = match &disk {
        Ok(disk) => TestNats::start_in(&disk.path().join("nats"), keys.path(), None).await,
        Err(_) => TestNats::start().await,
    };
    let mut fleet = Fleet::start(nats, FLEET).await;
    let (began, client, over) = (Instant::now(), fleet.client(), watch::Sender::new(false));
    let goes_on =
        |number: &usize| began.elapsed() < plan.length && plan.cases.is_none_or(|cases| *number < cases);
    let load = async {
        let numbers = futures::stream::iter((0..).take_while(goes_on));
        numbers.map(|number| client.history(number)).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
        over.send_replace(true);
    };
    let mut harm = Harm {
        answered: fleet.told.answered(),
        fleet: &mut fleet,
        disk: disk.as_ref().ok(),
        rng: StdRng::seed_from_u64(plan.seed),
        calm: plan.cases.map_or(20, |cases| (cases / 25).max(20)),
        faults: BTreeMap::new(),
        looks: 0,
    };
    tokio::join!(load, harm.go_on(over.subscribe()));
    let (faults, looks) = (harm.faults, harm.looks);
    let loaded = began.elapsed();
    let found = fleet.at_rest().await;
    Outcome {
        plan,
        faults,
        died: fleet.died.clone(),
        looks,
        found,
        repeats: fleet.told.repeats(),
        took: (loaded, began.elapsed()),
        disk: disk.as_ref().map(|_| ()).map_err(Clone::clone),
    }
}

impl Harm<'_> {
    /// One fault after the other until the load is over.
    async fn go_on(&mut self, over: watch::Receiver<bool>) {
        while !*over.borrow() {
            self.work(self.calm, CALM).await;
            let fault = self.choose();
            let number: usize = self.faults.values().sum();
            println!("{number}: {fault:?}");
            *self.faults.entry(fault).or_default() += 1;
            self.inflict(fault).await;
            self.fleet.mend_lines();
            self.fleet.keep_up().await;
            if (number + 1).is_multiple_of(LOOK_AFTER) {
                let found = self.fleet.held().meanwhile().await;
                println!("   {found}");
                found.nothing_wrong();
                self.looks += 1;
            }
        }
    }

    /// Leaves the fleet alone until so many more acts are answered, or for a time: it may be that none is.
    async fn work(&mut self, acts: usize, most: Duration) {
        let acts = self.rng.random_range(1..=acts);
        let before = *self.answered.borrow();
        let more = self.answered.wait_for(|answered| *answered >= before + acts);
        let _ = tokio::time::timeout(most, more).await;
    }

    /// What comes next: what this machine and this build can do.
    fn choose(&mut self) -> Fault {
        let possible: Vec<_> = Fault::ALL
            .iter()
            .filter(|(fault, _)| match fault {
                Fault::DiskFull => self.disk.is_some(),
                Fault::Failpoint => cfg!(debug_assertions),
                _ => true,
            })
            .collect();
        possible.choose_weighted(&mut self.rng, |(_, weight)| *weight).expect("some fault is possible").0
    }

    fn anybody(&mut self) -> usize {
        self.rng.random_range(0..self.fleet.members.len())
    }

    async fn inflict(&mut self, fault: Fault) {
        let all: Vec<usize> = (0..self.fleet.members.len()).collect();
        let slow = Line::Slow(NonZeroU32::new(20_000).expect("a rate"));
        match fault {
            Fault::ProcessKilled => {
                let at = self.anybody();
                self.fleet.kill9(at).await;
                self.work(5, Duration::from_millis(500)).await;
            }
            Fault::Failpoint => {
                let failpoint = *Failpoint::ALL.choose(&mut self.rng).expect("a failpoint");
                let places = self.fleet.of(service(failpoint));
                let at = *places.choose(&mut self.rng).expect("a process of that service");
                let armed = format!("{failpoint}:{}", self.rng.random_range(1..20));
                self.fleet.put(at, Some(&armed)).await;
            }
            Fault::ServerKilled => {
                self.fleet.split.nats.kill9().await;
                self.work(5, Duration::from_secs(1)).await;
                self.fleet.split.nats.restart().await;
            }
            Fault::AllKilled => {
                self.fleet.split.nats.kill9().await;
                for at in all {
                    self.fleet.kill9(at).await;
                }
                self.fleet.split.nats.restart().await;
            }
            Fault::LineCut | Fault::LineStalled | Fault::LineSlow => {
                let line = match fault {
                    Fault::LineCut => Line::Cut,
                    Fault::LineStalled => Line::Stalled,
                    _ => slow,
                };
                let at = self.anybody();
                self.fleet.members[at].line().set(line);
                self.work(20, Duration::from_secs(2)).await;
            }
            Fault::AllCut | Fault::AllStalled => {
                let line = if fault == Fault::AllCut { Line::Cut } else { Line::Stalled };
                for at in all {
                    self.fleet.members[at].line().set(line);
                }
                self.work(20, Duration::from_secs(2)).await;
            }
            Fault::DiskFull => {
                let disk = self.disk.expect("a disk of its own");
                disk.fill();
                self.work(20, Duration::from_secs(2)).await;
                disk.make_room();
                // A server that has met a full disk takes nothing more until it is started again.
                self.fleet.split.nats.restart().await;
            }
            Fault::RelayDefers => {
                for _ in 0..5 {
                    self.fleet.relay.then(Behaviour::Defer451AfterData);
                }
            }
            Fault::RelaySilent => {
                for behaviour in
                    [Behaviour::DropAfterData, Behaviour::SilentAfterData, Behaviour::GarbageAfterData]
                {
                    self.fleet.relay.then(behaviour);
                }
            }
        }
    }
}

/// The service in which a failpoint is reached by every run: all of them, so that a new one is not forgotten.
pub fn service(failpoint: Failpoint) -> &'static str {
    match failpoint {
        Failpoint::CasebookDecided
        | Failpoint::CasebookRecorded
        | Failpoint::StageRecorded
        | Failpoint::StagePoking
        | Failpoint::StagePoked
        | Failpoint::StageAnswering => "intake",
        Failpoint::LedgerStamped
        | Failpoint::AppendHalfSent
        | Failpoint::AppendSent
        | Failpoint::LedgerAppended
        | Failpoint::LedgerAnswered => "ledger",
        Failpoint::NotifierDelivered
        | Failpoint::NotifierEntered
        | Failpoint::NotifierSettling
        | Failpoint::NotifierAttempting
        | Failpoint::NotifierSent
        | Failpoint::NotifierNoted => "notifier",
    }
}
