//! Examples of the stage project.

use chrono::NaiveDate;

use super::{Sample, clock, five_o_clock};
use crate::{
    duty::ClockKey,
    project::{
        Checkpoint, CheckpointCompleted, CheckpointWaived, CommentGiven, CommentRequested, Phase,
        PhaseEntered, PlanAgreed, PlanSubmitted, PlanningAccepted, PlanningDeclined, ProjectCancelled,
        ProjectCompleted, ProjectProposed, ProjectResumed, ProjectSuspended, ProjectTransferred,
    },
    terms::Side,
};

impl Sample for ProjectProposed {
    fn sample() -> Self {
        Self {
            agency: "SCT".into(),
            title: "Đường dây 220 kV qua ba xã".to_owned(),
            topic: "energy".to_owned(),
            areas: vec!["binh-minh".to_owned()],
            reason: "Có thu hồi đất và hành lang an toàn.".to_owned(),
            asked: "BTG".into(),
            partners: vec!["SNNMT".into()],
            document: None,
        }
    }
}

impl Sample for PlanningAccepted {
    fn sample() -> Self {
        Self { note: None }
    }
}

impl Sample for PlanningDeclined {
    fn sample() -> Self {
        Self { reason: "Dự án không có nội dung cần phối hợp.".to_owned() }
    }
}

impl Sample for PlanSubmitted {
    fn sample() -> Self {
        Self {
            edition: 1,
            document: Sample::sample(),
            checkpoints: vec![Checkpoint {
                number: 1,
                phase: Phase::Before,
                title: "Gửi tài liệu dự án cho các xã".to_owned(),
                owner: "SCT".into(),
                clock: clock(ClockKey::Checkpoint, 1, five_o_clock(8, 14)),
                mandatory: true,
            }],
        }
    }
}

impl Sample for CommentRequested {
    fn sample() -> Self {
        Self {
            request: 1,
            agency: "SNNMT".into(),
            question: "Đề nghị góp ý về phương án thu hồi đất.".to_owned(),
            clock: clock(ClockKey::Comment, 1, five_o_clock(7, 13)),
        }
    }
}

impl Sample for CommentGiven {
    fn sample() -> Self {
        Self {
            request: 1, text: "Thống nhất với phương án.".to_owned(), document: None, late: false
        }
    }
}

impl Sample for PlanAgreed {
    fn sample() -> Self {
        Self { edition: 1, side: Side::A }
    }
}

impl Sample for PhaseEntered {
    fn sample() -> Self {
        Self { phase: Phase::During, report: Some(Sample::sample()) }
    }
}

impl Sample for CheckpointCompleted {
    fn sample() -> Self {
        Self {
            checkpoint: 1,
            note: None,
            document: None,
            done_on: NaiveDate::from_ymd_opt(2026, 8, 12).unwrap_or_default(),
            late: false,
        }
    }
}

impl Sample for CheckpointWaived {
    fn sample() -> Self {
        Self { checkpoint: 1, reason: "Xã đã có đủ tài liệu.".to_owned() }
    }
}

impl Sample for ProjectSuspended {
    fn sample() -> Self {
        Self { reason: "Chờ điều chỉnh quy hoạch.".to_owned() }
    }
}

impl Sample for ProjectResumed {
    fn sample() -> Self {
        Self { note: None, clocks: vec![clock(ClockKey::Checkpoint, 1, five_o_clock(9, 14))] }
    }
}

impl Sample for ProjectCompleted {
    fn sample() -> Self {
        Self { report: Sample::sample() }
    }
}

impl Sample for ProjectCancelled {
    fn sample() -> Self {
        Self { reason: "Dự án không được phê duyệt.".to_owned() }
    }
}

impl Sample for ProjectTransferred {
    fn sample() -> Self {
        Self { from: "STNMT".into(), to: "SNNMT".into() }
    }
}
