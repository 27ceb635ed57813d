//! Delivery for effects: a durable consumer whose handler gives a verdict (DESIGN D8, STYLE habit 11).

use std::time::Duration;

use async_nats::jetstream::{
    AckKind,
    consumer::{PullConsumer, pull},
};
use events::Timestamp;
use futures::StreamExt;
use serde::Serialize;

use crate::{
    append::{self, Append},
    connection::Bus,
    log::{self, Entry, ReadError},
    streams::DEAD,
};

/// How many messages are asked for at a time: what waits here for its handler must not come again meanwhile.
const PULLED: usize = 64;

/// What a handler says of a message. Nothing is ever acknowledged and forgotten.
#[derive(Debug)]
pub enum Verdict {
    /// Done for good.
    Done,
    /// Nothing to do: it may come again without harm.
    NotOurs,
    /// Not yet: deliver it again.
    Again {
        /// When.
        after: Duration,
        /// Why.
        why: String,
    },
    /// It can never be done: a dead letter with the reason, and an alert.
    Hopeless {
        /// Why.
        why: String,
    },
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is a dead letter now.
    Buried,
    /// Anything else.
    Otherwise,
}

/// A message that was delivered.
#[derive(Debug)]
pub struct Delivered {
    /// The message.
    pub entry: Entry,
    /// How often it has been delivered, this time included.
    pub times: u64,
    message: async_nats::jetstream::Message,
}

/// A durable consumer.
pub struct Deliveries {
    bus: Bus,
    stream: &'static str,
    name: &'static str,
    messages: pull::Stream,
    errors: u32,
}

/// A message that nobody can handle, kept with the reason.
#[derive(Serialize)]
struct DeadLetter<'a> {
    stream: &'a str,
    sequence: u64,
    subject: &'a str,
    consumer: &'a str,
    reason: &'a str,
    deliveries: u64,
    message: String,
}

impl std::fmt::Debug for Deliveries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deliveries").field("consumer", &self.name).finish_non_exhaustive()
    }
}

impl Deliveries {
    /// Takes up a durable consumer that is there already.
    pub async fn open(bus: &Bus, stream: &'static str, name: &'static str) -> Result<Self, ReadError> {
        let messages = pull_from(bus, stream, name).await?;
        Ok(Self { bus: bus.clone(), stream, name, messages, errors: 0 })
    }

    /// The next message. Survives the server's absence; a consumer that stays silent is taken up anew.
    pub async fn next(&mut self) -> Result<Delivered, ReadError> {
        loop {
            match self.messages.next().await {
                Some(Ok(message)) => {
                    self.errors = 0;
                    return delivered(message)
                        .map_err(|reason| ReadError::Refused { stream: self.stream, reason });
                }
                Some(Err(error)) => {
                    self.errors += 1;
                    tracing::debug!(consumer = self.name, %error, "delivery");
                    if self.errors < 3 {
                        continue;
                    }
                }
                None => {}
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
            if let Ok(messages) = pull_from(&self.bus, self.stream, self.name).await {
                self.messages = messages;
                self.errors = 0;
            }
        }
    }

    /// What tells the server the verdicts.
    pub fn settler(&self) -> Settler {
        Settler { bus: self.bus.clone(), stream: self.stream, name: self.name }
    }
}

/// Tells the server what became of delivered messages.
#[derive(Clone, Debug)]
pub struct Settler {
    bus: Bus,
    stream: &'static str,
    name: &'static str,
}

impl Settler {
    /// Tells the server what became of a message.
    pub async fn settle(&self, delivered: &Delivered, verdict: Verdict) -> Settled {
        let entry = &delivered.entry;
        let mut settled = Settled::Otherwise;
        let acknowledged = match verdict {
            // Not waited for: where it is lost the message comes again, and handlers bear that.
            Verdict::Done | Verdict::NotOurs => delivered.message.ack().await,
            Verdict::Again { after, why } => {
                tracing::debug!(consumer = self.name, sequence = entry.sequence, why, "again");
                delivered.message.ack_with(AckKind::Nak(Some(after))).await
            }
            Verdict::Hopeless { why } => match self.bury(delivered, &why).await {
                Ok(()) => {
                    settled = Settled::Buried;
                    delivered.message.double_ack_with(AckKind::Term).await
                }
                Err(error) => {
                    tracing::error!(consumer = self.name, %error, "a dead letter could not be kept");
                    delivered.message.ack_with(AckKind::Nak(Some(Duration::from_secs(5)))).await
                }
            },
        };
        if let Err(error) = acknowledged {
            // It comes again, and handlers bear that.
            tracing::warn!(consumer = self.name, sequence = entry.sequence, %error, "not acknowledged");
        }
        settled
    }

    async fn bury(&self, delivered: &Delivered, reason: &str) -> Result<(), append::AppendError> {
        let Entry { sequence, subject, payload, .. } = &delivered.entry;
        tracing::error!(consumer = self.name, sequence, reason, alert = true, "DEAD LETTER");
        let letter = DeadLetter {
            stream: self.stream,
            sequence: *sequence,
            subject,
            consumer: self.name,
            reason,
            deliveries: delivered.times,
            message: String::from_utf8_lossy(payload).into_owned(),
        };
        let message = Append {
            subject: format!("dead.{}.{sequence}", self.name),
            payload: crate::protocol::write(&letter),
            id: format!("dead:{}:{sequence}", self.name),
            expected: 0,
            headers: Vec::new(),
        };
        match append::append(&self.bus, DEAD, &message).await {
            Ok(_) | Err(append::AppendError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

async fn pull_from(bus: &Bus, stream: &'static str, name: &'static str) -> Result<pull::Stream, ReadError> {
    let refused = |reason: String| ReadError::Refused { stream, reason };
    let found = bus.jetstream().get_consumer_from_stream(name, stream);
    let consumer: PullConsumer = tokio::time::timeout(Duration::from_secs(5), found)
        .await
        .map_err(|_| ReadError::Silent { stream })?
        .map_err(|error| refused(error.to_string()))?;
    let pulling = consumer.stream().max_messages_per_batch(PULLED).expires(Duration::from_secs(10));
    let pulling = pulling.heartbeat(Duration::from_secs(2)).messages();
    pulling.await.map_err(|error| refused(error.to_string()))
}

fn delivered(message: async_nats::jetstream::Message) -> Result<Delivered, String> {
    let info = message.info().map_err(|error| error.to_string())?;
    let times = u64::try_from(info.delivered).unwrap_or_default();
    let (seconds, nanoseconds) = (info.published.unix_timestamp(), info.published.nanosecond());
    let stored_at = match &message.headers {
        Some(headers) => log::stored_at(headers, seconds, nanoseconds),
        None => Timestamp::from_timestamp(seconds, nanoseconds).unwrap_or_default(),
    };
    let entry = Entry {
        sequence: info.stream_sequence,
        subject: message.subject.to_string(),
        payload: message.payload.clone(),
        stored_at,
        message_id: None,
    };
    Ok(Delivered { entry, times, message })
}
