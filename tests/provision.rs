//! `concord provision`: the operator's own steps, from nothing to a case that lies on three servers.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{fs, os::unix::fs::PermissionsExt as _};

use support::{
    api::{call_that_ended, path_of},
    provisioned::{Provisioned, free_ports},
    run,
};

#[tokio::test]
async fn what_provision_writes_makes_three_servers_and_two_processes_that_work() {
    let folder = tempfile::tempdir().expect("a directory");
    let into = folder.path().join("cluster");
    let mut cluster = Provisioned::start(&into, free_ports()).await;
    let again = cluster.run(&["provision", "streams"]).await.succeeded();
    assert_eq!(again, "All streams are there, as they should be.\n");

    let one = cluster.serve("one", "127.0.0.1:0", "127.0.0.1:0").await;
    let two = cluster.serve("two", "127.0.0.1:0", "127.0.0.1:0").await;
    let body = call_that_ended(one.time().await);
    let raised = one.act("btg.truc-ban", "", "raise", "one call", &body).await.expect("an answer");
    assert_eq!(raised.status, 201, "{}", raised.text);
    let path = format!("{}/{}?at_least=1", path_of("", "raise"), raised.case());
    let shown = two.get("btg.truc-ban", &path).await.expect("an answer");
    assert_eq!(shown.status, 200, "{}", shown.text);

    let key = into.join("credentials/checkpoints/1.pub");
    let key = key.to_string_lossy();
    cluster.run(&["audit", "verify", "--live", "--key", &key]).await.succeeded();
    cluster.stop().await;

    for (file, mode) in [
        ("tls/ca.key", 0o600),
        ("tls/ca.pem", 0o644),
        ("nats-1/server.key", 0o600),
        ("credentials/ledger.nk", 0o600),
        ("nats-1", 0o700),
    ] {
        let found = fs::metadata(into.join(file)).expect(file).permissions().mode() & 0o777;
        assert_eq!(found, mode, "{file}");
    }
}

#[tokio::test]
async fn what_makes_no_cluster_is_refused_with_what_to_write() {
    let folder = tempfile::tempdir().expect("a directory");
    let into = folder.path().to_string_lossy().into_owned();
    for (servers, said) in [
        (vec!["a=10.0.0.1", "b=10.0.0.2"], "give --server NAME=HOST[:PORT] three times"),
        (vec!["a=10.0.0.1", "a=10.0.0.2", "c=10.0.0.3"], "of different names"),
        (vec!["10.0.0.1", "b=10.0.0.2", "c=10.0.0.3"], "write it like nats-1=10.0.0.11"),
    ] {
        let mut arguments = vec!["provision", "cluster", "--into", &into];
        for server in servers {
            arguments.extend(["--server", server]);
        }
        let refused = run(arguments).await;
        assert_ne!(refused.code, Some(0));
        assert!(refused.err.contains(said), "{}", refused.err);
    }
}
