//! Acts of several persons: a first key proposes, a second confirms (PROCESS §1 rule 3).
//!
//! Each key is an act of its own with one fact. A newer proposal of the same kind replaces the older; when the case
//! moves on, what still waits is void.

use events::{Actor, Fact, OfficerId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    organisation::Person,
    refusal::{Code, Refusal},
};

/// A first key that was turned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{T}Key")]
pub struct Key<T> {
    /// What was proposed.
    pub proposed: T,
    /// Who proposed.
    pub by: OfficerId,
    /// Where it stands.
    pub state: KeyState,
}

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// Waits for the next key.
    Pending,
    /// Confirmed.
    Confirmed,
    /// Rejected.
    Rejected,
    /// A newer proposal took its place.
    Replaced,
    /// The case moved on before anybody answered.
    Void,
}

impl<T> Key<T> {
    /// The key that a fact of a person turned.
    pub(crate) fn of(proposed: T, fact: &Fact) -> Option<Self> {
        let Actor::Person { officer, .. } = &fact.origin().actor else { return None };
        Some(Self { proposed, by: officer.clone(), state: KeyState::Pending })
    }

    /// It waits for the next key.
    pub fn is_pending(&self) -> bool {
        self.state == KeyState::Pending
    }

    /// Who turned the first key cannot turn the second.
    pub(crate) fn must_be_of_another(&self, person: &Person) -> Result<(), Refusal> {
        if self.by != person.officer {
            return Ok(());
        }
        Err(Refusal::new(
            Code::SeparationOfDuties,
            "Người đề nghị không được tự xác nhận; đề nghị người khác xác nhận.",
            "Who proposed cannot confirm: ask a colleague.",
        ))
    }
}

/// Adds a proposal; the one that waited is replaced.
pub(crate) fn propose<T>(keys: &mut Vec<Key<T>>, key: Option<Key<T>>) {
    settle(keys, KeyState::Replaced);
    keys.extend(key);
}

/// What waits no longer waits.
pub(crate) fn settle<T>(keys: &mut [Key<T>], state: KeyState) {
    for key in keys.iter_mut().filter(|key| key.is_pending()) {
        key.state = state;
    }
}

/// The proposal that waits.
pub fn pending<T>(keys: &[Key<T>]) -> Option<&Key<T>> {
    keys.iter().rev().find(|key| key.is_pending())
}

/// The number of the next proposal of a list.
pub(crate) fn next_number<T>(keys: &[Key<T>]) -> u32 {
    u32::try_from(keys.len()).unwrap_or(u32::MAX).saturating_add(1)
}

/// `NO_PROPOSAL`: a later key without the earlier one.
pub(crate) fn no_proposal() -> Refusal {
    Refusal::new(
        Code::NoProposal,
        "Không có đề nghị nào mang số này đang chờ xác nhận.",
        "No proposal of that number waits for confirmation.",
    )
}
