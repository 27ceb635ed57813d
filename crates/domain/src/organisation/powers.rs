//! What is delegated, to whom, and whether it counts (DOMAIN §2, III.3 b2).

use events::{
    AgencyId, Capacity, DelegationId, OfficeId, Timestamp, UnitId,
    directory::{Delegate, Delegation, Power},
};

use super::{Granted, Organisation, Person, Role};
use crate::case::Case;

/// Whether somebody of this role may be given a power: the cells D of the matrix (DOMAIN §2).
pub(crate) fn may_be_given(power: Power, role: Role) -> bool {
    match power {
        Power::Liaison => matches!(role, Role::Lo | Role::Lh),
        Power::WrittenConfirmation => role == Role::Ro,
        Power::Position | Power::Statement => matches!(role, Role::Lo | Role::Lh),
        Power::TaskForce => role == Role::Lo,
    }
}

impl Granted {
    /// Whether it counts at a time.
    pub fn counts(&self, now: Timestamp) -> bool {
        self.delegation.starts <= now && now < self.until
    }

    /// Whether it is about a case.
    fn covers(&self, case: &Case, organisation: &Organisation) -> bool {
        let Delegation { topics, areas, case: only, .. } = &self.delegation;
        let of_topic = |topic: &String| organisation.is_topic_of(&case.matter.topic, topic);
        let in_area = |area: &String| {
            case.matter.area.as_ref().is_some_and(|found| organisation.is_area_of(found, area))
        };
        only.is_none_or(|id| id == case.id)
            && (topics.is_empty() || topics.iter().any(of_topic))
            && (areas.is_empty() || areas.iter().any(in_area))
    }
}

impl Organisation {
    /// All delegations, also those that count no more.
    pub fn delegations(&self) -> impl Iterator<Item = &Granted> {
        self.delegations.iter()
    }

    /// A delegation.
    pub fn delegation(&self, id: DelegationId) -> Option<&Granted> {
        self.delegations.iter().find(|granted| granted.delegation.id == id)
    }

    /// The delegations of a power to a person, for a case, whether they count or not; with the person as he acts by
    /// each: in the role of the office that delegates.
    pub(crate) fn delegated<'a>(
        &'a self,
        person: &'a Person,
        power: Power,
        case: &'a Case,
    ) -> impl Iterator<Item = (&'a Granted, Person)> {
        let has = move |granted: &&Granted| {
            let to_him = match &granted.delegation.to {
                Delegate::Officer(officer) => *officer == person.officer,
                Delegate::Unit(unit) => person.unit.as_ref() == Some(unit),
            };
            to_him && granted.delegation.powers.contains(&power) && granted.covers(case, self)
        };
        let given = self.delegations.iter().filter(move |_| may_be_given(power, person.role)).filter(has);
        given.filter_map(|granted| {
            let from = self.offices.get(&granted.delegation.from)?;
            let id = granted.delegation.id;
            let capacity = match granted.delegation.to {
                Delegate::Officer(_) => Capacity::Tuq(id),
                Delegate::Unit(_) => Capacity::Focal(id),
            };
            Some((granted, Person { role: from.role, capacity, ..person.clone() }))
        })
    }

    /// Whether a unit may be the focal point for a case at a time: where it is that by delegation, one must count. An
    /// agency that delegates nothing has its focal unit by the policy.
    pub(crate) fn is_focal(&self, unit: &UnitId, case: &Case, now: Timestamp) -> bool {
        let mut given = self.focal(unit).peekable();
        given.peek().is_none() || given.any(|granted| granted.counts(now) && granted.covers(case, self))
    }

    fn focal(&self, unit: &UnitId) -> impl Iterator<Item = &Granted> {
        let to = Delegate::Unit(unit.clone());
        self.delegations.iter().filter(move |granted| {
            granted.delegation.to == to && granted.delegation.powers.contains(&Power::Liaison)
        })
    }

    /// Since when a unit that was the focal point is it no more.
    pub(crate) fn not_focal_since(&self, unit: &UnitId, now: Timestamp) -> Option<Timestamp> {
        self.focal(unit).map(|granted| granted.until).filter(|until| *until <= now).max()
    }

    /// When a unit next may cease to be the focal point.
    pub(crate) fn next_end_of_focus(&self, unit: &UnitId, now: Timestamp) -> Option<Timestamp> {
        self.focal(unit).map(|granted| granted.until).filter(|until| *until > now).min()
    }

    /// The agency of an office.
    pub fn agency_of(&self, office: &OfficeId) -> Option<&AgencyId> {
        self.offices.get(office).map(|office| &office.agency)
    }
}
