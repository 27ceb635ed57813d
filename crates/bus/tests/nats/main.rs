//! The bus against a real nats-server.

#[cfg(test)]
mod append;
mod casebook;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod connection;
#[cfg(test)]
mod health;
#[cfg(test)]
mod house;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod server;
#[cfg(test)]
mod streams;

use std::time::Duration;

use bus::connection::Bus;
use serde_json::{Value, json};

/// Long enough for an answer on a busy machine.
const SOON: Duration = Duration::from_secs(5);

/// Asks and reads the answer as JSON.
async fn ask(bus: &Bus, subject: &str, body: Value) -> Value {
    let answer = bus.request(subject, body.to_string().into(), SOON).await.expect("an answer");
    serde_json::from_slice(answer.payload()).expect("an answer in JSON")
}

/// The payload of one message of the log.
async fn stored(bus: &Bus, stream: &str, sequence: u64) -> Vec<u8> {
    let subject = format!("$JS.API.DIRECT.GET.{stream}");
    let wanted = json!({ "seq": sequence }).to_string();
    bus.request(&subject, wanted.into(), SOON).await.expect("an answer").payload().to_vec()
}
