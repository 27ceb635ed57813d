//! The keys: copies of the files of the credentials' folder and of the folders in it, which only their owner may read.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use events::Digest;

use super::{
    BackupError, damaged, failed,
    manifest::{make_private, put},
};

/// Where a backup keeps them.
pub(super) fn folder(dir: &Path) -> PathBuf {
    dir.join("keys")
}

/// The names of the files of a folder, `ledger.nk`, and of those in the folders in it, `checkpoints/1.key`.
pub(super) fn names(dir: &Path) -> Result<Vec<String>, BackupError> {
    let mut names = files(dir, "")?;
    for entry in entries(dir)? {
        if entry.file_type().map_err(failed("read", dir))?.is_dir() {
            names.extend(files(&entry.path(), &format!("{}/", entry.file_name().to_string_lossy()))?);
        }
    }
    Ok(names)
}

fn files(dir: &Path, prefix: &str) -> Result<Vec<String>, BackupError> {
    let mut names = Vec::new();
    for entry in entries(dir)? {
        if entry.file_type().map_err(failed("read", dir))?.is_file() {
            names.push(format!("{prefix}{}", entry.file_name().to_string_lossy()));
        }
    }
    Ok(names)
}

fn entries(dir: &Path) -> Result<Vec<fs::DirEntry>, BackupError> {
    let read = fs::read_dir(dir).and_then(Iterator::collect);
    read.map_err(failed("read", dir))
}

/// Whether a name is one that [`names`] gives: it leads out of no folder.
pub(super) fn is_a_name(name: &str) -> bool {
    let (folder, file) = name.split_once('/').unwrap_or(("keys", name));
    [folder, file].into_iter().all(|part| Path::new(part).file_name().is_some_and(|whole| whole == part))
}

/// Copies those files of a folder into another, which is made if it is not there; gives their digests.
pub(super) fn copy<'a>(
    names: impl IntoIterator<Item = &'a String>,
    from: &Path,
    to: &Path,
) -> Result<BTreeMap<String, Digest>, BackupError> {
    make_private(to)?;
    let mut copied = BTreeMap::new();
    for name in names {
        let path = from.join(name);
        let content = fs::read(&path).map_err(failed("read", &path))?;
        let copy = to.join(name);
        make_private(copy.parent().unwrap_or(to))?;
        put(&copy, &content)?;
        copied.insert(name.clone(), Digest::of(&content));
    }
    Ok(copied)
}

/// Holds the keys of a backup against their digests.
pub(super) fn check(dir: &Path, keys: &BTreeMap<String, Digest>) -> Result<(), BackupError> {
    for (name, digest) in keys {
        let path = folder(dir).join(name);
        let content = fs::read(&path).map_err(failed("read", &path))?;
        if Digest::of(&content) != *digest {
            return Err(damaged(&path, "its SHA-256 is not the one of backup.json"));
        }
    }
    Ok(())
}
