//! The vocabulary that several events share (DOMAIN §3).

use std::fmt;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{AgencyId, OfficeId},
    instant,
};

/// How urgent a case is (DOMAIN §5); the order is the order of urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    /// *Thường*: normal.
    Thuong,
    /// *Khẩn*: urgent.
    Khan,
    /// *Thượng khẩn*: very urgent.
    ThuongKhan,
    /// *Hỏa tốc*: express.
    HoaToc,
    /// *Hỏa tốc hẹn giờ*: express, to be delivered by a given time.
    HoaTocHenGio,
}

/// Where a case stands (region L of DOMAIN §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Lifecycle {
    /// *Đã tiếp nhận*.
    Received,
    /// *Đã chuyển đầu mối*.
    Routed,
    /// *Đang phối hợp*.
    InCoordination,
    /// *Đã thống nhất*.
    Agreed,
    /// *Chưa thống nhất*.
    Disputed,
    /// *Đã báo cáo Thường trực*.
    Escalated,
    /// *Đã có ý kiến chỉ đạo*.
    Directed,
    /// *Đã kết thúc*; may be reopened.
    Closed,
    /// *Đã rút*.
    Withdrawn,
    /// *Đã hủy*.
    Cancelled,
    /// *Đã gộp*.
    Merged,
}

impl Lifecycle {
    /// Not closed, withdrawn, cancelled or merged (PROCESS §1).
    pub fn is_live(self) -> bool {
        !matches!(self, Self::Closed | Self::Withdrawn | Self::Cancelled | Self::Merged)
    }
}

/// A move of the lifecycle; folding refuses it when the case does not stand at `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Transition {
    /// Where the case stood; absent when the fact begins it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Lifecycle>,
    /// Where it stands now.
    pub to: Lifecycle,
}

/// What a deadline is about (DOMAIN §3.2, PROCESS §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeadlineKey {
    /// Calling the caller back.
    Callback,
    /// Routing a case, or an assignment that was declined.
    Route,
    /// Acknowledging an assignment.
    Ack,
    /// The document that is owed after a telephone call.
    Written,
    /// Comparing the document with the call.
    Compare,
    /// The corrected document, after a discrepancy.
    Corrected,
    /// The positions of a round.
    Position,
    /// The consents to a task force.
    Consent,
    /// A side's statement in a dispute.
    Statement,
    /// The dossier of a dispute.
    Dossier,
    /// The information that is asked for before a directive is given.
    Info,
    /// The report on an item of a directive.
    Implementation,
    /// Confirming or rejecting a proposed closure.
    Closure,
}

impl DeadlineKey {
    /// Every key, in the order of the process.
    pub const ALL: [Self; 13] = [
        Self::Callback,
        Self::Route,
        Self::Ack,
        Self::Written,
        Self::Compare,
        Self::Corrected,
        Self::Position,
        Self::Consent,
        Self::Statement,
        Self::Dossier,
        Self::Info,
        Self::Implementation,
        Self::Closure,
    ];
}

impl fmt::Display for DeadlineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Callback => "callback",
            Self::Route => "route",
            Self::Ack => "ack",
            Self::Written => "written",
            Self::Compare => "compare",
            Self::Corrected => "corrected",
            Self::Position => "position",
            Self::Consent => "consent",
            Self::Statement => "statement",
            Self::Dossier => "dossier",
            Self::Info => "info",
            Self::Implementation => "implementation",
            Self::Closure => "closure",
        })
    }
}

/// A deadline as it is armed: computed once, with the policy then in force (DESIGN D7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deadline {
    /// What is due.
    pub key: DeadlineKey,
    /// Of which intake, assignment, round, proposal, question or item, by its number within the case.
    pub instance: u32,
    /// When the period began.
    #[serde(deserialize_with = "instant::read")]
    pub start: Timestamp,
    /// When it ends, in whole seconds; an act at this very instant is on time.
    #[serde(deserialize_with = "instant::read")]
    pub due: Timestamp,
}

/// A reminder at a share of a period (PROCESS §4 rule 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reminded {
    /// Of which deadline.
    pub key: DeadlineKey,
    /// Which instance of it.
    pub instance: u32,
    /// The share of the period that has passed, in per cent: 50 or 80.
    pub share: u8,
    /// The deadline.
    pub due: Timestamp,
}

/// A deadline was passed (PROCESS §4 rule 1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Overdue {
    /// Of which deadline.
    pub key: DeadlineKey,
    /// Which instance of it.
    pub instance: u32,
    /// 1 at the due instant, 2 one period later, 3 two periods later.
    pub level: u8,
    /// The deadline.
    pub due: Timestamp,
    /// The agencies that owe.
    pub owing: Vec<AgencyId>,
}

/// A side of the agreement: A is the Party side, B the government side; further bodies have further letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Side {
    /// *Ban Tuyên giáo và Dân vận Tỉnh ủy* and what is under it.
    A,
    /// *Ủy ban nhân dân tỉnh* and what is under it.
    B,
    /// A further body, without a superior among the two.
    C,
}

/// The level of an assignment's holder, lowest first (region A of DOMAIN §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The liaison officer.
    Liaison,
    /// His deputy.
    Deputy,
    /// The head of the liaison unit.
    UnitHead,
    /// The head of the agency.
    Chief,
}

/// Who signed, and as what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signer {
    /// The office that signs.
    pub office: String,
    /// The prefix before the signature: `TM.`, `KT.`, `TL.`, `TUQ.`, `Q.`; absent if signed in one's own right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<String>,
}

/// To which register a document's number belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Register {
    /// Documents of the State (Decree 30/2020/NĐ-CP).
    State,
    /// Documents of the Party (Guidance 36-HD/VPTW).
    Party,
}

/// A file that belongs to a document; the bytes are kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// The file's name.
    pub file_name: String,
    /// Its media type, e.g. `application/pdf`.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes.
    pub sha256: crate::Digest,
}

/// An official document (DOMAIN §3.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// *Số*: the number in the issuer's register, from 1 each year.
    pub number: u32,
    /// *Ký hiệu*: the symbol after the number, e.g. `BC-SNNMT` of `118/BC-SNNMT`.
    pub symbol: String,
    /// State or Party register.
    pub register: Register,
    /// The agency that issued it.
    pub issuer: AgencyId,
    /// *Địa danh*: the place of issue.
    pub place: String,
    /// *Ngày ban hành*: the date of issue.
    pub date: NaiveDate,
    /// *Trích yếu*: one line that says what it is about.
    #[serde(rename = "abstract")]
    pub subject: String,
    /// Who signed it.
    pub signer: Signer,
    /// The number of pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<u32>,
    /// The files that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The document that it answers, as `number/symbol`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers_to: Option<String>,
}

impl Document {
    /// The document's identity over all cases.
    pub fn id(&self) -> crate::DocumentId {
        use chrono::Datelike as _;
        crate::DocumentId::of(&self.issuer, self.number, &self.symbol, self.date.year())
    }

    /// Number and symbol as they are printed: a State number below ten has a leading zero (Decree 30/2020).
    pub fn printed(&self) -> String {
        match self.register {
            Register::State => format!("{:02}/{}", self.number, self.symbol),
            Register::Party => format!("{:02}-{}", self.number, self.symbol),
        }
    }
}

/// An assignment of a case to an agency: who is asked, at which level (region A of DOMAIN §3.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assignment {
    /// Its number within the case.
    pub number: u32,
    /// The agency asked.
    pub agency: AgencyId,
    /// The liaison unit through which it is asked.
    pub unit: crate::UnitId,
    /// Whether this agency leads: exactly one does, the receiver.
    pub lead: bool,
    /// The level of the holder.
    pub level: Level,
    /// The office that is to acknowledge.
    pub holder: OfficeId,
    /// The levels passed over on the way to the holder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
}

/// A level that was passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Skipped {
    /// The level.
    pub level: Level,
    /// The office at that level, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<OfficeId>,
    /// Why.
    pub because: SkippedBecause,
}

/// Why a level was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SkippedBecause {
    /// The unit has no office at that level.
    Vacant,
    /// The holder is absent.
    Absent,
    /// The unit was the focal point by a delegation, and has none that is live.
    NoDelegation,
}
