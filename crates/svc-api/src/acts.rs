//! Acts: an HTTP request becomes a command to the stage that owns it.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    Extension,
    body::Bytes,
    extract::{
        Path, State,
        rejection::{BytesRejection, PathRejection},
    },
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bus::protocol::{self, CommandAnswer, CommandRequest, Done};
use domain::{Act, Refusal, awaiting::awaiting, secrecy, stages};
use events::{AggregateId, CaseId, CommandId, Digest, EventId};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use service::problem::{Language, Problem};

use crate::{Api, asking, auth::Caller, edge::request_id, refused, view};

/// How long the fold may need to come up with an answer's version.
pub(crate) const FOLD: Duration = Duration::from_secs(1);

/// `POST /cases`: a case is raised, by telephone or in writing.
pub(crate) async fn raise(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let refuse = |refusal: Refusal| Problem::of(&refusal, caller.language);
    let act = stages::act("raise").ok_or_else(|| refuse(Refusal::not_found()))?;
    let key = idempotency_key(&headers, caller.language)?;
    let case = CaseId::raised_by(&caller.person.agency, &caller.person.officer, &key);
    carry_out(&api, &caller, act, case, &key, &headers, body).await
}

/// `POST /cases/{id}/{act}`: an act on a case.
pub(crate) async fn act(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    path: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let refuse = |refusal: Refusal| Problem::of(&refusal, caller.language);
    let Path((case, name)) = path.map_err(|_| refuse(Refusal::not_found()))?;
    let act = stages::act(&name)
        .filter(|act| act.name != "raise")
        .ok_or_else(|| no_such_act(&name, stages::acts(), caller.language))?;
    let case = case.parse().map_err(|_| refuse(Refusal::not_found()))?;
    let key = idempotency_key(&headers, caller.language)?;
    carry_out(&api, &caller, act, case, &key, &headers, body).await
}

async fn carry_out(
    api: &Api,
    caller: &Caller,
    act: &Act,
    case: CaseId,
    key: &str,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let done = ask(api, caller, act, case.into(), Sent { key, headers, body }).await?;
    answer_done(api, caller, act, case, &done).await
}

/// What came with an act: its key, its headers and its body.
pub(crate) struct Sent<'a> {
    pub(crate) key: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Result<Bytes, BytesRejection>,
}

/// Passes an act on to the stage that owns it: what it did.
pub(crate) async fn ask(
    api: &Api,
    caller: &Caller,
    act: &Act,
    on: AggregateId,
    sent: Sent<'_>,
) -> Result<Done, Problem> {
    let refuse = |refusal: Refusal| Problem::of(&refusal, caller.language);
    let mut body = read_body(sent.body, caller.language)?;
    let fingerprint = fingerprint(act, on, &body);
    secrecy::screen(act.name, &mut body).map_err(refuse)?;
    let person = &caller.person;
    let request = CommandRequest {
        on,
        assertion: caller.assertion.clone(),
        command: CommandId::of_person(&person.agency, &person.officer, on, sent.key),
        fingerprint,
        expected_version: expected_version(sent.headers, caller.language)?,
        correlation: request_id::trace(),
        clock: api.chassis.clock.now(),
        body,
    };
    let answer = asking::ask(&api.chassis.bus, act, protocol::write(&request)).await.map_err(refuse)?;
    let answer: CommandAnswer = protocol::read(&answer).map_err(refuse)?;
    Result::from(answer).map_err(refuse)
}

/// What an act is answered with.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Done")]
pub(crate) struct Answer<'a> {
    /// The fact that the act made, by its id; of a repeat, the first one.
    event: EventId,
    /// The version of that fact.
    version: u32,
    /// The place in the log up to which a list must have come to show this: its `at_least`.
    position: u64,
    /// Steps of the process that were not done within half a second, such as `routing.route-by-rule`: they come by themselves.
    pending: &'a [String],
    /// The case as it stands after the steps that followed; null if it is not known here yet.
    case: Option<view::Whole<'a>>,
    /// Who turns the next key, where the act needs several.
    #[serde(skip_serializing_if = "Option::is_none")]
    awaits: Option<view::AwaitedView>,
}

/// The case as it stands after its automatic steps, and what is still to come.
async fn answer_done(
    api: &Api,
    caller: &Caller,
    act: &Act,
    id: CaseId,
    done: &Done,
) -> Result<Response, Problem> {
    let known = api.chassis.views.at_least(id, done.now_at, FOLD).await;
    // The act is done even if the fold is late: the answer then says so much.
    let case = known.or_else(|| api.chassis.views.case(id));
    let policy = &api.chassis.policy();
    let mut answer = Answer {
        event: done.event,
        version: done.version,
        position: done.sequence,
        pending: &done.pending,
        case: case.as_ref().map(|case| view::case(case, policy, api.reader(caller))),
        awaits: None,
    };
    let mut status = if act.name == "raise" { StatusCode::CREATED } else { StatusCode::OK };
    // One key of several: somebody else turns the next (DESIGN D2).
    let awaited =
        case.iter().flat_map(|case| awaiting(case, policy)).find(|awaited| awaited.after == act.name);
    if let Some(awaited) = awaited {
        status = StatusCode::ACCEPTED;
        answer.awaits = Some(view::awaited(awaited));
    }
    if done.replayed {
        status = StatusCode::OK;
    }
    let mut response = (status, axum::Json(answer)).into_response();
    let headers = response.headers_mut();
    view::etag(headers, case.as_ref().map_or(done.now_at, |case| case.version));
    if done.replayed {
        headers.insert(HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true"));
    }
    if act.name == "raise"
        && let Ok(location) = HeaderValue::from_str(&format!("/api/v1/cases/{id}"))
    {
        headers.insert(header::LOCATION, location);
    }
    Ok(response)
}

/// The digest of the act's canonical body: its fields in the order of their names, whatever order they came in.
///
/// Of a caller's number only the digits that are kept count: from the digest of the whole it could be found by
/// trying (DESIGN D14).
fn fingerprint(act: &Act, on: AggregateId, body: &Value) -> Digest {
    let mut body = body.clone();
    if let Some(Value::String(number)) = body.pointer_mut("/call/caller/number") {
        let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
        *number = digits[digits.len().saturating_sub(3)..].iter().collect();
    }
    Digest::of(format!("{}\n{}\n{}", act.name, on.subject(), canonical(&body)).as_bytes())
}

fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().collect();
            let fields =
                sorted.into_iter().map(|(name, field)| format!("{}:{}", json!(name), canonical(field)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

/// A body as a JSON object; none at all is an empty one.
pub(crate) fn read_body(body: Result<Bytes, BytesRejection>, language: Language) -> Result<Value, Problem> {
    let body = body.map_err(|rejection| unread(&rejection, language))?;
    if body.is_empty() {
        return Ok(json!({}));
    }
    match serde_json::from_slice(&body) {
        Ok(Value::Object(fields)) => Ok(Value::Object(fields)),
        Ok(_) => Err(not_an_object(language, "the body is no object")),
        Err(error) => Err(not_an_object(language, &error.to_string())),
    }
}

/// A body that did not come, or is too large.
fn unread(rejection: &BytesRejection, language: Language) -> Problem {
    let status = rejection.status();
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::of_edge(
            &refused::BODY_TOO_LARGE,
            ("Nội dung gửi lên tối đa 256 KiB.", "A body has at most 256 KiB."),
            language,
        );
    }
    not_an_object(language, &rejection.body_text())
}

/// A body that is not the JSON that is asked for.
pub(crate) fn not_an_object(language: Language, why: &str) -> Problem {
    Problem::of_edge(
        &refused::MALFORMED_JSON,
        (
            &format!("Nội dung gửi lên phải là một đối tượng JSON ({why})."),
            &format!("The body must be a JSON object ({why})."),
        ),
        language,
    )
}

pub(crate) fn no_such_act<'a>(
    name: &str,
    acts: impl Iterator<Item = &'a Act>,
    language: Language,
) -> Problem {
    let known = acts.map(|act| act.name).collect::<Vec<_>>().join(", ");
    Problem::of_edge(
        &refused::NO_SUCH_ACT,
        (
            &format!("Không có thao tác “{name}”. Các thao tác: {known}."),
            &format!("There is no act “{name}”. The acts are: {known}."),
        ),
        language,
    )
}

/// A person's act must be recognisable when it is repeated (DESIGN D6).
pub(crate) fn idempotency_key(headers: &HeaderMap, language: Language) -> Result<String, Problem> {
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).map(str::trim);
    match key {
        Some(key) if !key.is_empty() && key.len() <= 200 => Ok(key.to_owned()),
        _ => Err(Problem::of_edge(
            &refused::IDEMPOTENCY_KEY_REQUIRED,
            (
                "Gửi kèm tiêu đề Idempotency-Key (tối đa 200 ký tự), mỗi việc một khóa; gửi lại việc cũ thì dùng khóa cũ.",
                "Send the header Idempotency-Key (at most 200 characters): a new one for each act, the same one for a repeat.",
            ),
            language,
        )),
    }
}

/// `If-Match: "7"`: only if the case still stands at version 7.
pub(crate) fn expected_version(headers: &HeaderMap, language: Language) -> Result<Option<u32>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    text.trim_start_matches("W/").trim_matches('"').parse().map(Some).map_err(|_| {
        Problem::of_edge(
            &refused::MALFORMED_IF_MATCH,
            (
                "If-Match là ETag của vụ việc, ví dụ \"7\".",
                "If-Match takes the ETag of a case, such as \"7\".",
            ),
            language,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_fields_does_not_make_another_act() {
        let one = json!({ "a": 1, "b": { "c": [1, 2], "d": "x" } });
        let other: Value = serde_json::from_str(r#"{ "b": { "d": "x", "c": [1, 2] }, "a": 1 }"#).unwrap();
        assert_eq!(canonical(&one), canonical(&other));
        assert_ne!(canonical(&one), canonical(&json!({ "a": 1, "b": { "c": [2, 1], "d": "x" } })));
        assert_eq!(canonical(&one), r#"{"a":1,"b":{"c":[1,2],"d":"x"}}"#);
    }
}
