//! Examples of the stage taskforce.

use chrono::{NaiveDate, TimeDelta};

use super::{Sample, call_end};
use crate::{taskforce, terms::Document};

impl Sample for taskforce::Mandate {
    fn sample() -> Self {
        Self {
            agencies: vec!["BTG".into(), "SNNMT".into()],
            purpose: "Thống nhất thông tin và hỗ trợ người nuôi.".to_owned(),
            until: NaiveDate::from_ymd_opt(2026, 6, 30).unwrap_or_default(),
        }
    }
}

impl Sample for taskforce::Member {
    fn sample() -> Self {
        Self {
            agency: "SNNMT".into(),
            officer: "snnmt.lanh-dao".into(),
            office: "SNNMT.GD".into(),
            lead: true,
        }
    }
}

impl Sample for taskforce::Proposed {
    fn sample() -> Self {
        Self { proposal: 1, by: "BTG".into(), mandate: Sample::sample() }
    }
}

impl Sample for taskforce::ProposalWithdrawn {
    fn sample() -> Self {
        Self { proposal: 1, reason: "Không còn cần thiết.".to_owned() }
    }
}

impl Sample for taskforce::MemberNominated {
    fn sample() -> Self {
        Self { proposal: 1, member: Sample::sample() }
    }
}

impl Sample for taskforce::ConsentGiven {
    fn sample() -> Self {
        Self { proposal: 1, agency: "SNNMT".into(), member: Some(Sample::sample()), completes: false }
    }
}

impl Sample for taskforce::ConsentRefused {
    fn sample() -> Self {
        Self {
            proposal: 1, agency: "SNNMT".into(), reason: "Chưa bố trí được nhân sự.".to_owned()
        }
    }
}

impl Sample for taskforce::Established {
    fn sample() -> Self {
        let led = taskforce::Member::sample();
        let other = taskforce::Member {
            agency: "BTG".into(),
            officer: "btg.dau-moi".into(),
            office: "BTG.TT.DM".into(),
            lead: false,
        };
        Self {
            by: "UBND".into(),
            by_directive: false,
            document: Document {
                symbol: "QĐ-UBND".to_owned(),
                issuer: "UBND".into(),
                subject: "Quyết định thành lập tổ công tác liên ngành".to_owned(),
                ..Sample::sample()
            },
            mandate: Sample::sample(),
            members: vec![led, other],
        }
    }
}

impl Sample for taskforce::MeetingScheduled {
    fn sample() -> Self {
        Self {
            meeting: 1,
            at: call_end() + TimeDelta::days(2),
            place: "Phòng họp số 2".to_owned(),
            agenda: "Phân công nhiệm vụ".to_owned(),
        }
    }
}

impl Sample for taskforce::MinutesRecorded {
    fn sample() -> Self {
        let subject = "Biên bản họp tổ công tác".to_owned();
        Self { meeting: 1, document: Document { symbol: "BB-TCT".to_owned(), subject, ..Sample::sample() } }
    }
}

impl Sample for taskforce::TaskAssigned {
    fn sample() -> Self {
        Self {
            task: 1,
            owner: "btg.dau-moi".into(),
            text: "Chuẩn bị nội dung thông tin chung.".to_owned(),
            due: call_end() + TimeDelta::days(5),
        }
    }
}

impl Sample for taskforce::TaskCompleted {
    fn sample() -> Self {
        Self { task: 1, result: "Đã gửi nội dung thông tin chung.".to_owned() }
    }
}

impl Sample for taskforce::MemberReplaced {
    fn sample() -> Self {
        Self {
            old: "snnmt.lanh-dao".into(), new: Sample::sample(), reason: "Chuyển công tác.".to_owned()
        }
    }
}

impl Sample for taskforce::TermEnded {
    fn sample() -> Self {
        Self { until: taskforce::Mandate::sample().until }
    }
}

impl Sample for taskforce::Dissolved {
    fn sample() -> Self {
        let subject = "Báo cáo kết quả hoạt động của tổ công tác".to_owned();
        Self {
            report: Document { symbol: "BC-TCT".to_owned(), subject, ..Sample::sample() },
            transfers: vec![taskforce::Transfer { task: 2, to: "SNNMT".into() }],
        }
    }
}
