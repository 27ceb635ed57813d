//! The streams as an AsyncAPI document: what is said on which subject, and with which headers.

use bus::{
    access::Access,
    outbox::Record,
    streams::{ACCESS, AUDIT, CASES, CHECKPOINT, OUTBOX, Shape, declared},
};
use events::{Kind, Stage, ids::PARTITIONS};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// A channel of facts: its name, the stages whose facts it carries, and what each subject of it is about.
const FACTS: [(&str, &str, &[Stage]); 4] = [
    ("case", "a case", &Stage::ALL),
    ("duty", "a regular duty: a report, a briefing, a planned project", &Stage::DUTIES),
    ("document", "an official document", &[Stage::Document]),
    ("directory", "the directory", &[Stage::Directory]),
];

const ABOUT: &str = "What Concord writes on its NATS server. A fact is one CloudEvents 1.0 message in structured mode; \
    the bytes that are published are those of which the next fact of the aggregate names the SHA-256. \
    Each aggregate has a subject of its own; its facts are numbered from 1 without gaps. \
    Who follows the log reads JetStream with a right to read, and publishes nothing: acts come in over HTTP. \
    Whoever reads expects types and fields that he does not know yet.";

/// The document.
pub fn document() -> Value {
    let mut channels = Map::new();
    let mut operations = Map::new();
    let mut messages = Map::new();
    for (name, about, stages) in FACTS {
        let kinds: Vec<_> = Kind::ALL.iter().copied().filter(|kind| stages.contains(&kind.stage())).collect();
        let said: Map<_, _> =
            kinds.iter().map(|kind| (kind.name().to_owned(), message_of(kind.name()))).collect();
        messages.extend(kinds.iter().map(|kind| (kind.name().to_owned(), fact(*kind))));
        let title = format!("The facts of {about}, in their order.");
        channels.insert(name.to_owned(), channel(name, CASES, &title, &said));
        operations.insert(format!("record-{name}"), sent(name, &format!("A fact of {about} is recorded.")));
    }
    let said = Map::from_iter([("outbox.state".to_owned(), message_of("outbox.state"))]);
    let title = "The states of an entry: a mail to an office, and what became of it.";
    let mut outbox_channel = channel("outbox", OUTBOX, title, &said);
    outbox_channel["address"] = "outbox.{partition}.{about}.{id}".into();
    outbox_channel["parameters"]["about"] =
        json!({ "description": "The id of the case, duty, delegation or digest that the mail is about." });
    outbox_channel["parameters"]["partition"]["description"] = "The last byte of that id modulo 16.".into();
    channels.insert("outbox".to_owned(), outbox_channel);
    operations
        .insert("note-mail".to_owned(), sent("outbox", "A mail is entered, attempted, taken or refused."));
    messages.insert("outbox.state".to_owned(), state());
    channels.insert("access".to_owned(), access_channel());
    operations.insert(
        "note-access".to_owned(),
        sent("access", "Who signed in, read something or was refused is written down."),
    );
    messages.insert("access.entry".to_owned(), entry());
    channels.insert("audit".to_owned(), checkpoints());
    operations.insert(
        "sign-checkpoint".to_owned(),
        sent("audit", "The logs have grown, and a checkpoint is signed."),
    );
    messages.insert("audit.checkpoint".to_owned(), checkpoint());
    let mut schemas = payloads();
    schemas.insert("FactHeaders".to_owned(), fact_headers());
    schemas.insert("Headers".to_owned(), headers());
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Concord: the streams",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "Apache-2.0" },
        },
        "defaultContentType": "application/json",
        "servers": {
            "log": {
                "host": "localhost:4222",
                "protocol": "nats",
                "description": "The NATS server of an installation, with JetStream; `concord up` starts one.",
            },
        },
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages, "schemas": schemas },
    })
}

fn message_of(name: &str) -> Value {
    json!({ "$ref": format!("#/components/messages/{name}") })
}

fn channel(name: &str, stream: &str, about: &str, messages: &Map<String, Value>) -> Value {
    let partitions: Vec<_> = (0..PARTITIONS).map(|number| format!("{number:02}")).collect();
    json!({
        "address": format!("{name}.{{partition}}.{{id}}"),
        "title": about,
        "description": kept_in(stream),
        "servers": [{ "$ref": "#/servers/log" }],
        "parameters": {
            "partition": { "description": "The last byte of the id modulo 16.", "enum": partitions },
            "id": { "description": "The id, a UUID." },
        },
        "messages": messages,
        "x-stream": stream,
    })
}

fn kept_in(stream: &str) -> String {
    let declared = declared(&Shape::default());
    let kept = declared.iter().find(|declared| declared.name == stream);
    format!("Kept for ever in the stream {stream}: {}.", kept.map_or("", |kept| kept.purpose))
}

/// The channel of the checkpoints, which has one subject.
fn checkpoints() -> Value {
    json!({
        "address": CHECKPOINT,
        "title": "Signed checkpoints over the logs, in their order.",
        "description": kept_in(AUDIT),
        "servers": [{ "$ref": "#/servers/log" }],
        "messages": { "audit.checkpoint": message_of("audit.checkpoint") },
        "x-stream": AUDIT,
    })
}

fn checkpoint() -> Value {
    json!({
        "name": "audit.checkpoint",
        "title": "A checkpoint",
        "summary": "How large each log was, and the root of the Merkle tree over it: a C2SP signed note. \
            docs/export-format.md describes it.",
        "contentType": "text/plain; charset=utf-8",
        "headers": { "$ref": "#/components/schemas/Headers" },
        "payload": { "type": "string" },
    })
}

fn sent(channel: &str, about: &str) -> Value {
    json!({ "action": "send", "channel": { "$ref": format!("#/channels/{channel}") }, "summary": about })
}

fn fact(kind: Kind) -> Value {
    let schema = kind.schema();
    json!({
        "name": kind.ce_type(),
        "title": kind.name(),
        "summary": schema["description"],
        "contentType": "application/cloudevents+json",
        "headers": { "$ref": "#/components/schemas/FactHeaders" },
        "payload": { "$ref": format!("./events/{}", kind.schema_path()) },
        "x-example": format!("./events/{}", kind.schema_path().replace(".json", ".example.json")),
    })
}

fn state() -> Value {
    json!({
        "name": "outbox.state",
        "title": "A state of an entry",
        "summary": "What is to be told to whom, or what came of it.",
        "contentType": "application/json",
        "headers": { "$ref": "#/components/schemas/Headers" },
        "payload": { "$ref": "#/components/schemas/Record" },
    })
}

/// The record of access has no partitions: its subjects say whose an entry is.
fn access_channel() -> Value {
    let said = Map::from_iter([("access.entry".to_owned(), message_of("access.entry"))]);
    let title = "The record of access: who signed in, who read what, and what was refused.";
    let mut channel = channel("access", ACCESS, title, &said);
    channel["address"] = "access.{whose}".into();
    let whose = "The officer; `~opened.` and the id of a case or duty, where somebody opened it; `~operator`, where an operator \
        read or did something at the machine.";
    channel["parameters"] = json!({ "whose": { "description": whose } });
    channel
}

fn entry() -> Value {
    json!({
        "name": "access.entry",
        "title": "An entry of the record of access",
        "summary": "Who signed in, read something, or was refused.",
        "contentType": "application/json",
        "headers": { "$ref": "#/components/schemas/Headers" },
        "payload": { "$ref": "#/components/schemas/Access" },
    })
}

fn headers() -> Value {
    let id = "What names the message: a repeat by the same writer has the same.";
    json!({
        "type": "object",
        "required": ["Concord-Id"],
        "properties": { "Concord-Id": { "type": "string", "description": id } },
    })
}

fn fact_headers() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "type": "object",
        "required": ["Concord-Id", "Content-Type", "Concord-Type", "Concord-Version", "Concord-Previous-Hash"],
        "properties": {
            "Concord-Id": text("What names the message: a repeat by the same writer has the same."),
            "Content-Type": { "const": "application/cloudevents+json", "description": "The form of the payload." },
            "Concord-Type": text("The type of the fact, as in the payload."),
            "Concord-Version": text("The version of the aggregate that the fact makes, in decimal digits."),
            "Concord-Previous-Hash": text("The SHA-256 of the fact before it, as in the payload."),
        },
    })
}

/// The schemas of the messages of the outbox and of the record of access, and those to which they refer.
fn payloads() -> Map<String, Value> {
    let settings = SchemaSettings::draft07().for_serialize().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator: SchemaGenerator = settings.into_generator();
    generator.subschema_for::<Record>();
    generator.subschema_for::<Access>();
    generator.take_definitions(true)
}
