//! The certificates of a cluster's servers, signed by an authority of its own: its certificate is all that a client needs
//! to know the servers by.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike as _, Months, NaiveDate, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject as _};
use x509_parser::parse_x509_certificate;

/// The certificate of the authority, which everybody may read, and its key, which no server needs.
const AUTHORITY: &str = "ca.pem";
const AUTHORITY_KEY: &str = "ca.key";

/// For how many months the authority counts, and a server's certificate.
const AUTHORITY_MONTHS: u32 = 120;
const SERVER_MONTHS: u32 = 24;

/// The authority of a cluster, in a folder.
#[derive(Debug)]
pub struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    end: NaiveDate,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read or written.
    #[error("cannot {act} {path}: {source}")]
    File {
        /// What was tried.
        act: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file or a name cannot be used.
    #[error("{what}: {reason}")]
    Unusable {
        /// Which.
        what: String,
        /// Why.
        reason: String,
    },
    /// Half of the authority is kept elsewhere. Another one would be believed by nobody who has its certificate.
    #[error("{path} is not here: bring it from where it is kept")]
    Elsewhere {
        /// What is missing.
        path: PathBuf,
    },
    /// The authority counts no more.
    #[error(
        "{path} ended on {end}: move it and ca.key away to have new ones made, and take the new ca.pem to all servers \
         and services"
    )]
    Ended {
        /// Its certificate.
        path: PathBuf,
        /// Its last day.
        end: NaiveDate,
    },
}

impl Authority {
    /// The authority in a folder; it is made there if there is none.
    ///
    /// # Errors
    /// A file cannot be read or written, holds something else, or is kept elsewhere.
    pub fn read_or_make(folder: &Path) -> Result<Self, CertificateError> {
        let (certificate, key) = (folder.join(AUTHORITY), folder.join(AUTHORITY_KEY));
        match (certificate.exists(), key.exists()) {
            (false, false) => make(&certificate, &key)?,
            (true, false) => return Err(CertificateError::Elsewhere { path: key }),
            (false, true) => return Err(CertificateError::Elsewhere { path: certificate }),
            (true, true) => {}
        }
        let read = |path: &Path| {
            let failed = |source| CertificateError::File { act: "read", path: path.to_owned(), source };
            fs::read_to_string(path).map_err(failed)
        };
        let pair = KeyPair::from_pem(&read(&key)?).map_err(unusable(&key))?;
        let text = read(&certificate)?;
        let end = end_of(&text).ok_or(rcgen::Error::CouldNotParseCertificate);
        let end = end.map_err(unusable(&certificate))?;
        let issuer = Issuer::from_ca_cert_pem(&text, pair).map_err(unusable(&certificate))?;
        Ok(Self { folder: folder.to_owned(), issuer, end })
    }

    /// The file of its certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join(AUTHORITY)
    }

    /// Gives a server a certificate for the names and addresses by which it is reached, in `<name>.pem` and `<name>.key`;
    /// one that is there is replaced. Gives its last day, which is never after that of the authority.
    ///
    /// # Errors
    /// A name is none, the authority has ended, or a file cannot be written.
    pub fn certify(&self, name: &str, reached_by: &[String]) -> Result<NaiveDate, CertificateError> {
        let what = || format!("the names of {name}");
        let bad =
            |error: rcgen::Error| CertificateError::Unusable { what: what(), reason: error.to_string() };
        if self.end <= today() {
            return Err(CertificateError::Ended { path: self.certificate(), end: self.end });
        }
        let end = in_months(SERVER_MONTHS).min(self.end);
        let mut params = params(name, reached_by, end).map_err(bad)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // Between themselves each is the other's client too.
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().map_err(bad)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(bad)?;
        write(&self.folder.join(format!("{name}.key")), 0o600, &key.serialize_pem())?;
        write(&self.folder.join(format!("{name}.pem")), 0o644, &certificate.pem())?;
        Ok(end)
    }
}

/// The last day of a certificate in PEM.
fn end_of(pem: &str) -> Option<NaiveDate> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    let (_, read) = parse_x509_certificate(&der).ok()?;
    let end = DateTime::from_timestamp(read.validity().not_after.timestamp(), 0)?;
    Some(end.date_naive())
}

fn make(certificate: &Path, key: &Path) -> Result<(), CertificateError> {
    let mut params =
        params("Concord cluster", &[], in_months(AUTHORITY_MONTHS)).map_err(unusable(certificate))?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let pair = KeyPair::generate().map_err(unusable(key))?;
    let made = params.self_signed(&pair).map_err(unusable(certificate))?;
    write(certificate, 0o644, &made.pem())?;
    write(key, 0o600, &pair.serialize_pem())
}

#[expect(
    clippy::disallowed_methods,
    reason = "certificates count by the machine's time, not by a clock of ours"
)]
fn today() -> NaiveDate {
    Utc::now().date_naive()
}

fn in_months(months: u32) -> NaiveDate {
    let today = today();
    today.checked_add_months(Months::new(months)).unwrap_or(today)
}

/// From yesterday on, for clocks differ.
fn params(name: &str, reached_by: &[String], end: NaiveDate) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(reached_by)?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    let date = |day: NaiveDate| {
        let part = |number: u32| u8::try_from(number).unwrap_or(1);
        date_time_ymd(day.year(), part(day.month()), part(day.day()))
    };
    let yesterday = today().pred_opt().unwrap_or_default();
    params.not_before = date(yesterday);
    params.not_after = date(end);
    Ok(params)
}

fn unusable(path: &Path) -> impl FnOnce(rcgen::Error) -> CertificateError + use<> {
    let what = path.display().to_string();
    move |error| CertificateError::Unusable { what, reason: error.to_string() }
}

/// Writes a file, all of it or nothing.
fn write(path: &Path, mode: u32, text: &str) -> Result<(), CertificateError> {
    let draft = path.with_extension("new");
    let mut open = OpenOptions::new();
    let file = open.write(true).create(true).truncate(true).mode(mode).open(&draft);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&draft, path))
        .map_err(|source| CertificateError::File { act: "write", path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn an_authority_is_made_once_and_its_keys_are_private() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["nats-1".to_owned(), "10.0.0.1".to_owned()];
        Authority::read_or_make(folder.path()).unwrap().certify("nats-1", &names).unwrap();
        let ca = fs::read_to_string(folder.path().join("ca.pem")).unwrap();
        let first = fs::read_to_string(folder.path().join("nats-1.pem")).unwrap();
        Authority::read_or_make(folder.path()).unwrap().certify("nats-1", &names).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("ca.pem")).unwrap(), ca);
        assert_ne!(fs::read_to_string(folder.path().join("nats-1.pem")).unwrap(), first);
        for key in ["ca.key", "nats-1.key"] {
            let mode = fs::metadata(folder.path().join(key)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{key}");
        }
    }

    #[test]
    fn an_authority_of_which_half_is_elsewhere_is_never_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        Authority::read_or_make(folder.path()).unwrap();
        let ca = fs::read_to_string(at("ca.pem")).unwrap();
        for (away, stays) in [("ca.key", "ca.pem"), ("ca.pem", "ca.key")] {
            fs::rename(at(away), at("safe")).unwrap();
            let kept = fs::read_to_string(at(stays)).unwrap();
            let error = Authority::read_or_make(folder.path()).unwrap_err().to_string();
            let expected = format!("{} is not here: bring it from where it is kept", at(away).display());
            assert!(error.starts_with(&expected), "{error}");
            assert!(!at(away).exists(), "{away} was made anew");
            assert_eq!(fs::read_to_string(at(stays)).unwrap(), kept);
            fs::rename(at("safe"), at(away)).unwrap();
        }
        Authority::read_or_make(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(at("ca.pem")).unwrap(), ca);
    }

    /// An authority that counts for so many days more.
    fn ending(days: i64) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut params = params("old", &[], today() + TimeDelta::days(days)).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let pair = KeyPair::generate().unwrap();
        let made = params.self_signed(&pair).unwrap();
        fs::write(folder.path().join("ca.pem"), made.pem()).unwrap();
        fs::write(folder.path().join("ca.key"), pair.serialize_pem()).unwrap();
        folder
    }

    #[test]
    fn no_certificate_counts_longer_than_its_authority() {
        let folder = tempfile::tempdir().unwrap();
        let end = Authority::read_or_make(folder.path()).unwrap().certify("nats-1", &[]).unwrap();
        assert_eq!(Some(end), today().checked_add_months(Months::new(SERVER_MONTHS)));

        let old = ending(100);
        let end = Authority::read_or_make(old.path()).unwrap().certify("nats-1", &[]).unwrap();
        assert_eq!(end, today() + TimeDelta::days(100));
        let made = fs::read_to_string(old.path().join("nats-1.pem")).unwrap();
        assert_eq!(end_of(&made).unwrap(), end);
    }

    #[test]
    fn an_authority_that_has_ended_certifies_nobody() {
        for days in [-1, 0] {
            let old = ending(days);
            let error = Authority::read_or_make(old.path()).unwrap().certify("nats-1", &[]).unwrap_err();
            assert!(error.to_string().contains("move it and ca.key away"), "{error}");
            assert!(!old.path().join("nats-1.pem").exists());
        }
    }

    #[test]
    fn what_is_no_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["ca.key", "ca.pem"] {
            fs::write(folder.path().join(file), "no key").unwrap();
        }
        let error = Authority::read_or_make(folder.path()).unwrap_err().to_string();
        assert!(error.contains("ca.key"), "{error}");
    }
}
