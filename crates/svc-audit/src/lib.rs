//! Keeps a Merkle tree over each log and signs checkpoints of them; checks again and again that what is stored is what
//! was recorded; replays the log, shows any case as it was, and takes and restores backups (DESIGN D12).
//!
//! Replay is silent: it reads, folds and prints, and changes nothing (STYLE §3 (g)).

pub mod access;
mod ahead;
pub mod ask;
pub mod backup;
mod books;
mod chain;
mod desk;
pub mod export;
mod find;
mod follow;
pub mod format;
pub mod keyring;
mod notary;
pub mod replay;
mod text;
pub mod tiles;
pub mod verify;
mod watch;

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bus::{
    Principal,
    audit::{ASK, SIGN, TRUTH},
    log,
    protocol::{self, ANNOUNCEMENT},
    streams::{self, AUDIT, CHECKPOINT},
};
use events::Timestamp;
use service::{Chassis, Clock, Pace, Service, StartError, serving::serve};
use tokio::sync::{Semaphore, mpsc};

use books::Books;
use desk::Desk;
use keyring::KeyRing;

/// The service.
pub fn service() -> Service {
    Service {
        name: NAME,
        principal: Principal::Audit,
        about: "signs checkpoints of the logs and checks that nothing is missing or altered; replay, export, proof",
        records: &[],
        pace: Pace::Background,
        start: |chassis| Box::pin(start(chassis)),
    }
}

const NAME: &str = "audit";

/// How many questions are worked on at a time; further ones are answered `BUSY`.
const AT_ONCE: usize = 16;

/// The most processes that keep trees in one folder.
const MOST_PROCESSES: u32 = 16;

async fn start(chassis: Chassis) -> Result<(), StartError> {
    let failed = Chassis::failed(NAME);
    let declared = streams::declared(&chassis.config.nats.shape());
    for stream in declared.iter().filter(|stream| stream.name == AUDIT || TRUTH.contains(&stream.name)) {
        streams::verify(&chassis.bus, stream).await.map_err(|error| failed(&error))?;
    }
    let keys = keyring::folder(&chassis.config.credentials());
    let signed_before = log::last(&chassis.bus, AUDIT, CHECKPOINT).await.map_err(|error| failed(&error))?;
    if signed_before.is_none() {
        KeyRing::read_or_make(&keys, &chassis.config.audit.name).map_err(|error| failed(&error))?;
    } else if KeyRing::read(&keys).map_err(|error| failed(&error))?.signing.is_empty() {
        tracing::warn!("no key that signs is here: this process checks, and signs no checkpoints");
    }
    let (folder, lock) = own_folder(&chassis.config.audit_folder()).map_err(|error| failed(&error))?;
    let books = Books::open(&folder, chassis.clock.clone()).map_err(|error| failed(&error))?;
    let books = Arc::new(books);
    metrics(&chassis, &books);

    let mut announced = chassis.bus.subscribe(ANNOUNCEMENT).await.map_err(|error| failed(&error))?;
    let (woken, stop) = (Arc::clone(&books), chassis.stop.clone());
    chassis.tasks.spawn(async move {
        // The folder is this process's own until it ends.
        let _lock = lock;
        while let Some(Some(said)) = stop.run_until_cancelled(announced.next()).await {
            // One that cannot be read is a sign all the same.
            woken.announced.send_replace(protocol::read(&said).unwrap_or(u64::MAX));
        }
    });
    for at in 0..TRUTH.len() {
        chassis.tasks.spawn(follow::follow(Arc::clone(&books), at, chassis.clone()));
    }
    for source in watch::sources(&chassis) {
        chassis.tasks.spawn(watch::watch(source, Arc::clone(&books), chassis.clone()));
    }
    let (wishes, granted) = mpsc::channel(AT_ONCE);
    chassis.tasks.spawn(notary::work(Arc::clone(&books), chassis.clone(), folder, granted));

    let desk = Desk { books, chassis: chassis.clone(), wishes };
    let places = Arc::new(Semaphore::new(AT_ONCE));
    for (subject, signs) in [(ASK, false), (SIGN, true)] {
        let asked = chassis.bus.queue_subscribe(subject, NAME).await.map_err(|error| failed(&error))?;
        let (desk, places) = (desk.clone(), Arc::clone(&places));
        chassis.tasks.spawn(serve(
            chassis.clone(),
            asked,
            places,
            || {},
            move |message| {
                let desk = desk.clone();
                async move { protocol::write(&desk.answer(&message, signs).await) }
            },
        ));
    }
    Ok(())
}

/// A folder for the trees of this process alone; most times the first.
fn own_folder(folder: &Path) -> Result<(PathBuf, File), String> {
    for number in 1..=MOST_PROCESSES {
        let own = if number == 1 { folder.to_owned() } else { folder.with_extension(number.to_string()) };
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", own.display());
        fs::create_dir_all(&own).map_err(|error| failed(&error))?;
        let lock = File::create(own.join("lock")).map_err(|error| failed(&error))?;
        match lock.try_lock() {
            Ok(()) => return Ok((own, lock)),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
        }
    }
    Err(format!("{MOST_PROCESSES} processes use {} already", folder.display()))
}

/// What an operator is to see of the audit.
fn metrics(chassis: &Chassis, books: &Arc<Books>) {
    let metrics = &chassis.metrics;
    let since =
        |clock: &Clock, at: Timestamp| (clock.now() - at).to_std().unwrap_or(Duration::ZERO).as_secs_f64();
    let found = Arc::clone(books);
    metrics.gauge(
        "audit_findings",
        "What the self-check has found that is not as it was recorded; anything but 0 is an alarm",
        move || u32::try_from(found.findings().len()).ok().map(f64::from),
    );
    let (read, clock) = (Arc::clone(books), chassis.clock.clone());
    metrics.gauge(
        "audit_sweep_age_seconds",
        "How long ago the self-check last came to the end of what is stored; of several servers, of the one that has waited longest",
        move || Some(since(&clock, read.read_before()?)),
    );
    let (signed, clock) = (Arc::clone(books), chassis.clock.clone());
    metrics.gauge("audit_checkpoint_age_seconds", "How old the newest signed checkpoint is", move || {
        Some(since(&clock, signed.newest()?.checkpoint.at))
    });
    let unsigned = Arc::clone(books);
    metrics.gauge(
        "audit_unsigned_messages",
        "How many messages no signed checkpoint covers yet",
        move || {
            let covered: u64 = unsigned.newest()?.checkpoint.heads.iter().map(|head| head.size).sum();
            let all: u64 = unsigned.logs.iter().map(|log| log.tiles().size()).sum();
            u32::try_from(all.saturating_sub(covered)).ok().map(f64::from)
        },
    );
}
