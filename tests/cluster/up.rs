//! `cargo xtask cluster up`: three servers and two processes with every service on this machine, until they are told to
//! stop.

use std::path::Path;

use tokio::signal;

use crate::support::provisioned::Provisioned;

/// The ports for clients: those for the other servers stand 2000 above, the monitors 4000.
const PORTS: [u16; 3] = [24_221, 24_222, 24_223];

/// Where the API of each process listens, and its metrics are read.
const PROCESSES: [(&str, &str, &str); 2] =
    [("one", "127.0.0.1:8080", "127.0.0.1:9464"), ("two", "127.0.0.1:8081", "127.0.0.1:9465")];

/// Works until Ctrl-C.
pub async fn up(folder: &Path) {
    println!("Three servers are started ...");
    let mut cluster = Provisioned::start(folder, PORTS).await;
    for (name, listen, metrics) in PROCESSES {
        cluster.serve(name, listen, metrics).await;
        println!("  process {name}   http://{listen}/api/v1   metrics http://{metrics}/metrics");
    }
    println!("  servers       {}/nats-1, nats-2, nats-3: nats.conf, nats.log, server.pem", folder.display());
    println!("  tokens        {}/tokens/<officer>, e.g. snnmt.dau-moi, btg.lanh-dao", folder.display());
    println!("  any command   concord … --config {}", cluster.config().display());
    println!("Stop it with Ctrl-C.");
    signal::ctrl_c().await.expect("the signal can be heard");
    cluster.stop().await;
}
