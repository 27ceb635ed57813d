//! Every exchange of the tests is held against the OpenAPI document: what was asked and done, and what was answered.

use std::{
    collections::HashMap,
    fs,
    sync::{Arc, LazyLock, Mutex},
};

use jsonschema::Validator;
use reqwest::Request;
use serde_json::{Value, json};

use super::{api::Answer, top};

/// The document, as it is committed, but for one thing: a field that it does not name is wrong.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let text = fs::read(top().join("schemas/openapi.json")).expect("the OpenAPI document");
    let mut document = serde_json::from_slice(&text).expect("JSON");
    name_all_fields(&mut document);
    document
});

/// A client expects fields that he does not know yet; a test does not.
fn name_all_fields(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("type").is_some_and(|kind| kind == "object") && fields.contains_key("properties") {
                fields.insert("unevaluatedProperties".to_owned(), json!(false));
            }
            fields.values_mut().for_each(name_all_fields);
        }
        Value::Array(items) => items.iter_mut().for_each(name_all_fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The validators that were needed so far, each made once.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// What was asked.
#[derive(Debug)]
pub struct Asked {
    method: String,
    path: String,
    body: Vec<u8>,
}

impl Asked {
    /// What a request asks.
    pub fn by(request: &Request) -> Self {
        Self {
            method: request.method().as_str().to_lowercase(),
            path: request.url().path().to_owned(),
            body: request.body().and_then(|body| body.as_bytes()).unwrap_or_default().to_vec(),
        }
    }

    /// Panics if the document does not say what was asked, or what was answered.
    pub fn is_documented(&self, answer: &Answer) {
        let Some((pointer, operation)) = self.operation() else {
            assert!(matches!(answer.status, 404 | 405), "{self:?} is no operation: {}", answer.text);
            return;
        };
        let wrong = |what: String| panic!("{} {}: {what}\n{}", self.method, self.path, answer.text);
        let takes = &operation["requestBody"]["content"];
        if answer.status < 300 && takes.get("application/json").is_some() {
            let place = format!("{pointer}/requestBody/content/application~1json/schema");
            let body = if self.body.is_empty() { b"{}" } else { self.body.as_slice() };
            let body = serde_json::from_slice(body).expect("a body in JSON");
            if let Err(error) = validator(&place).validate(&body) {
                wrong(format!("the body is not as documented, and was accepted: {}", error.masked()));
            }
        }
        let status = answer.status.to_string();
        let Some(documented) = operation["responses"].get(&status) else {
            return wrong(format!("{status} is not documented"));
        };
        if documented.get("content").is_none() && answer.text.is_empty() {
            return;
        }
        let media_type = answer.header("content-type").unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default();
        let listed = &documented["content"];
        if listed.get(media_type).or_else(|| listed.get("*/*")).is_none() {
            wrong(format!("{status} in “{media_type}” is not documented"));
        }
        if media_type.ends_with("json") && listed.get(media_type).is_some() {
            let escaped = media_type.replace('/', "~1");
            let place = format!("{pointer}/responses/{status}/content/{escaped}/schema");
            if let Err(error) = validator(&place).validate(&answer.body) {
                wrong(format!(
                    "the answer is not as documented: {} at {}",
                    error.masked(),
                    error.instance_path()
                ));
            }
        }
        for header in ["etag", "location", "idempotency-replayed", "retry-after"] {
            let listed = documented["headers"].as_object().into_iter().flatten();
            let known = listed.into_iter().any(|(name, _)| name.eq_ignore_ascii_case(header));
            if answer.headers.contains_key(header) && !known {
                wrong(format!("the header {header} of {status} is not documented"));
            }
        }
    }

    /// The operation of the document, and where it stands: a path with a name goes before one with a place for it.
    fn operation(&self) -> Option<(String, &'static Value)> {
        let fits = |template: &str| {
            let (asked, listed) = (self.path.split('/'), template.split('/'));
            asked.clone().count() == listed.clone().count()
                && asked.zip(listed).all(|(asked, listed)| listed == asked || listed.starts_with('{'))
        };
        let paths = DOCUMENT["paths"].as_object()?;
        let found = paths
            .iter()
            .filter(|(template, operations)| fits(template) && operations.get(&self.method).is_some());
        let (template, operations) = found.min_by_key(|(template, _)| template.matches('{').count())?;
        let pointer = format!("/paths/{}/{}", template.replace('/', "~1"), self.method);
        Some((pointer, &operations[&self.method]))
    }
}

/// The validator of a schema of the document, by its place.
fn validator(place: &str) -> Arc<Validator> {
    let mut known = VALIDATORS.lock().expect("nobody fails while he holds it");
    let made = known.entry(place.to_owned()).or_insert_with(|| {
        let schema = json!({ "components": DOCUMENT["components"], "allOf": [DOCUMENT.pointer(place)] });
        let made = jsonschema::options().should_validate_formats(true).build(&schema);
        Arc::new(made.unwrap_or_else(|error| panic!("{place} is no schema: {error}")))
    });
    Arc::clone(made)
}
