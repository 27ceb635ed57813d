//! What the acts on briefings and projects check alike.

use chrono::NaiveDate;
use events::{
    AgencyId, Timestamp,
    duty::{Clock, ClockKey},
    terms::Document,
};

use super::clocks;
use crate::{
    calendar,
    decision::{Context, outside_calendar},
    documents,
    refusal::Refusal,
};

/// The clock of what a person wants by a day; that day's work must not be over yet.
pub(super) fn clock_by(
    field: &str,
    key: ClockKey,
    instance: u32,
    day: NaiveDate,
    ctx: &Context<'_>,
) -> Result<Clock, Refusal> {
    if calendar::local(day, ctx.policy.calendar.end_of_day()) <= ctx.now {
        return Err(Refusal::invalid(
            field,
            "Thời hạn phải là một ngày sắp tới.",
            "Name a day that is still to come.",
        ));
    }
    clocks::on_day(key, instance, day, ctx.policy).map_err(outside_calendar)
}

/// A document that comes with an act: as a document must be, and issued by one of these agencies.
pub(super) fn brought(
    field: &str,
    document: &Document,
    issuers: &[&AgencyId],
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    documents::check(field, document, calendar::local_date(ctx.now), ctx.policy)?;
    documents::issued_by(field, document, issuers)
}

/// An agency that is given something to do must be there to do it.
pub(super) fn must_be_there(field: &str, agency: &AgencyId, ctx: &Context<'_>) -> Result<(), Refusal> {
    if ctx.policy.organisation.is_there(agency, ctx.now) {
        return Ok(());
    }
    Err(Refusal::invalid(
        field,
        format!("Không có cơ quan {agency}, hoặc cơ quan không còn hoạt động."),
        format!("There is no agency {agency}, or it is no more."),
    ))
}

/// A list has an end.
pub(super) fn at_most(field: &str, length: usize, most: usize) -> Result<(), Refusal> {
    if length <= most {
        return Ok(());
    }
    Err(Refusal::invalid(field, format!("Tối đa {most} mục."), format!("At most {most} entries.")))
}

/// Who takes the place of an agency that has ended, and since when; `holds` says whether there is anything to take over.
pub(super) fn succession(
    from: &AgencyId,
    holds: bool,
    ctx: &Context<'_>,
) -> Result<(AgencyId, Timestamp), Refusal> {
    let organisation = &ctx.policy.organisation;
    let to = organisation.successor(from, ctx.now).filter(|_| holds);
    to.cloned()
        .zip(organisation.ends_at(from))
        .ok_or_else(|| Refusal::bad_state("Không có gì để chuyển giao.", "There is nothing to pass on."))
}

/// Puts one agency in another's place in a list, where it then stands once.
pub(super) fn replace(agencies: &mut Vec<AgencyId>, from: &AgencyId, to: &AgencyId) {
    let there = agencies.contains(to);
    agencies.retain(|agency| agency != from || !there);
    for agency in agencies {
        if agency == from {
            agency.clone_from(to);
        }
    }
}
