//! Servers of a cluster: whether each has what the others have, and how long their certificates count. Their monitors say
//! it, so no key is needed.

use std::{collections::BTreeMap, path::Path, time::Duration};

use bus::{
    health::StoredCopy,
    streams::{ACCESS, AUDIT, CASES, OUTBOX, Replicas},
};
use events::Timestamp;
use service::Clock;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::{
    Patient,
    monitors::{self, Monitor},
    report::{Check, Verdict, counted},
    tls,
};
use crate::web;

/// Where to read what to do with a copy that is damaged.
const RUNBOOK: &str = "heal it as deploy/runbooks/damaged-replica.md says; a restart alone does not";

/// The streams of which nothing is ever removed.
const LOGS: [&str; 4] = [CASES, OUTBOX, ACCESS, AUDIT];

/// How long a copy may take to come as far as the others were.
const GRACE: Duration = Duration::from_millis(2_500);

/// How long a server may take to show its certificate.
const WITHIN: Duration = Duration::from_secs(2);

/// What each server has, by its name; or why it does not say.
type Servers = BTreeMap<String, Result<Vec<StoredCopy>, String>>;

/// How far each stream had come where there was most of it.
type Newest = BTreeMap<&'static str, u64>;

/// The copies, and the certificates.
pub(super) async fn cluster(patient: &Patient) -> Vec<Check> {
    let Some(server) = &patient.server else { return Vec::new() };
    let mut checks = Vec::new();
    if patient.config.nats.replicas == Replicas::Three {
        let mut seen = servers(&patient.monitors);
        let newest = newest(&seen);
        if !behind(&seen, &newest).is_empty() {
            tokio::time::sleep(GRACE).await;
            seen = servers(&monitors::ask(server).await);
        }
        checks.push(copies(&seen, &newest));
    }
    if let Some(ca) = &server.ca {
        checks.extend(certificates(patient, ca).await);
    }
    checks
}

fn servers(monitors: &[Monitor]) -> Servers {
    monitors.iter().map(|monitor| (monitor.name().to_owned(), monitor.copies.clone())).collect()
}

/// Those that answered.
fn known(servers: &Servers) -> impl Iterator<Item = (&str, &[StoredCopy])> {
    servers.iter().filter_map(|(name, said)| Some((name.as_str(), said.as_deref().ok()?)))
}

fn of<'a>(copies: &'a [StoredCopy], stream: &str) -> Option<&'a StoredCopy> {
    copies.iter().find(|copy| copy.stream == stream)
}

fn newest(servers: &Servers) -> Newest {
    let last = |stream| {
        known(servers).filter_map(|(_, copies)| of(copies, stream)).map(|copy| copy.last_sequence).max()
    };
    LOGS.into_iter().map(|stream| (stream, last(stream).unwrap_or_default())).collect()
}

/// Copies that have not come as far as that.
fn behind(servers: &Servers, newest: &Newest) -> Vec<String> {
    let each = known(servers).flat_map(|(name, copies)| {
        newest.iter().filter_map(move |(stream, newest)| match of(copies, stream) {
            None => Some(format!("{name} has no {stream}")),
            Some(copy) if copy.last_sequence < *newest => {
                Some(format!("{stream} on {name} ends at {}, and not at {newest}", copy.last_sequence))
            }
            Some(_) => None,
        })
    });
    each.collect()
}

/// Nothing is ever removed from the logs, so a copy that has fewer messages than its last sequence has lost some.
fn damaged(servers: &Servers) -> Vec<String> {
    let each = known(servers).flat_map(|(name, copies)| {
        let lost =
            |copy: &&StoredCopy| LOGS.contains(&copy.stream.as_str()) && copy.messages < copy.last_sequence;
        copies.iter().filter(lost).map(move |copy| {
            let StoredCopy { stream, messages, last_sequence, .. } = copy;
            format!("{stream} on {name} has {messages} messages of {last_sequence}")
        })
    });
    each.collect()
}

/// Whether all three have the same: what one had at the first look, each has at the second.
fn copies(servers: &Servers, newest: &Newest) -> Check {
    const NAME: &str = "copies";
    let damaged = damaged(servers);
    if !damaged.is_empty() {
        return Check::fail(NAME, damaged.join("; "), RUNBOOK);
    }
    if servers.len() != 3 {
        let found = format!("{} to be asked, and three have the data", counted(servers.len(), "server"));
        return Check::fail(NAME, found, "name the monitors of all three in [nats] monitor_url");
    }
    let silent: Vec<_> =
        servers.iter().filter_map(|(name, said)| Some(format!("{name}: {}", said.as_ref().err()?))).collect();
    let wrong = [silent.as_slice(), &behind(servers, newest)].concat();
    let wait = "see that this server runs and is reached by the others; it catches up by itself";
    match wrong.as_slice() {
        [] => Check::ok(NAME, "3 servers have the same"),
        _ if silent.len() > 1 => Check::fail(NAME, wrong.join("; "), wait),
        _ => Check::warn(NAME, wrong.join("; "), wait),
    }
}

/// What the servers show, and what has signed it.
async fn certificates(patient: &Patient, ca: &Path) -> Vec<Check> {
    const NAME: &str = "nats-authority";
    let authority = match web::certificates(ca) {
        Ok(authority) => authority,
        Err(error) => return vec![Check::failed(NAME, &error, "correct [nats] ca")],
    };
    let now = Clock::System.now();
    let mut shown = Vec::new();
    for monitor in patient.monitors.iter().filter(|monitor| monitor.url.starts_with("https://")) {
        shown.push((monitor.name(), web::shown(&monitor.url, WITHIN).await));
    }
    // While one is replaced by another both are in the file.
    let ends: Result<Vec<_>, _> = authority.iter().map(tls::until).collect();
    let ends = ends.map(|ends| ends.into_iter().max().unwrap_or_default());
    vec![served(&shown, &authority, now), tls::expiry(NAME, ends, now, ANOTHER)]
}

/// What to do about a certificate of a server.
const RENEW: &str =
    "renew them: `concord provision cluster` again, server.pem and server.key to each machine, and reload";

/// What to do about what has signed them.
const ANOTHER: &str = "make another: move tls/ca.pem and tls/ca.key away, and `concord provision cluster` again; first put \
                       both into each ca.pem, then give the servers their new certificates";

/// How long they count, and whether it is they that are believed.
fn served(
    shown: &[(&str, Result<Vec<CertificateDer<'static>>, String>)],
    authority: &[CertificateDer<'static>],
    now: Timestamp,
) -> Check {
    const NAME: &str = "nats-certificate";
    let (mut silent, mut wrong, mut ends) = (Vec::new(), Vec::new(), Vec::new());
    for (name, shown) in shown {
        match shown.as_deref().map(|chain| tls::signed_until(chain, authority, now)) {
            Err(why) => silent.push(format!("{name} shows none: {why}")),
            Ok(Err(why)) => wrong.push(format!("{name}: {why}")),
            Ok(Ok(until)) => ends.push(until),
        }
    }
    if !wrong.is_empty() {
        return Check::fail(NAME, wrong.join("; "), RENEW);
    }
    let see = "see that this server runs";
    let Some(first) = ends.into_iter().min() else {
        return match silent.as_slice() {
            [] => Check::skipped(NAME, "no monitor is reached by https"),
            _ => Check::warn(NAME, silent.join("; "), see),
        };
    };
    let mut check = tls::expiry(NAME, Ok(first), now, RENEW);
    if !silent.is_empty() {
        check.found = format!("{}; {}", check.found, silent.join("; "));
        if check.verdict == Verdict::Ok {
            check = Check::warn(NAME, check.found, see);
        }
    }
    check
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};

    use super::*;

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
        LOGS.map(copy).to_vec()
    }

    /// A whole copy; of a server that is silent there is none.
    fn whole(messages: impl Into<Option<u64>>) -> Said {
        messages.into().map(|messages| server(messages, messages)).ok_or_else(|| "refused".to_owned())
    }

    fn named(all: impl IntoIterator<Item = Said>) -> Servers {
        ["nats-1", "nats-2", "nats-3"].map(str::to_owned).into_iter().zip(all).collect()
    }

    fn looked(first: [Said; 3], again: [Said; 3]) -> (Verdict, String) {
        let check = copies(&named(again), &newest(&named(first)));
        (check.verdict, check.found)
    }

    fn said(all: [Said; 3]) -> (Verdict, String) {
        looked(all.clone(), all)
    }

    #[test]
    fn a_copy_with_gaps_fails_and_a_server_that_is_silent_is_warned_of() {
        let well = || whole(60_000);
        assert_eq!(said([well(), well(), well()]), (Verdict::Ok, "3 servers have the same".to_owned()));
        let (verdict, found) = said([well(), Ok(server(52_272, 60_000)), well()]);
        assert_eq!(verdict, Verdict::Fail);
        assert!(found.starts_with("CASES on nats-2 has 52272 messages of 60000; "), "{found}");
        let silent = || whole(None);
        assert_eq!(said([well(), silent(), well()]), (Verdict::Warn, "nats-2: refused".to_owned()));
        assert_eq!(said([well(), silent(), silent()]).0, Verdict::Fail);
    }

    #[test]
    fn a_copy_that_stands_still_is_warned_of_however_little_it_lacks() {
        let first = || [whole(60), whole(59), whole(60)];
        assert_eq!(looked(first(), [whole(61), whole(60), whole(62)]).0, Verdict::Ok, "more is written");
        let (verdict, found) = looked(first(), [whole(60), whole(59), whole(60)]);
        assert_eq!(verdict, Verdict::Warn);
        assert!(found.starts_with("ACCESS on nats-2 ends at 59, and not at 60; "), "{found}");
        assert_eq!(looked(first(), [whole(60), Ok(Vec::new()), whole(60)]).0, Verdict::Warn);
    }

    #[test]
    fn one_server_or_two_are_no_cluster() {
        for number in 0..3 {
            let servers = named((0..number).map(|_| whole(60)));
            let check = copies(&servers, &newest(&servers));
            assert_eq!(check.verdict, Verdict::Fail, "{}", check.found);
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_certificate_that_has_ended_or_that_others_have_signed_fails() {
        let authority = || {
            let mut parameters = CertificateParams::default();
            parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let key = KeyPair::generate().unwrap();
            let made = parameters.self_signed(&key).unwrap().der().clone();
            (vec![made], Issuer::new(parameters, key))
        };
        let ((ours, issuer), (others, _)) = (authority(), authority());
        let mut parameters = CertificateParams::new(vec!["nats-1".to_owned()]).unwrap();
        parameters.not_before = date_time_ymd(2025, 3, 1);
        parameters.not_after = date_time_ymd(2027, 3, 1);
        let made = parameters.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
        let shows = || ("nats-1", Ok(vec![made.der().clone()]));
        let silent = || ("nats-2", Err("refused".to_owned()));
        let said = |shown: &[_], authority: &[_], now: &str| {
            let check = served(shown, authority, at(now));
            (check.verdict, check.found)
        };
        assert_eq!(said(&[shows()], &ours, "2027-01-01T00:00:00Z").0, Verdict::Ok);
        assert_eq!(said(&[shows()], &ours, "2027-02-01T00:00:00Z").0, Verdict::Warn);
        let ended = said(&[shows()], &ours, "2027-03-02T00:00:00Z");
        assert_eq!(ended, (Verdict::Fail, "nats-1: expired on 2027-03-01 07:00".to_owned()));
        let (verdict, found) = said(&[shows()], &others, "2027-01-01T00:00:00Z");
        assert_eq!(verdict, Verdict::Fail);
        assert!(found.starts_with("nats-1: [nats] ca has not signed it"), "{found}");
        let (verdict, found) = said(&[shows(), silent()], &ours, "2027-01-01T00:00:00Z");
        assert_eq!(verdict, Verdict::Warn);
        assert!(found.ends_with("; nats-2 shows none: refused"), "{found}");
        assert_eq!(said(&[silent()], &ours, "2027-01-01T00:00:00Z").0, Verdict::Warn);
        assert_eq!(said(&[], &ours, "2027-01-01T00:00:00Z").0, Verdict::Skipped);
    }
}
