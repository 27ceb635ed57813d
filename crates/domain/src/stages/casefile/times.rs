//! Urgency, and more time (commands 43 and 44, PROCESS §4 rule 4).

use events::{
    AgencyId, Body, DeadlineKey, Timestamp, Urgency, casefile as said,
    terms::{Deadline, Side},
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    case::Case,
    deadlines::{self, Armed},
    decision::{Context, Decision, outside_calendar},
    organisation::{Person, Role},
    period,
    policy::Policy,
    refusal::{Code, Refusal, required_text},
    sides,
    stages::{intake, must_live},
};

/// How often a deadline may be extended.
const MOST_EXTENSIONS: u8 = 2;

/// A later date is a slip of the pen.
const LONGEST_EXTENSION: chrono::TimeDelta = chrono::TimeDelta::days(365);

/// The date of a dossier, which is no deadline.
const DIRECTIVE: &str = "directive";

/// The case is more urgent, or less.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeUrgency {
    /// How urgent it is from now on.
    pub(super) urgency: Urgency,
    /// By when it is to be dealt with; for *hỏa tốc hẹn giờ* only, and then required.
    #[serde(default)]
    deliver_by: Option<Timestamp>,
    /// Why, at most 2,000 characters.
    reason: String,
}

/// Who is owed gives more time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendDeadline {
    /// Which deadline, by its key, such as `position`.
    deadline: String,
    /// Which of several of its kind, by its number; needed only where more than one runs.
    #[serde(default)]
    instance: Option<u32>,
    /// The new due time, in whole seconds; later than before.
    to: Timestamp,
    /// Why, at most 2,000 characters.
    reason: String,
}

impl ExtendDeadline {
    fn key(&self) -> Option<DeadlineKey> {
        DeadlineKey::ALL.into_iter().find(|key| key.to_string() == self.deadline)
    }

    /// The deadline that is meant. Without a number, the one of its key that runs.
    fn armed<'a>(&self, case: &'a Case) -> Option<&'a Armed> {
        let key = self.key()?;
        let mut running = deadlines::running(case).filter(|armed| {
            armed.deadline.key == key && self.instance.is_none_or(|number| number == armed.deadline.instance)
        });
        let only = running.next()?;
        running.next().is_none().then_some(only)
    }
}

/// How urgent something is, and by when, for *hỏa tốc hẹn giờ*.
pub(super) type Pressure = (Urgency, Option<Timestamp>);

/// Whether one is more urgent than the other: of two that are timed, the one with the earlier time.
pub(super) fn is_more_urgent(one: Pressure, other: Pressure) -> bool {
    one.0 > other.0 || one.0 == other.0 && one.1.zip(other.1).is_some_and(|(one, other)| one < other)
}

impl ChangeUrgency {
    /// It is no less urgent than the case is.
    pub(super) fn raises(&self, case: &Case) -> bool {
        !is_more_urgent((case.urgency, case.deliver_by), (self.urgency, self.deliver_by))
    }
}

/// Command 43.
pub(super) fn change(case: &Case, act: &ChangeUrgency, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_live(case)?;
    if (act.urgency, act.deliver_by) == (case.urgency, case.deliver_by) {
        return Err(Refusal::invalid(
            "urgency",
            "Vụ việc đang ở mức độ khẩn này.",
            "The case has this urgency already.",
        ));
    }
    intake::check_urgency(act.urgency, act.deliver_by, ctx.now)?;
    required_text("reason", &act.reason, 2000)?;
    let changed = changed(case, (act.urgency, act.deliver_by), ctx)?;
    let body = said::UrgencyChanged {
        from: case.urgency,
        to: act.urgency,
        deliver_by: act.deliver_by,
        reason: act.reason.clone(),
    };
    Ok(Decision::new(ctx.now, Body::UrgencyChanged(body)).arming(changed))
}

/// The deadlines that another urgency changes: those that are not passed and whose values differ, counted from now;
/// never later than before when raised, never earlier when lowered. The date of an item belongs to its directive.
pub(super) fn changed(case: &Case, now: Pressure, ctx: &Context<'_>) -> Result<Vec<Deadline>, Refusal> {
    let before = (case.urgency, case.deliver_by);
    let raised = is_more_urgent(now, before);
    let mut changed = Vec::new();
    for Armed { deadline: old, level, .. } in deadlines::running(case) {
        let passed = ctx.now > old.due || *level > 0;
        if old.key == DeadlineKey::Implementation || passed || !ctx.policy.differs(old.key, before, now) {
            continue;
        }
        let new = ctx.policy.deadline(old.key, old.instance, ctx.now, now.0, now.1);
        let new = new.map_err(outside_calendar)?;
        let due = if raised { new.due.min(old.due) } else { new.due.max(old.due) };
        // What is due at this very second is left to its clock.
        if due > new.start {
            changed.push(Deadline { due, ..new });
        }
    }
    Ok(changed)
}

/// Who is owed: the other side than the debtor's (PROCESS §4, "Owes → owed").
pub(super) fn may_extend(case: &Case, act: &ExtendDeadline, person: &Person, policy: &Policy) -> bool {
    // Of a deadline that does not run, the state says more than the rights.
    let Some(armed) = act.armed(case) else { return of_a_party(case, person, policy) };
    let deadline = &armed.deadline;
    match deadline.key {
        DeadlineKey::Info | DeadlineKey::Implementation => is_of_standing_body(person, policy),
        _ if person.role != Role::Al => false,
        DeadlineKey::Written | DeadlineKey::Corrected => person.agency == case.receiver,
        DeadlineKey::Dossier => person.agency == policy.agreement.side_b,
        DeadlineKey::Consent => {
            case.taskforce.proposal.as_ref().is_some_and(|proposal| proposal.by == person.agency)
        }
        DeadlineKey::Callback | DeadlineKey::Compare => {
            let raiser = case.intake(deadline.instance).map_or(&case.raiser, |intake| &intake.raiser);
            let of_side = sides::parties(case, policy).contains(&person.agency);
            of_side && policy.organisation.side(raiser) == Some(person.side)
        }
        DeadlineKey::Route
        | DeadlineKey::Ack
        | DeadlineKey::Position
        | DeadlineKey::Statement
        | DeadlineKey::Closure => {
            let owing = deadlines::owing(case, deadline, policy);
            of_a_party(case, person, policy) && sides_of(&owing, policy).any(|side| side != person.side)
        }
    }
}

fn sides_of(agencies: &[AgencyId], policy: &Policy) -> impl Iterator<Item = Side> {
    agencies.iter().filter_map(|agency| policy.organisation.side(agency))
}

/// A leader of a party; or of the standing body, which is owed what it asks for.
fn of_a_party(case: &Case, person: &Person, policy: &Policy) -> bool {
    let party = sides::key_holders(case, person.side, policy).contains(&person.agency)
        || sides::parties(case, policy).contains(&person.agency);
    person.role == Role::Al && party || is_of_standing_body(person, policy)
}

fn is_of_standing_body(person: &Person, policy: &Policy) -> bool {
    person.agency == policy.agreement.standing_body && matches!(person.role, Role::Ss | Role::Sm)
}

/// Command 44.
pub(super) fn extend(case: &Case, act: &ExtendDeadline, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    must_live(case)?;
    if act.deadline == DIRECTIVE {
        return Err(not_extendable(
            "Thời điểm đề nghị cho ý kiến chỉ là đề nghị, không phải thời hạn nên không gia hạn.",
            "The date by which an opinion is asked for is a wish, never a deadline: it is not extended.",
        ));
    }
    if act.key().is_none() {
        return Err(Refusal::invalid(
            "deadline",
            "Không có loại thời hạn này.",
            "There is no such deadline.",
        ));
    }
    required_text("reason", &act.reason, 2000)?;
    let Some(armed) = act.armed(case) else {
        return Err(not_extendable(
            "Thời hạn này không chạy; nếu có nhiều thời hạn cùng loại, hãy nêu số thứ tự.",
            "This deadline does not run; where several of its kind do, name the number of one.",
        ));
    };
    let Deadline { key, instance, due, .. } = armed.deadline;
    if ctx.now > due || armed.level > 0 {
        return Err(not_extendable(
            "Đã quá hạn, không gia hạn được nữa.",
            "It is passed: what is overdue is not extended.",
        ));
    }
    let express = matches!(case.urgency, Urgency::HoaToc | Urgency::HoaTocHenGio);
    if key == DeadlineKey::Written && express {
        return Err(not_extendable(
            "Văn bản xác nhận của vụ việc hỏa tốc không được gia hạn.",
            "The written confirmation of an express case is never extended.",
        ));
    }
    if armed.extended >= MOST_EXTENSIONS {
        return Err(not_extendable(
            "Thời hạn này đã được gia hạn hai lần.",
            "It was extended twice already.",
        ));
    }
    let to = period::whole_second(act.to);
    if to <= due {
        return Err(not_extendable(
            "Thời hạn mới phải muộn hơn thời hạn cũ.",
            "The new date must be later than the old one.",
        )
        .at("to"));
    }
    if to > due + LONGEST_EXTENSION {
        return Err(Refusal::invalid(
            "to",
            "Thời hạn mới quá xa; đề nghị kiểm tra lại.",
            "The new date lies too far ahead: check it.",
        ));
    }
    let body = said::DeadlineExtended { key, instance, from: due, to, reason: act.reason.clone() };
    let extended = Deadline { due: to, ..armed.deadline };
    Ok(Decision::new(ctx.now, Body::DeadlineExtended(body)).arming([extended]))
}

fn not_extendable(vi: &str, en: &str) -> Refusal {
    Refusal::new(Code::DeadlineNotExtendable, vi, en)
}
