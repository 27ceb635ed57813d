//! The self-check: again and again all that is stored is read and held against the trees, and some cases of the fold
//! against what their facts say.

use std::{sync::Arc, time::Duration};

use bus::{
    Shelf as _,
    log::{self, Entry, ReadError},
    streams::CASES,
};
use domain::Case;
use events::{AggregateId, CaseId, envelope};
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

/// Whether a case that the process works with is what its facts make of it.
async fn fold(books: &Books, of: &Entry, chassis: &Chassis) -> Result<(), ReadError> {
    let Ok(link) = envelope::link(&of.payload) else { return Ok(()) };
    let AggregateId::Case(id) = link.aggregate else { return Ok(()) };
    let Some(shown) = chassis.views.get(id) else { return Ok(()) };
    let Some(made) = replayed(id, shown.sequence, chassis).await? else { return Ok(()) };
    if made != *shown.case {
        let what = format!(
            "case {id} is shown as its facts do not make it: delete the folder of the fold and start again"
        );
        books.find("fold", Some(shown.sequence), what);
    }
    Ok(())
}

/// A case as its facts up to a place in the log make it.
async fn replayed(id: CaseId, up_to: u64, chassis: &Chassis) -> Result<Option<Case>, ReadError> {
    let subject = AggregateId::Case(id).subject();
    let (mut case, mut next) = (None, 1);
    loop {
        let entries = log::read(&chassis.bus, CASES, next, &subject).await?;
        for entry in entries.iter().take_while(|entry| entry.sequence <= up_to) {
            match bus::fold(case.take(), &entry.payload) {
                Ok(folded) => case = Some(folded),
                // Who follows the log tells of it.
                Err(_) => return Ok(None),
            }
        }
        match entries.last() {
            Some(last) if entries.len() >= log::BATCH && last.sequence < up_to => next = last.sequence + 1,
            _ => return Ok(case),
        }
    }
}
