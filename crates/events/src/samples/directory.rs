//! Examples: the directory.

use chrono::{NaiveDate, TimeDelta};
use uuid::Uuid;

use super::{Sample, call_end};
use crate::{
    directory::{
        AbsenceEnded, AbsenceReported, AgreementExpired, AgreementProposed, AgreementSigned, AmendmentAgreed,
        AmendmentProposed, AmendmentWithdrawn, Basis, Delegate, Delegation, DelegationExpired,
        DelegationExpiring, DelegationGranted, DelegationPassed, DelegationRevoked, DelegationsPassed,
        OfficeLeft, OfficeTaken, OfficerRegistered, Party, PolicyPublished, PolicyText, Power, Programme,
    },
    ids::DelegationId,
    terms::Side,
};

const ID: DelegationId = DelegationId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00d1));

impl Sample for Basis {
    fn sample() -> Self {
        Self {
            number: 12,
            symbol: "GUQ-SXD".to_owned(),
            date: NaiveDate::from_ymd_opt(2026, 5, 4).unwrap_or_default(),
        }
    }
}

impl Sample for Delegation {
    fn sample() -> Self {
        Self {
            id: ID,
            from: "SXD.LD".into(),
            to: Delegate::Officer("sxd.truong-phong".into()),
            powers: vec![Power::Position],
            topics: vec!["infrastructure".to_owned()],
            areas: vec![],
            case: None,
            starts: call_end(),
            ends: call_end() + TimeDelta::days(30),
            basis: Sample::sample(),
        }
    }
}

impl Sample for PolicyPublished {
    fn sample() -> Self {
        Self {
            version: "2026.1".to_owned(),
            in_force: call_end(),
            files: vec![PolicyText {
                name: "policy.toml".to_owned(),
                text: "version = \"2026.1\"\nmax-rounds = 3\n".to_owned(),
            }],
        }
    }
}

impl Sample for OfficerRegistered {
    fn sample() -> Self {
        Self { officer: "sxd.moi".into(), name: "Nguyễn Văn Mới".to_owned() }
    }
}

impl Sample for OfficeTaken {
    fn sample() -> Self {
        Self {
            officer: "sxd.moi".into(),
            office: "SXD.VP.DM2".into(),
            from: call_end(),
            until: None,
            acting: false,
            basis: Sample::sample(),
        }
    }
}

impl Sample for OfficeLeft {
    fn sample() -> Self {
        Self {
            officer: "sxd.dau-moi2".into(),
            office: "SXD.VP.DM2".into(),
            at: call_end(),
            basis: Sample::sample(),
        }
    }
}

impl Sample for AbsenceReported {
    fn sample() -> Self {
        Self {
            absence: 1,
            officer: "sxd.dau-moi".into(),
            from: call_end(),
            until: call_end() + TimeDelta::days(5),
        }
    }
}

impl Sample for AbsenceEnded {
    fn sample() -> Self {
        Self { absence: 1, at: call_end() + TimeDelta::days(3) }
    }
}

impl Sample for DelegationGranted {
    fn sample() -> Self {
        Self { delegation: Sample::sample() }
    }
}

impl Sample for DelegationRevoked {
    fn sample() -> Self {
        Self { delegation: ID, reason: "Giám đốc trực tiếp xử lý.".to_owned() }
    }
}

impl Sample for DelegationExpiring {
    fn sample() -> Self {
        Self { delegation: ID, days: 10 }
    }
}

impl Sample for DelegationExpired {
    fn sample() -> Self {
        Self { delegation: ID }
    }
}

impl Sample for DelegationsPassed {
    fn sample() -> Self {
        Self {
            from: "SGTVT".into(),
            to: "SXD".into(),
            delegations: vec![DelegationPassed { old: ID, next: None }],
        }
    }
}

/// A day of an example.
fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

impl Sample for AgreementProposed {
    fn sample() -> Self {
        Self {
            agreement: 1,
            title: "Kế hoạch phối hợp năm 2026".to_owned(),
            parent: Some(Programme {
                number: 1,
                symbol: "CTr/BTGTU-UBND".to_owned(),
                date: day(2026, 1, 12),
                from_year: 2026,
                until_year: 2030,
            }),
            from: day(2026, 1, 1),
            until: day(2026, 12, 31),
            parties: vec![
                Party { side: Side::A, agency: "BTG".into() },
                Party { side: Side::B, agency: "UBND".into() },
            ],
            funding: Some("Theo Chương trình số 01-CTr/BTGTU-UBND".to_owned()),
            basis: Basis { number: 5, symbol: "KH/BTGTU-UBND".to_owned(), date: day(2026, 5, 4) },
        }
    }
}

impl Sample for AgreementSigned {
    fn sample() -> Self {
        Self { agreement: 1, side: Side::A, agency: "BTG".into(), in_force: Some(call_end()) }
    }
}

impl Sample for AgreementExpired {
    fn sample() -> Self {
        Self { agreement: 1 }
    }
}

impl Sample for AmendmentProposed {
    fn sample() -> Self {
        Self {
            amendment: 1,
            agreement: 1,
            version: "2026.2".to_owned(),
            effective_from: call_end() + TimeDelta::days(14),
            reason: "Rút ngắn thời hạn xác nhận tiếp nhận.".to_owned(),
            files: vec![PolicyText {
                name: "deadlines.toml".to_owned(),
                text: "[ack]\nhoa-toc = \"10 min\"\n".to_owned(),
            }],
            basis: Basis { number: 9, symbol: "TB/BTGTU-UBND".to_owned(), date: day(2026, 5, 15) },
        }
    }
}

impl Sample for AmendmentAgreed {
    fn sample() -> Self {
        Self { amendment: 1, side: Side::A, agency: "BTG".into(), completes: true }
    }
}

impl Sample for AmendmentWithdrawn {
    fn sample() -> Self {
        Self { amendment: 1, reason: "Đề nghị lại với thời hạn khác.".to_owned() }
    }
}
