//! The power goes, again and again: by hand, `cargo xtask chaos --power-cut`, for it needs root and /dev/fuse.
//!
//! Two questions. Does what nats-server confirmed survive, and would we notice if it did not? And does the whole
//! service keep its promises?

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use bus::{
    Principal,
    append::{Append, append},
    log,
    streams::CASES,
};
use futures::StreamExt as _;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use testkit::nats::TestNats;
use tokio::sync::watch;

use crate::support::{
    fleet::{FLEET, Fleet},
    power::PowerDisk,
    report, top,
    truth::{Found, all},
};

/// What the disk does with what was not synced.
const DISKS: [(&str, &[&str]); 3] = [
    ("names as ext4 keeps them, unsynced data dropped", &["--names", "journal"]),
    ("names as ext4 keeps them, some unsynced pages written", &["--names", "journal", "--torn", "11"]),
    ("names only as POSIX promises, unsynced data dropped", &["--names", "strict"]),
];

/// How many writers append at a time where nats-server is alone.
const WRITERS: usize = 32;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "by hand: cargo xtask chaos --power-cut"]
async fn by_hand() {
    let program = PathBuf::from(env::var("POWER_CUT").expect("the file system, as xtask names it"));
    let seed = env::var("CHAOS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_128);
    let cuts = env::var("CHAOS_MINUTES").ok().and_then(|minutes| minutes.parse().ok()).unwrap_or(1) * 4;
    let mut rows = Vec::new();
    for (disk, options) in DISKS {
        for always in [true, false] {
            let row = alone(&program, disk, options, always, cuts, seed).await;
            println!("{row}");
            rows.push(row);
        }
    }
    let mut services = Vec::new();
    for (disk, options) in DISKS {
        let row = whole(&program, disk, options, cuts, seed).await;
        println!("{row}");
        services.push(row);
    }
    let text = format!(
        "{}\n\n## nats-server alone\n\n| Disk | sync_interval | Cuts | Confirmed | Confirmed and lost | The last cut dropped \
         |\n|---|---|---|---|---|---|\n{}\n\n## The whole service\n\n| Disk | Cuts | Cases | Acknowledged | Lost | \
         Doubled | Wrongly sent | Other faults |\n|---|---|---|---|---|---|---|---|\n{}\n",
        report::machine(),
        rows.join("\n"),
        services.join("\n")
    );
    println!("{text}");
    if let Ok(file) = env::var("CHAOS_REPORT") {
        fs::write(top().join(file), text).expect("the report can be written");
    }
}

/// A nats-server that is told not to sync each write: the configuration that Concord writes, but for that line.
fn lax(folder: &Path) -> PathBuf {
    let (script, real) = (folder.join("nats-server"), top().join(".tools/nats-server"));
    let text = format!(
        "#!/bin/sh\nif [ \"$1\" = -c ]; then sed -i 's/sync_interval: always/sync_interval: \"2m\"/' \"$2\"; fi\n\
         exec {} \"$@\"\n",
        real.display()
    );
    fs::write(&script, text).expect("a script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a script that runs");
    script
}

/// nats-server and nothing else: what it confirmed is held against what it has after each cut.
async fn alone(program: &Path, name: &str, options: &[&str], always: bool, cuts: usize, seed: u64) -> String {
    let folder = tempfile::tempdir().expect("a directory");
    let mut disk = PowerDisk::mount(program, options).await;
    let server = (!always).then(|| lax(folder.path()));
    let mut nats =
        TestNats::start_in(&disk.path().join("nats"), &folder.path().join("keys"), server.as_deref()).await;
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut confirmed, mut lost, mut words) = (Vec::new(), 0, String::new());
    for cut in 0..cuts {
        let bus = nats.connect(Principal::Ledger).await;
        let bus = &bus;
        let off = watch::Sender::new(false);
        let numbers = futures::stream::iter((0..).take_while(|_: &usize| !*off.borrow()));
        let load = numbers
            .map(async |number| {
                let id = format!("{cut}-{number}");
                let subject = format!("case.00.{id}");
                let payload = format!("{id} {}", "x".repeat(500)).into();
                let message = Append { subject, payload, id: id.clone(), expected: 0, headers: Vec::new() };
                // Whoever waits when the power goes is not told anything.
                let appended = tokio::time::timeout(Duration::from_secs(2), append(bus, CASES, &message));
                appended.await.is_ok_and(|appended| appended.is_ok()).then_some(id)
            })
            .buffer_unordered(WRITERS)
            .filter_map(async |id| id);
        let mut load = std::pin::pin!(load);
        let until = rng.random_range(500..1_500);
        let mut now = Vec::new();
        while now.len() < until
            && let Some(id) = load.next().await
        {
            now.push(id);
        }
        let cutting = async {
            words = disk.cut().await;
            off.send_replace(true);
        };
        // Who is being answered at this moment is answered.
        let late = async {
            while let Some(id) = load.next().await {
                now.push(id);
            }
        };
        tokio::join!(cutting, late);
        nats.kill9().await;
        disk.unmount().await;
        disk.power_on().await;
        nats.restart().await;
        confirmed.extend(now);
        let stored = all(&nats.connect(Principal::Notifier).await, CASES).await;
        let stored: std::collections::BTreeSet<_> =
            stored.into_iter().filter_map(|entry: log::Entry| entry.message_id).collect();
        lost += confirmed.len();
        confirmed.retain(|id| stored.contains(id));
        lost -= confirmed.len();
    }
    nats.kill9().await;
    let interval = if always { "always" } else { "2m" };
    let words = words.strip_prefix("cut: ").unwrap_or(&words).to_owned();
    format!("| {name} | {interval} | {cuts} | {} | {lost} | {words} |", confirmed.len() + lost)
}

/// The whole service: everything dies at the moment of the cut, starts again on what is left, and is checked.
async fn whole(program: &Path, name: &str, options: &[&str], cuts: usize, seed: u64) -> String {
    let keys = tempfile::tempdir().expect("a directory");
    let mut disk = PowerDisk::mount(program, options).await;
    let nats = TestNats::start_in(&disk.path().join("nats"), keys.path(), None).await;
    let services: Vec<_> = FLEET.iter().map(|(service, _)| (*service, 1)).collect();
    let mut fleet = Fleet::start(nats, &services).await;
    let (client, over) = (fleet.client(), watch::Sender::new(false));
    let numbers = futures::stream::iter((0..).take_while(|_: &usize| !*over.borrow()));
    let load = numbers.map(|number| client.history(number)).buffer_unordered(16).collect::<Vec<()>>();
    let mut rng = StdRng::seed_from_u64(seed);
    let cutting = async {
        let mut found = Found::default();
        let mut answered = fleet.told.answered();
        for _ in 0..cuts {
            let more = *answered.borrow() + rng.random_range(30..90);
            let _ = tokio::time::timeout(Duration::from_mins(1), answered.wait_for(|now| *now >= more)).await;
            let words = disk.cut().await;
            fleet.split.nats.kill9().await;
            for at in 0..fleet.members.len() {
                fleet.kill9(at).await;
            }
            disk.unmount().await;
            disk.power_on().await;
            fleet.split.nats.restart().await;
            fleet.keep_up().await;
            found = fleet.held().meanwhile().await;
            println!("   {words}; {found}");
            if !found.faults.is_empty() {
                break;
            }
        }
        over.send_replace(true);
        found
    };
    let (_, found) = tokio::join!(load, cutting);
    let found = if found.faults.is_empty() { fleet.at_rest().await } else { found };
    for fault in found.faults.iter().take(5) {
        println!("   {fault}");
    }
    fleet.split.nats.kill9().await;
    let Found { cases, acknowledged, lost, doubled, wrongly_sent, faults, .. } = &found;
    let others = faults.len().saturating_sub(lost + doubled + wrongly_sent);
    format!("| {name} | {cuts} | {cases} | {acknowledged} | {lost} | {doubled} | {wrongly_sent} | {others} |")
}
