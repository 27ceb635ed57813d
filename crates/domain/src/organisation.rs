//! Agencies, units, offices and officers (DOMAIN §2), as the policy files describe them and the directory's facts go on.
//!
//! Nothing is deleted: what ends keeps its place, with the day on which it ended.

mod at;
mod facts;
mod groups;
mod names;
mod powers;
mod times;

pub use groups::{AgencyKind, Group};
pub use names::Former;
pub(crate) use powers::may_be_given;

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};
use events::{
    Actor, AgencyId, Capacity, OfficeId, OfficerId, Timestamp, UnitId,
    directory::Delegation,
    terms::{Level, Side},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{calendar, policy::Fault};

/// What an office may do (DOMAIN §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
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
    /// The names that it had before.
    #[serde(default)]
    pub former: Vec<Former>,
    /// What kind of agency it is; absent for one that is of no kind by which a group could be made.
    #[serde(default)]
    pub kind: Option<AgencyKind>,
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
    /// The names that it had before.
    #[serde(default)]
    pub former: Vec<Former>,
    /// It is the agency's liaison unit; the first of an agency that is there serves by default.
    #[serde(default)]
    pub liaison: bool,
    /// The first day on which it is there; absent, it has always been.
    #[serde(default, deserialize_with = "calendar::read_day")]
    pub starts: Option<NaiveDate>,
    /// The first day on which it is no more.
    #[serde(default, deserialize_with = "calendar::read_day")]
    pub ends: Option<NaiveDate>,
    /// The unit of the same agency that takes its place.
    #[serde(default)]
    pub successor: Option<UnitId>,
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
    /// The titles that it had before.
    #[serde(default)]
    pub former: Vec<Former>,
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
    /// The names that it had before.
    #[serde(default)]
    pub former: Vec<Former>,
    /// The one above it.
    #[serde(default)]
    pub parent: Option<String>,
    /// The first day on which it is used.
    #[serde(default, deserialize_with = "calendar::read_day")]
    pub starts: Option<NaiveDate>,
    /// The first day on which it is used no more.
    #[serde(default, deserialize_with = "calendar::read_day")]
    pub ends: Option<NaiveDate>,
    /// The one that is used in its place.
    #[serde(default)]
    pub successor: Option<String>,
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
    groups: BTreeMap<String, Group>,
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
    #[serde(default)]
    group: Vec<Group>,
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
    /// Reads the file, and says everything that is wrong in it: what stands twice, and what leads nowhere.
    pub(crate) fn read(file: OrganisationFile) -> (Self, Vec<Fault>) {
        let mut organisation = Self { units: file.unit, ..Self::default() };
        let mut faults = Vec::new();
        let mut twice = |what: &str, id: &dyn std::fmt::Display| {
            faults.push(Fault::of(id, format!("{what} {id} stands twice: remove one")));
        };
        for agency in file.agency {
            if let Some(double) = organisation.agencies.insert(agency.id.clone(), agency) {
                twice("agency", &double.id);
            }
        }
        for office in file.office {
            if let Some(double) = organisation.offices.insert(office.id.clone(), office) {
                twice("office", &double.id);
            }
        }
        for OfficerEntry { id, name, office, from, until } in file.officer {
            let (from, until) = (from.map(begins), until.map(begins));
            organisation.holdings.push(Holding { officer: id.clone(), office, from, until, acting: false });
            if let Some(double) = organisation.officers.insert(id.clone(), Officer { id, name }) {
                twice("officer", &double.id);
            }
        }
        for HoldingEntry { officer, office, from, until, acting } in file.holding {
            let (from, until) = (from.map(begins), until.map(begins));
            organisation.holdings.push(Holding { officer, office, from, until, acting });
        }
        for AbsenceEntry { officer, from, until } in file.absence {
            organisation.absences.push(Absence { officer, from: from.to_utc(), until: until.to_utc() });
        }
        for topic in file.topic {
            if let Some(double) = organisation.topics.insert(topic.id.clone(), topic) {
                twice("topic", &double.id);
            }
        }
        for area in file.area {
            if let Some(double) = organisation.areas.insert(area.id.clone(), area) {
                twice("area", &double.id);
            }
        }
        for group in file.group {
            if let Some(double) = organisation.groups.insert(group.id.clone(), group) {
                twice("group", &double.id);
            }
        }
        organisation.check_agencies(&mut faults);
        organisation.check_offices(&mut faults);
        organisation.check_people(&mut faults);
        organisation.check_groups(&mut faults);
        organisation.check_names(&mut faults);
        organisation.check_units(&mut faults);
        organisation.check_terms(&mut faults);
        (organisation, faults)
    }

    /// What an entry says of an agency that is not there.
    fn unknown(&self, agency: &AgencyId, whose: &dyn std::fmt::Display) -> Option<Fault> {
        let what = || format!("{whose} names the agency {agency}, which does not stand under [[agency]]");
        (!self.agencies.contains_key(agency)).then(|| Fault::of(whose, what()))
    }

    fn check_agencies(&self, faults: &mut Vec<Fault>) {
        for each in self.agencies.values() {
            let named = each.superior.iter().chain(&each.successor);
            faults.extend(named.filter_map(|agency| self.unknown(agency, &each.id)));
            let mut wrong = |what: String| faults.push(Fault::of(&each.id, what));
            if each.successor.is_some() && each.ends.is_none() {
                wrong(format!("agency {} has a successor and no day on which it ends: add `ends`", each.id));
            }
            if each.starts.zip(each.ends).is_some_and(|(starts, ends)| ends <= starts) {
                wrong(format!("agency {} ends before it starts", each.id));
            }
            if self.last_successor(each).is_none() {
                wrong(format!("the successors of agency {} lead back to it: break the circle", each.id));
            }
            if !self.units.iter().any(|unit| unit.liaison && unit.agency == each.id) {
                wrong(format!("agency {} has no unit with `liaison = true`: add one", each.id));
            }
            if self.chief(&each.id).is_none() {
                wrong(format!("agency {} has no office with `level = \"chief\"`: add one", each.id));
            }
        }
    }

    fn check_offices(&self, faults: &mut Vec<Fault>) {
        for office in self.offices.values() {
            faults.extend(self.unknown(&office.agency, &office.id));
            let known = |unit: &UnitId| self.units.iter().any(|each| each.id == *unit);
            if let Some(unit) = office.unit.as_ref().filter(|unit| !known(unit)) {
                let what = format!("office {} names the unit {unit}, which is not there", office.id);
                faults.push(Fault::of(&office.id, what));
            }
            let of_agency =
                |head: &OfficeId| self.offices.get(head).is_some_and(|found| found.agency == office.agency);
            if let Some(head) = office.deputy_of.as_ref().filter(|head| !of_agency(head)) {
                let (id, agency) = (&office.id, &office.agency);
                let what = format!("office {id} is a deputy of {head}, which is no office of {agency}");
                faults.push(Fault::of(id, what));
            }
        }
    }

    fn check_people(&self, faults: &mut Vec<Fault>) {
        for Holding { officer, office, from, until, .. } in &self.holdings {
            let at = || Fault::new(format!("office = \"{office}\""), "");
            if !self.officers.contains_key(officer) {
                let what = format!("{officer} holds {office} and does not stand under [[officer]]");
                faults.push(Fault { what, ..at() });
            }
            if !self.offices.contains_key(office) {
                let what = format!(
                    "officer {officer} holds the office {office}, which does not stand under [[office]]"
                );
                faults.push(Fault { what, ..at() });
            }
            if from.zip(*until).is_some_and(|(from, until)| until <= from) {
                let what = format!("officer {officer} leaves the office {office} before he takes it");
                faults.push(Fault { what, ..at() });
            }
        }
        for absence in &self.absences {
            if !self.officers.contains_key(&absence.officer) || absence.until <= absence.from {
                let what = format!(
                    "the absence of {} is wrong: unknown officer, or it ends too early",
                    absence.officer
                );
                faults.push(Fault::new(format!("officer = \"{}\"", absence.officer), what));
            }
        }
    }
}

#[cfg(test)]
mod tests;
