//! Requests between services of one process.

use bus::connection::{Bus, House, RequestError};
use bus::permissions::Principal;
use bytes::Bytes;
use futures::{StreamExt, stream::FuturesUnordered};
use testkit::nats::TestNats;

use crate::SOON;

const RAISE: &str = "cmd.intake.raise";

async fn in_house(nats: &TestNats, house: &House, principal: Principal) -> Bus {
    Bus::connect(&nats.connect_to(principal).in_house(house)).await.unwrap()
}

/// Answers the next request with the given word.
async fn answer_one(bus: &Bus, requests: &mut bus::connection::Subscription, word: &'static str) {
    let request = requests.next().await.unwrap();
    assert!(request.wants_answer());
    request.answer(bus, Bytes::from_static(word.as_bytes())).await.unwrap();
}

#[tokio::test]
async fn a_request_within_the_process_needs_no_server() {
    let mut nats = TestNats::start_bare().await;
    let house = House::default();
    let intake = in_house(&nats, &house, Principal::Intake).await;
    let api = in_house(&nats, &house, Principal::Api).await;
    let mut requests = intake.queue_subscribe("cmd.intake.>", "intake").await.unwrap();
    nats.kill9().await;
    let asked = api.request(RAISE, Bytes::from_static(b"a call"), SOON);
    let answering = async {
        let request = requests.next().await.unwrap();
        assert_eq!((request.subject(), request.payload().as_ref()), (RAISE, b"a call".as_ref()));
        request.answer(&intake, Bytes::from_static(b"done")).await.unwrap();
        assert!(!request.wants_answer(), "it is answered once");
    };
    let (answer, ()) = tokio::join!(asked, answering);
    assert_eq!(answer.unwrap().payload().as_ref(), b"done");
}

#[tokio::test]
async fn a_right_that_is_missing_is_missing_within_the_process_too() {
    let nats = TestNats::start_bare().await;
    let house = House::default();
    let ledger = in_house(&nats, &house, Principal::Ledger).await;
    let api = in_house(&nats, &house, Principal::Api).await;
    let mut proposals = ledger.queue_subscribe("fact.>", "ledger").await.unwrap();
    tokio::select! {
        _ = proposals.next() => panic!("the edge proposed a fact"),
        _ = api.request("fact.intake", Bytes::new(), SOON) => panic!("the edge was answered"),
        () = api.violated(1) => {}
    }
    assert_eq!(api.last_violation().unwrap(), r#"Permissions Violation for Publish to "fact.intake""#);
}

#[tokio::test]
async fn who_leaves_the_house_leaves_the_work_to_his_replica() {
    let nats = TestNats::start_bare().await;
    let house = House::default();
    let (intake, replica) =
        (in_house(&nats, &house, Principal::Intake).await, nats.connect(Principal::Intake).await);
    let api = in_house(&nats, &house, Principal::Api).await;
    let mut here = intake.queue_subscribe(RAISE, "intake").await.unwrap();
    let mut there = replica.queue_subscribe(RAISE, "intake").await.unwrap();
    let (answer, ()) =
        tokio::join!(api.request(RAISE, Bytes::new(), SOON), answer_one(&intake, &mut here, "here"));
    assert_eq!(answer.unwrap().payload().as_ref(), b"here");
    here.drain().await.unwrap();
    assert!(here.next().await.is_none());
    let (answer, ()) =
        tokio::join!(api.request(RAISE, Bytes::new(), SOON), answer_one(&replica, &mut there, "there"));
    assert_eq!(answer.unwrap().payload().as_ref(), b"there");
}

#[tokio::test]
async fn more_than_can_wait_is_refused_at_once() {
    let nats = TestNats::start_bare().await;
    let house = House::default();
    let intake = in_house(&nats, &house, Principal::Intake).await;
    let api = in_house(&nats, &house, Principal::Api).await;
    let requests = intake.queue_subscribe(RAISE, "intake").await.unwrap();
    let mut asked: FuturesUnordered<_> = (0..3_000).map(|_| api.request(RAISE, Bytes::new(), SOON)).collect();
    let first = asked.next().await.unwrap();
    assert_eq!(first.unwrap_err(), RequestError::Busy { subject: RAISE.to_owned() });
    // What waits when a service goes without an answer may have been begun; what comes after it was not.
    drop(requests);
    while let Some(answer) = asked.next().await {
        let error = answer.unwrap_err();
        assert!(!matches!(error, RequestError::NotSent { .. }), "{error}");
    }
}
