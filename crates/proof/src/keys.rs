//! The keys that sign checkpoints, in the text forms of C2SP `signed-note`: `PRIVATE+KEY+…` and `name+id+key`.

use std::fmt;

use rand_core::OsRng;
use signed_note::{
    Signer as _, StandardSigner, StandardVerifier, VerificationError, Verifier as _, Verifiers,
};

/// The text is no key of this form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a key of a signed note: copy the whole line, name+id+key")]
pub struct NotAKey(String);

/// The secret half. It shows in no log.
#[derive(Clone)]
pub struct SigningKey {
    secret: String,
    public: PublicKey,
    signer: StandardSigner,
}

/// The public half, by which anybody checks a signature: `name+id+key`.
#[derive(Clone)]
pub struct PublicKey {
    text: String,
    verifier: StandardVerifier,
}

/// Keys whose signatures are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trusted(Vec<PublicKey>);

impl SigningKey {
    /// A new one. The name says whose it is; it has no spaces and no plus sign.
    ///
    /// # Errors
    /// The name cannot be one.
    pub fn generate(name: &str) -> Result<Self, NotAKey> {
        if !signed_note::is_key_name_valid(name) {
            return Err(NotAKey(name.to_owned()));
        }
        let (secret, public) = signed_note::generate_key(&mut OsRng, name);
        Self::read(&secret, &public)
    }

    /// Reads the secret and the public half.
    ///
    /// # Errors
    /// They are no keys, or not of one pair.
    pub fn read(secret: &str, public: &str) -> Result<Self, NotAKey> {
        let (secret, public) = (secret.trim(), PublicKey::parse(public)?);
        // The message never holds the secret.
        let other = || NotAKey(format!("the secret half of {public}"));
        let signer = StandardSigner::new(secret).map_err(|_| other())?;
        if signer.key_id() != public.verifier.key_id() || signer.name() != public.verifier.name() {
            return Err(other());
        }
        Ok(Self { secret: secret.to_owned(), public, signer })
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The secret half as text, for the file that keeps it.
    pub fn reveal(&self) -> &str {
        &self.secret
    }

    pub(crate) fn signer(&self) -> &StandardSigner {
        &self.signer
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public)
    }
}

impl PublicKey {
    /// Reads `name+id+key`.
    ///
    /// # Errors
    /// It is something else.
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        let text = text.trim();
        let verifier = StandardVerifier::new(text).map_err(|_| NotAKey(text.to_owned()))?;
        Ok(Self { text: text.to_owned(), verifier })
    }

    /// Whose it is.
    pub fn name(&self) -> &str {
        self.verifier.name()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for PublicKey {}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Trusted {
    /// Reads keys, one a line; empty lines and lines that begin with `#` say nothing.
    ///
    /// # Errors
    /// A line is no key.
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(PublicKey::parse).collect::<Result<_, _>>().map(Self)
    }

    /// Believes one more.
    pub fn add(&mut self, key: PublicKey) {
        if !self.0.contains(&key) {
            self.0.push(key);
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &PublicKey> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<PublicKey> for Trusted {
    fn from_iter<I: IntoIterator<Item = PublicKey>>(keys: I) -> Self {
        let mut trusted = Self::default();
        keys.into_iter().for_each(|key| trusted.add(key));
        trusted
    }
}

impl Verifiers for Trusted {
    fn verifier(&self, name: &str, id: u32) -> Result<&dyn signed_note::Verifier, VerificationError> {
        let known =
            self.0.iter().map(|key| &key.verifier).find(|key| key.name() == name && key.key_id() == id);
        let unknown = || VerificationError::UnknownKey { name: name.to_owned(), id };
        known.map(|key| key as &dyn signed_note::Verifier).ok_or_else(unknown)
    }
}
