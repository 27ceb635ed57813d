//! `backup.json`: what a backup consists of. A file that it does not name is no part of it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use events::{Digest, Timestamp};
use proof::{EMPTY, Frontier, Hash};
use serde::{Deserialize, Serialize};

use super::{
    BackupError, Kind, Line, STREAMS, Summary, contents::Word, damaged, failed, keys, segment::SUFFIX,
};

/// The name of the file.
const FILE: &str = "backup.json";

/// The format that is written, and the only one that is read.
const FORMAT: u32 = 1;

/// How a file is called until it is whole.
const DRAFT: &str = "tmp";

/// What a backup consists of.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    format: u32,
    /// When the last run ended.
    pub(super) made_at: Timestamp,
    /// What there is of each stream.
    pub(super) streams: BTreeMap<String, Held>,
    /// The digest of each key.
    pub(super) keys: BTreeMap<String, Digest>,
}

/// What there is of a stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Held {
    /// The root over all its messages, in base64; of a stream that messages leave, over the newest of each subject, in the
    /// order of the subjects.
    pub(super) root: String,
    /// Of a log: the roots of the complete subtrees, the largest first, by which the next run goes on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) peaks: Vec<String>,
    /// Its files, in the order of the messages.
    pub(super) segments: Vec<Segment>,
}

/// A file of messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Segment {
    /// Its name in the folder of its stream.
    pub(super) file: String,
    /// The sequence of its first message.
    pub(super) first: u64,
    /// The sequence of its last one.
    pub(super) last: u64,
    /// How many messages it has.
    pub(super) messages: u64,
    /// The bytes of their payloads.
    pub(super) bytes: u64,
    /// The digest of the file.
    pub(super) sha256: Digest,
    /// Of a log: the root over all messages up to its last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) root: Option<String>,
    /// The hash of its last message as a leaf, by which the next run knows the log again.
    pub(super) end: String,
}

impl Held {
    pub(super) fn empty() -> Self {
        Self { root: EMPTY.to_string(), peaks: Vec::new(), segments: Vec::new() }
    }

    /// The sequence of the last message; 0 without any.
    pub(super) fn last(&self) -> u64 {
        self.segments.last().map_or(0, |segment| segment.last)
    }

    pub(super) fn messages(&self) -> u64 {
        self.segments.iter().map(|segment| segment.messages).sum()
    }

    fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// The tree of a log as it was left; nothing, if it is not the one of the root.
    pub(super) fn tree(&self) -> Option<Frontier> {
        let peaks = self.peaks.iter().map(|peak| Hash::parse_hash(peak).ok()).collect::<Option<_>>()?;
        Frontier::resume(self.last(), peaks).filter(|tree| tree.root().to_string() == self.root)
    }

    /// What the manifest says of a log at the end of each segment.
    fn words(&self) -> Option<Vec<Word>> {
        let word = |segment: &Segment| {
            let root = Hash::parse_hash(segment.root.as_ref()?).ok()?;
            Some(Word { size: segment.last, root, of: format!("{FILE} at the end of {}", segment.file) })
        };
        self.segments.iter().map(word).collect()
    }
}

impl Manifest {
    pub(super) fn new(now: Timestamp) -> Self {
        let streams = STREAMS.iter().map(|(stream, _)| ((*stream).to_owned(), Held::empty())).collect();
        Self { format: FORMAT, made_at: now, streams, keys: BTreeMap::new() }
    }

    /// Reads that of a folder, if there is one.
    pub(super) fn find(dir: &Path) -> Result<Option<Self>, BackupError> {
        let path = dir.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", &path)(error)),
        };
        let manifest: Self =
            serde_json::from_str(&text).map_err(|error| damaged(&path, error.to_string()))?;
        if manifest.format != FORMAT {
            let reason =
                format!("it is of format {}, and this program knows format {FORMAT}", manifest.format);
            return Err(damaged(&path, reason));
        }
        let segments = manifest.streams.values().flat_map(|held| &held.segments).map(|segment| &segment.file);
        let segments = segments.filter(|name| !is_plain(name));
        let of_keys = manifest.keys.keys().filter(|name| !keys::is_a_name(name));
        if let Some(name) = segments.chain(of_keys).next() {
            return Err(damaged(&path, format!("`{name}` is not the name of a file")));
        }
        match STREAMS.iter().find(|(stream, _)| !manifest.streams.contains_key(*stream)) {
            Some((stream, _)) => Err(damaged(&path, format!("it does not name {stream}"))),
            None => Ok(Some(manifest)),
        }
    }

    /// Reads that of a folder.
    pub(super) fn read(dir: &Path) -> Result<Self, BackupError> {
        Self::find(dir)?.ok_or_else(|| BackupError::NoBackup(dir.to_owned()))
    }

    /// What there is of a stream: each is there once the manifest was read.
    pub(super) fn held(&self, stream: &str) -> Held {
        self.streams.get(stream).cloned().unwrap_or_else(Held::empty)
    }

    /// What the manifest says of a stream at the end of each segment.
    pub(super) fn words(&self, dir: &Path, stream: &str) -> Result<Vec<Word>, BackupError> {
        match Kind::of(stream) {
            Kind::Whole => Ok(Vec::new()),
            Kind::Log => self
                .held(stream)
                .words()
                .ok_or_else(|| damaged(&dir.join(FILE), format!("a segment of {stream} has no root"))),
        }
    }

    /// Puts it in place: from now on the backup is this one.
    pub(super) fn write(&self, dir: &Path) -> Result<(), BackupError> {
        let path = dir.join(FILE);
        let text =
            serde_json::to_string_pretty(self).map_err(|error| failed("write", &path)(error.into()))?;
        put(&path, format!("{text}\n").as_bytes())
    }

    /// Removes what no manifest names: what a run has left that was cut short, and what was replaced.
    pub(super) fn sweep(&self, dir: &Path) -> Result<(), BackupError> {
        for (stream, _) in STREAMS {
            let (folder, held) = (dir.join(stream), self.held(stream));
            for entry in fs::read_dir(&folder).map_err(failed("read", &folder))? {
                let path = entry.map_err(failed("read", &folder))?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let named = held.segments.iter().any(|segment| segment.file == name);
                if !named && (name.ends_with(SUFFIX) || name.ends_with(DRAFT)) {
                    fs::remove_file(&path).map_err(failed("remove", &path))?;
                }
            }
        }
        Ok(())
    }

    /// What it holds. `before` is what it held when the run began.
    pub(super) fn summary(&self, before: Option<&Self>) -> Summary {
        let line = |(stream, _): (&'static str, _)| {
            let held = self.held(stream);
            let (messages, bytes) = (held.messages(), held.bytes());
            let known = before.map_or(0, |before| before.held(stream).last());
            let new = held.segments.iter().filter(|segment| segment.first > known);
            let written = match Kind::of(stream) {
                Kind::Log => new.map(|segment| segment.messages).sum(),
                Kind::Whole => messages,
            };
            Line { stream, messages, written, bytes, root: Hash::parse_hash(&held.root).unwrap_or(EMPTY) }
        };
        Summary { streams: STREAMS.into_iter().map(line).collect(), keys: self.keys.len() }
    }
}

/// Whether a name leads to a file of the folder in which it is looked for, and nowhere else.
fn is_plain(name: &str) -> bool {
    Path::new(name).file_name().is_some_and(|file| file == name)
}

/// Makes a folder that only its owner may enter.
pub(super) fn make_private(dir: &Path) -> Result<(), BackupError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed("make", dir))
}

/// A file of that name that is not there until it is whole, and that only its owner reads.
pub(super) fn draft(path: &Path) -> io::Result<(PathBuf, File)> {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(DRAFT);
    let draft = PathBuf::from(name);
    let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    Ok((draft, file))
}

/// Puts a draft that is on the disk in its place.
pub(super) fn settle(draft: &Path, path: &Path) -> io::Result<()> {
    fs::rename(draft, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// Writes a file, all of it or nothing.
pub(super) fn put(path: &Path, content: &[u8]) -> Result<(), BackupError> {
    let written = draft(path).and_then(|(draft, mut file)| {
        file.write_all(content)?;
        file.sync_all()?;
        settle(&draft, path)
    });
    written.map_err(failed("write", path))
}
