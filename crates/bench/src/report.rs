//! What is kept of runs: figures beside their goals and baselines, as data, as a table and as charts.
//!
//! A run replaces only what it has measured; every figure says of which run it is.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::{Failure, chart::Chart};

/// Everything that is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// The runs of which something is left, by their number.
    pub runs: BTreeMap<u32, Run>,
    /// The figures, by their name.
    pub figures: BTreeMap<String, Figure>,
    /// Tables that go into detail, by their name.
    pub tables: BTreeMap<String, Table>,
    /// The charts, by the name of their file.
    pub charts: BTreeMap<String, Drawn>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The day.
    pub date: String,
    /// What repeats it.
    pub command: String,
    /// The state of the source.
    pub source: String,
    /// The machine and what else was busy on it.
    pub machine: String,
    /// The versions of what took part.
    pub versions: String,
}

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Of which goal.
    pub goal: String,
    /// What was measured.
    pub what: String,
    /// The figure.
    pub measured: String,
    /// What it is to be; empty if nothing was promised.
    pub wanted: String,
    /// Whether it is so.
    pub met: Option<bool>,
    /// The baseline, measured in the same run.
    pub beside: String,
    /// The run.
    pub run: u32,
}

/// A table that goes into detail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// The heads of its columns.
    pub head: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
    /// The run.
    pub run: u32,
}

/// A chart, and the run that it shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drawn {
    /// The chart.
    pub chart: Chart,
    /// The run.
    pub run: u32,
}

/// What one run adds.
#[derive(Debug)]
pub struct Sheet {
    report: Report,
    run: u32,
}

impl Sheet {
    /// Goes on with what a folder holds.
    pub fn begin(folder: &Path, run: Run) -> Result<Self, Failure> {
        let mut report = match fs::read_to_string(folder.join("bench.json")) {
            Ok(text) => serde_json::from_str(&text)?,
            Err(_) => Report::default(),
        };
        let number = report.runs.keys().max().map_or(1, |last| last + 1);
        report.runs.insert(number, run);
        Ok(Self { report, run: number })
    }

    /// Notes a figure.
    pub fn figure(&mut self, name: &str, figure: Figure) {
        self.report.figures.insert(name.to_owned(), Figure { run: self.run, ..figure });
    }

    /// Forgets the figures of earlier runs whose names begin so: there are others now.
    pub fn forget(&mut self, begin: &str) {
        self.report.figures.retain(|name, _| !name.starts_with(begin));
    }

    /// Notes a table.
    pub fn table(&mut self, name: &str, title: impl Into<String>, head: &[&str], rows: Vec<Vec<String>>) {
        let head = head.iter().map(|&head| head.to_owned()).collect();
        self.report.tables.insert(name.to_owned(), Table { title: title.into(), head, rows, run: self.run });
    }

    /// Notes a chart.
    pub fn chart(&mut self, name: &str, chart: Chart) {
        self.report.charts.insert(name.to_owned(), Drawn { chart, run: self.run });
    }

    /// Writes it all: the data, the table, the charts.
    pub fn write(&mut self, folder: &Path) -> Result<(), Failure> {
        self.report.forget_runs();
        fs::create_dir_all(folder)?;
        fs::write(folder.join("bench.json"), serde_json::to_string_pretty(&self.report)? + "\n")?;
        fs::write(folder.join("bench.md"), self.report.markdown())?;
        for (name, drawn) in &self.report.charts {
            fs::write(folder.join(format!("{name}.svg")), drawn.chart.svg())?;
        }
        Ok(())
    }
}

impl Figure {
    /// A figure of a goal.
    pub fn of(goal: &str, what: impl Into<String>, measured: impl Into<String>) -> Self {
        Self {
            goal: goal.to_owned(),
            what: what.into(),
            measured: measured.into(),
            wanted: String::new(),
            met: None,
            beside: String::new(),
            run: 0,
        }
    }

    /// With what it is to be, and whether it is.
    #[must_use]
    pub fn wanted(self, wanted: &str, met: bool) -> Self {
        Self { wanted: wanted.to_owned(), met: Some(met), ..self }
    }

    /// With its baseline.
    #[must_use]
    pub fn beside(self, beside: impl Into<String>) -> Self {
        Self { beside: beside.into(), ..self }
    }
}

impl Report {
    /// Forgets the runs of which nothing is left.
    fn forget_runs(&mut self) {
        let figures = self.figures.values().map(|figure| figure.run);
        let tables = self.tables.values().map(|table| table.run);
        let charts = self.charts.values().map(|drawn| drawn.run);
        let used: Vec<_> = figures.chain(tables).chain(charts).collect();
        self.runs.retain(|number, _| used.contains(number));
    }

    /// The table, with the charts.
    pub fn markdown(&self) -> String {
        let mut text = String::from(
            "# Figures\n\nWritten by `cargo xtask bench`; nothing here is typed by hand. Goals: what was promised. Each \
             figure stands beside its baseline of the same run, and names the run below that it is of.\n\n",
        );
        let head = ["", "What", "Measured", "Goal", "Met", "Beside it", "Run"];
        let rows = self.figures.values().map(|figure| {
            let met = match figure.met {
                Some(true) => "yes",
                Some(false) => "**no**",
                None => "",
            };
            let run = figure.run.to_string();
            let cells =
                [&figure.goal, &figure.what, &figure.measured, &figure.wanted, met, &figure.beside, &*run];
            cells.map(str::to_owned).to_vec()
        });
        push_table(&mut text, &head.map(str::to_owned), rows);
        for name in self.charts.keys() {
            // Writing into a text does not fail.
            let _ = writeln!(text, "\n![{}]({name}.svg)", self.charts[name].chart.title);
        }
        for table in self.tables.values() {
            let _ = writeln!(text, "\n## {} (run {})\n", table.title, table.run);
            push_table(&mut text, &table.head, table.rows.iter().cloned());
        }
        text.push_str("\n## Runs\n");
        for (number, run) in &self.runs {
            let Run { date, command, source, machine, versions } = run;
            let _ = writeln!(
                text,
                "\n**{number}** – {date}, source {source}. {machine}. {versions}.\n\n```sh\n{command}\n```"
            );
        }
        text
    }
}

fn push_table(text: &mut String, head: &[String], rows: impl Iterator<Item = Vec<String>>) {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    text.push_str(&line(head));
    text.push_str(&line(&vec!["---".to_owned(); head.len()]));
    for row in rows {
        text.push_str(&line(&row));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(command: &str) -> Run {
        let [date, source, machine, versions] = ["today", "abc", "a machine", "1.0"].map(str::to_owned);
        Run { date, command: command.to_owned(), source, machine, versions }
    }

    #[test]
    fn a_run_replaces_only_what_it_has_measured() {
        let folder = tempfile::tempdir().unwrap();
        let figure = |measured: &str| Figure::of("G1", "speed", measured).wanted("more", true).beside("less");
        let mut sheet = Sheet::begin(folder.path(), run("first")).unwrap();
        sheet.figure("a", figure("one"));
        sheet.figure("b", figure("two"));
        sheet.write(folder.path()).unwrap();
        let mut sheet = Sheet::begin(folder.path(), run("second")).unwrap();
        sheet.figure("b", figure("three"));
        sheet.table("t", "Detail", &["x"], vec![vec!["y".to_owned()]]);
        sheet.write(folder.path()).unwrap();
        let text = fs::read_to_string(folder.path().join("bench.md")).unwrap();
        for expected in [
            "| G1 | speed | one | more | yes | less | 1 |",
            "| G1 | speed | three | more | yes | less | 2 |",
            "## Detail (run 2)\n\n| x |\n| --- |\n| y |\n",
            "**1** – today, source abc. a machine. 1.0.\n\n```sh\nfirst\n```",
        ] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
        assert!(!text.contains("two"));
    }

    #[test]
    fn a_run_of_which_nothing_is_left_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        for command in ["first", "second"] {
            let mut sheet = Sheet::begin(folder.path(), run(command)).unwrap();
            sheet.figure("a", Figure::of("G1", "speed", command));
            sheet.write(folder.path()).unwrap();
        }
        let text = fs::read_to_string(folder.path().join("bench.md")).unwrap();
        assert!(text.contains("second") && !text.contains("first"));
    }
}
