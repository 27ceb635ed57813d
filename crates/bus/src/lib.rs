//! NATS: connection, streams and permissions as data, the casebook, delivery. The sole user of async-nats.

pub mod access;
pub mod append;
pub mod archive;
pub mod assertion;
pub mod audit;
pub mod casebook;
pub mod certificates;
pub mod connection;
pub mod credentials;
pub mod delivery;
pub mod failpoint;
pub mod health;
pub mod identity;
pub mod log;
pub mod objects;
pub mod outbox;
pub mod permissions;
mod probe;
pub mod protocol;
pub mod server;
pub mod streams;
mod tls;

pub use casebook::{
    Aggregate, Attempt, Carried, Casebook, DirectoryAttempt, Executed, Kept, Loaded, Order, Shelf, fold,
    fold_whole, overloaded, read_directory, read_whole,
};
pub use connection::Bus;
pub use failpoint::Failpoint;
pub use permissions::Principal;
