//! Escalation: where the sides do not agree, the case goes up with both statements, and a directive comes back as
//! duties that somebody fulfils (plan III.3 b3). Or both advise together (plan II.3).

mod advice;
mod directive;
mod dispute;
mod implementation;
mod withdrawal;

use events::{
    AgencyId, Body, Digest, Fact, Kind, Lifecycle, Stage, Timestamp, escalation as said,
    escalation::{Addressee, Purpose, Statement},
    terms::{Deadline, DeadlineKey, Document, Side},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use advice::JointAdvice;
pub use directive::{InfoRequest, RecordDirective};
pub use implementation::{Item, ItemState};
pub use withdrawal::DossierWithdrawal;

use crate::{
    case::Case,
    deadlines::{self, Timer},
    decision::{Act, Context, Decision},
    dossier,
    keys::{self, Key, KeyState},
    organisation::{Person, Role},
    policy::Policy,
    refusal::Refusal,
    sides,
};

/// The acts of persons at this stage.
pub const ACTS: &[Act] = &[
    Act {
        name: "file-statement",
        stage: Stage::Escalation,
        records: &[Kind::StatementFiled],
        who: "AL of a party, one statement for each side",
    },
    Act {
        name: "submit-dossier",
        stage: Stage::Escalation,
        records: &[Kind::CaseEscalated],
        who: "AL of the Party side's superior; of the other superior too once the dossier is late",
    },
    Act {
        name: "propose-joint-advice",
        stage: Stage::Escalation,
        records: &[Kind::JointAdviceProposed],
        who: "AL of the Party side's superior: the first key",
    },
    Act {
        name: "confirm-joint-advice",
        stage: Stage::Escalation,
        records: &[Kind::CaseEscalated],
        who: "AL of the other superior: the second key",
    },
    Act {
        name: "acknowledge-dossier",
        stage: Stage::Escalation,
        records: &[Kind::DossierReceived],
        who: "SS",
    },
    Act {
        name: "request-more-info",
        stage: Stage::Escalation,
        records: &[Kind::InfoRequested],
        who: "SS, SM",
    },
    Act {
        name: "supply-info",
        stage: Stage::Escalation,
        records: &[Kind::InfoSupplied],
        who: "AL of the asked agency or of its superior",
    },
    Act {
        name: "record-directive",
        stage: Stage::Escalation,
        records: &[Kind::DirectiveIssued, Kind::DirectiveReturned, Kind::DirectiveNoted],
        who: "SS on the signed document, SM",
    },
    Act {
        name: "propose-dossier-withdrawal",
        stage: Stage::Escalation,
        records: &[Kind::DossierWithdrawalProposed],
        who: "AL of a party of side A or B: the first key",
    },
    Act {
        name: "confirm-dossier-withdrawal",
        stage: Stage::Escalation,
        records: &[Kind::DossierWithdrawalAgreed],
        who: "AL of a party of the other side: the second key",
    },
    Act {
        name: "accept-dossier-withdrawal",
        stage: Stage::Escalation,
        records: &[Kind::DossierWithdrawn],
        who: "SS: the third key",
    },
    Act {
        name: "acknowledge-directive",
        stage: Stage::Escalation,
        records: &[Kind::InstructionAcknowledged],
        who: "AL of an agency that is responsible",
    },
    Act {
        name: "report-implementation",
        stage: Stage::Escalation,
        records: &[Kind::InstructionReported],
        who: "AL of the agency that is responsible",
    },
    Act {
        name: "accept-implementation",
        stage: Stage::Escalation,
        records: &[Kind::InstructionAccepted],
        who: "SS; the Party side's superior if the directive says so",
    },
    Act {
        name: "reject-implementation",
        stage: Stage::Escalation,
        records: &[Kind::InstructionRejected],
        who: "SS; the Party side's superior if the directive says so",
    },
];

/// A command of this stage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Command 18.
    FileStatement(dispute::FileStatement),
    /// Command 19.
    SubmitDossier(dispute::SubmitDossier),
    /// Command 20, the first key.
    ProposeJointAdvice(advice::ProposeJointAdvice),
    /// Command 20, the second key.
    ConfirmJointAdvice(advice::ConfirmJointAdvice),
    /// Command 21.
    AcknowledgeDossier(directive::AcknowledgeDossier),
    /// Command 22: the question.
    RequestMoreInfo(directive::RequestMoreInfo),
    /// Command 22: the answer.
    SupplyInfo(directive::SupplyInfo),
    /// Commands 23, 24 and 25.
    RecordDirective(RecordDirective),
    /// Command 26, the first key.
    ProposeDossierWithdrawal(Box<withdrawal::ProposeWithdrawal>),
    /// Command 26, the second key.
    ConfirmDossierWithdrawal(withdrawal::NamedProposal),
    /// Command 26, the third key.
    AcceptDossierWithdrawal(withdrawal::NamedProposal),
    /// Command 27: an agency takes note.
    AcknowledgeDirective(implementation::AcknowledgeDirective),
    /// Command 27: an agency reports.
    ReportImplementation(implementation::ReportImplementation),
    /// Command 27: the result is accepted.
    AcceptImplementation(implementation::AcceptImplementation),
    /// Command 27: the result is not accepted.
    RejectImplementation(implementation::RejectImplementation),
    /// Reminders and overdue levels.
    #[serde(skip)]
    Timer(Timer),
}

impl Command {
    /// The document that it brings, if it brings one.
    pub(crate) fn document(&self) -> Option<&Document> {
        match self {
            Self::SubmitDossier(act) => Some(&act.document),
            Self::RecordDirective(RecordDirective::Binding(act)) => Some(&act.document),
            Self::ReportImplementation(act) => Some(&act.document),
            Self::ProposeDossierWithdrawal(act) => Some(&act.document),
            _ => None,
        }
    }
}

/// What a dispute brought: regions E and I.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// Where the current dossier stands (region E).
    pub state: Dossier,
    /// The dossiers, oldest first: one for each dispute, and one for each joint advice.
    pub dossiers: Vec<DossierFile>,
    /// The items of the directives (region I).
    pub instructions: Vec<Item>,
    /// The proposals of joint advice, oldest first.
    pub advices: Vec<Key<JointAdvice>>,
    /// The proposals to take a dossier back, oldest first.
    pub withdrawals: Vec<Key<DossierWithdrawal>>,
}

/// Where the current dossier stands (region E).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dossier {
    /// There is none.
    #[default]
    None,
    /// The sides are writing their statements: exactly while the case is disputed (PROCESS §5).
    Drafting,
    /// It waits for an opinion.
    Submitted,
    /// More information was asked for.
    InfoRequested,
    /// A directive answers it, or it was noted.
    Decided,
    /// It came back: the sides are to coordinate again.
    Returned,
    /// The sides took it back, because they agree after all.
    DossierWithdrawn,
}

/// A dossier, from the dispute to its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DossierFile {
    /// Its number within the case.
    pub number: u32,
    /// The round that ended in the dispute: its deadlines have this instance.
    pub round: u32,
    /// The statement of each side that has filed one.
    pub statements: Vec<Filed>,
    /// All sides have filed.
    pub complete: bool,
    /// Until when they may file before the seal is broken.
    pub statement_due: Timestamp,
    /// What was sent up.
    pub submitted: Option<Submitted>,
    /// The secretariat has it.
    pub received: bool,
    /// What was asked in addition.
    pub requests: Vec<InfoRequest>,
    /// The directive that answers it.
    pub directive: Option<Directive>,
    /// The case was opened again since: it is history.
    pub archived: bool,
}

/// A side's statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filed {
    /// The side.
    pub side: Side,
    /// The agency that speaks for it.
    pub agency: AgencyId,
    /// When it was filed.
    pub at: Timestamp,
    /// What it says.
    pub statement: Statement,
}

/// A dossier as it was sent up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitted {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub purpose: Purpose,
    /// To whom.
    pub addressee: Addressee,
    /// Until when an opinion is asked for; a wish, never a deadline.
    pub requested_by: Timestamp,
    /// The cover letter.
    pub document: Option<Document>,
    /// The digest that was recorded.
    pub digest: Digest,
    /// What the dossier says.
    pub content: dossier::Content,
    /// Where the case stood before: joint advice that is merely noted leaves it there.
    pub previous: Lifecycle,
}

/// A directive that binds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Directive {
    /// When it was recorded.
    pub at: Timestamp,
    /// The signed document.
    pub document: Document,
    /// The Party side's superior accepts results where it is not itself responsible.
    pub accepted_by_party_side: bool,
}

impl DossierFile {
    /// Statements are sealed until all are in, or until it is too late to file one unseen (command 18): before, a side
    /// sees only its own.
    pub fn is_sealed(&self, now: Timestamp) -> bool {
        !self.complete && now <= self.statement_due
    }
}

impl Escalation {
    /// What is not answered or not carried out yet is its successor's to do.
    fn succeeds(&mut self, from: &AgencyId, to: &AgencyId) {
        let requests = self.dossiers.iter_mut().flat_map(|dossier| &mut dossier.requests);
        let asked = requests.filter(|request| request.answer.is_none()).map(|request| &mut request.agency);
        let items = self.instructions.iter_mut().filter(|item| item.is_unfinished());
        for agency in asked.chain(items.map(|item| &mut item.instruction.agency)) {
            if agency == from {
                agency.clone_from(to);
            }
        }
    }

    /// The current dossier.
    pub fn current(&self) -> Option<&DossierFile> {
        self.dossiers.last().filter(|dossier| !dossier.archived)
    }

    /// An item of the directive.
    pub fn item(&self, number: u32) -> Option<&Item> {
        self.instructions.iter().find(|each| !each.archived && each.instruction.item == number)
    }

    /// Whether all that was instructed is done and accepted.
    pub fn is_carried_out(&self) -> bool {
        self.instructions.iter().all(|each| each.state == ItemState::Accepted)
    }
}

pub(crate) fn authorise(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    match command {
        Command::FileStatement(_) => dispute::may_file(case, ctx),
        Command::SubmitDossier(_) => dispute::may_submit(case, ctx),
        Command::ProposeJointAdvice(_) => advice::may_propose(ctx),
        Command::ConfirmJointAdvice(_) => advice::may_confirm(case, ctx),
        Command::ProposeDossierWithdrawal(_) => withdrawal::may_propose(case, ctx),
        Command::ConfirmDossierWithdrawal(_) => withdrawal::may_confirm(case, ctx),
        Command::AcceptDossierWithdrawal(_) => {
            secretariat(ctx)?;
            withdrawal::must_be_a_third_person(case, ctx)
        }
        Command::AcknowledgeDossier(_) => secretariat(ctx),
        Command::RequestMoreInfo(_) | Command::RecordDirective(_) => standing_body(ctx),
        Command::SupplyInfo(_) => directive::may_supply(case, ctx),
        Command::AcknowledgeDirective(_) => implementation::is_responsible(case, None, ctx),
        Command::ReportImplementation(act) => implementation::is_responsible(case, Some(act.item), ctx),
        Command::AcceptImplementation(act) => implementation::may_judge(case, act.item, ctx),
        Command::RejectImplementation(act) => implementation::may_judge(case, act.item, ctx),
        Command::Timer(_) => ctx.system(),
    }
}

/// The secretariat of the standing body, and nobody else.
fn secretariat(ctx: &Context<'_>) -> Result<(), Refusal> {
    if is_of_standing_body(ctx.person()?, &[Role::Ss], ctx.policy) {
        return Ok(());
    }
    Err(Refusal::not_authorised(
        "Chỉ Văn phòng Tỉnh ủy được thực hiện việc này.",
        "Only the secretariat of the standing body does this.",
    ))
}

/// The secretariat of the standing body, or a member of it.
fn standing_body(ctx: &Context<'_>) -> Result<(), Refusal> {
    let person = ctx.person()?;
    if is_of_standing_body(person, &[Role::Ss, Role::Sm], ctx.policy) {
        return Ok(());
    }
    Err(Refusal::not_authorised(
        "Chỉ Văn phòng Tỉnh ủy hoặc Thường trực Tỉnh ủy được thực hiện việc này.",
        "Only the standing body or its secretariat does this.",
    ))
}

fn is_of_standing_body(person: &Person, roles: &[Role], policy: &Policy) -> bool {
    person.agency == policy.agreement.standing_body && roles.contains(&person.role)
}

pub(crate) fn decide(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    match command {
        Command::FileStatement(act) => dispute::file(case, act, ctx),
        Command::SubmitDossier(act) => dispute::submit(case, act, ctx),
        Command::AcknowledgeDossier(_) => directive::acknowledge(case, ctx),
        Command::RequestMoreInfo(act) => directive::ask(case, act, ctx),
        Command::SupplyInfo(act) => directive::answer(case, act, ctx),
        Command::ProposeJointAdvice(act) => advice::propose(case, act, ctx),
        Command::ConfirmJointAdvice(act) => advice::confirm(case, act, ctx),
        Command::RecordDirective(RecordDirective::Binding(act)) => directive::bind(case, act, ctx),
        Command::RecordDirective(RecordDirective::Return { text }) => directive::hand_back(case, text, ctx),
        Command::RecordDirective(RecordDirective::Noted { text }) => {
            directive::note(case, text.as_deref(), ctx)
        }
        Command::ProposeDossierWithdrawal(act) => withdrawal::propose(case, act, ctx),
        Command::ConfirmDossierWithdrawal(act) => withdrawal::confirm(case, act.proposal, ctx),
        Command::AcceptDossierWithdrawal(act) => withdrawal::accept(case, act.proposal, ctx),
        Command::AcknowledgeDirective(_) => implementation::acknowledge(case, ctx),
        Command::ReportImplementation(act) => implementation::report(case, act, ctx),
        Command::AcceptImplementation(act) => implementation::accept(case, act, ctx),
        Command::RejectImplementation(act) => implementation::reject(case, act, ctx),
        Command::Timer(timer) => {
            super::decide_timer(case, timer, ctx, Body::EscalationReminded, Body::EscalationOverdue)
        }
    }
}

pub(crate) fn evolve(case: &mut Case, fact: &Fact) {
    match fact.body() {
        Body::CaseEscalated(said) => escalate(case, said, fact),
        Body::JointAdviceProposed(said) => advice::evolve(case, said, fact),
        Body::CaseReopened(_) => archive(&mut case.escalation),
        Body::DutiesTransferred(said) => case.escalation.succeeds(&said.from, &said.to),
        Body::EscalationReminded(reminded) => deadlines::note_reminded(case, reminded),
        Body::EscalationOverdue(overdue) => {
            deadlines::note_overdue(case, overdue);
            if overdue.key == DeadlineKey::Implementation {
                implementation::note_overdue(case, overdue.instance);
            }
        }
        body => {
            withdrawal::evolve(&mut case.escalation, body, fact);
            directive::evolve(case, body, fact);
            implementation::evolve(case, body);
            dispute::evolve(case, body, fact);
        }
    }
    if fact.draft.transition.is_some_and(|moved| moved.to == Lifecycle::Disputed) {
        dispute::open(case, fact);
    }
    // More time, or another urgency, moves the date until which the statements are sealed.
    if let Some(current) = case.escalation.dossiers.last_mut() {
        let statement = case.deadlines.iter().find(|armed| {
            armed.deadline.key == DeadlineKey::Statement && armed.deadline.instance == current.round
        });
        current.statement_due = statement.map_or(current.statement_due, |armed| armed.deadline.due);
    }
    case.escalation.state = match (case.lifecycle, case.escalation.state) {
        (Lifecycle::Disputed, _) => Dossier::Drafting,
        (_, Dossier::Drafting) => Dossier::None,
        (_, state) => state,
    };
    // Every change of L voids a proposal that waits (PROCESS §1 rule 3).
    if fact.draft.transition.is_some() {
        keys::settle(&mut case.escalation.advices, KeyState::Void);
        keys::settle(&mut case.escalation.withdrawals, KeyState::Void);
    }
}

/// The case is opened again: what was sent up and decided before is history (command 38).
fn archive(escalation: &mut Escalation) {
    escalation.state = Dossier::None;
    escalation.dossiers.iter_mut().for_each(|dossier| dossier.archived = true);
    escalation.instructions.iter_mut().for_each(|item| item.archived = true);
}

/// The dossier is compiled from the case as it stands before the fact: so does the digest. Joint advice was compiled
/// when it was proposed: what is confirmed is what was read.
fn escalate(case: &mut Case, said: &said::CaseEscalated, fact: &Fact) {
    let content = match said.purpose {
        Purpose::Disagreement => dossier::compile(case, said.dossier, &said.silent),
        Purpose::JointAdvice => advice::open(case, said, fact),
    };
    case.escalation.state = Dossier::Submitted;
    let previous = fact.draft.transition.and_then(|moved| moved.from).unwrap_or(case.lifecycle);
    if let Some(current) = case.escalation.dossiers.last_mut() {
        current.submitted = Some(Submitted {
            at: fact.origin().occurred_at,
            purpose: said.purpose,
            addressee: said.addressee,
            requested_by: said.requested_by,
            document: said.document.clone(),
            digest: said.digest,
            content,
            previous,
        });
    }
}

pub(crate) fn is_running(case: &Case, deadline: &Deadline) -> bool {
    let Some(current) = case.escalation.current() else { return false };
    match deadline.key {
        DeadlineKey::Statement | DeadlineKey::Dossier => {
            case.escalation.state == Dossier::Drafting
                && current.round == deadline.instance
                && !(deadline.key == DeadlineKey::Statement && current.complete)
        }
        DeadlineKey::Info => {
            case.escalation.state == Dossier::InfoRequested
                && current.requests.last().is_some_and(|request| request.number == deadline.instance)
        }
        DeadlineKey::Implementation => {
            case.lifecycle == Lifecycle::Directed
                && case.escalation.item(deadline.instance).is_some_and(Item::is_open)
        }
        _ => false,
    }
}

/// Statements are owed by the superiors of the sides that have not filed, or by the parties of a side that has none;
/// the dossier by the Party side's superior; information and results by who was asked.
pub(crate) fn owing(case: &Case, deadline: &Deadline, policy: &Policy) -> Vec<AgencyId> {
    match deadline.key {
        DeadlineKey::Statement => {
            let of = |side| match policy.superior(side) {
                Some(superior) => vec![superior.clone()],
                None => sides::parties_of(case, side, policy),
            };
            dispute::silent(case, policy).into_iter().flat_map(of).collect()
        }
        DeadlineKey::Info => {
            let request = case.escalation.current().and_then(|current| current.requests.last());
            request.map(|request| request.agency.clone()).into_iter().collect()
        }
        DeadlineKey::Implementation => {
            let item = case.escalation.item(deadline.instance);
            item.map(|item| item.instruction.agency.clone()).into_iter().collect()
        }
        _ => vec![policy.agreement.side_a.clone()],
    }
}

#[cfg(test)]
mod tests;
