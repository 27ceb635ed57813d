//! Streams as a whole, for backup and restoration: every message with its headers and its time, and a way to store it
//! again.

use std::{collections::VecDeque, time::Duration};

use async_nats::{
    HeaderMap,
    jetstream::{
        self,
        context::{ContextBuilder, PublishAckFuture},
        message::{PublishMessage, StreamMessage},
    },
};
use bytes::Bytes;
use chrono::SecondsFormat;
use events::Timestamp;
use serde_json::json;

use crate::{
    connection::Bus,
    log::{self, BATCH, ReadError, STORED_AT},
};

/// The most bytes of one answer, and of what is under way: files come in pieces of half a mebibyte.
const MOST_BYTES: usize = 16 << 20;

/// How many messages are under way at a time.
const UNDER_WAY: usize = 1_024;

/// How long the server may take to store one.
const PATIENCE: Duration = Duration::from_mins(1);

/// How the server's own headers begin: what it adds to an answer, and the orders with which a message came, which were
/// carried out.
const OF_THE_SERVER: &str = "Nats-";

/// A stored message, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Its place in the stream.
    pub sequence: u64,
    /// Its subject.
    pub subject: String,
    /// Its headers in the order of their names, without the server's own.
    pub headers: Vec<(String, String)>,
    /// When it was first stored.
    pub stored_at: Timestamp,
    /// Its exact bytes.
    pub payload: Bytes,
}

/// Why a message was not stored again.
#[derive(Debug, thiserror::Error)]
pub enum RefillError {
    /// The server did not take it.
    #[error("message {sequence} of {stream} was not stored: {reason}")]
    Refused {
        /// The stream.
        stream: &'static str,
        /// Its place in the backup.
        sequence: u64,
        /// What the server said.
        reason: String,
    },
    /// It was stored, but not where it belongs.
    #[error("message {sequence} of {stream} was stored as message {stored}: another writes to this server")]
    Elsewhere {
        /// The stream.
        stream: &'static str,
        /// Where it belongs.
        sequence: u64,
        /// Where it is.
        stored: u64,
    },
}

/// Reads messages in their order from a sequence on, as many as one answer holds. An empty answer means that there are
/// no more.
pub async fn read(bus: &Bus, stream: &'static str, from: u64) -> Result<Vec<Whole>, ReadError> {
    let ask = json!({ "seq": from.max(1), "next_by_subj": ">", "batch": BATCH, "max_bytes": MOST_BYTES });
    log::batch(bus, stream, &ask, whole).await
}

fn whole(message: StreamMessage) -> Whole {
    let stored_at =
        log::stored_at(&message.headers, message.time.unix_timestamp(), message.time.nanosecond());
    let mut headers: Vec<_> = message
        .headers
        .iter()
        .flat_map(|(name, values)| values.iter().map(move |value| (name.to_string(), value.to_string())))
        .filter(|(name, _)| !name.starts_with(OF_THE_SERVER) && name != STORED_AT)
        .collect();
    headers.sort();
    Whole {
        sequence: message.sequence,
        subject: message.subject.to_string(),
        headers,
        stored_at,
        payload: message.payload,
    }
}

/// Fills an empty stream: many messages are under way at a time, and they are stored in the order in which they come.
pub struct Refill {
    jetstream: jetstream::Context,
    stream: &'static str,
    exact: bool,
    under_way: VecDeque<UnderWay>,
    bytes: usize,
}

/// A message that the server has not confirmed yet.
struct UnderWay {
    sequence: u64,
    bytes: usize,
    confirmed: PublishAckFuture,
}

impl Refill {
    /// Begins. `exact` demands that each message gets the sequence that it had.
    pub fn new(bus: &Bus, stream: &'static str, exact: bool) -> Self {
        let jetstream = ContextBuilder::new().timeout(PATIENCE).build(bus.client().clone());
        Self { jetstream, stream, exact, under_way: VecDeque::new(), bytes: 0 }
    }

    /// Sends the next message, and waits for the oldest ones when too much is under way.
    pub async fn push(&mut self, message: Whole) -> Result<(), RefillError> {
        let Whole { sequence, subject, headers: own, stored_at, payload } = message;
        let bytes = payload.len();
        while self.under_way.len() >= UNDER_WAY || self.bytes + bytes > MOST_BYTES {
            if !self.oldest().await? {
                break;
            }
        }
        let mut headers = HeaderMap::new();
        for (name, value) in own {
            headers.append(name, value);
        }
        headers.insert(STORED_AT, stored_at.to_rfc3339_opts(SecondsFormat::Nanos, true));
        let publish = PublishMessage::build().headers(headers).payload(payload).expected_stream(self.stream);
        let confirmed = self.jetstream.send_publish(subject, publish).await;
        let confirmed = confirmed.map_err(|error| self.refused(sequence, &error))?;
        self.bytes += bytes;
        self.under_way.push_back(UnderWay { sequence, bytes, confirmed });
        Ok(())
    }

    /// Waits until all are stored.
    pub async fn finish(mut self) -> Result<(), RefillError> {
        while self.oldest().await? {}
        Ok(())
    }

    /// Waits for the oldest that is under way, if any is.
    async fn oldest(&mut self) -> Result<bool, RefillError> {
        let Some(UnderWay { sequence, bytes, confirmed }) = self.under_way.pop_front() else {
            return Ok(false);
        };
        self.bytes -= bytes;
        let stored = confirmed.await.map_err(|error| self.refused(sequence, &error))?.sequence;
        if self.exact && stored != sequence {
            return Err(RefillError::Elsewhere { stream: self.stream, sequence, stored });
        }
        Ok(true)
    }

    fn refused(&self, sequence: u64, error: &dyn std::error::Error) -> RefillError {
        RefillError::Refused { stream: self.stream, sequence, reason: error.to_string() }
    }
}
