//! What the directory does by itself: it warns before a delegation ends, records its end, passes on what an agency leaves
//! that has ended, publishes the policy to which both sides have agreed, and records the end of their agreement.

use chrono::TimeDelta;
use events::{
    AgencyId, Body, CommandId, DelegationId, Kind, Stage, Timestamp,
    directory::{
        AgreementExpired, Delegate, Delegation, DelegationExpired, DelegationExpiring, DelegationPassed,
        DelegationsPassed, Power,
    },
};

use super::{Command, Directory, Standing, amendments};
use crate::{
    decision::{Automatic, Context, Decision},
    policy::Policy,
    refusal::Refusal,
};

/// How many days before the end is warned (DOMAIN §2, E20).
const WARNINGS: [u32; 2] = [10, 3];

/// The steps of the directory itself.
pub const STEPS: &[Automatic] = &[
    Automatic {
        name: "warn-delegation",
        stage: Stage::Directory,
        records: Kind::DelegationExpiring,
        when: "a delegation ends in 10 days, or in 3",
    },
    Automatic {
        name: "expire-delegation",
        stage: Stage::Directory,
        records: Kind::DelegationExpired,
        when: "a delegation has come to its end",
    },
    Automatic {
        name: "pass-delegations",
        stage: Stage::Directory,
        records: Kind::DelegationsPassed,
        when: "an agency that has delegated has ended and has a successor",
    },
    Automatic {
        name: "put-in-force",
        stage: Stage::Directory,
        records: Kind::PolicyPublished,
        when: "both sides have agreed to an amendment; the policy is in force from the time that it names",
    },
    Automatic {
        name: "expire-agreement",
        stage: Stage::Directory,
        records: Kind::AgreementExpired,
        when: "the last day of an agreement that was in force is over",
    },
];

/// Something that the directory must do by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// A delegation ends soon.
    Warn(DelegationId, u32),
    /// A delegation has ended.
    Expire(DelegationId),
    /// An agency has ended.
    Pass(AgencyId),
    /// Both sides have agreed to an amendment.
    PutInForce(u32),
    /// An agreement has ended.
    ExpireAgreement(u32),
}

/// A step of the directory, found on its fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The command.
    pub command: Command,
    /// Its id: derived, so that two replicas that find the same step make one fact.
    pub id: CommandId,
    /// When it is due.
    pub due: Timestamp,
}

impl Step {
    fn of(due: Due, at: Timestamp) -> Self {
        let name = match &due {
            Due::Warn(id, days) => format!("warn/{id}/{days}"),
            Due::Expire(id) => format!("expire/{id}"),
            Due::Pass(agency) => format!("pass/{agency}"),
            Due::PutInForce(amendment) => format!("put-in-force/{amendment}"),
            Due::ExpireAgreement(agreement) => format!("expire-agreement/{agreement}"),
        };
        Self { command: Command::Automatic(due), id: CommandId::of_directory_step(&name), due: at }
    }
}

/// The earliest thing that the directory must do by itself, if its time has come.
pub fn next_step(directory: &Directory, now: Timestamp, policy: &Policy) -> Option<Step> {
    steps(directory, policy).filter(|step| step.due <= now).min_by_key(|step| step.due)
}

/// When the directory next has something to do by itself, after now.
pub fn due(directory: &Directory, now: Timestamp, policy: &Policy) -> Option<Timestamp> {
    steps(directory, policy).map(|step| step.due).filter(|due| *due > now).min()
}

fn steps(directory: &Directory, policy: &Policy) -> impl Iterator<Item = Step> {
    let ends = directory.delegations.iter().filter(|each| !each.expired && !each.revoked);
    let ends = ends.flat_map(|each| {
        let expires = Step::of(Due::Expire(each.delegation.id), each.until);
        warnings(each).map(|(days, at)| Step::of(Due::Warn(each.delegation.id, days), at)).chain([expires])
    });
    let organisation = &policy.organisation;
    let gone = directory
        .delegations
        .iter()
        .filter(|each| !each.revoked && !each.expired)
        .filter_map(|each| organisation.agency_of(&each.delegation.from))
        .filter(|agency| !directory.passed.contains(*agency))
        .filter(|agency| organisation.agency(agency).is_some_and(|found| found.successor.is_some()))
        .filter_map(|agency| Some((agency, organisation.ends_at(agency)?)));
    let gone = gone.map(|(agency, at)| Step::of(Due::Pass(agency.clone()), at));
    let agreed = directory.to_be_published();
    let agreed = agreed.map(|(each, at)| Step::of(Due::PutInForce(each.said.amendment), at));
    let over = directory.agreements.iter().map(|key| &key.proposed);
    let over = over.filter(|each| each.in_force.is_some() && !each.expired);
    let over = over.map(|each| Step::of(Due::ExpireAgreement(each.said.agreement), each.ends()));
    ends.chain(gone).chain(agreed).chain(over)
}

/// The warnings that are still to be given: one that lies before the beginning is left out, and one whose follower has
/// come.
fn warnings(each: &Standing) -> impl Iterator<Item = (u32, Timestamp)> {
    let last = each.warned.last().copied().unwrap_or(u32::MAX);
    let at = |days: u32| each.until - TimeDelta::days(i64::from(days));
    let (starts, to_come) = (each.delegation.starts, WARNINGS.into_iter().filter(move |days| *days < last));
    to_come.map(move |days| (days, at(days))).filter(move |(_, at)| *at > starts)
}

pub(super) fn take(
    directory: &Directory,
    id: CommandId,
    due: &Due,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    ctx.system()?;
    let wanted = Command::Automatic(due.clone());
    let mut found = steps(directory, ctx.policy).filter(|step| step.due <= ctx.now);
    let Some(step) = found.find(|step| step.command == wanted) else {
        return Err(Refusal::bad_state("Chưa đến lúc.", "It is not due."));
    };
    let body = match due {
        Due::Warn(delegation, days) => {
            Body::DelegationExpiring(DelegationExpiring { delegation: *delegation, days: *days })
        }
        Due::Expire(delegation) => Body::DelegationExpired(DelegationExpired { delegation: *delegation }),
        Due::Pass(agency) => Body::DelegationsPassed(passed(directory, id, agency, step.due, ctx)?),
        Due::PutInForce(amendment) => Body::PolicyPublished(amendments::policy_of(directory, *amendment)?),
        Due::ExpireAgreement(agreement) => Body::AgreementExpired(AgreementExpired { agreement: *agreement }),
    };
    Ok(Decision::new(step.due, body))
}

/// The focal unit's assignment goes on at the successor, by its head to its own liaison unit, until the same end; what was
/// delegated to persons ends with their agency.
fn passed(
    directory: &Directory,
    id: CommandId,
    from: &AgencyId,
    at: Timestamp,
    ctx: &Context<'_>,
) -> Result<DelegationsPassed, Refusal> {
    let organisation = &ctx.policy.organisation;
    let Some(to) = organisation.successor(from, ctx.now) else {
        return Err(Refusal::bad_state("Không có cơ quan kế thừa.", "There is no successor."));
    };
    let of_agency = |each: &&Standing| organisation.agency_of(&each.delegation.from) == Some(from);
    let live = directory.delegations.iter().filter(of_agency).filter(|each| each.until > at && !each.revoked);
    let mut delegations: Vec<DelegationPassed> = Vec::new();
    for (number, each) in live.enumerate() {
        let old = &each.delegation;
        let goes_on = old.powers.contains(&Power::Liaison) && matches!(old.to, Delegate::Unit(_));
        let there = organisation.chief(to).zip(organisation.liaison_unit(to, ctx.now));
        let next = there.filter(|_| goes_on).map(|(chief, unit)| Delegation {
            id: DelegationId::of(id, number),
            from: chief.id.clone(),
            to: Delegate::Unit(unit.id.clone()),
            starts: at,
            ..old.clone()
        });
        delegations.push(DelegationPassed { old: old.id, next });
    }
    Ok(DelegationsPassed { from: from.clone(), to: to.clone(), delegations })
}
