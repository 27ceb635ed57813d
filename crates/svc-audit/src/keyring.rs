//! The keys that sign, in a folder beside the credentials, outside the store: `1.key` is the secret half, which only its
//! owner reads, and `1.pub` the public one. A new key signs together with the one before it until that is retired.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use proof::keys::{NotAKey, PublicKey, SigningKey, Trusted};

/// Where the keys of an installation are, beside its credentials.
pub fn folder(credentials: &Path) -> PathBuf {
    credentials.join("checkpoints")
}

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others may read a secret.
    #[error("{path} can be read by others (mode {mode:o}): run chmod 600 {path}")]
    TooOpen {
        /// Where.
        path: PathBuf,
        /// The mode found.
        mode: u32,
    },
    /// A file holds something else.
    #[error("{path}: {source}; restore it from the backup: a new key would have to be published anew")]
    NotAKey {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        source: NotAKey,
    },
    /// There is no second key to retire the first one for.
    #[error("there is only one key that signs: make a new one first (concord audit key rotate)")]
    OnlyOne,
}

/// The keys of an installation.
#[derive(Clone, Debug, Default)]
pub struct KeyRing {
    /// Those that sign, the oldest first.
    pub signing: Vec<SigningKey>,
    /// All that ever signed.
    pub public: Trusted,
}

impl KeyRing {
    /// Reads the keys; a folder that is not there has none.
    pub fn read(dir: &Path) -> Result<Self, KeyError> {
        let mut ring = Self::default();
        for number in numbers(dir)? {
            let (secret, public) = paths(dir, number);
            let key = PublicKey::parse(&text(&public)?).map_err(not_a_key(&public))?;
            if secret.exists() {
                let mode = fs::metadata(&secret).map_err(file(&secret))?.permissions().mode() & 0o777;
                if mode & 0o077 != 0 {
                    return Err(KeyError::TooOpen { path: secret, mode });
                }
                let signing = SigningKey::read(&text(&secret)?, &key.to_string());
                ring.signing.push(signing.map_err(not_a_key(&secret))?);
            }
            ring.public.add(key);
        }
        Ok(ring)
    }

    /// Reads the keys, and makes the first one if there is none.
    pub fn read_or_make(dir: &Path, name: &str) -> Result<Self, KeyError> {
        if numbers(dir)?.is_empty() {
            make(dir, name)?;
        }
        Self::read(dir)
    }
}

/// Makes another key, which signs together with those that are there. Gives its public half. It has the name of the one
/// before it, whatever the configuration says by now: the name of an installation stays.
pub fn make(dir: &Path, name: &str) -> Result<PublicKey, KeyError> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(file(dir))?;
    let last = numbers(dir)?.last().copied();
    let known = last.map(|last| {
        let (_, public) = paths(dir, last);
        PublicKey::parse(&text(&public)?).map_err(not_a_key(&public))
    });
    let known = known.transpose()?;
    let name = known.as_ref().map_or(name, PublicKey::name);
    let (secret, public) = paths(dir, last.map_or(1, |last| last + 1));
    let key = SigningKey::generate(name).map_err(not_a_key(dir))?;
    // The public half first: a secret without it could not be used, and is never there.
    keep(&public, &key.public().to_string(), 0o644)?;
    keep(&secret, key.reveal(), 0o600)?;
    Ok(key.public().clone())
}

/// Ends all keys but the newest: their secrets are gone, their public halves stay. Gives the public halves.
pub fn retire(dir: &Path) -> Result<Vec<PublicKey>, KeyError> {
    let signing: Vec<u32> =
        numbers(dir)?.into_iter().filter(|number| paths(dir, *number).0.exists()).collect();
    let [old @ .., _] = signing.as_slice() else { return Err(KeyError::OnlyOne) };
    if old.is_empty() {
        return Err(KeyError::OnlyOne);
    }
    old.iter()
        .map(|number| {
            let (secret, public) = paths(dir, *number);
            fs::remove_file(&secret).map_err(file(&secret))?;
            PublicKey::parse(&text(&public)?).map_err(not_a_key(&public))
        })
        .collect()
}

fn numbers(dir: &Path) -> Result<Vec<u32>, KeyError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(KeyError::File { path: dir.to_owned(), source }),
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry.map_err(file(dir))?.file_name();
        numbers.extend(name.to_str().and_then(|name| name.strip_suffix(".pub")?.parse::<u32>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn paths(dir: &Path, number: u32) -> (PathBuf, PathBuf) {
    (dir.join(format!("{number}.key")), dir.join(format!("{number}.pub")))
}

fn text(path: &Path) -> Result<String, KeyError> {
    fs::read_to_string(path).map_err(file(path))
}

fn keep(path: &Path, text: &str, mode: u32) -> Result<(), KeyError> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let written = opened.and_then(|mut file| {
        file.write_all(format!("{text}\n").as_bytes())?;
        file.sync_all()
    });
    written.map_err(file(path))
}

fn file(path: &Path) -> impl FnOnce(io::Error) -> KeyError {
    let path = path.to_owned();
    |source| KeyError::File { path, source }
}

fn not_a_key(path: &Path) -> impl FnOnce(NotAKey) -> KeyError {
    let path = path.to_owned();
    |source| KeyError::NotAKey { path, source }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    #[test]
    fn keys_are_made_overlap_and_are_retired() {
        let dir = tempfile::tempdir().unwrap();
        let dir = folder(dir.path());
        assert!(KeyRing::read(&dir).unwrap().signing.is_empty());
        let first = KeyRing::read_or_make(&dir, "concord.example.vn").unwrap();
        assert_eq!(first.signing.len(), 1);
        assert!(matches!(retire(&dir), Err(KeyError::OnlyOne)));
        let second = make(&dir, "another.name").unwrap();
        assert_eq!(second.name(), "concord.example.vn");
        let both = KeyRing::read(&dir).unwrap();
        assert_eq!((both.signing.len(), both.signing[1].public()), (2, &second));
        assert_eq!(retire(&dir).unwrap(), [first.signing[0].public().clone()]);
        let one = KeyRing::read(&dir).unwrap();
        assert_eq!((one.signing.len(), one.public.iter().count()), (1, 2));
        assert!(matches!(retire(&dir), Err(KeyError::OnlyOne)));
    }

    #[test]
    fn a_secret_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        KeyRing::read_or_make(dir.path(), "concord").unwrap();
        let secret = dir.path().join("1.key");
        assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&secret, Permissions::from_mode(0o640)).unwrap();
        let refused = KeyRing::read(dir.path()).unwrap_err().to_string();
        assert!(refused.ends_with(&format!("run chmod 600 {}", secret.display())), "{refused}");
        fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
        fs::write(&secret, "PRIVATE+KEY+concord").unwrap();
        let damaged = KeyRing::read(dir.path()).unwrap_err().to_string();
        assert!(!damaged.contains("PRIVATE"), "{damaged}");
    }
}
