//! TLS to a server whose certificate one authority has signed: the cluster's own, and no other.

use std::{io, path::Path, sync::Arc};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
        version::TLS13,
    },
};

/// Speaks TLS 1.3 over a connection to `authority` (`host:port`).
///
/// # Errors
/// The file holds no certificate, or what the other end shows was not signed by it.
pub(crate) async fn over(stream: TcpStream, authority: &str, ca: &Path) -> io::Result<TlsStream<TcpStream>> {
    let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidInput, what);
    let name =
        ServerName::try_from(host(authority).to_owned()).map_err(|error| invalid(error.to_string()))?;
    let connector = TlsConnector::from(Arc::new(trusting(ca)?));
    connector.connect(name, stream).await
}

/// Without the port, and without the brackets of an address such as `[::1]:8222`.
fn host(authority: &str) -> &str {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Trusts what one authority has signed.
fn trusting(ca: &Path) -> io::Result<ClientConfig> {
    let unusable = |reason: String| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("{} is no certificate: {reason}", ca.display()))
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca).map_err(|error| unusable(error.to_string()))? {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unusable("it is empty".to_owned()));
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .map_err(|error| io::Error::other(format!("TLS cannot be set up: {error}")))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_may_be_named_by_any_address() {
        for (authority, expected) in
            [("nats-1:8222", "nats-1"), ("10.0.0.1:8222", "10.0.0.1"), ("[::1]:8222", "::1")]
        {
            assert_eq!(host(authority), expected);
            ServerName::try_from(host(authority)).unwrap();
        }
    }
}
