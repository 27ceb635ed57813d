//! A real nats-server for one test: free ports, a store of its own, every credential, the streams provisioned.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use bus::connection::{Bus, ConnectTo};
use bus::credentials::Credentials;
use bus::permissions::Principal;
use bus::server::{NatsServer, ServerOptions};
use bus::streams::{self, Shape};
use tempfile::TempDir;

/// The server. Dropped, it is stopped and its store removed.
///
/// Everything that goes wrong here is a panic: a test cannot go on without its server.
#[derive(Debug)]
pub struct TestNats {
    // Before the directory, so that it ends before its store goes.
    server: Option<NatsServer>,
    options: ServerOptions,
    credentials: Credentials,
    keys: PathBuf,
    // What it lies in, unless the caller has named a place.
    _dir: Option<TempDir>,
}

impl TestNats {
    /// Starts a server with all streams.
    pub async fn start() -> Self {
        Self::start_with(&Shape::default()).await
    }

    /// Starts a server with all streams in this shape.
    ///
    /// # Panics
    /// When the streams cannot be made.
    pub async fn start_with(shape: &Shape) -> Self {
        Self::start_bare().await.provisioned(shape).await
    }

    /// Starts a server with all streams whose store lies in a directory of the caller's. What lies there already is
    /// taken up. Of a program of the caller's no proof of durability is asked: it may be there to show what is lost
    /// without.
    ///
    /// # Panics
    /// When it does not start, or the streams cannot be made.
    pub async fn start_in(store: &Path, keys: &Path, binary: Option<&Path>) -> Self {
        let binary = binary.map(Path::to_owned);
        let options = ServerOptions { binary, ..ServerOptions::new(store) };
        Self::start_as(options, keys.to_owned(), None).await.provisioned(&Shape::default()).await
    }

    async fn provisioned(self, shape: &Shape) -> Self {
        let deploy = self.connect(Principal::Deploy).await;
        streams::provision(&deploy, shape).await.unwrap_or_else(|error| panic!("{error}"));
        self
    }

    /// Starts a server without streams.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_bare() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (store, keys) = (dir.path().join("nats"), dir.path().join("keys"));
        Self::start_as(ServerOptions::new(store), keys, Some(dir)).await
    }

    async fn start_as(options: ServerOptions, keys: PathBuf, dir: Option<TempDir>) -> Self {
        let credentials = Credentials::read_or_make(&keys).unwrap_or_else(|error| panic!("{error}"));
        let options = ServerOptions { port: 0, monitor_port: 0, name: "test".to_owned(), ..options };
        let mut nats = Self { server: None, options, credentials, keys, _dir: dir };
        nats.restart().await;
        nats
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address())
    }

    /// The same as an address.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.options.port))
    }

    /// Where the monitor answers.
    pub fn monitor_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.options.monitor_port)
    }

    /// The directory of the server: its store, configuration and log.
    pub fn dir(&self) -> &Path {
        &self.options.dir
    }

    /// The directory of the credentials.
    pub fn keys(&self) -> PathBuf {
        self.keys.clone()
    }

    /// All credentials.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// What a service of this credential is given to connect, with the proof of durability.
    pub fn connect_to(&self, principal: Principal) -> ConnectTo {
        let connect = ConnectTo::new(self.url(), self.credentials.get(principal));
        if self.options.binary.is_none() { connect.proven_by(self.monitor_url()) } else { connect }
    }

    /// A connection under this credential.
    ///
    /// # Panics
    /// When there is none.
    pub async fn connect(&self, principal: Principal) -> Bus {
        Bus::connect(&self.connect_to(principal)).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Kills the server on the spot. [`TestNats::restart`] brings it back.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub async fn kill9(&mut self) {
        if let Some(server) = self.server.take() {
            server.kill().await.expect("the server can be killed");
        }
    }

    /// Whether the server's process runs.
    pub fn is_running(&mut self) -> bool {
        self.server.as_mut().is_some_and(NatsServer::is_running)
    }

    /// Stops the server in order. [`TestNats::restart`] brings it back.
    ///
    /// # Panics
    /// When it cannot be stopped.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await.expect("the server can be stopped");
        }
    }

    /// Starts the server again on the same store and ports, stopping it first if it runs.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn restart(&mut self) {
        self.stop().await;
        let server = NatsServer::start(&self.options, &self.credentials).await;
        let server = server.unwrap_or_else(|error| panic!("{error}"));
        self.options.port = server.port();
        self.options.monitor_port = server.monitor_port();
        self.server = Some(server);
    }
}
