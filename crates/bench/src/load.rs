//! Closed-loop load: so many histories in flight, each on a connection of its own, each act after the answer to the
//! one before.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use events::{CaseId, EventId};
use tokio::task::JoinSet;

use crate::{
    Failure,
    figures::micros,
    history::Step,
    http::{self, Line},
};

/// How long is waited before an act is repeated that was answered "repeat".
const PAUSE: Duration = Duration::from_millis(20);

/// How often an act is repeated before it counts as lost.
const REPEATS: u32 = 500;

/// What is played, and against whom.
#[derive(Debug)]
pub struct Plan {
    api: SocketAddr,
    acts: Vec<Deed>,
    dialect: Dialect,
    /// What all keys begin with.
    key: String,
    /// After which number its documents are numbered.
    numbered_after: u64,
}

/// How an act is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `POST /api/v1/cases`, then `POST /api/v1/cases/{id}/{act}` with the id that was answered.
    Concord,
    /// `POST /Case/{id}/{act}` with an id of our own.
    Restate,
}

/// An act with all that its request needs.
#[derive(Debug)]
struct Deed {
    step: Step,
    token: String,
    tail: String,
    key: String,
}

/// One act that was answered for good.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Which act of the history.
    pub act: usize,
    /// When it was answered.
    pub at: Instant,
    /// How long it took, repeats included, in microseconds.
    pub took: u32,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Played {
    /// Every act that succeeded.
    pub samples: Vec<Sample>,
    /// The cases, by their ids, and whether their history came to its end.
    pub cases: Vec<(CaseId, bool)>,
    /// The facts that were confirmed.
    pub events: Vec<EventId>,
    /// How often each code asked for a repeat; `no answer` counts too.
    pub repeats: BTreeMap<String, u64>,
    /// Answers that were neither a success nor "repeat".
    pub failures: BTreeMap<String, u64>,
}

/// A load that runs.
#[derive(Debug)]
pub struct Load {
    tasks: JoinSet<Played>,
    stop: Arc<AtomicBool>,
}

impl Plan {
    /// The acts of a history under the right officers' tokens.
    pub fn new(
        api: SocketAddr,
        tokens: &HashMap<String, String>,
        key: &str,
        steps: impl IntoIterator<Item = Step>,
    ) -> Result<Self, Failure> {
        let acts = steps.into_iter().enumerate().map(|(place, step)| {
            let token = tokens.get(step.officer).ok_or_else(|| format!("{} has no token", step.officer))?;
            Ok(Deed { token: token.clone(), tail: format!("/{}", step.act), key: format!("-{place}"), step })
        });
        let acts = acts.collect::<Result<_, Failure>>()?;
        Ok(Self { api, acts, dialect: Dialect::Concord, key: key.to_owned(), numbered_after: 0 })
    }

    /// With documents of their own beside those of another plan: a document is registered once.
    #[must_use]
    pub fn numbered_after(self, numbered_after: u64) -> Self {
        Self { numbered_after, ..self }
    }

    /// The same acts for the peer, which asks for no token and whose names have no `-`.
    pub fn for_peer(api: SocketAddr, key: &str, steps: impl IntoIterator<Item = Step>) -> Self {
        let acts = steps.into_iter().enumerate().map(|(place, step)| {
            let tail = format!("/{}", step.act.replace('-', "_"));
            Deed { token: "none".to_owned(), tail, key: format!("-{place}"), step }
        });
        Self { api, acts: acts.collect(), dialect: Dialect::Restate, key: key.to_owned(), numbered_after: 0 }
    }

    /// What an act is called in tables.
    pub fn labels(&self) -> impl Iterator<Item = &'static str> {
        self.acts.iter().map(|deed| deed.step.label)
    }
}

impl Load {
    /// Begins: history after history on each line, until it is told to stop, or so many were begun.
    pub fn start(plan: &Arc<Plan>, in_flight: usize, most: u64) -> Self {
        let (stop, next) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut tasks = JoinSet::new();
        for _ in 0..in_flight {
            let (plan, stop, next) = (plan.clone(), stop.clone(), next.clone());
            tasks.spawn(async move {
                let mut client = Client::new(&plan);
                while !stop.load(Ordering::Relaxed) {
                    let history = next.fetch_add(1, Ordering::Relaxed);
                    if history >= most {
                        break;
                    }
                    client.play(history).await;
                }
                client.played
            });
        }
        Self { tasks, stop }
    }

    /// Begins no further history, waits until those under way are at their end, and says what came of all.
    pub async fn finish(mut self) -> Result<Played, Failure> {
        self.stop.store(true, Ordering::Relaxed);
        self.wait().await
    }

    /// Waits until as many histories as were asked for are at their end.
    pub async fn wait(&mut self) -> Result<Played, Failure> {
        let mut all = Played::default();
        while let Some(played) = self.tasks.join_next().await {
            all.add(played?);
        }
        Ok(all)
    }
}

/// One line and what is done over it.
pub struct Client<'a> {
    plan: &'a Plan,
    line: Option<Line>,
    request: Vec<u8>,
    /// What came of it so far.
    pub played: Played,
}

/// What an answer gives to go on with.
struct Confirmed {
    event: Option<EventId>,
    case: Option<(String, CaseId)>,
}

impl<'a> Client<'a> {
    /// Connects when it first sends.
    pub fn new(plan: &'a Plan) -> Self {
        Self { plan, line: None, request: Vec::with_capacity(8 * 1024), played: Played::default() }
    }

    /// Plays a history to its end, or up to the act that fails.
    pub async fn play(&mut self, history: u64) {
        let mut case = match self.plan.dialect {
            Dialect::Concord => String::new(),
            Dialect::Restate => format!("{}{history}", self.plan.key),
        };
        for act in 0..self.plan.acts.len() {
            match self.act(history, act, &case).await {
                Some(Some(raised)) => case = raised,
                Some(None) => {}
                None => return,
            }
        }
        if let Some((_, finished)) = self.played.cases.last_mut() {
            *finished = true;
        }
    }

    /// Gives one act; gives back the case that it raised. None means that it failed.
    pub async fn act(&mut self, history: u64, act: usize, case: &str) -> Option<Option<String>> {
        let deed = &self.plan.acts[act];
        let number = self.plan.numbered_after + history * 16 + act as u64 + 1;
        let (number, text) = (number.to_string(), history.to_string());
        let path = match self.plan.dialect {
            Dialect::Concord if case.is_empty() => ["/api/v1/cases", "", ""],
            Dialect::Concord => ["/api/v1/cases/", case, &deed.tail],
            Dialect::Restate => ["/Case/", case, &deed.tail],
        };
        let key = [&*self.plan.key, &text, &deed.key];
        http::post(&mut self.request, path, &deed.token, key, deed.step.body_with(&number));
        let began = Instant::now();
        let confirmed = self.persist(deed.step.label).await?;
        let at = Instant::now();
        self.played.samples.push(Sample { act, at, took: micros(at - began) });
        self.played.events.extend(confirmed.event);
        Some(confirmed.case.filter(|_| case.is_empty()).map(|(text, id)| {
            self.played.cases.push((id, false));
            text
        }))
    }

    /// Sends until it is answered for good: 503 says "repeat with the same key", and so does silence.
    async fn persist(&mut self, label: &str) -> Option<Confirmed> {
        for _ in 0..REPEATS {
            let why = match self.send().await {
                Ok(confirmed) => return Some(confirmed),
                Err((503 | 0, why)) => why,
                Err((status, why)) => {
                    *self.played.failures.entry(format!("{label}: {status} {why}")).or_default() += 1;
                    return None;
                }
            };
            *self.played.repeats.entry(why).or_default() += 1;
            tokio::time::sleep(PAUSE).await;
        }
        *self.played.failures.entry(format!("{label}: never answered for good")).or_default() += 1;
        None
    }

    /// Sends once. An error is a status, 0 for no answer, and a code.
    async fn send(&mut self) -> Result<Confirmed, (u16, String)> {
        let silent = |error: std::io::Error| (0, format!("no answer: {error}"));
        let mut line = match self.line.take() {
            Some(line) => line,
            None => Line::open(self.plan.api).await.map_err(silent)?,
        };
        let answer = line.exchange(&self.request).await.map_err(silent)?;
        let outcome = if matches!(answer.status, 200..300) {
            let case = http::field(answer.body, r#""case":{"id":""#);
            let event = http::field(answer.body, r#""event":""#).and_then(|id| id.parse().ok());
            Ok(Confirmed { event, case: case.and_then(|id| Some((id.to_owned(), id.parse().ok()?))) })
        } else {
            let code = http::field(answer.body, r#""code":""#).unwrap_or("no code");
            Err((answer.status, code.to_owned()))
        };
        self.line = Some(line);
        outcome
    }
}

impl Played {
    /// Adds what another line has done.
    pub fn add(&mut self, other: Self) {
        self.samples.extend(other.samples);
        self.cases.extend(other.cases);
        self.events.extend(other.events);
        for (code, times) in other.repeats {
            *self.repeats.entry(code).or_default() += times;
        }
        for (what, times) in other.failures {
            *self.failures.entry(what).or_default() += times;
        }
    }

    /// When the last answer came.
    pub fn last(&self) -> Option<Instant> {
        self.samples.iter().map(|sample| sample.at).max()
    }
}
