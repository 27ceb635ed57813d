//! Examples of the stage briefing.

use super::{Sample, case, clock, duty, five_o_clock};
use crate::{
    briefing::{
        AgendaCompiled, AgendaItemAdded, BriefingCancelled, BriefingHeld, BriefingKind, BriefingRescheduled,
        BriefingScheduled, BriefingTransferred, Came, Conclusion, MinutesIssued, ReportNoted, TaskAccepted,
        TaskReported, TaskReturned,
    },
    duty::{CaseNoted, ClockKey},
    ids::CaseCode,
    terms::Lifecycle,
};

const PLACE: &str = "Phòng họp số 2, trụ sở Tỉnh ủy";

impl Sample for BriefingScheduled {
    fn sample() -> Self {
        Self {
            kind: BriefingKind::Monthly,
            at: five_o_clock(5, 20) - chrono::TimeDelta::minutes(510),
            place: PLACE.to_owned(),
            chair: "BTG".into(),
            invited: vec!["BTG".into(), "UBND".into(), "SNNMT".into()],
            purpose: None,
        }
    }
}

impl Sample for AgendaCompiled {
    fn sample() -> Self {
        Self {
            edition: 1,
            cases: vec![CaseNoted {
                case: case(),
                code: Some(CaseCode::new(2026, 1)),
                state: Lifecycle::Disputed,
                overdue: true,
            }],
            reports: vec![ReportNoted {
                report: duty(),
                agency: "SNNMT".into(),
                came: Came::Submitted,
                late: false,
            }],
        }
    }
}

impl Sample for AgendaItemAdded {
    fn sample() -> Self {
        Self { item: 1, text: "Chuẩn bị thông tin về dự án đường dây.".to_owned() }
    }
}

impl Sample for BriefingRescheduled {
    fn sample() -> Self {
        Self {
            at: five_o_clock(5, 21),
            place: PLACE.to_owned(),
            reason: "Trùng lịch họp của Tỉnh ủy.".to_owned(),
        }
    }
}

impl Sample for BriefingHeld {
    fn sample() -> Self {
        Self { attended: vec!["BTG".into(), "UBND".into()], note: None }
    }
}

impl Sample for MinutesIssued {
    fn sample() -> Self {
        Self {
            document: Sample::sample(),
            conclusions: vec![Conclusion {
                task: 1,
                text: "Gửi số liệu bổ sung về vùng nuôi.".to_owned(),
                agency: "SNNMT".into(),
                clock: clock(ClockKey::Task, 1, five_o_clock(5, 29)),
            }],
        }
    }
}

impl Sample for TaskReported {
    fn sample() -> Self {
        Self { task: 1, text: "Đã gửi số liệu.".to_owned(), document: None, late: false }
    }
}

impl Sample for TaskAccepted {
    fn sample() -> Self {
        Self { task: 1 }
    }
}

impl Sample for TaskReturned {
    fn sample() -> Self {
        Self {
            task: 1,
            reason: "Chưa có số liệu của hai xã.".to_owned(),
            clock: clock(ClockKey::Task, 1, five_o_clock(6, 5)),
        }
    }
}

impl Sample for BriefingTransferred {
    fn sample() -> Self {
        Self { from: "STNMT".into(), to: "SNNMT".into() }
    }
}

impl Sample for BriefingCancelled {
    fn sample() -> Self {
        Self { reason: "Gộp vào kỳ giao ban tháng sau.".to_owned() }
    }
}
