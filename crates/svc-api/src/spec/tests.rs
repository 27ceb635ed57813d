//! The document is complete, says what the code does, and its examples are true.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use domain::{
    catalogue,
    scenario::{Expected, Scenario},
    secrecy,
};

use super::*;

/// The top of the checkout.
const TOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// An act that no scenario does: a policy is too long for an example.
const NOT_TOLD: [&str; 1] = ["publish-policy"];

fn acts() -> impl Iterator<Item = &'static domain::Act> {
    catalogue::acts()
}

/// The examples of an act's body.
fn examples_of(act: &str) -> Vec<Value> {
    examples::of(act).values().map(|example| example["value"].clone()).collect()
}

#[test]
fn every_act_is_an_operation_with_an_example() {
    let operations = operations::operations();
    let ids: BTreeSet<_> = operations.iter().map(|operation| operation.id.as_str()).collect();
    assert_eq!(ids.len(), operations.len(), "an operation is there twice");
    for act in acts() {
        assert!(ids.contains(act.name), "{} is no operation", act.name);
        assert!(!examples_of(act.name).is_empty(), "{} has no example", act.name);
    }
}

#[test]
fn every_group_and_every_code_of_the_table_is_known() {
    let known: BTreeSet<_> = refusals::all().map(|known| known.code).collect();
    for operation in operations::operations() {
        assert!(TAGS.iter().any(|(tag, ..)| *tag == operation.tag), "{}", operation.tag);
        for code in operation.refusals {
            assert!(known.contains(code), "{code} of {} is not known", operation.id);
        }
    }
}

#[test]
fn every_code_stands_in_the_document() {
    let document = document();
    let listed = document["components"]["schemas"]["Code"]["oneOf"].as_array().unwrap();
    let said = text(&document["paths"]);
    for code in domain::Code::ALL {
        assert!(listed.iter().any(|each| each["const"] == code.name()), "{code}");
        assert!(said.contains(&format!("\"{code}\"")), "no operation answers {code}");
    }
}

/// Calls for each schema of the document, with its place.
fn each_schema(value: &Value, place: &str, look: &mut impl FnMut(&Value, &str)) {
    match value {
        Value::Object(fields) => {
            look(value, place);
            for (name, field) in fields {
                each_schema(field, &format!("{place}/{name}"), look);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                each_schema(item, &format!("{place}/{number}"), look);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_field_says_what_it_means() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let says = |field: &Value| {
        let named = field["$ref"].as_str().and_then(|name| document.pointer(name.trim_start_matches('#')));
        field["description"].is_string()
            || named.is_some_and(|named| named["description"].is_string())
            // The value says it all.
            || field.get("const").is_some()
    };
    each_schema(schemas, "", &mut |schema, place| {
        // A choice is described as a whole.
        let is_choice = place.rsplit('/').nth(1) == Some("oneOf");
        let Some(fields) = schema["properties"].as_object() else { return };
        for (name, field) in fields {
            let alone = is_choice && fields.len() <= 2 && schema["description"].is_string();
            assert!(says(field) || alone, "{place}.{name} says nothing");
        }
    });
    for (name, schema) in schemas.as_object().unwrap() {
        assert!(schema["description"].is_string(), "{name} says nothing");
        assert!(!name.ends_with(|last: char| last.is_ascii_digit()), "two schemas are called {name}");
    }
}

#[test]
fn nothing_refers_to_what_is_not_there_and_nothing_is_for_readers_of_the_code_alone() {
    let document = document();
    each_schema(&document, "", &mut |schema, place| {
        if let Some(name) = schema["$ref"].as_str() {
            assert!(document.pointer(name.trim_start_matches('#')).is_some(), "{place}: {name} is not there");
        }
        let description = schema["description"].as_str().unwrap_or_default();
        for word in ["DESIGN", "DOMAIN §", "PROCESS §", "[`"] {
            assert!(!description.contains(word), "{place}: {description}");
        }
    });
}

/// The body of an act as a JSON Schema that stands for itself.
fn body_schema(document: &Value, act: &str) -> Value {
    let mut operations =
        document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let operation = operations.find(|operation| operation["operationId"] == act).unwrap();
    let mut schema = operation["requestBody"]["content"]["application/json"]["schema"].clone();
    schema["components"] = document["components"].clone();
    schema
}

/// What the schema of an act allows, the rules read.
#[test]
fn every_example_is_valid_and_is_read_by_the_rules() {
    let document = document();
    for act in acts() {
        let validator = jsonschema::validator_for(&body_schema(&document, act.name)).unwrap();
        for mut example in examples_of(act.name) {
            if let Err(error) = validator.validate(&example) {
                panic!("{}: {error} in {example}", act.name);
            }
            secrecy::screen(act.name, &mut example).unwrap();
            catalogue::check(act, example).unwrap();
        }
    }
}

/// Takes a field out of a body, or puts one in: what the schema refuses, the rules refuse.
#[test]
fn what_the_schema_refuses_the_rules_refuse() {
    let document = document();
    let parsed = |act: &domain::Act, mut body: Value| {
        secrecy::screen(act.name, &mut body)?;
        catalogue::check(act, body)
    };
    for act in acts() {
        let validator = jsonschema::validator_for(&body_schema(&document, act.name)).unwrap();
        for example in examples_of(act.name) {
            for name in example.as_object().unwrap().keys() {
                let mut without = example.clone();
                without.as_object_mut().unwrap().remove(name);
                let accepted = parsed(act, without.clone()).is_ok();
                assert_eq!(validator.is_valid(&without), accepted, "{} without {name}", act.name);
            }
            let mut more = example.clone();
            more["something_else"] = json!(1);
            assert!(!validator.is_valid(&more) && parsed(act, more).is_err(), "{}", act.name);
        }
    }
}

/// The bodies that the scenarios send and that are carried out, by act.
fn told() -> BTreeMap<String, Vec<Value>> {
    let mut told = BTreeMap::<_, Vec<_>>::new();
    for file in fs::read_dir(Path::new(TOP).join("tests/scenarios")).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        for step in Scenario::parse(&fs::read_to_string(file).unwrap()).unwrap().steps {
            let refused = step.expected.iter().any(|expected| matches!(expected, Expected::Refused(_)));
            if let Some(deed) = step.act.filter(|_| !refused) {
                let body = if deed.body.is_null() { json!({}) } else { deed.body };
                told.entry(deed.act).or_default().push(body);
            }
        }
    }
    told
}

/// Whether an example is what a scenario sends; an id stands where the scenario says `@…`.
fn is_sent(example: &Value, sent: &Value) -> bool {
    match (example, sent) {
        (Value::String(id), Value::String(reference)) if reference.starts_with('@') => id.len() == 36,
        (Value::Object(example), Value::Object(sent)) => {
            example.len() == sent.len()
                && example.iter().all(|(name, field)| sent.get(name).is_some_and(|sent| is_sent(field, sent)))
        }
        (Value::Array(example), Value::Array(sent)) => {
            example.len() == sent.len()
                && example.iter().zip(sent).all(|(example, sent)| is_sent(example, sent))
        }
        _ => example == sent,
    }
}

/// `tests/story.rs` sends them to real servers, which carry them out.
#[test]
fn every_example_is_sent_by_a_scenario() {
    let told = told();
    for act in acts().filter(|act| !NOT_TOLD.contains(&act.name)) {
        for example in examples_of(act.name) {
            let sent = told[act.name].iter().any(|sent| is_sent(&example, sent));
            assert!(sent, "no scenario sends this {}: {example}", act.name);
        }
    }
}

/// Whatever a scenario sends that is carried out, the document allows.
#[test]
fn every_body_of_a_scenario_is_valid() {
    let document = document();
    for (act, bodies) in told() {
        let validator = jsonschema::validator_for(&body_schema(&document, &act)).unwrap();
        for mut body in bodies {
            domain::scenario::resolve(&mut body, &|_| {
                Some("40869268-7c1e-5b39-9d8e-0b6f6f0a51c2".to_owned())
            })
            .unwrap();
            if let Err(error) = validator.validate(&body) {
                panic!("{act}: {error} in {body}");
            }
        }
    }
}

/// Every route of the router stands in the table, and nothing else.
#[test]
fn the_table_and_the_router_agree() {
    let mut routed = BTreeSet::new();
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let source = fs::read_to_string(file).unwrap();
        let source = source.split("#[cfg(test)]").next().unwrap();
        for route in source.split(".route(\"").skip(1) {
            let Some((path, rest)) = route.split_once('"') else { continue };
            let handlers =
                rest.split(".route(").next().unwrap_or_default().split(';').next().unwrap_or_default();
            for method in ["get", "post", "put", "delete"]
                .into_iter()
                .filter(|method| handlers.contains(&format!("{method}(")))
            {
                routed.insert((method, path.to_owned()));
            }
        }
    }
    let act = |path: &str| path.ends_with("/{act}");
    let listed: BTreeSet<_> = operations::operations()
        .into_iter()
        .map(|operation| {
            let path = operation.path.trim_start_matches("/api/v1").to_owned();
            match (operation.body, path.rsplit_once('/')) {
                (Some(Given::Act(_)), Some((above, _))) if !above.is_empty() => {
                    (operation.method, format!("{above}/{{act}}"))
                }
                _ => (operation.method, path),
            }
        })
        .collect();
    assert_eq!(routed, listed);
    assert_eq!(routed.iter().filter(|(_, path)| act(path)).count(), 5);
}

/// The source files below a folder, without tests.
fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.file_name().is_some_and(|name| name != "tests.rs") {
            found.push(path);
        }
    }
    found
}
