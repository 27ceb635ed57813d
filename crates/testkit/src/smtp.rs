//! SMTP servers for tests: [`SmtpSink`] misbehaves as told, [`AioSmtpd`] and [`Postfix`] are real servers of other
//! make, and [`Mail`] is a mail as Python's `email` reads it.

mod aiosmtpd;
mod certificate;
mod mail;
mod postfix;
mod sink;

pub use aiosmtpd::{AioSmtpd, Protection};
pub use mail::Mail;
pub use postfix::Postfix;
pub use sink::{Behaviour, Received, SmtpSink};
