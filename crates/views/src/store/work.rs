//! What waits for the agencies, soonest first.

use std::{collections::BTreeSet, fmt, str::FromStr};

use domain::{access::Principal, work::Waiting};
use events::AgencyId;
use rusqlite::{Row as Line, params_from_iter, types::Value};

use super::{
    Row, Store, StoreError,
    list::{Cases, Seen},
    name, number,
};

/// How many entries are looked at in one go: the next page goes on from there.
const MOST_LOOKED_AT: usize = 5_000;

/// The instant of what has no clock: behind everything that has one.
const NEVER: i64 = i64::MAX;

/// Something that waits, as it stands in the order: by its instant, then by the age of its case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    due: i64,
    raised: i64,
    owed: String,
    instance: u32,
}

/// A page as it is found on disk.
pub(crate) struct FoundWork {
    pub(crate) rows: Vec<(Entry, Row)>,
    /// The last entry that was looked at, if there are more.
    pub(crate) next: Option<Entry>,
}

impl Entry {
    /// Whether it is this.
    pub(crate) fn is(&self, waiting: &Waiting) -> bool {
        let due = waiting.due.map_or(NEVER, |due| due.timestamp());
        (self.due, &*self.owed, self.instance) == (due, &*waiting.owed.to_string(), waiting.instance)
    }

    /// The lines under which the agencies find what waits for them in a case.
    pub(super) fn lines(waiting: &[Waiting]) -> BTreeSet<String> {
        let line = |item: &Waiting, agency: &AgencyId| {
            let due = item.due.map_or(NEVER, |due| due.timestamp());
            format!("{due} {} {} {agency}", item.owed, item.instance)
        };
        waiting.iter().flat_map(|item| item.who.iter().map(move |agency| line(item, agency))).collect()
    }

    /// What such a line says, of a case that was raised there.
    pub(super) fn of_line(line: &str, raised: i64) -> Option<(String, Self)> {
        let mut words = line.splitn(4, ' ');
        let due = words.next()?.parse().ok()?;
        let owed = words.next()?.to_owned();
        let instance = words.next()?.parse().ok()?;
        Some((words.next()?.to_owned(), Self { due, raised, owed, instance }))
    }

    fn kept(line: &Line<'_>) -> rusqlite::Result<(String, Self)> {
        let (due, raised, owed, instance) = (line.get(1)?, line.get(2)?, line.get(3)?, line.get(4)?);
        Ok((line.get(0)?, Self { due, raised, owed, instance }))
    }

    /// Its values, in the order of the index.
    pub(super) fn values(&self) -> [Value; 4] {
        let Self { due, raised, owed, instance } = self;
        [
            Value::Integer(*due),
            Value::Integer(*raised),
            Value::Text(owed.clone()),
            Value::Integer(i64::from(*instance)),
        ]
    }
}

/// As it is given from page to page.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { due, raised, owed, instance } = self;
        write!(f, "{due}.{raised}.{instance}.{owed}")
    }
}

/// That is no place in a list of what waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it was not given by a page before")]
pub struct NoEntry;

impl FromStr for Entry {
    type Err = NoEntry;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(4, '.');
        let due = parts.next().and_then(|part| part.parse().ok()).ok_or(NoEntry)?;
        let raised = parts.next().and_then(|part| part.parse().ok()).ok_or(NoEntry)?;
        let instance = parts.next().and_then(|part| part.parse().ok()).ok_or(NoEntry)?;
        let owed = parts.next().ok_or(NoEntry)?.to_owned();
        Ok(Self { due, raised, owed, instance })
    }
}

impl Store {
    /// Forgets all that waits.
    #[cfg(test)]
    pub(crate) fn forget_work(&self) {
        self.writer().execute_batch("DELETE FROM work; UPDATE cases SET waiting = '';").unwrap();
    }

    /// A page of what waits for some agencies in cases that somebody may see, as far as he `does` such things. It
    /// looks at so many entries and no more: a page may be short and still have a next one.
    pub(crate) fn work(
        &self,
        principals: &BTreeSet<Principal>,
        agencies: &BTreeSet<AgencyId>,
        does: impl Fn(&AgencyId, &str) -> bool,
        after: Option<&Entry>,
        most: usize,
    ) -> Result<FoundWork, StoreError> {
        let mut rows: Vec<(Entry, Row)> = Vec::new();
        if agencies.is_empty() {
            return Ok(FoundWork { rows, next: None });
        }
        let names: Vec<_> = principals.iter().map(name).collect();
        let lister = self.lister();
        let (mut cases, mut seen) = (Cases::of(self, &lister)?, Seen::of(&lister)?);
        let one = "SELECT agency, due, raised, owed, instance FROM work
                   WHERE agency = ? AND (due, raised, owed, instance) > (?, ?, ?, ?)";
        let merged = vec![one; agencies.len()].join(" UNION ALL ");
        let mut select = lister.prepare_cached(&format!("{merged} ORDER BY due, raised, owed, instance"))?;
        let first = Entry { due: i64::MIN, raised: number(0), owed: String::new(), instance: 0 };
        let after = after.unwrap_or(&first).values();
        let values = agencies
            .iter()
            .flat_map(|agency| [Value::Text(agency.to_string())].into_iter().chain(after.clone()));
        let mut found = select.query_map(params_from_iter(values), Entry::kept)?;
        let (mut looked_at, mut last) = (0, None);
        while let Some((agency, entry)) = found.next().transpose()? {
            // Two of his agencies may owe the same.
            let again = rows.last().is_some_and(|(before, _)| *before == entry);
            if again || !does(&AgencyId::from(&*agency), &entry.owed) {
                looked_at += 1;
            } else if rows.len() == most {
                return Ok(FoundWork { rows, next: last });
            } else {
                looked_at += 1;
                if seen.by(&names, entry.raised)?.is_some()
                    && let Some(row) = cases.raised_at(entry.raised)?
                {
                    rows.push((entry.clone(), row));
                }
            }
            last = Some(entry);
            if looked_at == MOST_LOOKED_AT {
                return Ok(FoundWork { rows, next: last });
            }
        }
        Ok(FoundWork { rows, next: None })
    }
}
