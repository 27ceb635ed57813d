//! Who and what there is at a time.

use std::collections::BTreeMap;

use events::{
    AgencyId, Capacity, OfficeId, OfficerId, Timestamp,
    terms::{Level, Side},
};

use super::{Absence, Agency, Holding, Office, Officer, Organisation, Person, Role, Term, Unit, begins};

impl Organisation {
    /// An agency.
    pub fn agency(&self, id: &AgencyId) -> Option<&Agency> {
        self.agencies.get(id)
    }

    /// Where an agency's successors lead in the end; `None` if in a circle.
    pub(super) fn last_successor<'a>(&'a self, agency: &'a Agency) -> Option<&'a Agency> {
        let mut last = agency;
        for _ in 0..=self.agencies.len() {
            let Some(next) = last.successor.as_ref().and_then(|id| self.agencies.get(id)) else {
                return Some(last);
            };
            last = next;
        }
        None
    }

    /// When an agency ends, if it is known: with the beginning of the first day on which it is no more.
    pub fn ends_at(&self, id: &AgencyId) -> Option<Timestamp> {
        let ends = self.agencies.get(id)?.ends?;
        Some(begins(ends))
    }

    /// Whether an agency is no more.
    pub fn has_ended(&self, id: &AgencyId, now: Timestamp) -> bool {
        self.ends_at(id).is_some_and(|ends| now >= ends)
    }

    /// Whether there is such an agency at a time: it is there already, and still.
    pub fn is_there(&self, id: &AgencyId, now: Timestamp) -> bool {
        let Some(agency) = self.agencies.get(id) else { return false };
        let begun = agency.starts.is_none_or(|day| now >= begins(day));
        begun && !self.has_ended(id, now)
    }

    /// Who stands now in the place of an agency that has ended; `None` for one that goes on, or that has nobody.
    pub fn successor(&self, id: &AgencyId, now: Timestamp) -> Option<&AgencyId> {
        let mut last = id;
        // No further than there are agencies: the file is checked for circles.
        for _ in 0..self.agencies.len() {
            if !self.has_ended(last, now) {
                break;
            }
            last = self.agencies.get(last)?.successor.as_ref()?;
        }
        self.agencies.get(last).map(|agency| &agency.id).filter(|found| *found != id)
    }

    /// All agencies.
    pub fn agencies(&self) -> impl Iterator<Item = &Agency> {
        self.agencies.values()
    }

    /// An office.
    pub fn office(&self, id: &OfficeId) -> Option<&Office> {
        self.offices.get(id)
    }

    /// All offices.
    pub fn offices(&self) -> impl Iterator<Item = &Office> {
        self.offices.values()
    }

    /// All officers.
    pub fn officers(&self) -> impl Iterator<Item = &Officer> {
        self.officers.values()
    }

    /// The side of an agency.
    pub fn side(&self, agency: &AgencyId) -> Option<Side> {
        self.agencies.get(agency).map(|agency| agency.side)
    }

    /// A person.
    pub fn officer(&self, id: &OfficerId) -> Option<&Officer> {
        self.officers.get(id)
    }

    /// The person behind an officer's code, in the first of the offices held at a time.
    pub fn person(&self, officer: &OfficerId, now: Timestamp) -> Option<Person> {
        self.standings(officer, now).next()
    }

    /// The person in each of the offices held at a time; in that of a head before that of a deputy.
    pub fn standings(&self, officer: &OfficerId, now: Timestamp) -> impl Iterator<Item = Person> {
        let held = self.holdings.iter().filter(move |held| held.officer == *officer && held.counts(now));
        let mut standings: Vec<_> = held.filter_map(|held| self.in_office(held)).collect();
        standings.sort_by_key(|person| person.capacity == Capacity::Kt);
        standings.into_iter()
    }

    fn in_office(&self, held: &Holding) -> Option<Person> {
        let office = self.offices.get(&held.office)?;
        let capacity = match office {
            _ if held.acting => Capacity::Q,
            Office { deputy_of: Some(_), .. } => Capacity::Kt,
            Office { by_order: true, .. } => Capacity::Tl,
            _ => Capacity::Direct,
        };
        Some(Person {
            officer: held.officer.clone(),
            office: office.id.clone(),
            unit: office.unit.clone(),
            agency: office.agency.clone(),
            side: self.side(&office.agency)?,
            role: office.role,
            capacity,
        })
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

    /// The offices to which mail for the leaders of an agency goes: those of its heads, and of the deputy of a head who
    /// is away.
    pub fn leaders<'a>(&'a self, agency: &'a AgencyId, now: Timestamp) -> impl Iterator<Item = &'a Office> {
        self.offices_of(agency, Role::Al)
            .filter(move |office| office.deputy_of.as_ref().is_none_or(|head| !self.is_available(head, now)))
    }

    /// Whether somebody holds the office and is not absent, and its unit has not ended.
    pub fn is_available(&self, office: &OfficeId, now: Timestamp) -> bool {
        let there = self.end_of_unit_of(office).is_none_or(|ends| now < ends);
        there && self.holders(office, now).any(|held| self.absence(&held.officer, now).is_none())
    }

    /// Since when the office's holder is absent, or nobody holds it any more, or its unit has ended, if that is so.
    pub fn absent_since(&self, office: &OfficeId, now: Timestamp) -> Option<Timestamp> {
        if let Some(ends) = self.end_of_unit_of(office).filter(|ends| *ends <= now) {
            return Some(ends);
        }
        let absences = self.holders(office, now).filter_map(|held| self.absence(&held.officer, now));
        absences.map(|absence| absence.from).max().or_else(|| {
            let deserted = self.holders(office, now).next().is_none();
            let left =
                self.holdings.iter().filter(|held| held.office == *office).filter_map(|held| held.until);
            left.filter(|until| deserted && *until <= now).max()
        })
    }

    /// Who holds an office at a time.
    pub fn holders(&self, office: &OfficeId, now: Timestamp) -> impl Iterator<Item = &Holding> {
        self.holdings.iter().filter(move |held| held.office == *office && held.counts(now))
    }

    /// All who ever held an office, or will.
    pub fn holdings(&self) -> impl Iterator<Item = &Holding> {
        self.holdings.iter()
    }

    /// All absences.
    pub fn absences(&self) -> impl Iterator<Item = &Absence> {
        self.absences.iter()
    }

    fn absence(&self, officer: &OfficerId, now: Timestamp) -> Option<&Absence> {
        self.absences
            .iter()
            .find(|absence| absence.officer == *officer && absence.from <= now && now < absence.until)
    }

    /// When the office's holder next becomes absent, or leaves it, or its unit ends.
    pub fn next_absence(&self, office: &OfficeId, now: Timestamp) -> Option<Timestamp> {
        let held = || self.holdings.iter().filter(|held| held.office == *office);
        let away = self.absences.iter().filter(|absence| held().any(|held| held.officer == absence.officer));
        let leaves = held().filter_map(|held| held.until);
        let away = away.map(|absence| absence.from).chain(leaves).chain(self.end_of_unit_of(office));
        away.filter(|instant| *instant > now).min()
    }

    /// A topic.
    pub fn topic(&self, id: &str) -> Option<&Term> {
        self.topics.get(id)
    }

    /// An area.
    pub fn area(&self, id: &str) -> Option<&Term> {
        self.areas.get(id)
    }

    /// All topics.
    pub fn topics(&self) -> impl Iterator<Item = &Term> {
        self.topics.values()
    }

    /// All areas.
    pub fn areas(&self) -> impl Iterator<Item = &Term> {
        self.areas.values()
    }

    /// Whether a topic is this one, or stands below it.
    pub fn is_topic_of(&self, topic: &str, wanted: &str) -> bool {
        lies_below(&self.topics, topic, wanted)
    }

    /// Whether an area is this one, or lies in it.
    pub fn is_area_of(&self, area: &str, wanted: &str) -> bool {
        lies_below(&self.areas, area, wanted)
    }
}

/// Whether a term is the wanted one, or stands below it in the tree.
fn lies_below(terms: &BTreeMap<String, Term>, term: &str, wanted: &str) -> bool {
    let mut at = Some(term);
    // No further than there are terms: a circle ends too.
    for _ in 0..=terms.len() {
        match at {
            Some(term) if term == wanted => return true,
            Some(term) => at = terms.get(term).and_then(|found| found.parent.as_deref()),
            None => return false,
        }
    }
    false
}

impl Holding {
    /// Whether the office is held at a time.
    pub fn counts(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}
