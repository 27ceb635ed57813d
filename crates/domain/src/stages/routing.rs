//! Routing: to which liaison units a case goes, and what happens when nobody acknowledges it (plan III.3 b2 s1).

mod handover;
mod ladder;

use events::{
    AgencyId, Body, Fact, Kind, Lifecycle, Stage, Timestamp, UnitId, routing as said,
    terms::{Assignment, Deadline, DeadlineKey, Level, Skipped, SkippedBecause},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use handover::{AddAgency, Decline, Reroute};
pub(crate) use ladder::{is_followed_up, next_absence};

use super::{Step, must_be, must_live};
use crate::{
    case::Case,
    deadlines::{self, Timer},
    decision::{Act, Automatic, Context, Decision},
    organisation::{Person, Role, Unit},
    policy::{Policy, Rule},
    refusal::{Code, Refusal},
};

/// The acts of persons at this stage.
pub const ACTS: &[Act] = &[
    Act {
        name: "route",
        stage: Stage::Routing,
        records: &[Kind::CaseRouted],
        who: "LH, AL of the receiver; the system by rule",
    },
    Act {
        name: "acknowledge",
        stage: Stage::Routing,
        records: &[Kind::AssignmentAcknowledged],
        who: "LO of the liaison unit, LH, AL of the assigned agency",
    },
    Act {
        name: "decline",
        stage: Stage::Routing,
        records: &[Kind::AssignmentDeclined],
        who: "the holder of the assignment, but not the head of the agency",
    },
    Act {
        name: "reroute",
        stage: Stage::Routing,
        records: &[Kind::CaseRerouted],
        who: "LH, AL of the assigned agency or of the receiver",
    },
    Act {
        name: "add-agency",
        stage: Stage::Routing,
        records: &[Kind::AgencyAdded],
        who: "LH, AL of the receiver; of a superior for its own side",
    },
];

/// The steps of the process itself at this stage.
pub const STEPS: &[Automatic] = &[ROUTE_BY_RULE, FALL_BACK, REMIND_CHIEF];

const ROUTE_BY_RULE: Automatic = Automatic {
    name: "route-by-rule",
    stage: Stage::Routing,
    records: Kind::CaseRouted,
    when: "the case is received and a rule matches",
};

const FALL_BACK: Automatic = Automatic {
    name: "fall-back",
    stage: Stage::Routing,
    records: Kind::FallbackAssigned,
    when: "an assignment below the chief is not acknowledged when its time is up, or its holder is absent",
};

const REMIND_CHIEF: Automatic = Automatic {
    name: "remind-chief",
    stage: Stage::Routing,
    records: Kind::ChiefReminded,
    when: "the chief's assignment is not acknowledged when its time is up",
};

/// A command of this stage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Command 4, by a person.
    Route(Route),
    /// Command 5.
    Acknowledge(Acknowledge),
    /// Command 6.
    Decline(Decline),
    /// Command 7.
    Reroute(Reroute),
    /// Command 9.
    AddAgency(AddAgency),
    /// Command 4, by rule.
    #[serde(skip)]
    RouteByRule,
    /// Command 8: an assignment passes to the next level.
    #[serde(skip)]
    FallBack {
        /// The assignment's number.
        assignment: u32,
    },
    /// Command 8: the head of the agency is reminded.
    #[serde(skip)]
    RemindChief {
        /// The assignment's number.
        assignment: u32,
        /// For the how-manieth time.
        times: u32,
    },
    /// Reminders and overdue levels.
    #[serde(skip)]
    Timer(Timer),
}

/// A person routes: which liaison unit of the receiver leads.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The receiver's liaison unit that leads.
    unit: UnitId,
}

/// An agency acknowledges its newest assignment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Acknowledge {}

/// An assignment and where it stands (region A).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assigned {
    /// The assignment.
    pub assignment: Assignment,
    /// Where it stands.
    pub state: AssignmentState,
    /// How often the head of the agency was reminded.
    pub chief_reminded: u32,
}

/// Where an assignment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AssignmentState {
    /// Waits for acknowledgement.
    Assigned,
    /// Acknowledged.
    Acknowledged,
    /// Sent back to the head of the liaison unit: nobody holds it until he re-routes.
    Declined,
    /// Replaced by the next level.
    TimedOut,
    /// Gone to another liaison unit, or to another of the same.
    Rerouted,
    /// Still open when the case ended, or when its agency was given another part in the case.
    Ended,
}

pub(crate) fn authorise(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<(), Refusal> {
    match command {
        Command::Route(_) => {
            let person = ctx.person()?;
            if person.agency == case.receiver && matches!(person.role, Role::Lh | Role::Al) {
                return Ok(());
            }
            Err(Refusal::not_authorised(
                "Chỉ trưởng bộ phận đầu mối hoặc lãnh đạo của cơ quan nhận được chuyển đầu mối.",
                "Only the head of the liaison unit or a leader of the receiving agency routes a case.",
            ))
        }
        Command::Acknowledge(_) => {
            let person = ctx.person()?;
            let assigned = case.assignments.iter().any(|each| each.assignment.agency == person.agency);
            let unit = newest(case, &person.agency).map(|each| &each.assignment.unit);
            let entitled = match person.role {
                Role::Lh | Role::Al => true,
                Role::Lo => !assigned || person.unit.as_ref() == unit,
                _ => false,
            };
            if entitled {
                return Ok(());
            }
            Err(Refusal::not_authorised(
                "Chỉ cán bộ đầu mối, trưởng bộ phận đầu mối hoặc lãnh đạo của cơ quan được giao được xác nhận tiếp nhận.",
                "Only a liaison officer of the assigned unit, its head or a leader of the agency acknowledges.",
            ))
        }
        Command::Decline(_) => handover::may_decline(case, ctx.person()?),
        Command::Reroute(act) => handover::may_reroute(case, act, ctx.person()?),
        Command::AddAgency(act) => handover::may_add(case, act, ctx),
        Command::RouteByRule | Command::FallBack { .. } | Command::RemindChief { .. } | Command::Timer(_) => {
            ctx.system()
        }
    }
}

pub(crate) fn decide(case: &Case, command: &Command, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    match command {
        Command::Route(act) => route_by_person(case, act, ctx),
        Command::RouteByRule => route_by_rule(case, ctx),
        Command::Acknowledge(_) => acknowledge(case, ctx.person()?, ctx),
        Command::Decline(act) => handover::decline(case, act, ctx),
        Command::Reroute(act) => handover::reroute(case, act, ctx),
        Command::AddAgency(act) => handover::add(case, act, ctx),
        Command::FallBack { assignment } => ladder::fall_back(case, *assignment, ctx),
        Command::RemindChief { assignment, times } => ladder::remind_chief(case, *assignment, *times, ctx),
        Command::Timer(timer) => {
            super::decide_timer(case, timer, ctx, Body::RoutingReminded, Body::RoutingOverdue)
        }
    }
}

fn route_by_person(case: &Case, act: &Route, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &[Lifecycle::Received])?;
    let unit = ctx.policy.organisation.unit(&act.unit);
    let fits = |unit: &&Unit| unit.agency == case.receiver && unit.liaison && unit.is_there(ctx.now);
    let Some(unit) = unit.filter(fits) else {
        return Err(Refusal::invalid(
            "unit",
            "Phải là bộ phận đầu mối của cơ quan nhận.",
            "It must be a liaison unit of the receiving agency.",
        ));
    };
    routed(case, unit, None, Vec::new(), ctx)
}

fn route_by_rule(case: &Case, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(case, &[Lifecycle::Received])?;
    let mut matching = matching_rules(case, ctx.policy);
    let rule = matching.next();
    let unit = rule.and_then(|rule| ctx.policy.organisation.unit_in_place_of(&rule.unit, ctx.now));
    match (rule, unit) {
        (Some(rule), Some(unit)) => {
            let alternatives = matching.map(|rule| rule.id.clone()).collect();
            routed(case, unit, Some(rule.id.clone()), alternatives, ctx)
        }
        _ => Err(Refusal::bad_state("Không có quy tắc phân luồng.", "No routing rule matches.")),
    }
}

/// Rules are in order of precedence: the first that matches wins (DOMAIN §3.4 rule 3).
fn matching_rules<'a>(case: &'a Case, policy: &'a Policy) -> impl Iterator<Item = &'a Rule> {
    policy.routing.iter().filter(|rule| {
        rule.receiver == case.receiver
            && rule
                .topic
                .as_ref()
                .is_none_or(|topic| policy.organisation.is_topic_of(&case.matter.topic, topic))
            && rule.area.as_ref().is_none_or(|wanted| {
                case.matter.area.as_ref().is_some_and(|area| policy.organisation.is_area_of(area, wanted))
            })
    })
}

/// Command 4: the receiver leads; the raiser's superior is assigned too, unless the raiser is it.
fn routed(
    case: &Case,
    unit: &Unit,
    rule: Option<String>,
    alternatives: Vec<String>,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    let organisation = &ctx.policy.organisation;
    let superior = organisation.side(&case.raiser).and_then(|side| ctx.policy.superior(side));
    let second = superior
        .filter(|superior| **superior != case.raiser && **superior != case.receiver)
        .and_then(|superior| organisation.liaison_unit(superior, ctx.now));
    let mut assignments = vec![assign(case, 1, unit, true, Level::Liaison, ctx)];
    assignments.extend(second.map(|unit| assign(case, 2, unit, false, Level::Liaison, ctx)));
    let acks = assignments
        .iter()
        .map(|each| ctx.deadline(case, DeadlineKey::Ack, each.number, ctx.now))
        .collect::<Result<Vec<_>, _>>()?;
    let body = Body::CaseRouted(said::CaseRouted { assignments, rule, alternatives });
    Ok(Decision::new(ctx.now, body).moving(Some(Lifecycle::Received), Lifecycle::Routed).arming(acks))
}

/// An assignment to the first available level from `lowest` up; the chief is assigned always (command 8).
fn assign(case: &Case, number: u32, unit: &Unit, lead: bool, lowest: Level, ctx: &Context<'_>) -> Assignment {
    let organisation = &ctx.policy.organisation;
    let mut skipped = Vec::new();
    let levels = [Level::Liaison, Level::Deputy, Level::UnitHead];
    let lower = levels.into_iter().filter(|level| *level >= lowest).find_map(|level| {
        let office = organisation.holder(unit, level);
        let because = match office {
            Some(_) if !organisation.is_focal(&unit.id, case, ctx.now) => SkippedBecause::NoDelegation,
            Some(office) if organisation.is_available(&office.id, ctx.now) => {
                return Some((level, office.id.clone()));
            }
            Some(_) => SkippedBecause::Absent,
            None => SkippedBecause::Vacant,
        };
        skipped.push(Skipped { level, office: office.map(|office| office.id.clone()), because });
        None
    });
    let chief = || organisation.chief(&unit.agency).map(|office| (Level::Chief, office.id.clone()));
    // The policy is checked when it is read: every agency has a chief.
    let (level, holder) = lower.or_else(chief).unwrap_or_else(|| (Level::Chief, unit.id.as_str().into()));
    Assignment { number, agency: unit.agency.clone(), unit: unit.id.clone(), lead, level, holder, skipped }
}

/// Command 5: whatever level is open, the agency's newest assignment is acknowledged.
fn acknowledge(case: &Case, person: &Person, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_live(case)?;
    let open = newest(case, &person.agency).filter(|each| each.state == AssignmentState::Assigned);
    let Some(open) = open else {
        return Err(Refusal::new(
            Code::NoOpenAssignment,
            "Cơ quan không có phân công nào chờ xác nhận.",
            "Your agency has no assignment to acknowledge.",
        ));
    };
    let Assignment { number, level, .. } = open.assignment;
    let by = person.office.clone();
    let body = said::AssignmentAcknowledged { assignment: number, level, by };
    Ok(Decision::new(ctx.now, Body::AssignmentAcknowledged(body)))
}

/// The level that is asked after this one.
fn above(level: Level) -> Level {
    match level {
        Level::Liaison => Level::Deputy,
        Level::Deputy => Level::UnitHead,
        Level::UnitHead | Level::Chief => Level::Chief,
    }
}

/// The number of the next assignment.
fn next_number(case: &Case) -> u32 {
    case.assignments.iter().map(|each| each.assignment.number).max().unwrap_or(0) + 1
}

/// The newest assignment of an agency.
pub fn newest<'a>(case: &'a Case, agency: &AgencyId) -> Option<&'a Assigned> {
    case.assignments.iter().rev().find(|each| each.assignment.agency == *agency)
}

/// The assignments that wait for acknowledgement, or to be routed again.
pub(crate) fn standing(case: &Case) -> impl Iterator<Item = &Assigned> {
    use AssignmentState::{Assigned, Declined};
    case.assignments.iter().filter(|each| matches!(each.state, Assigned | Declined))
}

/// The assignment with which a successor takes the place of an agency that has ended; none where it has one that stands,
/// unless it is the lead. `before` counts those made in the same fact.
pub(crate) fn for_successor(
    case: &Case,
    old: &Assigned,
    to: &AgencyId,
    before: usize,
    ctx: &Context<'_>,
) -> Option<Assignment> {
    let own = newest(case, to).is_some_and(handover::can_be_rerouted);
    let unit = ctx.policy.organisation.liaison_unit(to, ctx.now).filter(|_| old.assignment.lead || !own)?;
    let number = next_number(case) + u32::try_from(before).unwrap_or(u32::MAX);
    Some(assign(case, number, unit, old.assignment.lead, Level::Liaison, ctx))
}

/// The assignments that wait for acknowledgement.
fn open(case: &Case) -> impl Iterator<Item = &Assigned> {
    case.assignments.iter().filter(|each| each.state == AssignmentState::Assigned)
}

pub(crate) fn evolve(case: &mut Case, fact: &Fact) {
    let fresh = |assignment: &Assignment| Assigned {
        assignment: assignment.clone(),
        state: AssignmentState::Assigned,
        chief_reminded: 0,
    };
    match fact.body() {
        Body::CaseRouted(routed) => case.assignments.extend(routed.assignments.iter().map(fresh)),
        Body::AssignmentAcknowledged(said) => {
            at(case, said.assignment, |found| found.state = AssignmentState::Acknowledged);
        }
        Body::AssignmentDeclined(said) => {
            at(case, said.assignment, |found| found.state = AssignmentState::Declined);
        }
        Body::CaseRerouted(said) => {
            at(case, said.assignment, |found| found.state = AssignmentState::Rerouted);
            case.assignments.push(fresh(&said.next));
        }
        Body::AgencyAdded(said) => {
            handover::takes_part(case, &said.assignment.agency, said.role);
            case.assignments.push(fresh(&said.assignment));
        }
        Body::FallbackAssigned(said) => {
            at(case, said.assignment, |found| found.state = AssignmentState::TimedOut);
            case.assignments.push(fresh(&said.next));
        }
        Body::DutiesTransferred(said) => {
            for handed in &said.assignments {
                let state =
                    if handed.next.is_some() { AssignmentState::Rerouted } else { AssignmentState::Ended };
                at(case, handed.assignment, |found| found.state = state);
                case.assignments.extend(handed.next.iter().map(fresh));
            }
        }
        Body::ChiefReminded(said) => at(case, said.assignment, |found| found.chief_reminded = said.times),
        Body::RoutingReminded(reminded) => deadlines::note_reminded(case, reminded),
        Body::RoutingOverdue(overdue) => deadlines::note_overdue(case, overdue),
        _ => {}
    }
    if !case.lifecycle.is_live() {
        for open in case.assignments.iter_mut().filter(|each| each.state == AssignmentState::Assigned) {
            open.state = AssignmentState::Ended;
        }
    }
}

fn at(case: &mut Case, number: u32, change: impl FnOnce(&mut Assigned)) {
    if let Some(found) = case.assignments.iter_mut().find(|each| each.assignment.number == number) {
        change(found);
    }
}

/// A case that a rule can route is routed; an assignment that nobody acknowledges falls back.
pub(crate) fn next_step(case: &Case, now: Timestamp, policy: &Policy) -> Option<Step> {
    let step = |step, instance, command| Some(Step::of(step, instance, super::Command::Routing(command)));
    if case.lifecycle == Lifecycle::Received && matching_rules(case, policy).next().is_some() {
        return step(&ROUTE_BY_RULE, None, Command::RouteByRule);
    }
    let mut open = open(case);
    open.find_map(|open| {
        let assignment = open.assignment.number;
        if ladder::falls_back(case, open, now, policy).is_some() {
            return step(&FALL_BACK, Some(assignment.to_string()), Command::FallBack { assignment });
        }
        ladder::reminds_chief(case, open, now)?;
        let times = open.chief_reminded + 1;
        let instance = Some(format!("{assignment}/{times}"));
        step(&REMIND_CHIEF, instance, Command::RemindChief { assignment, times })
    })
}

pub(crate) fn is_running(case: &Case, deadline: &Deadline) -> bool {
    match deadline.key {
        DeadlineKey::Route => {
            case.lifecycle == Lifecycle::Received || handover::is_declined(case, deadline.instance)
        }
        DeadlineKey::Ack => open(case).any(|open| open.assignment.number == deadline.instance),
        _ => false,
    }
}

pub(crate) fn owing(case: &Case, deadline: &Deadline) -> Vec<AgencyId> {
    let assigned = case.assignments.iter().find(|each| each.assignment.number == deadline.instance);
    // The period of a case that nobody has routed yet belongs to no assignment: the receiver owes.
    vec![assigned.map_or_else(|| case.receiver.clone(), |each| each.assignment.agency.clone())]
}

#[cfg(test)]
mod tests;
