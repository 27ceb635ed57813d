//! A cluster as an operator makes it: by `concord provision`, three nats-servers with the files that it wrote, and
//! processes with every service.

use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
};

use rustix::process::{Pid, Signal, kill_process};
use testkit::eventually;
use tokio::process::{Child, Command};

use super::{Said, api::Api, concord, finish, top};

/// How many servers there are.
pub const SERVERS: u16 = 3;

/// The cluster. Dropped, all of it is killed.
#[derive(Debug)]
pub struct Provisioned {
    folder: PathBuf,
    servers: Vec<Child>,
    processes: Vec<Child>,
}

impl Provisioned {
    /// Provisions three servers on this machine, with these ports for clients, starts them and makes the streams. What is in
    /// the folder already is gone on with.
    pub async fn start(folder: &Path, ports: [u16; SERVERS as usize]) -> Self {
        let cluster = Self::start_bare(folder, ports, &[]).await;
        eventually(async || {
            let said = cluster.run(&["provision", "streams"]).await;
            if said.code == Some(0) { Ok(()) } else { Err(said.err) }
        })
        .await;
        cluster
    }

    /// The same without the streams, provisioned with these options.
    pub async fn start_bare(folder: &Path, ports: [u16; SERVERS as usize], options: &[&str]) -> Self {
        provision(folder, ports, options).await;
        let mut servers = Vec::new();
        for at in 1..=SERVERS {
            let place = folder.join(format!("nats-{at}"));
            let log = File::create(place.join("nats.log")).expect("a log");
            let mut server = Command::new(top().join(".tools/nats-server"));
            // Ctrl-C is for the processes of Concord alone: they stop first.
            server.arg("-c").arg(place.join("nats.conf")).process_group(0).kill_on_drop(true);
            server.stdout(Stdio::null()).stderr(log);
            servers.push(server.spawn().expect("nats-server starts"));
        }
        Self { folder: folder.to_owned(), servers, processes: Vec::new() }
    }

    /// Has every server read its configuration anew.
    pub fn reload(&self) {
        for pid in self.servers.iter().filter_map(Child::id) {
            let pid = Pid::from_raw(pid.cast_signed()).expect("a process");
            kill_process(pid, Signal::HUP).expect("the server can be told");
        }
    }

    /// The configuration that was written for the services.
    pub fn config(&self) -> PathBuf {
        self.folder.join("concord.toml")
    }

    /// A command of the binary that knows the cluster, run to its end.
    pub async fn run(&self, arguments: &[&str]) -> Said {
        finish(concord().args(arguments).arg("--config").arg(self.config())).await
    }

    /// Starts a process with every service.
    pub async fn serve(&mut self, name: &str, listen: &str, metrics: &str) -> Api {
        let log = self.folder.join(format!("{name}.log"));
        let tokens = self.folder.join("tokens");
        let mut serve = concord();
        serve.args(["serve", "--listen", listen, "--config"]).arg(self.config());
        serve.args(super::REPLICA.split(' ')).arg("--data").arg(self.folder.join(name));
        serve.env("RUST_LOG", "warn,concord=info,svc_api=info");
        serve.env("CONCORD__HTTP__TOKENS", &tokens).env("CONCORD__METRICS__LISTEN", metrics);
        serve.stderr(File::create(&log).expect("a log"));
        self.processes.push(serve.spawn().expect("the binary starts"));
        let address = eventually(async || {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            if said.contains("at work") {
                Ok(super::split::address(&said, "the API listens"))
            } else {
                Err(said)
            }
        })
        .await;
        Api::new(format!("http://{address}"), tokens)
    }

    /// Stops the processes in order, then the servers.
    pub async fn stop(mut self) {
        for child in self.processes.drain(..).chain(self.servers.drain(..)) {
            stop(child).await;
        }
    }
}

async fn stop(mut child: Child) {
    if let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
        // It may have ended by itself.
        let _ = kill_process(pid, Signal::TERM);
    }
    child.wait().await.expect("it ends");
}

/// `concord provision cluster` for three servers on this machine.
pub async fn provision(folder: &Path, ports: [u16; SERVERS as usize], options: &[&str]) {
    let mut provision = concord();
    provision.args(["provision", "cluster", "--into"]).arg(folder).args(options);
    for (at, port) in ports.iter().enumerate() {
        provision.arg("--server").arg(format!("nats-{}=127.0.0.1:{port}", at + 1));
    }
    finish(&mut provision).await.succeeded();
}

/// Ports for clients, of which those for the other servers and the monitors are free as well.
pub fn free_ports() -> [u16; SERVERS as usize] {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let mut found = Vec::new();
    while found.len() < usize::from(SERVERS) {
        let port = rand::random_range(10_000..28_000);
        if !found.contains(&port) && [port, port + 2_000, port + 4_000].into_iter().all(free) {
            found.push(port);
        }
    }
    found.try_into().expect("three ports")
}
