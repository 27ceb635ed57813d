//! Examples of the stage reporting.

use chrono::NaiveDate;

use super::{Sample, case, clock, five_o_clock};
use crate::{
    duty::{CaseNoted, ClockKey},
    ids::CaseCode,
    reporting::{
        Cadence, NilReturned, Period, ReportAccepted, ReportItem, ReportOpened, ReportReturned,
        ReportSubmitted, ReportTransferred, ReportWaived,
    },
    terms::Lifecycle,
};

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap_or_default()
}

impl Sample for ReportOpened {
    fn sample() -> Self {
        Self {
            agency: "SNNMT".into(),
            unit: "SNNMT.VP".into(),
            owed_to: "BTG".into(),
            period: Period {
                cadence: Cadence::Monthly,
                year: 2026,
                month: 5,
                from: day(4, 15),
                until: day(5, 14),
            },
            nominal: day(5, 15),
            clock: clock(ClockKey::Report, 1, five_o_clock(5, 15)),
        }
    }
}

impl Sample for ReportSubmitted {
    fn sample() -> Self {
        Self {
            items: vec![ReportItem {
                topic: "environment".to_owned(),
                text: "Tình hình nuôi trồng thủy sản ổn định.".to_owned(),
            }],
            document: Some(Sample::sample()),
            cases: vec![CaseNoted {
                case: case(),
                code: Some(CaseCode::new(2026, 1)),
                state: Lifecycle::Closed,
                overdue: false,
            }],
            proposes_project: None,
            late: false,
        }
    }
}

impl Sample for NilReturned {
    fn sample() -> Self {
        Self { note: None, late: false }
    }
}

impl Sample for ReportReturned {
    fn sample() -> Self {
        Self {
            reason: "Chưa nêu tiến độ khắc phục.".to_owned(),
            clock: clock(ClockKey::Supplement, 1, five_o_clock(5, 20)),
        }
    }
}

impl Sample for ReportAccepted {
    fn sample() -> Self {
        Self { note: None }
    }
}

impl Sample for ReportWaived {
    fn sample() -> Self {
        Self { reason: "Cơ quan đang sắp xếp lại tổ chức.".to_owned() }
    }
}

impl Sample for ReportTransferred {
    fn sample() -> Self {
        Self { from: "STNMT".into(), to: "SNNMT".into(), unit: "SNNMT.VP".into() }
    }
}
