//! Lists: what somebody may see, newest first (DESIGN D9).

use std::collections::BTreeSet;

use domain::access::Principal;
use rusqlite::{params, params_from_iter, types::Value};

use super::{
    Row, Store, StoreError, name, number,
    read::{COLUMNS, kept, read},
};
use crate::Filter;

/// How many cases a list looks at in one go: the next page goes on from there.
const MOST_LOOKED_AT: usize = 5_000;

/// A page as it is found on disk.
pub(crate) struct Found {
    pub(crate) rows: Vec<Row>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<u64>,
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
        let filtered = filter.lifecycle.is_some() || filter.urgency.is_some();
        let looked_at = if filtered { MOST_LOOKED_AT } else { most };
        let candidates = self.visible(principals, filter.before, looked_at + 1)?;
        let reader = self.reader();
        let mut select = reader.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM cases WHERE raised = ?1
             AND (?2 IS NULL OR lifecycle = ?2) AND (?3 IS NULL OR urgency = ?3)"
        ))?;
        let lifecycle = filter.lifecycle.map(|lifecycle| format!("{lifecycle:?}"));
        let urgency = filter.urgency.map(|urgency| urgency as u8);
        let mut rows = Vec::new();
        for (at, raised) in candidates.into_iter().enumerate() {
            if rows.len() == most || at == looked_at {
                return Ok(Found { rows, next: Some(raised.unsigned_abs() + 1) });
            }
            let mut found = select.query_map(params![raised, lifecycle, urgency], kept)?;
            if let Some(found) = found.next() {
                match read(found?) {
                    Ok(row) => rows.push(row),
                    Err(error) => self.condemn(&error),
                }
            }
        }
        Ok(Found { rows, next: None })
    }

    /// Where the cases were raised that somebody may see, newest first.
    fn visible(
        &self,
        principals: &BTreeSet<Principal>,
        before: Option<u64>,
        most: usize,
    ) -> Result<Vec<i64>, StoreError> {
        if principals.is_empty() {
            return Ok(Vec::new());
        }
        // Each group's own newest are read from the index; only these few are then sorted.
        let newest = "SELECT * FROM (SELECT raised FROM seen WHERE principal = ? AND raised < ?
                      ORDER BY raised DESC LIMIT ?)";
        let union = vec![newest; principals.len()].join(" UNION ");
        let (before, most) = (number(before.unwrap_or(u64::MAX)), number(most as u64));
        let values = principals.iter().flat_map(|principal| {
            [Value::Text(name(principal)), Value::Integer(before), Value::Integer(most)]
        });
        let values: Vec<Value> = values.chain([Value::Integer(most)]).collect();
        let reader = self.reader();
        let mut select = reader.prepare_cached(&format!("{union} ORDER BY raised DESC LIMIT ?"))?;
        let raised = select.query_map(params_from_iter(values), |row| row.get(0))?;
        Ok(raised.collect::<Result<_, _>>()?)
    }
}
