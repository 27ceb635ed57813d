//! What an operator does: a cluster, a look at everything, the watchdog, backups.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Common;

#[derive(Debug, Subcommand)]
pub(crate) enum ProvisionCommand {
    /// Writes a folder for each of three servers (configuration, certificate, key), the credentials of the services and what
    /// to write into their configuration. Called again it keeps keys and credentials, and renews the certificates.
    Cluster(ProvisionCluster),
    /// Makes the streams that are missing on servers that run, by the deploy credential; what stands otherwise is refused,
    /// never altered.
    Streams(Common),
}

#[derive(Debug, Args)]
pub(crate) struct ProvisionCluster {
    /// A server, by its name and how it is reached: nats-1=10.0.0.11, with :PORT for another one than 4222. The others
    /// reach it 2000 above that port, its monitor answers 4000 above. Three are given.
    #[arg(long = "server", value_name = "NAME=HOST", value_parser = crate::provision::server)]
    pub(crate) servers: Vec<NodeAddress>,
    /// The folder that is written.
    #[arg(long, value_name = "DIR")]
    pub(crate) into: PathBuf,
    /// Where a server's folder will lie on its machine; otherwise where it is written.
    #[arg(long, value_name = "DIR")]
    pub(crate) files: Option<PathBuf>,
    /// Where a server keeps the streams; otherwise in its folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Also the right to fill the servers from a backup: `concord restore --cluster`. Afterwards this is called again
    /// without it, and each server told to read its nats.conf anew.
    #[arg(long)]
    pub(crate) for_restoration: bool,
    /// The name under which checkpoints will be signed, as in [audit] name: it stays for ever.
    #[arg(long, value_name = "NAME", default_value = "concord")]
    pub(crate) audit_name: String,
    /// Servers listen on all addresses of their machines, for containers.
    #[arg(long)]
    pub(crate) any_address: bool,
}

/// How one of the servers of a cluster is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeAddress {
    /// Its name.
    pub(crate) name: String,
    /// Its machine.
    pub(crate) host: String,
    /// The port for clients.
    pub(crate) port: u16,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) common: Common,
    /// One JSON object, with stable names.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Watchdog {
    /// Its own configuration file (TOML), section `[watchdog]`: it has none of an installation's.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The address of an installation, besides those of the file, e.g. `https://phoi-hop.tinh.example`; several may be given.
    #[arg(long = "url", value_name = "URL")]
    pub(crate) urls: Vec<String>,
    /// Looks once and ends, for a timer; what it has told stands in a small file.
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    pub(crate) common: Common,
    /// The folder of the backup.
    #[arg(value_name = "DIR")]
    pub(crate) into: PathBuf,
    /// Takes none: reads the one that is there to its end, without a server, and says whether it is whole.
    #[arg(long, conflicts_with_all = ["data", "config", "without_keys"])]
    pub(crate) check: bool,
    /// Leaves the services' keys out.
    #[arg(long)]
    pub(crate) without_keys: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The folder of the backup.
    #[arg(value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// The data directory that is made: it is not there yet, or empty.
    #[arg(long, value_name = "DIR", required_unless_present = "cluster")]
    pub(crate) data: Option<PathBuf>,
    /// The configuration file (TOML) with which the installation will run.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The nats-server binary; otherwise .tools/nats-server, then the PATH.
    #[arg(long, value_name = "FILE")]
    pub(crate) nats_server: Option<PathBuf>,
    /// Fills the servers that the configuration names instead: they were provisioned with --for-restoration, run, and are
    /// empty.
    #[arg(long, conflicts_with_all = ["data", "nats_server"], requires = "config")]
    pub(crate) cluster: bool,
}
