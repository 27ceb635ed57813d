//! Examples of the stage intake.

use chrono::TimeDelta;

use super::{Sample, call_end};
use crate::{ids::CaseCode, intake, terms::Urgency};

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
            exercise: false,
        }
    }
}

impl Sample for intake::Parties {
    fn sample() -> Self {
        let required = vec!["SNNMT".into(), "BTG".into()];
        Self { raiser: "SNNMT".into(), receiver: "BTG".into(), required, consulted: Vec::new() }
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
            link: None,
            project: None,
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
            call: Sample::sample(),
            late_logged: false,
        }
    }
}

impl Sample for intake::Numbered {
    fn sample() -> Self {
        Self { code: CaseCode::new(2026, 1) }
    }
}

impl Sample for intake::PhoneCall {
    fn sample() -> Self {
        Self {
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
        }
    }
}
