//! The self-check: again and again all that is stored, on each server, is read and held against the trees, and some cases
//! and duties of the fold against what their facts say.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

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

/// What is said of the first message that a copy does not have any more.
const CUT_OFF: &str = "the copy ends before it, and does not catch up";

/// Reads again and again until the process stops.
pub(crate) async fn watch(mut source: Source, books: Arc<Books>, chassis: Chassis) {
    let period = Duration::from_secs(chassis.config.audit.sweep_seconds.max(1));
    let mut waits_for = None;
    books.is_read(source.number);
    while !chassis.stop.is_cancelled() {
        let batches: u64 = books.logs.iter().map(|log| log.tiles().size() / log::BATCH as u64 + 1).sum();
        let pause = (period / u32::try_from(batches).unwrap_or(u32::MAX)).max(LEAST);
        match look(&books, &mut source, &chassis, pause).await {
            Ok(()) => {
                if waits_for.take().is_some() {
                    tracing::info!(server = source.name(), "the self-check goes on");
                }
            }
            Err(reason) => {
                // Of a server that is away for an hour it is said once.
                if waits_for.as_ref() != Some(&reason) {
                    tracing::warn!(server = source.name(), reason, "the self-check waits");
                    waits_for = Some(reason);
                }
                rest(&chassis, pause.max(PAUSE)).await;
            }
        }
    }
}

/// What is read: the logs as whoever answers has them, or the copies of one server of several.
///
/// A server answers its own clients from its own copy, so each is asked by a connection to it alone.
pub(crate) struct Source {
    /// The one server of several; none, where there is one log and whoever answers has it.
    only: Option<ConnectTo>,
    bus: Option<Bus>,
    /// Its place in [`Books::is_read`].
    number: usize,
    /// Where its copies ended when they were last read.
    ends: BTreeMap<&'static str, u64>,
}

/// All that is to be read, each by itself.
pub(crate) fn sources(chassis: &Chassis) -> Vec<Source> {
    let source = |number, only| Source { only, bus: None, number, ends: BTreeMap::new() };
    if chassis.servers.is_empty() {
        return vec![Source { bus: Some(chassis.bus.clone()), ..source(0, None) }];
    }
    (0..).zip(&chassis.servers).map(|(number, to)| source(number, Some(to.clone()))).collect()
}

impl Source {
    fn name(&self) -> &str {
        self.only.as_ref().map_or("any", |to| &to.url)
    }

    /// A connection, and the server's name where it is one of several.
    async fn connection(&mut self) -> Result<(Bus, Option<String>), String> {
        let bus = match (&self.bus, &self.only) {
            (Some(bus), _) => bus.clone(),
            (None, Some(to)) => Bus::connect(to).await.map_err(|error| error.to_string())?,
            (None, None) => return Err("there is no connection".to_owned()),
        };
        self.bus = Some(bus.clone());
        let name = self.only.is_some().then(|| bus.server_name());
        Ok((bus, name))
    }

    /// Whether a copy is short of what was recorded, and no longer than when it was read before: one that catches up is
    /// only late.
    fn stands_still(&mut self, stream: &'static str, swept: &Swept) -> bool {
        let before = self.ends.insert(stream, swept.end);
        swept.is_short() && before == Some(swept.end)
    }
}

/// What a reading of a log has come to.
struct Swept {
    /// How many messages had been recorded when it began.
    recorded: u64,
    /// The last sequence that was there.
    end: u64,
    /// Whether all that was there is what was recorded.
    same: bool,
}

impl Swept {
    fn is_short(&self) -> bool {
        self.end < self.recorded
    }
}

/// Reads all logs once.
async fn look(books: &Books, source: &mut Source, chassis: &Chassis, pause: Duration) -> Result<(), String> {
    let (bus, server) = source.connection().await?;
    let mut whole = true;
    for log in &books.logs {
        let swept = sweep(books, log, &bus, server.as_deref(), chassis, pause).await;
        let swept = swept.map_err(|error| error.to_string())?;
        if chassis.stop.is_cancelled() {
            return Ok(());
        }
        // Of one log for all, whoever follows it sees that it was cut off.
        if let Some(server) = &server
            && source.stands_still(log.stream, &swept)
        {
            books.find_on(server, log.stream, swept.end + 1, CUT_OFF);
        }
        // A tree that is being made anew says nothing of what was recorded.
        whole &= swept.same && !swept.is_short() && log.is_caught_up();
    }
    books.is_read(source.number);
    if let Some(server) = server.filter(|_| whole) {
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

/// Reads a log once, as far as its tree goes. Of one server of several, `server` says which.
async fn sweep(
    books: &Books,
    log: &Log,
    bus: &Bus,
    server: Option<&str>,
    chassis: &Chassis,
    pause: Duration,
) -> Result<Swept, ReadError> {
    let (recorded, losses) = (log.tiles().size(), bus.losses());
    let (mut next, mut same) = (1, true);
    let absent = |from, until| {
        let what = follow::missing(from, until);
        match server {
            None => books.halt(log.stream, Some(from), what),
            Some(server) => books.find_on(server, log.stream, from, &what),
        }
    };
    loop {
        let (began, from, size) = (Instant::now(), next, log.tiles().size());
        let entries = if next <= size { log::read(bus, log.stream, next, ">").await? } else { Vec::new() };
        if bus.losses() != losses {
            // A server that comes back has read its files anew: they are read from the start.
            return Err(ReadError::Silent { stream: log.stream });
        }
        for entry in entries.iter().take_while(|entry| entry.sequence <= size) {
            if entry.sequence != next {
                same = false;
                absent(next, entry.sequence);
            }
            same &= follow::compare(books, log, entry, server);
            next = entry.sequence + 1;
        }
        if log.stream == CASES
            && let Some(last) = entries.last()
        {
            fold(books, last, chassis).await?;
        }
        // An empty log takes its time too.
        if !entries.is_empty() || next == 1 {
            rest(chassis, pause.saturating_sub(began.elapsed())).await;
        }
        if next == from || chassis.stop.is_cancelled() {
            // Only what came later is there.
            if next == from && !entries.is_empty() {
                same = false;
                absent(next, size + 1);
            }
            return Ok(Swept { recorded, end: next - 1, same });
        }
    }
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
