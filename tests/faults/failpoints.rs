//! Every failpoint is really reached, and after the process has died there nothing is lost, doubled or forgotten.

use std::{cell::Cell, collections::BTreeMap};

use bus::Failpoint;
use testkit::{eventually, nats::TestNats};

use crate::support::{
    chaos::service,
    fleet::{FLEET, Fleet},
    load::at_once,
};

/// How many cases are raised for each.
const CASES: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn a_process_may_die_at_every_failpoint() {
    let services: Vec<_> = FLEET.iter().map(|(service, _)| (*service, 1)).collect();
    let mut fleet = Fleet::start(TestNats::start().await, &services).await;
    let raised = Cell::new(0);
    let mut rounds: BTreeMap<&str, Vec<Failpoint>> = BTreeMap::new();
    for failpoint in Failpoint::ALL {
        rounds.entry(service(*failpoint)).or_default().push(*failpoint);
    }
    while rounds.values().any(|waiting| !waiting.is_empty()) {
        // One in each service, so that a round has as many deaths as there are such services.
        let armed: Vec<Failpoint> = rounds.values_mut().filter_map(Vec::pop).collect();
        for failpoint in &armed {
            let at = fleet.of(service(*failpoint))[0];
            fleet.put(at, Some(failpoint.name())).await;
        }
        // As long as it takes: what was recorded just before the ledger died may come back as a repeat, and a repeat pokes
        // nobody.
        let (client, all_died) = (fleet.client(), Cell::new(false));
        let load = async {
            while !all_died.get() {
                at_once(CASES, CASES, |number| client.history(raised.get() + number)).await;
                raised.set(raised.get() + CASES);
            }
        };
        let deaths = async {
            all_die(&mut fleet, armed.clone()).await;
            all_died.set(true);
        };
        tokio::join!(load, deaths);
        let found = fleet.held().meanwhile().await;
        println!("{armed:?}: {found}");
        found.nothing_wrong();
    }
    let found = fleet.at_rest().await;
    println!("at rest: {found}; asked to repeat: {:?}", fleet.told.repeats());
    found.nothing_wrong();
    assert_eq!(found.cases, raised.get());
    assert!(!fleet.told.repeats().is_empty(), "processes died, and nobody noticed");
}

/// Waits until each of them was reached, and starts the process that died there again.
async fn all_die(fleet: &mut Fleet, mut armed: Vec<Failpoint>) {
    while let Some(failpoint) = armed.first().copied() {
        let died = eventually(async || {
            let died = armed.iter().position(|failpoint| fleet.has_ended(fleet.of(service(*failpoint))[0]));
            died.ok_or_else(|| format!("{failpoint} is not reached"))
        })
        .await;
        let failpoint = armed.remove(died);
        let at = fleet.of(service(failpoint))[0];
        assert_eq!(fleet.death(at), Some(failpoint), "{}", fleet.said(at));
        fleet.put(at, None).await;
    }
    fleet.keep_up().await;
}
