//! The JSON Schema of a fact: the envelope with the event's own `data`.

use schemars::SchemaGenerator;
use serde_json::{Value, json};

use crate::{
    catalogue::Kind,
    terms::{Deadline, Transition},
};

/// The JSON Schema of a whole fact: the envelope with the event's own `data`.
pub(crate) fn schema(kind: Kind) -> Value {
    let mut generator = SchemaGenerator::default();
    let mut data = kind.fields(&mut generator).to_value();
    let common = [
        ("lifecycle", generator.root_schema_for::<Transition>().to_value()),
        ("deadlines", generator.root_schema_for::<Vec<Deadline>>().to_value()),
    ];
    let mut definitions = serde_json::Map::new();
    adopt(&mut data, &mut definitions);
    for (name, mut schema) in common {
        adopt(&mut schema, &mut definitions);
        data["properties"][name] = schema;
    }
    let mut schema = envelope(&json!({ "const": kind.ce_type() }), &data);
    for (name, value) in [
        ("$schema", json!("https://json-schema.org/draft/2020-12/schema")),
        ("$id", json!(format!("/schemas/events/{}", kind.schema_path()))),
        ("title", json!(kind.name())),
        ("description", data["description"].clone()),
        ("$defs", Value::Object(definitions)),
    ] {
        schema[name] = value;
    }
    schema
}

/// The JSON Schema of a fact of any type: the envelope, whatever its `data`.
pub(crate) fn any() -> Value {
    let types: Vec<_> = Kind::ALL.iter().map(|kind| kind.ce_type()).collect();
    let data = json!({ "type": "object", "description": "What it says; `dataschema` names its schema." });
    let described = json!({ "enum": types, "description": "What happened, and the version of its data." });
    let mut schema = envelope(&described, &data);
    schema["description"] =
        json!("A fact of the log, a CloudEvents 1.0 message in the bytes that are stored.");
    schema
}

fn envelope(ce_type: &Value, data: &Value) -> Value {
    let string = |text: &str| json!({ "type": "string", "description": text });
    let uuid = |text: &str| json!({ "type": "string", "format": "uuid", "description": text });
    let time = |text: &str| json!({ "type": "string", "format": "date-time", "description": text });
    let hash = |text: &str| json!({ "type": "string", "pattern": "^[0-9a-f]{64}$", "description": text });
    json!({
        "type": "object",
        "required": [
            "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "version",
            "recordedtime", "previoushash", "authtype", "authid", "commandid", "correlationid", "policyversion",
            "basis", "data",
        ],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": uuid("The fact (UUID version 7)."),
            "source": string("The stage that recorded it."),
            "type": ce_type,
            "subject": string("The aggregate, as its NATS subject."),
            "time": time("When it happened; for a timer the due instant."),
            "datacontenttype": { "const": "application/json" },
            "dataschema": string("Where this schema stands."),
            "version": {
                "type": "integer", "minimum": 1,
                "description": "1 for the first fact of the aggregate, without gaps.",
            },
            "recordedtime": time("When it was stored; never decreasing within the aggregate."),
            "previoushash": hash("SHA-256 of the exact bytes of the aggregate's fact before it; zeros for the first."),
            "authtype": {
                "enum": ["user", "system"],
                "description": "Whether a person did it, or the process itself.",
            },
            "authid": string("The officer, or the service."),
            "actoroffice": string("The office in which the officer acted."),
            "actoragency": string("The agency of that office."),
            "actorcapacity": {
                "enum": ["direct", "kt", "tl", "tuq", "q", "focal"],
                "description": "By what right the officer acted.",
            },
            "actordelegation": uuid("The delegation under which he acted, if any."),
            "commandid": uuid("The act; a repeat of the act has the same id."),
            "fingerprint": hash("SHA-256 of the act's canonical body; absent for an automatic step."),
            "correlationid": uuid("The request that began the chain of facts."),
            "causationid": uuid("The fact that this one follows from."),
            "policyversion": string("The version of the policy in force."),
            "basis": {
                "type": "integer", "minimum": 0,
                "description": "Sequence of the newest directory or policy fact that the decision saw.",
            },
            "data": data,
        },
    })
}

/// Moves a schema's own definitions to the root, and drops what only a root has.
fn adopt(schema: &mut Value, definitions: &mut serde_json::Map<String, Value>) {
    let Some(object) = schema.as_object_mut() else { return };
    object.remove("$schema");
    object.remove("title");
    if let Some(Value::Object(own)) = object.remove("$defs") {
        definitions.extend(own);
    }
}
