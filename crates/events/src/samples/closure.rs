//! Examples of the stage closure.

use super::Sample;
use crate::{closure, terms::Side};

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

impl Sample for closure::Reopened {
    fn sample() -> Self {
        Self { reason: "Phát sinh tình tiết mới.".to_owned(), proposal: None }
    }
}
