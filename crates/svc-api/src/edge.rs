//! What holds at the edge for every request, whatever it asks: who may connect and how slowly, how often one may ask,
//! by which id a request is found again, what every answer carries.

pub(crate) mod connections;
pub(crate) mod leftover;
mod patience;
pub(crate) mod rate;
pub(crate) mod request_id;
pub(crate) mod tls;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use crate::Api;

/// Headers of every answer, unless the answer has its own: never cached, never taken for something else, never shown
/// within a page, nothing of it loaded.
const HOUSE_RULES: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// For a year only with TLS, once a browser has seen it.
const ONLY_TLS: &str = "max-age=31536000";

/// Sets the headers of every answer. Bodies are not logged.
pub(crate) async fn house_rules(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = next.run(request).await;
    set_headers(response.headers_mut(), api.chassis.config.http.tls.is_some());
    tracing::debug!(%method, path, status = response.status().as_u16(), "request");
    response
}

fn set_headers(headers: &mut HeaderMap, tls: bool) {
    for (name, value) in HOUSE_RULES {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONLY_TLS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_keeps_its_own_policy_and_promises_tls_only_where_there_is_tls() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
        set_headers(&mut headers, false);
        assert_eq!(headers[header::CONTENT_SECURITY_POLICY], "sandbox");
        assert_eq!((&headers[header::X_FRAME_OPTIONS], headers.len()), (&"DENY".parse().unwrap(), 6));
        set_headers(&mut headers, true);
        assert_eq!(headers[header::STRICT_TRANSPORT_SECURITY], "max-age=31536000");
    }
}
