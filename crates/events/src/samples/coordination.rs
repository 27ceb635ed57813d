//! Examples of the stage coordination.

use super::Sample;
use crate::{coordination, terms::Side};

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

impl Sample for coordination::DisagreementDeclared {
    fn sample() -> Self {
        Self { round: 1, side: Side::A, reason: None }
    }
}

impl Sample for coordination::SettlementProposed {
    fn sample() -> Self {
        Self { proposal: 1, side: Side::B, text: "Thông tin chung vào sáng thứ Hai.".to_owned() }
    }
}

impl Sample for coordination::AgreementReached {
    fn sample() -> Self {
        Self { proposal: 1, after_dispute: true }
    }
}

impl Sample for coordination::RoundOpened {
    fn sample() -> Self {
        Self { round: coordination::Round { number: 3, deemed: None, ..round() } }
    }
}

impl Sample for coordination::Reopened {
    fn sample() -> Self {
        Self {
            reason: "Phát sinh nội dung mới cần thống nhất.".to_owned(),
            round: coordination::Round { number: 2, deemed: None, ..round() },
        }
    }
}

impl Sample for coordination::Reevaluated {
    fn sample() -> Self {
        Self { round: 1, closes: Some(coordination::Closes::Agreed), split: None }
    }
}
