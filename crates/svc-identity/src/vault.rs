//! The bucket of accounts, sessions and tokens, and the record of access. Every change is made by compare-and-set.

use bus::{
    Bus,
    access::{Access, What},
    append::{self, Append, AppendError},
    identity::Opening,
    log::{self, ReadError},
    streams::{ACCESS, IDENTITY, IDENTITY_SUBJECTS},
};
use events::{CaseId, OfficerId, Timestamp};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::records::{Account, Session, Token};

/// How often a change is tried again when another came first.
const ROUNDS: usize = 5;

/// Where the accounts are.
#[derive(Clone, Debug)]
pub struct Vault {
    bus: Bus,
}

/// Why something could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The server does not answer.
    #[error("accounts cannot be read: {0}")]
    Read(#[from] ReadError),
    /// Nothing was kept, or it is not known.
    #[error("accounts cannot be kept: {0}")]
    Append(#[from] AppendError),
    /// What is kept is not what was written.
    #[error("{key} cannot be read: {reason}")]
    Damaged {
        /// The key.
        key: String,
        /// Why.
        reason: String,
    },
}

/// What is kept under a key of its own.
pub(crate) trait Kept: Serialize + DeserializeOwned {
    /// How the keys of its kind begin.
    const KIND: &'static str;
    /// Its key.
    fn key(&self) -> String;
}

impl Kept for Account {
    const KIND: &'static str = "account";
    fn key(&self) -> String {
        of_account(&self.officer)
    }
}

impl Kept for Session {
    const KIND: &'static str = "session";
    fn key(&self) -> String {
        of::<Self>(self.id)
    }
}

impl Kept for Token {
    const KIND: &'static str = "token";
    fn key(&self) -> String {
        of::<Self>(self.id)
    }
}

/// The key of a session or token.
pub(crate) fn of<T: Kept>(id: Uuid) -> String {
    format!("{}.{}", T::KIND, id.simple())
}

/// The key of an account.
pub(crate) fn of_account(officer: &OfficerId) -> String {
    format!("{}.{officer}", Account::KIND)
}

impl Vault {
    /// The bucket, by the credential of the identity service.
    pub fn new(bus: Bus) -> Self {
        Self { bus }
    }

    /// What stands under a key, and its place.
    pub(crate) async fn read<T: Kept>(&self, key: &str) -> Result<Option<(T, u64)>, VaultError> {
        let Some(entry) = log::last(&self.bus, IDENTITY, &subject(key)).await? else { return Ok(None) };
        let value = serde_json::from_slice(&entry.payload);
        let value =
            value.map_err(|error| VaultError::Damaged { key: key.to_owned(), reason: error.to_string() })?;
        Ok(Some((value, entry.sequence)))
    }

    /// All of a kind.
    pub(crate) async fn all<T: Kept>(&self) -> Result<Vec<T>, VaultError> {
        let mut all = Vec::new();
        let mut next = 1;
        loop {
            let entries = log::read(&self.bus, IDENTITY, next, &subject(&format!("{}.>", T::KIND))).await?;
            let Some(last) = entries.last() else { return Ok(all) };
            next = last.sequence + 1;
            for entry in &entries {
                match serde_json::from_slice(&entry.payload) {
                    Ok(value) => all.push(value),
                    Err(error) => {
                        tracing::error!(subject = entry.subject, %error, alert = true, "cannot be read");
                    }
                }
            }
        }
    }

    /// Keeps a value in the place of the one at `on`; 0 for a new one.
    pub(crate) async fn keep<T: Kept>(&self, value: &T, on: u64) -> Result<(), VaultError> {
        append::append(&self.bus, IDENTITY, &change(value, on)).await?;
        Ok(())
    }

    /// Keeps many new values, all or none.
    pub(crate) async fn keep_all<T: Kept>(&self, values: &[T]) -> Result<(), VaultError> {
        let changes: Vec<_> = values.iter().map(|value| change(value, 0)).collect();
        match changes.as_slice() {
            [] => {}
            [one] => drop(append::append(&self.bus, IDENTITY, one).await?),
            many => drop(append::append_all(&self.bus, IDENTITY, many).await?),
        }
        Ok(())
    }

    /// Changes what stands under a key, again if another change came first; gives it as it stands then, or `None` where
    /// there is nothing or nothing is to be changed.
    pub(crate) async fn change<T: Kept>(
        &self,
        key: &str,
        mut alter: impl FnMut(&mut T) -> bool,
    ) -> Result<Option<T>, VaultError> {
        for round in 1.. {
            let Some((mut value, sequence)) = self.read::<T>(key).await? else { return Ok(None) };
            if !alter(&mut value) {
                return Ok(None);
            }
            match self.keep(&value, sequence).await {
                Err(VaultError::Append(AppendError::Conflict { .. })) if round < ROUNDS => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(Some(value)),
            }
        }
        Ok(None)
    }

    /// Writes down what happened to an account, or what its officer did.
    pub(crate) async fn record(
        &self,
        officer: &OfficerId,
        credential: Option<Uuid>,
        what: What,
        at: Timestamp,
    ) -> Result<(), VaultError> {
        self.write_down(&Access::of(officer, credential, what, at)).await
    }

    /// Who has opened a case, the oldest first; of very many the newest.
    pub(crate) async fn openings(&self, case: CaseId) -> Result<Vec<Opening>, VaultError> {
        let mut openings = Vec::new();
        let mut next = 1;
        loop {
            let read = log::read(&self.bus, ACCESS, next, &Access::openings_of(case.0)).await?;
            let Some(last) = read.last() else { return Ok(openings) };
            next = last.sequence + 1;
            let kept = read.iter().filter_map(|entry| serde_json::from_slice::<Access>(&entry.payload).ok());
            openings.extend(kept.filter_map(|kept| Some(Opening { officer: kept.officer?, at: kept.at })));
            openings.drain(..openings.len().saturating_sub(MOST_OPENINGS));
        }
    }

    /// Writes an entry into the record of access.
    pub(crate) async fn write_down(&self, access: &Access) -> Result<(), VaultError> {
        let subject = access.subject();
        for round in 1.. {
            let last = log::last(&self.bus, ACCESS, &subject).await?;
            let entry = Append {
                subject: subject.clone(),
                payload: bus::protocol::write(access),
                id: Uuid::new_v4().to_string(),
                expected: last.map_or(0, |entry| entry.sequence),
                headers: Vec::new(),
            };
            match append::append(&self.bus, ACCESS, &entry).await {
                Err(AppendError::Conflict { .. }) if round < ROUNDS => {}
                Err(error) => return Err(error.into()),
                Ok(_) => return Ok(()),
            }
        }
        Ok(())
    }

    /// Says to every edge that a session or token counts no more.
    pub(crate) async fn tell_ended(&self, id: Uuid) {
        let told = async {
            self.bus.publish(bus::identity::ENDED, bus::protocol::write(&id)).await?;
            // A command of the administrator ends with this.
            self.bus.flush().await
        };
        if let Err(error) = told.await {
            // It ends there by itself within a minute.
            tracing::warn!(%error, "the edges were not told that a credential ended");
        }
    }
}

/// How many openings of a case are told: what fits into an answer.
const MOST_OPENINGS: usize = 2_000;

fn subject(key: &str) -> String {
    format!("{IDENTITY_SUBJECTS}{key}")
}

fn change<T: Kept>(value: &T, on: u64) -> Append {
    Append {
        subject: subject(&value.key()),
        payload: bus::protocol::write(value),
        id: Uuid::new_v4().to_string(),
        expected: on,
        headers: Vec::new(),
    }
}
