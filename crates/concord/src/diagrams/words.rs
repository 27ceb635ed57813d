//! Words on a diagram: how they are broken into lines, and how much room they take.

/// Where something so wide begins that is anchored at `x`.
pub(super) fn shifted(x: f64, wide: f64, anchor: &str) -> f64 {
    match anchor {
        "start" => x,
        "end" => x - wide,
        _ => x - wide / 2.0,
    }
}

/// The facts in lines of a width: one, or the next, or the next.
pub(super) fn said(facts: &[&str], or: &str, room: f64) -> Vec<String> {
    let mut lines = Vec::new();
    for (fact, at) in facts.iter().zip(0..) {
        let mut letters = fact.chars();
        let lower: String = letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect();
        let words = if at == 0 { (*fact).to_owned() } else { format!("{or} {lower}") };
        let width = (8..30).rev().find(|width| f64::from(*width) <= room).unwrap_or(8);
        lines.extend(wrapped(&words, width));
    }
    lines
}

/// A text in lines of at most so many letters, as equal as can be.
pub(super) fn wrapped(text: &str, widest: u16) -> Vec<String> {
    let fill = |width: usize| {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split(' ') {
            match lines.last_mut() {
                Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        lines
    };
    let fewest = fill(widest.into()).len();
    (4..widest.into()).map(fill).find(|lines| lines.len() == fewest).unwrap_or_else(|| fill(widest.into()))
}

pub(super) fn number(count: usize) -> f64 {
    f64::from(u16::try_from(count).unwrap_or(u16::MAX))
}
