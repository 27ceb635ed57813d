//! What is kept of an account, a session and a token. No secret is among it but the one for one-time codes.

use bus::assertion::Strength;
use events::{AgencyId, Digest, OfficerId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An account by which an officer signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Whose.
    pub officer: OfficerId,
    /// The password, as argon2id leaves it.
    pub password: String,
    /// It was given by an administrator, and must be changed.
    pub must_change: bool,
    /// How often in a row signing in has failed.
    pub failures: u32,
    /// Until when nobody signs in.
    pub locked_until: Option<Timestamp>,
    /// The secret for one-time codes, once they are asked for.
    pub second_factor: Option<SecondFactor>,
    /// A secret of which no code was shown yet.
    pub offered: Option<String>,
    /// When it was made.
    pub since: Timestamp,
    /// It was closed.
    pub closed: bool,
}

/// One-time codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactor {
    /// The secret, in base 32.
    pub secret: String,
    /// The step of the newest code that was taken: no code is taken twice.
    pub last_step: u64,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Which.
    pub id: Uuid,
    /// Whose.
    pub officer: OfficerId,
    /// The digest of what is shown.
    pub digest: Digest,
    /// How it was proven who he is.
    pub strength: Strength,
    /// He must choose a password of his own first.
    pub must_change: bool,
    /// When it began.
    pub since: Timestamp,
    /// When it was used, to the minute.
    pub used: Timestamp,
    /// When it ends, whatever is done.
    pub ends: Timestamp,
    /// When it was ended before.
    pub ended: Option<Timestamp>,
}

/// A token of a client program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Which.
    pub id: Uuid,
    /// For whom it acts.
    pub officer: OfficerId,
    /// The digest of what is shown.
    pub digest: Digest,
    /// What it is for.
    pub name: String,
    /// The agency for which alone it counts.
    pub agency: Option<AgencyId>,
    /// The acts for which alone it counts; none of them leaves reading.
    pub acts: Option<Vec<String>>,
    /// When it was given.
    pub since: Timestamp,
    /// When it ends by itself.
    pub ends: Option<Timestamp>,
    /// When it was taken back.
    pub revoked: Option<Timestamp>,
}

impl Session {
    /// Whether it counts.
    pub fn counts(&self, now: Timestamp, idle: chrono::TimeDelta) -> bool {
        self.ended.is_none() && now < self.ends && now < self.used + idle
    }
}

impl Token {
    /// Whether it counts.
    pub fn counts(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.ends.is_none_or(|ends| now < ends)
    }
}
