//! Appending with compare-and-set: one message as a plain publish, several as one atomic batch (DESIGN D5).
//!
//! Both conflict codes are a conflict; an outcome that is not known is settled by sending the same bytes again and
//! reading back the message id (NATS.md, facts 2 and 6).

mod group;
mod press;

use std::time::Duration;

use async_nats::{
    HeaderMap,
    header::{
        NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL, NATS_BATCH_ID, NATS_BATCH_SEQUENCE,
        NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_EXPECTED_STREAM,
    },
    jetstream::{
        ErrorCode, context::PublishErrorKind, message::PublishMessage, publish::PublishAck,
        response::Response,
    },
};
use bytes::Bytes;
use tokio::time::Instant;

pub use group::append_group;
pub use press::{Flight, Press, Pressing, Stored};

use crate::{
    connection::Bus,
    failpoint::{self, Failpoint},
    log,
};

/// How long one try may take.
const TRY: Duration = Duration::from_secs(4);

/// How long is tried in all before the outcome is given up as unknown.
const GIVE_UP: Duration = Duration::from_secs(15);

/// The header that names a message: what a read-back recognises.
///
/// Not the server's own message id: compare-and-set makes each message stand once for ever, and the server would keep
/// half a kilobyte in memory for each of its own ids.
pub(crate) const ID: &str = "Concord-Id";

/// A message to be appended.
#[derive(Clone, Debug)]
pub struct Append {
    /// Its literal subject.
    pub subject: String,
    /// Its exact bytes.
    pub payload: Bytes,
    /// Its id: what a read-back recognises.
    pub id: String,
    /// The sequence of the subject's last message; 0 for none.
    pub expected: u64,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
}

/// Why nothing was appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Another message of the subject came first.
    #[error("another message of {subject} came first")]
    Conflict {
        /// The subject; of a batch the first that is known to be stale.
        subject: String,
    },
    /// The stream is full: nothing more is taken until the operator makes room.
    #[error("the stream is full")]
    Full,
    /// The server did not say whether it was stored.
    #[error("the server did not say whether it was stored")]
    Unknown,
    /// The server took nothing, for another reason.
    #[error("the server refused: {reason}")]
    Refused {
        /// What it said.
        reason: String,
    },
}

/// Appends one message to a stream; gives its sequence.
pub async fn append(bus: &Bus, stream: &'static str, message: &Append) -> Result<u64, AppendError> {
    let give_up = Instant::now() + GIVE_UP;
    loop {
        let outcome = tokio::time::timeout(TRY, async {
            let publish = PublishMessage::build()
                .headers(headers(message))
                .payload(message.payload.clone())
                .expected_stream(stream)
                .expected_last_subject_sequence(message.expected);
            let confirmed = bus.jetstream().send_publish(message.subject.clone(), publish).await?;
            failpoint::reached(Failpoint::AppendSent);
            confirmed.await
        })
        .await;
        match outcome {
            Ok(Ok(ack)) => return Ok(ack.sequence),
            Ok(Err(error)) => {
                if let Some(code) = api_code(&error) {
                    return settle(bus, stream, std::slice::from_ref(message), code).await.map(|ack| ack[0]);
                }
                let unclear = matches!(
                    error.kind(),
                    PublishErrorKind::TimedOut
                        | PublishErrorKind::StreamNotFound
                        | PublishErrorKind::BrokenPipe
                );
                if !unclear {
                    return Err(AppendError::Refused { reason: error.to_string() });
                }
            }
            Err(_) => {}
        }
        again(give_up).await?;
    }
}

/// Appends several messages of different subjects, all or none; gives their sequences.
pub async fn append_all(
    bus: &Bus,
    stream: &'static str,
    messages: &[Append],
) -> Result<Vec<u64>, AppendError> {
    let give_up = Instant::now() + GIVE_UP;
    loop {
        if let Ok(Ok(response)) = tokio::time::timeout(TRY, send_batch(bus, stream, messages)).await {
            match response {
                Response::Ok(ack) => {
                    let first = first(&ack, messages);
                    return Ok((first..=ack.sequence).collect());
                }
                Response::Err { error } => {
                    return settle(bus, stream, messages, error.error_code()).await;
                }
            }
        }
        again(give_up).await?;
    }
}

/// The sequence of a batch's first message: a batch is stored without gaps.
fn first(ack: &PublishAck, messages: &[Append]) -> u64 {
    ack.sequence + 1 - u64::try_from(messages.len()).unwrap_or(u64::MAX)
}

async fn again(give_up: Instant) -> Result<(), AppendError> {
    if Instant::now() >= give_up {
        return Err(AppendError::Unknown);
    }
    tokio::time::sleep(Duration::from_millis(rand::random_range(20..120))).await;
    Ok(())
}

/// The headers that every message has.
fn headers(message: &Append) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &message.headers {
        headers.insert(*name, value.as_str());
    }
    headers.insert(ID, message.id.as_str());
    headers
}

/// All but the last are published; the last one, sent as a request, commits the batch.
async fn send_batch(
    bus: &Bus,
    stream: &'static str,
    messages: &[Append],
) -> Result<Response<PublishAck>, String> {
    let batch = uuid::Uuid::new_v4().to_string();
    let client = bus.client();
    let mut answer = Err("an empty batch".to_owned());
    for (place, message) in (1..).zip(messages) {
        let mut headers = headers(message);
        headers.insert(NATS_EXPECTED_STREAM, stream);
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, message.expected.to_string());
        headers.insert(NATS_BATCH_ID, batch.as_str());
        headers.insert(NATS_BATCH_SEQUENCE, place.to_string());
        let (subject, payload) = (message.subject.clone(), message.payload.clone());
        if place < messages.len() {
            client
                .publish_with_headers(subject, headers, payload)
                .await
                .map_err(|error| error.to_string())?;
        } else {
            failpoint::reached(Failpoint::AppendHalfSent);
            headers.insert(NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL);
            let reply = client.request_with_headers(subject, headers, payload).await;
            let reply = reply.map_err(|error| error.to_string())?;
            answer = serde_json::from_slice(&reply.payload).map_err(|error| error.to_string());
        }
    }
    answer
}

/// What a refusal by the server means: a conflict may be our own message of an earlier try.
async fn settle(
    bus: &Bus,
    stream: &'static str,
    messages: &[Append],
    code: ErrorCode,
) -> Result<Vec<u64>, AppendError> {
    match code {
        ErrorCode::STREAM_STORE_FAILED | ErrorCode::INSUFFICIENT_RESOURCES => return Err(AppendError::Full),
        ErrorCode::STREAM_WRONG_LAST_SEQUENCE | ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT => {}
        other => return Err(AppendError::Refused { reason: format!("JetStream error {other:?}") }),
    }
    let mut stored = Vec::with_capacity(messages.len());
    let mut stale = None;
    for message in messages {
        match read_back(bus, stream, message).await? {
            Some(sequence) => stored.push(sequence),
            None => stale = stale.or_else(|| Some(message.subject.clone())),
        }
    }
    match stale {
        // All or none: a batch of which nothing is ours was not stored.
        Some(subject) => Err(AppendError::Conflict { subject }),
        None => Ok(stored),
    }
}

/// Looks for our message behind the one that we expected; another writer may have followed it already.
async fn read_back(bus: &Bus, stream: &'static str, message: &Append) -> Result<Option<u64>, AppendError> {
    let last = log::last(bus, stream, &message.subject).await.map_err(|_| AppendError::Unknown)?;
    match last {
        Some(last) if last.message_id.as_deref() == Some(&message.id) => return Ok(Some(last.sequence)),
        None => return Ok(None),
        Some(_) => {}
    }
    let found = log::read(bus, stream, message.expected + 1, &message.subject).await;
    let found = found.map_err(|_| AppendError::Unknown)?;
    let ours = found.into_iter().find(|entry| entry.message_id.as_deref() == Some(&message.id));
    Ok(ours.map(|entry| entry.sequence))
}

/// The JetStream error code behind an error; the client's own kinds know only one of the two conflict codes.
fn api_code(error: &(dyn std::error::Error + 'static)) -> Option<ErrorCode> {
    let source = error.source()?;
    let code =
        source.downcast_ref::<async_nats::jetstream::Error>().map(async_nats::jetstream::Error::error_code);
    code.or_else(|| api_code(source))
}
