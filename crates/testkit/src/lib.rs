//! Real nats-server and SMTP servers for tests, conditions to wait for, goldens.

pub mod nats;
mod wait;

pub use wait::eventually;
