//! The log, as a replay writes it in JSON lines.

use events::Kind;
use serde_json::Value;

/// A fact.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its type.
    pub kind: Kind,
    /// Its id.
    pub event: String,
    /// Its aggregate's subject.
    pub subject: String,
    /// The whole fact.
    pub fact: Value,
}

/// Reads what `concord audit replay --json` wrote.
pub fn read(lines: &str) -> Vec<Line> {
    let line = |line: &str| {
        let mut line: Value = serde_json::from_str(line).expect("a line in JSON");
        let fact = line["fact"].take();
        let text = |name: &str| fact[name].as_str().expect("an attribute").to_owned();
        let kind = Kind::of_ce_type(&text("type")).expect("a type that we know");
        Line { kind, event: text("id"), subject: text("subject"), fact }
    };
    lines.lines().map(line).collect()
}

/// The types of the facts, in the order of the alphabet.
pub fn kinds<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Vec<&'static str> {
    let mut kinds: Vec<_> = lines.into_iter().map(|line| line.kind.name()).collect();
    kinds.sort_unstable();
    kinds
}

/// The numbers of the cases, in the order of the alphabet.
pub fn numbers(lines: &[Line]) -> Vec<String> {
    let numbered = lines.iter().filter(|line| line.kind == Kind::Numbered);
    let mut numbers: Vec<_> =
        numbered.map(|line| line.fact["data"]["code"].as_str().expect("a number").to_owned()).collect();
    numbers.sort();
    numbers
}

/// The numbers of a year's first cases, none left out.
pub fn gapless(year: i32, cases: usize) -> Vec<String> {
    (1..=cases).map(|rank| format!("VV-{year}-{rank:05}")).collect()
}
