//! Values that are looked up when somebody reads.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, NoLabelSet},
    metrics::MetricType,
};

use super::Found;

/// Whether a value only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// It goes up and down.
    Gauge,
    /// It only grows.
    Counter,
}

/// A metric whose values are looked up.
pub(super) struct Looked {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) sort: Sort,
    pub(super) look: Box<dyn Fn() -> Vec<(Found, f64)> + Send + Sync>,
}

impl fmt::Debug for Looked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Looked").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Collector for Looked {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let found = (self.look)();
        if found.is_empty() {
            return Ok(());
        }
        let sort = match self.sort {
            Sort::Gauge => MetricType::Gauge,
            Sort::Counter => MetricType::Counter,
        };
        // As the registry ends the words of its own metrics.
        let help = format!("{}.", self.help);
        let mut metric = encoder.encode_descriptor(self.name, &help, None, sort)?;
        for (labels, value) in found {
            let mut one = metric.encode_family(&labels)?;
            match self.sort {
                Sort::Gauge => one.encode_gauge(&value)?,
                Sort::Counter => one.encode_counter::<NoLabelSet, f64, f64>(&value, None)?,
            }
        }
        Ok(())
    }
}
