//! Who may see what: one predicate for every read path (DESIGN D9, DOMAIN §2).

use std::collections::BTreeSet;

use events::{AgencyId, terms::Side};
use serde::{Deserialize, Serialize};

use crate::{
    case::Case,
    organisation::{Person, Role},
    policy::Policy,
};

/// A group of persons that may see a case; a person's principals and the case's audience must meet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Principal {
    /// Everybody of an agency who works cases.
    Agency(AgencyId),
    /// The leaders of a side: those of its superior.
    Leaders(Side),
    /// The auditors.
    Auditors,
}

/// The principals that may see a case: raiser, receiver, required, consulted and assigned agencies, the leaders
/// of the sides, the auditors.
pub fn audience(case: &Case) -> BTreeSet<Principal> {
    let agencies = [&case.raiser, &case.receiver].into_iter().chain(&case.required).chain(&case.consulted);
    agencies
        .chain(case.assignments.iter().map(|assigned| &assigned.assignment.agency))
        .map(|agency| Principal::Agency(agency.clone()))
        .chain([Principal::Leaders(Side::A), Principal::Leaders(Side::B), Principal::Auditors])
        .collect()
}

/// The principals of a person. An administrator has none: he sees no case content (DOMAIN §2).
pub fn principals(person: &Person, policy: &Policy) -> BTreeSet<Principal> {
    match person.role {
        Role::Ad => BTreeSet::new(),
        Role::Au => BTreeSet::from([Principal::Auditors]),
        Role::Al if policy.superior(person.side) == Some(&person.agency) => {
            BTreeSet::from([Principal::Agency(person.agency.clone()), Principal::Leaders(person.side)])
        }
        Role::Ro | Role::Lo | Role::Lh | Role::Al | Role::Cl | Role::Ss | Role::Sm => {
            BTreeSet::from([Principal::Agency(person.agency.clone())])
        }
    }
}

/// Whether a person may see a case.
pub fn may_see(case: &Case, person: &Person, policy: &Policy) -> bool {
    !principals(person, policy).is_disjoint(&case.audience)
}

#[cfg(test)]
mod tests;
