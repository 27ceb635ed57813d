//! No word of a case gets into any mail, whatever officers write; and no mail of an exercise fails to say so.

use std::{collections::BTreeSet, fs, path::PathBuf, sync::Arc};

use domain::{
    notices::{MAILED, notices},
    scenario::Scenario,
    simulation::Simulation,
};
use proptest::prelude::*;
use serde_json::Value;
use testkit::example_policy;

use super::*;

/// The fields in which officers write what they like, by the last part of their names.
const FREE: [&str; 24] = [
    "title",
    "summary",
    "request",
    "what",
    "where",
    "since_when",
    "scale",
    "actions_taken",
    "note",
    "abstract",
    "reason",
    "advice",
    "office",
    "name",
    "explanation",
    "opinion",
    "text",
    "content",
    "result",
    "dissent",
    "purpose",
    "tasks",
    "question",
    "answer",
];

fn scenarios() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some_and(|ext| ext == "txt")).collect();
    files.sort();
    files
}

/// Other words wherever an officer writes; gives the words.
fn rewrite(body: &mut Value, words: &mut impl Iterator<Item = String>, used: &mut BTreeSet<String>) {
    match body {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if FREE.contains(&key.as_str()) => {
                        let some: Vec<_> = words.take(3).collect();
                        *text = some.join(" ");
                        used.extend(some);
                    }
                    value => rewrite(value, words, used),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite(item, words, used)),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// Every mail that the facts of a story bring.
fn mails(simulation: &Simulation, policy: &Policy) -> Vec<Letter> {
    let config = service::config::Mail { english: true, discreet: Vec::new(), ..Default::default() };
    let on = Stationery { config: &config, policy, public_url: "https://a.example", domain: "a.example" };
    let mut letters = Vec::new();
    let paper = simulation.paper();
    for facts in paper.cases().keys().filter_map(|id| paper.told(*id)).map(|told| &told.facts) {
        let mut case = None;
        for fact in facts {
            let stands = domain::evolve(case, fact).unwrap();
            if MAILED.contains(&fact.body().kind()) {
                let told = Told {
                    about: About::Case(stands.id),
                    code: stands
                        .code
                        .as_ref()
                        .map_or_else(|| "VV-2026-00001".to_owned(), ToString::to_string),
                    urgency: stands.urgency,
                    exercise: stands.matter.exercise,
                };
                let wanted = notices(&stands, fact, policy);
                let told =
                    wanted.into_iter().filter_map(|wanted| notice(fact.draft.id, &told, wanted, policy));
                let told: Vec<_> = told.collect();
                for each in &told {
                    let id = EntryId::of(each.event, &each.office);
                    let open =
                        Open::new(id, each.clone(), crate::outbox::Rank::default(), fact.recorded_at, None);
                    letters.push(letter(&open, each, &on).unwrap());
                    letters.extend(
                        failures(each, policy).iter().map(|failure| letter(&open, failure, &on).unwrap()),
                    );
                }
                if let Some(digest) = gathered(EntryId(fact.draft.id.0), fact.recorded_at, &told, policy) {
                    let open = Open::new(
                        EntryId(fact.draft.id.0),
                        digest.clone(),
                        crate::outbox::Rank::default(),
                        fact.recorded_at,
                        None,
                    );
                    letters.push(letter(&open, &digest, &on).unwrap());
                }
            }
            case = Some(stands);
        }
    }
    letters
}

#[test]
fn every_mail_of_an_exercise_says_so_first_whatever_it_tells() {
    let policy = Arc::new(example_policy());
    let mut told = BTreeSet::new();
    for file in scenarios() {
        let mut scenario = Scenario::parse(&fs::read_to_string(&file).unwrap()).unwrap();
        for deed in scenario.steps.iter_mut().filter_map(|step| step.act.as_mut()) {
            if deed.act == "raise" {
                deed.body["exercise"] = Value::Bool(true);
            }
        }
        let mut simulation = Simulation::of(&scenario, Arc::clone(&policy));
        for step in &scenario.steps {
            // What came otherwise with an exercise is tested elsewhere: here only its mails count.
            let _ = simulation.play(&scenario, step);
        }
        for mail in mails(&simulation, &policy) {
            let name = file.display();
            let subject = mail.subject.strip_prefix("[DIỄN TẬP] ");
            let subject = subject.unwrap_or_else(|| panic!("{name}: {}", mail.subject));
            assert!(
                mail.text.starts_with("ĐÂY LÀ DIỄN TẬP, không phải vụ việc thật.\n"),
                "{name}: {}",
                mail.text
            );
            assert!(mail.text.contains("THIS IS AN EXERCISE, not a real case."), "{name}: {}", mail.text);
            told.insert(subject.rsplit(" – ").next().unwrap_or_default().to_owned());
        }
    }
    assert!(told.len() >= 20, "nearly all alerts of a case are told somewhere: {told:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn no_word_that_an_officer_writes_and_no_name_gets_into_a_mail(
        scenario in 0..1_000_usize,
        words in proptest::collection::vec("[bcdghklmnpqstvx]{3}[aeiouy]{2}[0-9]{2}[a-z]{3}", 60),
    ) {
        let files = scenarios();
        let file = &files[scenario % files.len()];
        let text = fs::read_to_string(file).unwrap();
        let policy = Arc::new(example_policy());
        let mut scenario = Scenario::parse(&text).unwrap();
        let (mut words, mut used) = (words.iter().cycle().cloned(), BTreeSet::new());
        for deed in scenario.steps.iter_mut().filter_map(|step| step.act.as_mut()) {
            rewrite(&mut deed.body, &mut words, &mut used);
        }
        let mut simulation = Simulation::new(Arc::clone(&policy), scenario.start);
        for step in &scenario.steps {
            // What is refused with other words is refused; the mails of the rest are what counts.
            let _ = simulation.play(&scenario, step);
        }
        let organisation = &policy.organisation;
        let names = organisation.officers().map(|officer| officer.name.to_lowercase());
        let names: BTreeSet<_> = names.chain(organisation.agencies().map(|agency| agency.name.to_lowercase())).collect();
        let mails = mails(&simulation, &policy);
        // The mails of a scenario of duties alone are held against their words where it is told end to end.
        let of_cases = simulation.cases().next().is_some();
        prop_assert!(!of_cases || mails.len() > 1 && used.len() > 5, "{}: {} mails", file.display(), mails.len());
        for mail in mails {
            let office = organisation.offices().find(|office| office.email == mail.to).unwrap();
            let said = format!("{}\n{}", mail.subject, mail.text).replace(&office.title, "").to_lowercase();
            for word in used.iter().chain(&names) {
                // The secretariat names itself in E13: the book of rules has it so.
                let itself = word == "văn phòng tỉnh ủy";
                prop_assert!(itself || !said.contains(word.as_str()), "{word} is in {said}");
            }
        }
    }
}
