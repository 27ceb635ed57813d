//! Writing: all that has changed, in one transaction.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _, Transaction, params, params_from_iter, types::Value};

use super::{Batch, Entry, Row, Store, StoreError, checksum, list::Traits, name, number};
use crate::search::{self, Indexed, Stretch};

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
        // In their order: the index of words keeps them so, and writes what it holds when one comes out of it.
        let mut rows: Vec<_> = batch.rows.iter().collect();
        rows.sort_unstable_by_key(|row| row.raised.sequence);
        for row in rows {
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
    let before = transaction
        .prepare_cached("SELECT audience, traits, waiting, words FROM cases WHERE raised = ?1")?
        .query_row([raised], |row| {
            Ok(Before {
                audience: names(&row.get::<_, String>(0)?),
                traits: row.get(1)?,
                waiting: names(&row.get::<_, String>(2)?),
                words: Some(row.get(3)?),
            })
        })
        .optional()?
        .unwrap_or_default();
    let audience: BTreeSet<String> = row.case.audience.iter().map(name).collect();
    let traits = Traits::of(&row.case);
    let same = before.traits == traits.to_string();
    see_to_audience(transaction, raised, &before.audience, &audience, &traits, same)?;
    let waiting = row.waiting.as_deref().map_or_else(|| before.waiting.clone(), Entry::lines);
    see_to_work(transaction, raised, &before.waiting, &waiting)?;
    let indexed = search::indexed(&row.case, Stretch::of(row.raised.sequence));
    let words = checksum(indexed.words.as_bytes());
    if before.words.as_ref() != Some(&words) {
        see_to_words(transaction, raised, &indexed)?;
    }
    let fold = serde_json::to_vec(&*row.case).map_err(|error| StoreError::Damaged(error.to_string()))?;
    transaction
        .prepare_cached(
            "INSERT INTO cases VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
             ON CONFLICT (raised) DO UPDATE SET sequence = ?4, lifecycle = ?5, urgency = ?6, code = ?7, wake = ?8,
             unsettled = ?9, audience = ?10, traits = ?11, waiting = ?12, words = ?13, checksum = ?14, fold = ?15",
        )?
        .execute(params![
            raised,
            row.case.id.0.as_bytes(),
            row.raised.rank,
            number(row.sequence),
            traits.lifecycle,
            traits.urgency,
            row.case.code.as_ref().map(events::CaseCode::as_str),
            row.wake.map(|wake| wake.timestamp_micros()),
            row.unsettled,
            lines(&audience),
            traits.to_string(),
            lines(&waiting),
            words,
            checksum(&fold),
            fold,
        ])?;
    Ok(())
}

/// What was written of a case the last time, where it is found by more than one line.
#[derive(Default)]
struct Before {
    audience: BTreeSet<String>,
    traits: String,
    waiting: BTreeSet<String>,
    words: Option<Vec<u8>>,
}

/// Who may see the case finds it, and with it by what lists are narrowed: most changes of a case change nothing here.
fn see_to_audience(
    transaction: &Transaction<'_>,
    raised: i64,
    before: &BTreeSet<String>,
    audience: &BTreeSet<String>,
    traits: &Traits,
    same: bool,
) -> Result<(), StoreError> {
    for gone in before.difference(audience) {
        transaction
            .prepare_cached("DELETE FROM seen WHERE principal = ?1 AND raised = ?2")?
            .execute(params![gone, raised])?;
    }
    for name in audience.iter().filter(|name| !same || !before.contains(*name)) {
        let Traits { lifecycle, urgency, topic, area, exercise, due } = traits;
        transaction
            .prepare_cached(
                "INSERT INTO seen VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT DO UPDATE SET lifecycle = ?3, urgency = ?4, topic = ?5, area = ?6, exercise = ?7, due = ?8",
            )?
            .execute(params![name, raised, lifecycle, urgency, topic, area, exercise, due])?;
    }
    Ok(())
}

/// Whoever owes something finds it.
fn see_to_work(
    transaction: &Transaction<'_>,
    raised: i64,
    before: &BTreeSet<String>,
    waiting: &BTreeSet<String>,
) -> Result<(), StoreError> {
    let change = |statement: &str, lines: &mut dyn Iterator<Item = &String>| {
        for (agency, entry) in lines.filter_map(|line| Entry::of_line(line, raised)) {
            let values = [Value::Text(agency)].into_iter().chain(entry.values());
            transaction.prepare_cached(statement)?.execute(params_from_iter(values))?;
        }
        Ok::<_, StoreError>(())
    };
    change(
        "DELETE FROM work WHERE agency = ?1 AND due = ?2 AND raised = ?3 AND owed = ?4 AND instance = ?5",
        &mut before.difference(waiting),
    )?;
    change("INSERT INTO work VALUES (?1, ?2, ?3, ?4, ?5)", &mut waiting.difference(before))
}

/// The words of the case find it.
fn see_to_words(transaction: &Transaction<'_>, raised: i64, indexed: &Indexed) -> Result<(), StoreError> {
    transaction
        .prepare_cached("INSERT OR REPLACE INTO texts (rowid, words) VALUES (?1, ?2)")?
        .execute(params![raised, indexed.words])?;
    let mut insert = transaction.prepare_cached("INSERT OR IGNORE INTO known_words VALUES (?1)")?;
    for word in &indexed.known {
        insert.execute([word])?;
    }
    Ok(())
}

fn lines(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
}

fn names(lines: &str) -> BTreeSet<String> {
    lines.lines().map(str::to_owned).collect()
}
