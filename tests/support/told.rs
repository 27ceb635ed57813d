//! What clients asked for and what they were told: the promises that the log is held to.

use std::{
    collections::BTreeMap,
    mem::replace,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use domain::Policy;
use events::{CaseId, CommandId, EventId, Timestamp};
use serde_json::Value;
use testkit::eventually_every;
use tokio::sync::watch;

use super::{
    api::{Answer, Api},
    load::Repeats,
};

/// How long a client waits for one answer, unless it is told to wait longer.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long it waits before it asks again.
const PAUSE: Duration = Duration::from_millis(100);

/// How long it goes on asking: longer than any fault lasts.
const PERSISTENCE: Duration = Duration::from_mins(5);

/// An act that was asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which, and by whom.
    pub what: String,
    /// The case.
    pub case: CaseId,
    /// The fact and version of each answer that said it is done.
    pub done: Vec<(EventId, u32)>,
}

/// What is known of all acts.
#[derive(Debug)]
pub struct Told {
    policy: Policy,
    asked: Mutex<BTreeMap<CommandId, Asked>>,
    repeats: Mutex<Repeats>,
    wrong: Mutex<Vec<String>>,
    answered: watch::Sender<usize>,
    /// From when to when each act took that was answered for good.
    acts: Mutex<Vec<(Instant, Instant)>>,
    patience: Mutex<Duration>,
}

/// Where the API is: its replicas, which move when they are started again.
#[derive(Debug, Default)]
pub struct Replicas {
    apis: Mutex<Vec<Api>>,
    next: AtomicUsize,
}

/// An act of an officer under a key.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who.
    pub officer: &'a str,
    /// In which case; none for a raise.
    pub case: &'a str,
    /// What.
    pub act: &'a str,
    /// The key.
    pub key: &'a str,
    /// The body.
    pub body: &'a Value,
}

impl Replicas {
    /// These replicas from now on.
    pub fn set(&self, apis: Vec<Api>) {
        *lock(&self.apis) = apis;
    }

    /// The replicas.
    pub fn all(&self) -> Vec<Api> {
        lock(&self.apis).clone()
    }

    /// One of them, each in its turn.
    fn one(&self) -> Api {
        let apis = lock(&self.apis);
        apis[self.next.fetch_add(1, Ordering::Relaxed) % apis.len()].clone()
    }
}

impl Told {
    /// Nothing yet.
    pub fn new(policy: Policy) -> Self {
        let (asked, repeats, wrong) = (Mutex::default(), Mutex::default(), Mutex::default());
        let (answered, patience) = (watch::Sender::new(0), Mutex::new(PATIENCE));
        Self { policy, asked, repeats, wrong, answered, acts: Mutex::default(), patience }
    }

    /// Since an instant: how long no act was answered, at the longest, and how long one took, at the longest.
    pub fn worst(&self, since: Instant) -> (Duration, Duration) {
        let acts = lock(&self.acts);
        let mut ends: Vec<_> = acts.iter().map(|(_, end)| *end).filter(|end| *end > since).collect();
        ends.sort_unstable();
        let silence =
            ends.iter().scan(since, |before, end| Some(end.duration_since(replace(before, *end)))).max();
        let longest =
            acts.iter().filter(|(_, end)| *end > since).map(|(begin, end)| end.duration_since(*begin)).max();
        (silence.unwrap_or_default(), longest.unwrap_or_default())
    }

    /// Clients wait so long for one answer from now on.
    pub fn wait_for_answers(&self, patience: Duration) {
        *lock(&self.patience) = patience;
    }

    /// All acts so far.
    pub fn asked(&self) -> BTreeMap<CommandId, Asked> {
        lock(&self.asked).clone()
    }

    /// How often each code asked for a repeat.
    pub fn repeats(&self) -> Repeats {
        lock(&self.repeats).clone()
    }

    /// The answers that no fault excuses.
    pub fn wrong(&self) -> Vec<String> {
        lock(&self.wrong).clone()
    }

    /// How many acts are answered for good, and a wake-up for each.
    pub fn answered(&self) -> watch::Receiver<usize> {
        self.answered.subscribe()
    }

    /// Gives an act until it is answered for good, to one replica after the other; gives the case. `None` when the
    /// answer was one that no fault excuses.
    pub async fn give(&self, replicas: &Replicas, request: &Request<'_>) -> Option<String> {
        let (command, asked) = self.known(request);
        let what = asked.what.clone();
        lock(&self.asked).entry(command).or_insert(asked);
        let (mut repeats, began) = (0, Instant::now());
        let answer = eventually_every(PAUSE, PERSISTENCE, async || {
            let Request { officer, case, act, key, body } = *request;
            let api = replicas.one();
            let patience = *lock(&self.patience);
            let answer = tokio::time::timeout(patience, api.act(officer, case, act, key, body)).await;
            let why = match answer {
                Ok(Ok(answer)) if !matches!(answer.status, 503 | 507) => return Ok(answer),
                Ok(Ok(answer)) => answer.code().to_owned(),
                Ok(Err(_)) => "no connection".to_owned(),
                Err(_) => "no answer in time".to_owned(),
            };
            repeats += 1;
            *lock(&self.repeats).entry(why.clone()).or_default() += 1;
            Err(why)
        })
        .await;
        lock(&self.acts).push((began, Instant::now()));
        let done = self.done(command, &answer, repeats);
        if done.is_none() {
            let Answer { status, text, .. } = &answer;
            lock(&self.wrong).push(format!("{what}: after {repeats} repeats {status} {text}"));
        }
        self.answered.send_modify(|answered| *answered += 1);
        done
    }

    /// Notes an answer that says that the act is done; gives the case.
    fn done(&self, command: CommandId, answer: &Answer, repeats: usize) -> Option<String> {
        let fresh = matches!(answer.status, 200..=202) && !answer.is_repeat();
        let again = answer.status == 200 && answer.is_repeat() && repeats > 0;
        if !fresh && !again {
            return None;
        }
        let event = answer.body["event"].as_str()?.parse().ok()?;
        let version = answer.body["version"].as_u64()?.try_into().ok()?;
        let mut asked = lock(&self.asked);
        let asked = asked.get_mut(&command)?;
        asked.done.push((event, version));
        Some(asked.case.to_string())
    }

    /// The command behind a request, by the rules of the keys (DESIGN D6).
    fn known(&self, request: &Request<'_>) -> (CommandId, Asked) {
        let officer = request.officer.into();
        let person = self.policy.organisation.person(&officer, Timestamp::UNIX_EPOCH);
        let person = person.expect("an officer of the province, since always");
        let case = if request.case.is_empty() {
            CaseId::raised_by(&person.agency, &officer, request.key)
        } else {
            request.case.parse().expect("the id of a case")
        };
        let command = CommandId::of_person(&person.agency, &officer, case, request.key);
        let what = format!("{} {} by {}", request.act, request.key, request.officer);
        (command, Asked { what, case, done: Vec::new() })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
