//! What something is called at a time. A renamed agency keeps its code and has the old name under `former`; an agency
//! that is merged or divided ends, and another code succeeds it.

use chrono::NaiveDate;
use events::{AgencyId, OfficeId, Timestamp};
use serde::Deserialize;

use super::{Agency, Office, Organisation, Term, Unit, begins};
use crate::{calendar, policy::Fault};

/// A name that something had before.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Former {
    /// The name.
    pub name: String,
    /// The first day on which it was called so no more.
    #[serde(deserialize_with = "calendar::read_date")]
    pub until: NaiveDate,
}

/// The name at a time: the first of the former ones that counted still, else that of today. They are in their order.
fn at_time<'a>(name: &'a str, former: &'a [Former], at: Timestamp) -> &'a str {
    former.iter().find(|each| at < begins(each.until)).map_or(name, |each| &each.name)
}

impl Agency {
    /// What it is called at a time.
    pub fn name_at(&self, at: Timestamp) -> &str {
        at_time(&self.name, &self.former, at)
    }
}

impl Unit {
    /// What it is called at a time.
    pub fn name_at(&self, at: Timestamp) -> &str {
        at_time(&self.name, &self.former, at)
    }
}

impl Office {
    /// Its title at a time.
    pub fn title_at(&self, at: Timestamp) -> &str {
        at_time(&self.title, &self.former, at)
    }
}

impl Term {
    /// What it is called at a time.
    pub fn name_at(&self, at: Timestamp) -> &str {
        at_time(&self.name, &self.former, at)
    }
}

impl Organisation {
    /// What an agency is called at a time; its code where there is no such agency.
    pub fn agency_name<'a>(&'a self, id: &'a AgencyId, at: Timestamp) -> &'a str {
        self.agencies.get(id).map_or(id.as_str(), |found| found.name_at(at))
    }

    /// The title of an office at a time; its code where there is no such office.
    pub fn title<'a>(&'a self, id: &'a OfficeId, at: Timestamp) -> &'a str {
        self.offices.get(id).map_or(id.as_str(), |found| found.title_at(at))
    }

    /// What a topic is called at a time; its code where there is no such topic.
    pub fn topic_name<'a>(&'a self, id: &'a str, at: Timestamp) -> &'a str {
        self.topics.get(id).map_or(id, |found| found.name_at(at))
    }

    /// What an area is called at a time; its code where there is no such area.
    pub fn area_name<'a>(&'a self, id: &'a str, at: Timestamp) -> &'a str {
        self.areas.get(id).map_or(id, |found| found.name_at(at))
    }

    /// Former names are in their order.
    pub(super) fn check_names(&self, faults: &mut Vec<Fault>) {
        let agencies = self.agencies.values().map(|each| (each.id.as_str(), &each.former));
        let units = self.units.iter().map(|each| (each.id.as_str(), &each.former));
        let offices = self.offices.values().map(|each| (each.id.as_str(), &each.former));
        let terms = self.topics.values().chain(self.areas.values());
        let terms = terms.map(|each| (each.id.as_str(), &each.former));
        for (id, former) in agencies.chain(units).chain(offices).chain(terms) {
            if !former.is_sorted_by(|one, next| one.until < next.until) {
                let what = format!("the former names of {id} are not in the order of their `until`");
                faults.push(Fault::of(&id, what));
            }
        }
    }
}
