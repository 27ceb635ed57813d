//! Scenarios: played, on paper, shown, held as an exercise.

use std::path::PathBuf;

use clap::Args;

use super::time;

#[derive(Debug, Args)]
pub(crate) struct Play {
    /// The scenario.
    pub(crate) scenario: PathBuf,
    /// Where `concord up` keeps its data: tells its address and the tokens.
    #[arg(long, value_name = "DIR", default_value = "var")]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Drill {
    /// The scenario, e.g. deploy/drills/telephone-call.txt.
    #[arg(value_name = "FILE", required_unless_present = "case", conflicts_with = "case")]
    pub(crate) scenario: Option<PathBuf>,
    /// Raises nothing: only reports on an exercise that was raised before, by its number (VV-2026-00012) or its id.
    #[arg(long, value_name = "CASE", conflicts_with_all = ["play", "during"])]
    pub(crate) case: Option<String>,
    /// How long answers are waited for: 45m, 2h, 30s.
    #[arg(long = "for", id = "during", value_name = "DURATION", default_value = "2h", value_parser = crate::drill::duration)]
    pub(crate) during: std::time::Duration,
    /// Also gives the other acts of the scenario, at once, each as its officer by the demonstration tokens: a technical drill
    /// that needs nobody. Steps without an act, and acts that are expected to be refused, are left out.
    #[arg(long)]
    pub(crate) play: bool,
    /// The report as JSON, and nothing else.
    #[arg(long)]
    pub(crate) json: bool,
    /// Writes the report into this file too: a page in Markdown, Vietnamese first, then English.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Where `concord up` keeps its data: tells its address and the demonstration tokens.
    #[arg(long, value_name = "DIR", default_value = "var", conflicts_with = "url")]
    pub(crate) data: PathBuf,
    /// The address of an installation with real accounts, e.g. `https://phoi-hop.tinh.example`.
    #[arg(long, value_name = "URL", requires = "token")]
    pub(crate) url: Option<String>,
    /// The file with the token of an officer who may raise cases and see them: it is used for everything.
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(crate) token: Option<PathBuf>,
    /// A file of authorities to be believed over TLS (PEM), besides those of the system.
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(crate) ca: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// The scenarios.
    #[arg(required = true)]
    pub(crate) scenarios: Vec<PathBuf>,
    /// The folder of the policy's files; otherwise the example province that is built in.
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: Option<PathBuf>,
    /// Stops there and shows how the cases stand, e.g. 2026-05-16T22:30:00+07:00.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) at: Option<events::Timestamp>,
    /// JSON lines: each step with what came of it, and then each case.
    #[arg(long)]
    pub(crate) json: bool,
    /// Only the verdict on each scenario, and what did not come true.
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where to keep the data; otherwise it is thrown away at the end.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The nats-server binary; otherwise .tools/nats-server, then the PATH.
    #[arg(long, value_name = "FILE")]
    pub(crate) nats_server: Option<PathBuf>,
    /// The scenario to play; otherwise the telephone call at night, then the disagreement.
    pub(crate) scenario: Option<PathBuf>,
}
