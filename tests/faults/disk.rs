//! The disk is full: nothing is acknowledged that is not stored, and when there is room again everything goes on.

use std::{collections::BTreeSet, time::Duration};

use testkit::{disk::Disk, eventually_within, nats::TestNats};

use crate::support::{
    fleet::{FLEET, Fleet},
    load::at_once,
};

/// How many cases are raised before, and how many meanwhile.
const BEFORE: usize = 10;
const MEANWHILE: usize = 30;

fn one_of_each() -> Vec<(&'static str, usize)> {
    FLEET.iter().map(|(service, _)| (*service, 1)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_stores_nothing_and_promises_nothing() {
    let disk = match Disk::mount(192) {
        Ok(disk) => disk,
        Err(why) => {
            println!("NOT RUN with a real disk, which needs root and a loop device: {why}");
            return;
        }
    };
    let keys = tempfile::tempdir().expect("a directory");
    let nats = TestNats::start_in(&disk.path().join("nats"), keys.path(), None).await;
    let mut fleet = Fleet::start(nats, &one_of_each()).await;
    let client = fleet.client();
    at_once(4, BEFORE, |number| client.history(number)).await;
    fleet.held().meanwhile().await.nothing_wrong();

    // Long enough to hear what the service has to say of it.
    fleet.told.wait_for_answers(Duration::from_secs(30));
    disk.fill();
    let client = fleet.client();
    let load = at_once(MEANWHILE, MEANWHILE, |number| client.history(BEFORE + number));
    tokio::join!(load, refused_until_there_is_room(&mut fleet, &disk));
    let found = fleet.at_rest().await;
    println!("with room again: {found}; asked to repeat: {:?}", fleet.told.repeats());
    found.nothing_wrong();
    assert_eq!(found.cases, BEFORE + MEANWHILE);
}

async fn refused_until_there_is_room(fleet: &mut Fleet, disk: &Disk) {
    let told = fleet.told.clone();
    let codes: BTreeSet<String> = eventually_within(Duration::from_mins(1), async || {
        let codes: BTreeSet<_> = told.repeats().into_keys().collect();
        let said = ["STORE_FULL", "UNAVAILABLE", "OUTCOME_UNKNOWN"].iter().any(|code| codes.contains(*code));
        if said { Ok(codes) } else { Err(codes) }
    })
    .await;
    println!("with a full disk clients were told {codes:?}");
    let health =
        reqwest::get(format!("{}/healthz", fleet.split.nats.monitor_url())).await.expect("an answer");
    println!("nats-server says of its health {}: {:?}", health.status(), health.text().await);
    let ledger = fleet.of("ledger")[0];
    for line in fleet.said(ledger).lines().filter(|line| line.contains("refused to store")).take(3) {
        println!("the ledger said {line}");
    }
    let log = std::fs::read_to_string(fleet.split.nats.dir().join("nats.log")).unwrap_or_default();
    for line in log.lines().filter(|line| line.contains("[ERR]") || line.contains("[WRN]")).take(6) {
        println!("nats-server said {line}");
    }

    disk.make_room();
    if !fleet.split.nats.is_running() {
        println!("nats-server had ended");
    }
    // Its streams stay laid down until it is started again, however much room there is: seen with 2.15.1.
    fleet.split.nats.restart().await;
    fleet.keep_up().await;
}
