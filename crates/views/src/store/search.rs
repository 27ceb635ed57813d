//! Searching: what somebody may see and has these words, the newest stretch of the log first, in it the best first, and
//! of these the newest.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use domain::access::Principal;
use rusqlite::{Connection, params};

use super::{
    Store, StoreError,
    list::{Cases, Found, Seen},
    name, number,
};
use crate::{
    Filter,
    search::{Query, Stretch, Tier},
};

/// How many hits a search looks at in one go: the next page goes on from there.
const MOST_LOOKED_AT: usize = 2_000;

/// After how long a page ends between two stretches: the next page goes on from there.
const ENOUGH: Duration = Duration::from_millis(8);

/// How many longer words a beginning stands for: the shortest.
const MOST_LONGER: usize = 11;

impl Store {
    /// A page of hits. `filter.before` is a place that a page before gave, and such a one is what it gives. A page may be
    /// short and still have a next one.
    ///
    /// A hit stands behind all of its stretch that have the words at a better place, and then behind all newer ones:
    /// where it stands does not change with other cases.
    pub(crate) fn search(
        &self,
        principals: &BTreeSet<Principal>,
        query: &Query,
        filter: &Filter,
        most: usize,
    ) -> Result<Found, StoreError> {
        let mut rows = Vec::new();
        if principals.is_empty() {
            return Ok(Found { rows, next: None });
        }
        let began = Instant::now();
        let names: Vec<_> = principals.iter().map(name).collect();
        let (lister, party) = (self.lister(), filter.party());
        let longer = query.begun().map(|begun| longer(&lister, begun)).transpose()?.unwrap_or_default();
        let (mut cases, mut seen) = (Cases::of(self, &lister)?, Seen::of(&lister)?);
        let mut select = lister.prepare_cached(
            "SELECT rowid FROM texts WHERE texts MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC",
        )?;
        let newest: Option<i64> =
            lister.query_row("SELECT max(raised) FROM cases", [], |line| line.get(0))?;
        let end = newest.unwrap_or_default().unsigned_abs() + 1;
        let (mut first, mut before) = filter.before.map_or((0, end), read_place);
        before = before.min(end);
        let mut looked_at = 0;
        while before > 0 {
            let (stretch, mut bound) = (Stretch::of(before - 1), before);
            // Where the page begins behind a better place, what was found there is not known here.
            let mut better = Tier::ALL[..first].to_vec();
            for (place, tier) in (0..).zip(Tier::ALL).skip(first) {
                let (looked_at_before, is_begun) = (looked_at, bound < end.min(stretch.end()));
                let expression =
                    query.expression(principals, party.as_ref(), stretch, tier, &better, &longer);
                let mut found = select.query(params![expression, number(bound)])?;
                while let Some(line) = found.next()? {
                    let raised: i64 = line.get(0)?;
                    if rows.len() == most || looked_at == MOST_LOOKED_AT {
                        return Ok(Found { rows, next: Some(write_place(place, raised.unsigned_abs() + 1)) });
                    }
                    looked_at += 1;
                    // The index only spares looking at what nobody here may see: this is what decides.
                    if seen.by(&names, raised)?.is_some_and(|traits| traits.pass(filter)) {
                        rows.extend(cases.raised_at(raised)?);
                    }
                }
                // A place at which nothing stands need not be left out at the others.
                better.extend((looked_at > looked_at_before || is_begun).then_some(tier));
                bound = stretch.end();
            }
            (first, before) = (0, stretch.begin());
            if before > 0 && began.elapsed() > ENOUGH {
                return Ok(Found { rows, next: Some(write_place(0, before)) });
            }
        }
        Ok(Found { rows, next: None })
    }
}

/// The words that begin so and are longer.
fn longer(lister: &Connection, begun: &str) -> Result<Vec<String>, StoreError> {
    let mut select = lister.prepare_cached(
        "SELECT word FROM known_words WHERE word > ?1 AND word < ?2 ORDER BY length(word), word LIMIT ?3",
    )?;
    let behind = format!("{begun}{}", char::MAX);
    let found = select.query_map(params![begun, behind, number(MOST_LONGER as u64)], |line| line.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// How many kinds of places there are.
const TIERS: u64 = Tier::ALL.len() as u64;

/// A place among the hits as one number.
fn write_place(tier: u64, before: u64) -> u64 {
    before.saturating_mul(TIERS).saturating_add(tier)
}

fn read_place(place: u64) -> (usize, u64) {
    (usize::try_from(place % TIERS).unwrap_or_default(), place / TIERS)
}
