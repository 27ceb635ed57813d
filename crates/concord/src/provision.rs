//! `concord provision`: what a cluster of three needs before it runs, and the streams once it does.

use std::{fs, path::Path, process::ExitCode};

use bus::{
    Principal,
    certificates::Authority,
    credentials::{Credential, Credentials},
    server::{Node, ServerOptions, written_for},
    streams,
};

use chrono::NaiveDate;
use svc_audit::keyring::{self, KeyRing};

use crate::{
    Failure,
    cli::{Common, NodeAddress, ProvisionCluster, ProvisionCommand},
    place,
    process::{Server, connect, patiently},
    up::configuration,
};

/// What stands beside the folders of the servers, and the authority's own files.
const TAKEN: [&str; 4] = ["tls", "credentials", "concord.toml", "ca"];

/// So far above the port for clients stand the one for the other servers, and the monitor's: 4222, 6222, 8222.
const ROUTES: u16 = 2_000;
const MONITOR: u16 = 4_000;

pub(crate) async fn command(command: ProvisionCommand) -> Result<ExitCode, Failure> {
    match command {
        ProvisionCommand::Cluster(options) => cluster(&options),
        ProvisionCommand::Streams(common) => streams(&common).await,
    }
}

/// Writes a folder for each server, the credentials, and the part of the configuration that names the servers.
fn cluster(options: &ProvisionCluster) -> Result<ExitCode, Failure> {
    let ProvisionCluster { into, servers, .. } = options;
    let names: std::collections::BTreeSet<_> = servers.iter().map(|server| &server.name).collect();
    if servers.len() != 3 || names.len() != 3 {
        return Err(
            "a cluster has three servers of different names: give --server NAME=HOST[:PORT] three times"
                .into(),
        );
    }
    place::make_private(into)?;
    let into = into.canonicalize()?;
    let keys = into.join("credentials");
    let mut credentials = Credentials::read_or_make(&keys)?;
    if options.for_restoration {
        credentials = credentials.while_restoring(&keys)?;
    } else {
        Credentials::end_restoration(&keys)?;
    }
    // Several processes sign with one key: it is made before the first of them starts.
    KeyRing::read_or_make(&keyring::folder(&keys), &options.audit_name)?;
    let tls = into.join("tls");
    place::make_private(&tls)?;
    let authority = Authority::read_or_make(&tls)?;
    let mut until = None;
    for server in servers {
        let folder = into.join(&server.name);
        place::make_private(&folder)?;
        let mut reached_by =
            vec![server.name.clone(), server.host.clone(), "localhost".into(), "127.0.0.1".into()];
        reached_by.dedup();
        until = Some(authority.certify(&server.name, &reached_by)?);
        for (from, to) in [("pem", "server.pem"), ("key", "server.key")] {
            fs::rename(tls.join(format!("{}.{from}", server.name)), folder.join(to))?;
        }
        fs::copy(authority.certificate(), folder.join("ca.pem"))?;
        let conf = written_for(&of(server, options, &folder), &credentials);
        fs::write(folder.join("nats.conf"), conf)?;
    }
    let here = fragment(servers, &authority.certificate(), Some(&keys));
    fs::write(into.join("concord.toml"), &here)?;
    // On other machines keys lie where Concord looks for them.
    let there = options.files.as_ref().map(|files| fragment(servers, &files.join("ca.pem"), None));
    say(options, &into, &there.unwrap_or(here), until);
    Ok(ExitCode::SUCCESS)
}

/// What one of the servers is told.
fn of(server: &NodeAddress, options: &ProvisionCluster, folder: &Path) -> ServerOptions {
    let files = options.files.clone().unwrap_or_else(|| folder.to_owned());
    let store = options.store.clone().unwrap_or_else(|| folder.join("store"));
    let others = options.servers.iter().filter(|other| other.name != server.name);
    ServerOptions {
        port: server.port,
        monitor_port: server.port + MONITOR,
        name: server.name.clone(),
        node: Some(Node {
            cluster: "concord".to_owned(),
            host: if options.any_address { "0.0.0.0".to_owned() } else { server.host.clone() },
            port: server.port + ROUTES,
            advertise: None,
            others: others.map(|other| format!("{}:{}", other.host, other.port + ROUTES)).collect(),
            certificate: files.join("server.pem"),
            key: files.join("server.key"),
            ca: files.join("ca.pem"),
        }),
        ..ServerOptions::new(store)
    }
}

/// The part of `concord.toml` that names the servers.
fn fragment(servers: &[NodeAddress], ca: &Path, credentials: Option<&Path>) -> String {
    let all = |each: fn(&NodeAddress) -> String| servers.iter().map(each).collect::<Vec<_>>().join(",");
    let credentials = credentials.map(|folder| format!("credentials = \"{}\"\n", folder.display()));
    format!(
        "[nats]\nurl = \"{}\"\nmonitor_url = \"{}\"\nca = \"{}\"\n{}replicas = 3\n",
        all(|server| format!("nats://{}:{}", server.host, server.port)),
        all(|server| format!("https://{}:{}", server.host, server.port + MONITOR)),
        ca.display(),
        credentials.unwrap_or_default(),
    )
}

#[expect(clippy::print_stdout, reason = "what a person who called it reads")]
fn say(options: &ProvisionCluster, into: &Path, fragment: &str, until: Option<NaiveDate>) {
    for server in &options.servers {
        println!(
            "{:<12} {}   to its machine: it holds a key",
            server.name,
            into.join(&server.name).display()
        );
    }
    println!(
        "credentials  {}   to the machines of the services, each what it runs",
        into.join("credentials").display()
    );
    println!("authority    {}   ca.pem to all; ca.key stays here, or in a safe", into.join("tls").display());
    if let Some(until) = until {
        println!("\nThe certificates of the servers count until {until}: the same command renews them.");
    }
    println!("\nIn the configuration of the services:\n");
    print!("{fragment}");
    println!(
        "\nStart each server with its nats.conf, then: concord provision streams --config {}",
        into.join("concord.toml").display()
    );
}

/// Makes the streams that are missing on servers that run, by the deploy credential.
async fn streams(common: &Common) -> Result<ExitCode, Failure> {
    let config = configuration(common)?;
    let server = Server::configured(&config)?
        .ok_or("configuration: [nats] url and monitor_url must say where the servers are")?;
    let deploy = connect(&server, &Credential::read(&config.credentials(), Principal::Deploy)?).await?;
    let shape = config.nats.shape();
    let made = patiently(async || streams::provision(&deploy, &shape).await).await?;
    report(&made);
    deploy.close().await?;
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "what a person who called it reads")]
fn report(made: &[String]) {
    if made.is_empty() {
        println!("All streams are there, as they should be.");
    }
    for stream in made {
        println!("made  {stream}");
    }
}

/// A server as it is given: `nats-1=10.0.0.11` or `nats-1=10.0.0.11:4222`.
pub(crate) fn server(text: &str) -> Result<NodeAddress, String> {
    let wrong = || format!("`{text}`: write it like nats-1=10.0.0.11 or nats-1=10.0.0.11:4222");
    let (name, address) = text.split_once('=').ok_or_else(wrong)?;
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().map_err(|_| wrong())?),
        None => (address, 4_222),
    };
    let plain = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
    };
    if !plain(name) || !plain(host) || port == 0 || port > u16::MAX - MONITOR {
        return Err(wrong());
    }
    if TAKEN.contains(&name) || !name.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return Err(format!(
            "a server cannot be called `{name}`, other files have that name: take one like nats-1"
        ));
    }
    Ok(NodeAddress { name: name.to_owned(), host: host.to_owned(), port })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{server as parse, *};

    #[test]
    fn a_server_is_a_name_and_an_address() {
        let server =
            |name: &str, host: &str, port| NodeAddress { name: name.into(), host: host.into(), port };
        assert_eq!(parse("nats-1=10.0.0.11"), Ok(server("nats-1", "10.0.0.11", 4_222)));
        assert_eq!(parse("a=b.example:14222"), Ok(server("a", "b.example", 14_222)));
        for wrong in ["nats-1", "=10.0.0.1", "a=", "a=b:x", "a=b:65535", "../a=b", "a=\"b\""] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        for taken in [".", "..", "-a", "a/b", "tls", "credentials", "concord.toml", "ca"] {
            assert!(parse(&format!("{taken}=10.0.0.1")).is_err(), "{taken}");
        }
    }

    #[test]
    fn every_server_knows_the_others_and_asks_for_their_certificates() {
        let into = tempfile::tempdir().unwrap();
        let servers: Vec<_> = (1..=3).map(|at| parse(&format!("nats-{at}=10.0.0.{at}")).unwrap()).collect();
        let options = ProvisionCluster {
            servers,
            into: into.path().join("cluster"),
            files: Some(PathBuf::from("/etc/concord/nats")),
            store: Some(PathBuf::from("/var/lib/concord/nats")),
            for_restoration: false,
            audit_name: "concord".to_owned(),
            any_address: false,
        };
        cluster(&options).unwrap();
        let read = |name: &str| fs::read_to_string(options.into.join(name)).unwrap();
        let conf = read("nats-2/nats.conf");
        for line in [
            "server_name: \"nats-2\"",
            "listen: \"10.0.0.2:4222\"",
            "https: \"10.0.0.2:8222\"",
            "  listen: \"10.0.0.2:6222\"",
            "  routes: [\"nats-route://10.0.0.1:6222\", \"nats-route://10.0.0.3:6222\"]",
            "  sync_interval: always",
            "  store_dir: \"/var/lib/concord/nats\"",
            "  cert_file: \"/etc/concord/nats/server.pem\"",
            "    min_version: \"1.3\"",
            "    verify: true",
            "system_account: SYSTEM",
        ] {
            assert!(conf.lines().any(|found| found == line), "{line}\n{conf}");
        }
        assert!(!conf.contains("SUA"), "a seed in the configuration of a server");
        let config = read("concord.toml");
        assert!(
            config.contains("nats://10.0.0.1:4222,nats://10.0.0.2:4222,nats://10.0.0.3:4222"),
            "{config}"
        );
        // Made again, who holds a credential goes on.
        let secrets = ["credentials/ledger.nk", "credentials/checkpoints/1.key", "tls/ca.pem"];
        let before = secrets.map(read);
        cluster(&options).unwrap();
        assert_eq!(secrets.map(read), before);
    }
}
