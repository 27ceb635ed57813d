//! NATS: connection, streams and permissions as data, the casebook, delivery. The sole user of async-nats.

pub mod connection;
pub mod credentials;
pub mod permissions;
mod probe;
pub mod server;
pub mod streams;
