//! Mail as evidence: who is told what, the outbox, the SMTP relay.

pub mod letter;
pub mod notices;
pub mod transport;
