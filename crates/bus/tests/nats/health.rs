//! What is asked of a server and of its streams to see how they do.

use bus::health;
use bus::permissions::Principal;
use bus::streams::{CASES, DEAD, Shape, declared};
use testkit::nats::TestNats;

use crate::SOON;

#[tokio::test]
async fn the_deploy_credential_sees_how_every_stream_stands_and_the_monitor_says_the_time() {
    let nats = TestNats::start().await;
    let vitals = health::vitals(&nats.monitor_url(), None).await.unwrap();
    assert!(vitals.version.starts_with("2."), "{vitals:?}");
    assert!(health::vitals(&nats.monitor_url(), None).await.unwrap().now > vitals.now, "its clock goes");
    let deploy = nats.connect(Principal::Deploy).await;
    for stream in declared(&Shape::default()) {
        let stands = health::stream(&deploy, stream.name).await.unwrap();
        assert_eq!((stands.messages, stands.max_bytes), (0, stream.max_bytes), "{}", stream.name);
        assert!(stands.followers.is_empty(), "{stands:?}");
    }
    let notifier = nats.connect(Principal::Notifier).await;
    notifier.request("dead.notifier.one", "why".into(), SOON).await.unwrap();
    let dead = health::stream(&notifier, DEAD).await.unwrap();
    assert_eq!((dead.messages, dead.last_sequence), (1, 1));
    assert!(dead.bytes > 0);
    health::stream(&notifier, CASES).await.unwrap_err();
}
