//! G6: how soon it is ready again with many open cases, and how punctual it then is.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use bus::{Bus, Principal, log, streams::CASES};
use chrono::TimeDelta;
use events::{Actor, Body, CaseId, Fact, Timestamp, Urgency};

use crate::{
    Failure,
    drive::{heading, row},
    figures::{Spread, grouped, millis},
    history::common_call,
    now,
    report::{Figure, Sheet},
    seed::{Model, Store},
    sink::Sink,
    system::{Installation, System},
};

/// How many are due at random instants, and over how many seconds.
const SPREAD: u32 = 2_000;
const OVER: u32 = 60;

/// How many are due in one second.
const AT_ONCE: u32 = 5_000;

/// How long after the last instant is waited for what is missing.
const PATIENCE: Duration = Duration::from_mins(1);

/// What was measured.
#[derive(Debug)]
pub struct Outcome {
    /// How many cases were open.
    pub cases: u32,
    /// From the start until ready: the first time with that log, after an orderly stop, and after a kill.
    pub ready: [Duration; 3],
    /// How late those were recorded that were due at different times, in microseconds.
    pub spread: Lateness,
    /// How late those were recorded that were due in the same second.
    pub at_once: Lateness,
    /// How many of the more urgent half of these were recorded after the first of the less urgent half.
    pub overtaken: usize,
}

/// How late facts were recorded.
#[derive(Clone, Debug, Default)]
pub struct Lateness {
    /// How late, in microseconds.
    pub late: Spread,
    /// How many were recorded before they were due.
    pub early: usize,
    /// How many were not recorded at all.
    pub missing: usize,
}

/// A fact that a timer made.
struct Fired {
    case: CaseId,
    due: Timestamp,
    recorded: Timestamp,
}

/// Runs it on an installation of its own.
pub async fn run(binary: &Path, cases: u32, keep: bool) -> Result<Outcome, Failure> {
    let sink = Sink::start()?;
    let installation = Installation::new(binary, keep)?;
    let mut model = Model::raise(&installation, &sink, &[common_call]).await?;
    let store = Store::open(&installation.data()).await?;
    model.add_quiet(&store, cases.saturating_sub(model.cases())).await?;
    store.close().await?;
    let open = model.cases();
    let start = async || {
        let began = Instant::now();
        let system = installation.start(sink.address).await?;
        Ok::<_, Failure>((system, began.elapsed()))
    };
    let (system, first) = start().await?;
    system.stop().await?;
    let (system, second) = start().await?;
    system.kill().await?;
    let (system, third) = start().await?;
    system.stop().await?;

    let ready = [first, second, third];
    let longest = ready.into_iter().max().unwrap_or_default();
    let spread = punctuality(&installation, &sink, &mut model, &scattered(begin_at(longest))).await?.0;
    let same = vec![begin_at(longest); AT_ONCE as usize];
    let (at_once, overtaken) = punctuality(&installation, &sink, &mut model, &same).await?;
    Ok(Outcome { cases: open, ready, spread, at_once, overtaken })
}

/// A whole second by which the system is surely up: seeding takes its time too.
fn begin_at(longest: Duration) -> Timestamp {
    let seconds = i64::try_from(longest.as_secs() * 2).unwrap_or_default() + 20;
    let at = now() + TimeDelta::seconds(seconds);
    Timestamp::from_timestamp(at.timestamp(), 0).unwrap_or(at)
}

/// Whole seconds in no order.
fn scattered(from: Timestamp) -> Vec<Timestamp> {
    // Any number without a common divisor with the number of seconds visits each of them.
    (0..SPREAD).map(|place| from + TimeDelta::seconds(i64::from(place * 37 % OVER))).collect()
}

/// Adds cases that are due at these instants, starts the system before the first of them, and sees when it records
/// each; says too how many urgent ones came after one that is not.
async fn punctuality(
    installation: &Installation,
    sink: &Sink,
    model: &mut Model,
    instants: &[Timestamp],
) -> Result<(Lateness, usize), Failure> {
    let store = Store::open(&installation.data()).await?;
    model.add_due(&store, instants).await?;
    store.close().await?;
    let system = installation.start(sink.address).await?;
    let from = system.readiness().await?.fold;
    let first = instants.iter().min().copied().unwrap_or_default();
    if system.ready.time >= first {
        return Err("it was not ready before the first instant: the machine is too slow for this".into());
    }
    let last = instants.iter().max().copied().unwrap_or_default();
    let fired = fired(&system, from, instants.len(), last).await?;
    let urgent = urgencies(&system).await?;
    system.stop().await?;
    let late = fired.iter().map(|fired| (fired.recorded - fired.due).num_microseconds().unwrap_or(i64::MAX));
    let late: Vec<i64> = late.collect();
    let lateness = Lateness {
        early: late.iter().filter(|late| **late < 0).count(),
        missing: instants.len().saturating_sub(fired.len()),
        late: Spread::of(late.iter().map(|late| u32::try_from((*late).max(0)).unwrap_or(u32::MAX)).collect()),
    };
    let is_urgent = |fired: &Fired| urgent.contains(&fired.case);
    let overtaken =
        fired.iter().skip_while(|fired| is_urgent(fired)).filter(|fired| is_urgent(fired)).count();
    Ok((lateness, overtaken))
}

/// Waits until so many overdue documents are recorded, or it is too late for that; in the order of the log.
async fn fired(system: &System, from: u64, count: usize, last: Timestamp) -> Result<Vec<Fired>, Failure> {
    let reader = system.connect(Principal::Views).await?;
    let (mut fired, mut next) = (Vec::new(), from + 1);
    while fired.len() < count && now() < last + PATIENCE {
        let entries = log::read(&reader, CASES, next, "case.>").await?;
        if let Some(newest) = entries.last() {
            next = newest.sequence + 1;
        } else {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for entry in entries {
            let fact = Fact::from_bytes(&entry.payload).map_err(|error| error.to_string())?;
            let events::AggregateId::Case(case) = fact.draft.aggregate else { continue };
            if matches!(fact.body(), Body::ConfirmationOverdue(_))
                && matches!(fact.origin().actor, Actor::System { .. })
            {
                fired.push(Fired { case, due: fact.origin().occurred_at, recorded: fact.recorded_at });
            }
        }
    }
    Ok(fired)
}

/// The cases that were raised as express.
async fn urgencies(system: &System) -> Result<std::collections::HashSet<CaseId>, Failure> {
    let reader: Bus = system.connect(Principal::Views).await?;
    let (mut urgent, mut next) = (std::collections::HashSet::new(), 1);
    loop {
        let entries = log::read(&reader, CASES, next, "case.>").await?;
        let Some(last) = entries.last() else { return Ok(urgent) };
        next = last.sequence + 1;
        for entry in entries {
            let fact = Fact::from_bytes(&entry.payload).map_err(|error| error.to_string())?;
            if let (Body::RaisedByPhone(raised), events::AggregateId::Case(case)) =
                (fact.body(), fact.draft.aggregate)
                && raised.urgency == Urgency::HoaToc
            {
                urgent.insert(case);
            }
        }
    }
}

impl Lateness {
    fn words(&self) -> String {
        format!("{} early, {} never", self.early, self.missing)
    }
}

impl Outcome {
    /// Whether nothing was early or forgotten.
    pub fn is_sound(&self) -> bool {
        [&self.spread, &self.at_once].iter().all(|lateness| lateness.early + lateness.missing == 0)
    }

    /// What is kept of it.
    pub fn note(&self, sheet: &mut Sheet) {
        let cases = grouped(f64::from(self.cases));
        let [first, second, third] = self.ready;
        let within = |took: Duration| took <= Duration::from_secs(2);
        let words = format!("{:.2} s, after a kill {:.2} s", second.as_secs_f64(), third.as_secs_f64());
        let figure = Figure::of("G6", format!("ready again with {cases} open cases"), words);
        let beside = format!("with no fold on the disk: {:.2} s", first.as_secs_f64());
        sheet.figure("g6-a", figure.wanted("≤ 2 s", within(second) && within(third)).beside(beside));
        let late = &self.spread.late;
        let words = format!("p99 {}, {}", millis(late.p99), self.spread.words());
        let figure = Figure::of("G6", format!("lateness of {SPREAD} deadlines spread over {OVER} s"), words);
        let met = late.p99 <= 1_000_000 && self.spread.early + self.spread.missing == 0;
        sheet.figure("g6-b", figure.wanted("p99 ≤ 1 s, never early", met));
        let late = &self.at_once.late;
        let (max, order) = (millis(late.max), self.overtaken);
        let words = format!("the last after {max}, {}, {order} urgent ones overtaken", self.at_once.words());
        let figure = Figure::of("G6", format!("{AT_ONCE} deadlines due in one second, all recorded"), words);
        let met = late.max <= 2_000_000 && self.at_once.early + self.at_once.missing + order == 0;
        sheet.figure("g6-c", figure.wanted("≤ 2 s, urgent first", met));
    }

    /// What a person reads.
    pub fn lines(&self) -> Vec<String> {
        let [first, second, third] = self.ready.map(|took| format!("{:.2} s", took.as_secs_f64()));
        vec![
            format!(
                "G6  ready with {} open cases: {first} the first time, {second} after a stop, {third} after a kill (goal: at most 2 s)",
                grouped(f64::from(self.cases))
            ),
            heading("recorded so long after it was due"),
            row(&format!("{SPREAD} over {OVER} s (goal: p99 at most 1 s)"), &self.spread.late),
            row(&format!("{AT_ONCE} in one second (goal: all in 2 s)"), &self.at_once.late),
            format!(
                "    spread out: {}; at once: {}, {} urgent ones after the first that is not",
                self.spread.words(),
                self.at_once.words(),
                self.overtaken
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_scattered_over_all_seconds() {
        let from = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        let instants = scattered(from);
        let seconds: std::collections::HashSet<_> = instants.iter().collect();
        assert_eq!((instants.len(), seconds.len()), (SPREAD as usize, OVER as usize));
        assert!(instants.iter().all(|instant| *instant >= from));
    }
}
