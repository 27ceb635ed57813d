//! Reading: one case, what has come due, how far it is.

use std::sync::Arc;

use domain::Case;
use events::{CaseId, Digest, Timestamp};
use rusqlite::{OptionalExtension as _, Row as Line, params};
use uuid::Uuid;

use super::{Mark, Resumed, Row, Store, StoreError, checksum, number};
use crate::fold::Raised;

/// The columns of a case, in the order in which [`kept`] takes them.
pub(super) const COLUMNS: &str = "raised, rank, sequence, wake, unsettled, checksum, fold";

/// A case as its columns have it.
pub(super) struct Kept {
    raised: Raised,
    sequence: u64,
    wake: Option<i64>,
    unsettled: bool,
    checksum: Vec<u8>,
    fold: Vec<u8>,
}

impl Store {
    /// A case, if it is kept and sound.
    pub(crate) fn case(&self, id: CaseId) -> Result<Option<Row>, StoreError> {
        let reader = self.reader();
        let mut select = reader.prepare_cached(&format!("SELECT {COLUMNS} FROM cases WHERE id = ?1"))?;
        let found = select.query_row([id.0.as_bytes()], kept).optional()?;
        found.map(read).transpose()
    }

    /// The case of a number.
    pub(crate) fn numbered(&self, code: &str) -> Result<Option<CaseId>, StoreError> {
        let reader = self.reader();
        let mut select = reader.prepare_cached("SELECT id FROM cases WHERE code = ?1")?;
        Ok(select.query_row([code], case_id).optional()?)
    }

    /// The cases whose instant has come, the urgent first; not more than so many.
    pub(crate) fn due(&self, now: Timestamp, most: usize) -> Result<Vec<CaseId>, StoreError> {
        let reader = self.reader();
        let mut select = reader
            .prepare_cached("SELECT id FROM cases WHERE wake <= ?1 ORDER BY urgency DESC, wake LIMIT ?2")?;
        let due = select.query_map(params![now.timestamp_micros(), number(most as u64)], case_id)?;
        Ok(due.collect::<Result<_, _>>()?)
    }

    /// The first instant after `now` that is noted for a case which is not `elsewhere`.
    pub(crate) fn next_due(
        &self,
        now: Timestamp,
        elsewhere: impl Fn(CaseId) -> bool,
    ) -> Result<Option<Timestamp>, StoreError> {
        let reader = self.reader();
        let mut select = reader.prepare_cached("SELECT wake, id FROM cases WHERE wake > ?1 ORDER BY wake")?;
        let mut rows = select.query([now.timestamp_micros()])?;
        while let Some(row) = rows.next()? {
            let id = row.get(1).map(|id| CaseId(Uuid::from_bytes(id)))?;
            if !elsewhere(id) {
                return Ok(Timestamp::from_timestamp_micros(row.get(0)?));
            }
        }
        Ok(None)
    }

    /// What must be known from the start.
    pub(crate) fn resume(&self) -> Result<Resumed, StoreError> {
        let reader = self.reader();
        let mark = reader.query_row("SELECT applied, digest FROM mark", [], |row| {
            let digest = row.get::<_, Option<[u8; 32]>>(1)?;
            Ok(Mark { applied: row.get::<_, i64>(0)?.unsigned_abs(), digest: digest.map(Digest::from_bytes) })
        })?;
        let mut ranks = reader.prepare("SELECT year, rank FROM ranks")?;
        let ranks = ranks.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        let ids = |select: &str| -> Result<Vec<CaseId>, StoreError> {
            Ok(reader.prepare(select)?.query_map([], case_id)?.collect::<Result<_, _>>()?)
        };
        let unreadable = ids("SELECT id FROM unreadable")?;
        let unsettled = ids("SELECT id FROM cases WHERE unsettled = 1")?;
        Ok(Resumed { mark, ranks, unreadable, unsettled })
    }
}

fn case_id(row: &Line<'_>) -> rusqlite::Result<CaseId> {
    row.get(0).map(|id| CaseId(Uuid::from_bytes(id)))
}

/// Takes the columns of a case.
pub(super) fn kept(row: &Line<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept {
        raised: Raised { sequence: row.get::<_, i64>(0)?.unsigned_abs(), rank: row.get(1)? },
        sequence: row.get::<_, i64>(2)?.unsigned_abs(),
        wake: row.get(3)?,
        unsettled: row.get(4)?,
        checksum: row.get(5)?,
        fold: row.get(6)?,
    })
}

/// The case of some columns, if nothing has happened to them.
pub(super) fn read(kept: Kept) -> Result<Row, StoreError> {
    let Kept { raised, sequence, wake, unsettled, checksum: expected, fold } = kept;
    if checksum(&fold) != expected {
        return Err(StoreError::Damaged(format!("the case raised at {} was altered", raised.sequence)));
    }
    let case: Case = serde_json::from_slice(&fold).map_err(|error| StoreError::Damaged(error.to_string()))?;
    let wake = wake.and_then(Timestamp::from_timestamp_micros);
    Ok(Row { case: Arc::new(case), sequence, raised, wake, unsettled, waiting: None })
}
