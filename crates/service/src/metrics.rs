//! What a process counts and measures, and where it is read: one place for all its services.
//!
//! A service asks for its counters and histograms once, at its start, with every label that they can have; what it does
//! then for each act is an addition or two. What can be looked up is looked up when somebody reads, and costs nothing
//! else. Labels are acts, codes, stages and states: no agency, no officer, no case.

mod acts;
mod histogram;
mod process;
mod read;
mod serve;
pub mod servers;
mod writes;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bus::Bus;
use events::Stage;
use prometheus_client::{
    metrics::{counter::Counter as Inner, family::Family},
    registry::Registry,
};

pub use acts::{ActSeen, Acts};
pub use histogram::{Histogram, Scale};
pub use serve::{BadListen, bind, serve};
pub use writes::Writes;

use acts::ActFamilies;
use read::{Looked, Sort};
use writes::WriteFamilies;

/// A number that only grows.
pub type Counter = Inner;

/// Labels of a metric: which, and its value.
type Labels = Vec<(&'static str, &'static str)>;

/// The same where the values are known only when they are looked up.
type Found = Vec<(&'static str, String)>;

/// The metrics of a process. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Shared>);

struct Shared {
    registry: Mutex<Registry>,
    acts: ActFamilies,
    writes: WriteFamilies,
    connections: Arc<Mutex<Vec<(&'static str, Bus)>>>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("concord");
        let (acts, writes) = (ActFamilies::new(&mut registry), WriteFamilies::new(&mut registry));
        let metrics = Self(Arc::new(Shared {
            registry: Mutex::new(registry),
            acts,
            writes,
            connections: Arc::default(),
        }));
        metrics.read_connections();
        metrics
    }
}

impl Metrics {
    /// A counter.
    pub fn counter(&self, name: &str, help: &str) -> Counter {
        let counter = Counter::default();
        self.registry().register(name, help, counter.clone());
        counter
    }

    /// A counter for each value of a label.
    pub fn counters<const N: usize>(
        &self,
        name: &str,
        help: &str,
        label: &'static str,
        values: [&'static str; N],
    ) -> [Counter; N] {
        let family = Family::<Labels, Counter>::default();
        self.registry().register(name, help, family.clone());
        values.map(|value| family.get_or_create_owned(&vec![(label, value)]))
    }

    /// A histogram for each value of a label.
    pub fn histograms<const N: usize>(
        &self,
        name: &str,
        help: &str,
        scale: Scale,
        label: &'static str,
        values: [&'static str; N],
    ) -> [Histogram; N] {
        let family = scale.family();
        scale.register(&mut self.registry(), name, help, family.clone());
        values.map(|value| family.get_or_create_owned(&vec![(label, value)]))
    }

    /// A value that is looked up when somebody reads; while it is not known it is left out.
    pub fn gauge(
        &self,
        name: &'static str,
        help: &'static str,
        look: impl Fn() -> Option<f64> + Send + Sync + 'static,
    ) {
        let look = move || look().map(|value| (Found::new(), value)).into_iter().collect();
        self.look(name, help, Sort::Gauge, look);
    }

    /// What is seen of the acts and automatic steps of some stages.
    pub fn acts(&self, stages: &[Stage]) -> Acts {
        Acts::of(&self.0.acts, stages)
    }

    /// What is seen of the writes to a stream.
    pub fn writes(&self, stream: &'static str) -> Writes {
        self.0.writes.to(stream)
    }

    /// Counts the losses of a connection, and what the server denies on it.
    pub fn connection(&self, service: &'static str, bus: &Bus) {
        let mut connections = self.0.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.push((service, bus.clone()));
    }

    fn read_connections(&self) {
        let each = |of: fn(&Bus) -> f64| {
            let connections = Arc::clone(&self.0.connections);
            move || {
                let connections = connections.lock().unwrap_or_else(PoisonError::into_inner);
                let value =
                    |(service, bus): &(&str, Bus)| (vec![("service", (*service).to_owned())], of(bus));
                connections.iter().map(value).collect()
            }
        };
        self.look(
            "connection_up",
            "Whether the service is connected to the NATS server",
            Sort::Gauge,
            each(|bus| f64::from(u8::from(bus.is_connected()))),
        );
        self.look(
            "connection_losses",
            "How often the service lost its connection to the NATS server",
            Sort::Counter,
            each(|bus| histogram::float(bus.losses())),
        );
        self.look(
            "connection_violations",
            "How often the NATS server denied the service something: a fault of the program or of the rights",
            Sort::Counter,
            each(|bus| histogram::float(bus.violations())),
        );
    }

    fn look(
        &self,
        name: &'static str,
        help: &'static str,
        sort: Sort,
        look: impl Fn() -> Vec<(Found, f64)> + Send + Sync + 'static,
    ) {
        self.registry().register_collector(Box::new(Looked { name, help, sort, look: Box::new(look) }));
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.0.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
