//! An example of every event, for the documentation and for tests: fictional, as all examples are.

mod briefing;
mod casefile;
mod closure;
mod confirmation;
mod coordination;
mod directory;
mod distribution;
mod escalation;
mod intake;
mod project;
mod reporting;
mod routing;
mod taskforce;

use chrono::{NaiveDate, TimeDelta};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Timestamp,
    actor::{Actor, Capacity},
    catalogue::{Kind, Stage},
    digest::Digest,
    document,
    duty::{Clock, ClockKey, ClockOverdue, ClockReminded},
    envelope::{self, Draft, Origin, Stamp},
    ids::{AggregateId, CaseId, CommandId, DutyId, EventId},
    terms::{
        Attachment, Deadline, DeadlineKey, Document, Lifecycle, Overdue, Register, Reminded, Signer,
        Transition,
    },
};

/// Something of which there is an example.
pub trait Sample {
    /// The example.
    fn sample() -> Self;
}

/// The instant of the example call's end: 21:48 on 16 May 2026, local time.
fn call_end() -> Timestamp {
    Timestamp::from_timestamp(1_778_942_880, 0).unwrap_or_default()
}

fn case() -> CaseId {
    CaseId::raised_by(&"SNNMT".into(), &"btg.hanh".into(), "example")
}

fn duty() -> DutyId {
    DutyId::of_report(&"SNNMT".into(), 2026, 5)
}

/// 17:00 on a day of 2026, local time.
fn five_o_clock(month: u32, day: u32) -> Timestamp {
    let date = NaiveDate::from_ymd_opt(2026, month, day).unwrap_or_default();
    date.and_hms_opt(10, 0, 0).unwrap_or_default().and_utc()
}

/// A clock that is reminded of once, a day before, and has one level.
fn clock(key: ClockKey, instance: u32, due: Timestamp) -> Clock {
    Clock { key, instance, due, reminders: vec![due - TimeDelta::hours(33)], levels: vec![due] }
}

/// A draft of the type, with an actor, a deadline and a transition where one of that type has them.
pub(crate) fn draft(kind: Kind) -> Draft {
    let body = kind.sample();
    let aggregate = match &body {
        crate::Body::DocumentRegistered(registered) => AggregateId::Document(registered.document.id()),
        _ if kind.stage() == Stage::Directory => AggregateId::Directory,
        _ if Stage::DUTIES.contains(&kind.stage()) => AggregateId::Duty(duty()),
        _ => AggregateId::Case(case()),
    };
    let automatic = ["reminded", "overdue"].iter().any(|last| kind.name().ends_with(last))
        || matches!(
            kind,
            Kind::Numbered
                | Kind::FallbackAssigned
                | Kind::ChiefReminded
                | Kind::CoordinationOpened
                | Kind::RoundOpened
                | Kind::CoordinationReevaluated
                | Kind::DutiesTransferred
                | Kind::TermEnded
                | Kind::DelegationExpiring
                | Kind::DelegationExpired
                | Kind::DelegationsPassed
                | Kind::ReportOpened
                | Kind::ReportTransferred
                | Kind::AgendaCompiled
                | Kind::BriefingTransferred
                | Kind::ProjectTransferred
                | Kind::AgreementExpired
        );
    let actor = if automatic {
        Actor::System { service: kind.stage().name().to_owned() }
    } else {
        Actor::Person {
            officer: "btg.hanh".into(),
            office: "BTG.TH.CV1".into(),
            agency: "BTG".into(),
            capacity: Capacity::Direct,
        }
    };
    let deadline = |key, minutes| {
        vec![Deadline { key, instance: 1, start: call_end(), due: call_end() + TimeDelta::minutes(minutes) }]
    };
    let moves = |from, to| Some(Transition { from, to });
    let (transition, deadlines) = match kind {
        Kind::RaisedByPhone => (moves(None, Lifecycle::Received), deadline(DeadlineKey::Written, 480)),
        Kind::RaisedInWriting => (moves(None, Lifecycle::Received), deadline(DeadlineKey::Route, 30)),
        Kind::CaseRouted => {
            (moves(Some(Lifecycle::Received), Lifecycle::Routed), deadline(DeadlineKey::Ack, 30))
        }
        Kind::CoordinationOpened => {
            (moves(Some(Lifecycle::Routed), Lifecycle::InCoordination), deadline(DeadlineKey::Position, 240))
        }
        Kind::PositionRecorded | Kind::CoordinationReevaluated => {
            (moves(Some(Lifecycle::InCoordination), Lifecycle::Agreed), vec![])
        }
        Kind::DisagreementDeclared => {
            (moves(Some(Lifecycle::InCoordination), Lifecycle::Disputed), deadline(DeadlineKey::Dossier, 360))
        }
        Kind::AgreementReached => (moves(Some(Lifecycle::Disputed), Lifecycle::Agreed), vec![]),
        Kind::CaseEscalated => (moves(Some(Lifecycle::Disputed), Lifecycle::Escalated), vec![]),
        Kind::DirectiveIssued => {
            let due = deadline(DeadlineKey::Implementation, 14 * 24 * 60);
            (moves(Some(Lifecycle::Escalated), Lifecycle::Directed), due)
        }
        Kind::RoundOpened | Kind::UrgencyChanged => (None, deadline(DeadlineKey::Position, 240)),
        Kind::CoordinationReopened => {
            (moves(Some(Lifecycle::Agreed), Lifecycle::InCoordination), deadline(DeadlineKey::Position, 240))
        }
        Kind::DirectiveReturned => (moves(Some(Lifecycle::Escalated), Lifecycle::InCoordination), vec![]),
        Kind::DirectiveNoted | Kind::DossierWithdrawn => {
            (moves(Some(Lifecycle::Escalated), Lifecycle::Agreed), vec![])
        }
        Kind::CaseReopened => (moves(Some(Lifecycle::Closed), Lifecycle::InCoordination), vec![]),
        Kind::CaseMerged => (moves(Some(Lifecycle::Routed), Lifecycle::Merged), vec![]),
        Kind::DutiesTransferred => (None, deadline(DeadlineKey::Ack, 30)),
        Kind::IntakesAdopted => (None, deadline(DeadlineKey::Written, 480)),
        Kind::DeadlineExtended => (None, deadline(DeadlineKey::Position, 480)),
        Kind::CaseWithdrawn => (moves(Some(Lifecycle::Routed), Lifecycle::Withdrawn), vec![]),
        Kind::CaseCancelled => (moves(Some(Lifecycle::Routed), Lifecycle::Cancelled), vec![]),
        Kind::CaseClosed => (moves(Some(Lifecycle::Agreed), Lifecycle::Closed), vec![]),
        _ => (None, vec![]),
    };
    let at = call_end() + TimeDelta::minutes(4);
    Draft {
        id: EventId::new(at, [7; 10]),
        aggregate,
        origin: Origin {
            occurred_at: at,
            actor,
            command: CommandId::of_person(&"BTG".into(), &"btg.hanh".into(), case(), "example"),
            fingerprint: (!automatic).then(|| Digest::of(b"{}")),
            correlation: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001),
            causation: automatic.then(|| EventId::new(call_end(), [3; 10])),
            policy_version: "2026.1".to_owned(),
            basis: 0,
        },
        body,
        transition,
        deadlines,
    }
}

/// A fact of the type, as it would stand in the log.
pub(crate) fn example(kind: Kind) -> Value {
    let draft = draft(kind);
    let first = Stamp { version: 1, recorded_at: draft.origin.occurred_at, previous: Digest::ZERO };
    let stored = draft
        .to_json()
        .map_err(envelope::Unreadable::Malformed)
        .and_then(|json| envelope::stamp(&json, first));
    stored.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

impl Sample for Document {
    fn sample() -> Self {
        Self {
            number: 118,
            symbol: "BC-SNNMT".to_owned(),
            register: Register::State,
            issuer: "SNNMT".into(),
            place: "Khánh Hòa".to_owned(),
            date: NaiveDate::from_ymd_opt(2026, 5, 17).unwrap_or_default(),
            subject: "Báo cáo về việc thủy sản nuôi chết bất thường".to_owned(),
            signer: Signer { office: "Phó Giám đốc".to_owned(), capacity: Some("KT.".to_owned()) },
            pages: Some(3),
            attachments: vec![Attachment {
                file_name: "118-BC-SNNMT.pdf".to_owned(),
                media_type: "application/pdf".to_owned(),
                size: 184_320,
                sha256: Digest::of(b"example"),
            }],
            answers_to: None,
        }
    }
}

impl Sample for Reminded {
    fn sample() -> Self {
        let due = call_end() + TimeDelta::hours(8);
        Self { key: DeadlineKey::Written, instance: 1, share: 50, due }
    }
}

impl Sample for Overdue {
    fn sample() -> Self {
        let due = call_end() + TimeDelta::hours(8);
        Self { key: DeadlineKey::Written, instance: 1, level: 1, due, owing: vec!["SNNMT".into()] }
    }
}

impl Sample for ClockReminded {
    fn sample() -> Self {
        let due = five_o_clock(5, 15);
        Self { key: ClockKey::Report, instance: 1, reminder: 1, due, owing: "SNNMT".into() }
    }
}

impl Sample for ClockOverdue {
    fn sample() -> Self {
        let due = five_o_clock(5, 15);
        Self { key: ClockKey::Report, instance: 1, level: 1, due, owing: "SNNMT".into() }
    }
}

impl Sample for document::Registered {
    fn sample() -> Self {
        Self { document: Sample::sample(), case: case() }
    }
}
