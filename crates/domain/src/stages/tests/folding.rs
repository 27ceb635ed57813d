//! What follows on a case, and what does not.

use super::*;

fn facts() -> Vec<Fact> {
    let mut story = Story::settled();
    story.until("17/05/2026 08:00").by("snnmt.dau-moi").when("propose-closure", closing());
    story.by("btg.lanh-dao").when("confirm-closure", confirming(1)).then(Kind::CaseClosed);
    story.facts().to_vec()
}

/// The case after the first so many facts.
fn after(facts: &[Fact], count: usize) -> Option<Case> {
    facts[..count].iter().try_fold(None, |case, fact| evolve(case, fact).map(Some)).unwrap()
}

#[test]
fn a_gap_or_a_fact_twice_does_not_follow() {
    let facts = facts();
    for count in 0..facts.len() {
        let expected = u32::try_from(count).unwrap() + 1;
        for (other, fact) in facts.iter().enumerate().filter(|(other, _)| *other != count) {
            let found = u32::try_from(other).unwrap() + 1;
            assert_eq!(evolve(after(&facts, count), fact), Err(OutOfOrder::Version { expected, found }));
        }
    }
}

#[test]
fn a_changed_byte_breaks_the_chain() {
    let story = Story::settled();
    for changed in 0..story.stored().len() - 1 {
        let mut bytes = story.stored().to_vec();
        bytes[changed] = bytes[changed].replacen("\"commandid\":\"", "\"commandid\": \"", 1);
        assert_ne!(bytes[changed], story.stored()[changed]);
        let replayed = bytes.iter().try_fold(None, |case, bytes| {
            evolve(case, &Fact::from_bytes(bytes.as_bytes()).unwrap()).map(Some)
        });
        let version = u32::try_from(changed).unwrap() + 2;
        assert_eq!(replayed, Err(OutOfOrder::Chain { version }));
    }
}

#[test]
fn a_first_fact_follows_on_nothing() {
    let mut facts = facts();
    facts[0].previous = Digest::of(b"something");
    assert_eq!(evolve(None, &facts[0]), Err(OutOfOrder::Chain { version: 1 }));
}

#[test]
fn a_fact_that_moves_from_elsewhere_does_not_follow() {
    let facts = facts();
    let mut moves = 0;
    for (count, fact) in facts.iter().enumerate() {
        let Some(transition) = fact.draft.transition else { continue };
        moves += 1;
        for from in [None, Some(Lifecycle::Received), Some(Lifecycle::Directed)] {
            if from == transition.from {
                continue;
            }
            let mut fact = fact.clone();
            fact.draft.transition = Some(Transition { from, to: transition.to });
            let (version, kind) = (fact.version, fact.body().kind());
            assert_eq!(
                evolve(after(&facts, count), &fact),
                Err(OutOfOrder::State { version, kind }),
                "{from:?}"
            );
        }
    }
    assert_eq!(moves, 5);
}

#[test]
fn a_case_begins_as_received() {
    let facts = facts();
    for transition in [None, Some(Transition { from: None, to: Lifecycle::Agreed })] {
        let mut fact = facts[0].clone();
        fact.draft.transition = transition;
        let kind = Kind::RaisedByPhone;
        assert_eq!(evolve(None, &fact), Err(OutOfOrder::State { version: 1, kind }));
    }
}

#[test]
fn recorded_time_does_not_run_backwards() {
    let facts = facts();
    let mut early = facts[1].clone();
    early.recorded_at = facts[0].recorded_at - TimeDelta::nanoseconds(1);
    assert_eq!(evolve(after(&facts, 1), &early), Err(OutOfOrder::Time { version: 2 }));
    early.recorded_at = facts[0].recorded_at;
    assert!(evolve(after(&facts, 1), &early).is_ok());
}

#[test]
fn only_a_person_raises_a_case_and_only_once() {
    let facts = facts();
    let place = |version, kind| Err(OutOfOrder::Place { version, kind });
    let mut second = facts[1].clone();
    second.draft.body = facts[0].body().clone();
    assert_eq!(evolve(after(&facts, 1), &second), place(2, Kind::RaisedByPhone));
    let mut first = facts[0].clone();
    first.draft.body = facts[1].body().clone();
    assert_eq!(evolve(None, &first), place(1, Kind::Numbered));
    let mut automatic = facts[0].clone();
    automatic.draft.origin.actor = Actor::System { service: "intake".to_owned() };
    assert_eq!(evolve(None, &automatic), place(1, Kind::RaisedByPhone));
    let registered = Body::DocumentRegistered(events::document::Registered {
        document: serde_json::from_value(document()).unwrap(),
        case: after(&facts, 1).unwrap().id,
    });
    let mut register = facts[1].clone();
    register.draft.body = registered.clone();
    assert_eq!(evolve(after(&facts, 1), &register), place(2, Kind::DocumentRegistered));
    register.draft.aggregate = events::AggregateId::Document(events::DocumentId(uuid::Uuid::nil()));
    register.draft.body = facts[0].body().clone();
    (register.version, register.previous) = (1, Digest::ZERO);
    assert_eq!(evolve(None, &register), place(1, Kind::RaisedByPhone));
}

#[test]
fn who_knows_only_the_standing_refuses_and_takes_the_same() {
    let facts = facts();
    let mut others = facts.clone();
    for kind in Kind::ALL {
        let example = Fact::from_bytes(kind.example().to_string().as_bytes()).unwrap();
        let mut other = facts[0].clone();
        other.draft.body = example.draft.body;
        others.push(other);
    }
    let (mut taken, mut refused) = (0, 0);
    for count in 0..facts.len() {
        let case = after(&facts, count);
        let standing = case.as_ref().map(Standing::of);
        for fact in &others {
            let folded = evolve(case.clone(), fact).map(|case| Standing::of(&case));
            if folded.is_ok() {
                taken += 1;
            } else {
                refused += 1;
            }
            assert_eq!(folded, Standing::after(standing, fact), "{}", fact.body().kind());
        }
    }
    assert!(taken > facts.len() && refused > taken);
}

#[test]
fn a_fact_of_another_case_does_not_follow() {
    let facts = facts();
    let mut stranger = facts[1].clone();
    stranger.draft.aggregate = events::AggregateId::Case(CaseId(uuid::Uuid::nil()));
    let place = OutOfOrder::Place { version: 2, kind: Kind::Numbered };
    assert_eq!(evolve(after(&facts, 1), &stranger), Err(place));
}

#[test]
fn a_fold_says_what_its_newest_fact_was_and_which_acts_are_known() {
    let facts = facts();
    for count in 1..=facts.len() {
        let (case, fact) = (after(&facts, count).unwrap(), &facts[count - 1]);
        assert_eq!((case.version, case.head), (fact.version, fact.digest));
        assert_eq!((case.last.event, case.last.correlation), (fact.draft.id, fact.origin().correlation));
        assert_eq!(case.recorded_at, fact.recorded_at);
        assert_eq!(case.acts.len(), count);
        let receipt = case.acts[&fact.origin().command];
        assert_eq!((receipt.version, receipt.event), (fact.version, fact.draft.id));
        assert_eq!(receipt.fingerprint, fact.origin().fingerprint);
    }
}
