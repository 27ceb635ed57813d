//! A server's store is damaged: the servers do not notice, their counts and the audit's tree tell, and the runbook
//! (`deploy/runbooks/damaged-replica.md`) heals it.

use std::{
    fs,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bus::{
    Principal,
    health::{self, StoredCopy},
    streams::CASES,
};
use futures::StreamExt as _;
use serde_json::json;
use service::Clock;
use testkit::{
    cluster::{SERVERS, TestCluster},
    eventually_within,
};

use crate::{
    AT_ONCE, READER,
    support::{api::call_that_ended, finish, fleet::Fleet, told::Request},
    watch::{leader, until_whole},
};

/// The store is damaged in a file that the server does not write to any more: so much must come after it.
const A_FILE_AND_MORE: u64 = 9 << 20;

/// How long the audit may need to find it where the machine is busy; the goal is a minute.
const FOUND: Duration = Duration::from_mins(4);

/// Damages the store of a server that does not lead; finds it by the counts and by the tree, and heals it. Says what was
/// seen.
pub async fn found_and_healed(fleet: &mut Fleet<TestCluster>) -> Vec<String> {
    fill(fleet).await;
    let mut seen = Vec::new();
    let at = (leader(&fleet.split.nats).await + 1) % SERVERS;
    fleet.split.nats.kill9(at).await;
    let store = fleet.split.nats.dir(at).join("jetstream/$G/streams").join(CASES);
    let messages = store.join("msgs");
    flip(&oldest(&messages));
    // What the server has noted of its files is lost too, or it would believe that and not look.
    let _ = fs::remove_file(messages.join("index.db"));
    fleet.split.nats.bring_up(at).await;
    let damaged = Instant::now();

    // As the servers see it, everything is well.
    until_whole(&fleet.split.nats).await;
    let counts = eventually_within(FOUND, async || {
        let counts = counted(&fleet.split.nats).await?;
        if alike(&counts) { Err(format!("{counts:?}")) } else { Ok(counts) }
    })
    .await;
    let after = damaged.elapsed().as_secs_f64();
    seen.push(format!(
        "by the counts of messages {counts:?} after {after:.1} s, where the servers say that all is well"
    ));
    eventually_within(FOUND, async || {
        let said = finish(fleet.split.command().args(["audit", "status"])).await;
        if said.code == Some(1) && said.out.contains(" on nats-") { Ok(()) } else { Err(said.out) }
    })
    .await;
    seen.push(format!("by the tree after {:.1} s", damaged.elapsed().as_secs_f64()));

    // The runbook.
    fleet.split.nats.stop(at).await;
    fs::rename(&store, fleet.split.nats.dir(at).join("CASES.damaged"))
        .expect("the damaged folder is moved away");
    fleet.split.nats.bring_up(at).await;
    let began = Instant::now();
    until_whole(&fleet.split.nats).await;
    let healed = Duration::from_mins(1);
    eventually_within(healed, async || {
        let counts = counted(&fleet.split.nats).await?;
        if alike(&counts) { Ok(()) } else { Err(format!("{counts:?}")) }
    })
    .await;
    seen.push(format!("healed in {:.1} s", began.elapsed().as_secs_f64()));
    eventually_within(FOUND, async || {
        let said = finish(fleet.split.command().args(["audit", "status"])).await;
        if said.code == Some(0) { Ok(()) } else { Err(said.out) }
    })
    .await;
    seen.push(format!("the self-check finds nothing any more after {:.1} s", began.elapsed().as_secs_f64()));
    let key = fleet.split.nats.keys().join("checkpoints/1.pub");
    let mut verify = fleet.split.command();
    verify.args(["audit", "verify", "--live", "--key"]).arg(key);
    finish(&mut verify).await.succeeded();
    seen.push("`audit verify --live` finds nothing".to_owned());
    seen
}

/// Cases with much text are raised until the log has more than one file.
async fn fill(fleet: &Fleet<TestCluster>) {
    let bus = fleet.split.nats.connect(Principal::Deploy).await;
    let mut body = call_that_ended(Clock::System.now());
    body["summary"] = json!("Chưa rõ nguyên nhân. ".repeat(90).trim());
    for fact in body["call"]["key_facts"].as_object_mut().expect("facts").values_mut() {
        *fact = json!("Cá nuôi lồng bè chết hàng loạt. ".repeat(9).trim());
    }
    let mut number = 0;
    while health::stream(&bus, CASES).await.expect("an answer").bytes < A_FILE_AND_MORE {
        let raised = futures::stream::iter(number..number + 50).map(async |number| {
            let key = format!("much-{number}");
            let request = Request { officer: READER, case: "", act: "raise", key: &key, body: &body };
            fleet.told.give(&fleet.replicas, &request).await
        });
        raised.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
        number += 50;
    }
}

/// The file with the oldest messages.
fn oldest(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder).expect("the store").filter_map(Result::ok).map(|entry| entry.path());
    let blocks = files.filter(|file| file.extension().is_some_and(|kind| kind == "blk"));
    let number = |file: &PathBuf| -> Option<u64> { file.file_stem()?.to_str()?.parse().ok() };
    let blocks: Vec<_> = blocks.collect();
    assert!(blocks.len() > 1, "one file alone: {blocks:?}");
    blocks.into_iter().min_by_key(number).expect("a file of the store")
}

/// One bit in the middle of a file is another one.
fn flip(file: &Path) {
    let open = fs::OpenOptions::new().read(true).write(true).open(file).expect("the file");
    let middle = open.metadata().expect("its length").len() / 2;
    let mut byte = [0];
    open.read_exact_at(&mut byte, middle).expect("a byte");
    open.write_all_at(&[byte[0] ^ 1], middle).expect("another byte");
    open.sync_all().expect("it is on the disk");
}

/// How many messages of the log each server has.
async fn counted(cluster: &TestCluster) -> Result<Vec<u64>, String> {
    let mut counts = Vec::new();
    for at in 0..SERVERS {
        let copies = health::copies(&cluster.monitor_url_of(at), Some(&cluster.ca())).await;
        let copies = copies.map_err(|error| error.to_string())?;
        let of_the_log = copies.into_iter().find(|StoredCopy { stream, .. }| stream == CASES);
        counts.push(of_the_log.ok_or("the server has no log")?.messages);
    }
    Ok(counts)
}

/// As alike as counts are that are taken one after the other while more is written.
fn alike(counts: &[u64]) -> bool {
    let (least, most) = (counts.iter().min(), counts.iter().max());
    matches!((least, most), (Some(least), Some(most)) if most - least < 200)
}
