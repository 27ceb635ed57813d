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

/// A figure of some cases among others; of too few it is left out.
pub(super) fn cell(count: usize) -> String {
    match count {
        0 => "0".to_owned(),
        count if count < FEWEST => "–".to_owned(),
        count => count.to_string(),
    }
}

/// A share of a whole.
pub(super) fn share(part: usize, whole: usize) -> String {
    if whole < FEWEST {
        return "–".to_owned();
    }
    format!("{part}/{whole} ({} %)", part * 100 / whole)
}
