//! What the operator says about the relay, and what of it makes no sense.

use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::address::Address;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use serde::Deserialize;

use crate::bounce;
use crate::letter::{self, BadLetter, Part};

/// How to reach the relay.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name or address of the relay; with TLS the certificate must be for it.
    pub host: String,
    /// Usually 587 with `starttls`, 465 with `implicit`, 25 with `none`.
    pub port: u16,
    /// How the line is protected.
    pub tls: Tls,
    /// Lets mail go unprotected to a relay that is not this machine.
    #[serde(default)]
    pub allow_plaintext: bool,
    /// Certificates (PEM) to trust besides those of the system, for a relay with a certificate of its own.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Account at the relay, if it wants one.
    #[serde(default)]
    pub username: Option<String>,
    /// Its password.
    #[serde(default)]
    pub password: Option<Password>,
    /// The file that holds it instead, read at the start; one line break at its end does not count.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Name we give in EHLO; without it the domain of `from`.
    #[serde(default)]
    pub hello: Option<String>,
    /// Sender of the envelope, to whom failures are reported; also who the letters should name as sender.
    pub from: String,
    /// Each mail has an envelope sender of its own, `<local part>+<id>@<domain>`, so that a report of failure says which
    /// it is about.
    #[serde(default)]
    pub own_addresses: bool,
    /// Longest time for one whole send, connecting included.
    #[serde(default = "twenty")]
    pub timeout_seconds: f64,
    /// A line is renewed after so many mails.
    #[serde(default = "hundred")]
    pub mails_per_line: NonZeroU32,
    /// A line is renewed after so long a rest.
    #[serde(default = "sixty")]
    pub idle_seconds: f64,
}

fn twenty() -> f64 {
    20.0
}

fn hundred() -> NonZeroU32 {
    const { NonZeroU32::new(100).unwrap() }
}

fn sixty() -> f64 {
    60.0
}

/// How the line to the relay is protected. There is no "if possible": that would be plaintext to whoever
/// wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Not at all; to this machine only, unless `allow_plaintext`.
    None,
    /// Begins in the clear, and nothing is said before TLS stands.
    Starttls,
    /// TLS from the first byte.
    Implicit,
}

/// A password that no log shows.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    fn of(file: &Path) -> Result<Self, BadConfig> {
        let unusable = |why: String| BadConfig::PasswordFile { file: file.to_owned(), why };
        let text = fs::read_to_string(file).map_err(|error| unusable(error.to_string()))?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        if text.is_empty() { Err(unusable("it is empty".to_owned())) } else { Ok(Self(text.to_owned())) }
    }
}

impl From<String> for Password {
    fn from(text: String) -> Password {
        Password(text)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(not shown)")
    }
}

/// What is wrong with a configuration; found at start, before any mail.
#[derive(Debug, thiserror::Error)]
pub enum BadConfig {
    /// Mail would cross a network that others can read.
    #[error(
        "tls = \"none\" to {host:?}, which is not this machine: mail would go in the clear; \
         use starttls or implicit, or set allow_plaintext = true"
    )]
    Plaintext {
        /// The relay.
        host: String,
    },
    /// One of username and password is missing.
    #[error("username and password go together: only {0} is given")]
    HalfCredentials(&'static str),
    /// The password is given twice.
    #[error("password and password_file are both given: leave one out")]
    TwoPasswords,
    /// The file with the password cannot be used.
    #[error("password_file {file}: {why}")]
    PasswordFile {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The envelope sender is not an address.
    #[error(transparent)]
    From(#[from] BadLetter),
    /// The name for EHLO is not one.
    #[error("hello = {0:?} is not a host name")]
    Hello(String),
    /// A time that makes no sense.
    #[error("{0} must be more than nothing and not more than a day")]
    Seconds(&'static str),
    /// The extra certificates cannot be used.
    #[error("ca_file {file}: {why}")]
    Certificates {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// TLS cannot be set up on this machine.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
}

/// A configuration that makes sense, in the terms of the protocol.
pub(super) struct Relay {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) protection: Protection,
    pub(super) credentials: Option<Credentials>,
    pub(super) hello: ClientId,
    pub(super) sender: Address,
    pub(super) own_addresses: bool,
    pub(super) patience: Duration,
    pub(super) mails_per_line: u32,
    pub(super) idle: Duration,
}

/// [`Tls`], with whom to trust.
pub(super) enum Protection {
    None,
    Starttls(TlsParameters),
    Implicit(TlsParameters),
}

impl Config {
    pub(super) fn checked(self) -> Result<Relay, BadConfig> {
        if self.tls == Tls::None && !self.allow_plaintext && !is_this_machine(&self.host) {
            return Err(BadConfig::Plaintext { host: self.host });
        }
        let protection = match self.tls {
            Tls::None => Protection::None,
            Tls::Starttls => Protection::Starttls(tls_parameters(&self)?),
            Tls::Implicit => Protection::Implicit(tls_parameters(&self)?),
        };
        let password = match (self.password, self.password_file) {
            (Some(_), Some(_)) => return Err(BadConfig::TwoPasswords),
            (None, Some(file)) => Some(Password::of(&file)?),
            (given, None) => given,
        };
        let credentials = match (self.username, password) {
            (Some(username), Some(password)) => Some(Credentials::new(username, password.0)),
            (None, None) => None,
            (Some(_), None) => return Err(BadConfig::HalfCredentials("username")),
            (None, Some(_)) => return Err(BadConfig::HalfCredentials("password")),
        };
        let sender = letter::mailbox(Part::From, &self.from)?.email;
        if self.own_addresses {
            let longest = bounce::address(sender.user(), &uuid::Uuid::nil().to_string(), sender.domain());
            letter::mailbox(Part::From, &longest)?;
        }
        let hello = self.hello.unwrap_or_else(|| sender.domain().to_owned());
        if hello.is_empty() || !hello.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(BadConfig::Hello(hello));
        }
        Ok(Relay {
            host: self.host,
            port: self.port,
            protection,
            credentials,
            hello: ClientId::Domain(hello),
            sender,
            own_addresses: self.own_addresses,
            patience: seconds("timeout_seconds", self.timeout_seconds)?,
            mails_per_line: self.mails_per_line.get(),
            idle: seconds("idle_seconds", self.idle_seconds)?,
        })
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn seconds(name: &'static str, value: f64) -> Result<Duration, BadConfig> {
    match Duration::try_from_secs_f64(value) {
        Ok(duration) if !duration.is_zero() && duration <= Duration::from_hours(24) => Ok(duration),
        _ => Err(BadConfig::Seconds(name)),
    }
}

/// Trust in the system's certificates and those of `ca_file`, for the configured host only.
fn tls_parameters(config: &Config) -> Result<TlsParameters, BadConfig> {
    let mut builder = TlsParameters::builder(config.host.clone());
    if let Some(file) = &config.ca_file {
        let bad = |why: String| BadConfig::Certificates { file: file.clone(), why };
        let pem = fs::read(file).map_err(|e| bad(e.to_string()))?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|e| bad(e.to_string()))?);
    }
    builder.build().map_err(|e| BadConfig::Tls(e.to_string()))
}
