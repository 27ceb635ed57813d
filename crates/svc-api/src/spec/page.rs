//! The document as a page to read: plain HTML in both languages, without a script and without anything from elsewhere.

mod words;

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{
    TAGS,
    operation::{Given, Operation},
    operations, refusals,
};
use words::{escaped, prose};

/// How it looks.
pub(super) const STYLE: &str = include_str!("page/style.css");

/// The page.
pub(super) fn page(document: &Value) -> String {
    let operations = operations::operations();
    let mut page = Page { document, out: String::new() };
    page.head(&operations);
    for (tag, vi, en) in TAGS {
        page.tag(&format!("<h2 id=\"{tag}\">{} <span lang=\"en\">{}</span></h2>", escaped(vi), escaped(en)));
        for operation in operations.iter().filter(|operation| operation.tag == *tag) {
            page.operation(operation);
        }
    }
    page.codes();
    page.schemas();
    page.tag("</main></body></html>");
    page.out
}

/// A page that is being written.
struct Page<'a> {
    document: &'a Value,
    out: String,
}

impl<'a> Page<'a> {
    /// Writes something that is HTML already.
    fn tag(&mut self, html: &str) {
        self.out.push_str(html);
        self.out.push('\n');
    }

    fn head(&mut self, operations: &[Operation]) {
        let about = self.document["info"]["description"].as_str().unwrap_or_default();
        let version = self.document["info"]["version"].as_str().unwrap_or_default();
        self.tag("<!doctype html>\n<html lang=\"vi\"><head><meta charset=\"utf-8\">");
        self.tag("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        self.tag(
            "<title>Concord – API</title><link rel=\"stylesheet\" href=\"/docs/style.css\"></head><body>",
        );
        self.tag("<nav><a class=\"home\" href=\"#top\">Concord</a>");
        for (tag, vi, en) in TAGS {
            self.tag(&format!(
                "<details><summary>{} <span lang=\"en\">{}</span></summary><ul>",
                escaped(vi),
                escaped(en)
            ));
            for operation in operations.iter().filter(|operation| operation.tag == *tag) {
                self.tag(&format!(
                    "<li><a href=\"#{}\">{} <span lang=\"en\">{}</span></a></li>",
                    operation.id,
                    escaped(operation.label.vi),
                    escaped(operation.label.en)
                ));
            }
            self.tag("</ul></details>");
        }
        self.tag("<a href=\"#codes\">Mã lỗi <span lang=\"en\">Problem codes</span></a>");
        self.tag(
            "<a href=\"#schemas\">Kiểu dữ liệu <span lang=\"en\">Types</span></a></nav><main id=\"top\">",
        );
        self.tag(&format!(
            "<h1>Concord <small>API {version} · <a href=\"/openapi.json\">openapi.json</a></small></h1>"
        ));
        self.tag(&prose(about));
    }

    fn operation(&mut self, operation: &Operation) {
        let document = self.document;
        let described = &document["paths"][&operation.path][operation.method];
        self.tag(&format!(
            "<section id=\"{}\"><h3>{} <span lang=\"en\">{}</span></h3>",
            operation.id,
            escaped(operation.label.vi),
            escaped(operation.label.en)
        ));
        let method = operation.method.to_uppercase();
        self.tag(&format!(
            "<p class=\"where\"><b>{method}</b> <code>{}</code></p>",
            escaped(&operation.path)
        ));
        self.tag(&prose(&operation.vi));
        self.tag(&format!("<div lang=\"en\">{}</div>", prose(&operation.en)));
        let parameters = self.parameters(described);
        if !parameters.is_empty() {
            self.tag("<h4>Tham số <span lang=\"en\">Parameters</span></h4>");
            self.tag(&table(&parameters));
        }
        if let Some(body) = &operation.body {
            self.body(operation, body, &described["requestBody"]["content"]["application/json"]);
        }
        self.answers(described);
        self.tag("</section>");
    }

    fn parameters(&self, described: &'a Value) -> Vec<Row> {
        let listed = described["parameters"].as_array().into_iter().flatten();
        let listed = listed.map(|parameter| self.resolved(parameter));
        let row = |parameter: &Value| Row {
            name: text(&parameter["name"]),
            kind: format!("{} · {}", text(&parameter["in"]), kind(&parameter["schema"])),
            required: parameter["required"] == true,
            about: text(&parameter["description"]),
        };
        listed.map(row).collect()
    }

    fn body(&mut self, operation: &Operation, body: &Given, content: &'a Value) {
        self.tag("<h4>Nội dung gửi lên <span lang=\"en\">Body</span></h4>");
        let schema = self.resolved(&content["schema"]);
        self.fields(schema);
        let examples: Vec<(String, &Value)> = match body {
            Given::Plain(_, example) => vec![(String::new(), example)],
            Given::Act(_) => {
                let named = content["examples"].as_object().into_iter().flat_map(Map::values);
                named.map(|example| (text(&example["summary"]), &example["value"])).collect()
            }
            Given::File => Vec::new(),
        };
        let method = if operation.method == "put" { " -X PUT" } else { "" };
        let path = operation.path.replace("{id}", "$CASE");
        let key = if matches!(body, Given::Act(_)) { " -H \"Idempotency-Key: $(uuidgen)\"" } else { "" };
        let token = if operation.secured { " -H \"Authorization: Bearer $TOKEN\"" } else { "" };
        for (summary, example) in examples {
            let body = serde_json::to_string_pretty(example).unwrap_or_default();
            self.tag(&format!(
                "<details><summary>Ví dụ <span lang=\"en\">Example</span> {}</summary><pre>curl{method}{token}{key} \\\n  -H 'Content-Type: application/json' \"$CONCORD{path}\" -d '{}'</pre></details>",
                escaped(&summary),
                escaped(&body)
            ));
        }
    }

    fn answers(&mut self, described: &Value) {
        self.tag("<h4>Trả lời <span lang=\"en\">Answers</span></h4><ul>");
        for (status, answer) in described["responses"].as_object().into_iter().flatten() {
            let mut line = format!("<li><b>{status}</b> ");
            let content = answer["content"].as_object().into_iter().flatten();
            for (media_type, content) in content {
                if media_type == "application/problem+json" {
                    let codes = content["schema"]["allOf"][1]["properties"]["code"]["enum"].as_array();
                    let listed =
                        |code: &str| codes.is_some_and(|codes| codes.iter().any(|known| known == code));
                    for known in refusals::all().filter(|known| listed(known.code)) {
                        let (code, anchor) = (known.code, known.anchor());
                        let _ = write!(line, "<a href=\"#{anchor}\"><code>{code}</code></a> ");
                    }
                } else {
                    let _ = write!(line, "{} {} ", escaped(media_type), kind(&content["schema"]));
                }
            }
            if !text(&answer["description"]).starts_with('`') {
                line.push_str(&words::inline(&text(&answer["description"])));
            }
            self.tag(&(line + "</li>"));
        }
        self.tag("</ul>");
    }

    fn codes(&mut self) {
        self.tag("<h2 id=\"codes\">Mã lỗi <span lang=\"en\">Problem codes</span></h2>");
        self.tag("<table><tr><th>Mã – Code</th><th>HTTP</th><th>Nghĩa – Meaning</th><th>Làm gì tiếp – What to do next</th></tr>");
        for known in refusals::all() {
            self.tag(&format!(
                "<tr id=\"{}\"><td><code>{}</code></td><td>{}</td><td>{}<br><span lang=\"en\">{}</span></td><td>{}<br><span lang=\"en\">{}</span></td></tr>",
                known.anchor(),
                known.code,
                known.status,
                escaped(known.title.vi),
                escaped(known.title.en),
                escaped(known.next.vi),
                escaped(known.next.en)
            ));
        }
        self.tag("</table>");
    }

    fn schemas(&mut self) {
        self.tag("<h2 id=\"schemas\">Kiểu dữ liệu <span lang=\"en\">Types</span></h2>");
        for (name, schema) in self.document["components"]["schemas"].as_object().into_iter().flatten() {
            self.tag(&format!("<section id=\"type-{name}\"><h3>{name}</h3>"));
            self.tag(&prose(&text(&schema["description"])));
            self.fields(schema);
            self.tag("</section>");
        }
    }

    /// What a schema has: its fields, its choices, or what it is.
    fn fields(&mut self, schema: &'a Value) {
        let choices = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
        if let Some(choices) = choices {
            let worded: Vec<_> = choices.iter().filter(|choice| choice["properties"].is_null()).collect();
            if !worded.is_empty() {
                let row = |choice: &&Value| Row {
                    name: choice.get("const").map_or_else(String::new, text),
                    kind: kind(choice),
                    required: true,
                    about: text(&choice["description"]),
                };
                self.tag(&table(&worded.iter().map(row).collect::<Vec<_>>()));
            }
            for choice in choices.iter().filter(|choice| choice["properties"].is_object()) {
                self.tag(&prose(&text(&choice["description"])));
                self.fields(choice);
            }
            return;
        }
        let Some(fields) = schema["properties"].as_object() else {
            return self.tag(&format!("<p>{}</p>", kind(schema)));
        };
        let required = schema["required"].as_array();
        let rows = fields.iter().map(|(name, field)| {
            let about = match field["description"].as_str() {
                Some(about) => about.to_owned(),
                None => text(&self.resolved(field)["description"]),
            };
            let required = required.is_some_and(|names| names.iter().any(|known| known == name.as_str()));
            Row { name: name.clone(), kind: kind(field), required, about }
        });
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by_key(|row| !row.required);
        self.tag(&table(&rows));
    }

    fn resolved(&self, schema: &'a Value) -> &'a Value {
        let pointer = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        pointer.and_then(|pointer| self.document.pointer(pointer)).unwrap_or(schema)
    }
}

/// A row of a table of fields.
struct Row {
    name: String,
    kind: String,
    required: bool,
    about: String,
}

fn table(rows: &[Row]) -> String {
    let mut out = "<table>".to_owned();
    for Row { name, kind, required, about } in rows {
        let need = if *required { "" } else { " <i>?</i>" };
        let _ = write!(
            out,
            "<tr><td><code>{}</code>{need}</td><td>{kind}</td><td>{}</td></tr>",
            escaped(name),
            words::inline(about)
        );
    }
    out + "</table>"
}

/// What a schema is, in a few words, with a link to the type that it names.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return format!("<a href=\"#type-{name}\">{name}</a>");
    }
    if let Some(choices) = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" · ");
    }
    if let Some(value) = schema.get("const") {
        return format!("<code>{}</code>", escaped(&value.to_string()));
    }
    if let Some(values) = schema["enum"].as_array() {
        return values
            .iter()
            .map(|value| format!("<code>{}</code>", escaped(&text(value))))
            .collect::<Vec<_>>()
            .join(" ");
    }
    let named = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" · "),
        kind => text(kind),
    };
    let named = match schema["format"].as_str() {
        Some(format) if !format.starts_with("uint") => format!("{named} ({format})"),
        _ => named,
    };
    match schema.get("items") {
        Some(items) => format!("[{}]", kind(items)),
        None => escaped(&named),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
