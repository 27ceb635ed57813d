//! The power goes, again and again: by hand, `cargo xtask chaos --power-cut`, for it needs root and /dev/fuse.
//!
//! Two questions. Does what nats-server confirmed survive, and would we notice if it did not? And does the whole
//! service keep its promises?

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use bus::{
    Principal,
    append::{Append, append},
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

/// For so long a stream is asked for that may be gone altogether.
const GONE: Duration = Duration::from_secs(10);

/// How many writers append at a time where nats-server is alone.
const WRITERS: usize = 32;

/// The run: four cuts a minute for each row of the tables.
pub async fn run(program: &Path, minutes: u64, seed: u64, file: Option<&str>) {
    let cuts = usize::try_from(minutes * 4).expect("a number of cuts");
    let mut rows = Vec::new();
    for (disk, options) in DISKS {
        for always in [true, false] {
            let row = alone(program, disk, options, always, cuts, seed).await;
            println!("{row}");
            rows.push(row);
        }
    }
    let mut services = Vec::new();
    for (disk, options) in DISKS.into_iter().filter(|(_, options)| !options.contains(&"strict")) {
        let row = whole(program, disk, options, cuts, seed).await;
        println!("{row}");
        services.push(row);
    }
    let head = "| Disk | sync_interval | Cuts | Confirmed | Confirmed and lost | The last cut |\n|---|---|---|---|---|---|";
    let alone = format!("{head}\n{}", rows.join("\n"));
    let head = "| Disk | Cuts | Cases | Acknowledged | Lost | Doubled | Wrongly said to be sent | Other faults |\n\
                |---|---|---|---|---|---|---|---|";
    let whole = format!("{head}\n{}", services.join("\n"));
    let command = format!(
        "cargo xtask chaos --power-cut --minutes {minutes} --seed {seed} --report docs/figures/power-cut.md"
    );
    let text = include_str!("power-cut.md")
        .replace("{command}", &command)
        .replace("{machine}", &report::machine())
        .replace("{alone}", &alone)
        .replace("{whole}", &whole);
    println!("{text}");
    if let Some(file) = file {
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
    let (store, keys) = (disk.path().join("nats"), folder.path().join("keys"));
    // The streams were made long ago, by a server that syncs: they are not what is to be lost.
    let mut nats = TestNats::start_in(&store, &keys, None).await;
    nats.stop().await;
    disk.settle().await;
    let server = (!always).then(|| lax(folder.path()));
    nats = TestNats::start_in(&store, &keys, server.as_deref()).await;
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut confirmed, mut lost, mut words) = (Vec::new(), 0, String::new());
    let (mut made, mut gone) = (0, false);
    while made < cuts && !gone {
        let cut = made;
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
        while now.len() < until {
            // A stream that is not there any more confirms nothing.
            let Ok(Some(id)) = tokio::time::timeout(GONE, load.next()).await else { break };
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
        made += 1;
        let bus = nats.connect(Principal::Notifier).await;
        // A stream that is gone altogether has nothing.
        let stored = tokio::time::timeout(GONE, all(&bus, CASES)).await;
        gone = stored.is_err();
        let entries = stored.unwrap_or_default().into_iter();
        let stored: BTreeSet<_> = entries.filter_map(|entry| entry.message_id).collect();
        lost += confirmed.len();
        confirmed.retain(|id| stored.contains(id));
        lost -= confirmed.len();
    }
    nats.kill9().await;
    let interval = if always { "always" } else { "2m" };
    let words = words.strip_prefix("cut: ").unwrap_or(&words).to_owned();
    let words = if gone { format!("the whole stream is gone: {words}") } else { words };
    format!("| {name} | {interval} | {made} | {} | {lost} | {words} |", confirmed.len() + lost)
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
