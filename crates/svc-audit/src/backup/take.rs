//! Taking a backup: what is new since the last one, while the installation works.

use std::{fs::File, path::Path};

use bus::{Bus, Principal, archive, log};
use events::Timestamp;
use proof::leaf;

use super::{
    BackupError, Kind, Progress, STREAMS, Summary,
    contents::Contents,
    damaged, failed, keys,
    manifest::{Held, Manifest, make_private},
    segment::Writer,
};

/// Adds to a folder what is new of a running installation, or begins a backup in an empty one. The folder holds the last
/// backup until this one is whole.
///
/// `reader` gives a connection by the right of each principal of [`STREAMS`]; `credentials` is the folder of keys, if they
/// are to be in it. Files are written as the messages come: this is for a process that does nothing else.
///
/// # Errors
/// [`BackupError`]
pub async fn take<'a>(
    dir: &Path,
    reader: impl Fn(Principal) -> &'a Bus,
    credentials: Option<&Path>,
    now: Timestamp,
    tell: &dyn Fn(Progress),
) -> Result<Summary, BackupError> {
    make_private(dir)?;
    let path = dir.join("backup.lock");
    let lock = File::create(&path).map_err(failed("open", &path))?;
    lock.try_lock().map_err(|_| BackupError::UnderWay(dir.to_owned()))?;
    if credentials.is_none() && keys::folder(dir).exists() {
        return Err(BackupError::KeysThere(keys::folder(dir)));
    }
    let before = Manifest::find(dir)?;
    let mut next = Manifest::new(now);
    for (stream, principal) in STREAMS {
        let folder = dir.join(stream);
        make_private(&folder)?;
        let held = before.as_ref().map_or_else(Held::empty, |before| before.held(stream));
        let taking = Taking { bus: reader(principal), stream, dir, folder: &folder, tell };
        let held = match Kind::of(stream) {
            Kind::Log => taking.log(held).await?,
            Kind::Whole => taking.whole().await?,
        };
        next.streams.insert(stream.to_owned(), held);
    }
    if let Some(credentials) = credentials {
        next.keys = keys::copy(&keys::names(credentials)?, credentials, &keys::folder(dir))?;
    }
    next.write(dir)?;
    next.sweep(dir)?;
    Ok(next.summary(before.as_ref()))
}

/// A stream that is read.
struct Taking<'a> {
    bus: &'a Bus,
    stream: &'static str,
    dir: &'a Path,
    folder: &'a Path,
    tell: &'a dyn Fn(Progress),
}

impl Taking<'_> {
    /// What is new in a log, up to where it ends now.
    async fn log(&self, mut held: Held) -> Result<Held, BackupError> {
        let Self { bus, stream, dir, folder, tell } = *self;
        for segment in &held.segments {
            let path = folder.join(&segment.file);
            path.metadata().map_err(failed("find", &path))?;
        }
        let Some(mut tree) = held.tree() else {
            return Err(damaged(&dir.join("backup.json"), format!("the tree of {stream} has not its root")));
        };
        let end = log::last_sequence(bus, stream).await?;
        self.is_the_same(&held).await?;
        let mut writer = Writer::new(folder, Kind::Log);
        let first = tree.size();
        while tree.size() < end {
            let messages = archive::read(bus, stream, tree.size() + 1).await?;
            if messages.is_empty() {
                return Err(BackupError::Gap { stream, sequence: tree.size() + 1 });
            }
            for message in messages.into_iter().take_while(|message| message.sequence <= end) {
                if message.sequence != tree.size() + 1 {
                    return Err(BackupError::Gap { stream, sequence: tree.size() + 1 });
                }
                tree.push(leaf(&message.subject, &message.payload));
                if writer.push(&message)? {
                    held.segments.extend(writer.end(Some(tree.root().to_string()))?);
                }
            }
            tell(Progress { doing: "reading", stream, done: tree.size() - first, of: end - first });
        }
        let root = tree.root().to_string();
        held.segments.extend(writer.end(Some(root.clone()))?);
        held.peaks = tree.peaks().iter().map(ToString::to_string).collect();
        held.root = root;
        Ok(held)
    }

    /// Whether the log goes on from what is held: its last message is on the server.
    async fn is_the_same(&self, held: &Held) -> Result<(), BackupError> {
        let Some(segment) = held.segments.last() else { return Ok(()) };
        let found = archive::read(self.bus, self.stream, segment.last).await?;
        let same = found.first().is_some_and(|message| {
            message.sequence == segment.last
                && leaf(&message.subject, &message.payload).to_string() == segment.end
        });
        let another = || BackupError::AnotherLog {
            dir: self.dir.to_owned(),
            stream: self.stream,
            sequence: segment.last,
        };
        if same { Ok(()) } else { Err(another()) }
    }

    /// All of a stream that messages leave. It is read until nothing more comes: what is written meanwhile moves to its
    /// end, and would be missed there.
    async fn whole(&self) -> Result<Held, BackupError> {
        let Self { bus, stream, folder, tell, .. } = *self;
        let mut contents = Contents::new(stream, Vec::new());
        let (mut writer, mut held, mut next, mut done) =
            (Writer::new(folder, Kind::Whole), Held::empty(), 1, 0);
        loop {
            let messages = archive::read(bus, stream, next).await?;
            if messages.is_empty() {
                break;
            }
            for message in messages {
                next = message.sequence + 1;
                done += 1;
                contents.push(&message)?;
                if writer.push(&message)? {
                    held.segments.extend(writer.end(None)?);
                }
            }
            tell(Progress { doing: "reading", stream, done, of: done });
        }
        held.segments.extend(writer.end(None)?);
        held.root = contents.root()?.to_string();
        Ok(held)
    }
}
