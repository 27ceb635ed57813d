//! No process starts on a server of which it is not proven that it keeps what it confirms, nor on a stream that differs
//! from what the code declares (DESIGN D4).

use std::{fs, time::Duration};

use bus::{Principal, streams::Shape};
use serde_json::{Value, json};
use testkit::nats::TestNats;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::{
    says,
    support::{Said, concord, finish},
};

/// Every way in which a process can be started against a server that is there.
const STARTS: [&[&str]; 4] =
    [&["up", "--listen", "127.0.0.1:0"], &["serve", "ledger"], &["serve", "intake"], &["serve", "notifier"]];

/// Starts in vain against a server whose keys it has.
async fn in_vain(nats: &TestNats, start: &[&str], url: &str, monitor: &str) -> Said {
    let data = tempfile::tempdir().unwrap();
    let mut command = concord();
    command.args(start).env("CONCORD__DATA", data.path()).env("CONCORD__NATS__CREDENTIALS", nats.keys());
    command.env("CONCORD__NATS__URL", url).env("CONCORD__NATS__MONITOR_URL", monitor);
    let mut said = finish(&mut command).await;
    // `serve` logs in JSON, and the last word is for a person in both.
    said.err = said.err.lines().filter(|line| line.starts_with("concord: ")).collect::<Vec<_>>().join("\n");
    said
}

#[tokio::test]
async fn a_stream_that_differs_is_refused_by_every_process_and_left_as_it_is() {
    let nats = TestNats::start_bare().await;
    let deploy = nats.connect(Principal::Deploy).await;
    let ask = async |subject: &str, body: Value| {
        let answer =
            deploy.request(subject, body.to_string().into_bytes().into(), Duration::from_secs(5)).await;
        serde_json::from_slice::<Value>(answer.unwrap().payload()).unwrap()
    };
    let refused = async |start: &[&str], words: &[&str]| {
        says(&in_vain(&nats, start, &nats.url(), &nats.monitor_url()).await, words);
    };
    for start in &STARTS[1..] {
        refused(start, &["stream CASES does not exist", "provision"]).await;
    }
    // Somebody has made the log by hand, as streams are by default.
    let by_hand =
        json!({ "name": "CASES", "subjects": ["case.>", "document.>", "directory.>"], "storage": "file" });
    let made = ask("$JS.API.STREAM.CREATE.CASES", by_hand).await;
    assert!(made["error"].is_null(), "{made}");
    let ledger = nats.connect(Principal::Ledger).await;
    let kept = ledger.request("case.00.kept", "a fact".into(), Duration::from_secs(5)).await.unwrap();
    assert!(kept.payload().starts_with(b"{\"stream\":\"CASES\""), "{kept:?}");
    let before = ask("$JS.API.STREAM.INFO.CASES", json!({})).await;
    for start in STARTS {
        let words = [
            "stream CASES differs from its declaration",
            "deny_delete is not set, should be true",
            "deny_purge is not set, should be true",
            "discard is \"old\", should be \"new\"",
            "Concord never does",
        ];
        refused(start, &words).await;
    }
    let after = ask("$JS.API.STREAM.INFO.CASES", json!({})).await;
    for part in ["config", "created", "state"] {
        assert_eq!(before[part], after[part], "{part}");
    }
    assert_eq!(after["state"]["messages"], 1);
}

#[tokio::test]
async fn the_outbox_and_its_reader_are_held_against_their_declarations_too() {
    let nats = TestNats::start().await;
    let deploy = nats.connect(Principal::Deploy).await;
    let impatient = json!({ "stream_name": "CASES", "config": {
        "name": "notifier", "durable_name": "notifier", "deliver_policy": "all", "ack_policy": "explicit",
        "replay_policy": "instant", "ack_wait": 1_000_000_000_u64, "max_ack_pending": 256, "max_waiting": 512,
    }});
    let subject = "$JS.API.CONSUMER.CREATE.CASES.notifier";
    deploy.request(subject, impatient.to_string().into_bytes().into(), Duration::from_secs(5)).await.unwrap();
    for start in [&STARTS[0], &STARTS[3]] {
        let said = in_vain(&nats, start, &nats.url(), &nats.monitor_url()).await;
        says(
            &said,
            &["consumer notifier of stream CASES differs", "ack_wait is 1000000000, should be 5000000000"],
        );
    }
}

#[tokio::test]
async fn who_takes_files_in_holds_their_stream_against_its_declaration() {
    let nats = TestNats::start_with(&Shape { attachments_max_bytes: 1 << 20, ..Shape::default() }).await;
    for start in [STARTS[0], &["serve", "--listen", "127.0.0.1:0", "api"]] {
        let said = in_vain(&nats, start, &nats.url(), &nats.monitor_url()).await;
        says(&said, &["stream OBJ_attachments differs", "max_bytes is 1048576, should be 4294967296"]);
    }
}

#[tokio::test]
async fn a_server_of_which_nothing_is_proven_is_refused_by_every_process() {
    let (nats, other) = (TestNats::start().await, TestNats::start().await);
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    // It says that it is a server of long ago.
    let old = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let old_url = format!("nats://{}", old.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = old.accept().await {
            let greeting =
                b"INFO {\"version\":\"2.10.29\",\"auth_required\":true,\"nonce\":\"n\"}\r\nPONG\r\n";
            stream.write_all(greeting).await.unwrap();
            tokio::spawn(async move { stream.read_to_end(&mut Vec::new()).await });
        }
    });
    // The same server, but for the line that makes it sync before it confirms.
    let lazy = Lazy::start(&nats).await;
    let nobody = format!("http://{nobody}");
    for start in STARTS {
        for (url, monitor, words) in [
            (nats.url(), nobody.clone(), ["durability is not proven", &nobody]),
            (nats.url(), other.monitor_url(), ["belongs to another server", "that server's own monitor"]),
            (old_url.clone(), nats.monitor_url(), ["nats-server 2.10.29, too old", "2.15 or later"]),
            (lazy.url.clone(), lazy.monitor.clone(), ["sync_interval: always", "jetstream block"]),
        ] {
            says(&in_vain(&nats, start, &url, &monitor).await, &words);
        }
    }
}

/// A server with all our users that confirms before the disk has it. Killed when dropped.
struct Lazy {
    url: String,
    monitor: String,
    _child: tokio::process::Child,
    _place: tempfile::TempDir,
}

impl Lazy {
    async fn start(like: &TestNats) -> Self {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().display().to_string();
        let config = fs::read_to_string(like.dir().join("nats.conf")).unwrap();
        assert!(config.contains("sync_interval: always"), "{config}");
        let ours = like.dir().display().to_string();
        let config = config.replace("sync_interval: always", "sync_interval: \"2m\"").replace(&ours, &dir);
        let on_free_ports = config.lines().map(|line| match line.split_once(':') {
            Some((name @ ("listen" | "http"), _)) => format!("{name}: \"127.0.0.1:-1\""),
            Some((name @ "ports_file_dir", _)) => format!("{name}: \"{dir}\""),
            _ => line.to_owned(),
        });
        let file = place.path().join("lazy.conf");
        fs::write(&file, on_free_ports.collect::<Vec<_>>().join("\n")).unwrap();
        let binary = bus::server::find_binary(None).await.unwrap();
        let mut server = tokio::process::Command::new(binary);
        server.arg("-c").arg(&file).arg("-l").arg(place.path().join("lazy.log")).kill_on_drop(true);
        let child = server.spawn().unwrap();
        let said = place.path().join(format!("nats-server_{}.ports", child.id().unwrap()));
        let ports: Value = testkit::eventually(async || {
            let text = fs::read(&said).map_err(|error| error.to_string())?;
            serde_json::from_slice(&text).map_err(|error| error.to_string())
        })
        .await;
        let url = |of: &str| ports[of][0].as_str().unwrap().to_owned();
        Self { url: url("nats"), monitor: url("monitoring"), _child: child, _place: place }
    }
}
