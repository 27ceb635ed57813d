//! What each server has of each stream, as it counts it itself: looked at now and then, for servers do not say it by
//! themselves.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bus::{
    health::{self, StoredCopy},
    streams::{self, Shape},
};
use futures::future::join_all;

use super::{Found, Metrics, histogram::float, read::Sort};

/// How often the servers are looked at.
const EVERY: Duration = Duration::from_secs(15);

/// What was seen on each server, by its name.
type Seen = Arc<Mutex<BTreeMap<String, Vec<StoredCopy>>>>;

/// Looks at the servers behind these monitors from now on. Of a server that does not answer nothing is shown.
pub fn watch(metrics: &Metrics, monitor_url: &str, ca: Option<PathBuf>) {
    let seen = Seen::default();
    register(metrics, &seen);
    let urls: Vec<_> = monitor_url.split(',').map(|url| url.trim().to_owned()).collect();
    tokio::spawn(async move {
        let mut beat = tokio::time::interval(EVERY);
        loop {
            beat.tick().await;
            let looks = urls.iter().map(async |url| {
                // Both of one moment, as far as two answers are.
                let (vitals, copies) =
                    tokio::join!(health::vitals(url, ca.as_deref()), health::copies(url, ca.as_deref()));
                Some((vitals.ok()?.server_name, copies.ok()?))
            });
            let found = join_all(looks).await.into_iter().flatten().collect();
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = found;
        }
    });
}

fn register(metrics: &Metrics, seen: &Seen) {
    let gauge = |name, help, by_server, of: fn(&StoredCopy) -> f64| {
        let seen = Arc::clone(seen);
        metrics.look(name, help, Sort::Gauge, move || {
            rows(&seen.lock().unwrap_or_else(PoisonError::into_inner), by_server, of)
        });
    };
    let room = "How much of the room of a stream is taken, from 0 to 1";
    gauge("stream_fullness_ratio", room, false, |copy| float(copy.bytes) / float(copy.max_bytes.max(1)));
    let replicas = "On how many servers a stream is to lie";
    gauge("stream_replicas", replicas, false, |copy| f64::from(copy.replicas));
    let messages = "Messages in the copy of a stream on a server, as that server counts them";
    gauge("stream_replica_messages", messages, true, |copy| float(copy.messages));
    let last = "The last sequence in the copy of a stream on a server";
    gauge("stream_replica_last_sequence", last, true, |copy| float(copy.last_sequence));
}

/// A value for each copy; where the server does not matter, the greatest of a stream's.
fn rows(
    seen: &BTreeMap<String, Vec<StoredCopy>>,
    by_server: bool,
    of: fn(&StoredCopy) -> f64,
) -> Vec<(Found, f64)> {
    let mut rows: BTreeMap<Found, f64> = BTreeMap::new();
    for (server, copies) in seen {
        for copy in copies.iter().filter(|copy| is_ours(&copy.stream)) {
            let mut labels = vec![("stream", copy.stream.clone())];
            if by_server {
                labels.push(("server", server.clone()));
            }
            let value = of(copy);
            let greatest = rows.entry(labels).or_insert(value);
            *greatest = greatest.max(value);
        }
    }
    rows.into_iter().collect()
}

fn is_ours(stream: &str) -> bool {
    streams::declared(&Shape::default()).iter().any(|declared| declared.name == stream)
}
