//! Task force: an inter-agency task force, where one is needed (plan III.3 b2 s2).
//!
//! `forming` is how one comes about, `work` what it does until it is dissolved. No silence is a consent, and no term
//! that ends dissolves it.

mod forming;
mod region;
mod work;

use events::{
    AgencyId, Body, Fact, Kind, Lifecycle, OfficerId, Stage, Timestamp,
    taskforce::{Mandate, Member, TermEnded},
    terms::{Deadline, Document},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Step;
use crate::{
    calendar,
    case::Case,
    deadlines::{self, Timer},
    decision::{Act, Automatic, Context, Decision},
    documents,
    labels::{self, Label},
    organisation::{Person, Role},
    refusal::Refusal,
    sides,
};

pub use forming::{
    ByDirective, Consent, ConsentTaskForce, EstablishTaskForce, NominateMember, WithdrawProposal,
};
pub use region::{Formed, Meeting, Proposal, Task, TaskState, Taskforce, TaskforceState};
pub use work::{AssignTask, CompleteTask, DissolveTaskForce, RecordMinutes, ReplaceMember, ScheduleMeeting};

/// The acts of persons at this stage.
pub const ACTS: &[Act] = &[
    act("propose-task-force", &[Kind::TaskforceProposed], "LH, AL of a party"),
    act(
        "withdraw-task-force-proposal",
        &[Kind::TaskforceProposalWithdrawn],
        "LH, AL of the proposing agency; AL of either side's superior",
    ),
    act("nominate-member", &[Kind::MemberNominated], "LH, AL of an invited agency, for their own"),
    act(
        "consent-task-force",
        &[Kind::ConsentGiven, Kind::ConsentRefused],
        "AL of each invited agency, the proposer's too",
    ),
    act(
        "establish-task-force",
        &[Kind::TaskforceEstablished],
        "AL of either side's superior; by directive also SM",
    ),
    act("schedule-meeting", &[Kind::MeetingScheduled], "the members of the task force"),
    act("record-minutes", &[Kind::MinutesRecorded], "the members of the task force"),
    act("assign-task", &[Kind::TaskAssigned], "the members of the task force"),
    act("complete-task", &[Kind::TaskCompleted], "the members of the task force"),
    act("replace-member", &[Kind::MemberReplaced], "who leads the task force; LH, AL of the member's agency"),
    act(
        "dissolve-task-force",
        &[Kind::TaskforceDissolved],
        "AL of the agency that established it; SM if it was by directive",
    ),
];

const fn act(name: &'static str, records: &'static [Kind], who: &'static str) -> Act {
    Act { name, stage: Stage::Taskforce, records, who }
}

/// The steps of the process itself at this stage.
pub const STEPS: &[Automatic] = &[END_TERM];

const END_TERM: Automatic = Automatic {
    name: "end-term",
    stage: Stage::Taskforce,
    records: Kind::TermEnded,
    when: "the task force is active and the last day of its term has ended; once",
};

/// A command of this stage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Command 29.
    ProposeTaskForce(Mandate),
    /// Command 29, taken back.
    WithdrawTaskForceProposal(WithdrawProposal),
    /// Command 30.
    NominateMember(NominateMember),
    /// Command 31.
    ConsentTaskForce(ConsentTaskForce),
    /// Command 32.
    EstablishTaskForce(Box<EstablishTaskForce>),
    /// Command 33: a meeting is called.
    ScheduleMeeting(ScheduleMeeting),
    /// Command 33: what came of it.
    RecordMinutes(Box<RecordMinutes>),
    /// Command 33: a member is to do something.
    AssignTask(AssignTask),
    /// Command 33: it is done.
    CompleteTask(CompleteTask),
    /// Command 33: a colleague takes a member's place.
    ReplaceMember(ReplaceMember),
    /// Command 34.
    DissolveTaskForce(Box<DissolveTaskForce>),
    /// The term of the task force ends.
    #[serde(skip)]
    EndTerm,
    /// Reminders and overdue levels.
    #[serde(skip)]
    Timer(Timer),
}

impl Command {
    /// The document that it brings, if it brings one.
    pub(crate) fn document(&self) -> Option<&Document> {
        match self {
            Self::EstablishTaskForce(act) => Some(&act.document),
            Self::RecordMinutes(act) => Some(&act.document),
            Self::DissolveTaskForce(act) => Some(&act.document),
            Self::ProposeTaskForce(_)
            | Self::WithdrawTaskForceProposal(_)
            | Self::NominateMember(_)
            | Self::ConsentTaskForce(_)
            | Self::ScheduleMeeting(_)
            | Self::AssignTask(_)
            | Self::CompleteTask(_)
            | Self::ReplaceMember(_)
            | Self::EndTerm
            | Self::Timer(_) => None,
        }
    }
}

/// A task force is at work.
pub(crate) fn is_active(case: &Case) -> bool {
    case.taskforce.state == TaskforceState::Active
}

/// A task force is at work, or is about to be: the case is not closed over it.
pub(crate) fn is_standing(case: &Case) -> bool {
    use TaskforceState::{Active, Consented, Proposed};
    matches!(case.taskforce.state, Proposed | Consented | Active)
}

pub(crate) fn authorise(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    if matches!(command, Command::EndTerm | Command::Timer(_)) {
        return ctx.system();
    }
    let person = ctx.person()?;
    let (proposal, formed) = (case.taskforce.proposal.as_ref(), case.taskforce.formed.as_ref());
    let leader = person.role == Role::Al;
    let head = leader || person.role == Role::Lh;
    let superior = leader && ctx.policy.superior(person.side) == Some(&person.agency);
    let invited = proposal.is_none_or(|proposal| proposal.invites(&person.agency));
    let (allowed, vi, en) = match command {
        Command::ProposeTaskForce(_) => (
            head && sides::parties(case, ctx.policy).contains(&person.agency),
            "Chỉ trưởng bộ phận đầu mối hoặc lãnh đạo của một bên được đề nghị thành lập tổ công tác.",
            "Only heads of liaison units or leaders of a party propose a task force.",
        ),
        Command::WithdrawTaskForceProposal(_) => (
            superior || head && proposal.is_none_or(|proposal| proposal.by == person.agency),
            "Chỉ cơ quan đã đề nghị, hoặc lãnh đạo cơ quan cấp trên của hai bên, được rút đề nghị.",
            "Only the proposing agency, or a leader of either side's superior, takes the proposal back.",
        ),
        Command::NominateMember(_) => (
            head && invited,
            "Chỉ trưởng bộ phận đầu mối hoặc lãnh đạo của cơ quan được mời được cử người tham gia.",
            "Only heads of liaison units or leaders of an invited agency name its member.",
        ),
        Command::ConsentTaskForce(_) => (
            leader && invited,
            "Chỉ lãnh đạo của cơ quan được mời được cho ý kiến về việc thành lập tổ công tác.",
            "Only a leader of an invited agency consents, or does not.",
        ),
        Command::EstablishTaskForce(act) => (
            superior || act.by_directive.is_some() && person.role == Role::Sm,
            "Chỉ lãnh đạo cơ quan cấp trên của hai bên được quyết định thành lập; theo ý kiến chỉ đạo thì cả Thường trực.",
            "Only a leader of either side's superior establishes it; by directive the standing body too.",
        ),
        Command::ScheduleMeeting(_)
        | Command::RecordMinutes(_)
        | Command::AssignTask(_)
        | Command::CompleteTask(_) => (
            formed.is_some_and(|formed| formed.member(&person.officer).is_some()),
            "Chỉ tổ trưởng và thành viên tổ công tác được làm việc này.",
            "Only members of the task force do this.",
        ),
        Command::ReplaceMember(act) => (
            formed.is_some_and(|formed| may_replace(formed, &act.old, person, head)),
            "Chỉ tổ trưởng, hoặc trưởng bộ phận đầu mối, lãnh đạo của cơ quan cử người, được thay thành viên.",
            "Only who leads the task force, or a head or leader of the member's agency, replaces the member.",
        ),
        Command::DissolveTaskForce(_) | Command::EndTerm | Command::Timer(_) => (
            leader && formed.is_none_or(|formed| formed.by == person.agency)
                || person.role == Role::Sm && formed.is_none_or(|formed| formed.by_directive),
            "Chỉ lãnh đạo cơ quan đã thành lập tổ công tác được giải thể; nếu theo ý kiến chỉ đạo thì cả Thường trực.",
            "Only a leader of the agency that established it dissolves it; if it was by directive, the standing body too.",
        ),
    };
    if allowed { Ok(()) } else { Err(Refusal::not_authorised(vi, en)) }
}

/// Who leads the task force, or heads the agency of the member who leaves. Where nobody of that name takes part, each
/// agency of the task force is told so.
fn may_replace(formed: &Formed, old: &OfficerId, person: &Person, head: bool) -> bool {
    let leads = formed.member(&person.officer).is_some_and(|member| member.lead);
    let own = match formed.member(old) {
        Some(member) => member.agency == person.agency,
        None => formed.mandate.agencies.contains(&person.agency),
    };
    leads || head && own
}

pub(crate) fn decide(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    match command {
        Command::ProposeTaskForce(mandate) => forming::propose(case, mandate, ctx),
        Command::WithdrawTaskForceProposal(act) => forming::withdraw(case, act, ctx),
        Command::NominateMember(act) => forming::nominate(case, act, ctx),
        Command::ConsentTaskForce(act) => forming::answer(case, act, ctx),
        Command::EstablishTaskForce(act) => forming::establish(case, act, ctx),
        Command::ScheduleMeeting(act) => work::schedule(case, act, ctx),
        Command::RecordMinutes(act) => work::record_minutes(case, act, ctx),
        Command::AssignTask(act) => work::assign(case, act, ctx),
        Command::CompleteTask(act) => work::complete(case, act, ctx),
        Command::ReplaceMember(act) => work::replace(case, act, ctx),
        Command::DissolveTaskForce(act) => work::dissolve(case, act, ctx),
        Command::EndTerm => end_term(case, ctx),
        Command::Timer(timer) => {
            super::decide_timer(case, timer, ctx, Body::TaskforceReminded, Body::TaskforceOverdue)
        }
    }
}

/// The states of the task force in which a command is legal, when it is in none of them.
fn must_stand(case: &Case, legal: &[TaskforceState]) -> Result<(), Refusal> {
    if legal.contains(&case.taskforce.state) {
        return Ok(());
    }
    let names = |pick: fn(&Label) -> &'static str| {
        let names = legal.iter().map(|state| format!("“{}”", pick(&labels::taskforce(*state))));
        names.collect::<Vec<_>>().join(", ")
    };
    let now = labels::taskforce(case.taskforce.state);
    Err(Refusal::bad_state(
        format!(
            "Trạng thái không cho phép: tổ công tác đang ở “{}”, cần {}.",
            now.vi,
            names(|label| label.vi)
        ),
        format!("The task force stands at “{}”; this is legal only at {}.", now.en, names(|label| label.en)),
    ))
}

/// A document as every act of this stage accepts it.
fn check_document(document: &Document, ctx: &Context<'_>) -> Result<(), Refusal> {
    documents::check("document", document, calendar::local_date(ctx.now), ctx.policy)?;
    if ctx.registration.is_some_and(|known| known.document != *document) {
        return Err(documents::invalid(
            "document",
            "Số, ký hiệu này đã đăng ký cho một văn bản có nội dung khác.",
            "Another document is registered under this number and symbol.",
        ));
    }
    Ok(())
}

/// An officer as a member: of one of these agencies, and neither auditor nor administrator, who hold no other role.
fn named(
    field: &str,
    officer: &OfficerId,
    lead: bool,
    among: &[AgencyId],
    ctx: &Context<'_>,
) -> Result<Member, Refusal> {
    let found = ctx.policy.organisation.person(officer, ctx.now);
    let Some(person) = found.filter(|person| !matches!(person.role, Role::Au | Role::Ad)) else {
        return Err(Refusal::invalid(
            field,
            "Không có cán bộ này, hoặc cán bộ này không được tham gia.",
            "There is no such officer, or none who may take part.",
        ));
    };
    if !among.contains(&person.agency) {
        return Err(Refusal::invalid(
            field,
            "Cán bộ này không thuộc cơ quan cử người.",
            "The officer belongs to another agency: name one of the agency that takes part.",
        ));
    }
    Ok(Member { agency: person.agency, officer: person.officer, office: person.office, lead })
}

/// The step of the process itself: the task force stays active until it is dissolved.
fn end_term(case: &Case, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let Some(formed) = in_term(case).filter(|formed| ctx.now >= formed.ends_at()) else {
        return Err(Refusal::bad_state(
            "Tổ công tác chưa hết thời hạn, hoặc đã ghi nhận.",
            "The term has not ended, or its end is recorded already.",
        ));
    };
    let ended = TermEnded { until: formed.mandate.until };
    Ok(Decision::new(formed.ends_at().max(formed.since), Body::TermEnded(ended)))
}

/// The task force whose term runs.
fn in_term(case: &Case) -> Option<&Formed> {
    case.taskforce
        .formed
        .as_ref()
        .filter(|formed| case.lifecycle.is_live() && is_active(case) && !formed.term_ended)
}

pub(crate) fn evolve(case: &mut Case, fact: &Fact) {
    forming::evolve(&mut case.taskforce, fact);
    work::evolve(&mut case.taskforce, fact);
    match fact.body() {
        Body::TermEnded(_) => {
            if let Some(formed) = &mut case.taskforce.formed {
                formed.term_ended = true;
            }
        }
        Body::DutiesTransferred(said) => case.taskforce.succeeds(&said.from, &said.to),
        Body::TaskforceReminded(reminded) => deadlines::note_reminded(case, reminded),
        Body::TaskforceOverdue(overdue) => deadlines::note_overdue(case, overdue),
        _ => {}
    }
    // A case that was withdrawn or cancelled takes its proposal along (PROCESS §5).
    let ended = matches!(case.lifecycle, Lifecycle::Withdrawn | Lifecycle::Cancelled);
    if ended && is_standing(case) && !is_active(case) {
        (case.taskforce.state, case.taskforce.proposal) = (TaskforceState::None, None);
    }
}

/// The number that follows a list of things that are numbered within the case.
fn next_number<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX).saturating_add(1)
}

/// The term of an active task force ends.
pub(crate) fn next_step(case: &Case, now: Timestamp) -> Option<Step> {
    let formed = in_term(case).filter(|formed| now >= formed.ends_at())?;
    let command = super::Command::Taskforce(Command::EndTerm);
    Some(Step::of(&END_TERM, Some(formed.number.to_string()), command))
}

/// When the term of an active task force ends.
pub(crate) fn next_end(case: &Case, now: Timestamp) -> Option<Timestamp> {
    in_term(case).map(Formed::ends_at).filter(|end| *end > now)
}

pub(crate) fn is_running(case: &Case, deadline: &Deadline) -> bool {
    case.taskforce.state == TaskforceState::Proposed && case.taskforce.proposals == deadline.instance
}

/// The invited agencies that have not answered.
pub(crate) fn owing(case: &Case) -> Vec<AgencyId> {
    case.taskforce.proposal.iter().flat_map(Proposal::silent).cloned().collect()
}

#[cfg(test)]
mod tests;
