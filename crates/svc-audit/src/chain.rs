//! The chain: each fact names the digest of the fact before it, and versions have no gaps.

use std::collections::HashMap;

use events::{
    AggregateId, Digest, Timestamp, Unreadable,
    envelope::{self, Link},
};

/// The newest fact of each aggregate, as far as the log has been read.
#[derive(Default)]
pub(crate) struct Chain(HashMap<AggregateId, (u32, Digest)>);

/// A fact that does not follow.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(#[from] Unreadable),
    /// It stands under another aggregate's subject.
    #[error("it stands under {0}, which is not its own subject")]
    Misplaced(String),
    /// A version is missing or comes twice.
    #[error("version {found} comes where {expected} must stand: a fact is missing or doubled")]
    Version {
        /// What must come.
        expected: u32,
        /// What came.
        found: u32,
    },
    /// It does not name the digest of the fact before it.
    #[error("version {0} does not name the digest of the fact before it: the log was altered")]
    Digest(u32),
}

impl Chain {
    /// Takes the next fact of the log, whatever it says; tells when it was recorded.
    pub(crate) fn follow(
        &mut self,
        subject: &str,
        payload: &[u8],
        recorded: impl FnOnce(Timestamp),
    ) -> Result<(), Broken> {
        let link = envelope::link(payload)?;
        recorded(link.stamp.recorded_at);
        self.link(subject, &link)
    }

    /// Takes the link that the next fact of the log is, and the subject under which it stands.
    pub(crate) fn link(&mut self, subject: &str, link: &Link) -> Result<(), Broken> {
        let Link { aggregate, stamp, digest: own, .. } = *link;
        if !aggregate.has_subject(subject) {
            return Err(Broken::Misplaced(subject.to_owned()));
        }
        let (version, digest) = self.0.get(&aggregate).copied().unwrap_or((0, Digest::ZERO));
        // What comes after a break is judged by itself.
        self.0.insert(aggregate, (stamp.version, own));
        if stamp.version != version + 1 {
            return Err(Broken::Version { expected: version + 1, found: stamp.version });
        }
        if stamp.previous != digest {
            return Err(Broken::Digest(stamp.version));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use events::{Kind, envelope::Stamp};

    use super::*;

    /// Two facts of one case, the second naming the first's digest.
    fn two() -> (String, [String; 2]) {
        let mut example = Kind::RaisedByPhone.example();
        let subject = example["subject"].as_str().unwrap().to_owned();
        let first = example.to_string();
        example = Kind::Numbered.example();
        for stamp in ["version", "recordedtime", "previoushash"] {
            example.as_object_mut().unwrap().remove(stamp);
        }
        let at = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        let second = envelope::stamp(
            &example.to_string(),
            Stamp { version: 2, recorded_at: at, previous: Digest::of(first.as_bytes()) },
        )
        .unwrap();
        (subject, [first, second])
    }

    #[test]
    fn facts_that_follow_are_taken() {
        let (subject, [first, second]) = two();
        let mut chain = Chain::default();
        chain.follow(&subject, first.as_bytes(), drop).unwrap();
        chain.follow(&subject, second.as_bytes(), drop).unwrap();
    }

    #[test]
    fn a_changed_letter_breaks_the_chain() {
        let (subject, [first, second]) = two();
        let mut chain = Chain::default();
        let altered = first.replacen("hoa-toc", "khan", 1);
        assert_ne!(altered, first);
        chain.follow(&subject, altered.as_bytes(), drop).unwrap();
        assert!(matches!(chain.follow(&subject, second.as_bytes(), drop), Err(Broken::Digest(2))));
    }

    #[test]
    fn a_missing_fact_is_noticed() {
        let (subject, [_, second]) = two();
        let mut chain = Chain::default();
        let missing = chain.follow(&subject, second.as_bytes(), drop);
        assert!(matches!(missing, Err(Broken::Version { expected: 1, found: 2 })));
    }

    #[test]
    fn a_fact_under_another_subject_is_noticed() {
        let (_, [first, _]) = two();
        assert!(matches!(
            Chain::default().follow("case.00.x", first.as_bytes(), drop),
            Err(Broken::Misplaced(_))
        ));
    }
}
