//! The dossier that went up to the standing body, as data or as the document that people read.

use axum::{
    Extension,
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::{Case, Code, Refusal, stages::escalation::Submitted};
use service::problem::Problem;

use crate::{Api, asks_for_text, auth::Caller, cases::visible};

/// `GET /cases/{id}/dossier`: the newest dossier that went up, in its canonical form; with `Accept: text/plain` the
/// document. The header `dossier-digest` has the SHA-256 that stands in the log: that of the canonical form.
pub(crate) async fn one(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let case = visible(&api, &caller, id, None).await?;
    let submitted = newest(&case).ok_or_else(|| Problem::of(&none_went_up(), caller.language))?;
    let (media_type, body) = if asks_for_text(&headers) {
        (
            "text/plain; charset=utf-8",
            submitted.content.text(&case, &api.chassis.policy().organisation, submitted.at),
        )
    } else {
        ("application/json", submitted.content.canonical())
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    if let Ok(digest) = HeaderValue::from_str(&submitted.digest.to_string()) {
        headers.insert(HeaderName::from_static("dossier-digest"), digest);
    }
    Ok(response)
}

fn newest(case: &Case) -> Option<&Submitted> {
    case.escalation.dossiers.iter().rev().find_map(|dossier| dossier.submitted.as_ref())
}

fn none_went_up() -> Refusal {
    Refusal::new(
        Code::NotFound,
        "Vụ việc chưa có hồ sơ nào được trình.",
        "No dossier of this case has gone up yet.",
    )
}
