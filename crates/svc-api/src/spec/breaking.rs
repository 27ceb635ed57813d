//! Whether a change of the document breaks those who rely on it: what was accepted must be accepted, and what was
//! answered must be answered.
//!
//! A new word in an answer (a state, a code, a type of fact) breaks nothing: clients must expect words that they do not
//! know yet.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// In which direction a schema is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    /// A client writes it: the new schema must accept what the old one accepted.
    Request,
    /// A client reads it: the old schema must cover what the new one brings.
    Answer,
}

/// What can only be looked at as a whole: another value may accept less.
const LIMITS: [&str; 9] = [
    "pattern",
    "format",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "additionalProperties",
];

/// What in a new document breaks those who rely on the old one; empty if nothing does.
pub fn breaking(old: &Value, new: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (path, operations) in object(&old["paths"]) {
        for (method, was) in object(operations) {
            let place = format!("{} {path}", method.to_uppercase());
            match new["paths"].get(path).and_then(|operations| operations.get(method)) {
                Some(is) => {
                    Comparison { old, new, seen: BTreeSet::new() }.operation(&place, was, is, &mut found);
                }
                None => found.push(format!("{place}: is gone")),
            }
        }
    }
    found
}

/// Two documents, and the pairs of schemas that are being compared already: a schema may contain itself.
struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    seen: BTreeSet<(String, String)>,
}

impl<'a> Comparison<'a> {
    fn operation(&mut self, place: &str, was: &'a Value, is: &'a Value, found: &mut Vec<String>) {
        self.parameters(place, was, is, found);
        let required = |operation: &Value| operation["requestBody"]["required"] == true;
        if required(is) && !required(was) {
            found.push(format!("{place}: a body is required now"));
        }
        let body = |operation: &'a Value| operation.get("requestBody").map(|body| &body["content"]);
        match (body(was), body(is)) {
            (Some(was), Some(is)) => self.content(place, "body", was, is, Direction::Request, found),
            (Some(_), None) => found.push(format!("{place}: takes no body any more")),
            (None, _) => {}
        }
        for (status, was) in object(&was["responses"]) {
            match is["responses"].get(status) {
                Some(is) => {
                    let (was, is) = (&was["content"], &is["content"]);
                    self.content(place, status, was, is, Direction::Answer, found);
                }
                None => found.push(format!("{place}: the answer {status} is gone")),
            }
        }
    }

    fn parameters(&mut self, place: &str, was: &'a Value, is: &'a Value, found: &mut Vec<String>) {
        let (old, new) = (self.old, self.new);
        let was: Vec<_> = list(&was["parameters"]).iter().map(|each| resolved(old, each)).collect();
        let is: Vec<_> = list(&is["parameters"]).iter().map(|each| resolved(new, each)).collect();
        let same = |one: &Value, other: &Value| one["name"] == other["name"] && one["in"] == other["in"];
        for parameter in &was {
            match is.iter().find(|other| same(parameter, other)) {
                Some(other) => {
                    let place = format!("{place}: {}", word(&parameter["name"]));
                    self.schema(&place, &parameter["schema"], &other["schema"], Direction::Request, found);
                }
                None => found.push(format!("{place}: the parameter {} is gone", word(&parameter["name"]))),
            }
        }
        for parameter in is.iter().filter(|parameter| parameter["required"] == true) {
            let before = was.iter().find(|other| same(parameter, other));
            if before.is_none_or(|before| before["required"] != true) {
                found.push(format!("{place}: the parameter {} is required now", word(&parameter["name"])));
            }
        }
    }

    fn content(
        &mut self,
        place: &str,
        what: &str,
        was: &'a Value,
        is: &'a Value,
        direction: Direction,
        found: &mut Vec<String>,
    ) {
        for (media_type, was) in object(was) {
            match is.get(media_type) {
                Some(is) => {
                    let place = format!("{place}: {what}");
                    self.schema(&place, &was["schema"], &is["schema"], direction, found);
                }
                None => found.push(format!("{place}: {what} in {media_type} is gone")),
            }
        }
    }

    fn schema(
        &mut self,
        place: &str,
        was: &'a Value,
        is: &'a Value,
        direction: Direction,
        found: &mut Vec<String>,
    ) {
        let pair = (word(&was["$ref"]), word(&is["$ref"]));
        if !pair.0.is_empty() && !self.seen.insert(pair) {
            return;
        }
        let (was, is) = (resolved(self.old, was), resolved(self.new, is));
        if is_choice(was) || is_choice(is) {
            return self.choices(place, was, is, direction, found);
        }
        let (narrow, wide) = match direction {
            Direction::Request => (was, is),
            Direction::Answer => (is, was),
        };
        let kinds = |schema: &'a Value| match &schema["type"] {
            Value::Array(kinds) => kinds.iter().collect::<Vec<_>>(),
            Value::Null => Vec::new(),
            kind => vec![kind],
        };
        let allowed = kinds(wide);
        if !allowed.is_empty()
            && (kinds(narrow).is_empty() || kinds(narrow).iter().any(|kind| !allowed.contains(kind)))
        {
            found.push(format!("{place}: is of another type"));
        }
        self.fields(place, was, is, direction, found);
        if direction == Direction::Request {
            if let Some(now) = values(is)
                && values(was).is_none_or(|before| before.iter().any(|value| !now.contains(value)))
            {
                found.push(format!("{place}: accepts fewer values"));
            }
            for limit in LIMITS.iter().filter(|limit| is.get(**limit).is_some()) {
                if is.get(*limit) != was.get(*limit) {
                    found.push(format!("{place}: {limit} is another one"));
                }
            }
        }
        if let (Some(was), Some(is)) = (was.get("items"), is.get("items")) {
            self.schema(&format!("{place}[]"), was, is, direction, found);
        }
        for (was, is) in list(&was["allOf"]).iter().zip(list(&is["allOf"])) {
            self.schema(place, was, is, direction, found);
        }
    }

    fn fields(
        &mut self,
        place: &str,
        was: &'a Value,
        is: &'a Value,
        direction: Direction,
        found: &mut Vec<String>,
    ) {
        for (name, field) in object(&was["properties"]) {
            match is["properties"].get(name) {
                Some(other) => self.schema(&format!("{place}.{name}"), field, other, direction, found),
                None => found.push(format!("{place}.{name}: is gone")),
            }
        }
        let (must, may) = match direction {
            Direction::Request => (is, was),
            Direction::Answer => (was, is),
        };
        for name in list(&must["required"]) {
            if !list(&may["required"]).contains(name) {
                let now =
                    if direction == Direction::Request { "is required now" } else { "may be missing now" };
                found.push(format!("{place}.{}: {now}", word(name)));
            }
        }
    }

    /// What is narrower must find its like in what is wider, choice by choice.
    fn choices(
        &mut self,
        place: &str,
        was: &'a Value,
        is: &'a Value,
        direction: Direction,
        found: &mut Vec<String>,
    ) {
        let (was, is) = (choices(was), choices(is));
        let (narrow, wide) = match direction {
            Direction::Request => (&was, &is),
            Direction::Answer => (&is, &was),
        };
        for choice in
            narrow.iter().filter(|choice| direction == Direction::Request || choice.get("const").is_none())
        {
            let mut best: Option<Vec<String>> = None;
            for other in wide {
                let mut wrong = Vec::new();
                let mut inner = Comparison { old: self.old, new: self.new, seen: self.seen.clone() };
                let (was, is) =
                    if direction == Direction::Request { (choice, other) } else { (other, choice) };
                inner.schema(place, was, is, direction, &mut wrong);
                if best.as_ref().is_none_or(|best| wrong.len() < best.len()) {
                    best = Some(wrong);
                }
            }
            found.extend(best.unwrap_or_else(|| vec![format!("{place}: a choice is gone")]));
        }
    }
}

fn is_choice(schema: &Value) -> bool {
    schema.get("oneOf").is_some() || schema.get("anyOf").is_some()
}

/// The choices of a schema; one that has none is its only one.
fn choices(schema: &Value) -> Vec<&Value> {
    let found = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array);
    found.map_or_else(|| vec![schema], |found| found.iter().collect())
}

/// The values that a schema names, if it names some.
fn values(schema: &Value) -> Option<Vec<&Value>> {
    match (schema.get("const"), schema.get("enum").and_then(Value::as_array)) {
        (Some(value), _) => Some(vec![value]),
        (None, Some(values)) => Some(values.iter().collect()),
        (None, None) => None,
    }
}

/// What a reference refers to.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let pointer = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(schema)
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
