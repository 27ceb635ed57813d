//! The self-check: again and again all that is stored, on each server, is read and held against the trees, and some cases
//! and duties of the fold against what their facts say.

use std::{sync::Arc, time::Duration};

use bus::{
    Bus, Shelf as _,
    connection::ConnectTo,
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

/// How long a server is left alone that does not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads again and again until the process stops.
pub(crate) async fn watch(mut copy: Copy, books: Arc<Books>, chassis: Chassis) {
    let period = Duration::from_secs(chassis.config.audit.sweep_seconds.max(1));
    loop {
        let batches: u64 = books.logs.iter().map(|log| log.tiles().size() / log::BATCH as u64 + 1).sum();
        let pause = (period / u32::try_from(batches).unwrap_or(u32::MAX)).max(LEAST);
        if let Err(reason) = look(&books, &mut copy, &chassis, pause).await {
            tracing::warn!(server = copy.name(), reason, "the self-check waits");
            rest(&chassis, pause.max(PAUSE)).await;
        }
        if chassis.stop.is_cancelled() {
            return;
        }
    }
}

/// What is read: the logs as whoever answers has them, or the copies of one server of several.
///
/// A server answers its own clients from its own copy, so each is asked by a connection to it alone.
pub(crate) enum Copy {
    Whole(Bus),
    Of { to: ConnectTo, bus: Option<Bus> },
}

/// All that is to be read, each by itself.
pub(crate) fn copies(chassis: &Chassis) -> Vec<Copy> {
    if chassis.servers.is_empty() {
        return vec![Copy::Whole(chassis.bus.clone())];
    }
    chassis.servers.iter().map(|to| Copy::Of { to: to.clone(), bus: None }).collect()
}

impl Copy {
    fn name(&self) -> &str {
        match self {
            Self::Whole(_) => "any",
            Self::Of { to, .. } => &to.url,
        }
    }

    /// A connection, and the server's name where it is one of several.
    async fn connection(&mut self) -> Result<(Bus, Option<String>), String> {
        match self {
            Self::Whole(bus) => Ok((bus.clone(), None)),
            Self::Of { to, bus } => {
                let bus = match bus {
                    Some(bus) => bus,
                    None => bus.insert(Bus::connect(to).await.map_err(|error| error.to_string())?),
                };
                Ok((bus.clone(), Some(bus.server_name())))
            }
        }
    }
}

/// Reads all logs once.
async fn look(books: &Books, copy: &mut Copy, chassis: &Chassis, pause: Duration) -> Result<(), String> {
    let (bus, server) = copy.connection().await?;
    let mut whole = true;
    for log in &books.logs {
        let swept = sweep(books, log, &bus, server.as_deref(), chassis, pause).await;
        whole &= swept.map_err(|error| error.to_string())?;
    }
    if let Some(server) = server.filter(|_| whole && !chassis.stop.is_cancelled()) {
        books.whole_on(&server);
    }
    Ok(())
}

async fn rest(chassis: &Chassis, pause: Duration) {
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        () = chassis.stop.cancelled() => {}
    }
}

/// Reads a log once, as far as its tree goes; says whether all of it was as recorded. Of one server of several, `server`
/// says which.
async fn sweep(
    books: &Books,
    log: &Log,
    bus: &Bus,
    server: Option<&str>,
    chassis: &Chassis,
    pause: Duration,
) -> Result<bool, ReadError> {
    let (mut next, mut whole) = (1, true);
    while next <= log.tiles().size() && !chassis.stop.is_cancelled() {
        let size = log.tiles().size();
        let entries = log::read(bus, log.stream, next, ">").await?;
        let more = entries.len() >= log::BATCH;
        for entry in entries.iter().take_while(|entry| entry.sequence <= size) {
            if entry.sequence != next {
                whole = false;
                let what = follow::missing(next, entry.sequence);
                match server {
                    None => books.halt(log.stream, Some(next), what),
                    Some(server) => books.find_on(server, log.stream, next, &what),
                }
            }
            whole &= follow::compare(books, log, entry, server);
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
    Ok(whole)
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
