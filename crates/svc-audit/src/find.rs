//! Finds a fact in the log by its id. The id tells when the fact was proposed, it was recorded at once or not at all, and
//! who follows the log notes when its facts were recorded: so some pages are read where it must be.

use std::sync::{Mutex, PoisonError};

use bus::{
    Bus,
    log::{self, Entry, ReadError},
    streams::CASES,
};
use chrono::TimeDelta;
use events::{EventId, Timestamp, envelope};

/// How far before and after the time of an id is looked: where it is recorded at once by the same clock, then farther;
/// no proposal lives longer than the last.
const WINDOWS: [(TimeDelta, TimeDelta); 3] = [
    (TimeDelta::milliseconds(1), TimeDelta::milliseconds(200)),
    (TimeDelta::seconds(5), TimeDelta::seconds(5)),
    (TimeDelta::minutes(1), TimeDelta::minutes(1)),
];

/// How many facts are read at a time: most times the first page has it.
const PAGE: usize = 64;

/// When the facts of the log were recorded, as far as it was followed: one note for each page of it.
#[derive(Debug, Default)]
pub(crate) struct Times(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    /// The latest time among the facts of each page and of all before it: so they rise, whatever the order of the facts.
    pages: Vec<Timestamp>,
    latest: Timestamp,
}

impl Times {
    /// Notes when the next fact of the log was recorded. What was noted before may come again.
    pub(crate) fn note(&self, sequence: u64, recorded_at: Timestamp) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Noted { pages, latest } = &mut *noted;
        let whole = usize::try_from(sequence).unwrap_or(usize::MAX) / PAGE;
        while pages.len() < whole {
            pages.push(*latest);
        }
        *latest = recorded_at.max(*latest);
    }

    /// No fact before this place in the log was recorded at a time or later; and whether such a fact follows within a
    /// page, or nothing is known of what follows.
    fn first_from(&self, at: Timestamp) -> (u64, bool) {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = noted.pages.partition_point(|latest| *latest < at);
        (((before * PAGE) as u64).max(1), before < noted.pages.len())
    }
}

/// The message of a fact, if there is one.
pub(crate) async fn event(bus: &Bus, times: &Times, event: EventId) -> Result<Option<Entry>, ReadError> {
    let Some(at) = event.proposed_at() else { return Ok(None) };
    for (before, after) in WINDOWS {
        let mut next = first_from(bus, times, at - before).await?;
        loop {
            let entries = log::read_at_most(bus, CASES, next, ">", PAGE).await?;
            let Some(last) = entries.last() else { break };
            let past = recorded(last).is_some_and(|last| last > at + after);
            next = last.sequence + 1;
            if let Some(found) = entries.into_iter().find(|entry| id(entry) == Some(event)) {
                return Ok(Some(found));
            }
            if past {
                break;
            }
        }
    }
    Ok(None)
}

/// A place in the log before which no fact was recorded from a time on, as far as that is known. What was not followed yet
/// is searched as a book is: the log is nearly in the order in which facts were recorded.
async fn first_from(bus: &Bus, times: &Times, at: Timestamp) -> Result<u64, ReadError> {
    let (mut low, near) = times.first_from(at);
    if near {
        return Ok(low);
    }
    let mut high = log::last_sequence(bus, CASES).await? + 1;
    while high.saturating_sub(low) > PAGE as u64 {
        let middle = low.midpoint(high);
        let entries = log::read_at_most(bus, CASES, middle, ">", 1).await?;
        let before = entries.first().and_then(recorded).is_some_and(|recorded| recorded < at);
        if before { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}

fn id(entry: &Entry) -> Option<EventId> {
    envelope::link(&entry.payload).ok().map(|link| link.id)
}

fn recorded(entry: &Entry) -> Option<Timestamp> {
    envelope::link(&entry.payload).ok().map(|link| link.stamp.recorded_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_timestamp(i64::try_from(second).unwrap(), 0).unwrap()
    }

    #[test]
    fn a_time_leads_to_its_page() {
        let times = Times::default();
        assert_eq!(times.first_from(at(7)), (1, false));
        // One fact a second.
        (1..=1_000).for_each(|sequence| times.note(sequence, at(sequence)));
        for wanted in 1..960 {
            let (place, near) = times.first_from(at(wanted));
            assert!(near && place <= wanted && wanted < place + PAGE as u64, "{wanted}: {place}");
        }
        // The last page is not whole.
        for wanted in 960..1_100 {
            assert_eq!(times.first_from(at(wanted)), (960, false));
        }
    }

    #[test]
    fn disorder_gaps_and_repeats_hide_nothing() {
        let times = Times::default();
        let mut recorded = Vec::new();
        for sequence in (1..5_000).filter(|sequence| !(700..1_500).contains(sequence)) {
            // Up to two minutes before or behind.
            recorded.push((sequence, at(1_000 + sequence - sequence * 7_919 % 240)));
        }
        for _ in 0..2 {
            for (sequence, at) in &recorded {
                times.note(*sequence, *at);
            }
        }
        for second in (700..6_000).step_by(53) {
            let (place, _) = times.first_from(at(second));
            let skipped = recorded.iter().take_while(|(sequence, _)| *sequence < place);
            assert_eq!(skipped.filter(|(_, recorded)| *recorded >= at(second)).count(), 0, "{second}");
        }
        assert!(times.first_from(at(3_000)).0 > 1_500);
    }
}
