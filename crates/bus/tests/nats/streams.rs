//! Streams are made once, and refused when they stand otherwise.

use bus::connection::Bus;
use bus::permissions::Principal;
use bus::streams::{self, CASES, Difference, Differences, ProvisionError, Replicas, Shape};
use bytes::Bytes;
use serde_json::{Value, json};
use testkit::nats::TestNats;

use crate::{ask, stored};

async fn info(bus: &Bus, stream: &str) -> Value {
    ask(bus, &format!("$JS.API.STREAM.INFO.{stream}"), json!({})).await
}

#[tokio::test]
async fn provisioning_twice_makes_everything_once() {
    let nats = TestNats::start_bare().await;
    let deploy = nats.connect(Principal::Deploy).await;
    let made = streams::provision(&deploy, &Shape::default()).await.unwrap();
    assert_eq!(
        made,
        ["CASES", "OUTBOX", "DEAD", "KV_IDENTITY", "ACCESS", "AUDIT", "OBJ_attachments", "CASES/notifier"]
    );
    let before = info(&deploy, CASES).await;
    assert_eq!(streams::provision(&deploy, &Shape::default()).await.unwrap(), [""; 0]);
    let after = info(&deploy, CASES).await;
    assert_eq!((&before["created"], &before["config"]), (&after["created"], &after["config"]));
    assert_eq!(deploy.violations(), 0);
}

#[tokio::test]
async fn the_log_is_as_hard_as_the_server_can_make_it() {
    let nats = TestNats::start().await;
    let deploy = nats.connect(Principal::Deploy).await;
    for stream in ["CASES", "OUTBOX"] {
        let config = info(&deploy, stream).await["config"].take();
        for (field, value) in [
            ("storage", json!("file")),
            ("retention", json!("limits")),
            ("discard", json!("new")),
            ("deny_delete", json!(true)),
            ("deny_purge", json!(true)),
            ("allow_direct", json!(true)),
            ("allow_atomic", json!(true)),
            ("max_age", json!(0)),
            ("max_msgs", json!(-1)),
            ("max_msg_size", json!(256 * 1024)),
            ("duplicate_window", json!(600_000_000_000_u64)),
            ("num_replicas", json!(1)),
        ] {
            assert_eq!(config[field], value, "{stream} {field}");
        }
        for field in ["allow_rollup_hdrs", "sealed", "allow_msg_ttl", "allow_msg_schedules"] {
            assert!(!config[field].as_bool().unwrap_or(false), "{stream} {field}");
        }
    }
    let files = info(&deploy, "OBJ_attachments").await["config"].take();
    for (field, value) in [
        ("storage", json!("file")),
        ("discard", json!("new")),
        ("deny_delete", json!(true)),
        ("deny_purge", json!(true)),
        ("max_bytes", json!(4_u64 << 30)),
    ] {
        assert_eq!(files[field], value, "{field}");
    }
    assert!(!files["allow_rollup_hdrs"].as_bool().unwrap_or(false), "nothing replaces what is stored");
    let dead = info(&deploy, "DEAD").await["config"].take();
    assert_eq!(dead["max_age"], json!(365 * 24 * 3600 * 1_000_000_000_u64));
}

#[tokio::test]
async fn a_stream_that_differs_is_refused_and_left_as_it_is() {
    let nats = TestNats::start_bare().await;
    let deploy = nats.connect(Principal::Deploy).await;
    let other = json!({
        "name": "CASES", "subjects": ["case.>", "duty.>", "document.>", "directory.>"], "retention": "limits", "storage": "file",
        "discard": "old", "num_replicas": 1, "max_age": 3_600_000_000_000_u64,
    });
    let made = ask(&deploy, "$JS.API.STREAM.CREATE.CASES", other).await;
    assert_eq!(made["error"], Value::Null);
    let ledger = nats.connect(Principal::Ledger).await;
    assert_eq!(ask(&ledger, "case.00.a", json!({"kept": true})).await["seq"], 1);

    let refused = streams::provision(&deploy, &Shape::default()).await.unwrap_err();
    assert!(matches!(&refused, ProvisionError::DiffersFromDeclaration { stream: CASES, .. }), "{refused}");
    // All of it at once: an operator need not try again and again.
    let said = refused.to_string();
    let differences = said.strip_prefix("stream CASES differs from its declaration: ").unwrap();
    let (differences, advice) = differences.split_once("; ").unwrap();
    assert_eq!(
        differences.replace(", should", " – should").split(", ").collect::<Vec<_>>(),
        [
            "allow_atomic is not set – should be true",
            "allow_direct is not set – should be true",
            "deny_delete is not set – should be true",
            "deny_purge is not set – should be true",
            "discard is \"old\" – should be \"new\"",
            "duplicate_window is 120000000000 – should be 600000000000",
            "max_age is 3600000000000 – should be 0",
            "max_bytes is -1 – should be 8589934592",
            "max_msg_size is -1 – should be 262144",
        ]
    );
    assert!(advice.starts_with("set the configured value to the stream's"), "{advice}");

    let stands = info(&deploy, CASES).await;
    assert_eq!((&stands["config"]["discard"], &stands["state"]["messages"]), (&json!("old"), &json!(1)));
}

/// One setting differs.
fn one(field: &str, is: u64, should: u64) -> Differences {
    Differences(vec![Difference { field: field.to_owned(), is: is.to_string(), should: should.to_string() }])
}

#[tokio::test]
async fn another_size_is_refused_too() {
    let nats = TestNats::start().await;
    let deploy = nats.connect(Principal::Deploy).await;
    let larger = Shape { outbox_max_bytes: 3 << 30, ..Shape::default() };
    assert_eq!(
        streams::provision(&deploy, &larger).await.unwrap_err(),
        ProvisionError::DiffersFromDeclaration {
            stream: "OUTBOX",
            differences: one("max_bytes", 2_u64 << 30, 3_u64 << 30),
        }
    );
}

#[tokio::test]
async fn a_consumer_that_differs_is_refused() {
    let nats = TestNats::start_bare().await;
    let deploy = nats.connect(Principal::Deploy).await;
    let [cases, ..] = streams::declared(&Shape::default());
    let missing = streams::verify(&deploy, &cases).await.unwrap_err();
    assert_eq!(
        missing.to_string(),
        "stream CASES does not exist: provision with the deploy credential first"
    );

    streams::provision(&deploy, &Shape::default()).await.unwrap();
    let impatient = json!({ "stream_name": CASES, "config": {
        "name": "notifier", "durable_name": "notifier", "deliver_policy": "all", "ack_policy": "explicit",
        "replay_policy": "instant", "ack_wait": 1_000_000_000_u64, "max_ack_pending": 256,
    }});
    let altered = ask(&deploy, "$JS.API.CONSUMER.CREATE.CASES.notifier", impatient).await;
    assert_eq!(altered["error"], Value::Null);
    assert_eq!(
        streams::provision(&deploy, &Shape::default()).await.unwrap_err(),
        ProvisionError::ConsumerDiffers {
            stream: CASES,
            consumer: "notifier",
            differences: one("ack_wait", 1_000_000_000, 5_000_000_000),
        }
    );
}

#[tokio::test]
async fn a_service_verifies_what_it_may_see() {
    let nats = TestNats::start().await;
    let [cases, outbox, dead, _, _, _, attachments] = streams::declared(&Shape::default());
    for principal in [Principal::Views, Principal::Audit, Principal::Auditor] {
        let bus = nats.connect(principal).await;
        assert_eq!(streams::verify(&bus, &cases).await, Ok(()));
    }
    let notifier = nats.connect(Principal::Notifier).await;
    for stream in [&outbox, &dead] {
        assert_eq!(streams::verify(&notifier, stream).await, Ok(()));
    }
    for consumer in &streams::CONSUMERS {
        assert_eq!(streams::verify_consumer(&notifier, consumer).await, Ok(()));
    }
    assert_eq!(streams::verify(&nats.connect(Principal::Files).await, &attachments).await, Ok(()));
    let api = nats.connect(Principal::Api).await;
    let refused = streams::verify(&api, &cases).await.unwrap_err();
    assert!(matches!(refused, ProvisionError::NoAnswer { credential: "api", .. }), "{refused}");
    api.violated(1).await;
}

#[tokio::test]
async fn three_replicas_need_three_servers() {
    let nats = TestNats::start_bare().await;
    let deploy = nats.connect(Principal::Deploy).await;
    let shape = Shape { replicas: Replicas::Three, ..Shape::default() };
    let refused = streams::provision(&deploy, &shape).await.unwrap_err();
    assert!(matches!(&refused, ProvisionError::Refused { .. }), "{refused}");
    assert!(refused.to_string().starts_with("the server refuses to make stream CASES: "), "{refused}");
}

#[tokio::test]
async fn a_full_log_refuses_and_drops_nothing() {
    let nats = TestNats::start_with(&Shape { cases_max_bytes: 64 << 10, ..Shape::default() }).await;
    let ledger = nats.connect(Principal::Ledger).await;
    let fact = Bytes::from(vec![b'x'; 20 << 10]);
    let mut kept = 0;
    let full = loop {
        let answer = ledger.request("case.00.a", fact.clone(), crate::SOON).await.unwrap();
        let answer: Value = serde_json::from_slice(answer.payload()).unwrap();
        if answer["error"].is_object() {
            break answer["error"]["err_code"].clone();
        }
        kept += 1;
    };
    assert_eq!((full, kept), (json!(10077), 3));
    assert_eq!(stored(&ledger, CASES, 1).await, fact);
}
