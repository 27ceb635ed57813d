//! What is seen of the writes to a stream.

use bus::append::Flight;
use prometheus_client::{metrics::family::Family, registry::Registry};

use super::{Counter, Histogram, Labels, Scale, histogram::Histograms};

/// The metrics of the writes to all streams.
pub(super) struct WriteFamilies {
    writers: Histograms,
    messages: Histograms,
    bytes: Histograms,
    duration: Histograms,
    conflicts: Family<Labels, Counter>,
}

impl WriteFamilies {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let families = Self {
            writers: Scale::Count.family(),
            messages: Scale::Count.family(),
            bytes: Scale::Bytes.family(),
            duration: Scale::Seconds.family(),
            conflicts: Family::default(),
        };
        let all = [
            (Scale::Count, "write_writers", "How many writers one write carried", &families.writers),
            (Scale::Count, "write_messages", "How many messages one write carried", &families.messages),
            (Scale::Bytes, "write_size", "How much one write carried", &families.bytes),
            (Scale::Seconds, "write_duration", "How long one write took, fsync included", &families.duration),
        ];
        for (scale, name, help, family) in all {
            scale.register(registry, name, help, family.clone());
        }
        let help = "Writers of a write who came too late: somebody else wrote to the same subject";
        registry.register("write_conflicts", help, families.conflicts.clone());
        families
    }

    pub(super) fn to(&self, stream: &'static str) -> Writes {
        let labels = vec![("stream", stream)];
        Writes {
            writers: self.writers.get_or_create_owned(&labels),
            messages: self.messages.get_or_create_owned(&labels),
            bytes: self.bytes.get_or_create_owned(&labels),
            duration: self.duration.get_or_create_owned(&labels),
            conflicts: self.conflicts.get_or_create_owned(&labels),
        }
    }
}

/// Takes note of the writes to one stream.
#[derive(Clone, Debug)]
pub struct Writes {
    writers: Histogram,
    messages: Histogram,
    bytes: Histogram,
    duration: Histogram,
    conflicts: Counter,
}

impl Writes {
    /// A write has come back.
    pub fn seen(&self, flight: &Flight) {
        self.writers.count(flight.writers);
        self.messages.count(flight.messages);
        self.bytes.count(flight.bytes);
        self.duration.took(flight.took);
        if let Ok(conflicts @ 1..) = u64::try_from(flight.conflicts) {
            self.conflicts.inc_by(conflicts);
        }
    }
}
