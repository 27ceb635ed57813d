//! `tidy`: what neither the compiler nor clippy checks.

mod code;
mod rules;

use std::fs;
use std::path::Path;

use crate::failure::{Failure, Outcome};
use crate::place::Place;
use crate::shell;
use rules::Finding;

/// The README in both languages of the project's readers; one is the mirror of the other.
const READMES: [&str; 2] = ["README.md", "README.vi.md"];

/// The command.
pub fn run(place: &Place, args: &[String]) -> Outcome {
    if let Some(other) = args.first() {
        return Err(Failure::unknown_argument(other, "nothing"));
    }
    let files = files(place)?;
    let mut wrong = Vec::new();
    for path in &files {
        // Not text, or deleted since git last looked: nothing to check.
        let Some(text) = text(&place.root().join(path)) else { continue };
        wrong.extend(rules::check(path, &text));
        if let Some(long) = rules::too_long(path, &text) {
            eprintln!("warning: {long}");
        }
    }
    wrong.extend(readmes(place.root()));
    if wrong.is_empty() {
        println!("tidy: {} files in order", files.len());
        return Ok(());
    }
    for finding in &wrong {
        eprintln!("{finding}");
    }
    Err(Failure::new(format!("things to put in order: {}", wrong.len())))
}

/// Every file that is committed or could be: tracked, or new and not ignored.
fn files(place: &Place) -> Outcome<Vec<String>> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let list = shell::read(shell::git(place, list))
        .map_err(|failure| Failure::new(format!("{failure}; it asks git which files are the project's")))?;
    Ok(list.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

fn text(path: &Path) -> Option<String> {
    if !path.symlink_metadata().is_ok_and(|about| about.is_file()) {
        return None;
    }
    String::from_utf8(fs::read(path).ok()?).ok().filter(|text| !text.contains('\0'))
}

/// Compares the READMEs once both are there.
fn readmes(root: &Path) -> Option<Finding> {
    let [one, other] = READMES.map(|name| text(&root.join(name)));
    let (one, other) = (rules::headings(&one?), rules::headings(&other?));
    (one != other).then(|| {
        let [first, second] = READMES;
        Finding::of_file(second, format!("has {other} `##` headings, {first} has {one}; they say the same"))
    })
}
