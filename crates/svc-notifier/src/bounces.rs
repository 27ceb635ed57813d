//! The Maildir into which the mail server puts reports of failure: each is read, noted, and laid aside.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use bus::{
    append::AppendError,
    outbox::{Notice, State},
};

use crate::{
    bounce::{self, Bounce},
    dispatch::Dispatcher,
    outbox::{self, Change},
};

/// How often is looked whether there is a new one.
const LOOK: Duration = Duration::from_secs(5);

/// The most of a report that is read: a server that returns the whole mail returns a small one.
const LARGEST: u64 = 1 << 20;

/// Reads reports as they come, as long as the process works.
pub(crate) async fn watch(maildir: PathBuf, dispatcher: Dispatcher) {
    loop {
        if let Err(error) = look(&maildir, &dispatcher).await {
            tracing::error!(maildir = %maildir.display(), %error, alert = true, "reports of failure cannot be read");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = dispatcher.chassis.stop.cancelled() => return,
        }
    }
}

async fn look(maildir: &Path, dispatcher: &Dispatcher) -> io::Result<()> {
    for part in ["new", "cur", "tmp"] {
        fs::create_dir_all(maildir.join(part))?;
    }
    let mut files: Vec<_> = fs::read_dir(maildir.join("new"))?.collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    for file in files {
        // One that cannot be read, or that another notifier has laid aside, does not hold up the others.
        if let Err(error) = see_to(maildir, &file, dispatcher).await {
            tracing::warn!(file = %file.path().display(), %error, "a report of failure cannot be seen to");
        }
    }
    Ok(())
}

async fn see_to(maildir: &Path, file: &fs::DirEntry, dispatcher: &Dispatcher) -> io::Result<()> {
    let bytes = if file.metadata()?.len() > LARGEST { Vec::new() } else { fs::read(file.path())? };
    match bounce::read(&bytes) {
        // What cannot be noted now stays where it is.
        Some(bounce) if !note(dispatcher, &bounce).await => return Ok(()),
        Some(_) => {}
        None => {
            let file = file.path();
            tracing::warn!(file = %file.display(), "this is no report of failure: it is laid aside");
        }
    }
    let name = format!("{}:2,S", file.file_name().to_string_lossy());
    fs::rename(file.path(), maildir.join("cur").join(name))
}

/// Notes that a mail did not arrive, and tells the liaison unit; whether the report is seen to.
async fn note(dispatcher: &Dispatcher, bounce: &Bounce) -> bool {
    loop {
        let found = match outbox::find(&dispatcher.chassis.bus, bounce.entry).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "the outbox does not answer: the report is read again");
                return false;
            }
        };
        let Some((notice, sequence, state)) = found else {
            tracing::warn!(entry = %bounce.entry.0, "a report is about a mail that is not ours");
            return true;
        };
        if matches!(state, State::Bounced { .. }) {
            // Perhaps the process ended before anybody was told.
            dispatcher.tell_of_failure(bounce.entry, &notice).await;
            return true;
        }
        match record(dispatcher, bounce, &notice, sequence).await {
            Ok(_) => {
                dispatcher.tell_of_failure(bounce.entry, &notice).await;
                return true;
            }
            // It has moved meanwhile.
            Err(AppendError::Conflict { .. }) => {
                if dispatcher.pause().await.is_none() {
                    return false;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the outbox does not answer: the report is read again");
                return false;
            }
        }
    }
}

async fn record(
    dispatcher: &Dispatcher,
    bounce: &Bounce,
    notice: &Notice,
    expected: u64,
) -> Result<u64, AppendError> {
    let state = State::Bounced {
        status: bounce.status.clone(),
        reply: bounce.reply.clone(),
        permanent: bounce.is_permanent(),
    };
    let change = Change { entry: bounce.entry, about: notice.about, expected, state };
    // The same report leads to the same message, whoever reads it.
    let writer = uuid::Uuid::new_v5(&bounce.entry.0, b"bounce");
    dispatcher.outbox.record(dispatcher.chassis.clock.now(), change, writer).await
}
