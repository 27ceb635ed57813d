//! Who acts, signed: the identity service says it for some minutes, the edge passes it on, the stage believes no one
//! else (DESIGN D10).

use std::{
    collections::HashMap,
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::TimeDelta;
use data_encoding::BASE64URL_NOPAD;
use domain::{Code, Refusal};
use events::{AgencyId, OfficerId, Timestamp};
use nkeys::{KeyPair, KeyPairType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::credentials::CredentialError;

/// How long an assertion counts.
const COUNTS_FOR: TimeDelta = TimeDelta::minutes(3);

/// How far the clocks of two machines may be apart.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);

/// How many assertions are remembered as verified: the same one is shown with every act for a minute.
const REMEMBERED: usize = 4_096;

/// The file of the key that signs, and the one of the keys by which a signature is checked, one a line: a new key is
/// added there first, and the old one taken away minutes after the last signature.
const SIGNING_KEY: &str = "assertions.seed";
const PUBLIC_KEYS: &str = "assertions.pub";

/// How somebody has proven who he is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// A token of a client program.
    Token,
    /// A password.
    Password,
    /// A password and a one-time code.
    SecondFactor,
}

/// What is said of who acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who.
    pub officer: OfficerId,
    /// The session or token by which he acts.
    pub credential: Uuid,
    /// How he has proven it.
    pub strength: Strength,
    /// The agency for which alone a token counts.
    pub agency: Option<AgencyId>,
    /// The acts for which alone a token counts; none of them leaves reading.
    pub acts: Option<Vec<String>>,
    /// Until when this may be acted upon.
    pub expires: Timestamp,
}

/// Claims, in the very text that was signed, with the signature.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Assertion {
    claims: String,
    signature: String,
}

/// Signs; only the identity service has one.
pub struct Signer(KeyPair);

/// Checks signatures. Clones share what they have checked.
#[derive(Clone)]
pub struct Verifier(Arc<Checked>);

struct Checked {
    keys: Vec<KeyPair>,
    known: Mutex<HashMap<Assertion, Claims>>,
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever reads a log must not be able to act.
        f.write_str("Assertion(…)")
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(…)")
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({} keys)", self.0.keys.len())
    }
}

impl Claims {
    /// Refuses an act for which the token was not given, and one of an agency for which it was not.
    pub fn allow(&self, act: &str, agency: &AgencyId) -> Result<(), Refusal> {
        let for_act = self.acts.as_ref().is_none_or(|acts| acts.iter().any(|allowed| allowed == act));
        let for_agency = self.agency.as_ref().is_none_or(|allowed| allowed == agency);
        if for_act && for_agency {
            return Ok(());
        }
        Err(Refusal::new(
            Code::NotAuthorised,
            "Mã truy cập này không được cấp cho việc đó; đề nghị người quản trị cấp mã khác.",
            format!("This token was not given for the act {act}: ask the administrator for another one."),
        ))
    }
}

impl Signer {
    /// The key in the folder of the credentials; made there, with its public half, if there is none.
    pub fn read_or_make(dir: &Path) -> Result<Self, CredentialError> {
        let path = dir.join(SIGNING_KEY);
        if !path.exists() {
            let pair = KeyPair::new_account();
            let seed = pair.seed().map_err(|_| CredentialError::NotASeed { path: path.clone() })?;
            let failed = |source| CredentialError::File { act: "write", path: path.clone(), source };
            // The public half first: a key that nobody checks signs nothing that counts.
            add_public(&dir.join(PUBLIC_KEYS), &pair.public_key()).map_err(failed)?;
            match write_new(&path, &seed) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
                _ => {}
            }
        }
        Self::read(dir)
    }

    /// The key in the folder of the credentials.
    pub fn read(dir: &Path) -> Result<Self, CredentialError> {
        let path = dir.join(SIGNING_KEY);
        let failed = |source| CredentialError::File { act: "read", path: path.clone(), source };
        let mode = fs::metadata(&path).map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(CredentialError::TooOpen { path, mode });
        }
        let text = fs::read_to_string(&path).map_err(failed)?;
        match KeyPair::from_seed(text.trim()) {
            Ok(pair) if pair.key_pair_type() == KeyPairType::Account => Ok(Self(pair)),
            _ => Err(CredentialError::NotASeed { path }),
        }
    }

    /// Signs who acts, for the next minutes.
    ///
    /// # Errors
    ///
    /// None is known; the library could not sign.
    pub fn sign(&self, mut claims: Claims, now: Timestamp) -> Result<(Assertion, Claims), String> {
        claims.expires = now + COUNTS_FOR;
        let text = serde_json::to_string(&claims).map_err(|error| error.to_string())?;
        let signature = self.0.sign(text.as_bytes()).map_err(|error| error.to_string())?;
        Ok((Assertion { claims: text, signature: BASE64URL_NOPAD.encode(&signature) }, claims))
    }
}

impl Verifier {
    /// The public keys in the folder of the credentials.
    pub fn read(dir: &Path) -> Result<Self, CredentialError> {
        let path = dir.join(PUBLIC_KEYS);
        let text = fs::read_to_string(&path).map_err(|source| CredentialError::File {
            act: "read",
            path: path.clone(),
            source,
        })?;
        let keys = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys: Result<Vec<_>, _> = keys.map(KeyPair::from_public_key).collect();
        let keys = keys.map_err(|_| CredentialError::NotASeed { path })?;
        Ok(Self(Arc::new(Checked { keys, known: Mutex::default() })))
    }

    /// What an assertion says, if it was signed by the identity service and still counts.
    pub fn verify(&self, assertion: &Assertion, now: Timestamp) -> Result<Claims, Refusal> {
        let known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner).get(assertion).cloned();
        let claims = match known {
            Some(claims) => claims,
            None => self.check(assertion).ok_or_else(not_proven)?,
        };
        if now > claims.expires + LEEWAY { Err(not_proven()) } else { Ok(claims) }
    }

    fn check(&self, assertion: &Assertion) -> Option<Claims> {
        let signature = BASE64URL_NOPAD.decode(assertion.signature.as_bytes()).ok()?;
        let signed = |key: &KeyPair| key.verify(assertion.claims.as_bytes(), &signature).is_ok();
        if !self.0.keys.iter().any(signed) {
            return None;
        }
        let claims: Claims = serde_json::from_str(&assertion.claims).ok()?;
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(assertion.clone(), claims.clone());
        Some(claims)
    }
}

fn not_proven() -> Refusal {
    Refusal::new(
        Code::NotAuthorised,
        "Chưa chứng minh được ai thực hiện việc này; đề nghị đăng nhập lại.",
        "It is not proven who acts: sign in again.",
    )
}

fn add_public(path: &Path, key: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).mode(0o644).open(path)?;
    file.write_all(format!("{key}\n").as_bytes())?;
    file.sync_all()
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(format!("{text}\n").as_bytes())?;
    file.sync_all()
}

/// Where the key that signs lies, for who must keep it safe.
pub fn signing_key(dir: &Path) -> PathBuf {
    dir.join(SIGNING_KEY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            officer: "btg.lanh-dao".into(),
            credential: Uuid::from_u128(7),
            strength: Strength::Password,
            agency: None,
            acts: None,
            expires: Timestamp::UNIX_EPOCH,
        }
    }

    fn now() -> Timestamp {
        "2026-05-16T14:52:00Z".parse().unwrap()
    }

    fn pair() -> (tempfile::TempDir, Signer, Verifier) {
        let dir = tempfile::tempdir().unwrap();
        let signer = Signer::read_or_make(dir.path()).unwrap();
        let verifier = Verifier::read(dir.path()).unwrap();
        (dir, signer, verifier)
    }

    #[test]
    fn what_was_signed_counts_for_minutes() {
        let (_dir, signer, verifier) = pair();
        let (assertion, said) = signer.sign(claims(), now()).unwrap();
        assert_eq!(verifier.verify(&assertion, now()).unwrap(), said);
        // Remembered or not, it ends.
        let late = now() + COUNTS_FOR + LEEWAY + TimeDelta::seconds(1);
        assert_eq!(verifier.verify(&assertion, late).unwrap_err().code, Code::NotAuthorised);
        assert_eq!(format!("{assertion:?}"), "Assertion(…)");
    }

    #[test]
    fn nothing_else_counts() {
        let (_dir, signer, verifier) = pair();
        let (_other_dir, other, _) = pair();
        let (assertion, _) = signer.sign(claims(), now()).unwrap();
        let (forged, _) = other.sign(claims(), now()).unwrap();
        let another = Assertion { claims: assertion.claims.replace("btg", "bxx"), ..assertion.clone() };
        let unsigned = Assertion { signature: String::new(), ..assertion.clone() };
        let nonsense = Assertion { signature: "***".to_owned(), ..assertion };
        for wrong in [forged, another, unsigned, nonsense] {
            assert_eq!(verifier.verify(&wrong, now()).unwrap_err().code, Code::NotAuthorised);
        }
    }

    #[test]
    fn a_key_is_made_once_and_a_second_one_may_stand_beside_it() {
        let (dir, signer, _) = pair();
        let again = Signer::read_or_make(dir.path()).unwrap();
        assert_eq!(signer.0.public_key(), again.0.public_key());
        fs::remove_file(signing_key(dir.path())).unwrap();
        let newer = Signer::read_or_make(dir.path()).unwrap();
        let verifier = Verifier::read(dir.path()).unwrap();
        for signer in [signer, newer] {
            let (assertion, _) = signer.sign(claims(), now()).unwrap();
            assert!(verifier.verify(&assertion, now()).is_ok());
        }
        fs::set_permissions(signing_key(dir.path()), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Signer::read(dir.path()), Err(CredentialError::TooOpen { .. })));
    }

    #[test]
    fn a_token_counts_for_its_acts_and_its_agency() {
        let limited = Claims { acts: Some(vec!["raise".to_owned()]), agency: Some("SXD".into()), ..claims() };
        assert!(claims().allow("record-directive", &"BTG".into()).is_ok());
        assert!(limited.allow("raise", &"SXD".into()).is_ok());
        for (act, agency) in [("acknowledge", "SXD"), ("raise", "BTG")] {
            assert_eq!(limited.allow(act, &agency.into()).unwrap_err().code, Code::NotAuthorised);
        }
    }
}
