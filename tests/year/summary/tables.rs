//! Tables of plain text, and figures as a report shows them.

use std::fmt;

/// Fewer cases than this might name somebody.
const FEWEST: usize = 3;

/// A table: a column of names, then columns of figures.
pub(super) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(names: &str, columns: &[&str]) -> Self {
        let head = [names].iter().chain(columns).map(ToString::to_string).collect();
        Self { head, rows: Vec::new() }
    }

    pub(super) fn row(&mut self, name: &str, figures: impl IntoIterator<Item = String>) {
        self.rows.push(std::iter::once(name.to_owned()).chain(figures).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in std::iter::once(&self.head).chain(&self.rows) {
            f.write_str(" ")?;
            for (cell, head) in row.iter().zip(&self.head) {
                write!(f, " {cell:>width$}", width = head.chars().count().max(5))?;
            }
            f.write_str("\n")?;
        }
        Ok(())
    }
}

/// Figures that make up a sum that is shown too: what is too few is left out, and where that would leave out but one, so
/// is the next smallest, or it could be worked out.
pub(super) fn cells(figures: &[usize]) -> Vec<String> {
    let mut hidden: Vec<_> = figures.iter().map(|figure| (1..FEWEST).contains(figure)).collect();
    if hidden.iter().filter(|hidden| **hidden).count() == 1 {
        let others = (0..figures.len()).filter(|place| !hidden[*place] && figures[*place] > 0);
        if let Some(next) = others.min_by_key(|place| figures[*place]) {
            hidden[next] = true;
        }
    }
    let shown = figures.iter().zip(hidden);
    shown.map(|(figure, hidden)| if hidden { "–".to_owned() } else { figure.to_string() }).collect()
}

/// A share of a whole.
pub(super) fn share(part: usize, whole: usize) -> String {
    if whole < FEWEST {
        return "–".to_owned();
    }
    format!("{part}/{whole} ({} %)", part * 100 / whole)
}

#[test]
fn a_figure_that_is_left_out_cannot_be_worked_out_from_the_sum() {
    assert_eq!(cells(&[31, 2, 4, 0]), ["31", "–", "–", "0"]);
    assert_eq!(cells(&[31, 2, 1, 0]), ["31", "–", "–", "0"]);
    assert_eq!(cells(&[31, 3, 4, 0]), ["31", "3", "4", "0"]);
    assert_eq!(cells(&[2, 0]), ["–", "0"]);
}
