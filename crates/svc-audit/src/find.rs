//! Finds a fact in the log by its id. The id tells when the fact was proposed, it was recorded at once or not at all, and
//! the log is nearly in the order in which facts were recorded: so it is searched as a book is, and some pages are read
//! where it must be.

use bus::{
    Bus,
    log::{self, Entry, ReadError},
    streams::CASES,
};
use chrono::TimeDelta;
use events::{EventId, Timestamp, envelope};

/// By how much the time of an id may differ from the one at which its fact was recorded: no proposal lives so long.
const DISORDER: TimeDelta = TimeDelta::minutes(1);

/// The widths in which is looked around a time, the next one if the one before was too narrow.
const WIDTHS: [TimeDelta; 3] = [TimeDelta::milliseconds(200), TimeDelta::seconds(5), DISORDER];

/// How many facts are read at a time: most times the first page has it.
const PAGE: usize = 64;

/// The message of a fact, if there is one.
pub(crate) async fn event(bus: &Bus, event: EventId) -> Result<Option<Entry>, ReadError> {
    let Some(at) = event.proposed_at() else { return Ok(None) };
    for width in WIDTHS {
        let mut next = first_from(bus, at - width).await?;
        loop {
            let entries = log::read_at_most(bus, CASES, next, ">", PAGE).await?;
            let more = entries.len() >= PAGE;
            let past = entries.last().and_then(recorded).is_some_and(|last| last > at + width);
            next += PAGE as u64;
            if let Some(found) = entries.into_iter().find(|entry| id(entry) == Some(event)) {
                return Ok(Some(found));
            }
            if past || !more {
                break;
            }
        }
    }
    Ok(None)
}

/// The first place in the log at which facts were recorded from a time on, as if it were in that order.
async fn first_from(bus: &Bus, at: Timestamp) -> Result<u64, ReadError> {
    let (mut low, mut high) = (1, log::last_sequence(bus, CASES).await? + 1);
    while low < high {
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
