//! `docs/api.md`: a curl command for every act, taken from the scenario that does it; `tests/api_guide.rs` sends each.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use domain::{
    Act, catalogue, duties, labels,
    scenario::{Deed, Scenario},
    simulation,
};

use crate::{flow::golden, place};

const TEMPLATE: &str = include_str!("pages/api.md");

/// An act as a scenario does it, with success.
struct Shown {
    scenario: String,
    line: usize,
    deed: Deed,
}

#[test]
fn every_act_has_its_command() {
    let shown = shown();
    let mut acts = String::new();
    for act in catalogue::acts() {
        if let Some(shown) = shown.get(act.name) {
            described(&mut acts, act, shown);
        }
    }
    let page = TEMPLATE.replace("{{acts}}", acts.trim_end());
    let bare = catalogue::acts().filter(|act| !page.contains(&format!("### {}\n", act.name)));
    assert_eq!(bare.map(|act| act.name).collect::<Vec<_>>(), Vec::<&str>::new(), "have no command");
    golden(&top().join("docs/api.md"), &page);
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// For each act a scenario that does it: of few scenarios as many acts as possible, so that all are sent in a minute.
fn shown() -> BTreeMap<String, Shown> {
    let mut done = every();
    let mut chosen = BTreeMap::new();
    loop {
        done.retain(|_, acts| {
            acts.retain(|act, _| !chosen.contains_key(act));
            !acts.is_empty()
        });
        // The first of those that show the most that is still wanted.
        let most = done.iter().rev().max_by_key(|(_, acts)| acts.len()).map(|(name, _)| name.clone());
        let Some((name, acts)) = most.and_then(|name| done.remove_entry(&name)) else { return chosen };
        for (act, (line, deed)) in acts {
            chosen.insert(act, Shown { scenario: name.clone(), line, deed });
        }
    }
}

/// What every scenario does with success: each act the first time.
fn every() -> BTreeMap<String, BTreeMap<String, (usize, Deed)>> {
    let policy = Arc::new(place::policy(None).expect("the delivered policy"));
    let mut done = BTreeMap::new();
    let files = fs::read_dir(top().join("tests/scenarios")).expect("the scenarios");
    let files: BTreeSet<_> = files.filter_map(|entry| Some(entry.ok()?.path())).collect();
    for file in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "txt")) {
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let scenario =
            Scenario::parse(&fs::read_to_string(file).expect("a scenario")).expect("it can be read");
        let (played, _) = simulation::play(&scenario, Arc::clone(&policy)).expect("it is played");
        let mut acts = BTreeMap::new();
        for (step, played) in scenario.steps.iter().zip(&played) {
            if let (Some(deed), Some(Ok(_))) = (&step.act, &played.outcome) {
                acts.entry(deed.act.clone()).or_insert_with(|| (step.line, deed.clone()));
            }
        }
        done.insert(name, acts);
    }
    done
}

fn described(out: &mut String, act: &Act, shown: &Shown) {
    let words = labels::acts::act(act.name).expect("an act has words");
    let Shown { scenario, line, deed } = shown;
    let _ = writeln!(out, "### {}\n", act.name);
    let _ = writeln!(out, "{} – {}\n", words.label.vi, words.label.en);
    let _ = writeln!(out, "<!-- {scenario}:{line} -->\n```sh");
    let path = match (act.name, act.stage) {
        ("raise", _) => "cases".to_owned(),
        (name, events::Stage::Directory) => format!("directory/{name}"),
        (name, stage) if events::Stage::DUTIES.contains(&stage) => {
            let root = duties::path(stage);
            if duties::begins(act) { root.to_owned() } else { format!("{root}/$DUTY/{name}") }
        }
        (name, _) => format!("cases/$CASE/{name}"),
    };
    let _ = write!(out, "curl \"$API/{path}\" -H \"$(as {})\" -H \"Idempotency-Key: $KEY\"", deed.officer);
    if deed.body.as_object().is_none_or(serde_json::Map::is_empty) {
        let _ = writeln!(out, " -X POST\n```\n");
    } else {
        let body = serde_json::to_string_pretty(&deed.body).expect("JSON");
        let _ = writeln!(out, " --json @- <<JSON\n{}\nJSON\n```\n", with_variables(&body));
    }
}

/// What a scenario refers to by name is a variable: the id of another case, of a fact, of a delegation.
fn with_variables(body: &str) -> String {
    let mut out = String::new();
    for line in body.lines() {
        match line.split_once("\"@") {
            Some((before, name)) => {
                let variable = match name {
                    name if name.starts_with("event ") => "$EVENT",
                    name if name.starts_with("delegation\"") => "$DELEGATION",
                    _ => "$OTHER",
                };
                let after = name.split_once('"').map_or("", |(_, after)| after);
                let _ = writeln!(out, "{before}\"{variable}\"{after}");
            }
            None => {
                let _ = writeln!(out, "{line}");
            }
        }
    }
    out.trim_end().to_owned()
}
