//! The offices behind the words of the book of rules: "AL both", "the ladder", "who holds the next key".

use std::collections::BTreeSet;

use events::{
    AgencyId, Fact, OfficeId, Timestamp,
    taskforce::Member,
    terms::{Assignment, DeadlineKey, Level, Overdue, Side},
};

use super::{Alert, Notice, each};
use crate::{
    case::Case,
    deadlines,
    organisation::{Office, Role},
    policy::Policy,
    sides,
};

/// Whether a letter to an office is a report upwards: to the standing body and its secretariat.
pub fn reports_up(office: &Office, policy: &Policy) -> bool {
    office.agency == policy.agreement.standing_body && matches!(office.role, Role::Ss | Role::Sm)
}

/// The members of the case's task force, also once it is dissolved.
pub(super) fn members_of(case: &Case) -> &[Member] {
    case.taskforce.formed.as_ref().map_or(&[], |formed| &formed.members)
}

/// The offices of an agency that have one of these roles.
pub(super) fn of_roles(
    policy: &Policy,
    now: Timestamp,
    agency: &AgencyId,
    roles: &[Role],
) -> impl Iterator<Item = OfficeId> + use<> {
    let organisation = &policy.organisation;
    let of_role = |role: &Role| -> Vec<OfficeId> {
        match role {
            Role::Al => organisation.leaders(agency, now).map(|office| office.id.clone()).collect(),
            role => organisation.offices_of(agency, *role).map(|office| office.id.clone()).collect(),
        }
    };
    let found: Vec<_> = roles.iter().flat_map(of_role).collect();
    found.into_iter()
}

/// Finds offices for a case as it stands.
pub(super) struct Recipients<'a> {
    pub(super) case: &'a Case,
    pub(super) policy: &'a Policy,
    pub(super) now: Timestamp,
}

impl<'a> Recipients<'a> {
    /// The offices of an agency that have one of these roles.
    pub(super) fn role(&self, agency: &AgencyId, roles: &[Role]) -> impl Iterator<Item = OfficeId> + use<> {
        of_roles(self.policy, self.now, agency, roles)
    }

    /// The leaders of agencies.
    pub(super) fn leaders<'b>(&self, of: impl IntoIterator<Item = &'b AgencyId>) -> BTreeSet<OfficeId> {
        of.into_iter().flat_map(|agency| self.role(agency, &[Role::Al])).collect()
    }

    /// "Both sides": all parties.
    pub(super) fn parties(&self, roles: &[Role]) -> BTreeSet<OfficeId> {
        let parties = sides::parties(self.case, self.policy);
        parties.iter().flat_map(|agency| self.role(agency, roles)).collect()
    }

    /// Offices of the standing body.
    pub(super) fn standing_body(&self, roles: &[Role]) -> impl Iterator<Item = OfficeId> + use<> {
        self.role(&self.policy.agreement.standing_body, roles)
    }

    /// The agency in whose name an intake was raised.
    pub(super) fn raiser(&self, intake: u32) -> Option<&'a AgencyId> {
        self.case.intake(intake).map(|intake| &intake.raiser)
    }

    /// The liaison officer of an agency and the head of his unit.
    pub(super) fn desk(&self, agency: &AgencyId) -> impl Iterator<Item = OfficeId> + use<> {
        let organisation = &self.policy.organisation;
        let unit = organisation.liaison_unit(agency, self.now);
        let officer = unit.and_then(|unit| organisation.holder(unit, Level::Liaison));
        self.role(agency, &[Role::Lh]).chain(officer.map(|office| office.id.clone()))
    }

    /// The leaders of who may turn the second key after a side turned the first.
    pub(super) fn other_key(&self, first: Side) -> BTreeSet<OfficeId> {
        let others = [Side::A, Side::B].into_iter().filter(|side| *side != first);
        let holders: Vec<_> =
            others.flat_map(|side| sides::key_holders(self.case, side, self.policy)).collect();
        self.leaders(&holders)
    }

    /// Who owes what a deadline that runs is about.
    fn owing(&self, key: DeadlineKey, instance: u32) -> Vec<AgencyId> {
        let armed = deadlines::find(self.case, key, instance);
        armed.map(|armed| deadlines::owing(self.case, &armed.deadline, self.policy)).unwrap_or_default()
    }

    /// The leaders of who owes.
    pub(super) fn owing_leaders(&self, key: DeadlineKey, instance: u32) -> BTreeSet<OfficeId> {
        self.leaders(&self.owing(key, instance))
    }

    /// Who is reminded: the liaison officer and the head of the unit of who owes, as at level 1. An assignment has
    /// an owner of its own, its holder.
    pub(super) fn first_rung(&self, key: DeadlineKey, instance: u32) -> BTreeSet<OfficeId> {
        if key == DeadlineKey::Ack {
            return self
                .assignment(instance)
                .into_iter()
                .flat_map(|open| self.holder_and_head(open))
                .collect();
        }
        self.owing(key, instance).iter().flat_map(|agency| self.desk(agency)).collect()
    }

    /// PROCESS §4 rule 1: level 1 the liaison officer and the head of the unit, 2 also the leaders, of who owes; 3 the
    /// leaders of both sides too.
    pub(super) fn ladder(&self, overdue: &Overdue) -> BTreeSet<OfficeId> {
        let mut offices: BTreeSet<_> = overdue.owing.iter().flat_map(|agency| self.desk(agency)).collect();
        if overdue.level >= 2 {
            offices.extend(self.leaders(&overdue.owing));
        }
        if overdue.level >= 3 {
            offices.extend(self.parties(&[Role::Al]));
        }
        offices
    }

    /// An assignment by its number.
    pub(super) fn assignment(&self, number: u32) -> Option<&'a Assignment> {
        self.case.assignments.iter().map(|each| &each.assignment).find(|each| each.number == number)
    }

    /// The holder of an assignment, and the head of his unit for information.
    pub(super) fn assigned(&self, assignment: &Assignment, alert: Alert, fact: &Fact) -> Vec<Notice> {
        let due = fact
            .draft
            .deadlines
            .iter()
            .find(|deadline| deadline.key == DeadlineKey::Ack && deadline.instance == assignment.number)
            .map(|deadline| deadline.due);
        each(self.holder_and_head(assignment), alert, due)
    }

    fn holder_and_head(&self, assignment: &Assignment) -> impl Iterator<Item = OfficeId> + use<> {
        self.role(&assignment.agency, &[Role::Lh]).chain([assignment.holder.clone()])
    }
}
