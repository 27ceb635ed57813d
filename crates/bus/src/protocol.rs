//! What services say to each other: proposals to the ledger, commands to a stage, pokes for an automatic step.

use domain::{Code, Refusal};
use events::{AggregateId, CaseId, CommandId, Digest, EventId, Timestamp, envelope::Stamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};
use uuid::Uuid;

use crate::{assertion::Assertion, connection::Message};

/// A few facts of different aggregates that stand or fall together; mostly one.
#[derive(Debug, Serialize, Deserialize)]
pub struct Proposal {
    /// The facts.
    pub facts: Vec<Proposed>,
}

/// A fact that a stage asks the ledger to record.
#[derive(Debug, Serialize, Deserialize)]
pub struct Proposed {
    /// The version of the aggregate that the decision was made on; 0 for a new one.
    pub on_version: u32,
    /// The draft, as [`events::Draft::to_json`] writes it.
    pub draft: Box<RawValue>,
}

/// The ledger's answer to a proposal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Stored: each fact's place and what the ledger added to it, in the order of the proposal.
    Recorded(Vec<Recorded>),
    /// An aggregate has moved on since the decision: load and decide again.
    Conflict,
    /// Not stored, or not known to be.
    Refused(Refusal),
}

/// A fact that is stored: who proposed it knows the rest.
#[derive(Debug, Serialize, Deserialize)]
pub struct Recorded {
    /// Its place in the log.
    pub sequence: u64,
    /// What the ledger added to the draft.
    pub stamp: Stamp,
    /// The digest of its exact bytes.
    pub digest: Digest,
}

/// An act of a person, as the edge passes it on. The stage resolves the office and the rights itself (DESIGN D10).
#[derive(Debug, Serialize, Deserialize)]
pub struct CommandRequest {
    /// What is acted on; of a new one the id that the key gives.
    pub on: AggregateId,
    /// Who acts, signed by the identity service.
    pub assertion: Assertion,
    /// The act, derived from the person's key.
    pub command: CommandId,
    /// The digest of the canonical body.
    pub fingerprint: Digest,
    /// The version of the aggregate that the person saw, if he says so.
    pub expected_version: Option<u32>,
    /// The request that begins the chain.
    pub correlation: Uuid,
    /// What time it is for the edge: a clock that is set by hand follows it, so that no act is judged before its time.
    pub clock: Timestamp,
    /// The act's body.
    pub body: Value,
}

/// A stage's answer to an act.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandAnswer {
    /// Carried out, now or earlier.
    Done(Done),
    /// Not carried out.
    Refused(Refusal),
}

impl From<Result<Done, Refusal>> for CommandAnswer {
    fn from(outcome: Result<Done, Refusal>) -> Self {
        outcome.map_or_else(Self::Refused, Self::Done)
    }
}

impl From<CommandAnswer> for Result<Done, Refusal> {
    fn from(answer: CommandAnswer) -> Self {
        match answer {
            CommandAnswer::Done(done) => Ok(done),
            CommandAnswer::Refused(refusal) => Err(refusal),
        }
    }
}

/// What an act did.
#[derive(Debug, Serialize, Deserialize)]
pub struct Done {
    /// The fact that the act made.
    pub event: EventId,
    /// The version of that fact.
    pub version: u32,
    /// The act was carried out earlier: this is its first result.
    pub replayed: bool,
    /// The version at which the aggregate stands after its automatic steps.
    pub now_at: u32,
    /// The place of that version in the log: a fold that has come so far shows it.
    pub sequence: u64,
    /// The automatic steps that are still to come.
    pub pending: Vec<String>,
}

/// Asks a stage to do what it must do next in a case.
#[derive(Debug, Serialize, Deserialize)]
pub struct StepRequest {
    /// The case.
    pub case: CaseId,
    /// The version on which the step was found: the stage looks at no older one.
    pub at_least: u32,
    /// What time it is for who asks: a clock that is set by hand follows it.
    pub clock: Timestamp,
}

/// How far a stage came.
#[derive(Debug, Serialize, Deserialize)]
pub struct StepAnswer {
    /// The version at which the case stands now.
    pub version: u32,
}

/// The subject of an act.
pub fn command_subject(act: &domain::Act) -> String {
    format!("cmd.{}.{}", act.stage, act.name)
}

/// The subject on which a stage takes its facts to the ledger.
pub fn fact_subject(stage: events::Stage) -> String {
    format!("fact.{stage}")
}

/// The subject on which a stage is poked.
pub fn step_subject(stage: events::Stage) -> String {
    format!("step.{stage}")
}

/// The subject on which the ledger announces that the log has grown, and up to which sequence.
pub const ANNOUNCEMENT: &str = "log.cases";

/// The subject on which ledgers say that they are there.
pub const PENS: &str = "pen.here";

/// The subject on which a notifier that starts asks whether another one works.
pub const NOTIFIER_PRESENT: &str = "mail.present";

/// Reads a message of ours.
pub fn read<T: DeserializeOwned>(message: &Message) -> Result<T, Refusal> {
    serde_json::from_slice(message.payload()).map_err(|error| {
        Refusal::new(
            Code::InvalidData,
            "Thông điệp nội bộ không đọc được.",
            format!("An internal message cannot be read: {error}."),
        )
    })
}

/// Writes a message of ours.
pub fn write<T: Serialize>(value: &T) -> bytes::Bytes {
    // Our own types have string keys and no failing serialisers.
    serde_json::to_vec(value).unwrap_or_default().into()
}

/// The literal subject of a case in the log.
pub fn case_subject(case: CaseId) -> String {
    AggregateId::Case(case).subject()
}
