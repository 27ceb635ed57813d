//! What a stream holds, as one root: over all its messages in their order, or over the newest of each subject.

use std::collections::{BTreeMap, VecDeque};

use bus::{archive::Whole, audit::TRUTH};
use events::Timestamp;
use proof::{
    EMPTY, Frontier, Hash,
    checkpoint::{Checkpoint, Head},
    leaf,
};

use super::{BackupError, Kind};

/// Somebody's word on a stream: over its first `size` messages the root is this.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) size: u64,
    pub(super) root: Hash,
    pub(super) of: String,
}

/// The contents of a stream while it is read; holds every word against what was read up to then.
#[derive(Debug)]
pub(super) enum Contents {
    /// Of a log.
    Log { stream: &'static str, tree: Frontier, words: VecDeque<Word> },
    /// Of another stream: the newest message of each subject.
    Whole(BTreeMap<String, Hash>),
}

impl Contents {
    /// Of nothing yet. Words on anything but a log do not count.
    pub(super) fn new(stream: &'static str, mut words: Vec<Word>) -> Self {
        match Kind::of(stream) {
            Kind::Whole => Self::Whole(BTreeMap::new()),
            Kind::Log => {
                words.sort_by_key(|word| word.size);
                Self::Log { stream, tree: Frontier::default(), words: words.into() }
            }
        }
    }

    /// Takes in the next message.
    pub(super) fn push(&mut self, message: &Whole) -> Result<(), BackupError> {
        let leaf = leaf(&message.subject, &message.payload);
        match self {
            Self::Log { stream, tree, words } => {
                tree.push(leaf);
                hold(stream, tree, words)
            }
            Self::Whole(newest) => {
                newest.insert(message.subject.clone(), leaf);
                Ok(())
            }
        }
    }

    /// The root over all, once it has been held against every word.
    pub(super) fn root(self) -> Result<Hash, BackupError> {
        match self {
            Self::Log { stream, tree, mut words } => {
                hold(stream, &tree, &mut words)?;
                match words.pop_front() {
                    None => Ok(tree.root()),
                    Some(Word { size, of, .. }) => {
                        Err(BackupError::TooFew { stream, size, there: tree.size(), of })
                    }
                }
            }
            Self::Whole(newest) => {
                let mut tree = Frontier::default();
                for leaf in newest.into_values() {
                    tree.push(leaf);
                }
                Ok(tree.root())
            }
        }
    }
}

/// Holds the words that are about as many messages as there are.
fn hold(stream: &'static str, tree: &Frontier, words: &mut VecDeque<Word>) -> Result<(), BackupError> {
    while let Some(word) = words.pop_front_if(|word| word.size <= tree.size()) {
        let root = if word.size == 0 { EMPTY } else { tree.root() };
        if root != word.root {
            return Err(BackupError::AnotherRoot { stream, size: word.size, of: word.of });
        }
    }
    Ok(())
}

/// The checkpoint of a stream of them that comes last: what it says of each log. Who has signed it does not matter, for
/// what it says is held against the logs themselves.
pub(super) fn words_of(checkpoint: Option<&Whole>) -> Result<Vec<(&'static str, Word)>, String> {
    let Some(message) = checkpoint else { return Ok(Vec::new()) };
    let note = std::str::from_utf8(&message.payload).map_err(|_| "it is no text")?;
    let Checkpoint { heads, number, at, .. } =
        Checkpoint::unproven(note).map_err(|error| error.to_string())?;
    let of = |at: Timestamp| format!("checkpoint {number} of {}", at.to_rfc3339());
    let word =
        |(stream, Head { size, root }): (&'static str, Head)| (stream, Word { size, root, of: of(at) });
    Ok(TRUTH.into_iter().zip(heads).map(word).collect())
}

#[cfg(test)]
mod tests {
    use bus::streams::{CASES, IDENTITY};
    use bytes::Bytes;

    use super::*;

    fn message(subject: &str, payload: &'static str) -> Whole {
        Whole {
            sequence: 0,
            subject: subject.to_owned(),
            headers: Vec::new(),
            stored_at: Timestamp::UNIX_EPOCH,
            payload: Bytes::from_static(payload.as_bytes()),
        }
    }

    fn word(size: u64, root: Hash) -> Word {
        Word { size, root, of: "somebody".to_owned() }
    }

    fn read(words: Vec<Word>) -> Result<Hash, String> {
        let mut contents = Contents::new(CASES, words);
        for payload in ["one", "two"] {
            contents.push(&message("case.00.a", payload)).map_err(|error| error.to_string())?;
        }
        contents.root().map_err(|error| error.to_string())
    }

    #[test]
    fn every_word_is_held_against_what_was_read_up_to_then() {
        let one = leaf("case.00.a", b"one");
        let both = read(Vec::new()).unwrap();
        assert_eq!(read(vec![word(2, both), word(1, one), word(0, EMPTY), word(2, both)]), Ok(both));
        for (wrong, said) in [
            (word(0, one), "over its first 0 messages the root is not the one that somebody names"),
            (word(1, both), "over its first 1 messages the root is not the one that somebody names"),
            (word(2, one), "over its first 2 messages the root is not the one that somebody names"),
            (word(3, both), "somebody names 3 messages of CASES, and there are only 2"),
        ] {
            let refused = read(vec![word(2, both), wrong]).unwrap_err();
            assert!(refused.ends_with(said), "{refused}");
        }
    }

    #[test]
    fn of_a_bucket_only_the_newest_counts() {
        let root = |messages: &[(&str, &'static str)]| {
            let mut contents = Contents::new(IDENTITY, Vec::new());
            for (subject, payload) in messages {
                contents.push(&message(subject, payload)).unwrap();
            }
            contents.root().unwrap()
        };
        assert_eq!(root(&[("a", "old"), ("b", "x"), ("a", "new")]), root(&[("a", "new"), ("b", "x")]));
        assert_ne!(root(&[("a", "old"), ("b", "x")]), root(&[("a", "new"), ("b", "x")]));
    }
}
