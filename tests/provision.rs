//! `concord provision`: the operator's own steps, from nothing to a case that lies on three servers.

#[expect(dead_code, reason = "each test uses its own part of what they share")]
mod support;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::Value;
use support::{
    api::{call, call_that_ended, path_of},
    concord, finish,
    process::Installation,
    provisioned::{Provisioned, free_ports, provision},
    run,
};
use testkit::eventually;

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

    let doctor: Value = serde_json::from_str(&cluster.run(&["doctor", "--json"]).await.out).expect("JSON");
    let checks = doctor["checks"].as_array().expect("checks");
    for name in ["copies", "nats-certificate", "nats-authority", "durability", "stream-cases-replicas"] {
        let check = checks.iter().find(|check| check["check"] == name).expect(name);
        assert_eq!(check["verdict"], "ok", "{check}");
    }

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

/// From one machine to three: what was recorded on one, with its proof, goes on on the other.
#[tokio::test]
async fn a_backup_of_one_machine_is_restored_into_a_cluster() {
    let place = Installation::new();
    let up = place.up().await;
    let raised = up.api().act("btg.truc-ban", "", "raise", "one call", &call()).await.expect("an answer");
    let case = raised.case().to_owned();
    let folder = tempfile::tempdir().expect("a directory");
    let data = place.data();
    let on = async |arguments: &[&str]| finish(concord().args(arguments).arg("--data").arg(&data)).await;
    let (backup, into) = (folder.path().join("backup"), folder.path().join("cluster"));
    on(&["audit", "checkpoint"]).await.succeeded();
    on(&["backup", &backup.to_string_lossy()]).await.succeeded();
    assert!(up.term().await.success());

    // The keys are those of the backup: who trusts the checkpoints of before trusts those to come.
    fs::create_dir(&into).expect("a folder");
    copy(&backup.join("keys"), &into.join("credentials"));
    let ports = free_ports();
    let mut cluster = Provisioned::start_bare(&into, ports, &["--for-restoration"]).await;
    let from = backup.to_string_lossy().into_owned();
    eventually(async || {
        let said = cluster.run(&["restore", &from, "--cluster"]).await;
        // The servers may not know yet who of them leads.
        if said.code == Some(0) { Ok(()) } else { Err(said.err) }
    })
    .await;
    let again = cluster.run(&["restore", &from, "--cluster"]).await;
    assert!(again.err.contains("a backup is restored into empty servers"), "{}", again.err);
    provision(&into, ports, &[]).await;
    cluster.reload();
    assert!(!into.join("credentials/restore.nk").exists());

    let api = cluster.serve("one", "127.0.0.1:0", "127.0.0.1:0").await;
    let shown = api.get("btg.truc-ban", &format!("/api/v1/cases/{case}")).await.expect("an answer");
    assert_eq!(shown.body["code"], "VV-2026-00001", "{}", shown.text);
    let status = cluster.run(&["mail", "status"]).await;
    assert!(status.out.contains("restored from the backup"), "{}", status.out);
    let key = into.join("credentials/checkpoints/1.pub");
    cluster.run(&["audit", "verify", "--live", "--key", &key.to_string_lossy()]).await.succeeded();
    cluster.stop().await;
}

/// Copies a folder of files and of folders of files.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").filter_map(Result::ok) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
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
