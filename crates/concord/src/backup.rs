//! `concord backup` and `concord restore`.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    process::ExitCode,
    time::Instant,
};

use bus::{Bus, Principal};
use indicatif::{ProgressBar, ProgressStyle};
use service::Clock;
use svc_audit::backup::{self, Progress, Restoration, STREAMS, Summary};

use crate::{
    Failure,
    audit::connect_as,
    cli::{Backup, Common, Restore},
    play::Show,
    process::Orders,
    up::configuration,
};

/// Takes a backup, or checks one.
pub(crate) async fn backup(options: Backup) -> Result<ExitCode, Failure> {
    let Backup { common, into, check, without_keys } = options;
    let (bar, began) = (Bar::new(), Instant::now());
    if check {
        let summary = backup::check(&into, &|progress| bar.tell(progress)).await;
        bar.gone();
        let summary = summary?;
        tell(&summary, began);
        Show::line("The backup is whole: every file, every message, every root is as it was written.");
        return Ok(ExitCode::SUCCESS);
    }
    let config = configuration(&common)?;
    let readers = readers(&common).await?;
    // ACCESS: the record that a backup is taken, and by whom, is written here, before anything is read: so it stands in
    // the backup itself.
    let keys = (!without_keys).then(|| config.credentials());
    let reader = |principal| &readers[&principal];
    let now = Clock::System.now();
    let summary = backup::take(&into, reader, keys.as_deref(), now, &|progress| bar.tell(progress)).await;
    bar.gone();
    for bus in readers.values() {
        bus.close().await?;
    }
    let summary = summary?;
    tell(&summary, began);
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

/// Makes a data directory of a backup.
pub(crate) async fn restore(options: Restore) -> Result<ExitCode, Failure> {
    let mut orders = Orders::listen()?;
    let Restore { from, data, config, nats_server } = options;
    let config = configuration(&Common { config, data: Some(data.clone()) })?;
    let (bar, began) = (Bar::new(), Instant::now());
    let restoration = Restoration {
        backup: from,
        data: data.clone(),
        shape: config.nats.shape(),
        nats_server: nats_server.or(config.nats.server),
        now: Clock::System.now(),
    };
    let tell_bar = |progress| bar.tell(progress);
    let restored = tokio::select! {
        restored = backup::restore(&restoration, &tell_bar) => restored.map_err(Failure::from),
        // Its server ends with it.
        () = orders.stop() => Err("stopped: what was restored is not whole, remove the data directory".into()),
    };
    bar.gone();
    let restored = restored?;
    tell(&restored, began);
    let keys = match restored.keys {
        0 => "The backup has no keys: new ones are made at the first start.".to_owned(),
        keys => format!("{keys} keys are in {}.", data.join("credentials").display()),
    };
    let data = data.display();
    Show::line(&format!(
        "Restored into {data}; all roots are those of the backup. {keys}\n\
         Mail is switched off. What comes next:\n  \
         1. concord up --data {data}\n  \
         2. concord audit replay --data {data}\n  \
         3. concord mail status --data {data}        what waits\n  \
         4. concord mail release --data {data} --why …    once you know what has left since the backup"
    ));
    Ok(ExitCode::SUCCESS)
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

/// How far it has come, on a terminal alone.
struct Bar {
    bar: ProgressBar,
    step: Cell<(&'static str, &'static str)>,
}

impl Bar {
    fn new() -> Self {
        // It draws on stderr, and hides itself where that is no terminal.
        let style = ProgressStyle::with_template("{msg:30} {bar:30} {human_pos}/{human_len} {per_sec}");
        let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, step: Cell::new(("", "")) }
    }

    fn tell(&self, Progress { doing, stream, done, of }: Progress) {
        if self.step.replace((doing, stream)) != (doing, stream) {
            self.bar.reset();
            self.bar.set_message(format!("{doing} {stream}"));
        }
        self.bar.set_length(of);
        self.bar.set_position(done);
    }

    fn gone(&self) {
        self.bar.finish_and_clear();
    }
}
