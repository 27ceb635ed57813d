//! Lists: what somebody may see, newest first (DESIGN D9).

use std::{collections::BTreeSet, fmt};

use domain::{Case, access::Principal, deadlines};
use events::Lifecycle;
use rusqlite::{CachedStatement, Connection, Row as Line, params, params_from_iter, types::Value};

use super::{
    Row, Store, StoreError, name, number,
    read::{COLUMNS, kept, read},
};
use crate::Filter;

/// How many cases a list looks at in one go: the next page goes on from there.
const MOST_LOOKED_AT: usize = 5_000;

/// As how many cases one counts of which it must be looked up whether an agency takes part in it.
const PARTY_COSTS: usize = 2;

/// The columns of `seen` by which a list is narrowed, in the order in which [`Traits::kept`] takes them.
pub(super) const TRAITS: &str = "lifecycle, urgency, topic, area, exercise, due";

/// A page as it is found on disk.
pub(crate) struct Found {
    pub(crate) rows: Vec<Row>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<u64>,
}

/// By what of a case a list is narrowed.
pub(super) struct Traits {
    pub(super) lifecycle: String,
    pub(super) urgency: u8,
    pub(super) topic: String,
    pub(super) area: Option<String>,
    pub(super) exercise: bool,
    /// When the first of its deadlines is due that run.
    pub(super) due: Option<i64>,
}

impl Traits {
    pub(super) fn of(case: &Case) -> Self {
        let due = deadlines::running(case).map(|armed| armed.deadline.due.timestamp_micros()).min();
        Self {
            lifecycle: lifecycle_name(case.lifecycle),
            urgency: case.urgency as u8,
            topic: case.matter.topic.clone(),
            area: case.matter.area.clone(),
            exercise: case.matter.exercise,
            due,
        }
    }

    /// Takes the traits from a line in which they begin at a column.
    pub(super) fn kept(line: &Line<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            lifecycle: line.get(first)?,
            urgency: line.get(first + 1)?,
            topic: line.get(first + 2)?,
            area: line.get(first + 3)?,
            exercise: line.get(first + 4)?,
            due: line.get(first + 5)?,
        })
    }

    /// Whether a list that asks for this has the case.
    pub(super) fn pass(&self, filter: &Filter) -> bool {
        let Filter { lifecycle, urgency, topics, areas, exercise, due_before, .. } = filter;
        lifecycle.is_none_or(|wanted| self.lifecycle == lifecycle_name(wanted))
            && urgency.is_none_or(|wanted| self.urgency == wanted as u8)
            && topics.as_ref().is_none_or(|wanted| wanted.contains(&self.topic))
            && areas
                .as_ref()
                .is_none_or(|wanted| self.area.as_ref().is_some_and(|area| wanted.contains(area)))
            && exercise.is_none_or(|wanted| self.exercise == wanted)
            && due_before.is_none_or(|wanted| self.due.is_some_and(|due| due < wanted.timestamp_micros()))
    }
}

impl fmt::Display for Traits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lifecycle, urgency, topic, area, exercise, due } = self;
        write!(f, "{lifecycle} {urgency} {topic} {area:?} {exercise} {due:?}")
    }
}

/// How a state is called in the database.
fn lifecycle_name(lifecycle: Lifecycle) -> String {
    format!("{lifecycle:?}")
}

/// Reads single cases, as long as a list is read.
pub(super) struct Cases<'a> {
    store: &'a Store,
    select: CachedStatement<'a>,
}

impl<'a> Cases<'a> {
    pub(super) fn of(store: &'a Store, lister: &'a Connection) -> Result<Self, StoreError> {
        let select = lister.prepare_cached(&format!("SELECT {COLUMNS} FROM cases WHERE raised = ?1"))?;
        Ok(Self { store, select })
    }

    /// The case that was raised there; none if it is not kept or not sound.
    pub(super) fn raised_at(&mut self, raised: i64) -> Result<Option<Row>, StoreError> {
        let Some(found) = self.select.query_map([raised], kept)?.next().transpose()? else { return Ok(None) };
        match read(found) {
            Ok(row) => Ok(Some(row)),
            Err(error) => {
                self.store.condemn(&error);
                Ok(None)
            }
        }
    }
}

/// Says who may see a case, and what it is like, as long as a list is read.
pub(super) struct Seen<'a> {
    select: CachedStatement<'a>,
}

impl<'a> Seen<'a> {
    pub(super) fn of(lister: &'a Connection) -> Result<Self, StoreError> {
        let select = format!("SELECT {TRAITS} FROM seen WHERE principal = ?1 AND raised = ?2");
        Ok(Self { select: lister.prepare_cached(&select)? })
    }

    /// The traits of a case, if one of these groups may see it.
    pub(super) fn by(&mut self, names: &[String], raised: i64) -> Result<Option<Traits>, StoreError> {
        for name in names {
            let mut found = self.select.query_map(params![name, raised], |line| Traits::kept(line, 0))?;
            if let Some(traits) = found.next() {
                return Ok(Some(traits?));
            }
        }
        Ok(None)
    }
}

impl Store {
    /// A page of what somebody may see. It looks at so many cases and no more: a page may be short and still have a
    /// next one.
    pub(crate) fn list(
        &self,
        principals: &BTreeSet<Principal>,
        filter: &Filter,
        most: usize,
    ) -> Result<Found, StoreError> {
        let mut rows = Vec::new();
        if principals.is_empty() {
            return Ok(Found { rows, next: None });
        }
        let party: Vec<_> = filter.party().iter().map(name).collect();
        let lister = self.lister();
        let (mut cases, mut seen) = (Cases::of(self, &lister)?, Seen::of(&lister)?);
        // What each group may see comes from the index, newest first, and is merged as it is read.
        let one = format!("SELECT raised, {TRAITS} FROM seen WHERE principal = ? AND raised < ?");
        let merged = vec![one; principals.len()].join(" UNION ALL ");
        let mut select = lister.prepare_cached(&format!("{merged} ORDER BY raised DESC"))?;
        let before = number(filter.before.unwrap_or(u64::MAX));
        let values = principals.iter().flat_map(|each| [Value::Text(name(each)), Value::Integer(before)]);
        let mut found = select.query(params_from_iter(values))?;
        let (mut looked_at, mut last) = (0, None);
        while let Some(line) = found.next()? {
            let raised: i64 = line.get(0)?;
            // Several of the groups may see it.
            if last.replace(raised) == Some(raised) {
                continue;
            }
            if rows.len() == most || looked_at >= MOST_LOOKED_AT {
                return Ok(Found { rows, next: Some(raised.unsigned_abs() + 1) });
            }
            looked_at += if party.is_empty() { 1 } else { PARTY_COSTS };
            let is_party = party.is_empty() || seen.by(&party, raised)?.is_some();
            if is_party && Traits::kept(line, 1)?.pass(filter) {
                rows.extend(cases.raised_at(raised)?);
            }
        }
        Ok(Found { rows, next: None })
    }
}
