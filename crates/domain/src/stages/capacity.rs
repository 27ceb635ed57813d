//! By what right a person acts (DOMAIN §2): in his office, in a second one, or by a delegation.

use events::directory::Power;

use super::{Command, authorise, casefile, confirmation, coordination, escalation, taskforce};
use crate::{
    case::Case,
    decision::{By, Context},
    organisation::Person,
    refusal::{Code, Refusal},
};

/// Whether the person may do this. `None`: in the office in which he came; else as whom.
///
/// A delegation that would give the right, and counts no more or not yet, is told apart from none: `DELEGATION_EXPIRED`.
pub(super) fn resolve(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<Option<Person>, Refusal> {
    let refusal = match (may(case, command, ctx), ctx.by) {
        (Ok(()), _) => return Ok(None),
        (Err(refusal), By::System) => return Err(refusal),
        (Err(refusal), By::Person(_)) if refusal.code != Code::NotAuthorised => return Err(refusal),
        (Err(refusal), By::Person(_)) => refusal,
    };
    let person = ctx.person()?;
    let organisation = &ctx.policy.organisation;
    let may = |other: &Person| may(case, command, &Context { by: By::Person(other), ..*ctx }).is_ok();
    let standings: Vec<_> = organisation.standings(&person.officer, ctx.now).collect();
    if let Some(other) = standings.iter().find(|other| other.office != person.office && may(other)) {
        return Ok(Some(other.clone()));
    }
    let Some(power) = power(command) else { return Err(refusal) };
    let mut lapsed = false;
    for own in &standings {
        let by_delegation = ctx.act.is_none_or(|act| ctx.policy.rbac.allows_by_delegation(act, own.role));
        for (granted, other) in organisation.delegated(own, power, case).filter(|_| by_delegation) {
            if organisation.has_ended(&own.agency, ctx.now) || !may(&other) {
                continue;
            }
            if granted.counts(ctx.now) {
                return Ok(Some(other));
            }
            lapsed = true;
        }
    }
    if lapsed {
        return Err(Refusal::new(
            Code::DelegationExpired,
            "Ủy quyền đã hết hạn, đã bị thu hồi hoặc chưa có hiệu lực.",
            "The delegation has expired, was revoked, or has not begun.",
        ));
    }
    Err(refusal)
}

/// The matrix, and then the rules of the act: both must allow it.
fn may(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    ctx.within_the_matrix()?;
    authorise(case, command, ctx)
}

/// The power by which an act may be done for another; what is not listed is never delegated: to declare a dispute, to
/// submit the dossier, to consent to a task force or to establish it, to confirm a closure (DOMAIN §2).
fn power(command: &Command) -> Option<Power> {
    match command {
        Command::Confirmation(confirmation::Command::SubmitWrittenConfirmation(_))
        | Command::Casefile(casefile::Command::AttachDocument(_)) => Some(Power::WrittenConfirmation),
        Command::Coordination(coordination::Command::RecordPosition(_)) => Some(Power::Position),
        Command::Escalation(escalation::Command::FileStatement(_)) => Some(Power::Statement),
        Command::Taskforce(
            taskforce::Command::ProposeTaskForce(_) | taskforce::Command::NominateMember(_),
        ) => Some(Power::TaskForce),
        _ => None,
    }
}
