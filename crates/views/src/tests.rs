//! Lists, searches and work with many stored cases. `CONCORD_CASES=1000000 cargo test --release -p views --lib --
//! with_many_stored_cases --nocapture` measures how long they take, for docs/figures.

use std::time::Instant;

use bus::append::Stored;
use domain::{
    Rulebook, access,
    work::{Owed, may_do},
};
use events::{AggregateId, Kind};
use testkit::example_policy;

use super::*;

/// One case of so many is of an agency whose officers see no other.
const RARE: u32 = 100;

/// How many facts of the log a case stands for: the others bring nothing that is asked for here.
const FACTS: u64 = 5;

/// How many cases are applied before they are written, as the follower does.
const AT_ONCE: u32 = 4_096;

/// Numbers that look like chance, and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    /// A syllable: the lower its number, the more often, as in any language.
    fn syllable(&mut self) -> String {
        let (first, second) = (self.roll(2_400), self.roll(2_400));
        let n = first.min(second).min(self.roll(2_400));
        let consonants =
            ["b", "c", "ch", "d", "đ", "g", "h", "kh", "l", "m", "n", "ng", "nh", "p", "ph", "qu"];
        let vowels = ["a", "ă", "â", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y", "ai", "ao", "ây", "oa"];
        let ends = ["", "c", "ch", "m", "n", "ng", "nh", "p", "t"];
        format!("{}{}{}", consonants[n % 16], vowels[n / 16 % 16], ends[n / 256 % 9])
    }

    fn text(&mut self, words: usize) -> String {
        (0..words).map(|_| self.syllable()).collect::<Vec<_>>().join(" ")
    }
}

/// The facts of the cases, each a call, as the log has them.
fn calls(cases: u32) -> impl Iterator<Item = Stored> {
    let mut dice = Dice(7);
    let example = Kind::RaisedByPhone.example();
    (1..=cases).map(move |n| {
        let id = CaseId(uuid::Uuid::from_u128(u128::from(n) << 64 | u128::from(n)));
        let subject = AggregateId::Case(id).subject();
        let rare = n.is_multiple_of(RARE);
        let raiser = if rare { "SYT" } else { "SNNMT" };
        let mut fact = example.clone();
        fact["subject"] = subject.clone().into();
        let data = &mut fact["data"];
        data["parties"]["raiser"] = raiser.into();
        data["parties"]["required"] = serde_json::json!([raiser, "BTG"]);
        data["matter"]["topic"] = (if rare { "health" } else { "agriculture" }).into();
        data["matter"]["title"] = format!("Sự cố {}", dice.text(7)).into();
        // A word of all of them, one of all the rare ones, one of all the others.
        let own = if rare { "ngộ độc" } else { "thủy sản" };
        data["matter"]["summary"] = format!("{own} {} chưa rõ nguyên nhân", dice.text(30)).into();
        Stored { sequence: u64::from(n) * FACTS, subject, payload: fact.to_string().into() }
    })
}

/// Somebody who asks.
struct Asking<'a> {
    views: &'a Views,
    person: domain::Person,
    principals: BTreeSet<Principal>,
    now: Timestamp,
    /// How often each is asked.
    rounds: usize,
}

impl Asking<'_> {
    /// Measures one kind of question, each answer's place asked for next; prints how it went.
    fn measure(&self, what: &str, mut ask: impl FnMut(&Self) -> usize) {
        let mut shown = 0;
        let mut took: Vec<_> = (0..self.rounds)
            .map(|_| {
                let began = Instant::now();
                shown += ask(self);
                began.elapsed()
            })
            .collect();
        took.sort_unstable();
        let ms = |at: usize| took[at].as_secs_f64() * 1_000.0;
        println!(
            "{what:<58} p50 {:7.2} ms   p99 {:7.2} ms   max {:7.2} ms   {:.1} a page",
            ms(self.rounds / 2),
            ms(self.rounds * 99 / 100),
            ms(self.rounds - 1),
            f64::from(u32::try_from(shown).unwrap()) / f64::from(u32::try_from(self.rounds).unwrap())
        );
    }

    fn list(&self, what: &str, filter: &Filter) {
        let mut before = None;
        self.measure(what, |asking| {
            let filter = Filter { before, ..filter.clone() };
            let page = asking.views.list(&asking.principals, &filter, 50).unwrap();
            before = page.next;
            page.cases.len()
        });
    }

    fn search(&self, what: &str, typed: &str, is_first: bool) {
        let query = Query::parse(typed).unwrap();
        let mut before = None;
        self.measure(&format!("{what}: {typed}"), |asking| {
            let filter = Filter { before, ..Filter::default() };
            let page = asking.views.search(&asking.principals, &query, &filter, 50).unwrap();
            before = page.next.filter(|_| !is_first);
            page.hits.len()
        });
    }

    fn work(&self, what: &str) {
        let policy = self.views.policy(self.now);
        let does: BTreeSet<_> = Owed::all()
            .filter(|owed| owed.acts().iter().any(|act| may_do(act, &self.person, &policy, self.now)))
            .map(|owed| owed.to_string())
            .collect();
        let mut desk = Desk {
            principals: self.principals.clone(),
            agencies: BTreeSet::from([self.person.agency.clone()]),
            does: |_: &AgencyId, owed: &str| does.contains(owed),
            after: None,
            most: 50,
        };
        self.measure(what, |asking| {
            let page = asking.views.work(&desk, asking.now).unwrap();
            desk.after = page.next;
            page.items.len()
        });
    }
}

#[test]
fn with_many_stored_cases() {
    let asked = std::env::var("CONCORD_CASES").ok().and_then(|cases| cases.parse().ok());
    let (cases, rounds) = asked.map_or((300, 2), |cases| (cases, 1_000));
    let folder = tempfile::tempdir().unwrap();
    let policy = Arc::new(example_policy());
    let views = Views::open(Arc::clone(&policy), folder.path()).unwrap();
    let rules = Rulebook::of(Arc::clone(&policy));
    let (began, mut writing) = (Instant::now(), Duration::ZERO);
    let mut now = Timestamp::default();
    for call in calls(cases) {
        views.fold().apply(&call, began, &rules);
        if call.sequence.is_multiple_of(u64::from(AT_ONCE) * FACTS)
            || call.sequence == u64::from(cases) * FACTS
        {
            let began = Instant::now();
            views.save().unwrap();
            writing += began.elapsed();
        }
        if now == Timestamp::default() {
            let id = CaseId(uuid::Uuid::from_u128(1 << 64 | 1));
            now = views.case(id).unwrap().recorded_at;
        }
    }
    println!(
        "{cases} cases in {:.0} s, {:.0} s of them writing",
        began.elapsed().as_secs_f64(),
        writing.as_secs_f64()
    );
    let file = std::fs::metadata(folder.path().join("fold-1.sqlite")).unwrap().len();
    println!("{} MiB on disk", file >> 20);
    assert_eq!(views.unreadable(), 0);
    for (who, share) in [("syt.dau-moi", "1 %"), ("btg.dau-moi", "all")] {
        let person = policy.organisation.person(&who.into(), now).unwrap();
        let principals = access::principals(&person, &policy, now);
        let asking = Asking { views: &views, person, principals, now, rounds };
        let none = Filter::default();
        asking.list(&format!("{share}: list"), &none);
        let state = Filter { lifecycle: Some(Lifecycle::Received), ..none.clone() };
        asking.list(
            &format!("{share}: list, state and topic"),
            &Filter { topics: Some(BTreeSet::from(["health".to_owned()])), ..state },
        );
        asking.list(
            &format!("{share}: list, another agency"),
            &Filter { agency: Some("SNNMT".into()), ..none.clone() },
        );
        asking.list(
            &format!("{share}: list, nothing to be found"),
            &Filter { lifecycle: Some(Lifecycle::Closed), ..none },
        );
        asking.work(&format!("{share}: work"));
        for typed in [
            "su co",
            "nguyen nhan",
            "nguyen nh",
            "ngo doc",
            "thuy san",
            "ngo san",
            "bac chan",
            "bac nhang ph",
            "b",
            "su co ch",
            "khong-co",
        ] {
            asking.search(&format!("{share}: search, first page"), typed, true);
        }
        asking.search(&format!("{share}: search, page after page"), "nguyen nhan", false);
    }
}
