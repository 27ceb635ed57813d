//! Writing: all that has changed, in one transaction.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::{Batch, Row, Store, StoreError, checksum, name, number};

impl Store {
    /// Every live case is due: the rules have changed under which it was put on the agenda.
    pub(crate) fn wake_all(&self) -> Result<(), StoreError> {
        self.writer().execute(
            "UPDATE cases SET wake = 0 WHERE lifecycle NOT IN ('Closed', 'Withdrawn', 'Cancelled', 'Merged')",
            [],
        )?;
        Ok(())
    }

    /// Writes what has changed, all or nothing.
    pub(crate) fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let transaction = Connection::transaction(&mut writer)?;
        for row in &batch.rows {
            write_case(&transaction, row)?;
        }
        for (year, rank) in &batch.ranks {
            transaction
                .prepare_cached("INSERT INTO ranks VALUES (?1, ?2) ON CONFLICT DO UPDATE SET rank = ?2")?
                .execute(params![year, rank])?;
        }
        for case in &batch.unreadable {
            transaction
                .prepare_cached("INSERT INTO unreadable VALUES (?1) ON CONFLICT DO NOTHING")?
                .execute([case.0.as_bytes()])?;
        }
        let digest = batch.mark.digest.map(|digest| *digest.as_bytes());
        transaction
            .prepare_cached("UPDATE mark SET applied = ?1, digest = ?2")?
            .execute(params![number(batch.mark.applied), digest])?;
        transaction.commit()?;
        Ok(())
    }
}

fn write_case(transaction: &Transaction<'_>, row: &Row) -> Result<(), StoreError> {
    let raised = number(row.raised.sequence);
    let audience: BTreeSet<String> = row.case.audience.iter().map(name).collect();
    see_to_audience(transaction, raised, &audience)?;
    let fold = serde_json::to_vec(&*row.case).map_err(|error| StoreError::Damaged(error.to_string()))?;
    transaction
        .prepare_cached(
            "INSERT INTO cases VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (raised) DO UPDATE SET sequence = ?4, lifecycle = ?5, urgency = ?6, code = ?7, wake = ?8,
             unsettled = ?9, audience = ?10, checksum = ?11, fold = ?12",
        )?
        .execute(params![
            raised,
            row.case.id.0.as_bytes(),
            row.raised.rank,
            number(row.sequence),
            format!("{:?}", row.case.lifecycle),
            row.case.urgency as u8,
            row.case.code.as_ref().map(events::CaseCode::as_str),
            row.wake.map(|wake| wake.timestamp_micros()),
            row.unsettled,
            lines(&audience),
            checksum(&fold),
            fold,
        ])?;
    Ok(())
}

/// Who may see the case finds it: most changes of a case change nothing here.
fn see_to_audience(
    transaction: &Transaction<'_>,
    raised: i64,
    audience: &BTreeSet<String>,
) -> Result<(), StoreError> {
    let before: Option<String> = transaction
        .prepare_cached("SELECT audience FROM cases WHERE raised = ?1")?
        .query_row([raised], |row| row.get(0))
        .optional()?;
    let before: BTreeSet<String> = before.iter().flat_map(|names| names.lines()).map(str::to_owned).collect();
    for gone in before.difference(audience) {
        transaction
            .prepare_cached("DELETE FROM seen WHERE principal = ?1 AND raised = ?2")?
            .execute(params![gone, raised])?;
    }
    for come in audience.difference(&before) {
        transaction.prepare_cached("INSERT INTO seen VALUES (?1, ?2)")?.execute(params![come, raised])?;
    }
    Ok(())
}

fn lines(audience: &BTreeSet<String>) -> String {
    audience.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
}
