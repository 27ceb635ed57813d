//! Messages as they come.

use bytes::Bytes;
use futures::StreamExt;

use super::{SEND_LIMIT, SendError, bounded};

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Message(pub(super) async_nats::Message);

/// Messages of one subject pattern, in the order in which the server passes them on.
#[derive(Debug)]
pub struct Subscription(pub(super) async_nats::Subscriber);

impl Message {
    /// What it was sent to.
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// Where an answer is expected, if one is.
    pub fn reply(&self) -> Option<&str> {
        self.0.reply.as_deref()
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.headers.as_ref()?.get(name).map(async_nats::HeaderValue::as_str)
    }

    /// The server's status, on its own messages only.
    pub fn status(&self) -> Option<u16> {
        self.0.status.map(u16::from)
    }

    /// The bytes.
    pub fn payload(&self) -> &Bytes {
        &self.0.payload
    }
}

impl Subscription {
    /// The next message; `None` once the subscription or the connection has ended. May be dropped while it
    /// waits.
    pub async fn next(&mut self) -> Option<Message> {
        self.0.next().await.map(Message)
    }

    /// Ends it: what has come so far can still be taken with [`Subscription::next`], then it answers `None`.
    pub async fn drain(&mut self) -> Result<(), SendError> {
        bounded("the end of a subscription", SEND_LIMIT, self.0.drain()).await
    }
}
