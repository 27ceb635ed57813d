//! What connects, what does not and why, and how a connection bears the server's absence.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bus::connection::{Bus, ConnectError, ConnectTo, NotDurable, RequestError, SendError};
use bus::credentials::Seed;
use bus::permissions::Principal;
use bus::server::find_binary;
use bytes::Bytes;
use serde_json::json;
use testkit::eventually;
use testkit::nats::TestNats;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::{SOON, ask, stored};

/// Something that listens, and says this to whoever comes.
async fn listener(greeting: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                stream.write_all(greeting.as_bytes()).await.unwrap();
                // Keep it open until the other side goes.
                stream.read_to_end(&mut Vec::new()).await
            });
        }
    });
    address
}

fn to(address: SocketAddr) -> ConnectTo {
    ConnectTo {
        url: format!("nats://{address}"),
        monitor_url: None,
        ca: None,
        principal: Principal::Intake,
        seed: Seed::generate(),
        house: None,
    }
}

async fn refusal(to: &ConnectTo) -> String {
    let line = Bus::connect(to).await.unwrap_err().to_string();
    assert!(!line.contains('\n'), "{line}");
    line
}

#[tokio::test]
async fn nothing_there() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let line = refusal(&to(free)).await;
    assert!(line.starts_with(&format!("nothing listens at nats://{free} (")), "{line}");
    assert!(line.ends_with("): start nats-server, or correct the address"), "{line}");
}

#[tokio::test]
async fn somebody_else_there() {
    for greeting in ["", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n"] {
        let other = listener(greeting).await;
        let line = refusal(&to(other)).await;
        assert_eq!(line, format!("what listens at nats://{other} is not a NATS server: correct the address"));
    }
}

#[tokio::test]
async fn an_address_that_is_none() {
    let to = ConnectTo { url: "http://127.0.0.1:4222".to_owned(), ..to(([127, 0, 0, 1], 1).into()) };
    assert_eq!(
        refusal(&to).await,
        "`http://127.0.0.1:4222` is not a server address: write it like nats://127.0.0.1:14222"
    );
}

#[tokio::test]
async fn a_server_too_old() {
    let old =
        listener("INFO {\"version\":\"2.10.29\",\"auth_required\":true,\"nonce\":\"n\"}\r\nPONG\r\n").await;
    let line = refusal(&to(old)).await;
    assert_eq!(
        line,
        format!("the server at nats://{old} is nats-server 2.10.29, too old: run 2.15 or later")
    );
}

#[tokio::test]
async fn a_server_that_lets_anyone_in() {
    let open = listener("INFO {\"version\":\"2.15.1\"}\r\nPONG\r\n").await;
    let line = refusal(&to(open)).await;
    assert!(line.starts_with(&format!("the server at nats://{open} lets anyone in: ")), "{line}");
}

#[tokio::test]
async fn a_seed_the_server_does_not_know() {
    let nats = TestNats::start_bare().await;
    let stranger = ConnectTo { seed: Seed::generate(), ..nats.connect_to(Principal::Routing) };
    let refused = Bus::connect(&stranger).await.unwrap_err();
    assert!(
        matches!(&refused, ConnectError::WrongCredential { principal: Principal::Routing, .. }),
        "{refused}"
    );
    let line = refused.to_string();
    assert!(
        line.starts_with(&format!("the server at {} refuses the credential `routing`: ", nats.url())),
        "{line}"
    );
    assert!(line.contains(stranger.seed.public_key()));
}

/// A server with a configuration written by hand. Killed when dropped.
struct HandMade {
    url: String,
    monitor_url: String,
    _child: Child,
    _dir: tempfile::TempDir,
}

impl HandMade {
    async fn start(jetstream: &str, user: &Seed) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_str().unwrap();
        let config = format!(
            "listen: \"127.0.0.1:-1\"\nhttp: \"127.0.0.1:-1\"\nports_file_dir: \"{path}\"\n{}\n\
             authorization {{ users: [ {{ nkey: {} }} ] }}\n",
            jetstream.replace("STORE", &format!("\"{path}\"")),
            user.public_key(),
        );
        std::fs::write(dir.path().join("by-hand.conf"), config).unwrap();
        let child = Command::new(find_binary(None).await.unwrap())
            .arg("-c")
            .arg(dir.path().join("by-hand.conf"))
            .arg("-l")
            .arg(dir.path().join("log"))
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let said = dir.path().join(format!("nats-server_{}.ports", child.id().unwrap()));
        let ports: serde_json::Value = eventually(async || {
            let text = std::fs::read(&said).map_err(|error| error.to_string())?;
            serde_json::from_slice(&text).map_err(|error| error.to_string())
        })
        .await;
        let url = |of: &str| ports[of][0].as_str().unwrap().to_owned();
        Self { url: url("nats"), monitor_url: url("monitoring"), _child: child, _dir: dir }
    }
}

#[tokio::test]
async fn a_server_that_confirms_before_the_disk_has_it() {
    let seed = Seed::generate();
    for (jetstream, expected) in [
        (
            "jetstream { store_dir: STORE, sync_interval: 2m }",
            "set `sync_interval: always` in the jetstream block",
        ),
        ("jetstream { store_dir: STORE }", "set `sync_interval: always` in the jetstream block"),
        ("", "runs without JetStream"),
    ] {
        let server = HandMade::start(jetstream, &seed).await;
        let mut to = ConnectTo {
            url: server.url.clone(),
            monitor_url: None,
            ca: None,
            principal: Principal::Ledger,
            seed: seed.clone(),
            house: None,
        };
        Bus::connect(&to).await.unwrap();
        to.monitor_url = Some(server.monitor_url.clone());
        let refused = Bus::connect(&to).await.unwrap_err();
        assert!(matches!(refused, ConnectError::NotDurable(_)), "{refused}");
        assert!(refused.to_string().contains(expected), "{refused}");
    }
}

#[tokio::test]
async fn durability_is_proven_by_the_servers_own_monitor() {
    let (nats, other) = tokio::join!(TestNats::start_bare(), TestNats::start_bare());
    let bus = nats.connect(Principal::Views).await;
    bus.prove_durability(&nats.monitor_url()).await.unwrap();
    bus.prove_durability(&format!("{}, {}/", other.monitor_url(), nats.monitor_url())).await.unwrap();

    let foreign = bus.prove_durability(&other.monitor_url()).await.unwrap_err();
    assert_eq!(foreign, NotDurable::OtherServer { url: other.monitor_url() });

    for (wrong, reason) in [
        (nats.url().replace("nats:", "http:"), "the answer is not HTTP"),
        ("http://127.0.0.1".to_owned(), "the address must look like http://127.0.0.1:18222"),
    ] {
        let refused = bus.prove_durability(&wrong).await.unwrap_err();
        assert!(
            matches!(&refused, NotDurable::NoMonitor { reason: found, .. } if found == reason),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_monitor_that_is_away_is_not_waited_for_where_the_others_are_enough() {
    let nats = TestNats::start().await;
    let bus = nats.connect(Principal::Intake).await;
    // It takes a connection, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", silent.local_addr().unwrap());
    let all = format!("{silent},{},{}", nats.monitor_url(), nats.monitor_url());
    tokio::select! {
        proven = bus.prove_durability(&all) => proven.unwrap(),
        alone = bus.prove_durability(&silent) => panic!("the silent one was waited for: {alone:?}"),
    }
}

#[tokio::test]
async fn nobody_to_answer_is_known_at_once() {
    let nats = TestNats::start_bare().await;
    let api = nats.connect(Principal::Api).await;
    let nobody = api.request("cmd.intake.raise", Bytes::new(), SOON).await.unwrap_err();
    assert_eq!(nobody, RequestError::NoResponder { subject: "cmd.intake.raise".to_owned() });
}

#[tokio::test]
async fn one_of_a_group_gets_each_message() {
    let nats = TestNats::start_bare().await;
    let api = nats.connect(Principal::Api).await;
    let (one, other) = (nats.connect(Principal::Intake).await, nats.connect(Principal::Intake).await);
    let mut first = one.queue_subscribe("cmd.intake.>", "intake").await.unwrap();
    let mut second = other.queue_subscribe("cmd.intake.>", "intake").await.unwrap();
    for _ in 0..100 {
        api.publish("cmd.intake.raise", Bytes::new()).await.unwrap();
    }
    api.flush().await.unwrap();
    for (bus, subscription) in [(&one, &mut first), (&other, &mut second)] {
        bus.flush().await.unwrap();
        subscription.drain().await.unwrap();
    }
    let mut counts = [0, 0];
    for (count, subscription) in counts.iter_mut().zip([&mut first, &mut second]) {
        while subscription.next().await.is_some() {
            *count += 1;
        }
    }
    assert_eq!(counts[0] + counts[1], 100);
    assert!(counts[0] > 0 && counts[1] > 0, "{counts:?}");
}

#[tokio::test]
async fn closing_loses_nothing_that_was_sent() {
    let nats = TestNats::start_bare().await;
    let (api, intake) = (nats.connect(Principal::Api).await, nats.connect(Principal::Intake).await);
    let mut commands = intake.subscribe("cmd.intake.>").await.unwrap();
    for number in 0..1000 {
        api.publish("cmd.intake.raise", Bytes::from(number.to_string())).await.unwrap();
    }
    api.close().await.unwrap();
    for number in 0..1000 {
        let command = commands.next().await.unwrap();
        assert_eq!(command.payload().as_ref(), number.to_string().as_bytes());
    }
    api.close().await.unwrap();
    let closed = api.request("cmd.intake.raise", Bytes::new(), SOON).await.unwrap_err();
    assert!(matches!(closed, RequestError::NotSent { .. }), "{closed}");
}

#[tokio::test]
async fn nothing_waits_for_ever_while_the_server_is_away() {
    let mut nats = TestNats::start().await;
    let api = nats.connect(Principal::Api).await;
    nats.kill9().await;
    let within = Duration::from_millis(200);
    let lost = api.request("cmd.intake.raise", Bytes::new(), within).await.unwrap_err();
    assert_eq!(lost, RequestError::TimedOut { subject: "cmd.intake.raise".to_owned(), within });
    // The queue takes some thousands, then a send fails instead of blocking.
    let full = loop {
        if let Err(error) = api.publish("cmd.intake.raise", Bytes::new()).await {
            break error;
        }
    };
    assert!(matches!(full, SendError::TimedOut { .. }), "{full}");
    assert!(!api.is_connected());
}

#[tokio::test]
async fn a_question_that_went_down_with_the_server_is_not_waited_for_to_the_end() {
    let mut nats = TestNats::start_bare().await;
    let (api, intake) = (nats.connect(Principal::Api).await, nats.connect(Principal::Intake).await);
    let mut commands = intake.subscribe("cmd.intake.>").await.unwrap();
    let (minutes, asked) = (Duration::from_mins(5), Instant::now());
    let (answer, ()) = tokio::join!(api.request("cmd.intake.raise", Bytes::new(), minutes), async {
        commands.next().await.unwrap();
        nats.kill9().await;
        nats.restart().await;
    });
    let RequestError::TimedOut { within, .. } = answer.unwrap_err() else { panic!("not a time-out") };
    assert!(within <= asked.elapsed() && asked.elapsed() < minutes / 10, "{within:?}");
}

#[tokio::test]
async fn what_was_confirmed_is_there_after_a_kill_and_the_connection_comes_back() {
    let mut nats = TestNats::start().await;
    let (ledger, views) = (nats.connect(Principal::Ledger).await, nats.connect(Principal::Views).await);
    let mut announced = views.subscribe("log.>").await.unwrap();
    assert_eq!(ask(&ledger, "case.00.a", json!({ "fact": 1 })).await["seq"], 1);
    let (url, monitor_url) = (nats.url(), nats.monitor_url());

    nats.kill9().await;
    nats.restart().await;
    assert_eq!((nats.url(), nats.monitor_url()), (url, monitor_url));

    let read = eventually(async || {
        let wanted = json!({ "seq": 1 }).to_string();
        views.request("$JS.API.DIRECT.GET.CASES", wanted.into(), Duration::from_secs(1)).await
    });
    assert_eq!(read.await.payload().as_ref(), br#"{"fact":1}"#);
    assert_eq!(stored(&ledger, "CASES", 1).await, br#"{"fact":1}"#);
    views.prove_durability(&nats.monitor_url()).await.unwrap();

    // The subscription has come back with the connection.
    ledger.publish("log.case", Bytes::from_static(b"1")).await.unwrap();
    assert_eq!(announced.next().await.unwrap().payload().as_ref(), b"1");
    assert_eq!(views.violations() + ledger.violations(), 0);
}

#[tokio::test]
async fn a_planned_stop_of_the_server_is_no_violation() {
    let mut nats = TestNats::start_bare().await;
    let api = nats.connect(Principal::Api).await;
    nats.stop().await;
    nats.restart().await;
    eventually(async || api.flush().await).await;
    assert_eq!(api.violations(), 0);
    assert!(TcpStream::connect(nats.url().trim_start_matches("nats://")).await.is_ok());
}

#[tokio::test]
async fn an_answer_that_comes_too_late_for_a_server_that_is_back_is_no_violation() {
    let mut nats = TestNats::start_bare().await;
    let (api, intake) = (nats.connect(Principal::Api).await, nats.connect(Principal::Intake).await);
    let mut commands = intake.subscribe("cmd.intake.>").await.unwrap();
    let (_, command) = tokio::join!(api.request("cmd.intake.raise", Bytes::new(), SOON), async {
        let command = commands.next().await.unwrap();
        nats.kill9().await;
        nats.restart().await;
        command
    });
    eventually(async || intake.flush().await).await;
    intake.publish(command.reply().unwrap(), Bytes::from_static(b"late")).await.unwrap();
    intake.publish("fact.closure", Bytes::new()).await.unwrap();
    intake.violated(1).await;
    assert_eq!(intake.violations(), 1);
    assert_eq!(intake.last_violation().unwrap(), r#"Permissions Violation for Publish to "fact.closure""#);
}
