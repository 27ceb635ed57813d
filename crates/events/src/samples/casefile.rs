//! Examples of the stage casefile.

use chrono::{NaiveDate, TimeDelta};

use super::{Sample, call_end};
use crate::{
    casefile,
    confirmation::{Verification, Written},
    ids::{CaseId, EventId},
    terms::{Assignment, DeadlineKey, Level, Urgency},
};

/// Another case than the one of the examples.
fn other() -> CaseId {
    CaseId::raised_by(&"SXD".into(), &"sxd.binh".into(), "example")
}

impl Sample for casefile::CaseWithdrawn {
    fn sample() -> Self {
        Self {
            document: Sample::sample(), reason: Some("Vụ việc đã được giải quyết tại chỗ.".to_owned())
        }
    }
}

impl Sample for casefile::CancellationProposed {
    fn sample() -> Self {
        Self { proposal: 1, reason: casefile::CancellationReason::CallerNotGenuine, note: None }
    }
}

impl Sample for casefile::CaseCancelled {
    fn sample() -> Self {
        Self { proposal: 1, reason: casefile::CancellationReason::CallerNotGenuine }
    }
}

impl Sample for casefile::CaseMerged {
    fn sample() -> Self {
        Self { into: other(), reason: "Cùng một sự việc, đã báo hai lần.".to_owned() }
    }
}

impl Sample for casefile::IntakesAdopted {
    fn sample() -> Self {
        Self {
            from: other(),
            intakes: vec![casefile::AdoptedIntake {
                number: 2,
                was: 1,
                raiser: "SXD".into(),
                logged_by: "btg.hanh".into(),
                call: Some(Sample::sample()),
                document: None,
                written: Written::Pending,
                caller: Some(Verification::Verified),
                confirmed_by: None,
                key_facts: None,
                late: false,
                corrected: false,
                explanation: None,
                prevails: None,
                clocks: vec![casefile::AdoptedClock {
                    key: DeadlineKey::Written,
                    reminded: 50,
                    level: 0,
                    extended: 0,
                }],
            }],
            required: vec!["SXD".into()],
            consulted: vec![],
            urgency: Urgency::HoaToc,
            deliver_by: None,
        }
    }
}

impl Sample for casefile::CaseLinked {
    fn sample() -> Self {
        Self { link: 1, kind: casefile::LinkKind::BlockedBy, other: other() }
    }
}

impl Sample for casefile::CaseUnlinked {
    fn sample() -> Self {
        Self { link: 1, reason: "Hai vụ việc không còn liên quan.".to_owned() }
    }
}

impl Sample for casefile::UrgencyChanged {
    fn sample() -> Self {
        Self {
            from: Urgency::Khan,
            to: Urgency::HoaToc,
            deliver_by: None,
            reason: "Diễn biến nhanh, cần xử lý ngay.".to_owned(),
        }
    }
}

impl Sample for casefile::DeadlineExtended {
    fn sample() -> Self {
        Self {
            key: DeadlineKey::Position,
            instance: 1,
            from: call_end() + TimeDelta::hours(4),
            to: call_end() + TimeDelta::hours(8),
            reason: "Chờ kết quả kiểm nghiệm.".to_owned(),
        }
    }
}

impl Sample for casefile::DocumentAttached {
    fn sample() -> Self {
        Self { document: Sample::sample() }
    }
}

impl Sample for casefile::SecretReferenced {
    fn sample() -> Self {
        Self {
            holding_agency: "UBND".into(),
            register_entry: "12".to_owned(),
            date: NaiveDate::from_ymd_opt(2026, 5, 17).unwrap_or_default(),
            level: casefile::SecrecyLevel::Mat,
        }
    }
}

impl Sample for casefile::NoteAdded {
    fn sample() -> Self {
        Self { note: 1, text: "Đã trao đổi lại với Sở qua đầu mối.".to_owned() }
    }
}

impl Sample for casefile::Corrected {
    fn sample() -> Self {
        Self {
            of_event: EventId::new(call_end(), [3; 10]),
            field: "matter.title".to_owned(),
            text: Some("Thủy sản nuôi chết bất thường".to_owned()),
            reason: "Sửa lỗi chính tả.".to_owned(),
        }
    }
}

impl Sample for casefile::DutiesTransferred {
    fn sample() -> Self {
        let next = Assignment {
            number: 3,
            agency: "SXD".into(),
            unit: "SXD.VP".into(),
            lead: false,
            level: Level::Liaison,
            holder: "SXD.VP.DM".into(),
            skipped: vec![],
        };
        Self {
            from: "SGTVT".into(),
            to: "SXD".into(),
            assignments: vec![casefile::HandedOver { assignment: 2, next: Some(next) }],
        }
    }
}
