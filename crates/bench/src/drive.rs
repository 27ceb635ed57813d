//! A load that is measured in a window: it runs before the window opens and until its histories are at their end.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    Failure,
    figures::{Spread, millis},
    load::{Load, Plan, Played},
    usage::Spent,
};

/// How a load is made.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// How many histories at a time.
    pub in_flight: usize,
    /// For how long is measured.
    pub time: Duration,
    /// How long before that it runs already.
    pub warm_up: Duration,
}

/// Where everything stood at one moment.
#[derive(Clone, Debug)]
pub struct Mark {
    /// When.
    pub at: Instant,
    /// The facts of the log.
    pub facts: u64,
    /// The mails that were handed over.
    pub mails: u64,
    /// The processor time that was used so far.
    pub spent: Spent,
}

/// What was driven.
#[derive(Debug)]
pub struct Driven {
    /// Before the first act.
    pub first: Mark,
    /// When the window opened.
    pub open: Mark,
    /// When it closed.
    pub close: Mark,
    /// All acts, those outside the window too.
    pub played: Played,
}

/// The latencies of each act, in the order of the history, and of all.
#[derive(Clone, Debug)]
pub struct Latencies {
    /// Each act.
    pub acts: Vec<(&'static str, Spread)>,
    /// All acts together.
    pub all: Spread,
}

/// Drives a plan.
pub async fn drive(
    plan: &Arc<Plan>,
    shape: Shape,
    mark: impl AsyncFn() -> Result<Mark, Failure>,
) -> Result<Driven, Failure> {
    let first = mark().await?;
    let load = Load::start(plan, shape.in_flight, u64::MAX);
    tokio::time::sleep(shape.warm_up).await;
    let open = mark().await?;
    tokio::time::sleep(shape.time).await;
    let close = mark().await?;
    let played = load.finish().await?;
    Ok(Driven { first, open, close, played })
}

impl Driven {
    /// How long the window was open.
    pub fn time(&self) -> Duration {
        self.close.at - self.open.at
    }

    /// The latencies within the window.
    pub fn latencies(&self, plan: &Plan) -> Latencies {
        let labels: Vec<_> = plan.labels().collect();
        let mut each = vec![Vec::new(); labels.len()];
        let window = self.open.at..self.close.at;
        for sample in self.played.samples.iter().filter(|sample| window.contains(&sample.at)) {
            each[sample.act].push(sample.took);
        }
        let all = Spread::of(each.concat());
        Latencies { acts: labels.into_iter().zip(each.into_iter().map(Spread::of)).collect(), all }
    }
}

impl Latencies {
    fn rows(&self) -> impl Iterator<Item = (&'static str, Spread)> {
        self.acts.iter().copied().chain([("all", self.all)])
    }

    /// A table for the terminal.
    pub fn lines(&self) -> Vec<String> {
        let rows = self.rows().map(|(label, spread)| row(label, &spread));
        std::iter::once(heading("act")).chain(rows).collect()
    }

    /// The cells of a table.
    pub fn cells(&self) -> Vec<Vec<String>> {
        self.rows().map(|(label, spread)| cells(label, &spread)).collect()
    }
}

/// The heading over rows of latencies.
pub fn heading(what: &str) -> String {
    format!("    {what:<42} {:>8} {:>10} {:>10} {:>10} {:>10}", "count", "p50", "p95", "p99", "max")
}

/// A row of latencies.
pub fn row(what: &str, spread: &Spread) -> String {
    let [p50, p95, p99, max] = [spread.p50, spread.p95, spread.p99, spread.max].map(millis);
    format!("    {what:<42} {:>8} {p50:>10} {p95:>10} {p99:>10} {max:>10}", spread.count)
}

/// The cells of a row: its name, how many, p50, p95, p99, the slowest.
pub fn cells(what: &str, spread: &Spread) -> Vec<String> {
    let times = [spread.p50, spread.p95, spread.p99, spread.max].map(millis);
    [what.to_owned(), spread.count.to_string()].into_iter().chain(times).collect()
}

/// Counts on one line.
pub fn counts(counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return "none".to_owned();
    }
    counts.iter().map(|(what, times)| format!("{what} × {times}")).collect::<Vec<_>>().join(", ")
}
