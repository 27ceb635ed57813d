//! The server and the lines to it: cut, stalled, slow, killed under load and started again on its store.

use std::num::NonZeroU32;

use testkit::{nats::TestNats, proxy::Line};

use crate::support::{
    fleet::{FLEET, Fleet},
    load::at_once,
};

/// How many cases are raised meanwhile, and how many at a time.
const CASES: usize = 60;
const AT_ONCE: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_cut_and_stall_and_the_server_is_killed_under_load() {
    let mut fleet = Fleet::start(TestNats::start().await, FLEET).await;
    let client = fleet.client();
    let load = at_once(AT_ONCE, CASES, |number| client.history(number));
    tokio::join!(load, disturb(&mut fleet));
    let found = fleet.at_rest().await;
    println!("at rest: {found}; asked to repeat: {:?}", fleet.told.repeats());
    found.nothing_wrong();
    assert_eq!(found.cases, CASES);
    assert!(!fleet.told.repeats().is_empty(), "lines were cut, and nobody noticed");
}

/// Each kind of fault, on lines of one service or on all of them; and after some the server dies.
async fn disturb(fleet: &mut Fleet) {
    let mut answered = fleet.told.answered();
    let slow = Line::Slow(NonZeroU32::new(20_000).expect("a rate"));
    let steps = [
        (Line::Cut, Some("ledger")),
        (Line::Stalled, Some("intake")),
        (slow, None),
        (Line::Stalled, Some("notifier")),
        (Line::Cut, None),
        (Line::Stalled, None),
    ];
    for (at, (line, service)) in steps.into_iter().enumerate() {
        let lines = service.map_or_else(|| (0..fleet.members.len()).collect(), |service| fleet.of(service));
        for member in &lines {
            fleet.members[*member].line().set(line);
        }
        goes_on(&mut answered, 8).await;
        fleet.mend_lines();
        if at % 2 == 1 {
            fleet.split.nats.kill9().await;
            fleet.split.nats.restart().await;
            fleet.keep_up().await;
        }
        let found = fleet.held().meanwhile().await;
        println!("{line:?} to {}: {found}", service.unwrap_or("all"));
        found.nothing_wrong();
    }
}

/// Waits until so many more acts are answered, or a while: with every line stalled nothing is.
async fn goes_on(answered: &mut tokio::sync::watch::Receiver<usize>, acts: usize) {
    let before = *answered.borrow();
    let more = answered.wait_for(|answered| *answered >= before + acts);
    let _ = tokio::time::timeout(std::time::Duration::from_secs(1), more).await;
}
