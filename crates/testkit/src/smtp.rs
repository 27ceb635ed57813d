//! SMTP servers for tests: [`SmtpSink`] misbehaves as told, [`AioSmtpd`] is a real server of other make, and
//! [`Mail`] is a mail as Python's `email` reads it.

mod aiosmtpd;
mod mail;
mod sink;

pub use aiosmtpd::{AioSmtpd, Protection};
pub use mail::Mail;
pub use sink::{Behaviour, Received, SmtpSink};
