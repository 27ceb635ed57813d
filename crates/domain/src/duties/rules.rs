//! What the policy says of the regular duties (`duties.toml`): who owes what, when it is due, who is invited.

use chrono::{Datelike as _, NaiveDate, NaiveTime};
use events::{AgencyId, Timestamp, reporting::Cadence};
use serde::Deserialize;

use crate::{
    calendar::{self, Calendar, OutsideCalendar},
    organisation::Organisation,
    policy::Fault,
};

/// The file `duties.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DutiesFile {
    reports: Reports,
    briefings: Briefings,
    projects: Projects,
}

/// What the policy says of the regular duties.
#[derive(Clone, Debug)]
pub struct DutyRules {
    /// The regular reports.
    pub reports: Reports,
    /// The briefings.
    pub briefings: Briefings,
    /// The planned projects.
    pub projects: Projects,
}

/// Who reports to whom, and when (DOMAIN §4).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reports {
    /// The agency to which reports are owed.
    pub owed_to: AgencyId,
    /// The agencies that report each month.
    #[serde(default)]
    pub monthly: Vec<AgencyId>,
    /// The agencies that report each quarter.
    #[serde(default)]
    pub quarterly: Vec<AgencyId>,
    /// The day of the month on which a report is due: the 15th.
    pub day: u32,
    /// What becomes of a due day that is no working day.
    #[serde(default)]
    pub shift: Shift,
    /// Where [`Shift::NextWorkingDay`] would move it by more days than this, it is moved back instead.
    #[serde(default)]
    pub max_shift_days: Option<u32>,
    /// How many working days before it is due a report can be handed in.
    pub open_days: u32,
    /// How many working days before it is due is reminded of it, in any order; 0 is the due day.
    pub reminders: Vec<u32>,
    /// At what local time of these days.
    pub reminder_time: NaiveTime,
    /// How many working days after it was due it is recorded as overdue: the first level, the second and so on; 0 is the
    /// due instant.
    pub levels: Vec<u32>,
    /// How many working days there are for a supplement.
    pub supplement_days: u32,
}

/// What becomes of a due day that is no working day (DOMAIN §4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shift {
    /// The next working day.
    #[default]
    NextWorkingDay,
    /// The working day before.
    PreviousWorkingDay,
    /// It stays.
    Exact,
}

/// When briefings are held (DOMAIN §3.6).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Briefings {
    /// The day of the month; a day off moves it to the next working day.
    pub day: u32,
    /// At what local time.
    pub time: NaiveTime,
    /// Where.
    pub place: String,
    /// The agency that chairs.
    pub chair: AgencyId,
    /// The agencies invited beside the chair.
    pub invited: Vec<AgencyId>,
    /// How many working days before it is called.
    pub call_days: u32,
    /// At what local time of that day.
    pub call_time: NaiveTime,
}

/// What is asked in planned projects (DOMAIN §3.6).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Projects {
    /// How many working days there are for a comment.
    pub comment_days: u32,
}

impl DutyRules {
    /// Reads the file, and says everything that is wrong in it.
    pub(crate) fn read(file: DutiesFile, organisation: &Organisation) -> (Self, Vec<Fault>) {
        let DutiesFile { reports, briefings, projects } = file;
        let mut faults = Vec::new();
        let owing = reports.monthly.iter().chain(&reports.quarterly);
        let invited = briefings.invited.iter().chain([&briefings.chair]);
        for agency in owing.clone().chain([&reports.owed_to]).chain(invited) {
            if organisation.agency(agency).is_none() {
                let what = format!("there is no agency {agency}: it does not stand under [[agency]]");
                faults.push(Fault::of(agency, what));
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        for twice in owing.filter(|agency| !seen.insert(*agency)) {
            faults.push(Fault::of(twice, format!("agency {twice} owes a report twice: remove one")));
        }
        for (key, day) in [("[reports]", reports.day), ("[briefings]", briefings.day)] {
            if !(1..=28).contains(&day) {
                faults.push(Fault::new(key, "day: from 1 to 28, a day that every month has"));
            }
        }
        (Self { reports, briefings, projects }, faults)
    }
}

impl Reports {
    /// The agencies that owe, with how often.
    pub fn owing(&self) -> impl Iterator<Item = (&AgencyId, Cadence)> {
        let monthly = self.monthly.iter().map(|agency| (agency, Cadence::Monthly));
        monthly.chain(self.quarterly.iter().map(|agency| (agency, Cadence::Quarterly)))
    }

    /// The day on which the report of a month would be due if every day were a working day.
    pub fn nominal(&self, year: i32, month: u32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(year, month, self.day)
    }

    /// The day on which the report of a month is due.
    pub fn due_day(&self, nominal: NaiveDate, calendar: &Calendar) -> Result<NaiveDate, OutsideCalendar> {
        if self.shift == Shift::Exact || calendar.is_working_day(nominal)? {
            return Ok(nominal);
        }
        let before = || calendar.previous_working_day(nominal);
        if self.shift == Shift::PreviousWorkingDay {
            return before();
        }
        let after = calendar.next_working_day(nominal)?;
        let moved = (after - nominal).num_days();
        match self.max_shift_days {
            Some(most) if moved > i64::from(most) => before(),
            _ => Ok(after),
        }
    }
}

impl Briefings {
    /// When the briefing of a month begins, and when it is called.
    pub fn of_month(
        &self,
        year: i32,
        month: u32,
        calendar: &Calendar,
    ) -> Result<Option<(Timestamp, Timestamp)>, OutsideCalendar> {
        let Some(nominal) = NaiveDate::from_ymd_opt(year, month, self.day) else { return Ok(None) };
        let day =
            if calendar.is_working_day(nominal)? { nominal } else { calendar.next_working_day(nominal)? };
        let called = calendar.working_day_before(day, self.call_days)?;
        let begins = calendar::local(day, self.time);
        Ok(Some((begins, calendar::local(called, self.call_time))))
    }
}

/// The months from one day to another, both included.
pub(super) fn months(from: NaiveDate, until: NaiveDate) -> impl Iterator<Item = (i32, u32)> {
    let number = |day: NaiveDate| day.year() * 12 + i32::try_from(day.month0()).unwrap_or_default();
    (number(from)..=number(until))
        .map(|number| (number.div_euclid(12), u32::try_from(number.rem_euclid(12)).unwrap_or_default() + 1))
}
