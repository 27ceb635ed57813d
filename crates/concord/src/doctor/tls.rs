//! The certificate of the API: how long it still counts, and whether it is the one that is served.

use std::time::Duration;

use chrono::DateTime;
use events::Timestamp;
use service::Config;
use tokio_rustls::rustls::{
    RootCertStore,
    client::verify_server_cert_signed_by_trust_anchor,
    crypto::ring,
    pki_types::{CertificateDer, UnixTime},
    server::ParsedCertificate,
};
use x509_parser::parse_x509_certificate;

use super::{Patient, report::Check};
use crate::web::{self, Trust};

const NAME: &str = "certificate";

/// How long it may take to be shown it.
const WITHIN: Duration = Duration::from_secs(5);

/// With whom this machine's own API is asked: with whoever listens there. A name is of no matter on the machine itself, and
/// whether it shows the right certificate is a check of its own.
pub(super) fn trust(config: &Config) -> Option<Trust> {
    config.http.tls.as_ref().and_then(|_| Trust::anybody().ok())
}

/// How long the certificate counts, and whether it is served.
pub(super) async fn certificate(patient: &Patient) -> Vec<Check> {
    let Some(tls) = &patient.config.http.tls else {
        return vec![Check::skipped(
            NAME,
            "no TLS here: a proxy in front has its own certificate to look after",
        )];
    };
    let advice = "correct [http.tls] certificate";
    let first = match web::certificates(&tls.certificate).map(|all| all.into_iter().next()) {
        Ok(Some(first)) => first,
        Ok(None) => return vec![Check::fail(NAME, "there is none", advice)],
        Err(error) => return vec![Check::failed(NAME, &error, advice)],
    };
    // The machine's own time counts, whatever clock the process has.
    let mut checks = vec![expiry(NAME, until(&first), service::Clock::System.now(), RENEW)];
    if let Some(url) = &patient.api {
        checks.push(served(url, Trust::only(first).ok().as_ref()).await);
    }
    checks
}

/// Who renews the file and does not start again serves the old one.
async fn served(http: &str, trust: Option<&Trust>) -> Check {
    const NAME: &str = "certificate-served";
    match web::get(&format!("{http}/livez"), trust, WITHIN).await {
        Ok(_) => Check::ok(NAME, "it is that of the file"),
        Err(why) if why.contains("another certificate") => Check::warn(
            NAME,
            "not that of the file",
            "start Concord again: a new one counts from the next start",
        ),
        Err(why) => Check::skipped(NAME, why),
    }
}

/// Until when a certificate counts.
pub(super) fn until(certificate: &CertificateDer<'_>) -> Result<Timestamp, String> {
    let (_, read) = parse_x509_certificate(certificate).map_err(|error| error.to_string())?;
    let seconds = read.validity().not_after.timestamp();
    DateTime::from_timestamp(seconds, 0).ok_or_else(|| "its end is out of all time".to_owned())
}

/// Until when the first of a chain counts, if what is believed has signed it.
pub(super) fn signed_until(
    chain: &[CertificateDer<'_>],
    believed: &[CertificateDer<'static>],
    now: Timestamp,
) -> Result<Timestamp, String> {
    let (first, between) = chain.split_first().ok_or("it is empty")?;
    let until = until(first)?;
    if until <= now {
        return Err(expired(until));
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(believed.iter().cloned());
    let at = Duration::from_secs(u64::try_from(now.timestamp()).unwrap_or_default());
    let signed = ParsedCertificate::try_from(first).and_then(|first| {
        let by = ring::default_provider().signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&first, &roots, between, UnixTime::since_unix_epoch(at), by)
    });
    signed
        .map(|()| until)
        .map_err(|error| format!("[nats] ca has not signed it, or it is no server's ({error})"))
}

fn expired(until: Timestamp) -> String {
    format!("expired on {}", super::report::day_and_time(until))
}

/// What to do about the API's own.
const RENEW: &str = "renew it, and start Concord again: a new one counts from the next start";

/// Whether a certificate that counts until then is to be renewed.
pub(super) fn expiry(name: &str, until: Result<Timestamp, String>, now: Timestamp, advice: &str) -> Check {
    let until = match until {
        Ok(until) => until,
        Err(why) => return Check::fail(name, format!("it cannot be read: {why}"), advice),
    };
    let days = (until - now).num_days();
    let found = format!("counts until {}, {days} days", super::report::day_and_time(until));
    if until <= now {
        Check::fail(name, expired(until), advice)
    } else if days < 30 {
        Check::warn(name, found, advice)
    } else {
        Check::ok(name, found)
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;
    use crate::doctor::report::Verdict;

    #[tokio::test]
    async fn whether_it_is_served_is_looked_at_wherever_the_api_has_answered() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("certificate.pem");
        let key = KeyPair::generate().unwrap();
        let made = CertificateParams::new(vec!["a".to_owned()]).unwrap().self_signed(&key).unwrap();
        std::fs::write(&file, made.pem()).unwrap();
        let mut config = Config::default();
        config.http.tls = Some(service::config::Tls { certificate: file.clone(), key: file });
        let (running, monitors) = (None, Vec::new());
        let mut patient =
            Patient { config, files: None, running, server: None, monitors, api: None, ahead: None };
        assert_eq!(certificate(&patient).await.len(), 1);
        // Of `concord serve` there is no run.json.
        patient.api = Some("https://127.0.0.1:1".to_owned());
        let checks = certificate(&patient).await;
        assert_eq!((checks[1].name.as_str(), checks[1].verdict), ("certificate-served", Verdict::Skipped));
    }

    #[test]
    fn a_certificate_says_itself_until_when_it_counts() {
        let mut parameters = CertificateParams::new(vec!["phoi-hop.tinh.example".to_owned()]).unwrap();
        parameters.not_after = date_time_ymd(2027, 3, 1);
        let made = parameters.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let end = until(made.der()).unwrap();
        assert_eq!(end.to_rfc3339(), "2027-03-01T00:00:00+00:00");
        let verdict = |now: &str| expiry(NAME, Ok(end), now.parse().unwrap(), RENEW).verdict;
        assert_eq!(verdict("2027-01-01T00:00:00Z"), Verdict::Ok);
        assert_eq!(verdict("2027-02-01T00:00:00Z"), Verdict::Warn);
        assert_eq!(verdict("2027-03-01T00:00:00Z"), Verdict::Fail);
        until(&CertificateDer::from(vec![1, 2, 3])).unwrap_err();
    }
}
