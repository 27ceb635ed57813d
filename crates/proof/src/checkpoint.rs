//! Checkpoints: at an instant, how many messages each log had, and the roots over them, signed.
//!
//! The text is a C2SP `tlog-checkpoint` of the log of facts; the other logs stand in its extension lines. So any
//! witness that knows the standard can keep it and countersign it.
//!
//! ```text
//! concord.example.vn
//! 1204
//! 5ZrCvJlKgbzC3T2mMK4bDpUhk9A5+7GfXq0gV2bPp4I=
//! outbox 377 JtL…=
//! access 52 9cC…=
//! number 31
//! time 2026-05-17T06:00:00.000000Z
//! previous kq9…=
//! key concord.example.vn+1f3a9c55+AbC…
//!
//! — concord.example.vn HzqcVc…
//! ```

use std::{fmt::Write as _, str::FromStr as _};

use chrono::SecondsFormat;
use data_encoding::BASE64;
use events::{Digest, Timestamp};
use signed_note::{Note, NoteError};
use tlog_tiles::checkpoint::Checkpoint as Standard;

use crate::{
    EMPTY, Hash,
    keys::{PublicKey, SigningKey, Trusted},
};

/// The logs, in the order of [`Checkpoint::heads`].
pub const LOGS: [&str; 3] = ["cases", "outbox", "access"];

/// How large a log was, and its root.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Head {
    /// How many messages it had.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
}

/// What is signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Whose it is: the name of the installation.
    pub origin: String,
    /// The heads of all [`LOGS`].
    pub heads: [Head; 3],
    /// How many checkpoints there were up to this one: the first is 1.
    pub number: u64,
    /// When it was made, by the clock of who signed.
    pub at: Timestamp,
    /// The digest of the note before it, signatures and all; [`Digest::ZERO`] for the first.
    pub previous: Digest,
    /// The keys that sign from now on: who believes this checkpoint believes them.
    pub keys: Vec<PublicKey>,
}

/// A checkpoint whose signature was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Signed {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The note as it was signed, text and signatures.
    pub note: String,
}

/// Why a note is no checkpoint that can be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unbelievable {
    /// It is no signed note.
    #[error("it is no signed note: {0}")]
    NotANote(String),
    /// No key that is believed has signed it.
    #[error(
        "none of the keys that are believed has signed it: give the public key that was published with it"
    )]
    UnknownKey,
    /// A signature is wrong.
    #[error("the signature of {0} is wrong: the text was altered, or the signature forged")]
    Forged(String),
    /// It is signed, but it is no checkpoint of ours.
    #[error("it is signed, but no checkpoint: {0}")]
    NotACheckpoint(&'static str),
}

impl Default for Head {
    fn default() -> Self {
        Self { size: 0, root: EMPTY }
    }
}

impl Checkpoint {
    /// Signs it.
    ///
    /// # Errors
    /// Its origin cannot be one.
    pub fn sign(self, keys: &[SigningKey]) -> Result<Signed, Unbelievable> {
        let note = sign(&self.text()?, keys)?;
        Ok(Signed { checkpoint: self, note })
    }

    /// What a note says, whoever has signed it: for a comparison with what is in hand, which believes nobody.
    ///
    /// # Errors
    /// It is no checkpoint of ours.
    pub fn unproven(note: &str) -> Result<Self, Unbelievable> {
        let note = Note::from_bytes(note.as_bytes()).map_err(not_a_note)?;
        let text =
            std::str::from_utf8(note.text()).map_err(|_| Unbelievable::NotACheckpoint("it is no text"))?;
        Self::parse(text).map_err(Unbelievable::NotACheckpoint)
    }

    fn text(&self) -> Result<String, Unbelievable> {
        let mut more = String::new();
        for (log, head) in LOGS.iter().zip(&self.heads).skip(1) {
            let _ = writeln!(more, "{log} {} {}", head.size, head.root);
        }
        let at = self.at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let _ = writeln!(
            more,
            "number {}\ntime {at}\nprevious {}",
            self.number,
            BASE64.encode(self.previous.as_bytes())
        );
        for key in &self.keys {
            let _ = writeln!(more, "key {key}");
        }
        let [cases, ..] = &self.heads;
        let standard = Standard::new(&self.origin, cases.size, cases.root, &more)
            .map_err(|_| Unbelievable::NotACheckpoint("its origin is empty"))?;
        String::from_utf8(standard.to_bytes()).map_err(|_| Unbelievable::NotACheckpoint("it is no text"))
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let standard = Standard::from_bytes(text.as_bytes()).map_err(|_| "it is no C2SP checkpoint")?;
        let mut lines = standard.extension().lines();
        let mut line = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let mut heads =
            [Head { size: standard.size(), root: *standard.hash() }, Head::default(), Head::default()];
        for (log, head) in LOGS.iter().zip(&mut heads).skip(1) {
            let (size, root) =
                line(log).and_then(|line| line.split_once(' ')).ok_or("the head of a log is missing")?;
            let size = size.parse().map_err(|_| "the size of a log is no number")?;
            *head = Head { size, root: Hash::parse_hash(root).map_err(|_| "the root of a log is no hash")? };
        }
        let number = line("number").and_then(|number| number.parse().ok()).ok_or("its number is missing")?;
        let at = line("time").and_then(|at| Timestamp::from_str(at).ok()).ok_or("its time is missing")?;
        let previous = line("previous").and_then(|text| BASE64.decode(text.as_bytes()).ok());
        let previous = previous.and_then(|bytes| bytes.try_into().ok()).map(Digest::from_bytes);
        let previous = previous.ok_or("the digest of the one before it is missing")?;
        let keys = lines
            .map(|line| line.strip_prefix("key ").and_then(|key| PublicKey::parse(key).ok()))
            .collect::<Option<Vec<_>>>()
            .ok_or("a line is neither known nor a key")?;
        Ok(Self { origin: standard.origin().to_owned(), heads, number, at, previous, keys })
    }
}

impl Signed {
    /// Reads a note, and believes it only if a trusted key has signed it and no trusted key's signature is wrong.
    ///
    /// # Errors
    /// [`Unbelievable`]
    pub fn open(note: &str, trusted: &Trusted) -> Result<Self, Unbelievable> {
        let text = open(note, trusted)?;
        let checkpoint = Checkpoint::parse(&text).map_err(Unbelievable::NotACheckpoint)?;
        // There is one way to write it: what is read differently by another program is not believed.
        if checkpoint.text().as_deref() != Ok(&text) {
            return Err(Unbelievable::NotACheckpoint("it is not written as Concord writes it"));
        }
        Ok(Self { checkpoint, note: note.to_owned() })
    }

    /// What the next checkpoint names as the one before it.
    pub fn digest(&self) -> Digest {
        Digest::of(self.note.as_bytes())
    }
}

/// Signs a text, which ends with a line feed: a C2SP signed note.
///
/// # Errors
/// It cannot be signed.
pub fn sign(text: &str, keys: &[SigningKey]) -> Result<String, Unbelievable> {
    let mut note = Note::new(text.as_bytes(), &[]).map_err(not_a_note)?;
    let signers: Vec<_> = keys.iter().map(|key| key.signer() as &dyn signed_note::Signer).collect();
    note.add_sigs(&signers).map_err(not_a_note)?;
    String::from_utf8(note.to_bytes()).map_err(|_| Unbelievable::NotANote("it is no text".to_owned()))
}

/// The text of a signed note, if it can be believed.
///
/// # Errors
/// [`Unbelievable`]
pub fn open(note: &str, trusted: &Trusted) -> Result<String, Unbelievable> {
    let opened = Note::from_bytes(note.as_bytes()).map_err(not_a_note)?;
    opened.verify(trusted).map_err(|error| match error {
        NoteError::UnverifiedNote => Unbelievable::UnknownKey,
        NoteError::InvalidSignature { name, .. } => Unbelievable::Forged(name),
        other => not_a_note(other),
    })?;
    String::from_utf8(opened.text().to_vec()).map_err(|_| Unbelievable::NotANote("it is no text".to_owned()))
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn not_a_note(error: NoteError) -> Unbelievable {
    Unbelievable::NotANote(error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::leaf;

    fn checkpoint(keys: &[&SigningKey]) -> Checkpoint {
        let head = |size: u64| Head { size, root: leaf("case.00.a", &size.to_be_bytes()) };
        Checkpoint {
            origin: "concord.example.vn".to_owned(),
            heads: [head(1_204), head(377), head(52)],
            number: 31,
            at: Timestamp::from_timestamp(1_800_000_000, 5_000).unwrap(),
            previous: Digest::of(b"the one before"),
            keys: keys.iter().map(|key| key.public().clone()).collect(),
        }
    }

    fn key() -> SigningKey {
        SigningKey::generate("concord.example.vn").unwrap()
    }

    #[test]
    fn what_was_signed_is_read_again() {
        let key = key();
        let signed = checkpoint(&[&key]).sign(std::slice::from_ref(&key)).unwrap();
        let trusted = Trusted::parse(&format!("# ours\n\n{}\n", key.public())).unwrap();
        assert_eq!(Signed::open(&signed.note, &trusted), Ok(signed.clone()));
        assert_eq!(Signed::open(&signed.note, &Trusted::default()), Err(Unbelievable::UnknownKey));
        assert_eq!(Checkpoint::unproven(&signed.note), Ok(signed.checkpoint.clone()));
        let other = SigningKey::generate("concord.example.vn").unwrap();
        assert_eq!(
            Signed::open(&signed.note, &[other.public().clone()].into_iter().collect()),
            Err(Unbelievable::UnknownKey)
        );
    }

    #[test]
    fn either_of_two_keys_is_enough_while_they_overlap() {
        let (old, new) = (key(), key());
        let signed = checkpoint(&[&old, &new]).sign(&[old.clone(), new.clone()]).unwrap();
        for key in [&old, &new] {
            let opened = Signed::open(&signed.note, &[key.public().clone()].into_iter().collect()).unwrap();
            assert_eq!(opened.checkpoint.keys, [old.public().clone(), new.public().clone()]);
        }
    }

    #[test]
    fn a_key_is_read_again_and_its_secret_does_not_show() {
        let key = key();
        let again = SigningKey::read(&format!("{}\n", key.reveal()), &key.public().to_string()).unwrap();
        assert_eq!(again.public(), key.public());
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.public()));
        assert!(SigningKey::read(key.reveal(), &self::key().public().to_string()).is_err());
        assert!(SigningKey::generate("with a space").is_err());
    }

    proptest! {
        #[test]
        fn one_bit_anywhere_and_it_is_not_believed(at in 0_usize..4_000, bit in 0_u8..8) {
            let key = key();
            let signed = checkpoint(&[&key]).sign(std::slice::from_ref(&key)).unwrap();
            let mut bytes = signed.note.clone().into_bytes();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            let trusted = [key.public().clone()].into_iter().collect();
            if let Ok(altered) = String::from_utf8(bytes) {
                prop_assert!(Signed::open(&altered, &trusted).is_err(), "{altered}");
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = Signed::open(&text, &Trusted::default());
            let _ = Checkpoint::parse(&text);
        }
    }
}
