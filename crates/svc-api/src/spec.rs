//! What the API promises: one table of operations, from which come the OpenAPI document and the page that shows it.
//!
//! To add an operation: one entry in [`operations`]. An act needs none: it comes from the catalogue of acts, its body
//! from the rules, and its example from `spec/examples.json`.

pub mod breaking;
mod examples;
mod operation;
mod operations;
mod page;
mod refusals;
mod schemas;

use std::sync::LazyLock;

use axum::{
    extract::{Path, rejection::PathRejection},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use domain::Refusal;
use events::Kind;
use serde_json::{Map, Value, json};
use service::problem::Problem;

use operation::{Answer, Given, Operation};
use schemas::Schemas;
pub(crate) use schemas::StoredFact;

/// The groups of operations: the stages in the order of the process, and what stands beside them.
const TAGS: &[(&str, &str, &str)] = &[
    ("session", "Đăng nhập, tài khoản của mình", "Signing in, and one's own account"),
    ("cases", "Xem vụ việc", "Reading cases"),
    ("intake", "Tiếp nhận", "Raising a case"),
    ("confirmation", "Xác nhận bằng văn bản", "Callback and written confirmation"),
    ("routing", "Phân công, xác nhận tiếp nhận", "Routing and acknowledgement"),
    ("coordination", "Phối hợp, ý kiến các bên", "Positions and rounds"),
    ("taskforce", "Tổ công tác liên ngành", "The inter-agency task force"),
    ("escalation", "Báo cáo Thường trực, ý kiến chỉ đạo", "Dispute, dossier and directive"),
    ("closure", "Kết thúc vụ việc", "Closing by two keys"),
    ("casefile", "Hồ sơ vụ việc", "What is kept with a case"),
    ("reporting", "Báo cáo định kỳ", "The regular reports"),
    ("briefing", "Giao ban", "Briefings"),
    ("project", "Dự án có kế hoạch phối hợp", "Planned projects"),
    ("attachments", "Tệp đính kèm", "Files of documents"),
    ("audit", "Kiểm toán, chứng minh", "Checkpoints and proofs"),
    ("directory", "Danh bạ, ủy quyền, chính sách", "Offices, delegations, policy"),
    ("process", "Vận hành", "The process itself"),
];

/// What a reader should know first.
const ABOUT: &str = include_str!("spec/about.md");

static DOCUMENT: LazyLock<String> = LazyLock::new(|| text(&document()));

static PAGE: LazyLock<String> = LazyLock::new(|| page::page(&document()));

/// `GET /openapi.json`.
pub(crate) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], DOCUMENT.as_str())
        .into_response()
}

/// `GET /docs`: one page, without a script and without anything from elsewhere.
pub(crate) async fn docs() -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            ),
        ),
    ];
    (headers, PAGE.as_str()).into_response()
}

/// `GET /docs/style.css`: how that page looks.
pub(crate) async fn style() -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"))], page::STYLE)
        .into_response()
}

/// `GET /problems/{code}`, the type of a problem: where the page explains it.
pub(crate) async fn problem(
    headers: HeaderMap,
    code: Result<Path<String>, PathRejection>,
) -> Result<Redirect, Problem> {
    let known = refusals::all().find(|known| code.as_ref().is_ok_and(|Path(code)| known.is_called(code)));
    match known {
        Some(known) => Ok(Redirect::temporary(&format!("/docs#{}", known.anchor()))),
        None => Err(Problem::of(&Refusal::not_found(), crate::language(&headers))),
    }
}

/// `GET /schemas/events/{type}/{version}`: what `dataschema` of a fact names.
pub(crate) async fn event(
    headers: HeaderMap,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    let named = |kind: &&Kind| {
        path.as_ref().is_ok_and(|Path((name, version))| kind.schema_path() == format!("{name}/{version}"))
    };
    match Kind::ALL.iter().find(named) {
        Some(kind) => Ok(axum::Json(kind.schema()).into_response()),
        None => Err(Problem::of(&Refusal::not_found(), crate::language(&headers))),
    }
}

/// The document as it stands in `schemas/openapi.json`.
pub fn text(document: &Value) -> String {
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    text + "\n"
}

/// The OpenAPI document.
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for operation in operations::operations() {
        let (method, path) = (operation.method, operation.path.clone());
        let path = paths.entry(path).or_insert_with(|| json!({}));
        path[method] = described(operation, &mut schemas);
    }
    let problem = schemas.written(schemars::SchemaGenerator::subschema_for::<Problem>);
    let (mut components, names) = schemas.put_together();
    if let Some(own) = problem["$ref"].as_str().and_then(|name| name.rsplit('/').next())
        && let Some(own) = components.get_mut(own)
    {
        own["properties"]["code"] = json!({ "$ref": "#/components/schemas/Code" });
    }
    components.insert("Code".to_owned(), codes());
    let tags =
        TAGS.iter().map(|(name, vi, en)| json!({ "name": name, "description": format!("{en}. {vi}.") }));
    let mut document = json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Concord",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Inter-agency incident coordination and escalation.",
            "description": ABOUT.trim_end(),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "Where this document is served." }],
        "tags": tags.collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": components,
            "parameters": parameters(),
            "headers": headers(),
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "The token of an officer." },
            },
        },
    });
    schemas::rename(&mut document, &names);
    tidy(&mut document);
    keep_what_is_used(&mut document);
    document
}

fn described(operation: Operation, schemas: &mut Schemas) -> Value {
    let mut parameters = places(&operation);
    for (name, mut schema, required) in operation.query.map(|shape| schemas.fields(shape)).unwrap_or_default()
    {
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        parameters.push(json!({
            "name": name, "in": "query", "required": required, "description": description, "schema": schema,
        }));
    }
    for name in &operation.headers {
        parameters.push(json!({ "$ref": format!("#/components/parameters/{name}") }));
    }
    let mut responses = Map::new();
    for Answer { status, about, content, headers } in &operation.answers {
        let content: Map<_, _> = content
            .iter()
            .map(|(media_type, shape)| {
                ((*media_type).to_owned(), json!({ "schema": schemas.written(*shape) }))
            })
            .collect();
        let mut answer = json!({ "description": about });
        if !content.is_empty() {
            answer["content"] = Value::Object(content);
        }
        for name in headers {
            answer["headers"][*name] = json!({ "$ref": format!("#/components/headers/{name}") });
        }
        responses.insert(status.to_string(), answer);
    }
    for known in refusals::all() {
        let status = known.status.to_string();
        if operation.refusals.contains(&known.code) && !responses.contains_key(&status) {
            responses.insert(status, refusal(known.status, &operation.refusals));
        }
    }
    let mut described = json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.label.en,
        "x-summary-vi": operation.label.vi,
        "description": format!("{}\n\n{}. {}", operation.en, operation.label.vi, operation.vi),
        "parameters": parameters,
        "responses": responses,
        "security": if operation.secured { json!([{ "token": [] }]) } else { json!([]) },
    });
    match operation.body {
        Some(Given::Act(act)) => {
            let examples = examples::of(act.name);
            let schema = schemas.body(act);
            described["requestBody"] = json!({
                // An empty body is an empty object.
                "required": examples.values().all(|example| example["value"] != json!({})),
                "content": { "application/json": { "schema": schema, "examples": examples } },
            });
        }
        Some(Given::Plain(shape, example)) => {
            let schema = schemas.read(shape);
            described["requestBody"] = json!({
                "required": true,
                "content": { "application/json": { "schema": schema, "example": example } },
            });
        }
        Some(Given::File) => {
            described["requestBody"] =
                json!({ "required": true, "content": { "application/octet-stream": {} } });
        }
        None => {}
    }
    described
}

/// What stands in the path in place of each name in braces.
fn places(operation: &Operation) -> Vec<Value> {
    let text = || json!({ "type": "string" });
    let names = operation.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let described = names.map(|name| {
        let (description, schema) = match (name, operation.method) {
            ("id", "delete") => (
                "The session or token, as the list of them names it.",
                json!({ "type": "string", "format": "uuid" }),
            ),
            ("sha256", _) => (
                "The SHA-256 of the content, in hexadecimal.",
                json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" }),
            ),
            ("id", "get") => ("The case, by its id or by its number (`VV-…`).", text()),
            ("id", _) => ("The case, by its id.", json!({ "type": "string", "format": "uuid" })),
            ("code", _) => ("The code, in small letters and with hyphens, such as `bad-state`.", text()),
            ("type", _) => ("The type of the event, such as `intake.numbered`.", text()),
            ("version", _) => ("The version of its data, such as `v1.json`.", text()),
            _ => ("", text()),
        };
        json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema })
    });
    described.collect()
}

/// The answer of a status with which an operation refuses: its codes are all that it can have.
fn refusal(status: u16, refusals: &[&'static str]) -> Value {
    let codes: Vec<_> = refusals::all()
        .filter(|known| known.status == status && refusals.contains(&known.code))
        .map(|known| known.code)
        .collect();
    let names: Vec<_> = codes.iter().map(|code| format!("`{code}`")).collect();
    let mut answer = json!({
        "description": names.join(", "),
        "content": { "application/problem+json": { "schema": { "allOf": [
            { "$ref": "#/components/schemas/Problem" },
            { "properties": { "code": { "enum": codes } } },
        ] } } },
    });
    let header = match status {
        401 => "WWW-Authenticate",
        429 | 503 => "Retry-After",
        _ => return answer,
    };
    answer["headers"][header] = json!({ "$ref": format!("#/components/headers/{header}") });
    answer
}

/// Every code, with its words in both languages.
fn codes() -> Value {
    let words: Vec<_> = refusals::all()
        .map(|known| {
            json!({
                "const": known.code,
                "title": known.title.en,
                "description": format!(
                    "{}: {}. {}\n\n{}. {}",
                    known.status, known.title.en, known.next.en, known.title.vi, known.next.vi
                ),
            })
        })
        .collect();
    json!({
        "type": "string",
        "description": "The stable code of a problem: what a program looks at. Its words may change.",
        "oneOf": words,
    })
}

/// The headers that operations read.
fn parameters() -> Value {
    let header = |name: &str, required: bool, description: &str, schema: Value, example: &str| {
        json!({
            "name": name, "in": "header", "required": required, "description": description, "schema": schema,
            "example": example,
        })
    };
    let text = || json!({ "type": "string" });
    json!({
        "Idempotency-Key": header(
            "Idempotency-Key",
            true,
            "A new one for each act, the same one for each repeat: the act is done once, however often it is sent. It holds for ever, for your agency and officer.",
            json!({ "type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$" }),
            "2f1c6f3e-6a55-4f0e-9a38-1d2f9f0f7c11",
        ),
        "If-Match": header(
            "If-Match",
            false,
            "The `ETag` of what you saw: the act is done only if nothing has changed since. `*` for whatever stands.",
            json!({ "type": "string", "pattern": "^(\\*|(W/)?\"?[0-9]{1,9}\"?)$" }),
            "\"7\"",
        ),
        "Accept-Language": header(
            "Accept-Language",
            false,
            "The language of titles, details and labels: `vi` or `en`, Vietnamese if it names neither. Codes never change with it.",
            text(),
            "vi",
        ),
    })
}

/// The headers that answers have.
fn headers() -> Value {
    let header = |description: &str, schema: Value| json!({ "description": description, "schema": schema });
    let text = || json!({ "type": "string" });
    json!({
        "ETag": header("The version, in quotes; `If-Match` takes it. Of a file its SHA-256.", json!({ "type": "string", "pattern": "^\"[0-9a-f]+\"$" })),
        "Location": header("Where the case is read, or where the code is explained.", text()),
        "Idempotency-Replayed": header("`true` where the act had been done before: the first result is given again.", json!({ "const": "true" })),
        "Content-Disposition": header("Always `attachment`, with the file's name.", text()),
        "Retry-After": header("After how many seconds the same may be sent again.", json!({ "type": "string", "pattern": "^[0-9]+$" })),
        "WWW-Authenticate": header("How to sign in.", text()),
        "Dossier-Digest": header("The SHA-256 of the canonical form, as it stands in the log.", json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })),
    })
}

/// Takes out of the descriptions what is for readers of the code: links into it, and the chapters of its plans.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text = for_readers(text);
            }
            fields.retain(|_, field| !field.is_null() || field.as_str().is_some());
            fields.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn for_readers(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(" (") {
        let Some(end) = rest[start..].find(')').map(|end| start + end + 1) else { break };
        let aside = &rest[start..end];
        out.push_str(&rest[..start]);
        if !["DESIGN", "DOMAIN", "PROCESS"].iter().any(|plan| aside.contains(plan)) {
            out.push_str(aside);
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out.replace("[`", "`").replace("`]", "`")
}

/// Drops the schemas to which nothing refers.
fn keep_what_is_used(document: &mut Value) {
    let mut used = std::collections::BTreeSet::new();
    let mut new = Vec::new();
    references(&document["paths"], &mut new);
    while let Some(name) = new.pop() {
        if used.insert(name.clone()) {
            references(&document["components"]["schemas"][&name], &mut new);
        }
    }
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.retain(|name, _| used.contains(name));
    }
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(Value::as_str);
            found.extend(name.and_then(|name| name.strip_prefix("#/components/schemas/")).map(str::to_owned));
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests;
