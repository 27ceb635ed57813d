//! What can go wrong with a connection, each in one line that says what to do next.

use std::time::Duration;

use crate::permissions::Principal;
use crate::server::OLDEST;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is not one.
    #[error("`{url}` is not a server address: write it like nats://127.0.0.1:14222")]
    BadAddress {
        /// What was given.
        url: String,
    },
    /// Nobody is there.
    #[error("nothing listens at {url} ({reason}): start nats-server, or correct the address")]
    NothingListens {
        /// Where.
        url: String,
        /// What the system said.
        reason: String,
    },
    /// Somebody else is there.
    #[error("what listens at {url} is not a NATS server: correct the address")]
    NotNats {
        /// Where.
        url: String,
    },
    /// The key is not known there.
    #[error(
        "the server at {url} refuses the credential `{principal}`: use the seed that was made with this server, \
         or write its public key {public_key} into the server's configuration"
    )]
    WrongCredential {
        /// Where.
        url: String,
        /// Who asked.
        principal: Principal,
        /// The key that was shown.
        public_key: String,
    },
    /// Its certificate is not the cluster's.
    #[error(
        "the server at {url} cannot be trusted ({reason}): set [nats] ca to the certificate that signed the \
         server's, and use the name or address that stands in the server's"
    )]
    NotTrusted {
        /// Where.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// Permissions would not hold there.
    #[error("the server at {url} lets anyone in: give it a configuration with one nkey for each credential")]
    Unguarded {
        /// Where.
        url: String,
    },
    /// An older server.
    #[error(
        "the server at {url} is nats-server {version}, too old: run {major}.{minor} or later",
        major = OLDEST.0,
        minor = OLDEST.1
    )]
    TooOld {
        /// Where.
        url: String,
        /// What it says it is.
        version: String,
    },
    /// It may lose what it has confirmed.
    #[error(transparent)]
    NotDurable(#[from] NotDurable),
    /// Anything else.
    #[error("cannot connect to {url}: {reason}")]
    Failed {
        /// Where.
        url: String,
        /// What went wrong.
        reason: String,
    },
}

/// Why it is not proven that the server keeps what it confirms.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDurable {
    /// The monitor does not answer.
    #[error(
        "durability is not proven, {url}/varz cannot be read ({reason}): \
         set `http: 127.0.0.1:18222` in the server's configuration and give that address"
    )]
    NoMonitor {
        /// Where.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// The monitor speaks for another server.
    #[error(
        "durability is not proven, the monitor at {url} belongs to another server than the one \
         connected to: give that server's own monitor"
    )]
    OtherServer {
        /// Where.
        url: String,
    },
    /// There is no JetStream.
    #[error(
        "the server monitored at {url} runs without JetStream: \
         add `jetstream {{ store_dir: …, sync_interval: always }}` to its configuration and restart it"
    )]
    NoJetStream {
        /// Where.
        url: String,
    },
    /// Writes are confirmed before they are on the disk.
    #[error(
        "the server monitored at {url} confirms before the disk has it: \
         set `sync_interval: always` in the jetstream block of its configuration and restart it"
    )]
    SyncsLater {
        /// Where.
        url: String,
    },
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Nobody subscribes: it was certainly not handled.
    #[error("nobody answers on {subject}: start the service that owns it")]
    NoResponder {
        /// What was asked.
        subject: String,
    },
    /// Too much waits there: it was certainly not handled.
    #[error("too much waits on {subject}: try again")]
    Busy {
        /// What was asked.
        subject: String,
    },
    /// The outcome is unknown. A denied request looks the same; the server's reason is in the log.
    #[error("no answer on {subject} within {within:?}, the outcome is unknown: repeat it with the same key")]
    TimedOut {
        /// What was asked.
        subject: String,
        /// How long was waited.
        within: Duration,
    },
    /// It was not sent.
    #[error("cannot ask on {subject}: {reason}")]
    NotSent {
        /// What was asked.
        subject: String,
        /// What went wrong.
        reason: String,
    },
}

/// Why something was not passed to the server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The server is away and the queue to it full, or it does not answer.
    #[error("the server did not take {what} within {within:?}: see that it runs")]
    TimedOut {
        /// What was sent.
        what: String,
        /// How long was waited.
        within: Duration,
    },
    /// It cannot be sent as it is.
    #[error("cannot send {what}: {reason}")]
    Refused {
        /// What was sent.
        what: String,
        /// What went wrong.
        reason: String,
    },
}
