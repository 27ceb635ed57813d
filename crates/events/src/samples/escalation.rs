//! Examples of the stage escalation.

use chrono::TimeDelta;

use super::{Sample, call_end};
use crate::{
    digest::Digest,
    escalation,
    terms::{Document, Register, Side, Signer},
};

impl Sample for escalation::Statement {
    fn sample() -> Self {
        Self {
            facts: "Tiến độ chậm do vướng mặt bằng tại ba vị trí.".to_owned(),
            position: "Cần thông tin đầy đủ nguyên nhân.".to_owned(),
            legal_basis: "Chương trình phối hợp, mục III.3.".to_owned(),
            requested_decision: "Cho phép thông tin chung vào ngày 17/7.".to_owned(),
        }
    }
}

impl Sample for escalation::StatementFiled {
    fn sample() -> Self {
        Self { side: Side::B, agency: "SXD".into(), statement: Sample::sample(), completes: true }
    }
}

impl Sample for escalation::CaseEscalated {
    fn sample() -> Self {
        Self {
            dossier: 1,
            purpose: escalation::Purpose::Disagreement,
            addressee: escalation::Addressee::ThuongTruc,
            digest: Digest::of(b"example"),
            document: Some(Document {
                symbol: "TTr/BTGDVTU".to_owned(),
                register: Register::Party,
                issuer: "BTG".into(),
                subject: "Tờ trình xin ý kiến chỉ đạo".to_owned(),
                signer: Signer { office: "Trưởng ban".to_owned(), capacity: None },
                ..Sample::sample()
            }),
            requested_by: call_end() + TimeDelta::days(3),
            silent: vec![],
            proposal: None,
        }
    }
}

impl Sample for escalation::DossierReceived {
    fn sample() -> Self {
        Self { dossier: 1 }
    }
}

impl Sample for escalation::InfoRequested {
    fn sample() -> Self {
        Self { request: 1, agency: "SXD".into(), question: "Tiến độ từng vị trí?".to_owned() }
    }
}

impl Sample for escalation::InfoSupplied {
    fn sample() -> Self {
        Self {
            request: 1,
            agency: "SXD".into(),
            answer: "Hai vị trí đã bàn giao, một vị trí chưa.".to_owned(),
        }
    }
}

impl Sample for escalation::DirectiveIssued {
    fn sample() -> Self {
        Self {
            dossier: 1,
            document: Document {
                symbol: "TB/TU".to_owned(),
                register: Register::Party,
                issuer: "TU".into(),
                subject: "Thông báo ý kiến chỉ đạo của Thường trực Tỉnh ủy".to_owned(),
                signer: Signer {
                    office: "Phó Bí thư Thường trực".to_owned(),
                    capacity: Some("T/M".to_owned()),
                },
                ..Sample::sample()
            },
            instructions: vec![escalation::Instruction {
                item: 1,
                agency: "SXD".into(),
                text: "Công khai tiến độ và nguyên nhân.".to_owned(),
                due: call_end() + TimeDelta::days(14),
            }],
            accepted_by_party_side: false,
        }
    }
}

impl Sample for escalation::JointAdviceProposed {
    fn sample() -> Self {
        Self {
            proposal: 1,
            addressee: escalation::Addressee::BanThuongVu,
            advice: "Thống nhất chủ trương thông tin theo từng giai đoạn của dự án.".to_owned(),
            digest: Digest::of(b"example"),
        }
    }
}

impl Sample for escalation::DirectiveReturned {
    fn sample() -> Self {
        Self {
            dossier: 1, text: "Hai bên thống nhất lại phương án trước ngày 20/7.".to_owned()
        }
    }
}

impl Sample for escalation::DirectiveNoted {
    fn sample() -> Self {
        Self { dossier: 1, text: Some("Đã nhận, tiếp tục theo dõi.".to_owned()) }
    }
}

impl Sample for escalation::DossierWithdrawalProposed {
    fn sample() -> Self {
        Self { proposal: 1, side: Side::B, document: Sample::sample() }
    }
}

impl Sample for escalation::DossierWithdrawalAgreed {
    fn sample() -> Self {
        Self { proposal: 1 }
    }
}

impl Sample for escalation::DossierWithdrawn {
    fn sample() -> Self {
        Self { proposal: 1, dossier: 1 }
    }
}

impl Sample for escalation::InstructionAcknowledged {
    fn sample() -> Self {
        Self { agency: "SXD".into(), items: vec![1] }
    }
}

impl Sample for escalation::InstructionReported {
    fn sample() -> Self {
        Self {
            item: 1,
            document: Sample::sample(),
            summary: Some("Đã công khai trên cổng thông tin.".to_owned()),
            late: false,
        }
    }
}

impl Sample for escalation::InstructionAccepted {
    fn sample() -> Self {
        Self { item: 1 }
    }
}

impl Sample for escalation::InstructionRejected {
    fn sample() -> Self {
        Self { item: 1, reason: "Chưa nêu kết quả tại vị trí thứ ba.".to_owned() }
    }
}
