//! Writes `schemas/openapi.json`, but for a change that breaks who relies on it, unless `--accept-breaking` says so;
//! `--check` only compares.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool")]

use std::{error::Error, fs, path::Path, process::ExitCode};

use svc_api::spec::{breaking::breaking, document, text};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let told = |word: &str| std::env::args().any(|argument| argument == word);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/openapi.json");
    let (old, new) = (fs::read_to_string(&path).unwrap_or_default(), document());
    if old == text(&new) {
        println!("openapi.json is as the code has it");
        return Ok(ExitCode::SUCCESS);
    }
    let breaks = match old.as_str() {
        "" => Vec::new(),
        old => breaking(&serde_json::from_str(old)?, &new),
    };
    for what in &breaks {
        eprintln!("breaks: {what}");
    }
    if told("--check") {
        eprintln!("openapi.json is not as the code has it\nrun `cargo xtask schemas` and commit schemas/");
        return Ok(ExitCode::FAILURE);
    }
    if !breaks.is_empty() && !told("--accept-breaking") {
        eprintln!(
            "openapi.json is left as it was: this breaks who relies on it. If it must be: `cargo xtask schemas --accept-breaking`"
        );
        return Ok(ExitCode::FAILURE);
    }
    fs::write(path, text(&new))?;
    println!("openapi.json written");
    Ok(ExitCode::SUCCESS)
}
