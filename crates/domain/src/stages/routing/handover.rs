//! An assignment changes hands: declined, re-routed; and a further agency takes part (commands 6, 7, 9).

use events::{
    AgencyId, Body, UnitId, routing as said,
    routing::Participation,
    terms::{DeadlineKey, Level, Lifecycle},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Assigned, AssignmentState, above, assign, newest, next_number};
use crate::{
    case::Case,
    decision::{Context, Decision},
    organisation::{Person, Role, Unit},
    refusal::{Refusal, required_text},
    stages::{must_be, must_live},
};

/// The holder of an assignment sends it back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decline {
    /// Why, at most 2,000 characters.
    reason: String,
}

/// An agency's newest assignment goes elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reroute {
    /// Whose assignment; one's own agency's, unless the receiver names another.
    #[serde(default)]
    agency: Option<AgencyId>,
    /// To which liaison unit; the same one, unless another is named.
    #[serde(default)]
    unit: Option<UnitId>,
    /// Why, at most 2,000 characters.
    reason: String,
}

/// A further agency takes part.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddAgency {
    /// The agency.
    agency: AgencyId,
    /// Whether its position is required, or it is only consulted.
    role: Participation,
}

/// From this re-routing of an agency on, its head is asked at once.
const STRAIGHT_TO_CHIEF: usize = 4;

/// Who heads a liaison unit, or an agency.
fn heads(person: &Person) -> bool {
    matches!(person.role, Role::Lh | Role::Al)
}

pub(super) fn may_decline(case: &Case, person: &Person) -> Result<(), Refusal> {
    if newest(case, &person.agency).is_some_and(|each| each.assignment.holder == person.office) {
        return Ok(());
    }
    Err(Refusal::not_authorised(
        "Chỉ người đang được giao mới được từ chối tiếp nhận.",
        "Only the holder of the assignment declines it.",
    ))
}

pub(super) fn may_reroute(case: &Case, act: &Reroute, person: &Person) -> Result<(), Refusal> {
    let own = act.agency.as_ref().is_none_or(|agency| *agency == person.agency);
    let assigned = own && newest(case, &person.agency).is_some();
    if heads(person) && (assigned || person.agency == case.receiver) {
        return Ok(());
    }
    Err(Refusal::not_authorised(
        "Chỉ trưởng bộ phận đầu mối hoặc lãnh đạo của cơ quan được giao, hoặc của cơ quan nhận, được chuyển lại đầu mối.",
        "Only the head of the liaison unit or a leader of the assigned agency, or of the receiver, re-routes.",
    ))
}

pub(super) fn may_add(case: &Case, act: &AddAgency, ctx: &Context<'_>) -> Result<(), Refusal> {
    let person = ctx.person()?;
    let superior = ctx.policy.superior(person.side) == Some(&person.agency);
    let own_side = superior && ctx.policy.organisation.side(&act.agency) == Some(person.side);
    if heads(person) && (person.agency == case.receiver || own_side) {
        return Ok(());
    }
    Err(Refusal::not_authorised(
        "Chỉ cơ quan nhận, hoặc cơ quan cấp trên đối với bên mình, được bổ sung cơ quan tham gia.",
        "Only the receiver, or a superior for its own side, adds an agency.",
    ))
}

/// Command 6: the head of the unit must re-route, and a period for that begins.
pub(super) fn decline(case: &Case, act: &Decline, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_live(case)?;
    let person = ctx.person()?;
    let Some(open) = newest(case, &person.agency).filter(|each| each.state == AssignmentState::Assigned)
    else {
        return Err(Refusal::bad_state(
            "Phân công này không còn chờ xác nhận nên không từ chối được.",
            "The assignment does not wait for acknowledgement any more: it cannot be declined.",
        ));
    };
    if open.assignment.level == Level::Chief {
        return Err(Refusal::bad_state(
            "Người đứng đầu cơ quan không từ chối; đề nghị chuyển lại đầu mối khác.",
            "The head of an agency does not decline: re-route the assignment instead.",
        ));
    }
    required_text("reason", &act.reason, 2000)?;
    let assignment = open.assignment.number;
    let body = said::AssignmentDeclined { assignment, by: person.office.clone(), reason: act.reason.clone() };
    Ok(Decision::new(ctx.now, Body::AssignmentDeclined(body)).arming([ctx.deadline(
        case,
        DeadlineKey::Route,
        assignment,
        ctx.now,
    )?]))
}

/// Command 7: within the side, and a lead stays with the receiver.
pub(super) fn reroute(case: &Case, act: &Reroute, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_live(case)?;
    let agency = act.agency.as_ref().unwrap_or(&ctx.person()?.agency);
    let Some(old) = newest(case, agency).filter(|each| can_be_rerouted(each)) else {
        return Err(Refusal::bad_state(
            "Cơ quan này không có phân công nào để chuyển lại.",
            "This agency has no assignment that could be re-routed.",
        ));
    };
    let unit = destination(case, old, act.unit.as_ref().unwrap_or(&old.assignment.unit), ctx)?;
    required_text("reason", &act.reason, 2000)?;
    let before = case
        .assignments
        .iter()
        .filter(|each| each.assignment.agency == *agency && each.state == AssignmentState::Rerouted);
    let lowest = if before.count() + 1 >= STRAIGHT_TO_CHIEF {
        Level::Chief
    } else if old.state == AssignmentState::Declined && unit.id == old.assignment.unit {
        // Who declined is not asked again.
        above(old.assignment.level)
    } else {
        Level::Liaison
    };
    let next = assign(case, next_number(case), unit, old.assignment.lead, lowest, ctx);
    let ack = ctx.deadline(case, DeadlineKey::Ack, next.number, ctx.now)?;
    let body = said::CaseRerouted { assignment: old.assignment.number, reason: act.reason.clone(), next };
    Ok(Decision::new(ctx.now, Body::CaseRerouted(body)).arming([ack]))
}

pub(super) fn can_be_rerouted(assigned: &Assigned) -> bool {
    use AssignmentState::{Acknowledged, Assigned, Declined};
    matches!(assigned.state, Assigned | Declined | Acknowledged)
}

/// The liaison unit to which an assignment may go: of the same agency, or of another of the same side that is not
/// assigned yet.
fn destination<'a>(
    case: &Case,
    old: &Assigned,
    unit: &UnitId,
    ctx: &Context<'a>,
) -> Result<&'a Unit, Refusal> {
    let organisation = &ctx.policy.organisation;
    let from = &old.assignment.agency;
    let found = organisation
        .unit(unit)
        .filter(|unit| unit.liaison && organisation.side(&unit.agency) == organisation.side(from))
        .filter(|unit| organisation.is_there(&unit.agency, ctx.now) && unit.is_there(ctx.now));
    let Some(unit) = found else {
        return Err(Refusal::invalid(
            "unit",
            "Phải là bộ phận đầu mối của cùng một bên.",
            "It must be a liaison unit of the same side.",
        ));
    };
    if unit.agency == *from {
        return Ok(unit);
    }
    if old.assignment.lead {
        return Err(Refusal::invalid(
            "unit",
            "Đầu mối chủ trì phải thuộc cơ quan nhận.",
            "The lead stays with the receiver: name one of its liaison units.",
        ));
    }
    if newest(case, &unit.agency).is_some_and(can_be_rerouted) {
        return Err(Refusal::invalid(
            "unit",
            "Cơ quan này đã được giao trong vụ việc.",
            "The agency of this unit is assigned already.",
        ));
    }
    Ok(unit)
}

/// Command 9: it never leads, and a round that is open stays due when it was.
pub(super) fn add(case: &Case, act: &AddAgency, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &[Lifecycle::Routed, Lifecycle::InCoordination])?;
    let wrong = |vi: &str, en: &str| Err(Refusal::invalid("agency", vi, en));
    let Some(unit) = ctx.policy.organisation.liaison_unit(&act.agency, ctx.now) else {
        return wrong("Không có cơ quan này.", "There is no such agency.");
    };
    if !ctx.policy.organisation.is_there(&act.agency, ctx.now) {
        return wrong(
            "Cơ quan này chưa thành lập hoặc đã kết thúc hoạt động.",
            "This agency is not there yet, or is no more.",
        );
    }
    if act.agency == ctx.policy.agreement.standing_body {
        return wrong(
            "Thường trực cho ý kiến chỉ đạo, không tham gia phối hợp.",
            "The standing body directs: it takes no part in coordination.",
        );
    }
    let required = case.required.contains(&act.agency);
    if required || (act.role == Participation::Consulted && case.consulted.contains(&act.agency)) {
        return wrong(
            "Cơ quan này đã tham gia vụ việc với vai trò đó hoặc vai trò cao hơn.",
            "The agency takes part as that already, or as more.",
        );
    }
    let assignment = assign(case, next_number(case), unit, false, Level::Liaison, ctx);
    let ack = ctx.deadline(case, DeadlineKey::Ack, assignment.number, ctx.now)?;
    let body = said::AgencyAdded { role: act.role, assignment };
    Ok(Decision::new(ctx.now, Body::AgencyAdded(body)).arming([ack]))
}

/// An agency that was assigned already is asked anew in its new part.
pub(super) fn takes_part(case: &mut Case, agency: &AgencyId, role: Participation) {
    let of_it = case.assignments.iter_mut().filter(|each| each.assignment.agency == *agency);
    for each in of_it.filter(|each| can_be_rerouted(each)) {
        each.state = AssignmentState::Ended;
    }
    match role {
        Participation::Required => {
            case.consulted.retain(|consulted| consulted != agency);
            case.required.push(agency.clone());
        }
        Participation::Consulted => case.consulted.push(agency.clone()),
    }
}

/// The assignment was declined, and nothing has taken its place.
pub(super) fn is_declined(case: &Case, number: u32) -> bool {
    case.assignments
        .iter()
        .any(|each| each.assignment.number == number && each.state == AssignmentState::Declined)
}
