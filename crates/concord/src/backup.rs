//! `concord backup` and `concord restore`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use bus::{
    Bus, Principal,
    access::What,
    credentials::Credential,
    streams::{Replicas, Shape},
};
use events::Timestamp;
use serde::{Deserialize, Serialize};
use service::{Clock, Config};
use svc_audit::backup::{self, Progress as Step, Restoration, STREAMS, Summary};

use crate::{
    Failure,
    audit::{connect_as, note},
    cli::{Backup, Common, Restore},
    place,
    play::Show,
    process::{Orders, Server, connect},
    progress::Progress,
    up::configuration,
};

/// The last backup that was finished, as `backup.json` in the data directory says. It may be lost: nothing but
/// `concord doctor` looks at it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Finished {
    /// When it was begun: it has what had been answered by then.
    pub(crate) at: Timestamp,
    /// The folder of the backup.
    pub(crate) folder: PathBuf,
    /// How many messages it has.
    pub(crate) messages: u64,
}

impl Finished {
    fn file(data: &Path) -> PathBuf {
        data.join("backup.json")
    }

    /// The last one that is known here.
    pub(crate) fn read(data: &Path) -> Result<Option<Self>, Failure> {
        place::read_json(&Self::file(data))
    }

    /// Writes it down where there is a data directory: who backs up from elsewhere has none.
    fn note(&self, data: &Path) -> Result<(), Failure> {
        if data.is_dir() {
            place::write(&Self::file(data), &serde_json::to_string_pretty(self)?)?;
        }
        Ok(())
    }
}

/// Takes a backup, or checks one.
pub(crate) async fn backup(options: Backup) -> Result<ExitCode, Failure> {
    let Backup { common, into, check, without_keys } = options;
    let (bar, began) = (Progress::new(), Instant::now());
    if check {
        let summary = backup::check(&into, &|step| tell_on(&bar, step)).await;
        bar.done();
        let summary = summary?;
        tell(&summary, began);
        Show::line("The backup is whole: every file, every message, every root is as it was written.");
        return Ok(ExitCode::SUCCESS);
    }
    let config = configuration(&common)?;
    let readers = readers(&common).await?;
    // Before anything is read, so that it stands in the backup itself.
    note(&readers[&Principal::Audit], What::BackedUp { to: into.display().to_string() }).await;
    let keys = (!without_keys).then(|| config.credentials());
    let reader = |principal| &readers[&principal];
    let now = Clock::System.now();
    let summary = backup::take(&into, reader, keys.as_deref(), now, &|step| tell_on(&bar, step)).await;
    bar.done();
    for bus in readers.values() {
        bus.close().await?;
    }
    let summary = summary?;
    tell(&summary, began);
    let messages = summary.streams.iter().map(|line| line.messages).sum();
    let folder = std::path::absolute(&into)?;
    if let Err(error) = (Finished { at: now, folder, messages }).note(&config.data) {
        Show::line(&format!("`concord doctor` will not know of it: {error}"));
    }
    let written: u64 = summary.streams.iter().map(|line| line.written).sum();
    Show::line(&format!("{written} of the messages were written now."));
    let keys = if without_keys { "" } else { "the keys by which one is any service, " };
    Show::line(&format!(
        "{} NOW HOLDS SECRETS: {keys}all cases, password hashes and the secrets of one-time codes. Only its owner may \
         read it; keep every copy of it so, encrypted where it leaves this machine.",
        into.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// A connection by each right that is needed.
async fn readers(common: &Common) -> Result<BTreeMap<Principal, Bus>, Failure> {
    let mut readers = BTreeMap::new();
    for principal in BTreeSet::from(STREAMS.map(|(_, principal)| principal)) {
        readers.insert(principal, connect_as(common, principal).await?);
    }
    Ok(readers)
}

/// Makes a data directory of a backup, or fills a cluster.
pub(crate) async fn restore(options: Restore) -> Result<ExitCode, Failure> {
    let mut orders = Orders::listen()?;
    let Restore { from, data, config, nats_server, cluster: _ } = options;
    let config = configuration(&Common { config, data: data.clone() })?;
    let (bar, began) = (Progress::new(), Instant::now());
    let tell_bar = |step| tell_on(&bar, step);
    let restored = tokio::select! {
        restored = restore_to(from, data.as_ref(), nats_server, &config, &tell_bar) => restored,
        // Its server ends with it.
        () = orders.stop() => Err("stopped: what was restored is not whole, and must be removed".into()),
    };
    bar.done();
    let restored = restored?;
    tell(&restored, began);
    Show::line(&what_next(&restored, data.as_deref()));
    Ok(ExitCode::SUCCESS)
}

async fn restore_to(
    from: PathBuf,
    data: Option<&PathBuf>,
    nats_server: Option<PathBuf>,
    config: &Config,
    tell: &dyn Fn(Step),
) -> Result<Summary, Failure> {
    let (shape, now) = (config.nats.shape(), Clock::System.now());
    if let Some(data) = data {
        let nats_server = nats_server.or_else(|| config.nats.server.clone());
        // Its server is alone, also where the configuration names three others.
        let shape = Shape { replicas: Replicas::One, ..shape };
        let restoration = Restoration { backup: from, data: data.clone(), shape, nats_server, now };
        return Ok(backup::restore(&restoration, tell).await?);
    }
    let server = Server::configured(config)?
        .ok_or("configuration: [nats] url and monitor_url must say where the servers are")?;
    let bus = connect(&server, &Credential::read(&config.credentials(), Principal::Restore)?).await?;
    let restored = backup::restore_into(&from, &bus, &shape, now, tell).await?;
    bus.close().await?;
    Ok(restored)
}

/// What an operator does after a restoration.
fn what_next(restored: &Summary, data: Option<&Path>) -> String {
    let Some(data) = data else {
        return "The servers have everything; all roots are those of the backup. Mail is switched off. What comes next:\n  \
                1. concord provision cluster … without --for-restoration, and each server told to read its nats.conf anew\n  \
                2. the services\n  \
                3. concord audit verify --live --key FILE --checkpoint FILE --config FILE\n  \
                4. concord mail status --config FILE        what waits\n  \
                5. concord mail release --config FILE --why …    once you know what has left since the backup"
            .to_owned();
    };
    let keys = match restored.keys {
        0 => "The backup has no keys: new ones are made at the first start.".to_owned(),
        keys => format!("{keys} keys are in {}.", data.join("credentials").display()),
    };
    let data = data.display();
    format!(
        "Restored into {data}; all roots are those of the backup. {keys}\n\
         Mail is switched off. What comes next:\n  \
         1. concord up --data {data}\n  \
         2. concord audit verify --live --key FILE --checkpoint FILE --data {data}\n  \
         3. concord mail status --data {data}        what waits\n  \
         4. concord mail release --data {data} --why …    once you know what has left since the backup"
    )
}

/// How far it has come.
fn tell_on(bar: &Progress, Step { doing, stream, done, of }: Step) {
    bar.at(&format!("{doing} {stream}"), done, of);
}

/// What a backup holds, as a table.
fn tell(summary: &Summary, began: Instant) {
    Show::line(&format!("{:<16} {:>10} {:>14}  root", "stream", "messages", "bytes"));
    let (mut messages, mut bytes) = (0, 0);
    for line in &summary.streams {
        Show::line(&format!("{:<16} {:>10} {:>14}  {}", line.stream, line.messages, line.bytes, line.root));
        messages += line.messages;
        bytes += line.bytes;
    }
    let seconds = began.elapsed().as_secs_f64();
    let keys = summary.keys;
    Show::line(&format!("{messages} messages, {bytes} bytes, {keys} keys; {seconds:.1} s"));
}
