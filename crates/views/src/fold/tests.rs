//! The fold in memory and on disk.

mod desk;

use std::{path::Path, time::Duration};

use domain::access::Principal;
use events::{AgencyId, Stage};
use tempfile::TempDir;
use testkit::example_policy;

use super::*;
use crate::Filter;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn fold(folder: &Path) -> Fold {
    Fold::over(Arc::new(Store::open(folder, "policy").unwrap())).unwrap()
}

fn save(fold: &mut Fold) {
    let batch = fold.batch();
    fold.store.write(&batch).unwrap();
    fold.saved(&batch);
}

fn cases(due: Vec<crate::Due>) -> Vec<CaseId> {
    due.into_iter().map(|due| due.case).collect()
}

fn case(n: u128) -> CaseId {
    CaseId(uuid::Uuid::from_u128(n))
}

/// The example of a call, raised as the case of that id, at a place in the log.
fn raised(id: CaseId, sequence: u64) -> Stored {
    example(Kind::RaisedByPhone, id, sequence)
}

fn example(kind: Kind, id: CaseId, sequence: u64) -> Stored {
    let mut example = kind.example();
    example["subject"] = AggregateId::Case(id).subject().into();
    entry(id, sequence, example.to_string())
}

fn entry(id: CaseId, sequence: u64, payload: String) -> Stored {
    Stored { sequence, subject: AggregateId::Case(id).subject(), payload: payload.into() }
}

fn apply(fold: &mut Fold, policy: &Policy, id: CaseId, sequence: u64) {
    fold.apply(&raised(id, sequence), Instant::now(), &under(policy));
}

fn under(policy: &Policy) -> Rulebook {
    Rulebook::of(Arc::new(policy.clone()))
}

/// A later state of a case, as who has recorded a fact puts it there.
fn numbered(fold: &mut Fold, id: CaseId, code: events::CaseCode) -> Loaded {
    let mut loaded = fold.case(id).unwrap();
    Arc::make_mut(&mut loaded.case).code = Some(code);
    loaded.sequence += 1_000;
    loaded
}

#[test]
fn a_case_has_its_rank_in_the_log_and_a_second_reading_changes_nothing() {
    let (policy, folder) = (example_policy(), folder());
    let mut fold = fold(folder.path());
    for _ in 0..2 {
        for (n, sequence) in [(1, 5), (2, 9)] {
            apply(&mut fold, &policy, case(n), sequence);
        }
    }
    assert_eq!(fold.raised(case(1)).unwrap().rank, 1);
    assert_eq!(fold.raised(case(2)).unwrap().rank, 2);
    apply(&mut fold, &policy, case(3), 12);
    assert_eq!(fold.raised(case(3)).unwrap().rank, 3);
}

#[test]
fn a_fold_goes_on_where_it_was_written() {
    let (policy, folder) = (example_policy(), folder());
    let mut before = fold(folder.path());
    apply(&mut before, &policy, case(1), 5);
    apply(&mut before, &policy, case(2), 7);
    save(&mut before);
    // What comes after the last writing is lost with the process, and is applied again.
    apply(&mut before, &policy, case(3), 9);
    let (one, wake) = (before.case(case(1)).unwrap(), before.next_due(Timestamp::default()));
    drop(before);
    let mut after = fold(folder.path());
    assert_eq!(after.applied(), 7);
    assert_eq!(after.mark().digest, Some(Digest::of(&raised(case(2), 7).payload)));
    assert_eq!(after.case(case(1)).unwrap().case, one.case);
    assert_eq!(after.case(case(1)).unwrap().sequence, one.sequence);
    assert!(after.case(case(3)).is_none());
    assert_eq!(after.next_due(Timestamp::default()), wake);
    assert!(!after.is_settled(one.case.recorded_at, &policy), "the cases have no numbers yet");
    apply(&mut after, &policy, case(3), 9);
    assert_eq!(after.raised(case(3)).unwrap().rank, 3);
}

#[test]
fn a_case_that_the_fold_has_not_come_by_is_not_written() {
    let (policy, folder) = (example_policy(), folder());
    let mut before = fold(folder.path());
    let case_1 = bus::fold(None, &raised(case(1), 5).payload).unwrap();
    let loaded = Loaded { case: Arc::new(case_1), sequence: 5 };
    assert!(before.put(loaded, Instant::now(), &policy));
    save(&mut before);
    assert_eq!((before.unsaved(), before.raised(case(1))), (1, None));
    apply(&mut before, &policy, case(1), 5);
    save(&mut before);
    assert_eq!((before.unsaved(), before.raised(case(1)).unwrap().rank), (0, 1));
}

#[test]
fn a_case_is_found_by_its_number_once_it_has_one() {
    let (policy, folder) = (example_policy(), folder());
    let mut fold = fold(folder.path());
    apply(&mut fold, &policy, case(1), 1);
    assert_eq!(fold.numbered("VV-2026-00001"), None);
    let loaded = numbered(&mut fold, case(1), events::CaseCode::new(2026, 1));
    assert!(fold.put(loaded, Instant::now(), &policy));
    for _ in 0..2 {
        assert_eq!(fold.numbered("VV-2026-00001"), Some(case(1)));
        assert_eq!(fold.numbered("VV-2026-00002"), None);
        save(&mut fold);
    }
}

#[test]
fn a_case_that_cannot_be_read_does_not_stop_the_fold() {
    let (policy, folder) = (example_policy(), folder());
    let mut before = fold(folder.path());
    before.apply(&entry(case(1), 1, "{}".to_owned()), Instant::now(), &under(&policy));
    apply(&mut before, &policy, case(2), 2);
    assert_eq!((before.unreadable(), before.case(case(2)).is_some()), (1, true));
    save(&mut before);
    drop(before);
    assert_eq!(fold(folder.path()).unreadable(), 1, "nor is it forgotten");
}

#[test]
fn what_is_to_be_done_at_once_and_what_comes_due_are_found() {
    let (policy, folder) = (example_policy(), folder());
    let mut fold = fold(folder.path());
    apply(&mut fold, &policy, case(1), 1);
    let now = fold.case(case(1)).unwrap().case.recorded_at;
    assert!(!fold.is_settled(now, &policy), "the case has no number yet");
    assert_eq!(cases(fold.due(&[Stage::Intake], now, Duration::ZERO, &policy)), [case(1)]);
    assert!(
        fold.due(&[Stage::Intake], now, Duration::from_mins(1), &policy).is_empty(),
        "others may be at it"
    );
    assert!(fold.due(&[Stage::Closure], now, Duration::ZERO, &policy).is_empty());
    // The example's written confirmation is due eight hours after the call: its half is reminded of.
    let half = fold.next_due(now).unwrap();
    assert_eq!(cases(fold.due(&[Stage::Confirmation], half, Duration::from_mins(1), &policy)), [case(1)]);
}

#[test]
fn what_comes_due_is_found_in_a_fold_that_has_just_been_opened() {
    let (policy, folder) = (example_policy(), folder());
    let mut before = fold(folder.path());
    apply(&mut before, &policy, case(1), 1);
    let now = before.case(case(1)).unwrap().case.recorded_at;
    let half = before.next_due(now).unwrap();
    save(&mut before);
    drop(before);
    let mut after = fold(folder.path());
    assert_eq!(cases(after.due(&[Stage::Confirmation], half, Duration::from_mins(1), &policy)), [case(1)]);
}

#[test]
fn a_case_that_was_altered_on_disk_is_not_believed() {
    let (policy, folder) = (example_policy(), folder());
    let mut before = fold(folder.path());
    apply(&mut before, &policy, case(1), 1);
    apply(&mut before, &policy, case(2), 2);
    save(&mut before);
    drop(before);
    let file = folder.path().join("fold-1.sqlite");
    let altering = rusqlite::Connection::open(&file).unwrap();
    altering.execute("UPDATE cases SET fold = replace(fold, '1', '2') WHERE raised = 1", []).unwrap();
    drop(altering);
    let mut after = fold(folder.path());
    assert!(after.case(case(1)).is_none(), "it is read from the log");
    assert!(after.case(case(2)).is_some());
    assert!(after.store.is_condemned() && !file.exists(), "the next start makes it anew");
    // Its later facts do not make it unreadable, nor does it hold up what comes after.
    after.apply(&example(Kind::Numbered, case(1), 3), Instant::now(), &under(&policy));
    apply(&mut after, &policy, case(4), 4);
    assert_eq!((after.unreadable(), after.applied()), (0, 4));
    drop(after);
    assert_eq!(fold(folder.path()).applied(), 0);
}

#[test]
fn a_file_that_is_no_database_and_a_fold_of_another_policy_are_made_anew() {
    let (policy, folder) = (example_policy(), folder());
    let mut before = fold(folder.path());
    apply(&mut before, &policy, case(1), 1);
    save(&mut before);
    drop(before);
    assert_eq!(Store::open(folder.path(), "policy").unwrap().resume().unwrap().mark.applied, 1);
    assert_eq!(Store::open(folder.path(), "another").unwrap().resume().unwrap().mark.applied, 0);
    std::fs::write(folder.path().join("fold-1.sqlite"), "no database at all, whatever it is").unwrap();
    assert_eq!(fold(folder.path()).applied(), 0);
}

#[test]
fn two_processes_have_a_fold_each() {
    let (policy, folder) = (example_policy(), folder());
    let (mut one, other) = (fold(folder.path()), fold(folder.path()));
    apply(&mut one, &policy, case(1), 1);
    save(&mut one);
    assert_eq!(
        (one.store.resume().unwrap().mark.applied, other.store.resume().unwrap().mark.applied),
        (1, 0)
    );
}

#[test]
fn a_list_has_what_one_may_see_newest_first_page_by_page() {
    let (policy, folder) = (example_policy(), folder());
    let mut fold = fold(folder.path());
    for n in 1..=7 {
        apply(&mut fold, &policy, case(n), u64::try_from(n).unwrap() * 10);
    }
    save(&mut fold);
    let auditor = BTreeSet::from([Principal::Auditors, Principal::StandingBody]);
    let page = |before, most| {
        let filter = Filter { before, ..Filter::default() };
        let found = fold.store.list(&auditor, &filter, most).unwrap();
        (found.rows.iter().map(|row| row.raised.sequence).collect::<Vec<_>>(), found.next)
    };
    assert_eq!(page(None, 3), (vec![70, 60, 50], Some(41)));
    assert_eq!(page(Some(41), 3), (vec![40, 30, 20], Some(11)));
    assert_eq!(page(Some(11), 3), (vec![10], None));
    let stranger = BTreeSet::from([Principal::Agency(AgencyId::from("XBM"))]);
    assert!(fold.store.list(&stranger, &Filter::default(), 3).unwrap().rows.is_empty());
    assert!(fold.store.list(&BTreeSet::new(), &Filter::default(), 3).unwrap().rows.is_empty());
    let first = fold.case(case(1)).unwrap().case;
    let urgent = |urgency| {
        let filter = Filter { urgency: Some(urgency), lifecycle: Some(first.lifecycle), ..Filter::default() };
        fold.store.list(&auditor, &filter, 10).unwrap().rows.len()
    };
    assert_eq!((urgent(first.urgency), urgent(events::Urgency::Thuong)), (7, 0));
}
