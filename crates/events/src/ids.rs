//! Identifiers: opaque ones for aggregates and acts, codes for agencies, offices and officers.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Timestamp;

/// The namespace of every name-based identifier of the product.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1d_8a52_9c0e_5b7f_8f43_2d6a_91e7_c305);

/// The number of partitions of the log, fixed for ever (DESIGN D4).
pub const PARTITIONS: u8 = 16;

macro_rules! opaque {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

opaque! {
    /// A case. Opaque, so that it may stand in a link; the number that people use is [`CaseCode`].
    CaseId
}
opaque! {
    /// An act of a person, or an automatic step; the same act repeated has the same id (DESIGN D6).
    CommandId
}
opaque! {
    /// One fact of the log (UUID version 7).
    EventId
}
opaque! {
    /// A delegation.
    DelegationId
}
opaque! {
    /// A regular duty of the plan: a report owed, a briefing, a planned project.
    DutyId
}
opaque! {
    /// An official document's identity over all cases: issuer, number, symbol and year (DOMAIN §3.5).
    DocumentId
}

/// A name-based identifier: the same parts give the same id, in every process and for ever.
fn named(kind: &str, parts: &[&str]) -> Uuid {
    let mut name = String::from(kind);
    for part in parts {
        name.push('\u{1f}');
        name.push_str(part);
    }
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

impl CaseId {
    /// The case that a person's key raises: a repeat of the same raise is the same case (DESIGN D6).
    pub fn raised_by(agency: &AgencyId, officer: &OfficerId, key: &str) -> Self {
        Self(named("case", &[agency.as_str(), officer.as_str(), key]))
    }
}

impl CommandId {
    /// The act that a person's key stands for, on an aggregate.
    pub fn of_person(agency: &AgencyId, officer: &OfficerId, on: impl Into<AggregateId>, key: &str) -> Self {
        let (agency, officer) = (agency.as_str(), officer.as_str());
        Self(match on.into() {
            AggregateId::Case(CaseId(id)) | AggregateId::Document(DocumentId(id)) => {
                named("act", &[agency, officer, &id.to_string(), key])
            }
            AggregateId::Duty(DutyId(id)) => named("duty act", &[agency, officer, &id.to_string(), key]),
            AggregateId::Directory => named("directory act", &[agency, officer, key]),
        })
    }

    /// An automatic step of the directory.
    pub fn of_directory_step(step: &str) -> Self {
        Self(named("directory step", &[step]))
    }

    /// An automatic step of a duty.
    pub fn of_duty_step(duty: DutyId, step: &str) -> Self {
        Self(named("duty step", &[&duty.to_string(), step]))
    }

    /// An automatic step for one instance of an obligation.
    pub fn of_step(case: CaseId, step: &str) -> Self {
        Self(named("step", &[&case.to_string(), step]))
    }
}

impl DutyId {
    /// What an agency owes for a month: there is one report for it.
    pub fn of_report(agency: &AgencyId, year: i32, month: u32) -> Self {
        Self(named("report", &[agency.as_str(), &year.to_string(), &month.to_string()]))
    }

    /// The briefing of a month.
    pub fn of_briefing(year: i32, month: u32) -> Self {
        Self(named("briefing", &[&year.to_string(), &month.to_string()]))
    }

    /// The duty that a person's key begins: a repeat of the same act is the same duty (DESIGN D6).
    pub fn begun_by(agency: &AgencyId, officer: &OfficerId, key: &str) -> Self {
        Self(named("duty", &[agency.as_str(), officer.as_str(), key]))
    }
}

impl DelegationId {
    /// The delegation that a command grants, one of several by its number.
    pub fn of(command: CommandId, number: usize) -> Self {
        Self(named("delegation", &[&command.to_string(), &number.to_string()]))
    }
}

impl DocumentId {
    /// The identity of a document.
    pub fn of(issuer: &AgencyId, number: u32, symbol: &str, year: i32) -> Self {
        Self(named("document", &[issuer.as_str(), &number.to_string(), symbol, &year.to_string()]))
    }
}

impl EventId {
    /// A new id that sorts by the time at which its fact was proposed.
    pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// When its fact was proposed, to the millisecond; none if it was not made by [`EventId::new`].
    pub fn proposed_at(self) -> Option<Timestamp> {
        let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
        Timestamp::from_timestamp(i64::try_from(seconds).ok()?, nanos)
    }
}

/// What a fact is about: each aggregate has its own versions and its own hash chain. In JSON it is its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum AggregateId {
    /// A case.
    Case(CaseId),
    /// A regular duty: a report, a briefing or a project.
    Duty(DutyId),
    /// A document's registration.
    Document(DocumentId),
    /// The directory: there is one.
    Directory,
}

impl AggregateId {
    /// The literal NATS subject of the aggregate, e.g. `case.07.<id>` (DESIGN D4).
    pub fn subject(self) -> String {
        let (kind, id) = match self {
            Self::Case(CaseId(id)) => ("case", id),
            Self::Duty(DutyId(id)) => ("duty", id),
            Self::Document(DocumentId(id)) => ("document", id),
            Self::Directory => ("directory", named("directory", &[])),
        };
        format!("{kind}.{:02}.{id}", id.as_bytes()[15] % PARTITIONS)
    }

    /// Whether a subject is the aggregate's own. Each stored fact is asked that: so nothing is written to compare it.
    pub fn has_subject(self, subject: &str) -> bool {
        let (kind, id) = match self {
            Self::Case(CaseId(id)) => ("case", id),
            Self::Duty(DutyId(id)) => ("duty", id),
            Self::Document(DocumentId(id)) => ("document", id),
            Self::Directory => return self.subject() == subject,
        };
        let partition = id.as_bytes()[15] % PARTITIONS;
        let parts = subject.strip_prefix(kind).and_then(|rest| rest.strip_prefix('.'));
        parts.and_then(|rest| rest.split_once('.')).is_some_and(|(place, text)| {
            place.as_bytes() == [b'0' + partition / 10, b'0' + partition % 10]
                && text == id.hyphenated().encode_lower(&mut Uuid::encode_buffer())
        })
    }

    /// The aggregate behind a subject; `None` if it is not one of the log's.
    pub fn of_subject(subject: &str) -> Option<Self> {
        let mut parts = subject.split('.');
        let (kind, _partition, id) = (parts.next()?, parts.next()?, parts.next()?);
        let id = Uuid::parse_str(id).ok()?;
        let aggregate = match kind {
            "case" => Self::Case(CaseId(id)),
            "duty" => Self::Duty(DutyId(id)),
            "document" => Self::Document(DocumentId(id)),
            "directory" => Self::Directory,
            _ => return None,
        };
        (parts.next().is_none() && aggregate.has_subject(subject)).then_some(aggregate)
    }
}

impl From<CaseId> for AggregateId {
    fn from(case: CaseId) -> Self {
        Self::Case(case)
    }
}

impl From<DutyId> for AggregateId {
    fn from(duty: DutyId) -> Self {
        Self::Duty(duty)
    }
}

impl From<AggregateId> for String {
    fn from(aggregate: AggregateId) -> Self {
        aggregate.subject()
    }
}

impl TryFrom<String> for AggregateId {
    type Error = String;

    fn try_from(subject: String) -> Result<Self, String> {
        Self::of_subject(&subject).ok_or_else(|| format!("`{subject}` is the subject of no aggregate"))
    }
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(code: &str) -> Self {
                Self(code.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

code! {
    /// An agency, by its code in the organisation of the policy, e.g. `SNNMT`.
    AgencyId
}
code! {
    /// A unit of an agency, e.g. `BTG.TH`.
    UnitId
}
code! {
    /// An office (position) held by an officer over an interval, e.g. `BTG.TH.DM`.
    OfficeId
}
code! {
    /// A person who holds offices, e.g. `btg.hanh`.
    OfficerId
}

/// The number that people use for a case, `VV-{year}-{rank}`; without meaning by design (DOMAIN).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct CaseCode(String);

impl CaseCode {
    /// The code of the `rank`-th case raised in a local year; at least five digits.
    pub fn new(year: i32, rank: u32) -> Self {
        Self(format!("VV-{year}-{rank:05}"))
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CaseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for CaseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_leads_back_to_its_aggregate() {
        let case = AggregateId::Case(CaseId::raised_by(&"SNNMT".into(), &"snnmt.lan".into(), "k1"));
        assert_eq!(AggregateId::of_subject(&case.subject()), Some(case));
        let duty = AggregateId::Duty(DutyId::of_report(&"SNNMT".into(), 2026, 2));
        assert_eq!(AggregateId::of_subject(&duty.subject()), Some(duty));
        let directory = AggregateId::Directory;
        assert_eq!(AggregateId::of_subject(&directory.subject()), Some(directory));
        assert_eq!(AggregateId::of_subject("case.00.nonsense"), None);
        assert_eq!(AggregateId::of_subject("outbox.00.nonsense"), None);
    }

    #[test]
    fn a_subject_in_the_wrong_partition_is_not_ours() {
        let case = CaseId(Uuid::from_u128(1));
        assert_eq!(AggregateId::of_subject(&format!("case.02.{case}")), None);
        for other in ["document.01", "case.1", "case.001", "case.17", "case.01.", "case", "xcase.01"] {
            let subject = format!("{other}.{case}");
            assert!(!AggregateId::Case(case).has_subject(&subject), "{subject}");
        }
        let letters = CaseId(Uuid::from_u128(0xAB));
        let upper = letters.to_string().to_uppercase();
        assert!(AggregateId::Case(letters).has_subject(&format!("case.11.{letters}")));
        assert!(!AggregateId::Case(letters).has_subject(&format!("case.11.{upper}")));
        for last in 0..=u8::MAX {
            let document = AggregateId::Document(DocumentId(Uuid::from_u128(last.into())));
            assert!(document.has_subject(&document.subject()));
        }
    }

    #[test]
    fn a_code_has_at_least_five_digits() {
        assert_eq!(CaseCode::new(2026, 7).as_str(), "VV-2026-00007");
        assert_eq!(CaseCode::new(2026, 123_456).as_str(), "VV-2026-123456");
    }

    #[test]
    fn event_ids_sort_by_time() {
        let early = EventId::new(Timestamp::from_timestamp(1_000, 0).unwrap(), [9; 10]);
        let late = EventId::new(Timestamp::from_timestamp(2_000, 0).unwrap(), [1; 10]);
        assert_eq!(late.proposed_at(), Timestamp::from_timestamp(2_000, 0));
        assert!(early < late);
        assert_eq!(early.0.get_version_num(), 7);
    }
}
