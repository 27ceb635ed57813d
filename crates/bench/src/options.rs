//! What the command line says.

use std::{path::PathBuf, time::Duration};

use clap::Parser;

/// Measures a binary of concord.
#[derive(Debug, Parser)]
#[command(name = "concord-bench")]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub struct Options {
    /// What to measure: g1, g2, g3, g4, added, g5, g6, g7, bare, peer. Everything without.
    pub what: Vec<What>,
    /// The same, for whom the option is easier to write.
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<What>,
    /// The binary to measure.
    #[arg(long)]
    pub binary: PathBuf,
    /// It was built from this checkout as it stands, so the figures are of its source.
    #[arg(long)]
    pub built: bool,
    /// For how many seconds each load is measured.
    #[arg(long, default_value_t = 30)]
    pub seconds: u64,
    /// How many histories at a time, one run for each.
    #[arg(long, value_delimiter = ',', default_values_t = [64, 256])]
    pub in_flight: Vec<usize>,
    /// How many facts are stored for g4.
    #[arg(long, default_value_t = 1_000_000)]
    pub facts: u64,
    /// How many cases are stored for g5.
    #[arg(long, default_value_t = 1_000_000)]
    pub cases: u32,
    /// How many cases are open for g6.
    #[arg(long, default_value_t = 100_000)]
    pub open: u32,
    /// What starts the peer.
    #[arg(long, default_value = "tests/peers/restate/run")]
    pub peer: PathBuf,
    /// A short run, to see whether all works: 5 seconds, few cases.
    #[arg(long)]
    pub quick: bool,
    /// Keep the figures in docs/figures, also those of a run that measures only some or is quick.
    #[arg(long)]
    pub write: bool,
    /// Leave the data of the runs where they are.
    #[arg(long)]
    pub keep: bool,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum What {
    /// Commands per second.
    G1,
    /// One command at a time.
    G2,
    /// The server without Concord.
    Bare,
    /// From the call to the mail, beside alertmanager.
    G3,
    /// What the proof costs.
    G4,
    /// What the audit adds to a transition: the other half of G4.
    Added,
    /// With many stored cases.
    G5,
    /// Ready again, and punctual.
    G6,
    /// Idle, and in a storm.
    G7,
    /// The histories of G1 on Restate.
    Peer,
}

impl Options {
    /// Whether something is to be measured.
    pub fn wants(&self, what: What) -> bool {
        let mut named = self.what.iter().chain(&self.only).peekable();
        named.peek().is_none() || named.any(|named| *named == what)
    }

    /// Whether the figures are kept.
    pub fn keeps_figures(&self) -> bool {
        self.write || (self.what.is_empty() && self.only.is_empty() && !self.quick)
    }

    /// One or the other, for a run that is quick or not.
    pub fn pick<T>(&self, quick: T, whole: T) -> T {
        if self.quick { quick } else { whole }
    }

    /// For how long each load is measured.
    pub fn time(&self) -> Duration {
        Duration::from_secs(self.pick(5, self.seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(args: &[&str]) -> Options {
        Options::parse_from(["concord-bench", "--binary", "x"].iter().chain(args))
    }

    #[test]
    fn everything_is_measured_unless_something_is_named() {
        assert!(options(&[]).wants(What::G6));
        for args in [&["g1", "peer"][..], &["--only", "g1,peer"]] {
            let some = options(args);
            assert!(some.wants(What::G1) && some.wants(What::Peer) && !some.wants(What::G2));
        }
    }

    #[test]
    fn only_a_whole_run_is_kept_unbidden() {
        assert!(options(&[]).keeps_figures());
        assert!(!options(&["--quick"]).keeps_figures());
        assert!(!options(&["g1"]).keeps_figures());
        assert!(options(&["g1", "--write"]).keeps_figures());
    }
}
