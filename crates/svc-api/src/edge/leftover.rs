//! What a caller still sends when he has his answer. An answer that does not need the whole body (a file that is too
//! large, a caller who is not known) leaves the rest of it on the connection, where the next request would be looked for:
//! a client that keeps its connections would lose that one. A small rest is read and thrown away, after a larger one the
//! connection ends, and the answer says so.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    BoxError,
    body::{Body, HttpBody},
    extract::Request,
    http::{HeaderValue, Version, header},
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use futures::StreamExt as _;
use hyper::body::{Frame, SizeHint};
use tokio::{sync::oneshot, time::timeout};

/// The most bytes that are thrown away so that the connection can go on.
const LARGEST: u64 = 1 << 20;

/// The longest that they are waited for.
const LONGEST: Duration = Duration::from_secs(1);

/// Leaves nothing of a request's body before the next one.
pub(crate) async fn clear(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() || request.version() > Version::HTTP_11 {
        return next.run(request).await;
    }
    // Who asks before he sends has not sent: he is not told to only for it to be thrown away.
    let asks_first = request.headers().contains_key(header::EXPECT);
    let (hand_over, left) = oneshot::channel();
    let request = request.map(|body| Body::new(Watched { body, hand_over: Some(hand_over) }));
    let mut response = next.run(request).await;
    let mut left = left;
    if let Ok(body) = left.try_recv()
        && (asks_first || !thrown_away(body).await)
    {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Reads a body to its end, unless that is too far off.
async fn thrown_away(body: Body) -> bool {
    if body.size_hint().lower() > LARGEST {
        return false;
    }
    let mut pieces = body.into_data_stream();
    let to_its_end = async {
        let mut read = 0;
        while let Some(piece) = pieces.next().await {
            read += piece.map_or(LARGEST, |piece| piece.len() as u64);
            if read > LARGEST {
                return false;
            }
        }
        true
    };
    timeout(LONGEST, to_its_end).await.unwrap_or(false)
}

/// A body that is handed over by whoever lets go of it before its end.
struct Watched {
    body: Body,
    hand_over: Option<oneshot::Sender<Body>>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) || self.body.is_end_stream() {
            self.hand_over = None;
        }
        polled.map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(hand_over) = self.hand_over.take() {
            // Nobody waits for it if the answer was there before.
            let _ = hand_over.send(std::mem::take(&mut self.body));
        }
    }
}
