//! Units, topics and areas over time: from when, until when, and what takes their place.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use events::{AgencyId, OfficeId, Timestamp, UnitId};

use super::{Organisation, Term, Unit, begins};
use crate::policy::Fault;

/// Whether a time lies from the beginning of the one day to before the other.
fn lies_within(starts: Option<NaiveDate>, ends: Option<NaiveDate>, at: Timestamp) -> bool {
    starts.is_none_or(|day| begins(day) <= at) && ends.is_none_or(|day| at < begins(day))
}

impl Term {
    /// Whether it is used at a time.
    pub fn is_used(&self, at: Timestamp) -> bool {
        lies_within(self.starts, self.ends, at)
    }
}

impl Unit {
    /// Whether it is there at a time.
    pub fn is_there(&self, at: Timestamp) -> bool {
        lies_within(self.starts, self.ends, at)
    }
}

impl Organisation {
    /// The liaison unit that serves an agency by default at a time: the first that is there.
    pub fn liaison_unit(&self, agency: &AgencyId, at: Timestamp) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.liaison && unit.agency == *agency && unit.is_there(at))
    }

    /// A unit, whether it is still there or not.
    pub fn unit(&self, id: &UnitId) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.id == *id)
    }

    /// The unit that does now what this one did: itself while it is there, then its successor, and where it has none the
    /// agency's liaison unit.
    pub fn unit_in_place_of(&self, id: &UnitId, now: Timestamp) -> Option<&Unit> {
        let mut unit = self.unit(id)?;
        // No further than there are units: the file is checked for circles.
        for _ in 0..self.units.len() {
            if unit.is_there(now) {
                break;
            }
            let Some(next) = unit.successor.as_ref().and_then(|id| self.unit(id)) else {
                return self.liaison_unit(&unit.agency, now);
            };
            unit = next;
        }
        Some(unit)
    }

    /// When the unit of an office ends, if it belongs to one whose end is known.
    pub(super) fn end_of_unit_of(&self, office: &OfficeId) -> Option<Timestamp> {
        let unit = self.offices.get(office)?.unit.as_ref()?;
        self.unit(unit)?.ends.map(begins)
    }

    /// Every unit is of an agency, and is succeeded by one of the same.
    pub(super) fn check_units(&self, faults: &mut Vec<Fault>) {
        for unit in &self.units {
            faults.extend(self.unknown(&unit.agency, &unit.id));
            let mut wrong = |what: String| faults.push(Fault::of(&unit.id, what));
            if unit.starts.zip(unit.ends).is_some_and(|(starts, ends)| ends <= starts) {
                wrong(format!("unit {} ends before it starts", unit.id));
            }
            let Some(next) = &unit.successor else { continue };
            if unit.ends.is_none() {
                wrong(format!("unit {} has a successor and no day on which it ends: add `ends`", unit.id));
            }
            if self.unit(next).is_none_or(|next| next.agency != unit.agency) {
                wrong(format!(
                    "unit {} is succeeded by {next}, which is no unit of {}",
                    unit.id, unit.agency
                ));
            }
            if leads_back(&unit.id, |id| self.unit(id)?.successor.as_ref()) {
                wrong(format!("the successors of unit {} lead back to it: break the circle", unit.id));
            }
        }
    }

    /// Every topic and area stands below one that is there, and is succeeded by one.
    pub(super) fn check_terms(&self, faults: &mut Vec<Fault>) {
        check(&self.topics, "topic", faults);
        check(&self.areas, "area", faults);
    }
}

fn check(terms: &BTreeMap<String, Term>, what: &str, faults: &mut Vec<Fault>) {
    for term in terms.values() {
        let id = &term.id;
        let mut wrong = |what: String| faults.push(Fault::of(id, what));
        if let Some(parent) = term.parent.as_ref().filter(|parent| !terms.contains_key(*parent)) {
            wrong(format!("{what} {id} stands below {parent}, which is not there"));
        }
        if term.starts.zip(term.ends).is_some_and(|(starts, ends)| ends <= starts) {
            wrong(format!("{what} {id} ends before it starts"));
        }
        let Some(next) = &term.successor else { continue };
        if term.ends.is_none() {
            wrong(format!("{what} {id} has a successor and no day on which it ends: add `ends`"));
        }
        if !terms.contains_key(next) {
            wrong(format!("{what} {id} is succeeded by {next}, which is not there"));
        }
        if leads_back(id, |id| terms.get(id)?.successor.as_ref()) {
            wrong(format!("the successors of {what} {id} lead back to it: break the circle"));
        }
    }
}

/// Whether who follows whom leads back to where it began.
fn leads_back<'a, T: PartialEq>(from: &'a T, next: impl Fn(&'a T) -> Option<&'a T>) -> bool {
    let mut seen = vec![from];
    while let Some(found) = seen.last().and_then(|last| next(last)) {
        if seen.contains(&found) {
            return found == from;
        }
        seen.push(found);
    }
    false
}
