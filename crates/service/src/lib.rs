//! The chassis of every service: what it is given, how it starts, how it stops.
//!
//! A service is a value ([`Service`]); the binary mounts a list of them on one connection each, so that each has its
//! own credential even on one machine (DESIGN D3, D13).

pub mod clock;
pub mod config;
pub mod metrics;
pub mod problem;
pub mod serving;
pub mod stage;
pub mod time_travel;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use bus::{
    Bus, Principal,
    assertion::{Assertion, Verifier},
    connection::ConnectTo,
};
use domain::{Act, Person, Policy, Refusal};
use events::{Stage, Timestamp};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use views::Views;

pub use clock::Clock;
pub use config::Config;
pub use metrics::Metrics;

/// A service, as a value.
#[derive(Clone, Copy)]
pub struct Service {
    /// Its name, as in `concord serve <name>`.
    pub name: &'static str,
    /// Whose rights it has on the bus.
    pub principal: Principal,
    /// What it is for, in one line.
    pub about: &'static str,
    /// The stages whose facts it records: each stage has exactly one service.
    pub records: &'static [Stage],
    /// Who waits for it.
    pub pace: Pace,
    /// Starts it. When the future is done, the service works; what it goes on doing is on the chassis's tracker.
    pub start: fn(Chassis) -> Starting,
}

/// Who waits for a service, and so when it may work where the processor is short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// A caller waits for its answer.
    Foreground,
    /// Nobody waits within the second: it takes what callers leave, and always some.
    Background,
}

/// A service on its way up.
pub type Starting = Pin<Box<dyn Future<Output = Result<(), StartError>> + Send>>;

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a service does not start: one clear line that says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{service}: {reason}")]
pub struct StartError {
    /// The service.
    pub service: &'static str,
    /// What is wrong, and what to do.
    pub reason: String,
}

/// What a service is given.
#[derive(Clone, Debug)]
pub struct Chassis {
    /// Its own connection, under its own credential.
    pub bus: Bus,
    /// The servers of a cluster one by one, under the same credential, for who looks at the copy of each; none where there
    /// is one server.
    pub servers: Vec<ConnectTo>,
    /// The process's read-only connection to the log.
    pub reader: Bus,
    /// The connection to the store of files, for the service that takes them in.
    pub files: Option<Bus>,
    /// The fold that all services of the process share.
    pub views: Arc<Views>,
    /// The time (DESIGN D7).
    pub clock: Clock,
    /// Checks who acts.
    pub verifier: Verifier,
    /// The configuration.
    pub config: Arc<Config>,
    /// Ends when the process is to stop: take in nothing new, finish what is under way.
    pub stop: CancellationToken,
    /// Everything that must finish before the process ends.
    pub tasks: TaskTracker,
    /// Where the process's HTTP API listens, once it does.
    pub listening: Arc<OnceLock<SocketAddr>>,
    /// Effects that are under way in this process; the manual clock waits for them.
    pub effects: Effects,
    /// What the process counts and measures.
    pub metrics: Metrics,
}

impl Chassis {
    /// The policy in force, now.
    pub fn policy(&self) -> Arc<Policy> {
        self.views.policy(self.clock.now())
    }

    /// Who acts, as the identity service has signed it; which office he holds, and by what right, is found out here and
    /// now (DESIGN D10).
    pub fn who_acts(
        &self,
        assertion: &Assertion,
        act: &Act,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Person, Refusal> {
        // Of the machine's clock, also where the other one is set by hand: signatures are.
        let claims = self.verifier.verify(assertion, Clock::System.now())?;
        let person = policy.organisation.person(&claims.officer, now).ok_or_else(Refusal::without_office)?;
        claims.allow(act.name, &person.agency)?;
        Ok(person)
    }

    /// What links in mails begin with: as configured, or where the API of this process listens.
    pub fn public_url(&self) -> String {
        let address = self.listening.get().copied().unwrap_or(self.config.http.listen);
        self.config.http.public_url.clone().unwrap_or_else(|| self.config.url(address))
    }

    /// An error of a service that does not start.
    pub fn failed(service: &'static str) -> impl Fn(&dyn std::fmt::Display) -> StartError {
        move |reason| StartError { service, reason: reason.to_string() }
    }
}

/// Counts effects under way: mails not yet attempted, say. And knows when the next one is to begin by itself.
#[derive(Clone, Debug)]
pub struct Effects {
    under_way: watch::Sender<usize>,
    alarms: Arc<Mutex<BTreeMap<Timestamp, usize>>>,
}

impl Default for Effects {
    fn default() -> Self {
        Self { under_way: watch::Sender::new(0), alarms: Arc::default() }
    }
}

impl Effects {
    /// One more effect is under way, until the guard is dropped.
    pub fn begin(&self) -> EffectGuard {
        self.under_way.send_modify(|count| *count += 1);
        EffectGuard(self.clone())
    }

    /// Whether none is under way.
    pub fn is_idle(&self) -> bool {
        *self.under_way.borrow() == 0
    }

    /// Something is to be done at an instant: a clock that is set by hand stops there, and waits until the alarm is
    /// dropped.
    pub fn at(&self, instant: Timestamp) -> Alarm {
        *self.alarms().entry(instant).or_default() += 1;
        Alarm { effects: self.clone(), instant }
    }

    /// The next instant at which something is to be done.
    pub fn next_alarm(&self) -> Option<Timestamp> {
        self.alarms().keys().next().copied()
    }

    fn alarms(&self) -> MutexGuard<'_, BTreeMap<Timestamp, usize>> {
        self.alarms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that is to be done at an instant.
#[derive(Debug)]
pub struct Alarm {
    effects: Effects,
    instant: Timestamp,
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let mut alarms = self.effects.alarms();
        if let Some(count) = alarms.get_mut(&self.instant) {
            *count -= 1;
            if *count == 0 {
                alarms.remove(&self.instant);
            }
        }
    }
}

/// An effect that is under way.
#[derive(Debug)]
pub struct EffectGuard(Effects);

impl Drop for EffectGuard {
    fn drop(&mut self) {
        self.0.under_way.send_modify(|count| *count -= 1);
    }
}
