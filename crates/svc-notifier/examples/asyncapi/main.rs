//! Writes `schemas/asyncapi.yaml`, what the streams carry; `--check` only compares. Either way the file is read by a YAML
//! parser, held against the schema of AsyncAPI itself, and every reference in it is followed.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool")]

mod document;
mod yaml;

use std::{error::Error, fs, path::Path, process::ExitCode};

use serde_json::Value;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let check = std::env::args().any(|argument| argument == "--check");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let path = folder.join("asyncapi.yaml");
    let text = yaml::text(&document::document());
    let current = fs::read_to_string(&path).is_ok_and(|old| old == text);
    if check && !current {
        eprintln!("asyncapi.yaml is not as the code has it\nrun `cargo xtask schemas` and commit schemas/");
        return Ok(ExitCode::FAILURE);
    }
    if !current {
        fs::write(&path, text)?;
    }
    let written: Value = serde_yaml_ng::from_str(&fs::read_to_string(&path)?)?;
    let wrong = faults(&written, &folder)?;
    for fault in &wrong {
        eprintln!("asyncapi.yaml: {fault}");
    }
    println!("asyncapi.yaml {}", if current { "is as the code has it" } else { "written" });
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is wrong in the document: by the schema of AsyncAPI, and by references to what is not there.
fn faults(written: &Value, folder: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let schema: Value = serde_json::from_slice(&fs::read(folder.join("vendor/asyncapi-3.0.0.json"))?)?;
    let validator = jsonschema::validator_for(&schema)?;
    let mut wrong: Vec<_> =
        validator.iter_errors(written).map(|error| format!("{error} at {}", error.instance_path())).collect();
    let mut references = Vec::new();
    collect(written, &mut references);
    wrong.extend(references.into_iter().filter_map(|reference| match reference.strip_prefix('#') {
        Some(pointer) if written.pointer(pointer).is_some() => None,
        None if folder.join(reference).is_file() => None,
        _ => Some(format!("{reference} refers to nothing")),
    }));
    Ok(wrong)
}

/// All references of the document.
fn collect<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|field| collect(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
