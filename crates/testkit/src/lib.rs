//! Real nats-server and SMTP servers for tests, a line that can be cut, disks that fill up, conditions to wait for.

pub mod disk;
pub mod nats;
pub mod proxy;
pub mod smtp;
mod wait;

pub use wait::{eventually, eventually_every, eventually_within};
