//! Who may see what: one predicate for every read path (DESIGN D9, DOMAIN §2).

use std::collections::BTreeSet;

use events::{AgencyId, Timestamp, terms::Side};
use serde::{Deserialize, Serialize};

use crate::{
    case::Case,
    organisation::{Person, Role},
    policy::Policy,
    stages::escalation::DossierFile,
};

/// A group of persons that may see a case; a person's principals and the case's audience must meet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Principal {
    /// Everybody of an agency who works cases.
    Agency(AgencyId),
    /// The leaders of a side: those of its superior.
    Leaders(Side),
    /// The standing body and its secretariat.
    StandingBody,
    /// The auditors.
    Auditors,
}

/// The principals that may see a case: raiser, receiver, required, consulted and assigned agencies, those ever invited
/// to its task force, asked for information or named in an instruction, the leaders of the sides, the auditors; the
/// standing body once the case has gone up.
pub fn audience(case: &Case) -> BTreeSet<Principal> {
    let agencies = [&case.raiser, &case.receiver].into_iter().chain(&case.required).chain(&case.consulted);
    let dossiers = &case.escalation.dossiers;
    let went_up = dossiers.iter().any(|dossier| dossier.submitted.is_some());
    agencies
        .chain(case.assignments.iter().map(|assigned| &assigned.assignment.agency))
        .chain(dossiers.iter().flat_map(|dossier| &dossier.requests).map(|request| &request.agency))
        .chain(case.escalation.instructions.iter().map(|item| &item.instruction.agency))
        .chain(&case.taskforce.invited)
        .map(|agency| Principal::Agency(agency.clone()))
        .chain([Principal::Leaders(Side::A), Principal::Leaders(Side::B), Principal::Auditors])
        .chain(went_up.then_some(Principal::StandingBody))
        .collect()
}

/// The principals of a person, in all the offices that he holds. An administrator has none: he sees no case content
/// (DOMAIN §2).
pub fn principals(person: &Person, policy: &Policy, now: Timestamp) -> BTreeSet<Principal> {
    let offices = policy.organisation.standings(&person.officer, now);
    let others = offices.filter(|other| other.office != person.office);
    others.chain([person.clone()]).flat_map(|each| of_office(&each, policy)).collect()
}

/// The principals of a person in one office.
fn of_office(person: &Person, policy: &Policy) -> BTreeSet<Principal> {
    match person.role {
        Role::Ad => BTreeSet::new(),
        Role::Au => BTreeSet::from([Principal::Auditors]),
        Role::Al if policy.superior(person.side) == Some(&person.agency) => {
            BTreeSet::from([Principal::Agency(person.agency.clone()), Principal::Leaders(person.side)])
        }
        Role::Ss | Role::Sm if person.agency == policy.agreement.standing_body => {
            BTreeSet::from([Principal::StandingBody])
        }
        Role::Ro | Role::Lo | Role::Lh | Role::Al | Role::Cl | Role::Ss | Role::Sm => {
            BTreeSet::from([Principal::Agency(person.agency.clone())])
        }
    }
}

/// Whether a person may see a case.
pub fn may_see(case: &Case, person: &Person, policy: &Policy, now: Timestamp) -> bool {
    !principals(person, policy, now).is_disjoint(&case.audience)
}

/// Whether a person may read a side's statement: his own side's always, another's once the seal is broken. An auditor
/// is of no side here.
pub fn may_read_statement(dossier: &DossierFile, side: Side, person: &Person, now: Timestamp) -> bool {
    let own = person.side == side && person.role != Role::Au;
    own || !dossier.is_sealed(now)
}

#[cfg(test)]
mod tests;
