//! G3: from the call to the mail: the relay's 250, one call at a time and 5,000 at once, beside alertmanager.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    Failure,
    alertmanager::{Alertmanager, raise},
    drive::{cells, counts, heading, row},
    figures::{Spread, float, grouped, micros, millis},
    history,
    load::{Client, Load, Plan},
    relay::{Relay, Tally},
    report::{Figure, Sheet},
    settle::settle,
    sink::Sink,
    system::Installation,
    usage::{Meter, Spent},
};

/// How long nothing happens between two calls, so that each finds everything at rest.
const REST: Duration = Duration::from_millis(20);

/// How long is waited for a mail.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long is waited before the relay's count is read again.
const PAUSE: Duration = Duration::from_millis(10);

/// Half of the calls have their mail with the relay after so many microseconds.
const WANTED_IDLE: u32 = 15_000;

/// So many mails a second in a burst.
const WANTED_RATE: f64 = 2_400.0;

/// How it is measured.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Calls one at a time, in each pass.
    pub rounds: usize,
    /// Calls of a burst.
    pub raises: u64,
    /// How many of them at a time.
    pub in_flight: usize,
    /// How often both are done, turn about with the peer.
    pub passes: usize,
}

/// What was measured.
#[derive(Debug)]
pub struct Outcome {
    shape: Shape,
    concord: Side,
    peer: Side,
    /// The version of the peer; none if it was left out.
    version: Option<String>,
}

/// What was measured of one.
#[derive(Debug, Default)]
struct Side {
    idle: Idle,
    bursts: Vec<Burst>,
}

/// From sending the request, in microseconds.
#[derive(Debug, Default)]
struct Idle {
    /// To its answer.
    answer: Vec<u32>,
    /// To the 250 for the first mail.
    first: Vec<u32>,
    /// To the 250 for the last mail.
    last: Vec<u32>,
    /// How many mails each call brings.
    mails: usize,
    /// How many processors others kept busy, in each pass.
    others: Vec<f64>,
}

/// Processor time, and the time in which it was used.
#[derive(Debug)]
struct Costs {
    time: Duration,
    spent: Spent,
}

/// A burst.
#[derive(Debug)]
struct Burst {
    /// What took the mails.
    relay: &'static str,
    /// The mails.
    tally: Tally,
    /// From the first request to the last answer.
    answered: Duration,
    /// From the first request to the last 250.
    done: Duration,
    /// What it took until all was at rest.
    costs: Costs,
    /// What failed, in words; `none` if nothing did.
    failures: String,
}

/// Measures both, turn about, each on an installation of its own.
pub async fn run(binary: &Path, shape: Shape, keep: bool) -> Result<Outcome, Failure> {
    let mut outcome = Outcome { shape, concord: Side::default(), peer: Side::default(), version: None };
    let mut with_peer = true;
    for _ in 0..shape.passes {
        outcome.concord.idle.add(idle(binary, shape.rounds, keep).await?);
        if with_peer {
            match peer_idle(shape.rounds).await {
                Ok((version, idle)) => {
                    outcome.version = Some(version);
                    outcome.peer.idle.add(idle);
                }
                // It is somebody else's program: that it is not there is no reason to measure nothing.
                Err(failure) => {
                    println!("G3  alertmanager is left out: {failure}");
                    with_peer = false;
                }
            }
        }
        outcome.concord.bursts.push(burst(binary, shape, keep).await?);
        if with_peer {
            outcome.peer.bursts.push(peer_burst(shape).await?);
        }
    }
    Ok(outcome)
}

/// One call at a time. The first does not count: it shows how many mails a call brings.
async fn idle(binary: &Path, rounds: usize, keep: bool) -> Result<Idle, Failure> {
    let sink = Sink::start()?;
    let installation = Installation::new(binary, keep)?;
    let system = installation.start(sink.address).await?;
    let call = history::common_call(system.ready.time);
    let plan = Plan::new(system.api, &system.tokens()?, "g3-", [call])?;
    let mut client = Client::new(&plan);
    let mut idle = Idle::default();
    let meter = system.meter();
    let (start, before) = (Instant::now(), meter.read());
    for round in 0..=rounds {
        let began = Instant::now();
        let case = client.act(round as u64, 0, "").await.flatten();
        let answered = Instant::now();
        let case = case.ok_or_else(|| format!("a call failed: {}", counts(&client.played.failures)))?;
        if round == 0 {
            settle(&system, || sink.taken(), answered).await?;
            idle.mails = sink.thread(&case).len();
            continue;
        }
        let mails = tokio::time::timeout(PATIENCE, sink.thread_of(&case, idle.mails)).await?;
        idle.take(began, answered, &mails)?;
        tokio::time::sleep(REST).await;
    }
    idle.others.push(meter.read().since(&before).others(start.elapsed()));
    system.stop().await?;
    Ok(idle)
}

/// The same of the peer, with its version.
async fn peer_idle(rounds: usize) -> Result<(String, Idle), Failure> {
    let sink = Sink::start()?;
    let peer = Alertmanager::start(sink.address).await?;
    let mut line = peer.line().await?;
    let mut idle = Idle { mails: 1, ..Idle::default() };
    let meter = Meter::new([("alertmanager", peer.id)]);
    let (start, before) = (Instant::now(), meter.read());
    for round in 0..=rounds {
        let case = format!("VV-2026-{round:05}");
        let began = Instant::now();
        raise(&mut line, &case).await?;
        let answered = Instant::now();
        let mails = tokio::time::timeout(PATIENCE, sink.thread_of(&case, idle.mails)).await?;
        if round > 0 {
            idle.take(began, answered, &mails)?;
        }
        tokio::time::sleep(REST).await;
    }
    idle.others.push(meter.read().since(&before).others(start.elapsed()));
    let version = peer.version.clone();
    peer.stop().await?;
    Ok((version, idle))
}

/// All calls at once, until the last mail is with the relay.
async fn burst(binary: &Path, shape: Shape, keep: bool) -> Result<Burst, Failure> {
    let relay = Relay::start().await?;
    let installation = Installation::new(binary, keep)?;
    let system = installation.start(relay.address()).await?;
    let call = history::common_call(system.ready.time);
    let plan = Arc::new(Plan::new(system.api, &system.tokens()?, "g3-", [call])?);
    let meter = relay.metered([("concord", system.concord), ("nats-server", system.nats)]);
    let (began, before) = (Instant::now(), meter.read());
    let played = Load::start(&plan, shape.in_flight, shape.raises).wait().await?;
    let answered = played.last().ok_or("no call was answered")?;
    let settled = settle(&system, || relay.tally().mails, answered).await?;
    let tally = relay.tally();
    let costs = Costs { time: began.elapsed(), spent: meter.read().since(&before) };
    system.stop().await?;
    let mut failures = counts(&played.failures);
    if settled.mails.is_none() || tally.mails != settled.entered {
        failures = format!("{failures}; {} of {} mails handed over", tally.mails, settled.entered);
    }
    let burst = Burst::of(&relay, [began, answered], costs, failures)?;
    relay.stop().await?;
    Ok(burst)
}

/// The same of the peer, one mail for each alert.
async fn peer_burst(shape: Shape) -> Result<Burst, Failure> {
    let relay = Relay::start().await?;
    let peer = Alertmanager::start(relay.address()).await?;
    let meter = relay.metered([("alertmanager", peer.id)]);
    let (began, before) = (Instant::now(), meter.read());
    peer.raise_all(shape.raises, shape.in_flight).await?;
    let answered = Instant::now();
    while relay.tally().mails < shape.raises && answered.elapsed() < PATIENCE {
        tokio::time::sleep(PAUSE).await;
    }
    let tally = relay.tally();
    let costs = Costs { time: began.elapsed(), spent: meter.read().since(&before) };
    peer.stop().await?;
    let mut failures = "none".to_owned();
    if tally.mails != shape.raises {
        failures = format!("{} of {} mails handed over", tally.mails, shape.raises);
    }
    let burst = Burst::of(&relay, [began, answered], costs, failures)?;
    relay.stop().await?;
    Ok(burst)
}

impl Idle {
    fn take(&mut self, began: Instant, answered: Instant, mails: &[Instant]) -> Result<(), Failure> {
        let after = |at: Instant| micros(at.saturating_duration_since(began));
        let (first, last) = (mails.iter().min(), mails.iter().max());
        self.answer.push(after(answered));
        self.first.push(after(*first.ok_or("a call brings no mail")?));
        self.last.push(after(*last.ok_or("a call brings no mail")?));
        Ok(())
    }

    fn add(&mut self, other: Self) {
        self.answer.extend(other.answer);
        self.first.extend(other.first);
        self.last.extend(other.last);
        self.mails = other.mails;
        self.others.extend(other.others);
    }

    /// What others did meanwhile, in words.
    fn others(&self) -> String {
        let others: Vec<_> = self.others.iter().map(|others| format!("{others:.2}")).collect();
        format!("others kept {} processors busy", others.join(", "))
    }

    fn answer(&self) -> Spread {
        Spread::of(self.answer.clone())
    }

    fn first(&self) -> Spread {
        Spread::of(self.first.clone())
    }

    fn last(&self) -> Spread {
        Spread::of(self.last.clone())
    }
}

impl Costs {
    /// How many processors others kept busy.
    fn others(&self) -> f64 {
        self.spent.others(self.time)
    }
}

impl Burst {
    /// `times`: when it began, and when the last call was answered.
    fn of(relay: &Relay, times: [Instant; 2], costs: Costs, failures: String) -> Result<Self, Failure> {
        let ([began, answered], tally) = (times, relay.tally());
        let done = tally.last.ok_or("no mail came")?.saturating_duration_since(began);
        Ok(Self { relay: relay.name(), tally, answered: answered - began, done, costs, failures })
    }
}

impl Side {
    /// The burst whose rate is in the middle.
    fn median(&self) -> Option<&Burst> {
        let mut bursts: Vec<_> = self.bursts.iter().collect();
        bursts.sort_by(|one, other| one.tally.rate().total_cmp(&other.tally.rate()));
        bursts.get(bursts.len().saturating_sub(1) / 2).copied()
    }

    /// Its bursts in words: what each made in a second.
    fn rates(&self) -> String {
        let rates = self.bursts.iter().map(|burst| grouped(burst.tally.rate()));
        rates.collect::<Vec<_>>().join(", ")
    }

    fn rate(&self) -> f64 {
        self.median().map_or(0.0, |burst| burst.tally.rate())
    }
}

impl Outcome {
    /// Whether everything went as it must.
    pub fn is_sound(&self) -> bool {
        self.concord.bursts.iter().all(|burst| burst.failures == "none")
    }

    fn peer_name(&self) -> Option<String> {
        self.version.as_ref().map(|version| format!("alertmanager {version}"))
    }

    /// What is kept of it.
    pub fn note(&self, sheet: &mut Sheet) {
        let (ours, theirs) = (&self.concord, &self.peer);
        let both = |spread: &Spread| format!("{} / {}", millis(spread.p50), millis(spread.p99));
        let peer = self.peer_name().map(|name| format!("{name}: {}", both(&theirs.idle.first())));
        let peer = peer.unwrap_or_else(|| "alertmanager was left out".to_owned());
        let beside = format!("{peer}; {}", ours.idle.others());
        let mails = ours.idle.mails;
        for (name, which, spread) in [
            ("g3-a", "first".to_owned(), ours.idle.first()),
            ("g3-b", format!("last of {mails} mails"), ours.idle.last()),
        ] {
            let what = format!("from the call to the relay's 250 for its {which}, idle, p50 / p99");
            let figure = Figure::of("G3", what, both(&spread)).beside(&*beside);
            sheet.figure(name, figure.wanted("p50 ≤ 15 ms", spread.p50 <= WANTED_IDLE));
        }
        let (Some(burst), raises) = (ours.median(), grouped(float(self.shape.raises))) else { return };
        let what = format!("mails a second after {raises} calls, {} in flight", self.shape.in_flight);
        let measured = format!("{} (of {})", grouped(ours.rate()), ours.rates());
        let theirs_too = self.peer_name().map(|name| {
            let times = ours.rate() / theirs.rate().max(f64::MIN_POSITIVE);
            format!("; {name}: {} (of {}), so {times:.1} ×", grouped(theirs.rate()), theirs.rates())
        });
        let beside = format!("into {}{}", burst.relay, theirs_too.unwrap_or_default());
        let figure = Figure::of("G3", what, measured).beside(beside);
        sheet.figure("g3-c", figure.wanted("≥ 2,400", ours.rate() >= WANTED_RATE));
        let name = self.peer_name().unwrap_or_default();
        let mut rows = Vec::new();
        for (who, side) in
            [("Concord", ours), (&*name, theirs)].into_iter().filter(|(_, side)| !side.bursts.is_empty())
        {
            rows.push(cells(&format!("{who}: answer"), &side.idle.answer()));
            rows.push(cells(&format!("{who}: first mail"), &side.idle.first()));
            rows.push(cells(&format!("{who}: last mail"), &side.idle.last()));
        }
        let head = ["After the call was sent", "Count", "p50", "p95", "p99", "Max"];
        sheet.table("g3-idle", "From the call to the mail, idle", &head, rows);
        let rows = self.bursts().map(|(who, burst)| {
            let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
            let mails = burst.tally.mails;
            vec![
                who,
                grouped(float(mails)),
                grouped(burst.tally.rate()),
                seconds(burst.answered),
                seconds(burst.done),
                burst.costs.spent.each(mails),
                format!("{:.2}", burst.costs.others()),
            ]
        });
        let head = [
            "Who",
            "Mails",
            "Mails a second",
            "Last answer",
            "Last mail",
            "µs of processor for each mail",
            "Processors kept busy by others",
        ];
        sheet.table("g3-bursts", format!("Bursts of {raises} calls"), &head, rows.collect());
    }

    fn bursts(&self) -> impl Iterator<Item = (String, &Burst)> {
        let name = self.peer_name().unwrap_or_default();
        let ours = self.concord.bursts.iter().map(|burst| ("Concord".to_owned(), burst));
        ours.chain(self.peer.bursts.iter().map(move |burst| (name.clone(), burst)))
    }

    /// What a person reads.
    pub fn lines(&self) -> Vec<String> {
        let ours = &self.concord.idle;
        let mut lines = vec![
            format!("G3  from the call to the mail (goal: p50 at most 15 ms; {} mails a call)", ours.mails),
            heading("one call at a time, after it was sent"),
            row("its answer", &ours.answer()),
            row("250 for its first mail", &ours.first()),
            row("250 for its last mail", &ours.last()),
            format!("      {}", ours.others()),
        ];
        if let Some(name) = self.peer_name() {
            lines.push(row(&format!("{name}: its answer"), &self.peer.idle.answer()));
            lines.push(row(&format!("{name}: 250 for its mail"), &self.peer.idle.last()));
            lines.push(format!("      {}", self.peer.idle.others()));
        }
        for (who, burst) in self.bursts() {
            lines.push(format!(
                "    {who}, {} calls into {}: {} mails/s (goal: 2,400), {} mails; answered {:.2} s, mailed {:.2} s after the first call; failures {}",
                grouped(float(self.shape.raises)),
                burst.relay,
                grouped(burst.tally.rate()),
                grouped(float(burst.tally.mails)),
                burst.answered.as_secs_f64(),
                burst.done.as_secs_f64(),
                burst.failures,
            ));
            lines.push(format!(
                "      µs for each mail: {}; others kept {:.2} processors busy",
                burst.costs.spent.each(burst.tally.mails),
                burst.costs.others()
            ));
        }
        lines
    }
}
