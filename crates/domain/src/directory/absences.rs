//! Who is away, and is back.

use events::{
    Body, OfficerId, Timestamp,
    directory::{AbsenceEnded, AbsenceReported},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Directory, fact, known_officer, must_be};
use crate::{
    Role,
    decision::{Context, Decision},
    refusal::Refusal,
};

/// What is said to report an absence.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportAbsence {
    /// Who is absent.
    pub officer: OfficerId,
    /// From when; from now if absent.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Until when, not included.
    pub until: Timestamp,
}

/// What is said to end an absence before its time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndAbsence {
    /// Its number within the directory.
    pub absence: u32,
    /// From when the person is there again; from now if absent.
    #[serde(default)]
    pub at: Option<Timestamp>,
}

/// An absence as it was reported, or shortened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its number within the directory.
    pub number: u32,
    /// Who is absent.
    pub officer: OfficerId,
    /// From when.
    pub from: Timestamp,
    /// Until when, not included.
    pub until: Timestamp,
}

impl Recorded {
    pub(super) fn of(said: &AbsenceReported) -> Self {
        Self { number: said.absence, officer: said.officer.clone(), from: said.from, until: said.until }
    }
}

pub(super) fn report(
    directory: &Directory,
    act: &ReportAbsence,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    may_say_of(&act.officer, ctx)?;
    known_officer("officer", &act.officer, ctx)?;
    let from = act.from.unwrap_or(ctx.now);
    if act.until <= from || act.until <= ctx.now {
        return Err(Refusal::invalid(
            "until",
            "Thời điểm kết thúc phải sau thời điểm bắt đầu và sau lúc này.",
            "The end must come after the beginning, and after now.",
        ));
    }
    let overlaps = |absence: &crate::organisation::Absence| {
        absence.officer == act.officer && absence.from < act.until && from < absence.until
    };
    if ctx.policy.organisation.absences().any(overlaps) {
        return Err(Refusal::invalid(
            "from",
            "Trùng với một lần vắng mặt đã báo.",
            "It overlaps with an absence that is reported already.",
        ));
    }
    let absence = directory.absences.len() + 1;
    let body = AbsenceReported {
        absence: u32::try_from(absence).unwrap_or(u32::MAX),
        officer: act.officer.clone(),
        from,
        until: act.until,
    };
    Ok(fact(ctx, Body::AbsenceReported(body)))
}

pub(super) fn end(directory: &Directory, act: &EndAbsence, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let found = directory.absences.iter().find(|each| each.number == act.absence);
    let Some(found) = found else {
        return Err(Refusal::invalid("absence", "Không có lần vắng mặt này.", "There is no such absence."));
    };
    may_say_of(&found.officer, ctx)?;
    let at = act.at.unwrap_or(ctx.now);
    if at >= found.until || at < ctx.now && at < found.from {
        return Err(Refusal::bad_state("Lần vắng mặt này đã kết thúc.", "This absence is over by then."));
    }
    Ok(fact(ctx, Body::AbsenceEnded(AbsenceEnded { absence: act.absence, at })))
}

/// Of one's own absence everybody speaks; of another's the heads of his agency, and the administrator.
fn may_say_of(officer: &OfficerId, ctx: &Context<'_>) -> Result<(), Refusal> {
    let organisation = &ctx.policy.organisation;
    must_be(ctx, |person| {
        let leads = matches!(person.role, Role::Lh | Role::Al)
            && organisation.standings(officer, ctx.now).any(|each| each.agency == person.agency);
        person.officer == *officer || person.role == Role::Ad || leads
    })
}
