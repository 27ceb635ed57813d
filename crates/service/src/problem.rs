//! problem+json (RFC 9457): a stable code, a title in the caller's language, and what to do next.

use std::{borrow::Cow, sync::Arc};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    Code, Refusal,
    labels::{self, Label},
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

/// The caller's language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Vietnamese: the default.
    #[default]
    Vi,
    /// English.
    En,
}

impl Language {
    /// The first language of `Accept-Language` that we speak; Vietnamese if it names none.
    pub fn accepted(header: Option<&str>) -> Self {
        let named = header.unwrap_or_default().split(',').map(|tag| tag.trim().to_ascii_lowercase());
        for tag in named {
            if tag.starts_with("vi") {
                return Self::Vi;
            }
            if tag.starts_with("en") {
                return Self::En;
            }
        }
        Self::Vi
    }

    /// One of two texts.
    pub fn pick<'a>(self, vi: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Vi => vi,
            Self::En => en,
        }
    }
}

tokio::task_local! {
    /// The id of the request that is being answered: each problem names it.
    pub static REQUEST_ID: Arc<str>;
}

/// A code with which the HTTP edge itself refuses: no rule was asked.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// The code.
    pub code: &'static str,
    /// Its status.
    pub status: u16,
    /// What is wrong.
    pub title: Label,
    /// What to do.
    pub next: Label,
}

/// A problem, as the caller gets it.
#[derive(Clone, Debug)]
pub struct Problem(Box<Body>);

/// Why a request was not carried out (RFC 9457). Nothing was stored, unless the code is `OUTCOME_UNKNOWN`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
struct Body {
    /// Where the code is explained, e.g. `/problems/bad-state`.
    #[serde(rename = "type")]
    kind: String,
    /// What the code is called, in the caller's language.
    title: String,
    /// The HTTP status.
    status: u16,
    /// Why, this time, in the caller's language.
    detail: String,
    /// What to do next, in the caller's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'static str>,
    /// The stable code: what a program looks at.
    code: String,
    /// The field of the body that is at fault, where one is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// The id of the request, by which the operator finds it in the log; also in `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<Arc<str>>,
    #[serde(skip)]
    retry_after: Option<u32>,
}

/// A field at fault.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct FieldError {
    /// Where it stands in the body, as a JSON pointer such as `/call/ended_at`.
    pointer: String,
    /// The code once more.
    code: String,
}

impl Problem {
    /// A problem from a refusal.
    pub fn of(refusal: &Refusal, language: Language) -> Self {
        let status = status(refusal.code);
        let words = labels::code(refusal.code);
        let code = refusal.code.name().to_owned();
        let errors = refusal
            .field
            .iter()
            .map(|field| FieldError { pointer: pointer(field), code: code.clone() })
            .collect();
        Self(Box::new(Body {
            kind: kind(&code),
            title: language.pick(words.title.vi, words.title.en).to_owned(),
            status: status.as_u16(),
            detail: language.pick(&refusal.vi, &refusal.en).to_owned(),
            next: Some(language.pick(words.next.vi, words.next.en)),
            code,
            errors,
            request_id: None,
            retry_after: retry_after(status),
        }))
    }

    /// A problem of the HTTP edge itself.
    pub fn of_edge(edge: &'static Edge, detail: (&str, &str), language: Language) -> Self {
        let Edge { code, status, title, next } = edge;
        Self(Box::new(Body {
            kind: kind(code),
            title: language.pick(title.vi, title.en).to_owned(),
            status: *status,
            detail: language.pick(detail.0, detail.1).to_owned(),
            next: Some(language.pick(next.vi, next.en)),
            code: (*code).to_owned(),
            errors: Vec::new(),
            request_id: None,
            retry_after: StatusCode::from_u16(*status).ok().and_then(retry_after),
        }))
    }

    /// The same may be sent again after so many seconds.
    #[must_use]
    pub fn after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }
}

/// After how many seconds the same may be sent again, where that helps.
fn retry_after(status: StatusCode) -> Option<u32> {
    (status == StatusCode::SERVICE_UNAVAILABLE).then_some(1)
}

fn kind(code: &str) -> String {
    format!("/problems/{}", code.to_ascii_lowercase().replace('_', "-"))
}

/// `call.ended_at` as a JSON pointer.
fn pointer(field: &str) -> String {
    format!("/{}", field.replace(['.', '['], "/").replace(']', ""))
}

impl JsonSchema for Problem {
    fn schema_name() -> Cow<'static, str> {
        Body::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Body::json_schema(generator)
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        self.0.request_id = REQUEST_ID.try_with(Arc::clone).ok();
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The status of each code.
pub fn status(code: Code) -> StatusCode {
    use StatusCode as S;
    match code {
        Code::NotFound => S::NOT_FOUND,
        Code::NotAuthorised | Code::DelegationExpired | Code::SeparationOfDuties => S::FORBIDDEN,
        Code::Conflict
        | Code::BadState
        | Code::DocDuplicate
        | Code::WrittenNotExpected
        | Code::NoOpenAssignment
        | Code::NoProposal
        | Code::TwoKeysRequired
        | Code::NoDisagreementRecorded
        | Code::DossierIncomplete
        | Code::TfConsentMissing
        | Code::TfMemberMissing
        | Code::TfTasksOpen
        | Code::TaskForceActive
        | Code::InstructionsOpen
        | Code::CheckpointsOpen
        | Code::BlockedByLink
        | Code::DeadlineNotExtendable
        | Code::ReopenWindowElapsed
        | Code::WrittenNotSettled => S::CONFLICT,
        Code::InvalidData
        | Code::StateSecretContentRefused
        | Code::PhoneRequiresUrgency
        | Code::CallInFuture
        | Code::DocInvalid
        | Code::IdempotencyKeyReused => S::UNPROCESSABLE_ENTITY,
        Code::AutomaticStepPending | Code::Busy | Code::OutcomeUnknown | Code::Unavailable => {
            S::SERVICE_UNAVAILABLE
        }
        Code::StoreFull => S::INSUFFICIENT_STORAGE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_s_language_is_the_first_that_we_speak() {
        assert_eq!(Language::accepted(None), Language::Vi);
        assert_eq!(Language::accepted(Some("fr, en;q=0.8, vi;q=0.5")), Language::En);
        assert_eq!(Language::accepted(Some("vi-VN,vi;q=0.9,en;q=0.8")), Language::Vi);
    }

    #[test]
    fn a_field_becomes_a_json_pointer() {
        assert_eq!(pointer("call.key_facts.request"), "/call/key_facts/request");
        assert_eq!(pointer("attachments[2].size"), "/attachments/2/size");
    }
}
