//! Three real nats-servers as a cluster on this machine: TLS to clients and between each other, every credential, the
//! streams on all three. Each line between two of them, and to each from its clients, can be cut.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use bus::certificates::Authority;
use bus::connection::{Bus, ConnectTo};
use bus::credentials::Credentials;
use bus::permissions::Principal;
use bus::server::{NatsServer, Node, ServerOptions};
use bus::streams::{self, Replicas, Shape};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::eventually;
use crate::proxy::{Line, Proxy};

/// How many servers there are.
pub const SERVERS: usize = 3;

/// The cluster. Dropped, it is stopped and its stores removed.
///
/// Everything that goes wrong here is a panic: a test cannot go on without it.
#[derive(Debug)]
pub struct TestCluster {
    // Before the directory, so that they end before their stores go.
    servers: Vec<Server>,
    credentials: Credentials,
    dir: TempDir,
}

/// One of the servers, whether it runs or not.
#[derive(Debug)]
struct Server {
    running: Option<NatsServer>,
    options: ServerOptions,
    /// Its clients' line to it.
    clients: Proxy,
    /// Its line to each of the others.
    others: Vec<Proxy>,
    /// Whether it is out of the reach of the others and of its clients.
    cut: bool,
}

impl TestCluster {
    /// Starts three servers and makes all streams on them.
    ///
    /// # Panics
    /// When they do not become a cluster.
    pub async fn start() -> Self {
        let cluster = Self::start_bare().await;
        let deploy = eventually(async || {
            Bus::connect(&cluster.connect_to(Principal::Deploy)).await.map_err(|error| error.to_string())
        })
        .await;
        eventually(async || {
            streams::provision(&deploy, &cluster.shape()).await.map_err(|error| error.to_string())
        })
        .await;
        cluster
    }

    /// Starts three servers without streams.
    ///
    /// # Panics
    /// When they do not start.
    pub async fn start_bare() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let keys = dir.path().join("keys");
        let credentials = Credentials::read_or_make(&keys).unwrap_or_else(|error| panic!("{error}"));
        let authority = Authority::read_or_make(&keys).unwrap_or_else(|error| panic!("{error}"));
        let ports: Vec<_> = (0..SERVERS).map(|_| [free_port(), free_port(), free_port()]).collect();
        let mut servers = Vec::new();
        for (at, [client, monitor, route]) in ports.iter().copied().enumerate() {
            let name = format!("nats-{}", at + 1);
            let reached_by = ["127.0.0.1", "localhost"].map(str::to_owned);
            authority.certify(&name, &reached_by).unwrap_or_else(|error| panic!("{error}"));
            let mut others = Vec::new();
            for (_, [.., other]) in ports.iter().enumerate().filter(|(other, _)| *other != at) {
                others.push(Proxy::to(local(*other)).await);
            }
            let node = Node {
                cluster: "test".to_owned(),
                host: "127.0.0.1".to_owned(),
                port: route,
                // They find each other by the lines that can be cut, and by no other.
                advertise: Some("127.0.0.1:1".to_owned()),
                others: others.iter().map(|line| line.address().to_string()).collect(),
                certificate: keys.join(format!("{name}.pem")),
                key: keys.join(format!("{name}.key")),
                ca: authority.certificate(),
            };
            let options = ServerOptions {
                port: client,
                monitor_port: monitor,
                node: Some(node),
                name: name.clone(),
                ..ServerOptions::new(dir.path().join(name))
            };
            let clients = Proxy::to(local(client)).await;
            servers.push(Server { running: None, options, clients, others, cut: false });
        }
        let mut cluster = Self { servers, credentials, dir };
        for at in 0..SERVERS {
            cluster.bring_up(at).await;
        }
        cluster
    }

    /// What the streams are like.
    pub fn shape(&self) -> Shape {
        Shape { replicas: Replicas::Three, ..Shape::default() }
    }

    /// Where clients connect, over lines that can be cut.
    pub fn url(&self) -> String {
        let urls = self.servers.iter().map(|server| format!("nats://{}", server.clients.address()));
        urls.collect::<Vec<_>>().join(",")
    }

    /// Where clients of one server connect.
    pub fn url_of(&self, at: usize) -> String {
        format!("nats://{}", self.servers[at].clients.address())
    }

    /// Where the monitors answer.
    pub fn monitor_url(&self) -> String {
        (0..SERVERS).map(|at| self.monitor_url_of(at)).collect::<Vec<_>>().join(",")
    }

    /// Where the monitor of one server answers.
    pub fn monitor_url_of(&self, at: usize) -> String {
        format!("https://127.0.0.1:{}", self.servers[at].options.monitor_port)
    }

    /// What signed the certificates.
    pub fn ca(&self) -> PathBuf {
        self.keys().join("ca.pem")
    }

    /// The directory of the credentials and certificates.
    pub fn keys(&self) -> PathBuf {
        self.dir.path().join("keys")
    }

    /// The directory of one server: its store, configuration and log.
    pub fn dir(&self, at: usize) -> &Path {
        &self.servers[at].options.dir
    }

    /// The name of one server.
    pub fn name(&self, at: usize) -> &str {
        &self.servers[at].options.name
    }

    /// All credentials.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// What a service of this credential is given to connect, with the proof of durability.
    pub fn connect_to(&self, principal: Principal) -> ConnectTo {
        ConnectTo::new(self.url(), self.credentials.get(principal))
            .trusting(Some(self.ca()))
            .proven_by(self.monitor_url())
    }

    /// A connection under this credential, to whichever server takes it.
    ///
    /// # Panics
    /// When there is none.
    pub async fn connect(&self, principal: Principal) -> Bus {
        Bus::connect(&self.connect_to(principal)).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// A connection under this credential to one server, without the proof of durability.
    ///
    /// # Panics
    /// When there is none.
    pub async fn connect_to_one(&self, at: usize, principal: Principal) -> Bus {
        let to = ConnectTo::new(self.url_of(at), self.credentials.get(principal)).trusting(Some(self.ca()));
        Bus::connect(&to).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Starts a server on its store and ports, if it does not run.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn bring_up(&mut self, at: usize) {
        let server = &mut self.servers[at];
        if server.running.is_none() {
            let started = NatsServer::start(&server.options, &self.credentials).await;
            server.running = Some(started.unwrap_or_else(|error| panic!("{error}")));
        }
    }

    /// Kills a server on the spot.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub async fn kill9(&mut self, at: usize) {
        if let Some(server) = self.servers[at].running.take() {
            server.kill().await.expect("the server can be killed");
        }
    }

    /// Stops a server in order.
    ///
    /// # Panics
    /// When it cannot be stopped.
    pub async fn stop(&mut self, at: usize) {
        if let Some(server) = self.servers[at].running.take() {
            server.stop().await.expect("the server can be stopped");
        }
    }

    /// Tells a server to leave in order: it gives its leaderships away, sends its clients to the others, and ends.
    ///
    /// # Panics
    /// When it does not run, or does not end.
    pub async fn leave(&mut self, at: usize) {
        self.signal(at, Signal::USR2);
        if let Some(mut server) = self.servers[at].running.take() {
            server.ended().await.expect("the server ends");
        }
    }

    /// A server stands still: its process is there and does nothing.
    pub fn freeze(&self, at: usize) {
        self.signal(at, Signal::STOP);
    }

    /// It goes on.
    pub fn thaw(&self, at: usize) {
        self.signal(at, Signal::CONT);
    }

    fn signal(&self, at: usize, signal: Signal) {
        let pid = self.servers[at].running.as_ref().and_then(NatsServer::pid).expect("the server runs");
        let pid = Pid::from_raw(pid.cast_signed()).expect("a process");
        kill_process(pid, signal).expect("the process can be told");
    }

    /// Cuts a server off from the others and from its clients, or lets it be reached again.
    pub fn cut(&mut self, at: usize, cut: bool) {
        self.servers[at].cut = cut;
        let state = |off: bool| if off { Line::Cut } else { Line::Open };
        for (at, server) in self.servers.iter().enumerate() {
            server.clients.set(state(server.cut));
            let others = (0..SERVERS).filter(|other| *other != at);
            for (line, other) in server.others.iter().zip(others) {
                line.set(state(server.cut || self.servers[other].cut));
            }
        }
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// A port that nobody has at this moment, and that the system gives to nobody by itself.
fn free_port() -> u16 {
    loop {
        let port = rand::random_range(10_000..32_000);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
