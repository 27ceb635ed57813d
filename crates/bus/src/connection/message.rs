//! Messages as they come: from the server, or from another service of the same process.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::oneshot;

use super::house::Heard;
use super::{Bus, SEND_LIMIT, SendError, bounded};

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Message(Came);

#[derive(Clone, Debug)]
enum Came {
    FromServer(async_nats::Message),
    InHouse(Arc<Handed>),
}

/// A request that never left the process, or the answer to one.
#[derive(Debug)]
struct Handed {
    subject: String,
    payload: Bytes,
    answer: Mutex<Option<oneshot::Sender<Message>>>,
}

/// Messages of one subject pattern, in the order in which they are passed on.
#[derive(Debug)]
pub struct Subscription {
    server: async_nats::Subscriber,
    /// What other services of the process ask, as long as the server's side is there too.
    house: Option<Heard>,
    server_ended: bool,
}

impl Message {
    pub(super) fn from_server(message: async_nats::Message) -> Self {
        Self(Came::FromServer(message))
    }

    /// A request to another service of the process, and where its answer arrives.
    pub(super) fn in_house(subject: &str, payload: Bytes) -> (Self, oneshot::Receiver<Self>) {
        let (answer, answered) = oneshot::channel();
        let handed = Handed { subject: subject.to_owned(), payload, answer: Mutex::new(Some(answer)) };
        (Self(Came::InHouse(Arc::new(handed))), answered)
    }

    /// What it was sent to.
    pub fn subject(&self) -> &str {
        match &self.0 {
            Came::FromServer(message) => &message.subject,
            Came::InHouse(handed) => &handed.subject,
        }
    }

    /// The inbox on the server where an answer is expected, if one is: [`Message::answer`] finds it by itself.
    pub fn reply(&self) -> Option<&str> {
        match &self.0 {
            Came::FromServer(message) => message.reply.as_deref(),
            Came::InHouse(_) => None,
        }
    }

    /// Whether somebody waits for an answer.
    pub fn wants_answer(&self) -> bool {
        match &self.0 {
            Came::FromServer(message) => message.reply.is_some(),
            Came::InHouse(handed) => handed.answer.lock().unwrap_or_else(PoisonError::into_inner).is_some(),
        }
    }

    /// Answers whoever asked; nothing happens when nobody did, or has been answered.
    pub async fn answer(&self, bus: &Bus, payload: Bytes) -> Result<(), SendError> {
        match &self.0 {
            Came::FromServer(message) => match &message.reply {
                Some(reply) => bus.publish(reply, payload).await,
                None => Ok(()),
            },
            Came::InHouse(handed) => {
                let answer = handed.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(answer) = answer {
                    // Who has stopped waiting learns the outcome by repeating.
                    let (answered, _) = Self::in_house("", payload);
                    let _ = answer.send(answered);
                }
                Ok(())
            }
        }
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        match &self.0 {
            Came::FromServer(message) => {
                message.headers.as_ref()?.get(name).map(async_nats::HeaderValue::as_str)
            }
            Came::InHouse(_) => None,
        }
    }

    /// The server's status, on its own messages only.
    pub fn status(&self) -> Option<u16> {
        match &self.0 {
            Came::FromServer(message) => message.status.map(u16::from),
            Came::InHouse(_) => None,
        }
    }

    /// The bytes.
    pub fn payload(&self) -> &Bytes {
        match &self.0 {
            Came::FromServer(message) => &message.payload,
            Came::InHouse(handed) => &handed.payload,
        }
    }
}

impl Subscription {
    pub(super) fn new(server: async_nats::Subscriber, house: Option<Heard>) -> Self {
        Self { server, house, server_ended: false }
    }

    /// The next message; `None` once the subscription or the connection has ended. May be dropped while it
    /// waits.
    pub async fn next(&mut self) -> Option<Message> {
        while !self.server_ended {
            let Some(house) = &mut self.house else {
                return self.server.next().await.map(Message::from_server);
            };
            tokio::select! {
                message = self.server.next() => match message {
                    Some(message) => return Some(Message::from_server(message)),
                    None => self.server_ended = true,
                },
                Some(message) = house.next() => return Some(message),
            }
        }
        let house = self.house.as_mut()?;
        house.leave();
        house.next().await
    }

    /// Ends it: what has come so far can still be taken with [`Subscription::next`], then it answers `None`.
    pub async fn drain(&mut self) -> Result<(), SendError> {
        if let Some(house) = &mut self.house {
            house.leave();
        }
        bounded("the end of a subscription", SEND_LIMIT, self.server.drain()).await
    }
}
