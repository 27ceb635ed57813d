//! A histogram of atomic numbers: an observation is two additions, and nobody waits for anybody.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder, NoLabelSet},
    metrics::{MetricType, TypedMetric, family::Family},
    registry::{Registry, Unit},
};

use super::Labels;

/// What a histogram's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Durations.
    Seconds,
    /// Sizes.
    Bytes,
    /// Numbers of things.
    Count,
}

/// The upper bounds of durations, in microseconds.
const MICROSECONDS: [u64; 17] = [
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    60_000_000,
    600_000_000,
];

/// The upper bounds of sizes, in bytes.
const BYTES: [u64; 7] = [1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22];

/// The upper bounds of numbers of things.
const COUNTS: [u64; 11] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024];

impl Scale {
    fn bounds(self) -> &'static [u64] {
        match self {
            Self::Seconds => &MICROSECONDS,
            Self::Bytes => &BYTES,
            Self::Count => &COUNTS,
        }
    }

    /// As it is kept, in the unit that is shown.
    fn shown(self, value: u64) -> f64 {
        match self {
            Self::Seconds => float(value) / 1e6,
            Self::Bytes | Self::Count => float(value),
        }
    }

    /// A family of histograms of this scale.
    pub(super) fn family(self) -> Histograms {
        Family::new_with_constructor(match self {
            Self::Seconds => || Histogram::new(Self::Seconds),
            Self::Bytes => || Histogram::new(Self::Bytes),
            Self::Count => || Histogram::new(Self::Count),
        })
    }

    /// Registers a family under a name, to which the unit is added.
    pub(super) fn register(self, registry: &mut Registry, name: &str, help: &str, family: Histograms) {
        match self {
            Self::Seconds => registry.register_with_unit(name, help, Unit::Seconds, family),
            Self::Bytes => registry.register_with_unit(name, help, Unit::Bytes, family),
            Self::Count => registry.register(name, help, family),
        }
    }
}

/// Histograms by their labels.
pub(super) type Histograms = Family<Labels, Histogram, fn() -> Histogram>;

/// A histogram. Clones share it.
#[derive(Clone)]
pub struct Histogram(Arc<Buckets>);

struct Buckets {
    scale: Scale,
    /// One for each bound, and one for what is beyond.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram").field("scale", &self.0.scale).finish_non_exhaustive()
    }
}

impl Histogram {
    fn new(scale: Scale) -> Self {
        let counts = (0..=scale.bounds().len()).map(|_| AtomicU64::new(0)).collect();
        Self(Arc::new(Buckets { scale, counts, sum: AtomicU64::new(0) }))
    }

    /// Takes note of a duration.
    pub fn took(&self, duration: Duration) {
        self.add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    /// Takes note of a number of things, or of bytes.
    pub fn count(&self, number: usize) {
        self.add(u64::try_from(number).unwrap_or(u64::MAX));
    }

    fn add(&self, value: u64) {
        let Buckets { scale, counts, sum } = &*self.0;
        let bucket = scale.bounds().partition_point(|bound| *bound < value);
        counts[bucket].fetch_add(1, Ordering::Relaxed);
        sum.fetch_add(value, Ordering::Relaxed);
    }
}

impl EncodeMetric for Histogram {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        let Buckets { scale, counts, sum } = &*self.0;
        let bounds = scale.bounds().iter().map(|bound| scale.shown(*bound)).chain([f64::INFINITY]);
        let counts = counts.iter().map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<_> = bounds.zip(counts).collect();
        let all = buckets.iter().map(|(_, count)| count).sum();
        let sum = scale.shown(sum.load(Ordering::Relaxed));
        encoder.encode_histogram::<NoLabelSet>(sum, all, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

impl TypedMetric for Histogram {
    const TYPE: MetricType = MetricType::Histogram;
}

/// As Prometheus has all its numbers.
#[expect(clippy::cast_precision_loss, reason = "nobody needs the last digit of so great a number")]
pub(super) fn float(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;

    use super::*;

    fn said(scale: Scale, observe: impl FnOnce(&Histogram)) -> String {
        let (mut registry, family) = (Registry::default(), scale.family());
        scale.register(&mut registry, "x", "What x is", family.clone());
        observe(&family.get_or_create_owned(&vec![("of", "y")]));
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn a_value_counts_up_to_its_bound_and_in_all_that_are_greater() {
        let text = said(Scale::Count, |histogram| {
            for number in [1, 2, 3, 2_000] {
                histogram.count(number);
            }
        });
        for line in [
            "# TYPE x histogram",
            "x_sum{of=\"y\"} 2006.0",
            "x_count{of=\"y\"} 4",
            "x_bucket{le=\"1.0\",of=\"y\"} 1",
            "x_bucket{le=\"2.0\",of=\"y\"} 2",
            "x_bucket{le=\"4.0\",of=\"y\"} 3",
            "x_bucket{le=\"1024.0\",of=\"y\"} 3",
            "x_bucket{le=\"+Inf\",of=\"y\"} 4",
        ] {
            assert!(text.lines().any(|said| said == line), "{line} is not in:\n{text}");
        }
    }

    #[test]
    fn durations_are_shown_in_seconds() {
        let text = said(Scale::Seconds, |histogram| histogram.took(Duration::from_micros(1_500)));
        for line in [
            "# UNIT x_seconds seconds",
            "x_seconds_sum{of=\"y\"} 0.0015",
            "x_seconds_bucket{le=\"0.001\",of=\"y\"} 0",
            "x_seconds_bucket{le=\"0.0025\",of=\"y\"} 1",
        ] {
            assert!(text.lines().any(|said| said == line), "{line} is not in:\n{text}");
        }
    }
}
