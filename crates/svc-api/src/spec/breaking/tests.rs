//! What breaks and what does not, on a small document.

use serde_json::json;

use super::*;

/// A document with one act and one reading.
fn small() -> Value {
    json!({
        "paths": {
            "/things": {
                "get": {
                    "parameters": [{ "name": "limit", "in": "query", "schema": { "type": "integer" } }],
                    "responses": {
                        "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } },
                        "404": {},
                    },
                },
                "post": {
                    "requestBody": {
                        "required": true,
                        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/New" } } },
                    },
                    "responses": { "201": {} },
                },
            },
        },
        "components": { "schemas": {
            "Thing": {
                "type": "object",
                "required": ["name", "state", "parts"],
                "properties": {
                    "name": { "type": "string" },
                    "state": { "oneOf": [{ "const": "open" }, { "const": "closed" }] },
                    "owner": { "type": ["string", "null"] },
                    "parts": { "type": "array", "items": { "$ref": "#/components/schemas/Thing" } },
                },
            },
            "New": {
                "type": "object",
                "required": ["name"],
                "additionalProperties": false,
                "properties": {
                    "name": { "type": "string" },
                    "kind": { "type": "string", "enum": ["a", "b"] },
                    "note": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
                },
            },
        } },
    })
}

/// What is found when this place says something else.
fn changed(pointer: &str, value: Value) -> Vec<String> {
    let (old, mut new) = (small(), small());
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/");
    let parent = new.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        parent.remove(&name)
    } else {
        parent.insert(name, value)
    };
    breaking(&old, &new)
}

const GET: &str = "/paths/~1things/get";
const POST: &str = "/paths/~1things/post";
const THING: &str = "/components/schemas/Thing";
const NEW: &str = "/components/schemas/New";

#[test]
fn what_only_adds_breaks_nothing() {
    assert_eq!(breaking(&small(), &small()), Vec::<String>::new());
    for (pointer, value) in [
        ("/paths/~1others", json!({ "get": { "responses": {} } })),
        (&format!("{GET}/responses/503"), json!({})),
        (&format!("{THING}/properties/code"), json!({ "type": "string" })),
        (&format!("{THING}/properties/owner/type"), json!("string")),
        (
            &format!("{THING}/properties/state/oneOf"),
            json!([{ "const": "open" }, { "const": "closed" }, { "const": "lost" }]),
        ),
        (&format!("{NEW}/properties/urgent"), json!({ "type": "boolean" })),
        (&format!("{NEW}/properties/kind/enum"), json!(["a", "b", "c"])),
        (&format!("{NEW}/required"), json!([])),
    ] {
        assert_eq!(changed(pointer, value), Vec::<String>::new(), "{pointer}");
    }
}

#[test]
fn what_is_gone_or_asks_for_more_breaks() {
    for (pointer, value, wrong) in [
        ("/paths/~1things", Value::Null, "GET /things: is gone"),
        (POST, Value::Null, "POST /things: is gone"),
        (&format!("{GET}/parameters"), json!([]), "GET /things: the parameter limit is gone"),
        (
            &format!("{GET}/parameters"),
            json!([
                { "name": "limit", "in": "query", "schema": { "type": "integer" } },
                { "name": "by", "in": "query", "required": true, "schema": { "type": "string" } },
            ]),
            "GET /things: the parameter by is required now",
        ),
        (&format!("{GET}/responses/404"), Value::Null, "GET /things: the answer 404 is gone"),
        (&format!("{THING}/properties/owner"), Value::Null, "GET /things: 200.owner: is gone"),
        (
            &format!("{THING}/required"),
            json!(["name", "state"]),
            "GET /things: 200.parts: may be missing now",
        ),
        (
            &format!("{THING}/properties/name/type"),
            json!("integer"),
            "GET /things: 200.name: is of another type",
        ),
        (
            &format!("{THING}/properties/name/type"),
            json!(["string", "null"]),
            "GET /things: 200.name: is of another type",
        ),
        (&format!("{NEW}/required"), json!(["name", "kind"]), "POST /things: body.kind: is required now"),
        (
            &format!("{NEW}/properties/kind/enum"),
            json!(["a"]),
            "POST /things: body.kind: accepts fewer values",
        ),
        (
            &format!("{NEW}/properties/note"),
            json!({ "type": "string" }),
            "POST /things: body.note: is of another type",
        ),
        (&format!("{NEW}/properties/note"), Value::Null, "POST /things: body.note: is gone"),
        (
            &format!("{NEW}/properties/name/maxLength"),
            json!(3),
            "POST /things: body.name: maxLength is another one",
        ),
    ] {
        let found = changed(pointer, value);
        assert!(found.iter().any(|found| found == wrong), "{pointer}: {found:?}");
    }
}
