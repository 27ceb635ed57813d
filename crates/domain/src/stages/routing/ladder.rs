//! Nobody acknowledges: the next level is asked, and at last the head of the agency is reminded (command 8).

use events::{
    Body, Lifecycle, Timestamp, routing as said,
    routing::FallbackBecause,
    terms::{DeadlineKey, Level},
};

use super::{Assigned, above, assign, next_number, open};
use crate::{
    case::Case,
    deadlines,
    decision::{Context, Decision},
    policy::Policy,
    refusal::Refusal,
};

/// How often a chief is reminded of an assignment that does not lead.
const CHIEF_REMINDERS: u32 = 3;

/// Command 8: not acknowledged in time, or the holder is absent. The next level's period starts now.
pub(super) fn fall_back(case: &Case, number: u32, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let Some((open, because, at)) = open(case).find_map(|open| {
        falls_back(case, open, ctx.now, ctx.policy)
            .filter(|_| open.assignment.number == number)
            .map(|(because, at)| (open, because, at))
    }) else {
        return Err(Refusal::bad_state("Chưa đến lúc chuyển cấp.", "It does not fall back now."));
    };
    let old = &open.assignment;
    let Some(unit) = ctx.policy.organisation.unit_in_place_of(&old.unit, ctx.now) else {
        return Err(Refusal::bad_state("Không còn bộ phận đầu mối này.", "The liaison unit is no more."));
    };
    // Another unit begins at the bottom: none of its officers was asked yet.
    let lowest = if unit.id == old.unit { above(old.level) } else { Level::Liaison };
    let next = assign(case, next_number(case), unit, old.lead, lowest, ctx);
    let ack = ctx.deadline(case, DeadlineKey::Ack, next.number, ctx.now)?;
    let body = said::FallbackAssigned { assignment: number, because, next };
    Ok(Decision::new(at, Body::FallbackAssigned(body)).arming([ack]))
}

/// Command 8 at the chief: reminded three times at his period; after that only a lead while the case is Routed, once
/// each working day.
pub(super) fn remind_chief(
    case: &Case,
    number: u32,
    times: u32,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    let due = open(case)
        .find(|open| open.assignment.number == number && open.chief_reminded + 1 == times)
        .and_then(|open| reminds_chief(case, open, ctx.now).map(|at| (open, at)));
    let Some((open, at)) = due else {
        return Err(Refusal::bad_state("Chưa đến lúc nhắc lại.", "It is not due."));
    };
    let mut again = ctx.deadline(case, DeadlineKey::Ack, number, ctx.now)?;
    if times >= CHIEF_REMINDERS && case_waits_for(case, open) {
        let due = ctx.policy.calendar.add_working_days(ctx.now, 1);
        again.due = due.map_err(crate::decision::outside_calendar)?;
    }
    let body = Body::ChiefReminded(said::ChiefReminded { assignment: number, times });
    Ok(Decision::new(at, body).arming([again]))
}

/// Why and since when an assignment falls back, if it does.
pub(super) fn falls_back(
    case: &Case,
    open: &Assigned,
    now: Timestamp,
    policy: &Policy,
) -> Option<(FallbackBecause, Timestamp)> {
    if !case.lifecycle.is_live() || open.assignment.level == Level::Chief {
        return None;
    }
    if let Some(due) = ack_due(case, open).filter(|due| now >= *due) {
        return Some((FallbackBecause::TimedOut, due));
    }
    let (organisation, holder, unit) = (&policy.organisation, &open.assignment.holder, &open.assignment.unit);
    let (because, since) = if !organisation.is_focal(unit, case, now) {
        (FallbackBecause::NoDelegation, organisation.not_focal_since(unit, now))
    } else if !organisation.is_available(holder, now) {
        (FallbackBecause::Absent, organisation.absent_since(holder, now))
    } else {
        return None;
    };
    // Dated at the instant at which the absence began, or the delegation ended, but never before the assignment was made:
    // an absence may be entered afterwards.
    let made = deadlines::find(case, DeadlineKey::Ack, open.assignment.number).map(|armed| armed.armed_at);
    let since = since.unwrap_or(now);
    Some((because, made.map_or(since, |made| since.max(made))))
}

/// Since when the chief is to be reminded of an assignment, if he is.
pub(super) fn reminds_chief(case: &Case, open: &Assigned, now: Timestamp) -> Option<Timestamp> {
    if open.assignment.level != Level::Chief || !moves_on(case, open) {
        return None;
    }
    ack_due(case, open).filter(|due| now >= *due)
}

/// Whether something happens once an assignment's time is up: the last reminder of a chief is followed by nothing.
fn moves_on(case: &Case, open: &Assigned) -> bool {
    open.assignment.level != Level::Chief
        || open.chief_reminded < CHIEF_REMINDERS
        || case_waits_for(case, open)
}

/// The same, of the assignment of a number.
pub(crate) fn is_followed_up(case: &Case, number: u32) -> bool {
    open(case).any(|open| open.assignment.number == number && moves_on(case, open))
}

/// Coordination cannot begin before the lead has acknowledged.
fn case_waits_for(case: &Case, open: &Assigned) -> bool {
    open.assignment.lead && case.lifecycle == Lifecycle::Routed
}

fn ack_due(case: &Case, open: &Assigned) -> Option<Timestamp> {
    deadlines::find(case, DeadlineKey::Ack, open.assignment.number).map(|armed| armed.deadline.due)
}

/// When a holder of an open assignment next becomes absent, or his unit's delegation ends.
pub(crate) fn next_absence(case: &Case, now: Timestamp, policy: &Policy) -> Option<Timestamp> {
    open(case)
        .filter(|open| open.assignment.level != Level::Chief)
        .flat_map(|open| {
            let organisation = &policy.organisation;
            let away = organisation.next_absence(&open.assignment.holder, now);
            [away, organisation.next_end_of_focus(&open.assignment.unit, now)]
        })
        .flatten()
        .min()
}
