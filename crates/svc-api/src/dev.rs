//! `/dev/clock`: only with `--clock manual`; in production the address does not exist.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use service::{
    problem::{Language, Problem},
    time_travel::{self, SetClock},
};

use crate::Api;

/// `GET /dev/clock`: what time it is.
pub(crate) async fn clock(State(api): State<Api>) -> Response {
    axum::Json(json!({ "now": api.chassis.clock.now() })).into_response()
}

/// `POST /dev/clock {"to": …}`: steps from due to due, and answers when all is settled.
pub(crate) async fn set_clock(
    State(api): State<Api>,
    axum::Json(SetClock { to }): axum::Json<SetClock>,
) -> Result<Response, Problem> {
    match time_travel::advance(&api.chassis, to).await {
        Ok(arrived) => {
            tracing::debug!(now = %arrived.now, steps = arrived.steps, "the clock is set");
            Ok(axum::Json(arrived).into_response())
        }
        Err(stuck) => Err(Problem::of_edge(
            StatusCode::CONFLICT,
            "CLOCK_NOT_SET",
            ("Không đặt được đồng hồ", "The clock was not set"),
            (&stuck.to_string(), &stuck.to_string()),
            Language::En,
        )),
    }
}
