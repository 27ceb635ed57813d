//! The keys: copies of the files of the credentials' folder, which only their owner may read.

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

/// The names of the files of a folder.
pub(super) fn names(dir: &Path) -> Result<Vec<String>, BackupError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed("read", dir))? {
        let entry = entry.map_err(failed("read", dir))?;
        if entry.file_type().map_err(failed("read", dir))?.is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(names)
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
        put(&to.join(name), &content)?;
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
