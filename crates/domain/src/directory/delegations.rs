//! Delegations as legal acts (DOMAIN §2): in writing, limited in time and content, never passed on.

use chrono::{Months, TimeDelta};
use events::{
    Body, CaseId, CommandId, DelegationId, OfficeId, Timestamp,
    directory::{Basis, Delegate, Delegation, DelegationGranted, DelegationRevoked, Power},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Directory, check_basis, fact, must_be};
use crate::{
    Role, calendar,
    decision::{Context, Decision},
    organisation::{Person, Unit, may_be_given},
    refusal::{Code, Refusal, required_text},
};

/// The longest that a focal unit may be assigned.
const LONGEST_OF_UNIT: Months = Months::new(12);

/// The longest that anything else may be delegated.
const LONGEST: TimeDelta = TimeDelta::days(30);

/// What is said to delegate.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantDelegation {
    /// The office that delegates: one's own.
    pub from: OfficeId,
    /// To whom, of the same agency.
    pub to: Delegate,
    /// What.
    pub powers: Vec<Power>,
    /// Only for cases of these topics, and below them.
    #[serde(default)]
    pub topics: Vec<String>,
    /// Only for cases of these areas, and in them.
    #[serde(default)]
    pub areas: Vec<String>,
    /// Only for this case.
    #[serde(default)]
    pub case: Option<CaseId>,
    /// From when; at once if absent.
    #[serde(default)]
    pub starts: Option<Timestamp>,
    /// Until when, not included.
    pub ends: Timestamp,
    /// The document that says so.
    pub basis: Basis,
}

/// What is said to take a delegation back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeDelegation {
    /// Which.
    pub delegation: DelegationId,
    /// Why.
    pub reason: String,
}

/// A delegation of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What was granted.
    pub delegation: Delegation,
    /// Until when it counts, not included: its end, or when it was taken back before.
    pub until: Timestamp,
    /// It was taken back, or passed on.
    pub revoked: bool,
    /// Its end was recorded.
    pub expired: bool,
    /// The warnings that were given, in days before the end.
    pub warned: Vec<u32>,
}

impl Standing {
    pub(super) fn of(delegation: &Delegation) -> Self {
        Self {
            until: delegation.ends,
            delegation: delegation.clone(),
            revoked: false,
            expired: false,
            warned: Vec::new(),
        }
    }

    pub(super) fn revoke(&mut self, at: Timestamp) {
        self.until = self.until.min(at);
        self.revoked = true;
    }
}

pub(super) fn grant(id: CommandId, act: &GrantDelegation, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_be(ctx, |person| person.role == Role::Al)?;
    let person = ctx.person()?;
    // Who delegates holds the office himself: nobody passes on what was delegated to him.
    let mut standings = ctx.policy.organisation.standings(&person.officer, ctx.now);
    let Some(own) = standings.find(|each| each.office == act.from && each.role == Role::Al) else {
        return Err(Refusal::not_authorised(
            "Chỉ lãnh đạo giữ chức vụ được ủy quyền chức vụ đó.",
            "Only a leader who holds an office delegates from it.",
        ));
    };
    let roles = roles_of(&act.to, &own, ctx)?;
    check_powers(act, &roles)?;
    check_scope(act, ctx)?;
    let starts = check_term(act, ctx)?;
    check_basis(&act.basis, ctx)?;
    let delegation = Delegation {
        id: DelegationId::of(id, 0),
        from: act.from.clone(),
        to: act.to.clone(),
        powers: act.powers.clone(),
        topics: act.topics.clone(),
        areas: act.areas.clone(),
        case: act.case,
        starts,
        ends: act.ends,
        basis: act.basis.clone(),
    };
    Ok(fact(ctx, Body::DelegationGranted(DelegationGranted { delegation })))
}

/// The roles of those to whom is delegated: of the agency, and somebody else.
fn roles_of(to: &Delegate, own: &Person, ctx: &Context<'_>) -> Result<Vec<Role>, Refusal> {
    let organisation = &ctx.policy.organisation;
    let roles: Vec<Role> = match to {
        Delegate::Officer(officer) if *officer == own.officer => {
            return Err(Refusal::new(
                Code::SeparationOfDuties,
                "Không tự ủy quyền cho mình.",
                "Nobody delegates to himself.",
            )
            .at("to.officer"));
        }
        Delegate::Officer(officer) => organisation
            .standings(officer, ctx.now)
            .filter(|each| each.agency == own.agency)
            .map(|each| each.role)
            .collect(),
        Delegate::Unit(unit) => {
            let liaison = |unit: &&Unit| unit.liaison && unit.agency == own.agency;
            organisation.unit(unit).filter(liaison).map_or(Vec::new(), |_| vec![Role::Lo, Role::Lh])
        }
    };
    if roles.is_empty() {
        return Err(Refusal::invalid(
            "to",
            "Người được ủy quyền phải giữ chức vụ trong cơ quan; đơn vị phải là đơn vị đầu mối của cơ quan.",
            "The delegate must hold an office of the agency; a unit must be its liaison unit.",
        ));
    }
    Ok(roles)
}

/// What is delegated may be delegated to them.
fn check_powers(act: &GrantDelegation, roles: &[Role]) -> Result<(), Refusal> {
    if act.powers.is_empty() {
        return Err(Refusal::invalid("powers", "Phải ghi nội dung ủy quyền.", "Say what is delegated."));
    }
    for (place, power) in act.powers.iter().enumerate() {
        let wrong = |vi: &str, en: &str| Err(Refusal::invalid(&format!("powers[{place}]"), vi, en));
        if act.powers[..place].contains(power) {
            return wrong("Ghi hai lần.", "It stands twice.");
        }
        if *power == Power::Liaison && !matches!(act.to, Delegate::Unit(_)) {
            return wrong(
                "Việc làm đầu mối chỉ giao cho đơn vị đầu mối.",
                "Only a liaison unit is made the focal point.",
            );
        }
        if !roles.iter().any(|role| may_be_given(*power, *role)) {
            return wrong(
                "Không được ủy quyền việc này cho chức vụ đó.",
                "This cannot be delegated to that office.",
            );
        }
    }
    Ok(())
}

/// The topics and areas are known.
fn check_scope(act: &GrantDelegation, ctx: &Context<'_>) -> Result<(), Refusal> {
    let organisation = &ctx.policy.organisation;
    if let Some(place) = act.topics.iter().position(|topic| organisation.topic(topic).is_none()) {
        let field = format!("topics[{place}]");
        return Err(Refusal::invalid(&field, "Không có lĩnh vực này.", "There is no such topic."));
    }
    if let Some(place) = act.areas.iter().position(|area| organisation.area(area).is_none()) {
        let field = format!("areas[{place}]");
        return Err(Refusal::invalid(&field, "Không có địa bàn này.", "There is no such area."));
    }
    Ok(())
}

/// It begins now or later, and lasts no longer than it may; gives when it begins.
fn check_term(act: &GrantDelegation, ctx: &Context<'_>) -> Result<Timestamp, Refusal> {
    let starts = act.starts.unwrap_or(ctx.now);
    if starts < ctx.now {
        return Err(Refusal::invalid(
            "starts",
            "Ủy quyền không có hiệu lực trở về trước.",
            "A delegation does not begin in the past.",
        ));
    }
    let latest = match act.to {
        Delegate::Unit(_) => {
            let day = calendar::local_date(starts).checked_add_months(LONGEST_OF_UNIT);
            day.map_or(starts, |day| calendar::local(day, calendar::local_time(starts)))
        }
        Delegate::Officer(_) => starts + LONGEST,
    };
    if act.ends <= starts || act.ends > latest {
        return Err(Refusal::invalid(
            "ends",
            "Thời hạn ủy quyền: sau thời điểm bắt đầu; tối đa 30 ngày, riêng giao đơn vị đầu mối tối đa 12 tháng.",
            "The term: after the beginning; at most 30 days, a focal unit at most 12 months.",
        ));
    }
    Ok(starts)
}

pub(super) fn revoke(
    directory: &Directory,
    act: &RevokeDelegation,
    ctx: &Context<'_>,
) -> Result<Decision, Refusal> {
    let found = directory.delegations.iter().find(|each| each.delegation.id == act.delegation);
    let agency = found.and_then(|each| ctx.policy.organisation.agency_of(&each.delegation.from));
    must_be(ctx, |person| person.role == Role::Al && agency.is_none_or(|agency| *agency == person.agency))?;
    let Some(found) = found else {
        return Err(Refusal::invalid("delegation", "Không có ủy quyền này.", "There is no such delegation."));
    };
    if ctx.now >= found.until {
        return Err(Refusal::bad_state("Ủy quyền này đã hết hiệu lực.", "This delegation counts no more."));
    }
    required_text("reason", &act.reason, 500)?;
    let body = DelegationRevoked { delegation: act.delegation, reason: act.reason.clone() };
    Ok(fact(ctx, Body::DelegationRevoked(body)))
}
