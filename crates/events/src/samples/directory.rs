//! Examples: the directory.

use chrono::{NaiveDate, TimeDelta};
use uuid::Uuid;

use super::{Sample, call_end};
use crate::{
    directory::{
        AbsenceEnded, AbsenceReported, Basis, Delegate, Delegation, DelegationExpired, DelegationExpiring,
        DelegationGranted, DelegationPassed, DelegationRevoked, DelegationsPassed, OfficeLeft, OfficeTaken,
        OfficerRegistered, PolicyPublished, PolicyText, Power,
    },
    ids::DelegationId,
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
