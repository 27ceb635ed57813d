//! Files by the digest of their content, in the form of NATS's object store, and only ever added to.
//!
//! The client's own object store overwrites and purges. Here a name is the SHA-256 of the content, so nothing is ever
//! overwritten, and the stream refuses to delete like every other (docs/decisions/0020). What was stored in part is
//! gone on with by whoever brings the same content again; a damaged copy gets a new one behind it, and the last entry
//! counts.

use std::io;

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use bytes::BytesMut;
use events::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite, AsyncWriteExt};

use crate::{
    append::{Append, AppendError, append},
    connection::Bus,
    log::{self, ReadError},
    streams::{ATTACHMENTS, BUCKET},
};

/// How large the pieces are: each is one message, and the server syncs its disk for each.
pub const CHUNK: usize = 512 << 10;

/// A file that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its size in bytes, as its entry has it.
    pub size: u64,
    /// The place of its entry.
    sequence: u64,
    /// How many pieces it has, and under which word.
    chunks: usize,
    word: String,
}

/// What became of a file that was brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is stored now.
    Stored,
    /// It was there already, unharmed.
    Present,
}

/// Why a file was not stored or not read.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// The server has no more room for files.
    #[error("the store of files is full")]
    Full,
    /// What is stored is not what was brought.
    #[error("the stored file is damaged: {0}")]
    Damaged(String),
    /// The server does not store.
    #[error(transparent)]
    Append(AppendError),
    /// The server does not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file beside the server cannot be read or written.
    #[error("the file in the spool: {0}")]
    Spool(#[from] io::Error),
}

/// A file's entry, as the object store writes it.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    name: String,
    bucket: String,
    nuid: String,
    size: u64,
    chunks: usize,
    mtime: Timestamp,
    digest: String,
    options: Options,
}

#[derive(Debug, Serialize, Deserialize)]
struct Options {
    max_chunk_size: usize,
}

impl From<AppendError> for ObjectError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Full => Self::Full,
            other => Self::Append(other),
        }
    }
}

/// The subject of a file's entry.
fn entry_subject(digest: &Digest) -> String {
    format!("$O.{BUCKET}.M.{}", URL_SAFE.encode(digest.to_string()))
}

/// The subject of a file's pieces.
fn chunk_subject(word: &str) -> String {
    format!("$O.{BUCKET}.C.{word}")
}

/// Looks for a file, as the leader has it.
pub async fn find(bus: &Bus, digest: &Digest) -> Result<Option<Object>, ObjectError> {
    let Some(last) = log::last(bus, ATTACHMENTS, &entry_subject(digest)).await? else { return Ok(None) };
    let entry: Entry = serde_json::from_slice(&last.payload)
        .map_err(|error| ObjectError::Damaged(format!("its entry cannot be read: {error}")))?;
    Ok(Some(Object { size: entry.size, sequence: last.sequence, chunks: entry.chunks, word: entry.nuid }))
}

/// Writes what is stored of a file, piece by piece, and gives the digest of what was written. Whether that is the
/// file's own is known only now: nobody may be given it before.
pub async fn copy(
    bus: &Bus,
    object: &Object,
    to: &mut (impl AsyncWrite + Unpin),
) -> Result<Digest, ObjectError> {
    let subject = chunk_subject(&object.word);
    let (mut digest, mut next) = (Sha256::new(), 1);
    for number in 1..=object.chunks {
        let chunk = log::next(bus, ATTACHMENTS, next, &subject).await?;
        let chunk = chunk.ok_or_else(|| ObjectError::Damaged(format!("piece {number} is missing")))?;
        digest.update(&chunk.payload);
        to.write_all(&chunk.payload).await?;
        next = chunk.sequence + 1;
    }
    to.flush().await?;
    Ok(Digest::from_bytes(digest.finalize().into()))
}

/// Stores a file that is known to have this digest. A copy that is there already is read to its end; if it is damaged,
/// the file is stored anew.
pub async fn put(
    bus: &Bus,
    digest: &Digest,
    from: &mut (impl AsyncRead + AsyncSeek + Unpin),
    at: Timestamp,
) -> Result<Put, ObjectError> {
    let before = find(bus, digest).await?;
    let mut word = digest.to_string();
    if let Some(object) = &before {
        match copy(bus, object, &mut tokio::io::sink()).await {
            Ok(found) if found == *digest => return Ok(Put::Present),
            Ok(_) | Err(ObjectError::Damaged(_)) => {}
            Err(error) => return Err(error),
        }
        tracing::error!(%digest, alert = true, "a stored attachment was damaged, and is stored anew");
        word = format!("{word}-{}", object.sequence);
    }
    let (size, chunks) = put_chunks(bus, &word, from).await?;
    let entry = Entry {
        name: digest.to_string(),
        bucket: BUCKET.to_owned(),
        nuid: word.clone(),
        size,
        chunks,
        mtime: at,
        digest: format!("SHA-256={}", URL_SAFE.encode(digest.as_bytes())),
        options: Options { max_chunk_size: CHUNK },
    };
    let message = Append {
        subject: entry_subject(digest),
        payload: serde_json::to_vec(&entry).unwrap_or_default().into(),
        id: format!("{word}/entry"),
        expected: before.map_or(0, |object| object.sequence),
        headers: Vec::new(),
    };
    append(bus, ATTACHMENTS, &message).await?;
    Ok(Put::Stored)
}

/// Stores the pieces that are not stored yet; gives the size of the whole and the number of pieces.
///
/// A piece is named by its file and its place in it: who brings the same file at the same time stores the same.
async fn put_chunks(
    bus: &Bus,
    word: &str,
    from: &mut (impl AsyncRead + AsyncSeek + Unpin),
) -> Result<(u64, usize), ObjectError> {
    let subject = chunk_subject(word);
    let (mut expected, mut number) = match log::last(bus, ATTACHMENTS, &subject).await? {
        Some(last) => {
            let id = last.message_id.as_deref().and_then(|id| id.rsplit_once('/'));
            (last.sequence, id.and_then(|(_, number)| number.parse().ok()).unwrap_or(0))
        }
        None => (0, 0_usize),
    };
    let already = u64::try_from(number * CHUNK).unwrap_or(u64::MAX);
    let size = from.seek(io::SeekFrom::End(0)).await?;
    from.seek(io::SeekFrom::Start(already.min(size))).await?;
    loop {
        let mut chunk = BytesMut::with_capacity(CHUNK);
        // A read may give less than there is.
        while chunk.len() < CHUNK
            && (&mut *from).take(u64::try_from(CHUNK - chunk.len()).unwrap_or(0)).read_buf(&mut chunk).await?
                > 0
        {}
        if chunk.is_empty() {
            return Ok((size, number));
        }
        number += 1;
        let message = Append {
            subject: subject.clone(),
            payload: chunk.freeze(),
            id: format!("{word}/{number}"),
            expected,
            headers: Vec::new(),
        };
        expected = append(bus, ATTACHMENTS, &message).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subjects_are_those_of_an_object_store() {
        let digest = Digest::of(b"abc");
        assert_eq!(
            entry_subject(&digest),
            "$O.attachments.M.YmE3ODE2YmY4ZjAxY2ZlYTQxNDE0MGRlNWRhZTIyMjNiMDAzNjFhMzk2MTc3YTljYjQxMGZmNjFmMjAwMTVhZA=="
        );
        assert_eq!(chunk_subject("x"), "$O.attachments.C.x");
    }
}
