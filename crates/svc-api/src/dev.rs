//! `/dev/clock`: only with `--clock manual`; in production the address does not exist.

use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use events::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use service::{
    problem::Problem,
    time_travel::{self, SetClock},
};

use crate::{Api, acts, refused};

/// What time it is for the process.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ManualClock {
    /// The instant.
    now: Timestamp,
}

/// `GET /dev/clock`: what time it is.
pub(crate) async fn clock(State(api): State<Api>) -> Response {
    axum::Json(ManualClock { now: api.chassis.clock.now() }).into_response()
}

/// `POST /dev/clock {"to": …}`: steps from due to due, and answers when all is settled.
pub(crate) async fn set_clock(
    State(api): State<Api>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let language = crate::language(&headers);
    let body = acts::read_body(body, language)?;
    let SetClock { to } =
        serde_json::from_value(body).map_err(|error| acts::not_an_object(language, &error.to_string()))?;
    match time_travel::advance(&api.chassis, to).await {
        Ok(arrived) => {
            tracing::debug!(now = %arrived.now, steps = arrived.steps, "the clock is set");
            Ok(axum::Json(arrived).into_response())
        }
        Err(stuck) => {
            Err(Problem::of_edge(&refused::CLOCK_NOT_SET, (&stuck.to_string(), &stuck.to_string()), language))
        }
    }
}
