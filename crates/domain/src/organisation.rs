//! Agencies, units, offices and officers (DOMAIN §2), as the policy files describe them and the directory's facts go on.
//!
//! Nothing is deleted: what ends keeps its place, with the day on which it ended.

mod at;
mod facts;
mod powers;

pub(crate) use powers::may_be_given;

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};
use events::{
    Actor, AgencyId, Capacity, OfficeId, OfficerId, Timestamp, UnitId,
    directory::Delegation,
    terms::{Level, Side},
};
use serde::{Deserialize, Serialize};

use crate::calendar;

/// What an office may do (DOMAIN §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    /// *Cán bộ báo cáo*: reporting officer, duty officer.
    Ro,
    /// *Cán bộ đầu mối*: liaison officer.
    Lo,
    /// *Trưởng bộ phận đầu mối*: head of the liaison unit.
    Lh,
    /// *Lãnh đạo cơ quan*: agency leader.
    Al,
    /// *Văn thư*: clerk.
    Cl,
    /// *Văn phòng Tỉnh ủy (thư ký)*: the standing body's secretariat.
    Ss,
    /// *Thường trực Tỉnh ủy*: member of the standing body.
    Sm,
    /// *Kiểm tra, kiểm toán nội bộ*: auditor.
    Au,
    /// *Quản trị hệ thống*: administrator, without case content.
    Ad,
}

/// An agency.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    /// Its code.
    pub id: AgencyId,
    /// Its full name.
    pub name: String,
    /// Its side of the agreement.
    pub side: Side,
    /// The agency above it, if one is.
    #[serde(default)]
    pub superior: Option<AgencyId>,
    /// It may raise cases although it is not under the government side's superior.
    #[serde(default)]
    pub may_raise: bool,
    /// The first day on which it is there; absent, it has always been.
    #[serde(default, deserialize_with = "calendar::read_day")]
    pub starts: Option<NaiveDate>,
    /// The first day on which it is no more; what it owes then passes to its successor.
    #[serde(default, deserialize_with = "calendar::read_day")]
    pub ends: Option<NaiveDate>,
    /// The agency that takes its place.
    #[serde(default)]
    pub successor: Option<AgencyId>,
    /// Its duty telephone in the directory; a callback goes to this number.
    #[serde(default)]
    pub phone: Option<String>,
}

/// A unit of an agency.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Its code.
    pub id: UnitId,
    /// Its agency.
    pub agency: AgencyId,
    /// Its name.
    pub name: String,
    /// It is the agency's liaison unit; the first of an agency serves by default.
    #[serde(default)]
    pub liaison: bool,
}

/// An office (position).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// Its code.
    pub id: OfficeId,
    /// Its agency.
    pub agency: AgencyId,
    /// Its unit, if it belongs to one.
    #[serde(default)]
    pub unit: Option<UnitId>,
    /// Its title, as a letter addresses it.
    pub title: String,
    /// What it may do.
    pub role: Role,
    /// Its place in the ladder of holders, if it has one.
    #[serde(default)]
    pub level: Option<Level>,
    /// The office whose deputy it is: its holder signs *KT.* and has the chief's mail while he is absent.
    #[serde(default)]
    pub deputy_of: Option<OfficeId>,
    /// Its holder signs by order of the head, *TL.*
    #[serde(default)]
    pub by_order: bool,
    /// Where mail for it goes.
    pub email: String,
}

/// A person.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Officer {
    /// The person's code, also the name to sign in with.
    pub id: OfficerId,
    /// The person's name.
    pub name: String,
}

/// An office held by an officer over an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Who holds it.
    pub officer: OfficerId,
    /// The office.
    pub office: OfficeId,
    /// From when; absent, since always.
    pub from: Option<Timestamp>,
    /// Until when, not included; absent, without an end.
    pub until: Option<Timestamp>,
    /// As acting head (*Quyền*).
    pub acting: bool,
}

/// A time in which an officer cannot act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// Who is absent.
    pub officer: OfficerId,
    /// From when.
    pub from: Timestamp,
    /// Until when, not included.
    pub until: Timestamp,
}

/// A delegation, and until when it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// What was granted.
    pub delegation: Delegation,
    /// Until when it counts, not included: its end, or when it was taken back before.
    pub until: Timestamp,
}

/// A topic or an area, in a tree.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// Its code.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The one above it.
    #[serde(default)]
    pub parent: Option<String>,
    /// The first day on which it is used.
    #[serde(default, deserialize_with = "calendar::read_day")]
    pub starts: Option<NaiveDate>,
    /// The first day on which it is used no more.
    #[serde(default, deserialize_with = "calendar::read_day")]
    pub ends: Option<NaiveDate>,
}

/// A person in an office: who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The person.
    pub officer: OfficerId,
    /// The office.
    pub office: OfficeId,
    /// The unit of the office.
    pub unit: Option<UnitId>,
    /// The agency of the office.
    pub agency: AgencyId,
    /// The side of the agency.
    pub side: Side,
    /// What the office may do.
    pub role: Role,
    /// By what right the person acts for it.
    pub capacity: Capacity,
}

impl Person {
    /// The person as a fact names who acted.
    pub fn actor(&self) -> Actor {
        Actor::Person {
            officer: self.officer.clone(),
            office: self.office.clone(),
            agency: self.agency.clone(),
            capacity: self.capacity.clone(),
        }
    }
}

/// The organisation, with all times.
#[derive(Clone, Debug, Default)]
pub struct Organisation {
    agencies: BTreeMap<AgencyId, Agency>,
    units: Vec<Unit>,
    offices: BTreeMap<OfficeId, Office>,
    officers: BTreeMap<OfficerId, Officer>,
    holdings: Vec<Holding>,
    absences: Vec<Absence>,
    delegations: Vec<Granted>,
    topics: BTreeMap<String, Term>,
    areas: BTreeMap<String, Term>,
}

/// The file `organisation.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrganisationFile {
    agency: Vec<Agency>,
    unit: Vec<Unit>,
    office: Vec<Office>,
    officer: Vec<OfficerEntry>,
    #[serde(default)]
    holding: Vec<HoldingEntry>,
    #[serde(default)]
    absence: Vec<AbsenceEntry>,
    #[serde(default)]
    topic: Vec<Term>,
    #[serde(default)]
    area: Vec<Term>,
}

/// A person with his first office, as the file says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfficerEntry {
    id: OfficerId,
    name: String,
    office: OfficeId,
    #[serde(default, deserialize_with = "calendar::read_day")]
    from: Option<NaiveDate>,
    #[serde(default, deserialize_with = "calendar::read_day")]
    until: Option<NaiveDate>,
}

/// A further office of a person, as the file says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HoldingEntry {
    officer: OfficerId,
    office: OfficeId,
    #[serde(default, deserialize_with = "calendar::read_day")]
    from: Option<NaiveDate>,
    #[serde(default, deserialize_with = "calendar::read_day")]
    until: Option<NaiveDate>,
    #[serde(default)]
    acting: bool,
}

/// An absence, as the file says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AbsenceEntry {
    officer: OfficerId,
    from: chrono::DateTime<chrono::FixedOffset>,
    until: chrono::DateTime<chrono::FixedOffset>,
}

/// A day of a file as an instant: its beginning.
fn begins(day: NaiveDate) -> Timestamp {
    calendar::local(day, NaiveTime::MIN)
}

impl Organisation {
    /// Checks that every reference leads somewhere; the error says what to write.
    pub(crate) fn new(file: OrganisationFile) -> Result<Self, String> {
        let mut organisation = Self { units: file.unit, ..Self::default() };
        for agency in file.agency {
            if let Some(double) = organisation.agencies.insert(agency.id.clone(), agency) {
                return Err(format!("agency {} stands twice: remove one", double.id));
            }
        }
        for office in file.office {
            if let Some(double) = organisation.offices.insert(office.id.clone(), office) {
                return Err(format!("office {} stands twice: remove one", double.id));
            }
        }
        for OfficerEntry { id, name, office, from, until } in file.officer {
            let (from, until) = (from.map(begins), until.map(begins));
            organisation.holdings.push(Holding { officer: id.clone(), office, from, until, acting: false });
            if let Some(double) = organisation.officers.insert(id.clone(), Officer { id, name }) {
                return Err(format!("officer {} stands twice: remove one", double.id));
            }
        }
        for HoldingEntry { officer, office, from, until, acting } in file.holding {
            let (from, until) = (from.map(begins), until.map(begins));
            organisation.holdings.push(Holding { officer, office, from, until, acting });
        }
        for AbsenceEntry { officer, from, until } in file.absence {
            organisation.absences.push(Absence { officer, from: from.to_utc(), until: until.to_utc() });
        }
        for (terms, entries) in [(&mut organisation.topics, file.topic), (&mut organisation.areas, file.area)]
        {
            for term in entries {
                if let Some(double) = terms.insert(term.id.clone(), term) {
                    return Err(format!("{} stands twice: remove one", double.id));
                }
            }
        }
        organisation.check()?;
        Ok(organisation)
    }

    fn check(&self) -> Result<(), String> {
        let agency = |id: &AgencyId, whose: &dyn std::fmt::Display| {
            if self.agencies.contains_key(id) {
                Ok(())
            } else {
                Err(format!("{whose} names the agency {id}, which does not stand under [[agency]]"))
            }
        };
        for each in self.agencies.values() {
            each.superior.iter().try_for_each(|superior| agency(superior, &each.id))?;
            each.successor.iter().try_for_each(|successor| agency(successor, &each.id))?;
            if each.successor.is_some() && each.ends.is_none() {
                return Err(format!(
                    "agency {} has a successor and no day on which it ends: add `ends`",
                    each.id
                ));
            }
            if self.last_successor(each).is_none() {
                return Err(format!(
                    "the successors of agency {} lead back to it: break the circle",
                    each.id
                ));
            }
            if self.liaison_unit(&each.id).is_none() {
                return Err(format!("agency {} has no unit with `liaison = true`: add one", each.id));
            }
            if self.chief(&each.id).is_none() {
                return Err(format!("agency {} has no office with `level = \"chief\"`: add one", each.id));
            }
        }
        for unit in &self.units {
            agency(&unit.agency, &unit.id)?;
        }
        for office in self.offices.values() {
            agency(&office.agency, &office.id)?;
            let known = |unit: &UnitId| self.units.iter().any(|each| each.id == *unit);
            if let Some(unit) = office.unit.as_ref().filter(|unit| !known(unit)) {
                return Err(format!("office {} names the unit {unit}, which is not there", office.id));
            }
        }
        for office in self.offices.values() {
            let head = office.deputy_of.as_ref().map(|head| (head, self.offices.get(head)));
            if let Some((head, found)) = head
                && found.is_none_or(|found| found.agency != office.agency)
            {
                return Err(format!(
                    "office {} is a deputy of {head}, which is no office of {}",
                    office.id, office.agency
                ));
            }
        }
        for holding in &self.holdings {
            self.check_holding(holding)?;
        }
        for (what, terms) in [("topic", &self.topics), ("area", &self.areas)] {
            for term in terms.values() {
                if let Some(parent) = term.parent.as_ref().filter(|parent| !terms.contains_key(*parent)) {
                    return Err(format!("{what} {} stands below {parent}, which is not there", term.id));
                }
            }
        }
        for absence in &self.absences {
            if !self.officers.contains_key(&absence.officer) || absence.until <= absence.from {
                return Err(format!(
                    "the absence of {} is wrong: unknown officer, or it ends too early",
                    absence.officer
                ));
            }
        }
        Ok(())
    }

    fn check_holding(&self, holding: &Holding) -> Result<(), String> {
        let Holding { officer, office, from, until, .. } = holding;
        if !self.officers.contains_key(officer) {
            return Err(format!("{officer} holds {office} and does not stand under [[officer]]"));
        }
        if !self.offices.contains_key(office) {
            return Err(format!(
                "officer {officer} holds the office {office}, which does not stand under [[office]]"
            ));
        }
        if from.zip(*until).is_some_and(|(from, until)| until <= from) {
            return Err(format!("officer {officer} leaves the office {office} before he takes it"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
