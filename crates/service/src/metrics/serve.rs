//! Where the metrics are read: `GET /metrics` on a port of its own.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bus::{
    Bus, log,
    streams::{CASES, NOTIFIER},
};
use prometheus_client::encoding::{prometheus_text, text};
use tokio::net::TcpListener;
use views::Views;

use super::{Metrics, histogram::float, process, read::Sort};
use crate::Clock;

/// How long the server may take to say where the log ends; without its word the lag is left out.
const LOG_END: Duration = Duration::from_millis(500);

const OPEN_METRICS: &str = "application/openmetrics-text";
const OPEN_METRICS_IN_FULL: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Why the metrics cannot be served there.
#[derive(Debug, thiserror::Error)]
#[error("metrics: {0}")]
pub struct BadListen(String);

/// What a reader is answered from.
#[derive(Clone)]
struct Reading {
    metrics: Metrics,
    reader: Bus,
    /// Where the log ends; 0 while that is not known.
    end: Arc<AtomicU64>,
    /// What a durable consumer has still to deliver; [`UNKNOWN`] while that is not known.
    backlog: Arc<AtomicU64>,
}

/// A backlog that nobody says.
const UNKNOWN: u64 = u64::MAX;

/// Listens where the metrics are to be read.
pub async fn bind(listen: SocketAddr) -> Result<TcpListener, BadListen> {
    TcpListener::bind(listen).await.map_err(|error| {
        BadListen(match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                format!("{listen} is taken by another program: give another in [metrics] listen")
            }
            _ => format!("cannot listen on {listen}: {error}"),
        })
    })
}

/// Serves the metrics of a process, and those of its fold, until it ends: how it stops is worth seeing too.
pub async fn serve(listener: TcpListener, metrics: Metrics, views: Arc<Views>, reader: Bus, clock: Clock) {
    let (end, backlog) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(UNKNOWN)));
    process::register(&metrics);
    of_the_clock(&metrics, &views, &clock);
    of_the_fold(&metrics, &views, &end);
    of_the_consumer(&metrics, &backlog);
    let state = Reading { metrics, reader, end, backlog };
    let router = Router::new().route("/metrics", get(read)).with_state(state);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the metrics are no longer served");
    }
}

/// What time it is, and what should have been done by now.
fn of_the_clock(metrics: &Metrics, views: &Arc<Views>, clock: &Clock) {
    let now = clock.clone();
    metrics.gauge("time_seconds", "What time it is for the process, in seconds since 1970", move || {
        let now = now.now();
        Some(float(now.timestamp().try_into().ok()?) + f64::from(now.timestamp_subsec_millis()) / 1_000.0)
    });
    let (fold, now) = (Arc::clone(views), clock.clone());
    metrics.look(
        "step_oldest_pending_seconds",
        "How long the oldest automatic step has been due and is not done; 0 when there is none",
        Sort::Gauge,
        move || {
            let pending = fold.pending(now.now()).into_iter();
            pending
                .map(|(stage, age)| (vec![("stage", stage.name().to_owned())], age.as_secs_f64()))
                .collect()
        },
    );
}

/// What a durable consumer has still to do.
fn of_the_consumer(metrics: &Metrics, backlog: &Arc<AtomicU64>) {
    let backlog = Arc::clone(backlog);
    metrics.look(
        "delivery_backlog",
        "Messages that a durable consumer has still to deliver or to have acknowledged",
        Sort::Gauge,
        move || {
            let known = Some(backlog.load(Ordering::Relaxed)).filter(|backlog| *backlog != UNKNOWN);
            known
                .map(|backlog| (vec![("consumer", NOTIFIER.to_owned())], float(backlog)))
                .into_iter()
                .collect()
        },
    );
}

/// What is known of the fold.
fn of_the_fold(metrics: &Metrics, views: &Arc<Views>, end: &Arc<AtomicU64>) {
    let fold = Arc::clone(views);
    metrics.gauge(
        "fold_applied_sequence",
        "The last fact of the log that this process has folded",
        move || Some(float(fold.progress().borrow().applied)),
    );
    let (fold, end) = (Arc::clone(views), Arc::clone(end));
    metrics.gauge(
        "fold_lag",
        "How many facts the log has beyond those that this process has folded",
        move || {
            let end = Some(end.load(Ordering::Relaxed)).filter(|end| *end > 0)?;
            Some(float(end.saturating_sub(fold.progress().borrow().applied)))
        },
    );
    let fold = Arc::clone(views);
    metrics.gauge("fold_cases", "How many cases this process has in memory", move || {
        u32::try_from(fold.in_memory()).ok().map(f64::from)
    });
    let fold = Arc::clone(views);
    metrics.gauge("fold_unreadable_cases", "How many cases have facts that could not be folded", move || {
        u32::try_from(fold.unreadable()).ok().map(f64::from)
    });
}

async fn read(State(reading): State<Reading>, headers: HeaderMap) -> Response {
    let (end, backlog) = tokio::join!(
        tokio::time::timeout(LOG_END, log::last_sequence(&reading.reader, CASES)),
        tokio::time::timeout(LOG_END, log::backlog(&reading.reader, CASES, NOTIFIER)),
    );
    reading.end.store(end.map_or(0, Result::unwrap_or_default), Ordering::Relaxed);
    let backlog = backlog.ok().and_then(Result::ok).unwrap_or(UNKNOWN);
    reading.backlog.store(backlog, Ordering::Relaxed);
    let accepted =
        headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
    let registry = reading.metrics.registry();
    let mut text = String::new();
    let (written, kind) = if accepted.contains(OPEN_METRICS) {
        (text::encode(&mut text, &registry), OPEN_METRICS_IN_FULL)
    } else {
        (prometheus_text::encode(&mut text, &registry), PROMETHEUS_TEXT)
    };
    match written {
        Ok(()) => ([(header::CONTENT_TYPE, kind)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
