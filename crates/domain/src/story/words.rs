//! Facts and mails in words, so that a failing test can be read and disputed.

use chrono::Timelike as _;
use events::{
    Body, Fact, Timestamp,
    coordination::{Closes, Position},
    routing::FallbackBecause,
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
        | Body::DocumentRegistered(_) => String::new(),
        Body::RaisedByPhone(raised) => if raised.late_logged { "logged late" } else { "" }.to_owned(),
        Body::Numbered(numbered) => numbered.code.to_string(),
        Body::WrittenReceived(received) => if received.late { "late" } else { "" }.to_owned(),
        Body::ConfirmationReminded(said)
        | Body::RoutingReminded(said)
        | Body::CoordinationReminded(said)
        | Body::EscalationReminded(said)
        | Body::ClosureReminded(said) => reminded(said),
        Body::ConfirmationOverdue(said)
        | Body::RoutingOverdue(said)
        | Body::CoordinationOverdue(said)
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
    }
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
