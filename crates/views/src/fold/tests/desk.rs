//! Lists, searches and what waits, on disk.

use domain::stages::casefile::Paper;
use events::Lifecycle;

use super::*;
use crate::{search::Query, store::Entry};

/// No case.
const NONE: [u64; 0] = [];

/// The example of a call with other data, raised as the case of that id.
fn call(id: CaseId, sequence: u64, edit: impl FnOnce(&mut serde_json::Value)) -> Stored {
    let mut example = Kind::RaisedByPhone.example();
    example["subject"] = AggregateId::Case(id).subject().into();
    edit(&mut example["data"]);
    entry(id, sequence, example.to_string())
}

/// A fold with cases of these titles and summaries, raised one after the other.
fn with(folder: &Path, policy: &Policy, texts: &[(&str, &str)]) -> Fold {
    let mut fold = fold(folder);
    for (n, (title, summary)) in (1_u32..).zip(texts) {
        let entry = call(case(n.into()), n.into(), |data| {
            data["matter"]["title"] = (*title).into();
            data["matter"]["summary"] = (*summary).into();
        });
        fold.apply(&entry, Instant::now(), &under(policy));
    }
    save(&mut fold);
    fold
}

/// A later state of a case, written.
fn changed(fold: &mut Fold, policy: &Policy, n: u128, edit: impl FnOnce(&mut domain::Case)) {
    let mut loaded = fold.case(case(n)).unwrap();
    edit(Arc::make_mut(&mut loaded.case));
    loaded.sequence += 1_000;
    assert!(fold.put(loaded, Instant::now(), policy));
    save(fold);
}

fn of(agency: &str) -> Principal {
    Principal::Agency(AgencyId::from(agency))
}

fn auditor() -> BTreeSet<Principal> {
    BTreeSet::from([Principal::Auditors])
}

/// Where the cases were raised that a search finds, in its order.
fn found(fold: &Fold, typed: &str) -> Vec<u64> {
    found_by(fold, &auditor(), typed, &Filter::default())
}

fn found_by(fold: &Fold, who: &BTreeSet<Principal>, typed: &str, filter: &Filter) -> Vec<u64> {
    let query = Query::parse(typed).unwrap();
    let found = fold.store.search(who, &query, filter, 100).unwrap();
    assert_eq!(found.next, None);
    for row in &found.rows {
        assert!(!query.matches(&row.case).is_empty(), "{typed}");
    }
    found.rows.iter().map(|row| row.raised.sequence).collect()
}

fn listed(fold: &Fold, who: &BTreeSet<Principal>, filter: &Filter) -> Vec<u64> {
    let found = fold.store.list(who, filter, 100).unwrap();
    found.rows.iter().map(|row| row.raised.sequence).collect()
}

#[test]
fn a_list_is_narrowed_by_agency_topic_area_and_what_is_due() {
    let (policy, folder) = (example_policy(), folder());
    let mut fold = fold(folder.path());
    for (n, topic, area, raiser) in
        [(1, "agriculture", "CR", "SNNMT"), (2, "health", "CR", "SYT"), (3, "health", "VINH", "SNNMT")]
    {
        let entry = call(case(n), u64::try_from(n).unwrap(), |data| {
            data["matter"]["topic"] = topic.into();
            data["matter"]["area"] = area.into();
            data["parties"]["raiser"] = raiser.into();
            data["parties"]["required"] = serde_json::json!([raiser, "BTG"]);
            data["deadlines"][0]["due"] = format!("2026-05-{:02}T22:48:00Z", 16 + n).into();
        });
        fold.apply(&entry, Instant::now(), &under(&policy));
    }
    save(&mut fold);
    let one = |text: &str| Some(BTreeSet::from([text.to_owned()]));
    let all = |filter: Filter| listed(&fold, &auditor(), &filter);
    let none = Filter::default();
    assert_eq!(all(Filter { topics: one("health"), ..none.clone() }), [3, 2]);
    assert_eq!(all(Filter { areas: one("CR"), ..none.clone() }), [2, 1]);
    assert_eq!(all(Filter { areas: one("CR"), topics: one("health"), ..none.clone() }), [2]);
    assert_eq!(all(Filter { agency: Some("SYT".into()), ..none.clone() }), [2]);
    assert_eq!(all(Filter { agency: Some("BTG".into()), ..none.clone() }), [3, 2, 1]);
    assert_eq!(all(Filter { agency: Some("SXD".into()), ..none.clone() }), NONE);
    let due = |at: &str| Filter { due_before: Some(at.parse().unwrap()), ..Filter::default() };
    assert_eq!(all(due("2026-05-18T22:48:00Z")), [1], "due at that very instant is not before it");
    assert_eq!(all(due("2026-05-18T22:48:01Z")), [2, 1]);
    // Of an agency's cases, those in which another takes part too: no more than it may see.
    let health = BTreeSet::from([of("SYT")]);
    assert_eq!(listed(&fold, &health, &Filter { agency: Some("SNNMT".into()), ..none.clone() }), NONE);
    assert_eq!(listed(&fold, &health, &Filter { agency: Some("BTG".into()), ..none }), [2]);
}

#[test]
fn a_list_follows_what_changes_in_a_case() {
    let (policy, folder) = (example_policy(), folder());
    let mut fold = with(folder.path(), &policy, &[("một", "a"), ("hai", "b")]);
    let in_state = |fold: &Fold, lifecycle| {
        listed(fold, &auditor(), &Filter { lifecycle: Some(lifecycle), ..Filter::default() })
    };
    assert_eq!(in_state(&fold, Lifecycle::Received), [2, 1]);
    changed(&mut fold, &policy, 1, |case| case.lifecycle = Lifecycle::Closed);
    assert_eq!(in_state(&fold, Lifecycle::Received), [2]);
    assert_eq!(in_state(&fold, Lifecycle::Closed), [1]);
    // What is closed has no deadline that runs.
    let far = Filter { due_before: Some(Timestamp::MAX_UTC), ..Filter::default() };
    assert_eq!(listed(&fold, &auditor(), &far), [2]);
}

#[test]
fn a_search_finds_what_was_typed_without_marks_the_best_first() {
    let (policy, folder) = (example_policy(), folder());
    let texts = [
        ("Tràn dầu ở cảng", "Một vệt dầu"),
        ("Đường sắt ngập", "Nước tràn qua đường; dầu máy loang"),
        ("Cá chết", "Nghi do tràn dầu"),
        ("Tràn dầu lần hai", "Gần cầu"),
    ];
    let mut fold = with(folder.path(), &policy, &texts);
    assert_eq!(found(&fold, "tran dau"), [4, 1, 3, 2], "in the title first, of these the newest first");
    assert_eq!(found(&fold, "TRÀN DẦU"), [4, 1, 3, 2]);
    assert_eq!(found(&fold, "duong sat"), [2]);
    assert_eq!(found(&fold, "dau tra"), [4, 1, 3, 2], "the last word may be a beginning");
    assert_eq!(found(&fold, "dươ"), [2]);
    assert_eq!(found(&fold, "tra dau"), NONE, "only the last");
    assert_eq!(found(&fold, "dau khong"), NONE);
    let paper = |printed: &str, subject: &str| Paper {
        issuer: "SNNMT".into(),
        printed: printed.to_owned(),
        date: "2026-05-17".parse().unwrap(),
        subject: subject.to_owned(),
    };
    changed(&mut fold, &policy, 2, |case| {
        case.casefile.papers.push(paper("123/BC-SNNMT", "Báo cáo nhanh"));
        case.casefile.papers.push(paper("05/TB-UBND", "Thông báo về tràn dầu"));
    });
    assert_eq!(found(&fold, "tran dau"), [4, 1, 2, 3], "an abstract comes before a summary");
    for typed in ["123/BC-SNNMT", "123/bc-snnmt", "123/BC-SN", "123", "bc-snnmt", "5/TB-UBND", "05/tb"] {
        assert_eq!(found(&fold, typed), [2], "{typed}");
    }
    for typed in ["12/BC-SNNMT", "12", "BC-123", "snnmt/tb"] {
        assert_eq!(found(&fold, typed), NONE, "{typed}");
    }
    let state = Filter { lifecycle: Some(Lifecycle::Closed), ..Filter::default() };
    assert_eq!(found_by(&fold, &auditor(), "dau", &state), NONE);
    // What no longer stands there is no longer found there.
    changed(&mut fold, &policy, 4, |case| case.matter.title = "(đã che)".to_owned());
    assert_eq!(found(&fold, "tran dau"), [1, 2, 3]);
}

#[test]
fn what_was_raised_long_ago_is_found_behind_what_is_newer_wherever_the_words_stand() {
    let (policy, folder) = (example_policy(), folder());
    let mut fold = fold(folder.path());
    let raised =
        [(1, 10, "Tràn dầu"), (2, 600_000, "Khác"), (3, 600_001, "Tràn dầu"), (4, 2_000_000, "Khác")];
    for (n, sequence, title) in raised {
        let entry = call(case(n), sequence, |data| {
            data["matter"]["title"] = title.into();
            data["matter"]["summary"] = "Nghi do tràn dầu".into();
        });
        fold.apply(&entry, Instant::now(), &under(&policy));
    }
    save(&mut fold);
    let all = [2_000_000, 600_001, 600_000, 10];
    assert_eq!(found(&fold, "tran dau"), all);
    // And so page after page, of any length.
    for most in 1..=3 {
        let (mut pages, mut filter) = (Vec::new(), Filter::default());
        loop {
            let page =
                fold.store.search(&auditor(), &Query::parse("tran dau").unwrap(), &filter, most).unwrap();
            pages.extend(page.rows.iter().map(|row| row.raised.sequence));
            filter.before = page.next;
            if filter.before.is_none() {
                break;
            }
        }
        assert_eq!(pages, all, "{most} a page");
    }
}

#[test]
fn a_case_is_found_by_its_number() {
    let (policy, folder) = (example_policy(), folder());
    let mut fold = with(folder.path(), &policy, &[("một", "a"), ("hai", "b")]);
    changed(&mut fold, &policy, 1, |case| case.code = Some(events::CaseCode::new(2026, 12)));
    assert_eq!(found(&fold, "vv-2026-00012"), [1]);
    assert_eq!(found(&fold, "VV-2026-12"), [1]);
    assert_eq!(found(&fold, "VV-2026-1"), NONE);
}

#[test]
fn nothing_that_is_typed_is_more_than_words() {
    let (policy, folder) = (example_policy(), folder());
    let fold = with(folder.path(), &policy, &[("Tràn dầu", "OR AND NOT NEAR words who")]);
    for typed in [
        "\"",
        "\"\"",
        "a\"b",
        "'; DROP TABLE cases; --",
        "tran*",
        "^tran",
        "words:tran",
        "-tran",
        "+tran",
        "NEAR(tran dau, 2)",
        "tran AND",
        "OR",
        "NOT tran",
        "AND OR NOT",
        "(tran",
        "tran)",
        "{words}: tran",
        "tran\0dau",
        "tràn\u{301}",
        "\\",
        "%",
        "_",
        "tran -- dau",
        "ﬁ ½ ⅷ",
        "\u{202e}nart",
        "texts",
        "đĐ",
        "w61756469746f7273",
        "ttran",
        "atran",
        "·",
        "a·b",
        "🌊 tran",
        "ｔｒａｎ",
    ] {
        let Ok(query) = Query::parse(typed) else { continue };
        for who in [auditor(), BTreeSet::from([of("\" OR \"a")])] {
            let found = fold.store.search(&who, &query, &Filter::default(), 5);
            let found = found.unwrap_or_else(|error| panic!("{typed:?}: {error}"));
            assert!(found.rows.iter().all(|row| !query.matches(&row.case).is_empty()), "{typed:?}");
        }
    }
    assert_eq!(found(&fold, "\"tran* dau"), [1]);
    assert_eq!(found(&fold, "NOT tran"), [1], "a word like any other");
    for typed in ["w61756469746f7273", "ttran", "auditors"] {
        assert_eq!(found(&fold, typed), NONE, "{typed}");
    }
}

#[test]
fn who_may_not_see_a_case_does_not_find_it() {
    let (policy, folder) = (example_policy(), folder());
    let mut fold = with(folder.path(), &policy, &[("Tràn dầu", "một"), ("Tràn dầu", "hai")]);
    let by =
        |fold: &Fold, who: &str| found_by(fold, &BTreeSet::from([of(who)]), "tran dau", &Filter::default());
    assert_eq!((by(&fold, "SNNMT"), by(&fold, "XBM")), (vec![2, 1], vec![]));
    changed(&mut fold, &policy, 1, |case| {
        case.audience.remove(&of("SNNMT"));
        case.audience.insert(of("XBM"));
    });
    assert_eq!((by(&fold, "SNNMT"), by(&fold, "XBM")), (vec![2], vec![1]));
    let none = BTreeSet::new();
    assert_eq!(found_by(&fold, &none, "tran dau", &Filter::default()), NONE);
    // Another's words are not even the beginning of a longer one.
    let agency = Filter { agency: Some("SNNMT".into()), ..Filter::default() };
    assert_eq!(found_by(&fold, &BTreeSet::from([of("XBM")]), "tran", &agency), NONE);
}

#[test]
fn a_page_of_hits_goes_on_where_the_one_before_ended_while_cases_change() {
    let (policy, folder) = (example_policy(), folder());
    let texts = [("dầu", "x"), ("x", "dầu"), ("dầu", "dầu"), ("x", "dầu"), ("dầu", "x"), ("x", "x")];
    let mut fold = with(folder.path(), &policy, &texts);
    let query = Query::parse("dau").unwrap();
    let mut seen = Vec::new();
    let mut before = None;
    for round in 7_u32.. {
        let filter = Filter { before, ..Filter::default() };
        let page = fold.store.search(&auditor(), &query, &filter, 2).unwrap();
        seen.extend(page.rows.iter().map(|row| row.raised.sequence));
        // Newer ones come meanwhile, and a hit on a later page changes.
        let entry = call(case(round.into()), round.into(), |data| data["matter"]["title"] = "dầu".into());
        fold.apply(&entry, Instant::now(), &under(&policy));
        changed(&mut fold, &policy, 2, |case| case.urgency = events::Urgency::Khan);
        let Some(next) = page.next else { break };
        before = Some(next);
    }
    assert_eq!(seen, [5, 3, 1, 4, 2]);
}

/// What waits for agencies, in their order, page by page: the key, and where the case was raised.
fn waits(fold: &Fold, who: &BTreeSet<Principal>, agencies: &[&str], most: usize) -> Vec<String> {
    let agencies: BTreeSet<_> = agencies.iter().copied().map(AgencyId::from).collect();
    let mut seen = Vec::new();
    let mut after: Option<Entry> = None;
    loop {
        let page = fold.store.work(who, &agencies, |_, _| true, after.as_ref(), most).unwrap();
        let told = |(entry, row): &(Entry, Row)| {
            format!("{} {}", entry.to_string().rsplit('.').next().unwrap(), row.raised.sequence)
        };
        seen.extend(page.rows.iter().map(told));
        match page.next {
            Some(next) => after = Some(next.to_string().parse().unwrap()),
            None => return seen,
        }
    }
}

#[test]
fn what_waits_comes_soonest_first_and_goes_when_it_is_done() {
    let (policy, folder) = (example_policy(), folder());
    let mut fold = fold(folder.path());
    for (n, day) in [(1, 19), (2, 17), (3, 18), (4, 17)] {
        let entry = call(case(n), u64::try_from(n).unwrap(), |data| {
            data["deadlines"][0]["due"] = format!("2026-05-{day}T22:48:00Z").into();
        });
        fold.apply(&entry, Instant::now(), &under(&policy));
    }
    save(&mut fold);
    let raiser = BTreeSet::from([of("SNNMT")]);
    for most in 1..6 {
        assert_eq!(
            waits(&fold, &raiser, &["SNNMT"], most),
            ["written 2", "written 4", "written 3", "written 1"]
        );
    }
    assert_eq!(waits(&fold, &raiser, &["SNNMT", "SYT"], 2).len(), 4);
    assert!(waits(&fold, &raiser, &["BTG"], 2).is_empty(), "the example arms nothing that it owes");
    assert!(
        waits(&fold, &BTreeSet::from([of("SYT")]), &["SNNMT"], 2).is_empty(),
        "who sees no case has no work"
    );
    let never =
        fold.store.work(&raiser, &BTreeSet::from(["SNNMT".into()]), |_, owed| owed != "written", None, 9);
    assert!(never.unwrap().rows.is_empty(), "what one cannot do does not wait");
    changed(&mut fold, &policy, 2, |case| case.lifecycle = Lifecycle::Withdrawn);
    assert_eq!(waits(&fold, &raiser, &["SNNMT"], 2), ["written 4", "written 3", "written 1"]);
}

#[test]
fn a_page_of_work_goes_on_where_the_one_before_ended_while_cases_change() {
    let (policy, folder) = (example_policy(), folder());
    let texts = [("một", "a"); 6];
    let mut fold = with(folder.path(), &policy, &texts);
    let (raiser, agencies) = (BTreeSet::from([of("SNNMT")]), BTreeSet::from([AgencyId::from("SNNMT")]));
    let first = fold.store.work(&raiser, &agencies, |_, _| true, None, 2).unwrap();
    let numbers = |rows: &[(Entry, Row)]| rows.iter().map(|(_, row)| row.raised.sequence).collect::<Vec<_>>();
    assert_eq!(numbers(&first.rows), [1, 2]);
    changed(&mut fold, &policy, 2, |case| case.lifecycle = Lifecycle::Withdrawn);
    changed(&mut fold, &policy, 4, |case| case.lifecycle = Lifecycle::Withdrawn);
    let second = fold.store.work(&raiser, &agencies, |_, _| true, first.next.as_ref(), 2).unwrap();
    assert_eq!(numbers(&second.rows), [3, 5]);
    let third = fold.store.work(&raiser, &agencies, |_, _| true, second.next.as_ref(), 2).unwrap();
    assert_eq!((numbers(&third.rows), third.next), (vec![6], None));
    for text in ["", "1", "1.2.3", "a.1.1.written", "1.2.-3.written"] {
        assert!(text.parse::<Entry>().is_err(), "{text:?}");
    }
}

#[test]
fn what_waits_is_noted_anew_when_the_rules_change() {
    let (policy, folder) = (example_policy(), folder());
    let before = with(folder.path(), &policy, &[("một", "a"), ("hai", "b")]);
    // As a file is left by other rules: nothing waits in one case, and the other is not in memory.
    before.store.forget_work();
    drop(before);
    let mut after = fold(folder.path());
    after.case(case(1)).unwrap();
    let raiser = BTreeSet::from([of("SNNMT")]);
    after.look_again();
    let now = after.case(case(1)).unwrap().case.recorded_at;
    for _ in 0..2 {
        after.look_on(now, &policy);
        save(&mut after);
    }
    assert_eq!(waits(&after, &raiser, &["SNNMT"], 9), ["written 1", "written 2"]);
    // Then nothing is left to be looked at.
    after.look_on(now, &policy);
    assert_eq!(after.unsaved(), 0);
}
