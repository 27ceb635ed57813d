//! How server and streams do, for who looks after them: it asks, and changes nothing.

use std::{fmt, io, path::Path, time::Duration};

use async_nats::jetstream::stream::ClusterInfo;
use events::Timestamp;
use serde::Deserialize;

use crate::{
    connection::Bus,
    log::{ReadError, bounded},
    probe,
};

/// How long a monitor may take.
const LIMIT: Duration = Duration::from_secs(2);

/// What a server's monitor says of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Vitals {
    /// Its name.
    pub server_name: String,
    /// Its version, `2.15.1`.
    pub version: String,
    /// What time it is for it.
    pub now: Timestamp,
}

/// How a stream stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamHealth {
    /// How many messages it has.
    pub messages: u64,
    /// The sequence of its last message; 0 for an empty one.
    pub last_sequence: u64,
    /// How many bytes it takes on each server.
    pub bytes: u64,
    /// How many it may take.
    pub max_bytes: u64,
    /// The server that leads it; none while a cluster elects one, or if it stands alone.
    pub leader: Option<String>,
    /// The others on which it lies; none, if it lies on one server.
    pub followers: Vec<Follower>,
}

/// A server that has a copy of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follower {
    /// Its name.
    pub name: String,
    /// Whether it has what the leader has.
    pub current: bool,
    /// Whether the others hold it for gone.
    pub offline: bool,
    /// How many operations it is behind.
    pub lag: u64,
}

impl Follower {
    /// Whether it could take over at once.
    pub fn is_well(&self) -> bool {
        self.current && !self.offline && self.lag == 0
    }
}

impl fmt::Display for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, current, offline, lag } = self;
        match (offline, current) {
            (true, _) => write!(f, "{name} is away"),
            (false, false) => write!(f, "{name} is not current, {lag} behind"),
            (false, true) => write!(f, "{name} is {lag} behind"),
        }
    }
}

/// Reads a monitor, `http://127.0.0.1:18222`; one by https must show a certificate that `ca` has signed.
///
/// # Errors
/// It does not answer, or with something else.
pub async fn vitals(monitor_url: &str, ca: Option<&Path>) -> io::Result<Vitals> {
    let answer = probe::get(monitor_url, "/varz", ca, LIMIT).await?;
    serde_json::from_slice(&answer).map_err(io::Error::from)
}

/// A copy of a stream on one server, as that server counts it.
///
/// Where the copies of a stream differ for longer than a moment, a store is damaged: none of the servers notices by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCopy {
    /// The stream.
    pub stream: String,
    /// How many messages the server has of it.
    pub messages: u64,
    /// The sequence of the last one; 0 for none.
    pub last_sequence: u64,
    /// How many bytes they take.
    pub bytes: u64,
    /// How many they may take.
    pub max_bytes: u64,
    /// On how many servers the stream is to lie.
    pub replicas: u8,
}

/// Reads from a monitor what its server has of each stream.
///
/// # Errors
/// It does not answer, or with something else.
pub async fn copies(monitor_url: &str, ca: Option<&Path>) -> io::Result<Vec<StoredCopy>> {
    let answer = probe::get(monitor_url, "/jsz?acc=$G&streams=true&config=true", ca, LIMIT).await?;
    let jsz: Jsz = serde_json::from_slice(&answer)?;
    let streams = jsz.account_details.into_iter().flat_map(|account| account.stream_detail);
    let copy = |stream: JszStream| StoredCopy {
        stream: stream.name,
        messages: stream.state.messages,
        last_sequence: stream.state.last_seq,
        bytes: stream.state.bytes,
        max_bytes: u64::try_from(stream.config.max_bytes).unwrap_or(0),
        replicas: stream.config.num_replicas,
    };
    Ok(streams.map(copy).collect())
}

/// The part of `/jsz` that matters here.
#[derive(Deserialize)]
struct Jsz {
    #[serde(default)]
    account_details: Vec<JszAccount>,
}

#[derive(Deserialize)]
struct JszAccount {
    #[serde(default)]
    stream_detail: Vec<JszStream>,
}

#[derive(Deserialize)]
struct JszStream {
    name: String,
    state: JszState,
    config: JszConfig,
}

#[derive(Deserialize)]
struct JszConfig {
    max_bytes: i64,
    num_replicas: u8,
}

#[derive(Deserialize)]
struct JszState {
    messages: u64,
    last_seq: u64,
    bytes: u64,
}

/// How a stream stands. The credential needs the right to ask about it.
///
/// # Errors
/// The server does not answer in time, or says no.
pub async fn stream(bus: &Bus, stream: &'static str) -> Result<StreamHealth, ReadError> {
    let handle = bounded(stream, bus.jetstream().get_stream(stream)).await?;
    let info = handle.cached_info();
    let cluster = info.cluster.clone();
    Ok(StreamHealth {
        messages: info.state.messages,
        last_sequence: info.state.last_sequence,
        bytes: info.state.bytes,
        max_bytes: u64::try_from(info.config.max_bytes).unwrap_or(0),
        leader: cluster.as_ref().and_then(|cluster| cluster.leader.clone()),
        followers: cluster.map(followers).unwrap_or_default(),
    })
}

fn followers(cluster: ClusterInfo) -> Vec<Follower> {
    let follower = |peer: async_nats::jetstream::stream::PeerInfo| Follower {
        name: peer.name,
        current: peer.current,
        offline: peer.offline,
        lag: peer.lag.unwrap_or(0),
    };
    cluster.replicas.into_iter().map(follower).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_follower_that_lags_or_is_away_is_not_well() {
        let cluster = json!({ "name": "concord", "leader": "n1", "replicas": [
            { "name": "n2", "current": true, "active": 150_000_000 },
            { "name": "n3", "current": false, "active": 9_000_000_000_u64, "lag": 12 },
            { "name": "n4", "current": false, "offline": true, "active": 9_000_000_000_u64, "lag": 90 },
        ]});
        let followers = followers(serde_json::from_value(cluster).unwrap());
        let said: Vec<_> = followers.iter().map(|each| (each.is_well(), each.to_string())).collect();
        let said: Vec<_> = said.iter().map(|(well, words)| (*well, words.as_str())).collect();
        assert_eq!(
            said,
            [(true, "n2 is 0 behind"), (false, "n3 is not current, 12 behind"), (false, "n4 is away")]
        );
    }
}
