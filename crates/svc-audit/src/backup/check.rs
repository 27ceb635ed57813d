//! Holding a backup against itself, without a server: every file, every message, every root.

use std::path::Path;

use bus::streams::AUDIT;

use super::{
    BackupError, Progress, STREAMS, Summary,
    contents::{Contents, Word, words_of},
    damaged, keys,
    manifest::Manifest,
    segment::messages,
};

/// After how many messages is told how far it has come.
const EVERY: u64 = 1_000;

/// Reads all of a backup: every file has its digest, no message is missing, and every root is that of the messages, those
/// of the last checkpoint included.
///
/// # Errors
/// [`BackupError`], which names the first file that is wrong.
pub async fn check(dir: &Path, tell: &dyn Fn(Progress)) -> Result<Summary, BackupError> {
    let manifest = Manifest::read(dir)?;
    checked(dir, &manifest, tell).await?;
    Ok(manifest.summary(None))
}

/// Checks a backup; gives what its last checkpoint says of the logs.
pub(super) async fn checked(
    dir: &Path,
    manifest: &Manifest,
    tell: &dyn Fn(Progress),
) -> Result<Vec<(&'static str, Word)>, BackupError> {
    let mut checkpoint = Vec::new();
    for (stream, _) in STREAMS {
        let held = manifest.held(stream);
        let mut contents = Contents::new(stream, words(manifest, dir, stream, &checkpoint)?);
        let mut last = None;
        for (done, message) in (1..).zip(messages(dir, stream, &held)) {
            let message = message?;
            contents.push(&message)?;
            last = Some(message);
            if done % EVERY == 0 || done == held.messages() {
                tell(Progress { doing: "checking", stream, done, of: held.messages() });
                // Files are read without waiting: here the process hears that it is to stop.
                tokio::task::yield_now().await;
            }
        }
        if contents.root()?.to_string() != held.root {
            let reason = format!("the root of {stream} is not that of its messages");
            return Err(damaged(&dir.join("backup.json"), reason));
        }
        if stream == AUDIT {
            checkpoint = words_of(last.as_ref())
                .map_err(|reason| damaged(&dir.join(stream), format!("the last checkpoint: {reason}")))?;
        }
    }
    keys::check(dir, &manifest.keys)?;
    Ok(checkpoint)
}

/// What manifest and checkpoint say of a stream.
pub(super) fn words(
    manifest: &Manifest,
    dir: &Path,
    stream: &str,
    checkpoint: &[(&'static str, Word)],
) -> Result<Vec<Word>, BackupError> {
    let of_it = checkpoint.iter().filter(|(named, _)| *named == stream).map(|(_, word)| word.clone());
    Ok(manifest.words(dir, stream)?.into_iter().chain(of_it).collect())
}
