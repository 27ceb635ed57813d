//! Restoring: a backup becomes a data directory from which `concord up` starts.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bus::{
    Bus, Principal,
    archive::{self, Refill},
    connection::ConnectTo,
    credentials::Credentials,
    health,
    outbox::{self, Sending},
    server::{NatsServer, ServerOptions, Synced},
    streams::{Replicas, Shape, provision},
};
use chrono::SecondsFormat;
use events::Timestamp;

use super::{
    BackupError, Kind, Progress, STREAMS, Summary,
    check::{checked, words},
    contents::{Contents, Word},
    failed, keys,
    manifest::{Held, Manifest, make_private, put},
    segment::messages,
};

/// The file that says that a data directory is not restored to the end.
pub const INCOMPLETE: &str = "restore-incomplete";

/// How long the other servers may need to have what one has.
const CATCH_UP: Duration = Duration::from_mins(2);

/// How often is looked whether they have.
const LOOK: Duration = Duration::from_millis(100);

/// What is restored, and where.
#[derive(Clone, Debug)]
pub struct Restoration {
    /// The folder of the backup.
    pub backup: PathBuf,
    /// The data directory, which is made.
    pub data: PathBuf,
    /// What the streams are like.
    pub shape: Shape,
    /// The nats-server; looked for without.
    pub nats_server: Option<PathBuf>,
    /// What time it is.
    pub now: Timestamp,
}

/// Makes a data directory of a backup: streams, keys, and mail switched off until an operator says that the world outside
/// is as the log has it.
///
/// Everything is checked before anything is made, and read back from the server afterwards: its roots are those of the
/// backup, and those of the last checkpoint.
///
/// # Errors
/// [`BackupError`]; what was made by then is marked as [`INCOMPLETE`], as it is when this is dropped before its end.
pub async fn restore(restoration: &Restoration, tell: &dyn Fn(Progress)) -> Result<Summary, BackupError> {
    let Restoration { backup, data, shape, nats_server, now } = restoration;
    is_empty(data)?;
    let manifest = Manifest::read(backup)?;
    let checkpoint = checked(backup, &manifest, tell).await?;
    make_private(data)?;
    let mark = data.join(INCOMPLETE);
    let said = format!("Not restored to the end from {}: remove this directory.\n", backup.display());
    put(&mark, said.as_bytes())?;

    let options = ServerOptions {
        binary: nats_server.clone(),
        port: 0,
        monitor_port: 0,
        synced: Synced::AtTheEnd,
        ..ServerOptions::new(data.join("nats"))
    };
    let credentials = Credentials::for_restoration();
    let server = NatsServer::start(&options, &credentials).await.map_err(of_server)?;
    let bus = Bus::connect(&ConnectTo::new(server.url(), credentials.get(Principal::Restore))).await;
    let bus = bus.map_err(of_server)?;
    provision(&bus, shape).await.map_err(of_server)?;
    fill(&bus, backup, &manifest, &checkpoint, shape, *now, tell).await?;
    bus.close().await.map_err(of_server)?;
    server.stop_synced().await.map_err(of_server)?;

    if !manifest.keys.is_empty() {
        keys::copy(manifest.keys.keys(), &keys::folder(backup), &data.join("credentials"))?;
    }
    fs::remove_file(&mark).map_err(failed("remove", &mark))?;
    fs::File::open(data).and_then(|data| data.sync_all()).map_err(failed("write", data))?;
    Ok(manifest.summary(None))
}

/// Fills the streams of servers that run, by the right of a restoration: those of a cluster. They must have none, or empty
/// ones; the keys are those with which the cluster was provisioned.
///
/// Everything is checked before anything is made, and read back afterwards. One that is cut short is begun anew on servers
/// with empty stores.
///
/// # Errors
/// [`BackupError`].
pub async fn restore_into(
    backup: &Path,
    bus: &Bus,
    shape: &Shape,
    now: Timestamp,
    tell: &dyn Fn(Progress),
) -> Result<Summary, BackupError> {
    let manifest = Manifest::read(backup)?;
    let checkpoint = checked(backup, &manifest, tell).await?;
    provision(bus, shape).await.map_err(of_server)?;
    for (stream, _) in STREAMS {
        let messages = health::stream(bus, stream).await.map_err(of_server)?.messages;
        if messages > 0 {
            return Err(BackupError::StreamNotEmpty { stream, messages });
        }
    }
    fill(bus, backup, &manifest, &checkpoint, shape, now, tell).await?;
    Ok(manifest.summary(None))
}

/// Stores everything, reads it back, and switches mail off.
async fn fill(
    bus: &Bus,
    backup: &Path,
    manifest: &Manifest,
    checkpoint: &[(&'static str, Word)],
    shape: &Shape,
    now: Timestamp,
    tell: &dyn Fn(Progress),
) -> Result<(), BackupError> {
    for (stream, _) in STREAMS {
        let held = manifest.held(stream);
        refill(bus, backup, stream, &held, tell).await?;
        everywhere(bus, stream, shape.replicas).await?;
        read_back(bus, stream, &held, words(manifest, backup, stream, checkpoint)?, tell).await?;
    }
    let made_at = manifest.made_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let held = Sending { at: now, on: false, why: format!("restored from the backup of {made_at}") };
    outbox::switch(bus, &held).await.map_err(of_server)?;
    Ok(())
}

/// Waits until all servers on which a stream lies have all of it: any of them may answer who reads it back.
async fn everywhere(bus: &Bus, stream: &'static str, replicas: Replicas) -> Result<(), BackupError> {
    if replicas == Replicas::One {
        return Ok(());
    }
    let give_up = Instant::now() + CATCH_UP;
    loop {
        let lacks = match &health::stream(bus, stream).await {
            // While they elect one, nobody says what the others have.
            Ok(stands) if stands.leader.is_none() || stands.followers.len() < 2 => {
                "no server leads it".to_owned()
            }
            Ok(stands) => match stands.followers.iter().find(|follower| !follower.is_well()) {
                None => return Ok(()),
                Some(behind) => behind.to_string(),
            },
            Err(error) => error.to_string(),
        };
        if Instant::now() > give_up {
            return Err(BackupError::Server(format!("{stream}: {lacks}")));
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn is_empty(data: &Path) -> Result<(), BackupError> {
    match fs::read_dir(data) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(BackupError::NotEmpty(data.to_owned())),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed("read", data)(error)),
    }
}

/// Stores the messages of a stream again, each of a log at the sequence that it had.
async fn refill(
    bus: &Bus,
    backup: &Path,
    stream: &'static str,
    held: &Held,
    tell: &dyn Fn(Progress),
) -> Result<(), BackupError> {
    let mut refill = Refill::new(bus, stream, Kind::of(stream) == Kind::Log);
    for (done, message) in (1..).zip(messages(backup, stream, held)) {
        refill.push(message?).await?;
        tell(Progress { doing: "restoring", stream, done, of: held.messages() });
    }
    Ok(refill.finish().await?)
}

/// Reads a stream as the server has it now, and holds it against what was said of it.
async fn read_back(
    bus: &Bus,
    stream: &'static str,
    held: &Held,
    words: Vec<Word>,
    tell: &dyn Fn(Progress),
) -> Result<(), BackupError> {
    let mut contents = Contents::new(stream, words);
    let (mut next, mut done) = (1, 0);
    loop {
        let messages = archive::read(bus, stream, next).await?;
        if messages.is_empty() {
            break;
        }
        for message in &messages {
            contents.push(message)?;
            next = message.sequence + 1;
            done += 1;
        }
        tell(Progress { doing: "reading back", stream, done, of: held.messages() });
    }
    if contents.root()?.to_string() == held.root {
        return Ok(());
    }
    Err(BackupError::AnotherRoot { stream, size: done, of: "backup.json".to_owned() })
}

fn of_server(error: impl std::error::Error) -> BackupError {
    BackupError::Server(error.to_string())
}
