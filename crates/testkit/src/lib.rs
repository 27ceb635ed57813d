//! Real nats-servers, alone and as a cluster, and SMTP servers for tests, a line that can be cut, disks that fill up, conditions to wait for.

pub mod cluster;
pub mod disk;
pub mod nats;
mod policy;
pub mod proxy;
pub mod servers;
pub mod smtp;
mod wait;

pub use policy::{example_policy, example_policy_with};
pub use wait::{eventually, eventually_every, eventually_within};
