//! Connections: so many, none that dawdles, and at the end each finishes what it has accepted.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use service::config::Http;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service as _;

use super::{patience::Patient, rate::Peer};

/// The most that the line and the headers of a request may take, in bytes. There are at most a hundred headers, which
/// is what the server takes by itself.
const LARGEST_HEAD: usize = 32 << 10;

/// How long is waited when the system gives no more connections.
const PAUSE: Duration = Duration::from_millis(100);

/// How connections are served.
#[derive(Clone)]
pub(crate) struct Serving {
    router: Router,
    tls: Option<TlsAcceptor>,
    /// How long a caller may take for the handshake, for the headers of a request, the first and each further one, and
    /// read nothing of an answer.
    patience: Duration,
    places: Arc<Semaphore>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Serving {
    pub(crate) fn new(
        router: Router,
        tls: Option<TlsAcceptor>,
        config: &Http,
        stop: CancellationToken,
        tasks: TaskTracker,
    ) -> Self {
        Self {
            router,
            tls,
            patience: Duration::from_secs(config.header_seconds.max(1)),
            places: Arc::new(Semaphore::new(config.most_connections.max(1))),
            stop,
            tasks,
        }
    }

    /// Takes connections until the process is to stop; those beyond the limit wait with the system. Each that was taken
    /// is on the tracker until it has finished.
    pub(crate) async fn serve(self, listener: TcpListener) {
        let stop = self.stop.clone();
        let taking = async {
            loop {
                let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return };
                match listener.accept().await {
                    Ok((stream, peer)) => {
                        let serving = self.clone();
                        self.tasks.spawn(async move {
                            serving.connection(stream, peer).await;
                            drop(place);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection was not taken");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
        };
        tokio::select! {
            () = taking => {}
            () = stop.cancelled() => {}
        }
    }

    async fn connection(self, stream: TcpStream, peer: SocketAddr) {
        // An answer is one write: it need not wait for another.
        let _ = stream.set_nodelay(true);
        let stream = Patient::new(stream, self.patience);
        let Some(tls) = self.tls.clone() else { return self.requests(stream, peer).await };
        match timeout(self.patience, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.requests(stream, peer).await,
            Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS"),
            Err(_) => tracing::debug!(%peer, "no TLS in time"),
        }
    }

    async fn requests(self, stream: impl AsyncRead + AsyncWrite + Unpin, peer: SocketAddr) {
        let router = self.router;
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            router.clone().call(request.map(Body::new))
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.patience).max_header_size(LARGEST_HEAD);
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stop.cancelled() => {
                // What is under way is answered; then it is closed.
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, %error, "a connection ended early");
        }
    }
}

/// Listens, or says why not and what to do.
pub(crate) async fn listen(at: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(at).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("{at} is taken by another program: stop it, or give another with --listen")
        }
        _ => format!("cannot listen on {at}: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use service::config::Tls;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_rustls::{
        TlsConnector,
        rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
    };

    use super::*;
    use crate::edge::tls;

    const SOON: Duration = Duration::from_secs(20);

    struct Edge {
        address: SocketAddr,
        stop: CancellationToken,
        tasks: TaskTracker,
    }

    async fn edge(config: Http) -> Edge {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let (address, stop, tasks) =
            (listener.local_addr().unwrap(), CancellationToken::new(), TaskTracker::new());
        let router = Router::new()
            .route("/", get(async || "here"))
            .route("/echo", post(async |body: String| body))
            .route("/large", get(async || vec![b'x'; 64 << 20]));
        let tls = config.tls.as_ref().map(|tls| tls::acceptor(tls).unwrap());
        let serving = Serving::new(router, tls, &config, stop.clone(), tasks.clone());
        tasks.spawn(serving.serve(listener));
        Edge { address, stop, tasks }
    }

    async fn all(mut from: impl AsyncRead + Unpin) -> String {
        let mut said = Vec::new();
        // Who is cut off may see that as an error, after what was said.
        let read = timeout(SOON, from.read_to_end(&mut said)).await.expect("an end");
        drop(read);
        String::from_utf8(said).unwrap()
    }

    const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    #[tokio::test]
    async fn who_dawdles_over_the_headers_is_cut_off() {
        let edge = edge(Http { header_seconds: 1, ..Http::default() }).await;
        let mut line = TcpStream::connect(edge.address).await.unwrap();
        line.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").await.unwrap();
        assert!(!all(line).await.contains("here"));
    }

    #[tokio::test]
    async fn who_reads_nothing_of_his_answer_is_let_go() {
        let edge = edge(Http { header_seconds: 1, ..Http::default() }).await;
        let mut line = TcpStream::connect(edge.address).await.unwrap();
        line.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        line.read_exact(&mut [0; 12]).await.unwrap();
        testkit::eventually(async || match edge.tasks.len() {
            1 => Ok(()),
            more => Err(format!("{more} tasks")),
        })
        .await;
    }

    #[tokio::test]
    async fn headers_beyond_the_limit_are_refused() {
        let edge = edge(Http::default()).await;
        let many = "a: b\r\n".repeat(200);
        let large = format!("a: {}\r\n", "x".repeat(LARGEST_HEAD));
        for headers in [many, large] {
            let mut line = TcpStream::connect(edge.address).await.unwrap();
            line.write_all(format!("GET / HTTP/1.1\r\n{headers}\r\n").as_bytes()).await.unwrap();
            let said = all(line).await;
            assert!(said.starts_with("HTTP/1.1 431 "), "{said}");
        }
    }

    #[tokio::test]
    async fn beyond_the_limit_a_connection_waits_until_another_ends() {
        let edge = edge(Http { most_connections: 1, ..Http::default() }).await;
        let mut first = TcpStream::connect(edge.address).await.unwrap();
        first.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 4];
        first.read_exact(&mut answer).await.unwrap();
        let mut second = TcpStream::connect(edge.address).await.unwrap();
        second.write_all(GET).await.unwrap();
        let waiting = timeout(Duration::from_millis(200), second.read(&mut answer)).await;
        assert!(waiting.is_err(), "it is served beyond the limit");
        drop(first);
        assert!(all(second).await.ends_with("here"));
    }

    #[tokio::test]
    async fn what_was_accepted_is_answered_and_nothing_new_is_taken() {
        let edge = edge(Http::default()).await;
        let mut line = TcpStream::connect(edge.address).await.unwrap();
        let idle = TcpStream::connect(edge.address).await.unwrap();
        line.write_all(
            b"POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n",
        )
        .await
        .unwrap();
        // It asks for the body: the request is under way.
        let mut asked = [0; 25];
        line.read_exact(&mut asked).await.unwrap();
        edge.stop.cancel();
        edge.tasks.close();
        assert_eq!(all(idle).await, "", "who has asked nothing is let go");
        testkit::eventually(async || match TcpStream::connect(edge.address).await {
            Ok(_) => Err("still taken"),
            Err(_) => Ok(()),
        })
        .await;
        line.write_all(b"late").await.unwrap();
        let said = all(line).await;
        assert!(said.starts_with("HTTP/1.1 200 ") && said.ends_with("late"), "{said}");
        timeout(SOON, edge.tasks.wait()).await.expect("all is finished");
    }

    #[tokio::test]
    async fn with_a_certificate_it_speaks_tls_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let tls = Tls { certificate: place.path().join("cert.pem"), key: place.path().join("key.pem") };
        std::fs::write(&tls.certificate, made.cert.pem()).unwrap();
        std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
        let edge = edge(Http { tls: Some(tls.clone()), ..Http::default() }).await;

        let mut trusted = RootCertStore::empty();
        trusted.add(made.cert.der().clone()).unwrap();
        let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(trusted)
            .with_no_client_auth();
        let line = TcpStream::connect(edge.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut line = TlsConnector::from(Arc::new(client)).connect(name, line).await.unwrap();
        line.write_all(GET).await.unwrap();
        assert!(all(line).await.ends_with("here"));

        let mut plain = TcpStream::connect(edge.address).await.unwrap();
        plain.write_all(GET).await.unwrap();
        let said = timeout(SOON, async {
            let mut said = Vec::new();
            let _ = plain.read_to_end(&mut said).await;
            said
        });
        assert!(!said.await.unwrap().starts_with(b"HTTP"));

        let swapped = Tls { certificate: tls.key.clone(), key: tls.certificate.clone() };
        for wrong in [swapped, Tls { certificate: place.path().join("none.pem"), ..tls }] {
            let Err(said) = tls::acceptor(&wrong) else { panic!("{wrong:?} is taken") };
            assert!(said.starts_with("configuration, [http.tls]: "), "{said}");
        }
    }
}
