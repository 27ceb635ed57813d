//! What a process counts and measures, as Prometheus reads it.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::header::{ACCEPT, CONTENT_TYPE};

/// What was read at one moment.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// The text.
    pub text: String,
    /// The families, by their name.
    pub families: BTreeMap<String, Family>,
    samples: Vec<Sample>,
}

/// What is said of a family.
#[derive(Clone, Debug, Default)]
pub struct Family {
    /// `counter`, `gauge` or `histogram`.
    pub sort: String,
    /// What it is.
    pub help: String,
}

#[derive(Clone, Debug)]
struct Sample {
    name: String,
    labels: BTreeSet<(String, String)>,
    value: f64,
}

/// The two ways in which metrics are written.
pub const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0";
/// The older way.
pub const PLAIN: &str = "text/plain";

impl Metrics {
    /// Reads them in the newer way.
    pub async fn read(url: &str) -> Self {
        let text = Self::text(url, OPEN_METRICS).await;
        assert!(text.ends_with("# EOF\n"), "it does not end:\n{text}");
        Self::parse(text)
    }

    /// The text in one of the two ways.
    pub async fn text(url: &str, accept: &str) -> String {
        let answer = reqwest::Client::new().get(url).header(ACCEPT, accept).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
        let kind = answer.headers()[CONTENT_TYPE].to_str().expect("text").to_owned();
        assert!(kind.starts_with(accept), "{kind}");
        answer.text().await.expect("a text")
    }

    /// Reads a text, and holds it against the rules: each sample belongs to a family that is described before it.
    pub fn parse(text: String) -> Self {
        let mut families: BTreeMap<String, Family> = BTreeMap::new();
        let mut samples = Vec::new();
        for line in text.lines().filter(|line| *line != "# EOF") {
            if let Some(said) = line.strip_prefix("# ") {
                let mut words = said.splitn(3, ' ');
                let mut word = || words.next().expect("three words").to_owned();
                let (what, name, rest) = (word(), word(), word());
                let family = families.entry(name.clone()).or_default();
                match what.as_str() {
                    "HELP" => family.help = rest,
                    "TYPE" => family.sort = rest,
                    "UNIT" => assert!(name.ends_with(&rest), "{line}"),
                    _ => panic!("{line}"),
                }
                continue;
            }
            let sample = Sample::parse(line);
            let known = families.iter().any(|(family, said)| {
                let suffixes: &[&str] = match said.sort.as_str() {
                    "counter" => &["_total", ""],
                    "histogram" => &["_sum", "_count", "_bucket"],
                    _ => &[""],
                };
                suffixes.iter().any(|suffix| format!("{family}{suffix}") == sample.name)
            });
            assert!(known, "a sample of no family: {line}");
            samples.push(sample);
        }
        Self { text, families, samples }
    }

    /// The sum of the samples of a name that have these labels; 0 when there is none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let of = |sample: &&Sample| sample.name == name && sample.has(labels);
        // From a positive zero: an empty sum is the negative one.
        self.samples.iter().filter(of).fold(0.0, |sum, sample| sum + sample.value)
    }

    /// The value of the only sample of a name that has these labels.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let mut of = self.samples.iter().filter(|sample| sample.name == name && sample.has(labels));
        let value = of.next().unwrap_or_else(|| panic!("no {name} {labels:?} in:\n{}", self.text)).value;
        assert!(of.next().is_none(), "several {name} {labels:?} in:\n{}", self.text);
        value
    }

    /// All values of a label.
    pub fn labels(&self, label: &str) -> BTreeSet<&str> {
        let labels = self.samples.iter().flat_map(|sample| &sample.labels);
        labels.filter(|(name, _)| name == label).map(|(_, value)| value.as_str()).collect()
    }

    /// The names of all labels.
    pub fn label_names(&self) -> BTreeSet<&str> {
        self.samples.iter().flat_map(|sample| &sample.labels).map(|(name, _)| name.as_str()).collect()
    }
}

impl Sample {
    fn parse(line: &str) -> Self {
        let (what, value) = line.rsplit_once(' ').expect("a value");
        let (name, labels) = what.split_once('{').unwrap_or((what, "}"));
        let labels = labels.strip_suffix('}').expect("the end of the labels");
        let label = |label: &str| {
            let (name, value) = label.split_once('=').expect("a value of the label");
            (name.to_owned(), value.trim_matches('"').to_owned())
        };
        Self {
            name: name.to_owned(),
            labels: labels.split(',').filter(|label| !label.is_empty()).map(label).collect(),
            value: value.parse().unwrap_or_else(|_| panic!("no number: {line}")),
        }
    }

    fn has(&self, labels: &[(&str, &str)]) -> bool {
        let has = |(name, value): &(&str, &str)| self.labels.contains(&((*name).into(), (*value).into()));
        labels.iter().all(has)
    }
}
