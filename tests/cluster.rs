//! `cargo xtask cluster test`: three servers, two processes with every service, clients that raise cases and act on them;
//! and meanwhile one server after the other fails in every way. Nothing that was acknowledged may be lost, and the service
//! is back within ten seconds.

#![expect(clippy::print_stdout, reason = "a tool for people talks on the terminal")]

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

#[path = "cluster/damage.rs"]
mod damage;
#[path = "cluster/report.rs"]
mod report;
#[path = "cluster/up.rs"]
mod up;
#[path = "cluster/watch.rs"]
mod watch;

use std::{
    env,
    time::{Duration, Instant},
};

use futures::{StreamExt as _, stream};
use support::{
    REPLICA,
    fleet::{Fleet, RAISER},
    truth::Found,
};
use testkit::cluster::{SERVERS, TestCluster};
use tokio::{sync::watch as channel, time::MissedTickBehavior};
use watch::{leader, until_whole};

/// How many cases are under way at a time.
const AT_ONCE: usize = 12;

/// How often a case is raised, each with some four acts: a load that is the same on every machine, as far as it keeps up.
const CASE_EVERY: Duration = Duration::from_millis(120);

/// How long a server is away where it comes back by itself.
const AWAY: Duration = Duration::from_secs(15);

/// How long everything works between two faults.
const CALM: Duration = Duration::from_secs(4);

/// What a fault may cost: so long may no act be answered. A figure to read: an election takes from five to nine seconds, and
/// on a machine that others use too some more.
const GOAL: Duration = Duration::from_secs(10);

/// What takes longer is no election any more.
const LIMIT: Duration = Duration::from_secs(45);

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server that leads the log is killed, and started again later.
    LeaderKilled,
    /// It stands still for a while: its process and its connections are there.
    LeaderFrozen,
    /// It is cut off from the others and from its clients.
    LeaderCut,
    /// Each server in turn is told to leave, and is started again.
    RollingRestart,
    /// Each of the two processes in turn is told to stop, and takes up its work again; with an older build it goes back to
    /// that first, so that old and new work together both ways.
    RollingUpgrade,
    /// A server's store is damaged, after the load: it is found, and healed as the runbook says.
    StoreDamaged,
}

impl Fault {
    const ALL: [Self; 6] = [
        Self::LeaderKilled,
        Self::LeaderFrozen,
        Self::LeaderCut,
        Self::RollingRestart,
        Self::RollingUpgrade,
        Self::StoreDamaged,
    ];
}

/// What a fault has cost.
#[derive(Clone, Debug)]
pub struct Cost {
    /// Which.
    pub fault: Fault,
    /// How long no act was answered, at the longest.
    pub silence: Duration,
    /// How long a client needed for one act, at the longest, its repeats included.
    pub longest: Duration,
    /// How many acts were answered while it lasted.
    pub answered: usize,
    /// From its beginning until every server has everything again.
    pub took: Duration,
    /// What else was seen.
    pub seen: Vec<String>,
}

/// What came of it all.
#[derive(Debug)]
pub struct Outcome {
    /// Each fault.
    pub costs: Vec<Cost>,
    /// How many acts a second were answered before the first fault.
    pub calm: f64,
    /// What was found in the end.
    pub found: Found,
    /// How often clients were asked to repeat, by the code.
    pub repeats: support::load::Repeats,
}

#[tokio::main]
async fn main() {
    if let Some(folder) = env::var_os("CLUSTER_UP") {
        return up::up(&support::top().join(folder)).await;
    }
    let wanted = env::var("CLUSTER_FAULTS").unwrap_or_default();
    let chosen: Vec<_> = Fault::ALL
        .into_iter()
        .filter(|fault| wanted.is_empty() || wanted.split(',').any(|name| format!("{fault:?}") == name))
        .collect();
    let outcome = run(&chosen).await;
    report::write(&outcome, env::var("CLUSTER_REPORT").ok().as_deref());
    outcome.found.nothing_wrong();
    for cost in &outcome.costs {
        assert!(cost.silence <= LIMIT, "{:?}: no act was answered for {:?}", cost.fault, cost.silence);
    }
}

async fn run(faults: &[Fault]) -> Outcome {
    let mut fleet = Fleet::start(TestCluster::start().await, &[(REPLICA, 2)]).await;
    let (client, over) = (fleet.client(), channel::Sender::new(false));
    let load = async {
        let mut beat = tokio::time::interval(CASE_EVERY);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let over = &over;
        let numbers = stream::unfold((beat, 0), |(mut beat, number)| async move {
            beat.tick().await;
            (!*over.borrow()).then_some((number, (beat, number + 1)))
        });
        numbers.map(|number| client.history(number)).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    };
    let harm = async {
        let began = Instant::now();
        answers(&fleet, 400).await;
        let calm = 400.0 / began.elapsed().as_secs_f64();
        println!("{calm:.0} acts a second");
        let mut costs = Vec::new();
        for fault in faults.iter().filter(|fault| **fault != Fault::StoreDamaged) {
            works_for(&fleet, CALM).await;
            let cost = inflict(&mut fleet, *fault).await;
            println!("{cost:?}");
            fleet.held().meanwhile().await.nothing_wrong();
            costs.push(cost);
        }
        over.send_replace(true);
        (fleet, calm, costs)
    };
    let ((), (mut fleet, calm, mut costs)) = tokio::join!(load, harm);
    // The audit stands back behind clients: on two processors that also do all the rest it would see little of its own.
    if faults.contains(&Fault::StoreDamaged) {
        let cost = inflict(&mut fleet, Fault::StoreDamaged).await;
        println!("{cost:?}");
        costs.push(cost);
    }
    let found = fleet.at_rest().await;
    let repeats = fleet.told.repeats();
    Outcome { costs, calm, found, repeats }
}

/// Lets the clients go on for a time.
async fn works_for(fleet: &Fleet<TestCluster>, time: Duration) {
    let _ = tokio::time::timeout(time, fleet.told.answered().wait_for(|_| false)).await;
}

/// Waits until so many more acts are answered.
async fn answers(fleet: &Fleet<TestCluster>, more: usize) {
    let mut answered = fleet.told.answered();
    let until = *answered.borrow() + more;
    answered.wait_for(|now| *now >= until).await.expect("clients go on");
}

/// One fault, until everything is as before.
async fn inflict(fleet: &mut Fleet<TestCluster>, fault: Fault) -> Cost {
    let (began, before) = (Instant::now(), *fleet.told.answered().borrow());
    let mut seen = Vec::new();
    match fault {
        Fault::LeaderKilled => {
            let at = leader(&fleet.split.nats).await;
            fleet.split.nats.kill9(at).await;
            works_for(fleet, AWAY).await;
            fleet.split.nats.bring_up(at).await;
        }
        Fault::LeaderFrozen => {
            let at = leader(&fleet.split.nats).await;
            fleet.split.nats.freeze(at);
            works_for(fleet, AWAY).await;
            fleet.split.nats.thaw(at);
        }
        Fault::LeaderCut => {
            let at = leader(&fleet.split.nats).await;
            fleet.split.nats.cut(at, true);
            works_for(fleet, AWAY).await;
            fleet.split.nats.cut(at, false);
        }
        Fault::RollingRestart => {
            for at in 0..SERVERS {
                fleet.split.nats.leave(at).await;
                fleet.split.nats.bring_up(at).await;
                until_whole(&fleet.split.nats).await;
            }
        }
        Fault::RollingUpgrade => {
            let old = env::var_os("CLUSTER_OLD").map(|old| support::top().join(old));
            seen.push(match &old {
                Some(_) => "from the build of an older commit to this one, after the way back".to_owned(),
                None => "old and new are the same build: give an older one with --old".to_owned(),
            });
            for binary in old.into_iter().map(Some).chain([None]) {
                for at in 0..2 {
                    fleet.replace(at, binary.clone()).await;
                    fleet.keep_up().await;
                    answers(fleet, 40).await;
                }
            }
        }
        Fault::StoreDamaged => seen = damage::found_and_healed(fleet).await,
    }
    until_whole(&fleet.split.nats).await;
    if fault != Fault::StoreDamaged {
        answers(fleet, 40).await;
    }
    let (silence, longest) = fleet.told.worst(began);
    let answered = *fleet.told.answered().borrow() - before;
    Cost { fault, silence, longest, answered, took: began.elapsed(), seen }
}

/// Who reads for the checks of this file.
pub const READER: &str = RAISER;
