//! Writes the JSON Schema and an example of every event into `schemas/events/`; `--check` only compares.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool")]

use std::{error::Error, fs, path::Path, process::ExitCode};

use events::Kind;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let check = std::env::args().any(|argument| argument == "--check");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/events");
    let mut stale = Vec::new();
    for kind in Kind::ALL {
        let schema = root.join(kind.schema_path());
        let example = schema.with_extension("example.json");
        for (path, value) in [(schema, kind.schema()), (example, kind.example())] {
            let text = serde_json::to_string_pretty(&value)? + "\n";
            if fs::read_to_string(&path).is_ok_and(|old| old == text) {
                continue;
            }
            stale.push(format!("{}", path.strip_prefix(&root)?.display()));
            if !check {
                fs::create_dir_all(path.parent().unwrap_or(&root))?;
                fs::write(path, text)?;
            }
        }
    }
    if check && !stale.is_empty() {
        eprintln!(
            "not as the code has it: {}\nrun `cargo xtask schemas` and commit schemas/",
            stale.join(", ")
        );
        return Ok(ExitCode::FAILURE);
    }
    println!("{} event types, {} files written", Kind::ALL.len(), if check { 0 } else { stale.len() });
    Ok(ExitCode::SUCCESS)
}
