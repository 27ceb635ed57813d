//! Why a server cannot be reached, and whether one that can be reached keeps what it confirms.

use std::path::Path;
use std::time::Duration;

use async_nats::{ConnectErrorKind, ServerAddr};
use serde::Deserialize;
use tokio::net::TcpStream;

use super::{ConnectError, ConnectTo, NotDurable};
use crate::probe::{self, LIMIT, greets};

const MONITOR_LIMIT: Duration = Duration::from_secs(2);

pub(super) fn addresses(url: &str) -> Result<Vec<ServerAddr>, ConnectError> {
    url.split(',')
        .map(|one| one.trim().parse().map_err(|_| ConnectError::BadAddress { url: one.trim().to_owned() }))
        .collect()
}

/// Looks at each address again to say what is wrong with it: the client's own error does not tell.
pub(super) async fn explain(to: &ConnectTo, error: &async_nats::ConnectError) -> ConnectError {
    let url = to.url.clone();
    if error.kind() == ConnectErrorKind::AuthorizationViolation {
        let (principal, public_key) = (to.principal, to.seed.public_key().to_owned());
        return ConnectError::WrongCredential { url, principal, public_key };
    }
    // Of a certificate that it does not trust the client says only in words that it was that.
    let words = error.to_string();
    if error.kind() == ConnectErrorKind::Tls || words.contains("certificate") {
        return ConnectError::NotTrusted { url, reason: words };
    }
    for address in addresses(&url).unwrap_or_default() {
        if let Some(reason) = why_not(&address).await {
            return reason;
        }
    }
    ConnectError::Failed { url, reason: error.to_string() }
}

async fn why_not(address: &ServerAddr) -> Option<ConnectError> {
    let url = address.as_url_str().to_owned();
    let stream = tokio::time::timeout(LIMIT, TcpStream::connect((address.host(), address.port()))).await;
    let mut stream = match stream {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Some(ConnectError::NothingListens { url, reason: error.to_string() }),
        Err(_) => return Some(ConnectError::NothingListens { url, reason: "no answer".to_owned() }),
    };
    if greets(&mut stream).await { None } else { Some(ConnectError::NotNats { url }) }
}

/// The part of `/varz` that matters here.
#[derive(Deserialize)]
struct Varz {
    server_id: String,
    #[serde(default)]
    jetstream: VarzJetStream,
}

#[derive(Default, Deserialize)]
struct VarzJetStream {
    config: Option<VarzJetStreamConfig>,
}

#[derive(Deserialize)]
struct VarzJetStreamConfig {
    // `sync_interval` beside it keeps showing two minutes, whatever is set.
    #[serde(default)]
    sync_always: bool,
}

/// The id of the server that this monitor speaks for, if it is durable.
pub(super) async fn durable_server(url: &str, ca: Option<&Path>) -> Result<String, NotDurable> {
    let no_monitor =
        |reason: String| NotDurable::NoMonitor { url: url.trim_end_matches('/').to_owned(), reason };
    let answer =
        probe::get(url, "/varz", ca, MONITOR_LIMIT).await.map_err(|error| no_monitor(error.to_string()))?;
    let varz: Varz = serde_json::from_slice(&answer).map_err(|error| no_monitor(error.to_string()))?;
    match varz.jetstream.config {
        None => Err(NotDurable::NoJetStream { url: url.to_owned() }),
        Some(config) if !config.sync_always => Err(NotDurable::SyncsLater { url: url.to_owned() }),
        Some(_) => Ok(varz.server_id),
    }
}
