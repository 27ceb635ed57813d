//! The schemas of the document: of what is read and of what is written, each made once and kept under its name.
//!
//! A type may be read and written in different forms: a field that may be left out in a request stands in every answer.
//! Where the two differ, the one that is read is called `…Input`.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use domain::{Act, catalogue, secrecy};
use events::Kind;
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::operation::Shape;

/// Where the schemas stand in the document.
const COMPONENTS: &str = "#/components/schemas/";

/// The state-secret question, as a schema of its own.
const STATE_SECRET: &str = "StateSecret";

/// Where those of what is read stand until both are put together.
const READ: &str = "#/read/";

/// A fact in the bytes that are stored.
pub(crate) struct StoredFact;

impl JsonSchema for StoredFact {
    fn schema_name() -> Cow<'static, str> {
        "Fact".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Kind::any_schema().try_into().unwrap_or_default()
    }
}

/// Makes the schemas, and remembers those that have a name.
pub(super) struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
    bodies: BTreeMap<String, Value>,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = |place: &str| {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path =
                    place.trim_start_matches('#').trim_end_matches('/').to_owned().into();
                settings.meta_schema = None;
            })
        };
        Self {
            read: settings(READ).into_generator(),
            written: settings(COMPONENTS).for_serialize().into_generator(),
            bodies: BTreeMap::new(),
        }
    }

    /// The schema of something that is read.
    pub(super) fn read(&mut self, shape: Shape) -> Value {
        shape(&mut self.read).to_value()
    }

    /// The schema of something that is written.
    pub(super) fn written(&mut self, shape: Shape) -> Value {
        shape(&mut self.written).to_value()
    }

    /// The fields of an object that is read, each with whether it must be there.
    pub(super) fn fields(&mut self, shape: Shape) -> Vec<(String, Value, bool)> {
        let schema = shape(&mut self.read).to_value();
        let schema = resolved(&schema, self.read.definitions());
        let required = |name: &str| {
            schema["required"].as_array().is_some_and(|names| names.iter().any(|known| known == name))
        };
        let properties = schema["properties"].as_object().cloned().unwrap_or_default();
        properties.into_iter().map(|(name, field)| (name.clone(), field, required(&name))).collect()
    }

    /// The schema of an act's body: what the rules read, and the answer to the state-secret question.
    pub(super) fn body(&mut self, act: &Act) -> Value {
        let name = format!("{}Body", pascal(act.name));
        let schema = catalogue::schema(act, &mut self.read);
        let schema = schema.unwrap_or_default().to_value();
        let mut schema = resolved(&schema, self.read.definitions());
        ask(&mut schema, secrecy::asks(act.name), self.read.definitions());
        self.bodies.insert(name.clone(), schema);
        json!({ "$ref": format!("{READ}{name}") })
    }

    /// All of them under their names, and the names that those which are read have got.
    pub(super) fn put_together(mut self) -> (Map<String, Value>, BTreeMap<String, String>) {
        let mut read = self.read.take_definitions(true);
        let mut written = self.written.take_definitions(true);
        read.extend(self.bodies);
        let names = names(&read, &written);
        for (name, mut schema) in read {
            let Some(new) = names.get(&name) else { continue };
            rename(&mut schema, &names);
            written.insert(new.clone(), schema);
        }
        written.insert(
            STATE_SECRET.to_owned(),
            json!({
                "const": false,
                "description": "The answer to the question: is there state-secret content in it? With `true`, or with a document of a secrecy level, the whole act is refused and nothing of it is kept.",
            }),
        );
        (written, names)
    }
}

/// Under which name a schema that is read stands in the document: its own, unless that is another's.
fn names(read: &Map<String, Value>, written: &Map<String, Value>) -> BTreeMap<String, String> {
    let own: BTreeMap<_, _> = read.keys().map(|name| (name.clone(), name.clone())).collect();
    let both = || read.iter().filter_map(|(name, schema)| Some((name, schema, written.get(name)?)));
    let mut other: BTreeSet<&String> = both()
        .filter(|(_, read, written)| {
            let mut read = (*read).clone();
            rename(&mut read, &own);
            read != **written
        })
        .map(|(name, ..)| name)
        .collect();
    // Who refers to another one is another one.
    loop {
        let more: Vec<_> = both()
            .filter(|(name, read, _)| {
                !other.contains(name) && other.iter().any(|other| refers(read, &format!("{READ}{other}")))
            })
            .map(|(name, ..)| name)
            .collect();
        if more.is_empty() {
            break;
        }
        other.extend(more);
    }
    let name = |name: &String| if other.contains(name) { format!("{name}Input") } else { name.clone() };
    read.keys().map(|known| (known.clone(), name(known))).collect()
}

/// Whether a schema refers to another.
fn refers(schema: &Value, to: &str) -> bool {
    match schema {
        Value::Object(fields) => {
            fields.get("$ref").is_some_and(|reference| reference == to)
                || fields.values().any(|field| refers(field, to))
        }
        Value::Array(items) => items.iter().any(|item| refers(item, to)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Lets what refers to schemas that are read refer to them in the document.
pub(super) fn rename(value: &mut Value, names: &BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get_mut("$ref")
                && let Some(name) = reference.strip_prefix(READ)
                && let Some(name) = names.get(name)
            {
                *reference = format!("{COMPONENTS}{name}");
            }
            fields.values_mut().for_each(|field| rename(field, names));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The schema itself, where there is but a reference.
fn resolved(schema: &Value, definitions: &Map<String, Value>) -> Value {
    let named = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix(READ));
    named.and_then(|name| definitions.get(name)).unwrap_or(schema).clone()
}

/// Adds the state-secret question to a body: it must be answered where the act asks it, or a document comes.
fn ask(schema: &mut Value, asked: bool, definitions: &Map<String, Value>) {
    if let Some(Value::Array(choices)) = schema.get_mut("oneOf") {
        for choice in choices {
            ask(choice, asked, definitions);
        }
        return;
    }
    let asked = asked || brings_a_document(schema, definitions);
    schema["properties"][secrecy::QUESTION] = json!({ "$ref": format!("{COMPONENTS}{STATE_SECRET}") });
    if asked {
        let name = json!(secrecy::QUESTION);
        match schema.get_mut("required").and_then(Value::as_array_mut) {
            Some(required) => required.insert(0, name),
            None => schema["required"] = json!([name]),
        }
    }
}

/// Whether an official document stands anywhere in it.
fn brings_a_document(schema: &Value, definitions: &Map<String, Value>) -> bool {
    match schema {
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix(READ));
            let named = name.and_then(|name| definitions.get(name));
            name == Some("Document")
                || named.is_some_and(|schema| brings_a_document(schema, definitions))
                || fields.values().any(|field| brings_a_document(field, definitions))
        }
        Value::Array(items) => items.iter().any(|item| brings_a_document(item, definitions)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// `verify-callback` as `VerifyCallback`.
fn pascal(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    words.collect()
}
