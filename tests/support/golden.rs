//! Goldens: files that a test's output must equal, made anew with `UPDATE_GOLDENS=1`.

use std::{env, fs, path::Path};

/// Holds a text against a golden, or writes it there.
pub fn check(file: &Path, text: &str) {
    if env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(file, text).expect("the golden can be written");
        return;
    }
    let golden = fs::read_to_string(file).unwrap_or_default();
    assert!(
        golden == text,
        "{} is no longer what comes of it (UPDATE_GOLDENS=1 takes the new one):\n{}",
        file.display(),
        differences(&golden, text)
    );
}

/// The lines in which two texts differ.
pub fn differences(wanted: &str, found: &str) -> String {
    let (wanted, found): (Vec<_>, Vec<_>) = (wanted.lines().collect(), found.lines().collect());
    let mut said = String::new();
    for line in 0..wanted.len().max(found.len()) {
        let (old, new) = (wanted.get(line), found.get(line));
        if old != new {
            for (mark, text) in [('-', old), ('+', new)] {
                said.extend(text.map(|text| format!("{:>4} {mark} {text}\n", line + 1)));
            }
        }
    }
    if said.is_empty() { "only the end of the last line differs\n".to_owned() } else { said }
}
