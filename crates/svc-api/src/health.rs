//! Is the process alive, and can it work?

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bus::{log, streams::CASES};
use serde_json::json;

use crate::Api;

/// `GET /livez`: the process answers.
pub(crate) async fn livez() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the server is there, the log can be read, and the fold is near its end.
pub(crate) async fn readyz(State(api): State<Api>) -> Response {
    let connected = api.chassis.bus.is_connected();
    let last = if connected { log::last_sequence(&api.chassis.reader, CASES).await.ok() } else { None };
    let applied = api.chassis.views.progress().borrow().applied;
    let unreadable = api.chassis.views.unreadable();
    let ready = last.is_some_and(|last| last.saturating_sub(applied) <= 1_000);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "ready": ready,
        "nats": connected,
        "log": last,
        "fold": applied,
        "unreadable_cases": unreadable,
        "time": api.chassis.clock.now(),
    });
    (status, axum::Json(body)).into_response()
}
