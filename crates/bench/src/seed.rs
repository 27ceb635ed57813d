//! Many stored cases in little time: cast from one that was really raised, and appended to the log in batches, as the
//! ledger appends them, while the system is down.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use bus::{
    Bus, Principal,
    append::{Append, append_all},
    connection::ConnectTo,
    credentials::Credentials,
    delivery::{Deliveries, Verdict},
    log,
    server::{NatsServer, ServerOptions},
    streams::{CASES, NOTIFIER},
};
use chrono::{Datelike as _, TimeDelta};
use domain::calendar;
use events::{AggregateId, Body, CaseId, DeadlineKey, Draft, Fact, Timestamp, Urgency};
use tokio::time::timeout;

use crate::{
    Failure,
    history::Step,
    load::{Client, Plan},
    sink::Sink,
    system::Installation,
    template::Template,
};

/// The most that one atomic batch takes.
const BATCH: u32 = 1_000;

/// When nothing has come for so long, nothing more comes.
const SILENCE: Duration = Duration::from_secs(2);

/// A case that is to wait for nothing is due in a month.
const QUIET: TimeDelta = TimeDelta::days(30);

/// How long a period is that ends: too short to be reminded of.
const PERIOD: TimeDelta = TimeDelta::minutes(60);

/// One case of so many is of the second kind, where there is one.
const RARE: u32 = 100;

/// Cases that were really raised, and how many there are by now.
#[derive(Debug)]
pub struct Model {
    /// The facts of each kind of case, the common one first.
    kinds: Vec<Vec<Draft>>,
    next: u32,
    at: Timestamp,
}

/// The log of an installation whose system is down.
#[derive(Debug)]
pub struct Store {
    server: NatsServer,
    bus: Bus,
    /// With the rights of who tells people.
    notifier: Bus,
}

impl Store {
    /// Starts the server alone.
    pub async fn open(data: &Path) -> Result<Self, Failure> {
        let credentials = Credentials::read_or_make(&data.join("credentials"))?;
        let options = ServerOptions { port: 0, monitor_port: 0, ..ServerOptions::new(data.join("nats")) };
        let server = NatsServer::start(&options, &credentials).await?;
        let connect = async |principal| {
            let to = ConnectTo::new(server.url(), credentials.get(principal));
            Bus::connect(&to.proven_by(server.monitor_url())).await
        };
        let (bus, notifier) = (connect(Principal::Ledger).await?, connect(Principal::Notifier).await?);
        Ok(Self { server, bus, notifier })
    }

    /// Marks every fact as one of which all have been told, and stops the server: nobody writes a mail for a case that
    /// was cast.
    pub async fn close(self) -> Result<(), Failure> {
        let mut deliveries = Deliveries::open(&self.notifier, CASES, NOTIFIER).await?;
        let settler = deliveries.settler();
        while let Ok(delivered) = timeout(SILENCE, deliveries.next()).await {
            settler.settle(&delivered?, Verdict::NotOurs).await;
        }
        self.notifier.close().await?;
        self.bus.close().await?;
        self.server.stop().await?;
        Ok(())
    }

    /// Appends whole cases: the first fact of each, then the second, for no batch takes two of one subject.
    async fn append(&self, cases: Vec<Vec<Append>>) -> Result<(), Failure> {
        let mut cases: Vec<_> = cases.into_iter().map(Vec::into_iter).collect();
        let mut expected = vec![0; cases.len()];
        loop {
            let next = cases
                .iter_mut()
                .zip(&expected)
                .filter_map(|(facts, &expected)| facts.next().map(|fact| Append { expected, ..fact }));
            let next: Vec<_> = next.collect();
            if next.is_empty() {
                return Ok(());
            }
            expected = append_all(&self.bus, CASES, &next).await?;
        }
    }
}

impl Model {
    /// Raises one case of each kind in an empty installation, and stops it.
    pub async fn raise(
        installation: &Installation,
        sink: &Sink,
        kinds: &[fn(Timestamp) -> Step],
    ) -> Result<Self, Failure> {
        let system = installation.start(sink.address).await?;
        let at = system.ready.time;
        let plan = Plan::new(system.api, &system.tokens()?, "model-", kinds.iter().map(|kind| kind(at)))?;
        let reader = system.connect(Principal::Views).await?;
        let mut model = Self { kinds: Vec::new(), next: 1, at };
        let mut client = Client::new(&plan);
        for kind in 0..kinds.len() {
            let case = client.act(0, kind, "").await.flatten().ok_or("no model could be raised")?;
            let case: CaseId = case.parse()?;
            let entries = log::read(&reader, CASES, 1, &AggregateId::Case(case).subject()).await?;
            let facts: Vec<_> =
                entries.iter().map(|entry| Fact::from_bytes(&entry.payload)).collect::<Result<_, _>>()?;
            model.kinds.push(facts.into_iter().map(|fact| fact.draft).collect());
            model.next += 1;
        }
        system.stop().await?;
        Ok(model)
    }

    /// The facts that each case has.
    pub fn facts(&self) -> usize {
        self.kinds.first().map_or(0, Vec::len)
    }

    /// The cases that there are by now.
    pub fn cases(&self) -> u32 {
        self.next - 1
    }

    /// Adds so many cases that wait for nothing; says how long it took.
    pub async fn add_quiet(&mut self, store: &Store, cases: u32) -> Result<Duration, Failure> {
        let kinds = self.kinds.iter().map(|kind| self.template(kind, |_| {}));
        let kinds: Vec<_> = kinds.collect::<Result<_, _>>()?;
        let of = |rank: u32| kinds.get(usize::from(rank.is_multiple_of(RARE))).or(kinds.first());
        let began = Instant::now();
        let end = self.next + cases;
        while self.next < end {
            let some = self.next..end.min(self.next + BATCH);
            self.next = some.end;
            let cast = some.map(|rank| of(rank).ok_or("no model")?.cast(rank, self.at));
            store.append(cast.collect::<Result<_, Failure>>()?).await?;
        }
        Ok(began.elapsed())
    }

    /// Adds a case for each of these instants, at which its document is overdue; the urgencies take turns.
    pub async fn add_due(&mut self, store: &Store, instants: &[Timestamp]) -> Result<(), Failure> {
        for some in instants.chunks(BATCH as usize) {
            let mut cast = Vec::new();
            for (due, urgency) in some.iter().zip([Urgency::Khan, Urgency::HoaToc].into_iter().cycle()) {
                let common = self.kinds.first().ok_or("no model")?;
                let template = self.template(common, |draft| fall_due(draft, *due, urgency))?;
                cast.push(template.cast(self.next, self.at)?);
                self.next += 1;
            }
            store.append(cast).await?;
        }
        Ok(())
    }

    /// A mould of a kind, with what it is due for in a month, and edited.
    fn template(&self, kind: &[Draft], edit: impl Fn(&mut Draft)) -> Result<Template, Failure> {
        let mut drafts = kind.to_vec();
        for draft in &mut drafts {
            for deadline in &mut draft.deadlines {
                deadline.due += QUIET;
            }
            edit(draft);
        }
        Template::of(&drafts, calendar::local_date(self.at).year())
    }
}

/// Lets the document that is owed be overdue at an instant.
fn fall_due(draft: &mut Draft, due: Timestamp, urgency: Urgency) {
    for deadline in &mut draft.deadlines {
        if deadline.key == DeadlineKey::Written {
            (deadline.start, deadline.due) = (due - PERIOD, due);
        }
    }
    if let Body::RaisedByPhone(raised) = &mut draft.body {
        raised.urgency = urgency;
    }
}
