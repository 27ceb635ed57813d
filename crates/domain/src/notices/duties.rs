//! Who is told what of a regular duty: a report, a briefing, a planned project (DOMAIN §6, E15, E18, E20).

use events::{
    AgencyId, Body, Fact, OfficeId, Timestamp,
    briefing::MinutesIssued,
    duty::{ClockKey, ClockOverdue, ClockReminded},
};

use super::{Alert, Notice, each, recipients::of_roles};
use crate::{
    access::Principal,
    duties::{Duty, Running},
    organisation::Role,
    policy::Policy,
};

/// The mails that a fact of a duty brings, given the duty as it stands after that fact: one for each office.
pub fn of_duty(duty: &Duty, fact: &Fact, policy: &Policy) -> Vec<Notice> {
    let to = To { policy, now: fact.origin().occurred_at };
    match fact.body() {
        Body::ReportReturned(said) => {
            each(to.offices([duty.agency()], &[Role::Lh]), Alert::SupplementDue(None), Some(said.clock.due))
        }
        Body::BriefingScheduled(said) => {
            each(to.offices(&said.invited, &[Role::Al, Role::Lh]), Alert::BriefingInvited, Some(said.at))
        }
        Body::BriefingRescheduled(said) => each(to.invited(duty), Alert::BriefingInvited, Some(said.at)),
        Body::BriefingCancelled(_) => each(to.invited(duty), Alert::BriefingCancelled, None),
        Body::MinutesIssued(said) => tasks(&to, said),
        Body::TaskReturned(said) => {
            let same = |running: &Running| {
                (running.clock.key, running.clock.instance) == (said.clock.key, said.clock.instance)
            };
            let owing = duty.running().find(|(running, _)| same(running)).map(|(_, owing)| owing);
            each(to.offices(owing, &[Role::Lh]), Alert::Implementation(None), Some(said.clock.due))
        }
        Body::ProjectProposed(said) => {
            each(to.offices([&said.asked], &[Role::Al]), Alert::PlanningProposed, None)
        }
        Body::CommentRequested(said) => {
            each(to.offices([&said.agency], &[Role::Al]), Alert::CommentAsked, Some(said.clock.due))
        }
        Body::ReportingReminded(said) | Body::BriefingReminded(said) | Body::ProjectReminded(said) => {
            reminded(&to, said)
        }
        Body::ReportingOverdue(said) | Body::BriefingOverdue(said) | Body::ProjectOverdue(said) => {
            overdue(&to, said)
        }
        // Found where the duty is looked at, and on the desk of who has to act.
        _ => Vec::new(),
    }
}

/// Finds offices as they are held at a time.
struct To<'a> {
    policy: &'a Policy,
    now: Timestamp,
}

impl To<'_> {
    /// The offices of agencies that have one of these roles.
    fn offices<'b>(
        &self,
        of: impl IntoIterator<Item = &'b AgencyId>,
        roles: &[Role],
    ) -> impl Iterator<Item = OfficeId> {
        let found = of.into_iter().flat_map(|agency| of_roles(self.policy, self.now, agency, roles));
        found.collect::<Vec<_>>().into_iter()
    }

    /// Leaders and heads of the agencies that take part in a briefing; who was there before a successor is no more.
    fn invited(&self, duty: &Duty) -> impl Iterator<Item = OfficeId> {
        let agencies = duty.audience.iter().filter_map(|principal| match principal {
            Principal::Agency(agency) => Some(agency),
            _ => None,
        });
        let there = agencies.filter(|agency| !self.policy.organisation.has_ended(agency, self.now));
        self.offices(there, &[Role::Al, Role::Lh])
    }
}

/// Each owner's leaders are told once, by when the first of their tasks is due.
fn tasks(to: &To<'_>, said: &MinutesIssued) -> Vec<Notice> {
    let mut conclusions: Vec<_> = said.conclusions.iter().collect();
    conclusions.sort_by_key(|each| (&each.agency, each.clock.due));
    conclusions.dedup_by_key(|each| &each.agency);
    let told = |(agency, due): (&AgencyId, Timestamp)| {
        each(to.offices([agency], &[Role::Al]), Alert::TaskGiven, Some(due))
    };
    conclusions.into_iter().map(|each| (&each.agency, each.clock.due)).flat_map(told).collect()
}

/// What the alert of a clock is.
fn alert(key: ClockKey, level: Option<u8>) -> Alert {
    match key {
        ClockKey::Report => Alert::ReportDue(level),
        ClockKey::Supplement => Alert::SupplementDue(level),
        ClockKey::Task => Alert::Implementation(level),
        ClockKey::Comment | ClockKey::Checkpoint => Alert::ProjectDue(level),
    }
}

/// A reminder goes to the head of the liaison unit of who owes.
fn reminded(to: &To<'_>, said: &ClockReminded) -> Vec<Notice> {
    each(to.offices([&said.owing], &[Role::Lh]), alert(said.key, None), Some(said.due))
}

/// What is overdue goes to the leaders; the first time that a report is, to the head of the liaison unit too.
fn overdue(to: &To<'_>, said: &ClockOverdue) -> Vec<Notice> {
    let roles: &[Role] = match said.key {
        ClockKey::Report | ClockKey::Supplement if said.level == 1 => &[Role::Lh, Role::Al],
        ClockKey::Report
        | ClockKey::Supplement
        | ClockKey::Task
        | ClockKey::Comment
        | ClockKey::Checkpoint => &[Role::Al],
    };
    let level = u8::try_from(said.level).unwrap_or(u8::MAX);
    each(to.offices([&said.owing], roles), alert(said.key, Some(level)), Some(said.due))
}

#[cfg(test)]
mod tests;
