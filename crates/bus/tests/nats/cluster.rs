//! Three servers: every credential has there what it has on one, by TLS and not otherwise; a server that is down keeps
//! nobody from starting.

use bus::append::{Append, append};
use bus::connection::{Bus, ConnectError, ConnectTo, NotDurable};
use bus::permissions::Principal;
use bus::{log, streams};
use bytes::Bytes;
use serde_json::json;
use testkit::cluster::{SERVERS, TestCluster};
use testkit::eventually;

use crate::ask;
use crate::rights::{everything_else_is_denied, has_what_is_declared};

#[tokio::test]
async fn rights_hold_on_each_of_three_and_nothing_is_said_without_tls() {
    let cluster = TestCluster::start().await;
    for (principal, at) in Principal::ALL.into_iter().zip((0..SERVERS).cycle()) {
        has_what_is_declared(&cluster.connect_to_one(at, principal).await).await;
        everything_else_is_denied(&cluster.connect_to_one(at, principal).await).await;
    }

    let plain = ConnectTo::new(cluster.url(), cluster.credentials().get(Principal::Views));
    let refused = Bus::connect(&plain).await.unwrap_err();
    assert!(matches!(refused, ConnectError::NotTrusted { .. }), "{refused}");
    let stranger = tempfile::tempdir().unwrap();
    let other = bus::certificates::Authority::read_or_make(stranger.path()).unwrap();
    let refused = Bus::connect(&plain.trusting(Some(other.certificate()))).await.unwrap_err();
    assert!(refused.to_string().contains("set [nats] ca"), "{refused}");
}

#[tokio::test]
async fn the_streams_lie_on_all_three_and_one_server_may_be_down() {
    let mut cluster = TestCluster::start().await;
    let deploy = cluster.connect(Principal::Deploy).await;
    for declared in streams::declared(&cluster.shape()) {
        let info = ask(&deploy, &format!("$JS.API.STREAM.INFO.{}", declared.name), json!({})).await;
        assert_eq!(info["config"]["num_replicas"], 3, "{}", declared.name);
        assert_eq!(info["cluster"]["replicas"].as_array().map(Vec::len), Some(2), "{}", declared.name);
    }
    let ledger = cluster.connect(Principal::Ledger).await;
    let (subject, payload) = ("case.00.1".to_owned(), Bytes::from_static(b"{}"));
    let fact = Append { subject, payload, id: "1".to_owned(), expected: 0, headers: Vec::new() };
    assert_eq!(append(&ledger, streams::CASES, &fact).await, Ok(1));
    cluster.kill9(1).await;
    let to = cluster.connect_to(Principal::Views);
    let views = Bus::connect(&to).await.unwrap();
    eventually(async || match log::read(&views, streams::CASES, 1, ">").await {
        Ok(entries) if entries.len() == 1 => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    // Two down are too many: nobody knows what the third may have lost.
    cluster.kill9(2).await;
    let refused = Bus::connect(&to).await.unwrap_err();
    assert!(matches!(refused, ConnectError::NotDurable(NotDurable::NoMonitor { .. })), "{refused}");
}
