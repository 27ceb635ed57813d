//! Facts and mails in words, so that a failing test can be read and disputed.

use chrono::Timelike as _;
use events::{
    Body, Fact, Timestamp,
    coordination::{Closes, Position},
    routing::FallbackBecause,
    taskforce::Member,
    terms::{Assignment, Level, Overdue, Reminded},
};

use crate::{calendar::LOCAL, notices::Notice};

/// An instant by the local clock: `17/05 05:48`, with seconds if there are any.
pub(crate) fn clock(instant: Timestamp) -> String {
    let local = instant.with_timezone(&LOCAL);
    let form = match (local.second(), local.nanosecond()) {
        (0, 0) => "%d/%m %H:%M",
        (_, 0) => "%d/%m %H:%M:%S",
        _ => "%d/%m %H:%M:%S%.3f",
    };
    local.format(form).to_string()
}

/// A fact: when it happened, its type, and what matters of it.
pub(crate) fn line(fact: &Fact) -> String {
    let words = format!("{} {} {}", clock(fact.origin().occurred_at), fact.body().kind(), about(fact.body()));
    words.trim_end().to_owned()
}

fn about(body: &Body) -> String {
    match body {
        Body::RaisedInWriting(_)
        | Body::CallbackVerified(_)
        | Body::CallbackFailed(_)
        | Body::CallbackUnreachable(_)
        | Body::WrittenMatched(_)
        | Body::WrittenDiscrepant(_)
        | Body::CorrectedRequested(_)
        | Body::DisagreementDeclared(_)
        | Body::TermEnded(_)
        | Body::CaseWithdrawn(_)
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
        | Body::AgreementProposed(_)
        | Body::AgreementSigned(_)
        | Body::AgreementExpired(_)
        | Body::AmendmentProposed(_)
        | Body::AmendmentAgreed(_)
        | Body::AmendmentWithdrawn(_) => String::new(),
        Body::RaisedByPhone(raised) => if raised.late_logged { "logged late" } else { "" }.to_owned(),
        Body::Numbered(numbered) => numbered.code.to_string(),
        Body::WrittenReceived(received) => if received.late { "late" } else { "" }.to_owned(),
        Body::ConfirmationReminded(said)
        | Body::RoutingReminded(said)
        | Body::CoordinationReminded(said)
        | Body::TaskforceReminded(said)
        | Body::EscalationReminded(said)
        | Body::ClosureReminded(said) => reminded(said),
        Body::ConfirmationOverdue(said)
        | Body::RoutingOverdue(said)
        | Body::CoordinationOverdue(said)
        | Body::TaskforceOverdue(said)
        | Body::EscalationOverdue(said)
        | Body::ClosureOverdue(said) => overdue(said),
        Body::CaseRouted(said) => {
            let list: Vec<_> = said.assignments.iter().map(assignment).collect();
            list.join(", ")
        }
        Body::AssignmentAcknowledged(said) => format!("{} by {}", said.assignment, said.by),
        Body::FallbackAssigned(said) => {
            let because = match said.because {
                FallbackBecause::TimedOut => "timed out",
                FallbackBecause::Absent => "absent",
                FallbackBecause::NoDelegation => "no delegation",
            };
            format!("{} {because}, {}", said.assignment, assignment(&said.next))
        }
        Body::ChiefReminded(said) => format!("{} for the {}. time", said.assignment, said.times),
        Body::CoordinationOpened(said) => format!("round {}", said.round.number),
        Body::PositionRecorded(said) => {
            let closes = match &said.closes {
                None => String::new(),
                Some(Closes::Agreed) => ", agreed".to_owned(),
                Some(Closes::Next(next)) => format!(", next round {}", next.number),
                Some(Closes::Disputed) => ", disputed".to_owned(),
            };
            let split = said.split.map(|side| format!(", side {side:?} is split")).unwrap_or_default();
            format!("{} {}{closes}{split}", said.agency, position(&said.position))
        }
        Body::OpinionRecorded(said) => format!("{} {}", said.agency, position(&said.position)),
        Body::ClosureProposed(said) => format!("{} by side {:?}", said.proposal, said.side),
        Body::CaseClosed(said) => said.proposal.to_string(),
        Body::ClosureRejected(said) => said.proposal.to_string(),
        Body::DiscrepancyExplained(said) => said.explanation.to_string(),
        Body::WrittenReconciled(said) => said.explanation.to_string(),
        Body::AssignmentDeclined(said) => format!("{} by {}", said.assignment, said.by),
        Body::CaseRerouted(said) => format!("{}, {}", said.assignment, assignment(&said.next)),
        Body::AgencyAdded(said) => format!("{:?}, {}", said.role, assignment(&said.assignment)),
        Body::SettlementProposed(said) => format!("{} by side {:?}", said.proposal, said.side),
        Body::AgreementReached(said) => said.proposal.to_string(),
        Body::CancellationProposed(said) => format!("{} {:?}", said.proposal, said.reason),
        Body::CaseCancelled(said) => format!("{} {:?}", said.proposal, said.reason),
        later => about_later(later),
    }
}

/// The task force, and what follows a dispute.
fn about_later(body: &Body) -> String {
    match body {
        Body::TaskforceProposed(said) => format!("{} by {}", said.proposal, said.by),
        Body::TaskforceProposalWithdrawn(said) => said.proposal.to_string(),
        Body::MemberNominated(said) => member(&said.member),
        Body::ConsentGiven(said) => {
            format!("{}{}", said.agency, if said.completes { ", complete" } else { "" })
        }
        Body::ConsentRefused(said) => said.agency.to_string(),
        Body::TaskforceEstablished(said) => {
            format!("by {}{}", said.by, if said.by_directive { ", by directive" } else { "" })
        }
        Body::MeetingScheduled(said) => said.meeting.to_string(),
        Body::MinutesRecorded(said) => said.meeting.to_string(),
        Body::TaskAssigned(said) => format!("{} to {}", said.task, said.owner),
        Body::TaskCompleted(said) => said.task.to_string(),
        Body::MemberReplaced(said) => format!("{} by {}", said.old, member(&said.new)),
        Body::TaskforceDissolved(said) => {
            let moved = said.transfers.iter().map(|each| format!("task {} to {}", each.task, each.to));
            moved.collect::<Vec<_>>().join(", ")
        }
        Body::StatementFiled(said) => {
            let complete = if said.completes { ", complete" } else { "" };
            format!("side {:?} by {}{complete}", said.side, said.agency)
        }
        Body::CaseEscalated(said) => {
            let silent = if said.silent.is_empty() { "" } else { ", not all spoke" };
            format!("dossier {} by {}{silent}", said.dossier, clock(said.requested_by))
        }
        Body::DossierReceived(said) => said.dossier.to_string(),
        Body::RoundOpened(said) => format!("round {}", said.round.number),
        Body::CoordinationReopened(said) => format!("round {}", said.round.number),
        Body::CoordinationReevaluated(said) => {
            let closes = match &said.closes {
                None => "",
                Some(Closes::Agreed) => ", agreed",
                Some(Closes::Next(_)) => ", next",
                Some(Closes::Disputed) => ", disputed",
            };
            let split = said.split.map(|side| format!(", side {side:?} is split")).unwrap_or_default();
            format!("round {}{closes}{split}", said.round)
        }
        Body::DutiesTransferred(said) => {
            let next = said.assignments.iter().filter_map(|each| each.next.as_ref()).map(assignment);
            let next: Vec<_> = next.map(|words| format!(", {words}")).collect();
            format!("{} to {}{}", said.from, said.to, next.concat())
        }
        Body::JointAdviceProposed(said) => said.proposal.to_string(),
        Body::DirectiveReturned(said) => said.dossier.to_string(),
        Body::DirectiveNoted(said) => said.dossier.to_string(),
        Body::DossierWithdrawalProposed(said) => format!("{} by side {:?}", said.proposal, said.side),
        Body::DossierWithdrawalAgreed(said) => said.proposal.to_string(),
        Body::DossierWithdrawn(said) => said.proposal.to_string(),
        Body::IntakesAdopted(said) => {
            let words = |each: &events::casefile::AdoptedIntake| {
                format!("{} by {} {:?}", each.number, each.raiser, each.written)
            };
            said.intakes.iter().map(words).collect::<Vec<_>>().join(", ")
        }
        Body::CaseLinked(said) => format!("{} {:?}", said.link, said.kind),
        Body::CaseUnlinked(said) => said.link.to_string(),
        Body::UrgencyChanged(said) => format!("{:?} to {:?}", said.from, said.to),
        Body::DeadlineExtended(said) => {
            format!("{} {} {} to {}", said.key, said.instance, clock(said.from), clock(said.to))
        }
        Body::DocumentAttached(said) => said.document.printed(),
        Body::SecretReferenced(said) => format!("{} {}", said.holding_agency, said.register_entry),
        Body::DistributionRecorded(said) => format!("{} {}", said.distribution, said.document),
        Body::DeliveryRecorded(said) => format!("{}.{}", said.distribution, said.recipient),
        Body::ReceiptRecorded(said) => format!("{}.{}", said.distribution, said.recipient),
        Body::NoteAdded(said) => said.note.to_string(),
        Body::Corrected(said) => said.field.clone(),
        Body::InfoRequested(said) => format!("{} of {}", said.request, said.agency),
        Body::InfoSupplied(said) => format!("{} by {}", said.request, said.agency),
        Body::DirectiveIssued(said) => {
            let items = said.instructions.iter();
            let items =
                items.map(|each| format!("item {} {} by {}", each.item, each.agency, clock(each.due)));
            items.collect::<Vec<_>>().join(", ")
        }
        Body::InstructionAcknowledged(said) => format!("{:?} by {}", said.items, said.agency),
        Body::InstructionReported(said) => {
            format!("{}{}", said.item, if said.late { " late" } else { "" })
        }
        Body::InstructionAccepted(said) => said.item.to_string(),
        Body::InstructionRejected(said) => said.item.to_string(),
        _ => String::new(),
    }
}

/// A member of a task force.
fn member(member: &Member) -> String {
    format!("{} of {}{}", member.officer, member.agency, if member.lead { " leads" } else { "" })
}

fn position(position: &Position) -> &'static str {
    match position {
        Position::Agree { .. } => "agrees",
        Position::Disagree { .. } => "disagrees",
        Position::Counter { .. } => "counters",
    }
}

fn reminded(said: &Reminded) -> String {
    format!("{} {} %", said.key, said.share)
}

fn overdue(said: &Overdue) -> String {
    let owing: Vec<_> = said.owing.iter().map(ToString::to_string).collect();
    format!("{} level {}, owed by {}", said.key, said.level, owing.join(" "))
}

fn assignment(assignment: &Assignment) -> String {
    let level = match assignment.level {
        Level::Liaison => "",
        Level::Deputy => " (deputy)",
        Level::UnitHead => " (unit head)",
        Level::Chief => " (chief)",
    };
    let lead = if assignment.lead { " leads" } else { "" };
    format!("{} {}{level}{lead}", assignment.number, assignment.holder)
}

/// A mail: `E01 to BTG.LD by 16/05 22:07`.
pub(crate) fn mail(notice: &Notice) -> String {
    let by = notice.deadline.map(|due| format!(" by {}", clock(due))).unwrap_or_default();
    format!("{} to {}{by}", notice.alert.id(), notice.office)
}
