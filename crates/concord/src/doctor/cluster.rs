//! Three servers: whether each has what the others have, and how long their certificates count. Their monitors say it, so no
//! key is needed.

use std::collections::BTreeMap;

use bus::{
    health::{self, StoredCopy},
    streams::{ACCESS, AUDIT, CASES, OUTBOX, Replicas},
};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::{Patient, report::Check, tls};

/// Where to read what to do with a copy that is damaged.
const RUNBOOK: &str = "heal it as deploy/runbooks/damaged-replica.md says; a restart alone does not";

/// So many messages may one server be behind another while more are written.
const BEHIND: u64 = 1_000;

/// What each server has, by its name; or why it does not say.
type Servers = BTreeMap<String, Result<Vec<StoredCopy>, String>>;

/// The copies, and the certificates.
pub(super) async fn cluster(patient: &Patient) -> Vec<Check> {
    let Some(server) = patient.server.as_ref().filter(|_| patient.config.nats.replicas == Replicas::Three)
    else {
        return Vec::new();
    };
    let (mut servers, mut ends) = (Servers::new(), Vec::new());
    for url in server.monitor_url.split(',').map(str::trim) {
        let ca = server.ca.as_deref();
        let name = health::vitals(url, ca).await.map_or_else(|_| url.to_owned(), |vitals| vitals.server_name);
        let copies = health::copies(url, ca).await.map_err(|error| error.to_string());
        if let Some(ca) = ca
            && let Ok(shown) = health::certificate(url, ca).await
        {
            ends.push(tls::until(&CertificateDer::from(shown)));
        }
        servers.insert(name, copies);
    }
    let mut checks = vec![copies(&servers)];
    if server.ca.is_some() {
        checks.push(match ends.into_iter().collect::<Result<Vec<_>, _>>().map(|ends| ends.into_iter().min()) {
            Ok(Some(first)) => tls::expiry(
                "nats-certificate",
                first,
                service::Clock::System.now(),
                "renew them: `concord provision cluster` again, server.pem and server.key to each machine, and reload",
            ),
            Ok(None) => Check::skipped("nats-certificate", "no server shows one"),
            Err(why) => Check::fail("nats-certificate", why, "write it again: `concord provision cluster`"),
        });
    }
    checks
}

/// Whether all servers have the same. Nothing is ever removed from the logs, so a copy that has fewer messages than its last
/// sequence has lost some.
fn copies(servers: &Servers) -> Check {
    const NAME: &str = "copies";
    let silent: Vec<_> =
        servers.iter().filter_map(|(name, said)| Some(format!("{name}: {}", said.as_ref().err()?))).collect();
    let known = || servers.iter().filter_map(|(name, said)| Some((name, said.as_ref().ok()?)));
    let mut damaged = Vec::new();
    let mut behind = Vec::new();
    for stream in [CASES, OUTBOX, ACCESS, AUDIT] {
        let of = |copies: &[StoredCopy]| copies.iter().find(|copy| copy.stream == stream).cloned();
        let newest = known().filter_map(|(_, copies)| of(copies)).map(|copy| copy.last_sequence).max();
        for (name, copies) in known() {
            match of(copies) {
                None => behind.push(format!("{name} has no {stream}")),
                Some(StoredCopy { messages, last_sequence, .. }) if messages < last_sequence => {
                    damaged.push(format!("{stream} on {name} has {messages} messages of {last_sequence}"));
                }
                // A new server that has nothing yet is behind, however little there is to fetch.
                Some(copy) if copy.last_sequence == 0 && newest.unwrap_or_default() > 0 => {
                    behind.push(format!("{stream} on {name} is empty"));
                }
                Some(copy) if copy.last_sequence + BEHIND < newest.unwrap_or_default() => {
                    behind.push(format!("{stream} on {name} ends at {}", copy.last_sequence));
                }
                Some(_) => {}
            }
        }
    }
    if !damaged.is_empty() {
        return Check::fail(NAME, damaged.join("; "), RUNBOOK);
    }
    let wrong: Vec<_> = silent.iter().chain(&behind).cloned().collect();
    let wait = "see that this server runs and is reached by the others; it catches up by itself";
    match wrong.as_slice() {
        [] => Check::ok(NAME, format!("{} servers have the same", servers.len())),
        _ if silent.len() > 1 => Check::fail(NAME, wrong.join("; "), wait),
        _ => Check::warn(NAME, wrong.join("; "), wait),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Verdict;

    type Said = Result<Vec<StoredCopy>, String>;

    fn server(messages: u64, last_sequence: u64) -> Vec<StoredCopy> {
        let copy = |stream: &str| StoredCopy {
            stream: stream.to_owned(),
            messages,
            last_sequence,
            bytes: 0,
            max_bytes: 1,
            replicas: 3,
        };
        [CASES, OUTBOX, ACCESS, AUDIT].map(copy).to_vec()
    }

    fn said(all: [Said; 3]) -> (Verdict, String) {
        let names = ["nats-1", "nats-2", "nats-3"].map(str::to_owned);
        let check = copies(&names.into_iter().zip(all).collect());
        (check.verdict, check.found)
    }

    #[test]
    fn a_copy_with_gaps_fails_and_one_that_is_late_is_warned_of() {
        let whole = || Ok(server(60_000, 60_000));
        assert_eq!(said([whole(), whole(), whole()]), (Verdict::Ok, "3 servers have the same".to_owned()));
        let (verdict, found) = said([whole(), Ok(server(52_272, 60_000)), whole()]);
        assert_eq!(verdict, Verdict::Fail);
        assert!(found.starts_with("CASES on nats-2 has 52272 messages of 60000; "), "{found}");
        assert_eq!(said([whole(), whole(), Ok(server(59_900, 59_900))]).0, Verdict::Ok, "more is written");
        assert_eq!(said([whole(), whole(), Ok(server(50, 50))]).0, Verdict::Warn);
        let new = said([Ok(server(5, 5)), Ok(server(5, 5)), Ok(server(0, 0))]);
        assert_eq!(new.0, Verdict::Warn);
        assert!(new.1.starts_with("CASES on nats-3 is empty; "), "{}", new.1);
        let silent = || Err("refused".to_owned());
        assert_eq!(said([whole(), silent(), whole()]), (Verdict::Warn, "nats-2: refused".to_owned()));
        assert_eq!(said([whole(), silent(), silent()]).0, Verdict::Fail);
    }
}
