//! `docs/coverage.md`: which scenario shows which clause, act, step and clock, found by playing every scenario.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use domain::{catalogue, labels, scenario::Scenario, simulation};
use events::{Body, DeadlineKey, Kind};

use crate::{flow::golden, place};

const TEMPLATE: &str = include_str!("pages/coverage.md");

/// Acts that no scenario does, and what shows them.
const BY_HAND: [(&str, &str); 1] = [(
    "publish-policy",
    "`crates/domain/src/directory/tests`, `tests/directory.rs`: whole files stand in no scenario",
)];

/// A step that no scenario does, and what shows it.
const BY_ITSELF: (&str, &str) = (
    "pass-delegations",
    "`crates/domain/src/directory/tests`: in the example province who merges has delegated nothing",
);

/// What all scenarios show.
#[derive(Default)]
struct Shown {
    /// Each act, with the scenarios that do it.
    acts: BTreeMap<String, BTreeSet<String>>,
    /// Each act, with what it is refused for.
    refused: BTreeMap<String, BTreeSet<String>>,
    /// Each fact of the process itself, with the scenarios in which it comes.
    steps: BTreeMap<Kind, BTreeSet<String>>,
    /// Each clock: armed, reminded, and overdue at each level.
    clocks: BTreeMap<DeadlineKey, [usize; 5]>,
}

#[test]
fn what_is_covered_is_documented_as_the_scenarios_show_it() {
    let shown = shown();
    let bare: Vec<_> =
        catalogue::acts().filter(|act| !shown.acts.contains_key(act.name)).map(|act| act.name).collect();
    assert_eq!(bare, BY_HAND.map(|(act, _)| act), "no scenario does these");
    let steps = || catalogue::steps().filter(|step| step.name != BY_ITSELF.0);
    let bare: Vec<_> = steps().filter(|step| !shown.steps.contains_key(&step.records)).collect();
    assert!(bare.is_empty(), "in no scenario the process does these: {bare:?}");
    let never: Vec<_> = shown.clocks.iter().filter(|(_, [armed, ..])| *armed == 0).collect();
    assert!(never.is_empty(), "in no scenario these run: {never:?}");
    golden(&top().join("docs/coverage.md"), &filled(&shown));
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn shown() -> Shown {
    let policy = Arc::new(place::policy(None).expect("the delivered policy"));
    let mut shown = Shown::default();
    for key in DeadlineKey::ALL {
        shown.clocks.insert(key, [0; 5]);
    }
    let mut files: Vec<_> = fs::read_dir(top().join("tests/scenarios"))
        .expect("the scenarios")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    for file in files {
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).expect("a scenario");
        let scenario = Scenario::parse(&text).expect("a scenario that can be read");
        let (played, simulation) = simulation::play(&scenario, Arc::clone(&policy)).expect("it is played");
        for (step, played) in scenario.steps.iter().zip(&played) {
            match (&step.act, &played.outcome) {
                (Some(deed), Some(Ok(_))) => {
                    shown.acts.entry(deed.act.clone()).or_default().insert(name.clone());
                }
                (Some(deed), Some(Err(refusal))) => {
                    shown.refused.entry(deed.act.clone()).or_default().insert(refusal.code.to_string());
                }
                _ => {}
            }
            for done in played.meanwhile.iter().chain(&played.afterwards) {
                shown.steps.entry(done.kind).or_default().insert(name.clone());
            }
        }
        // The first one is the policy of the files, which no step publishes.
        for fact in simulation.paper().said_to_directory().facts.iter().skip(1) {
            shown.steps.entry(fact.body().kind()).or_default().insert(name.clone());
        }
        for (_, case) in simulation.cases() {
            let facts = simulation.paper().told(case.id).map_or(&[][..], |told| &told.facts);
            for fact in facts {
                note_clocks(&mut shown.clocks, fact);
            }
        }
    }
    shown
}

fn note_clocks(clocks: &mut BTreeMap<DeadlineKey, [usize; 5]>, fact: &events::Fact) {
    let mut note = |key: DeadlineKey, column: usize| clocks.entry(key).or_default()[column] += 1;
    for deadline in &fact.draft.deadlines {
        note(deadline.key, 0);
    }
    match fact.body() {
        Body::ConfirmationReminded(said)
        | Body::RoutingReminded(said)
        | Body::CoordinationReminded(said)
        | Body::TaskforceReminded(said)
        | Body::EscalationReminded(said)
        | Body::ClosureReminded(said) => note(said.key, 1),
        Body::ConfirmationOverdue(said)
        | Body::RoutingOverdue(said)
        | Body::CoordinationOverdue(said)
        | Body::TaskforceOverdue(said)
        | Body::EscalationOverdue(said)
        | Body::ClosureOverdue(said) => note(said.key, 1 + usize::from(said.level)),
        _ => {}
    }
}

fn filled(shown: &Shown) -> String {
    let mut out = String::new();
    for line in TEMPLATE.lines() {
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("{{") {
            let (wanted, after) = after.split_once("}}").expect("a table ends");
            out.push_str(before);
            out.push_str(&table(shown, wanted));
            rest = after;
        }
        out.push_str(rest);
        out.push('\n');
    }
    out
}

fn table(shown: &Shown, wanted: &str) -> String {
    match wanted {
        "all acts" => all_acts(shown),
        "all steps" => all_steps(shown),
        "all clocks" => all_clocks(shown),
        _ => {
            let acts = wanted.strip_prefix("acts ").expect("a table that is known").split(' ');
            let scenarios: BTreeSet<_> = acts
                .flat_map(|act| {
                    assert!(catalogue::acts().any(|known| known.name == act), "{act} is no act");
                    shown.acts.get(act).into_iter().flatten()
                })
                .collect();
            some(scenarios.into_iter())
        }
    }
}

/// A few scenarios, and how many more.
fn some<'a>(scenarios: impl ExactSizeIterator<Item = &'a String>) -> String {
    let more = scenarios.len().saturating_sub(4);
    let names: Vec<_> = scenarios.take(4).map(|name| format!("`{name}`")).collect();
    let names = names.join(", ");
    if more == 0 { names } else { format!("{names} and {more} more") }
}

fn all_acts(shown: &Shown) -> String {
    let mut out = "| Act | Done in | Refused in scenarios for |\n|---|---|---|\n".to_owned();
    for act in catalogue::acts() {
        let refused: Vec<_> = shown.refused.get(act.name).into_iter().flatten().cloned().collect();
        let label = labels::acts::act(act.name).map_or("", |words| words.label.en);
        let elsewhere = || {
            let found = BY_HAND.iter().find(|(name, _)| *name == act.name);
            found.map(|(_, why)| (*why).to_owned()).unwrap_or_default()
        };
        let done = shown.acts.get(act.name).map_or_else(elsewhere, |scenarios| some(scenarios.iter()));
        let _ = writeln!(out, "| {label}<br>`{}` | {done} | {} |", act.name, refused.join(", "));
    }
    out.trim_end().to_owned()
}

fn all_steps(shown: &Shown) -> String {
    let mut out = "| Step | Comes in |\n|---|---|\n".to_owned();
    for step in catalogue::steps() {
        let label = labels::step(step.name).map_or("", |(label, _)| label.en);
        let comes_in = match shown.steps.get(&step.records) {
            Some(scenarios) => some(scenarios.iter()),
            None => BY_ITSELF.1.to_owned(),
        };
        let _ = writeln!(out, "| {label}<br>`{}` | {comes_in} |", step.name);
    }
    out.trim_end().to_owned()
}

fn all_clocks(shown: &Shown) -> String {
    let mut out =
        "| Clock | Armed | Reminded | Overdue 1 | Overdue 2 | Overdue 3 |\n|---|--:|--:|--:|--:|--:|\n"
            .to_owned();
    for (key, columns) in &shown.clocks {
        let cells: Vec<_> = columns.iter().map(ToString::to_string).collect();
        let _ = writeln!(out, "| {}<br>`{key}` | {} |", labels::deadline(*key).en, cells.join(" | "));
    }
    out.trim_end().to_owned()
}
