//! One request to an API, over HTTP or TLS, as an operator's tools ask: bounded in time and size, no redirects.

use std::{path::Path, sync::Arc, time::Duration};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request, Uri,
    body::Bytes,
    client::conn::http1,
    header::{CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, ConfigBuilder, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
        WantsVerifier,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
        pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
    },
};

/// The most of an answer that is read.
const LARGEST: usize = 4 << 20;

/// How an error begins that is about the certificate: it has ended, is of another name, or nobody believed has signed it.
pub(crate) const UNTRUSTED: &str = "the certificate is not believed";

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: u16,
    /// Its body.
    pub(crate) body: Bytes,
}

/// Whom to believe over TLS.
#[derive(Clone)]
pub(crate) struct Trust(Arc<ClientConfig>);

impl Trust {
    /// Those whom this machine believes, and those in a file (PEM).
    ///
    /// # Errors
    /// The file cannot be read, or there is nobody to believe.
    pub(crate) fn roots(more: Option<&Path>) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        // Of those of the system some may be unreadable; who is left out is not believed.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(file) = more {
            for certificate in certificates(file)? {
                roots.add(certificate).map_err(|error| format!("{}: {error}", file.display()))?;
            }
        }
        if roots.is_empty() {
            return Err("nobody is to be believed over TLS: install the system's authorities (ca-certificates), or name a \
                        file of your own"
                .to_owned());
        }
        let config = builder()?.with_root_certificates(roots).with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// One certificate alone, whatever it says of itself.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub(crate) fn only(certificate: CertificateDer<'static>) -> Result<Self, String> {
        Self::shown(Some(certificate))
    }

    /// Whoever answers: for a look at this machine's own API, that sends nothing secret and finds out apart from it which
    /// certificate is shown.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub(crate) fn anybody() -> Result<Self, String> {
        Self::shown(None)
    }

    fn shown(certificate: Option<CertificateDer<'static>>) -> Result<Self, String> {
        let only = Arc::new(Only { certificate, provider: ring::default_provider() });
        let config = builder()?.dangerous().with_custom_certificate_verifier(only).with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }
}

/// TLS by ring, and nothing older than 1.2.
fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, String> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))
}

/// The certificates of a file, the first that of whoever serves.
///
/// # Errors
/// It cannot be read, or holds none.
pub(crate) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(read) if read.is_empty() => Err(format!("{} holds no certificate", file.display())),
        Ok(read) => Ok(read),
        Err(error) => Err(format!("{}: {error}", file.display())),
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    url: String,
    method: Method,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

impl Asked {
    /// To read what stands there.
    pub(crate) fn of(url: impl Into<String>) -> Self {
        Self { url: url.into(), method: Method::GET, headers: Vec::new(), body: Bytes::new() }
    }

    /// With a header more.
    pub(crate) fn header(&mut self, name: &'static str, value: impl Into<String>) {
        self.headers.push((name, value.into()));
    }

    /// To take this there.
    pub(crate) fn post(&mut self, body: &serde_json::Value) {
        (self.method, self.body) = (Method::POST, body.to_string().into());
        self.header(CONTENT_TYPE.as_str(), "application/json");
    }
}

/// Reads.
///
/// # Errors
/// No answer, in a line.
pub(crate) async fn get(url: &str, trust: Option<&Trust>, within: Duration) -> Result<Answer, String> {
    send(&Asked::of(url), trust, within).await
}

/// Asks.
///
/// # Errors
/// No answer, in a line.
pub(crate) async fn send(asked: &Asked, trust: Option<&Trust>, within: Duration) -> Result<Answer, String> {
    let asked = tokio::time::timeout(within, ask(asked, trust)).await;
    asked.unwrap_or_else(|_| Err(format!("no answer within {} s", within.as_secs_f64())))
}

/// The certificates that are shown there, whatever they are worth, the first that of whoever serves.
///
/// # Errors
/// None are, in a line.
pub(crate) async fn shown(url: &str, within: Duration) -> Result<Vec<CertificateDer<'static>>, String> {
    let shown = tokio::time::timeout(within, async {
        let (uri, tcp, name) = connect(url).await?;
        let name = name.ok_or_else(|| format!("{url} is without TLS"))?;
        let line = secure(&uri, tcp, name, &Trust::anybody()?).await?;
        let (_, session) = line.get_ref();
        Ok(session.peer_certificates().unwrap_or_default().to_vec())
    });
    shown.await.unwrap_or_else(|_| Err(format!("no answer within {} s", within.as_secs_f64())))
}

async fn ask(asked: &Asked, trust: Option<&Trust>) -> Result<Answer, String> {
    let url = &asked.url;
    let (uri, tcp, name) = connect(url).await?;
    let Some(name) = name else { return exchange(tcp, &uri, asked).await };
    let trust = trust.ok_or_else(|| format!("{url} wants TLS, and nobody is to be believed"))?;
    exchange(secure(&uri, tcp, name, trust).await?, &uri, asked).await
}

/// A line to where the address leads; with a name, if TLS is to be spoken over it.
async fn connect(url: &str) -> Result<(Uri, TcpStream, Option<ServerName<'static>>), String> {
    let uri: Uri = url.parse().map_err(|error| format!("{url} is no address: {error}"))?;
    let host = uri.host().ok_or_else(|| format!("{url} names no host"))?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let (port, name) = match uri.scheme_str() {
        Some("http") => (80, None),
        Some("https") => {
            (443, Some(ServerName::try_from(bare.to_owned()).map_err(|error| format!("{host}: {error}"))?))
        }
        _ => return Err(format!("{url} begins neither with http:// nor with https://")),
    };
    let port = uri.port_u16().unwrap_or(port);
    let tcp = TcpStream::connect((bare, port)).await;
    let tcp = tcp.map_err(|error| format!("cannot connect to {host}:{port}: {error}"))?;
    Ok((uri, tcp, name))
}

async fn secure(
    uri: &Uri,
    tcp: TcpStream,
    name: ServerName<'static>,
    Trust(config): &Trust,
) -> Result<TlsStream<TcpStream>, String> {
    let tls = TlsConnector::from(Arc::clone(config)).connect(name, tcp).await;
    tls.map_err(|error| {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref());
        let what = if let Some(Error::InvalidCertificate(_)) = tls { UNTRUSTED } else { "no TLS" };
        let at = uri.authority().map(ToString::to_string).unwrap_or_default();
        format!("{what} ({at}): {error}")
    })
}

async fn exchange(
    line: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    uri: &Uri,
    asked: &Asked,
) -> Result<Answer, String> {
    let no_answer = |error: hyper::Error| format!("no answer: {error}");
    let (mut send, connection) = http1::handshake(TokioIo::new(line)).await.map_err(no_answer)?;
    // It ends with the answer, or with the line.
    let serving = tokio::spawn(connection);
    let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::builder().method(&asked.method).uri(path).header(HOST, authority);
    let request = asked.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
    let request = request.body(Full::new(asked.body.clone()));
    let request = request.map_err(|error| error.to_string())?;
    let answer = async {
        let answer = send.send_request(request).await.map_err(no_answer)?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), LARGEST).collect().await;
        let body = body.map_err(|error| format!("the answer breaks off: {error}"))?;
        Ok(Answer { status, body: body.to_bytes() })
    };
    let answer = answer.await;
    serving.abort();
    answer
}

/// Believes one certificate alone, or any: its holder proves in the handshake that he has its key.
#[derive(Debug)]
struct Only {
    certificate: Option<CertificateDer<'static>>,
    provider: CryptoProvider,
}

impl ServerCertVerifier for Only {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.certificate.as_ref().is_none_or(|only| only == end_entity) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::General("another certificate is served than that of the file".to_owned()))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };
    use tokio_rustls::{
        TlsAcceptor,
        rustls::{ServerConfig, pki_types::PrivatePkcs8KeyDer},
    };

    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    /// Answers each caller with the same; gives its port.
    async fn serving(tls: Option<TlsAcceptor>) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                match &tls {
                    None => answer(line).await,
                    Some(tls) => {
                        if let Ok(line) = tls.accept(line).await {
                            answer(line).await;
                        }
                    }
                }
            }
        });
        port
    }

    async fn answer(mut line: impl AsyncRead + AsyncWrite + Unpin) {
        let mut asked = [0; 1_024];
        let length = line.read(&mut asked).await.unwrap_or_default();
        if length == 0 {
            return;
        }
        assert!(asked[..length].starts_with(b"GET /readyz HTTP/1.1\r\nhost: localhost:"), "{asked:?}");
        line.write_all(b"HTTP/1.1 503 No\r\ncontent-length: 5\r\n\r\nready").await.unwrap();
        line.flush().await.unwrap();
    }

    #[tokio::test]
    async fn a_certificate_is_believed_by_itself_or_by_who_has_signed_it() {
        let authority = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let signed = parameters.self_signed(&authority).unwrap();
        let issuer = Issuer::new(parameters, authority);
        let key = KeyPair::generate().unwrap();
        let names = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let own = names.signed_by(&key, &issuer).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
            .unwrap();
        let port = serving(Some(TlsAcceptor::from(Arc::new(config)))).await;
        let url = format!("https://localhost:{port}/readyz");

        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("authority.pem");
        std::fs::write(&file, signed.pem()).unwrap();
        let only = Trust::only(own.der().clone()).unwrap();
        for trust in [Trust::roots(Some(&file)).unwrap(), only, Trust::anybody().unwrap()] {
            let answer = get(&url, Some(&trust), SOON).await.unwrap();
            assert_eq!((answer.status, &answer.body[..]), (503, &b"ready"[..]));
        }
        assert_eq!(shown(&url, SOON).await.unwrap(), [own.der().clone()]);
        let another = Trust::only(signed.der().clone()).unwrap();
        let refused = get(&url, Some(&another), SOON).await.unwrap_err();
        assert!(refused.contains("another certificate is served than that of the file"), "{refused}");
        let stranger = CertificateParams::default().self_signed(&KeyPair::generate().unwrap()).unwrap();
        std::fs::write(&file, stranger.pem()).unwrap();
        let untrusted = get(&url, Some(&Trust::roots(Some(&file)).unwrap()), SOON).await.unwrap_err();
        assert!(untrusted.starts_with(UNTRUSTED), "{untrusted}");
        get(&url, None, SOON).await.unwrap_err();
    }

    #[tokio::test]
    async fn without_tls_it_asks_as_plainly_and_says_why_there_is_no_answer() {
        let port = serving(None).await;
        let answer = get(&format!("http://localhost:{port}/readyz"), None, SOON).await.unwrap();
        assert_eq!(answer.status, 503);
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", silent.local_addr().unwrap());
        let late = get(&url, None, Duration::from_millis(50)).await.unwrap_err();
        assert_eq!(late, "no answer within 0.05 s");
        drop(silent);
        assert!(get(&url, None, SOON).await.unwrap_err().starts_with("cannot connect to 127.0.0.1:"));
        for wrong in ["tinh.example", "ftp://tinh.example/", "http:///readyz"] {
            get(wrong, None, SOON).await.unwrap_err();
        }
    }
}
