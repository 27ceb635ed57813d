//! Who is told what by mail: one notice for each (fact, office), without a word of content (DOMAIN §6, PROCESS §8).

mod alert;
mod duties;
mod recipients;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveTime;
use events::{
    AgencyId, Body, Fact, Kind, OfficeId, Timestamp, Urgency,
    coordination::Closes,
    directory::{Delegate, Delegation},
    escalation::{Addressee, CaseEscalated, DirectiveIssued},
    intake::{RaisedByPhone, RaisedInWriting},
    taskforce::Member,
    terms::{DeadlineKey, Overdue, Reminded, Side},
};

pub use alert::Alert;
pub use duties::of_duty;
pub use recipients::reports_up;

use crate::{
    calendar::{Calendar, local, local_date},
    case::Case,
    deadlines,
    organisation::{Office, Role},
    policy::Policy,
};
use recipients::Recipients;

/// The facts that may bring mail.
pub const MAILED: &[Kind] = &[
    Kind::RaisedInWriting,
    Kind::RaisedByPhone,
    Kind::CallbackFailed,
    Kind::WrittenDiscrepant,
    Kind::DiscrepancyExplained,
    Kind::CorrectedRequested,
    Kind::ConfirmationReminded,
    Kind::ConfirmationOverdue,
    Kind::CaseRouted,
    Kind::CaseRerouted,
    Kind::AgencyAdded,
    Kind::FallbackAssigned,
    Kind::ChiefReminded,
    Kind::RoutingReminded,
    Kind::RoutingOverdue,
    Kind::PositionRecorded,
    Kind::DisagreementDeclared,
    Kind::SettlementProposed,
    Kind::AgreementReached,
    Kind::CoordinationReopened,
    Kind::CoordinationReevaluated,
    Kind::CoordinationReminded,
    Kind::CoordinationOverdue,
    Kind::TaskforceProposed,
    Kind::TaskforceProposalWithdrawn,
    Kind::ConsentRefused,
    Kind::TaskforceEstablished,
    Kind::TaskforceDissolved,
    Kind::TaskforceReminded,
    Kind::TaskforceOverdue,
    Kind::JointAdviceProposed,
    Kind::CaseEscalated,
    Kind::InfoRequested,
    Kind::DirectiveIssued,
    Kind::DirectiveReturned,
    Kind::DirectiveNoted,
    Kind::DossierWithdrawalProposed,
    Kind::DossierWithdrawalAgreed,
    Kind::DossierWithdrawn,
    Kind::EscalationReminded,
    Kind::EscalationOverdue,
    Kind::ClosureProposed,
    Kind::ClosureRejected,
    Kind::CaseReopened,
    Kind::ClosureReminded,
    Kind::ClosureOverdue,
    Kind::CaseWithdrawn,
    Kind::CancellationProposed,
    Kind::CaseCancelled,
    Kind::CaseMerged,
    Kind::DutiesTransferred,
    Kind::DelegationExpiring,
    Kind::ReportReturned,
    Kind::ReportingReminded,
    Kind::ReportingOverdue,
    Kind::BriefingScheduled,
    Kind::BriefingRescheduled,
    Kind::MinutesIssued,
    Kind::TaskReturned,
    Kind::BriefingCancelled,
    Kind::BriefingReminded,
    Kind::BriefingOverdue,
    Kind::ProjectProposed,
    Kind::CommentRequested,
    Kind::ProjectReminded,
    Kind::ProjectOverdue,
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

/// The morning on which a notice goes out with others: that of the next working day at 07:30 (DOMAIN §6). None goes at
/// once: what is urgent, what is overdue at whatever urgency, and what would be due before that morning. A calendar that
/// does not reach so far holds nothing back.
pub fn digest_at(
    urgency: Urgency,
    level: Option<u8>,
    deadline: Option<Timestamp>,
    now: Timestamp,
    calendar: &Calendar,
) -> Option<Timestamp> {
    if urgency >= Urgency::Khan || level.is_some() {
        return None;
    }
    let time = NaiveTime::from_hms_opt(7, 30, 0)?;
    let mut day = local_date(now);
    if local(day, time) <= now {
        day = day.succ_opt()?;
    }
    let morning = local(calendar.next_working_day(day).ok()?, time);
    deadline.is_none_or(|deadline| deadline > morning).then_some(morning)
}

/// The mails that a fact of the directory brings: who gave a delegation that ends soon, and who has it (DOMAIN §2, E20).
pub fn of_directory(fact: &Fact, policy: &Policy) -> Vec<Notice> {
    let organisation = &policy.organisation;
    let Body::DelegationExpiring(said) = fact.body() else { return Vec::new() };
    let Some(granted) = organisation.delegation(said.delegation) else { return Vec::new() };
    let Delegation { from, to, ends, .. } = &granted.delegation;
    let has: Vec<OfficeId> = match to {
        Delegate::Officer(officer) => {
            organisation.standings(officer, fact.origin().occurred_at).map(|person| person.office).collect()
        }
        Delegate::Unit(unit) => {
            let of_unit = |office: &&Office| {
                office.unit.as_ref() == Some(unit) && matches!(office.role, Role::Lo | Role::Lh)
            };
            organisation.offices().filter(of_unit).map(|office| office.id.clone()).collect()
        }
    };
    let offices: BTreeSet<_> = has.into_iter().chain([from.clone()]).collect();
    each(offices, Alert::DelegationExpiring, Some(*ends))
}

/// The mails that a fact brings, given the case as it stands after that fact: one for each office.
#[expect(clippy::too_many_lines, reason = "a table: one row for each type of fact")]
pub fn notices(case: &Case, fact: &Fact, policy: &Policy) -> Vec<Notice> {
    let to = Recipients { case, policy, now: fact.origin().occurred_at };
    match fact.body() {
        Body::RaisedInWriting(raised) => in_writing(&to, raised, fact),
        Body::RaisedByPhone(raised) => phoned(&to, raised, fact),
        Body::CallbackFailed(said) => {
            let both = to.raiser(said.intake).into_iter().chain([&case.receiver]);
            each(to.leaders(both), Alert::CallerNotVerified, None)
        }
        Body::WrittenDiscrepant(said) => discrepant(&to, said.intake),
        Body::CaseRouted(routed) => {
            routed.assignments.iter().flat_map(|each| to.assigned(each, Alert::Assigned, fact)).collect()
        }
        Body::CaseRerouted(said) => to.assigned(&said.next, Alert::Assigned, fact),
        Body::AgencyAdded(said) => to.assigned(&said.assignment, Alert::Assigned, fact),
        Body::FallbackAssigned(said) => to.assigned(&said.next, Alert::Fallback, fact),
        Body::ChiefReminded(said) => {
            let chief = to.assignment(said.assignment).into_iter();
            chief.flat_map(|chief| to.assigned(chief, Alert::Fallback, fact)).collect()
        }
        Body::PositionRecorded(said) => position(&to, said.round, said.closes.as_ref(), said.split, fact),
        Body::CoordinationReevaluated(said) => {
            position(&to, said.round, said.closes.as_ref(), said.split, fact)
        }
        Body::DutiesTransferred(said) => {
            let next = said.assignments.iter().filter_map(|each| each.next.as_ref());
            next.flat_map(|next| to.assigned(next, Alert::Assigned, fact)).collect()
        }
        Body::DisagreementDeclared(_) => disputed(&to, fact),
        Body::AgreementReached(_) | Body::DossierWithdrawn(_) => agreed(&to),
        Body::TaskforceProposed(said) => each(
            to.leaders(&said.mandate.agencies),
            Alert::TaskforceProposed,
            due(fact, DeadlineKey::Consent),
        ),
        Body::TaskforceEstablished(said) => {
            taskforce(&to, &said.mandate.agencies, &said.members, Alert::TaskforceEstablished)
        }
        Body::TaskforceDissolved(_) => {
            let members = recipients::members_of(case);
            taskforce(&to, members.iter().map(|each| &each.agency), members, Alert::TaskforceDissolved)
        }
        Body::CaseEscalated(said) => escalated(&to, said),
        Body::InfoRequested(said) => {
            each(to.leaders([&said.agency]), Alert::InfoAsked, due(fact, DeadlineKey::Info))
        }
        Body::DirectiveIssued(said) => directed(&to, said),
        Body::DirectiveReturned(_) | Body::DirectiveNoted(_) => {
            each(to.parties(&[Role::Al]), Alert::Directed, None)
        }
        Body::ClosureProposed(said) => {
            let leaders = to.owing_leaders(DeadlineKey::Closure, said.proposal);
            each(leaders, Alert::ClosureProposed, due(fact, DeadlineKey::Closure))
        }
        Body::DiscrepancyExplained(_) => each(to.desk(&case.receiver), Alert::KeyWaits, None),
        Body::SettlementProposed(said) => each(to.other_key(said.side), Alert::KeyWaits, None),
        Body::JointAdviceProposed(_) => each(to.leaders([&policy.agreement.side_b]), Alert::KeyWaits, None),
        Body::DossierWithdrawalProposed(said) => each(to.other_key(said.side), Alert::KeyWaits, None),
        Body::DossierWithdrawalAgreed(_) => each(to.standing_body(&[Role::Ss]), Alert::KeyWaits, None),
        Body::CancellationProposed(_) => each(to.leaders([&case.receiver]), Alert::KeyWaits, None),
        Body::CorrectedRequested(_)
        | Body::TaskforceProposalWithdrawn(_)
        | Body::ConsentRefused(_)
        | Body::ClosureRejected(_)
        | Body::CoordinationReopened(_)
        | Body::CaseReopened(_)
        | Body::CaseWithdrawn(_)
        | Body::CaseCancelled(_)
        | Body::CaseMerged(_) => {
            each(to.parties(&[Role::Al]), Alert::Changed, due(fact, DeadlineKey::Corrected))
        }
        Body::ConfirmationReminded(said)
        | Body::RoutingReminded(said)
        | Body::CoordinationReminded(said)
        | Body::TaskforceReminded(said)
        | Body::EscalationReminded(said)
        | Body::ClosureReminded(said) => reminded(&to, said),
        Body::ConfirmationOverdue(said)
        | Body::RoutingOverdue(said)
        | Body::CoordinationOverdue(said)
        | Body::TaskforceOverdue(said)
        | Body::EscalationOverdue(said)
        | Body::ClosureOverdue(said) => overdue(&to, said),
        Body::Numbered(_)
        | Body::CallbackVerified(_)
        | Body::CallbackUnreachable(_)
        | Body::WrittenReceived(_)
        | Body::WrittenMatched(_)
        | Body::WrittenReconciled(_)
        | Body::AssignmentAcknowledged(_)
        | Body::AssignmentDeclined(_)
        | Body::CoordinationOpened(_)
        | Body::RoundOpened(_)
        | Body::OpinionRecorded(_)
        | Body::MemberNominated(_)
        | Body::ConsentGiven(_)
        | Body::MeetingScheduled(_)
        | Body::MinutesRecorded(_)
        | Body::TaskAssigned(_)
        | Body::TaskCompleted(_)
        | Body::MemberReplaced(_)
        | Body::TermEnded(_)
        | Body::StatementFiled(_)
        | Body::DossierReceived(_)
        | Body::InfoSupplied(_)
        | Body::InstructionAcknowledged(_)
        | Body::InstructionReported(_)
        | Body::InstructionAccepted(_)
        | Body::InstructionRejected(_)
        | Body::CaseClosed(_)
        | Body::IntakesAdopted(_)
        | Body::CaseLinked(_)
        | Body::CaseUnlinked(_)
        | Body::UrgencyChanged(_)
        | Body::DeadlineExtended(_)
        | Body::DocumentAttached(_)
        | Body::SecretReferenced(_)
        | Body::DistributionRecorded(_)
        | Body::DeliveryRecorded(_)
        | Body::ReceiptRecorded(_)
        | Body::NoteAdded(_)
        | Body::Corrected(_)
        | Body::DocumentRegistered(_)
        | Body::PolicyPublished(_)
        | Body::OfficerRegistered(_)
        | Body::OfficeTaken(_)
        | Body::OfficeLeft(_)
        | Body::AbsenceReported(_)
        | Body::AbsenceEnded(_)
        | Body::DelegationGranted(_)
        | Body::DelegationRevoked(_)
        | Body::DelegationExpiring(_)
        | Body::DelegationExpired(_)
        | Body::DelegationsPassed(_)
        | Body::ReportOpened(_)
        | Body::ReportSubmitted(_)
        | Body::NilReturned(_)
        | Body::ReportReturned(_)
        | Body::ReportAccepted(_)
        | Body::ReportWaived(_)
        | Body::ReportTransferred(_)
        | Body::ReportingReminded(_)
        | Body::ReportingOverdue(_)
        | Body::BriefingScheduled(_)
        | Body::AgendaCompiled(_)
        | Body::AgendaItemAdded(_)
        | Body::BriefingRescheduled(_)
        | Body::BriefingHeld(_)
        | Body::MinutesIssued(_)
        | Body::TaskReported(_)
        | Body::TaskAccepted(_)
        | Body::TaskReturned(_)
        | Body::BriefingTransferred(_)
        | Body::BriefingCancelled(_)
        | Body::BriefingReminded(_)
        | Body::BriefingOverdue(_)
        | Body::ProjectProposed(_)
        | Body::PlanningAccepted(_)
        | Body::PlanningDeclined(_)
        | Body::PlanSubmitted(_)
        | Body::CommentRequested(_)
        | Body::CommentGiven(_)
        | Body::PlanAgreed(_)
        | Body::PhaseEntered(_)
        | Body::CheckpointCompleted(_)
        | Body::CheckpointWaived(_)
        | Body::ProjectSuspended(_)
        | Body::ProjectResumed(_)
        | Body::ProjectCompleted(_)
        | Body::ProjectCancelled(_)
        | Body::ProjectTransferred(_)
        | Body::ProjectReminded(_)
        | Body::ProjectOverdue(_)
        | Body::DocumentDistributed(_)
        | Body::DocumentDelivered(_)
        | Body::DocumentReceived(_)
        | Body::AgreementProposed(_)
        | Body::AgreementSigned(_)
        | Body::AgreementExpired(_)
        | Body::AmendmentProposed(_)
        | Body::AmendmentAgreed(_)
        | Body::AmendmentWithdrawn(_) => Vec::new(),
    }
}

/// A letter that is not urgent is found on the desk.
fn in_writing(to: &Recipients<'_>, raised: &RaisedInWriting, fact: &Fact) -> Vec<Notice> {
    if raised.urgency < Urgency::Khan {
        return Vec::new();
    }
    let offices = to.role(&raised.parties.receiver, &[Role::Al, Role::Lh]);
    each(offices, Alert::RaisedInWriting, due(fact, DeadlineKey::Route))
}

fn phoned(to: &Recipients<'_>, raised: &RaisedByPhone, fact: &Fact) -> Vec<Notice> {
    let offices = to.role(&raised.parties.receiver, &[Role::Al, Role::Lh]);
    let offices = offices.chain(to.role(&raised.parties.raiser, &[Role::Al]));
    each(offices, Alert::RaisedByPhone, due(fact, DeadlineKey::Route))
}

/// Both heads, and the raiser's leaders.
fn discrepant(to: &Recipients<'_>, intake: u32) -> Vec<Notice> {
    let raiser = to.raiser(intake).into_iter();
    let raiser = raiser.flat_map(|agency| to.role(agency, &[Role::Al, Role::Lh]));
    each(raiser.chain(to.role(&to.case.receiver, &[Role::Lh])), Alert::Discrepant, None)
}

/// The members, and the leaders of the agencies.
fn taskforce<'b>(
    to: &Recipients<'_>,
    agencies: impl IntoIterator<Item = &'b AgencyId>,
    members: &[Member],
    alert: Alert,
) -> Vec<Notice> {
    let members = members.iter().map(|member| member.office.clone());
    each(to.leaders(agencies).into_iter().chain(members), alert, None)
}

/// A position speaks by what it does to the round.
fn position(
    to: &Recipients<'_>,
    round: u32,
    closes: Option<&Closes>,
    split: Option<Side>,
    fact: &Fact,
) -> Vec<Notice> {
    match (closes, split) {
        (Some(Closes::Agreed), _) => agreed(to),
        (Some(Closes::Disputed), _) => disputed(to, fact),
        (None, Some(side)) => {
            let round = deadlines::find(to.case, DeadlineKey::Position, round);
            let superior = to.leaders(to.policy.superior(side));
            each(superior, Alert::Split, round.map(|armed| armed.deadline.due))
        }
        (Some(Closes::Next(_)), _) | (None, None) => Vec::new(),
    }
}

fn agreed(to: &Recipients<'_>) -> Vec<Notice> {
    each(to.parties(&[Role::Al, Role::Lh]), Alert::Agreed, None)
}

/// The statements are asked for by their own date.
fn disputed(to: &Recipients<'_>, fact: &Fact) -> Vec<Notice> {
    each(to.parties(&[Role::Al]), Alert::Disputed, due(fact, DeadlineKey::Statement))
}

/// The date is the one by which an opinion is wished for, never a deadline.
fn escalated(to: &Recipients<'_>, said: &CaseEscalated) -> Vec<Notice> {
    let roles: &[Role] = match said.addressee {
        Addressee::ThuongTruc => &[Role::Ss, Role::Sm],
        Addressee::BanThuongVu => &[Role::Ss],
    };
    each(to.standing_body(roles), Alert::Escalated, Some(said.requested_by))
}

/// Who is responsible is told the date of the earliest of its items; who is not, no date.
fn directed(to: &Recipients<'_>, said: &DirectiveIssued) -> Vec<Notice> {
    let mut dates: BTreeMap<OfficeId, Option<Timestamp>> =
        to.parties(&[Role::Al]).into_iter().map(|office| (office, None)).collect();
    for item in &said.instructions {
        for office in to.role(&item.agency, &[Role::Al]) {
            let earliest = dates.entry(office).or_default();
            *earliest = Some(earliest.map_or(item.due, |earlier| earlier.min(item.due)));
        }
    }
    let alert = Alert::Directed;
    dates.into_iter().map(|(office, deadline)| Notice { office, alert, deadline }).collect()
}

/// A reminder goes to who is to act: where the book of rules names nobody, to the first rung of the ladder.
fn reminded(to: &Recipients<'_>, said: &Reminded) -> Vec<Notice> {
    let Reminded { key, instance, share: _, due } = *said;
    let by = Some(due);
    match key {
        DeadlineKey::Written | DeadlineKey::Corrected => {
            let raiser = to.raiser(instance).into_iter();
            each(raiser.flat_map(|agency| to.desk(agency)), Alert::WrittenReminded, by)
        }
        DeadlineKey::Position => each(to.owing_leaders(key, instance), Alert::PositionAsked, by),
        DeadlineKey::Implementation => {
            let offices = to.owing_leaders(key, instance).into_iter();
            each(offices.chain(to.standing_body(&[Role::Ss])), Alert::Implementation(None), by)
        }
        DeadlineKey::Callback
        | DeadlineKey::Route
        | DeadlineKey::Ack
        | DeadlineKey::Compare
        | DeadlineKey::Consent
        | DeadlineKey::Statement
        | DeadlineKey::Dossier
        | DeadlineKey::Info
        | DeadlineKey::Closure => each(to.first_rung(key, instance), Alert::Due(None), by),
    }
}

/// What is overdue climbs the ladder, but for positions and results: their rows name the leaders at once. The
/// secretariat gets a result's copy without a level: nothing is called overdue upwards.
fn overdue(to: &Recipients<'_>, said: &Overdue) -> Vec<Notice> {
    let by = Some(said.due);
    let leaders = || to.leaders(&said.owing);
    match said.key {
        DeadlineKey::Written | DeadlineKey::Corrected => {
            each(to.ladder(said), Alert::WrittenOverdue(said.level), by)
        }
        DeadlineKey::Position => each(leaders(), Alert::PositionAsked, by),
        DeadlineKey::Implementation => {
            let mut notices = each(leaders(), Alert::Implementation(Some(said.level)), by);
            notices.extend(each(to.standing_body(&[Role::Ss]), Alert::Implementation(None), by));
            notices
        }
        DeadlineKey::Callback
        | DeadlineKey::Route
        | DeadlineKey::Ack
        | DeadlineKey::Compare
        | DeadlineKey::Consent
        | DeadlineKey::Statement
        | DeadlineKey::Dossier
        | DeadlineKey::Info
        | DeadlineKey::Closure => each(to.ladder(said), Alert::Due(Some(said.level)), by),
    }
}

/// One notice for each office, however often it is named.
fn each(
    offices: impl IntoIterator<Item = OfficeId>,
    alert: Alert,
    deadline: Option<Timestamp>,
) -> Vec<Notice> {
    let offices: BTreeSet<_> = offices.into_iter().collect();
    offices.into_iter().map(|office| Notice { office, alert, deadline }).collect()
}

/// The deadline of a key that the fact arms.
fn due(fact: &Fact, key: DeadlineKey) -> Option<Timestamp> {
    fact.draft.deadlines.iter().find(|deadline| deadline.key == key).map(|deadline| deadline.due)
}

#[cfg(test)]
mod tests;
