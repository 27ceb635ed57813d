//! Starting the server, and what stands in its way.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use bus::connection::{Bus, ConnectTo};
use bus::credentials::Credentials;
use bus::permissions::Principal;
use bus::server::{NatsServer, ServerError, ServerOptions, find_binary};
use rustix::process::{Pid, Signal, kill_process};
use testkit::eventually;
use tokio::net::TcpListener;
use tokio::process::Command;

fn credentials(dir: &Path) -> Credentials {
    Credentials::read_or_make(&dir.join("keys")).unwrap()
}

fn options(dir: &Path) -> ServerOptions {
    ServerOptions { port: 0, monitor_port: 0, ..ServerOptions::new(dir.join("a \"quoted\" nats")) }
}

async fn connects(server: &NatsServer, credentials: &Credentials) {
    let to = ConnectTo::new(server.url(), credentials.get(Principal::Audit)).proven_by(server.monitor_url());
    Bus::connect(&to).await.unwrap();
}

#[tokio::test]
async fn one_that_ended_by_itself_can_still_be_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = NatsServer::start(&options(dir.path()), &credentials(dir.path())).await.unwrap();
    let pid = Pid::from_raw(server.pid().unwrap().cast_signed()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let ended = server.ended().await.unwrap();
    assert_eq!(server.stop().await.unwrap(), ended);
}

#[tokio::test]
async fn it_starts_on_free_ports_and_stops_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let (options, credentials) = (options(dir.path()), credentials(dir.path()));
    let server = NatsServer::start(&options, &credentials).await.unwrap();
    assert!(server.port() != 0 && server.monitor_port() != 0 && server.port() != server.monitor_port());
    connects(&server, &credentials).await;
    let pid = server.pid().unwrap();
    server.stop().await.unwrap();
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
    assert!(fs::read_to_string(options.dir.join("nats.log")).unwrap().contains("Server Exiting"));
}

#[tokio::test]
async fn dropped_it_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let server = NatsServer::start(&options(dir.path()), &credentials(dir.path())).await.unwrap();
    let pid = server.pid().unwrap();
    drop(server);
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_option() {
    let dir = tempfile::tempdir().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = other.local_addr().unwrap().port();
    let monitor = "--nats-port (the server's monitor is 4000 above it)";
    for (taken, flag) in [
        (ServerOptions { port, ..options(dir.path()) }, "--nats-port"),
        (ServerOptions { monitor_port: port, ..options(dir.path()) }, monitor),
    ] {
        let refused = NatsServer::start(&taken, &credentials(dir.path())).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("port {port} is taken by another program: stop it or give another with {flag}")
        );
    }
}

#[tokio::test]
async fn one_directory_has_one_server() {
    let dir = tempfile::tempdir().unwrap();
    let (options, credentials) = (options(dir.path()), credentials(dir.path()));
    let first = NatsServer::start(&options, &credentials).await.unwrap();
    let refused = NatsServer::start(&options, &credentials).await.unwrap_err();
    assert!(matches!(refused, ServerError::InUse { .. }), "{refused}");
    connects(&first, &credentials).await;
}

#[tokio::test]
async fn a_server_that_outlived_its_parent_is_ended_first() {
    let dir = tempfile::tempdir().unwrap();
    let (options, credentials) = (options(dir.path()), credentials(dir.path()));
    let first = NatsServer::start(&options, &credentials).await.unwrap();
    first.stop().await.unwrap();
    // The same server without a parent that holds the directory, as a kill -9 of the parent leaves it.
    let place = options.dir.canonicalize().unwrap();
    let _ = fs::remove_file(place.join("nats.pid"));
    let mut leftover = Command::new(find_binary(None).await.unwrap())
        .arg("-c")
        .arg(place.join("nats.conf"))
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let said = place.join(format!("ports/nats-server_{}.ports", leftover.id().unwrap()));
    eventually(async || fs::metadata(&said)).await;

    let second = NatsServer::start(&options, &credentials).await.unwrap();
    let ended = leftover.try_wait().unwrap().expect("it has ended before the next one began");
    assert!(ended.code().is_some(), "asked, not killed: {ended}");
    assert_ne!(second.pid(), None);
    connects(&second, &credentials).await;
}

#[tokio::test]
async fn a_process_that_is_not_ours_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (options, credentials) = (options(dir.path()), credentials(dir.path()));
    let mut other = Command::new("cat").stdin(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    fs::create_dir_all(&options.dir).unwrap();
    fs::write(options.dir.join("nats.pid"), other.id().unwrap().to_string()).unwrap();
    let server = NatsServer::start(&options, &credentials).await.unwrap();
    connects(&server, &credentials).await;
    assert!(other.try_wait().unwrap().is_none());
}

#[tokio::test]
async fn a_pid_file_of_no_use_is_no_hindrance() {
    let dir = tempfile::tempdir().unwrap();
    let (options, credentials) = (options(dir.path()), credentials(dir.path()));
    fs::create_dir_all(&options.dir).unwrap();
    for nonsense in ["", "-1", "0", "99999999", "99999999999", "nats"] {
        fs::write(options.dir.join("nats.pid"), nonsense).unwrap();
        NatsServer::start(&options, &credentials).await.unwrap().stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    fs::create_dir_all(&options.dir).unwrap();
    fs::write(options.dir.join("jetstream"), "in the way").unwrap();
    let refused = NatsServer::start(&options, &credentials(dir.path())).await.unwrap_err();
    assert!(matches!(refused, ServerError::Ended { .. }), "{refused}");
    let line = refused.to_string();
    assert!(line.starts_with("nats-server ended at once: ") && !line.contains('\n'), "{line}");
    assert!(line.contains("storage directory"), "{line}");
}

#[tokio::test]
async fn the_configuration_holds_no_secret() {
    let dir = tempfile::tempdir().unwrap();
    let (options, credentials) = (options(dir.path()), credentials(dir.path()));
    let server = NatsServer::start(&options, &credentials).await.unwrap();
    let config = fs::read_to_string(options.dir.join("nats.conf")).unwrap();
    for principal in Principal::ALL {
        let seed = fs::read_to_string(dir.path().join(format!("keys/{principal}.nk"))).unwrap();
        assert!(config.contains(credentials.get(principal).seed.public_key()));
        assert!(!config.contains(seed.trim()));
    }
    assert!(config.contains("sync_interval: always"));
    server.stop().await.unwrap();
}
