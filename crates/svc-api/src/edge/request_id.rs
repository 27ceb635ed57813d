//! The id of a request: the caller's own or a new one, in the answer, in every problem and in every log line about it.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use service::problem::REQUEST_ID;
use tracing::Instrument as _;

const NAME: HeaderName = HeaderName::from_static("x-request-id");

/// The most characters of a caller's own id.
const LONGEST: usize = 64;

/// Gives a request its id.
pub(crate) async fn identify(request: Request, next: Next) -> Response {
    let id = request.headers().get(&NAME).and_then(sane).unwrap_or_else(new);
    // As an error, so that what goes wrong is found by its id whatever the filter lets through.
    let span = tracing::error_span!("request", id);
    let mut response = REQUEST_ID.scope(id.as_str().into(), next.run(request)).instrument(span).await;
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

fn new() -> String {
    format!("{:032x}", rand::random::<u128>())
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(sane(&HeaderValue::try_from(new()).unwrap()).is_some());
    }
}
