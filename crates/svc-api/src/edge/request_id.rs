//! The id of a request: the caller's own or a new one, in the answer, in every problem and in every log line about it. And
//! its trace: the caller's by `traceparent` (W3C Trace Context), or a new one. It is the correlation of the facts that the
//! request leads to, and stands in the log lines of every service that works on it.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use service::problem::REQUEST_ID;
use tracing::Instrument as _;
use uuid::Uuid;

const NAME: HeaderName = HeaderName::from_static("x-request-id");
const TRACE_PARENT: &str = "traceparent";

tokio::task_local! {
    /// The trace of the request that is being answered.
    static TRACE: Uuid;
}

/// The most characters of a caller's own id.
const LONGEST: usize = 64;

/// Gives a request its id.
pub(crate) async fn identify(request: Request, next: Next) -> Response {
    let trace = request.headers().get(TRACE_PARENT).and_then(traced).unwrap_or_else(new);
    let id = request.headers().get(&NAME).and_then(sane).unwrap_or_else(|| trace.simple().to_string());
    // As an error, so that what goes wrong is found by its id whatever the filter lets through.
    let span = tracing::error_span!("request", id, trace = %trace.simple());
    let answering = TRACE.scope(trace, REQUEST_ID.scope(id.as_str().into(), next.run(request)));
    let mut response = answering.instrument(span).await;
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(NAME, id);
    }
    response
}

/// An id that a caller gave, if it may stand in a log line and in a header as it is.
fn sane(given: &HeaderValue) -> Option<String> {
    let bytes = given.as_bytes();
    let sane = (1..=LONGEST).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    let text = given.to_str().ok().filter(|_| sane)?;
    Some(text.to_owned())
}

/// The trace of the request that is being answered: what it leads to is found by it.
pub(crate) fn trace() -> Uuid {
    TRACE.try_with(|trace| *trace).unwrap_or_else(|_| new())
}

fn new() -> Uuid {
    Uuid::from_u128(rand::random())
}

/// The trace that a caller goes on with: version, trace, parent and flags, of which the trace counts.
fn traced(given: &HeaderValue) -> Option<Uuid> {
    let mut parts = given.to_str().ok()?.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    if !hex(version, 2) || version == "ff" || !hex(trace, 32) || !hex(parts.next()?, 16) {
        return None;
    }
    Uuid::try_parse(trace).ok().filter(|trace| !trace.is_nil())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_of_the_caller_is_gone_on_with_if_it_is_one() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        for (given, taken) in [
            (format!("00-{trace}-b7ad6b7169203331-01"), true),
            (format!("01-{trace}-b7ad6b7169203331-01-more"), true),
            (format!("ff-{trace}-b7ad6b7169203331-01"), false),
            (format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)), false),
            (format!("00-{}-b7ad6b7169203331-01", trace.to_uppercase()), false),
            (format!("00-{trace}"), false),
            (String::new(), false),
        ] {
            let value = HeaderValue::from_str(&given).unwrap();
            let found = traced(&value).map(|trace| trace.simple().to_string());
            assert_eq!(found, taken.then(|| trace.to_owned()), "{given}");
        }
    }

    #[test]
    fn an_id_of_the_caller_is_taken_if_it_is_short_and_visible() {
        for (given, taken) in [
            ("a-1", true),
            ("0af7651916cd43dd8448eb211c80319c", true),
            ("", false),
            ("a b", false),
            ("a\tb", false),
            (&"x".repeat(65), false),
        ] {
            let value = HeaderValue::from_str(given).unwrap();
            assert_eq!(sane(&value), taken.then(|| given.to_owned()), "{given:?}");
        }
        assert_eq!(sane(&HeaderValue::from_bytes("số".as_bytes()).unwrap()), None);
        assert!(sane(&HeaderValue::try_from(new().simple().to_string()).unwrap()).is_some());
    }
}
