//! Reading a stream without a consumer: batched direct get, which any replica answers, and the last message of a
//! subject, which the leader answers (NATS.md §1).

use std::time::Duration;

use async_nats::{
    HeaderMap,
    jetstream::{
        self,
        message::StreamMessage,
        stream::{LastRawMessageErrorKind, RawMessageErrorKind},
    },
};
use bytes::Bytes;
use events::Timestamp;
use futures::StreamExt;
use serde_json::{Value, json};

use crate::{
    append::{self, Stored},
    connection::Bus,
};

/// How long the server may take for one message of an answer.
const LIMIT: Duration = Duration::from_secs(5);

/// The most messages of one answer.
pub const BATCH: usize = 1_000;

/// The header in which a restoration notes when a message was first stored: no server takes a time of its own from
/// others.
pub(crate) const STORED_AT: &str = "Concord-Stored-At";

/// A stored message.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its place in the stream.
    pub sequence: u64,
    /// Its subject.
    pub subject: String,
    /// Its exact bytes.
    pub payload: Bytes,
    /// When it was first stored, by the clock of that server: a restoration does not make it younger.
    pub stored_at: Timestamp,
    /// The id under which it was published.
    pub message_id: Option<String>,
}

impl Entry {
    /// What is there of it whoever stored it.
    pub fn into_stored(self) -> Stored {
        Stored { sequence: self.sequence, subject: self.subject, payload: self.payload }
    }
}

/// Why a stream could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The server did not answer in time.
    #[error("{stream} did not answer a read: is the server there, and may this credential read it?")]
    Silent {
        /// The stream.
        stream: &'static str,
    },
    /// The server answered something else than messages.
    #[error("{stream} cannot be read: {reason}")]
    Refused {
        /// The stream.
        stream: &'static str,
        /// What it said.
        reason: String,
    },
}

/// Reads stored messages in their order, at most [`BATCH`] of them: from a sequence on, of a subject (wildcards
/// allowed). An empty answer means that there are no more yet.
pub async fn read(
    bus: &Bus,
    stream: &'static str,
    from: u64,
    subject: &str,
) -> Result<Vec<Entry>, ReadError> {
    read_at_most(bus, stream, from, subject, BATCH).await
}

/// The same, and fewer of them.
pub async fn read_at_most(
    bus: &Bus,
    stream: &'static str,
    from: u64,
    subject: &str,
    most: usize,
) -> Result<Vec<Entry>, ReadError> {
    let ask = json!({ "seq": from.max(1), "next_by_subj": subject, "batch": most.min(BATCH) });
    batch(bus, stream, &ask, stored).await
}

/// Reads a stream that has no gaps, from a sequence on, at least what [`read`] gives. What the server that answers has not
/// kept is asked of the one that leads: of three one may have a damaged store, and does not know it (NATS.md §5).
pub async fn read_whole(bus: &Bus, stream: &'static str, from: u64) -> Result<Vec<Entry>, ReadError> {
    let read = read(bus, stream, from, ">").await?;
    let mut next = from.max(1);
    let mut entries = Vec::with_capacity(read.len());
    for entry in read {
        while next < entry.sequence {
            let Some(found) = elsewhere(bus, stream, next).await? else {
                let until = entry.sequence - 1;
                tracing::error!(
                    stream,
                    from = next,
                    until,
                    alert = true,
                    "MISSING: no server has these messages"
                );
                break;
            };
            tracing::error!(
                stream,
                sequence = next,
                alert = true,
                "a server has lost a message that another has"
            );
            entries.push(found);
            next += 1;
        }
        next = entry.sequence + 1;
        entries.push(entry);
    }
    Ok(entries)
}

/// A message as the leader has it.
async fn elsewhere(bus: &Bus, stream: &'static str, sequence: u64) -> Result<Option<Entry>, ReadError> {
    let handle = bounded(stream, bus.jetstream().get_stream_no_info(stream)).await?;
    match tokio::time::timeout(LIMIT, handle.get_raw_message(sequence)).await {
        Err(_) => Err(ReadError::Silent { stream }),
        Ok(Ok(message)) => Ok(Some(stored(message))),
        Ok(Err(error)) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
        Ok(Err(error)) => Err(ReadError::Refused { stream, reason: error.to_string() }),
    }
}

/// One batched direct get, each message of it made into something.
pub(crate) async fn batch<T>(
    bus: &Bus,
    stream: &'static str,
    ask: &Value,
    each: impl Fn(StreamMessage) -> T,
) -> Result<Vec<T>, ReadError> {
    let refused = |reason: String| ReadError::Refused { stream, reason };
    let client = bus.client();
    let inbox = client.new_inbox();
    let mut answers = bounded(stream, client.subscribe(inbox.clone())).await?;
    let asked =
        client.publish_with_reply(format!("$JS.API.DIRECT.GET.{stream}"), inbox, ask.to_string().into());
    bounded(stream, asked).await?;
    let mut read = Vec::new();
    loop {
        let Ok(answer) = tokio::time::timeout(LIMIT, answers.next()).await else {
            return Err(ReadError::Silent { stream });
        };
        let Some(message) = answer else { return Err(ReadError::Silent { stream }) };
        match message.status.map(u16::from) {
            None => {
                let message = StreamMessage::try_from(message).map_err(|error| refused(error.to_string()))?;
                read.push(each(message));
            }
            Some(204 | 404) => return Ok(read),
            Some(503) => return Err(ReadError::Silent { stream }),
            Some(status) => {
                let why = message.description.unwrap_or_default();
                return Err(refused(format!("{status} {why}")));
            }
        }
    }
}

/// The last message of a literal subject, as the leader has it: the proof that a fold is current (DESIGN D3).
pub async fn last(bus: &Bus, stream: &'static str, subject: &str) -> Result<Option<Entry>, ReadError> {
    let handle = bounded(stream, bus.jetstream().get_stream_no_info(stream)).await?;
    match tokio::time::timeout(LIMIT, handle.get_last_raw_message_by_subject(subject)).await {
        Err(_) => Err(ReadError::Silent { stream }),
        Ok(Ok(message)) => Ok(Some(stored(message))),
        Ok(Err(error)) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Ok(Err(error)) => Err(ReadError::Refused { stream, reason: error.to_string() }),
    }
}

/// The first message of a literal subject from a sequence on, as the leader has it.
pub async fn next(
    bus: &Bus,
    stream: &'static str,
    from: u64,
    subject: &str,
) -> Result<Option<Entry>, ReadError> {
    let handle = bounded(stream, bus.jetstream().get_stream_no_info(stream)).await?;
    match tokio::time::timeout(LIMIT, handle.get_first_raw_message_by_subject(subject, from)).await {
        Err(_) => Err(ReadError::Silent { stream }),
        Ok(Ok(message)) => Ok(Some(stored(message))),
        Ok(Err(error)) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Ok(Err(error)) => Err(ReadError::Refused { stream, reason: error.to_string() }),
    }
}

/// The sequence of the stream's last message; 0 for an empty one.
pub async fn last_sequence(bus: &Bus, stream: &'static str) -> Result<u64, ReadError> {
    let handle = bounded(stream, bus.jetstream().get_stream(stream)).await?;
    Ok(handle.cached_info().state.last_sequence)
}

/// How much of a stream's room is taken, from 0 to 1.
pub async fn fullness(bus: &Bus, stream: &'static str) -> Result<f64, ReadError> {
    let handle = bounded(stream, bus.jetstream().get_stream(stream)).await?;
    let info = handle.cached_info();
    let most = u64::try_from(info.config.max_bytes).unwrap_or(0);
    // In thousandths, which are exact.
    let taken = u128::from(info.state.bytes) * 1_000 / u128::from(most.max(1));
    Ok(u32::try_from(taken).map_or(1.0, f64::from) / 1_000.0)
}

/// How many messages a durable consumer has still to deliver or to have acknowledged.
pub async fn backlog(bus: &Bus, stream: &'static str, consumer: &str) -> Result<u64, ReadError> {
    let info = consumer_info(bus, stream, consumer).await?;
    Ok(info.num_pending + u64::try_from(info.num_ack_pending).unwrap_or(u64::MAX))
}

async fn consumer_info(
    bus: &Bus,
    stream: &'static str,
    consumer: &str,
) -> Result<jetstream::consumer::Info, ReadError> {
    let found =
        bus.jetstream().get_consumer_from_stream::<jetstream::consumer::pull::Config, _, _>(consumer, stream);
    Ok(bounded(stream, found).await?.cached_info().clone())
}

pub(crate) async fn bounded<T, E: std::fmt::Display>(
    stream: &'static str,
    asking: impl Future<Output = Result<T, E>>,
) -> Result<T, ReadError> {
    match tokio::time::timeout(LIMIT, asking).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(ReadError::Refused { stream, reason: error.to_string() }),
        Err(_) => Err(ReadError::Silent { stream }),
    }
}

fn stored(message: StreamMessage) -> Entry {
    let message_id = message.headers.get(append::ID).map(|id| id.as_str().to_owned());
    let stored_at = stored_at(&message.headers, message.time.unix_timestamp(), message.time.nanosecond());
    Entry {
        sequence: message.sequence,
        subject: message.subject.to_string(),
        payload: message.payload,
        stored_at,
        message_id,
    }
}

/// When a message was first stored: as a restoration has noted it, else as the server says.
pub(crate) fn stored_at(headers: &HeaderMap, seconds: i64, nanoseconds: u32) -> Timestamp {
    let noted = headers.get(STORED_AT).and_then(|noted| noted.as_str().parse().ok());
    noted.unwrap_or_else(|| Timestamp::from_timestamp(seconds, nanoseconds).unwrap_or_default())
}
