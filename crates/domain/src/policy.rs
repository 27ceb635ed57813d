//! The policy: organisation, calendar, deadlines, routing rules and limits, as one version of files has them.

mod advice;
mod reading;

use std::collections::BTreeMap;

use reading::Reading;
pub(crate) use reading::{Fault, line_at};

use chrono::{SubsecRound as _, TimeDelta};
use events::{
    AgencyId, DeadlineKey, Timestamp, UnitId, Urgency,
    directory::PolicyText,
    terms::{Deadline, Side},
};
use serde::Deserialize;

use crate::{
    calendar::{Calendar, OutsideCalendar},
    duties::{DutiesFile, DutyRules},
    organisation::Organisation,
    period::{self, Period},
    rbac::Rbac,
};

/// One version of the policy. A deadline keeps the version under which it was armed (DOMAIN §3.4 rule 4).
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its version, recorded with every fact.
    pub version: String,
    /// Who is who.
    pub organisation: Organisation,
    /// Working days and hours.
    pub calendar: Calendar,
    /// The rules by which cases are routed, in the order in which they are tried.
    pub routing: Vec<Rule>,
    /// Who may do what at most.
    pub rbac: Rbac,
    /// The superiors of the sides of the agreement.
    pub agreement: Agreement,
    /// How many rounds of positions there are at most.
    pub max_rounds: u32,
    /// How long after a call's end logging it counts as late.
    pub late_log_after: TimeDelta,
    /// Who reports, when briefings are held.
    pub duties: DutyRules,
    /// The files, as they were read.
    pub texts: Vec<PolicyText>,
    /// The place in the log of the newest fact of the directory that it takes in; 0 where there is none.
    pub basis: u64,
    /// How old a call may be when it is logged: older times are slips of the pen.
    pub oldest_call: TimeDelta,
    periods: BTreeMap<String, Columns>,
}

/// The bodies that the agreement joins.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Agreement {
    /// The superior of side A: *Ban Tuyên giáo và Dân vận Tỉnh ủy*.
    pub side_a: AgencyId,
    /// The superior of side B: *Ủy ban nhân dân tỉnh*.
    pub side_b: AgencyId,
    /// The body whose directive binds where the sides do not agree: *Thường trực Tỉnh ủy* with its secretariat.
    pub standing_body: AgencyId,
}

/// A routing rule (DOMAIN §3.4 rule 3).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, stored with the case that it routed.
    pub id: String,
    /// The receiver whose cases it routes.
    pub receiver: AgencyId,
    /// Only cases of this topic.
    #[serde(default)]
    pub topic: Option<String>,
    /// Only cases of this area.
    #[serde(default)]
    pub area: Option<String>,
    /// The receiver's liaison unit that leads.
    pub unit: UnitId,
}

impl Rule {
    /// More exact rules are tried first: topic and area, topic, area, the agency's default.
    fn precedence(&self) -> u8 {
        match (&self.topic, &self.area) {
            (Some(_), Some(_)) => 0,
            (Some(_), None) => 1,
            (None, Some(_)) => 2,
            (None, None) => 3,
        }
    }
}

/// The periods of one deadline, by urgency; an empty column has the value of *khẩn* (DOMAIN §3.2).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Columns {
    hoa_toc: Period,
    thuong_khan: Period,
    khan: Period,
    #[serde(default)]
    thuong: Option<Period>,
}

/// The texts of the policy's files.
#[derive(Clone, Copy, Debug)]
pub struct PolicyFiles<'a> {
    /// `policy.toml`: version, agreement, limits.
    pub policy: &'a str,
    /// `organisation.toml`.
    pub organisation: &'a str,
    /// `calendar-VN.toml`.
    pub calendar: &'a str,
    /// `deadlines.toml`.
    pub deadlines: &'a str,
    /// `routing.toml`.
    pub routing: &'a str,
    /// `rbac.toml`.
    pub rbac: &'a str,
    /// `duties.toml`.
    pub duties: &'a str,
}

/// The names of the files of a policy.
pub const FILES: [&str; 7] = [
    "policy.toml",
    "organisation.toml",
    "calendar-VN.toml",
    "deadlines.toml",
    "routing.toml",
    "rbac.toml",
    "duties.toml",
];

impl<'a> PolicyFiles<'a> {
    /// The files among texts with their names.
    ///
    /// # Errors
    /// One of them is missing.
    pub fn of(texts: &'a [PolicyText]) -> Result<Self, PolicyError> {
        let text = |file: &'static str| {
            let found = texts.iter().find(|text| text.name == file);
            found.map(|found| found.text.as_str()).ok_or_else(|| PolicyError {
                file,
                line: None,
                what: "the file is missing: a policy is read and published whole".to_owned(),
            })
        };
        let [policy, organisation, calendar, deadlines, routing, rbac, duties] = FILES;
        Ok(Self {
            policy: text(policy)?,
            organisation: text(organisation)?,
            calendar: text(calendar)?,
            deadlines: text(deadlines)?,
            routing: text(routing)?,
            rbac: text(rbac)?,
            duties: text(duties)?,
        })
    }

    /// The files with their names.
    fn texts(&self) -> Vec<PolicyText> {
        let Self { policy, organisation, calendar, deadlines, routing, rbac, duties } = *self;
        let texts = [policy, organisation, calendar, deadlines, routing, rbac, duties];
        let named = FILES.into_iter().zip(texts);
        named.map(|(name, text)| PolicyText { name: name.to_owned(), text: text.to_owned() }).collect()
    }
}

/// What is wrong in a policy file, and what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {}{what}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct PolicyError {
    /// The file.
    pub file: &'static str,
    /// Its line, from 1, where one can be named.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
}

/// Of what a policy must speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completeness {
    /// Of everything that there is today.
    OfToday,
    /// Of what there was when it was published.
    OfItsTime,
}

/// The duties of a policy from before there were any: nobody owes a report, nobody is invited.
const NO_DUTIES: &str = r#"
reports = { owed-to = "", day = 15, open-days = 5, reminders = [], reminder-time = "08:00:00", levels = [], supplement-days = 3 }
briefings = { day = 20, time = "08:30:00", place = "", chair = "", invited = [], call-days = 5, call-time = "08:00:00" }
projects = { comment-days = 5 }
"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PolicyFile {
    version: String,
    agreement: Agreement,
    max_rounds: u32,
    late_log_minutes: u32,
    oldest_call_days: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoutingFile {
    rule: Vec<Rule>,
}

/// The table of the date until which an opinion is asked for; it arms no deadline (PROCESS §4).
const DIRECTIVE: &str = "directive";

/// Whether the time by which an express matter is to be dealt with caps a deadline (DOMAIN §3.2).
fn is_capped(key: DeadlineKey) -> bool {
    !matches!(key, DeadlineKey::Closure | DeadlineKey::Implementation)
}

/// Every rule leads to a liaison unit of its receiver.
fn check_rules(organisation: &Organisation, rules: &[Rule], text: &str, reading: &mut Reading) {
    for rule in rules {
        if organisation.unit(&rule.unit).is_none_or(|unit| unit.agency != rule.receiver || !unit.liaison) {
            let what = format!("rule {}: {} is no liaison unit of {}", rule.id, rule.unit, rule.receiver);
            reading.wrong("routing.toml", text, &format!("id = \"{}\"", rule.id), what);
        }
    }
}

/// The bodies of the agreement are there, each of its side.
fn check_agreement(organisation: &Organisation, agreement: &Agreement, text: &str, reading: &mut Reading) {
    for (name, side, agency) in
        [("side-a", Side::A, &agreement.side_a), ("side-b", Side::B, &agreement.side_b)]
    {
        if organisation.side(agency) != Some(side) {
            let what = format!("[agreement] {name} = \"{agency}\" is no agency of side {side:?}");
            reading.wrong("policy.toml", text, &format!("\n{name} ="), what);
        }
    }
    let standing_body = &agreement.standing_body;
    if organisation.agency(standing_body).is_none() {
        let what = format!("[agreement] standing-body = \"{standing_body}\" is no agency");
        reading.wrong("policy.toml", text, "\nstanding-body =", what);
    }
}

impl Policy {
    /// Reads and checks a policy from its files' texts, as they are published.
    ///
    /// # Errors
    /// A file that is missing or wrong.
    pub fn from_texts(texts: &[PolicyText]) -> Result<Self, PolicyError> {
        Self::from_files(PolicyFiles::of(texts)?)
    }

    /// Reads a policy as it was published, by this build or an older one: of acts and duties that did not exist then it says
    /// nothing, so nobody may do them and nobody owes them.
    ///
    /// # Errors
    /// A file that is missing or wrong.
    pub fn as_published(texts: &[PolicyText]) -> Result<Self, PolicyError> {
        let mut texts = texts.to_vec();
        if !texts.iter().any(|text| text.name == "duties.toml") {
            texts.push(PolicyText { name: "duties.toml".to_owned(), text: NO_DUTIES.to_owned() });
        }
        let files = PolicyFiles::of(&texts)?;
        Self::read(files, Completeness::OfItsTime).map_err(|mut errors| errors.swap_remove(0))
    }

    /// Reads and checks the files of a policy.
    ///
    /// # Errors
    /// The first thing that is wrong; [`Policy::check`] finds all.
    pub fn from_files(files: PolicyFiles<'_>) -> Result<Self, PolicyError> {
        Self::check(files).map_err(|mut errors| errors.swap_remove(0))
    }

    /// Reads and checks the files of a policy.
    ///
    /// # Errors
    /// Everything that is wrong, at least one.
    pub fn check(files: PolicyFiles<'_>) -> Result<Self, Vec<PolicyError>> {
        Self::read(files, Completeness::OfToday)
    }

    fn read(files: PolicyFiles<'_>, completeness: Completeness) -> Result<Self, Vec<PolicyError>> {
        let mut reading = Reading::default();
        let head: Option<PolicyFile> = reading.toml("policy.toml", files.policy);
        let organisation = reading.toml("organisation.toml", files.organisation).map(|file| {
            let (organisation, faults) = Organisation::read(file);
            reading.faults("organisation.toml", files.organisation, faults);
            organisation
        });
        let calendar = Calendar::from_toml(files.calendar)
            .map_err(|error| reading.wrong("calendar-VN.toml", "", "", error.to_string()));
        let periods: Option<BTreeMap<String, Columns>> = reading.toml("deadlines.toml", files.deadlines);
        let routing: Option<RoutingFile> = reading.toml("routing.toml", files.routing);
        let rbac = reading.toml("rbac.toml", files.rbac).map(|file| {
            let (rbac, faults) = Rbac::read(file, completeness);
            reading.faults("rbac.toml", files.rbac, faults);
            rbac
        });
        let duties: Option<DutiesFile> = reading.toml("duties.toml", files.duties);
        let duties = organisation.as_ref().zip(duties).map(|(organisation, file)| {
            let (duties, faults) = DutyRules::read(file, organisation);
            if completeness == Completeness::OfToday {
                reading.faults("duties.toml", files.duties, faults);
            }
            duties
        });
        if let Some(periods) = &periods {
            let keys = DeadlineKey::ALL.iter().map(ToString::to_string).chain([DIRECTIVE.to_owned()]);
            for key in keys.filter(|key| !periods.contains_key(key)) {
                let what = format!("the table [{key}] is missing: add it");
                reading.wrong("deadlines.toml", files.deadlines, "", what);
            }
        }
        if let (Some(organisation), Some(routing)) = (&organisation, &routing) {
            check_rules(organisation, &routing.rule, files.routing, &mut reading);
        }
        if let (Some(organisation), Some(head)) = (&organisation, &head) {
            check_agreement(organisation, &head.agreement, files.policy, &mut reading);
        }
        let read = (head, organisation, calendar, periods, routing, rbac, duties);
        let (
            Some(head),
            Some(organisation),
            Ok(calendar),
            Some(periods),
            Some(routing),
            Some(rbac),
            Some(duties),
        ) = read
        else {
            return Err(reading.errors);
        };
        if !reading.errors.is_empty() {
            return Err(reading.errors);
        }
        let PolicyFile { version, agreement, max_rounds, late_log_minutes, oldest_call_days } = head;
        let mut routing = routing.rule;
        routing.sort_by_key(Rule::precedence);
        Ok(Self {
            version,
            organisation,
            calendar,
            routing,
            rbac,
            duties,
            agreement,
            max_rounds,
            late_log_after: TimeDelta::minutes(i64::from(late_log_minutes)),
            oldest_call: TimeDelta::days(i64::from(oldest_call_days)),
            texts: files.texts(),
            basis: 0,
            periods,
        })
    }

    /// A deadline that starts at `start`, by the table of DOMAIN §3.2.
    ///
    /// `deliver_by` caps it for *hỏa tốc hẹn giờ*, but for a closure and an implementation (PROCESS §4 rule 4).
    pub fn deadline(
        &self,
        key: DeadlineKey,
        instance: u32,
        start: Timestamp,
        urgency: Urgency,
        deliver_by: Option<Timestamp>,
    ) -> Result<Deadline, OutsideCalendar> {
        let start = start.trunc_subsecs(0);
        let by = deliver_by.filter(|_| is_capped(key));
        let due = self.due(&key.to_string(), start, urgency, by)?;
        Ok(Deadline { key, instance, start, due })
    }

    /// Until when an opinion is asked for, of a dossier that is submitted at `start`: a wish, never a deadline.
    pub fn requested_by(
        &self,
        start: Timestamp,
        urgency: Urgency,
        deliver_by: Option<Timestamp>,
    ) -> Result<Timestamp, OutsideCalendar> {
        self.due(DIRECTIVE, start.trunc_subsecs(0), urgency, deliver_by)
    }

    /// Whether a key has another value at another urgency (PROCESS §4 rule 4).
    pub(crate) fn differs(
        &self,
        key: DeadlineKey,
        one: (Urgency, Option<Timestamp>),
        other: (Urgency, Option<Timestamp>),
    ) -> bool {
        let table = key.to_string();
        self.period(&table, one.0) != self.period(&table, other.0) || is_capped(key) && one.1 != other.1
    }

    fn due(
        &self,
        table: &str,
        start: Timestamp,
        urgency: Urgency,
        deliver_by: Option<Timestamp>,
    ) -> Result<Timestamp, OutsideCalendar> {
        let due = self.period(table, urgency).due(start, &self.calendar)?;
        Ok(match deliver_by.filter(|by| *by > start) {
            Some(by) => due.min(period::whole_second(by)),
            None => due,
        })
    }

    /// The period of each table at an urgency, by its key; `directive` is a wish, never a deadline.
    pub fn periods(&self, urgency: Urgency) -> BTreeMap<&str, Period> {
        self.periods.keys().map(|table| (table.as_str(), self.period(table, urgency))).collect()
    }

    /// The period of a table at an urgency.
    fn period(&self, table: &str, urgency: Urgency) -> Period {
        let columns = &self.periods[table];
        match urgency {
            Urgency::HoaToc | Urgency::HoaTocHenGio => columns.hoa_toc,
            Urgency::ThuongKhan => columns.thuong_khan,
            Urgency::Khan => columns.khan,
            Urgency::Thuong => columns.thuong.unwrap_or(columns.khan),
        }
    }

    /// The superior of a side, if it has one.
    pub fn superior(&self, side: Side) -> Option<&AgencyId> {
        match side {
            Side::A => Some(&self.agreement.side_a),
            Side::B => Some(&self.agreement.side_b),
            Side::C => None,
        }
    }

    /// The agency reported to: the Party side's superior, or the government side's if that one raises.
    pub fn receiver_for(&self, raiser: &AgencyId) -> &AgencyId {
        if *raiser == self.agreement.side_a { &self.agreement.side_b } else { &self.agreement.side_a }
    }

    /// Whether an agency may raise: the government side's superior and those under it; others by configuration.
    pub fn may_raise(&self, agency: &AgencyId) -> bool {
        let government = &self.agreement.side_b;
        agency == government
            || self
                .organisation
                .agency(agency)
                .is_some_and(|found| found.may_raise || found.superior.as_ref() == Some(government))
    }
}

#[cfg(test)]
mod tests;
