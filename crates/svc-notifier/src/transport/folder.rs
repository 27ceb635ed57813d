//! Mail as files: what `concord up` does until a relay is configured.
//!
//! A file appears whole or not at all, and the same letter always lands in the same file. It is not synced
//! to the disk: a folder is for looking, the evidence is the relay's.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::letter::Letter;
use crate::transport::Outcome;

/// A folder of `.eml` files.
#[derive(Clone, Debug)]
pub struct Folder {
    directory: PathBuf,
}

impl Folder {
    /// Nothing is touched before the first letter.
    pub fn new(directory: impl Into<PathBuf>) -> Folder {
        Folder { directory: directory.into() }
    }

    /// Writes `<yyyymmddThhmmss>-<local part of the message id>.eml` (time in UTC).
    pub async fn send(&mut self, letter: &Letter) -> Outcome {
        let bytes = match letter.message() {
            Ok(message) => message.formatted(),
            Err(bad) => return Outcome::Refused { reply: bad.to_string() },
        };
        let name = format!("{}-{}.eml", letter.date.format("%Y%m%dT%H%M%S"), letter.local_part());
        let (directory, file) = (self.directory.clone(), name.clone());
        let written = tokio::task::spawn_blocking(move || write(&directory, &file, &bytes)).await;
        match written.map_err(io::Error::other).flatten() {
            Ok(()) => Outcome::Sent { reply: format!("250 written to {name}") },
            Err(error) => Outcome::Unreachable { reply: format!("cannot write {name}: {error}") },
        }
    }
}

impl Folder {
    /// Whether the folder can be written.
    pub(crate) fn probe(&self) -> Result<(), String> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.directory);
        made.map_err(|error| format!("cannot write into {}: {error}", self.directory.display()))
    }
}

fn write(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let half = directory.join(format!(".{name}.half"));
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&half)?.write_all(bytes)?;
    fs::rename(half, directory.join(name))
}
