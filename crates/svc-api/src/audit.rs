//! The audit, over HTTP: the newest signed checkpoint, and the proof that a fact stands in the log.

use std::time::Duration;

use axum::{
    Extension,
    extract::{Path, State, rejection::PathRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use bus::{
    audit::{ASK, Answer, Proof, Question},
    connection::RequestError,
    protocol,
};
use domain::{Code, Refusal, duties};
use events::{AggregateId, EventId};
use schemars::JsonSchema;
use serde::Serialize;
use service::problem::Problem;

use crate::{Api, asks_for_text, auth::Caller, cases};

/// How long is waited for an answer: a checkpoint may have to be signed first.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// A signed checkpoint.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Checkpoint {
    /// The signed note (C2SP `signed-note`), as it is to be kept: sizes and roots of the logs, time, signatures.
    note: String,
}

/// `GET /audit/checkpoint`: the newest signed checkpoint; with `Accept: text/plain` the note as it is.
pub(crate) async fn checkpoint(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let refuse = |refusal| Problem::of(&refusal, caller.language);
    let Answer::Checkpoint(note) = ask(&api, &Question::Checkpoint { fresh: false }).await.map_err(refuse)?
    else {
        return Err(refuse(unavailable(&"it answered something else")));
    };
    if asks_for_text(&headers) {
        return Ok(note.into_response());
    }
    Ok(axum::Json(Checkpoint { note }).into_response())
}

/// `GET /audit/proof/{event}`: the proof for a fact, for whoever may see what it is about.
pub(crate) async fn proof(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    event: Result<Path<EventId>, PathRejection>,
) -> Result<Response, Problem> {
    let refuse = |refusal| Problem::of(&refusal, caller.language);
    // What is no id is the id of nothing.
    let Ok(Path(event)) = event else { return Err(refuse(nothing())) };
    let answer = ask(&api, &Question::Proof { event }).await.map_err(refuse)?;
    let Answer::Proof(proof) = answer else {
        return Err(refuse(unavailable(&"it answered something else")));
    };
    match AggregateId::of_subject(&proof.subject) {
        Some(AggregateId::Case(id)) => {
            let seen = cases::visible(&api, &caller, Ok(Path(id.to_string())), None).await;
            seen.map_err(|_| refuse(nothing()))?;
        }
        Some(AggregateId::Duty(id)) => {
            let now = api.chassis.clock.now();
            let policy = api.chassis.views.policy(now);
            let duty = api.chassis.views.known_duty(id);
            duty.filter(|duty| duties::may_see(duty, &caller.person, &policy, now))
                .ok_or_else(|| refuse(nothing()))?;
        }
        Some(AggregateId::Document(_) | AggregateId::Directory) => {}
        None => return Err(refuse(nothing())),
    }
    Ok(axum::Json::<Proof>(*proof).into_response())
}

async fn ask(api: &Api, question: &Question) -> Result<Answer, Refusal> {
    let answered = api.chassis.bus.request(ASK, protocol::write(question), ANSWERS_WITHIN).await;
    let answer = answered.map_err(|error| match error {
        RequestError::Busy { .. } => bus::overloaded(),
        error => unavailable(&error),
    })?;
    match protocol::read(&answer)? {
        // Not yours and not there look the same, to the letter.
        Answer::Refused(refusal) if refusal.code == Code::NotFound => Err(nothing()),
        Answer::Refused(refusal) => Err(refusal),
        answer => Ok(answer),
    }
}

fn nothing() -> Refusal {
    Refusal::new(
        Code::NotFound,
        "Không có sự kiện này, hoặc đồng chí không có quyền xem.",
        "There is no such event, or it is not yours to see.",
    )
}

fn unavailable(reason: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(
        Code::Unavailable,
        "Bộ phận kiểm toán chưa trả lời được; đề nghị thử lại sau ít phút.",
        format!("The audit service does not answer now ({reason}): try again in a minute."),
    )
}
