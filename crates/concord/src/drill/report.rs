//! Who was asked for what in an exercise, who answered, and in what time: computed from the facts of the case alone.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use domain::{
    Case, OutOfOrder, Policy, evolve, stages,
    work::{Owed, Waiting, waiting},
};
use events::{
    Actor, AgencyId, Body, CaseId, Fact, Kind, Lifecycle, OfficeId, OfficerId, Timestamp, terms::Level,
};
use serde::Serialize;

/// What an exercise has shown.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// The case.
    pub(crate) case: CaseId,
    /// Its number.
    pub(crate) code: String,
    /// What it is called.
    pub(crate) title: String,
    /// When it was raised.
    pub(crate) raised_at: Timestamp,
    /// Up to when is reported.
    pub(crate) until: Timestamp,
    /// Where it stands.
    pub(crate) state: Lifecycle,
    /// Everything that somebody was asked for, in the order in which it was asked.
    pub(crate) asked: Vec<Asked>,
    /// The mails that told of it.
    pub(crate) mails: Vec<Mailed>,
    /// How often which of it.
    pub(crate) sums: Sums,
    /// What came after this time is sealed for the reader, and left out.
    pub(crate) sealed_from: Option<Timestamp>,
}

/// Something that an agency was asked for.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Asked {
    /// What: the key of a deadline, or the act that turns a further key.
    #[serde(serialize_with = "as_text")]
    pub(crate) what: Owed,
    /// Of which intake, assignment, round or proposal, by its number within the case.
    pub(crate) instance: u32,
    /// Who owed it.
    pub(crate) agency: AgencyId,
    /// Since when.
    pub(crate) since: Timestamp,
    /// Until when; some things have no clock.
    pub(crate) due: Option<Timestamp>,
    /// The highest level at which it was recorded as overdue; 0 for none.
    pub(crate) overdue_level: u8,
    /// The level to which it fell, because nobody answered.
    pub(crate) passed_to: Option<Level>,
    /// Who answered.
    pub(crate) answer: Option<Answered>,
    /// What came of it.
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
}

/// An answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Answered {
    /// When.
    pub(crate) at: Timestamp,
    /// Who.
    pub(crate) officer: OfficerId,
    /// In which office.
    pub(crate) office: OfficeId,
    /// What he did.
    pub(crate) fact: Kind,
    /// After how long, in seconds.
    pub(crate) after: i64,
}

/// What came of something that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// It was answered in time; what has no clock always is.
    OnTime,
    /// It was answered, so many seconds too late.
    Late {
        /// By how long, in seconds.
        by: i64,
    },
    /// Nobody answered.
    NotAnswered {
        /// It was due by then.
        overdue: bool,
    },
    /// The case asked for it no longer, before it was due.
    Lapsed,
}

/// A mail to an office.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Mailed {
    /// The alert, e.g. `E05`.
    pub(crate) alert: String,
    /// What it is called.
    pub(crate) title: String,
    /// To which office.
    pub(crate) office: OfficeId,
    /// The title of that office.
    pub(crate) office_title: Option<String>,
    /// When it was entered.
    pub(crate) entered: Timestamp,
    /// Where it stands, e.g. `sent`.
    pub(crate) state: String,
    /// After how many seconds the relay took it.
    pub(crate) taken_after: Option<i64>,
    /// It says that it is an exercise.
    pub(crate) exercise: bool,
}

/// How often which of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Sums {
    /// What was asked.
    pub(crate) asked: usize,
    /// What was answered in time.
    pub(crate) on_time: usize,
    /// What was answered too late.
    pub(crate) late: usize,
    /// What nobody answered.
    pub(crate) not_answered: usize,
    /// What was asked for no longer.
    pub(crate) lapsed: usize,
    /// The median of the times to answer, in seconds.
    pub(crate) median: Option<i64>,
    /// The longest of them, in seconds.
    pub(crate) longest: Option<i64>,
}

fn as_text<S: serde::Serializer>(what: &Owed, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(what)
}

/// What makes something that is asked this one and no other, while it is asked.
type Name = (String, u32, AgencyId);

/// What was asked in a case, and the case as it stands.
pub(crate) struct Followed {
    /// The case.
    pub(crate) case: Case,
    /// What waits in it.
    pub(crate) waiting: usize,
    asked: Vec<Asked>,
}

/// Follows the facts of a case, oldest first; `None` where there is none yet.
///
/// # Errors
/// Facts that do not follow one on the other.
pub(crate) fn follow(facts: &[Fact], policy: &Policy) -> Result<Option<Followed>, OutOfOrder> {
    let mut ledger = Ledger::default();
    let mut case: Option<Case> = None;
    let mut before: BTreeMap<Name, Waiting> = BTreeMap::new();
    for fact in facts {
        let next = evolve(case.take(), fact)?;
        let after = asked_in(&next, policy);
        ledger.note(fact, &before, &after, policy);
        (case, before) = (Some(next), after);
    }
    let asked = ledger.asked.into_iter().flatten().collect();
    Ok(case.map(|case| Followed { case, waiting: before.len(), asked }))
}

/// Everything that a case asks for, of each agency by itself.
fn asked_in(case: &Case, policy: &Policy) -> BTreeMap<Name, Waiting> {
    if !case.lifecycle.is_live() {
        return BTreeMap::new();
    }
    let each = |item: Waiting| {
        let who = if item.who.is_empty() { vec![case.receiver.clone()] } else { item.who.clone() };
        who.into_iter().map(move |agency| ((item.owed.to_string(), item.instance, agency), item.clone()))
    };
    waiting(case, policy).into_iter().flat_map(each).collect()
}

#[derive(Default)]
struct Ledger {
    /// What was asked; nothing where the process did it by itself before anybody could.
    asked: Vec<Option<Asked>>,
    /// Where what is asked now stands.
    open: BTreeMap<Name, usize>,
}

impl Ledger {
    /// Notes what a fact has begun and ended.
    fn note(
        &mut self,
        fact: &Fact,
        before: &BTreeMap<Name, Waiting>,
        after: &BTreeMap<Name, Waiting>,
        policy: &Policy,
    ) {
        for (name, was) in before.iter().filter(|(name, _)| !after.contains_key(*name)) {
            let Some(place) = self.open.remove(name).and_then(|place| self.asked.get_mut(place)) else {
                continue;
            };
            if let Some(asked) = place.take() {
                *place = end(asked, was, fact, policy);
            }
        }
        for (name, item) in after {
            let place = *self.open.entry(name.clone()).or_insert_with(|| {
                self.asked.push(Some(Asked {
                    what: item.owed,
                    instance: item.instance,
                    agency: name.2.clone(),
                    since: fact.origin().occurred_at,
                    due: None,
                    overdue_level: 0,
                    passed_to: None,
                    answer: None,
                    verdict: Verdict::NotAnswered { overdue: false },
                }));
                self.asked.len() - 1
            });
            if let Some(Some(asked)) = self.asked.get_mut(place) {
                asked.due = item.due;
                asked.overdue_level = asked.overdue_level.max(item.level);
            }
        }
    }
}

/// Something is asked for no longer: because it was answered, or for another reason. Nothing comes of what the process did
/// by itself.
fn end(mut asked: Asked, was: &Waiting, fact: &Fact, policy: &Policy) -> Option<Asked> {
    let at = fact.origin().occurred_at;
    let kind = fact.body().kind();
    if let Body::FallbackAssigned(said) = fact.body() {
        asked.passed_to = Some(said.next.level);
    }
    let side = |agency: &AgencyId| policy.organisation.side(agency);
    let settles = was.acts.iter().filter_map(|act| stages::act(act)).any(|act| act.records.contains(&kind));
    match &fact.origin().actor {
        Actor::Person { officer, office, agency, .. }
            if settles && (*agency == asked.agency || side(agency) == side(&asked.agency)) =>
        {
            asked.answer = Some(Answered {
                at,
                officer: officer.clone(),
                office: office.clone(),
                fact: kind,
                after: (at - asked.since).num_seconds(),
            });
            let late = asked.due.map_or(TimeDelta::zero(), |due| at - due);
            let by = late.num_seconds();
            asked.verdict = if late > TimeDelta::zero() { Verdict::Late { by } } else { Verdict::OnTime };
        }
        Actor::System { .. } if settles => return None,
        _ => {
            let overdue = asked.due.is_some_and(|due| at >= due);
            asked.verdict = if overdue { Verdict::NotAnswered { overdue } } else { Verdict::Lapsed };
        }
    }
    Some(asked)
}

/// The report of what was followed, as of a time; of what is sealed for the reader, as of the beginning of that.
pub(crate) fn report(
    followed: Followed,
    mails: Vec<Mailed>,
    now: Timestamp,
    sealed_from: Option<Timestamp>,
) -> Report {
    let Followed { case, mut asked, .. } = followed;
    let until = sealed_from.unwrap_or(now);
    for each in asked.iter_mut().filter(|each| each.verdict == (Verdict::NotAnswered { overdue: false })) {
        let overdue = each.due.is_some_and(|due| until > due);
        each.verdict = Verdict::NotAnswered { overdue };
    }
    let sums = sums(&asked);
    Report {
        case: case.id,
        code: case.code.as_ref().map_or_else(|| case.id.to_string(), ToString::to_string),
        title: case.matter.title,
        raised_at: case.raised_at,
        until,
        state: case.lifecycle,
        asked,
        mails,
        sums,
        sealed_from,
    }
}

fn sums(asked: &[Asked]) -> Sums {
    let count = |which: fn(Verdict) -> bool| asked.iter().filter(|each| which(each.verdict)).count();
    let mut times: Vec<_> =
        asked.iter().filter_map(|each| each.answer.as_ref()).map(|answer| answer.after).collect();
    times.sort_unstable();
    // Of an even number the lower one of the two in the middle: a time that somebody took.
    let median = times.len().checked_sub(1).and_then(|last| times.get(last / 2)).copied();
    Sums {
        asked: asked.len(),
        on_time: count(|verdict| verdict == Verdict::OnTime),
        late: count(|verdict| matches!(verdict, Verdict::Late { .. })),
        not_answered: count(|verdict| matches!(verdict, Verdict::NotAnswered { .. })),
        lapsed: count(|verdict| verdict == Verdict::Lapsed),
        median,
        longest: times.last().copied(),
    }
}

impl Report {
    /// Everything was answered, and in time; of what is sealed nobody can say so.
    pub(crate) fn is_good(&self) -> bool {
        self.sums.late == 0 && self.sums.not_answered == 0 && self.sealed_from.is_none()
    }
}

#[cfg(test)]
mod tests;
