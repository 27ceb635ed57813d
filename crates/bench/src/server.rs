//! A nats-server without Concord, for the baselines: the same configuration, streams and disk.

use bus::{
    Bus, Principal,
    connection::ConnectTo,
    credentials::Credentials,
    server::{NatsServer, ServerOptions},
    streams::{Shape, provision},
};
use tempfile::TempDir;

use crate::Failure;

/// The server. Dropped, it is killed and its store removed.
#[derive(Debug)]
pub struct BareServer {
    // Before the directory, so that it ends before its store goes.
    server: NatsServer,
    credentials: Credentials,
    _dir: TempDir,
}

impl BareServer {
    /// Starts it with all streams.
    pub async fn start() -> Result<Self, Failure> {
        let dir = tempfile::Builder::new().prefix("concord-bench-").tempdir()?;
        let credentials = Credentials::read_or_make(&dir.path().join("keys"))?;
        let options =
            ServerOptions { port: 0, monitor_port: 0, ..ServerOptions::new(dir.path().join("nats")) };
        let server = NatsServer::start(&options, &credentials).await?;
        let bare = Self { server, credentials, _dir: dir };
        let deploy = bare.connect(Principal::Deploy).await?;
        provision(&deploy, &Shape::default()).await?;
        Ok(bare)
    }

    /// A connection with these rights.
    pub async fn connect(&self, principal: Principal) -> Result<Bus, Failure> {
        let to = ConnectTo::new(self.server.url(), self.credentials.get(principal));
        Ok(Bus::connect(&to.proven_by(self.server.monitor_url())).await?)
    }

    /// Ends it.
    pub async fn stop(self) -> Result<(), Failure> {
        self.server.stop().await?;
        Ok(())
    }
}
