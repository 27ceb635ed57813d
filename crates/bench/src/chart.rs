//! Bar charts as plain SVG, readable on light and on dark ground, without a script or a font of its own.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::figures::grouped;

/// A chart of horizontal bars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What its numbers are.
    pub unit: String,
    /// What the parts of a bar are; one part needs no name.
    pub parts: Vec<String>,
    /// The bars, from the top.
    pub bars: Vec<Bar>,
}

/// A bar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// What it is.
    pub label: String,
    /// Its parts, side by side.
    pub parts: Vec<f64>,
    /// The goal, shown as a mark.
    pub goal: Option<f64>,
}

const WIDTH: f64 = 760.0;
const LEFT: f64 = 250.0;
const RIGHT: f64 = 90.0;
const TOP: f64 = 56.0;
const ROW: f64 = 26.0;
const BAR: f64 = 16.0;

/// Both grounds are served: the text takes the colour of the page's scheme, the parts stand out on both.
const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#1f2328}.t{font-weight:600;font-size:15px}\
.n{fill:#59636e}.a{fill:#0969da}.b{fill:#bf8700}.c{fill:#1a7f37}.d{fill:#8250df}.g{stroke:#cf222e;stroke-width:2}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.n{fill:#9198a1}.a{fill:#4493f8}.b{fill:#d29922}\
.c{fill:#3fb950}.d{fill:#ab7df8}.g{stroke:#f85149}}";

const CLASSES: [&str; 4] = ["a", "b", "c", "d"];

impl Bar {
    /// A bar of one part.
    pub fn of(label: impl Into<String>, value: f64, goal: Option<f64>) -> Self {
        Self { label: label.into(), parts: vec![value], goal }
    }

    fn whole(&self) -> f64 {
        self.parts.iter().sum()
    }
}

impl Chart {
    /// The chart as SVG.
    pub fn svg(&self) -> String {
        let most = self.bars.iter().flat_map(|bar| [bar.whole(), bar.goal.unwrap_or_default()]);
        let most = most.fold(f64::MIN_POSITIVE, f64::max);
        let scale = (WIDTH - LEFT - RIGHT) / most;
        let height = TOP + ROW * f64::from(u32::try_from(self.bars.len()).unwrap_or_default()) + 12.0;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" role=\"img\" \
             aria-label=\"{}\">\n<style>{STYLE}</style>\n<text class=\"t\" x=\"8\" y=\"20\">{}</text>\n",
            escaped(&self.title),
            escaped(&self.title),
        );
        self.legend(&mut svg);
        let mut y = TOP;
        for bar in &self.bars {
            bar.draw(&mut svg, y, scale);
            y += ROW;
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn legend(&self, svg: &mut String) {
        let mut words = vec![format!("<tspan class=\"n\">{}</tspan>", escaped(&self.unit))];
        if self.parts.len() > 1 {
            for (name, class) in self.parts.iter().zip(CLASSES) {
                words.push(format!("<tspan class=\"{class}\">■</tspan> {}", escaped(name)));
            }
        }
        if self.bars.iter().any(|bar| bar.goal.is_some()) {
            words.push("<tspan class=\"n\">| goal</tspan>".to_owned());
        }
        // Writing into a text does not fail.
        let _ = writeln!(svg, "<text x=\"8\" y=\"40\">{}</text>", words.join(" &#160; "));
    }
}

impl Bar {
    fn draw(&self, svg: &mut String, y: f64, scale: f64) {
        let middle = y + BAR - 3.0;
        let mut line = format!(
            "<text x=\"{:.0}\" y=\"{middle:.0}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            escaped(&self.label)
        );
        let mut x = LEFT;
        for (value, class) in self.parts.iter().zip(CLASSES) {
            let width = value * scale;
            let _ = write!(
                line,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAR:.0}\"/>"
            );
            x += width;
        }
        if let Some(goal) = self.goal {
            let at = LEFT + goal * scale;
            let (from, to) = (y - 3.0, y + BAR + 3.0);
            let _ = write!(
                line,
                "<line class=\"g\" x1=\"{at:.1}\" y1=\"{from:.1}\" x2=\"{at:.1}\" y2=\"{to:.1}\"/>"
            );
        }
        let after = x.max(self.goal.map_or(0.0, |goal| LEFT + goal * scale)) + 6.0;
        let whole = self.whole();
        let number = if whole < 10.0 { format!("{whole:.2}") } else { grouped(whole) };
        let _ = write!(line, "<text class=\"n\" x=\"{after:.1}\" y=\"{middle:.0}\">{number}</text>");
        svg.push_str(&line);
        svg.push('\n');
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        Chart {
            title: "a < b".to_owned(),
            unit: "ms".to_owned(),
            parts: vec!["one".to_owned(), "other".to_owned()],
            bars: vec![
                Bar { label: "x".to_owned(), parts: vec![1.0, 2.0], goal: None },
                Bar::of("y", 1.5, Some(6.0)),
            ],
        }
    }

    #[test]
    fn every_part_is_as_long_as_its_number() {
        let svg = chart().svg();
        // The largest number, here a goal, takes the whole room.
        let scale = (WIDTH - LEFT - RIGHT) / 6.0;
        for (class, value) in [("a", 1.0), ("b", 2.0), ("a", 1.5)] {
            let expected = format!("width=\"{:.1}\" height", value * scale);
            assert!(
                svg.lines().any(
                    |line| line.contains(&expected) && line.contains(&format!("<rect class=\"{class}\""))
                ),
                "{svg}"
            );
        }
        assert_eq!(svg.matches("<line").count(), 1);
        assert_eq!(svg.matches("<rect").count(), 3);
    }

    #[test]
    fn words_are_words_and_both_grounds_are_served() {
        let svg = chart().svg();
        assert!(svg.contains("a &lt; b") && !svg.contains("a < b"));
        assert!(svg.contains("prefers-color-scheme:dark"));
    }
}
