//! Who is told what by mail: one notice for each (fact, office), without a word of content (DOMAIN §6).

use std::collections::BTreeSet;

use events::{
    AgencyId, Body, Fact, Kind, OfficeId, Timestamp,
    coordination::Closes,
    terms::{Assignment, DeadlineKey, Level, Overdue},
};

use crate::{
    case::Case,
    deadlines,
    organisation::{Organisation, Role},
    policy::Policy,
    sides,
};

/// The alerts that are sent so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alert {
    /// A case was reported by telephone.
    RaisedByPhone,
    /// The written confirmation is overdue, at a level.
    WrittenOverdue(u8),
    /// A case passed to the next holder.
    Fallback,
    /// The agencies agree.
    Agreed,
    /// A closure waits for the other side.
    ClosureProposed,
    /// A case is assigned to you.
    Assigned,
}

impl Alert {
    /// Its id in DOMAIN §6.
    pub fn id(self) -> &'static str {
        match self {
            Self::RaisedByPhone => "E01",
            Self::WrittenOverdue(_) => "E05",
            Self::Fallback => "E07",
            Self::Agreed => "E10",
            Self::ClosureProposed => "E19",
            Self::Assigned => "E21",
        }
    }

    /// The overdue level that it names.
    pub fn level(self) -> Option<u8> {
        match self {
            Self::WrittenOverdue(level) => Some(level),
            Self::RaisedByPhone | Self::Fallback | Self::Agreed | Self::ClosureProposed | Self::Assigned => {
                None
            }
        }
    }
}

/// The facts that may bring mail.
pub const MAILED: &[Kind] = &[
    Kind::RaisedByPhone,
    Kind::CaseRouted,
    Kind::FallbackAssigned,
    Kind::ChiefReminded,
    Kind::ConfirmationOverdue,
    Kind::PositionRecorded,
    Kind::ClosureProposed,
];

/// A mail that is to go to an office.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Notice {
    /// To whom.
    pub office: OfficeId,
    /// What kind.
    pub alert: Alert,
    /// The deadline that it names, if one belongs to it.
    pub deadline: Option<Timestamp>,
}

/// The mails that a fact brings, given the case as it stands after that fact: one for each office.
pub fn notices(case: &Case, fact: &Fact, policy: &Policy) -> Vec<Notice> {
    let to = Recipients { organisation: &policy.organisation };
    match fact.body() {
        Body::RaisedByPhone(raised) => {
            let parties = &raised.parties;
            let offices = to
                .role(&parties.receiver, &[Role::Al, Role::Lh])
                .chain(to.role(&parties.raiser, &[Role::Al]))
                .collect();
            each(offices, Alert::RaisedByPhone, due(fact, DeadlineKey::Route))
        }
        Body::CaseRouted(routed) => {
            routed.assignments.iter().flat_map(|each| assigned(&to, each, Alert::Assigned, fact)).collect()
        }
        Body::FallbackAssigned(said) => assigned(&to, &said.next, Alert::Fallback, fact),
        Body::ChiefReminded(said) => case
            .assignments
            .iter()
            .filter(|each| each.assignment.number == said.assignment)
            .flat_map(|each| assigned(&to, &each.assignment, Alert::Fallback, fact))
            .collect(),
        Body::ConfirmationOverdue(overdue) if overdue.key == DeadlineKey::Written => {
            each(ladder(&to, case, overdue, policy), Alert::WrittenOverdue(overdue.level), Some(overdue.due))
        }
        Body::PositionRecorded(said) if said.closes == Some(Closes::Agreed) => {
            let parties = sides::parties(case, policy);
            let offices = parties.iter().flat_map(|agency| to.role(agency, &[Role::Al, Role::Lh])).collect();
            each(offices, Alert::Agreed, None)
        }
        Body::ClosureProposed(proposed) => {
            let owing = deadlines::find(case, DeadlineKey::Closure, proposed.proposal)
                .map(|armed| deadlines::owing(case, &armed.deadline, policy))
                .unwrap_or_default();
            let offices = owing.iter().flat_map(|agency| to.role(agency, &[Role::Al])).collect();
            each(offices, Alert::ClosureProposed, due(fact, DeadlineKey::Closure))
        }
        _ => Vec::new(),
    }
}

/// PROCESS §4 rule 1: level 1 the liaison officer and the head of the unit, 2 also the leaders, of who owes; 3 the
/// leaders of both sides too.
fn ladder(to: &Recipients<'_>, case: &Case, overdue: &Overdue, policy: &Policy) -> BTreeSet<OfficeId> {
    let roles: &[Role] = if overdue.level == 1 { &[Role::Lh] } else { &[Role::Lh, Role::Al] };
    let mut offices: BTreeSet<OfficeId> =
        overdue.owing.iter().flat_map(|agency| to.role(agency, roles)).collect();
    offices.extend(overdue.owing.iter().filter_map(|agency| to.liaison(agency)));
    if overdue.level >= 3 {
        let parties = sides::parties(case, policy);
        offices.extend(parties.iter().flat_map(|agency| to.role(agency, &[Role::Al])));
    }
    offices
}

/// The holder of an assignment, and the head of his unit for information.
fn assigned(to: &Recipients<'_>, assignment: &Assignment, alert: Alert, fact: &Fact) -> Vec<Notice> {
    let due = fact
        .draft
        .deadlines
        .iter()
        .find(|deadline| deadline.key == DeadlineKey::Ack && deadline.instance == assignment.number)
        .map(|deadline| deadline.due);
    let mut offices: BTreeSet<OfficeId> = to.role(&assignment.agency, &[Role::Lh]).collect();
    offices.insert(assignment.holder.clone());
    each(offices, alert, due)
}

fn each(offices: BTreeSet<OfficeId>, alert: Alert, deadline: Option<Timestamp>) -> Vec<Notice> {
    offices.into_iter().map(|office| Notice { office, alert, deadline }).collect()
}

/// The deadline of a key that the fact arms.
fn due(fact: &Fact, key: DeadlineKey) -> Option<Timestamp> {
    fact.draft.deadlines.iter().find(|deadline| deadline.key == key).map(|deadline| deadline.due)
}

struct Recipients<'a> {
    organisation: &'a Organisation,
}

impl Recipients<'_> {
    fn role(&self, agency: &AgencyId, roles: &[Role]) -> impl Iterator<Item = OfficeId> {
        let found: Vec<_> = roles
            .iter()
            .flat_map(|role| self.organisation.offices_of(agency, *role))
            .map(|office| office.id.clone())
            .collect();
        found.into_iter()
    }

    /// The liaison officer of the agency's liaison unit.
    fn liaison(&self, agency: &AgencyId) -> Option<OfficeId> {
        let unit = self.organisation.liaison_unit(agency)?;
        self.organisation.holder(unit, Level::Liaison).map(|office| office.id.clone())
    }
}

#[cfg(test)]
mod tests;
