//! The certificate of the API: how long it still counts, and whether it is the one that is served.

use std::time::Duration;

use chrono::DateTime;
use events::Timestamp;
use service::Config;
use tokio_rustls::rustls::pki_types::CertificateDer;
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
        Err(error) => return vec![Check::fail(NAME, error, advice)],
    };
    let mut checks = vec![match until(&first) {
        // The machine's own time counts, whatever clock the process has.
        Ok(until) => expiry(NAME, until, service::Clock::System.now(), RENEW),
        Err(why) => Check::fail(NAME, format!("{}: {why}", tls.certificate.display()), advice),
    }];
    if let Some((running, true)) = &patient.running {
        checks.push(served(&running.http, Trust::only(first).ok().as_ref()).await);
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

/// What to do about the API's own.
const RENEW: &str = "renew it, and start Concord again: a new one counts from the next start";

/// Whether a certificate that counts until then is to be renewed.
pub(super) fn expiry(name: &str, until: Timestamp, now: Timestamp, advice: &str) -> Check {
    let days = (until - now).num_days();
    let found = format!("counts until {}, {days} days", super::report::day_and_time(until));
    if until <= now {
        Check::fail(name, format!("expired on {}", super::report::day_and_time(until)), advice)
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

    #[test]
    fn a_certificate_says_itself_until_when_it_counts() {
        let mut parameters = CertificateParams::new(vec!["phoi-hop.tinh.example".to_owned()]).unwrap();
        parameters.not_after = date_time_ymd(2027, 3, 1);
        let made = parameters.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let end = until(made.der()).unwrap();
        assert_eq!(end.to_rfc3339(), "2027-03-01T00:00:00+00:00");
        let verdict = |now: &str| expiry(NAME, end, now.parse().unwrap(), RENEW).verdict;
        assert_eq!(verdict("2027-01-01T00:00:00Z"), Verdict::Ok);
        assert_eq!(verdict("2027-02-01T00:00:00Z"), Verdict::Warn);
        assert_eq!(verdict("2027-03-01T00:00:00Z"), Verdict::Fail);
        until(&CertificateDer::from(vec![1, 2, 3])).unwrap_err();
    }
}
