//! Is the process alive, and can it work?

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bus::{log, streams::CASES};
use events::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::Api;

/// `GET /livez`: the process answers.
pub(crate) async fn livez() -> &'static str {
    "ok\n"
}

/// Whether the process can work.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Readiness {
    /// It can.
    ready: bool,
    /// It is connected to the server of the log.
    nats: bool,
    /// The sequence of the log's newest fact; null if the log cannot be read.
    log: Option<u64>,
    /// The sequence up to which this process has folded the log.
    fold: u64,
    /// How many cases cannot be read.
    unreadable_cases: usize,
    /// What time it is for the process.
    time: Timestamp,
}

/// `GET /readyz`: the server is there, the log can be read, and the fold is near its end.
pub(crate) async fn readyz(State(api): State<Api>) -> Response {
    let connected = api.chassis.bus.is_connected();
    let last = if connected { log::last_sequence(&api.chassis.reader, CASES).await.ok() } else { None };
    let applied = api.chassis.views.progress().borrow().applied;
    let unreadable = api.chassis.views.unreadable();
    let ready = last.is_some_and(|last| last.saturating_sub(applied) <= 1_000);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let time = api.chassis.clock.now();
    let body =
        Readiness { ready, nats: connected, log: last, fold: applied, unreadable_cases: unreadable, time };
    (status, axum::Json(body)).into_response()
}
