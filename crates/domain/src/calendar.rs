//! The working calendar: which days and hours count, read from a file that an official keeps.
//!
//! Working days follow yearly announcements, so they are data and never computed, least of all from the moon
//! (DOMAIN §4). Two rules keep the data honest: a provisional entry changes nothing until it is confirmed, and
//! a date outside the covered years is an error instead of a guess.
//!
//! Instants are UTC; days and hours are those of `Asia/Ho_Chi_Minh`, [`LOCAL`].

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::{
    DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday, WeekdaySet,
};
use serde::Deserialize;
use toml::Spanned;

use crate::policy::line_at;

/// Local time: UTC+7 all year, because `Asia/Ho_Chi_Minh` has no daylight saving (DOMAIN, preface).
pub const LOCAL: FixedOffset = FixedOffset::east_opt(7 * 3600).expect("seven hours is a valid offset");

/// Days off which lunar new year gives by law, weekly days off not counted (Labour Code Art. 112; DOMAIN §4).
const TET_DAYS: usize = 5;

/// The local wall clock at an instant.
fn local_clock(instant: DateTime<Utc>) -> NaiveDateTime {
    instant.naive_utc().checked_add_offset(LOCAL).unwrap_or(NaiveDateTime::MAX)
}

/// The instant at which the local wall clock shows `clock`.
fn instant(clock: NaiveDateTime) -> DateTime<Utc> {
    clock.checked_sub_offset(LOCAL).unwrap_or(NaiveDateTime::MIN).and_utc()
}

/// The local day on which an instant falls.
pub fn local_date(instant: DateTime<Utc>) -> NaiveDate {
    local_clock(instant).date()
}

/// What local clocks show at an instant.
pub(crate) fn local_time(instant: DateTime<Utc>) -> NaiveTime {
    local_clock(instant).time()
}

/// A day as TOML writes it; TOML knows no such day as 31 June, so this cannot fail on a date that was read.
fn day(written: toml::value::Date) -> NaiveDate {
    NaiveDate::from_ymd_opt(written.year.into(), written.month.into(), written.day.into()).unwrap_or_default()
}

/// Reads a day from a policy file.
pub(crate) fn read_day<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<Option<NaiveDate>, D::Error> {
    Ok(Option::<toml::value::Date>::deserialize(reader)?.map(day))
}

/// Reads a day that must be there from a policy file.
pub(crate) fn read_date<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<NaiveDate, D::Error> {
    toml::value::Date::deserialize(reader).map(day)
}

/// The instant at which local clocks show this day and time.
pub fn local(date: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    instant(date.and_time(time))
}

/// A day that the calendar would have to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the working calendar does not cover {date}: add {year} to its years, with that year's days off",
    year = .date.year()
)]
pub struct OutsideCalendar {
    /// The first day that had to be known and is not.
    pub date: NaiveDate,
}

/// Why a calendar file is refused, where, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Not TOML, a key missing, misspelt or of the wrong kind; the text names line and column.
    #[error("the calendar cannot be read: {0}")]
    Unreadable(#[from] toml::de::Error),
    /// No year, no working weekday or no working hours: nothing could ever be due.
    #[error("`{0}` is empty: name at least one")]
    Empty(&'static str),
    /// Working hours that are no interval, or not in order.
    #[error(
        "line {line}: hours {text:?}: write \"HH:MM-HH:MM\", each beginning after the one before has ended"
    )]
    Hours {
        /// Line of the file, from 1.
        line: usize,
        /// The entry as written.
        text: String,
    },
    /// A day whose year is not among the covered years.
    #[error(
        "line {line}: {date} lies outside the covered years: correct it, or add {year} to `years`",
        year = .date.year()
    )]
    OutsideYears {
        /// Line of the file, from 1.
        line: usize,
        /// The day.
        date: NaiveDate,
    },
    /// One day listed twice, as two days off, two swap days or one of each.
    #[error("line {line}: {date} is already listed on line {first}: keep one of the two entries")]
    ListedTwice {
        /// Line of the second entry, from 1.
        line: usize,
        /// Line of the first entry, from 1.
        first: usize,
        /// The day.
        date: NaiveDate,
    },
    /// A swap day that is a working day anyway.
    #[error(
        "line {line}: {date} is a working weekday already: [[on]] is for weekly days off, delete or correct it"
    )]
    AlreadyWorking {
        /// Line of the file, from 1.
        line: usize,
        /// The day.
        date: NaiveDate,
    },
}

/// What an official should settle before relying on the calendar; the calendar works meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarWarning {
    /// A covered year whose lunar new year is not confirmed, or not in full: deadlines around it come too early.
    #[error("{year}: {confirmed} of {TET_DAYS} days off of Tết are confirmed; add the others when announced")]
    TetNotConfirmed {
        /// The year.
        year: i32,
        /// How many confirmed days off it has for Tết, weekly days off not counted.
        confirmed: usize,
    },
    /// An entry that is not applied yet.
    #[error("{date} ({name}) is provisional and not applied; confirm, correct or delete it: {source_note}")]
    Provisional {
        /// The day.
        date: NaiveDate,
        /// What the day is.
        name: String,
        /// The source that the file gives.
        source_note: String,
    },
}

impl CalendarWarning {
    /// What stands in the line of the file that it is about.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::TetNotConfirmed { .. } => "\nyears =".to_owned(),
            Self::Provisional { date, .. } => format!("date = {date}"),
        }
    }
}

/// Which days are worked, and which hours of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    years: BTreeSet<i32>,
    week: WeekdaySet,
    hours: Vec<Range<NaiveTime>>,
    off: BTreeMap<NaiveDate, Day>,
    on: BTreeMap<NaiveDate, Day>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Day {
    line: usize,
    name: String,
    status: Status,
    source: String,
    tet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Confirmed,
    Provisional,
}

/// The file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    years: BTreeSet<i32>,
    week: Vec<Weekday>,
    hours: Vec<Spanned<String>>,
    #[serde(default)]
    off: Vec<Entry>,
    #[serde(default)]
    on: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    date: Spanned<toml::value::Date>,
    name: String,
    status: Status,
    source: String,
    #[serde(default)]
    tet: bool,
}

impl Calendar {
    /// Reads a calendar file; `deploy/policy/calendar-VN.toml` explains the format (DOMAIN §4).
    ///
    /// # Errors
    /// The first entry that contradicts the format, the covered years, the week or another entry.
    pub fn from_toml(text: &str) -> Result<Self, CalendarError> {
        let file: File = toml::from_str(text)?;
        for (key, empty) in [
            ("years", file.years.is_empty()),
            ("week", file.week.is_empty()),
            ("hours", file.hours.is_empty()),
        ] {
            if empty {
                return Err(CalendarError::Empty(key));
            }
        }
        let mut calendar = Self {
            years: file.years,
            week: file.week.into_iter().collect(),
            hours: read_hours(text, file.hours)?,
            off: BTreeMap::new(),
            on: BTreeMap::new(),
        };
        for entry in file.off {
            let (date, day) = calendar.read_entry(text, entry)?;
            calendar.off.insert(date, day);
        }
        for entry in file.on {
            let (date, day) = calendar.read_entry(text, entry)?;
            if calendar.week.contains(date.weekday()) {
                return Err(CalendarError::AlreadyWorking { line: day.line, date });
            }
            calendar.on.insert(date, day);
        }
        Ok(calendar)
    }

    fn read_entry(&self, text: &str, entry: Entry) -> Result<(NaiveDate, Day), CalendarError> {
        let line = line_at(text, entry.date.span().start);
        let date = day(entry.date.into_inner());
        if !self.years.contains(&date.year()) {
            return Err(CalendarError::OutsideYears { line, date });
        }
        if let Some(first) = self.off.get(&date).or_else(|| self.on.get(&date)) {
            return Err(CalendarError::ListedTwice { line, first: first.line, date });
        }
        let Entry { name, status, source, tet, .. } = entry;
        Ok((date, Day { line, name, status, source, tet }))
    }

    /// Whether a day is worked. A confirmed entry decides, else the working week does: a provisional day off
    /// counts as working, a provisional swap day is still off (DOMAIN §4).
    pub fn is_working_day(&self, date: NaiveDate) -> Result<bool, OutsideCalendar> {
        if !self.years.contains(&date.year()) {
            return Err(OutsideCalendar { date });
        }
        let confirmed = |days: &BTreeMap<NaiveDate, Day>| {
            days.get(&date).is_some_and(|day| day.status == Status::Confirmed)
        };
        Ok(confirmed(&self.on) || (self.week.contains(date.weekday()) && !confirmed(&self.off)))
    }

    /// The first working day on or after `date`: where a nominal day moves to (Civil Code Art. 148(5);
    /// DOMAIN §4, `NextWorkingDay`).
    pub fn next_working_day(&self, date: NaiveDate) -> Result<NaiveDate, OutsideCalendar> {
        let mut date = date;
        while !self.is_working_day(date)? {
            date = date.succ_opt().ok_or(OutsideCalendar { date })?;
        }
        Ok(date)
    }

    /// The last working day on or before `date` (DOMAIN §4, `PreviousWorkingDay`).
    pub fn previous_working_day(&self, date: NaiveDate) -> Result<NaiveDate, OutsideCalendar> {
        let mut date = date;
        while !self.is_working_day(date)? {
            date = date.pred_opt().ok_or(OutsideCalendar { date })?;
        }
        Ok(date)
    }

    /// The `n`-th working day after `date`, `date` itself not counted; `date` if `n` is 0.
    pub fn working_day_after(&self, date: NaiveDate, n: u32) -> Result<NaiveDate, OutsideCalendar> {
        let mut date = date;
        for _ in 0..n {
            date = self.next_working_day(date.succ_opt().ok_or(OutsideCalendar { date })?)?;
        }
        Ok(date)
    }

    /// How many working days lie after `from` up to `until`, which is counted; none if `until` is not later.
    pub fn working_days_between(&self, from: NaiveDate, until: NaiveDate) -> Result<u32, OutsideCalendar> {
        let mut count = 0;
        for date in from.iter_days().skip(1).take_while(|date| *date <= until) {
            count += u32::from(self.is_working_day(date)?);
        }
        Ok(count)
    }

    /// The `n`-th working day before `date`, `date` itself not counted; `date` if `n` is 0. Regular reports are
    /// reminded this way (DOMAIN §4, due − 5 wd).
    pub fn working_day_before(&self, date: NaiveDate, n: u32) -> Result<NaiveDate, OutsideCalendar> {
        let mut date = date;
        for _ in 0..n {
            date = self.previous_working_day(date.pred_opt().ok_or(OutsideCalendar { date })?)?;
        }
        Ok(date)
    }

    /// When the working day ends: 17:00 by default. Working-day periods and reports are due then.
    pub fn end_of_day(&self) -> NaiveTime {
        self.hours.last().map_or(NaiveTime::MIN, |last| last.end)
    }

    /// The instant at which `minutes` of working time have passed since `from` (DOMAIN §3.2, `wh`).
    ///
    /// Outside working hours the count begins with the next working interval. A count that runs out exactly as
    /// an interval ends stops there, 11:30 and not 13:30.
    pub fn add_working_minutes(
        &self,
        from: DateTime<Utc>,
        minutes: u32,
    ) -> Result<DateTime<Utc>, OutsideCalendar> {
        let from = local_clock(from);
        let mut left = TimeDelta::minutes(minutes.into());
        let mut date = from.date();
        loop {
            if self.is_working_day(date)? {
                for hours in &self.hours {
                    let (begin, end) = (date.and_time(hours.start).max(from), date.and_time(hours.end));
                    if begin > end {
                        continue;
                    }
                    if left <= end - begin {
                        return Ok(instant(begin + left));
                    }
                    left -= end - begin;
                }
            }
            date = date.succ_opt().ok_or(OutsideCalendar { date })?;
        }
    }

    /// The end of the `n`-th working day after the day of `from`, which is not counted whatever its hour
    /// (DOMAIN §3.2, `wd`; Civil Code Arts. 147–148). No days at all is `from` itself.
    pub fn add_working_days(&self, from: DateTime<Utc>, n: u32) -> Result<DateTime<Utc>, OutsideCalendar> {
        if n == 0 {
            return Ok(from);
        }
        Ok(local(self.working_day_after(local_date(from), n)?, self.end_of_day()))
    }

    /// What to settle: covered years without a confirmed Tết, then entries still provisional, in order of time.
    pub fn warnings(&self) -> Vec<CalendarWarning> {
        let confirmed_tet = |year| {
            let counts = |(date, day): &(&NaiveDate, &Day)| {
                date.year() == year
                    && day.tet
                    && day.status == Status::Confirmed
                    && self.week.contains(date.weekday())
            };
            self.off.iter().filter(counts).count()
        };
        let tet = self.years.iter().map(|&year| (year, confirmed_tet(year)));
        let tet = tet.filter(|&(_, confirmed)| confirmed < TET_DAYS);
        let days: BTreeMap<_, _> = self.off.iter().chain(&self.on).collect();
        let provisional = days.into_iter().filter(|(_, day)| day.status == Status::Provisional);
        tet.map(|(year, confirmed)| CalendarWarning::TetNotConfirmed { year, confirmed })
            .chain(provisional.map(|(&date, day)| CalendarWarning::Provisional {
                date,
                name: day.name.clone(),
                source_note: day.source.clone(),
            }))
            .collect()
    }
}

fn read_hours(text: &str, entries: Vec<Spanned<String>>) -> Result<Vec<Range<NaiveTime>>, CalendarError> {
    let mut hours: Vec<Range<NaiveTime>> = Vec::new();
    for entry in entries {
        let line = line_at(text, entry.span().start);
        let interval = read_interval(entry.get_ref())
            .filter(|next| hours.last().is_none_or(|previous| previous.end < next.start))
            .ok_or_else(|| CalendarError::Hours { line, text: entry.into_inner() })?;
        hours.push(interval);
    }
    Ok(hours)
}

fn read_interval(text: &str) -> Option<Range<NaiveTime>> {
    let (start, end) = text.split_once(['-', '–'])?;
    let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
    let (start, end) = (time(start)?, time(end)?);
    (start < end).then_some(start..end)
}

#[cfg(test)]
pub(crate) mod tests;
