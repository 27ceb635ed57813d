//! One NKey for each principal: the seed in a file that only its owner reads, the public key in the server's
//! configuration.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nkeys::{KeyPair, KeyPairType};

use crate::assertion::Signer;
use crate::permissions::Principal;

/// The secret half of a user's NKey, checked, with its public half. The secret never shows in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed {
    text: String,
    public_key: String,
}

/// The key of one principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Whose it is.
    pub principal: Principal,
    /// The secret that proves it.
    pub seed: Seed,
}

/// The credentials of all principals, as the machine that runs the server holds them.
#[derive(Clone, Debug)]
pub struct Credentials {
    all: BTreeMap<Principal, Credential>,
}

/// Why a credential cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The file cannot be read or written.
    #[error("cannot {act} {path}: {source}")]
    File {
        /// What was tried.
        act: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{path} does not hold an NKey seed of a user: restore it, or remove it to have a new one made")]
    NotASeed {
        /// Where.
        path: PathBuf,
    },
    /// Others may read the secret.
    #[error("{path} can be read by others (mode {mode:o}): run chmod 600 {path}")]
    TooOpen {
        /// Where.
        path: PathBuf,
        /// The mode found.
        mode: u32,
    },
}

/// The text is no NKey seed of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an NKey seed of a user (it begins with SU): copy the whole line of the .nk file")]
pub struct NotASeed;

impl Seed {
    /// A new one.
    #[expect(clippy::missing_panics_doc, reason = "a pair made here always has its seed")]
    pub fn generate() -> Self {
        let pair = KeyPair::new_user();
        Self { text: pair.seed().expect("a new key pair has a seed"), public_key: pair.public_key() }
    }

    /// Reads a seed as text.
    pub fn parse(text: &str) -> Result<Self, NotASeed> {
        let text = text.trim();
        match KeyPair::from_seed(text) {
            Ok(pair) if pair.key_pair_type() == KeyPairType::User => {
                Ok(Self { text: text.to_owned(), public_key: pair.public_key() })
            }
            _ => Err(NotASeed),
        }
    }

    /// The public half, as the server's configuration names it.
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

impl Credential {
    /// Reads the credential of one principal, as a machine that runs only that service holds it.
    pub fn read(dir: &Path, principal: Principal) -> Result<Self, CredentialError> {
        let path = path_in(dir, principal);
        let failed = |source| CredentialError::File { act: "read", path: path.clone(), source };
        let mode = fs::metadata(&path).map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(CredentialError::TooOpen { path, mode });
        }
        let text = fs::read_to_string(&path).map_err(failed)?;
        let seed = Seed::parse(&text).map_err(|NotASeed| CredentialError::NotASeed { path })?;
        Ok(Self { principal, seed })
    }

    fn read_or_make(dir: &Path, principal: Principal) -> Result<Self, CredentialError> {
        let path = path_in(dir, principal);
        if !path.exists() {
            let seed = Seed::generate();
            match keep(&seed, &path) {
                Ok(()) => return Ok(Self { principal, seed }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(CredentialError::File { act: "write", path, source }),
            }
        }
        Self::read(dir, principal)
    }
}

impl Credentials {
    /// Reads the credentials in `dir` and makes those that are missing.
    pub fn read_or_make(dir: &Path) -> Result<Self, CredentialError> {
        let failed = |source| CredentialError::File { act: "prepare", path: dir.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
        let all = Principal::ALL
            .into_iter()
            .map(|principal| Ok((principal, Credential::read_or_make(dir, principal)?)))
            .collect::<Result<_, CredentialError>>()?;
        Signer::read_or_make(dir)?;
        Ok(Self { all })
    }

    /// The one key of a server that runs for a restoration alone. It is in no file.
    pub fn for_restoration() -> Self {
        let principal = Principal::Restore;
        let credential = Credential { principal, seed: Seed::generate() };
        Self { all: BTreeMap::from([(principal, credential)]) }
    }

    /// Those of servers that somebody else starts, for the time of a restoration: its own, in a file until that is done, and
    /// the servers' own. No service is let in, so none works on half a log.
    pub fn while_restoring(mut self, dir: &Path) -> Result<Self, CredentialError> {
        self.all.retain(|principal, _| *principal == Principal::System);
        let credential = Credential::read_or_make(dir, Principal::Restore)?;
        self.all.insert(Principal::Restore, credential);
        Ok(self)
    }

    /// Takes the one of a restoration away, if it is there.
    pub fn end_restoration(dir: &Path) -> Result<(), CredentialError> {
        let path = path_in(dir, Principal::Restore);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(CredentialError::File { act: "remove", path, source })
            }
            _ => Ok(()),
        }
    }

    /// The credential of one principal: of any of [`Principal::ALL`], or of the one of a restoration.
    pub fn get(&self, principal: Principal) -> &Credential {
        &self.all[&principal]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Credential> {
        self.all.values()
    }
}

fn path_in(dir: &Path, principal: Principal) -> PathBuf {
    dir.join(format!("{principal}.nk"))
}

/// Writes a new seed beside `path` and links it there, so that nobody reads half a seed and of two
/// writers the first wins.
fn keep(seed: &Seed, path: &Path) -> io::Result<()> {
    let draft = path.with_extension(format!("{}.new", seed.public_key()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = file.write_all(format!("{}\n", seed.reveal()).as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft).and(linked)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    #[test]
    fn a_credential_is_made_once_and_used_again() {
        let dir = tempfile::tempdir().unwrap();
        let keys = dir.path().join("keys");
        let first = Credentials::read_or_make(&keys).unwrap();
        let again = Credentials::read_or_make(&keys).unwrap();
        for principal in Principal::ALL {
            assert_eq!(first.get(principal), again.get(principal));
            assert_eq!(Credential::read(&keys, principal).unwrap(), *first.get(principal));
        }
        // And the key that signs who acts, with its public half.
        assert_eq!(fs::read_dir(&keys).unwrap().count(), Principal::ALL.len() + 2);
    }

    #[test]
    fn of_two_writers_the_first_wins() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.nk");
        let (first, second) = (Seed::generate(), Seed::generate());
        keep(&first, &path).unwrap();
        assert_eq!(keep(&second, &path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(Credential::read(dir.path(), Principal::Audit).unwrap().seed, first);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn each_principal_has_a_key_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let credentials = Credentials::read_or_make(dir.path()).unwrap();
        let mut keys: Vec<_> = credentials.iter().map(|credential| credential.seed.public_key()).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), Principal::ALL.len());
    }

    #[test]
    fn while_restoring_no_service_is_let_in() {
        let dir = tempfile::tempdir().unwrap();
        let restoring = Credentials::read_or_make(dir.path()).unwrap().while_restoring(dir.path()).unwrap();
        let let_in: Vec<_> = restoring.iter().map(|credential| credential.principal).collect();
        assert_eq!(let_in.len(), 2);
        assert!([Principal::Restore, Principal::System].iter().all(|one| let_in.contains(one)), "{let_in:?}");
        // Their keys are kept for afterwards.
        let ledger = Credential::read(dir.path(), Principal::Ledger).unwrap();
        Credentials::end_restoration(dir.path()).unwrap();
        assert_eq!(*Credentials::read_or_make(dir.path()).unwrap().get(Principal::Ledger), ledger);
    }

    #[test]
    fn only_the_owner_reads_a_seed() {
        let dir = tempfile::tempdir().unwrap();
        let keys = dir.path().join("keys");
        Credentials::read_or_make(&keys).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let ledger = keys.join("ledger.nk");
        assert_eq!((mode(&keys), mode(&ledger)), (0o700, 0o600));

        fs::set_permissions(&ledger, Permissions::from_mode(0o640)).unwrap();
        let refused = Credentials::read_or_make(&keys).unwrap_err().to_string();
        assert!(refused.ends_with(&format!("run chmod 600 {}", ledger.display())), "{refused}");
    }

    #[test]
    fn a_damaged_seed_is_refused_and_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        Credentials::read_or_make(dir.path()).unwrap();
        let path = dir.path().join("api.nk");
        fs::write(&path, "SUAB").unwrap();
        assert!(matches!(
            Credentials::read_or_make(dir.path()),
            Err(CredentialError::NotASeed { path: named }) if named == path
        ));
        assert_eq!(fs::read_to_string(&path).unwrap(), "SUAB");
    }

    #[test]
    fn a_seed_does_not_show() {
        let seed = Seed::generate();
        assert_eq!(format!("{seed:?}"), "Seed(…)");
        assert!(seed.public_key().starts_with('U'));
        assert_eq!(Seed::parse(&format!(" {}\n", seed.reveal())), Ok(seed));
        assert_eq!(Seed::parse("SUAB"), Err(NotASeed));
    }
}
