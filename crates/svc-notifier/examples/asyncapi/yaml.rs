//! JSON as YAML that people read: blocks for objects and lists, a text in quotes as JSON has it.

use serde_json::Value;

/// A document.
pub fn text(document: &Value) -> String {
    let mut out = "# Written by `cargo xtask schemas`: the streams as the code has them.\n".to_owned();
    block(document, 0, &mut out);
    out
}

fn block(value: &Value, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                out.push_str(&indent);
                out.push_str(&key(name));
                out.push(':');
                below(field, depth + 1, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                out.push_str(&indent);
                out.push('-');
                below(item, depth + 1, out);
            }
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

/// What stands behind a name or a dash: on the same line, or as a block below.
fn below(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            out.push('\n');
            block(value, depth, out);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            block(value, depth, out);
        }
        scalar => {
            out.push(' ');
            out.push_str(&scalar.to_string());
            out.push('\n');
        }
    }
}

/// A name; in quotes unless it is a plain word.
fn key(name: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let is_plain = name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.chars().all(plain);
    if is_plain { name.to_owned() } else { Value::from(name).to_string() }
}
