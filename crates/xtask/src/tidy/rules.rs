//! The rules, each a plain function of a file's path and text.

use std::fmt;
use std::path::Path;

use super::code::{calls, code_of, test_module_start};

/// Longer files are warned about.
const LONG: usize = 400;

/// Real mail has Windows line ends and a signature mark with a trailing space, by its standard.
const MAIL: &str = "eml";

/// One thing to put in order.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    path: String,
    line: Option<usize>,
    text: String,
}

impl Finding {
    /// About a file as a whole.
    pub fn of_file(path: &str, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: None, text: text.into() }
    }

    fn of_line(path: &str, line: usize, text: impl Into<String>) -> Self {
        Self { line: Some(line), ..Self::of_file(path, text) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.text),
            None => write!(f, "{}: {}", self.path, self.text),
        }
    }
}

/// All rules that fail the check.
pub fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if is_rust(path) {
        findings.extend(module_doc(path, text));
        findings.extend(forgotten(path, text));
        findings.extend(sleeping_tests(path, text));
    }
    if !is_foreign(path) {
        findings.extend(whitespace(path, text));
        findings.extend(unmerged(path, text));
    }
    findings
}

/// A file that has grown too long to read in one go: a warning.
pub fn too_long(path: &str, text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    (is_rust(path) && lines > LONG)
        .then(|| Finding::of_file(path, format!("{lines} lines; above {LONG}, think of splitting it")))
}

/// How many `##` headings a Markdown text has, outside its code blocks.
pub fn headings(text: &str) -> usize {
    let mut in_code = false;
    text.lines()
        .filter(|line| {
            in_code ^= line.trim_start().starts_with("```");
            !in_code && line.starts_with("## ")
        })
        .count()
}

/// Our own Rust.
fn is_rust(path: &str) -> bool {
    has_extension(path, "rs") && (path.starts_with("crates/") || path.starts_with("tests/"))
}

/// Text whose bytes others decide.
fn is_foreign(path: &str) -> bool {
    has_extension(path, MAIL) || path.split('/').any(|folder| folder == "vendor")
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|own| own == extension)
}

fn module_doc(path: &str, text: &str) -> Option<Finding> {
    (!text.starts_with("//!"))
        .then(|| Finding::of_line(path, 1, "opens without `//!`; say in a line what the file is for"))
}

/// What was meant to be taken out again.
fn forgotten(path: &str, text: &str) -> Vec<Finding> {
    numbered(text)
        .filter_map(|(number, line)| {
            let code = code_of(line);
            let text = if calls(&code, "dbg!") {
                "`dbg!` is left behind; take it out, or log it with tracing"
            } else if code.trim_start().starts_with("#[ignore") {
                "a test that is ignored shows nothing; make it pass or take it out"
            } else {
                return None;
            };
            Some(Finding::of_line(path, number, text))
        })
        .collect()
}

/// Tests wait for a condition. Only `testkit`, which does the waiting, may sleep.
fn sleeping_tests(path: &str, text: &str) -> Vec<Finding> {
    if path.starts_with("crates/testkit/") {
        return Vec::new();
    }
    let all_of_it = path.split('/').any(|part| part == "tests" || part == "tests.rs");
    let start = if all_of_it { Some(1) } else { test_module_start(text) };
    let Some(start) = start else { return Vec::new() };
    numbered(text)
        .skip(start - 1)
        .filter(|(_, line)| calls(&code_of(line), "sleep"))
        .map(|(number, _)| {
            Finding::of_line(
                path,
                number,
                "a test that sleeps is slow or flaky; wait with testkit's `eventually`",
            )
        })
        .collect()
}

fn whitespace(path: &str, text: &str) -> Vec<Finding> {
    if text.contains("\r\n") {
        return vec![Finding::of_file(path, "has Windows line ends; convert them to \\n")];
    }
    numbered(text)
        .filter(|(_, line)| line.ends_with([' ', '\t']))
        .map(|(number, _)| Finding::of_line(path, number, "ends with whitespace"))
        .collect()
}

fn unmerged(path: &str, text: &str) -> Vec<Finding> {
    numbered(text)
        .filter(|(_, line)| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> "))
        .map(|(number, _)| Finding::of_line(path, number, "two versions stand here; take one of them"))
        .collect()
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<Option<usize>> {
        check(path, text).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn two_versions_of_a_text_are_found() {
        let text = format!("{} HEAD\na\n=======\nb\n{} other\n", "<".repeat(7), ">".repeat(7));
        assert_eq!(lines("docs/a.md", &text), [Some(1), Some(5)]);
        assert_eq!(lines("docs/a.md", "a\n=======\n"), []);
    }

    #[test]
    fn a_file_in_order_raises_nothing() {
        assert_eq!(check("crates/domain/src/lib.rs", "//! Rules.\n\nfn rule() {}\n"), []);
    }

    #[test]
    fn a_file_opens_by_saying_what_it_is_for() {
        assert_eq!(lines("crates/domain/src/lib.rs", "use std::fmt;\n"), [Some(1)]);
        assert_eq!(lines("build/other.rs", "use std::fmt;\n"), []);
    }

    #[test]
    fn what_was_forgotten_is_found_and_talk_of_it_is_not() {
        let path = "crates/bus/src/lib.rs";
        assert_eq!(lines(path, "//! Bus.\nfn f() { dbg!(1); }\n"), [Some(2)]);
        assert_eq!(lines(path, "//! Bus.\n#[test]\n#[ignore = \"slow\"]\nfn f() {}\n"), [Some(3)]);
        assert_eq!(lines(path, "//! Bus.\n// dbg!(1) is not used\nconst A: &str = \"dbg!(\";\n"), []);
    }

    #[test]
    fn tests_do_not_sleep() {
        let sleeping = "//! T.\nasync fn t() { tokio::time::sleep(D).await; }\n";
        assert_eq!(lines("crates/bus/tests/redelivery.rs", sleeping), [Some(2)]);
        assert_eq!(lines("crates/bus/src/delivery/tests.rs", sleeping), [Some(2)]);
        assert_eq!(lines("crates/bus/src/delivery.rs", sleeping), []);
        assert_eq!(lines("crates/testkit/tests/own.rs", sleeping), []);
        let inline = "//! T.\n#[cfg(test)]\nmod tests {\n    fn t() { thread::sleep(D); }\n}\n";
        assert_eq!(lines("crates/bus/src/delivery.rs", inline), [Some(4)]);
    }

    #[test]
    fn stray_whitespace_is_found_except_in_mail() {
        assert_eq!(lines("docs/a.md", "one \ntwo\t\nthree\n"), [Some(1), Some(2)]);
        assert_eq!(lines("docs/a.md", "one\r\ntwo\r\n"), [None]);
        assert_eq!(lines("crates/svc-notifier/tests/overdue.eml", "-- \r\n"), []);
    }

    #[test]
    fn only_long_code_is_warned_about() {
        let long = "//! Long.\n".repeat(LONG + 1);
        assert!(too_long("crates/bus/src/lib.rs", &long).is_some());
        assert!(too_long("docs/long.md", &long).is_none());
        assert!(too_long("crates/bus/src/lib.rs", "//! Short.\n").is_none());
    }

    #[test]
    fn headings_in_code_blocks_are_not_headings() {
        assert_eq!(headings("# One\n## Two\n```sh\n## not\n```\n## Three\n### Four\n"), 2);
    }
}
