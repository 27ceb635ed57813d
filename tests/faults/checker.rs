//! The checker itself: it finds nothing in a run without faults, and finds each thing that is put wrong by hand.

use std::collections::BTreeMap;

use bus::outbox::{Record, State};
use bus::{
    Principal,
    log::Entry,
    streams::{CASES, OUTBOX},
};
use events::{CommandId, Fact, Kind};
use testkit::{nats::TestNats, smtp::Received};

use crate::support::{
    fleet::Fleet,
    load::at_once,
    policy,
    told::Asked,
    truth::{Found, all, facts, post},
};

/// A run as it was recorded.
#[derive(Clone)]
struct Run {
    facts: Vec<Entry>,
    outbox: Vec<Entry>,
    received: Vec<Received>,
    asked: BTreeMap<CommandId, Asked>,
}

impl Run {
    fn found(&self) -> Found {
        let mut found = Found::default();
        let folded = facts::check(&self.facts, &self.asked, &self.asked, &policy(), &mut found);
        post::check(&self.outbox, &folded, &post::taken(&self.received), &self.received, &mut found);
        found
    }

    /// What is found when something is put wrong.
    fn with(&self, wrong: impl FnOnce(&mut Self)) -> Found {
        let mut run = self.clone();
        wrong(&mut run);
        run.found()
    }

    /// The place of the last fact of a type.
    fn last(&self, kind: Kind) -> usize {
        let is =
            |entry: &Entry| Fact::from_bytes(&entry.payload).is_ok_and(|fact| fact.body().kind() == kind);
        self.facts.iter().rposition(is).expect("a fact of that type")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checker_finds_what_is_put_wrong_and_nothing_else() {
    const CASES_RAISED: usize = 10;
    let mut fleet = Fleet::start(TestNats::start().await, &SERVICES).await;
    let client = fleet.client();
    at_once(4, CASES_RAISED, |number| client.history(number)).await;
    let found = fleet.at_rest().await;
    found.nothing_wrong();
    assert_eq!(found.cases, CASES_RAISED);
    assert!(found.sent > 0 && found.sent == found.entries, "{found}");

    let bus = fleet.split.nats.connect(Principal::Notifier).await;
    let run = Run {
        facts: all(&bus, CASES).await,
        outbox: all(&bus, OUTBOX).await,
        received: fleet.relay.received(),
        asked: fleet.told.asked(),
    };
    run.found().nothing_wrong();

    let lost = run.with(|run| drop(run.facts.remove(run.last(Kind::AssignmentAcknowledged))));
    assert_eq!((lost.lost, lost.doubled), (1, 0), "an act is gone: {lost}");
    let gap = run.with(|run| drop(run.facts.remove(run.last(Kind::CaseRouted))));
    assert!(!gap.faults.is_empty(), "a fact in the middle is gone");
    let doubled = run.with(|run| {
        let again = run.facts[0].clone();
        run.facts.push(again);
    });
    assert_eq!((doubled.lost, doubled.doubled), (0, 1), "a fact stands twice: {doubled}");
    let unasked = run.with(|run| drop(run.asked.pop_first()));
    assert!(!unasked.faults.is_empty(), "nobody asked for it");
    let number = run.with(|run| {
        // The ranks move: the numbers no longer fit.
        let (first, raised) = (run.last(Kind::RaisedByPhone), run.facts.len());
        let early = run.facts.remove(first);
        assert!(first < raised);
        run.facts.insert(0, early);
    });
    assert!(!number.faults.is_empty(), "the order of the raises decides the numbers");

    let nothing = Vec::new();
    let never = run.with(|run| run.received.clone_from(&nothing));
    assert_eq!(never.wrongly_sent, never.entries, "the relay took nothing: {never}");
    let again = run.with(|run| run.received.push(run.received[0].clone()));
    assert_eq!((again.came_again, again.unmarked), (1, 1), "one came twice, unmarked: {again}");
    let refused = run.with(|run| run.received[0].reply = Some(451));
    assert_eq!(refused.wrongly_sent, 1, "it was not a 250: {refused}");
    let forgotten = run.with(|run| {
        let first = run.outbox[0].subject.clone();
        run.outbox.retain(|entry| entry.subject != first);
    });
    assert!(forgotten.open > 0, "a mail that the log wants was never entered: {forgotten}");
    let unsent = run.with(|run| {
        let is_sent = |entry: &Entry| {
            let record: Record = serde_json::from_slice(&entry.payload).expect("a record");
            matches!(record.state, State::Sent { .. })
        };
        let at = run.outbox.iter().rposition(is_sent).expect("a mail that was sent");
        run.outbox.remove(at);
    });
    assert_eq!(unsent.open, 1, "an attempt without an end: {unsent}");
}

/// One of each is enough here.
const SERVICES: [(&str, usize); 12] = [
    ("ledger", 1),
    ("intake", 1),
    ("confirmation", 1),
    ("routing", 1),
    ("coordination", 1),
    ("taskforce", 1),
    ("escalation", 1),
    ("reporting", 1),
    ("notifier", 1),
    ("audit", 1),
    ("identity", 1),
    ("api", 1),
];
