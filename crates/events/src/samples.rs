//! An example of every event, for the documentation and for tests: fictional, as all examples are.

use chrono::{NaiveDate, TimeDelta};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Timestamp,
    actor::{Actor, Capacity},
    catalogue::Kind,
    closure, confirmation, coordination,
    digest::Digest,
    document,
    envelope::{self, Draft, Origin},
    ids::{AggregateId, CaseCode, CaseId, CommandId, EventId},
    intake, routing,
    terms::{
        Assignment, Attachment, Deadline, DeadlineKey, Document, Level, Lifecycle, Overdue, Register,
        Reminded, Side, Signer, Skipped, SkippedBecause, Transition, Urgency,
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

/// A draft of the type, with an actor, a deadline and a transition where one of that type has them.
pub(crate) fn draft(kind: Kind) -> Draft {
    let body = kind.sample();
    let aggregate = match &body {
        crate::Body::DocumentRegistered(registered) => AggregateId::Document(registered.document.id()),
        _ => AggregateId::Case(case()),
    };
    let automatic = matches!(
        kind,
        Kind::Numbered
            | Kind::FallbackAssigned
            | Kind::ChiefReminded
            | Kind::CoordinationOpened
            | Kind::ConfirmationReminded
            | Kind::ConfirmationOverdue
            | Kind::RoutingReminded
            | Kind::RoutingOverdue
            | Kind::CoordinationReminded
            | Kind::CoordinationOverdue
            | Kind::EscalationReminded
            | Kind::EscalationOverdue
            | Kind::ClosureReminded
            | Kind::ClosureOverdue
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
        Kind::PositionRecorded => (moves(Some(Lifecycle::InCoordination), Lifecycle::Agreed), vec![]),
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
    let stored = draft
        .to_json()
        .map_err(envelope::Unreadable::Malformed)
        .and_then(|json| envelope::stamp(&json, 1, draft.origin.occurred_at, Digest::ZERO));
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

impl Sample for intake::Matter {
    fn sample() -> Self {
        Self {
            title: "Thủy sản nuôi chết hàng loạt".to_owned(),
            summary: "Thủy sản nuôi lồng bè chết nhiều trong đêm, chưa rõ nguyên nhân.".to_owned(),
            request: "Đề nghị phối hợp thông tin kịp thời, thống nhất.".to_owned(),
            topic: "agriculture".to_owned(),
            area: Some("CR".to_owned()),
            complex: false,
            sensitive: true,
        }
    }
}

impl Sample for intake::Parties {
    fn sample() -> Self {
        Self { raiser: "SNNMT".into(), receiver: "BTG".into(), required: vec!["SNNMT".into(), "BTG".into()] }
    }
}

impl Sample for intake::KeyFacts {
    fn sample() -> Self {
        Self {
            what: "Cá nuôi lồng bè chết hàng loạt".to_owned(),
            place: "Vùng nuôi ven vịnh".to_owned(),
            since_when: "Từ khoảng 20 giờ 30 ngày 16/5/2026".to_owned(),
            scale: "Khoảng 40 lồng".to_owned(),
            actions_taken: "Đã cử tổ kiểm tra, lấy mẫu nước".to_owned(),
            request: "Đề nghị phối hợp thông tin".to_owned(),
        }
    }
}

impl Sample for intake::RaisedInWriting {
    fn sample() -> Self {
        Self {
            parties: Sample::sample(),
            urgency: Urgency::Khan,
            deliver_by: None,
            matter: Sample::sample(),
            document: Sample::sample(),
        }
    }
}

impl Sample for intake::RaisedByPhone {
    fn sample() -> Self {
        Self {
            parties: Sample::sample(),
            urgency: Urgency::HoaToc,
            deliver_by: None,
            matter: Sample::sample(),
            call: intake::PhoneCall {
                caller: intake::Caller {
                    office: "Trưởng phòng Thủy sản".to_owned(),
                    name: "Nguyễn Văn Mẫu".to_owned(),
                    number_ends_in: "268".to_owned(),
                    number_in_directory: true,
                },
                taken_by: "btg.hanh".into(),
                direction: intake::Direction::Incoming,
                started_at: call_end() - TimeDelta::minutes(8),
                ended_at: call_end(),
                key_facts: Sample::sample(),
            },
            late_logged: false,
        }
    }
}

impl Sample for intake::Numbered {
    fn sample() -> Self {
        Self { code: CaseCode::new(2026, 1) }
    }
}

impl Sample for document::Registered {
    fn sample() -> Self {
        Self { document: Sample::sample(), case: case() }
    }
}

impl Sample for confirmation::CallbackVerified {
    fn sample() -> Self {
        Self { intake: 1, note: Some("Gọi lại số trong danh bạ, đúng người".to_owned()) }
    }
}

impl Sample for confirmation::CallbackFailed {
    fn sample() -> Self {
        Self { intake: 1, note: Some("Cơ quan không biết về cuộc gọi".to_owned()) }
    }
}

impl Sample for confirmation::CallbackUnreachable {
    fn sample() -> Self {
        Self { intake: 1, note: None }
    }
}

impl Sample for confirmation::WrittenReceived {
    fn sample() -> Self {
        Self { intake: 1, document: Sample::sample(), key_facts: Sample::sample(), late: true }
    }
}

/// Verdicts that are all the same but for the scale.
fn verdicts(scale: confirmation::Comparison) -> confirmation::Verdicts {
    let same = || confirmation::Verdict { verdict: confirmation::Comparison::Same, note: None };
    confirmation::Verdicts {
        what: same(),
        place: same(),
        since_when: same(),
        scale: confirmation::Verdict { verdict: scale, note: Some("Văn bản nêu 42 lồng".to_owned()) },
        actions_taken: same(),
        request: same(),
    }
}

impl Sample for confirmation::WrittenMatched {
    fn sample() -> Self {
        Self { intake: 1, verdicts: verdicts(confirmation::Comparison::Refined) }
    }
}

impl Sample for confirmation::WrittenDiscrepant {
    fn sample() -> Self {
        Self { intake: 1, verdicts: verdicts(confirmation::Comparison::Changed) }
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

fn assignment(number: u32, level: Level, holder: &str) -> Assignment {
    Assignment {
        number,
        agency: "BTG".into(),
        unit: "BTG.TH".into(),
        lead: true,
        level,
        holder: holder.into(),
        skipped: vec![],
    }
}

impl Sample for routing::CaseRouted {
    fn sample() -> Self {
        Self {
            assignments: vec![assignment(1, Level::Liaison, "BTG.TH.CV1")],
            rule: Some("default-btg".to_owned()),
            alternatives: vec![],
        }
    }
}

impl Sample for routing::AssignmentAcknowledged {
    fn sample() -> Self {
        Self { assignment: 1, level: Level::Liaison, by: "BTG.TH.CV1".into() }
    }
}

impl Sample for routing::FallbackAssigned {
    fn sample() -> Self {
        let skipped = vec![Skipped { level: Level::Deputy, office: None, because: SkippedBecause::Vacant }];
        Self {
            assignment: 1,
            because: routing::FallbackBecause::TimedOut,
            next: Assignment { skipped, ..assignment(3, Level::UnitHead, "BTG.TH.TP") },
        }
    }
}

impl Sample for routing::ChiefReminded {
    fn sample() -> Self {
        Self { assignment: 3, times: 1 }
    }
}

fn round() -> coordination::Round {
    coordination::Round {
        number: 1,
        turn: 1,
        proposal: "Đề nghị phối hợp thông tin kịp thời, thống nhất.".to_owned(),
        deemed: Some("SNNMT".into()),
    }
}

impl Sample for coordination::Opened {
    fn sample() -> Self {
        Self { round: round() }
    }
}

impl Sample for coordination::PositionRecorded {
    fn sample() -> Self {
        Self {
            round: 1,
            agency: "BTG".into(),
            position: coordination::Position::Agree { note: None },
            closes: Some(coordination::Closes::Agreed),
            split: None,
        }
    }
}

impl Sample for coordination::OpinionRecorded {
    fn sample() -> Self {
        Self { round: 1, agency: "SXD".into(), position: coordination::Position::Agree { note: None } }
    }
}

impl Sample for closure::Proposed {
    fn sample() -> Self {
        Self {
            proposal: 1,
            side: Side::B,
            outcome: closure::Outcome::Resolved,
            summary: Some("Đã xác định nguyên nhân, đã thông tin thống nhất.".to_owned()),
        }
    }
}

impl Sample for closure::CaseClosed {
    fn sample() -> Self {
        Self { proposal: 1, outcome: closure::Outcome::Resolved }
    }
}

impl Sample for closure::Rejected {
    fn sample() -> Self {
        Self { proposal: 1, reason: "Còn nội dung chưa xử lý xong.".to_owned() }
    }
}
