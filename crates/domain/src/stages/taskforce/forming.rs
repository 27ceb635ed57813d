//! How a task force comes about: proposed, consented to by each invited agency, established by a decision; or by a
//! directive, which needs no consent.

use chrono::Datelike as _;
use events::{
    AgencyId, Body, Fact, Lifecycle, OfficerId, taskforce as said,
    taskforce::{Mandate, Member},
    terms::{DeadlineKey, Document},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Formed, Proposal, Taskforce, TaskforceState, check_document, is_active, must_stand, named};
use crate::{
    calendar,
    case::Case,
    decision::{Context, Decision},
    documents,
    refusal::{Code, Refusal, required_text},
    stages::{must_be, must_live},
};

/// The proposal is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawProposal {
    /// The proposal, by its number within the case.
    proposal: u32,
    /// Why, at most 2,000 characters.
    reason: String,
}

/// An invited agency names its member.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NominateMember {
    /// The proposal, by its number within the case.
    proposal: u32,
    /// The member, an officer of your agency.
    officer: OfficerId,
    /// The member is to lead (*Tổ trưởng*); one does.
    #[serde(default)]
    lead: bool,
}

/// An invited agency answers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentTaskForce {
    /// The proposal, by its number within the case.
    proposal: u32,
    /// What your agency says.
    consent: Consent,
}

/// What an invited agency says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Consent {
    /// It consents, and may name its member at once.
    Yes {
        /// The member.
        #[serde(default)]
        officer: Option<OfficerId>,
        /// The member is to lead.
        #[serde(default)]
        lead: bool,
    },
    /// It does not.
    No {
        /// Why.
        reason: String,
    },
}

/// The decision that establishes the task force.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EstablishTaskForce {
    /// The decision.
    pub(super) document: Document,
    /// Where a directive orders it: nobody is asked for consent, and the act says it all.
    #[serde(default)]
    pub(super) by_directive: Option<ByDirective>,
}

/// What a directive orders: nobody is asked, so the act says it all.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ByDirective {
    /// The agencies that take part; at least two.
    agencies: Vec<AgencyId>,
    /// What it is to do, at most 2,000 characters.
    purpose: String,
    /// The last day of its term.
    until: chrono::NaiveDate,
    /// One member of each agency; one of them leads.
    members: Vec<Named>,
}

/// A member as a directive names him.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NamedMember")]
struct Named {
    /// The officer.
    officer: OfficerId,
    /// He leads (*Tổ trưởng*).
    #[serde(default)]
    lead: bool,
}

/// The states of the case in which a task force is proposed.
const PROPOSABLE: [Lifecycle; 4] =
    [Lifecycle::InCoordination, Lifecycle::Agreed, Lifecycle::Disputed, Lifecycle::Directed];

/// The last year that a date of four digits can name.
const LAST_YEAR: i32 = 9999;

/// Command 29.
pub(super) fn propose(case: &Case, mandate: &Mandate, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &PROPOSABLE)?;
    must_stand(case, &[TaskforceState::None, TaskforceState::Refused, TaskforceState::Dissolved])?;
    check_mandate("", mandate, ctx)?;
    let proposal = case.taskforce.proposals.saturating_add(1);
    let by = ctx.person()?.agency.clone();
    let body = said::Proposed { proposal, by, mandate: mandate.clone() };
    Ok(Decision::new(ctx.now, Body::TaskforceProposed(body)).arming([ctx.deadline(
        case,
        DeadlineKey::Consent,
        proposal,
        ctx.now,
    )?]))
}

/// Command 29, taken back.
pub(super) fn withdraw(case: &Case, act: &WithdrawProposal, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_live(case)?;
    must_stand(case, &[TaskforceState::Proposed, TaskforceState::Consented])?;
    let proposal = the_proposal(case, act.proposal)?.number;
    required_text("reason", &act.reason, 2000)?;
    let body = said::ProposalWithdrawn { proposal, reason: act.reason.clone() };
    Ok(Decision::new(ctx.now, Body::TaskforceProposalWithdrawn(body)))
}

/// Command 30: a later nomination takes the place of an earlier one of the same agency.
pub(super) fn nominate(case: &Case, act: &NominateMember, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_live(case)?;
    must_stand(case, &[TaskforceState::Proposed, TaskforceState::Consented])?;
    let proposal = the_proposal(case, act.proposal)?;
    let member = member(proposal, ["officer", "lead"], &act.officer, act.lead, ctx)?;
    let body = said::MemberNominated { proposal: proposal.number, member };
    Ok(Decision::new(ctx.now, Body::MemberNominated(body)))
}

/// Command 31: all must say yes; who has said yes is not asked again.
pub(super) fn answer(case: &Case, act: &ConsentTaskForce, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_live(case)?;
    must_stand(case, &[TaskforceState::Proposed])?;
    let proposal = the_proposal(case, act.proposal)?;
    let (number, agency) = (proposal.number, ctx.person()?.agency.clone());
    if proposal.consents.contains(&agency) {
        return Err(Refusal::bad_state(
            "Cơ quan đã đồng ý; nếu thay đổi ý kiến, đề nghị rút đề nghị thành lập.",
            "The agency has consented already: if it thinks otherwise now, ask for the proposal to be withdrawn.",
        ));
    }
    Ok(Decision::new(
        ctx.now,
        match &act.consent {
            Consent::Yes { officer: Some(officer), lead } => {
                let fields = ["consent.yes.officer", "consent.yes.lead"];
                let member = Some(member(proposal, fields, officer, *lead, ctx)?);
                consented(proposal, agency, member)
            }
            Consent::Yes { officer: None, lead: true } => {
                return Err(Refusal::invalid(
                    "consent.yes.officer",
                    "Phải cử người làm tổ trưởng.",
                    "Name the officer who is to lead.",
                ));
            }
            Consent::Yes { officer: None, lead: false } => consented(proposal, agency, None),
            Consent::No { reason } => {
                required_text("consent.no.reason", reason, 2000)?;
                let reason = reason.clone();
                Body::ConsentRefused(said::ConsentRefused { proposal: number, agency, reason })
            }
        },
    ))
}

fn consented(proposal: &Proposal, agency: AgencyId, member: Option<Member>) -> Body {
    let completes = proposal.silent().all(|silent| *silent == agency);
    Body::ConsentGiven(said::ConsentGiven { proposal: proposal.number, agency, member, completes })
}

/// Command 32.
pub(super) fn establish(
    case: &Case,
    act: &EstablishTaskForce,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    must_live(case)?;
    if is_active(case) {
        return Err(Refusal::bad_state(
            "Vụ việc đã có tổ công tác đang hoạt động.",
            "A task force is at work in this case already.",
        ));
    }
    let (mandate, members) = match &act.by_directive {
        Some(ordered) => {
            must_be(case, &[Lifecycle::Directed])?;
            ordered_by(ordered, ctx)?
        }
        None => consented_to(case)?,
    };
    must_be_complete(&mandate, &members)?;
    check_document(&act.document, ctx)?;
    let by = ctx.person()?.agency.clone();
    if act.document.issuer != by {
        return Err(documents::invalid(
            "document.issuer",
            "Quyết định thành lập phải do cơ quan thành lập ban hành.",
            "The decision must be issued by the agency that establishes the task force.",
        ));
    }
    let body = said::Established {
        by,
        by_directive: act.by_directive.is_some(),
        document: act.document.clone(),
        mandate,
        members,
    };
    Ok(Decision::new(ctx.now, Body::TaskforceEstablished(body)).bringing(&act.document, ctx.registration))
}

/// What all invited agencies have consented to.
fn consented_to(case: &Case) -> Result<(Mandate, Vec<Member>), Refusal> {
    let consented = case.taskforce.state == TaskforceState::Consented;
    let proposal = case.taskforce.proposal.as_ref().filter(|_| consented).ok_or_else(|| {
        Refusal::new(
            Code::TfConsentMissing,
            "Chưa có đủ ý kiến đồng ý của các cơ quan được mời.",
            "Not all invited agencies have consented: ask those that have not answered.",
        )
    })?;
    Ok((proposal.mandate.clone(), proposal.members.clone()))
}

/// What a directive orders, checked as a proposal is.
fn ordered_by(ordered: &ByDirective, ctx: &Context<'_>) -> Result<(Mandate, Vec<Member>), Refusal> {
    let mandate = Mandate {
        agencies: ordered.agencies.clone(),
        purpose: ordered.purpose.clone(),
        until: ordered.until,
    };
    check_mandate("by_directive.", &mandate, ctx)?;
    let mut members: Vec<Member> = Vec::new();
    for (place, each) in ordered.members.iter().enumerate() {
        let field = format!("by_directive.members[{place}].officer");
        let member = named(&field, &each.officer, each.lead, &mandate.agencies, ctx)?;
        if members.iter().any(|other| other.agency == member.agency) {
            return Err(Refusal::invalid(
                &field,
                "Mỗi cơ quan chỉ cử một người.",
                "Each agency takes part with one member.",
            ));
        }
        members.push(member);
    }
    Ok((mandate, members))
}

/// The proposal that an act names.
fn the_proposal(case: &Case, number: u32) -> Result<&Proposal, Refusal> {
    case.taskforce.proposal.as_ref().filter(|proposal| proposal.number == number).ok_or_else(|| {
        Refusal::invalid(
            "proposal",
            "Đề nghị thành lập tổ công tác mang số này không còn hiệu lực.",
            "No proposal of that number stands.",
        )
    })
}

/// A member of the person's own agency; nobody of another agency leads already (command 30).
fn member(
    proposal: &Proposal,
    [officer_at, lead_at]: [&str; 2],
    officer: &OfficerId,
    lead: bool,
    ctx: &Context<'_>,
) -> Result<Member, Refusal> {
    let own = &ctx.person()?.agency;
    let member = named(officer_at, officer, lead, std::slice::from_ref(own), ctx)?;
    let taken = proposal.members.iter().any(|other| other.lead && other.agency != *own);
    if lead && taken {
        return Err(Refusal::invalid(
            lead_at,
            "Tổ công tác đã có tổ trưởng do cơ quan khác cử.",
            "A member of another agency leads already: there is one lead in all.",
        ));
    }
    Ok(member)
}

fn check_mandate(root: &str, mandate: &Mandate, ctx: &Context<'_>) -> Result<(), Refusal> {
    let field = |name: &str| format!("{root}{name}");
    let agencies = &mandate.agencies;
    if agencies.len() < 2 {
        return Err(Refusal::invalid(
            &field("agencies"),
            "Tổ công tác có ít nhất hai cơ quan.",
            "At least two agencies take part.",
        ));
    }
    if !agencies.iter().all(|agency| ctx.policy.organisation.is_there(agency, ctx.now)) {
        return Err(Refusal::invalid(
            &field("agencies"),
            "Không có cơ quan này.",
            "There is no such agency.",
        ));
    }
    if agencies.iter().enumerate().any(|(at, agency)| agencies[..at].contains(agency)) {
        return Err(Refusal::invalid(
            &field("agencies"),
            "Mỗi cơ quan chỉ ghi một lần.",
            "Name each agency once.",
        ));
    }
    required_text(&field("purpose"), &mandate.purpose, 2000)?;
    if mandate.until < calendar::local_date(ctx.now) || mandate.until.year() > LAST_YEAR {
        return Err(Refusal::invalid(
            &field("until"),
            "Thời hạn hoạt động phải từ hôm nay trở đi.",
            "The last day of the term is today or later.",
        ));
    }
    Ok(())
}

/// Each agency has its member, and one of them leads.
fn must_be_complete(mandate: &Mandate, members: &[Member]) -> Result<(), Refusal> {
    let named = |agency: &AgencyId| members.iter().any(|member| member.agency == *agency);
    if let Some(missing) = mandate.agencies.iter().find(|agency| !named(agency)) {
        return Err(Refusal::new(
            Code::TfMemberMissing,
            format!("Cơ quan {missing} chưa cử người tham gia tổ công tác."),
            format!("{missing} has not named its member."),
        ));
    }
    if members.iter().filter(|member| member.lead).count() != 1 {
        return Err(Refusal::new(
            Code::TfMemberMissing,
            "Tổ công tác phải có một tổ trưởng.",
            "Exactly one member leads: name who it is.",
        ));
    }
    Ok(())
}

pub(super) fn evolve(taskforce: &mut Taskforce, fact: &Fact) {
    match fact.body() {
        Body::TaskforceProposed(proposed) => {
            taskforce.state = TaskforceState::Proposed;
            taskforce.proposals = proposed.proposal;
            taskforce.invited.extend(proposed.mandate.agencies.iter().cloned());
            taskforce.proposal = Some(Proposal {
                number: proposed.proposal,
                by: proposed.by.clone(),
                mandate: proposed.mandate.clone(),
                consents: Vec::new(),
                members: Vec::new(),
            });
        }
        Body::TaskforceProposalWithdrawn(_) => {
            (taskforce.state, taskforce.proposal) = (TaskforceState::None, None);
        }
        Body::MemberNominated(nominated) => take_in(taskforce, &nominated.member),
        Body::ConsentGiven(given) => {
            if let Some(proposal) = &mut taskforce.proposal {
                proposal.consents.push(given.agency.clone());
            }
            given.member.iter().for_each(|member| take_in(taskforce, member));
            if given.completes {
                taskforce.state = TaskforceState::Consented;
            }
        }
        Body::ConsentRefused(_) => taskforce.state = TaskforceState::Refused,
        Body::TaskforceEstablished(established) => {
            let before = taskforce.formed.as_ref().map_or(0, |formed| formed.number);
            (taskforce.state, taskforce.proposal) = (TaskforceState::Active, None);
            taskforce.invited.extend(established.mandate.agencies.iter().cloned());
            taskforce.formed = Some(Formed {
                number: before.saturating_add(1),
                by: established.by.clone(),
                by_directive: established.by_directive,
                since: fact.origin().occurred_at,
                decision: established.document.printed(),
                mandate: established.mandate.clone(),
                members: established.members.clone(),
                term_ended: false,
            });
        }
        _ => {}
    }
}

/// A member who is named takes the place of the one whom his agency named before.
fn take_in(taskforce: &mut Taskforce, member: &Member) {
    if let Some(proposal) = &mut taskforce.proposal {
        proposal.members.retain(|other| other.agency != member.agency);
        proposal.members.push(member.clone());
    }
}
