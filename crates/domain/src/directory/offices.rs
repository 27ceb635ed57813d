//! Persons come, take offices and leave them.

use events::{
    Body, OfficeId, OfficerId, Timestamp,
    directory::{Basis, OfficeLeft, OfficeTaken, OfficerRegistered},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{check_basis, fact, known_officer, must_be};
use crate::{
    Role,
    decision::{Context, Decision},
    organisation::{Holding, Office},
    refusal::{Code, Refusal, required_text},
};

/// What is said to make a person known.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterOfficer {
    /// A code that nobody has: small letters, digits, dots and hyphens.
    pub officer: OfficerId,
    /// The person's name.
    pub name: String,
}

/// What is said when a person takes an office.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeOffice {
    /// The person.
    pub officer: OfficerId,
    /// The office.
    pub office: OfficeId,
    /// From when; at once if absent.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Until when, not included.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// As acting head (*Quyền*).
    #[serde(default)]
    pub acting: bool,
    /// The decision of appointment.
    pub basis: Basis,
}

/// What is said when a person leaves an office.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveOffice {
    /// The person.
    pub officer: OfficerId,
    /// The office.
    pub office: OfficeId,
    /// From when; at once if absent.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// The decision.
    pub basis: Basis,
}

pub(super) fn register(act: &RegisterOfficer, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(ctx, |person| person.role == Role::Ad)?;
    let code = act.officer.as_str();
    let is_code = (2..=60).contains(&code.len())
        && code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c));
    if !is_code {
        return Err(Refusal::invalid(
            "officer",
            "Mã cán bộ gồm chữ thường không dấu, chữ số, dấu chấm và gạch nối.",
            "An officer's code has small letters, digits, dots and hyphens.",
        ));
    }
    if ctx.policy.organisation.officer(&act.officer).is_some() {
        return Err(Refusal::invalid(
            "officer",
            "Mã này đã có người dùng.",
            "Somebody has this code already.",
        ));
    }
    required_text("name", &act.name, 100)?;
    let body = OfficerRegistered { officer: act.officer.clone(), name: act.name.clone() };
    Ok(fact(ctx, Body::OfficerRegistered(body)))
}

pub(super) fn take(act: &TakeOffice, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let organisation = &ctx.policy.organisation;
    let office = of_agency(&act.office, ctx)?;
    known_officer("officer", &act.officer, ctx)?;
    let from = act.from.unwrap_or(ctx.now);
    if act.until.is_some_and(|until| until <= from) {
        return Err(Refusal::invalid(
            "until",
            "Thời điểm kết thúc phải sau thời điểm bắt đầu.",
            "The end must come after the beginning.",
        ));
    }
    check_basis(&act.basis, ctx)?;
    let overlaps = |held: &&Holding| {
        held.officer == act.officer
            && act.until.is_none_or(|until| held.from.is_none_or(|began| began < until))
            && held.until.is_none_or(|ended| from < ended)
    };
    let held: Vec<_> = organisation.holdings().filter(overlaps).collect();
    if held.iter().any(|held| held.office == act.office) {
        return Err(Refusal::invalid(
            "office",
            "Cán bộ đang giữ chức vụ này.",
            "The officer holds this office already.",
        ));
    }
    // An auditor and an administrator hold no other role (DOMAIN §2).
    let alone = |role| matches!(role, Role::Au | Role::Ad);
    let roles = held.iter().filter_map(|held| organisation.office(&held.office)).map(|held| held.role);
    if roles.clone().any(alone) || alone(office.role) && roles.count() > 0 {
        return Err(Refusal::new(
            Code::SeparationOfDuties,
            "Người kiểm tra và người quản trị không kiêm chức vụ khác.",
            "An auditor and an administrator hold no other office.",
        )
        .at("office"));
    }
    let body = OfficeTaken {
        officer: act.officer.clone(),
        office: act.office.clone(),
        from,
        until: act.until,
        acting: act.acting,
        basis: act.basis.clone(),
    };
    Ok(fact(ctx, Body::OfficeTaken(body)))
}

pub(super) fn leave(act: &LeaveOffice, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    of_agency(&act.office, ctx)?;
    let at = act.at.unwrap_or(ctx.now);
    check_basis(&act.basis, ctx)?;
    let holds = |held: &Holding| {
        held.officer == act.officer
            && held.office == act.office
            && held.from.is_none_or(|from| from < at)
            && held.until.is_none_or(|until| at < until)
    };
    if !ctx.policy.organisation.holdings().any(holds) {
        return Err(Refusal::bad_state(
            "Cán bộ không giữ chức vụ này vào thời điểm đó.",
            "The officer does not hold this office then.",
        ));
    }
    let body =
        OfficeLeft { officer: act.officer.clone(), office: act.office.clone(), at, basis: act.basis.clone() };
    Ok(fact(ctx, Body::OfficeLeft(body)))
}

/// An office of which the person may say who holds it.
fn of_agency<'a>(id: &OfficeId, ctx: &Context<'a>) -> Result<&'a Office, Refusal> {
    let office = ctx.policy.organisation.office(id);
    let agency = office.map(|office| &office.agency);
    must_be(ctx, |person| {
        person.role == Role::Ad || person.role == Role::Al && agency == Some(&person.agency)
    })?;
    office.ok_or_else(|| Refusal::invalid("office", "Không có chức vụ này.", "There is no such office."))
}
