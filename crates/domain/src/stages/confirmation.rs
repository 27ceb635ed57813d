//! Confirmation: the callback, and the document that is owed after a telephone call (plan III.3 b1 s2).

mod discrepancy;
mod document;

use events::{
    AgencyId, Body, Fact, Kind, Stage, Timestamp, confirmation as said,
    confirmation::{DiscrepancyExplained, Version},
    intake::KeyFacts,
    terms::{Deadline, DeadlineKey, Document, Lifecycle},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use discrepancy::{ExplainDiscrepancy, ReconcileDiscrepancy, RequestCorrected};
pub use document::{CompareWritten, SubmitWritten};
pub use events::confirmation::{Verification, Written};

use super::must_live;
use crate::{
    case::Case,
    deadlines::{self, Timer},
    decision::{Act, Context, Decision},
    keys::{self, Key, KeyState},
    organisation::Role,
    refusal::{Code, Refusal, optional_text},
};

/// The acts of persons at this stage.
pub const ACTS: &[Act] = &[
    Act {
        name: "verify-callback",
        stage: Stage::Confirmation,
        records: &[Kind::CallbackVerified, Kind::CallbackFailed, Kind::CallbackUnreachable],
        who: "RO, LO, LH, AL of the receiver",
    },
    Act {
        name: "submit-written-confirmation",
        stage: Stage::Confirmation,
        records: &[Kind::WrittenReceived],
        who: "LO, LH, AL, CL of the intake's raiser or of its superior",
    },
    Act {
        name: "compare-written",
        stage: Stage::Confirmation,
        records: &[Kind::WrittenMatched, Kind::WrittenDiscrepant],
        who: "LO, LH, AL of the receiver, but not who logged the call",
    },
    Act {
        name: "explain-discrepancy",
        stage: Stage::Confirmation,
        records: &[Kind::DiscrepancyExplained],
        who: "LO, LH, AL of the intake's raiser or of its superior: the first key",
    },
    Act {
        name: "reconcile-discrepancy",
        stage: Stage::Confirmation,
        records: &[Kind::WrittenReconciled],
        who: "LO, LH, AL of the receiver: the second key",
    },
    Act {
        name: "request-corrected-written",
        stage: Stage::Confirmation,
        records: &[Kind::CorrectedRequested],
        who: "LO, LH, AL of the receiver",
    },
];

/// A command of this stage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Command 3.
    VerifyCallback(VerifyCallback),
    /// Command 10.
    SubmitWrittenConfirmation(Box<SubmitWritten>),
    /// Command 11.
    CompareWritten(Box<CompareWritten>),
    /// Command 12, the first key.
    ExplainDiscrepancy(ExplainDiscrepancy),
    /// Command 12, the second key.
    ReconcileDiscrepancy(ReconcileDiscrepancy),
    /// Command 13.
    RequestCorrectedWritten(RequestCorrected),
    /// Command 14, and the reminders.
    #[serde(skip)]
    Timer(Timer),
}

/// What the callback brought.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyCallback {
    /// Which intake, by its number within the case; the first if absent.
    #[serde(default = "first")]
    intake: u32,
    /// What the callback brought.
    result: CallbackResult,
    /// A remark, at most 500 characters.
    #[serde(default)]
    note: Option<String>,
}

/// The result of a callback to the directory's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CallbackResult {
    /// The agency confirms the call.
    Verified,
    /// The agency denies it.
    Failed,
    /// Nobody answers.
    Unreachable,
}

/// Most cases have one intake.
fn first() -> u32 {
    1
}

impl Command {
    fn intake(&self) -> u32 {
        match self {
            Self::VerifyCallback(act) => act.intake,
            Self::SubmitWrittenConfirmation(act) => act.intake,
            Self::CompareWritten(act) => act.intake,
            Self::ExplainDiscrepancy(act) => act.intake,
            Self::ReconcileDiscrepancy(act) => act.intake,
            Self::RequestCorrectedWritten(act) => act.intake,
            Self::Timer(_) => 0,
        }
    }

    /// The document that it brings.
    pub(crate) fn document(&self) -> Option<&Document> {
        match self {
            Self::SubmitWrittenConfirmation(act) => Some(&act.document),
            Self::VerifyCallback(_)
            | Self::CompareWritten(_)
            | Self::ExplainDiscrepancy(_)
            | Self::ReconcileDiscrepancy(_)
            | Self::RequestCorrectedWritten(_)
            | Self::Timer(_) => None,
        }
    }
}

/// Regions W and V of an intake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Confirmation {
    /// The intake's number within the case.
    pub intake: u32,
    /// Region W.
    pub written: Written,
    /// Region V; absent for an intake in writing.
    pub caller: Option<Verification>,
    /// The document that came, if one did.
    pub document: Option<Document>,
    /// The key facts as the document states them.
    pub key_facts: Option<KeyFacts>,
    /// It came after it was due.
    pub late: bool,
    /// A corrected document was asked for: what was owed after the call is history.
    pub corrected: bool,
    /// How the raiser explains a discrepancy, oldest first.
    pub explanations: Vec<Key<DiscrepancyExplained>>,
    /// Which version counts, once a discrepancy is reconciled; both are kept.
    pub prevails: Option<Version>,
}

pub(crate) fn authorise(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    if matches!(command, Command::Timer(_)) {
        return ctx.system();
    }
    let person = ctx.person()?;
    let raiser = case.intake(command.intake()).map_or(&case.raiser, |intake| &intake.raiser);
    let organisation = &ctx.policy.organisation;
    let superior = organisation.side(raiser).and_then(|side| ctx.policy.superior(side));
    let raising = person.agency == *raiser || Some(&person.agency) == superior;
    let (allowed, vi, en) = match command {
        Command::VerifyCallback(_) => (
            person.agency == case.receiver
                && matches!(person.role, Role::Ro | Role::Lo | Role::Lh | Role::Al),
            "Chỉ cơ quan nhận tin được gọi lại xác minh.",
            "Only officers of the receiving agency verify the caller.",
        ),
        Command::SubmitWrittenConfirmation(_) => (
            raising && matches!(person.role, Role::Lo | Role::Lh | Role::Al | Role::Cl),
            "Chỉ đầu mối, lãnh đạo hoặc văn thư của cơ quan báo tin (hoặc cơ quan cấp trên) được gửi văn bản xác nhận.",
            "Only liaison officers, leaders or clerks of the raiser, or of its superior, send the written confirmation.",
        ),
        Command::CompareWritten(_) | Command::Timer(_) => (
            person.agency == case.receiver && matches!(person.role, Role::Lo | Role::Lh | Role::Al),
            "Chỉ đầu mối hoặc lãnh đạo của cơ quan nhận tin được đối chiếu.",
            "Only liaison officers or leaders of the receiving agency compare.",
        ),
        Command::ExplainDiscrepancy(_) => (
            raising && matches!(person.role, Role::Lo | Role::Lh | Role::Al),
            "Chỉ đầu mối hoặc lãnh đạo của cơ quan báo tin (hoặc cơ quan cấp trên) được giải trình.",
            "Only liaison officers or leaders of the raiser, or of its superior, explain a discrepancy.",
        ),
        Command::ReconcileDiscrepancy(_) | Command::RequestCorrectedWritten(_) => (
            person.agency == case.receiver && matches!(person.role, Role::Lo | Role::Lh | Role::Al),
            "Chỉ đầu mối hoặc lãnh đạo của cơ quan nhận tin được xử lý sai lệch.",
            "Only liaison officers or leaders of the receiving agency deal with a discrepancy.",
        ),
    };
    if !allowed {
        return Err(Refusal::not_authorised(vi, en));
    }
    // Who logged the call does not compare it (DOMAIN §2, separation of duties).
    let logged = case.intake(command.intake()).is_some_and(|intake| intake.logged_by == person.officer);
    if logged && matches!(command, Command::CompareWritten(_)) {
        return Err(Refusal::new(
            Code::SeparationOfDuties,
            "Người ghi nhận cuộc gọi không được đối chiếu; đề nghị người khác đối chiếu.",
            "Who logged the call cannot compare it: ask a colleague.",
        ));
    }
    if let Command::ReconcileDiscrepancy(act) = command
        && let Some(first) =
            case.confirmation(act.intake).and_then(|found| keys::pending(&found.explanations))
    {
        return first.must_be_of_another(person);
    }
    Ok(())
}

pub(crate) fn decide(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    if let Command::Timer(timer) = command {
        return super::decide_timer(case, timer, ctx, Body::ConfirmationReminded, Body::ConfirmationOverdue);
    }
    must_live(case)?;
    let Some(confirmation) = case.confirmation(command.intake()) else {
        return Err(Refusal::invalid("intake", "Không có lần tiếp nhận này.", "There is no such intake."));
    };
    match command {
        Command::VerifyCallback(act) => verify(confirmation, act, ctx),
        Command::SubmitWrittenConfirmation(act) => document::submit(case, confirmation, act, ctx),
        Command::CompareWritten(act) => document::compare(confirmation, act, ctx),
        Command::ExplainDiscrepancy(act) => discrepancy::explain(case, confirmation, act, ctx),
        Command::ReconcileDiscrepancy(act) => discrepancy::reconcile(confirmation, act, ctx),
        Command::RequestCorrectedWritten(act) => discrepancy::request_corrected(case, confirmation, act, ctx),
        Command::Timer(_) => Err(Refusal::not_found()),
    }
}

/// Command 3: the number is taken from the directory, never from the caller.
fn verify(confirmation: &Confirmation, act: &VerifyCallback, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    if !matches!(confirmation.caller, Some(Verification::Unverified | Verification::Failed)) {
        return Err(Refusal::bad_state(
            "Không cần xác minh: đã xác minh, hoặc vụ việc báo bằng văn bản.",
            "There is nothing to verify: the caller is verified, or the intake came in writing.",
        ));
    }
    optional_text("note", act.note.as_deref(), 500)?;
    let (intake, note) = (act.intake, act.note.clone());
    let body = match act.result {
        CallbackResult::Verified => Body::CallbackVerified(said::CallbackVerified { intake, note }),
        CallbackResult::Failed => Body::CallbackFailed(said::CallbackFailed { intake, note }),
        CallbackResult::Unreachable => Body::CallbackUnreachable(said::CallbackUnreachable { intake, note }),
    };
    Ok(Decision::new(ctx.now, body))
}

pub(crate) fn evolve(case: &mut Case, fact: &Fact) {
    let open = |written, caller| Confirmation {
        intake: 1,
        written,
        caller,
        document: None,
        key_facts: None,
        late: false,
        corrected: false,
        explanations: Vec::new(),
        prevails: None,
    };
    match fact.body() {
        Body::RaisedInWriting(_) => case.confirmations.push(open(Written::Satisfied, None)),
        Body::RaisedByPhone(_) => {
            case.confirmations.push(open(Written::Pending, Some(Verification::Unverified)));
        }
        Body::IntakesAdopted(adopted) => {
            case.confirmations.extend(adopted.intakes.iter().map(Confirmation::adopted));
        }
        Body::CallbackVerified(said) => {
            at(case, said.intake, |found| found.caller = Some(Verification::Verified));
        }
        Body::CallbackFailed(said) => {
            at(case, said.intake, |found| found.caller = Some(Verification::Failed));
        }
        Body::WrittenReceived(said) => at(case, said.intake, |found| {
            found.written = Written::Received;
            found.document = Some(said.document.clone());
            found.key_facts = Some(said.key_facts.clone());
            found.late = said.late;
        }),
        Body::WrittenMatched(said) => at(case, said.intake, |found| {
            found.written = Written::Matched;
            // A document that matches cures a caller who could not be verified (DOMAIN §3.3, command 3).
            found.caller = found.caller.map(|_| Verification::Verified);
        }),
        Body::WrittenDiscrepant(said) => {
            at(case, said.intake, |found| found.written = Written::Discrepant);
        }
        Body::DiscrepancyExplained(said) => at(case, said.intake, |found| {
            keys::propose(&mut found.explanations, Key::of(said.clone(), fact));
        }),
        Body::WrittenReconciled(said) => at(case, said.intake, |found| {
            found.written = Written::Reconciled;
            found.prevails = Some(said.prevails);
            keys::settle(&mut found.explanations, KeyState::Confirmed);
        }),
        Body::CorrectedRequested(said) => at(case, said.intake, |found| {
            found.written = Written::Pending;
            found.corrected = true;
            keys::settle(&mut found.explanations, KeyState::Void);
        }),
        Body::ConfirmationReminded(reminded) => deadlines::note_reminded(case, reminded),
        Body::ConfirmationOverdue(overdue) => {
            deadlines::note_overdue(case, overdue);
            if matches!(overdue.key, DeadlineKey::Written | DeadlineKey::Corrected) {
                at(case, overdue.instance, |found| found.written = Written::Overdue);
            }
        }
        _ => {}
    }
    if matches!(case.lifecycle, Lifecycle::Withdrawn | Lifecycle::Cancelled) {
        case.confirmations.iter_mut().for_each(lapse);
    }
}

/// What was not settled when the case was withdrawn or cancelled is owed no more.
fn lapse(confirmation: &mut Confirmation) {
    if !confirmation.written.is_settled() {
        confirmation.written = Written::Lapsed;
        keys::settle(&mut confirmation.explanations, KeyState::Void);
    }
}

fn at(case: &mut Case, intake: u32, change: impl FnOnce(&mut Confirmation)) {
    if let Some(found) = case.confirmations.iter_mut().find(|each| each.intake == intake) {
        change(found);
    }
}

pub(crate) fn is_running(case: &Case, deadline: &Deadline) -> bool {
    let Some(confirmation) = case.confirmation(deadline.instance) else { return false };
    let owed = matches!(confirmation.written, Written::Pending | Written::Overdue);
    match deadline.key {
        DeadlineKey::Callback => {
            confirmation.caller == Some(Verification::Unverified) && !confirmation.written.is_settled()
        }
        DeadlineKey::Written => owed && !confirmation.corrected,
        DeadlineKey::Corrected => owed && confirmation.corrected,
        DeadlineKey::Compare => confirmation.written == Written::Received,
        _ => false,
    }
}

pub(crate) fn owing(case: &Case, deadline: &Deadline) -> Vec<AgencyId> {
    match deadline.key {
        DeadlineKey::Written | DeadlineKey::Corrected => {
            case.intake(deadline.instance).map(|intake| intake.raiser.clone()).into_iter().collect()
        }
        _ => vec![case.receiver.clone()],
    }
}

/// When the call of an intake ended.
pub fn call_ended(case: &Case, intake: u32) -> Option<Timestamp> {
    case.intake(intake)?.call.as_ref().map(|call| call.ended_at)
}

#[cfg(test)]
mod tests;
