//! Sides, not single agencies, agree (DOMAIN §3.4 rule 1).

use std::collections::BTreeSet;

use events::{AgencyId, coordination::Position, terms::Side};

use crate::{case::Case, policy::Policy, stages::coordination::Round};

/// What a side as a whole says in a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effective {
    /// It agrees.
    Agree,
    /// It disagrees.
    Disagree,
    /// It proposes something else: the text and the agency whose text it is.
    Counter {
        /// The text.
        text: String,
        /// Its author.
        author: AgencyId,
    },
    /// An agency of the side has not spoken yet.
    Missing,
    /// Its agencies differ, and its superior has not ruled.
    Split,
}

/// The sides that have a required agency.
pub fn party_sides(case: &Case, policy: &Policy) -> BTreeSet<Side> {
    case.required.iter().filter_map(|agency| policy.organisation.side(agency)).collect()
}

/// The parties: required agencies, and the superiors of party sides (PROCESS §1).
pub fn parties(case: &Case, policy: &Policy) -> BTreeSet<AgencyId> {
    let superiors = party_sides(case, policy).into_iter().filter_map(|side| policy.superior(side).cloned());
    case.required.iter().cloned().chain(superiors).collect()
}

/// The parties of one side.
pub fn parties_of(case: &Case, side: Side, policy: &Policy) -> Vec<AgencyId> {
    parties(case, policy)
        .into_iter()
        .filter(|agency| policy.organisation.side(agency) == Some(side))
        .collect()
}

/// Who may turn a key: the parties of sides A and B. A side that has none is spoken for by its superior, because the
/// keys belong to both sides in every case (PROCESS §1 rule 3).
pub fn key_holders(case: &Case, side: Side, policy: &Policy) -> Vec<AgencyId> {
    let Some(superior) = policy.superior(side) else { return Vec::new() };
    let parties = parties_of(case, side, policy);
    if parties.is_empty() { vec![superior.clone()] } else { parties }
}

/// The position that counts for a side in a round: its superior's if recorded, else the common one of its required
/// agencies once all have spoken, the latest text if they counter. A side without a superior that is split counts as
/// disagreeing.
pub fn effective(case: &Case, round: &Round, side: Side, policy: &Policy) -> Effective {
    let superior = policy.superior(side);
    if let Some((author, position)) =
        superior.and_then(|agency| round.position_of(agency).map(|found| (agency, found)))
    {
        return alone(author, position);
    }
    let required = case.required.iter().filter(|agency| policy.organisation.side(agency) == Some(side));
    let spoken = required.map(|agency| round.latest(agency).map(|(at, position)| (at, agency, position)));
    let Some(mut spoken) = spoken.collect::<Option<Vec<_>>>() else { return Effective::Missing };
    spoken.sort_by_key(|(at, _, _)| *at);
    let Some((_, author, latest)) = spoken.last() else { return Effective::Missing };
    let kind = std::mem::discriminant(*latest);
    if spoken.iter().all(|(_, _, position)| std::mem::discriminant(*position) == kind) {
        alone(author, latest)
    } else if superior.is_some() {
        Effective::Split
    } else {
        Effective::Disagree
    }
}

fn alone(author: &AgencyId, position: &Position) -> Effective {
    match position {
        Position::Agree { .. } => Effective::Agree,
        Position::Disagree { .. } => Effective::Disagree,
        Position::Counter { text } => Effective::Counter { text: text.clone(), author: author.clone() },
    }
}

#[cfg(test)]
mod tests;
