//! Real nats-server and SMTP servers for tests, conditions to wait for, goldens.

pub mod nats;
pub mod smtp;
mod wait;

pub use wait::eventually;
