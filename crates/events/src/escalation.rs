//! Stage escalation: statements, dossier, directive and its instructions (plan III.3 b3).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    digest::Digest,
    ids::AgencyId,
    terms::{Document, Side},
};

/// A side filed its statement (command 18); a later one takes the place of an earlier one of that side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatementFiled {
    /// The side that speaks.
    pub side: Side,
    /// The agency that speaks for it.
    pub agency: AgencyId,
    /// What it says.
    pub statement: Statement,
    /// With this statement all sides have filed.
    pub completes: bool,
}

/// What a side has to say in a dispute: the same four headings for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// *Diễn biến, sự việc*: the facts as the side sees them.
    pub facts: String,
    /// *Ý kiến*: its position.
    pub position: String,
    /// *Căn cứ*: on what it relies.
    pub legal_basis: String,
    /// *Kiến nghị*: what it asks to be decided.
    pub requested_decision: String,
}

/// The case went up to the Standing Committee (commands 19 and 20).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseEscalated {
    /// The dossier's number within the case.
    pub dossier: u32,
    /// Why it goes up.
    pub purpose: Purpose,
    /// To whom.
    pub addressee: Addressee,
    /// The SHA-256 of the dossier in its canonical form.
    pub digest: Digest,
    /// The cover letter of a dossier on a disagreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// Until when an opinion is asked for; a wish, never a deadline.
    pub requested_by: Timestamp,
    /// The sides that filed no statement in time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silent: Vec<Side>,
    /// The proposal of joint advice that is confirmed with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<u32>,
}

/// The Party side's superior proposes to advise together (command 20; plan II.3): the first key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JointAdviceProposed {
    /// The proposal's number within the case.
    pub proposal: u32,
    /// To whom the case is to go up.
    pub addressee: Addressee,
    /// The advice; never empty.
    pub advice: String,
    /// The SHA-256 of the dossier in its canonical form, as it will go up.
    pub digest: Digest,
}

/// Why a case goes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// The sides do not agree (plan III.3 b3).
    Disagreement,
    /// The sides advise together (plan II.3).
    JointAdvice,
}

/// To whom a case goes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Addressee {
    /// *Thường trực Tỉnh ủy*: the standing body.
    ThuongTruc,
    /// *Ban Thường vụ Tỉnh ủy*: the larger committee; joint advice only.
    BanThuongVu,
}

/// The secretariat has the dossier (command 21).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DossierReceived {
    /// The dossier's number within the case.
    pub dossier: u32,
}

/// More information is asked for before a directive is given (command 22).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InfoRequested {
    /// The question's number within the case.
    pub request: u32,
    /// The agency that is asked.
    pub agency: AgencyId,
    /// The question.
    pub question: String,
}

/// The information was supplied (command 22).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InfoSupplied {
    /// The question's number within the case.
    pub request: u32,
    /// The agency that answers.
    pub agency: AgencyId,
    /// The answer.
    pub answer: String,
}

/// A directive that binds (command 23).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DirectiveIssued {
    /// The dossier that it answers.
    pub dossier: u32,
    /// The signed document.
    pub document: Document,
    /// What is to be done, by whom, until when.
    pub instructions: Vec<Instruction>,
    /// The Party side's superior accepts the results in place of the secretariat, where it is not itself responsible.
    #[serde(default)]
    pub accepted_by_party_side: bool,
}

/// The case was returned: the sides are to coordinate again (command 24).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DirectiveReturned {
    /// The dossier that it answers.
    pub dossier: u32,
    /// On what the sides are to agree; never empty.
    pub text: String,
}

/// Joint advice was noted: nothing is instructed (command 25).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DirectiveNoted {
    /// The dossier that it answers.
    pub dossier: u32,
    /// What is said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A side proposes to take the dossier back, because the sides agree after all (command 26): the first key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DossierWithdrawalProposed {
    /// The proposal's number within the case.
    pub proposal: u32,
    /// The side that proposes.
    pub side: Side,
    /// The joint document that says so.
    pub document: Document,
}

/// The other side wants the dossier back too (command 26): the second key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DossierWithdrawalAgreed {
    /// The proposal that is confirmed.
    pub proposal: u32,
}

/// The secretariat gives the dossier back: the sides agree (command 26): the third key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DossierWithdrawn {
    /// The proposal that is accepted.
    pub proposal: u32,
    /// The dossier that is given back.
    pub dossier: u32,
}

/// One item of a directive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Instruction {
    /// Its number within the case.
    pub item: u32,
    /// The agency that is responsible.
    pub agency: AgencyId,
    /// What it is to do.
    pub text: String,
    /// Until when it reports.
    pub due: Timestamp,
}

/// An agency has taken note of its items (command 27).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InstructionAcknowledged {
    /// The agency.
    pub agency: AgencyId,
    /// The items, by their numbers within the case.
    pub items: Vec<u32>,
}

/// An agency reports that an item is carried out (command 27).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InstructionReported {
    /// The item's number within the case.
    pub item: u32,
    /// The report.
    pub document: Document,
    /// What was done, in a sentence or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// It came after it was due.
    pub late: bool,
}

/// The result of an item is accepted (command 27).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InstructionAccepted {
    /// The item's number within the case.
    pub item: u32,
}

/// The result of an item is not accepted: it is to be done until a new date (command 27).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InstructionRejected {
    /// The item's number within the case.
    pub item: u32,
    /// Why; never empty.
    pub reason: String,
}
