//! Which policy is in force: what the directory says, or the files until it says something.

use std::sync::{Arc, PoisonError, RwLock};

use bus::Kept;
use domain::{Directory, Policy, Rulebook, directory};
use events::Timestamp;

/// The directory as it is known here, and the policies that follow from it.
pub(crate) struct Rules {
    /// The policy of the files, until the directory has one.
    files: Arc<Policy>,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    rulebook: Arc<Rulebook>,
    directory: Option<Kept<Directory>>,
    /// Up to when all cases have been looked at under the policies that were in force.
    considered: Option<Timestamp>,
}

impl Rules {
    pub(crate) fn of(files: Arc<Policy>) -> Self {
        Self { files, known: RwLock::default() }
    }

    fn read<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The policies; of the files alone, if the directory says nothing yet.
    pub(crate) fn rulebook(&self) -> Arc<Rulebook> {
        self.read(|known| match known.directory {
            Some(_) => Arc::clone(&known.rulebook),
            None => Arc::new(Rulebook::of(Arc::clone(&self.files))),
        })
    }

    /// The policy in force at a time.
    pub(crate) fn policy(&self, now: Timestamp) -> Arc<Policy> {
        self.read(|known| Arc::clone(known.rulebook.at(now).unwrap_or(&self.files)))
    }

    pub(crate) fn files(&self) -> &Arc<Policy> {
        &self.files
    }

    pub(crate) fn directory(&self) -> Option<Kept<Directory>> {
        self.read(|known| known.directory.clone())
    }

    /// Takes a newer directory; says whether it was newer.
    pub(crate) fn take(&self, loaded: Kept<Directory>) -> bool {
        let older =
            |known: &Known| known.directory.as_ref().is_none_or(|before| before.sequence < loaded.sequence);
        if !self.read(older) {
            return false;
        }
        let rulebook = match Rulebook::from_directory(&loaded.it, loaded.sequence) {
            Ok(rulebook) => Arc::new(rulebook),
            Err(error) => {
                // It was read when it was published: another build wrote it. What was in force goes on.
                tracing::error!(%error, alert = true, "a published policy cannot be read");
                self.read(|known| Arc::clone(&known.rulebook))
            }
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if !older(&known) {
            return false;
        }
        (known.rulebook, known.directory) = (rulebook, Some(loaded));
        true
    }

    /// Whether another policy has come into force since all cases were last looked at.
    pub(crate) fn has_changed_by(&self, now: Timestamp) -> bool {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let since = known.considered;
        known.considered = since.max(Some(now));
        since.is_some_and(|since| known.rulebook.next_change(since).is_some_and(|change| change <= now))
    }

    /// Up to when all cases have been looked at, or are being looked at.
    pub(crate) fn considered(&self) -> Option<Timestamp> {
        self.read(|known| known.considered)
    }

    /// Whether one policy has followed on another: what waited under the first may be another's now.
    pub(crate) fn have_changed(&self) -> bool {
        let second = |known: &Known| {
            let first = known.rulebook.next_change(Timestamp::MIN_UTC)?;
            known.rulebook.next_change(first)
        };
        self.read(second).is_some()
    }

    /// When the first policy came into force; `None` before there is one.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        self.read(|known| known.rulebook.next_change(Timestamp::MIN_UTC))
    }

    /// What the directory must do next by itself.
    pub(crate) fn next_step(&self, now: Timestamp) -> Option<directory::Step> {
        let policy = self.policy(now);
        self.read(|known| directory::next_step(&known.directory.as_ref()?.it, now, &policy))
    }

    /// When the directory has something to do, or another policy comes into force, after `now`.
    pub(crate) fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let policy = self.policy(now);
        self.read(|known| {
            let loaded = known.directory.as_ref()?;
            let due = directory::due(&loaded.it, now, &policy);
            due.into_iter().chain(known.rulebook.next_change(now)).min()
        })
    }
}
