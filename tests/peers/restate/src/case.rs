//! The rules in outline: which act is legal in which state of a dispute, and what it makes of the case.

#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize, de::IgnoredAny};

/// Two assignments are made of a call: the receiver's liaison unit, and the raiser's superior.
const ASSIGNMENTS: u8 = 2;

/// Each of the two sides files one statement.
const SIDES: u8 = 2;

/// An act of the dispute history, by the name that the product gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// A case is raised, by telephone or in writing.
    Raise,
    /// The document that is owed after a call comes.
    SubmitWrittenConfirmation,
    /// The document is compared with the call.
    CompareWritten,
    /// An assignment is taken on.
    Acknowledge,
    /// A side says what it thinks.
    RecordPosition,
    /// A side files its statement.
    FileStatement,
    /// The dossier goes up.
    SubmitDossier,
    /// The directive comes back.
    RecordDirective,
    /// Who is responsible takes note of the directive.
    AcknowledgeDirective,
    /// What was done is reported.
    ReportImplementation,
    /// The result is accepted.
    AcceptImplementation,
    /// The first key of closing.
    ProposeClosure,
    /// The second key of closing.
    ConfirmClosure,
}

/// Where the case as a whole stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Raised; nobody has taken it on.
    Routed,
    /// Positions are asked for.
    InCoordination,
    /// All agree.
    Agreed,
    /// They do not.
    Disputed,
    /// The dossier is up.
    Escalated,
    /// A directive was given.
    Directed,
    /// Nothing more follows.
    Closed,
}

/// The written confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Written {
    /// Raised in writing: nothing is owed.
    Satisfied,
    /// Owed.
    Pending,
    /// Here, not yet compared.
    Received,
    /// Compared.
    Matched,
}

/// The directive's item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Instruction {
    /// No directive was given.
    None,
    /// Given.
    Open,
    /// Taken note of.
    Acknowledged,
    /// Reported as done.
    Reported,
    /// Accepted.
    Accepted,
}

/// A case as its facts have left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// How many facts it has.
    pub version: u32,
    /// The case as a whole.
    pub state: State,
    written: Written,
    acknowledged: u8,
    statements: u8,
    instruction: Instruction,
    closure_proposed: bool,
}

/// Why an act is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such case.
    NotFound,
    /// Not in this state.
    BadState,
    /// The body is not that of this act.
    InvalidData,
    /// Not every side has filed its statement.
    DossierIncomplete,
    /// The document after the call is still owed or not compared.
    WrittenNotSettled,
    /// The directive is not carried out.
    InstructionsOpen,
    /// Nobody has proposed to close.
    NoProposal,
}

#[derive(Deserialize)]
struct Raise {
    channel: Channel,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Channel {
    Phone,
    Written,
}

#[derive(Deserialize)]
struct RecordPosition {
    position: Position,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Position {
    Agree(IgnoredAny),
    Disagree(IgnoredAny),
    Counter(IgnoredAny),
}

impl Refusal {
    /// The code, as the product writes it.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotFound => "NOT_FOUND",
            Self::BadState => "BAD_STATE",
            Self::InvalidData => "INVALID_DATA",
            Self::DossierIncomplete => "DOSSIER_INCOMPLETE",
            Self::WrittenNotSettled => "WRITTEN_NOT_SETTLED",
            Self::InstructionsOpen => "INSTRUCTIONS_OPEN",
            Self::NoProposal => "NO_PROPOSAL",
        }
    }

    /// The status of the answer.
    pub fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::InvalidData => 422,
            Self::BadState
            | Self::DossierIncomplete
            | Self::WrittenNotSettled
            | Self::InstructionsOpen
            | Self::NoProposal => 409,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

/// The case after an act, or why the act is refused.
pub fn decide(case: Option<Case>, act: Act, body: &str) -> Result<Case, Refusal> {
    let Some(mut case) = case else {
        return if act == Act::Raise { raise(body) } else { Err(Refusal::NotFound) };
    };
    case.carry_out(act, body)?;
    case.version += 1;
    Ok(case)
}

fn raise(body: &str) -> Result<Case, Refusal> {
    let written = match read::<Raise>(body)?.channel {
        Channel::Phone => Written::Pending,
        Channel::Written => Written::Satisfied,
    };
    Ok(Case {
        version: 1,
        state: State::Routed,
        written,
        acknowledged: 0,
        statements: 0,
        instruction: Instruction::None,
        closure_proposed: false,
    })
}

impl Case {
    fn carry_out(&mut self, act: Act, body: &str) -> Result<(), Refusal> {
        if self.state == State::Closed {
            return Err(Refusal::BadState);
        }
        match act {
            Act::Raise => Err(Refusal::BadState),
            Act::SubmitWrittenConfirmation => self.write(Written::Pending, Written::Received),
            Act::CompareWritten => self.write(Written::Received, Written::Matched),
            Act::Acknowledge => self.acknowledge(),
            Act::RecordPosition => self.take_position(read::<RecordPosition>(body)?.position),
            Act::FileStatement => self.file_statement(),
            Act::SubmitDossier => self.submit_dossier(),
            Act::RecordDirective => self.direct(),
            Act::AcknowledgeDirective => self.instruct(&[Instruction::Open], Instruction::Acknowledged),
            Act::ReportImplementation => {
                self.instruct(&[Instruction::Open, Instruction::Acknowledged], Instruction::Reported)
            }
            Act::AcceptImplementation => self.instruct(&[Instruction::Reported], Instruction::Accepted),
            Act::ProposeClosure => self.propose_closure(),
            Act::ConfirmClosure => self.confirm_closure(),
        }
    }

    fn write(&mut self, from: Written, to: Written) -> Result<(), Refusal> {
        must(self.written == from)?;
        self.written = to;
        Ok(())
    }

    fn acknowledge(&mut self) -> Result<(), Refusal> {
        must(self.acknowledged < ASSIGNMENTS)?;
        self.acknowledged += 1;
        if self.state == State::Routed {
            self.state = State::InCoordination;
        }
        Ok(())
    }

    fn take_position(&mut self, position: Position) -> Result<(), Refusal> {
        must(self.state == State::InCoordination)?;
        self.state = match position {
            Position::Agree(_) => State::Agreed,
            Position::Disagree(_) => State::Disputed,
            Position::Counter(_) => State::InCoordination,
        };
        Ok(())
    }

    fn file_statement(&mut self) -> Result<(), Refusal> {
        must(self.state == State::Disputed && self.statements < SIDES)?;
        self.statements += 1;
        Ok(())
    }

    fn submit_dossier(&mut self) -> Result<(), Refusal> {
        must(self.state == State::Disputed)?;
        if self.statements < SIDES {
            return Err(Refusal::DossierIncomplete);
        }
        self.state = State::Escalated;
        Ok(())
    }

    fn direct(&mut self) -> Result<(), Refusal> {
        must(self.state == State::Escalated)?;
        self.state = State::Directed;
        self.instruction = Instruction::Open;
        Ok(())
    }

    fn instruct(&mut self, from: &[Instruction], to: Instruction) -> Result<(), Refusal> {
        must(from.contains(&self.instruction))?;
        self.instruction = to;
        Ok(())
    }

    fn propose_closure(&mut self) -> Result<(), Refusal> {
        must(matches!(self.state, State::Agreed | State::Directed) && !self.closure_proposed)?;
        self.must_be_settled()?;
        self.closure_proposed = true;
        Ok(())
    }

    fn confirm_closure(&mut self) -> Result<(), Refusal> {
        if !self.closure_proposed {
            return Err(Refusal::NoProposal);
        }
        self.must_be_settled()?;
        self.state = State::Closed;
        Ok(())
    }

    fn must_be_settled(&self) -> Result<(), Refusal> {
        if !matches!(self.written, Written::Satisfied | Written::Matched) {
            return Err(Refusal::WrittenNotSettled);
        }
        if !matches!(self.instruction, Instruction::None | Instruction::Accepted) {
            return Err(Refusal::InstructionsOpen);
        }
        Ok(())
    }
}

fn must(legal: bool) -> Result<(), Refusal> {
    if legal { Ok(()) } else { Err(Refusal::BadState) }
}

fn read<'body, T: Deserialize<'body>>(body: &'body str) -> Result<T, Refusal> {
    serde_json::from_str(body).map_err(|_| Refusal::InvalidData)
}
