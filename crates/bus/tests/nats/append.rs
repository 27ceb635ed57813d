//! Several writers in one batch: each all or none, and nobody's fault is another's.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use bus::{
    Bus, Principal,
    append::{Append, AppendError, Press, append, append_group},
    connection::ConnectTo,
    log,
    streams::{CASES, Replicas},
};
use testkit::{
    nats::TestNats,
    proxy::{Line, Proxy},
};

fn message(name: &str, id: &str, expected: u64) -> Append {
    Append {
        subject: format!("case.00.{name}"),
        payload: name.to_owned().into(),
        id: id.to_owned(),
        expected,
        headers: vec![],
    }
}

async fn stored(bus: &Bus) -> Vec<(u64, String)> {
    let entries = log::read(bus, CASES, 1, ">").await.unwrap();
    entries.into_iter().map(|entry| (entry.sequence, entry.message_id.unwrap_or_default())).collect()
}

#[tokio::test]
async fn of_many_writers_only_the_stale_ones_are_refused() {
    let nats = TestNats::start().await;
    let bus = nats.connect(Principal::Ledger).await;
    for taken in ["w3", "w17", "pair"] {
        append(&bus, CASES, &message(taken, &format!("first of {taken}"), 0)).await.unwrap();
    }
    let mut writers: Vec<Vec<Append>> =
        (0..40).map(|n| vec![message(&format!("w{n}"), &format!("w{n}"), 0)]).collect();
    writers.push(vec![message("alone", "alone", 0), message("pair", "pair", 0)]);
    let lent: Vec<&[Append]> = writers.iter().map(Vec::as_slice).collect();
    let answers = append_group(&bus, CASES, &lent).await;
    for (n, answer) in answers.iter().enumerate() {
        match n {
            3 | 17 | 40 => assert!(matches!(answer, Err(AppendError::Conflict { .. })), "{n}: {answer:?}"),
            _ => assert_eq!(answer.as_ref().map(Vec::len), Ok(1), "{n}"),
        }
    }
    let stored = stored(&bus).await;
    assert_eq!(stored.len(), 3 + 38, "all of a writer or nothing");
    for (n, answer) in answers.iter().enumerate() {
        if let Ok(sequences) = answer {
            let ours = stored.iter().find(|(_, id)| *id == format!("w{n}")).map(|(sequence, _)| *sequence);
            assert_eq!(ours, sequences.first().copied(), "each is told his own place");
        }
    }
    let places: BTreeSet<_> = stored.iter().map(|(sequence, _)| sequence).collect();
    assert_eq!(places.len(), stored.len());
}

#[tokio::test]
async fn many_stale_writers_hold_nobody_up() {
    let nats = TestNats::start().await;
    let bus = nats.connect(Principal::Ledger).await;
    for n in (0..32).step_by(2) {
        append(&bus, CASES, &message(&format!("w{n}"), &format!("first {n}"), 0)).await.unwrap();
    }
    let writers: Vec<Vec<Append>> =
        (0..32).map(|n| vec![message(&format!("w{n}"), &format!("w{n}"), 0)]).collect();
    let lent: Vec<&[Append]> = writers.iter().map(Vec::as_slice).collect();
    let answers = append_group(&bus, CASES, &lent).await;
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_ok(), n % 2 == 1, "{n}: {answer:?}");
    }
    assert_eq!(stored(&bus).await.len(), 32);
}

#[tokio::test]
async fn a_few_writers_that_come_together_are_written_together_and_only_the_stale_one_is_refused() {
    let nats = TestNats::start().await;
    let bus = nats.connect(Principal::Ledger).await;
    append(&bus, CASES, &message("w2", "first of w2", 0)).await.unwrap();
    let flights = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&flights);
    let (press, pressing) = Press::new(bus.clone(), CASES, Replicas::One, 16, move |flight| {
        seen.lock().unwrap().push((flight.writers, flight.conflicts, flight.stored.len()));
    });
    let writes = async {
        let each = (0..5).map(|n| press.write(vec![message(&format!("w{n}"), &format!("w{n}"), 0)]));
        let answers = futures::future::join_all(each).await;
        drop(press);
        answers
    };
    let (answers, ()) = tokio::join!(biased; writes, pressing.side_by_side(8).run());
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_ok(), n != 2, "{n}: {answer:?}");
    }
    assert_eq!(*flights.lock().unwrap(), [(5, 1, 4)]);
    let stored: BTreeSet<_> = stored(&bus).await.into_iter().map(|(_, id)| id).collect();
    let expected = ["first of w2", "w0", "w1", "w3", "w4"].map(str::to_owned);
    assert_eq!(stored, expected.into());
}

#[tokio::test]
async fn what_stands_already_is_found_and_not_written_twice() {
    let nats = TestNats::start().await;
    let bus = nats.connect(Principal::Ledger).await;
    let writers = [vec![message("a", "a", 0)], vec![message("b", "b", 0), message("c", "c", 0)]];
    let lent: Vec<&[Append]> = writers.iter().map(Vec::as_slice).collect();
    let first = append_group(&bus, CASES, &lent).await;
    assert_eq!(first, [Ok(vec![1]), Ok(vec![2, 3])]);
    for one in &lent {
        let again = append_group(&bus, CASES, &[one]).await;
        assert!(again[0].is_ok(), "{again:?}");
    }
    assert_eq!(stored(&bus).await.len(), 3);
}

#[tokio::test]
async fn that_one_message_of_a_batch_stands_says_nothing_of_the_others() {
    let nats = TestNats::start().await;
    let line = Proxy::to(nats.address()).await;
    let to = ConnectTo { url: format!("nats://{}", line.address()), ..nats.connect_to(Principal::Ledger) };
    let bus = Bus::connect(&to).await.unwrap();
    // The first writer has tried before and not been told, and it was stored.
    append(&bus, CASES, &message("w0", "w0", 0)).await.unwrap();
    let writers: Vec<Vec<Append>> =
        (0..4).map(|n| vec![message(&format!("w{n}"), &format!("w{n}"), 0)]).collect();
    let lent: Vec<&[Append]> = writers.iter().map(Vec::as_slice).collect();
    // The batch is not answered at the first try, and the second finds the first writer's message.
    line.set(Line::Stalled);
    let mut group = std::pin::pin!(append_group(&bus, CASES, &lent));
    assert!(tokio::time::timeout(Duration::from_secs(5), &mut group).await.is_err(), "nothing comes through");
    line.set(Line::Open);
    let answers = group.await;
    let stored = stored(&bus).await;
    for (n, answer) in answers.into_iter().enumerate() {
        let place = stored.iter().find(|(_, id)| *id == format!("w{n}")).map(|(sequence, _)| *sequence);
        assert_eq!(answer.ok().and_then(|places| places.first().copied()), place, "w{n}: {stored:?}");
        assert!(place.is_some(), "w{n} is stored: nobody else wants its subject");
    }
}
