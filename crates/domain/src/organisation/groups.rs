//! Groups of agencies to which documents go together, such as *các sở*; who belongs to one is asked for each time anew.

use chrono::NaiveDate;
use events::{AgencyId, Timestamp};
use serde::Deserialize;

use super::{Agency, Organisation, begins};
use crate::{calendar, policy::Fault};

/// What kind of agency it is (DOMAIN §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgencyKind {
    /// A board of the Party committee.
    PartyBoard,
    /// The provincial people's committee.
    PeoplesCommittee,
    /// *Sở* and what equals one.
    Department,
    /// The people's committee of a commune, a ward or a special zone.
    CommunePc,
    /// A Party committee.
    PartyCommittee,
    /// The Fatherland Front and the mass organisations.
    Front,
    /// The police.
    Police,
    /// Any other.
    Other,
}

/// A group of agencies: all of some kinds, and those that it names.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its code.
    pub id: String,
    /// Its name, as it is printed under *Nơi nhận*.
    pub name: String,
    /// All agencies of these kinds belong to it.
    #[serde(default)]
    pub kinds: Vec<AgencyKind>,
    /// These agencies belong to it.
    #[serde(default)]
    pub agencies: Vec<AgencyId>,
    /// The first day on which it is used; absent, it has always been.
    #[serde(default, deserialize_with = "calendar::read_day")]
    pub starts: Option<NaiveDate>,
    /// The first day on which it is used no more.
    #[serde(default, deserialize_with = "calendar::read_day")]
    pub ends: Option<NaiveDate>,
}

impl Group {
    /// Whether it is used at a time.
    pub fn is_used(&self, at: Timestamp) -> bool {
        self.starts.is_none_or(|day| begins(day) <= at) && self.ends.is_none_or(|day| at < begins(day))
    }

    fn has(&self, agency: &Agency) -> bool {
        agency.kind.is_some_and(|kind| self.kinds.contains(&kind)) || self.agencies.contains(&agency.id)
    }
}

impl Organisation {
    /// A group.
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.groups.get(id)
    }

    /// All groups.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// The agencies of a group that are there at a time, in the order of their codes.
    pub fn members<'a>(&'a self, group: &'a Group, at: Timestamp) -> impl Iterator<Item = &'a Agency> {
        self.agencies().filter(move |agency| group.has(agency) && self.is_there(&agency.id, at))
    }

    /// Every group leads to agencies.
    pub(super) fn check_groups(&self, faults: &mut Vec<Fault>) {
        for group in self.groups.values() {
            let id = &group.id;
            faults.extend(group.agencies.iter().filter_map(|agency| self.unknown(agency, id)));
            let mut wrong = |what: String| faults.push(Fault::of(id, what));
            if !self.agencies().any(|agency| group.has(agency)) {
                wrong(format!("group {id} has no agency: add `kinds` or `agencies` that are there"));
            }
            if group.starts.zip(group.ends).is_some_and(|(starts, ends)| ends <= starts) {
                wrong(format!("group {id} ends before it starts"));
            }
        }
    }
}
