//! The table of the regions says what the stages do: everything that was seen is declared, and everything that is
//! declared was seen.

use std::collections::{BTreeMap, BTreeSet};

use events::{Fact, Kind, Stage};
use serde_json::json;

use super::{histories, played, *};
use crate::{Case, regions, scenario::name};

/// A region's code and the number of the thing within the case, with where it stands.
type Stands = BTreeMap<(&'static str, usize), String>;

/// A move: the region's code, from, to, and the fact that made it.
type Made = (&'static str, Option<String>, String, Kind);

fn stands(case: &Case) -> Stands {
    let mut all = Stands::new();
    all.insert(("L", 0), name(&case.lifecycle));
    all.insert(("TF", 0), name(&case.taskforce.state));
    all.insert(("E", 0), name(&case.escalation.state));
    for (number, each) in case.confirmations.iter().enumerate() {
        all.insert(("W", number), name(&each.written));
        if let Some(caller) = each.caller {
            all.insert(("V", number), name(&caller));
        }
    }
    all.extend(case.assignments.iter().map(|each| name(&each.state)).enumerate().map(of("A")));
    all.extend(case.rounds.iter().map(|each| name(&each.state)).enumerate().map(of("R")));
    all.extend(case.escalation.instructions.iter().map(|each| name(&each.state)).enumerate().map(of("I")));
    all
}

fn of(code: &'static str) -> impl Fn((usize, String)) -> ((&'static str, usize), String) {
    move |(number, state)| ((code, number), state)
}

/// The state before there is a case: some regions are there, and empty.
fn before_all() -> Stands {
    let initial = |region: &regions::Region| Some(((region.code, 0), region.initial()?.name.to_owned()));
    regions::ALL.iter().filter_map(initial).collect()
}

/// The moves that the facts of a story made, one fact after the other.
fn seen_in(stored: &[String], seen: &mut BTreeSet<Made>) {
    let (mut case, mut before) = (None, before_all());
    for bytes in stored {
        let fact = Fact::from_bytes(bytes.as_bytes()).unwrap();
        let folded = evolve(case, &fact).unwrap();
        let after = stands(&folded);
        for (thing, to) in &after {
            let from = before.get(thing);
            if from != Some(to) {
                seen.insert((thing.0, from.cloned(), to.clone(), fact.body().kind()));
            }
        }
        assert!(before.keys().all(|thing| after.contains_key(thing)), "nothing that was there is lost");
        (case, before) = (Some(folded), after);
    }
}

fn declared() -> BTreeSet<Made> {
    let moves = regions::ALL.iter().flat_map(|region| region.moves.iter().map(move |each| (region, each)));
    moves
        .flat_map(|(region, each)| {
            let made =
                move |kind: &Kind| (region.code, each.from.map(str::to_owned), each.to.to_owned(), *kind);
            each.facts.iter().map(made)
        })
        .collect()
}

/// Legal, but too rare to be met by chance.
fn rare() -> Vec<Story> {
    [
        taken_back(),
        false_calls(),
        of_assignments(),
        of_directives(),
        of_task_forces(),
        merged(),
        of_dossiers(),
        of_successors(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Withdrawn or cancelled early, or while a document differs or is overdue.
fn taken_back() -> Vec<Story> {
    let unrouted = || {
        let mut story = Files { routing: "rule = []".to_owned(), ..Files::default() }.story();
        story.by("btg.truc-ban").raise(phone()).settle();
        story
    };
    let overdue = || {
        let mut story = Story::phoned();
        story.until("17/05/2026 06:00");
        story
    };
    let withdrawn = [unrouted(), Story::discrepant(), overdue()].map(|mut story| {
        story.by("snnmt.lanh-dao").when("withdraw", withdrawing()).settle();
        story
    });
    let mut received = Story::phoned();
    received.by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
    let cancelled = [unrouted(), Story::discrepant(), received].map(|mut story| {
        cancels(&mut story, "test");
        story
    });
    withdrawn.into_iter().chain(cancelled).collect()
}

fn cancels(story: &mut Story, because: &str) {
    story.by("btg.truong-phong").when("propose-cancellation", cancelling(because));
    story.by("btg.lanh-dao").when("confirm-cancellation", confirming(1)).settle();
}

/// The agency denies the call: with a task force on the way, or a document that matches after all.
fn false_calls() -> Vec<Story> {
    let denied = |mut story: Story| {
        story.by("btg.truc-ban").when("verify-callback", callback("failed")).settle();
        story
    };
    let mut proposed = denied(Story::coordinating());
    proposed.by("btg.truong-phong").when("propose-task-force", task_force());
    cancels(&mut proposed, "caller-not-genuine");
    let mut consented = denied(Story::coordinating());
    consents(&mut consented);
    cancels(&mut consented, "caller-not-genuine");
    let mut withdrawn = Story::coordinating();
    consents(&mut withdrawn);
    withdrawn.by("snnmt.lanh-dao").when("withdraw", withdrawing()).settle();
    let mut matched = denied(Story::phoned());
    matched.by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
    matched.by("btg.dau-moi").when("compare-written", verdicts("same")).settle();
    vec![proposed, consented, withdrawn, matched]
}

fn consents(story: &mut Story) {
    story.by("btg.truong-phong").when("propose-task-force", task_force());
    for (agency, lead) in [("btg", true), ("snnmt", false), ("xbm", false)] {
        let body = consenting(&format!("{agency}.dau-moi"), lead);
        story.by(&format!("{agency}.lanh-dao")).when("consent-task-force", body);
    }
}

/// Closed before the superior acknowledges; declined, and then asked in another part.
fn of_assignments() -> Vec<Story> {
    let mut closed = Story::phoned();
    closed.by("btg.dau-moi").when("acknowledge", json!({})).settle();
    closed.by("btg.lanh-dao").when("record-position", agree());
    closed.by("snnmt.van-thu").when("submit-written-confirmation", confirmation());
    closed.by("btg.dau-moi").when("compare-written", verdicts("same"));
    closed.by("snnmt.dau-moi").when("propose-closure", closing());
    closed.by("btg.lanh-dao").when("confirm-closure", confirming(1)).settle();
    let mut declined = Story::phoned();
    declined.by("ubnd.dau-moi").when("decline", declining());
    declined.by("btg.truong-phong").when("add-agency", adding("UBND", "required")).settle();
    vec![closed, declined]
}

/// A directive comes while a question is open; a result is not accepted at first.
fn directed() -> Story {
    let mut story = Story::disputed();
    for (leader, side) in [("ubnd.lanh-dao", "B"), ("btg.lanh-dao", "A")] {
        story.by(leader).when("file-statement", statement(side));
    }
    let cover = with(cover(), "/document/date", "2026-05-16");
    story.by("btg.lanh-dao").when("submit-dossier", cover).settle();
    story.by("tu.thu-ky").when("request-more-info", json!({ "agency": "SXD", "question": "Tiến độ?" }));
    story.when("record-directive", with(binding(), "/binding/document/date", "2026-05-16")).settle();
    story
}

fn of_directives() -> Vec<Story> {
    let mut story = directed();
    story.by("sxd.lanh-dao").when("report-implementation", report(1, 801, "SXD", "2026-05-16"));
    story.by("tu.thu-ky").when("reject-implementation", json!({ "item": 1, "reason": "Chưa đủ." }));
    story.by("sxd.lanh-dao").when("report-implementation", report(1, 802, "SXD", "2026-05-16")).settle();
    vec![story]
}

/// By directive from every state; and a second one after the first.
fn of_task_forces() -> Vec<Story> {
    let mut dissolved = directed();
    dissolved.by("btg.lanh-dao").when("establish-task-force", establishing_by_directive("BTG"));
    dissolved.when("dissolve-task-force", dissolving("BTG"));
    let mut proposed = directed();
    proposed.by("btg.truong-phong").when("propose-task-force", task_force());
    let mut refused = directed();
    refused.by("btg.truong-phong").when("propose-task-force", task_force());
    refused.by("btg.lanh-dao").when("consent-task-force", not_consenting(1));
    let established = [dissolved, proposed, refused].map(|mut story| {
        let decision = with(establishing_by_directive("BTG"), "/document/number", 58);
        story.by("btg.lanh-dao").when("establish-task-force", decision).settle();
        story
    });
    let mut again = Story::with_task_force();
    again.by("ubnd.lanh-dao").when("dissolve-task-force", dissolving("UBND"));
    again.by("btg.truong-phong").when("propose-task-force", task_force()).settle();
    established.into_iter().chain([again]).collect()
}

/// Merged into a fresh case, from every state in which that is legal, with a document that stands anywhere.
fn merged() -> Vec<Story> {
    let after = |mut story: Story, officer: &str, act: &str, body: Value| {
        story.by(officer).when(act, body).settle();
        story
    };
    let unrouted = || {
        let mut story = Files { routing: "rule = []".to_owned(), ..Files::default() }.story();
        story.by("btg.truc-ban").raise(phone()).settle();
        story
    };
    let overdue = || {
        let mut story = Story::phoned();
        story.until("17/05/2026 06:00");
        story
    };
    let in_writing = || {
        let mut story = Story::new();
        story.by("snnmt.dau-moi").raise(written()).settle();
        story
    };
    let received = after(Story::phoned(), "snnmt.van-thu", "submit-written-confirmation", confirmation());
    let verified = after(Story::phoned(), "btg.truc-ban", "verify-callback", callback("verified"));
    let failed = after(Story::phoned(), "btg.truc-ban", "verify-callback", callback("failed"));
    let explained = after(Story::discrepant(), "snnmt.dau-moi", "explain-discrepancy", explaining());
    let reconciled = after(
        after(Story::discrepant(), "snnmt.dau-moi", "explain-discrepancy", explaining()),
        "btg.lanh-dao",
        "reconcile-discrepancy",
        reconciling(1),
    );
    let sources = [
        unrouted(),
        overdue(),
        in_writing(),
        received,
        verified,
        failed,
        explained,
        reconciled,
        Story::coordinating(),
        Story::settled(),
    ];
    sources.into_iter().map(into_another).collect()
}

/// Another case of SXD is raised, and takes the first one over.
fn into_another(mut story: Story) -> Story {
    let report = with(with(written(), "/raiser", "SXD"), "/document/issuer", "SXD");
    let today = calendar::local_date(story.now).to_string();
    let report = with(with(report, "/document/symbol", "BC-SXD"), "/document/date", today);
    story.aside().by("sxd.dau-moi").raise(report).settle();
    let target = story.case().id;
    story.turn_to(1).by("btg.truong-phong").when("merge", merging(target)).settle();
    story.turn_to(2).settle();
    story
}

fn noted(mut story: Story) -> Story {
    story.by("btg.lanh-dao").when("propose-joint-advice", advising("thuong-truc"));
    story.by("ubnd.lanh-dao").when("confirm-joint-advice", confirming(1));
    story.by("tu.thu-ky").when("record-directive", noting()).settle();
    story
}

/// Joint advice is noted while the secretariat still waits for an answer.
fn noted_while_asked() -> Story {
    let mut story = Story::coordinating();
    story.by("btg.lanh-dao").when("propose-joint-advice", advising("thuong-truc"));
    story.by("ubnd.lanh-dao").when("confirm-joint-advice", confirming(1));
    story.by("tu.thu-ky").when("request-more-info", json!({ "agency": "SXD", "question": "Tiến độ?" }));
    story.when("record-directive", noting()).settle();
    story
}

fn taken_back_from_above(asked: bool) -> Story {
    let mut story = Story::escalated();
    if asked {
        story.by("tu.thu-ky");
        story.when("request-more-info", json!({ "agency": "SXD", "question": "Tiến độ?" }));
    }
    let letter = with(taking_the_dossier_back(), "/document/date", "2026-05-16");
    story.by("btg.lanh-dao").when("propose-dossier-withdrawal", letter);
    story.by("ubnd.lanh-dao").when("confirm-dossier-withdrawal", confirming(1));
    story.by("tu.thu-ky").when("accept-dossier-withdrawal", confirming(1)).settle();
    story
}

fn returned() -> Story {
    let mut story = Story::escalated();
    story.by("tu.thu-ky").when("record-directive", returning()).settle();
    story
}

fn again(mut story: Story) -> Story {
    story.by("btg.lanh-dao").when("reopen-coordination", once_more("Có nội dung mới.")).settle();
    story
}

/// Dossiers that were noted, returned or taken back, and what may come after that.
fn of_dossiers() -> Vec<Story> {
    let disagrees = |mut story: Story| {
        story.by("ubnd.lanh-dao").when("record-position", agree());
        story.by("btg.lanh-dao").when("record-position", disagree()).settle();
        story
    };
    let advises = |mut story: Story, number: u32| {
        story.by("btg.lanh-dao").when("propose-joint-advice", advising("thuong-truc"));
        story.by("ubnd.lanh-dao").when("confirm-joint-advice", confirming(number)).settle();
        story
    };
    let declares = |mut story: Story| {
        story.by("btg.lanh-dao").when("record-position", counter("A")).settle();
        story.when("declare-dispute", json!({})).settle();
        story
    };
    let opened_again = |mut story: Story| {
        close(&mut story);
        story.by("ubnd.lanh-dao").when("reopen", once_more("Phát sinh trở lại.")).settle();
        story
    };
    vec![
        disagrees(noted(Story::coordinating())),
        declares(noted(Story::coordinating())),
        noted_while_asked(),
        advises(noted(Story::agreed()), 2),
        opened_again(noted(Story::settled())),
        disagrees(again(taken_back_from_above(true))),
        declares(again(taken_back_from_above(false))),
        advises(taken_back_from_above(false), 1),
        opened_again(taken_back_from_above(false)),
        opened_again(returned()),
    ]
}

/// An agency ends whose assignment is open or declined, with a successor that is asked already or not yet.
fn of_successors() -> Vec<Story> {
    let with_both = |declines: bool| {
        let mut story = Story::phoned();
        story.by("btg.truong-phong").when("add-agency", adding("SXD", "required"));
        story.when("add-agency", adding("XBM", "consulted")).settle();
        if declines {
            story.by("sxd.dau-moi").when("decline", declining()).settle();
        }
        story
    };
    let ends = |mut story: Story, successor: &str| {
        let files = Files::default().ending("SXD", "2026-05-17", successor);
        story.now_under(&files).until("17/05/2026 00:00");
        story
    };
    // SXD disagrees, and what it said is its successor's word.
    let disagrees = |mut story: Story| {
        story.by("btg.truong-phong").when("add-agency", adding("SXD", "required")).settle();
        story.by("sxd.lanh-dao").when("record-position", disagree());
        story.by("btg.lanh-dao").when("record-position", agree()).settle();
        ends(story, "SNNMT")
    };
    // SXD is silent, and its successor has spoken.
    let silent = |position: Value| {
        let mut story = Story::coordinating();
        story.by("btg.truong-phong").when("add-agency", adding("SXD", "required")).settle();
        story.by("btg.lanh-dao").when("record-position", position).settle();
        ends(story, "SNNMT")
    };
    let mut consents = Story::asking_for_a_task_force();
    for agency in ["btg", "snnmt"] {
        let body = consenting(&format!("{agency}.dau-moi"), agency == "btg");
        consents.by(&format!("{agency}.lanh-dao")).when("consent-task-force", body).settle();
    }
    let files = Files::default().ending("XBM", "2026-05-17", "SNNMT");
    consents.now_under(&files).until("17/05/2026 00:00");
    vec![
        silent(agree()),
        silent(counter("A")),
        consents,
        ends(with_both(true), "XBM"),
        ends(with_both(false), "XBM"),
        ends(with_both(true), "SNNMT"),
        ends(with_both(false), "SNNMT"),
        disagrees(again(Story::agreed())),
        disagrees(returned()),
        disagrees(noted(Story::coordinating())),
        disagrees(again(taken_back_from_above(false))),
    ]
}

#[test]
fn the_regions_move_as_the_table_says_and_in_no_other_way() {
    let mut seen = BTreeSet::new();
    for simulation in played::simulated() {
        for (_, case) in simulation.cases() {
            seen_in(&simulation.paper().told(case.id).unwrap().stored, &mut seen);
        }
    }
    for story in rare() {
        for number in 1..=story.raised() {
            seen_in(story.stored_of(number), &mut seen);
        }
    }
    let mut kinds = BTreeSet::new();
    for story in histories::sampled(400) {
        seen_in(story.stored(), &mut seen);
        kinds.extend(story.facts().iter().map(|fact| fact.body().kind()));
    }
    let other = |kind: Kind| kind.stage() == Stage::Directory || Stage::DUTIES.contains(&kind.stage());
    let of_cases = Kind::ALL.iter().filter(|kind| !other(**kind));
    let never: Vec<_> = of_cases.filter(|kind| !kinds.contains(kind)).collect();
    assert!(never.len() < 8, "{never:?} never come by chance");
    let declared = declared();
    let words =
        |moves: Vec<&Made>| moves.iter().map(|made| format!("{made:?}")).collect::<Vec<_>>().join("\n");
    let undeclared = words(seen.difference(&declared).collect());
    let unseen = words(declared.difference(&seen).collect());
    assert!(
        undeclared.is_empty() && unseen.is_empty(),
        "not in the table:\n{undeclared}\n\nnever seen:\n{unseen}"
    );
}

#[test]
fn a_table_names_its_own_states_only_and_each_once() {
    for region in regions::ALL {
        let names: BTreeSet<_> = region.states.iter().map(|state| state.name).collect();
        assert_eq!(names.len(), region.states.len(), "{}", region.name);
        let used: BTreeSet<_> =
            region.moves.iter().flat_map(|each| each.from.into_iter().chain([each.to])).collect();
        assert_eq!(used, names, "{}", region.name);
        let pairs: BTreeSet<_> = region.moves.iter().map(|each| (each.from, each.to)).collect();
        assert_eq!(pairs.len(), region.moves.len(), "{}: two moves of one pair", region.name);
    }
}
