//! What a briefing does by itself: that of the month is called, and the agenda is compiled.

use chrono::{Months, NaiveTime};
use events::{AgencyId, DutyId, Timestamp};

use super::{Briefing, Command, State};
use crate::{
    calendar,
    duties::{self, Duty, Step, rules},
    policy::Policy,
};

/// Which briefing is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calling {
    /// When it is called.
    pub called_at: Timestamp,
    /// When it begins.
    pub begins: Timestamp,
    /// The agencies invited that are there when it is called, the chair first.
    pub invited: Vec<AgencyId>,
}

/// The step that compiles the agenda: after the briefing is called, and once again when its day begins, or after it is
/// moved to a day that has begun.
pub(in crate::duties) fn next_step(duty: &Duty, briefing: &Briefing, now: Timestamp) -> Option<Step> {
    if briefing.state != State::Scheduled {
        return None;
    }
    let begins = day_begins(briefing);
    let (edition, due) = match &briefing.agenda {
        None => (1, duty.begun_at),
        Some(agenda) if begins <= now && agenda.at < begins => (agenda.compiled.edition + 1, begins),
        Some(_) => return None,
    };
    Some(Step {
        duty: duty.id,
        name: format!("agenda/{edition}"),
        command: duties::Command::Briefing(Command::Compile { edition }),
        due,
    })
}

/// When the agenda is compiled again.
pub(in crate::duties) fn due(briefing: &Briefing, now: Timestamp) -> Option<Timestamp> {
    Some(day_begins(briefing)).filter(|begins| briefing.state == State::Scheduled && *begins > now)
}

fn day_begins(briefing: &Briefing) -> Timestamp {
    calendar::local(calendar::local_date(briefing.at), NaiveTime::MIN)
}

/// The briefings of this month and the next two, as the policy wants them called; none beyond the years of the calendar,
/// of which an administrator is warned when the policy is read.
fn planned(now: Timestamp, policy: &Policy) -> impl Iterator<Item = (DutyId, Calling)> {
    let today = calendar::local_date(now);
    let latest = today.checked_add_months(Months::new(2)).unwrap_or(today);
    let rules = &policy.duties.briefings;
    rules::months(today, latest).filter(|_| !rules.invited.is_empty()).filter_map(|(year, month)| {
        let (begins, called_at) = rules.of_month(year, month, &policy.calendar).ok()??;
        let is_there = |agency: &&AgencyId| policy.organisation.is_there(agency, called_at);
        let chair = Some(&rules.chair).filter(is_there)?;
        let others = rules.invited.iter().filter(|agency| *agency != chair).filter(is_there);
        let invited = [chair].into_iter().chain(others).cloned().collect();
        Some((DutyId::of_briefing(year, month), Calling { called_at, begins, invited }))
    })
}

/// The briefings that are to be called, as far as that came due since `since`; one whose time has come uncalled is not
/// called any more.
pub(in crate::duties) fn callings(since: Timestamp, now: Timestamp, policy: &Policy) -> Vec<Step> {
    let planned = planned(now, policy);
    let due =
        planned.filter(|(_, call)| since <= call.called_at && call.called_at <= now && now < call.begins);
    due.map(|(duty, call)| Step {
        duty,
        name: "call".to_owned(),
        due: call.called_at,
        command: duties::Command::Briefing(Command::Call(call)),
    })
    .collect()
}

/// When the next briefing is called.
pub(in crate::duties) fn next_calling(now: Timestamp, policy: &Policy) -> Option<Timestamp> {
    planned(now, policy).map(|(_, call)| call.called_at).filter(|at| *at > now).min()
}
