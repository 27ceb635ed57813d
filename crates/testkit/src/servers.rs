//! One server or a cluster: what processes and checkers need to know of either.

use std::path::PathBuf;

use bus::connection::{Bus, ConnectTo};
use bus::permissions::Principal;

use crate::cluster::TestCluster;
use crate::nats::TestNats;
use crate::proxy::Proxy;

/// Where the streams lie.
pub trait Servers {
    /// Where clients connect.
    fn url(&self) -> String;

    /// Where the monitors answer.
    fn monitor_url(&self) -> String;

    /// What signed the certificates, where TLS is spoken.
    fn ca(&self) -> Option<PathBuf>;

    /// The directory of the credentials.
    fn keys(&self) -> PathBuf;

    /// On how many servers the streams lie.
    fn replicas(&self) -> u8;

    /// What a service of this credential is given to connect, with the proof of durability.
    fn connect_to(&self, principal: Principal) -> ConnectTo;

    /// A line of one process's own, where the servers can be reached by one.
    fn line(&self) -> impl Future<Output = Option<Proxy>>;

    /// A connection under this credential.
    fn connect(&self, principal: Principal) -> impl Future<Output = Bus> {
        let to = self.connect_to(principal);
        async move { Bus::connect(&to).await.unwrap_or_else(|error| panic!("{error}")) }
    }
}

impl Servers for TestNats {
    fn url(&self) -> String {
        self.url()
    }

    fn monitor_url(&self) -> String {
        self.monitor_url()
    }

    fn ca(&self) -> Option<PathBuf> {
        None
    }

    fn keys(&self) -> PathBuf {
        self.keys()
    }

    fn replicas(&self) -> u8 {
        1
    }

    fn connect_to(&self, principal: Principal) -> ConnectTo {
        self.connect_to(principal)
    }

    async fn line(&self) -> Option<Proxy> {
        Some(Proxy::to(self.address()).await)
    }
}

impl Servers for TestCluster {
    fn url(&self) -> String {
        self.url()
    }

    fn monitor_url(&self) -> String {
        self.monitor_url()
    }

    fn ca(&self) -> Option<PathBuf> {
        Some(self.ca())
    }

    fn keys(&self) -> PathBuf {
        self.keys()
    }

    fn replicas(&self) -> u8 {
        3
    }

    fn connect_to(&self, principal: Principal) -> ConnectTo {
        self.connect_to(principal)
    }

    /// The lines are the cluster's own.
    async fn line(&self) -> Option<Proxy> {
        None
    }
}
