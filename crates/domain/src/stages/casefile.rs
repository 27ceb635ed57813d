//! Casefile: what is kept with a case, its urgency and more time, its links, and how it ends before it was settled.

mod corrections;
mod ending;
mod links;
mod merging;
mod papers;
mod succession;
mod times;

use events::{AgencyId, Body, CaseId, Fact, Kind, Stage, casefile::SecretReferenced, terms::Document};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use corrections::{Correct, Correction, fields as correctable};
pub use ending::{ConfirmCancellation, ProposeCancellation, Withdraw};
pub use links::{Link, MakeLink, Unlink};
pub(crate) use links::{blockers, must_be_alike, must_not_be_blocked};
pub use merging::Merge;
pub use papers::{AddNote, AttachDocument, Note, Paper, RecordDistribution, ReferenceSecret};
pub use succession::Succession;
pub(crate) use succession::{next_end, next_step};
pub use times::{ChangeUrgency, ExtendDeadline};

use crate::{
    access::Principal,
    case::{Case, Happening},
    decision::{Act, Automatic, Context, Decision},
    distribution::{Distribution, RecordDelivery, RecordReceipt},
    keys::{self, Key, KeyState},
    organisation::{Person, Role},
    refusal::Refusal,
};

/// The acts of persons at this stage.
pub const ACTS: &[Act] = &[
    act(
        "withdraw",
        &[Kind::CaseWithdrawn],
        "AL of the raiser; of its superior, if the case holds intakes of another raiser",
    ),
    act("propose-cancellation", &[Kind::CancellationProposed], "LH of the receiver: the first key"),
    act("confirm-cancellation", &[Kind::CaseCancelled], "AL of the receiver: the second key"),
    act("merge", &[Kind::CaseMerged], "LH, AL of the receiver of both cases"),
    act("link", &[Kind::CaseLinked], "LO, LH, AL who see both cases"),
    act("unlink", &[Kind::CaseUnlinked], "LH, AL who see the case"),
    act(
        "change-urgency",
        &[Kind::UrgencyChanged],
        "of the raiser or the receiver: higher LO, LH, AL; lower AL",
    ),
    act(
        "extend-deadline",
        &[Kind::DeadlineExtended],
        "AL of the side that is owed; SS, SM what the standing body is owed",
    ),
    act("attach-document", &[Kind::DocumentAttached], KEEPERS),
    act("reference-secret", &[Kind::SecretReferenced], KEEPERS),
    act("record-distribution", &[Kind::DistributionRecorded], KEEPERS),
    act("record-delivery", &[Kind::DeliveryRecorded], KEEPERS),
    act("record-receipt", &[Kind::ReceiptRecorded], KEEPERS),
    act("add-note", &[Kind::NoteAdded], KEEPERS),
    act("correct", &[Kind::Corrected], "CL, LO, LH, AL of the agency that recorded it; SS"),
];

/// The steps of the process itself at this stage.
pub const STEPS: &[Automatic] = &[succession::TRANSFER];

const KEEPERS: &str = "CL, LO, LH, AL of an agency in the case; SS once it has gone up";

const fn act(name: &'static str, records: &'static [Kind], who: &'static str) -> Act {
    Act { name, stage: Stage::Casefile, records, who }
}

/// A command of this stage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Command 39.
    Withdraw(Box<Withdraw>),
    /// Command 40, the first key.
    ProposeCancellation(ProposeCancellation),
    /// Command 40, the second key.
    ConfirmCancellation(ConfirmCancellation),
    /// Command 41.
    Merge(Merge),
    /// Command 42.
    Link(MakeLink),
    /// Command 42, taken away.
    Unlink(Unlink),
    /// Command 43.
    ChangeUrgency(ChangeUrgency),
    /// Command 44.
    ExtendDeadline(ExtendDeadline),
    /// Command 45: a document.
    AttachDocument(Box<AttachDocument>),
    /// DOMAIN §5: what is kept elsewhere.
    ReferenceSecret(ReferenceSecret),
    /// Command 45: to whom a document went.
    RecordDistribution(RecordDistribution),
    /// Command 45: it came to a recipient's house.
    RecordDelivery(RecordDelivery),
    /// Command 45: who has it.
    RecordReceipt(RecordReceipt),
    /// Command 45: a note.
    AddNote(AddNote),
    /// Command 46.
    Correct(Correct),
    /// An agency has ended: its successor takes its place.
    #[serde(skip)]
    TransferDuties {
        /// The agency that has ended.
        from: AgencyId,
    },
}

/// What is kept with a case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Casefile {
    /// Its documents, in the order in which they came.
    pub papers: Vec<Paper>,
    /// What is kept elsewhere, under the rules for State secrets.
    pub secrets: Vec<SecretReferenced>,
    /// To whom documents went.
    pub distributions: Vec<Distribution>,
    /// Notes, oldest first.
    pub notes: Vec<Note>,
    /// The links that it bears.
    pub links: Vec<Link>,
    /// The corrections, oldest first.
    pub corrections: Vec<Correction>,
    /// The agencies that ended, each with its successor, oldest first.
    pub successions: Vec<Succession>,
}

impl Command {
    /// The document that it brings, if it brings one.
    pub(crate) fn document(&self) -> Option<&Document> {
        match self {
            Self::Withdraw(act) => Some(&act.document),
            Self::AttachDocument(act) => Some(&act.document),
            _ => None,
        }
    }

    /// The other case that its decision looks at.
    pub(crate) fn looks_at(&self) -> Vec<CaseId> {
        match self {
            Self::Merge(act) => vec![act.into],
            Self::Link(act) => vec![act.other],
            _ => Vec::new(),
        }
    }
}

pub(crate) fn authorise(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    if matches!(command, Command::TransferDuties { .. }) {
        return ctx.system();
    }
    let person = ctx.person()?;
    let leads = person.role == Role::Al;
    let heads = leads || person.role == Role::Lh;
    let works = heads || person.role == Role::Lo;
    let (allowed, vi, en) = match command {
        Command::Withdraw(_) => (
            leads && person.agency == *ending::withdraws(case, ctx.policy),
            "Chỉ lãnh đạo của cơ quan báo cáo được rút vụ việc; nếu có nhiều cơ quan báo cáo thì lãnh đạo cơ quan cấp trên.",
            "Only a leader of the raiser withdraws a case; of its superior, if several agencies raised it.",
        ),
        Command::ProposeCancellation(_) => (
            person.role == Role::Lh && person.agency == case.receiver,
            "Chỉ trưởng bộ phận đầu mối của cơ quan nhận được đề nghị hủy vụ việc.",
            "Only the head of the receiver's liaison unit proposes to cancel a case.",
        ),
        Command::ConfirmCancellation(_) => (
            leads && person.agency == case.receiver,
            "Chỉ lãnh đạo của cơ quan nhận được xác nhận hủy vụ việc.",
            "Only a leader of the receiver confirms that a case is cancelled.",
        ),
        Command::Merge(act) => (
            heads && merging::may_merge(case, act, ctx)?,
            "Chỉ trưởng bộ phận đầu mối hoặc lãnh đạo của cơ quan nhận cả hai vụ việc được gộp.",
            "Only the head of the liaison unit or a leader of the receiver of both cases merges them.",
        ),
        Command::Link(_) => (
            works,
            "Chỉ cán bộ đầu mối, trưởng bộ phận đầu mối hoặc lãnh đạo được liên kết vụ việc.",
            "Only liaison officers, heads of liaison units and leaders link cases.",
        ),
        Command::Unlink(_) => (
            heads,
            "Chỉ trưởng bộ phận đầu mối hoặc lãnh đạo được gỡ liên kết.",
            "Only heads of liaison units and leaders take a link away.",
        ),
        Command::ChangeUrgency(act) => (
            (person.agency == case.raiser || person.agency == case.receiver)
                && (leads || works && act.raises(case)),
            "Chỉ cơ quan báo cáo hoặc cơ quan nhận: nâng mức độ khẩn do đầu mối trở lên, hạ mức do lãnh đạo.",
            "Only the raiser or the receiver: liaison officers and above raise the urgency, leaders lower it.",
        ),
        Command::ExtendDeadline(act) => (
            times::may_extend(case, act, person, ctx.policy),
            "Chỉ lãnh đạo của bên được thực hiện nghĩa vụ (không phải bên đang nợ) được gia hạn.",
            "Only a leader of the side that is owed, never of the side that owes, extends a deadline.",
        ),
        Command::AttachDocument(_)
        | Command::ReferenceSecret(_)
        | Command::RecordDistribution(_)
        | Command::RecordDelivery(_)
        | Command::RecordReceipt(_)
        | Command::AddNote(_) => (
            keeps(case, person, ctx),
            "Chỉ văn thư, đầu mối, lãnh đạo của cơ quan tham gia vụ việc; Văn phòng Tỉnh ủy khi đã báo cáo lên.",
            "Only clerks, liaison officers and leaders of an agency in the case; the secretariat once it has gone up.",
        ),
        Command::TransferDuties { .. } => (false, "", ""),
        Command::Correct(act) => (
            corrections::may_correct(case, act, ctx)?,
            "Chỉ văn thư, đầu mối, lãnh đạo của chính cơ quan đã ghi nội dung đó được đính chính.",
            "Only clerks, liaison officers and leaders of the agency that recorded it correct it.",
        ),
    };
    if !allowed {
        return Err(Refusal::not_authorised(vi, en));
    }
    match keys::pending(&case.cancellations) {
        Some(first) if matches!(command, Command::ConfirmCancellation(_)) => first.must_be_of_another(person),
        _ => Ok(()),
    }
}

/// Who keeps the papers of a case: whose agency has a part in it, also by being asked or instructed. That the
/// secretariat sees it says that it has gone up.
fn keeps(case: &Case, person: &Person, ctx: &Context<'_>) -> bool {
    let secretariat = person.role == Role::Ss && person.agency == ctx.policy.agreement.standing_body;
    let of_agency = matches!(person.role, Role::Cl | Role::Lo | Role::Lh | Role::Al)
        && case.audience.contains(&Principal::Agency(person.agency.clone()));
    secretariat || of_agency
}

pub(crate) fn decide(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    match command {
        Command::Withdraw(act) => ending::withdraw(case, act, ctx),
        Command::ProposeCancellation(act) => ending::propose(case, act, ctx),
        Command::ConfirmCancellation(act) => ending::confirm(case, act, ctx),
        Command::Merge(act) => merging::merge(case, act, ctx),
        Command::Link(act) => links::link(case, act, ctx),
        Command::Unlink(act) => links::unlink(case, act, ctx),
        Command::ChangeUrgency(act) => times::change(case, act, ctx),
        Command::ExtendDeadline(act) => times::extend(case, act, ctx),
        Command::AttachDocument(act) => papers::attach(case, act, ctx),
        Command::ReferenceSecret(act) => papers::reference(case, act, ctx),
        Command::RecordDistribution(act) => papers::distribute(case, act, ctx),
        Command::RecordDelivery(act) => papers::deliver(case, act, ctx),
        Command::RecordReceipt(act) => papers::receive(case, act, ctx),
        Command::AddNote(act) => papers::note(case, act, ctx),
        Command::Correct(act) => corrections::correct(case, act, ctx),
        Command::TransferDuties { from } => succession::transfer(case, from, ctx),
    }
}

/// The number of the next thing of a list.
fn next_number<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX).saturating_add(1)
}

pub(crate) fn evolve(case: &mut Case, fact: &Fact) {
    let at = fact.origin().occurred_at;
    match fact.body() {
        Body::CancellationProposed(proposed) => {
            keys::propose(&mut case.cancellations, Key::of(proposed.clone(), fact));
        }
        Body::CaseCancelled(_) => keys::settle(&mut case.cancellations, KeyState::Confirmed),
        Body::IntakesAdopted(adopted) => merging::evolve(case, adopted),
        Body::UrgencyChanged(said) => (case.urgency, case.deliver_by) = (said.to, said.deliver_by),
        Body::Corrected(said) => corrections::evolve(case, said, at),
        Body::DutiesTransferred(said) => succession::evolve(case, said, at),
        body => {
            links::evolve(&mut case.casefile.links, body);
            papers::evolve(&mut case.casefile, body, at, Happening::of(fact).office);
        }
    }
    if let Some(document) = fact.body().document() {
        papers::keep(&mut case.casefile.papers, document);
    }
    // Every change of L voids a proposal that waits (PROCESS §1 rule 3).
    if fact.draft.transition.is_some() {
        keys::settle(&mut case.cancellations, KeyState::Void);
    }
}

#[cfg(test)]
mod tests;
