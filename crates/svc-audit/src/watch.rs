//! The self-check: again and again all that is stored is read and held against the trees, and some cases and duties of the
//! fold against what their facts say.

use std::{sync::Arc, time::Duration};

use bus::{
    Shelf as _,
    log::{self, Entry, ReadError},
    streams::CASES,
};
use domain::duties::Duty;
use events::{AggregateId, envelope};
use service::Chassis;

use crate::{
    books::{Books, Log},
    follow,
};

/// The least time for one reading of [`log::BATCH`] messages: so the check never takes more than a small part of a
/// processor.
const LEAST: Duration = Duration::from_millis(150);

/// Goes on until the process stops.
pub(crate) async fn watch(books: Arc<Books>, chassis: Chassis) {
    let period = Duration::from_secs(chassis.config.audit.sweep_seconds.max(1));
    loop {
        let batches: u64 = books.logs.iter().map(|log| log.tiles().size() / log::BATCH as u64 + 1).sum();
        let pause = (period / u32::try_from(batches).unwrap_or(u32::MAX)).max(LEAST);
        for log in &books.logs {
            if let Err(error) = sweep(&books, log, &chassis, pause).await {
                tracing::warn!(stream = log.stream, %error, "the self-check waits");
                rest(&chassis, pause).await;
            }
            if chassis.stop.is_cancelled() {
                return;
            }
        }
    }
}

async fn rest(chassis: &Chassis, pause: Duration) {
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        () = chassis.stop.cancelled() => {}
    }
}

/// Reads a log once, as far as its tree goes.
async fn sweep(books: &Books, log: &Log, chassis: &Chassis, pause: Duration) -> Result<(), ReadError> {
    let mut next = 1;
    while next <= log.tiles().size() && !chassis.stop.is_cancelled() {
        let size = log.tiles().size();
        let entries = log::read(&chassis.bus, log.stream, next, ">").await?;
        let more = entries.len() >= log::BATCH;
        for entry in entries.iter().take_while(|entry| entry.sequence <= size) {
            if entry.sequence != next {
                books.halt(log.stream, Some(next), follow::missing(next, entry.sequence));
            }
            follow::compare(books, log, entry);
            next = entry.sequence + 1;
        }
        if log.stream == CASES
            && let Some(last) = entries.last()
        {
            fold(books, last, chassis).await?;
        }
        rest(chassis, pause).await;
        if !more {
            break;
        }
    }
    // An empty log takes its time too.
    if next == 1 {
        rest(chassis, pause).await;
    }
    Ok(())
}

/// Whether a case or a duty that the process works with is what its facts make of it.
async fn fold(books: &Books, of: &Entry, chassis: &Chassis) -> Result<(), ReadError> {
    let Ok(link) = envelope::link(&of.payload) else { return Ok(()) };
    let (place, agrees, mend) = match link.aggregate {
        AggregateId::Case(id) => {
            let Some(shown) = chassis.views.get(id) else { return Ok(()) };
            let made = replayed(link.aggregate, shown.sequence, chassis, bus::fold).await?;
            let agrees = made.is_none_or(|made| made == *shown.case);
            (shown.sequence, agrees, "delete the folder of the fold and start again")
        }
        AggregateId::Duty(id) => {
            let Some(shown) = chassis.views.duty(id) else { return Ok(()) };
            let made = replayed(link.aggregate, shown.sequence, chassis, bus::fold_whole::<Duty>).await?;
            // It is read from the log at every start.
            (shown.sequence, made.is_none_or(|made| made == *shown.it), "start again")
        }
        AggregateId::Directory | AggregateId::Document(_) => return Ok(()),
    };
    if !agrees {
        let subject = link.aggregate.subject();
        let what = format!("{subject} is shown as its facts do not make it: {mend}");
        books.find("fold", Some(place), what);
    }
    Ok(())
}

/// A case or a duty as its facts up to a place in the log make it, if all of them are there.
async fn replayed<T>(
    of: AggregateId,
    up_to: u64,
    chassis: &Chassis,
    fold: impl Fn(Option<T>, &[u8]) -> Result<T, String>,
) -> Result<Option<T>, ReadError> {
    let subject = of.subject();
    let (mut it, mut next, mut reached) = (None, 1, 0);
    loop {
        let entries = log::read(&chassis.bus, CASES, next, &subject).await?;
        for entry in entries.iter().take_while(|entry| entry.sequence <= up_to) {
            match fold(it.take(), &entry.payload) {
                Ok(folded) => (it, reached) = (Some(folded), entry.sequence),
                // Who follows the log tells of it.
                Err(_) => return Ok(None),
            }
        }
        match entries.last() {
            Some(last) if entries.len() >= log::BATCH && last.sequence < up_to => next = last.sequence + 1,
            // A server that is late has not the newest yet.
            _ => return Ok(it.filter(|_| reached == up_to)),
        }
    }
}
