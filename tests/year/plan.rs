//! What happens in the year: dated deeds, by a seed, so that each run of the year is the same one.

mod bodies;
mod cases;
mod duties;
mod projects;

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};
use domain::{Policy, Role, calendar};
use events::{AgencyId, Timestamp};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::Value;

/// The Party side's superior, to which reports are owed and which chairs.
pub const BTG: &str = "BTG";
/// The government side's superior.
pub const UBND: &str = "UBND";
/// The secretariat of the standing body.
const SECRETARY: &str = "tu.thu-ky";

/// Which part of the year is played, and how much happens in it.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
    /// How many cases are raised.
    pub cases: usize,
    /// Which of the six projects are proposed, by their places.
    pub projects: &'static [usize],
    /// The seed.
    pub seed: u64,
}

/// What a deed is done on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    /// A case, by its place in the plan.
    Case(usize),
    /// A report or a briefing, by the name that people use: `BC-2026-02/SXD`, `GB-2026-02`.
    Duty(String),
    /// A project, by its place in the plan.
    Project(usize),
    /// The directory.
    Directory,
}

/// An act of an officer at a time.
#[derive(Clone, Debug)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub officer: String,
    /// What.
    pub act: &'static str,
    /// On what.
    pub on: On,
    /// With which body.
    pub body: Value,
}

/// A plan while it is drawn up.
#[derive(Debug)]
pub struct Draft<'a> {
    policy: &'a Policy,
    span: Span,
    dice: StdRng,
    deeds: Vec<Deed>,
    /// The last number of each agency's register.
    numbers: BTreeMap<String, u32>,
}

/// The deeds of a span, in the order of their times.
pub fn of(span: Span, policy: &Policy) -> Vec<Deed> {
    let dice = StdRng::seed_from_u64(span.seed);
    let mut draft = Draft { policy, span, dice, deeds: Vec::new(), numbers: BTreeMap::new() };
    draft.agreement();
    draft.delegation();
    draft.regular_duties();
    draft.planned_projects();
    draft.many_cases();
    let ends = calendar::local(span.until, NaiveTime::from_hms_opt(23, 0, 0).expect("a time"));
    let mut deeds = draft.deeds;
    // What would come later is left open: a year ends in the middle of things.
    deeds.retain(|deed| deed.at < ends);
    deeds.sort_by_key(|deed| deed.at);
    deeds
}

impl Draft<'_> {
    fn deed(&mut self, at: Timestamp, officer: impl Into<String>, act: &'static str, on: On, body: Value) {
        self.deeds.push(Deed { at, officer: officer.into(), act, on, body });
    }

    /// A number from one to another, both included.
    fn from(&mut self, least: u32, most: u32) -> u32 {
        self.dice.random_range(least..=most)
    }

    /// Whether something of a chance in a hundred comes true.
    fn chance(&mut self, percent: u32) -> bool {
        self.dice.random_range(0..100) < percent
    }

    /// One of several.
    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.dice.random_range(0..of.len())]
    }

    /// The next number of an agency's register.
    fn number(&mut self, issuer: &str) -> u32 {
        let number = self.numbers.entry(issuer.to_owned()).or_default();
        *number += 1;
        *number
    }

    /// The agency that stands in another's place at a time.
    fn now(&self, agency: &str, at: Timestamp) -> AgencyId {
        let agency = AgencyId::from(agency);
        self.policy.organisation.successor(&agency, at).cloned().unwrap_or(agency)
    }

    /// The officer who holds a role of an agency, or of its successor, at a time.
    fn who(&self, agency: &str, role: Role, at: Timestamp) -> String {
        let (organisation, agency) = (&self.policy.organisation, self.now(agency, at));
        let offices = organisation.offices_of(&agency, role).filter(|office| office.deputy_of.is_none());
        let mut held = offices.flat_map(|office| organisation.holders(&office.id, at));
        held.next().map(|held| held.officer.to_string()).expect("an officer")
    }

    /// So many working minutes later.
    fn later(&self, at: Timestamp, minutes: u32) -> Timestamp {
        self.policy.calendar.add_working_minutes(at, minutes).expect("a day of the calendar")
    }

    /// So many working minutes later, about.
    fn about(&mut self, at: Timestamp, least: u32, most: u32) -> Timestamp {
        let minutes = self.from(least, most);
        self.later(at, minutes)
    }

    /// The day so many working days after another.
    fn day_after(&self, day: NaiveDate, days: u32) -> NaiveDate {
        self.policy.calendar.working_day_after(day, days).expect("a day of the calendar")
    }

    /// The day so many working days before another.
    fn day_before(&self, day: NaiveDate, days: u32) -> NaiveDate {
        self.policy.calendar.working_day_before(day, days).expect("a day of the calendar")
    }

    /// A day from so many to so many working days after another.
    fn some_days_after(&mut self, day: NaiveDate, least: u32, most: u32) -> NaiveDate {
        let days = self.from(least, most);
        self.day_after(day, days)
    }

    /// A day from so many to so many working days before another.
    fn some_days_before(&mut self, day: NaiveDate, least: u32, most: u32) -> NaiveDate {
        let days = self.from(least, most);
        self.day_before(day, days)
    }

    /// The working days of the span.
    fn working_days(&self) -> Vec<NaiveDate> {
        let days = self.span.from.iter_days().take_while(|day| *day <= self.span.until);
        days.filter(|day| self.policy.calendar.is_working_day(*day).expect("a day of the calendar")).collect()
    }

    /// The working day on or after a day.
    fn working_day(&self, day: NaiveDate) -> NaiveDate {
        self.policy.calendar.next_working_day(day).expect("a day of the calendar")
    }

    /// Whether a day lies in the span.
    fn has(&self, day: NaiveDate) -> bool {
        (self.span.from..=self.span.until).contains(&day)
    }
}

/// A time of a day.
fn at(day: NaiveDate, hour: u32, minute: u32) -> Timestamp {
    calendar::local(day, NaiveTime::from_hms_opt(hour, minute, 0).expect("a time of day"))
}

/// A day of 2026.
fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).expect("a day")
}
