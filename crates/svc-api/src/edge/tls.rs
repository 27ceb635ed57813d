//! TLS at the edge, where no proxy in front does it: rustls with ring, and nothing older than TLS 1.2.

use std::{path::Path, sync::Arc};

use service::config::Tls;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
    },
};

/// Reads certificate and key; an error names the file and what is wrong with it.
pub(crate) fn acceptor(tls: &Tls) -> Result<TlsAcceptor, String> {
    let unreadable = |path: &Path, error: &pem::Error| {
        format!("configuration, [http.tls]: {} cannot be read: {error}", path.display())
    };
    let chain =
        CertificateDer::pem_file_iter(&tls.certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| unreadable(&tls.certificate, &error))?;
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|error| unreadable(&tls.key, &error))?;
    let wrong = |error: tokio_rustls::rustls::Error| {
        let (certificate, key) = (tls.certificate.display(), tls.key.display());
        format!("configuration, [http.tls]: {certificate} and {key} cannot be used: {error}")
    };
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(wrong)?;
    let mut config = config.with_no_client_auth().with_single_cert(chain, key).map_err(wrong)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
