//! Agencies, units, offices and officers (DOMAIN §2), as the policy files describe them.

use std::collections::BTreeMap;

use events::{
    AgencyId, OfficeId, OfficerId, Timestamp, UnitId,
    terms::{Level, Side},
};
use serde::{Deserialize, Serialize};

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
    /// The office held.
    pub office: OfficeId,
}

/// A time in which an officer cannot act.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absence {
    /// Who is absent.
    pub officer: OfficerId,
    /// From when.
    pub from: chrono::DateTime<chrono::FixedOffset>,
    /// Until when, not included.
    pub until: chrono::DateTime<chrono::FixedOffset>,
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
}

/// The organisation as one policy version has it.
#[derive(Clone, Debug, Default)]
pub struct Organisation {
    agencies: BTreeMap<AgencyId, Agency>,
    units: Vec<Unit>,
    offices: BTreeMap<OfficeId, Office>,
    officers: BTreeMap<OfficerId, Officer>,
    absences: Vec<Absence>,
}

/// The file `organisation.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrganisationFile {
    agency: Vec<Agency>,
    unit: Vec<Unit>,
    office: Vec<Office>,
    officer: Vec<Officer>,
    #[serde(default)]
    absence: Vec<Absence>,
}

impl Organisation {
    /// Checks that every reference leads somewhere; the error says what to write.
    pub(crate) fn new(file: OrganisationFile) -> Result<Self, String> {
        let mut organisation = Self { units: file.unit, absences: file.absence, ..Self::default() };
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
        for officer in file.officer {
            if let Some(double) = organisation.officers.insert(officer.id.clone(), officer) {
                return Err(format!("officer {} stands twice: remove one", double.id));
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
        for officer in self.officers.values() {
            if !self.offices.contains_key(&officer.office) {
                return Err(format!(
                    "officer {} holds the office {}, which does not stand under [[office]]",
                    officer.id, officer.office
                ));
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

    /// An agency.
    pub fn agency(&self, id: &AgencyId) -> Option<&Agency> {
        self.agencies.get(id)
    }

    /// All agencies.
    pub fn agencies(&self) -> impl Iterator<Item = &Agency> {
        self.agencies.values()
    }

    /// An office.
    pub fn office(&self, id: &OfficeId) -> Option<&Office> {
        self.offices.get(id)
    }

    /// All officers.
    pub fn officers(&self) -> impl Iterator<Item = &Officer> {
        self.officers.values()
    }

    /// The side of an agency.
    pub fn side(&self, agency: &AgencyId) -> Option<Side> {
        self.agencies.get(agency).map(|agency| agency.side)
    }

    /// The person behind an officer's code, in the office held.
    pub fn person(&self, officer: &OfficerId) -> Option<Person> {
        let officer = self.officers.get(officer)?;
        let office = self.offices.get(&officer.office)?;
        Some(Person {
            officer: officer.id.clone(),
            office: office.id.clone(),
            unit: office.unit.clone(),
            agency: office.agency.clone(),
            side: self.side(&office.agency)?,
            role: office.role,
        })
    }

    /// The liaison unit that serves an agency by default.
    pub fn liaison_unit(&self, agency: &AgencyId) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.liaison && unit.agency == *agency)
    }

    /// A unit.
    pub fn unit(&self, id: &UnitId) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.id == *id)
    }

    /// The office of the head of an agency.
    pub fn chief(&self, agency: &AgencyId) -> Option<&Office> {
        self.offices.values().find(|office| office.agency == *agency && office.level == Some(Level::Chief))
    }

    /// The office that holds an assignment of a unit at a level.
    pub fn holder(&self, unit: &Unit, level: Level) -> Option<&Office> {
        if level == Level::Chief {
            return self.chief(&unit.agency);
        }
        self.offices
            .values()
            .find(|office| office.unit.as_ref() == Some(&unit.id) && office.level == Some(level))
    }

    /// The offices of an agency that have a role, in the order of their codes.
    pub fn offices_of<'a>(&'a self, agency: &'a AgencyId, role: Role) -> impl Iterator<Item = &'a Office> {
        self.offices.values().filter(move |office| office.agency == *agency && office.role == role)
    }

    /// Whether somebody holds the office and is not absent.
    pub fn is_available(&self, office: &OfficeId, now: Timestamp) -> bool {
        self.officers
            .values()
            .any(|officer| officer.office == *office && self.absence(&officer.id, now).is_none())
    }

    /// Since when the office's holder is absent, if he is.
    pub fn absent_since(&self, office: &OfficeId, now: Timestamp) -> Option<Timestamp> {
        let holders = self.officers.values().filter(|officer| officer.office == *office);
        holders
            .filter_map(|officer| self.absence(&officer.id, now))
            .map(|absence| absence.from.to_utc())
            .max()
    }

    fn absence(&self, officer: &OfficerId, now: Timestamp) -> Option<&Absence> {
        self.absences
            .iter()
            .find(|absence| absence.officer == *officer && absence.from <= now && now < absence.until)
    }

    /// When the next absence of the office's holder begins.
    pub fn next_absence(&self, office: &OfficeId, now: Timestamp) -> Option<Timestamp> {
        let holds =
            |officer: &OfficerId| self.officers.get(officer).is_some_and(|held| held.office == *office);
        self.absences
            .iter()
            .filter(|absence| holds(&absence.officer) && absence.from > now)
            .map(|absence| absence.from.to_utc())
            .min()
    }
}

#[cfg(test)]
mod tests;
