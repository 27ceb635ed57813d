//! TLS to a server whose certificate one authority has signed: the cluster's own, and no other.

use std::{io, path::Path, sync::Arc};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
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
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let name = ServerName::try_from(host.to_owned()).map_err(|error| invalid(error.to_string()))?;
    let connector = TlsConnector::from(Arc::new(trusting(ca)?));
    connector.connect(name, stream).await
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
    Ok(ClientConfig::builder_with_protocol_versions(&[&TLS13])
        .with_root_certificates(roots)
        .with_no_client_auth())
}
