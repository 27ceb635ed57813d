//! A start that cannot succeed says in one line what to do, and a stop leaves nothing behind.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::fs;

use support::{
    Said, concord, finish,
    process::{Installation, nats_in, runs_in},
};
use testkit::nats::TestNats;
use tokio::net::TcpListener;

/// One clear line, and no success.
#[track_caller]
fn says(said: &Said, words: &[&str]) {
    assert_ne!(said.code, Some(0), "{}", said.err);
    let last = said.err.lines().last().unwrap_or_default();
    assert!(last.starts_with("concord: "), "{}", said.err);
    for word in words {
        assert!(last.contains(word), "`{word}` is not in: {last}");
    }
}

#[tokio::test]
async fn without_a_nats_server_it_says_how_to_get_one() {
    let place = Installation::new();
    let said = place.up_in_vain(&["--nats-server", "/nowhere/nats-server"]).await;
    says(&said, &["/nowhere/nats-server"]);
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let place = Installation::new();
    let up = async |listen: &str, nats_port: &str| {
        let mut up = concord();
        up.args(["up", "--listen", listen, "--nats-port", nats_port, "--data"]).arg(place.data());
        finish(&mut up).await
    };
    says(&up(&address.to_string(), "0").await, &[&address.to_string(), "--listen"]);
    let port = address.port().to_string();
    says(&up("127.0.0.1:0", &port).await, &[&port, "--nats-port"]);
}

#[tokio::test]
async fn a_server_that_is_not_ours_is_refused() {
    let stranger = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = stranger.local_addr().unwrap();
    tokio::spawn(async move { while stranger.accept().await.is_ok() {} });
    let place = Installation::new();
    let config = |url: &str, monitor: &str| format!("[nats]\nurl = \"{url}\"\nmonitor_url = \"{monitor}\"\n");
    place.configure(&config(&format!("nats://{address}"), &format!("http://{address}")));
    says(&place.up_in_vain(&[]).await, &[&address.to_string()]);
    // A nats-server that does not know our credentials.
    let nats = TestNats::start().await;
    place.configure(&config(&nats.url(), &nats.monitor_url()));
    says(&place.up_in_vain(&[]).await, &["credential"]);
    // Without the proof that it writes to the disk it is not used.
    place.configure(&format!("[nats]\nurl = \"{}\"\n", nats.url()));
    says(&place.up_in_vain(&[]).await, &["monitor_url"]);
}

#[tokio::test]
async fn a_configuration_that_is_wrong_names_what_is_wrong() {
    let place = Installation::new();
    place.configure("[http]\nlissten = \"127.0.0.1:1\"\n");
    says(&place.up_in_vain(&[]).await, &["configuration", "lissten"]);
    let policy = tempfile::tempdir().unwrap();
    place.configure(&format!("policy = \"{}\"\n", policy.path().display()));
    says(&place.up_in_vain(&[]).await, &["policy.toml"]);
    for name in ["policy.toml", "organisation.toml", "calendar-VN.toml", "deadlines.toml", "routing.toml"] {
        fs::copy(support::top().join("deploy/policy").join(name), policy.path().join(name)).unwrap();
    }
    let rules = policy.path().join("routing.toml");
    let wrong = fs::read_to_string(&rules).unwrap().replace("BTG.TT", "BTG.XX");
    fs::write(&rules, wrong).unwrap();
    says(&place.up_in_vain(&[]).await, &["routing.toml", "BTG.XX"]);
}

#[tokio::test]
async fn a_second_start_on_the_same_data_leaves_the_first_alone() {
    let place = Installation::new();
    let up = place.up().await;
    says(&place.up_in_vain(&[]).await, &["nats"]);
    let api = up.api();
    assert_eq!(api.get("btg.truc-ban", "/api/v1/cases").await.unwrap().status, 200);
}

#[tokio::test]
async fn an_orderly_stop_leaves_no_server_behind() {
    let place = Installation::new();
    let up = place.up().await;
    let nats = nats_in(&place.data()).unwrap();
    assert!(runs_in(nats, &place.data()));
    let status = up.term().await;
    assert!(status.success(), "{status}: {}", place.log());
    assert!(!runs_in(nats, &place.data()));
    assert!(!place.data().join("run.json").exists());
}
