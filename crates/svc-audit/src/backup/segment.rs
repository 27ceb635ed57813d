//! Files of messages: one JSON line each, compressed with zstd.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bus::archive::Whole;
use bytes::Bytes;
use events::{Digest, Timestamp};
use proof::leaf;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    BackupError, Kind, damaged, failed,
    manifest::{Held, Segment, draft, settle},
};

/// How the names of the files end.
pub(super) const SUFFIX: &str = ".ndjson.zst";

/// How many messages a file has at most: so much is lost with a file that is damaged.
const MOST: u64 = 100_000;

/// How many bytes of payload, or a little more.
const MOST_BYTES: u64 = 256 << 20;

/// How hard it is compressed: harder takes longer than the reading.
const LEVEL: i32 = 3;

/// A message as a line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    seq: u64,
    time: Timestamp,
    subject: Cow<'a, str>,
    headers: Cow<'a, [(String, String)]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl<'a> Line<'a> {
    fn of(message: &'a Whole) -> Self {
        let text = std::str::from_utf8(&message.payload).ok();
        Self {
            seq: message.sequence,
            time: message.stored_at,
            subject: Cow::Borrowed(&message.subject),
            headers: Cow::Borrowed(&message.headers),
            base64: if text.is_none() { Some(STANDARD.encode(&message.payload)) } else { None },
            text: text.map(Cow::Borrowed),
        }
    }

    fn read(line: &str) -> Result<Whole, String> {
        let Line { seq, time, subject, headers, text, base64 } =
            serde_json::from_str(line).map_err(|error| error.to_string())?;
        let payload = match (text, base64) {
            (Some(text), None) => Bytes::from(text.into_owned()),
            (None, Some(base64)) => STANDARD.decode(base64).map_err(|error| error.to_string())?.into(),
            _ => return Err("it needs either `text` or `base64`".to_owned()),
        };
        let (subject, headers) = (subject.into_owned(), headers.into_owned());
        Ok(Whole { sequence: seq, subject, headers, stored_at: time, payload })
    }
}

/// Writes the messages of a stream, file after file.
pub(super) struct Writer<'a> {
    folder: &'a Path,
    kind: Kind,
    open: Option<Open>,
    line: Vec<u8>,
}

/// The file that is being written.
struct Open {
    draft: PathBuf,
    out: zstd::Encoder<'static, BufWriter<File>>,
    first: u64,
    last: u64,
    messages: u64,
    bytes: u64,
    end: String,
}

impl<'a> Writer<'a> {
    pub(super) fn new(folder: &'a Path, kind: Kind) -> Self {
        Self { folder, kind, open: None, line: Vec::new() }
    }

    /// Adds a message; says whether the file is full now, and is to be ended.
    pub(super) fn push(&mut self, message: &Whole) -> Result<bool, BackupError> {
        let open = match &mut self.open {
            Some(open) => open,
            closed => {
                closed.insert(begin(self.folder, message.sequence).map_err(failed("write in", self.folder))?)
            }
        };
        // Line by line: JSON comes in small pieces, and the compressor takes long for each.
        self.line.clear();
        let line = serde_json::to_writer(&mut self.line, &Line::of(message)).map_err(io::Error::from);
        self.line.push(b'\n');
        line.and_then(|()| open.out.write_all(&self.line)).map_err(failed("write", &open.draft))?;
        open.last = message.sequence;
        open.messages += 1;
        open.bytes += u64::try_from(message.payload.len()).unwrap_or(u64::MAX);
        let full = open.messages >= MOST || open.bytes >= MOST_BYTES;
        open.end = leaf(&message.subject, &message.payload).to_string();
        Ok(full)
    }

    /// Ends the file, if one is open: it is on the disk, whole and in its place. `root` is that of the log so far.
    pub(super) fn end(&mut self, root: Option<String>) -> Result<Option<Segment>, BackupError> {
        let Some(Open { draft, out, first, last, messages, bytes, end }) = self.open.take() else {
            return Ok(None);
        };
        let written = out.finish().and_then(|out| out.into_inner().map_err(io::IntoInnerError::into_error));
        written.and_then(|file| file.sync_all()).map_err(failed("write", &draft))?;
        let sha256 = digest_of(&draft)?;
        let mut file = format!("{first:010}-{last:010}");
        if self.kind == Kind::Whole {
            // The same sequences need not be the same messages: a file is never replaced by another.
            file = format!("{file}-{}", &sha256.to_string()[..16]);
        }
        file.push_str(SUFFIX);
        let path = self.folder.join(&file);
        settle(&draft, &path).map_err(failed("write", &path))?;
        Ok(Some(Segment { file, first, last, messages, bytes, sha256, root, end }))
    }
}

fn begin(folder: &Path, first: u64) -> io::Result<Open> {
    let (draft, file) = draft(&folder.join("segment"))?;
    let out = zstd::Encoder::new(BufWriter::new(file), LEVEL)?;
    Ok(Open { draft, out, first, last: first, messages: 0, bytes: 0, end: String::new() })
}

/// The digest of a file.
pub(super) fn digest_of(path: &Path) -> Result<Digest, BackupError> {
    let mut file = File::open(path).map_err(failed("read", path))?;
    let (mut digest, mut part) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut part).map_err(failed("read", path))? {
            0 => return Ok(Digest::from_bytes(digest.finalize().into())),
            read => digest.update(&part[..read]),
        }
    }
}

/// Reads all messages of a stream in their order. A file whose digest is not the manifest's, that is missing, or whose
/// messages are not those that the manifest counts, is an error that names it.
pub(super) fn messages<'a>(
    dir: &Path,
    stream: &'a str,
    held: &'a Held,
) -> impl Iterator<Item = Result<Whole, BackupError>> + use<'a> {
    let (folder, kind) = (dir.join(stream), Kind::of(stream));
    let mut before = 0;
    held.segments.iter().flat_map(move |segment| {
        let path = folder.join(&segment.file);
        let (messages, refused) = match Messages::open(&path, segment, kind, before) {
            Ok(messages) => (Some(messages), None),
            Err(error) => (None, Some(Err(error))),
        };
        before = segment.last;
        refused.into_iter().chain(messages.into_iter().flatten())
    })
}

/// The messages of one file.
struct Messages<'a> {
    path: PathBuf,
    segment: &'a Segment,
    kind: Kind,
    lines: io::Lines<BufReader<zstd::Decoder<'static, BufReader<File>>>>,
    before: u64,
    read: u64,
    over: bool,
}

impl<'a> Messages<'a> {
    fn open(path: &Path, segment: &'a Segment, kind: Kind, before: u64) -> Result<Self, BackupError> {
        if digest_of(path)? != segment.sha256 {
            return Err(damaged(path, "its SHA-256 is not the one of backup.json"));
        }
        let file = File::open(path).map_err(failed("read", path))?;
        let lines = zstd::Decoder::new(file).map_err(failed("read", path))?;
        let lines = BufReader::new(lines).lines();
        Ok(Self { path: path.to_owned(), segment, kind, lines, before, read: 0, over: false })
    }

    fn message(&mut self, line: io::Result<String>) -> Result<Whole, BackupError> {
        self.read += 1;
        let wrong = |reason: String| damaged(&self.path, format!("line {}: {reason}", self.read));
        let line = line.map_err(|error| wrong(error.to_string()))?;
        let message = Line::read(&line).map_err(&wrong)?;
        let follows = match self.kind {
            Kind::Log => message.sequence == self.before + 1,
            Kind::Whole => message.sequence > self.before,
        };
        if !follows {
            return Err(wrong(format!("message {} comes after message {}", message.sequence, self.before)));
        }
        self.before = message.sequence;
        Ok(message)
    }
}

impl Iterator for Messages<'_> {
    type Item = Result<Whole, BackupError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let Some(line) = self.lines.next() else {
            self.over = true;
            let Segment { messages, last, .. } = self.segment;
            let whole = self.read == *messages && self.before == *last;
            let reason = || format!("it ends with message {}, and backup.json says {last}", self.before);
            return (!whole).then(|| Err(damaged(&self.path, reason())));
        };
        let message = self.message(line);
        self.over = message.is_err();
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_message_is_read_back_as_it_was(
            sequence: u64,
            subject in "\\PC*",
            headers in proptest::collection::vec(("[!-~]+", "\\PC*"), 0..3),
            seconds in 0_i64..4_000_000_000,
            nanoseconds in 0_u32..1_000_000_000,
            payload: Vec<u8>,
        ) {
            let stored_at = Timestamp::from_timestamp(seconds, nanoseconds).unwrap();
            let message = Whole { sequence, subject, headers, stored_at, payload: payload.into() };
            let line = serde_json::to_string(&Line::of(&message)).unwrap();
            prop_assert_eq!(Line::read(&line), Ok(message));
        }

        #[test]
        fn no_line_makes_it_panic(line in "\\PC*") {
            let _ = Line::read(&line);
        }
    }

    #[test]
    fn a_line_can_be_read_by_a_person() {
        let message = Whole {
            sequence: 7,
            subject: "case.03.x".to_owned(),
            headers: vec![("Concord-Id".to_owned(), "9".to_owned())],
            stored_at: "2026-05-16T14:52:00.5Z".parse().unwrap(),
            payload: "sự \"kiện\"".into(),
        };
        let text = r#"{"seq":7,"time":"2026-05-16T14:52:00.500Z","subject":"case.03.x","headers":[["Concord-Id","9"]],"text":"sự \"kiện\""}"#;
        assert_eq!(serde_json::to_string(&Line::of(&message)).unwrap(), text);
        let message = Whole { payload: Bytes::from_static(&[0xff, 0]), headers: Vec::new(), ..message };
        let text = r#"{"seq":7,"time":"2026-05-16T14:52:00.500Z","subject":"case.03.x","headers":[],"base64":"/wA="}"#;
        assert_eq!(serde_json::to_string(&Line::of(&message)).unwrap(), text);
        assert!(Line::read(r#"{"seq":7,"time":"2026-05-16T14:52:00Z","subject":"x","headers":[]}"#).is_err());
    }
}
